//! The body of a request: one object, a list, or lines.

use ledger::{Command, Tenant};
use serde_json::value::RawValue;

use super::reader::too_long;
use super::{
    Family, LINE_BYTES_MAX, decode, encoding_problem, foreign_encoding, not_json, parse_command,
};
use crate::catalogue::codes;
use crate::problem::Problem;

/// In what shape a body came, and so in what shape it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One object.
    One,
    /// A JSON array.
    List,
    /// A line for each (`application/x-ndjson`).
    Lines,
}

/// A body, cut into the objects it holds.
#[derive(Debug)]
pub struct Body<'a> {
    /// Its shape.
    pub shape: Shape,
    /// Each object, or what is wrong with its line.
    pub items: Vec<Result<Item<'a>, Problem>>,
}

/// One object of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The number of its line, counted from one, where the body came in lines.
    pub line: Option<u64>,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Item<'_> {
    /// Reads the command, as [`parse_command`] does, and says on which line a problem is.
    ///
    /// # Errors
    /// Returns every problem of the object.
    pub fn parse(&self, family: Option<Family>, tenant: &Tenant) -> Result<Command, Vec<Problem>> {
        parse_command(self.bytes, family, tenant).map_err(|mut problems| {
            for problem in &mut problems {
                problem.line = self.line;
            }
            problems
        })
    }
}

/// Cuts `body` into its objects.
///
/// # Errors
/// Returns the problem if it is neither an object nor a list of them, or empty.
pub fn split_body(body: &[u8], lines: bool) -> Result<Body<'_>, Problem> {
    if lines {
        return split_lines(body);
    }
    let text = decode(body)?;
    match text.trim_start().as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> =
                serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
            Ok(Body {
                shape: Shape::List,
                items: items
                    .into_iter()
                    .map(|item| {
                        Ok(Item {
                            line: None,
                            bytes: item.get().as_bytes(),
                        })
                    })
                    .collect(),
            })
        }
        Some(_) => Ok(Body {
            shape: Shape::One,
            items: vec![Ok(Item {
                line: None,
                bytes: body,
            })],
        }),
        None => Err(Problem {
            code: codes::EMPTY_BODY,
            line: None,
            field: String::new(),
            found: "nothing".to_owned(),
            expected: "a JSON object, a list of objects, or lines of objects".to_owned(),
            remedy: "send lines with Content-Type: application/x-ndjson".to_owned(),
        }),
    }
}

fn split_lines(body: &[u8]) -> Result<Body<'_>, Problem> {
    if let Some(found) = foreign_encoding(body) {
        return Err(encoding_problem(found));
    }
    let items = (1..)
        .zip(body.split(|byte| *byte == b'\n'))
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
        .map(|(number, line)| {
            if line.len() > LINE_BYTES_MAX {
                Err(too_long(number, line.len(), LINE_BYTES_MAX))
            } else {
                Ok(Item {
                    line: Some(number),
                    bytes: line,
                })
            }
        })
        .collect();
    Ok(Body {
        shape: Shape::Lines,
        items,
    })
}

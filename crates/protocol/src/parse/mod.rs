//! Bytes into commands, or into every problem they have.
//!
//! There is one way through, for good lines and bad ones: the line is cut into its fields without
//! copying, each field is read by the type it becomes, and what cannot be read is noted while the
//! reading goes on.

mod acknowledgement;
mod body;
mod configuration;
mod fields;
mod intent;
mod reader;
mod value;

pub use body::{Body, Item, Shape, split_body};
pub use reader::{Line, Lines};

use ledger::{
    AccountId, AccountName, Command, InstrumentId, Mark, Mode, Symbol, Tenant, Timestamp, Venue,
};

use crate::catalogue::codes;
use crate::problem::Problem;
use fields::{Fields, list, nearest};
use value::{Above, Read, Token, quote};

/// The longest line that is read, in bytes, unless the caller says otherwise.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What kinds of command a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// What somebody wants.
    Intent,
    /// What a venue says.
    Acknowledgement,
    /// A price.
    Mark,
    /// A setting.
    Configuration,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 4] = [
        Self::Intent,
        Self::Acknowledgement,
        Self::Mark,
        Self::Configuration,
    ];

    /// The types that belong to it, as they are called on the wire.
    pub const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Intent => intent::TYPES,
            Self::Acknowledgement => acknowledgement::TYPES,
            Self::Mark => &["mark"],
            Self::Configuration => configuration::TYPES,
        }
    }

    /// What one of it is called in a sentence.
    const fn noun(self) -> &'static str {
        match self {
            Self::Intent => "an intent",
            Self::Acknowledgement => "an acknowledgement",
            Self::Mark => "a mark",
            Self::Configuration => "a setting",
        }
    }

    /// Where one of it is posted to.
    const fn route(self) -> &'static str {
        match self {
            Self::Intent => "/v1/intents",
            Self::Acknowledgement => "/v1/acks",
            Self::Mark => "/v1/marks",
            Self::Configuration => "/v1/config",
        }
    }
}

/// Reads one command from one JSON object; of a `family`, where the caller takes only one.
///
/// The data belong to `tenant`: who owns them is never taken from the line.
///
/// # Errors
/// Returns every problem of the line.
pub fn parse_command(
    line: &[u8],
    family: Option<Family>,
    tenant: &Tenant,
) -> Result<Command, Vec<Problem>> {
    let text = decode(line).map_err(|problem| vec![problem])?;
    let mut fields = Fields::parse(text, "").map_err(|error| vec![not_json(text, &error)])?;
    let too_deep = fields.too_deep();
    if !too_deep.is_empty() {
        return Err(too_deep);
    }
    let Some(kind) = fields.required::<Kind>("type") else {
        return Err(fields.give_up());
    };
    let found = match kind.family(family) {
        Ok(found) => found,
        Err(fault) => {
            fields.refuse(fault.code, "type", fault.expected, fault.remedy);
            return Err(fields.give_up());
        }
    };
    let command = match found {
        Family::Intent => intent::read(&kind.0, &mut fields, tenant).map(Command::Intent),
        Family::Acknowledgement => {
            acknowledgement::read(&kind.0, &mut fields, tenant).map(Command::Acknowledgement)
        }
        Family::Mark => mark(&mut fields, tenant).map(Command::Mark),
        Family::Configuration => {
            configuration::read(&kind.0, &mut fields, tenant).map(Command::Configuration)
        }
    };
    fields.finish()?;
    // Nothing was wrong, so that everything was there.
    command.ok_or_else(Vec::new)
}

/// What an object says it is.
struct Kind<'a>(std::borrow::Cow<'a, str>);

impl<'a> Read<'a> for Kind<'a> {
    const EXPECTED: &'static str = "the type of the object, such as \"order_filled\"";

    fn read(token: Token<'a>) -> Result<Self, value::Fault> {
        token.text().map(Self)
    }
}

impl Kind<'_> {
    /// The family this type belongs to, if it may be one of `wanted`.
    fn family(&self, wanted: Option<Family>) -> Result<Family, value::Fault> {
        let found = Family::ALL
            .into_iter()
            .find(|family| family.types().contains(&self.0.as_ref()));
        match (found, wanted) {
            (Some(found), Some(wanted)) if found != wanted => Err(value::Fault {
                code: codes::WRONG_FAMILY,
                expected: format!("{}: {}", wanted.noun(), list(wanted.types())).into(),
                remedy: format!("{} goes to POST {}", found.noun(), found.route()).into(),
            }),
            (Some(found), Some(_) | None) => Ok(found),
            (None, wanted) => Err(self.unknown(wanted)),
        }
    }

    fn unknown(&self, wanted: Option<Family>) -> value::Fault {
        let types: Vec<&'static str> = Family::ALL
            .into_iter()
            .filter(|family| wanted.is_none_or(|wanted| wanted == *family))
            .flat_map(|family| family.types().iter().copied())
            .collect();
        value::Fault {
            code: codes::UNKNOWN_TYPE,
            remedy: match nearest(&self.0, &types) {
                Some(near) => format!("did you mean \"{near}\"?").into(),
                None => "native messages of a venue need their own format".into(),
            },
            expected: list(&types).into(),
        }
    }
}

fn mark(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<Mark> {
    let instrument = instrument(fields, tenant);
    let price = fields.required::<Above<_>>("price");
    let occurred_at = fields.required::<Timestamp>("occurred_at");
    Some(Mark {
        instrument: instrument?,
        price: price?.0,
        occurred_at: occurred_at?,
    })
}

fn account(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<AccountId> {
    let venue = fields.required::<Venue>("venue");
    let mode = fields.required::<Mode>("mode");
    let name = fields.required::<AccountName>("account");
    Some(AccountId {
        tenant: tenant.clone(),
        venue: venue?,
        mode: mode?,
        name: name?,
    })
}

fn instrument(fields: &mut Fields<'_>, tenant: &Tenant) -> Option<InstrumentId> {
    let venue = fields.required::<Venue>("venue");
    let symbol = fields.required::<Symbol>("symbol");
    Some(InstrumentId {
        tenant: tenant.clone(),
        venue: venue?,
        symbol: symbol?,
    })
}

/// The bytes as text, if they are UTF-8 without a mark in front.
fn decode(line: &[u8]) -> Result<&str, Problem> {
    if let Some(name) = foreign_encoding(line) {
        return Err(encoding_problem(name));
    }
    str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        let byte = line.get(at).copied().unwrap_or_default();
        encoding_problem(&format!(
            "byte 0x{byte:02x} at column {}",
            at.saturating_add(1)
        ))
    })
}

fn encoding_problem(found: &str) -> Problem {
    Problem {
        code: codes::BAD_ENCODING,
        line: None,
        field: String::new(),
        found: found.to_owned(),
        expected: "UTF-8 without a byte order mark".to_owned(),
        remedy: "save or send it as UTF-8; bytes that are no text belong into base64".to_owned(),
    }
}

/// The name of an encoding that is not ours, by how it begins.
fn foreign_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32 with a byte order mark"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16 with a byte order mark"),
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8 with a byte order mark"),
        [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..] => Some("UTF-16"),
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    }
}

/// What is wrong with the shape of a line, in the words of the parser and with the place.
fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    let trimmed = text.trim_start();
    let problem = |code, found: String, expected: &str, remedy: &str| Problem {
        code,
        line: None,
        field: String::new(),
        found,
        expected: expected.to_owned(),
        remedy: remedy.to_owned(),
    };
    let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_whole && !trimmed.starts_with('{') {
        return problem(
            codes::NOT_AN_OBJECT,
            quote(trimmed).into_owned(),
            "one JSON object",
            "each line is one object in braces",
        );
    }
    let words = error.to_string();
    let words = words
        .split_once(" at line ")
        .map_or(words.as_str(), |(words, _)| words);
    let remedy = if error.is_eof() {
        "it is cut off here, or one object is spread over several lines"
    } else if words == "trailing characters" {
        "one object a line; several in one request need Content-Type: application/x-ndjson"
    } else {
        "look at this place, and at what is right before it"
    };
    problem(
        codes::NOT_JSON,
        format!("{} ({words})", place(text, error)),
        "one JSON object",
        remedy,
    )
}

/// What is where the parser stopped.
fn place(text: &str, error: &serde_json::Error) -> String {
    let column = error.column();
    let at = if error.line() > 1 {
        format!("line {}, column {column}", error.line())
    } else {
        format!("column {column}")
    };
    let line = text.lines().nth(error.line().saturating_sub(1));
    let rest = line
        .and_then(|line| line.get(column.saturating_sub(1)..))
        .filter(|rest| !rest.is_empty() && !error.is_eof());
    match rest {
        Some(rest) => {
            let near: String = rest.chars().take(20).collect();
            format!("`{}` at {at}", quote(&near))
        }
        None => format!("the end at {at}"),
    }
}

//! The `explain` command: where a number comes from, or what an error means.

mod arithmetic;
mod field;
mod terms;

use protocol::Problem;
use protocol::catalogue::{self, codes};

use crate::Outcome;
use crate::arguments::{Explain, TextFormat};
use crate::failure::Failure;
use crate::render::Look;
use crate::replay::Told;
use crate::screen::Screen;
use crate::source::Source;

pub(crate) use field::Field;
pub(crate) use terms::Explanation;

/// Prints the page of an error.
pub(crate) fn code(subject: &str, screen: &mut Screen<'_>) -> Result<Outcome, Failure> {
    let Some(page) = catalogue::explain(subject) else {
        return Err(Failure::Problems(vec![Problem {
            code: codes::NOT_FOUND,
            line: None,
            field: "code".to_owned(),
            found: format!("{subject:?}"),
            expected: "the number or the name of an error, as PL-0104 or slot_occupied".to_owned(),
            remedy: "to explain a number of a position, name the field: \
                     posledger explain POSITION realized_pnl"
                .to_owned(),
        }]));
    };
    screen.print(page.text.trim_end())?;
    screen.print("\n")?;
    Ok(Outcome::Done)
}

/// Prints where a number comes from.
pub(crate) fn field(
    explain: &Explain,
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let name = explain.field.as_deref().unwrap_or_default();
    let Some(field) = Field::from_word(name) else {
        return Err(Failure::Problems(vec![Problem {
            code: codes::UNKNOWN_WORD,
            line: None,
            field: "field".to_owned(),
            found: format!("{name:?}"),
            expected: Field::ALL.map(Field::as_str).join(", "),
            remedy: "name one of these numbers of the position".to_owned(),
        }]));
    };
    let told = Told::of(&explain.subject, &explain.when, source)?;
    let explanation = Explanation::of(field, &told);
    match explain.format {
        TextFormat::Json => screen.print_json(&explanation)?,
        TextFormat::Text => {
            let look: Look = screen.look();
            screen.print(&explanation.render(&told.shown, look))?;
        }
    }
    Ok(if explanation.agrees {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

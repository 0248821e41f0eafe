//! Problems as text for people.

use std::fmt::Write as _;

use crate::problem::Problem;

/// One problem, where it is, and what to do about it:
///
/// ```text
/// error[PL-0104] fixtures/day.jsonl:17: quantity
///   found "-5", expected a decimal greater than zero
///   a sell is side:"sell" with a positive quantity    (posledger explain PL-0104)
/// ```
///
/// `source` is the name of the file or stream, where it has one.
pub fn report(problem: &Problem, source: Option<&str>) -> String {
    let mut place = String::new();
    // Writing to a string does not fail, here and below.
    let _ = match (source, problem.line) {
        (Some(source), Some(line)) => write!(place, " {source}:{line}"),
        (Some(source), None) => write!(place, " {source}"),
        (None, Some(line)) => write!(place, " line {line}"),
        (None, None) => Ok(()),
    };
    if !problem.field.is_empty() {
        let colon = if place.is_empty() { "" } else { ":" };
        let _ = write!(place, "{colon} {}", problem.field);
    }
    format!(
        "error[{code}]{place}\n  found {found}, expected {expected}\n  {remedy}    (posledger explain {code})\n",
        code = problem.code,
        found = problem.found,
        expected = problem.expected,
        remedy = problem.remedy,
    )
}

/// The last line of a report: how much was wrong in how much.
pub fn closing_line(problems: u64, lines: u64) -> String {
    format!(
        "{} in {}; nothing was recorded\n",
        counted(problems, "problem"),
        counted(lines, "line")
    )
}

fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn problem() -> Problem {
        Problem {
            code: Code::new(104),
            line: Some(17),
            field: "intent.quantity".to_owned(),
            found: "\"-5\"".to_owned(),
            expected: "a decimal greater than zero".to_owned(),
            remedy: "a sell is side:\"sell\" with a positive quantity".to_owned(),
        }
    }

    #[test]
    fn a_report_says_where_what_and_what_to_do() {
        let text = report(&problem(), Some("fixtures/day.jsonl")) + &closing_line(2, 41);
        assert_eq!(
            text,
            "error[PL-0104] fixtures/day.jsonl:17: intent.quantity\n  \
             found \"-5\", expected a decimal greater than zero\n  \
             a sell is side:\"sell\" with a positive quantity    (posledger explain PL-0104)\n\
             2 problems in 41 lines; nothing was recorded\n"
        );
    }

    #[test]
    fn what_is_not_known_of_the_place_is_left_out() {
        let first_line = |problem: &Problem, source| {
            let text = report(problem, source);
            text.lines().next().unwrap().to_owned()
        };
        let mut problem = problem();
        assert_eq!(
            first_line(&problem, None),
            "error[PL-0104] line 17: intent.quantity"
        );
        problem.line = None;
        assert_eq!(first_line(&problem, None), "error[PL-0104] intent.quantity");
        problem.field.clear();
        assert_eq!(first_line(&problem, None), "error[PL-0104]");
        assert_eq!(
            first_line(&problem, Some("a.jsonl")),
            "error[PL-0104] a.jsonl"
        );
        assert_eq!(
            closing_line(1, 1),
            "1 problem in 1 line; nothing was recorded\n"
        );
    }
}

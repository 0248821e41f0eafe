//! Every error has its page, and every page the same sections.

use ledger::{Anomaly, PositionState, Refusal};
use protocol::catalogue::{Kind, code_of, codes, explain, page, pages};

#[test]
fn every_page_has_its_sections_in_order() {
    assert!(pages().len() > 60);
    for page in pages() {
        let code = page.code;
        assert!(
            page.text
                .starts_with(&format!("# {code}: {}\n\nName: `", page.title)),
            "{code}"
        );
        let headings: Vec<&str> = page
            .text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(
            headings,
            ["## Meaning", "## What to do", "## Example"],
            "{code}"
        );
        let (_, example) = page.text.split_once("## Example\n\n```").unwrap();
        assert!(example.ends_with("\n```\n"), "{code}");
        for part in [page.name, page.title, page.meaning, page.remedy] {
            assert!(!part.is_empty(), "{code}");
        }
        assert!(
            page.meaning.ends_with('.') || page.meaning.ends_with(')'),
            "{code}"
        );
    }
}

#[test]
fn numbers_and_names_are_unique_within_their_kind() {
    let mut numbers: Vec<_> = pages().iter().map(|page| page.code).collect();
    assert!(numbers.is_sorted());
    numbers.dedup();
    assert_eq!(numbers.len(), pages().len());
    let mut names: Vec<_> = pages()
        .iter()
        .map(|page| (page.code.number() / 100, page.name))
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), pages().len());
}

#[test]
fn the_index_lists_every_page() {
    let index = include_str!("../../../../docs/errors/README.md");
    for page in pages() {
        let row = format!(
            "| [{0}]({0}.md) | `{1}` | {2} |",
            page.code, page.name, page.title
        );
        assert!(index.contains(&row), "{row}");
    }
    assert_eq!(index.matches("| [PL-").count(), pages().len());
}

#[test]
fn a_page_is_found_by_number_and_by_name() {
    for text in ["PL-0104", "104", "out_of_range"] {
        assert_eq!(
            explain(text).map(|page| page.code),
            Some(codes::OUT_OF_RANGE),
            "{text}"
        );
    }
    let taken = explain("exists_with_different_quantity").unwrap();
    assert_eq!(taken.code, codes::REFUSED_EXISTS_WITH_DIFFERENT);
    assert_eq!(explain("PL-0199"), None);
    assert_eq!(explain(""), None);
    assert_eq!(page(codes::BUSY).unwrap().name, "busy");
}

/// The next refusal after this one; a new one does not compile until it is listed here.
fn all_refusals() -> Vec<Refusal> {
    use Refusal as R;
    let state = PositionState::Open;
    let all = vec![
        R::ExistsWithDifferent("quantity".into()),
        R::Halted,
        R::PositionNotFound,
        R::PositionFinal(state),
        R::OrderNotFound,
        R::OrderFinal,
        R::SlotOccupied,
        R::NotQueued(state),
        R::NothingHeld(state),
        R::NotOpen(state),
        R::AlreadyClosing,
        R::ExceedsHeld,
        R::NotMonitorable(state),
        R::ProtectionInFlight,
        R::WrongSideOfMark,
        R::NothingMatches,
        R::AccountInUse,
        R::InstrumentInUse,
    ];
    for refusal in &all {
        match refusal {
            R::ExistsWithDifferent(_)
            | R::Halted
            | R::PositionNotFound
            | R::PositionFinal(_)
            | R::OrderNotFound
            | R::OrderFinal
            | R::SlotOccupied
            | R::NotQueued(_)
            | R::NothingHeld(_)
            | R::NotOpen(_)
            | R::AlreadyClosing
            | R::ExceedsHeld
            | R::NotMonitorable(_)
            | R::ProtectionInFlight
            | R::WrongSideOfMark
            | R::NothingMatches
            | R::AccountInUse
            | R::InstrumentInUse => {}
        }
    }
    all
}

fn all_anomalies() -> Vec<Anomaly> {
    use Anomaly as A;
    let all = vec![
        A::ExistsWithDifferent("price".into()),
        A::LegMissing,
        A::NothingToClose,
        A::ReduceOnlyWouldGrow,
        A::PriceNotPositive,
        A::Inexact,
    ];
    for anomaly in &all {
        match anomaly {
            A::ExistsWithDifferent(_)
            | A::LegMissing
            | A::NothingToClose
            | A::ReduceOnlyWouldGrow
            | A::PriceNotPositive
            | A::Inexact => {}
        }
    }
    all
}

#[test]
fn every_refusal_and_every_anomaly_has_a_page() {
    let refusals = all_refusals();
    for refusal in &refusals {
        assert!(
            code_of(Kind::Refusal, &refusal.code()).is_some(),
            "{}",
            refusal.code()
        );
    }
    let anomalies = all_anomalies();
    for anomaly in &anomalies {
        assert!(
            code_of(Kind::Quarantine, &anomaly.code()).is_some(),
            "{}",
            anomaly.code()
        );
    }
    let count = |kind: Kind| pages().iter().filter(|page| kind.holds(page.code)).count();
    assert_eq!(count(Kind::Refusal), refusals.len());
    assert_eq!(count(Kind::Quarantine), anomalies.len());
}

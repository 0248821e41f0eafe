//! The `verify` command: everything that can be proved about a journal, and everything that is wrong at
//! once.

use std::path::Path;

use indicatif::ProgressBar;
use journal::{Check, CopyName, Journal, JournalOptions};
use ledger::{Record, Sequence};
use projection::{Cursor, History, HistoryWriter, Projections};
use serde::Serialize;

use crate::Outcome;
use crate::arguments::{Target, TextFormat, Verify};
use crate::failure::Failure;
use crate::render::{Tone, numbers};
use crate::screen::{Screen, Unit};
use crate::source::Directory;

/// Records between two looks at the whole state: it costs as much as many records.
const STATE_CHECK_RECORDS: u64 = 100_000;

/// Findings kept; a journal that is wrong everywhere has more than anybody reads.
const FINDINGS_MAX: usize = 1000;

/// Rows that wait before the recomputed history is written to disk.
const HISTORY_ROWS: usize = 8192;

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct Finding {
    /// Which check found it: `journal`, `invariants` or `recomputation`.
    check: &'static str,
    /// The first record it concerns.
    sequence: Sequence,
    /// What it is.
    detail: String,
}

/// What was checked and found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// The last record.
    records: Sequence,
    /// Whether all records could be folded.
    recomputed: bool,
    findings: Vec<Finding>,
    /// Findings beyond those listed.
    more: u64,
}

impl Report {
    fn find(&mut self, check: &'static str, sequence: Sequence, detail: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding {
                check,
                sequence,
                detail,
            });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }
}

pub(crate) fn run(
    verify: &Verify,
    target: &Target,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    let Some(path) = &target.data else {
        return Err(Failure::NotHere(
            "verify reads the files of a journal: stop its daemon and name the directory with --data DIR",
        ));
    };
    if verify.repair {
        repair(path, screen)?;
    }
    let mut report = Report::default();
    copies(path, &mut report, screen)?;
    if report.findings.is_empty() {
        recompute(path, &mut report, screen)?;
    }
    tell(verify, &report, screen)?;
    Ok(if report.findings.is_empty() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

/// Lets each copy of the journal give the other what that one lost.
fn repair(path: &Path, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let options = JournalOptions {
        check: Check::All,
        ..JournalOptions::existing()
    };
    let (_, opened) = Journal::open(path, &options)?;
    if opened.repairs.is_empty() {
        screen.note(Tone::Quiet, "there was nothing to repair");
    }
    for repair in &opened.repairs {
        screen.note(Tone::Alarm, &format!("repaired: {repair}"));
    }
    Ok(())
}

/// Both copies of the journal, byte by byte.
fn copies(path: &Path, report: &mut Report, screen: &Screen<'_>) -> Result<(), Failure> {
    let bar = screen.progress("journal", 0, Unit::Records);
    let mut last = Sequence::ZERO;
    let findings = journal::verify(path, &JournalOptions::existing(), |progress| {
        last = last.max(progress.sequence);
        // How many there are is known once the first copy is read.
        if progress.copy == CopyName::Segments {
            bar.set_length(last.get().saturating_mul(2));
            bar.set_position(progress.sequence.get());
        } else {
            bar.set_position(last.get().saturating_add(progress.sequence.get()));
        }
    })?;
    bar.finish_and_clear();
    report.records = last;
    for finding in findings {
        report.find("journal", finding.sequence, finding.to_string());
    }
    Ok(())
}

/// Every record under the invariants, and what the ledger shows against what follows from the records.
fn recompute(path: &Path, report: &mut Report, screen: &Screen<'_>) -> Result<(), Failure> {
    let directory = Directory::open(path, false)?;
    let reader = directory.reader().clone();
    let head = reader.journal().head();
    let bar = screen.progress("recomputing", head.get(), Unit::Records);
    let scratch = tempfile::tempdir().map_err(|source| Failure::Input {
        name: "the directory for temporary files".to_owned(),
        source,
    })?;
    let history = HistoryWriter::temporary(scratch.path()).map_err(Failure::Recompute)?;
    let mut fresh = Projections::new(history);
    fold(reader.journal(), &mut fresh, report, &bar)?;
    let agrees = reader.read(|models| models.agrees_with(&fresh));
    if !agrees {
        let detail = "open positions or statistics differ from a full replay; delete the \
                      `checkpoints` of the directory, they are built anew";
        report.find("recomputation", head, detail.to_owned());
    }
    let through = fresh.history_mut().flush().map_err(Failure::Recompute)?;
    compare(
        reader.history(),
        &fresh.history().history(),
        through,
        report,
    )?;
    report.recomputed = true;
    bar.finish_and_clear();
    drop((fresh, reader));
    directory.close()
}

fn fold(
    journal: &journal::JournalReader,
    fresh: &mut Projections<HistoryWriter>,
    report: &mut Report,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    for record in journal.records_from(Sequence::FIRST) {
        let record = record?;
        let sequence = record.sequence;
        for violation in fresh.open().ledger().violations_by(&record) {
            report.find("invariants", violation.sequence, violation.to_string());
        }
        fresh.apply(&record).map_err(Failure::Recompute)?;
        moved_position(&record, fresh, report);
        if sequence.get().is_multiple_of(STATE_CHECK_RECORDS) {
            whole_state(fresh, report);
        }
        if fresh.history().waiting() >= HISTORY_ROWS {
            fresh.history_mut().flush().map_err(Failure::Recompute)?;
        }
        bar.set_position(sequence.get());
    }
    whole_state(fresh, report);
    Ok(())
}

/// The position that a record moved; a final one has left its slot, and nothing moves it any more.
fn moved_position(record: &Record, fresh: &Projections<HistoryWriter>, report: &mut Report) {
    let ledger = fresh.open().ledger();
    let position = record.position_id.and_then(|id| ledger.position(id));
    let Some(position) = position.filter(|position| !position.is_final()) else {
        return;
    };
    for violation in ledger.violations_of(position) {
        report.find("invariants", violation.sequence, violation.to_string());
    }
}

fn whole_state(fresh: &Projections<HistoryWriter>, report: &mut Report) {
    for violation in fresh.open().ledger().violations() {
        report.find("invariants", violation.sequence, violation.to_string());
    }
}

/// Row by row: what the history keeps against what follows from the records.
fn compare(
    kept: &History,
    fresh: &History,
    through: Sequence,
    report: &mut Report,
) -> Result<(), Failure> {
    macro_rules! rows {
        ($rows:ident, $what:literal) => {
            let mut kept = kept.$rows(Cursor::forward());
            let mut fresh = fresh.$rows(Cursor::forward());
            loop {
                let kept = kept.next().transpose().map_err(Failure::Recompute)?;
                let fresh = fresh.next().transpose().map_err(Failure::Recompute)?;
                if kept != fresh {
                    let detail = concat!(
                        $what,
                        " differ from a full replay; delete the `history` of the directory, it is built anew"
                    );
                    report.find("recomputation", through, detail.to_owned());
                    break;
                }
                if kept.is_none() {
                    break;
                }
            }
        };
    }
    rows!(trades, "finished positions");
    rows!(orders, "orders");
    rows!(fills, "fills");
    Ok(())
}

fn tell(verify: &Verify, report: &Report, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if verify.format == TextFormat::Json {
        return screen.print_json(report);
    }
    let look = screen.look();
    for finding in &report.findings {
        let check = look.ink.paint(Tone::Alarm, finding.check);
        screen.print(&format!("{check}: {}\n", finding.detail))?;
    }
    let records = numbers::count(report.records.get());
    let found = u64::try_from(report.findings.len())
        .unwrap_or(u64::MAX)
        .saturating_add(report.more);
    if found == 0 {
        let text = format!(
            "{records} records, two copies: whole, chained and equal; every invariant holds; \
             what the ledger shows is what the records say"
        );
        return screen.print(&format!("{}\n", look.ink.paint(Tone::Good, &text)));
    }
    let noun = if found == 1 { "finding" } else { "findings" };
    let mut text = format!("{} {noun} in {records} records", numbers::count(found));
    if report.more > 0 {
        text += &format!("; the first {FINDINGS_MAX} are listed");
    }
    if !report.recomputed {
        text += "; records were not folded, since the journal itself is not sound";
    }
    screen.print(&format!("{text}\n"))
}

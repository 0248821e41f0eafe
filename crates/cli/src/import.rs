//! The `import` command: everything is read once before anything is recorded.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::ProgressBar;
use ledger::{Sequence, Tenant};
use protocol::views::{ReceiptOutcome, ReceiptView};
use protocol::{LINE_BYTES_MAX, Lines, Problem};
use serde::Serialize;

use crate::Outcome;
use crate::arguments::{Import, Target};
use crate::failure::Failure;
use crate::render::{Look, Tone, numbers};
use crate::screen::{Screen, Unit};
use crate::source::{Source, Submission};

/// Commands handed in at once: enough for a group commit, little enough to hold.
const BATCH_COMMANDS: usize = 2048;

/// Bytes of lines handed in at once.
const BATCH_BYTES: usize = 1 << 20;

/// Refusals told one by one; the others are counted.
const REFUSALS_TOLD: u64 = 100;

/// What the formats are.
const FORMATS: &str = "\
acks   One JSON object a line: intents, acknowledgements, marks and configuration, in any order, as they
       are posted to /v1/intents, /v1/acks, /v1/marks and /v1/config. The type of each line says what it
       is. UTF-8, lines of at most 1 MiB, empty lines are passed over.

       {\"type\":\"order_filled\",\"venue\":\"binance-usdm\",\"mode\":\"live\",\"account\":\"main\",
        \"symbol\":\"BTCUSDT\",\"execution_id\":\"811\",\"side\":\"sell\",\"price\":\"66712.7\",
        \"quantity\":\"0.029\",\"fee\":\"0.97\",\"fee_asset\":\"USDT\",
        \"occurred_at\":\"2024-04-22T22:34:32Z\"}
       (in one line)
";

/// A file that can be read twice.
struct Input {
    name: String,
    file: File,
    bytes: u64,
}

/// What the first pass found.
#[derive(Default)]
struct Checked {
    lines: u64,
    invalid: u64,
    problems: u64,
}

/// What became of an import.
#[derive(Debug, Default, Serialize)]
struct Summary {
    lines: u64,
    applied: u64,
    accepted: u64,
    duplicate: u64,
    rejected: u64,
    quarantined: u64,
    invalid: u64,
    /// The last record before the import.
    before: Sequence,
    /// The last record after it.
    after: Sequence,
    first_sequence: Option<Sequence>,
    last_sequence: Option<Sequence>,
    milliseconds: u64,
}

pub(crate) fn run(
    import: &Import,
    target: &Target,
    screen: &mut Screen<'_>,
) -> Result<Outcome, Failure> {
    if import.list_formats {
        screen.print(FORMATS)?;
        return Ok(Outcome::Done);
    }
    let mut inputs = open(&import.files)?;
    let checked = check(&mut inputs, screen)?;
    if checked.problems > 0 && !import.keep_going {
        let line = protocol::closing_line(checked.problems, checked.lines);
        screen.note(Tone::Strong, line.trim_end());
        return Ok(Outcome::Findings);
    }
    if import.dry_run {
        let lines = numbers::count(checked.lines);
        screen.print(&format!(
            "{lines} lines, no problem; nothing was recorded\n"
        ))?;
        return Ok(Outcome::Done);
    }
    let source = Source::open_to_write(target)?;
    if let (Source::Directory(directory), Some(path)) = (&source, &target.data)
        && directory.was_created()
    {
        screen.note(
            Tone::Plain,
            &format!("made a new journal in `{}`", path.display()),
        );
    }
    let summary = record(&mut inputs, &source, screen)?;
    source.close()?;
    if import.json {
        screen.print_json(&summary)?;
    } else {
        screen.print(&summary.render(screen.look()))?;
    }
    Ok(if summary.is_clean() {
        Outcome::Done
    } else {
        Outcome::Findings
    })
}

fn open(files: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    files.iter().map(|path| Input::open(path)).collect()
}

impl Input {
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let failed = |source| Failure::Input {
            name: name.clone(),
            source,
        };
        let file = if path == Path::new("-") {
            spool(io::stdin().lock())
        } else {
            File::open(path).and_then(|file| {
                if file.metadata()?.is_file() {
                    Ok(file)
                } else {
                    // A pipe can be read once only.
                    spool(file)
                }
            })
        }
        .map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Self { name, file, bytes })
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> Failure + use<> {
        let name = self.name.clone();
        |source| Failure::Input { name, source }
    }

    /// The lines from the first on.
    fn lines<'b>(
        &mut self,
        bar: &'b ProgressBar,
    ) -> Result<Lines<BufReader<impl Read + use<'b>>>, Failure> {
        let failed = self.failed();
        let mut file = self.file.try_clone().map_err(self.failed())?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let reader = BufReader::with_capacity(1 << 16, bar.wrap_read(file));
        Ok(Lines::new(reader, LINE_BYTES_MAX))
    }
}

/// A stream as a file without a name, to be read twice.
fn spool(mut stream: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut stream, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Reads every line of every file and tells every problem.
fn check(inputs: &mut [Input], screen: &mut Screen<'_>) -> Result<Checked, Failure> {
    let tenant = Tenant::default_tenant();
    let total = inputs.iter().map(|input| input.bytes).sum();
    let bar = screen.progress("checking", total, Unit::Bytes);
    let mut checked = Checked::default();
    for input in inputs {
        let mut lines = input.lines(&bar)?;
        while let Some(line) = lines.next_line().map_err(input.failed())? {
            checked.lines = checked.lines.saturating_add(1);
            let problems = match line {
                Ok(line) => line.parse(None, &tenant).err().unwrap_or_default(),
                Err(problem) => vec![problem],
            };
            checked.note(&input.name, &problems, &bar, screen);
        }
    }
    bar.finish_and_clear();
    Ok(checked)
}

impl Checked {
    fn note(
        &mut self,
        name: &str,
        problems: &[Problem],
        bar: &ProgressBar,
        screen: &mut Screen<'_>,
    ) {
        if problems.is_empty() {
            return;
        }
        self.invalid = self.invalid.saturating_add(1);
        let count = u64::try_from(problems.len()).unwrap_or(u64::MAX);
        self.problems = self.problems.saturating_add(count);
        bar.suspend(|| {
            for problem in problems {
                screen.note(
                    Tone::Plain,
                    protocol::report(problem, Some(name)).trim_end(),
                );
            }
        });
    }
}

/// Hands every good line in.
fn record(
    inputs: &mut [Input],
    source: &Source,
    screen: &mut Screen<'_>,
) -> Result<Summary, Failure> {
    let start = Instant::now();
    let tenant = Tenant::default_tenant();
    let before = source.ready()?.sequence;
    let total = inputs.iter().map(|input| input.bytes).sum();
    let bar = screen.progress("recording", total, Unit::Bytes);
    let mut summary = Summary {
        before,
        ..Summary::default()
    };
    for input in inputs {
        let mut lines = input.lines(&bar)?;
        let mut batch = Batch::default();
        while let Some(line) = lines.next_line().map_err(input.failed())? {
            summary.lines = summary.lines.saturating_add(1);
            match line
                .ok()
                .map(|line| (line.number, line.bytes, line.parse(None, &tenant)))
            {
                Some((number, bytes, Ok(command))) => batch.push(number, bytes, command),
                // It was told by the first pass.
                Some((_, _, Err(_))) | None => {
                    summary.invalid = summary.invalid.saturating_add(1);
                }
            }
            if batch.is_full() {
                batch.submit(&input.name, source, &mut summary, &bar, screen)?;
            }
        }
        batch.submit(&input.name, source, &mut summary, &bar, screen)?;
    }
    bar.finish_and_clear();
    summary.after = source.ready()?.sequence;
    summary.milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(summary)
}

/// Commands that are handed in together.
#[derive(Default)]
struct Batch {
    numbers: Vec<u64>,
    submissions: Vec<Submission>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, number: u64, bytes: &[u8], command: ledger::Command) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.numbers.push(number);
        let line = bytes.trim_ascii().to_vec();
        self.submissions.push(Submission { command, line });
    }

    fn is_full(&self) -> bool {
        self.submissions.len() >= BATCH_COMMANDS || self.bytes >= BATCH_BYTES
    }

    fn submit(
        &mut self,
        name: &str,
        source: &Source,
        summary: &mut Summary,
        bar: &ProgressBar,
        screen: &mut Screen<'_>,
    ) -> Result<(), Failure> {
        let Self {
            numbers,
            submissions,
            ..
        } = std::mem::take(self);
        if submissions.is_empty() {
            return Ok(());
        }
        let receipts = source.submit(submissions)?;
        for (number, receipt) in numbers.iter().zip(&receipts) {
            let refusals = summary.refusals();
            summary.count(receipt);
            if summary.refusals() > refusals && refusals < REFUSALS_TOLD {
                bar.suspend(|| tell(name, *number, receipt, screen));
            }
        }
        Ok(())
    }
}

fn tell(name: &str, number: u64, receipt: &ReceiptView, screen: &mut Screen<'_>) {
    let code = receipt.code.as_deref().unwrap_or("unknown");
    let text = format!(
        "{name}:{number}: {}: {code}    (posledger explain {code})",
        receipt.outcome.as_str()
    );
    screen.note(Tone::Warning, &text);
}

impl Summary {
    fn count(&mut self, receipt: &ReceiptView) {
        let counter = match receipt.outcome {
            ReceiptOutcome::Accepted => &mut self.accepted,
            ReceiptOutcome::Rejected => &mut self.rejected,
            ReceiptOutcome::Applied => &mut self.applied,
            ReceiptOutcome::Duplicate => &mut self.duplicate,
            ReceiptOutcome::Quarantined => &mut self.quarantined,
            ReceiptOutcome::Invalid => &mut self.invalid,
        };
        *counter = counter.saturating_add(1);
        if let Some(sequence) = receipt.sequence {
            self.first_sequence = Some(self.first_sequence.map_or(sequence, |at| at.min(sequence)));
            self.last_sequence = self.last_sequence.max(Some(sequence));
        }
    }

    /// What a person has to look at.
    const fn refusals(&self) -> u64 {
        self.rejected
            .saturating_add(self.quarantined)
            .saturating_add(self.invalid)
    }

    const fn is_clean(&self) -> bool {
        self.refusals() == 0
    }

    fn render(&self, look: Look) -> String {
        let mut text = String::new();
        let counts = [
            ("applied", self.applied, Tone::Good),
            ("accepted", self.accepted, Tone::Good),
            ("duplicate", self.duplicate, Tone::Plain),
            ("rejected", self.rejected, Tone::Alarm),
            ("quarantined", self.quarantined, Tone::Alarm),
            ("invalid", self.invalid, Tone::Alarm),
        ];
        for (name, count, tone) in counts {
            let tone = if count == 0 { Tone::Quiet } else { tone };
            let line = format!("{name:<12}{:>12}", numbers::count(count));
            text += &format!("{}\n", look.ink.paint(tone, &line));
        }
        let grown = self.after.get().saturating_sub(self.before.get());
        text += &if grown == 0 {
            format!(
                "the journal did not grow; it ends with record {}\n",
                self.after
            )
        } else {
            format!(
                "the journal grew by {} records, {} to {}\n",
                numbers::count(grown),
                self.before.next(),
                self.after
            )
        };
        text + &format!("{}\n", look.ink.paint(Tone::Quiet, &self.speed()))
    }

    fn speed(&self) -> String {
        let seconds = self.milliseconds.checked_div(1000).unwrap_or_default();
        let rest = self.milliseconds.checked_rem(1000).unwrap_or_default();
        let lines = numbers::count(self.lines);
        let rate = self
            .lines
            .saturating_mul(1000)
            .checked_div(self.milliseconds);
        let rate = rate.map(|rate| format!(", {} lines/s", numbers::count(rate)));
        format!(
            "{lines} lines in {seconds}.{rest:03} s{}",
            rate.unwrap_or_default()
        )
    }
}

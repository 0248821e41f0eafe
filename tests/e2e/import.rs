//! Whole histories through the command line into a journal on disk: what comes out is what the venue
//! said, the second time changes nothing, and bad lines are reported all at once.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::{Command, Event, Record, Sequence};
use serde_json::Value;
use tempfile::TempDir;
use testkit::histories::{binance, check, corpus, fixtures, hyperliquid, metatrader};

use crate::daemon::{posledger, posledger_json};

/// A directory with a file of commands to import.
struct Import {
    dir: TempDir,
    file: PathBuf,
}

impl Import {
    fn of(commands: &[Command]) -> Self {
        let mut lines = String::new();
        for command in commands {
            writeln!(lines, "{}", protocol::to_wire(command)).unwrap();
        }
        Self::of_text(&lines)
    }

    fn of_text(lines: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("history.jsonl");
        fs::write(&file, lines).unwrap();
        Self { dir, file }
    }

    fn data(&self) -> String {
        self.dir.path().join("data").to_str().unwrap().to_owned()
    }

    fn run(&self, more: &[&str]) -> std::process::Output {
        let (data, file) = (self.data(), self.file.to_str().unwrap());
        let arguments = ["--data", &data, "import", file, "--format", "acks"];
        posledger(&[&arguments, more].concat())
    }

    fn records(&self) -> Vec<Record> {
        let options = journal::JournalOptions::existing();
        let (journal, _) = journal::Journal::open(self.data(), &options).unwrap();
        let records: Result<_, _> = journal.reader().records_from(Sequence::FIRST).collect();
        records.unwrap()
    }

    /// The second time every line is a duplicate, and the journal has not grown.
    fn hold_second_time(&self) {
        let before = (self.records(), segment_bytes(Path::new(&self.data())));
        let again = self.run(&[]);
        assert_eq!(
            again.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&again.stderr)
        );
        let after = (self.records(), segment_bytes(Path::new(&self.data())));
        assert_eq!(before.0.len(), after.0.len());
        assert_eq!(before.1, after.1, "the journal has grown");
    }
}

fn segment_bytes(data: &Path) -> u64 {
    let segments = fs::read_dir(data.join("journal/segments")).unwrap();
    segments
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

fn binance_through_the_command_line(folder: &Path, name: &str, closes: usize) {
    let oracle = binance::oracle(&folder.join(format!("{name}.oracle.json")));
    let import = Import::of(&binance::commands(&folder.join(format!("{name}.jsonl"))));
    import.run(&[]);
    let records = import.records();
    let mut ledger = ledger::Ledger::default();
    let mut quarantined = Vec::new();
    for record in &records {
        assert_eq!(ledger.violations_by(record), []);
        ledger.apply(record);
        if let Event::AcknowledgementQuarantined(event) = &record.event
            && let ledger::Fact::OrderFilled(fill) = &event.acknowledgement.fact
        {
            let account = event.acknowledgement.account.clone();
            quarantined.push((account, fill.execution_id.clone()));
        }
    }
    let positions: Vec<_> = ledger.positions().chain(ledger.finished()).collect();
    let agreement = check::binance(&records, &positions, &quarantined, &oracle);
    assert_eq!(agreement.faults, Vec::<String>::new());
    assert!(agreement.closes >= closes, "{} closes", agreement.closes);
    import.hold_second_time();
}

#[test]
fn binance_closes_are_the_venues_also_through_the_command_line() {
    binance_through_the_command_line(&fixtures(), "binance_um_leadtraders", 17);
    if let Some(corpus) = corpus() {
        binance_through_the_command_line(&corpus, "binance_um_leadtraders_full", 1_947);
    }
}

#[test]
fn metatrader_closes_are_exact_also_through_the_command_line() {
    let hold = |deals: &Path, positions: &Path| {
        let import = Import::of(&metatrader::commands(deals, positions));
        import.run(&[]);
        let agreement = check::metatrader(&import.records());
        assert_eq!(agreement.faults, Vec::<String>::new());
        import.hold_second_time();
    };
    let folder = fixtures();
    hold(
        &folder.join("mt5_deals.csv"),
        &folder.join("mt5_positions_inferred.csv"),
    );
    if let Some(corpus) = corpus() {
        let file =
            |kind: &str| corpus.join(format!("mt5_strategy_tester_xauusd_hedge_{kind}_first.csv"));
        hold(&file("deals"), &file("positions_inferred"));
    }
}

#[test]
fn hyperliquid_breaks_are_reported_also_through_the_command_line() {
    let hold = |fills: &Path| {
        let import = Import::of(&hyperliquid::commands(fills));
        import.run(&[]);
        let breaks = hyperliquid::breaks(fills);
        let units = hyperliquid::price_units(fills);
        let agreement = check::hyperliquid(&import.records(), &breaks, &units);
        assert_eq!(agreement.faults, Vec::<String>::new());
        import.hold_second_time();
    };
    hold(&fixtures().join("hyperliquid_fills.csv"));
    if let Some(corpus) = corpus() {
        hold(&corpus.join("hyperliquid_fills_two_wallets.csv"));
    }
}

/// A thousand good fills.
fn thousand() -> Vec<String> {
    (1..=1000)
        .map(|number| {
            format!(
                r#"{{"type":"order_filled","venue":"mexc","mode":"live","account":"main","symbol":"BTC_USDT","execution_id":"{number}","side":"buy","price":"{}","quantity":"1","occurred_at":"2026-01-05T10:00:00Z"}}"#,
                100 + number
            )
        })
        .collect()
}

#[test]
fn three_bad_lines_in_a_thousand_are_all_reported_and_nothing_is_recorded() {
    let mut lines = thousand();
    lines[16] = lines[16].replace(r#""quantity":"1""#, r#""quantity":"-5""#);
    lines[499] = lines[499].replace(r#""side":"buy""#, r#""side":"long""#);
    lines[998] = lines[998].replace(r#""price""#, r#""prise""#);
    let import = Import::of_text(&lines.join("\n"));

    let refused = import.run(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let report = String::from_utf8(refused.stderr).unwrap();
    for (line, field, found) in [
        (17, "quantity", "\"-5\""),
        (500, "side", "\"long\""),
        (999, "prise", "prise"),
    ] {
        assert!(
            report.contains(&format!("history.jsonl:{line}")),
            "line {line}\n{report}"
        );
        assert!(
            report.contains(field) && report.contains(found),
            "{field}\n{report}"
        );
    }
    assert!(report.contains("expected"), "{report}");
    assert!(report.contains("nothing was recorded"), "{report}");
    let data = import.data();
    let untouched = !Path::new(&data).join("journal").exists() || import.records().is_empty();
    assert!(untouched, "something was recorded");

    let kept = import.run(&["--keep-going"]);
    assert_eq!(kept.status.code(), Some(1));
    let executions: BTreeSet<String> = import
        .records()
        .iter()
        .filter_map(|record| match &record.event {
            Event::OrderFilled(event) => Some(event.fill.execution_id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(executions.len(), 997);
    let position: Value = posledger_json(&["--data", &data, "positions", "--format", "json"]);
    assert!(position.to_string().contains("\"997\""), "{position}");
}

/// How much of an import is durable, from outside.
fn durable_bytes(data: &str) -> u64 {
    let segments = Path::new(data).join("journal/segments");
    if segments.exists() {
        segment_bytes(Path::new(data))
    } else {
        0
    }
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let lines: Vec<String> = (0..20)
        .flat_map(|part| {
            let of_part = move |line: String| line.replace("BTC_USDT", &format!("COIN{part}_USDT"));
            thousand().into_iter().map(of_part)
        })
        .collect();
    let import = Import::of_text(&lines.join("\n"));
    let (data, file) = (import.data(), import.file.to_str().unwrap().to_owned());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_posledger"))
        .args(["--data", &data, "import", &file, "--format", "acks"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Killed once something is durable and before all is.
    while durable_bytes(&data) < 100_000 && child.try_wait().unwrap().is_none() {
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = import.records();
    let fills = |records: &[Record]| {
        records
            .iter()
            .filter(|record| matches!(record.event, Event::OrderFilled(_)))
            .count()
    };
    assert!(
        (1..20_000).contains(&fills(&before)),
        "killed after {} fills",
        fills(&before)
    );

    let finished = import.run(&[]);
    assert_eq!(
        finished.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&finished.stderr)
    );
    let after = import.records();
    assert_eq!(
        after.get(..before.len()),
        Some(before.as_slice()),
        "what was durable is unchanged"
    );
    assert_eq!(fills(&after), 20_000);
    let positions = posledger_json(&["--data", &data, "positions", "--format", "json"]);
    let items = positions["items"].as_array().unwrap();
    assert_eq!(items.len(), 20);
    assert!(
        items.iter().all(|position| position["quantity"] == "1000"),
        "{positions}"
    );
}

#[test]
fn one_damaged_byte_is_named_and_given_back_by_the_other_copy() {
    let import = Import::of_text(&thousand().join("\n"));
    import.run(&[]);
    let data = import.data();
    let records = import.records();
    let segment = fs::read_dir(Path::new(&data).join("journal/segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .min()
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();

    let found = posledger(&["--data", &data, "verify"]);
    assert_eq!(found.status.code(), Some(1));
    let words = String::from_utf8(found.stdout).unwrap();
    assert!(words.contains("segments: record"), "{words}");

    let repaired = posledger(&["--data", &data, "verify", "--repair"]);
    let words = String::from_utf8(repaired.stderr).unwrap();
    assert_eq!(repaired.status.code(), Some(0), "{words}");
    assert!(words.contains("repaired"), "{words}");
    assert_eq!(import.records(), records);
}

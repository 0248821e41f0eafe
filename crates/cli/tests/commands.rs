//! The program as it is used: arguments in, standard output, standard error and an exit code out.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use cli::Terminal;
use engine::SystemClock;
use serde_json::Value;
use server::{Server, Settings};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How a command came out.
#[derive(Debug)]
struct Ran {
    code: u8,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

fn posledger(arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["posledger"].iter().chain(arguments).map(Into::into);
    let terminal = Terminal {
        out: false,
        err: false,
        width: 100,
        no_color: false,
    };
    let code = cli::run(arguments, &mut out, &mut err, terminal);
    Ran {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// A folder with a ledger, into which a small day was imported.
struct Ledger {
    folder: TempDir,
}

/// A long that is opened by an intent and closed in two parts, and a short that nobody asked for.
const DAY: &str = r#"
{"type":"account_configured","venue":"binance-usdm","mode":"live","account":"main","position_mode":"netting","cost_basis":"average","pnl_rounding":{"scale":0,"rule":"exact"},"stop_policy":"none"}
{"type":"instrument_configured","venue":"binance-usdm","symbol":"BTCUSDT","inverse":false,"multiplier":"1","tick":"0.1","step":"0.001","settlement_asset":"USDT"}
{"type":"open_position","intent_id":"i-1","occurred_at":"2024-04-22T22:34:00Z","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","side":"long","quantity":"0.5","order":{"kind":"market"},"strategy":"breakout"}
{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","execution_id":"811","side":"buy","price":"66712.7","quantity":"0.5","fee":"6.67","fee_asset":"USDT","occurred_at":"2024-04-22T22:34:32Z"}
{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","execution_id":"812","side":"sell","price":"66800","quantity":"0.2","occurred_at":"2024-04-22T22:40:00Z"}
{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"BTCUSDT","execution_id":"813","side":"sell","price":"66500.5","quantity":"0.3","occurred_at":"2024-04-22T22:50:00Z"}
{"type":"order_filled","venue":"binance-usdm","mode":"live","account":"main","symbol":"ETHUSDT","execution_id":"1","side":"sell","price":"3200","quantity":"2","occurred_at":"2024-04-22T23:00:00Z"}
{"type":"mark","venue":"binance-usdm","symbol":"ETHUSDT","price":"3190","occurred_at":"2024-04-22T23:01:00Z"}
"#;

impl Ledger {
    fn new() -> Self {
        let ledger = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::write(ledger.path("day.jsonl"), DAY.trim_start()).unwrap();
        ledger
    }

    fn with_day() -> Self {
        let ledger = Self::new();
        assert_eq!(ledger.run(&["import", &ledger.path("day.jsonl")]).code, 0);
        ledger
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let data = self.path("ledger");
        posledger(&[&["--data", &data], arguments].concat())
    }

    /// The one finished position.
    fn trade(&self) -> Value {
        self.run(&["trades", "--format", "json"]).json()["items"][0].clone()
    }
}

#[test]
fn an_import_is_safe_to_repeat() {
    let ledger = Ledger::new();
    let file = ledger.path("day.jsonl");
    let first = ledger.run(&["import", &file, "--json"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.err.contains("made a new journal"));
    let summary = first.json();
    assert_eq!(
        (&summary["lines"], &summary["applied"], &summary["accepted"]),
        (&8.into(), &7.into(), &1.into())
    );
    let again = ledger.run(&["import", &file]);
    assert_eq!(again.code, 0);
    assert!(
        again.out.contains("the journal did not grow"),
        "{}",
        again.out
    );
    assert!(again.err.is_empty(), "{}", again.err);
}

#[test]
fn every_problem_is_told_at_once_and_nothing_is_recorded() {
    let ledger = Ledger::new();
    let bad = DAY
        .trim_start()
        .replace("\"quantity\":\"0.2\"", "\"quantity\":\"-5\"")
        + "{\n\n[]\n";
    fs::write(ledger.path("bad.jsonl"), bad).unwrap();
    let file = ledger.path("bad.jsonl");
    let ran = ledger.run(&["import", &file]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.is_empty());
    for place in [":5: quantity\n  found \"-5\"", ":9\n", ":11\n"] {
        assert!(
            ran.err.contains(&format!("{file}{place}")),
            "{place} in {}",
            ran.err
        );
    }
    assert!(
        ran.err
            .ends_with("3 problems in 10 lines; nothing was recorded\n"),
        "{}",
        ran.err
    );
    assert!(!Path::new(&ledger.path("ledger")).exists());

    // A dry run needs no ledger at all.
    assert_eq!(posledger(&["import", &file, "--dry-run"]).code, 1);
    let good = posledger(&["import", &ledger.path("day.jsonl"), "--dry-run"]);
    assert_eq!(
        (good.code, good.out.as_str()),
        (0, "8 lines, no problem; nothing was recorded\n")
    );

    let kept = ledger.run(&["import", &file, "--keep-going", "--json"]);
    assert_eq!(kept.code, 1);
    let summary = kept.json();
    assert_eq!(
        (&summary["invalid"], &summary["applied"]),
        (&3.into(), &6.into())
    );
}

#[test]
fn refusals_and_quarantines_are_findings() {
    let ledger = Ledger::with_day();
    let other = DAY
        .replace("\"price\":\"66800\"", "\"price\":\"66801\"")
        .replace("i-1", "i-2");
    let lines: Vec<&str> = other
        .lines()
        .filter(|line| line.contains("\"812\""))
        .collect();
    fs::write(ledger.path("other.jsonl"), lines.join("\n")).unwrap();
    let ran = ledger.run(&["import", &ledger.path("other.jsonl")]);
    assert_eq!(ran.code, 1);
    let told = "other.jsonl:1: quarantined: exists_with_different_price    (posledger explain ";
    assert!(ran.err.contains(told), "{}", ran.err);
    assert!(ran.out.contains("quarantined            1"), "{}", ran.out);
}

#[test]
fn a_listing_has_the_same_rows_in_every_format() {
    let ledger = Ledger::with_day();
    for (list, expected) in [
        ("positions", 1),
        ("trades", 1),
        ("orders", 1),
        ("fills", 4),
        ("stats", 1),
    ] {
        let json = ledger.run(&[list, "--format", "json"]).json();
        let items = json["items"].as_array().unwrap();
        let csv = ledger.run(&[list, "--format", "csv"]);
        let mut reader = csv::Reader::from_reader(csv.out.as_bytes());
        let columns = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let table = ledger.run(&[list]);
        let counts = (items.len(), rows.len(), table.out.lines().count());
        assert!(items.len() >= expected, "{list}: {counts:?}");
        assert_eq!(
            counts,
            (items.len(), items.len(), items.len() + 2),
            "{list}"
        );
        for (item, row) in items.iter().zip(&rows) {
            assert_eq!(item.as_object().unwrap().len(), columns.len());
            for (column, cell) in columns.iter().zip(row) {
                let expected = match &item[column] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    value @ (Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_)) => value.to_string(),
                };
                // A map's JSON may come in another order of names.
                assert!(
                    cell == expected
                        || serde_json::from_str::<Value>(cell).unwrap() == item[column]
                );
            }
        }
    }
}

#[test]
fn a_limit_is_kept_and_told() {
    let ledger = Ledger::with_day();
    let ran = ledger.run(&["fills", "--limit", "2"]);
    assert_eq!(ran.out.lines().count(), 4);
    assert!(ran.err.contains("the newest 2 of more"), "{}", ran.err);
    // The newest comes last, where the eye is.
    assert!(ran.out.lines().last().unwrap().contains("ETHUSDT"));
    let json = ledger
        .run(&["fills", "--limit", "3", "--format", "json"])
        .json();
    assert_eq!(json["items"].as_array().unwrap().len(), 3);
    assert_eq!(json["items"][0]["execution_id"], "811");
}

#[test]
fn nothing_is_lost_between_two_pages() {
    const FILLS: usize = 1200;
    let ledger = Ledger::new();
    let template = DAY.lines().find(|line| line.contains("\"811\"")).unwrap();
    let line = |number: usize| template.replace("\"811\"", &format!("\"{number}\""));
    let lines: Vec<String> = (0..FILLS).map(line).collect();
    fs::write(ledger.path("many.jsonl"), lines.join("\n")).unwrap();
    assert_eq!(ledger.run(&["import", &ledger.path("many.jsonl")]).code, 0);

    let rows = |arguments: &[&str]| ledger.run(arguments).out.lines().count();
    assert_eq!(rows(&["fills", "--format", "csv"]), FILLS + 1);
    assert_eq!(rows(&["fills", "--format", "csv", "--limit", "1100"]), 1101);
    assert_eq!(rows(&["fills", "--limit", "0"]), FILLS + 2);
    let out = ledger.path("out");
    assert_eq!(rows(&["events"]), FILLS + 2);
    assert_eq!(ledger.run(&["export", "--out", &out, "--events"]).code, 0);
    let manifest = export::verify_manifest(Path::new(&out)).unwrap();
    let exported: Vec<u64> = manifest.tables.iter().map(|table| table.rows).collect();
    assert_eq!(exported, [1, 0, 0, 1200, 1, 1, 1, 1, 1202]);
    // The whole story of one position.
    let replay = ledger.run(&["replay", "@1", "--format", "json"]).json();
    assert_eq!(replay["events"].as_array().unwrap().len(), FILLS + 2);
    assert_eq!(replay["position"]["quantity"], "600");
}

#[test]
fn where_there_is_nothing_that_is_said() {
    let ledger = Ledger::with_day();
    let ran = ledger.run(&["trades", "--symbol", "DOGEUSDT"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.starts_with("no such trade\n"), "{}", ran.err);
    let json = ledger
        .run(&["trades", "--symbol", "DOGEUSDT", "--format", "json"])
        .json();
    assert_eq!(json["items"], Value::Array(Vec::new()));
}

#[test]
fn a_position_is_replayed_by_its_id_a_part_of_it_or_a_record() {
    let ledger = Ledger::with_day();
    let trade = ledger.trade();
    let id = trade["position_id"].as_str().unwrap();
    let whole = ledger.run(&["replay", id]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert!(whole.out.starts_with("BTCUSDT  LONG  closed"));
    assert!(
        whole.err.contains("the ledger shows the same"),
        "{}",
        whole.err
    );
    let record = format!("@{}", trade["last_sequence"]);
    for name in [&id[..18], record.as_str()] {
        assert_eq!(ledger.run(&["replay", name]).out, whole.out);
    }

    let document = ledger.run(&["replay", id, "--format", "json"]).json();
    assert_eq!(document["position"], trade);
    let events = document["events"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["sequence"], trade["last_sequence"]);

    let fill = events
        .iter()
        .find(|event| event["data"]["fill"]["execution_id"] == "812")
        .unwrap();
    let then = fill["sequence"].to_string();
    let past = ledger
        .run(&["replay", id, "--as-of", &then, "--format", "json"])
        .json();
    assert_eq!(past["position"]["quantity"], "0.3");
    let diff = ledger.run(&["replay", id, "--diff", "--as-of", &then]);
    assert!(diff.out.contains("0.5 → 0.3"), "{}", diff.out);
}

#[test]
fn a_number_is_explained_down_to_what_is_shown() {
    let ledger = Ledger::with_day();
    let trade = ledger.trade();
    let id = trade["position_id"].as_str().unwrap();
    let ran = ledger.run(&["explain", id, "realized_pnl", "--format", "json"]);
    assert_eq!(ran.code, 0);
    let explanation = ran.json();
    assert_eq!(explanation["agrees"], true);
    assert_eq!(explanation["result"]["value"], trade["realized_pnl"]);
    let terms = explanation["terms"].as_array().unwrap();
    assert_eq!(
        (&terms[0]["amount"], &terms[1]["amount"]),
        (&"17.46".into(), &"-63.66".into())
    );
    assert_eq!(terms[1]["total"], trade["realized_pnl"]);

    let unknown = ledger.run(&["explain", id, "profit"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown
            .err
            .contains("found \"profit\", expected quantity, cost,"),
        "{}",
        unknown.err
    );
}

#[test]
fn an_error_code_is_explained_without_a_ledger() {
    for name in ["PL-0104", "104", "out_of_range"] {
        let ran = posledger(&["explain", name]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.starts_with("# PL-0104"), "{}", ran.out);
    }
    assert_eq!(posledger(&["explain", "PL-9999"]).code, 2);
}

#[test]
fn an_export_is_whole_and_says_what_it_shows() {
    let ledger = Ledger::with_day();
    for format in ["jsonl", "csv", "parquet"] {
        let out = ledger.path(format);
        let ran = ledger.run(&["export", "--out", &out, "--format", format, "--events"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let manifest = export::verify_manifest(Path::new(&out)).unwrap();
        let rows = |name: &str| {
            let table = manifest.tables.iter().find(|file| file.table == name);
            table.unwrap().rows
        };
        assert_eq!(
            (rows("positions"), rows("trades"), rows("fills")),
            (1, 1, 4)
        );
        assert_eq!(rows("events"), manifest.moment.sequence.get());
        assert_eq!(manifest.moment.journal_hash.unwrap().len(), 64);
        let again = ledger.run(&["export", "--out", &out, "--format", format]);
        assert_eq!(again.code, 2);
        assert!(again.err.contains("is not empty"), "{}", again.err);
    }
    let out = ledger.path("past");
    let ran = ledger.run(&["export", "--out", &out, "--format", "csv", "--as-of", "5"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let manifest = export::verify_manifest(Path::new(&out)).unwrap();
    assert_eq!(manifest.moment.sequence.get(), 5);
    assert_eq!(manifest.moment.as_of.as_deref(), Some("5"));
}

/// The largest file of the portable copy.
fn segment(ledger: &Ledger) -> PathBuf {
    let folder = Path::new(&ledger.path("ledger")).join("journal/segments");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap()
}

#[test]
fn verify_finds_a_flipped_bit() {
    let ledger = Ledger::with_day();
    let sound = ledger.run(&["verify", "--format", "json"]);
    assert_eq!(sound.code, 0, "{sound:?}");
    assert_eq!(sound.json()["recomputed"], true);
    assert!(
        ledger
            .run(&["verify"])
            .out
            .contains("every invariant holds")
    );

    let path = segment(&ledger);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let damaged = ledger.run(&["verify", "--format", "json"]);
    assert_eq!(damaged.code, 1);
    assert_eq!(damaged.json()["findings"][0]["check"], "journal");
    assert!(
        ledger
            .run(&["verify"])
            .out
            .contains("records were not folded")
    );

    let nobody = posledger(&["--url", "http://127.0.0.1:9", "verify"]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("--data DIR"), "{}", nobody.err);
}

#[test]
fn what_cannot_run_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let no_journal = posledger(&["--data", &path, "positions"]);
    assert_eq!(no_journal.code, 2);
    assert!(
        no_journal
            .err
            .starts_with("error[PL-0511]: there is no journal in"),
        "{}",
        no_journal.err
    );

    let nobody = posledger(&["--url", "http://127.0.0.1:9", "positions"]);
    assert_eq!(nobody.code, 2);
    assert!(
        nobody
            .err
            .starts_with("error[PL-0512]: no daemon answers at http://127.0.0.1:9\n")
    );
    assert!(nobody.err.contains("posledgerd --data DIR"));

    assert_eq!(
        posledger(&["--url", "ftp://127.0.0.1", "positions"]).code,
        2
    );
    assert_eq!(
        posledger(&["--data", &path, "--url", "http://127.0.0.1:9", "positions"]).code,
        2
    );
    assert_eq!(posledger(&["positons"]).code, 2);
    assert_eq!(posledger(&["import", "no such file"]).code, 2);

    let ledger = Ledger::with_day();
    let held = ledger.run(&["positions", "--state", "opn", "--side", "up"]);
    assert_eq!(held.code, 2);
    assert!(
        held.err.contains("did you mean open?") && held.err.contains("side"),
        "{}",
        held.err
    );
    assert_eq!(ledger.run(&["events", "--follow"]).code, 2);
    assert_eq!(ledger.run(&["replay", "@1"]).code, 2);
}

#[test]
fn help_and_completions_are_results() {
    let help = posledger(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Examples:"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(posledger(&["completions", shell]).out.contains("posledger"));
    }
    assert!(
        posledger(&["import", "--list-formats"])
            .out
            .starts_with("acks")
    );
}

/// Somebody who has seen enough.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let ledger = Ledger::with_day();
    let data = ledger.path("ledger");
    for command in [
        &["events"] as &[&str],
        &["fills"],
        &["fills", "--format", "csv"],
        &["stats", "--format", "json"],
    ] {
        let arguments = [&["posledger", "--data", &data], command].concat();
        let mut err = Vec::new();
        let terminal = Terminal {
            out: false,
            err: false,
            width: 100,
            no_color: true,
        };
        let code = cli::run(
            arguments.into_iter().map(Into::into),
            &mut Closed,
            &mut err,
            terminal,
        );
        assert_eq!((code, err), (0, Vec::new()), "{command:?}");
    }
}

/// A daemon over a ledger, until it is dropped.
struct Daemon {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Daemon {
    fn over(ledger: &Ledger) -> Self {
        let settings = Settings::new(ledger.path("ledger"), SocketAddr::from(([127, 0, 0, 1], 0)));
        let (stop, stopped) = oneshot::channel();
        let (started, address) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = Server::start(&settings, Arc::new(SystemClock))
                    .await
                    .unwrap();
                started.send(server.address()).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                server.serve(stop).await.unwrap();
            });
        });
        Self {
            address: address.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let url = format!("http://{}", self.address);
        posledger(&[&["--url", &url], arguments].concat())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn a_daemon_answers_as_the_directory_does() {
    let ledger = Ledger::with_day();
    let trade = ledger.trade();
    let id = trade["position_id"].as_str().unwrap();
    let questions: &[&[&str]] = &[
        &["positions"],
        &["positions", "--state", "all", "--format", "csv"],
        &["trades", "--format", "json"],
        &["orders"],
        &["fills", "--position", &id[..18]],
        &["stats", "--by", "symbol"],
        &["replay", id],
        &["replay", &id[..18], "--as-of", "9", "--format", "json"],
        &["explain", id, "cost"],
        &["events", "--from", "3"],
        &["positions", "--side", "up"],
        &["replay", "ffffffff"],
        &["replay", "what"],
    ];
    let ask = |run: &dyn Fn(&[&str]) -> Ran| -> Vec<(u8, String, String)> {
        let ran = questions.iter().map(|question| run(question));
        ran.map(|ran| (ran.code, ran.out, ran.err)).collect()
    };
    let expected = ask(&|question| ledger.run(question));
    let daemon = Daemon::over(&ledger);
    let found = ask(&|question| daemon.run(question));
    for ((question, found), expected) in questions.iter().zip(found).zip(expected) {
        assert_eq!(found, expected, "{question:?}");
    }

    let held = ledger.run(&["positions"]);
    assert_eq!(held.code, 2);
    assert!(
        held.err.contains("is in use by") && held.err.contains("--url"),
        "{}",
        held.err
    );

    let again = daemon.run(&["import", &ledger.path("day.jsonl")]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        again.out.contains("the journal did not grow"),
        "{}",
        again.out
    );
    let out = ledger.path("snapshot");
    assert_eq!(
        daemon
            .run(&["export", "--out", &out, "--format", "parquet"])
            .code,
        0
    );
    assert!(export::verify_manifest(Path::new(&out)).is_ok());
}

#[test]
fn a_daemon_takes_an_import_in_order() {
    let ledger = Ledger::new();
    let daemon = Daemon::over(&ledger);
    let summary = daemon.run(&["import", &ledger.path("day.jsonl"), "--json"]);
    assert_eq!(summary.code, 0, "{summary:?}");
    let through_daemon = daemon.run(&["trades", "--format", "json"]).json();
    drop(daemon);
    let direct = Ledger::with_day();
    let mut expected = direct.trade();
    // Our own clock was at another moment.
    let mut found = through_daemon["items"][0].clone();
    for item in [&mut expected, &mut found] {
        item["created_at"].take();
    }
    assert_eq!(found, expected);
}

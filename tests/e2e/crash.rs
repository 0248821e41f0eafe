//! Kills the daemon at any moment under load. Shows process crashes only; what a power cut does is in
//! `docs/DURABILITY.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemon::{Daemon, posledger, posledger_json};

const CLIENTS: u64 = 4;
const BATCH: u64 = 20;

/// How often the daemon is killed; more on demand.
fn rounds() -> u64 {
    std::env::var("POSLEDGER_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(5)
}

/// The `number`-th fill of the load: 16 symbols, in and out, flips among them.
fn fill(number: u64) -> Value {
    json!({
        "type": "order_filled", "venue": "binance-usdm", "mode": "live", "account": "main",
        "symbol": format!("COIN{}USDT", number % 16),
        "execution_id": number.to_string(),
        "side": if number % 5 < 2 { "sell" } else { "buy" },
        "price": format!("{}.{:02}", 100 + number % 37, number % 100),
        "quantity": format!("{}", 1 + number % 4),
        "fee": "0.01", "fee_asset": "USDT",
        "occurred_at": "2026-01-05T10:00:00Z",
    })
}

/// What a client saw: execution → the sequence in its receipt.
type Seen = Mutex<BTreeMap<u64, u64>>;

/// Posts batches until the daemon is gone, and keeps every receipt.
fn load(url: &str, numbers: impl Iterator<Item = u64>, seen: &Seen) {
    let client = reqwest::blocking::Client::new();
    let numbers: Vec<u64> = numbers.collect();
    for batch in numbers.chunks(usize::try_from(BATCH).unwrap()) {
        let body: Vec<Value> = batch.iter().map(|number| fill(*number)).collect();
        let answer = client.post(format!("{url}/v1/acks")).json(&body).send();
        let Ok(Ok(receipts)) = answer.map(reqwest::blocking::Response::json::<Value>) else {
            return;
        };
        let Some(receipts) = receipts.as_array() else {
            return;
        };
        let mut seen = seen.lock().unwrap();
        for (number, receipt) in batch.iter().zip(receipts) {
            let sequence = receipt["sequence"].as_u64().unwrap();
            seen.insert(*number, sequence);
        }
    }
}

fn seen_by_clients(daemon: &Daemon, round: u64, seen: &Seen, until: u64) {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let first = (round * CLIENTS + client) * 100_000;
            scope.spawn(move || load(&daemon.url, first..first + 100_000, seen));
        }
        // The kill comes when enough was acknowledged that there is something to lose, never by
        // the clock alone.
        while u64::try_from(seen.lock().unwrap().len()).unwrap() < until {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let pid = daemon.pid().to_string();
        std::process::Command::new("kill")
            .args(["-9", &pid])
            .status()
            .unwrap();
    });
}

/// Every acknowledged fill is in the journal under the sequence of its receipt, once.
fn hold_receipts(dir: &Path, seen: &BTreeMap<u64, u64>) {
    let output = posledger(&["--data", dir.to_str().unwrap(), "events"]);
    assert!(output.status.success());
    let mut journal: BTreeMap<u64, u64> = BTreeMap::new();
    for line in output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let event: Value = serde_json::from_slice(line).unwrap();
        if event["type"] == "order_filled" {
            let id = event["data"]["fill"]["execution_id"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let twice = journal.insert(id, event["sequence"].as_u64().unwrap());
            assert_eq!(twice, None, "execution {id} is there twice");
        }
    }
    for (execution, sequence) in seen {
        assert_eq!(
            journal.get(execution),
            Some(sequence),
            "execution {execution} was lost"
        );
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let dir = TempDir::new().unwrap();
    let seen = Seen::default();
    for round in 0..rounds() {
        let daemon = Daemon::start(dir.path());
        // A different amount each round, so that the kill falls on other moments.
        let until = seen.lock().unwrap().len() as u64 + 400 + round * 173;
        seen_by_clients(&daemon, round, &seen, until);
        daemon.kill();
        hold_receipts(dir.path(), &seen.lock().unwrap());
    }
    let seen = seen.into_inner().unwrap();
    assert!(
        seen.len() > 1_000,
        "only {} receipts were at stake",
        seen.len()
    );
    let verified = posledger(&["--data", dir.path().to_str().unwrap(), "verify"]);
    let words = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success(), "{words}");

    // What was acknowledged is recognised, and leaves no record.
    let daemon = Daemon::start(dir.path());
    let head = daemon.get("/ready")["sequence"].as_u64().unwrap();
    let client = reqwest::blocking::Client::new();
    let again: Vec<Value> = seen.keys().take(500).map(|number| fill(*number)).collect();
    let url = format!("{}/v1/acks", daemon.url);
    let receipts: Value = client
        .post(url)
        .json(&again)
        .send()
        .unwrap()
        .json()
        .unwrap();
    for (receipt, sequence) in receipts.as_array().unwrap().iter().zip(seen.values()) {
        assert_eq!(receipt["outcome"], "duplicate");
        assert_eq!(receipt["sequence"].as_u64(), Some(*sequence));
    }
    assert_eq!(daemon.get("/ready")["sequence"].as_u64().unwrap(), head);
    assert_eq!(daemon.stop(), Some(0));
}

/// The daemon's answer, the replay by the daemon's records and the replay from the directory are the
/// same at every sequence of a position's life.
#[test]
fn a_replay_is_what_the_daemon_says_at_every_sequence_also_after_a_kill() {
    let dir = TempDir::new().unwrap();
    let seen = Seen::default();
    let daemon = Daemon::start(dir.path());
    seen_by_clients(&daemon, 0, &seen, 300);
    daemon.kill();

    let daemon = Daemon::start(dir.path());
    let positions = daemon.get("/v1/positions?state=all&sort=-fills&limit=3");
    let ids: Vec<String> = positions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|position| position["position_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    let mut told = Vec::new();
    for id in &ids {
        let events = daemon.get(&format!("/v1/positions/{id}/events?limit=1000"));
        let events = events["items"].as_array().unwrap();
        assert!(events.len() > 3, "a life of {} events", events.len());
        // A position begins with the event that opens it, which follows its fill.
        let begins = |event: &&Value| event["type"] != "position_opened";
        for event in events.iter().skip_while(begins) {
            let sequence = event["sequence"].as_u64().unwrap();
            let answer = daemon.get(&format!("/v1/positions/{id}?as_of={sequence}"));
            told.push((id.clone(), sequence, answer));
        }
    }
    let at = |source: &[&str], id: &str, sequence: u64| {
        let as_of = sequence.to_string();
        let rest = ["replay", id, "--as-of", &as_of, "--format", "json"];
        posledger_json(&[source, &rest].concat())["position"].clone()
    };
    for (id, sequence, answer) in told.iter().step_by(7) {
        assert_eq!(
            at(&["--url", &daemon.url], id, *sequence),
            *answer,
            "{id} at {sequence}"
        );
    }
    assert_eq!(daemon.stop(), Some(0));
    for (id, sequence, answer) in told.iter().step_by(5) {
        let data = dir.path().to_str().unwrap();
        assert_eq!(
            at(&["--data", data], id, *sequence),
            *answer,
            "{id} at {sequence}"
        );
    }
}

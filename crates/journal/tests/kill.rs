//! A process that appends is killed in the middle of it, again and again; what it said was durable is
//! there. This proves nothing about power cuts: `docs/DURABILITY.md` says what does.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use journal::{Check, Journal, JournalOptions, verify};
use ledger::{
    Actor, Correlation, Event, IntentId, NoteAdded, Record, Sequence, Source, Tenant, Timestamp,
};

/// Where the child appends; without it this process is the parent.
const CHILD: &str = "JOURNAL_KILL_TEST_DIR";
const ROUNDS: u32 = 6;

fn record(sequence: Sequence) -> Record {
    Record {
        sequence,
        recorded_at: Timestamp::from_nanoseconds(sequence.get().cast_signed()),
        occurred_at: Timestamp::from_nanoseconds(0),
        tenant: Tenant::default_tenant(),
        account: None,
        symbol: None,
        position_id: None,
        actor: Actor::operator(),
        causation: None,
        correlation: Correlation::new("kill").unwrap(),
        key: None,
        source: Source::Raw(vec![b'x'; 500]),
        event: Event::NoteAdded(NoteAdded {
            intent_id: IntentId::new(format!("note {sequence}")).unwrap(),
            text: "words".into(),
        }),
    }
}

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 100_000,
        ..JournalOptions::default()
    }
}

/// Appends until it is killed, and says after each append what is durable.
fn append_for_ever(dir: &Path) -> ! {
    let (mut journal, _) = Journal::open(dir, &options()).unwrap();
    loop {
        let next = journal.head().next();
        let records: Vec<_> = (0..=next.get() % 20)
            .map(|step| record(next.plus(step)))
            .collect();
        let info = journal.append(next, &records).unwrap();
        println!("durable {}", info.last_sequence);
    }
}

#[test]
fn what_was_said_to_be_durable_survives_a_kill() {
    if let Some(dir) = std::env::var_os(CHILD) {
        append_for_ever(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut said = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "what_was_said_to_be_durable_survives_a_kill",
                "--nocapture",
            ])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let before = said;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = before + 50 + u64::from(round) * 37;
        while let Some(Ok(line)) = lines.next() {
            // The test harness says things too.
            if let Some((_, number)) = line.rsplit_once("durable ") {
                said = number.parse().unwrap();
            }
            if said >= enough {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(
            said > before,
            "round {round}: nothing was appended before the kill"
        );

        let all = JournalOptions {
            check: Check::All,
            ..options()
        };
        let (journal, _) = Journal::open(dir.path(), &all).unwrap();
        assert!(
            journal.head().get() >= said,
            "round {round}: {said} was durable, {} is there",
            journal.head()
        );
        let mut expected = Sequence::FIRST;
        for read in journal.reader().records_from(Sequence::FIRST) {
            assert_eq!(read.unwrap(), record(expected));
            expected = expected.next();
        }
        assert_eq!(expected, journal.head().next());
        said = journal.head().get();
        drop(journal);
        assert!(verify(dir.path(), &options(), |_| {}).unwrap().is_empty());
    }
}

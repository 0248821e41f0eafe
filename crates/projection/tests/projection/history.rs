use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ledger::{
    Command, Event, Fact, Order, OrderFact, OrderReference, PositionId, Record, Sequence, Timestamp,
};
use projection::{
    Cursor, HistoryError, HistoryWriter, Opened, Projections, Replay, replay_position,
};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{price, time, value};

use crate::{folded, head, listing, long_life, ok};

const JOURNAL: &[u8] = b"the genesis of this journal";

fn written(path: &Path, records: &[Record]) -> Projections<HistoryWriter> {
    let (writer, _) = HistoryWriter::open(path, JOURNAL, head(records)).unwrap();
    let mut projections = Projections::new(writer);
    for record in records {
        projections.apply(record).unwrap();
    }
    projections.history_mut().sync().unwrap();
    projections
}

fn reopened(path: &Path, journal: &[u8], head: Sequence) -> Opened {
    HistoryWriter::open(path, journal, head).unwrap().1
}

#[test]
fn a_store_of_another_journal_is_thrown_away_and_one_ahead_of_its_own_is_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let (records, _) = long_life(300);
    drop(written(&path, &records));
    assert!(matches!(
        reopened(&path, JOURNAL, head(&records)),
        Opened::Kept(_)
    ));
    let discarded = reopened(&path, b"another", head(&records));
    assert!(
        matches!(discarded, Opened::Discarded { .. }),
        "{discarded:?}"
    );

    drop(written(&path, &records));
    // It was rewritten for this journal, and holds nothing of the other.
    let short = Sequence::new(head(&records).get() - 1);
    let ahead = HistoryWriter::open(&path, JOURNAL, short).unwrap_err();
    assert!(ahead.to_string().contains("the journal ends at"), "{ahead}");
    assert!(matches!(
        reopened(&path, JOURNAL, head(&records)),
        Opened::Kept(through) if through.sequence == head(&records)
    ));
}

#[test]
fn a_damaged_store_is_thrown_away_or_says_so_and_never_answers_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(400);
    let expected = listing(&folded(&records, folder.path()).history().history());
    let (mut discarded, mut reported, mut unharmed) = (0, 0, 0);
    for round in 0..20 {
        let path = folder.path().join(format!("history-{round}"));
        drop(written(&path, &records));
        into_table_files(&path);
        damage(&path, round);
        match HistoryWriter::open(&path, JOURNAL, head(&records)) {
            Ok((_, Opened::Discarded { .. })) => discarded += 1,
            Ok((writer, Opened::Kept(through))) => {
                match try_listing(&writer.history()) {
                    // What the store lost comes again from the journal.
                    Ok(_) if through.sequence < head(&records) => discarded += 1,
                    Ok(found) => {
                        assert_eq!(found, expected);
                        unharmed += 1;
                    }
                    Err(HistoryError::Damaged { .. }) => {
                        drop(writer);
                        let again = reopened(&path, JOURNAL, head(&records));
                        assert!(matches!(again, Opened::Discarded { .. }), "{again:?}");
                        reported += 1;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            other => panic!("{other:?}"),
        }
    }
    let counts = format!("{discarded} discarded, {reported} reported, {unharmed} unharmed");
    assert!(discarded > 3 && reported > 0, "{counts}");
}

fn try_listing(history: &projection::History) -> Result<crate::Listing, HistoryError> {
    let all = Cursor::forward();
    Ok(crate::Listing {
        trades: history.trades(all).collect::<Result<_, _>>()?,
        orders: history.orders(all).collect::<Result<_, _>>()?,
        fills: history.fills(all).collect::<Result<_, _>>()?,
    })
}

/// Moves what the store keeps in its own journal into table files, as it does by itself in time.
fn into_table_files(path: &Path) {
    let newest = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max();
    let store = fjall::Database::builder(newest.unwrap()).open().unwrap();
    for name in store.list_keyspace_names() {
        let table = store.keyspace(&name, Default::default).unwrap();
        table.rotate_memtable_and_wait().unwrap();
    }
}

/// Flips a byte or cuts a tail in one of the store's files: of the tables in turn with all others.
fn damage(path: &Path, round: usize) {
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let is_table = entry.path().parent().unwrap().ends_with("tables");
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if entry.metadata().unwrap().len() > 0 && is_table == round.is_multiple_of(2) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    let file = &files[(round / 2) % files.len()];
    let mut bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
    if round.is_multiple_of(3) {
        bytes.truncate(used / 2);
    } else {
        bytes[used / 2] ^= 0x40;
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn only_one_process_has_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let (_writer, _) = HistoryWriter::open(&path, JOURNAL, Sequence::ZERO).unwrap();
    let second = HistoryWriter::open(&path, JOURNAL, Sequence::ZERO);
    assert!(matches!(second, Err(HistoryError::Locked { .. })));
}

#[test]
fn listings_page_in_both_directions_over_memory_and_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(4000);
    let mut projections = Projections::new(HistoryWriter::temporary(folder.path()).unwrap());
    let mut sealed = None;
    for record in &records {
        projections.apply(record).unwrap();
        match record.sequence.get() {
            1000 | 2000 => drop(projections.history_mut().flush().unwrap()),
            // From here on it is neither in the tail nor on disk.
            3000 => sealed = projections.history_mut().seal(),
            _ => {}
        }
    }
    let history = projections.history().history();
    let check = |history: &projection::History| {
        let forward = listing(history);
        assert!(forward.fills.len() > 600 && forward.trades.len() > 100);
        let mut backward: Vec<_> = history
            .fills(Cursor::backward())
            .map(Result::unwrap)
            .collect();
        backward.reverse();
        assert_eq!(forward.fills, backward);
        let middle = forward.trades[forward.trades.len() / 2].finished;
        let after: Vec<_> = history
            .trades(Cursor::forward().after(middle))
            .map(Result::unwrap)
            .collect();
        let before: Vec<_> = history
            .trades(Cursor::backward().after(middle))
            .map(Result::unwrap)
            .collect();
        assert_eq!(after.len() + before.len() + 1, forward.trades.len());
        assert!(after.iter().all(|trade| trade.finished > middle));
        assert!(before.iter().all(|trade| trade.finished < middle));
        forward
    };
    let waiting = check(&history);
    assert_eq!(history.through(), Sequence::new(2000));
    assert_eq!(sealed.unwrap().write().unwrap(), Sequence::new(3000));
    assert_eq!(check(&history), waiting);
    projections.history_mut().flush().unwrap();
    assert_eq!(check(&history), waiting);
    assert_eq!(history.through(), head(&records));
}

#[test]
fn the_records_of_a_position_tell_its_whole_story() {
    let folder = tempfile::tempdir().unwrap();
    let (records, whole) = long_life(3000);
    let mut projections = folded(&records, folder.path());
    let history = projections.history().history();
    for flushed in [false, true] {
        let mut flips = 0;
        for position in whole.positions().chain(whole.finished()) {
            let replay = replayed(&history, position.id, &records);
            assert_eq!(replay.position.as_ref(), Some(position));
            assert_eq!(replay.steps.last().unwrap().position, replay.position);
            let trade = history.position(position.id).unwrap();
            if let Some(trade) = trade {
                assert_eq!(replay.parts, trade.parts());
            }
            flips += usize::from(
                replay
                    .steps
                    .iter()
                    .any(|step| matches!(step.record.event, Event::PositionFlipped(_))),
            );
        }
        assert!(flips > 10, "{flips}");
        if !flushed {
            projections.history_mut().flush().unwrap();
        }
    }
}

/// Replays a position from the records that the history names; they must hold every fill of it.
fn replayed(history: &projection::History, id: PositionId, records: &[Record]) -> Replay {
    let named: BTreeSet<Sequence> = history
        .records_of(id, Cursor::forward())
        .map(Result::unwrap)
        .collect();
    let own = records
        .iter()
        .filter(|record| record.position_id == Some(id));
    let own: BTreeSet<Sequence> = own.map(|record| record.sequence).collect();
    assert!(named.is_superset(&own));
    let opened = records.iter().find(|record| {
        record.position_id == Some(id) && matches!(record.event, Event::PositionOpened(_))
    });
    if let Some(fill) = opened.and_then(|record| record.causation) {
        assert!(named.contains(&fill));
    }
    let story: Vec<Record> = records
        .iter()
        .filter(|record| named.contains(&record.sequence))
        .cloned()
        .collect();
    replay_position(id, ok(&story)).unwrap()
}

/// A venue lets our name be used again once the first order has ended: the name means the newer one,
/// also after late news of the older.
#[test]
fn a_name_used_again_means_the_newer_order() {
    let folder = tempfile::tempdir().unwrap();
    let account = testkit::values::account("test:sim:main");
    let symbol = testkit::values::symbol("BTC");
    let mut memory = MemoryLedger::new(Memory::Forgetful);
    let mut tell = |venue: &str, second: i64, fact| {
        let at = Timestamp::from_nanoseconds(second * 1_000_000_000);
        let mut told = testkit::values::acknowledgement(&account, &symbol, at, fact);
        told.order.client_order_id = Some(value("ours"));
        told.order.venue_order_id = Some(value(venue));
        memory.submit(&Command::Acknowledgement(told), at);
    };
    tell("first", 1, Fact::OrderAccepted(OrderFact::default()));
    tell("first", 2, Fact::OrderCanceled(OrderFact::default()));
    tell("second", 3, Fact::OrderAccepted(OrderFact::default()));
    for second in 4..2500 {
        tell("second", second, Fact::OrderSubmitted(OrderFact::default()));
    }
    tell("first", 2600, Fact::OrderExpired(OrderFact::default()));
    let records = memory.journal();
    let mut projections = Projections::new(HistoryWriter::temporary(folder.path()).unwrap());
    for record in records {
        projections.apply(record).unwrap();
        // From here on only the older order is heard of.
        if record.sequence.next() == head(records) {
            projections.history_mut().flush().unwrap();
        }
    }
    projections.history_mut().flush().unwrap();
    let history = projections.history().history();
    let mut reference = OrderReference {
        client_order_id: Some(value("ours")),
        venue_order_id: None,
    };
    let venue_name = |order: Option<Order>| order.unwrap().venue_order_id.unwrap().to_string();
    let find = |reference: &_| history.find_order(&account, &symbol, reference).unwrap();
    assert_eq!(venue_name(find(&reference)), "second");
    let ours = history
        .find_own_order(&account.tenant, &value("ours"))
        .unwrap();
    assert_eq!(venue_name(ours), "second");
    reference.venue_order_id = Some(value("first"));
    let first = find(&reference).unwrap();
    assert_eq!(
        first.last_sequence,
        head(records),
        "the late news reached it"
    );
    reference.venue_order_id = Some(value("third"));
    assert_eq!(find(&reference), None);
}

#[test]
fn the_last_marks_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let account = testkit::values::account("test:sim:main");
    let instrument = account.instrument(&testkit::values::symbol("BTC"));
    let mark = |text: &str| ledger::Mark {
        instrument: instrument.clone(),
        price: price(text),
        occurred_at: time("2024-05-01T00:00:00Z"),
    };
    let (mut writer, _) = HistoryWriter::open(&path, JOURNAL, Sequence::ZERO).unwrap();
    writer.keep_mark(&mark("1"));
    writer.flush().unwrap();
    writer.keep_mark(&mark("2"));
    assert_eq!(writer.history().marks().unwrap(), [mark("2")]);
    writer.sync().unwrap();
    drop(writer);
    let (writer, _) = HistoryWriter::open(&path, JOURNAL, Sequence::ZERO).unwrap();
    assert_eq!(writer.history().marks().unwrap(), [mark("2")]);
}

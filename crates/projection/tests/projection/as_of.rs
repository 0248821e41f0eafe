use ledger::{Record, Sequence, Timestamp};
use projection::{AsOf, HistoryWriter, NoHistory, Projections, fold_as_of};

use crate::{folded, listing, long_life, ok};

fn plain(records: &[Record]) -> Projections<NoHistory> {
    let mut projections = Projections::new(NoHistory);
    for record in records {
        projections.apply(record).unwrap();
    }
    projections
}

#[test]
fn a_sequence_and_a_recorded_time_cut_a_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(600);
    for at in [0, 1, 17, records.len() / 2, records.len()] {
        let history = HistoryWriter::temporary(folder.path()).unwrap();
        let as_of = AsOf::Sequence(Sequence::new(u64::try_from(at).unwrap()));
        let found = fold_as_of(ok(&records), as_of, history).unwrap();
        let expected = folded(&records[..at], folder.path());
        assert!(found.agrees_with(&expected));
        assert_eq!(
            listing(&found.history().history()),
            listing(&expected.history().history())
        );
    }
    let middle = records[records.len() / 2].recorded_at;
    for time in [Timestamp::from_nanoseconds(0), middle] {
        let prefix = records.partition_point(|record| record.recorded_at <= time);
        let found = fold_as_of(ok(&records), AsOf::RecordedAt(time), NoHistory).unwrap();
        assert!(found.agrees_with(&plain(&records[..prefix])));
    }
}

#[test]
fn by_the_venues_clock_late_facts_belong_to_when_they_happened() {
    let (mut records, _) = long_life(600);
    // One fact in ten is told an hour late.
    for record in records
        .iter_mut()
        .filter(|record| record.sequence.get() % 10 == 0)
    {
        let early = record.occurred_at.as_nanoseconds() - 3_600_000_000_000;
        record.occurred_at = Timestamp::from_nanoseconds(early);
    }
    let time = records[records.len() / 2].recorded_at;
    let then: Vec<Record> = records
        .iter()
        .filter(|record| record.occurred_at <= time)
        .cloned()
        .collect();
    assert!(
        then.last().unwrap().recorded_at > time,
        "something was told late"
    );
    let found = fold_as_of(ok(&records), AsOf::OccurredAt(time), NoHistory).unwrap();
    assert!(found.agrees_with(&plain(&then)));
    let recorded = fold_as_of(ok(&records), AsOf::RecordedAt(time), NoHistory).unwrap();
    assert!(!found.agrees_with(&recorded));
}

#[test]
fn a_source_that_fails_ends_the_fold() {
    let (records, _) = long_life(100);
    let failing = ok(&records[..10])
        .map(|record| record.map_err(|never| match never {}))
        .chain([Err(std::io::Error::other("torn"))]);
    let found = fold_as_of(failing, AsOf::Sequence(Sequence::new(99)), NoHistory);
    assert!(matches!(found, Err(projection::FoldError::Records(_))));
}

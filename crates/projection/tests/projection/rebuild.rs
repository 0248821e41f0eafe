use ledger::{Amount, Quantity};
use projection::{CheckpointError, HistoryWriter, Opened, Projections};
use proptest::prelude::*;

use crate::{Listing, actions, few, folded, head, life, listing, long_life};

const JOURNAL: &[u8] = b"the genesis of this journal";

proptest! {
    #![proptest_config(few())]

    /// Whatever was flushed when, the history tells what a ledger knows that forgot nothing.
    #[test]
    fn the_history_knows_what_the_ledger_knew(actions in actions(200), flushes in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let (records, whole) = life(&actions);
        let mut projections = Projections::new(HistoryWriter::temporary(folder.path()).unwrap());
        for record in &records {
            projections.apply(record).unwrap();
            if flushes.rotate_left(u32::try_from(record.sequence.get() % 64).unwrap()) % 16 == 0 {
                projections.history_mut().flush().unwrap();
            }
        }
        let history = projections.history().history();
        let Listing { trades, orders, fills } = listing(&history);
        prop_assert_eq!(orders, whole.orders().cloned().collect::<Vec<_>>());
        prop_assert_eq!(trades.len(), whole.finished().count());
        for trade in &trades {
            prop_assert_eq!(Some(&trade.position), whole.position(trade.position.id));
            let found = history.position(trade.position.id).unwrap();
            prop_assert_eq!(found.as_ref(), Some(trade));
        }
        let filled = |r: &&ledger::Record| matches!(r.event, ledger::Event::OrderFilled(_));
        prop_assert_eq!(fills.len(), records.iter().filter(filled).count());
        for trade in &trades {
            let effects = fills.iter().flat_map(|fill| &fill.effects);
            let own = effects.filter(|effect| effect.position_id == trade.position.id);
            let (mut opened, mut realized) = (Quantity::ZERO, Amount::ZERO);
            for effect in own {
                opened = opened.plus(effect.opened).unwrap();
                realized = realized.plus(effect.realized_pnl).unwrap();
            }
            prop_assert_eq!(opened, trade.position.entry_quantity);
            prop_assert_eq!(realized, trade.position.numbers.realized_pnl);
        }
        for record in &records {
            if let Some(key) = record.key {
                prop_assert_eq!(history.first_seen(&key).unwrap(), Some(record.sequence));
            }
        }
        for order in whole.orders() {
            let reference = ledger::OrderReference {
                client_order_id: order.client_order_id.clone(),
                venue_order_id: order.venue_order_id.clone(),
            };
            let ours = whole.find_order(&order.account, &order.symbol, &reference);
            let found = history.find_order(&order.account, &order.symbol, &reference).unwrap();
            prop_assert_eq!(found.as_ref(), ours);
        }
        prop_assert_eq!(history.first_seen(&ledger::FactKey::from_bytes([9; 16])).unwrap(), None);
    }

    /// A checkpoint and the tail after it come to the same as the whole, byte for byte.
    #[test]
    fn checkpoint_and_tail_equal_the_whole(actions in actions(200), cut in 0.0..1.0_f64) {
        let folder = tempfile::tempdir().unwrap();
        let (records, _) = life(&actions);
        let whole = folded(&records, folder.path());
        let (before, after) = records.split_at(cut_at(&records, cut));
        let first = folded(before, folder.path());
        let saved = first.save().unwrap();
        let mut second = Projections::load(&saved, first.into_history()).unwrap();
        for record in after {
            second.apply(record).unwrap();
        }
        prop_assert!(second.agrees_with(&whole));
        prop_assert_eq!(second.save().unwrap(), whole.save().unwrap());
        prop_assert_eq!(
            listing(&second.history().history()),
            listing(&whole.history().history())
        );
    }

    /// A crash loses what was not flushed; the rest comes again and changes nothing.
    #[test]
    fn a_crash_between_flush_and_checkpoint_loses_nothing(
        actions in actions(200),
        cuts in (0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let (records, _) = life(&actions);
        let mut cuts = [cut_at(&records, cuts.0), cut_at(&records, cuts.1), cut_at(&records, cuts.2)];
        cuts.sort_unstable();
        let [checkpoint, flushed, crashed] = cuts;

        let (writer, opened) = HistoryWriter::open(&path, JOURNAL, head(&records)).unwrap();
        prop_assert_eq!(opened, Opened::Created);
        let mut projections = Projections::new(writer);
        let mut saved = projections.save().unwrap();
        for (applied, record) in records[..crashed].iter().enumerate() {
            if applied == checkpoint {
                projections.history_mut().sync().unwrap();
                saved = projections.save().unwrap();
            }
            if applied == flushed {
                projections.history_mut().flush().unwrap();
            }
            projections.apply(record).unwrap();
        }
        let through = projections.history().history().through();
        drop(projections);

        let (writer, opened) = HistoryWriter::open(&path, JOURNAL, head(&records)).unwrap();
        let Opened::Kept(stored) = opened else { panic!("{opened:?}") };
        prop_assert_eq!(stored.sequence, through);
        let mut again = Projections::load(&saved, writer).unwrap();
        prop_assert!(again.head() <= stored.sequence);
        let from = usize::try_from(again.head().get()).unwrap();
        for record in &records[from..] {
            again.apply(record).unwrap();
        }
        let whole = folded(&records, folder.path());
        prop_assert!(again.agrees_with(&whole));
        prop_assert_eq!(
            listing(&again.history().history()),
            listing(&whole.history().history())
        );
    }
}

fn cut_at(records: &[ledger::Record], share: f64) -> usize {
    // A share of a length, never more than it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::float_arithmetic,
        reason = "a place to cut, no money"
    )]
    let cut = (records.len() as f64 * share) as usize;
    cut
}

#[test]
fn the_same_records_give_the_same_bytes_and_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(4000);
    let (first, second) = (
        folded(&records, folder.path()),
        folded(&records, folder.path()),
    );
    let saved = first.save().unwrap();
    assert_eq!(saved, second.save().unwrap());
    let refused = |bytes: &[u8]| Projections::load(bytes, projection::NoHistory).unwrap_err();
    assert!(matches!(
        refused(b"posledger projections 0\n"),
        CheckpointError::Version
    ));
    assert!(matches!(
        refused(&saved[..saved.len() - 1]),
        CheckpointError::Damaged(_)
    ));
    assert!(matches!(
        refused(&[&saved[..], &[0]].concat()),
        CheckpointError::Damaged(_)
    ));
}

/// The store may be far ahead of the checkpoint a fold starts again from: what it holds already, late
/// news and corrections included, is not added twice.
#[test]
fn a_store_ahead_of_the_checkpoint_takes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let (records, _) = long_life(5000);
    let (writer, _) = HistoryWriter::open(&path, JOURNAL, head(&records)).unwrap();
    let mut projections = Projections::new(writer);
    let mut checkpoints = Vec::new();
    for (applied, record) in records.iter().enumerate() {
        if applied % (records.len() / 6) == 0 {
            projections.history_mut().sync().unwrap();
            checkpoints.push(projections.save().unwrap());
        }
        projections.apply(record).unwrap();
    }
    let mut writer = projections.into_history();
    writer.flush().unwrap();
    let expected = listing(&writer.history());
    let corrections = expected
        .trades
        .iter()
        .map(|trade| trade.corrections.len())
        .sum::<usize>();
    assert!(corrections > 5, "{corrections}");
    for checkpoint in checkpoints {
        let mut again = Projections::load(&checkpoint, writer).unwrap();
        let from = usize::try_from(again.head().get()).unwrap();
        for record in &records[from..] {
            again.apply(record).unwrap();
            if record.sequence.get() % 1500 == 0 {
                let through = again.history_mut().flush().unwrap();
                assert_eq!(through, head(&records), "what is stored is never given up");
            }
        }
        assert_eq!(listing(&again.history().history()), expected);
        writer = again.into_history();
        writer.flush().unwrap();
    }
}

/// News of an order that the open view has forgotten long ago still reaches its row.
#[test]
fn late_news_find_an_order_that_is_long_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let (records, whole) = long_life(6000);
    assert!(
        records.len() > 5000,
        "the open view must have forgotten something"
    );
    let projections = folded(&records, folder.path());
    let orders = listing(&projections.history().history()).orders;
    assert_eq!(orders, whole.orders().cloned().collect::<Vec<_>>());
}

use std::collections::BTreeMap;

use ledger::{Amount, Asset, PositionState};
use projection::{
    AsOf, GroupBy, History, HistoryWriter, LookUpOnly, NoHistory, Share, StatsFilter, StatsRow,
    Trade, fold_as_of,
};

use crate::{folded, listing, long_life, ok};

fn closed(history: &History) -> Vec<Trade> {
    let mut trades = listing(history).trades;
    trades.retain(|trade| trade.position.state == PositionState::Closed);
    trades
}

fn add(sums: &mut BTreeMap<Asset, Amount>, more: &BTreeMap<Asset, Amount>) {
    for (asset, amount) in more {
        let sum = sums.entry(asset.clone()).or_default();
        *sum = sum.plus(*amount).unwrap();
    }
}

fn total(rows: &[StatsRow], number: impl Fn(&projection::Tally) -> Amount) -> Amount {
    rows.iter().fold(Amount::ZERO, |sum, row| {
        sum.plus(number(row.tally.as_ref().unwrap())).unwrap()
    })
}

/// However it is grouped, the sums are those of the trades, late fees and funding included.
#[test]
fn every_grouping_sums_to_the_trades() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(6000);
    let projections = folded(&records, folder.path());
    let trades = closed(&projections.history().history());
    let corrections = trades
        .iter()
        .map(|trade| trade.corrections.len())
        .sum::<usize>();
    assert!(
        trades.len() > 100 && corrections > 5,
        "{} {corrections}",
        trades.len()
    );
    let realized = trades.iter().fold(Amount::ZERO, |sum, trade| {
        sum.plus(Share::whole(&trade.position).realized_pnl)
            .unwrap()
    });
    let (mut fees, mut funding) = (BTreeMap::new(), BTreeMap::new());
    for trade in &trades {
        add(&mut fees, &trade.fees().unwrap());
        add(&mut funding, &trade.funding().unwrap());
    }
    let shared = trades
        .iter()
        .filter(|trade| trade.parts().len() > 1)
        .count();
    assert!(shared > 20, "{shared}");
    for by in [
        GroupBy::Total,
        GroupBy::Day,
        GroupBy::Symbol,
        GroupBy::Account,
        GroupBy::Strategy,
    ] {
        let rows = projections.stats().rows(by, &StatsFilter::default());
        assert_eq!(total(&rows, |tally| tally.realized_pnl), realized, "{by:?}");
        let (mut told_fees, mut told_funding) = (BTreeMap::new(), BTreeMap::new());
        for row in &rows {
            let tally = row.tally.as_ref().unwrap();
            add(&mut told_fees, &tally.fees);
            add(&mut told_funding, &tally.funding);
            assert_eq!(tally.corrections_unmatched, 0);
            assert_eq!(tally.trades, tally.wins + tally.losses + tally.breakeven);
        }
        assert_eq!(told_fees, fees, "{by:?}");
        assert_eq!(told_funding, funding, "{by:?}");
        let counted: u64 = rows
            .iter()
            .map(|row| row.tally.as_ref().unwrap().trades)
            .sum();
        if by == GroupBy::Strategy {
            assert!(counted > u64::try_from(trades.len()).unwrap());
        } else {
            assert_eq!(counted, u64::try_from(trades.len()).unwrap(), "{by:?}");
        }
    }
}

/// A fold that keeps no history finds the trades of late fees and funding in the one that is there.
#[test]
fn statistics_of_the_past_need_no_history_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(4000);
    let live = folded(&records, folder.path()).into_history().history();
    let half = AsOf::Sequence(records[records.len() / 2].sequence);
    let looking_up = fold_as_of(ok(&records), half, LookUpOnly(live)).unwrap();
    let own = HistoryWriter::temporary(folder.path()).unwrap();
    let keeping = fold_as_of(ok(&records), half, own).unwrap();
    assert!(looking_up.agrees_with(&keeping));
    let nothing = fold_as_of(ok(&records), half, NoHistory).unwrap();
    let total = nothing
        .stats()
        .rows(GroupBy::Total, &StatsFilter::default());
    let unmatched = total
        .iter()
        .map(|row| row.tally.as_ref().unwrap().corrections_unmatched);
    assert!(unmatched.sum::<u64>() > 0);
}

#[test]
fn a_filter_keeps_what_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let (records, _) = long_life(2000);
    let projections = folded(&records, folder.path());
    let alpha = testkit::values::value("alpha");
    let filter = StatsFilter {
        strategy: Some(alpha),
        ..StatsFilter::default()
    };
    let of_alpha = projections.stats().rows(GroupBy::Total, &filter);
    let by_strategy = projections
        .stats()
        .rows(GroupBy::Strategy, &StatsFilter::default());
    let expected: Vec<_> = by_strategy
        .into_iter()
        .filter(|row| row.group == projection::Group::Strategy(filter.strategy.clone()))
        .map(|row| row.tally)
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(
        of_alpha
            .into_iter()
            .map(|row| row.tally)
            .collect::<Vec<_>>(),
        expected
    );
}

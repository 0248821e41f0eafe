//! The engine as its callers see it, over a real directory and over a disk that fails on request.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::{Clock, Engine, HaltReason, Options, SubmitError, SystemClock};
use journal::{InjectedFault, Journal, MemoryDisk};
use ledger::{
    AccountId, Acknowledgement, Command, Fact, FillFact, OrderReference, Outcome, Sequence, Side,
    Tenant, Timestamp,
};
use tempfile::TempDir;

fn fill(number: i64, side: Side) -> Command {
    Command::Acknowledgement(Acknowledgement {
        account: AccountId::parse(Tenant::default_tenant(), "binance-usdm:live:main").unwrap(),
        symbol: "BTCUSDT".parse().unwrap(),
        leg: None,
        order: OrderReference::default(),
        occurred_at: Timestamp::from_nanoseconds(number),
        fact: Fact::OrderFilled(FillFact {
            execution_id: number.to_string().parse().unwrap(),
            side,
            price: (100 + number).to_string().parse().unwrap(),
            quantity: "2".parse().unwrap(),
            fee: None,
            fee_asset: None,
            liquidity: None,
            venue_realized_pnl: None,
            reduce_only: false,
            cumulative_quantity: None,
            liquidation: false,
        }),
        raw: None,
    })
}

fn open(dir: &TempDir) -> Engine {
    Engine::open(dir.path(), &Options::default(), Arc::new(SystemClock))
        .unwrap()
        .0
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart_and_recognised() {
    let dir = TempDir::new().unwrap();
    let engine = open(&dir);
    let receipts = engine
        .handle()
        .submit_blocking(vec![
            fill(1, Side::Buy),
            fill(2, Side::Buy),
            fill(1, Side::Buy),
        ])
        .unwrap();
    let outcomes: Vec<Outcome> = receipts.iter().map(|receipt| receipt.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Applied, Outcome::Applied, Outcome::Duplicate]
    );
    assert_eq!(
        receipts.last().unwrap().sequence,
        receipts.first().unwrap().sequence
    );
    let before = engine
        .reader()
        .read(|models| models.open().ledger().clone());
    let head = engine.reader().status().durable_head;
    engine.stop().unwrap();

    let engine = open(&dir);
    assert_eq!(engine.reader().status().durable_head, head);
    engine
        .reader()
        .read(|models| assert_eq!(*models.open().ledger(), before));
    let again = engine
        .handle()
        .submit_blocking(vec![fill(2, Side::Buy)])
        .unwrap();
    assert_eq!(again.first().unwrap().outcome, Outcome::Duplicate);
    assert_eq!(
        engine.reader().status().durable_head,
        head,
        "a duplicate leaves no record"
    );
    engine.stop().unwrap();
}

#[test]
fn a_checkpoint_and_the_tail_are_the_full_replay() {
    let dir = TempDir::new().unwrap();
    let options = Options {
        checkpoint_every_records: 50,
        ..Options::default()
    };
    let clock = Arc::new(SystemClock);
    let engine = Engine::open(dir.path(), &options, clock.clone()).unwrap().0;
    for number in 0..100 {
        let side = if number % 3 == 2 {
            Side::Sell
        } else {
            Side::Buy
        };
        engine
            .handle()
            .submit_blocking(vec![fill(number, side)])
            .unwrap();
    }
    let before = engine.reader().read(|models| models.save().unwrap());
    engine.stop().unwrap();

    let (engine, report) = Engine::open(dir.path(), &options, clock.clone()).unwrap();
    assert!(report.checkpoint > Sequence::ZERO, "a checkpoint was used");
    assert_eq!(
        engine.reader().read(|models| models.save().unwrap()),
        before
    );
    engine.stop().unwrap();

    std::fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    std::fs::remove_dir_all(dir.path().join("history")).unwrap();
    let (engine, report) = Engine::open(dir.path(), &options, clock).unwrap();
    assert_eq!(report.checkpoint, Sequence::ZERO);
    assert_eq!(
        engine.reader().read(|models| models.save().unwrap()),
        before
    );
    engine.stop().unwrap();
}

#[test]
fn an_append_that_fails_halts_and_nobody_sees_what_is_not_durable() {
    let dir = TempDir::new().unwrap();
    let disk = MemoryDisk::new();
    let (journal, _) = Journal::in_memory(&disk).unwrap();
    let (engine, _) = Engine::over(
        journal,
        dir.path(),
        &Options::default(),
        Arc::new(SystemClock),
    )
    .unwrap();
    engine
        .handle()
        .submit_blocking(vec![fill(1, Side::Buy)])
        .unwrap();
    let head = engine.reader().status().durable_head;
    disk.inject(InjectedFault::Sync(disk.appends() + 1));
    let error = engine
        .handle()
        .submit_blocking(vec![fill(2, Side::Buy)])
        .unwrap_err();
    assert!(
        matches!(error, SubmitError::Halted(HaltReason::Journal(_))),
        "{error:?}"
    );
    let after = engine
        .handle()
        .submit_blocking(vec![fill(3, Side::Buy)])
        .unwrap_err();
    assert!(matches!(after, SubmitError::Halted(_)), "{after:?}");
    assert_eq!(engine.reader().status().durable_head, head);
    engine.reader().read(|models| {
        let position = models
            .open()
            .ledger()
            .positions()
            .next()
            .expect("the first fill");
        assert_eq!(position.fills, 1);
    });
    assert!(engine.stop().is_err());
}

/// A clock that runs backwards.
#[derive(Debug)]
struct Backwards(AtomicI64);

impl Clock for Backwards {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanoseconds(self.0.fetch_sub(1_000_000_000, Ordering::Relaxed))
    }
}

#[test]
fn the_moment_of_recording_never_goes_back() {
    let dir = TempDir::new().unwrap();
    let clock = Arc::new(Backwards(AtomicI64::new(1_700_000_000_000_000_000)));
    let (engine, _) = Engine::open(dir.path(), &Options::default(), clock).unwrap();
    engine
        .handle()
        .submit_blocking((1..20).map(|n| fill(n, Side::Buy)).collect())
        .unwrap();
    let records: Result<Vec<_>, _> = engine
        .reader()
        .journal()
        .records_from(Sequence::FIRST)
        .collect();
    let records = records.unwrap();
    assert!(records.len() > 20);
    assert!(records.is_sorted_by_key(|record| record.recorded_at));
    engine.stop().unwrap();
}

#[test]
fn many_callers_at_once_get_their_own_receipts() {
    let dir = TempDir::new().unwrap();
    let engine = open(&dir);
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let handle = engine.handle();
            std::thread::spawn(move || {
                (0..50)
                    .map(|n| handle.submit_blocking(vec![fill(caller * 1000 + n, Side::Buy)]))
                    .map(|receipts| receipts.unwrap().first().unwrap().sequence.unwrap())
                    .collect::<Vec<Sequence>>()
            })
        })
        .collect();
    let mut sequences: Vec<Sequence> = callers
        .into_iter()
        .flat_map(|caller| caller.join().unwrap())
        .collect();
    sequences.sort();
    sequences.dedup();
    assert_eq!(sequences.len(), 400);
    engine.reader().read(|models| {
        assert_eq!(
            models.open().ledger().positions().next().unwrap().fills,
            400
        );
    });
    engine.stop().unwrap();
}

/// What a journal that lost durable records leaves behind: derived state that is ahead of it.
#[test]
fn a_journal_that_has_lost_records_is_not_taken_for_an_empty_one() {
    for evidence in ["checkpoints", "history"] {
        let dir = TempDir::new().unwrap();
        let disk = MemoryDisk::new();
        let run = || {
            let (journal, _) = Journal::in_memory(&disk).unwrap();
            Engine::over(
                journal,
                dir.path(),
                &Options::default(),
                Arc::new(SystemClock),
            )
        };
        let (engine, _) = run().unwrap();
        engine
            .handle()
            .submit_blocking(vec![fill(1, Side::Buy)])
            .unwrap();
        engine.stop().unwrap();
        disk.damage(Vec::clear);
        let other = if evidence == "history" {
            "checkpoints"
        } else {
            "history"
        };
        std::fs::remove_dir_all(dir.path().join(other)).unwrap();
        let refused = run().unwrap_err();
        let cause = std::error::Error::source(&refused).map(ToString::to_string);
        let words = format!("{refused}: {cause:?}");
        assert!(
            words.contains("the journal ends at 0"),
            "{evidence}: {words}"
        );
        let again = run();
        assert!(again.is_err(), "refused once, refused again");
    }
}

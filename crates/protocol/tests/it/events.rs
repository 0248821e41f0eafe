//! Every event goes out as JSON and comes back the same, so that a replay over HTTP folds what the
//! journal holds.

use std::collections::{BTreeMap, BTreeSet};

use ledger::*;
use proptest::prelude::*;
use protocol::views::{EventView, FrameView, Page, Tabular};

fn of<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn id(number: u128) -> PositionId {
    PositionId::new(uuid::Uuid::from_u128(number))
}

/// Numbers that a JSON number could not hold.
const WIDE: &str = "-79228162514.264337593543950335";

fn account() -> AccountId {
    AccountId::parse(Tenant::default_tenant(), "binance-usdm:live:main:2").unwrap()
}

fn flags() -> BTreeSet<Flag> {
    [Flag::LateFill, Flag::Dust].into()
}

fn reference() -> OrderReference {
    OrderReference {
        client_order_id: Some(of("c-\"1\"")),
        venue_order_id: Some(of("8389765")),
    }
}

fn fill() -> FillFact {
    FillFact {
        execution_id: of("811"),
        side: Side::Sell,
        price: of("-37.63"),
        quantity: of("0.029"),
        fee: Some(of("1e-28")),
        fee_asset: Some(of("USDT")),
        liquidity: Some(Liquidity::Maker),
        venue_realized_pnl: Some(of(WIDE)),
        reduce_only: true,
        cumulative_quantity: None,
        liquidation: false,
    }
}

fn numbers() -> PositionNumbers {
    PositionNumbers {
        quantity: of("-0.029"),
        cost: of(WIDE),
        cash: of("1934.6683"),
        realized_pnl: of("0.5"),
        rounding: of("0.0000000000000001"),
    }
}

fn extremes() -> Extremes {
    Extremes {
        best_price: Some(of("66000")),
        worst_price: None,
        mae: of("-1"),
        mfe: of("2"),
    }
}

fn effect() -> FillEffect {
    FillEffect {
        opened: of("0"),
        closed: of("0.029"),
        excess: of("0.001"),
        value: of("1934.6683"),
        cost_added: of("0"),
        cost_released: of(WIDE),
        realized_pnl: of("20.6683"),
        rounding: of("0"),
        fee: of("0.1"),
        fee_asset: Some(of("USDT")),
        lots_released: vec![LotRelease {
            lot: Sequence::new(u64::MAX),
            quantity: of("0.029"),
            cost: of("-1"),
        }],
        before: numbers(),
        after: PositionNumbers::default(),
        extremes: extremes(),
    }
}

fn terms() -> Terms {
    Terms {
        inverse: true,
        multiplier: of("100"),
        step: Some(of("0.001")),
        settlement_asset: Some(of("BTC")),
        cost_basis: CostBasis::AverageOfOpens,
        pnl_rounding: PnlRounding {
            scale: 8,
            rule: RoundingRule::HalfEven,
        },
    }
}

fn plan() -> OpenPosition {
    OpenPosition {
        account: account(),
        symbol: of("BTCUSDT"),
        side: PositionSide::Short,
        quantity: of("0.029"),
        order: OrderTerms {
            kind: OrderKind::Limit,
            price: Some(of("66712.7")),
        },
        queue: true,
        leverage: Some(of("10")),
        margin: None,
        stop_loss: Some(of("67000")),
        take_profit: None,
        max_loss: Some(of("50")),
        strategy: Some(of("breakout")),
        trader: None,
        signal: Some(Signal {
            id: "tv-1".into(),
            source: None,
        }),
        context: BTreeMap::from([("vwap".into(), of("66650.5"))]),
        metadata: BTreeMap::from([("note".into(), "日本 \"x\"\n".into())]),
    }
}

fn requested() -> OrderRequested {
    OrderRequested {
        intent_id: of("i-1"),
        client_order_id: of("c-1"),
        purpose: OrderPurpose::StopLoss,
        side: Side::Buy,
        quantity: of("0.029"),
        kind: OrderKind::TrailingStop,
        price: None,
        trigger_price: Some(of("67000")),
        reduce_only: true,
        strategy: Some(of("breakout")),
    }
}

fn updated() -> OrderUpdated {
    OrderUpdated {
        order: Sequence::new(7),
        client_order_id: None,
        venue_order_id: Some(of("8389765")),
        status: OrderStatus::PartiallyFilled,
        code: Some("-2019".into()),
        reason: Some("Margin is insufficient.".into()),
        flags: flags(),
    }
}

fn amended() -> AmendedTerms {
    AmendedTerms {
        quantity: Some(of("2")),
        price: None,
        trigger_price: Some(of("3")),
    }
}

fn adjustment() -> Adjustment {
    Adjustment {
        adjustment_id: "a-1".into(),
        reason: "a fill is missing".into(),
        quantity: of("-0.001"),
        cost: of(WIDE),
        realized_pnl: of("0"),
    }
}

fn acknowledgement() -> Acknowledgement {
    Acknowledgement {
        account: account(),
        symbol: of("BTCUSDT"),
        leg: Some(Leg::Ticket(of("50123456"))),
        order: reference(),
        occurred_at: Timestamp::from_nanoseconds(1_713_825_272_000_000_001),
        fact: Fact::OrderFilled(fill()),
        raw: None,
    }
}

fn intent_events() -> Vec<Event> {
    let intent_id = || of::<IntentId>("i-1");
    vec![
        Event::PositionQueued(PositionQueued {
            intent_id: intent_id(),
            leg: Leg::Pending,
            plan: Box::new(plan()),
        }),
        Event::QueueWithdrawn(QueueWithdrawn {
            intent_id: intent_id(),
        }),
        Event::EntryRequested(requested()),
        Event::ExitRequested(requested()),
        Event::StopLossRequested(requested()),
        Event::TakeProfitRequested(requested()),
        Event::TrailingRequested(TrailingRequested {
            intent_id: intent_id(),
            trail: Trail {
                activation: None,
                callback: of("0.5"),
                active: true,
            },
        }),
        Event::CancelRequested(CancelRequested {
            intent_id: intent_id(),
            order: Sequence::new(3),
            client_order_id: of("c-1"),
        }),
        Event::AmendRequested(AmendRequested {
            intent_id: intent_id(),
            order: Sequence::new(3),
            client_order_id: None,
            terms: amended(),
        }),
        Event::MonitoringStarted(MonitoringStarted {
            intent_id: intent_id(),
        }),
        Event::BulkExecuteRequested(BulkExecuteRequested {
            intent_id: intent_id(),
            filter: PositionFilter {
                account: Some(account()),
                side: Some(PositionSide::Long),
                ..PositionFilter::default()
            },
            positions: vec![id(1), id(2)],
        }),
        Event::BulkCloseRequested(BulkCloseRequested {
            intent_id: intent_id(),
            scope: BulkScope::Strategy(of("breakout")),
            positions: Vec::new(),
        }),
        Event::IntentRejected(IntentRejected {
            intent_id: intent_id(),
            refusal: Refusal::PositionFinal(PositionState::Closed),
        }),
        Event::IntentRejected(IntentRejected {
            intent_id: intent_id(),
            refusal: Refusal::ExistsWithDifferent("quantity".into()),
        }),
        Event::IntentRejected(IntentRejected {
            intent_id: intent_id(),
            refusal: Refusal::Halted,
        }),
    ]
}

fn venue_events() -> Vec<Event> {
    vec![
        Event::OrderSubmitted(updated()),
        Event::OrderAccepted(updated()),
        Event::OrderRejected(updated()),
        Event::OrderFilled(Box::new(OrderFilled {
            fill: fill(),
            leg: Some(Leg::Net),
            reference: reference(),
            order: Some(Sequence::new(2)),
            order_status: Some(OrderStatus::Filled),
            order_filled_quantity: Some(of("0.029")),
            strategy: None,
            effect: Some(effect()),
            flags: flags(),
        })),
        Event::OrderAmended(OrderAmended {
            order: Sequence::new(2),
            client_order_id: Some(of("c-1")),
            venue_order_id: None,
            terms: amended(),
            status: OrderStatus::Accepted,
            flags: BTreeSet::new(),
        }),
        Event::OrderCanceled(updated()),
        Event::OrderExpired(updated()),
        Event::OrderUnknown(updated()),
        Event::FundingSettled(FundingSettled {
            settlement: Settlement {
                amount: of("-0.1"),
                asset: of("USDT"),
                settlement_id: None,
            },
            leg: None,
            flags: flags(),
        }),
        Event::FeeCharged(FeeCharged {
            charge: FeeCharge {
                amount: of("0.1"),
                asset: of("BNB"),
                settlement_id: Some(of("s-1")),
            },
            leg: Some(Leg::Long),
            reference: OrderReference::default(),
            flags: BTreeSet::new(),
        }),
        Event::PositionReported(PositionReported {
            report: ReportedPosition {
                quantity: of("-0.029"),
                entry_price: Some(of("66712.7")),
                mark_price: None,
            },
            leg: Leg::Short,
            ours: of("0"),
            difference: of("-0.029"),
        }),
        Event::PriceExtremeObserved(PriceExtremeObserved {
            mark_price: of("66000"),
            extremes: extremes(),
        }),
    ]
}

fn outcome_events() -> Vec<Event> {
    vec![
        Event::PositionOpened(Box::new(PositionOpened {
            leg: Leg::Short,
            side: PositionSide::Short,
            origin: Origin::External,
            terms: terms(),
            strategy: Some(of("breakout")),
            effect: effect(),
            flags: flags(),
        })),
        Event::PositionStateChanged(PositionStateChanged {
            from: None,
            to: PositionState::Open,
            cause: StateCause::ExternalFill,
            flags: BTreeSet::new(),
        }),
        Event::PositionFlipped(PositionFlipped {
            closed: id(1),
            opened: id(u128::MAX),
        }),
        Event::PositionClosed(PositionClosed {
            exit_reason: "flip".into(),
            realized_pnl: of(WIDE),
            venue_realized_pnl: None,
        }),
        Event::TrailActivated(TrailActivated {
            mark_price: Some(of("1")),
        }),
        Event::StopMoved(StopMoved {
            from: of("1"),
            to: of("2"),
        }),
    ]
}

fn operator_events() -> Vec<Event> {
    vec![
        Event::ExternalOrderAdopted(ExternalOrderAdopted {
            reference: reference(),
            leg: None,
            side: Some(Side::Buy),
            reduce_only: false,
            status: OrderStatus::Unknown,
            filled_quantity: of("0.01"),
            reason: Some("by hand".into()),
        }),
        Event::ReconciliationFinding(ReconciliationFinding {
            class: FindingClass::ClosedOutside,
            leg: Some(Leg::Net),
            ours: Some(of("1")),
            venue: None,
        }),
        Event::AdjustmentProposed(adjustment()),
        Event::AdjustmentApplied(adjustment()),
        Event::AcknowledgementQuarantined(AcknowledgementQuarantined {
            anomaly: Anomaly::ExistsWithDifferent("price".into()),
            first: Some(Sequence::new(1)),
            acknowledgement: Box::new(acknowledgement()),
        }),
        Event::AcknowledgementQuarantined(AcknowledgementQuarantined {
            anomaly: Anomaly::LegMissing,
            first: None,
            acknowledgement: Box::new(Acknowledgement {
                raw: Some(vec![0, 255]),
                ..acknowledgement()
            }),
        }),
        Event::QuarantineResolved(QuarantineResolved {
            quarantined: Sequence::new(9),
            applied: true,
            note: "".into(),
        }),
        Event::HaltEngaged(HaltChanged {
            reason: "drill".into(),
        }),
        Event::HaltReleased(HaltChanged {
            reason: "over".into(),
        }),
        Event::NoteAdded(NoteAdded {
            intent_id: of("i-1"),
            text: "line\nline".into(),
        }),
        Event::AccountConfigured(AccountConfigured {
            settings: AccountSettings {
                position_mode: PositionMode::Ticket,
                cost_basis: CostBasis::PerTicket,
                pnl_rounding: PnlRounding {
                    scale: 2,
                    rule: RoundingRule::Truncate,
                },
                stop_policy: StopPolicy::Alarm,
            },
        }),
        Event::InstrumentConfigured(InstrumentConfigured {
            instrument: account().instrument(&of("BTCUSD_PERP")),
            terms: Instrument {
                inverse: true,
                multiplier: of("100"),
                tick: Some(of("0.1")),
                step: None,
                settlement_asset: Some(of("BTC")),
            },
        }),
    ]
}

fn every_event() -> Vec<Event> {
    [
        intent_events(),
        venue_events(),
        outcome_events(),
        operator_events(),
    ]
    .concat()
}

fn record(sequence: u64, event: Event, source: Source) -> Record {
    Record {
        sequence: Sequence::new(sequence),
        recorded_at: Timestamp::from_nanoseconds(1_713_825_272_000_000_001),
        occurred_at: Timestamp::from_nanoseconds(1_713_825_272_000_000_000),
        tenant: Tenant::default_tenant(),
        account: Some(account()),
        symbol: Some(of("BTCUSDT")),
        position_id: Some(id(7)),
        actor: Actor::operator(),
        causation: Some(Sequence::new(3)),
        correlation: of("i-1"),
        key: Some(FactKey::from_bytes([
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255,
        ])),
        source,
        event,
    }
}

fn frame() -> FrameView {
    FrameView {
        first_sequence: Sequence::FIRST,
        hash: "ab".repeat(32),
    }
}

/// Out as JSON and back.
fn through_json(record: &Record) -> Record {
    let view = EventView::from_record(record, frame());
    let json = serde_json::to_string(&view).unwrap();
    let back: EventView = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{json}: {e}"));
    assert_eq!(back, view);
    back.into_record().unwrap_or_else(|e| panic!("{json}: {e}"))
}

#[test]
fn every_event_survives_json() {
    let names: BTreeSet<&str> = every_event().iter().map(Event::name).collect();
    assert_eq!(names.len(), 42, "an event without an example here");
    for (sequence, event) in (1..).zip(every_event()) {
        let record = record(sequence, event, Source::None);
        assert_eq!(through_json(&record), record);
    }
}

#[test]
fn what_came_from_outside_survives_json() {
    let event = || Event::HaltEngaged(HaltChanged { reason: "".into() });
    for source in [
        Source::Raw(b"{\"e\":\"ORDER\"}".to_vec()),
        Source::Raw(Vec::new()),
        Source::Raw(vec![0xff, 0, 1]),
    ] {
        let record = record(1, event(), source);
        assert_eq!(through_json(&record), record);
    }
    let bare = Record {
        account: None,
        symbol: None,
        position_id: None,
        causation: None,
        key: None,
        ..record(u64::MAX, event(), Source::None)
    };
    assert_eq!(through_json(&bare), bare);
}

proptest! {
    #[test]
    fn the_intent_behind_a_record_survives_json(intent in super::commands::intent()) {
        let event = Event::NoteAdded(NoteAdded { intent_id: of("i"), text: "".into() });
        let record = record(1, event, Source::Intent(Box::new(intent)));
        prop_assert_eq!(through_json(&record), record);
    }
}

#[test]
fn an_event_looks_as_in_the_contract() {
    let event = Event::HaltEngaged(HaltChanged {
        reason: "drill".into(),
    });
    let view = EventView::from_record(&record(4, event, Source::Raw(b"x".to_vec())), frame());
    let json = serde_json::to_string(&view).unwrap();
    let hash = "ab".repeat(32);
    assert_eq!(
        json,
        format!(
            r#"{{"sequence":4,"recorded_at":"2024-04-22T22:34:32.000000001Z","occurred_at":"2024-04-22T22:34:32Z","type":"halt_engaged","tenant":"default","account":"binance-usdm:live:main:2","symbol":"BTCUSDT","position_id":"00000000-0000-0000-0000-000000000007","actor":"operator","causation":3,"correlation":"i-1","schema":1,"frame":{{"first_sequence":1,"hash":"{hash}"}},"data":{{"reason":"drill"}},"raw":"x","key":"000102030405060708090a0b0c0d0eff"}}"#
        )
    );
    let page = Page {
        as_of_sequence: Sequence::new(4),
        items: vec![view.clone()],
        next_cursor: None,
    };
    let text = serde_json::to_string(&page).unwrap();
    assert_eq!(
        serde_json::from_str::<Page<EventView>>(&text).unwrap(),
        page
    );
    assert_eq!(view.row().len(), EventView::COLUMNS.len());
}

#[test]
fn an_event_of_another_version_is_not_misread() {
    let event = Event::HaltEngaged(HaltChanged {
        reason: "drill".into(),
    });
    let view = EventView::from_record(&record(4, event, Source::None), frame());
    let json = serde_json::to_string(&view).unwrap();
    let error = |from: &str, to: &str| {
        let changed = json.replace(from, to);
        assert_ne!(changed, json);
        let view: Result<EventView, _> = serde_json::from_str(&changed);
        match view {
            Err(error) => error.to_string(),
            Ok(view) => view.into_record().unwrap_err().to_string(),
        }
    };
    assert_eq!(
        error("\"schema\":1", "\"schema\":2"),
        "schema version 2 is not known here"
    );
    assert!(error("halt_engaged", "halt_agreed").starts_with("the data of `halt_agreed` cannot"));
    assert!(error("\"reason\"", "\"raison\"").contains("reason"));
    assert!(error("000102", "00010z").contains("32 hexadecimal digits"));
    assert!(error(":live:", ":alive:").contains("live, paper or sim"));
    let both = json.replace("\"key\"", "\"raw\":\"x\",\"raw_base64\":\"eA==\",\"key\"");
    let view: EventView = serde_json::from_str(&both).unwrap();
    assert!(view.into_record().is_err());
}

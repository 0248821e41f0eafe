//! Stories: given some commands, when one more comes, then so it is. Pages with many more of them are
//! in `fixtures/scenarios`.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "the numbers of a story are small, and a test may stop"
)]

use rust_decimal::Decimal;

use crate::*;

const SECOND: i64 = 1_000_000_000;

/// A ledger with its journal in memory.
#[derive(Default)]
struct Story {
    ledger: Ledger,
    records: Vec<Record>,
    clock: i64,
}

fn account() -> AccountId {
    AccountId::parse(Tenant::default_tenant(), "binance-usdm:live:main").unwrap()
}

fn symbol() -> Symbol {
    "BTCUSDT".parse().unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

impl Story {
    fn new() -> Self {
        let mut story = Self::default();
        let instrument = account().instrument(&symbol());
        let terms = Instrument {
            inverse: false,
            multiplier: "1".parse().unwrap(),
            tick: None,
            step: None,
            settlement_asset: Some("USDT".parse().unwrap()),
        };
        story.submit(&Command::Configuration(Configuration::Instrument {
            instrument,
            terms,
            occurred_at: None,
        }));
        story
    }

    fn configure(mut self, settings: AccountSettings) -> Self {
        self.submit(&Command::Configuration(Configuration::Account {
            account: account(),
            settings,
            occurred_at: None,
        }));
        self
    }

    /// Decides and applies, and checks every invariant before and after each record.
    fn submit(&mut self, command: &Command) -> Receipt {
        self.clock += SECOND;
        let at = Timestamp::from_nanoseconds(self.clock);
        let moment = Moment::of(command, at);
        let first = command.key().and_then(|key| self.ledger.first_seen(&key));
        let known = Known {
            first: first
                .map(|first| self.records[usize::try_from(first.get()).unwrap() - 1].clone()),
            ..Known::default()
        };
        let decision = self.ledger.decide(command, &known, &moment);
        for record in decision.records {
            assert_eq!(self.ledger.violations_by(&record), [], "before {record:#?}");
            self.ledger.apply(&record);
            self.records.push(record);
        }
        assert_eq!(self.ledger.violations(), []);
        decision.receipt
    }

    fn fill(&mut self, id: &str, side: Side, quantity: &str, price: &str) -> Receipt {
        let command = self.fill_command(id, side, quantity, price, "0");
        self.submit(&command)
    }

    fn fill_command(
        &self,
        id: &str,
        side: Side,
        quantity: &str,
        price: &str,
        fee: &str,
    ) -> Command {
        Command::Acknowledgement(Acknowledgement {
            account: account(),
            symbol: symbol(),
            leg: None,
            order: OrderReference::default(),
            occurred_at: Timestamp::from_nanoseconds(self.clock),
            fact: Fact::OrderFilled(FillFact {
                execution_id: id.parse().unwrap(),
                side,
                price: price.parse().unwrap(),
                quantity: quantity.parse().unwrap(),
                fee: Some(amount(fee)),
                fee_asset: Some("USDT".parse().unwrap()),
                liquidity: None,
                venue_realized_pnl: None,
                reduce_only: false,
                cumulative_quantity: None,
                liquidation: false,
            }),
            raw: None,
        })
    }

    fn order_fact(&mut self, name: &str, fact: Fact) -> Receipt {
        let order = OrderReference {
            client_order_id: Some(name.parse().unwrap()),
            venue_order_id: None,
        };
        self.submit(&Command::Acknowledgement(Acknowledgement {
            account: account(),
            symbol: symbol(),
            leg: None,
            order,
            occurred_at: Timestamp::from_nanoseconds(self.clock),
            fact,
            raw: None,
        }))
    }

    fn ask(&mut self, id: &str, request: Request) -> Receipt {
        self.submit(&Command::Intent(Intent {
            tenant: Tenant::default_tenant(),
            intent_id: id.parse().unwrap(),
            actor: Actor::operator(),
            occurred_at: None,
            request,
        }))
    }

    fn open_long(&mut self, id: &str) -> Receipt {
        self.ask(
            id,
            Request::OpenPosition(Box::new(OpenPosition {
                account: account(),
                symbol: symbol(),
                side: PositionSide::Long,
                quantity: "2".parse().unwrap(),
                order: OrderTerms::default(),
                queue: false,
                leverage: None,
                margin: None,
                stop_loss: None,
                take_profit: None,
                max_loss: None,
                strategy: None,
                trader: None,
                signal: None,
                context: EntryContext::new(),
                metadata: std::collections::BTreeMap::new(),
            })),
        )
    }

    fn held(&self) -> &Position {
        self.ledger.positions().next().unwrap()
    }

    fn last_order(&self) -> &Order {
        self.ledger.orders().last().unwrap()
    }
}

#[test]
fn a_sell_larger_than_the_long_closes_it_and_opens_a_short_with_the_rest() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "2", "100");
    let flip = story.fill_command("E2", Side::Sell, "5", "110", "10");
    assert_eq!(story.submit(&flip).outcome, Outcome::Applied);
    let closed = story.ledger.finished().next().unwrap();
    assert_eq!(closed.state, PositionState::Closed);
    assert_eq!(closed.numbers.realized_pnl, amount("20"));
    assert_eq!(closed.exit_reason.as_deref(), Some("flip"));
    let opened = story.held();
    assert_eq!(opened.numbers.quantity, amount("-3"));
    assert_eq!(opened.numbers.cost, amount("-330"));
    // The fee of 10 is split 2 to 3.
    let usdt: Asset = "USDT".parse().unwrap();
    assert_eq!(closed.fees.get(&usdt), Some(&amount("4")));
    assert_eq!(opened.fees.get(&usdt), Some(&amount("6")));
}

#[test]
fn the_same_fill_again_changes_nothing_and_another_content_is_quarantined_once() {
    let mut story = Story::new();
    let fill = story.fill_command("E1", Side::Buy, "2", "100", "0");
    let first = story.submit(&fill);
    let again = story.submit(&fill);
    assert_eq!(again.outcome, Outcome::Duplicate);
    assert_eq!(again.sequence, first.sequence);
    let other = match fill {
        Command::Acknowledgement(ack) => {
            let Fact::OrderFilled(fill) = &ack.fact else {
                panic!("a fill")
            };
            let quantity = "3".parse().unwrap();
            let fact = Fact::OrderFilled(FillFact {
                quantity,
                ..fill.clone()
            });
            Command::Acknowledgement(Acknowledgement { fact, ..ack })
        }
        command => panic!("{command:?}"),
    };
    let doubtful = story.submit(&other);
    assert_eq!(doubtful.outcome, Outcome::Quarantined);
    assert_eq!(
        doubtful.code.as_deref(),
        Some("exists_with_different_quantity")
    );
    assert_eq!(story.submit(&other).outcome, Outcome::Duplicate);
    assert_eq!(story.held().numbers.quantity, amount("2"));
    assert_eq!(story.ledger.quarantined(), 1);
}

#[test]
fn a_third_of_a_cost_is_rounded_once_and_the_last_close_releases_the_rest() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "3", "33.3333");
    story.fill("E2", Side::Buy, "0.1", "7.77");
    story.fill("E3", Side::Sell, "1", "40");
    story.fill("E4", Side::Sell, "1", "40");
    story.fill("E5", Side::Sell, "1.1", "40");
    let closed = story.ledger.finished().next().unwrap();
    assert_eq!(closed.numbers.cost, Amount::ZERO);
    // 3.1 · 40 − (3 · 33.3333 + 0.1 · 7.77)
    assert_eq!(closed.numbers.realized_pnl, amount("23.2231"));
}

#[test]
fn an_inverse_contract_is_counted_in_the_base_coin() {
    let mut story = Story::new();
    let instrument = account().instrument(&symbol());
    let terms = Instrument {
        inverse: true,
        multiplier: "100".parse().unwrap(),
        tick: None,
        step: None,
        settlement_asset: None,
    };
    story.submit(&Command::Configuration(Configuration::Instrument {
        instrument,
        terms,
        occurred_at: None,
    }));
    story.fill("E1", Side::Buy, "10", "50000");
    story.fill("E2", Side::Sell, "10", "62500");
    let closed = story.ledger.finished().next().unwrap();
    // 10 · 100 / 50000 − 10 · 100 / 62500
    assert_eq!(closed.numbers.realized_pnl, amount("0.004"));
    assert_eq!(closed.entry_price(), Some(amount("50000")));
}

#[test]
fn an_intent_again_has_its_first_receipt_and_a_refusal_stays_one() {
    let mut story = Story::new();
    let first = story.open_long("I1");
    assert_eq!(first.outcome, Outcome::Accepted);
    let again = story.open_long("I1");
    assert_eq!(
        (again.outcome, again.sequence, again.position_id),
        (Outcome::Duplicate, first.sequence, first.position_id)
    );
    let refused = story.open_long("I2");
    assert_eq!(refused.outcome, Outcome::Rejected);
    assert_eq!(refused.code.as_deref(), Some("slot_occupied"));
    let again = story.open_long("I2");
    assert_eq!(
        (again.sequence, again.code),
        (refused.sequence, refused.code)
    );
}

#[test]
fn a_rejected_exit_fails_with_a_quantity_left_and_may_be_tried_again() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "2", "100");
    let position_id = story.held().id;
    let close = Request::Close {
        position_id,
        quantity: None,
        order: OrderTerms::default(),
    };
    story.ask("I1", close.clone());
    assert_eq!(story.held().state, PositionState::Closing);
    let name = story.last_order().client_order_id.clone().unwrap();
    story.order_fact(name.as_str(), Fact::OrderRejected(VenueRefusal::default()));
    assert_eq!(story.held().state, PositionState::Failed);
    assert!(!story.held().is_final());
    assert_eq!(story.ask("I2", close).outcome, Outcome::Accepted);
    assert_eq!(story.held().state, PositionState::Closing);
    story.fill("E2", Side::Sell, "2", "90");
    assert_eq!(story.ledger.positions().count(), 0);
    assert_eq!(
        story.ledger.finished().next().unwrap().numbers.realized_pnl,
        amount("-20")
    );
}

#[test]
fn a_stop_is_moved_and_never_doubled() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "2", "100");
    let position_id = story.held().id;
    let at = |price: &str| Request::SetStopLoss {
        position_id,
        price: price.parse().unwrap(),
    };
    assert_eq!(story.ask("I1", at("90")).outcome, Outcome::Accepted);
    let unanswered = story.ask("I2", at("95"));
    assert_eq!(unanswered.code.as_deref(), Some("protection_in_flight"));
    let name = story.last_order().client_order_id.clone().unwrap();
    story.order_fact(name.as_str(), Fact::OrderAccepted(OrderFact::default()));
    assert_eq!(story.ask("I3", at("95")).outcome, Outcome::Accepted);
    assert_eq!(story.ledger.orders().count(), 1, "amended, not doubled");
    let terms = AmendedTerms {
        trigger_price: "95".parse().ok(),
        ..AmendedTerms::default()
    };
    story.order_fact(name.as_str(), Fact::OrderAmended(terms));
    assert_eq!(
        story.held().stop_loss.as_ref().unwrap().price,
        "95".parse().unwrap()
    );
    assert!(matches!(
        story.records.last().unwrap().event,
        Event::StopMoved(_)
    ));
}

#[test]
fn marks_move_the_extremes_and_an_older_mark_does_not() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "2", "100");
    let mark = |story: &mut Story, price: &str, at: i64| {
        story.clock += SECOND;
        let command = Command::Mark(Mark {
            instrument: account().instrument(&symbol()),
            price: price.parse().unwrap(),
            occurred_at: Timestamp::from_nanoseconds(at),
        });
        let receipt = story.submit(&command);
        let Command::Mark(mark) = command else {
            panic!("a mark")
        };
        story.ledger.observe(&mark);
        receipt
    };
    let now = 10 * SECOND;
    assert_eq!(mark(&mut story, "90", now).outcome, Outcome::Applied);
    assert_eq!(story.held().extremes.mae, amount("-20"));
    assert_eq!(mark(&mut story, "80", now).outcome, Outcome::Duplicate);
    // Too soon after the last: kept, and journaled with the next.
    mark(&mut story, "70", now + SECOND / 100);
    assert_eq!(story.held().extremes.mae, amount("-20"));
    mark(&mut story, "120", now + SECOND);
    assert_eq!(story.held().extremes.mae, amount("-60"));
    assert_eq!(story.held().extremes.mfe, amount("40"));
    assert_eq!(
        story.ledger.unrealized_pnl(story.held()),
        Some(amount("40"))
    );
}

#[test]
fn what_cannot_be_exact_is_quarantined() {
    let mut story = Story::new();
    let tiny = Decimal::new(1, 28).to_string();
    let receipt = story.fill("E1", Side::Buy, &tiny, "0.1");
    assert_eq!(receipt.outcome, Outcome::Quarantined);
    assert_eq!(receipt.code.as_deref(), Some("inexact"));
}

#[test]
fn lots_are_used_in_the_order_of_the_cost_basis() {
    for (basis, realized) in [
        (CostBasis::Fifo, "20"),
        (CostBasis::Lifo, "10"),
        (CostBasis::Average, "15"),
    ] {
        let settings = AccountSettings {
            cost_basis: basis,
            ..AccountSettings::default()
        };
        let mut story = Story::new().configure(settings);
        story.fill("E1", Side::Buy, "1", "100");
        story.fill("E2", Side::Buy, "1", "110");
        story.fill("E3", Side::Sell, "1", "120");
        assert_eq!(
            story.held().numbers.realized_pnl,
            amount(realized),
            "{basis:?}"
        );
    }
}

#[test]
fn a_fold_over_all_records_is_the_working_state() {
    let mut story = Story::new();
    story.fill("E1", Side::Buy, "2", "100");
    story.fill("E2", Side::Sell, "5", "110");
    story.open_long("I1");
    let mut again = Ledger::default();
    for record in &story.records {
        again.apply(record);
    }
    assert_eq!(again, story.ledger);
}

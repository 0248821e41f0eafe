//! Generators of what may happen to a ledger: abstract actions, and a driver that turns each into
//! commands that fit the state they meet.
//!
//! Random fills almost never close exactly flat, never flip on purpose and never repeat, so those edges
//! are actions of their own. The actions hold numbers only; what they mean is decided when they are
//! played, so that a shrunk failure is still a story that makes sense.

use ledger::{
    AccountId, AccountSettings, Acknowledgement, AmendedTerms, Amount, BulkScope, Command,
    Configuration, CostBasis, Fact, FeeCharge, FillFact, Instrument, Ledger, Leg, Mark,
    OpenPosition, Order, OrderFact, OrderKind, OrderReference, OrderTerms, PnlRounding, Position,
    PositionFilter, PositionMode, PositionSide, Price, Quantity, ReportedPosition, Request,
    RoundingRule, Settlement, Side, StopPolicy, Symbol, Timestamp, VenueRefusal,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::values::{
    account, acknowledgement, amount, fill, intent, quantity, symbol, time, value,
};

/// One thing that may happen. Numbers choose among what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Any fill, asked for or not.
    AnyFill(Draw),
    /// A fill that brings a position to zero, to the last digit.
    CloseExactly(Draw),
    /// A fill that takes more than is held.
    Flip(Draw),
    /// More of what is held.
    Grow(Draw),
    /// The last command once more.
    RepeatLast,
    /// Any earlier command once more.
    RepeatAny(Draw),
    /// The last acknowledgement or intent under the same name, saying something else.
    RepeatWithOtherContent(Draw),
    /// The next command comes after the one that follows it.
    Reorder,
    /// An open intent.
    Open(Draw),
    /// An intent about a position that is there.
    Manage(Draw),
    /// A fact about an order that is there.
    OrderFact(Draw),
    /// A fill of an order that is there.
    FillOrder(Draw),
    /// Funding or a fee.
    Settle(Draw),
    /// The venue's view of a position.
    Report(Draw),
    /// A price.
    Mark(Draw),
    /// An intent about many positions.
    Bulk(Draw),
}

/// Numbers that an action draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Which account, position or order.
    pub which: u16,
    /// Which variant of the action.
    pub variant: u8,
    /// How much, in thousandths.
    pub units: u32,
    /// At what price, in hundredths.
    pub cents: u32,
}

impl Draw {
    fn any() -> impl Strategy<Value = Self> {
        (any::<u16>(), any::<u8>(), 1..9_000_u32, 5_000..20_000_u32).prop_map(
            |(which, variant, units, cents)| Self {
                which,
                variant,
                units,
                cents,
            },
        )
    }

    fn quantity(self) -> Quantity {
        value(&Decimal::new(i64::from(self.units), 3).to_string())
    }

    fn price(self) -> Price {
        value(&Decimal::new(i64::from(self.cents), 2).to_string())
    }

    fn side(self) -> Side {
        if self.variant & 1 == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    fn fee(self) -> Option<Amount> {
        // A fee in eight digits, now and then a rebate, now and then none.
        match self.variant % 5 {
            0 => None,
            1 => Some(Amount::of(Decimal::new(-i64::from(self.units), 8))),
            _ => Some(Amount::of(Decimal::new(i64::from(self.cents) * 7, 8))),
        }
    }
}

/// One action.
pub fn action() -> impl Strategy<Value = Action> {
    let drawn = |make: fn(Draw) -> Action| Draw::any().prop_map(make);
    prop_oneof![
        6 => drawn(Action::AnyFill),
        3 => drawn(Action::CloseExactly),
        3 => drawn(Action::Flip),
        3 => drawn(Action::Grow),
        1 => Just(Action::RepeatLast),
        1 => drawn(Action::RepeatAny),
        1 => drawn(Action::RepeatWithOtherContent),
        1 => Just(Action::Reorder),
        3 => drawn(Action::Open),
        4 => drawn(Action::Manage),
        4 => drawn(Action::OrderFact),
        4 => drawn(Action::FillOrder),
        1 => drawn(Action::Settle),
        1 => drawn(Action::Report),
        2 => drawn(Action::Mark),
        1 => drawn(Action::Bulk),
    ]
}

/// What happens in some corners of the world.
#[derive(Clone, Debug)]
pub struct Story {
    /// Where.
    pub corners: Vec<Corner>,
    /// What.
    pub actions: Vec<Action>,
}

fn story(action: impl Strategy<Value = Action>, most: usize) -> impl Strategy<Value = Story> {
    // Few corners, so that the actions meet each other.
    let corners = proptest::sample::subsequence(corners(), 1..4);
    let actions = proptest::collection::vec(action, 1..most);
    (corners, actions).prop_map(|(corners, actions)| Story { corners, actions })
}

/// A life of a ledger: up to `most` actions.
pub fn stories(most: usize) -> impl Strategy<Value = Story> {
    story(action(), most)
}

/// A life that is only fills: the fastest way to long positions.
pub fn fills(most: usize) -> impl Strategy<Value = Story> {
    let drawn = |make: fn(Draw) -> Action| Draw::any().prop_map(make);
    let action = prop_oneof![
        3 => drawn(Action::AnyFill),
        1 => drawn(Action::CloseExactly),
        1 => drawn(Action::Flip),
        2 => drawn(Action::Grow),
        1 => Just(Action::RepeatLast),
    ];
    story(action, most)
}

/// An account of the driver's world: every mode with every cost basis that it can have.
#[derive(Clone, Debug)]
pub struct Corner {
    /// Whose.
    pub account: AccountId,
    /// In what.
    pub symbol: Symbol,
    /// The account's settings.
    pub settings: AccountSettings,
    /// The instrument's terms.
    pub terms: Instrument,
}

/// Every corner of the world.
pub fn corners() -> Vec<Corner> {
    use CostBasis::{Average, AverageOfOpens, Fifo, Lifo, PerTicket};
    use PositionMode::{Hedging, Netting, Ticket};
    let exact = PnlRounding::default();
    let by = |rule, scale| PnlRounding { scale, rule };
    let modes = [
        (Netting, Average, exact),
        (Netting, Fifo, by(RoundingRule::Truncate, 8)),
        (Netting, Lifo, exact),
        (Netting, AverageOfOpens, exact),
        (Hedging, Average, by(RoundingRule::Truncate, 8)),
        (Hedging, Lifo, by(RoundingRule::HalfEven, 2)),
        (Ticket, PerTicket, exact),
    ];
    let kinds = [
        ("1", "USDT", false),
        ("0.1", "USD", false),
        ("100", "BTC", true),
    ];
    modes
        .iter()
        .flat_map(|mode| kinds.map(|kind| (mode, kind)))
        .enumerate()
        .map(|(number, (mode, kind))| {
            let (position_mode, cost_basis, pnl_rounding) = *mode;
            let (multiplier, asset, inverse) = kind;
            Corner {
                account: account(&format!("venue{number}:live:main")),
                symbol: symbol("X"),
                settings: AccountSettings {
                    position_mode,
                    cost_basis,
                    pnl_rounding,
                    stop_policy: StopPolicy::Alarm,
                },
                terms: Instrument {
                    inverse,
                    multiplier: quantity(multiplier),
                    tick: Some(quantity("0.01")),
                    step: Some(quantity("0.001")),
                    settlement_asset: Some(value(asset)),
                },
            }
        })
        .collect()
}

/// Turns actions into commands that fit the ledger they meet.
#[derive(Debug)]
pub struct Driver {
    corners: Vec<Corner>,
    now: Timestamp,
    made: u64,
    given: Vec<Command>,
    held_back: Option<Command>,
    reorder_next: bool,
}

impl Driver {
    /// A driver over `corners`; the first commands configure them.
    pub fn new(corners: Vec<Corner>) -> (Self, Vec<Command>) {
        let configurations = corners.iter().flat_map(|corner| {
            [
                Configuration::Account {
                    account: corner.account.clone(),
                    settings: corner.settings,
                    occurred_at: None,
                },
                Configuration::Instrument {
                    instrument: corner.account.instrument(&corner.symbol),
                    terms: corner.terms.clone(),
                    occurred_at: None,
                },
            ]
        });
        let commands = configurations.map(Command::Configuration).collect();
        let driver = Self {
            corners,
            now: time("2024-05-01T00:00:00Z"),
            made: 0,
            given: Vec::new(),
            held_back: None,
            reorder_next: false,
        };
        (driver, commands)
    }

    /// The driver's clock.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Every command so far, in the order in which they were given.
    pub fn given(&self) -> &[Command] {
        &self.given
    }

    /// The commands that an action comes to; none if there is nothing that it could be about.
    pub fn play(&mut self, action: Action, ledger: &Ledger) -> Vec<Command> {
        self.made += 1;
        self.now = Timestamp::from_nanoseconds(self.now.as_nanoseconds() + 50_000_000);
        if action == Action::Reorder {
            self.reorder_next = true;
            return Vec::new();
        }
        let Some(command) = self.command(action, ledger) else {
            return Vec::new();
        };
        if std::mem::take(&mut self.reorder_next) {
            let before = self.held_back.replace(command);
            return self.give(before.into_iter().collect());
        }
        let late = self.held_back.take();
        self.give(std::iter::once(command).chain(late).collect())
    }

    fn give(&mut self, commands: Vec<Command>) -> Vec<Command> {
        self.given.extend(commands.iter().cloned());
        commands
    }

    fn command(&mut self, action: Action, ledger: &Ledger) -> Option<Command> {
        match action {
            Action::AnyFill(draw) => Some(self.any_fill(draw)),
            Action::CloseExactly(draw) => {
                let position = pick(ledger.positions().filter(|p| p.is_held()), draw)?;
                Some(self.fill_position(position, position.exit_side(), position.held(), draw))
            }
            Action::Flip(draw) => {
                let position = pick(ledger.positions().filter(|p| p.is_held()), draw)?;
                let beyond = position.held().plus(draw.quantity()).ok()?;
                Some(self.fill_position(position, position.exit_side(), beyond, draw))
            }
            Action::Grow(draw) => {
                let position = pick(ledger.positions().filter(|p| p.is_held()), draw)?;
                let side = position.side.entry_side();
                Some(self.fill_position(position, side, draw.quantity(), draw))
            }
            Action::RepeatLast => self.given.last().cloned(),
            Action::RepeatAny(draw) => pick(self.given.iter(), draw).cloned(),
            Action::RepeatWithOtherContent(draw) => {
                let last = self
                    .given
                    .iter()
                    .rev()
                    .find(|command| command.key().is_some());
                last.and_then(|command| other_content(command, draw))
            }
            Action::Reorder => None,
            Action::Open(draw) => Some(self.open(draw)),
            Action::Manage(draw) => self.manage(ledger, draw),
            Action::OrderFact(draw) => {
                // Mostly about orders that work: the venue is silent about most others.
                let works = |order: &&Order| draw.variant % 8 == 7 || order.status.is_working();
                let order = pick(ledger.orders().filter(works), draw)?;
                Some(self.about_order(order, order_fact(order, draw)))
            }
            Action::FillOrder(draw) => self.fill_order(ledger, draw),
            Action::Settle(draw) => Some(self.settle(draw)),
            Action::Report(draw) => Some(self.report(ledger, draw)),
            Action::Mark(draw) => {
                let corner = self.corner(draw);
                Some(Command::Mark(Mark {
                    instrument: corner.account.instrument(&corner.symbol),
                    price: draw.price(),
                    occurred_at: self.now,
                }))
            }
            Action::Bulk(draw) => Some(self.bulk(draw)),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the index is below the length")]
    fn corner(&self, draw: Draw) -> &Corner {
        let at = usize::from(draw.which) % self.corners.len();
        &self.corners[at]
    }

    fn fill_of(&self, draw: Draw, side: Side, units: Quantity) -> FillFact {
        let fee = draw.fee();
        FillFact {
            price: draw.price(),
            quantity: units,
            fee,
            fee_asset: fee.filter(|_| draw.variant & 8 == 0).map(|_| value("USDT")),
            reduce_only: draw.variant % 16 == 7,
            ..fill(&format!("E{}", self.made), side, "1", "1")
        }
    }

    /// A fill may report a time before that of the last one.
    fn told(&self, corner: &Corner, draw: Draw, fact: Fact) -> Acknowledgement {
        let late = if draw.variant % 11 == 10 {
            3_000_000_000
        } else {
            0
        };
        let at = Timestamp::from_nanoseconds(self.now.as_nanoseconds() - late);
        acknowledgement(&corner.account, &corner.symbol, at, fact)
    }

    fn leg(corner: &Corner, draw: Draw) -> Option<Leg> {
        match corner.settings.position_mode {
            PositionMode::Netting => None,
            PositionMode::Hedging if draw.variant % 32 == 31 => None,
            PositionMode::Hedging if draw.variant & 2 == 0 => Some(Leg::Long),
            PositionMode::Hedging => Some(Leg::Short),
            PositionMode::Ticket => Some(Leg::Ticket(value(&format!("T{}", draw.variant % 7)))),
        }
    }

    fn any_fill(&self, draw: Draw) -> Command {
        let corner = self.corner(draw);
        let told = self.fill_of(draw, draw.side(), draw.quantity());
        Command::Acknowledgement(Acknowledgement {
            leg: Self::leg(corner, draw),
            order: if draw.variant % 6 == 5 {
                OrderReference {
                    client_order_id: None,
                    venue_order_id: Some(value(&format!("V{}", draw.variant))),
                }
            } else {
                OrderReference::default()
            },
            ..self.told(corner, draw, Fact::OrderFilled(told))
        })
    }

    fn fill_position(
        &self,
        position: &Position,
        side: Side,
        units: Quantity,
        draw: Draw,
    ) -> Command {
        let told = self.fill_of(draw, side, units);
        let told = Acknowledgement {
            leg: Some(position.leg.clone()),
            ..acknowledgement(
                &position.account,
                &position.symbol,
                self.now,
                Fact::OrderFilled(told),
            )
        };
        Command::Acknowledgement(told)
    }

    fn open(&self, draw: Draw) -> Command {
        let corner = self.corner(draw);
        let open = OpenPosition {
            account: corner.account.clone(),
            symbol: corner.symbol.clone(),
            side: draw.side().opens(),
            quantity: draw.quantity(),
            order: order_terms(draw),
            queue: draw.variant.is_multiple_of(3),
            leverage: None,
            margin: (draw.variant.is_multiple_of(4)).then(|| quantity("250")),
            stop_loss: None,
            take_profit: None,
            max_loss: None,
            strategy: Some(value(if draw.variant & 4 == 0 {
                "reversion"
            } else {
                "breakout"
            })),
            trader: None,
            signal: None,
            context: std::collections::BTreeMap::new(),
            metadata: std::collections::BTreeMap::new(),
        };
        self.wanted(Request::OpenPosition(Box::new(open)))
    }

    fn wanted(&self, request: Request) -> Command {
        Command::Intent(intent(&format!("I{}", self.made), request))
    }

    fn manage(&self, ledger: &Ledger, draw: Draw) -> Option<Command> {
        let position = pick(ledger.positions(), draw)?;
        let position_id = position.id;
        let order = order_terms(draw);
        let request = match draw.variant % 12 {
            0 => Request::Execute { position_id },
            1 => Request::Withdraw { position_id },
            2 => Request::ScaleIn {
                position_id,
                quantity: draw.quantity(),
                order,
            },
            3 => Request::Reduce {
                position_id,
                quantity: draw.quantity(),
                order,
            },
            4 | 5 => Request::Close {
                position_id,
                quantity: None,
                order,
            },
            6 | 11 => Request::SetStopLoss {
                position_id,
                price: draw.price(),
            },
            7 => Request::SetTakeProfit {
                position_id,
                price: draw.price(),
            },
            8 => Request::ActivateTrailing {
                position_id,
                activation: (draw.units & 1 == 0).then(|| draw.price()),
                callback: amount("1.5"),
            },
            9 => Request::StartMonitoring { position_id },
            _ => Request::CancelOrder {
                client_order_id: pick(ledger.orders(), draw)?.client_order_id.clone()?,
            },
        };
        Some(self.wanted(request))
    }

    fn about_order(&self, order: &Order, fact: Fact) -> Command {
        let told = Acknowledgement {
            leg: order.leg.clone().filter(|leg| *leg != Leg::Pending),
            order: OrderReference {
                client_order_id: order.client_order_id.clone(),
                venue_order_id: order.venue_order_id.clone(),
            },
            ..acknowledgement(&order.account, &order.symbol, self.now, fact)
        };
        Command::Acknowledgement(told)
    }

    fn fill_order(&self, ledger: &Ledger, draw: Draw) -> Option<Command> {
        let order = pick(ledger.orders().filter(|order| order.side.is_some()), draw)?;
        let leaves = order.leaves_quantity().filter(|leaves| !leaves.is_zero());
        let units = match draw.variant % 4 {
            0 => draw.quantity(),
            _ => leaves.unwrap_or_else(|| draw.quantity()),
        };
        let told = FillFact {
            reduce_only: order.reduce_only,
            ..self.fill_of(draw, order.side?, units)
        };
        let command = self.about_order(order, Fact::OrderFilled(told));
        let Command::Acknowledgement(mut told) = command else {
            return None;
        };
        // Whoever fills an entry on a ticket account says which ticket it became.
        if order.leg == Some(Leg::Pending) {
            let position = order.position_id.and_then(|id| ledger.position(id));
            let leg = position.map(|position| position.leg.clone());
            let named = leg.filter(|leg| *leg != Leg::Pending);
            let fresh = || Leg::Ticket(value(&format!("N{}", self.made)));
            told.leg = Some(named.unwrap_or_else(fresh));
        }
        if told.leg.is_none() {
            let corner = self
                .corners
                .iter()
                .find(|corner| corner.account == order.account)?;
            told.leg = Self::leg(corner, draw);
        }
        Some(Command::Acknowledgement(told))
    }

    fn settle(&self, draw: Draw) -> Command {
        let corner = self.corner(draw);
        let sum = Amount::of(Decimal::new(i64::from(draw.units) - 4_500, 6));
        let settlement_id = (draw.variant & 2 == 0).then(|| value(&format!("S{}", self.made)));
        let fact = if draw.variant & 1 == 0 {
            Fact::FundingSettled(Settlement {
                amount: sum,
                asset: value("USDT"),
                settlement_id,
            })
        } else {
            Fact::FeeCharged(FeeCharge {
                amount: sum,
                asset: value("USDT"),
                settlement_id,
            })
        };
        Command::Acknowledgement(Acknowledgement {
            leg: Self::leg(corner, draw),
            ..self.told(corner, draw, fact)
        })
    }

    fn report(&self, ledger: &Ledger, draw: Draw) -> Command {
        let held = pick(ledger.positions(), draw);
        let signed = draw.side().signed(draw.quantity());
        let (account, symbol, leg, seen) = match held {
            Some(position) if draw.variant & 4 == 0 => (
                position.account.clone(),
                position.symbol.clone(),
                Some(position.leg.clone()).filter(|leg| *leg != Leg::Pending),
                position.numbers.quantity,
            ),
            Some(_) | None => {
                let corner = self.corner(draw);
                let leg = Self::leg(corner, draw);
                (corner.account.clone(), corner.symbol.clone(), leg, signed)
            }
        };
        let fact = Fact::PositionReported(ReportedPosition {
            quantity: seen,
            entry_price: Some(draw.price()),
            mark_price: None,
        });
        Command::Acknowledgement(Acknowledgement {
            leg,
            ..acknowledgement(&account, &symbol, self.now, fact)
        })
    }

    fn bulk(&self, draw: Draw) -> Command {
        let scope = match draw.variant % 5 {
            0 => BulkScope::All,
            1 => BulkScope::Gaining,
            2 => BulkScope::Losing,
            3 => BulkScope::Strategy(value("breakout")),
            _ => BulkScope::Symbol(symbol("X")),
        };
        let account = Some(self.corner(draw).account.clone());
        if draw.units & 1 == 0 {
            let filter = PositionFilter {
                account,
                ..PositionFilter::default()
            };
            return self.wanted(Request::ExecuteAll { filter });
        }
        self.wanted(Request::CloseMany { scope, account })
    }
}

fn pick<T>(items: impl Iterator<Item = T>, draw: Draw) -> Option<T> {
    let mut items: Vec<T> = items.collect();
    if items.is_empty() {
        return None;
    }
    let at = usize::from(draw.which) % items.len();
    Some(items.swap_remove(at))
}

fn order_terms(draw: Draw) -> OrderTerms {
    if draw.variant & 1 == 0 {
        OrderTerms::default()
    } else {
        OrderTerms {
            kind: OrderKind::Limit,
            price: Some(draw.price()),
        }
    }
}

fn order_fact(order: &Order, draw: Draw) -> Fact {
    if order.purpose.is_protection() && draw.variant & 1 == 0 {
        return Fact::OrderAmended(AmendedTerms {
            trigger_price: Some(draw.price()),
            ..AmendedTerms::default()
        });
    }
    let refusal = VenueRefusal {
        code: Some("-2010".into()),
        reason: Some("the venue's words".into()),
    };
    match draw.variant % 9 {
        0 => Fact::OrderSubmitted(OrderFact::default()),
        1 | 2 => Fact::OrderAccepted(OrderFact::default()),
        3 => Fact::OrderCanceled(OrderFact::default()),
        4 => Fact::OrderExpired(OrderFact::default()),
        5 => Fact::OrderRejected(refusal),
        6 => Fact::OrderUnknown(refusal),
        _ => Fact::OrderAmended(AmendedTerms {
            quantity: (draw.units & 1 == 0).then(|| draw.quantity()),
            price: None,
            trigger_price: (draw.units & 2 == 0).then(|| draw.price()),
        }),
    }
}

/// The same name, saying something else.
fn other_content(command: &Command, draw: Draw) -> Option<Command> {
    let mut command = command.clone();
    match &mut command {
        Command::Acknowledgement(told) => match &mut told.fact {
            Fact::OrderFilled(fill) => match draw.variant % 4 {
                0 => fill.quantity = fill.quantity.plus(quantity("0.001")).ok()?,
                1 => fill.price = draw.price(),
                2 => fill.side = fill.side.opposite(),
                _ => fill.fee = Some(amount("0.123")),
            },
            Fact::FundingSettled(Settlement {
                amount: sum,
                settlement_id: Some(_),
                ..
            })
            | Fact::FeeCharged(FeeCharge {
                amount: sum,
                settlement_id: Some(_),
                ..
            }) => {
                *sum = sum.plus(amount("0.5")).ok()?;
            }
            Fact::FundingSettled(_)
            | Fact::FeeCharged(_)
            | Fact::OrderSubmitted(_)
            | Fact::OrderAccepted(_)
            | Fact::OrderCanceled(_)
            | Fact::OrderExpired(_)
            | Fact::OrderRejected(_)
            | Fact::OrderUnknown(_)
            | Fact::OrderAmended(_)
            | Fact::PositionReported(_) => return None,
        },
        Command::Intent(intent) => match &mut intent.request {
            Request::OpenPosition(open) => {
                open.side = match open.side {
                    PositionSide::Long => PositionSide::Short,
                    PositionSide::Short => PositionSide::Long,
                };
            }
            Request::Execute { .. }
            | Request::ExecuteAll { .. }
            | Request::Withdraw { .. }
            | Request::ScaleIn { .. }
            | Request::Reduce { .. }
            | Request::Close { .. }
            | Request::SetStopLoss { .. }
            | Request::SetTakeProfit { .. }
            | Request::ActivateTrailing { .. }
            | Request::StartMonitoring { .. }
            | Request::CancelOrder { .. }
            | Request::CloseMany { .. }
            | Request::Note { .. } => intent.actor = value("trader:somebody else"),
        },
        Command::Mark(_) | Command::Configuration(_) => return None,
    }
    Some(command)
}

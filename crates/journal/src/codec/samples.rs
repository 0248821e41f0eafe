//! One of everything, drawn from a number: what the golden bytes and the property tests are made of.
//! The golden bytes depend on it, so it grows and does not change.

use std::collections::{BTreeMap, BTreeSet};

use ledger::*;
use rust_decimal::Decimal;
use smol_str::SmolStr;

/// How many kinds of events there are.
pub(crate) const KINDS: usize = 42;

/// Whether what is optional is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Richness {
    /// Nothing is.
    Bare,
    /// Everything is.
    Full,
    /// Now this, now that.
    Mixed,
}

/// Draws values. The same number draws the same values, always.
pub(crate) struct Draw {
    state: u64,
    richness: Richness,
}

impl Draw {
    pub(crate) fn new(seed: u64, richness: Richness) -> Self {
        Self {
            state: seed,
            richness,
        }
    }

    /// The next number (splitmix64).
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % limit as u64).unwrap()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn bool(&mut self) -> bool {
        self.number() & 1 == 1
    }

    fn maybe<T>(&mut self, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        match self.richness {
            Richness::Bare => None,
            Richness::Full => Some(draw(self)),
            Richness::Mixed => self.bool().then(|| draw(self)),
        }
    }

    fn some<T>(&mut self, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = match self.richness {
            Richness::Bare => 0,
            Richness::Full => 2,
            Richness::Mixed => self.below(4),
        };
        (0..count).map(|_| draw(self)).collect()
    }

    fn text(&mut self) -> String {
        // Short enough to be inlined, too long for it, and not ASCII.
        let word = self.one_of(&["a", "strategy:breakout", "µ-größe 日本", "x-"]);
        let count = self.one_of(&[1, 1, 2, 6]);
        format!("{}{}", word.repeat(count), self.number() % 1000)
    }

    fn words(&mut self) -> SmolStr {
        SmolStr::new(self.text())
    }

    fn id<T>(&mut self, new: impl FnOnce(SmolStr) -> Result<T, InvalidValue>) -> T {
        new(self.words()).unwrap()
    }

    fn decimal(&mut self) -> Decimal {
        let scale = self.one_of(&[0, 0, 2, 8, 16, 28]);
        let mantissa = match self.below(4) {
            0 => 0,
            1 => i128::from(self.number() % 100_000),
            2 => i128::from(self.number()),
            // The largest that there is.
            _ => (1_i128 << 96) - 1,
        };
        Decimal::from_i128_with_scale(mantissa, scale)
    }

    fn quantity(&mut self) -> Quantity {
        Quantity::new(self.decimal()).unwrap()
    }

    fn price(&mut self) -> Price {
        let value = self.amount().get();
        Price::new(value).unwrap()
    }

    fn amount(&mut self) -> Amount {
        let value = Amount::of(self.decimal());
        if self.bool() { value.negated() } else { value }
    }

    fn time(&mut self) -> Timestamp {
        let nanoseconds = self.number().cast_signed();
        Timestamp::from_nanoseconds(nanoseconds)
    }

    pub(crate) fn sequence(&mut self) -> Sequence {
        let bits = self.one_of(&[7, 15, 31, 63]);
        Sequence::new((self.number() >> (64 - bits)).max(1))
    }

    fn position_id(&mut self) -> PositionId {
        let (a, b) = (u128::from(self.number()), u128::from(self.number()));
        PositionId::new(uuid::Uuid::from_u128(a << 64 | b))
    }

    fn account(&mut self) -> AccountId {
        AccountId {
            tenant: self.id(Tenant::new),
            venue: self.id(Venue::new),
            mode: self.one_of(&Mode::ALL),
            name: self.id(AccountName::new),
        }
    }

    fn leg(&mut self) -> Leg {
        match self.below(5) {
            0 => Leg::Net,
            1 => Leg::Long,
            2 => Leg::Short,
            3 => Leg::Pending,
            _ => Leg::Ticket(self.id(Ticket::new)),
        }
    }

    fn side(&mut self) -> Side {
        self.one_of(&[Side::Buy, Side::Sell])
    }

    fn position_side(&mut self) -> PositionSide {
        self.one_of(&[PositionSide::Long, PositionSide::Short])
    }

    fn state(&mut self) -> PositionState {
        self.one_of(&PositionState::ALL)
    }

    fn status(&mut self) -> OrderStatus {
        self.one_of(&OrderStatus::ALL)
    }

    fn kind(&mut self) -> OrderKind {
        self.one_of(&[
            OrderKind::Market,
            OrderKind::Limit,
            OrderKind::Stop,
            OrderKind::TakeProfit,
            OrderKind::TrailingStop,
        ])
    }

    fn flags(&mut self) -> BTreeSet<Flag> {
        let flags = [
            Flag::ExternalOrder,
            Flag::LateFill,
            Flag::Overfill,
            Flag::ExceedsLeg,
            Flag::FillAfterEnd,
            Flag::FillMissing,
            Flag::Liquidation,
            Flag::OppositeSide,
            Flag::UnknownInstrument,
            Flag::LegModeMismatch,
            Flag::Dust,
            Flag::ExitRejected,
            Flag::StopRejected,
            Flag::OrderUnknown,
            Flag::Unprotected,
            Flag::AfterFinal,
            Flag::Reopened,
            Flag::Adjusted,
            Flag::DiffersFromVenue,
            Flag::OutOfOrder,
        ];
        self.some(|draw| draw.one_of(&flags)).into_iter().collect()
    }

    fn reference(&mut self) -> OrderReference {
        OrderReference {
            client_order_id: self.maybe(|draw| draw.id(ClientOrderId::new)),
            venue_order_id: self.maybe(|draw| draw.id(VenueOrderId::new)),
        }
    }

    fn order_terms(&mut self) -> OrderTerms {
        OrderTerms {
            kind: self.kind(),
            price: self.maybe(Self::price),
        }
    }

    fn amended(&mut self) -> AmendedTerms {
        AmendedTerms {
            quantity: self.maybe(Self::quantity),
            price: self.maybe(Self::price),
            trigger_price: self.maybe(Self::price),
        }
    }

    fn filter(&mut self) -> PositionFilter {
        PositionFilter {
            account: self.maybe(Self::account),
            symbol: self.maybe(|draw| draw.id(Symbol::new)),
            strategy: self.maybe(|draw| draw.id(Strategy::new)),
            side: self.maybe(Self::position_side),
        }
    }

    fn scope(&mut self) -> BulkScope {
        match self.below(5) {
            0 => BulkScope::All,
            1 => BulkScope::Gaining,
            2 => BulkScope::Losing,
            3 => BulkScope::Strategy(self.id(Strategy::new)),
            _ => BulkScope::Symbol(self.id(Symbol::new)),
        }
    }

    fn plan(&mut self) -> OpenPosition {
        OpenPosition {
            account: self.account(),
            symbol: self.id(Symbol::new),
            side: self.position_side(),
            quantity: self.quantity(),
            order: self.order_terms(),
            queue: self.bool(),
            leverage: self.maybe(Self::quantity),
            margin: self.maybe(Self::quantity),
            stop_loss: self.maybe(Self::price),
            take_profit: self.maybe(Self::price),
            max_loss: self.maybe(Self::quantity),
            strategy: self.maybe(|draw| draw.id(Strategy::new)),
            trader: self.maybe(|draw| draw.id(Trader::new)),
            signal: self.maybe(|draw| Signal {
                id: draw.words(),
                source: draw.maybe(Self::words),
            }),
            context: self
                .some(|draw| (draw.words(), draw.amount()))
                .into_iter()
                .collect(),
            metadata: self
                .some(|draw| (draw.words(), draw.words()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        }
    }

    fn request(&mut self) -> Request {
        let position_id = self.position_id();
        match self.below(14) {
            0 => Request::OpenPosition(Box::new(self.plan())),
            1 => Request::Execute { position_id },
            2 => Request::ExecuteAll {
                filter: self.filter(),
            },
            3 => Request::Withdraw { position_id },
            4 => Request::ScaleIn {
                position_id,
                quantity: self.quantity(),
                order: self.order_terms(),
            },
            5 => Request::Reduce {
                position_id,
                quantity: self.quantity(),
                order: self.order_terms(),
            },
            6 => Request::Close {
                position_id,
                quantity: self.maybe(Self::quantity),
                order: self.order_terms(),
            },
            7 => Request::SetStopLoss {
                position_id,
                price: self.price(),
            },
            8 => Request::SetTakeProfit {
                position_id,
                price: self.price(),
            },
            9 => Request::ActivateTrailing {
                position_id,
                activation: self.maybe(Self::price),
                callback: self.amount(),
            },
            10 => Request::StartMonitoring { position_id },
            11 => Request::CancelOrder {
                client_order_id: self.id(ClientOrderId::new),
            },
            12 => Request::CloseMany {
                scope: self.scope(),
                account: self.maybe(Self::account),
            },
            _ => Request::Note {
                position_id,
                text: self.words(),
            },
        }
    }

    fn intent(&mut self) -> Intent {
        Intent {
            tenant: self.id(Tenant::new),
            intent_id: self.id(IntentId::new),
            actor: self.id(Actor::new),
            occurred_at: self.maybe(Self::time),
            request: self.request(),
        }
    }

    fn numbers(&mut self) -> PositionNumbers {
        PositionNumbers {
            quantity: self.amount(),
            cost: self.amount(),
            cash: self.amount(),
            realized_pnl: self.amount(),
            rounding: self.amount(),
        }
    }

    fn extremes(&mut self) -> Extremes {
        Extremes {
            best_price: self.maybe(Self::price),
            worst_price: self.maybe(Self::price),
            mae: self.amount(),
            mfe: self.amount(),
        }
    }

    fn effect(&mut self) -> FillEffect {
        FillEffect {
            opened: self.quantity(),
            closed: self.quantity(),
            excess: self.quantity(),
            value: self.amount(),
            cost_added: self.amount(),
            cost_released: self.amount(),
            realized_pnl: self.amount(),
            rounding: self.amount(),
            fee: self.amount(),
            fee_asset: self.maybe(|draw| draw.id(Asset::new)),
            lots_released: self.some(|draw| LotRelease {
                lot: draw.sequence(),
                quantity: draw.quantity(),
                cost: draw.amount(),
            }),
            before: self.numbers(),
            after: self.numbers(),
            extremes: self.extremes(),
        }
    }

    fn fill(&mut self) -> FillFact {
        FillFact {
            execution_id: self.id(ExecutionId::new),
            side: self.side(),
            price: self.price(),
            quantity: self.quantity(),
            fee: self.maybe(Self::amount),
            fee_asset: self.maybe(|draw| draw.id(Asset::new)),
            liquidity: self.maybe(|draw| draw.one_of(&[Liquidity::Maker, Liquidity::Taker])),
            venue_realized_pnl: self.maybe(Self::amount),
            reduce_only: self.bool(),
            cumulative_quantity: self.maybe(Self::quantity),
            liquidation: self.bool(),
        }
    }

    fn settlement(&mut self) -> Settlement {
        Settlement {
            amount: self.amount(),
            asset: self.id(Asset::new),
            settlement_id: self.maybe(|draw| draw.id(SettlementId::new)),
        }
    }

    fn charge(&mut self) -> FeeCharge {
        FeeCharge {
            amount: self.amount(),
            asset: self.id(Asset::new),
            settlement_id: self.maybe(|draw| draw.id(SettlementId::new)),
        }
    }

    fn report(&mut self) -> ReportedPosition {
        ReportedPosition {
            quantity: self.amount(),
            entry_price: self.maybe(Self::price),
            mark_price: self.maybe(Self::price),
        }
    }

    fn fact(&mut self) -> Fact {
        let fact = OrderFact {
            reason: self.maybe(Self::words),
        };
        let refusal = VenueRefusal {
            code: self.maybe(Self::words),
            reason: self.maybe(Self::words),
        };
        match self.below(11) {
            0 => Fact::OrderSubmitted(fact),
            1 => Fact::OrderAccepted(fact),
            2 => Fact::OrderCanceled(fact),
            3 => Fact::OrderExpired(fact),
            4 => Fact::OrderRejected(refusal),
            5 => Fact::OrderUnknown(refusal),
            6 => Fact::OrderAmended(self.amended()),
            7 => Fact::OrderFilled(self.fill()),
            8 => Fact::FundingSettled(self.settlement()),
            9 => Fact::FeeCharged(self.charge()),
            _ => Fact::PositionReported(self.report()),
        }
    }

    fn acknowledgement(&mut self) -> Acknowledgement {
        Acknowledgement {
            account: self.account(),
            symbol: self.id(Symbol::new),
            leg: self.maybe(Self::leg),
            order: self.reference(),
            occurred_at: self.time(),
            fact: self.fact(),
            raw: self.maybe(|draw| draw.text().into_bytes()),
        }
    }

    fn requested(&mut self) -> OrderRequested {
        OrderRequested {
            intent_id: self.id(IntentId::new),
            client_order_id: self.id(ClientOrderId::new),
            purpose: self.one_of(&[
                OrderPurpose::Entry,
                OrderPurpose::ScaleIn,
                OrderPurpose::Reduce,
                OrderPurpose::Close,
                OrderPurpose::StopLoss,
                OrderPurpose::TakeProfit,
                OrderPurpose::Trailing,
                OrderPurpose::External,
            ]),
            side: self.side(),
            quantity: self.quantity(),
            kind: self.kind(),
            price: self.maybe(Self::price),
            trigger_price: self.maybe(Self::price),
            reduce_only: self.bool(),
            strategy: self.maybe(|draw| draw.id(Strategy::new)),
        }
    }

    fn updated(&mut self) -> OrderUpdated {
        OrderUpdated {
            order: self.sequence(),
            client_order_id: self.maybe(|draw| draw.id(ClientOrderId::new)),
            venue_order_id: self.maybe(|draw| draw.id(VenueOrderId::new)),
            status: self.status(),
            code: self.maybe(Self::words),
            reason: self.maybe(Self::words),
            flags: self.flags(),
        }
    }

    fn refusal(&mut self) -> Refusal {
        match self.below(18) {
            0 => Refusal::ExistsWithDifferent(self.words()),
            1 => Refusal::Halted,
            2 => Refusal::PositionNotFound,
            3 => Refusal::PositionFinal(self.state()),
            4 => Refusal::OrderNotFound,
            5 => Refusal::OrderFinal,
            6 => Refusal::SlotOccupied,
            7 => Refusal::NotQueued(self.state()),
            8 => Refusal::NothingHeld(self.state()),
            9 => Refusal::AlreadyClosing,
            10 => Refusal::ExceedsHeld,
            11 => Refusal::NotMonitorable(self.state()),
            12 => Refusal::ProtectionInFlight,
            13 => Refusal::WrongSideOfMark,
            14 => Refusal::NothingMatches,
            15 => Refusal::NotOpen(self.state()),
            16 => Refusal::AccountInUse,
            _ => Refusal::InstrumentInUse,
        }
    }

    fn anomaly(&mut self) -> Anomaly {
        match self.below(6) {
            0 => Anomaly::ExistsWithDifferent(self.words()),
            1 => Anomaly::LegMissing,
            2 => Anomaly::NothingToClose,
            3 => Anomaly::ReduceOnlyWouldGrow,
            4 => Anomaly::PriceNotPositive,
            _ => Anomaly::Inexact,
        }
    }

    fn cost_basis(&mut self) -> CostBasis {
        self.one_of(&[
            CostBasis::Average,
            CostBasis::Fifo,
            CostBasis::Lifo,
            CostBasis::PerTicket,
            CostBasis::AverageOfOpens,
        ])
    }

    fn rounding(&mut self) -> PnlRounding {
        PnlRounding {
            scale: self.one_of(&[0, 2, 8]),
            rule: self.one_of(&[
                RoundingRule::Exact,
                RoundingRule::Truncate,
                RoundingRule::HalfEven,
            ]),
        }
    }

    fn terms(&mut self) -> Terms {
        Terms {
            inverse: self.bool(),
            multiplier: self.quantity(),
            step: self.maybe(Self::quantity),
            settlement_asset: self.maybe(|draw| draw.id(Asset::new)),
            cost_basis: self.cost_basis(),
            pnl_rounding: self.rounding(),
        }
    }

    fn adjustment(&mut self) -> Adjustment {
        Adjustment {
            adjustment_id: self.words(),
            reason: self.words(),
            quantity: self.amount(),
            cost: self.amount(),
            realized_pnl: self.amount(),
        }
    }

    fn halt(&mut self) -> HaltChanged {
        HaltChanged {
            reason: self.words(),
        }
    }

    /// The event of the `kind`-th kind.
    pub(crate) fn event(&mut self, kind: usize) -> Event {
        match kind {
            0..13 => self.intent_event(kind),
            13..25 => self.venue_event(kind),
            25..31 => self.outcome_event(kind),
            _ => self.operator_event(kind),
        }
    }

    fn intent_event(&mut self, kind: usize) -> Event {
        let intent_id = self.id(IntentId::new);
        match kind {
            0 => Event::PositionQueued(PositionQueued {
                intent_id,
                leg: self.leg(),
                plan: Box::new(self.plan()),
            }),
            1 => Event::QueueWithdrawn(QueueWithdrawn { intent_id }),
            2 => Event::EntryRequested(self.requested()),
            3 => Event::ExitRequested(self.requested()),
            4 => Event::StopLossRequested(self.requested()),
            5 => Event::TakeProfitRequested(self.requested()),
            6 => Event::TrailingRequested(TrailingRequested {
                intent_id,
                trail: Trail {
                    activation: self.maybe(Self::price),
                    callback: self.amount(),
                    active: self.bool(),
                },
            }),
            7 => Event::CancelRequested(CancelRequested {
                intent_id,
                order: self.sequence(),
                client_order_id: self.id(ClientOrderId::new),
            }),
            8 => Event::AmendRequested(AmendRequested {
                intent_id,
                order: self.sequence(),
                client_order_id: self.maybe(|draw| draw.id(ClientOrderId::new)),
                terms: self.amended(),
            }),
            9 => Event::MonitoringStarted(MonitoringStarted { intent_id }),
            10 => Event::BulkExecuteRequested(BulkExecuteRequested {
                intent_id,
                filter: self.filter(),
                positions: self.some(Self::position_id),
            }),
            11 => Event::BulkCloseRequested(BulkCloseRequested {
                intent_id,
                scope: self.scope(),
                positions: self.some(Self::position_id),
            }),
            _ => Event::IntentRejected(IntentRejected {
                intent_id,
                refusal: self.refusal(),
            }),
        }
    }

    fn venue_event(&mut self, kind: usize) -> Event {
        match kind {
            13 => Event::OrderSubmitted(self.updated()),
            14 => Event::OrderAccepted(self.updated()),
            15 => Event::OrderRejected(self.updated()),
            16 => Event::OrderFilled(Box::new(OrderFilled {
                fill: self.fill(),
                leg: self.maybe(Self::leg),
                reference: self.reference(),
                order: self.maybe(Self::sequence),
                order_status: self.maybe(Self::status),
                order_filled_quantity: self.maybe(Self::quantity),
                strategy: self.maybe(|draw| draw.id(Strategy::new)),
                effect: self.maybe(Self::effect),
                flags: self.flags(),
            })),
            17 => Event::OrderAmended(OrderAmended {
                order: self.sequence(),
                client_order_id: self.maybe(|draw| draw.id(ClientOrderId::new)),
                venue_order_id: self.maybe(|draw| draw.id(VenueOrderId::new)),
                terms: self.amended(),
                status: self.status(),
                flags: self.flags(),
            }),
            18 => Event::OrderCanceled(self.updated()),
            19 => Event::OrderExpired(self.updated()),
            20 => Event::OrderUnknown(self.updated()),
            21 => Event::FundingSettled(FundingSettled {
                settlement: self.settlement(),
                leg: self.maybe(Self::leg),
                flags: self.flags(),
            }),
            22 => Event::FeeCharged(FeeCharged {
                charge: self.charge(),
                leg: self.maybe(Self::leg),
                reference: self.reference(),
                flags: self.flags(),
            }),
            23 => Event::PositionReported(PositionReported {
                report: self.report(),
                leg: self.leg(),
                ours: self.amount(),
                difference: self.amount(),
            }),
            _ => Event::PriceExtremeObserved(PriceExtremeObserved {
                mark_price: self.price(),
                extremes: self.extremes(),
            }),
        }
    }

    fn outcome_event(&mut self, kind: usize) -> Event {
        let causes = [
            StateCause::EntryRequested,
            StateCause::Withdrawn,
            StateCause::FirstFill,
            StateCause::ExternalFill,
            StateCause::EntryRejected,
            StateCause::EntryExpired,
            StateCause::EntryCanceled,
            StateCause::MonitoringStarted,
            StateCause::TrailActivated,
            StateCause::ExitRequested,
            StateCause::ProtectionFilled,
            StateCause::Liquidation,
            StateCause::ExitEnded,
            StateCause::ExitRejected,
            StateCause::Flat,
            StateCause::Flipped,
            StateCause::Adjusted,
        ];
        match kind {
            25 => Event::PositionOpened(Box::new(PositionOpened {
                leg: self.leg(),
                side: self.position_side(),
                origin: self.one_of(&[Origin::Intent, Origin::External]),
                terms: self.terms(),
                strategy: self.maybe(|draw| draw.id(Strategy::new)),
                effect: self.effect(),
                flags: self.flags(),
            })),
            26 => Event::PositionStateChanged(PositionStateChanged {
                from: self.maybe(Self::state),
                to: self.state(),
                cause: self.one_of(&causes),
                flags: self.flags(),
            }),
            27 => Event::PositionFlipped(PositionFlipped {
                closed: self.position_id(),
                opened: self.position_id(),
            }),
            28 => Event::PositionClosed(PositionClosed {
                exit_reason: self.words(),
                realized_pnl: self.amount(),
                venue_realized_pnl: self.maybe(Self::amount),
            }),
            29 => Event::TrailActivated(TrailActivated {
                mark_price: self.maybe(Self::price),
            }),
            _ => Event::StopMoved(StopMoved {
                from: self.price(),
                to: self.price(),
            }),
        }
    }

    fn operator_event(&mut self, kind: usize) -> Event {
        let classes = [
            FindingClass::Quantity,
            FindingClass::EntryPrice,
            FindingClass::RealizedPnl,
            FindingClass::MissingFill,
            FindingClass::OpenedOutside,
            FindingClass::ClosedOutside,
        ];
        match kind {
            31 => Event::ExternalOrderAdopted(ExternalOrderAdopted {
                reference: self.reference(),
                leg: self.maybe(Self::leg),
                side: self.maybe(Self::side),
                reduce_only: self.bool(),
                status: self.status(),
                filled_quantity: self.quantity(),
                reason: self.maybe(Self::words),
            }),
            32 => Event::ReconciliationFinding(ReconciliationFinding {
                class: self.one_of(&classes),
                leg: self.maybe(Self::leg),
                ours: self.maybe(Self::amount),
                venue: self.maybe(Self::amount),
            }),
            33 => Event::AdjustmentProposed(self.adjustment()),
            34 => Event::AdjustmentApplied(self.adjustment()),
            35 => Event::AcknowledgementQuarantined(AcknowledgementQuarantined {
                anomaly: self.anomaly(),
                first: self.maybe(Self::sequence),
                acknowledgement: Box::new(self.acknowledgement()),
            }),
            36 => Event::QuarantineResolved(QuarantineResolved {
                quarantined: self.sequence(),
                applied: self.bool(),
                note: self.words(),
            }),
            37 => Event::HaltEngaged(self.halt()),
            38 => Event::HaltReleased(self.halt()),
            39 => Event::NoteAdded(NoteAdded {
                intent_id: self.id(IntentId::new),
                text: self.words(),
            }),
            40 => Event::AccountConfigured(AccountConfigured {
                settings: AccountSettings {
                    position_mode: self.one_of(&[
                        PositionMode::Netting,
                        PositionMode::Hedging,
                        PositionMode::Ticket,
                    ]),
                    cost_basis: self.cost_basis(),
                    pnl_rounding: self.rounding(),
                    stop_policy: self.one_of(&[StopPolicy::None, StopPolicy::Alarm]),
                },
            }),
            _ => Event::InstrumentConfigured(InstrumentConfigured {
                instrument: InstrumentId {
                    tenant: self.id(Tenant::new),
                    venue: self.id(Venue::new),
                    symbol: self.id(Symbol::new),
                },
                terms: Instrument {
                    inverse: self.bool(),
                    multiplier: self.quantity(),
                    tick: self.maybe(Self::quantity),
                    step: self.maybe(Self::quantity),
                    settlement_asset: self.maybe(|draw| draw.id(Asset::new)),
                },
            }),
        }
    }

    fn source(&mut self) -> Source {
        match self.richness {
            Richness::Bare => Source::None,
            Richness::Full | Richness::Mixed => match self.below(3) {
                0 => Source::None,
                1 => Source::Intent(Box::new(self.intent())),
                _ => Source::Raw(self.text().into_bytes()),
            },
        }
    }

    /// A record with an event of the `kind`-th kind.
    pub(crate) fn record(&mut self, sequence: Sequence, kind: usize) -> Record {
        Record {
            sequence,
            recorded_at: self.time(),
            occurred_at: self.time(),
            tenant: self.id(Tenant::new),
            account: self.maybe(Self::account),
            symbol: self.maybe(|draw| draw.id(Symbol::new)),
            position_id: self.maybe(Self::position_id),
            actor: self.id(Actor::new),
            causation: self.maybe(Self::sequence),
            correlation: self.id(Correlation::new),
            key: self.maybe(|draw| {
                let bytes = u128::from(draw.number()) << 64 | u128::from(draw.number());
                FactKey::from_bytes(bytes.to_be_bytes())
            }),
            source: self.source(),
            event: self.event(kind),
        }
    }
}

/// Records of all kinds from `first` on.
pub(crate) fn records(first: Sequence, count: u64) -> Vec<Record> {
    (0..count)
        .map(|step| {
            let sequence = first.plus(step);
            let kind = usize::try_from(sequence.get() % KINDS as u64).unwrap();
            Draw::new(sequence.get(), Richness::Mixed).record(sequence, kind)
        })
        .collect()
}

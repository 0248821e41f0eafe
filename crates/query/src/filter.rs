//! Which positions a question is about.

use ledger::{Amount, Position, PositionSide, PositionState, Strategy, Symbol, Tenant, Trader};
use projection::Split;
use smol_str::SmolStr;

use crate::question::{PositionQuery, TradeQuery};
use crate::values::{AccountMatch, Values};

/// What a position earns, or has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profit {
    /// Above zero.
    Gaining,
    /// Below zero.
    Losing,
}

impl Profit {
    const WORDS: [(&'static str, Self); 2] = [("gaining", Self::Gaining), ("losing", Self::Losing)];

    fn admits(self, pnl: Option<Amount>) -> bool {
        pnl.is_some_and(|pnl| match self {
            Self::Gaining => pnl.is_positive(),
            Self::Losing => pnl.is_negative(),
        })
    }
}

/// Which positions a question is about; what is absent does not restrict.
#[derive(Clone, Debug)]
pub(crate) struct PositionFilter {
    tenant: Tenant,
    states: Vec<PositionState>,
    account: Option<AccountMatch>,
    symbol: Option<Symbol>,
    strategy: Option<Strategy>,
    trader: Option<Trader>,
    signal: Option<SmolStr>,
    side: Option<PositionSide>,
    profit: Option<Profit>,
}

/// The states that an unfinished position can be in; `failed` with a quantity left is one of them.
const UNFINISHED: [PositionState; 7] = [
    PositionState::Created,
    PositionState::Submitting,
    PositionState::Open,
    PositionState::Monitoring,
    PositionState::Trailing,
    PositionState::Closing,
    PositionState::Failed,
];

/// The states that a finished position can be in.
const FINISHED: [PositionState; 3] = [
    PositionState::Closed,
    PositionState::Canceled,
    PositionState::Failed,
];

const SIDES: [(&str, PositionSide); 2] =
    [("long", PositionSide::Long), ("short", PositionSide::Short)];

/// Where positions of the wanted states are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sources {
    /// Among those that are not final.
    pub(crate) open: bool,
    /// Among those that are.
    pub(crate) finished: bool,
}

impl PositionFilter {
    pub(crate) fn of_positions(
        values: &mut Values,
        tenant: &Tenant,
        query: &PositionQuery,
    ) -> (Self, Sources) {
        let (states, sources) = states(values, query.state.as_deref());
        let filter = Self {
            tenant: tenant.clone(),
            states,
            account: values.account(tenant, query.account.as_deref()),
            symbol: values.name("symbol", query.symbol.as_deref()),
            strategy: values.name("strategy", query.strategy.as_deref()),
            trader: values.name("trader", query.trader.as_deref()),
            signal: query.signal.as_deref().map(SmolStr::from),
            side: values.word("side", query.side.as_deref(), &SIDES),
            profit: values.word("profit", query.profit.as_deref(), &Profit::WORDS),
        };
        (filter, sources)
    }

    pub(crate) fn of_trades(values: &mut Values, tenant: &Tenant, query: &TradeQuery) -> Self {
        Self {
            tenant: tenant.clone(),
            states: vec![PositionState::Closed],
            account: values.account(tenant, query.account.as_deref()),
            symbol: values.name("symbol", query.symbol.as_deref()),
            strategy: values.name("strategy", query.strategy.as_deref()),
            trader: values.name("trader", query.trader.as_deref()),
            signal: query.signal.as_deref().map(SmolStr::from),
            side: values.word("side", query.side.as_deref(), &SIDES),
            profit: values.word("profit", query.profit.as_deref(), &Profit::WORDS),
        }
    }

    /// Whether `position` is meant. What is dear to find out is asked last.
    pub(crate) fn admits(
        &self,
        position: &Position,
        pnl: impl FnOnce() -> Option<Amount>,
        split: impl FnOnce() -> Split,
    ) -> bool {
        let plan = position.plan.as_deref();
        let fits_plan = || {
            let trader = plan.and_then(|plan| plan.trader.as_ref());
            let signal = plan.and_then(|plan| plan.signal.as_ref());
            fits(self.trader.as_ref(), trader)
                && fits(self.signal.as_ref(), signal.map(|signal| &signal.id))
        };
        let fits_strategy = || {
            let Some(strategy) = &self.strategy else {
                return true;
            };
            position.strategy.as_ref() == Some(strategy) || has_part(&split(), strategy)
        };
        position.account.tenant == self.tenant
            && self.states.contains(&position.state)
            && fits(self.symbol.as_ref(), Some(&position.symbol))
            && fits(self.side.as_ref(), Some(&position.side))
            && self
                .account
                .as_ref()
                .is_none_or(|account| account.admits(&position.account))
            && fits_plan()
            && self.profit.is_none_or(|profit| profit.admits(pnl()))
            && fits_strategy()
    }
}

/// The states that are meant, and where they are found.
fn states(values: &mut Values, text: Option<&str>) -> (Vec<PositionState>, Sources) {
    let Some(text) = text else {
        let open_view = Sources {
            open: true,
            finished: false,
        };
        return (UNFINISHED.to_vec(), open_view);
    };
    let mut allowed: Vec<(&str, Option<PositionState>)> = PositionState::ALL
        .map(|state| (state.as_str(), Some(state)))
        .to_vec();
    allowed.push(("all", None));
    let chosen = values.words("state", text, &allowed);
    let states: Vec<PositionState> = if chosen.contains(&None) {
        PositionState::ALL.to_vec()
    } else {
        chosen.into_iter().flatten().collect()
    };
    let any = |of: &[PositionState]| states.iter().any(|state| of.contains(state));
    let sources = Sources {
        open: any(&UNFINISHED),
        finished: any(&FINISHED),
    };
    (states, sources)
}

fn has_part(split: &Split, strategy: &Strategy) -> bool {
    match split {
        Split::Sole(sole) => sole.as_ref() == Some(strategy),
        Split::Shared(parts) => parts.contains_key(strategy),
    }
}

/// Whether what was found is what is wanted, where something is.
pub(crate) fn fits<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted == found
}

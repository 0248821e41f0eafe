//! Statistics over finished and open positions, as they travel.

use std::collections::BTreeMap;

use ledger::{Amount, Asset, Quantity, percent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::table::tabular;

/// The numbers of one group: a day, a symbol, a strategy, an account, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsView {
    /// What the group is: `2024-05-01`, `BTCUSDT`, `breakout`, `binance-usdm:live:main`, or `all`.
    #[schema(example = "BTCUSDT")]
    pub group: String,
    /// Finished positions that held a quantity.
    #[schema(example = 12)]
    pub trades: u64,
    /// Those with a realized profit.
    #[schema(example = 7)]
    pub wins: u64,
    /// Those with a realized loss.
    #[schema(example = 5)]
    pub losses: u64,
    /// Positions that hold a quantity.
    #[schema(example = 1)]
    pub open: u64,
    /// Wins in percent of the trades; `null` without trades.
    #[schema(value_type = Option<String>, example = "58.3333")]
    pub win_rate: Option<Amount>,
    /// Realized, without fees and funding; partial closes of open positions count.
    #[schema(value_type = String, example = "240.5")]
    pub realized_pnl: Amount,
    /// What the venue says was realized, as far as it said so.
    #[schema(value_type = Option<String>, example = "240.5")]
    pub venue_realized_pnl: Option<Amount>,
    /// The gain or loss of what is open, at the last marks; `null` where a mark is missing.
    #[schema(value_type = Option<String>, example = "-3.2")]
    pub unrealized_pnl: Option<Amount>,
    /// Fees by asset; positive when paid.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"USDT": "1.9"}))]
    pub fees: BTreeMap<Asset, Amount>,
    /// Funding by asset; positive when received.
    #[schema(value_type = BTreeMap<String, String>, example = json!({}))]
    pub funding: BTreeMap<Asset, Amount>,
    /// The value of all that was traded, in settlement currency.
    #[schema(value_type = String, example = "120000")]
    pub volume: Quantity,
    /// The sum of the profits.
    #[schema(value_type = String, example = "400")]
    pub gross_profit: Amount,
    /// The sum of the losses; zero or less.
    #[schema(value_type = String, example = "-159.5")]
    pub gross_loss: Amount,
    /// Profits divided by losses; `null` without losses.
    #[schema(value_type = Option<String>, example = "2.5078")]
    pub profit_factor: Option<Amount>,
    /// The mean realized PnL of a trade; `null` without trades.
    #[schema(value_type = Option<String>, example = "20.0417")]
    pub average: Option<Amount>,
    /// The best trade's realized PnL.
    #[schema(value_type = Option<String>, example = "120")]
    pub best: Option<Amount>,
    /// The worst trade's realized PnL.
    #[schema(value_type = Option<String>, example = "-60")]
    pub worst: Option<Amount>,
}

impl StatsView {
    /// Fills in what follows from the counts and sums: the win rate, the profit factor and the mean.
    #[must_use]
    pub fn with_ratios(mut self) -> Self {
        let count = |number: u64| Amount::of(number.into());
        // A ratio is a percentage of a hundredth: `percent` is the one place that rounds.
        let ratio = |part: Amount, whole: Amount| {
            let hundred = Amount::of(rust_decimal::Decimal::ONE_HUNDRED);
            whole
                .times(hundred)
                .ok()
                .and_then(|whole| percent(part, whole))
        };
        self.win_rate = percent(count(self.wins), count(self.trades));
        self.profit_factor = ratio(self.gross_profit, self.gross_loss.magnitude().as_amount());
        self.average = self
            .gross_profit
            .plus(self.gross_loss)
            .ok()
            .and_then(|sum| ratio(sum, count(self.trades)));
        self
    }
}

tabular!(StatsView {
    group,
    trades,
    wins,
    losses,
    open,
    win_rate,
    realized_pnl,
    venue_realized_pnl,
    unrealized_pnl,
    fees,
    funding,
    volume,
    gross_profit,
    gross_loss,
    profit_factor,
    average,
    best,
    worst,
});

//! The numbers that can be explained.

/// A number of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Quantity,
    Cost,
    EntryPrice,
    ExitPrice,
    RealizedPnl,
    RealizedPnlPercent,
    UnrealizedPnl,
    VenueRealizedPnl,
    Fees,
    Funding,
    Mae,
    Mfe,
}

impl Field {
    /// Every field.
    pub(crate) const ALL: [Self; 12] = [
        Self::Quantity,
        Self::Cost,
        Self::EntryPrice,
        Self::ExitPrice,
        Self::RealizedPnl,
        Self::RealizedPnlPercent,
        Self::UnrealizedPnl,
        Self::VenueRealizedPnl,
        Self::Fees,
        Self::Funding,
        Self::Mae,
        Self::Mfe,
    ];

    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Cost => "cost",
            Self::EntryPrice => "entry_price",
            Self::ExitPrice => "exit_price",
            Self::RealizedPnl => "realized_pnl",
            Self::RealizedPnlPercent => "realized_pnl_percent",
            Self::UnrealizedPnl => "unrealized_pnl",
            Self::VenueRealizedPnl => "venue_realized_pnl",
            Self::Fees => "fees",
            Self::Funding => "funding",
            Self::Mae => "mae",
            Self::Mfe => "mfe",
        }
    }

    /// Reads its name on the wire.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == word)
    }

    /// What it is, in a sentence.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Quantity => "what is held: all that was opened less all that was closed",
            Self::Cost => "what was paid for what is held: added by opens, released by closes",
            Self::EntryPrice => "the average price of all that brought the position in",
            Self::ExitPrice => "the average price of all that took the position out",
            Self::RealizedPnl => {
                "what closing realized: what flowed in or out, and the cost that was released or added"
            }
            Self::RealizedPnlPercent => "realized PnL in percent of the value that was opened",
            Self::UnrealizedPnl => "the value of what is held at the mark, less its cost",
            Self::VenueRealizedPnl => "what the venue says each fill realized",
            Self::Fees => "fees paid, by asset",
            Self::Funding => "funding received, by asset",
            Self::Mae => "the worst unrealized PnL, as fills and marks showed it",
            Self::Mfe => "the best unrealized PnL, as fills and marks showed it",
        }
    }
}

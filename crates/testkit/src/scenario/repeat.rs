//! A command given again, as it was or saying something else.

use ledger::{Command, Fact, FillFact, OpenPosition, Request};

use super::Target;
use super::command::{liquidity, position_side, side};
use super::page::{Unreadable, Words, parse};
use super::run::{LAST, Runner};

impl<T: Target> Runner<'_, T> {
    /// `again`, `again E1`, `again E1 with quantity 4`.
    pub(super) fn repeat(&self, mut words: Words) -> Result<Command, Unreadable> {
        let content = words.option_pair("with")?;
        let name = words.take().unwrap_or_else(|| LAST.to_owned());
        words.end()?;
        let told = self
            .told
            .get(&name)
            .ok_or_else(|| Unreadable(format!("`{name}` was not given before")))?;
        let mut command = told.command.clone();
        if let Some((field, text)) = content {
            self.change(&mut command, &field, &text)?;
        }
        Ok(command)
    }

    fn change(&self, command: &mut Command, field: &str, text: &str) -> Result<(), Unreadable> {
        match command {
            Command::Acknowledgement(told) => match (field, &mut told.fact) {
                ("leg", _) => told.leg = Some(parse(text, field)?),
                ("order", _) => told.order = self.order(text)?,
                ("occurred_at", _) => told.occurred_at = parse(text, field)?,
                ("raw", _) => told.raw = Some(text.as_bytes().to_vec()),
                (_, Fact::OrderFilled(fill)) => change_fill(fill, field, text)?,
                ("amount", Fact::FundingSettled(settlement)) => {
                    settlement.amount = parse(text, field)?;
                }
                ("amount", Fact::FeeCharged(charge)) => charge.amount = parse(text, field)?,
                _ => return Err(unknown_field(field)),
            },
            Command::Intent(intent) => match (field, &mut intent.request) {
                ("actor", _) => intent.actor = parse(text, field)?,
                ("asked", _) => intent.occurred_at = Some(parse(text, field)?),
                (_, Request::OpenPosition(open)) => change_open(open, field, text)?,
                (
                    "quantity",
                    Request::ScaleIn { quantity, .. } | Request::Reduce { quantity, .. },
                ) => *quantity = parse(text, field)?,
                (
                    "price",
                    Request::SetStopLoss { price, .. } | Request::SetTakeProfit { price, .. },
                ) => *price = parse(text, field)?,
                _ => return Err(unknown_field(field)),
            },
            Command::Mark(_) | Command::Configuration(_) => return Err(unknown_field(field)),
        }
        Ok(())
    }
}

fn unknown_field(field: &str) -> Unreadable {
    Unreadable(format!("`{field}` cannot be changed here"))
}

fn change_fill(fill: &mut FillFact, field: &str, text: &str) -> Result<(), Unreadable> {
    match field {
        "side" => fill.side = side(text)?,
        "price" => fill.price = parse(text, field)?,
        "quantity" => fill.quantity = parse(text, field)?,
        "fee" => fill.fee = Some(parse(text, field)?),
        "fee_asset" => fill.fee_asset = Some(parse(text, field)?),
        "liquidity" => fill.liquidity = Some(liquidity(text)?),
        "venue_realized_pnl" => fill.venue_realized_pnl = Some(parse(text, field)?),
        "cumulative_quantity" => fill.cumulative_quantity = Some(parse(text, field)?),
        "reduce_only" => fill.reduce_only = text == "true",
        "liquidation" => fill.liquidation = text == "true",
        _ => return Err(unknown_field(field)),
    }
    Ok(())
}

fn change_open(open: &mut OpenPosition, field: &str, text: &str) -> Result<(), Unreadable> {
    match field {
        "symbol" => open.symbol = parse(text, field)?,
        "side" => open.side = position_side(text)?,
        "quantity" => open.quantity = parse(text, field)?,
        "margin" => open.margin = Some(parse(text, field)?),
        "stop_loss" => open.stop_loss = Some(parse(text, field)?),
        "strategy" => open.strategy = Some(parse(text, field)?),
        _ => return Err(unknown_field(field)),
    }
    Ok(())
}

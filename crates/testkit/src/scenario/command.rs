//! What a line commands, as a command.

use std::collections::BTreeMap;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Actor, AmendedTerms, Amount, BulkScope, Command,
    Configuration, CostBasis, Fact, FeeCharge, FillFact, Instrument, Intent, Liquidity, Mark,
    OpenPosition, OrderFact, OrderKind, OrderReference, OrderTerms, PnlRounding, PositionFilter,
    PositionId, PositionMode, PositionSide, Price, Quantity, ReportedPosition, Request,
    RoundingRule, Settlement, Side, Signal, StopPolicy, Tenant, Timestamp, VenueRefusal,
};
use smol_str::SmolStr;

use super::Target;
use super::page::{Unreadable, Words, parse};
use super::run::{LAST, Runner, SECOND, later};
use crate::values::value;

impl<T: Target> Runner<'_, T> {
    /// The command of a line, and the name under which it can be given again.
    pub(super) fn command(
        &mut self,
        verb: &str,
        mut words: Words,
    ) -> Result<(String, Command), Unreadable> {
        let made = match verb {
            "account" => (LAST.to_owned(), self.configure_account(&mut words)?),
            "instrument" => (LAST.to_owned(), self.configure_instrument(&mut words)?),
            "mark" => (LAST.to_owned(), self.mark(&mut words)?),
            "fill" | "funding" | "fee" | "reported" | "submitted" | "accepted" | "canceled"
            | "expired" | "rejected" | "unknown" | "amended" => {
                let (name, fact) = Self::fact(verb, &mut words)?;
                let told = self.acknowledgement(fact, &mut words)?;
                (name, Command::Acknowledgement(told))
            }
            _ => {
                let intent = self.intent(verb, &mut words)?;
                (intent.intent_id.to_string(), Command::Intent(intent))
            }
        };
        words.end()?;
        Ok(made)
    }

    fn configure_account(&mut self, words: &mut Words) -> Result<Command, Unreadable> {
        self.account = account_of(&words.word("an account")?)?;
        let mut settings = AccountSettings::default();
        while let Some(word) = words.take() {
            match word.as_str() {
                "netting" => settings.position_mode = PositionMode::Netting,
                "hedging" => settings.position_mode = PositionMode::Hedging,
                "ticket" => settings.position_mode = PositionMode::Ticket,
                "average" => settings.cost_basis = CostBasis::Average,
                "fifo" => settings.cost_basis = CostBasis::Fifo,
                "lifo" => settings.cost_basis = CostBasis::Lifo,
                "per_ticket" => settings.cost_basis = CostBasis::PerTicket,
                "average_of_opens" => settings.cost_basis = CostBasis::AverageOfOpens,
                "exact" => settings.pnl_rounding = PnlRounding::default(),
                "truncate" | "half_even" => {
                    settings.pnl_rounding = PnlRounding {
                        scale: words.value("a number of digits")?,
                        rule: if word == "truncate" {
                            RoundingRule::Truncate
                        } else {
                            RoundingRule::HalfEven
                        },
                    };
                }
                "alarm" => settings.stop_policy = StopPolicy::Alarm,
                other => return Err(Unreadable(format!("`{other}` is no setting of an account"))),
            }
        }
        Ok(Command::Configuration(Configuration::Account {
            account: self.account.clone(),
            settings,
            occurred_at: None,
        }))
    }

    fn configure_instrument(&mut self, words: &mut Words) -> Result<Command, Unreadable> {
        self.symbol = words.value("a symbol")?;
        let inverse = words.flag("inverse");
        words.flag("linear");
        let terms = Instrument {
            inverse,
            multiplier: words
                .option_value("multiplier")?
                .unwrap_or_else(|| value("1")),
            tick: words.option_value("tick")?,
            step: words.option_value("step")?,
            settlement_asset: words.option_value("settles")?,
        };
        Ok(Command::Configuration(Configuration::Instrument {
            instrument: self.account.instrument(&self.symbol),
            terms,
            occurred_at: None,
        }))
    }

    fn mark(&self, words: &mut Words) -> Result<Command, Unreadable> {
        let occurred_at = self.at(words)?;
        let price = words.value("a price")?;
        let name = words.take();
        let symbol = match name {
            Some(name) => parse(&name, "a symbol")?,
            None => self.symbol.clone(),
        };
        Ok(Command::Mark(Mark {
            instrument: self.account.instrument(&symbol),
            price,
            occurred_at,
        }))
    }

    /// `at 2024-05-01T12:00:00Z`, or `at -5s`: so long before now.
    fn at(&self, words: &mut Words) -> Result<Timestamp, Unreadable> {
        let Some(word) = words.option("at")? else {
            return Ok(self.now);
        };
        match word.strip_prefix('-') {
            Some(ago) => Ok(later(self.now, -duration(ago)?)),
            None => parse(&word, "a time"),
        }
    }

    fn acknowledgement(
        &self,
        fact: Fact,
        words: &mut Words,
    ) -> Result<Acknowledgement, Unreadable> {
        let order = words.option("of")?;
        Ok(Acknowledgement {
            account: self.account.clone(),
            symbol: self.symbol.clone(),
            leg: words.option_value("leg")?,
            order: order.map_or(Ok(OrderReference::default()), |order| self.order(&order))?,
            occurred_at: self.at(words)?,
            fact,
            raw: words.option("raw")?.map(String::into_bytes),
        })
    }

    fn fact(verb: &str, words: &mut Words) -> Result<(String, Fact), Unreadable> {
        let fact = match verb {
            "fill" => {
                let fill = fill(words)?;
                return Ok((fill.execution_id.to_string(), Fact::OrderFilled(fill)));
            }
            "funding" => Fact::FundingSettled(Settlement {
                amount: words.value("an amount")?,
                asset: words.value("an asset")?,
                settlement_id: words.option_value("id")?,
            }),
            "fee" => Fact::FeeCharged(FeeCharge {
                amount: words.value("an amount")?,
                asset: words.value("an asset")?,
                settlement_id: words.option_value("id")?,
            }),
            "reported" => Fact::PositionReported(ReportedPosition {
                quantity: words.value("a quantity")?,
                entry_price: words.option_value("entry")?,
                mark_price: words.option_value("mark")?,
            }),
            _ => {
                // These are about one order, which comes first: put it where all facts look for it.
                let order = words.word("an order")?;
                let fact = order_fact(verb, words)?;
                words.push_option("of", order);
                fact
            }
        };
        Ok((LAST.to_owned(), fact))
    }

    fn intent(&self, verb: &str, words: &mut Words) -> Result<Intent, Unreadable> {
        let named = words.option("as")?;
        let actor = words.option_value::<Actor>("by")?;
        let asked = words.option_value("asked")?;
        let occurred_at = asked.or_else(|| self.stamped.then_some(self.now));
        let (usual, request) = self.request(verb, words)?;
        let name = named.unwrap_or(usual);
        Ok(Intent {
            tenant: Tenant::default_tenant(),
            intent_id: parse(&name, "an intent id")?,
            actor: actor.unwrap_or_else(Actor::operator),
            occurred_at,
            request,
        })
    }

    /// What is wanted, and a name for it that no other line has.
    fn request(&self, verb: &str, words: &mut Words) -> Result<(String, Request), Unreadable> {
        let number = self.given.len() + 1;
        let about = words
            .peek()
            .filter(|name| self.positions.contains_key(*name));
        let usual = about.map_or_else(
            || format!("{verb}-{number}"),
            |position| format!("{position}-{verb}-{number}"),
        );
        let request = match verb {
            "open" => {
                let name = words.word("a name")?;
                let open = self.open(words)?;
                return Ok((name, Request::OpenPosition(Box::new(open))));
            }
            "execute_all" => Request::ExecuteAll {
                filter: filter(words)?,
            },
            "close_many" => Request::CloseMany {
                account: words
                    .option("account")?
                    .map(|text| account_of(&text))
                    .transpose()?,
                scope: scope(words)?,
            },
            "cancel" => Request::CancelOrder {
                client_order_id: self
                    .order(&words.word("an order")?)?
                    .client_order_id
                    .ok_or_else(|| {
                        Unreadable("only an order with our name can be canceled".to_owned())
                    })?,
            },
            _ => {
                let position_id = self.position_id(&words.word("a position")?)?;
                request_about(verb, position_id, words)?
            }
        };
        Ok((usual, request))
    }

    fn open(&self, words: &mut Words) -> Result<OpenPosition, Unreadable> {
        let side = position_side(&words.word("long or short")?)?;
        let quantity = words.value("a quantity")?;
        let mut open = OpenPosition {
            account: self.account.clone(),
            symbol: self.symbol.clone(),
            side,
            quantity,
            order: order_terms(words)?,
            queue: words.flag("queue"),
            leverage: words.option_value("leverage")?,
            margin: words.option_value("margin")?,
            stop_loss: words.option_value("stop")?,
            take_profit: words.option_value("target")?,
            max_loss: words.option_value("max_loss")?,
            strategy: words.option_value("strategy")?,
            trader: words.option_value("trader")?,
            signal: signal(words)?,
            context: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        while let Some(pair) = words.option("context")? {
            let (name, number) = pair
                .split_once('=')
                .ok_or_else(|| Unreadable(format!("a context is vwap=1.2, not `{pair}`")))?;
            open.context
                .insert(SmolStr::new(name), parse(number, "a number")?);
        }
        while let Some(pair) = words.option("metadata")? {
            let (name, text) = pair
                .split_once('=')
                .ok_or_else(|| Unreadable(format!("metadata is desk=asia, not `{pair}`")))?;
            open.metadata.insert(SmolStr::new(name), SmolStr::new(text));
        }
        Ok(open)
    }
}

fn request_about(
    verb: &str,
    position_id: PositionId,
    words: &mut Words,
) -> Result<Request, Unreadable> {
    Ok(match verb {
        "execute" => Request::Execute { position_id },
        "withdraw" => Request::Withdraw { position_id },
        "monitor" => Request::StartMonitoring { position_id },
        "scale_in" => Request::ScaleIn {
            position_id,
            order: order_terms(words)?,
            quantity: words.value("a quantity")?,
        },
        "reduce" => Request::Reduce {
            position_id,
            order: order_terms(words)?,
            quantity: words.value("a quantity")?,
        },
        "close" => Request::Close {
            position_id,
            order: order_terms(words)?,
            quantity: words
                .take()
                .map(|text| parse(&text, "a quantity"))
                .transpose()?,
        },
        "stop" => Request::SetStopLoss {
            position_id,
            price: words.value("a price")?,
        },
        "target" => Request::SetTakeProfit {
            position_id,
            price: words.value("a price")?,
        },
        "trail" => Request::ActivateTrailing {
            position_id,
            activation: words.option_value("from")?,
            callback: words.value("a callback in percent")?,
        },
        "note" => Request::Note {
            position_id,
            text: SmolStr::new(words.word("a text")?),
        },
        other => return Err(Unreadable(format!("nobody knows the verb `{other}`"))),
    })
}

/// `@ PRICE` makes a limit order, its absence a market order.
fn order_terms(words: &mut Words) -> Result<OrderTerms, Unreadable> {
    let price: Option<Price> = words.option_value("@")?;
    let kind = if price.is_some() {
        OrderKind::Limit
    } else {
        OrderKind::Market
    };
    Ok(OrderTerms { kind, price })
}

pub(super) fn account_of(text: &str) -> Result<AccountId, Unreadable> {
    AccountId::parse(Tenant::default_tenant(), text)
        .map_err(|problem| Unreadable(problem.to_string()))
}

fn signal(words: &mut Words) -> Result<Option<Signal>, Unreadable> {
    let source = words.option("source")?.map(SmolStr::new);
    let id = words.option("signal")?.map(SmolStr::new);
    Ok(id.map(|id| Signal { id, source }))
}

fn filter(words: &mut Words) -> Result<PositionFilter, Unreadable> {
    Ok(PositionFilter {
        account: words
            .option("account")?
            .map(|text| account_of(&text))
            .transpose()?,
        symbol: words.option_value("symbol")?,
        strategy: words.option_value("strategy")?,
        side: words
            .option("side")?
            .map(|text| position_side(&text))
            .transpose()?,
    })
}

fn scope(words: &mut Words) -> Result<BulkScope, Unreadable> {
    Ok(match words.word("a scope")?.as_str() {
        "all" => BulkScope::All,
        "gaining" => BulkScope::Gaining,
        "losing" => BulkScope::Losing,
        "strategy" => BulkScope::Strategy(words.value("a strategy")?),
        "symbol" => BulkScope::Symbol(words.value("a symbol")?),
        other => return Err(Unreadable(format!("`{other}` is no scope"))),
    })
}

fn fill(words: &mut Words) -> Result<FillFact, Unreadable> {
    let execution_id = words.value("an execution id")?;
    let side = side(&words.word("buy or sell")?)?;
    let quantity: Quantity = words.value("a quantity")?;
    let price: Option<Price> = words.option_value("@")?;
    let fee = words.option_pair("fee")?;
    let fee = fee
        .map(|(paid, asset)| Ok((parse::<Amount>(&paid, "a fee")?, parse(&asset, "an asset")?)))
        .transpose()?;
    let (fee, fee_asset) = fee.unzip();
    let maker = words.flag("maker").then_some(Liquidity::Maker);
    let taker = words.flag("taker").then_some(Liquidity::Taker);
    Ok(FillFact {
        execution_id,
        side,
        price: price.ok_or_else(|| Unreadable("a fill has a price: @ 100".to_owned()))?,
        quantity,
        fee,
        fee_asset,
        liquidity: maker.or(taker),
        venue_realized_pnl: words.option_value("venue_pnl")?,
        reduce_only: words.flag("reduce_only"),
        cumulative_quantity: words.option_value("cumulative")?,
        liquidation: words.flag("liquidation"),
    })
}

fn order_fact(verb: &str, words: &mut Words) -> Result<Fact, Unreadable> {
    let reason = words.option("reason")?.map(SmolStr::new);
    let code = words.option("code")?.map(SmolStr::new);
    Ok(match verb {
        "submitted" => Fact::OrderSubmitted(OrderFact { reason }),
        "accepted" => Fact::OrderAccepted(OrderFact { reason }),
        "canceled" => Fact::OrderCanceled(OrderFact { reason }),
        "expired" => Fact::OrderExpired(OrderFact { reason }),
        "rejected" => Fact::OrderRejected(VenueRefusal { code, reason }),
        "unknown" => Fact::OrderUnknown(VenueRefusal { code, reason }),
        _ => Fact::OrderAmended(AmendedTerms {
            quantity: words.option_value("quantity")?,
            price: words.option_value("price")?,
            trigger_price: words.option_value("trigger")?,
        }),
    })
}

pub(super) fn side(word: &str) -> Result<Side, Unreadable> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(Unreadable(format!("a side is buy or sell, not `{other}`"))),
    }
}

pub(super) fn position_side(word: &str) -> Result<PositionSide, Unreadable> {
    match word {
        "long" => Ok(PositionSide::Long),
        "short" => Ok(PositionSide::Short),
        other => Err(Unreadable(format!(
            "a position is long or short, not `{other}`"
        ))),
    }
}

pub(super) fn liquidity(word: &str) -> Result<Liquidity, Unreadable> {
    match word {
        "maker" => Ok(Liquidity::Maker),
        "taker" => Ok(Liquidity::Taker),
        other => Err(Unreadable(format!(
            "liquidity is maker or taker, not `{other}`"
        ))),
    }
}

/// `5s`, `250ms`, `2h`: in nanoseconds.
pub(super) fn duration(text: &str) -> Result<i64, Unreadable> {
    let unit_at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(unit_at);
    let unit = match unit {
        "ms" => SECOND / 1000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        "d" => 86400 * SECOND,
        _ => {
            return Err(Unreadable(format!(
                "a duration is 250ms, 5s, 2m, 3h or 1d, not `{text}`"
            )));
        }
    };
    Ok(parse::<i64>(count, "a duration")? * unit)
}

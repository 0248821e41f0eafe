//! Reads a page from top to bottom: each line becomes a command or a question.

use std::collections::BTreeMap;
use std::path::Path;

use ledger::{
    AccountId, AccountSettings, Acknowledgement, Actor, Amount, AmendedTerms, BulkScope, Command,
    Configuration, CostBasis, Event, Fact, FeeCharge, FillFact, Instrument, InstrumentId, Intent,
    Leg, Liquidity, Mark, OpenPosition, OrderFact, OrderKind, OrderReference, OrderTerms, Outcome,
    PnlRounding, PositionFilter, PositionId, PositionMode, PositionSide, Price, Quantity, Receipt,
    Record, ReportedPosition, Request, RoundingRule, Sequence, Settlement, Side, Signal, StopPolicy,
    Symbol, Tenant, Timestamp, VenueRefusal,
};
use smol_str::SmolStr;

use super::page::{Line, Unreadable, Words, parse, read};
use super::{Fault, Reopening, Target};
use crate::values::{account, position_id, symbol, time, value};

/// A command that a line gave, so that a later line can give it again.
#[derive(Clone, Debug)]
struct Told {
    command: Command,
    sequence: Option<Sequence>,
}

pub(super) struct Runner<'t, T> {
    pub(super) target: &'t mut T,
    pub(super) account: AccountId,
    pub(super) symbol: Symbol,
    now: Timestamp,
    positions: BTreeMap<String, PositionId>,
    told: BTreeMap<String, Told>,
    marks: BTreeMap<InstrumentId, Mark>,
    /// The records of the last command.
    pub(super) last: Vec<Record>,
    reopening: Reopening,
}

const SECOND: i64 = 1_000_000_000;
const LAST: &str = "the last command";

pub(super) fn run(page: &Path, target: &mut impl Target, reopening: Reopening) -> Vec<Fault> {
    let mut runner = Runner {
        target,
        account: account("test:live:main"),
        symbol: symbol("BTC-PERP"),
        now: time("2024-05-01T12:00:00Z"),
        positions: BTreeMap::new(),
        told: BTreeMap::new(),
        marks: BTreeMap::new(),
        last: Vec::new(),
        reopening,
    };
    let mut faults = Vec::new();
    for line in read(page) {
        let fault = |expected: String, found: String| Fault {
            file: page.to_owned(),
            line: line.number,
            expected,
            found,
        };
        match runner.line(&line) {
            Ok(()) => {}
            Err(Trouble::Unreadable(Unreadable(problem))) => {
                faults.push(fault(format!("a line that can be read: {}", line.text), problem));
            }
            Err(Trouble::Differs(differences)) => {
                for (expected, found) in differences {
                    faults.push(fault(expected, found));
                }
            }
        }
    }
    faults
}

/// Why a line does not hold.
pub(super) enum Trouble {
    Unreadable(Unreadable),
    /// What was expected and what was found.
    Differs(Vec<(String, String)>),
}

impl From<Unreadable> for Trouble {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl<T: Target> Runner<'_, T> {
    fn line(&mut self, line: &Line) -> Result<(), Trouble> {
        let mut words = line.words.clone();
        let verb = words.word("a verb")?;
        match verb.as_str() {
            "with" => self.switch(words)?,
            "time" => self.now = words.value("a time")?,
            "wait" => self.now = later(self.now, duration(&words.word("how long")?)?),
            "reopen" => self.reopen(),
            "call" => self.call(words)?,
            "expect" => return self.expect(words),
            "again" => {
                let command = self.repeat(words)?;
                return self.give(&command, LAST, line);
            }
            _ => {
                let (name, command) = self.command(&verb, words)?;
                return self.give(&command, &name, line);
            }
        }
        Ok(())
    }

    fn switch(&mut self, mut words: Words) -> Result<(), Unreadable> {
        self.account = account(&words.word("an account")?);
        if let Some(name) = words.take() {
            self.symbol = parse(&name, "a symbol")?;
        }
        words.end()
    }

    fn call(&mut self, mut words: Words) -> Result<(), Unreadable> {
        let name = words.word("a name")?;
        let leg: Leg = words.value("a leg")?;
        let held = self
            .in_slot(&leg)
            .ok_or_else(|| Unreadable(format!("nothing is held in the leg {leg}")))?;
        self.positions.insert(name, held.id);
        words.end()
    }

    pub(super) fn in_slot(&self, leg: &Leg) -> Option<ledger::Position> {
        self.target.positions().into_iter().find(|position| {
            position.account == self.account
                && position.symbol == self.symbol
                && position.leg == *leg
        })
    }

    /// A restart forgets the marks; a feed sends them again.
    fn reopen(&mut self) {
        self.target.reopen();
        for mark in self.marks.values() {
            self.target.submit(&Command::Mark(mark.clone()), self.now);
        }
    }

    pub(super) fn position_id(&self, name: &str) -> Result<PositionId, Unreadable> {
        if name == "nobody" {
            return Ok(position_id(u64::MAX));
        }
        self.positions
            .get(name)
            .copied()
            .ok_or_else(|| Unreadable(format!("no position is called `{name}`")))
    }

    fn give(&mut self, command: &Command, name: &str, line: &Line) -> Result<(), Trouble> {
        let head = self.head();
        let receipt = self.target.submit(command, self.now);
        self.now = later(self.now, SECOND);
        self.last = self.target.records_after(head);
        if let Command::Mark(mark) = command {
            self.marks.insert(mark.instrument.clone(), mark.clone());
        }
        let fresh = receipt.outcome != Outcome::Duplicate;
        if let Some(id) = receipt.position_id.filter(|_| fresh && is_open(command)) {
            self.positions.entry(name.to_owned()).or_insert(id);
        }
        let checked = self.check(command, &receipt, line);
        let told = Told {
            command: command.clone(),
            sequence: receipt.sequence,
        };
        if fresh && name != LAST {
            self.told.insert(name.to_owned(), told.clone());
        }
        self.told.insert(LAST.to_owned(), told);
        if self.reopening == Reopening::AfterEveryCommand {
            self.reopen();
        }
        let violations = self.target.violations();
        checked?;
        if violations.is_empty() {
            return Ok(());
        }
        let sound = "no invariant broken".to_owned();
        Err(Trouble::Differs(vec![(sound, violations.join("; "))]))
    }

    pub(super) fn head(&self) -> Sequence {
        self.target
            .records_after(Sequence::ZERO)
            .last()
            .map_or(Sequence::ZERO, |record| record.sequence)
    }

    fn check(&self, command: &Command, receipt: &Receipt, line: &Line) -> Result<(), Trouble> {
        let mut words = line.outcome.clone();
        let usual = match command {
            Command::Intent(_) => "accepted",
            Command::Acknowledgement(_) | Command::Mark(_) | Command::Configuration(_) => "applied",
        };
        let outcome = words.take().unwrap_or_else(|| usual.to_owned());
        let mut expected = outcome.clone();
        let mut found = receipt.outcome.as_str().to_owned();
        match outcome.as_str() {
            "rejected" | "quarantined" => {
                if let Some(code) = words.take() {
                    expected = format!("{outcome} {code}");
                }
                if let Some(code) = &receipt.code {
                    found = format!("{found} {code}");
                }
            }
            "duplicate" => {
                if let Some(name) = words.option("of")? {
                    let first = self.told.get(&name).and_then(|told| told.sequence);
                    expected = format!("duplicate of {}", sequence_word(first));
                    found = format!("{found} of {}", sequence_word(receipt.sequence));
                }
            }
            _ => {
                while let Some(word) = words.take() {
                    expected = format!("{expected} {word}");
                    if self.has_sign(&word) {
                        found = format!("{found} {word}");
                    }
                }
            }
        }
        words.end()?;
        if expected == found {
            return Ok(());
        }
        if let Some(code) = receipt.code.as_ref().filter(|code| !found.contains(code.as_str())) {
            found = format!("{found} ({code})");
        }
        Err(Trouble::Differs(vec![(format!("{expected}, for {}", line.text), found)]))
    }

    /// `flip`, or a flag that the last command left in its records.
    fn has_sign(&self, word: &str) -> bool {
        self.last.iter().any(|record| match &record.event {
            Event::PositionFlipped(_) => word == "flip",
            event => super::expect::flags_of(event)
                .into_iter()
                .flatten()
                .any(|flag| flag.as_str() == word),
        })
    }

    /// The command of a line, and the name under which it can be given again.
    fn command(
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
                let (name, fact) = self.fact(verb, &mut words)?;
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
        self.account = account(&words.word("an account")?);
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
            multiplier: words.option_value("multiplier")?.unwrap_or_else(|| value("1")),
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

    fn fact(&self, verb: &str, words: &mut Words) -> Result<(String, Fact), Unreadable> {
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
        let occurred_at = words.option_value("asked")?;
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
        let usual = format!("{verb} at {}", self.now);
        let request = match verb {
            "open" => {
                let name = words.word("a name")?;
                let open = self.open(words)?;
                return Ok((name, Request::OpenPosition(Box::new(open))));
            }
            "execute_all" => Request::ExecuteAll { filter: filter(words)? },
            "close_many" => Request::CloseMany {
                account: words.option("account")?.map(|text| account(&text)),
                scope: scope(words)?,
            },
            "cancel" => Request::CancelOrder {
                client_order_id: self
                    .order(&words.word("an order")?)?
                    .client_order_id
                    .ok_or_else(|| Unreadable("only an order with our name can be canceled".to_owned()))?,
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
            signal: words.option("signal")?.map(|id| Signal { id: SmolStr::new(id), source: None }),
            context: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        while let Some(pair) = words.option("context")? {
            let (name, number) = pair
                .split_once('=')
                .ok_or_else(|| Unreadable(format!("a context is vwap=1.2, not `{pair}`")))?;
            open.context.insert(SmolStr::new(name), parse(number, "a number")?);
        }
        while let Some(pair) = words.option("metadata")? {
            let (name, text) = pair
                .split_once('=')
                .ok_or_else(|| Unreadable(format!("metadata is desk=asia, not `{pair}`")))?;
            open.metadata.insert(SmolStr::new(name), SmolStr::new(text));
        }
        Ok(open)
    }

    /// `again`, `again E1`, `again E1 with quantity 4`.
    fn repeat(&self, mut words: Words) -> Result<Command, Unreadable> {
        let changed = words.option("with")?;
        let content = match &changed {
            Some(field) => Some((field.clone(), words.word("its value")?)),
            None => None,
        };
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
                ("amount", Fact::FundingSettled(settlement)) => settlement.amount = parse(text, field)?,
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
            quantity: words.take().map(|text| parse(&text, "a quantity")).transpose()?,
        },
        "stop" => Request::SetStopLoss { position_id, price: words.value("a price")? },
        "target" => Request::SetTakeProfit { position_id, price: words.value("a price")? },
        "trail" => Request::ActivateTrailing {
            position_id,
            activation: words.option_value("from")?,
            callback: words.value("a callback in percent")?,
        },
        "note" => Request::Note { position_id, text: SmolStr::new(words.word("a text")?) },
        other => return Err(Unreadable(format!("nobody knows the verb `{other}`"))),
    })
}

/// `@ PRICE` makes a limit order, its absence a market order.
fn order_terms(words: &mut Words) -> Result<OrderTerms, Unreadable> {
    let price: Option<Price> = words.option_value("@")?;
    let kind = if price.is_some() { OrderKind::Limit } else { OrderKind::Market };
    Ok(OrderTerms { kind, price })
}

fn filter(words: &mut Words) -> Result<PositionFilter, Unreadable> {
    Ok(PositionFilter {
        account: words.option("account")?.map(|text| account(&text)),
        symbol: words.option_value("symbol")?,
        strategy: words.option_value("strategy")?,
        side: words.option("side")?.map(|text| position_side(&text)).transpose()?,
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

fn side(word: &str) -> Result<Side, Unreadable> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(Unreadable(format!("a side is buy or sell, not `{other}`"))),
    }
}

fn position_side(word: &str) -> Result<PositionSide, Unreadable> {
    match word {
        "long" => Ok(PositionSide::Long),
        "short" => Ok(PositionSide::Short),
        other => Err(Unreadable(format!("a position is long or short, not `{other}`"))),
    }
}

fn liquidity(word: &str) -> Result<Liquidity, Unreadable> {
    match word {
        "maker" => Ok(Liquidity::Maker),
        "taker" => Ok(Liquidity::Taker),
        other => Err(Unreadable(format!("liquidity is maker or taker, not `{other}`"))),
    }
}

/// `5s`, `250ms`, `2h`: in nanoseconds.
fn duration(text: &str) -> Result<i64, Unreadable> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(unit_at);
    let unit = match unit {
        "ms" => SECOND / 1000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        "d" => 86400 * SECOND,
        _ => return Err(Unreadable(format!("a duration is 250ms, 5s, 2m, 3h or 1d, not `{text}`"))),
    };
    Ok(parse::<i64>(count, "a duration")? * unit)
}

fn later(moment: Timestamp, nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanoseconds(moment.as_nanoseconds() + nanoseconds)
}

fn sequence_word(sequence: Option<Sequence>) -> String {
    sequence.map_or_else(|| "nothing".to_owned(), |sequence| sequence.to_string())
}

fn is_open(command: &Command) -> bool {
    matches!(
        command,
        Command::Intent(Intent { request: Request::OpenPosition(_), .. })
    )
}

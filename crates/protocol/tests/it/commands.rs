//! Every command goes out as a line and comes back the same.

use ledger::{
    AccountId, AccountName, AccountSettings, Acknowledgement, Actor, AmendedTerms, Amount, Asset,
    BulkScope, ClientOrderId, Command, Configuration, CostBasis, ExecutionId, Fact, FeeCharge,
    FillFact, Instrument, InstrumentId, Intent, IntentId, Leg, Liquidity, Mark, Mode, OpenPosition,
    OrderFact, OrderKind, OrderReference, OrderTerms, PnlRounding, PositionFilter, PositionId,
    PositionMode, PositionSide, Price, Quantity, ReportedPosition, Request, RoundingRule,
    Settlement, SettlementId, Side, Signal, StopPolicy, Strategy as StrategyName, Symbol, Tenant,
    Ticket, Timestamp, Trader, Venue, VenueOrderId, VenueRefusal,
};
use proptest::prelude::*;
use proptest::sample::select;
use protocol::{Family, parse_command, to_wire};
use rust_decimal::Decimal;
use smol_str::SmolStr;

fn tenant() -> Tenant {
    Tenant::default_tenant()
}

/// Text with everything that could go wrong in JSON, without control characters.
fn text() -> impl Strategy<Value = String> + Clone {
    "[a-zA-Z0-9 _.:/\\\\\"'{},é中😀-]{1,24}"
}

fn name<T>() -> impl Strategy<Value = T> + Clone
where
    T: std::str::FromStr + std::fmt::Debug,
    T::Err: std::fmt::Debug,
{
    text().prop_map(|text| text.parse().unwrap())
}

fn decimal() -> impl Strategy<Value = Decimal> + Clone {
    let large = 79_228_162_514_264_337_593_543_950_335_i128;
    prop_oneof![
        4 => (-1_000_000_000_i128..1_000_000_000, 0_u32..9),
        1 => (-large..=large, 0_u32..=28),
        1 => (select(vec![large, -large, 1, -1, 0]), 0_u32..=28),
    ]
    .prop_map(|(mantissa, scale)| Decimal::try_from_i128_with_scale(mantissa, scale).unwrap())
}

fn amount() -> impl Strategy<Value = Amount> + Clone {
    decimal().prop_map(Amount::of)
}

fn price() -> impl Strategy<Value = Price> + Clone {
    decimal().prop_map(|value| Price::new(value).unwrap())
}

fn quantity() -> impl Strategy<Value = Quantity> + Clone {
    decimal().prop_filter_map("above zero", |value| {
        Quantity::new(value.abs())
            .ok()
            .filter(|quantity| !quantity.is_zero())
    })
}

fn positive_price() -> impl Strategy<Value = Price> + Clone {
    quantity().prop_map(|quantity| Price::new(quantity.get()).unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> + Clone {
    prop_oneof![
        3 => 0..4_102_444_800_000_000_000_i64,
        1 => any::<i64>(),
        1 => select(vec![i64::MIN, i64::MAX, -1, 0, 999_999_999]),
    ]
    .prop_map(Timestamp::from_nanoseconds)
}

fn venue() -> impl Strategy<Value = Venue> + Clone {
    text().prop_map(|text| Venue::new(text.replace(':', "-")).unwrap())
}

fn account() -> impl Strategy<Value = AccountId> + Clone {
    (venue(), select(Mode::ALL.to_vec()), name::<AccountName>()).prop_map(|(venue, mode, name)| {
        AccountId {
            tenant: tenant(),
            venue,
            mode,
            name,
        }
    })
}

fn leg() -> impl Strategy<Value = Leg> + Clone {
    let reserved = ["net", "both", "long", "short", "pending"];
    let ticket = name::<Ticket>().prop_filter("not one of the words", move |ticket| {
        !reserved
            .iter()
            .any(|word| ticket.as_str().eq_ignore_ascii_case(word))
    });
    prop_oneof![
        Just(Leg::Net),
        Just(Leg::Long),
        Just(Leg::Short),
        ticket.prop_map(Leg::Ticket),
    ]
}

fn maybe<T: std::fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Option<T>> + Clone {
    proptest::option::of(strategy)
}

fn words() -> impl Strategy<Value = SmolStr> + Clone {
    prop_oneof![
        text(),
        Just(String::new()),
        Just("line\nline\t\u{1}".to_owned())
    ]
    .prop_map(SmolStr::from)
}

fn side() -> impl Strategy<Value = Side> + Clone {
    select(vec![Side::Buy, Side::Sell])
}

fn position_side() -> impl Strategy<Value = PositionSide> + Clone {
    select(vec![PositionSide::Long, PositionSide::Short])
}

fn fill() -> impl Strategy<Value = Fact> + Clone {
    let what = (name::<ExecutionId>(), side(), price(), quantity());
    let fee = maybe((amount(), name::<Asset>()));
    let more = (
        maybe(select(vec![Liquidity::Maker, Liquidity::Taker])),
        maybe(amount()),
        any::<bool>(),
        maybe(quantity()),
        any::<bool>(),
    );
    (what, fee, more).prop_map(
        |((execution_id, side, price, quantity), fee, (liquidity, pnl, reduce, total, forced))| {
            Fact::OrderFilled(FillFact {
                execution_id,
                side,
                price,
                quantity,
                fee: fee.as_ref().map(|fee| fee.0),
                fee_asset: fee.map(|fee| fee.1),
                liquidity,
                venue_realized_pnl: pnl,
                reduce_only: reduce,
                cumulative_quantity: total,
                liquidation: forced,
            })
        },
    )
}

fn fact() -> impl Strategy<Value = Fact> + Clone {
    let order = maybe(words()).prop_map(|reason| OrderFact { reason });
    let refusal =
        (maybe(words()), maybe(words())).prop_map(|(code, reason)| VenueRefusal { code, reason });
    let terms = (maybe(quantity()), maybe(price()), maybe(price())).prop_map(
        |(quantity, price, trigger_price)| AmendedTerms {
            quantity,
            price,
            trigger_price,
        },
    );
    let payment = (amount(), name::<Asset>(), maybe(name::<SettlementId>()));
    let report = (amount(), maybe(price()), maybe(price())).prop_map(
        |(quantity, entry_price, mark_price)| ReportedPosition {
            quantity,
            entry_price,
            mark_price,
        },
    );
    prop_oneof![
        4 => fill(),
        1 => order.clone().prop_map(Fact::OrderSubmitted),
        1 => order.clone().prop_map(Fact::OrderAccepted),
        1 => order.clone().prop_map(Fact::OrderCanceled),
        1 => order.prop_map(Fact::OrderExpired),
        1 => refusal.clone().prop_map(Fact::OrderRejected),
        1 => refusal.prop_map(Fact::OrderUnknown),
        1 => terms.prop_map(Fact::OrderAmended),
        1 => payment.clone().prop_map(|(amount, asset, settlement_id)| {
            Fact::FundingSettled(Settlement { amount, asset, settlement_id })
        }),
        1 => payment.prop_map(|(amount, asset, settlement_id)| {
            Fact::FeeCharged(FeeCharge { amount, asset, settlement_id })
        }),
        1 => report.prop_map(Fact::PositionReported),
    ]
}

fn acknowledgement() -> impl Strategy<Value = Acknowledgement> + Clone {
    let order = (
        maybe(name::<ClientOrderId>()),
        maybe(name::<VenueOrderId>()),
    );
    let raw = maybe(words().prop_map(|text| text.as_bytes().to_vec()));
    (
        account(),
        name::<Symbol>(),
        maybe(leg()),
        order,
        time(),
        fact(),
        raw,
    )
        .prop_map(
            |(account, symbol, leg, order, occurred_at, fact, raw)| Acknowledgement {
                account,
                symbol,
                leg,
                order: OrderReference {
                    client_order_id: order.0,
                    venue_order_id: order.1,
                },
                occurred_at,
                fact,
                raw,
            },
        )
}

fn terms() -> impl Strategy<Value = OrderTerms> + Clone {
    maybe(positive_price()).prop_map(|price| OrderTerms {
        kind: if price.is_some() {
            OrderKind::Limit
        } else {
            OrderKind::Market
        },
        price,
    })
}

fn plan() -> impl Strategy<Value = Request> + Clone {
    let what = (
        account(),
        name::<Symbol>(),
        position_side(),
        quantity(),
        terms(),
        any::<bool>(),
    );
    let numbers = (
        maybe(quantity()),
        maybe(quantity()),
        maybe(positive_price()),
        maybe(positive_price()),
        maybe(quantity()),
    );
    let names = (
        maybe(name::<StrategyName>()),
        maybe(name::<Trader>()),
        maybe((words(), maybe(words()))),
    );
    let key = text().prop_map(SmolStr::from);
    let maps = (
        proptest::collection::btree_map(key.clone(), amount(), 0..4),
        proptest::collection::btree_map(key, words(), 0..4),
    );
    (what, numbers, names, maps).prop_map(|(what, numbers, names, (context, metadata))| {
        let (account, symbol, side, quantity, order, queue) = what;
        let (leverage, margin, stop_loss, take_profit, max_loss) = numbers;
        let (strategy, trader, signal) = names;
        Request::OpenPosition(Box::new(OpenPosition {
            account,
            symbol,
            side,
            quantity,
            order,
            queue,
            leverage,
            margin,
            stop_loss,
            take_profit,
            max_loss,
            strategy,
            trader,
            signal: signal.map(|(id, source)| Signal { id, source }),
            context,
            metadata,
        }))
    })
}

fn position_id() -> impl Strategy<Value = PositionId> + Clone {
    any::<u128>().prop_map(|number| PositionId::new(uuid::Uuid::from_u128(number)))
}

fn about_a_position() -> impl Strategy<Value = Request> + Clone {
    let all = (
        position_id(),
        quantity(),
        terms(),
        positive_price(),
        any::<u8>(),
    );
    (all, maybe(positive_price()), words(), 1_i64..9_999).prop_map(
        |((position_id, quantity, order, price, which), activation, text, callback)| match which
            % 10
        {
            0 => Request::Execute { position_id },
            1 => Request::Withdraw { position_id },
            2 => Request::ScaleIn {
                position_id,
                quantity,
                order,
            },
            3 => Request::Reduce {
                position_id,
                quantity,
                order,
            },
            4 => Request::Close {
                position_id,
                quantity: activation.map(|_| quantity),
                order,
            },
            5 => Request::SetStopLoss { position_id, price },
            6 => Request::SetTakeProfit { position_id, price },
            7 => Request::ActivateTrailing {
                position_id,
                activation,
                callback: Amount::of(Decimal::new(callback, 2)),
            },
            8 => Request::StartMonitoring { position_id },
            _ => Request::Note { position_id, text },
        },
    )
}

fn about_many() -> impl Strategy<Value = Request> + Clone {
    let filter = (
        maybe(account()),
        maybe(name::<Symbol>()),
        maybe(name::<StrategyName>()),
        maybe(position_side()),
    )
        .prop_map(|(account, symbol, strategy, side)| Request::ExecuteAll {
            filter: PositionFilter {
                account,
                symbol,
                strategy,
                side,
            },
        });
    let scope = prop_oneof![
        Just(BulkScope::All),
        Just(BulkScope::Gaining),
        Just(BulkScope::Losing),
        name::<StrategyName>().prop_map(BulkScope::Strategy),
        name::<Symbol>().prop_map(BulkScope::Symbol),
    ];
    let close = (scope, maybe(account()))
        .prop_map(|(scope, account)| Request::CloseMany { scope, account });
    let cancel = name::<ClientOrderId>()
        .prop_map(|client_order_id| Request::CancelOrder { client_order_id });
    prop_oneof![filter, close, cancel]
}

pub(crate) fn intent() -> impl Strategy<Value = Intent> + Clone {
    let request = prop_oneof![3 => plan(), 5 => about_a_position(), 2 => about_many()];
    (name::<IntentId>(), name::<Actor>(), maybe(time()), request).prop_map(
        |(intent_id, actor, occurred_at, request)| Intent {
            tenant: tenant(),
            intent_id,
            actor,
            occurred_at,
            request,
        },
    )
}

fn setting() -> impl Strategy<Value = Configuration> + Clone {
    let modes = select(vec![
        PositionMode::Netting,
        PositionMode::Hedging,
        PositionMode::Ticket,
    ]);
    let bases = select(vec![
        CostBasis::Average,
        CostBasis::Fifo,
        CostBasis::Lifo,
        CostBasis::PerTicket,
        CostBasis::AverageOfOpens,
    ]);
    let rules = select(vec![
        RoundingRule::Exact,
        RoundingRule::Truncate,
        RoundingRule::HalfEven,
    ]);
    let policies = select(vec![StopPolicy::None, StopPolicy::Alarm]);
    let account = (
        account(),
        modes,
        bases,
        (0_u32..=28, rules),
        policies,
        maybe(time()),
    )
        .prop_map(
            |(account, position_mode, cost_basis, (scale, rule), stop_policy, occurred_at)| {
                Configuration::Account {
                    account,
                    settings: AccountSettings {
                        position_mode,
                        cost_basis,
                        pnl_rounding: PnlRounding { scale, rule },
                        stop_policy,
                    },
                    occurred_at,
                }
            },
        );
    let numbers = (
        any::<bool>(),
        quantity(),
        maybe(quantity()),
        maybe(quantity()),
    );
    let instrument = (instrument(), numbers, maybe(name::<Asset>()), maybe(time())).prop_map(
        |(instrument, (inverse, multiplier, tick, step), settlement_asset, occurred_at)| {
            Configuration::Instrument {
                instrument,
                terms: Instrument {
                    inverse,
                    multiplier,
                    tick,
                    step,
                    settlement_asset,
                },
                occurred_at,
            }
        },
    );
    prop_oneof![account, instrument]
}

fn instrument() -> impl Strategy<Value = InstrumentId> + Clone {
    (venue(), name::<Symbol>()).prop_map(|(venue, symbol)| InstrumentId {
        tenant: tenant(),
        venue,
        symbol,
    })
}

fn command() -> impl Strategy<Value = Command> + Clone {
    let mark = (instrument(), positive_price(), time()).prop_map(|(instrument, price, at)| Mark {
        instrument,
        price,
        occurred_at: at,
    });
    prop_oneof![
        4 => acknowledgement().prop_map(Command::Acknowledgement),
        4 => intent().prop_map(Command::Intent),
        1 => mark.prop_map(Command::Mark),
        1 => setting().prop_map(Command::Configuration),
    ]
}

/// The family a command belongs to.
fn family(command: &Command) -> Family {
    match command {
        Command::Intent(_) => Family::Intent,
        Command::Acknowledgement(_) => Family::Acknowledgement,
        Command::Mark(_) => Family::Mark,
        Command::Configuration(_) => Family::Configuration,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_command_comes_back_the_same(command in command()) {
        let line = to_wire(&command);
        prop_assert!(!line.contains('\n'));
        let own = family(&command);
        prop_assert_eq!(
            parse_command(line.as_bytes(), Some(own), &tenant()),
            Ok(command.clone()),
            "{}", line
        );
        prop_assert_eq!(parse_command(line.as_bytes(), None, &tenant()), Ok(command), "{}", line);
        for other in Family::ALL.into_iter().filter(|other| *other != own) {
            let problems = parse_command(line.as_bytes(), Some(other), &tenant()).unwrap_err();
            prop_assert_eq!(problems[0].code.to_string(), "PL-0108");
        }
    }

    /// Whoever sends a number gets the same decimal as whoever sends its text.
    #[test]
    fn a_number_and_its_text_are_the_same_decimal(value in decimal()) {
        let line = |price: String| format!(
            r#"{{"type":"order_filled","venue":"v","mode":"sim","account":"a","symbol":"S",
                "execution_id":"1","side":"buy","price":{price},"quantity":1,
                "occurred_at":"2024-05-01T12:00:00Z"}}"#
        );
        let text = parse_command(line(format!("\"{value}\"")).as_bytes(), None, &tenant());
        let number = parse_command(line(value.to_string()).as_bytes(), None, &tenant());
        prop_assert!(text.is_ok(), "{:?}", text);
        prop_assert_eq!(text, number);
    }
}

#[test]
fn a_field_that_is_absent_may_also_be_null() {
    let line = r#"{"type":"order_canceled","venue":"v","mode":"paper","account":"a","symbol":"S",
        "leg":null,"client_order_id":null,"venue_order_id":null,"reason":null,"raw":null,
        "occurred_at":"2024-05-01T12:00:00+02:00"}"#;
    let short = r#"{"type":"order_canceled","venue":"v","mode":"paper","account":"a","symbol":"S",
        "occurred_at":"2024-05-01T10:00:00Z"}"#;
    let read = |line: &str| parse_command(line.as_bytes(), None, &tenant()).unwrap();
    assert_eq!(read(line), read(short));
}

#[test]
fn raw_bytes_that_are_no_text_are_left_out() {
    let line = r#"{"type":"order_accepted","venue":"v","mode":"sim","account":"a","symbol":"S",
        "occurred_at":"2024-05-01T10:00:00Z"}"#;
    let command = parse_command(line.as_bytes(), None, &tenant()).unwrap();
    let Command::Acknowledgement(mut acknowledgement) = command.clone() else {
        panic!("an acknowledgement");
    };
    acknowledgement.raw = Some(vec![0xff, 0x00]);
    let back = to_wire(&Command::Acknowledgement(acknowledgement));
    assert_eq!(parse_command(back.as_bytes(), None, &tenant()), Ok(command));
}

//! The documents are true: what they list is what the code has, and what they point to is there.
//!
//! What the code has is asked of serde: a [`Probe`] lets the derive name the fields of each struct and
//! the words of each enum, so that no list in this file can fall behind.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ledger::{
    AccountSettings, Command, Configuration, CostBasis, Event, Fact, Instrument, OrderFactKind,
    OrderStatus, PnlRounding, PositionState, Record, RoundingRule, Side, StateCause, Transition,
};
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use testkit::memory::{Memory, MemoryLedger};
use testkit::scenario::Target;
use testkit::values::{account, acknowledgement, fill, quantity, symbol, time, value};

/// What a type is made of, by the names that travel.
#[derive(Debug, Default)]
struct Shapes {
    structs: BTreeMap<&'static str, Names>,
    enums: BTreeMap<&'static str, Names>,
    /// The structs in the order they were met.
    met: Vec<&'static str>,
}

type Names = &'static [&'static str];

/// Makes some value of any type and notes what the type is made of.
#[derive(Clone, Copy)]
struct Probe<'a> {
    shapes: &'a RefCell<Shapes>,
    /// Which variant of [`Event`], and which of every other enum.
    event: usize,
    other: usize,
}

impl<'a> Probe<'a> {
    fn fields(self, names: Names) -> Elements<'a> {
        Elements {
            probe: self,
            names,
            left: names.len(),
        }
    }
}

macro_rules! answers {
    ($($method:ident => $visit:ident($($value:expr)?),)*) => {
        $(fn $method<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit($($value)?)
        })*
    };
}

impl Deserializer<'static> for Probe<'_> {
    type Error = Error;

    answers! {
        deserialize_any => visit_unit(),
        deserialize_unit => visit_unit(),
        deserialize_ignored_any => visit_unit(),
        deserialize_bool => visit_bool(false),
        deserialize_i8 => visit_i8(0),
        deserialize_i16 => visit_i16(0),
        deserialize_i32 => visit_i32(0),
        deserialize_i64 => visit_i64(0),
        deserialize_u8 => visit_u8(0),
        deserialize_u16 => visit_u16(0),
        deserialize_u32 => visit_u32(0),
        deserialize_u64 => visit_u64(0),
        deserialize_f32 => visit_f32(0.0),
        deserialize_f64 => visit_f64(0.0),
        deserialize_char => visit_char('x'),
        deserialize_str => visit_borrowed_str("x"),
        deserialize_string => visit_borrowed_str("x"),
        deserialize_identifier => visit_borrowed_str("x"),
        deserialize_bytes => visit_borrowed_bytes(&[0; 16]),
        deserialize_byte_buf => visit_borrowed_bytes(&[0; 16]),
    }

    fn deserialize_option<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            left: 1,
            ..self.fields(&[])
        })
    }

    fn deserialize_tuple<V: Visitor<'static>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            left: length,
            ..self.fields(&[])
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.fields(&["x"]))
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut shapes = self.shapes.borrow_mut();
        shapes.structs.insert(name, fields);
        shapes.met.push(name);
        drop(shapes);
        visitor.visit_map(self.fields(fields))
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        name: &'static str,
        variants: Names,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.shapes.borrow_mut().enums.insert(name, variants);
        let wanted = if name == "Event" {
            self.event
        } else {
            self.other
        };
        visitor.visit_enum(Choice {
            probe: self,
            variant: variants[wanted % variants.len()],
        })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The elements of a list, or the fields of a struct.
struct Elements<'a> {
    probe: Probe<'a>,
    names: Names,
    left: usize,
}

impl SeqAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'static>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(self.probe).map(Some)
    }
}

impl MapAccess<'static> for Elements<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'static>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, rest)) = self.names.split_first() else {
            return Ok(None);
        };
        self.names = rest;
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'static>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.probe)
    }
}

/// One variant of an enum.
struct Choice<'a> {
    probe: Probe<'a>,
    variant: &'static str,
}

impl EnumAccess<'static> for Choice<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'static>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl VariantAccess<'static> for Choice<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'static>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.probe)
    }

    fn tuple_variant<V: Visitor<'static>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.probe.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.probe.fields(fields))
    }
}

/// What events are made of.
struct Events {
    /// The word of an event → the struct that holds its fields.
    structs: BTreeMap<&'static str, &'static str>,
    shapes: Shapes,
}

/// More variants than any enum inside an event has.
const VARIANTS_MAX: usize = 32;

fn probe<T: Deserialize<'static>>(event: usize, other: usize, shapes: &RefCell<Shapes>) -> T {
    T::deserialize(Probe {
        shapes,
        event,
        other,
    })
    .unwrap_or_else(|error| {
        panic!(
            "cannot make a value: {error}; met {:?}",
            shapes.borrow().met
        )
    })
}

fn events() -> Events {
    let shapes = RefCell::new(Shapes::default());
    let _: Event = probe(0, 0, &shapes);
    let count = shapes.borrow().enums["Event"].len();
    let mut structs = BTreeMap::new();
    for event in 0..count {
        for other in 0..VARIANTS_MAX {
            shapes.borrow_mut().met.clear();
            let made: Event = probe(event, other, &shapes);
            structs.insert(made.name(), shapes.borrow().met[1]);
        }
    }
    assert_eq!(structs.len(), count, "two events have one name");
    Events {
        structs,
        shapes: shapes.into_inner(),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn document(name: &str) -> String {
    let path = root().join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// The text under a heading, up to the next heading of the same or a higher level.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("there is no section `{heading}`"));
    let body = &text[start + heading.len() + 2..];
    let level = heading.split(' ').next().unwrap().len();
    let end = body
        .match_indices("\n#")
        .find(|(at, _)| {
            let marks = body[at + 1..].chars().take_while(|c| *c == '#').count();
            marks <= level
        })
        .map_or(body.len(), |(at, _)| at);
    &body[..end]
}

/// The cells of every row of the first table in `text`, without its head.
fn rows(text: &str) -> Vec<Vec<String>> {
    table(text).into_iter().skip(2).collect()
}

fn table(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}

/// The words in backticks of a cell.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn first_cells(text: &str) -> BTreeSet<String> {
    let rows = rows(text);
    assert!(!rows.is_empty(), "no table in {text}");
    rows.iter().flat_map(|row| words(&row[0])).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Every Markdown file of the project.
fn documents() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .into();
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn every_event_is_described_with_each_of_its_fields() {
    let text = document("docs/EVENTS.md");
    let events = events();
    for (event, name) in &events.structs {
        let described = first_cells(section(&text, &format!("### `{event}`")));
        assert_eq!(
            described,
            set(events.shapes.structs[name]),
            "fields of {event}"
        );
    }
    let headings = text
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    let described: BTreeSet<&str> = headings.collect();
    assert_eq!(described, events.structs.keys().copied().collect());
}

#[test]
fn every_value_inside_an_event_is_described() {
    let text = document("docs/EVENTS.md");
    let events = events();
    let top: BTreeSet<&str> = events.structs.values().copied().collect();
    let mut described = 0;
    for (name, fields) in &events.shapes.structs {
        if top.contains(name) || events.shapes.enums.contains_key(name) {
            continue;
        }
        let found = first_cells(section(&text, &format!("### {name}")));
        assert_eq!(found, set(fields), "fields of {name}");
        described += 1;
    }
    assert!(described >= 20, "only {described} values");
    for (name, variants) in &events.shapes.enums {
        let elsewhere = ["Event", "PositionState", "StateCause", "OrderStatus"];
        for word in variants.iter().filter(|_| !elsewhere.contains(name)) {
            assert!(text.contains(word), "{name}: `{word}` is not in EVENTS.md");
        }
    }
}

#[test]
fn the_header_of_a_record_is_described() {
    let shapes = RefCell::new(Shapes::default());
    let _: Record = probe(0, 0, &shapes);
    let text = document("docs/EVENTS.md");
    assert_eq!(
        first_cells(section(&text, "## The header")),
        set(shapes.borrow().structs["Record"])
    );
}

#[test]
fn every_flag_refusal_and_anomaly_is_described() {
    let text = document("docs/EVENTS.md");
    let pages = document("docs/errors/README.md");
    let enums = events().shapes.enums;
    for (heading, name) in [
        ("Flags", "Flag"),
        ("Refusals", "Refusal"),
        ("Anomalies", "Anomaly"),
    ] {
        let described = first_cells(section(&text, &format!("## {heading}")));
        assert_eq!(described, set(enums[name]), "{heading}");
        for code in enums[name].iter().filter(|_| name != "Flag") {
            assert!(pages.contains(&format!("`{code}`")), "{code} has no page");
        }
    }
}

#[test]
fn the_lifecycle_is_the_codes() {
    let text = document("docs/LIFECYCLE.md");
    let states: BTreeSet<String> = PositionState::ALL
        .iter()
        .map(|state| state.as_str().to_owned())
        .collect();
    assert_eq!(first_cells(section(&text, "## States")), states);
    let mut described = BTreeSet::new();
    let mut causes = BTreeSet::new();
    for row in rows(section(&text, "## Transitions")) {
        let state = |cell: &str| {
            words(cell)
                .first()
                .and_then(|w| PositionState::from_word(w))
        };
        described.insert((state(&row[0]), state(&row[1]).unwrap()));
        causes.extend(words(&row[2]));
    }
    let froms = PositionState::ALL.map(Some).into_iter().chain([None]);
    let legal: BTreeSet<_> = froms
        .flat_map(|from| PositionState::ALL.map(|to| (from, to)))
        .filter(|(from, to)| {
            Transition {
                from: *from,
                to: *to,
            }
            .is_legal()
        })
        .collect();
    assert_eq!(described, legal);
    let known = events().shapes.enums["StateCause"];
    assert_eq!(
        causes,
        set(known),
        "causes; the first is {}",
        StateCause::EntryRequested.as_str()
    );
}

#[test]
fn the_table_of_order_statuses_is_the_codes() {
    let facts = [
        OrderFactKind::Submitted,
        OrderFactKind::Accepted,
        OrderFactKind::PartlyFilled,
        OrderFactKind::WhollyFilled,
        OrderFactKind::Amended,
        OrderFactKind::Canceled,
        OrderFactKind::Rejected,
        OrderFactKind::Expired,
        OrderFactKind::Unknown,
    ];
    let text = document("docs/LIFECYCLE.md");
    let orders = section(&text, "## Orders");
    let meanings = rows(orders);
    let transitions = &orders[orders.find("| status | submitted |").unwrap()..];
    let after = rows(transitions);
    assert_eq!(meanings.len(), OrderStatus::ALL.len());
    assert_eq!(after.len(), OrderStatus::ALL.len());
    for status in OrderStatus::ALL {
        let named = |row: &&Vec<String>| words(&row[0]).contains(status.as_str());
        let working = if status.is_working() { "yes" } else { "no" };
        assert_eq!(meanings.iter().find(named).unwrap()[2], working, "{status}");
        let row = after.iter().find(named).unwrap();
        for (fact, cell) in facts.into_iter().zip(&row[1..]) {
            let next = status.after(fact).map_or("·", OrderStatus::as_str);
            assert_eq!(cell, next, "{status} after {fact:?}");
        }
    }
}

/// What a worked example begins with, and its fills.
struct Example {
    basis: CostBasis,
    inverse: bool,
    rounding: PnlRounding,
    fills: &'static [(Side, &'static str, &'static str)],
}

const FIVE: &[(Side, &str, &str)] = &[
    (Side::Buy, "2", "100"),
    (Side::Buy, "1", "130"),
    (Side::Sell, "2", "120"),
    (Side::Buy, "1", "90"),
    (Side::Sell, "2", "115"),
];

impl Example {
    fn of(basis: CostBasis) -> Self {
        Self {
            basis,
            inverse: false,
            rounding: PnlRounding::default(),
            fills: FIVE,
        }
    }

    /// Quantity, cost, realized PnL and rounding after each fill, by the ledger.
    fn numbers(&self) -> Vec<[String; 4]> {
        let (account, symbol) = (account("test:sim:main"), symbol("X"));
        let at = time("2024-05-01T12:00:00Z");
        let settings = AccountSettings {
            cost_basis: self.basis,
            pnl_rounding: self.rounding,
            ..AccountSettings::default()
        };
        let terms = Instrument {
            inverse: self.inverse,
            multiplier: quantity(if self.inverse { "100" } else { "1" }),
            tick: None,
            step: None,
            settlement_asset: None,
        };
        let mut ledger = MemoryLedger::new(Memory::Whole);
        let instrument = account.instrument(&symbol);
        for setting in [
            Configuration::Account {
                account: account.clone(),
                settings,
                occurred_at: None,
            },
            Configuration::Instrument {
                instrument,
                terms,
                occurred_at: None,
            },
        ] {
            ledger.submit(&Command::Configuration(setting), at);
        }
        let mut numbers = Vec::new();
        for (number, (side, units, price)) in self.fills.iter().enumerate() {
            let fact = Fact::OrderFilled(fill(&format!("E{number}"), *side, units, price));
            let told = acknowledgement(&account, &symbol, at, fact);
            let receipt = ledger.submit(&Command::Acknowledgement(told), at);
            let position = ledger.position(receipt.position_id.unwrap()).unwrap();
            let after = position.numbers;
            numbers.push(
                [
                    after.quantity,
                    after.cost,
                    after.realized_pnl,
                    after.rounding,
                ]
                .map(|amount| amount.to_string()),
            );
        }
        numbers
    }
}

/// A cell as the ledger writes its number.
fn number(cell: &str) -> String {
    let plain = cell.replace('−', "-");
    value::<ledger::Amount>(&plain).to_string()
}

#[test]
fn the_worked_examples_of_the_cost_bases_are_the_ledgers() {
    let text = document("docs/MATHEMATICS.md");
    let bases = [
        ("average", CostBasis::Average),
        ("fifo", CostBasis::Fifo),
        ("lifo", CostBasis::Lifo),
        ("average_of_opens", CostBasis::AverageOfOpens),
    ];
    for (name, basis) in bases {
        let written = rows(section(&text, &format!("### `{name}`")));
        let counted = Example::of(basis).numbers();
        assert_eq!(written.len(), counted.len());
        for (row, [quantity, cost, realized, _]) in written.iter().zip(counted) {
            let cells = [&row[1], &row[2], &row[3]].map(|cell| number(cell));
            assert_eq!(cells, [quantity, cost, realized], "{name} {}", row[0]);
        }
    }
}

#[test]
fn the_worked_examples_of_inverse_and_rounding_are_the_ledgers() {
    let text = document("docs/MATHEMATICS.md");
    let inverse = Example {
        inverse: true,
        fills: &[
            (Side::Buy, "30", "60000"),
            (Side::Buy, "10", "64000"),
            (Side::Sell, "15", "66000"),
            (Side::Sell, "25", "62000"),
        ],
        ..Example::of(CostBasis::Average)
    };
    let written = rows(section(&text, "## Inverse, worked"));
    assert_eq!(written.len(), inverse.fills.len());
    for (row, [quantity, cost, realized, _]) in written.iter().zip(inverse.numbers()) {
        let cells = [&row[2], &row[3], &row[4]].map(|cell| number(cell));
        assert_eq!(cells, [quantity, cost, realized], "{}", row[0]);
    }
    let truncated = Example {
        rounding: PnlRounding {
            scale: 8,
            rule: RoundingRule::Truncate,
        },
        fills: &[
            (Side::Buy, "0.003", "65000.1"),
            (Side::Buy, "0.004", "65000.2"),
            (Side::Sell, "0.002", "65100.3"),
            (Side::Sell, "0.005", "65100.3"),
        ],
        ..Example::of(CostBasis::Average)
    };
    let written = rows(section(&text, "## The venue's rounding of realized PnL"));
    let counted = truncated.numbers();
    for (row, [_, cost, _, _]) in written.iter().zip(&counted) {
        assert_eq!(number(&row[1]), *cost, "{}", row[0]);
    }
    let (sum, [_, _, realized, rounding]) = (&written[4], &counted[3]);
    assert_eq!(
        [number(&sum[3]), number(&sum[4])],
        [realized.clone(), rounding.clone()]
    );
}

#[test]
fn every_dependency_between_crates_is_in_the_table() {
    let text = document("docs/ARCHITECTURE.md");
    let crates = section(&text, "## The crates");
    let told: BTreeMap<String, BTreeSet<String>> = rows(crates)
        .iter()
        .map(|row| (words(&row[0]).pop_first().unwrap(), words(&row[3])))
        .collect();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let manifest = document(&format!("crates/{name}/Cargo.toml"));
        let table = manifest
            .split("\n[dependencies]\n")
            .nth(1)
            .unwrap_or_default();
        let used = table
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        let may = told
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is not in the table"));
        for used in used.filter(|used| told.contains_key(*used)) {
            assert!(may.contains(used), "{name} uses {used}");
        }
    }
}

/// The targets of all links of a text, examples in fences apart.
fn links(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|part| part.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchors that a Markdown reader makes of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            let heading: String = line
                .trim_start_matches('#')
                .trim()
                .chars()
                .filter(kept)
                .collect();
            heading.to_lowercase().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            let there = target.exists()
                && (anchor.is_empty()
                    || fs::read_to_string(&target)
                        .is_ok_and(|text| anchors(&text).contains(anchor)));
            if !there {
                broken.push(format!("{}: {link}", path.display()));
            }
            followed += 1;
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(followed > 100, "only {followed} links");
}

#[test]
fn every_source_file_and_make_target_that_is_named_exists() {
    let makefile = document("Makefile");
    let mut missing = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let file = word.split("::").next().unwrap().split(' ').next().unwrap();
            let plain = file
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c));
            let source = file.contains("/src") && plain;
            let within = ["crates/", ""]
                .iter()
                .any(|folder| root().join(folder).join(file).exists());
            let target = word
                .strip_prefix("make ")
                .and_then(|rest| rest.split(' ').next());
            let unknown = target.is_some_and(|name| !makefile.contains(&format!("\n{name}:")));
            if (source && !within) || unknown {
                missing.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn no_document_names_a_path_of_a_machine() {
    let mut named = Vec::new();
    for path in documents() {
        // An invented person may have a home.
        let text = fs::read_to_string(&path).unwrap().replace("/home/anna", "");
        for place in ["/home/", "/root/", "/work/", "/Users/", "/tmp/", "C:\\"] {
            if text.contains(place) {
                named.push(format!("{} names {place}", path.display()));
            }
        }
    }
    assert!(named.is_empty(), "{}", named.join("\n"));
}

//! What is exported is read back, in every format, and compared.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop"
)]

use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use export::{Export, ExportError, Format, Kind, MANIFEST_FILE, Moment, verify_manifest};
use ledger::{Command, Fact, Known, Ledger, Record, Sequence, Side, Timestamp};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use protocol::views::{
    CorrectionsView, EventView, FillView, FrameView, OrderView, PositionView, StatsView, Tabular,
};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use testkit::values;

/// A position that awkward fills opened and closed, and one that is open; texts that need quoting.
struct Sample {
    positions: Vec<PositionView>,
    orders: Vec<OrderView>,
    fills: Vec<FillView>,
    stats: Vec<StatsView>,
    events: Vec<EventView>,
}

impl Sample {
    fn new() -> Self {
        let mut ledger = Ledger::default();
        let mut records = Vec::new();
        let fills = [
            ("1", Side::Buy, "0.000000001", "0.00000000001234"),
            ("2", Side::Buy, "3", "66712.7"),
            ("3", Side::Sell, "3.000000001", "66000.123456789"),
            ("quoted, \"4\"", Side::Sell, "1234567890123456789012.5", "7"),
        ];
        for (number, (execution, side, units, price)) in (1..).zip(fills) {
            let mut fill = values::fill(execution, side, units, price);
            fill.fee = Some(values::amount("0.1"));
            fill.fee_asset = Some(values::value("USDT"));
            let account = values::account("binance-usdm:live:ma\u{ef}n, \"one\"");
            let at = Timestamp::from_nanoseconds(1_713_825_272_123_456_789 + number);
            let mut ack = values::acknowledgement(
                &account,
                &values::symbol("BTCUSDT"),
                at,
                Fact::OrderFilled(fill),
            );
            ack.order.venue_order_id = Some(values::value(&format!("order {execution}")));
            ack.raw = Some(b"line one\nline two, \"quoted\"".to_vec());
            let command = Command::Acknowledgement(ack);
            let moment = ledger::Moment::of(&command, at);
            let decision = ledger.decide(&command, &Known::default(), &moment);
            for record in decision.records {
                ledger.apply(&record);
                records.push(record);
            }
        }
        Self::of(&ledger, &records)
    }

    fn of(ledger: &Ledger, records: &[Record]) -> Self {
        let view = |position| {
            PositionView::from_position(
                position,
                None,
                None,
                Vec::new(),
                CorrectionsView::default(),
            )
        };
        let opened = |fill: &Record| {
            records.iter().find(|record| {
                record.event.name() == "position_opened" && record.causation == Some(fill.sequence)
            })
        };
        Self {
            positions: ledger
                .finished()
                .chain(ledger.positions())
                .map(view)
                .collect(),
            orders: ledger.orders().map(OrderView::from).collect(),
            fills: records
                .iter()
                .filter_map(|record| FillView::from_records(record, opened(record)))
                .collect(),
            stats: vec![
                StatsView {
                    group: "all".to_owned(),
                    trades: 3,
                    wins: 1,
                    losses: 2,
                    gross_profit: values::amount("10"),
                    gross_loss: values::amount("-3"),
                    ..StatsView::default()
                }
                .with_ratios(),
                StatsView::default(),
            ],
            events: records
                .iter()
                .map(|record| EventView::from_record(record, FrameView::default()))
                .collect(),
        }
    }

    fn write(&self, directory: &Path, format: Format) -> export::Manifest {
        let mut export = Export::begin(directory, format).unwrap();
        push(&mut export, "positions", &self.positions);
        push(&mut export, "trades", &[] as &[PositionView]);
        push(&mut export, "orders", &self.orders);
        push(&mut export, "fills", &self.fills);
        push(&mut export, "stats", &self.stats);
        push(&mut export, "events", &self.events);
        export.finish(moment()).unwrap()
    }
}

fn push<T: Tabular + serde::Serialize>(export: &mut Export, name: &str, rows: &[T]) {
    let mut table = export.table::<T>(name).unwrap();
    for row in rows {
        table.push(row).unwrap();
    }
    table.finish().unwrap();
}

fn moment() -> Moment {
    Moment {
        sequence: Sequence::new(12),
        journal_hash: Some("00ff".to_owned()),
        genesis: None,
        created_at: Timestamp::from_nanoseconds(1_713_825_272_000_000_000),
        as_of: None,
        clock: None,
    }
}

fn read_jsonl<T: DeserializeOwned + Tabular>(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<T>(line).unwrap().row())
        .collect()
}

fn read_csv<T: Tabular>(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap(), T::COLUMNS);
    let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    reader
        .records()
        .map(|record| row(record.unwrap()))
        .collect()
}

fn read_parquet<T: Tabular>(path: &Path) -> Vec<Vec<String>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let names: Vec<&str> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, T::COLUMNS);
    let batches = builder.build().unwrap().map(Result::unwrap);
    batches
        .flat_map(|batch| (0..batch.num_rows()).map(move |at| parquet_row(&batch, at)))
        .collect()
}

fn parquet_row(batch: &RecordBatch, at: usize) -> Vec<String> {
    batch
        .columns()
        .iter()
        .map(|column| parquet_cell(column.as_ref(), at))
        .collect()
}

fn parquet_cell(column: &dyn Array, at: usize) -> String {
    if column.is_null(at) {
        return String::new();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(at).to_string(),
        DataType::Boolean => column.as_boolean().value(at).to_string(),
        DataType::Decimal128(38, scale) => {
            let mantissa = column.as_primitive::<Decimal128Type>().value(at);
            decimal(mantissa, u32::try_from(*scale).unwrap())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone)) if &**zone == "UTC" => {
            let time = column.as_primitive::<TimestampNanosecondType>().value(at);
            Timestamp::from_nanoseconds(time).to_string()
        }
        other => panic!("a column of type {other}"),
    }
}

/// A mantissa of 38 digits may be more than `Decimal` holds before its zeros are cut.
fn decimal(mut mantissa: i128, mut scale: u32) -> String {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::from_i128_with_scale(mantissa, scale).to_string()
}

#[test]
fn the_three_formats_have_equal_content() {
    let sample = Sample::new();
    assert_eq!(sample.positions.len(), 2);
    assert!(sample.orders.len() >= 4 && sample.fills.len() == 4 && sample.events.len() > 10);
    let parent = tempfile::tempdir().unwrap();
    let at = |format: Format| parent.path().join(format.as_str());
    for format in Format::ALL {
        sample.write(&at(format), format);
    }
    let file = |name: &str, format: Format| at(format).join(format!("{name}.{format}"));
    macro_rules! compare {
        ($($name:literal $view:ty, $rows:expr;)+) => {$(
            let expected: Vec<Vec<String>> = $rows.iter().map(Tabular::row).collect();
            assert_eq!(read_jsonl::<$view>(&file($name, Format::Jsonl)), expected, $name);
            assert_eq!(read_csv::<$view>(&file($name, Format::Csv)), expected, $name);
            assert_eq!(read_parquet::<$view>(&file($name, Format::Parquet)), expected, $name);
        )+};
    }
    let none: Vec<PositionView> = Vec::new();
    compare! {
        "positions" PositionView, sample.positions;
        "trades" PositionView, none;
        "orders" OrderView, sample.orders;
        "fills" FillView, sample.fills;
        "stats" StatsView, sample.stats;
        "events" EventView, sample.events;
    }
}

#[test]
fn a_decimal_column_is_a_number_unless_its_digits_do_not_fit() {
    let parent = tempfile::tempdir().unwrap();
    let target = parent.path().join("out");
    let manifest = Sample::new().write(&target, Format::Parquet);
    let kind = |table: &str, column: &str| {
        let table = manifest
            .tables
            .iter()
            .find(|file| file.table == table)
            .unwrap();
        let column = table
            .columns
            .iter()
            .find(|found| found.name == column)
            .unwrap();
        column.kind.clone()
    };
    assert_eq!(kind("positions", "realized_pnl"), "decimal(38,23)");
    assert_eq!(kind("fills", "price"), "decimal(38,18)");
    assert_eq!(kind("fills", "sequence"), "uint64");
    assert_eq!(kind("fills", "occurred_at"), "timestamp(ns,UTC)");
    assert_eq!(kind("fills", "reduce_only"), "boolean");
    assert_eq!(kind("fills", "effects"), "text");
    // 22 digits before the point and 18 after it are more than 38.
    assert_eq!(kind("fills", "quantity"), "text");
}

#[test]
fn every_decimal_of_every_view_has_a_type() {
    let sample = Sample::new();
    let mut seen = 0;
    let mut check = |columns: &[&str], row: Vec<String>| {
        for (column, cell) in columns.iter().zip(row) {
            // Names may look like numbers; a name is not compared here.
            let fraction = cell.contains('.') && cell.parse::<Decimal>().is_ok();
            if fraction {
                assert_eq!(Kind::of(column), Kind::Decimal, "{column} = {cell}");
                seen += 1;
            }
        }
    };
    sample
        .positions
        .iter()
        .for_each(|row| check(PositionView::COLUMNS, row.row()));
    sample
        .orders
        .iter()
        .for_each(|row| check(OrderView::COLUMNS, row.row()));
    sample
        .fills
        .iter()
        .for_each(|row| check(FillView::COLUMNS, row.row()));
    sample
        .stats
        .iter()
        .for_each(|row| check(StatsView::COLUMNS, row.row()));
    assert!(seen > 30);
}

#[test]
fn the_manifest_says_what_is_there_and_is_believed_only_if_so() {
    let parent = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let target = parent.path().join(format.as_str());
        let manifest = Sample::new().write(&target, format);
        assert_eq!(manifest.moment, moment());
        assert_eq!(manifest.tables.len(), 6);
        assert_eq!(manifest.tables[0].rows, 2);
        assert_eq!(manifest.tables[1].rows, 0);
        assert_eq!(verify_manifest(&target).unwrap(), manifest);

        let fills = target.join(format!("fills.{format}"));
        let whole = fs::read(&fills).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(&fills, flipped).unwrap();
        fs::write(target.join("stray"), "").unwrap();
        fs::remove_file(target.join(format!("trades.{format}"))).unwrap();
        let problems = verify_manifest(&target).unwrap_err();
        let files: Vec<String> = problems.into_iter().map(|problem| problem.file).collect();
        assert_eq!(
            files,
            [
                format!("trades.{format}"),
                format!("fills.{format}"),
                "stray".to_owned()
            ]
        );
        fs::remove_file(target.join(MANIFEST_FILE)).unwrap();
        assert_eq!(verify_manifest(&target).unwrap_err()[0].file, MANIFEST_FILE);
    }
}

#[test]
fn an_export_goes_only_into_a_new_or_empty_directory_and_leaves_nothing_when_given_up() {
    let parent = tempfile::tempdir().unwrap();
    let count = || fs::read_dir(parent.path()).unwrap().count();
    let target = parent.path().join("out");

    let mut abandoned = Export::begin(&target, Format::Csv).unwrap();
    push(&mut abandoned, "stats", &[StatsView::default()]);
    drop(abandoned);
    assert_eq!(count(), 0);

    fs::create_dir(&target).unwrap();
    Sample::new().write(&target, Format::Jsonl);
    assert_eq!(count(), 1);
    let again = Export::begin(&target, Format::Jsonl);
    assert!(matches!(again, Err(ExportError::NotEmpty { .. })));
    let file = Export::begin(&target.join(MANIFEST_FILE), Format::Jsonl);
    assert!(matches!(file, Err(ExportError::NotADirectory { .. })));

    // Somebody else was faster.
    let second = parent.path().join("second");
    let late = Export::begin(&second, Format::Jsonl).unwrap();
    fs::create_dir(&second).unwrap();
    fs::write(second.join("theirs"), "kept").unwrap();
    assert!(matches!(
        late.finish(moment()),
        Err(ExportError::NotEmpty { .. })
    ));
    assert_eq!(count(), 2);
    assert_eq!(fs::read(second.join("theirs")).unwrap(), b"kept");
}

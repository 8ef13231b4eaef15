//! Parquet and Arrow are read to the numbers that were written, and damage never to others.

#![cfg(feature = "parquet")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{path::PathBuf, sync::Arc};

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray,
    TimestampMillisecondArray, TimestampNanosecondArray,
};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, Timestamp,
    ingest::{BarTable, ReadOptions, Stamp, read_parquet, read_trades, trades_from_arrow},
    market::{
        Aggressor, Calendar,
        check::{CheckOptions, FindingKind},
    },
    time::MINUTE_NS,
};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn write(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn close() -> ReadOptions {
    ReadOptions { stamp: Some(Stamp::Close), ..ReadOptions::default() }
}

fn of(bars: &[Bar], time: ArrayRef) -> RecordBatch {
    let column = |of: fn(&Bar) -> f64| Arc::new(Float64Array::from_iter_values(bars.iter().map(of))) as ArrayRef;
    batch(vec![
        ("ts", time),
        ("open", column(|b| b.open)),
        ("High", column(|b| b.high)),
        ("low", column(|b| b.low)),
        ("close", column(|b| b.close)),
        ("volume", column(|b| b.volume)),
    ])
}

#[expect(clippy::print_stdout, reason = "a test that had nothing to read says so")]
fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    let there = path.exists();
    if !there {
        println!("skipped: {} is not there", path.display());
    }
    there.then_some(path)
}

#[test]
fn columns_of_every_type_are_the_same_numbers() {
    let ns = |row: i64| (29_000_000 + row) * MINUTE_NS;
    let price = |x: f64| Arc::new(Float32Array::from(vec![x as f32, 11.0])) as ArrayRef;
    let times: [ArrayRef; 4] = [
        Arc::new(TimestampNanosecondArray::from(vec![ns(0), ns(1)])),
        Arc::new(
            TimestampMillisecondArray::from(vec![ns(0) / 1_000_000, ns(1) / 1_000_000]).with_timezone("Asia/Tokyo"),
        ),
        Arc::new(StringArray::from_iter_values([ns(0), ns(1)].map(|ns| Timestamp::from_nanos(ns).to_string()))),
        Arc::new(Int64Array::from(vec![ns(0) / 1_000, ns(1) / 1_000])),
    ];
    for time in times {
        let all = batch(vec![
            ("timestamp", time),
            ("open", price(10.5)),
            ("high", price(11.0)),
            ("low", price(9.25)),
            ("close", price(10.0)),
            ("volume", Arc::new(Int32Array::from(vec![7, 8]))),
            ("note", Arc::new(Int64Array::from(vec![Some(3), None]))),
        ]);
        let reader = RecordBatchIterator::new([Ok(all.clone())], all.schema());
        let options = ReadOptions { columns: vec!["note".into()], ..close() };
        let series = BarTable::from_arrow(reader, None, &options).unwrap().into_series().unwrap();
        assert_eq!(series.bars[0].time.nanos(), ns(0));
        assert_eq!((series.bars[0].open, series.bars[0].low, series.bars[1].volume), (10.5, 9.25, 8.0));
        assert!(series.columns[0].1[0] == 3.0 && series.columns[0].1[1].is_nan());
    }
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    let time = || Arc::new(TimestampNanosecondArray::from(vec![Some(60), None])) as ArrayRef;
    let price = || Arc::new(Float64Array::from(vec![10.0, 11.0])) as ArrayRef;
    let read = |columns: Vec<(&str, ArrayRef)>| {
        let batch = batch(columns);
        let reader = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
        BarTable::from_arrow(reader, Some("x"), &close()).and_then(BarTable::into_series).unwrap_err().to_string()
    };
    let bars = |open: ArrayRef, time: ArrayRef| {
        vec![("ts", time), ("open", open), ("high", price()), ("low", price()), ("close", price())]
    };
    assert_eq!(read(bars(price(), time())), "x: row 1, column ts: no time; fill or drop the row");
    let text = Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef;
    assert_eq!(read(bars(text.clone(), time())), "open: Utf8 is no number; every value must be one");
    assert!(read(bars(price(), text)).starts_with("x: row 0, column ts: \"a\" is not ISO 8601"));
    assert_eq!(
        read(bars(price(), price())),
        "ts: Float64 is no time; use datetimes, ISO 8601 text or whole numbers since 1970"
    );
    let large = Arc::new(Int64Array::from(vec![(1 << 53) + 1, 1])) as ArrayRef;
    assert_eq!(read(bars(large, time())), "open: 9007199254740993 has no float equal to it");
    let hole = Arc::new(Float64Array::from(vec![None, Some(1.0)])) as ArrayRef;
    let whole = Arc::new(TimestampNanosecondArray::from(vec![60, 120])) as ArrayRef;
    assert!(read(bars(hole, whole)).starts_with("x: row 0, column open: NaN is not a finite number"));
    assert!(read(vec![("ts", time())]).starts_with("x: row 0, column open: not in the header \"ts\""));
}

#[test]
fn trades_come_from_arrow_as_well() {
    let all = batch(vec![
        ("time", Arc::new(TimestampMillisecondArray::from(vec![5, 5])) as ArrayRef),
        ("price", Arc::new(Float64Array::from(vec![1650.25, 1650.5]))),
        ("qty", Arc::new(Int32Array::from(vec![3, 4]))),
        ("is_buyer_maker", Arc::new(arrow_array::BooleanArray::from(vec![true, false]))),
    ]);
    let reader = RecordBatchIterator::new([Ok(all.clone())], all.schema());
    let trades = trades_from_arrow(reader, None, &ReadOptions::default()).unwrap();
    assert_eq!(trades.iter().map(|t| t.aggressor).collect::<Vec<_>>(), [Aggressor::Seller, Aggressor::Buyer]);
    assert_eq!((trades[1].price, trades[1].size, trades[1].time.nanos()), (1650.5, 4.0, 5_000_000));
}

/// The ten holes that its notes name, and that it is adjusted; its volume is null throughout.
#[test]
fn the_holes_of_a_year_of_es() {
    let Some(path) = shared("es_1m.parquet") else { return };
    let table = BarTable::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(table.len(), 352_976);
    let options = CheckOptions { shown: 1000, ..CheckOptions::default() };
    let report = table.check(Some(&Instrument::es()), Calendar::Cme, options).unwrap();
    let holes: Vec<(String, i64)> = report
        .of(FindingKind::Gap)
        .filter(|gap| gap.value.unwrap() == 960.0)
        .map(|gap| (gap.time.to_string()[..10].to_owned(), gap.value.unwrap() as i64))
        .collect();
    let days = [
        "2024-12-18",
        "2025-01-15",
        "2025-02-12",
        "2025-03-12",
        "2025-04-30",
        "2025-05-28",
        "2025-06-25",
        "2025-07-23",
        "2025-08-20",
    ];
    assert_eq!(holes, days.map(|day| (day.to_owned(), 960)));
    assert!(
        report
            .of(FindingKind::Gap)
            .any(|gap| gap.time.to_string().starts_with("2025-12-10") && gap.value > Some(300.0))
    );
    for (kind, count) in [
        (FindingKind::BackAdjusted, 1),
        (FindingKind::NoVolume, 1),
        (FindingKind::OffTick, 0),
        (FindingKind::Duplicate, 0),
        (FindingKind::Ohlc, 0),
        (FindingKind::TimeZone, 0),
        (FindingKind::ClosedHours, 0),
    ] {
        assert_eq!(report.count(kind), count, "{kind:?} {report}");
    }
    assert!(report.is_usable());
    let data =
        read_parquet(&path, &ReadOptions::default()).unwrap().into_data(Instrument::es(), Calendar::Cme).unwrap();
    assert_eq!(data.len(), 352_976);
}

#[test]
fn real_trades() {
    let Some(path) = shared("es_trades_201309.parquet") else { return };
    let trades = read_trades(path, &ReadOptions::default()).unwrap();
    assert_eq!((trades.len(), trades[0].price, trades[0].size), (500_000, 1640.25, 8.0));
}

#[test]
fn other_real_files() {
    for (file, rows) in [("es_5m.parquet", 70_616), ("btcusdt_1m.parquet", 188_641)] {
        let Some(path) = shared(file) else { return };
        assert_eq!(read_parquet(path, &ReadOptions::default()).unwrap().bars.len(), rows);
    }
}

fn bars() -> impl Strategy<Value = Vec<Bar>> {
    proptest::collection::vec((1i64..1000, -1e6f64..1e6, 0.0f64..1e3, 0.0f64..1e9), 2..40).prop_map(|rows| {
        let mut minute = 28_000_000;
        let bar = |(gap, low, range, volume): (i64, f64, f64, f64)| {
            minute += gap;
            let time = Timestamp::from_nanos(minute * MINUTE_NS);
            Bar { time, open: low, high: low + range, low, close: low + range, volume }
        };
        rows.into_iter().map(bar).collect()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(bars in bars()) {
        let time = Arc::new(TimestampNanosecondArray::from_iter_values(bars.iter().map(|bar| bar.time.nanos())));
        let bytes = write(&of(&bars, time));
        let table = BarTable::from_parquet_bytes(bytes, "x", &close()).unwrap();
        prop_assert_eq!(table.into_series().unwrap().bars, bars);
    }

    /// A part of a file is an error. A changed byte is one, or stays unseen: without a checksum on its page nobody can tell
    /// (with one, see the tests in Python); but nothing panics, and what is loaded is sound.
    #[test]
    fn damage_never_panics(bars in bars(), at in 0.0f64..1.0, byte in 1u8..=255, cut in any::<bool>()) {
        let time = Arc::new(TimestampNanosecondArray::from_iter_values(bars.iter().map(|bar| bar.time.nanos())));
        let mut bytes = write(&of(&bars, time));
        let at = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(at) } else { bytes[at] ^= byte }
        let read = BarTable::from_parquet_bytes(bytes, "x", &close()).and_then(BarTable::into_series);
        match read {
            Ok(series) => prop_assert!(!cut && series.bars.iter().all(|bar| bar.check().is_ok())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

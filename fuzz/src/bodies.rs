//! For any bytes: no panic, and whatever is loaded is sound and reads back to the same bits when it is written.

use tradepit::{
    Instrument,
    ingest::{BarTable, ReadOptions, read_quotes_text, read_trades_text},
    market::{BarBuilder, BarRule, Calendar, Imbalance, Measure, check::CheckOptions},
};

fn options() -> [ReadOptions; 3] {
    let (day_first, zone) = (Some("day_first".to_owned()), Some("America/New_York".to_owned()));
    let names = ["ts", "open", "high", "low", "close", "volume"].map(str::to_owned).to_vec();
    [
        ReadOptions::default(),
        ReadOptions { time_format: day_first, time_zone: zone, ..ReadOptions::default() },
        ReadOptions { names, delimiter: Some(';'), ..ReadOptions::default() },
    ]
}

/// Bars of a text file.
pub fn csv(bytes: &[u8]) {
    for options in options() {
        if let Ok(table) = BarTable::from_csv_text(bytes, "fuzz", &options) {
            sound(&table);
        }
    }
}

/// Trades and quotes of a text file, and bars of the trades.
pub fn trades(bytes: &[u8]) {
    for options in options() {
        let options = ReadOptions { names: Vec::new(), ..options };
        if let Ok(quotes) = read_quotes_text(bytes, "fuzz", &options) {
            assert!(quotes.iter().all(|quote| quote.check().is_ok()));
        }
        let Ok(trades) = read_trades_text(bytes, "fuzz", &options) else { continue };
        let rule = BarRule::Imbalance(Imbalance::new(Measure::Value, 3.0));
        let Ok(mut builder) = BarBuilder::new(rule) else { continue };
        for trade in &trades {
            assert!(trade.check().is_ok());
            let bar = builder.push(trade).unwrap_or_else(|error| panic!("{error}"));
            assert!(bar.is_none_or(|bar| bar.high >= bar.low));
        }
    }
}

/// Bars of a Parquet file.
#[cfg(feature = "parquet")]
pub fn parquet(bytes: &[u8]) {
    if let Ok(table) = BarTable::from_parquet_bytes(bytes.to_vec(), "fuzz", &ReadOptions::default()) {
        sound(&table);
    }
}

fn sound(table: &BarTable) {
    let check = |table: &BarTable| table.check(Some(&Instrument::es()), Calendar::Cme, CheckOptions::default());
    let report = check(table).unwrap_or_else(|error| panic!("{error}"));
    let mut mended = table.clone();
    mended.mend(None);
    let mut text = Vec::new();
    mended.write_csv(&mut text, "fuzz").unwrap_or_else(|error| panic!("{error}"));
    let Ok(series) = table.clone().into_series() else { return };
    assert!(report.is_usable(), "{report}");
    assert!(series.bars.iter().all(|bar| bar.check().is_ok()));
    let again = BarTable::from_csv_text(&text, "fuzz", &ReadOptions::default()).and_then(BarTable::into_series);
    let again = again.unwrap_or_else(|error| panic!("{error} in\n{}", String::from_utf8_lossy(&text)));
    assert_eq!(again.bars, series.bars, "{}", String::from_utf8_lossy(&text));
}

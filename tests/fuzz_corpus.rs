//! The bodies of the fuzz targets, over their corpus, the samples, and damaged copies of both.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[expect(unreachable_pub, reason = "it is the library of the fuzz targets as well")]
#[path = "../fuzz/src/bodies.rs"]
mod bodies;

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use tradepit::{
    Bar, Timestamp,
    ingest::{ReadOptions, Stamp, read_csv_from},
    time::SECOND_NS,
};

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root.join("fuzz/corpus").join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.extend(
        ["es_1m", "eurusd_1h", "stocks_1d"].map(|name| root.join(format!("python/tradepit/samples/{name}.csv"))),
    );
    // The first lines say it all; damage is to hit them often.
    let head =
        |path: &PathBuf| fs::read(path).unwrap().split_inclusive(|b| *b == b'\n').take(5).flatten().copied().collect();
    paths.iter().map(head).collect()
}

fn mutate(seeds: &[Vec<u8>], which: usize, edits: &[(f64, u8, u8)]) -> Vec<u8> {
    let mut bytes = seeds[which % seeds.len()].clone();
    for (at, how, byte) in edits {
        let at = ((*at * bytes.len() as f64) as usize).min(bytes.len().saturating_sub(1));
        match how {
            _ if bytes.is_empty() => {}
            0 => bytes[at] = *byte,
            1 => bytes.insert(at, *byte),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            // What is like the file hits deeper than what is not.
            _ => bytes[at] = b"0123456789,;:./- \n\"TZ+APMe"[*byte as usize % 25],
        }
    }
    bytes
}

#[test]
fn the_corpus_is_sound() {
    for seed in seeds("csv") {
        bodies::csv(&seed);
    }
    for seed in seeds("trades") {
        bodies::trades(&seed);
        // What is no Parquet at all; tests/parquet.rs damages real files.
        #[cfg(feature = "parquet")]
        bodies::parquet(&[b"PAR1", seed.as_slice(), b"PAR1"].concat());
    }
}

/// A way to write bars.
#[derive(Clone, Debug)]
struct Dialect {
    delimiter: char,
    head: bool,
    time: u8,
    quoted: bool,
    blank: bool,
    crlf: bool,
}

fn dialects() -> impl Strategy<Value = Dialect> {
    (0usize..4, any::<bool>(), 0u8..12, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(delimiter, head, time, quoted, blank, crlf)| {
            let delimiter = [',', ';', '\t', '|'][delimiter];
            Dialect { delimiter, head, time, quoted, blank, crlf }
        },
    )
}

/// The text of a whole second in the dialect.
fn time_of(seconds: i64, dialect: &Dialect) -> String {
    let iso = Timestamp::from_nanos(seconds * SECOND_NS).to_string();
    let (year, month, day, clock) = (&iso[..4], &iso[5..7], &iso[8..10], &iso[11..19]);
    let compact = clock.replace(':', "");
    let hour: u32 = clock[..2].parse().unwrap();
    let half = format!("{}{} {}", (hour + 11) % 12 + 1, &clock[2..], if hour < 12 { "AM" } else { "PM" });
    match dialect.time {
        0 => iso,
        1 => format!("{year}-{month}-{day} {clock}"),
        2 => format!("{year}-{month}-{day}T{clock}+00:00"),
        3 => format!("{year}/{month}/{day} {clock}.000"),
        4 => format!("{year}{month}{day} {compact}"),
        5 => seconds.to_string(),
        6 => (seconds * 1_000).to_string(),
        7 => (seconds * 1_000_000).to_string(),
        8 => (seconds * SECOND_NS).to_string(),
        9 => format!("{year}.{month}.{day} {half}"),
        10 => format!("{day}/{month}/{year} {clock}"),
        _ => format!("{month}-{day}-{year} {half}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_files_are_sound(
        which in 0usize..16,
        edits in proptest::collection::vec((0.0f64..1.0, 0u8..8, any::<u8>()), 1..8),
    ) {
        bodies::csv(&mutate(&seeds("csv"), which, &edits));
        bodies::trades(&mutate(&seeds("trades"), which, &edits));
    }

    /// Random bars in a random accepted dialect are read to the bit.
    #[test]
    fn every_dialect_is_read_to_the_bit(
        rows in proptest::collection::vec((1i64..100_000, -1e6f64..1e6, 0.0f64..1e3, 0.0f64..1e9), 2..30),
        dialect in dialects(),
    ) {
        let (mut seconds, mut bars, mut text) = (1_500_000_000, Vec::new(), String::new());
        let (end, d) = (if dialect.crlf { "\r\n" } else { "\n" }, dialect.delimiter);
        let names = ["time", "open", "high", "low", "close", "volume"];
        if dialect.head {
            text.push_str(&names.join(&d.to_string()));
            text.push_str(end);
        }
        for (gap, low, range, volume) in rows {
            seconds += gap;
            let time = Timestamp::from_nanos(seconds * SECOND_NS);
            let bar = Bar { time, open: low, high: low + range, low, close: low + range, volume };
            let quote = |field: String| if dialect.quoted { format!("\"{field}\"") } else { field };
            let blank = if dialect.blank { " " } else { "" };
            let numbers = [bar.open, bar.high, bar.low, bar.close, bar.volume].map(|x| format!("{d}{blank}{x}"));
            text.push_str(&format!("{}{}{end}", quote(time_of(seconds, &dialect)), numbers.concat()));
            bars.push(bar);
        }
        let names = if dialect.head { Vec::new() } else { names.map(str::to_owned).to_vec() };
        let time_format = match dialect.time {
            10 => Some("day_first".to_owned()),
            11 => Some("month_first".to_owned()),
            _ => None,
        };
        let options = ReadOptions { stamp: Some(Stamp::Close), names, time_format, ..ReadOptions::default() };
        let series = read_csv_from(text.as_bytes(), "x", &options);
        prop_assert_eq!(series.map(|series| series.bars).map_err(|error| format!("{error} in\n{text}")), Ok(bars));
    }
}

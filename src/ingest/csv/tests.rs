use proptest::prelude::*;

use super::*;
use crate::{Bar, features, market::QuotesAt, time::MINUTE_NS};

fn read(text: &str, options: &ReadOptions) -> Result<BarSeries> {
    read_csv_from(text.as_bytes(), "x.csv", options)
}

fn refused(text: &str) -> String {
    read(text, &ReadOptions::default()).unwrap_err().to_string()
}

fn times(series: &BarSeries) -> Vec<String> {
    series.bars.iter().map(|bar| bar.time.to_string()).collect()
}

const HEAD: &str = "ts,open,high,low,close,volume\n";

#[test]
fn open_stamps_become_closes_by_the_smallest_step() {
    let text = format!("{HEAD}2024-03-01T14:30Z,1,3,1,2,7\n2024-03-01T14:45Z,2,2,2,2,8\n2024-03-01T14:50Z,2,2,2,2,9\n");
    let open = read(&text, &ReadOptions::default()).unwrap();
    assert_eq!(open.period_ns, 5 * MINUTE_NS);
    assert_eq!(times(&open), ["2024-03-01T14:35:00Z", "2024-03-01T14:50:00Z", "2024-03-01T14:55:00Z"]);
    let first = open.bars[0];
    assert_eq!([first.open, first.high, first.low, first.close, first.volume], [1.0, 3.0, 1.0, 2.0, 7.0]);
    let close = read(&text, &ReadOptions { stamp: Some(Stamp::Close), ..ReadOptions::default() }).unwrap();
    assert_eq!(times(&close), ["2024-03-01T14:30:00Z", "2024-03-01T14:45:00Z", "2024-03-01T14:50:00Z"]);
    let given = read(&text, &ReadOptions { period_ns: Some(MINUTE_NS), ..ReadOptions::default() }).unwrap();
    assert_eq!((given.bars[0].time.to_string().as_str(), given.period_ns), ("2024-03-01T14:31:00Z", MINUTE_NS));
}

#[test]
fn klines_need_no_header_and_may_be_in_milli_or_microseconds() {
    let text = |unit: i64| {
        let row = |minute: i64| {
            let (open, close) = ((1_772_323_200 + minute * 60) * unit, (1_772_323_260 + minute * 60) * unit - 1);
            format!("{open},66973.26,67029.25,66967.18,66998.58,9.19306,{close},615904.38,5610,4.61,308907.14,0\n")
        };
        [0, 1, 2].map(row).concat()
    };
    let micro = read(&text(1_000_000), &ReadOptions::default()).unwrap();
    assert_eq!(micro, read(&text(1_000), &ReadOptions::default()).unwrap());
    assert_eq!(times(&micro), ["2026-03-01T00:01:00Z", "2026-03-01T00:02:00Z", "2026-03-01T00:03:00Z"]);
    assert_eq!((micro.bars[2].high, micro.bars[2].volume, micro.period_ns), (67029.25, 9.19306, MINUTE_NS));
    let close = read(&text(1_000), &ReadOptions { stamp: Some(Stamp::Close), ..ReadOptions::default() }).unwrap_err();
    assert!(close.to_string().starts_with("stamp: \"close\", but the file holds open times"), "{close}");
    let broken = text(1_000).replacen("66967.18", "oops", 2);
    assert_eq!(
        refused(&broken),
        "x.csv: row 0, column ts: not in the header \"1772323200000,66973.26,67029.25,oops,\
        66998.58,9.19306,1772323259999,615904.38,5610,4.61,308907.14,0\"; name the time ts, timestamp, datetime, date \
        or time, or give names where there is no header"
    );
}

#[test]
fn headers_in_any_case_order_and_delimiter() {
    for text in [
        "close,OPEN,Low,High,DateTime\n2,1,1,3,2024-03-01 14:30\n2,2,2,2,2024-03-01 14:31\n",
        "\u{feff}Date;Time;Open;High;Low;Close\n2024-03-01;14:30:00;1;3;1;2\n2024-03-01;14:31:00;2;2;2;2\n",
        ",open,high,low,close\r\n2024-03-01 14:30:00+00:00, 1, 3, 1, 2\r\n2024-03-01 14:31:00+00:00,2,2,2,2\r\n",
        "\"timestamp\"\t\"open\"\t\"high\"\t\"low\"\t\"close\"\n1709303400\t1\t3\t1\t2\n1709303460\t2\t2\t2\t2\n",
    ] {
        let series = read(text, &ReadOptions::default()).unwrap();
        let first = series.bars[0];
        assert_eq!([first.open, first.high, first.low, first.close, first.volume], [1.0, 3.0, 1.0, 2.0, 0.0], "{text}");
        assert_eq!(times(&series), ["2024-03-01T14:31:00Z", "2024-03-01T14:32:00Z"], "{text}");
    }
}

#[test]
fn days_at_local_midnight_stay_days_over_the_clock_change() {
    let text = format!(
        "{HEAD}2024-03-08T00:00:00-05:00,1,1,1,1,1\n2024-03-09T00:00:00-05:00,1,1,1,1,1\n\
         2024-03-10T00:00:00-05:00,1,1,1,1,1\n2024-03-11T00:00:00-04:00,1,1,1,1,1\n"
    );
    let series = read(&text, &ReadOptions::default()).unwrap();
    assert_eq!(series.period_ns, 24 * 60 * MINUTE_NS);
    assert_eq!(times(&series)[2..], ["2024-03-11T05:00:00Z", "2024-03-12T04:00:00Z"]);
}

#[test]
fn minutes_go_on_over_the_hour_that_comes_twice() {
    let text = format!("{HEAD}2024-11-03T01:59:00-04:00,1,1,1,1,1\n2024-11-03T01:00:00-05:00,1,1,1,1,1\n");
    let series = read(&text, &ReadOptions::default()).unwrap();
    assert_eq!((times(&series)[1].as_str(), series.period_ns), ("2024-11-03T06:01:00Z", MINUTE_NS));
}

#[test]
fn one_symbol_of_several() {
    let text = "ts,symbol,open,high,low,close,news\n2024-03-01,A,1,1,1,1,\n2024-03-01,B,5,5,5,5,0.5\n\
        2024-03-02,A,2,2,2,2,1.5\n2024-03-02,B,6,7,8,6,2.5\n";
    let choose = |symbol: &str, columns: &[&str]| ReadOptions {
        symbol: Some(symbol.into()),
        columns: columns.iter().map(|&c| c.to_owned()).collect(),
        ..ReadOptions::default()
    };
    let a = read(text, &choose("A", &["news"])).unwrap();
    assert_eq!(a.bars.iter().map(|bar| bar.close).collect::<Vec<_>>(), [1.0, 2.0]);
    assert!(a.columns[0].1[0].is_nan() && a.columns[0].1[1] == 1.5);
    assert_eq!(refused(text), "symbol: x.csv holds several, A, B; choose one");
    assert_eq!(read(text, &choose("C", &[])).unwrap_err().to_string(), "symbol: \"C\" is not in x.csv, which has A, B");
    // The row is that of the file, not of the symbol.
    let crossed = read(text, &choose("B", &[])).unwrap_err().to_string();
    assert!(crossed.starts_with("x.csv: row 3, column high: high 7 is below low 8"), "{crossed}");
    let unknown = read(text, &choose("A", &["views"])).unwrap_err().to_string();
    assert!(unknown.starts_with("x.csv: row 0, column views: not in the header \"ts,symbol"), "{unknown}");
    let none = read(&format!("{HEAD}2024-03-01,1,1,1,1,1\n"), &choose("A", &[])).unwrap_err().to_string();
    assert_eq!(none, "symbol: \"A\", but the file has no column symbol; leave it out");
}

#[test]
fn bad_rows_are_named() {
    let rows = |row: &str| refused(&format!("{HEAD}2024-03-01T14:30Z,1,1,1,1,1\n{row}\n"));
    let cases = [
        ("2024-03-01T14:31Z,1,abc,1,1,1", "x.csv: row 1, column high: \"abc\" is not a number"),
        ("2024-03-01T14:31Z,1,1,1,,1", "x.csv: row 1, column close: is empty"),
        ("2024-03-01T14:31Z,1,1,1,1,", "x.csv: row 1, column volume: is empty"),
        ("2024-03-01T14:31Z,1,1,1,NaN,1", "x.csv: row 1, column close: NaN is not a finite number"),
        ("2024-03-01T14:31Z,1,1,1,1,-1", "x.csv: row 1, column volume: -1 is negative"),
        ("2024-03-01T14:31Z,1,1,2,1,1", "x.csv: row 1, column high: high 1 is below low 2"),
        ("03/01/2024 14:31,1,1,1,1,1", "x.csv: row 1, column ts: \"03/01/2024 14:31\" is not ISO 8601"),
        (
            "2024-03-01T14:30Z,1,1,1,1,1",
            "x.csv: row 1, column ts: 2024-03-01T14:30:00Z is not after 2024-03-01T14:30:00Z",
        ),
        ("2024-03-01T14:31Z,1,1,1,1", "x.csv: row 1, column all: 5 fields where the first line has 6"),
    ];
    for (row, text) in cases {
        assert!(rows(row).starts_with(text), "{row}: {}", rows(row));
    }
    assert!(refused("ts,open,high,low\n1,2,3,4\n").starts_with("x.csv: row 0, column close: not in the header"));
    assert_eq!(
        refused("ts,open,high,low,close,Close\n"),
        "x.csv: row 0, column close: is twice in the header; rename one"
    );
    assert_eq!(refused(""), "too little data: x.csv: the file is empty");
    assert_eq!(refused(HEAD), "too little data: x.csv: no bars");
    assert!(refused(&format!("{HEAD}2024-03-01,1,1,1,1,1\n")).contains("1 row does not tell how long a bar is"));
    assert!(read_csv("no/such.csv", &ReadOptions::default()).unwrap_err().to_string().starts_with("no/such.csv: "));
}

#[test]
fn the_shipped_es_sample_becomes_a_market_with_features() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/python/tradepit/samples/es_1m.csv");
    let data = load_csv(path, Instrument::es(), Calendar::Cme, Stamp::Open).unwrap();
    assert_eq!((data.len(), data.period_ns()), (2264, MINUTE_NS));
    assert_eq!(data.view(1).now().to_string(), "2013-09-01T22:01:00Z");
    let data = features::attach(data, &features::FeaturePipelineSpec::default()).unwrap();
    assert!(data.warm_up() <= 225, "{}", data.warm_up());
    let rows = data.view(data.len()).window(data.len() - data.warm_up());
    for (i, name) in data.feature_names().iter().enumerate() {
        let values = rows.iter().skip(i).step_by(data.width()).map(|&x| f64::from(x));
        let square = values.map(|x| x * x).sum::<f64>() / (data.len() - data.warm_up()) as f64;
        assert!((0.1..2.0).contains(&square.sqrt()), "{name} is of size {}", square.sqrt());
    }
}

#[test]
fn bid_and_ask_are_quotes_at_opens_or_at_closes() {
    let text = "ts,open,high,low,close,Bid,Ask,bid_size\n2024-03-01T14:30Z,10,11,9,10,9.75,10.25,3\n\
        2024-03-01T14:31Z,10,11,9,10,,,\n2024-03-01T14:32Z,10,11,9,10,9.5,10.5,7\n";
    type Stands = [Option<(String, f64, f64)>; 3];
    let load = |text: &str, quotes: QuotesAt| -> Result<Stands> {
        let data = read(text, &ReadOptions { quotes, ..ReadOptions::default() })?
            .into_data(Instrument::es(), Calendar::Utc)?;
        let stands = |row: usize| {
            data.view(row + 1).quote(crate::InstrumentId(0)).map(|q| (q.time.to_string(), q.bid, q.bid_size))
        };
        Ok([stands(0), stands(1), stands(2)])
    };
    let first = |minute: &str| Some((format!("2024-03-01T14:{minute}:00Z"), 9.75, 3.0));
    assert_eq!(
        load(text, QuotesAt::Open).unwrap(),
        [first("30"), first("30"), Some(("2024-03-01T14:32:00Z".into(), 9.5, 7.0))]
    );
    assert_eq!(load(text, QuotesAt::Close).unwrap(), [None, first("31"), first("31")]);
    let timed = text
        .replace(",bid_size\n", ",quote_time\n")
        .replace(",3\n", ",2024-03-01T14:29:58.5Z\n")
        .replace(",7\n", ",2024-03-01T14:31:58Z\n");
    let own = load(&timed, QuotesAt::Open).unwrap();
    assert_eq!(own[1], Some(("2024-03-01T14:29:58.5Z".into(), 9.75, 0.0)));
    let refused = |from: &str, to: &str| load(&text.replace(from, to), QuotesAt::Open).unwrap_err().to_string();
    assert_eq!(
        refused("9.5,10.5", "10.75,10.5"),
        "x.csv: row 2, column bid: bid 10.75 is above ask 10.5; drop crossed quotes"
    );
    assert!(refused(",,\n", "9.5,,\n").starts_with("x.csv: row 1, column ask: is empty; fill it"));
    assert!(refused("9.5,10.5,7", "x,10.5,7").starts_with("x.csv: row 2, column bid: \"x\" is not a number"));
    // Without both sides a column is only one of the user's own.
    let plain = text.replace("Ask", "offer");
    let options = ReadOptions { columns: vec!["offer".into()], ..ReadOptions::default() };
    let series = read(&plain, &options).unwrap();
    assert!(series.quotes.is_none() && series.columns[0].1[0] == 10.25);
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z0-9,;\n\"T:Z. -]{0,200}") {
        let _ = read(&text, &ReadOptions::default());
    }

    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec((1i64..1000, 1e-3f64..1e6, 0.0f64..1e3, 0.0f64..1e9), 2..40),
    ) {
        let (mut minute, mut text, mut bars) = (28_000_000, HEAD.to_owned(), Vec::new());
        for (gap, low, range, volume) in rows {
            minute += gap;
            let time = crate::Timestamp::from_nanos(minute * MINUTE_NS);
            let bar = Bar { time, open: low, high: low + range, low, close: low + range, volume };
            text.push_str(&format!("{time},{},{},{},{},{volume}\n", bar.open, bar.high, bar.low, bar.close));
            bars.push(bar);
        }
        let series = read(&text, &ReadOptions { stamp: Some(Stamp::Close), ..ReadOptions::default() }).unwrap();
        prop_assert_eq!(series.bars, bars);
    }
}

use super::*;
use crate::{Instrument, InstrumentId, market::synth, time::MINUTE_NS};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_nanos(minute * MINUTE_NS)
}

fn bar(minute: i64, [open, high, low, close]: [f64; 4]) -> Bar {
    Bar { time: at(minute), open, high, low, close, volume: 1.0 }
}

fn quote(minute: i64, bid: f64, ask: f64) -> Quote {
    Quote { time: at(minute), bid, ask, ..Quote::default() }
}

fn flat(minutes: &[i64]) -> MarketDataBuilder {
    let bars = minutes.iter().map(|&minute| bar(minute, [10.0; 4])).collect();
    MarketData::builder(vec![Instrument::es()]).bars(bars).period_ns(5 * MINUTE_NS).source_name("x.csv")
}

fn refused(builder: MarketDataBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn samples_at_closes_stand_at_the_next_open_and_stay_until_the_next() {
    let samples = [Some(quote(5, 9.0, 11.0)), None, Some(quote(14, 9.5, 10.5))];
    let data = flat(&[5, 10, 15]).quotes(samples, QuotesAt::Close).build().unwrap();
    let stands: Vec<_> = (0..3).map(|row| data.view(row + 1).quote(InstrumentId(0)).copied()).collect();
    assert_eq!(stands, [None, Some(quote(5, 9.0, 11.0)), Some(quote(5, 9.0, 11.0))]);
    let open = flat(&[5, 10, 15]).quotes(samples.map(|q| q.map(|q| Quote { time: at(0), ..q })), QuotesAt::Open);
    let data = open.build().unwrap();
    assert_eq!(data.view(3).quote(InstrumentId(0)).unwrap().bid, 9.5);
    assert!(flat(&[5]).build().unwrap().view(1).quote(InstrumentId(0)).is_none());
}

#[test]
fn bad_quotes_are_named() {
    let one = |quote: Quote| refused(flat(&[5, 10]).quotes([None, Some(quote)], QuotesAt::Open));
    assert_eq!(one(quote(5, 10.5, 10.0)), "x.csv: row 1, column bid: bid 10.5 is above ask 10; drop crossed quotes");
    assert!(one(quote(5, f64::NAN, 10.0)).starts_with("x.csv: row 1, column bid: NaN is not a finite number"));
    let size = Quote { ask_size: -2.0, ..quote(5, 10.0, 10.0) };
    assert!(one(size).starts_with("x.csv: row 1, column ask_size: -2 is negative"));
    // The second bar opens at minute 5; a sample of its close may come later.
    let late = one(quote(6, 10.0, 10.0));
    assert!(late.starts_with("x.csv: row 1, column quote: its time 1970-01-01T00:06:00Z is after 1970"), "{late}");
    assert!(flat(&[5, 10]).quotes([quote(5, 9.0, 9.0), quote(6, 9.0, 9.0)], QuotesAt::Close).build().is_ok());
    let back = refused(flat(&[5, 10]).quotes([quote(4, 9.0, 9.0), quote(3, 9.0, 9.0)], QuotesAt::Open));
    assert!(back.contains("row 1, column quote: its time 1970-01-01T00:03:00Z is before"), "{back}");
    let few = refused(flat(&[5, 10]).quotes([quote(5, 9.0, 9.0)], QuotesAt::Open));
    assert_eq!(few, "quotes: 1 for 2 rows of 1; give one a bar, or none for it");
    // A price below 0 is one, as with bars.
    assert!(flat(&[5]).quotes([quote(0, -2.0, -1.0)], QuotesAt::Open).build().is_ok());
}

#[test]
fn finer_bars_make_up_their_row_or_are_refused() {
    let rows = vec![bar(5, [10.0, 12.0, 9.0, 11.0]), bar(10, [11.0, 11.5, 11.0, 11.25])];
    let fine = vec![
        bar(1, [10.0, 10.5, 9.0, 9.5]),
        bar(3, [10.0, 12.0, 10.0, 12.0]),
        bar(4, [11.5, 11.5, 11.0, 11.0]),
        bar(10, [11.0, 11.5, 11.0, 11.25]),
    ];
    let build = |fine: Vec<Bar>| {
        MarketData::builder(vec![Instrument::es()]).bars(rows.clone()).source_name("x.csv").sub_bars(fine).build()
    };
    let data = build(fine.clone()).unwrap();
    assert_eq!(data.view(1).sub_bars(InstrumentId(0)).copied().collect::<Vec<_>>(), fine[..3]);
    assert_eq!(data.details(1).sub_bars, &fine[3..]);
    // A row without any is one whose way is not known.
    assert_eq!(build(fine[..3].to_vec()).unwrap().details(1).sub_bars, []);
    let refused = |at: usize, change: Bar| {
        let mut fine = fine.clone();
        fine[at] = change;
        build(fine).unwrap_err().to_string()
    };
    assert_eq!(
        refused(1, bar(3, [10.0, 12.5, 10.0, 12.0])),
        "x.csv: row 0, column sub_bars: instrument 0: their high is 12.5, and that of the row 12"
    );
    assert!(refused(0, bar(1, [10.0, 10.5, 8.0, 9.5])).contains("their low is 8, and that of the row 9"));
    assert!(refused(0, bar(1, [9.75, 10.5, 9.0, 9.5])).contains("their open is 9.75"));
    assert!(
        refused(3, bar(10, [11.0, 11.5, 11.0, 11.5]))
            .contains("row 1, column sub_bars: instrument 0: their close is 11.5")
    );
    assert!(refused(1, bar(1, [10.0, 12.0, 10.0, 12.0])).contains("must be after 1970-01-01T00:01:00Z and not after"));
    assert!(refused(3, bar(11, [11.0, 11.5, 11.0, 11.25])).contains("is after the last row"));
    assert!(refused(1, bar(3, [10.0, 9.0, 10.0, 12.0])).contains("high 9 is below low 10"));
}

#[test]
fn two_instruments_come_side_by_side() {
    let both = |minute: i64, a: f64, b: f64| [bar(minute, [a; 4]), bar(minute, [b; 4])];
    let data = MarketData::builder(vec![Instrument::es(), Instrument::nq()])
        .bars([both(5, 1.0, 7.0), both(10, 2.0, 8.0)].concat())
        .sub_bars([both(5, 1.0, 7.0), both(7, 2.0, 8.0), both(10, 2.0, 8.0)].concat())
        .quotes([None, Some(quote(5, 7.0, 7.0)), Some(quote(5, 2.0, 2.0)), None], QuotesAt::Open)
        .build()
        .unwrap();
    let view = data.view(2);
    assert_eq!(view.sub_bars(InstrumentId(1)).map(|bar| bar.close).collect::<Vec<_>>(), [8.0, 8.0]);
    let bid = |id| view.quote(InstrumentId(id)).unwrap().bid;
    assert_eq!((bid(0), bid(1)), (2.0, 7.0));
}

#[test]
fn a_push_gives_what_a_build_gives() {
    let fine = synth::es_1m(45, 3).unwrap();
    let quotes = fine.bars().iter().map(|bar| Quote {
        time: bar.time,
        bid: bar.close,
        ask: bar.close + 0.25,
        ..Quote::default()
    });
    let fine = fine.part(0..45).quotes(quotes, QuotesAt::Close).build().unwrap();
    let whole = fine.resample(15 * MINUTE_NS).unwrap();
    let mut grown = whole.part(0..1).build().unwrap();
    for row in 1..3 {
        let details = whole.details(row);
        assert!(
            grown.clone().push(&whole.bars()[row..=row], &[]).unwrap_err().to_string().contains("0 quotes; expected 1")
        );
        grown.push_with(&whole.bars()[row..=row], &[], details, &[]).unwrap();
    }
    for row in 0..3 {
        assert_eq!(grown.details(row), whole.details(row));
        assert_eq!(whole.details(row).sub_bars.len(), 15);
    }
    // At the first open nothing was known; at the second what stood when the bar before it closed.
    assert_eq!(whole.details(0).quotes, [None]);
    assert_eq!(whole.details(1).quotes[0].unwrap().time, fine.bars()[14].time);
    let part = whole.part(1..3).build().unwrap();
    assert_eq!((part.details(0), part.details(1)), (whole.details(1), whole.details(2)));
    assert!(fine.resample(90_000_000_000).is_err() && whole.resample(MINUTE_NS).is_err());
}

#[test]
fn longer_bars_keep_their_columns_and_leave_a_rest_out() {
    let bars: Vec<Bar> = [1, 2, 3, 7, 8, 11].map(|m| bar(m, [m as f64; 4])).to_vec();
    let data = MarketData::builder(vec![Instrument::es()]).bars(bars).column("own", vec![1., 2., 3., 7., 8., 11.]);
    let long = data.build().unwrap().resample(5 * MINUTE_NS).unwrap();
    assert_eq!(
        long.bars().iter().map(|bar| (bar.time, bar.open, bar.close, bar.volume)).collect::<Vec<_>>(),
        [(at(5), 1.0, 3.0, 3.0), (at(10), 7.0, 8.0, 2.0)]
    );
    assert_eq!(long.columns()[0].1, [3.0, 8.0]);
}

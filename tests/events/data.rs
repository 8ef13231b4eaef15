//! Events in the data: what stands over them, what features see, and what can't be.

use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp,
    market::{Adjustment, Calendar, MarketEvent, MarketFact, Quote, QuotesAt},
    models::Models,
    time::MINUTE_NS,
    venue::{GrowingMarket, NoFeatures, Opening, Row, VenueFacts},
};

use crate::{
    at, bar, before,
    book::{ONE, share},
    market, near, of,
};

#[test]
fn a_quote_that_no_new_one_follows_stands_over_events_as_it_reads_after_them() {
    let quote = |minute: i64, mid: f64| Quote {
        time: at(minute),
        bid: mid - 1.0,
        ask: mid + 1.0,
        bid_size: 10.0,
        ask_size: 20.0,
    };
    let bars = [60.0, 60.0, 30.0, 30.0, 29.0].iter().enumerate().map(|(row, price)| bar(row, *price, *price)).collect();
    let facts = vec![before(2, MarketFact::Split { ratio: 2.0 }), before(4, MarketFact::Dividend { amount: 1.0 })];
    let builder = MarketData::builder(vec![share()]).bars(bars).period_ns(MINUTE_NS).events(facts);
    let old = quote(0, 60.0);
    let split = Quote { bid: 29.5, ask: 30.5, bid_size: 20.0, ask_size: 40.0, ..old };
    let stands = |data: &MarketData| (0..5).map(|row| data.details(row).quotes[0].unwrap()).collect::<Vec<_>>();
    // A new one is what it is, even in the row of an event.
    let new = quote(4, 29.0);
    let at_opens = [Some(old), None, None, None, Some(new)];
    let data = builder.clone().quotes(at_opens, QuotesAt::Open).build().unwrap();
    assert_eq!(stands(&data), [old, old, split, split, new]);
    let at_opens = [Some(old), None, None, None, None];
    let paid = Quote { bid: 28.5, ask: 29.5, ..split };
    let data = builder.clone().quotes(at_opens, QuotesAt::Open).build().unwrap();
    assert_eq!(stands(&data), [old, old, split, split, paid]);
    assert_eq!(stands(&data.part(0..5).build().unwrap()), stands(&data));
    let mut live = GrowingMarket::new(&Opening::of(&data, 0, 1e6).unwrap(), NoFeatures).unwrap();
    (1..5).for_each(|row| live.push(&Opening::row(&data, row)).unwrap());
    assert_eq!(stands(live.data()), stands(&data));
    // Served without quotes of its own, a live row carries on what stood.
    let mut live = GrowingMarket::new(&Opening::of(&data, 1, 1e6).unwrap(), NoFeatures).unwrap();
    live.push(&Row { quotes: vec![None], ..Opening::row(&data, 2) }).unwrap();
    assert_eq!(live.data().details(2).quotes, [Some(split)]);
    // What stood at a close is of before the next row.
    let at_closes = [None, Some(quote(2, 60.0)), None, None, None];
    let data = builder.quotes(at_closes, QuotesAt::Close).build().unwrap();
    assert_eq!(data.details(2).quotes, [Some(Quote { time: at(2), ..split })]);
}

#[test]
fn volatility_and_volume_of_days_pass_over_events() {
    let slippage = r#"{"slippage": {"kind": "square_root", "days": 5, "warmup_bps": 1.0}}"#;
    let models: Models = serde_json::from_str(slippage).unwrap();
    let build = |scale: &dyn Fn(usize) -> f64, events| {
        let bars = (0..40).map(|row: usize| {
            let price = 1_000.0 * (1.0 + 0.01 * (row as f64 * 1.7).sin()) / scale(row);
            let time = Timestamp::from_nanos((row as i64 + 1) * 6 * 60 * MINUTE_NS);
            Bar { time, volume: 100.0 * scale(row), ..bar(0, price, price) }
        });
        let builder = MarketData::builder(vec![share()]).calendar(Calendar::Utc).bars(bars.collect()).events(events);
        builder.build().unwrap()
    };
    // In the middle of a day, and where one begins.
    let at = |row: i64| Timestamp::from_nanos(row * 6 * 60 * MINUTE_NS);
    let split = |row: i64, ratio| MarketEvent { time: at(row), instrument: ONE, what: MarketFact::Split { ratio } };
    let scale = |row: usize| if row >= 18 { 2.0 } else { 1.0 } * if row >= 28 { 1.5 } else { 1.0 };
    let (whole, parts) = (build(&|_| 1.0, vec![]), build(&scale, vec![split(18, 2.0), split(28, 1.5)]));
    let facts = |data: &MarketData| VenueFacts::new(&models, data.view(data.len()));
    let (whole, parts) = (facts(&whole), facts(&parts));
    for row in 8..40 {
        let (a, b) = (whole.daily(row, ONE), parts.daily(row, ONE));
        assert!(near(a.sigma, b.sigma, 1.0) && near(a.adv * scale(row), b.adv, 1e3), "row {row}: {a:?} {b:?}");
    }
}

#[test]
fn longer_rows_keep_events_where_prices_compare() {
    let prices: Vec<(f64, f64)> = (0..12).map(|row| if row < 5 { (60.0, 60.0) } else { (30.0, 30.0) }).collect();
    let split = |row| before(row, MarketFact::Split { ratio: 2.0 });
    let build = |row| market(share(), &prices, vec![split(row), before(7, MarketFact::Halt {})]);
    let longer = build(5).resample(5 * MINUTE_NS).unwrap();
    assert_eq!(longer.details(1).events, [split(5), before(7, MarketFact::Halt {})]);
    let refused = build(6).resample(5 * MINUTE_NS).unwrap_err().to_string();
    assert!(refused.contains("falls into a row of 300000000000 ns; make shorter rows"), "{refused}");
}

#[test]
fn events_that_can_not_be_are_refused_by_name() {
    let refused = |events: Vec<MarketEvent>| {
        let bars = (0..4).map(|row| bar(row, 60.0, 60.0)).collect();
        let builder = MarketData::builder(vec![share()]).bars(bars).events(events);
        builder.build().unwrap_err().to_string()
    };
    let (halt, resume) = (MarketFact::Halt {}, MarketFact::Resume {});
    let roll = MarketFact::Roll { from_price: 1.0, to_price: 2.0 };
    for (events, says) in [
        (vec![before(4, halt)], "no bar closes after it"),
        (vec![of(InstrumentId(1), 1, halt)], "instrument 1 is not in the data, which has 1"),
        (vec![before(1, MarketFact::Split { ratio: 0.0 })], "ratio 0 must be a finite number above 0"),
        (vec![before(1, MarketFact::Dividend { amount: f64::NAN })], "amount NaN must be"),
        (vec![before(1, MarketFact::Dividend { amount: 60.0 })], "amount 60 is not below the last price of 60"),
        (
            vec![before(1, MarketFact::Roll { from_price: f64::INFINITY, to_price: 1.0 })],
            "from_price inf is not a finite",
        ),
        (vec![before(1, MarketFact::Roll { from_price: -1.0, to_price: 1.0 })], "at or below 0 has no ratio"),
        (vec![before(1, halt), before(2, halt)], "time lies in a halt already"),
        (vec![before(1, resume)], "time lies in no halt"),
        (vec![before(1, halt), before(2, roll)], "time lies in a halt; roll behind the resume"),
        (vec![before(1, roll), before(1, roll)], "time is that of another roll"),
        (vec![before(1, MarketFact::Split { ratio: 2.0 }); 2], "ratio is the second one of a row"),
    ] {
        let refused = refused(events.clone());
        assert!(refused.starts_with("events: ") && refused.contains(says), "{events:?}: {refused}");
    }
}

#[test]
fn rows_of_data_keep_their_events_and_who_was_halted() {
    let split = before(5, MarketFact::Split { ratio: 2.0 });
    let events = vec![before(1, MarketFact::Halt {}), split, before(6, MarketFact::Resume {})];
    let data = market(share(), &[(60.0, 60.0); 8], events);
    let part = data.part(3..8).build().unwrap();
    let halted: Vec<bool> = (1..=5).map(|end| part.view(end).is_halted(ONE)).collect();
    assert_eq!(halted, [true, true, true, false, false]);
    assert_eq!(part.details(2).events, [split]);
    assert_eq!(data.part(6..8).build().unwrap().events().len(), 2, "halted before, resumed in the first row");
}

#[test]
fn a_roll_by_difference_keeps_differences() {
    let build = |adjust| {
        let bars = [100.0, 101.0, -4.0, -2.0].iter().enumerate().map(|(row, price)| bar(row, *price, *price)).collect();
        let roll = before(2, MarketFact::Roll { from_price: 101.0, to_price: -5.0 });
        MarketData::builder(vec![Instrument::es()]).bars(bars).events(vec![roll]).adjust(adjust).build()
    };
    assert!(build(Adjustment::Ratio).is_err());
    let seen = |adjust| build(adjust).unwrap().feature_bars().iter().map(|bar| bar.close).collect::<Vec<_>>();
    assert_eq!(seen(Adjustment::Difference), [100.0, 101.0, 102.0, 104.0]);
    assert_eq!(seen(Adjustment::None), [100.0, 101.0, -4.0, -2.0]);
}

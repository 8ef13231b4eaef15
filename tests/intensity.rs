//! Limits that fill by chance: at their own price, as often as they should, and the same in every venue.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use tradepit::{
    InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::{
        Quote, QuotesAt,
        synth::{Arithmetic, SynthRows, SynthSpec},
    },
    models::Models,
    order::{OrderRequest, TimeInForce},
    venue::{SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);

fn market(rows: usize, seed: u64) -> MarketData {
    let process = Arithmetic { volatility: 0.5, ..Arithmetic::default() };
    SynthSpec::Arithmetic(process).market(&SynthRows { price: 1_000.0, ..SynthRows::exact(rows) }, seed).unwrap()
}

fn models(arrivals: f64, decay: f64) -> Models {
    let limit = json!({"kind": "intensity", "arrivals": arrivals, "decay": decay});
    serde_json::from_value(json!({"matching": {"limit": limit}})).unwrap()
}

/// Quotes one unit on both sides of every close, so far from it, for one bar; gives all fills.
fn quoted(data: &MarketData, models: &Models, away: [f64; 2], seed: u64) -> Vec<Fill> {
    let world = SimWorld::new(Arc::new(data.clone()), models.clone(), 1e9).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), seed), Account::new(1));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut fills = Vec::new();
    for row in 0..data.len() - 1 {
        let close = data.bars()[row].close;
        let tif = TimeInForce::Gtd { until: data.bars()[row + 1].time };
        for (qty, away) in [(1.0, -away[0]), (-1.0, away[1])] {
            venue
                .submit(OrderRequest::limit(ONE, qty, data.instruments()[0].round_price(close + away)).with_tif(tif))
                .unwrap();
        }
        venue
            .advance(&mut account, |event| {
                if let AccountEvent::Fill(fill) = event {
                    fills.push(*fill);
                }
            })
            .unwrap();
    }
    let sum: f64 = fills.iter().map(|fill| fill.qty).sum();
    assert_eq!(account.position(ONE).qty(), sum);
    fills
}

#[test]
fn fills_are_as_frequent_as_the_intensity_says() {
    let (rows, data) = (20_000, market(20_000, 1));
    for (arrivals, decay, away) in [(0.7, 1.5, 0.7), (0.7, 1.5, 0.1), (0.2, 0.0, 3.0), (3.0, 1.0, 0.5)] {
        let fills = quoted(&data, &models(arrivals, decay), [away, 1.5 * away], 3);
        let n = f64::from(rows - 1);
        for (sign, away) in [(1.0, away), (-1.0, 1.5 * away)] {
            let p = (arrivals * f64::exp(-decay * away)).min(1.0);
            let share = fills.iter().filter(|fill| fill.qty == sign).count() as f64 / n;
            let error = (p * (1.0 - p) / n).sqrt();
            assert!((share - p).abs() <= 4.0 * error, "{share} for {p} +- {error}");
        }
        // Both sides of a bar are independent.
        let both = fills.windows(2).filter(|two| two[0].time == two[1].time).count() as f64 / n;
        let p = [away, 1.5 * away].map(|d| (arrivals * f64::exp(-decay * d)).min(1.0));
        let p = p[0] * p[1];
        assert!((both - p).abs() <= 4.0 * (p * (1.0 - p) / n).sqrt(), "{both} for {p}");
    }
}

#[test]
fn what_is_better_than_the_open_takes_at_the_open() {
    let data = market(200, 2);
    let fills = quoted(&data, &models(0.0, 1.0), [-0.25, 0.25], 0);
    assert_eq!(fills.len(), 199);
    for fill in fills {
        let row = data.bars().iter().position(|bar| bar.time > fill.time).unwrap();
        assert_eq!((fill.qty, fill.price), (1.0, data.bars()[row].open));
    }
}

#[test]
fn a_distance_is_from_the_middle_of_the_quote_where_there_is_one() {
    let bare = market(4_000, 3);
    let quote = |bar: &tradepit::Bar| {
        // Far from the trades: a bid of 10 above the close, an ask of 12 above.
        Some(Quote { time: bar.time, bid: bar.close + 10.0, ask: bar.close + 12.0, ..Quote::default() })
    };
    let data = bare.part(0..4_000).quotes(bare.bars().iter().map(quote), QuotesAt::Close).build().unwrap();
    // A sell of 12 above the close is 1 above the middle.
    let fills = quoted(&data, &models(0.7, 1.5), [500.0, 12.0], 5);
    let (n, p) = (3_999.0, 0.7 * f64::exp(-1.5));
    let share = fills.len() as f64 / n;
    assert!((share - p).abs() <= 4.0 * f64::sqrt(p * (1.0 - p) / n), "{share} for {p}");
}

#[test]
fn an_order_keeps_resting_until_it_fills_and_stops_are_reached_by_prices() {
    let data = market(400, 4);
    let world = Arc::new(SimWorld::new(Arc::new(data.clone()), models(0.05, 0.0), 1e9).unwrap());
    let waits: Vec<f64> = (0..400)
        .map(|seed| {
            let (mut venue, mut account) = (SimVenue::new(Arc::clone(&world), seed), Account::new(1));
            venue.open(Start::At(0), &mut account).unwrap();
            venue.submit(OrderRequest::limit(ONE, 1.0, 100.0)).unwrap();
            let mut bars = 0.0;
            while account.position(ONE).qty() == 0.0 {
                venue.advance(&mut account, |_| {}).unwrap();
                bars += 1.0;
            }
            assert_eq!(account.position(ONE).avg_price(), 100.0);
            bars
        })
        .collect();
    // Geometric with 0.05: a mean of 20, a deviation of 19.5.
    let mean = waits.iter().sum::<f64>() / 400.0;
    assert!((mean - 20.0).abs() < 4.0 * 19.5 / 20.0, "{mean}");
    let (mut venue, mut account) = (SimVenue::new(world, 0), Account::new(1));
    venue.open(Start::At(0), &mut account).unwrap();
    let next = data.bars()[1];
    let stop = if next.close > next.open { next.close } else { next.open + 1e-3 };
    venue.submit(OrderRequest::stop(ONE, 1.0, stop)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    assert_eq!(account.position(ONE).qty() == 1.0, next.high >= stop);
}

#[test]
fn what_can_not_be_is_refused_by_name() {
    let refused = |json: &str| serde_json::from_str::<Models>(json).unwrap().validate().unwrap_err().to_string();
    let error = refused(r#"{"matching": {"limit": {"kind": "intensity", "arrivals": -1}}}"#);
    assert_eq!(error, "limit.arrivals: -1 must be a finite number of at least 0");
    let error = refused(r#"{"matching": {"limit": {"kind": "intensity", "decay": -0.5}}}"#);
    assert_eq!(error, "limit.decay: -0.5 must be a finite number of at least 0");
    let typo = serde_json::from_str::<Models>(r#"{"matching": {"limit": {"kind": "intensity", "k": 1}}}"#);
    assert!(typo.unwrap_err().to_string().contains("unknown field"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn fills_are_at_the_limit_and_nearer_limits_fill_whenever_farther_ones_do(
        seed in any::<u64>(), near in 0.01f64..2.0, farther in 0.0f64..2.0, arrivals in 0.0f64..1.5, decay in 0.0f64..3.0,
        path in 0usize..4,
    ) {
        let data = market(60, seed);
        let path = ["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"][path];
        let mut models = models(arrivals, decay);
        models.matching.path = serde_json::from_value(json!({"kind": path})).unwrap();
        let run = |away: f64| quoted(&data, &models, [away, away], seed);
        let (first, other) = (run(near), run(near + farther));
        for fill in &first {
            let row = data.bars().iter().position(|bar| bar.time == fill.time).unwrap();
            let limit = data.bars()[row - 1].close - near * fill.qty;
            prop_assert_eq!(fill.price, data.instruments()[0].round_price(limit));
        }
        let when = |fills: &[Fill]| fills.iter().map(|fill| (fill.time, fill.qty)).collect::<Vec<(Timestamp, f64)>>();
        let (first, other) = (when(&first), when(&other));
        prop_assert!(other.iter().all(|fill| first.contains(fill)), "{:?} in {:?}", other, first);
    }
}

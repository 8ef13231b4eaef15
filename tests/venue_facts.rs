//! What the venue tells its models beyond the bars: volatility and volume of days, and what the account has traded.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::{Calendar, synth},
    models::{CommissionModel as _, FeeContext, Models},
    order::OrderRequest,
    time::{DAY_NS, MINUTE_NS},
    venue::{Advance, GrowingMarket, NoFeatures, Opening, SimState, SimVenue, SimWorld, Start, VenueFacts},
};

const ONE: InstrumentId = InstrumentId(0);

fn models(value: &Value) -> Models {
    serde_json::from_value(value.clone()).unwrap()
}

/// Half hours from some minute of 2024 on, of which some are missing; prices walk, volumes are any.
fn data(calendar: Calendar, begins: i64, seed: u64, rows: usize, instruments: usize) -> MarketData {
    let began: Timestamp = "2024-03-07T00:00:00Z".parse().unwrap();
    let walks: Vec<MarketData> = (0..instruments).map(|i| synth::es_1m(rows, seed + i as u64).unwrap()).collect();
    let mut minute = begins;
    let bars = (0..rows).flat_map(|t| {
        let odd = (seed.wrapping_mul(31).wrapping_add(t as u64 * 17)) % 11;
        minute += if odd == 0 { 300 } else { 30 };
        let time = began.plus_ns(minute * MINUTE_NS);
        walks.iter().map(move |walk| Bar { time, ..walk.bars()[t] }).collect::<Vec<_>>()
    });
    let share = |i: usize| Instrument { tick: 0.25, ..Instrument::equity(&format!("S{i}")) };
    let built = MarketData::builder((0..instruments).map(share).collect()).calendar(calendar).bars(bars.collect());
    built.period_ns(30 * MINUTE_NS).build().unwrap()
}

/// By the definition: squared log returns and volumes of each whole day, the last `days` of them before the row's own.
fn by_hand(data: &MarketData, days: usize, row: usize, id: usize) -> (f64, f64) {
    let n = data.instruments().len();
    let bar = |t: usize| &data.bars()[t * n + id];
    let span = |t: usize| -> (i64, i64) {
        let time = bar(t).time;
        if data.calendar() == Calendar::None {
            let opens = (time.nanos() - 1).div_euclid(DAY_NS) * DAY_NS;
            return (opens, opens + DAY_NS);
        }
        let session = data.clock().session(time);
        (session.opens.nanos(), session.closes.nanos())
    };
    let mut list: Vec<(i64, f64, f64)> = Vec::new();
    for t in (0..data.len()).take_while(|t| *t < row && span(*t) != span(row)) {
        let before_data = bar(0).time.nanos() - data.period_ns() > span(0).0;
        if before_data && span(t) == span(0) {
            continue;
        }
        let moved = if t == 0 { f64::NAN } else { (bar(t).close / bar(t - 1).close).ln() };
        match list.last_mut().filter(|day| day.0 == span(t).1) {
            Some(day) => (day.1, day.2) = (day.1.max(0.0) + moved * moved, day.2 + bar(t).volume),
            None => list.push((span(t).1, moved * moved, bar(t).volume)),
        }
    }
    let last = &list[list.len().saturating_sub(days)..];
    let mean = |value: fn(&(i64, f64, f64)) -> f64| {
        let known: Vec<f64> = last.iter().map(value).filter(|value| value.is_finite()).collect();
        known.iter().sum::<f64>() / known.len() as f64
    };
    (mean(|day| day.1).sqrt(), mean(|day| day.2))
}

fn near(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn days_are_counted_as_by_hand_row_by_row_and_from_the_past_alone(
        calendar in prop::sample::select(vec![Calendar::None, Calendar::Utc, Calendar::Cme, Calendar::Nyse]),
        begins in 0i64..2_000,
        seed in 0u64..1_000,
        days in 1u32..5,
        cut in 2usize..300,
        instruments in 1usize..3,
    ) {
        let models = models(&json!({"slippage": {"kind": "square_root", "days": days}}));
        let data = data(calendar, begins, seed, 300, instruments);
        let facts = VenueFacts::new(&models, data.view(300));
        for id in 0..instruments {
            for row in (0..300).step_by(7) {
                let (sigma, adv) = by_hand(&data, days as usize, row, id);
                let known = facts.daily(row, InstrumentId(id as u32));
                prop_assert!(near(known.sigma, sigma) && near(known.adv, adv), "{row}: {known:?}, not {sigma}, {adv}");
            }
        }
        // Another future changes nothing before it.
        let changed = data.bars().iter().enumerate().map(|(i, bar)| match i / instruments >= cut {
            true => Bar { volume: 7.0, close: bar.low, ..*bar },
            false => *bar,
        });
        let other = MarketData::builder(data.instruments().to_vec()).calendar(calendar).bars(changed.collect());
        let other = other.period_ns(data.period_ns()).build().unwrap();
        let others = VenueFacts::new(&models, other.view(300));
        // A session that grows by the row comes to the same.
        let opening = Opening::of(&data, cut as u32 - 1, 1.0).unwrap();
        let mut market = GrowingMarket::new(&opening, NoFeatures).unwrap();
        let mut grown = VenueFacts::new(&models, market.view());
        for row in cut..300 {
            market.push(&Opening::row(&data, row)).unwrap();
            grown.push(market.view());
        }
        for (row, id) in (0..300).flat_map(|row| (0..instruments as u32).map(move |id| (row, InstrumentId(id)))) {
            let bits = |facts: &VenueFacts| {
                let known = facts.daily(row, id);
                (known.sigma.to_bits(), known.adv.to_bits())
            };
            prop_assert_eq!(bits(&facts), bits(&grown));
            prop_assert!(row > cut || bits(&facts) == bits(&others));
        }
    }
}

/// Fills, fees and all, of orders of so many units, each sent when its row has closed.
fn fills(data: &Arc<MarketData>, models: &Models, orders: &[(u32, f64)], book: bool) -> Vec<Fill> {
    let world = SimWorld::new(Arc::clone(data), models.clone(), 1e7).unwrap();
    let (mut venue, mut account, mut fills) = (SimVenue::new(Arc::new(world), 0), Account::new(1), Vec::new());
    venue.open(Start::At(0), &mut account).unwrap();
    if book {
        // A limit far away: every order goes by the book.
        venue.submit(OrderRequest::limit(ONE, 1.0, 0.25)).unwrap();
    }
    loop {
        let row = venue.state().row();
        for (_, qty) in orders.iter().filter(|(at, _)| *at == row) {
            venue.submit(OrderRequest::market(ONE, *qty)).unwrap();
        }
        let advance = venue.advance(&mut account, |event| {
            if let AccountEvent::Fill(fill) = event {
                fills.push(*fill);
            }
        });
        if advance.unwrap() == Advance::EndOfData {
            return fills;
        }
        // What a copy remembers goes through JSON in every row.
        let state = serde_json::to_string(venue.state()).unwrap();
        let (state, rng): (SimState, _) = (serde_json::from_str(&state).unwrap(), venue.rng().clone());
        venue.restore(state, rng).unwrap();
    }
}

#[test]
fn what_is_given_holds_until_the_first_day_is_complete_and_only_then_if_days_are_named() {
    let data = Arc::new(data(Calendar::Utc, 0, 5, 300, 1));
    let second = data.session_starts()[1];
    let late = data.session_starts()[3] + 4;
    let orders = [(second - 2, 100.0), (second - 1, 100.0), (late, 100.0)];
    // The part of the price that each fill cost, by volatility and volume, in units of sqrt(100).
    let cost = |slippage: Value| -> Vec<f64> {
        let made = fills(&data, &models(&json!({"slippage": slippage})), &orders, false);
        made.iter().map(|fill| (fill.price / fill.reference - 1.0) / 10.0).collect()
    };
    let by_venue = |row: u32| {
        let (sigma, adv) = by_hand(&data, 20, row as usize + 1, 0);
        sigma / adv.sqrt()
    };
    let expect = |slippage: Value, expected: [f64; 3]| {
        for (cost, expected) in cost(slippage.clone()).iter().zip(expected) {
            assert!((cost - expected).abs() <= 1e-12, "{slippage}: {cost}, expected {expected}");
        }
    };
    // An order of the last row of a day fills when the next one has begun.
    let (known, later) = (by_venue(second - 1), by_venue(late));
    assert!(known > 0.0 && later > 0.0 && known != later);
    expect(json!({"kind": "square_root"}), [7.5e-5, known, later]);
    expect(json!({"kind": "square_root", "warmup_bps": 30}), [3e-4, known, later]);
    expect(json!({"kind": "square_root", "sigma": 0.02, "adv": 1e4, "days": 20}), [2e-4, known, later]);
    expect(json!({"kind": "square_root", "sigma": 0.02, "adv": 1e4}), [2e-4; 3]);
    let (sigma, _) = by_hand(&data, 20, late as usize + 1, 0);
    expect(
        json!({"kind": "square_root", "adv": 1e4}),
        [7.5e-5, by_hand(&data, 20, second as usize, 0).0 / 100.0, sigma / 100.0],
    );
    // Two days are fewer than twenty.
    let (sigma, adv) = by_hand(&data, 2, late as usize + 1, 0);
    expect(json!({"kind": "square_root", "days": 2}), [7.5e-5, known, sigma / adv.sqrt()]);
    let eta = 1e4 / 252_f64.sqrt();
    expect(json!({"kind": "volatility_volume_share", "eta": eta}), [7.5e-5, known, later]);
}

#[test]
fn data_that_never_tell_are_refused_by_name() {
    let refused = |data: MarketData, slippage: Value| {
        SimWorld::new(Arc::new(data), models(&json!({"slippage": slippage})), 1e6).unwrap_err().to_string()
    };
    let one_day = || synth::es_1m(1_440, 0).unwrap();
    let message = refused(one_day(), json!({"kind": "square_root"}));
    assert!(
        message.starts_with("slippage.sigma: is not set, and the data has no complete day of ES; give it"),
        "{message}"
    );
    let silent: Vec<Bar> = synth::es_1m(3_000, 0).unwrap().bars().iter().map(|b| Bar { volume: 0.0, ..*b }).collect();
    let silent = MarketData::builder(vec![Instrument::eurusd()]).bars(silent).build().unwrap();
    let message = refused(silent.clone(), json!({"kind": "square_root", "sigma": 0.01}));
    assert!(
        message.starts_with("slippage.adv: is not set, and the data has no complete day with a volume of EURUSD"),
        "{message}"
    );
    // What is given stands in.
    let given = models(&json!({"slippage": {"kind": "square_root", "adv": 1e6, "days": 5}}));
    assert!(SimWorld::new(Arc::new(silent), given, 1e6).is_ok());
}

fn tiers(period: &str, measure: &str, whole: bool) -> Value {
    let bound = if measure == "value" { 5e6 } else { 1_000.0 };
    json!({"kind": "volume_tiers", "period": period, "measure": measure, "whole": whole, "tiers": [
        {"from": 0, "commission": {"kind": "bps", "bps": 3}},
        {"from": bound, "commission": {"kind": "bps", "bps": 2}},
        {"from": 3.0 * bound, "commission": {"kind": "bps", "bps": 1}}]})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_fee_is_that_of_what_was_traded_before(
        period in prop::sample::select(vec!["month", "thirty_days"]),
        measure in prop::sample::select(vec!["quantity", "value"]),
        whole in any::<bool>(),
        seed in 0u64..100,
        book in any::<bool>(),
        orders in prop::collection::vec((0u32..1_400, 1i32..400, any::<bool>()), 5..40),
    ) {
        let data = Arc::new(data(Calendar::None, 0, seed, 1_500, 1));
        let models = models(&json!({"commission": tiers(period, measure, whole)}));
        let orders: Vec<(u32, f64)> =
            orders.iter().map(|(at, qty, buys)| (*at, f64::from(if *buys { *qty } else { -*qty }))).collect();
        let made = fills(&data, &models, &orders, book);
        prop_assert_eq!(made.len(), orders.len());
        for (i, fill) in made.iter().enumerate() {
            let month = |f: &Fill| f.time.to_string()[..7].to_owned();
            let day = |f: &Fill| f.time.nanos().div_euclid(DAY_NS);
            let counts = |f: &&Fill| if period == "month" { month(f) == month(fill) } else { day(f) > day(fill) - 30 };
            let before: Vec<&Fill> = made[..i].iter().filter(counts).collect();
            let (qty, value) = before.iter().fold((0.0, 0.0), |(qty, value), f| (qty + f.qty.abs(), value + (f.qty * f.price).abs()));
            let ctx = FeeContext { time: fill.time, month_qty: qty, month_value: value, thirty_days_qty: qty,
                thirty_days_value: value, ..FeeContext::new(&data.instruments()[0], fill.qty, fill.price) };
            prop_assert!((fill.fee - models.commission.fee(&ctx)).abs() <= 1e-9 * fill.fee.max(1.0), "{} {ctx:?}", fill.fee);
        }
    }

    #[test]
    fn an_order_fills_the_same_with_a_book_and_without(
        slippage in prop::sample::select(vec![
            json!({"kind": "square_root", "y": 2}),
            json!({"kind": "volatility_volume_share", "eta": 600, "days": 3, "sigma": 0.01, "adv": 1e5}),
            json!({"kind": "almgren_chriss", "epsilon": 0.25, "eta": 0.01, "gamma": 0.01}),
            json!({"kind": "probabilistic_tick", "probability": 0.5}),
        ]),
        fill in prop::sample::select(vec!["next_open", "next_close"]),
        seed in 0u64..100,
        orders in prop::collection::vec((0u32..480, -50i32..50), 5..80),
    ) {
        let data = Arc::new(data(Calendar::Cme, 0, seed, 500, 1));
        let models = models(&json!({"slippage": slippage, "fill": {"kind": fill}, "commission": tiers("month", "value", false),
            "matching": {"path": {"kind": "open_high_low_close"}}}));
        let orders: Vec<(u32, f64)> = orders.iter().filter(|(_, q)| *q != 0).map(|(at, q)| (*at, f64::from(*q))).collect();
        let numbered = |first: u32, made: Vec<Fill>| -> Vec<(u32, Fill)> {
            made.into_iter().map(|f| (f.order.0 - first, Fill { order: ONE_ORDER, ..f })).collect()
        };
        let (with, without) = (fills(&data, &models, &orders, true), fills(&data, &models, &orders, false));
        prop_assert_eq!(numbered(1, with), numbered(0, without));
    }
}

const ONE_ORDER: tradepit::order::OrderId = tradepit::order::OrderId(0);

#[test]
fn what_was_traded_survives_a_snapshot_and_ends_with_the_account() {
    let data = Arc::new(data(Calendar::None, 0, 3, 200, 1));
    let models = models(&json!({"commission": tiers("month", "quantity", true)}));
    let world = Arc::new(SimWorld::new(Arc::clone(&data), models, 1e7).unwrap());
    let (mut venue, mut account) = (SimVenue::new(world, 0), Account::new(1));
    let mut rate = |venue: &mut SimVenue, row: u32| {
        venue.open(Start::At(row), &mut account).unwrap();
        let mut rates = Vec::new();
        for qty in [2_000.0, 5.0] {
            venue.submit(OrderRequest::market(ONE, qty)).unwrap();
            venue
                .advance(&mut account, |event| {
                    if let AccountEvent::Fill(fill) = event {
                        rates.push((fill.fee / (fill.qty * fill.price) * 1e4).round());
                    }
                })
                .unwrap();
        }
        rates
    };
    assert_eq!(rate(&mut venue, 0), [3.0, 2.0]);
    // A new account begins with nothing.
    assert_eq!(rate(&mut venue, 50), [3.0, 2.0]);
}

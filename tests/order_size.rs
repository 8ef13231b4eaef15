//! The largest order that an account can carry is the largest that the venue takes.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent},
    models::{Models, Sizing},
    order::OrderRequest,
    time::MINUTE_NS,
    venue::{SimVenue, SimWorld, Start},
};

fn margin() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1.0..40.0f64).prop_map(|max| json!({"kind": "leverage", "max": max, "maintenance": 0.0})),
        (0.1..1.0f64).prop_map(|intraday| json!({"kind": "instrument", "intraday": intraday})),
        (0.1..1.0f64).prop_map(|intraday| json!({"kind": "futures_table", "intraday": intraday})),
    ]
}

fn slippage() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0.0..3.0f64).prop_map(|ticks| json!({"kind": "fixed_ticks", "ticks": ticks})),
        (0.0..20.0f64).prop_map(|bps| json!({"kind": "fixed_bps", "bps": bps})),
        (0.1..2.0f64).prop_map(|y| json!({"kind": "square_root", "y": y, "sigma": 0.01, "adv": 1e5})),
        (0.0..1e-2f64).prop_map(|eta| json!({"kind": "almgren_chriss", "eta": eta, "gamma": eta})),
    ]
}

fn commission() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0.0..5.0f64).prop_map(|fee| json!({"kind": "per_contract", "fee": fee, "minimum": 3.0})),
        (0.0..10.0f64).prop_map(|bps| json!({"kind": "bps", "bps": bps})),
        (0.0..10.0f64).prop_map(|fee| json!({"kind": "per_order", "fee": fee})),
    ]
}

/// A future and a share that stand still.
fn market(rows: i64, prices: [f64; 2]) -> MarketData {
    let began: Timestamp = "2024-03-01T15:00:00Z".parse().unwrap();
    let bar = |row: i64, price: f64| Bar {
        time: began.plus_ns(row * MINUTE_NS),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 1e5,
    };
    let bars = (0..rows).flat_map(|row| prices.map(|price| bar(row, price))).collect();
    MarketData::builder(vec![Instrument::es(), Instrument::equity("XYZ")]).bars(bars).build().unwrap()
}

/// What is held of the instrument after these orders, one a row, and whether the last one was taken.
fn held(models: &Models, data: &Arc<MarketData>, cash: f64, orders: &[(u32, f64)]) -> (Account, bool) {
    let world = SimWorld::new(Arc::clone(data), models.clone(), cash).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(2));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut filled = true;
    for (id, qty) in orders {
        if *qty != 0.0 {
            venue.submit(OrderRequest::market(InstrumentId(*id), *qty)).unwrap();
            venue.advance(&mut account, |event| filled = matches!(event, AccountEvent::Fill(_))).unwrap();
        }
    }
    (account, filled)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_venue_takes_the_largest_order_and_not_a_lot_more(
        margin in margin(),
        slippage in slippage(),
        commission in commission(),
        cash in 10_000.0..1e6f64,
        before in (0u32..2, -3i32..=3),
        id in 0u32..2,
        buys in any::<bool>(),
        keep in 0.0..0.5f64,
    ) {
        let models: Models =
            serde_json::from_value(json!({"margin": margin, "slippage": slippage, "commission": commission})).unwrap();
        let data = Arc::new(market(4, [5_000.0, 60.0]));
        let first = (before.0, f64::from(before.1));
        let (account, _) = held(&models, &data, cash, &[first]);
        let one = |keep: f64| {
            let sizing = Sizing { keep, ..Sizing::new(&account, data.view(2), InstrumentId(id), buys) };
            models.largest_order(&sizing).unwrap()
        };
        let (most, side) = (one(0.0), if buys { 1.0 } else { -1.0 });
        let taken = |qty: f64| held(&models, &data, cash, &[first, (id, qty)]).1;
        prop_assert!(most == 0.0 || (most * side > 0.0 && taken(most)), "{most} is refused");
        prop_assert!(!taken(most + side), "{most} is not the most");
        // What is kept free makes it no larger, and what only reduces is always carried.
        prop_assert!(one(keep).abs() <= most.abs());
        let open = account.position(InstrumentId(id)).qty();
        prop_assert!(open * side >= 0.0 || one(keep).abs() >= open.abs());
    }
}

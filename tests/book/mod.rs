//! What the tests of the book share: a market of given rows, a session over it, random bars and orders.

// Each test binary compiles this file for itself and uses a part of it; an `expect` would fail in the one that uses all.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::{MarketDataBuilder, Quote},
    models::Models,
    order::{OrderRequest, TimeInForce},
    venue::{Advance, SimVenue, SimWorld, Start},
};

pub(crate) const MINUTE: i64 = 60_000_000_000;
pub(crate) const ONE: InstrumentId = InstrumentId(0);

pub(crate) fn minute(minute: f64) -> Timestamp {
    Timestamp::from_nanos((minute * MINUTE as f64) as i64)
}

pub(crate) fn share() -> Instrument {
    Instrument::equity("XYZ")
}

/// Ticks of a quarter, as the bars of the properties have.
pub(crate) fn share_of_lot_one() -> Instrument {
    Instrument { tick: 0.25, ..share() }
}

/// Open, high, low, close, volume, closing at that minute.
pub(crate) fn bar(at: f64, [open, high, low, close, volume]: [f64; 5]) -> Bar {
    Bar { time: minute(at), open, high, low, close, volume }
}

pub(crate) fn quote(at: f64, bid: f64, ask: f64) -> Quote {
    Quote { time: minute(at), bid, ask, ..Quote::default() }
}

/// A row a minute.
pub(crate) fn rows(bars: &[[f64; 5]], instrument: Instrument) -> MarketDataBuilder {
    let bars = bars.iter().enumerate().map(|(i, &values)| bar(i as f64 + 1.0, values));
    MarketData::builder(vec![instrument]).bars(bars.collect()).period_ns(MINUTE)
}

pub(crate) fn data(bars: &[[f64; 5]], instrument: Instrument) -> MarketData {
    rows(bars, instrument).build().unwrap()
}

pub(crate) fn venue(data: MarketData, models: Models) -> (SimVenue, Account) {
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, 1e9).unwrap()), 0);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    (venue, account)
}

/// Sends the orders after the first bar, and goes on to the end: the fills with their rows, and all events.
pub(crate) fn run(
    data: MarketData,
    models: Models,
    orders: &[OrderRequest],
) -> (Vec<(usize, Fill)>, Vec<AccountEvent>) {
    let rows = data.len();
    let (mut venue, mut account) = venue(data, models);
    for order in orders {
        venue.submit(*order).unwrap();
    }
    let (mut fills, mut events) = (Vec::new(), Vec::new());
    for row in 1..rows {
        venue
            .advance(&mut account, |event| {
                events.push(*event);
                if let AccountEvent::Fill(fill) = event {
                    fills.push((row, *fill));
                }
            })
            .unwrap();
    }
    (fills, events)
}

/// Sends each order when its row has closed, and goes on to the end: all events, and the account after each row.
pub(crate) fn session(
    data: MarketData,
    models: Models,
    cash: f64,
    orders: &[(u32, OrderRequest)],
) -> (Vec<AccountEvent>, Vec<Account>) {
    let n = data.instruments().len();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, cash).unwrap()), 0);
    let mut account = Account::new(n);
    venue.open(Start::At(0), &mut account).unwrap();
    let (mut events, mut accounts) = (Vec::new(), vec![account.clone()]);
    loop {
        let row = venue.state().row();
        for (_, order) in orders.iter().filter(|(at, _)| *at == row) {
            venue.submit(*order).unwrap();
        }
        let Advance::Decision(_) = venue.advance(&mut account, |event| events.push(*event)).unwrap() else {
            return (events, accounts);
        };
        accounts.push(account.clone());
    }
}

pub(crate) fn fills(events: &[AccountEvent]) -> Vec<Fill> {
    events.iter().filter_map(|e| if let AccountEvent::Fill(fill) = e { Some(*fill) } else { None }).collect()
}

/// A bar that moves a lot more, about 5,000, in rows of twenty times the length.
pub(crate) fn wild(bar: &Bar, began: Timestamp) -> Bar {
    let far = |price: f64| 5_000.0 + 12.0 * (price - 5_000.0);
    let time = began.plus_ns(20 * (bar.time.nanos() - began.nanos()));
    Bar { time, open: far(bar.open), high: far(bar.high), low: far(bar.low), close: far(bar.close), ..*bar }
}

pub(crate) fn models(value: Value) -> Models {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn request(order: &Value) -> OrderRequest {
    let mut order = order.clone();
    order["instrument"] = 0.into();
    serde_json::from_value(order).unwrap()
}

/// Prices of a quarter around 100, with gaps, and volumes of which some are 0.
pub(crate) fn bars() -> impl Strategy<Value = Vec<[f64; 5]>> {
    let bar = (0i32..40, 0i32..40, 0i32..12, 0i32..12, 0u32..400).prop_map(|(open, close, up, down, volume)| {
        let price = |ticks: i32| 100.0 + f64::from(ticks) * 0.25;
        let (high, low) = (open.max(close) + up, open.min(close) - down);
        [price(open), price(high), price(low), price(close), f64::from(volume)]
    });
    prop::collection::vec(bar, 3..12)
}

/// Orders of every kind about the prices of [`bars`].
pub(crate) fn orders() -> impl Strategy<Value = Vec<OrderRequest>> {
    let one = (0u32..7, prop_oneof![-9i32..=-1, 1i32..=9], 0i32..50, 0i32..50, 0u32..5, any::<bool>(), 0u32..4);
    let make = |(kind, qty, a, b, tif, reduce, oco): (u32, i32, i32, i32, u32, bool, u32)| {
        let price = |ticks: i32| 98.0 + f64::from(ticks) * 0.25;
        let kind = match kind {
            0 => json!({"kind": "market"}),
            1 => json!({"kind": "limit", "price": price(a)}),
            2 => json!({"kind": "stop", "trigger": price(a)}),
            3 => json!({"kind": "stop_limit", "trigger": price(a), "price": price(b)}),
            4 => json!({"kind": "trailing_stop", "offset": 0.25 + f64::from(a % 8) * 0.25}),
            5 => json!({"kind": "market_on_open"}),
            _ => json!({"kind": "market_on_close"}),
        };
        let tif = match tif {
            0 => TimeInForce::Ioc {},
            1 => TimeInForce::Fok {},
            2 => TimeInForce::Gtd { until: Timestamp::from_nanos(4 * MINUTE) },
            _ => TimeInForce::Gtc {},
        };
        let mut order = OrderRequest::of(ONE, f64::from(qty), serde_json::from_value(kind).unwrap()).with_tif(tif);
        order.reduce_only = reduce;
        order.oco = (oco > 0).then_some(oco);
        order
    };
    prop::collection::vec(one.prop_map(make), 1..12)
}

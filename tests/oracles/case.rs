//! One published number, and the small market in which it is reproduced.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    models::Models,
    order::OrderRequest,
    venue::{SimVenue, SimWorld, Start},
};

/// The cases of a file: each one is to be run, refused with a reason, or waits for a rule of another room, named.
pub(crate) fn cases(text: &str, total: usize, refused: &[&str], waiting: &[&str]) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    let ids: BTreeSet<&str> = all.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!((all.len(), ids.len()), (total, total), "a case was dropped or is there twice");
    let with = |field: &str| -> Vec<&str> {
        let marked = all.iter().filter(|case| case[field].as_str().is_some_and(|reason| reason.len() > 20));
        marked.map(|case| case["id"].as_str().unwrap()).collect()
    };
    assert_eq!(with("refused"), refused);
    assert_eq!(with("waits"), waiting);
    let (run, left): (Vec<Value>, Vec<Value>) =
        all.iter().cloned().partition(|case| case.get("refused").is_none() && case.get("waits").is_none());
    assert_eq!(left.len(), refused.len() + waiting.len(), "a case is left out without a reason");
    run
}

pub(crate) fn near(case: &Value, what: &str, got: f64, expected: &Value, scale: f64) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what} of {case}"));
    let tolerance = case["tolerance"].as_f64().unwrap_or_else(|| panic!("tolerance of {case}")) * scale;
    assert!((got - expected).abs() <= tolerance, "{} {what}: {got}, expected {expected}", case["id"]);
}

pub(crate) fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap_or_else(|| panic!("{name} of {case}"))
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// The instrument of a case: a preset, a future of that name, or a share.
pub(crate) fn instrument(case: &Value) -> Instrument {
    match case["instrument"].as_str() {
        None => Instrument::equity("XYZ"),
        Some(name) => Instrument::preset(name).unwrap_or_else(|| Instrument { name: name.into(), ..Instrument::es() }),
    }
}

/// What a case's orders became: `orders[i]` is decided a row before `prices[i]`, at which it fills.
pub(crate) fn trade(
    case: &Value,
    models: Models,
    cash: f64,
    prices: &[f64],
    volume: f64,
    orders: &[f64],
) -> (Account, Vec<Fill>) {
    let bar = |i: usize, price: f64| Bar {
        time: Timestamp::from_nanos(i as i64 * 60_000_000_000),
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
    };
    // One bar before the first order, one behind the last price so that the data are never at their end.
    let (first, last) = (prices[0], prices[prices.len() - 1]);
    let path = [first].into_iter().chain(prices.iter().copied()).chain([last]);
    let bars: Vec<Bar> = path.enumerate().map(|(i, price)| bar(i + 1, price)).collect();
    let data = Arc::new(MarketData::builder(vec![instrument(case)]).bars(bars).build().unwrap());
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(data, models, cash).unwrap()), 0);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    let mut fills = Vec::new();
    for i in 0..prices.len() {
        let qty = orders.get(i).copied().unwrap_or(0.0);
        if qty != 0.0 {
            venue.submit(OrderRequest::market(InstrumentId(0), qty)).unwrap();
        }
        let keep = |event: &AccountEvent| {
            if let AccountEvent::Fill(fill) = event {
                fills.push(*fill);
            }
        };
        venue.advance(&mut account, keep).unwrap();
    }
    (account, fills)
}

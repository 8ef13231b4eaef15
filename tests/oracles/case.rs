//! One published number, and the small market in which it is reproduced.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    models::Models,
    order::OrderRequest,
    time::DAY_NS,
    venue::{SimVenue, SimWorld, Start},
};

/// The cases of a file: each one is to be run, or refused with a reason.
pub(crate) fn cases(text: &str, total: usize, refused: &[&str]) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    let ids: BTreeSet<&str> = all.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!((all.len(), ids.len()), (total, total), "a case was dropped or is there twice");
    let (left, run): (Vec<Value>, Vec<Value>) = all.iter().cloned().partition(|case| case.get("refused").is_some());
    let reasoned = left.iter().filter(|case| case["refused"].as_str().is_some_and(|reason| reason.len() > 20));
    assert_eq!(reasoned.map(|case| case["id"].as_str().unwrap()).collect::<Vec<_>>(), refused);
    assert_eq!(left.len(), refused.len(), "a case is left out without a reason");
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

/// One bar of a case's market: its only price, its volume, and the orders that were decided a row before.
pub(crate) struct Row {
    pub(crate) price: f64,
    pub(crate) volume: f64,
    pub(crate) orders: Vec<f64>,
}

/// The account after each bar, and the fills on it. The orders go through the simulated venue.
pub(crate) fn trade(case: &Value, models: Models, cash: f64, rows: &[Row]) -> Vec<(Account, Vec<Fill>)> {
    let bar = |(i, row): (usize, &Row)| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * 60_000_000_000),
        open: row.price,
        high: row.price,
        low: row.price,
        close: row.price,
        volume: row.volume,
    };
    // The first decision is taken when a bar has closed.
    let mut bars: Vec<Bar> = rows.iter().take(1).chain(rows).enumerate().map(bar).collect();
    // On other days, so that the data could tell of days; nobody trades there.
    let last = *bars.last().unwrap();
    bars.extend([1, 2].map(|days| Bar { time: last.time.plus_ns(days * DAY_NS), volume: 1.0, ..last }));
    let data = Arc::new(MarketData::builder(vec![instrument(case)]).bars(bars).build().unwrap());
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(data, models, cash).unwrap()), 0);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    let mut after = Vec::new();
    for row in rows {
        for &qty in row.orders.iter().filter(|qty| **qty != 0.0) {
            venue.submit(OrderRequest::market(InstrumentId(0), qty)).unwrap();
        }
        let mut fills = Vec::new();
        let keep = |event: &AccountEvent| {
            if let AccountEvent::Fill(fill) = event {
                fills.push(*fill);
            }
        };
        venue.advance(&mut account, keep).unwrap();
        after.push((account.clone(), fills));
    }
    after
}

/// The account at the end of a case that gives a price and at most one order for each row.
pub(crate) fn decided(case: &Value, models: Models) -> Account {
    let (prices, orders) = (numbers(&case["prices"]), numbers(&case["decided"]));
    let row =
        |(i, &price): (usize, &f64)| Row { price, volume: 1e6, orders: orders.get(i).copied().into_iter().collect() };
    let rows: Vec<Row> = prices.iter().enumerate().map(row).collect();
    trade(case, models, number(case, "cash"), &rows).pop().unwrap().0
}

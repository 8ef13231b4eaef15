//! Orders of one group over several instruments: a fill of one takes the others out.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;

use std::sync::Arc;

use book::{MINUTE, bar, bars, minute, models, orders, share, share_of_lot_one};
use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Instrument, InstrumentId, MarketData, Venue as _,
    account::{Account, AccountEvent},
    market::{MarketEvent, MarketFact},
    order::{Modification, OrderId, OrderRequest, OrderState},
    venue::{Advance, SimVenue, SimWorld, Start},
};

const A: InstrumentId = InstrumentId(0);
const B: InstrumentId = InstrumentId(1);
const QUIET: [f64; 5] = [100.0, 100.0, 100.0, 100.0, 100.0];

/// Rows of a minute, of two instruments.
fn market(rows: &[[[f64; 5]; 2]], instrument: &Instrument, events: Vec<MarketEvent>) -> MarketData {
    let rows = rows.iter().enumerate().flat_map(|(i, row)| row.map(|values| bar(i as f64 + 1.0, values)));
    let both = vec![instrument.clone(), Instrument { name: "OTHER".into(), ..instrument.clone() }];
    MarketData::builder(both).bars(rows.collect()).period_ns(MINUTE).events(events).build().unwrap()
}

/// All events of orders that are sent behind the first row.
fn run(data: MarketData, matching: &Value, orders: &[OrderRequest]) -> Vec<AccountEvent> {
    let world = SimWorld::new(Arc::new(data), models(json!({"matching": matching})), 1e9).unwrap();
    let (mut venue, mut account, mut events) = (SimVenue::new(Arc::new(world), 0), Account::new(2), Vec::new());
    venue.open(Start::At(0), &mut account).unwrap();
    for order in orders {
        venue.submit(*order).unwrap();
    }
    while let Advance::Decision(_) = venue.advance(&mut account, |event| events.push(*event)).unwrap() {}
    events
}

/// What was said of whom, in short: units that filled, `cancelled`, units that an order was cut to.
fn said(events: &[AccountEvent]) -> Vec<(u32, String)> {
    let one = |event: &AccountEvent| match event {
        AccountEvent::Fill(fill) => (fill.order.0, fill.qty.to_string()),
        AccountEvent::Modified { order, change, .. } => {
            let to = (-20..=20).map(f64::from).find(|qty| *change == Modification::default().qty(*qty));
            (order.0, format!("cut to {}", to.unwrap()))
        }
        AccountEvent::Order { order, state: OrderState::Cancelled, .. } => (order.0, "cancelled".into()),
        other => panic!("{other:?}"),
    };
    events.iter().map(one).collect()
}

fn expect(events: &[AccountEvent], expected: &[(u32, &str)]) {
    let expected: Vec<(u32, String)> = expected.iter().map(|(order, what)| (*order, (*what).into())).collect();
    assert_eq!(said(events), expected);
}

#[test]
fn what_prices_reach_first_fills_and_takes_the_others_out_at_that_moment() {
    // Up first: half of the first leg to 101, three quarters of it to 101.50.
    let rows = [[QUIET; 2], [[100.0, 102.0, 99.0, 101.0, 100.0]; 2]];
    let path = json!({"path": {"kind": "open_high_low_close"}, "limit": {"kind": "touch"}});
    let orders = |a: f64, b: f64| {
        [OrderRequest::limit(A, -2.0, a).in_group(1), OrderRequest::limit(B, -1.0, b).in_group(1)].to_vec()
    };
    let events = run(market(&rows, &share(), vec![]), &path, &orders(101.5, 101.0));
    expect(&events, &[(1, "-1"), (0, "cancelled")]);
    let time = |event: &AccountEvent| match event {
        AccountEvent::Fill(fill) => fill.time,
        AccountEvent::Order { time, .. } => *time,
        other => panic!("{other:?}"),
    };
    assert_eq!([time(&events[0]), time(&events[1])], [minute(1.0 + 1.0 / 6.0); 2]);
    expect(&run(market(&rows, &share(), vec![]), &path, &orders(101.0, 101.5)), &[(0, "-2"), (1, "cancelled")]);
}

#[test]
fn at_one_moment_the_older_order_fills_and_the_rest_of_its_group_goes_by_age() {
    let group = [OrderRequest::market(B, 3.0), OrderRequest::limit(A, -1.0, 101.0), OrderRequest::market(A, 2.0)];
    let group = group.map(|order| order.in_group(7));
    let alone = OrderRequest::market(A, 5.0);
    let events = run(market(&[[QUIET; 2]; 3], &share(), vec![]), &json!({}), &[&group[..], &[alone]].concat());
    expect(&events, &[(0, "3"), (1, "cancelled"), (2, "cancelled"), (3, "5")]);
}

#[test]
fn a_fill_in_part_is_taken_off_the_same_instrument_and_ends_the_others() {
    let group = [A, A, B].map(|id| OrderRequest::limit(id, 15.0, 100.0).in_group(1));
    let matching = json!({"participation": 0.1, "limit": {"kind": "touch"}});
    let events = run(market(&[[QUIET; 2]; 4], &share(), vec![]), &matching, &group);
    expect(&events, &[(0, "10"), (1, "cut to 5"), (2, "cancelled"), (0, "5"), (1, "cancelled")]);
}

#[test]
fn an_entry_that_goes_takes_its_exits_with_it() {
    let orders = [
        OrderRequest::limit(B, 1.0, 90.0).in_group(1),
        OrderRequest::stop(B, -1.0, 80.0).child_of(OrderId(0)),
        OrderRequest::market(A, 1.0).in_group(1),
    ];
    let events = run(market(&[[QUIET; 2]; 3], &share(), vec![]), &json!({}), &orders);
    expect(&events, &[(2, "1"), (0, "cancelled"), (1, "cancelled")]);
}

#[test]
fn a_halt_of_the_other_instrument_keeps_nothing_alive() {
    let halt = MarketEvent { time: minute(1.0), instrument: B, what: MarketFact::Halt {} };
    let resume = MarketEvent { time: minute(2.0), instrument: B, what: MarketFact::Resume {} };
    let orders = [B, A].map(|id| OrderRequest::market(id, 1.0).in_group(1));
    let events = run(market(&[[QUIET; 2]; 4], &share(), vec![halt, resume]), &json!({}), &orders);
    expect(&events, &[(1, "1"), (0, "cancelled")]);
}

proptest! {
    /// Whatever the orders and the way: the fills of a group are all of one instrument.
    #[test]
    fn no_group_fills_on_two_instruments(
        (one, other) in (bars(), bars()),
        orders in orders(),
        path in prop::sample::select(vec!["pessimistic", "open_high_low_close", "nearest_first"]),
        participation in prop::option::of(0.01..0.2f64),
    ) {
        let rows: Vec<[[f64; 5]; 2]> = one.into_iter().zip(other).map(|(one, other)| [one, other]).collect();
        let orders: Vec<OrderRequest> = orders
            .into_iter()
            .enumerate()
            .map(|(i, mut order)| {
                order.instrument = InstrumentId(i as u32 % 2);
                order
            })
            .collect();
        let matching = json!({"path": {"kind": path}, "participation": participation});
        let events = run(market(&rows, &share_of_lot_one(), vec![]), &matching, &orders);
        let mut filled = [None; 4];
        for event in &events {
            let AccountEvent::Fill(fill) = event else { continue };
            let Some(group) = orders[fill.order.0 as usize].oco else { continue };
            prop_assert_eq!(*filled[group as usize].get_or_insert(fill.instrument), fill.instrument);
        }
    }
}

//! Orders that are changed on the way, through the simulated venue.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    order::{Modification, OrderId, OrderKind, OrderRequest, OrderState},
    venue::{SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);
const MINUTE: i64 = 60_000_000_000;
const QUIET: [f64; 5] = [100.0, 100.0, 100.0, 100.0, 100.0];

fn venue(bars: &[[f64; 5]], models: &Value) -> (SimVenue, Account) {
    let bars = bars.iter().enumerate().map(|(i, &[open, high, low, close, volume])| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * MINUTE),
        open,
        high,
        low,
        close,
        volume,
    });
    let share = Instrument { tick: 0.25, ..Instrument::equity("XYZ") };
    let data = MarketData::builder(vec![share]).bars(bars.collect()).period_ns(MINUTE).build().unwrap();
    let models = serde_json::from_value(models.clone()).unwrap();
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(Arc::new(data), models, 1e6).unwrap()), 7);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    (venue, account)
}

/// Goes on to the end.
fn play(venue: &mut SimVenue, account: &mut Account) -> Vec<AccountEvent> {
    let mut events = Vec::new();
    while venue.remaining() != Some(0) {
        venue.advance(account, |event| events.push(*event)).unwrap();
    }
    events
}

fn fills(events: &[AccountEvent]) -> Vec<Fill> {
    events.iter().filter_map(|e| if let AccountEvent::Fill(fill) = e { Some(*fill) } else { None }).collect()
}

fn states(events: &[AccountEvent]) -> Vec<OrderState> {
    let state = |e: &AccountEvent| if let AccountEvent::Order { state, .. } = e { Some(*state) } else { None };
    events.iter().filter_map(state).collect()
}

fn change() -> Modification {
    Modification::default()
}

#[test]
fn a_limit_that_is_moved_fills_at_its_new_price_and_only_there() {
    let touch = json!({"matching": {"limit": {"kind": "touch"}}});
    let bars = [QUIET, [100.0, 100.0, 98.0, 99.0, 9.0], [99.0, 99.0, 96.0, 99.0, 9.0]];
    let (mut venue, mut account) = venue(&bars, &touch);
    let id = venue.submit(OrderRequest::limit(ONE, 2.0, 98.5)).unwrap();
    venue.modify(id, change().price(96.5).qty(3.0)).unwrap();
    let events = play(&mut venue, &mut account);
    let fills = fills(&events);
    assert_eq!(fills.iter().map(|f| (f.qty, f.price, f.order)).collect::<Vec<_>>(), [(3.0, 96.5, id)]);
    assert!(matches!(events[0], AccountEvent::Modified { order, .. } if order == id), "{events:?}");
}

#[test]
fn a_change_takes_as_long_as_any_message() {
    let bars = [QUIET, [100.0, 100.0, 98.0, 99.0, 9.0], QUIET];
    let filled_at = |ms: f64| {
        let models = json!({"latency": {"kind": "fixed", "ms": ms},
            "matching": {"limit": {"kind": "touch"}, "path": {"kind": "open_low_high_close"}}});
        let (mut venue, mut account) = venue(&bars, &models);
        let id = venue.submit(OrderRequest::limit(ONE, 1.0, 98.75)).unwrap();
        venue.modify(id, change().price(98.25)).unwrap();
        fills(&play(&mut venue, &mut account))[0].price
    };
    // Down to 98 takes 20 s. Order and change come together; after 15 s the price is at 98.5 already.
    assert_eq!(filled_at(0.0), 98.25);
    assert_eq!(filled_at(1_000.0), 98.25);
    assert_eq!(filled_at(15_000.0), 98.5);
}

#[test]
fn a_change_that_comes_too_late_is_too_late() {
    let (mut venue, mut account) = venue(&[QUIET; 4], &json!({}));
    let id = venue.submit(OrderRequest::market(ONE, 1.0)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    venue.modify(id, change().qty(5.0)).unwrap();
    venue.modify(OrderId(99), change().qty(5.0)).unwrap();
    assert_eq!(play(&mut venue, &mut account), []);
    assert_eq!(account.position(ONE).qty(), 1.0);
}

#[test]
fn a_market_order_can_be_changed_and_taken_out_before_it_fills() {
    let (mut venue, mut account) = venue(&[QUIET; 3], &json!({}));
    let ids = [1.0, 2.0, 4.0].map(|qty| venue.submit(OrderRequest::market(ONE, qty)).unwrap());
    venue.modify(ids[0], change().qty(8.0)).unwrap();
    venue.cancel(ids[1]).unwrap();
    let events = play(&mut venue, &mut account);
    assert_eq!(fills(&events).iter().map(|f| (f.order, f.qty)).collect::<Vec<_>>(), [(ids[0], 8.0), (ids[2], 4.0)]);
    // Who was cancelled hears it.
    assert_eq!(states(&events), [OrderState::Cancelled]);
    assert_eq!(venue.at_market(ONE), 0.0);
}

#[test]
fn less_keeps_its_place_in_the_queue_and_another_price_loses_it() {
    // 160 stand at 99 in front of us, 80 trade there a bar: the third bar fills.
    let models = json!({"matching": {"limit": {"kind": "queue", "ahead": 2.0, "hit": 1.0}}});
    let bar = [99.25, 99.25, 99.0, 99.25, 160.0];
    let run = |changes: &[Modification]| {
        let (mut venue, mut account) = venue(&[bar; 4], &models);
        let id = venue.submit(OrderRequest::limit(ONE, 10.0, 99.0)).unwrap();
        venue.advance(&mut account, |_| {}).unwrap();
        changes.iter().for_each(|change| venue.modify(id, *change).unwrap());
        play(&mut venue, &mut account);
        account.position(ONE).qty()
    };
    assert_eq!(run(&[]), 10.0);
    assert_eq!(run(&[change().qty(5.0)]), 5.0);
    assert_eq!(run(&[change().price(99.0)]), 10.0);
    assert_eq!(run(&[change().qty(20.0)]), 0.0);
    assert_eq!(run(&[change().price(99.25)]), 10.0);
    assert_eq!(run(&[change().price(98.75)]), 0.0);
}

#[test]
fn what_has_filled_counts_and_nothing_fills_twice() {
    // Ten of a bar at most.
    let models = json!({"matching": {"participation": 0.1}});
    let (mut venue, mut account) = venue(&[QUIET; 6], &models);
    let id = venue.submit(OrderRequest::market(ONE, 25.0)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    assert_eq!((account.position(ONE).qty(), venue.at_market(ONE)), (10.0, 15.0));
    // Fourteen in all; ten have filled.
    venue.modify(id, change().qty(14.0)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    assert_eq!((account.position(ONE).qty(), venue.at_market(ONE)), (14.0, 0.0));
    let id = venue.submit(OrderRequest::market(ONE, 25.0)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    // No more than has filled: done.
    venue.modify(id, change().qty(5.0)).unwrap();
    let events = play(&mut venue, &mut account);
    assert_eq!((account.position(ONE).qty(), states(&events)), (24.0, vec![OrderState::Cancelled]));
}

#[test]
fn stops_move_and_trailing_ones_keep_their_best_price() {
    let up = [100.0, 104.0, 100.0, 104.0, 9.0];
    let down = [104.0, 104.0, 101.0, 101.0, 9.0];
    let models = json!({"matching": {"path": {"kind": "open_high_low_close"}}});
    let (mut venue, mut account) = venue(&[QUIET, up, down, QUIET], &models);
    venue.submit(OrderRequest::market(ONE, 2.0)).unwrap();
    let stop = venue.submit(OrderRequest::stop(ONE, -1.0, 95.0)).unwrap();
    let trail = venue.submit(OrderRequest::of(ONE, -1.0, OrderKind::TrailingStop { offset: 9.0 })).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    venue.modify(stop, change().trigger(102.0)).unwrap();
    venue.modify(trail, change().offset(1.0)).unwrap();
    let events = play(&mut venue, &mut account);
    let fills = fills(&events);
    assert_eq!(fills.iter().map(|f| (f.order, f.price)).collect::<Vec<_>>(), [(trail, 103.0), (stop, 102.0)]);
}

#[test]
fn post_only_does_not_take_after_a_change_either() {
    let models = json!({"matching": {"limit": {"kind": "touch"}}});
    let (mut venue, mut account) = venue(&[QUIET; 4], &models);
    let id = venue.submit(OrderRequest::limit(ONE, 1.0, 99.0).post_only()).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    venue.modify(id, change().price(100.5)).unwrap();
    let events = play(&mut venue, &mut account);
    assert_eq!((account.fills(), states(&events)), (0, vec![OrderState::Cancelled]));
}

#[test]
fn the_rest_of_a_group_that_filled_in_part_can_fill_to_its_end() {
    // Ten of a bar at most; the two limits of a group share fifteen.
    let models = json!({"matching": {"participation": 0.1, "limit": {"kind": "touch"}}});
    let (mut venue, mut account) = venue(&[QUIET; 6], &models);
    venue.submit(OrderRequest::limit(ONE, 15.0, 100.0).in_group(1)).unwrap();
    venue.submit(OrderRequest::limit(ONE, 15.0, 99.0).in_group(1)).unwrap();
    let events = play(&mut venue, &mut account);
    assert_eq!(account.position(ONE).qty(), 15.0);
    let reduced = Modification::default().qty(5.0);
    assert!(events.iter().any(|e| matches!(e, AccountEvent::Modified { change, .. } if *change == reduced)));
    assert_eq!(states(&events), [OrderState::Cancelled], "{events:?}");
}

#[test]
fn bad_changes_are_refused_and_change_nothing() {
    let (mut venue, mut account) = venue(&[QUIET; 3], &json!({}));
    let id = venue.submit(OrderRequest::limit(ONE, 2.0, 99.0)).unwrap();
    for (bad, text) in [
        (change(), "empty"),
        (change().price(99.1), "price 99.1 is not on the tick of 0.25"),
        (change().price(f64::NAN), "price NaN must be a finite number"),
        (change().qty(-2.0), "quantity -2 must have the sign of 2"),
        (change().qty(1.5), "no whole number of lots"),
        (change().trigger(98.0), "trigger 98 is for orders that have one"),
    ] {
        let refused = venue.modify(id, bad).unwrap_err().to_string();
        assert!(refused.contains(text), "{refused}");
    }
    assert_eq!(play(&mut venue, &mut account), []);
}

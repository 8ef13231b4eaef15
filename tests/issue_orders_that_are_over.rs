//! An order whose time was over before a bar met it filled in that bar, and children outlived a parent that never filled.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent},
    models::Models,
    order::{OrderId, OrderRequest, OrderState, TimeInForce},
    venue::{SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);
const MINUTE: i64 = 60_000_000_000;

/// Bars of a minute that close after so many minutes, at 100.
fn venue(minutes: &[i64]) -> (SimVenue, Account) {
    let bar = |minute: &i64| Bar {
        time: Timestamp::from_nanos(minute * MINUTE),
        open: 100.0,
        high: 101.0,
        low: 99.0,
        close: 100.0,
        volume: 9.0,
    };
    let bars = minutes.iter().map(bar).collect();
    let data = MarketData::builder(vec![Instrument::equity("XYZ")]).bars(bars).period_ns(MINUTE).build().unwrap();
    let world = SimWorld::new(Arc::new(data), Models::default(), 1e6).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
    venue.open(Start::At(0), &mut account).unwrap();
    (venue, account)
}

fn closing(venue: &mut SimVenue, account: &mut Account) -> Vec<(u32, OrderState)> {
    let mut closed = Vec::new();
    let keep = |event: &AccountEvent| {
        if let AccountEvent::Order { order, state, .. } = event {
            closed.push((order.0, *state));
        }
    };
    venue.advance(account, keep).unwrap();
    closed
}

fn until(minute: i64) -> TimeInForce {
    TimeInForce::Gtd { until: Timestamp::from_nanos(minute * MINUTE) }
}

#[test]
fn an_order_until_a_moment_before_the_next_open_never_fills() {
    for (minutes, last, fills) in [
        // Sent when its time was over; in a pause between two bars; until the bar that fills it closes.
        ([1, 2, 3], 1, 0),
        ([1, 60, 61], 2, 0),
        ([1, 60, 61], 59, 1),
        ([1, 2, 3], 2, 1),
    ] {
        let (mut venue, mut account) = venue(&minutes);
        venue.submit(OrderRequest::limit(ONE, 1.0, 100.0).with_tif(until(last))).unwrap();
        let closed = closing(&mut venue, &mut account);
        let expired: &[(u32, OrderState)] = if fills == 0 { &[(0, OrderState::Expired)] } else { &[] };
        assert_eq!((account.fills(), closed.as_slice()), (fills, expired), "{minutes:?} until {last}");
    }
}

#[test]
fn children_end_with_a_parent_that_never_filled() {
    for cancelled in [true, false] {
        let (mut venue, mut account) = venue(&[1, 2, 3]);
        let tif = if cancelled { TimeInForce::Gtc {} } else { until(2) };
        let parent = venue.submit(OrderRequest::limit(ONE, 1.0, 50.0).with_tif(tif)).unwrap();
        let child = venue.submit(OrderRequest::stop(ONE, -1.0, 40.0).child_of(parent)).unwrap();
        let grandchild = venue.submit(OrderRequest::limit(ONE, 1.0, 30.0).child_of(child)).unwrap();
        if cancelled {
            venue.cancel(parent).unwrap();
        }
        let closed = closing(&mut venue, &mut account);
        let over = if cancelled { OrderState::Cancelled } else { OrderState::Expired };
        let children = [child, grandchild].map(|id: OrderId| (id.0, OrderState::Cancelled));
        assert_eq!(closed, [(parent.0, over), children[0], children[1]]);
        // Nothing can be sent behind any of them.
        for id in [parent, child, grandchild] {
            assert!(venue.submit(OrderRequest::market(ONE, 1.0).child_of(id)).is_err(), "{id:?} still works");
        }
    }
}

//! Halts: nothing trades, messages arrive, and what waited meets the open behind them.

use serde_json::json;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::AccountEvent,
    market::{Calendar, MarketEvent, MarketFact},
    models::{Flatten, InstrumentMargin, MarginRule, Models},
    order::{Modification, OrderRequest, OrderState, TimeInForce},
    time::MINUTE_NS,
};

use crate::{
    at, bar, before,
    book::{ONE, fills, models, session, share, venue},
    market,
};

#[test]
fn in_a_halt_nothing_fills_and_orders_meet_the_open_behind_it() {
    // The bars of the halt would fill everything.
    let prices = [(60.0, 60.0), (60.0, 60.0), (40.0, 80.0), (80.0, 40.0), (62.0, 62.0), (62.0, 63.0)];
    let halt = vec![before(2, MarketFact::Halt {}), before(4, MarketFact::Resume {})];
    let data = || market(share(), &prices, halt.clone());
    let order = |request: OrderRequest| session(data(), Models::default(), 1e6, &[(1, request)]).0;
    for request in [
        OrderRequest::market(ONE, 5.0),
        OrderRequest::limit(ONE, 5.0, 61.99 + 0.01),
        OrderRequest::stop(ONE, 5.0, 61.0),
        OrderRequest::stop(ONE, -5.0, 70.0),
    ] {
        let done = fills(&order(request));
        assert_eq!(done.len(), 1, "{request:?}");
        assert_eq!((done[0].price, done[0].time), (62.0, at(4)), "{request:?}");
    }
    for tif in [TimeInForce::Ioc {}, TimeInForce::Fok {}] {
        let events = order(OrderRequest::limit(ONE, 5.0, 70.0).with_tif(tif));
        assert!(matches!(events[..], [AccountEvent::Order { state: OrderState::Cancelled, .. }]), "{events:?}");
    }
    let events = order(OrderRequest::limit(ONE, 5.0, 70.0).with_tif(TimeInForce::Gtd { until: at(3) }));
    assert!(matches!(events[..], [AccountEvent::Order { state: OrderState::Expired, .. }]), "{events:?}");
}

#[test]
fn a_cancel_arrives_in_a_halt() {
    let prices = [(60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (60.0, 60.0)];
    let data = market(share(), &prices, vec![before(1, MarketFact::Halt {}), before(3, MarketFact::Resume {})]);
    let models = models(json!({"latency": {"kind": "fixed", "ms": 30000}}));
    let ((mut venue, mut account), mut events) = (venue(data, models), Vec::new());
    let id = venue.submit(OrderRequest::limit(ONE, 5.0, 61.0)).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert!(venue.market().is_halted(ONE) && events.is_empty());
    venue.cancel(id).unwrap();
    for _ in 0..3 {
        venue.advance(&mut account, |event| events.push(*event)).unwrap();
    }
    let time = Timestamp::from_nanos(2 * MINUTE_NS + MINUTE_NS / 2);
    assert_eq!(events, [AccountEvent::Order { order: id, state: OrderState::Cancelled, time }]);
}

#[test]
fn a_halt_does_not_keep_an_order_from_being_changed() {
    let prices = [(60.0, 60.0), (60.0, 60.0), (60.0, 60.0), (58.0, 58.0)];
    let data = market(share(), &prices, vec![before(1, MarketFact::Halt {}), before(3, MarketFact::Resume {})]);
    let ((mut venue, mut account), mut events) = (venue(data, Models::default()), Vec::new());
    let id = venue.submit(OrderRequest::limit(ONE, 5.0, 50.0)).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    let change = Modification::default().price(59.0);
    venue.modify(id, change).unwrap();
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert_eq!(events, [AccountEvent::Modified { order: id, change, time: at(2) }]);
    venue.advance(&mut account, |event| events.push(*event)).unwrap();
    assert_eq!((fills(&events)[0].price, fills(&events)[0].time), (58.0, at(3)));
}

#[test]
fn neither_calls_nor_session_ends_close_what_is_halted() {
    let day = 24 * 60;
    let bars: Vec<Bar> = [(-3, 5_000.0), (-2, 5_000.0), (-1, 4_800.0), (0, 4_800.0), (1, 4_800.0)]
        .map(|(minute, price)| Bar { time: at(day + minute), ..bar(0, price, price) })
        .to_vec();
    let events = vec![
        MarketEvent { time: at(day - 2), instrument: ONE, what: MarketFact::Halt {} },
        MarketEvent { time: at(day), instrument: ONE, what: MarketFact::Resume {} },
    ];
    let models = |flatten| Models {
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 1.0 }),
        flatten,
        ..Models::default()
    };
    for flatten in [Flatten::None {}, Flatten::SessionEnd {}] {
        let build = |events| {
            MarketData::builder(vec![Instrument::es()])
                .bars(bars.clone())
                .calendar(Calendar::Utc)
                .events(events)
                .build()
        };
        let orders = [(0, OrderRequest::market(ONE, 2.0))];
        let (halted, accounts) = session(build(events.clone()).unwrap(), models(flatten), 26_000.0, &orders);
        // Called at the closes of two rows, closed behind the halt.
        let closed: Vec<Timestamp> = fills(&halted)[1..].iter().map(|fill| fill.time).collect();
        assert_eq!(closed, [at(day)]);
        assert!(accounts[1..4].iter().all(|account| account.position(ONE).qty() == 2.0));
        let (free, _) = session(build(vec![]).unwrap(), models(flatten), 26_000.0, &orders);
        let first = fills(&free)[1].time;
        assert!(first < at(day), "without the halt it is closed earlier, at {first}");
    }
}

#[test]
fn what_is_not_halted_trades_on() {
    let rows = [(100.0, 10.0); 5];
    let bars = rows.iter().enumerate().flat_map(|(row, (a, b))| [bar(row, *a, *a), bar(row, *b, *b)]).collect();
    let data = MarketData::builder(vec![share(), Instrument::equity("ABC")])
        .bars(bars)
        .events(vec![before(2, MarketFact::Halt {}), before(4, MarketFact::Resume {})]);
    let other = InstrumentId(1);
    let orders = [(1, OrderRequest::market(ONE, 1.0)), (1, OrderRequest::market(other, 2.0))];
    let (events, _) = session(data.build().unwrap(), Models::default(), 1e5, &orders);
    let done: Vec<_> = fills(&events).iter().map(|fill| (fill.instrument, fill.time)).collect();
    assert_eq!(done, [(other, at(2)), (ONE, at(4))]);
}

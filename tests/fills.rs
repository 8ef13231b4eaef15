//! Fills that other systems publish, through the public order path; and what must hold of every fill.
//!
//! `golden/fills.json` holds the cases with their sources, the convention beside a case where ours has a name for it, and
//! the reason where we refuse one. A fill is `[row, quantity, price]`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;

use book::{MINUTE, ONE, bar, bars, data, orders, quote, request, rows, run, share, share_of_lot_one, venue};
use proptest::prelude::*;
use serde_json::Value;
use tradepit::{
    Timestamp, Venue as _,
    account::{AccountEvent, Fill},
    market::QuotesAt,
    models::{
        IntrabarPath, Matching, Models,
        queue::{LimitRule, Touch},
    },
    order::{OrderId, OrderKind, OrderRequest, OrderState, TimeInForce},
};

#[test]
fn published_fills() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/fills.json")).unwrap();
    let (mut ran, mut refused) = (0, 0);
    for case in &cases {
        if let Some(reason) = case.get("refused") {
            assert!(reason.as_str().unwrap().len() > 20, "{case}");
            refused += 1;
            continue;
        }
        let bars: Vec<[f64; 5]> = serde_json::from_value(case["bars"].clone()).unwrap();
        let models: Models = serde_json::from_value(case["models"].clone()).unwrap();
        let orders: Vec<OrderRequest> = case["orders"].as_array().unwrap().iter().map(request).collect();
        let mut market = rows(&bars, share());
        if let Some(minutes) = case.get("minutes") {
            let minutes: Vec<f64> = serde_json::from_value(minutes.clone()).unwrap();
            market = market.bars(bars.iter().zip(minutes).map(|(&values, at)| bar(at, values)).collect());
        }
        if let Some(quotes) = case.get("quotes") {
            let quotes: Vec<Option<[f64; 3]>> = serde_json::from_value(quotes.clone()).unwrap();
            let quotes = quotes.into_iter().map(|given| given.map(|[at, bid, ask]| quote(at, bid, ask)));
            market = market.quotes(quotes, QuotesAt::Open);
        }
        let (fills, _) = run(market.build().unwrap(), models, &orders);
        let got: Vec<(usize, f64, f64)> = fills.iter().map(|(row, fill)| (*row, fill.qty, fill.price)).collect();
        let expected: Vec<(usize, f64, f64)> = serde_json::from_value(case["fills"].clone()).unwrap();
        assert_eq!(got.len(), expected.len(), "{}: {got:?}, expected {expected:?}", case["id"]);
        for (got, expected) in got.iter().zip(&expected) {
            let same = (got.0, got.1) == (expected.0, expected.1) && (got.2 - expected.2).abs() < 1e-9;
            assert!(same, "{}: {got:?}, expected {expected:?}", case["id"]);
        }
        ran += 1;
    }
    // None is dropped silently: the file that they come from has 31.
    assert_eq!((ran, refused), (29, 2));
}

fn touch(path: IntrabarPath) -> Models {
    let limit = LimitRule::Touch(Touch {});
    Models { matching: Matching { path, limit, ..Matching::default() }, ..Models::default() }
}

fn states(events: &[AccountEvent], id: u32) -> Vec<OrderState> {
    let of = |event: &AccountEvent| match event {
        AccountEvent::Order { order, state, .. } if order.0 == id => Some(*state),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn a_trailing_stop_follows_and_fills_where_the_price_comes_back() {
    let bars =
        [[100.0, 100.0, 100.0, 100.0, 9.0], [100.0, 106.0, 100.0, 105.0, 9.0], [105.0, 105.5, 101.0, 102.0, 9.0]];
    let orders = [
        OrderRequest::market(ONE, 1.0),
        request(&serde_json::json!({"qty": -1, "kind": {"kind": "trailing_stop", "offset": 2}})),
    ];
    let (fills, events) = run(data(&bars, share()), touch(IntrabarPath::OpenHighLowClose {}), &orders);
    // Up to 106, so the stop stands at 104, and the way down to the low of that bar, 100, passes it.
    assert_eq!((fills[1].0, fills[1].1.price), (1, 104.0));
    assert_eq!(states(&events, 1), [OrderState::Triggered]);
    let (fills, _) = run(data(&bars, share()), touch(IntrabarPath::OpenLowHighClose {}), &orders);
    // Down first: from 106 only to the close of 105; the next bar opens there, goes to 105.5 and then down through 104.
    assert_eq!((fills[1].0, fills[1].1.price), (2, 104.0));
}

#[test]
fn times_in_force_end_orders() {
    let bars = [[100.0, 100.0, 100.0, 100.0, 9.0]; 5];
    let far = |tif| OrderRequest::limit(ONE, 1.0, 50.0).with_tif(tif);
    let end = |order| {
        let (fills, events) = run(data(&bars, share()), touch(IntrabarPath::default()), &[order]);
        assert!(fills.is_empty());
        events
    };
    assert_eq!(end(far(TimeInForce::Gtc {})), []);
    assert_eq!(states(&end(far(TimeInForce::Ioc {})), 0), [OrderState::Cancelled]);
    assert_eq!(states(&end(far(TimeInForce::Fok {})), 0), [OrderState::Cancelled]);
    let until = Timestamp::from_nanos(3 * MINUTE);
    let expired = end(far(TimeInForce::Gtd { until }));
    assert_eq!(states(&expired, 0), [OrderState::Expired]);
    assert_eq!(expired[0].time(), until);
}

#[test]
fn post_only_never_takes_and_reduce_only_never_opens() {
    let bars = [[100.0, 100.0, 100.0, 100.0, 9.0]; 4];
    let run = |orders: &[OrderRequest]| run(data(&bars, share()), touch(IntrabarPath::default()), orders);
    let (fills, events) = run(&[OrderRequest::limit(ONE, 1.0, 101.0).post_only()]);
    assert!(fills.is_empty());
    assert_eq!(states(&events, 0), [OrderState::Cancelled]);
    let (fills, events) = run(&[OrderRequest::limit(ONE, -5.0, 99.0).reduce_only()]);
    assert!(fills.is_empty());
    assert_eq!(states(&events, 0), [OrderState::Cancelled]);
    let (fills, _) = run(&[OrderRequest::market(ONE, 2.0), OrderRequest::limit(ONE, -5.0, 99.0).reduce_only()]);
    assert_eq!(fills.iter().map(|(_, fill)| fill.qty).collect::<Vec<_>>(), [2.0, -2.0]);
}

#[test]
fn an_order_that_arrives_after_the_open_does_not_get_it() {
    let bars = [[100.0, 100.0, 100.0, 100.0, 9.0], [100.0, 106.0, 97.0, 103.0, 9.0], [103.0, 103.0, 103.0, 103.0, 9.0]];
    let fill = |ms: f64| {
        let latency = serde_json::from_value(serde_json::json!({"kind": "fixed", "ms": ms})).unwrap();
        let models = Models { latency, ..touch(IntrabarPath::OpenHighLowClose {}) };
        run(data(&bars, share()), models, &[OrderRequest::market(ONE, 1.0)]).0[0]
    };
    assert_eq!((fill(0.0).0, fill(0.0).1.price), (1, 100.0));
    // Ten seconds into the bar the price is half the way from 100 to its high of 106.
    assert_eq!((fill(10_000.0).0, fill(10_000.0).1.price), (1, 103.0));
    // Later than the bar is long: the next one, at its open.
    assert_eq!((fill(60_000.0).0, fill(60_000.0).1.price), (1, 103.0));
    assert_eq!((fill(70_000.0).0, fill(70_000.0).1.price), (2, 103.0));
}

#[test]
fn a_cancel_that_comes_too_late_is_too_late() {
    let bars = [[100.0, 100.0, 100.0, 100.0, 9.0], [100.0, 100.0, 98.0, 99.0, 9.0], [99.0, 99.0, 99.0, 99.0, 9.0]];
    let run = |ms: f64| {
        let latency = serde_json::from_value(serde_json::json!({"kind": "fixed", "ms": ms})).unwrap();
        let models = Models { latency, ..touch(IntrabarPath::OpenLowHighClose {}) };
        let (mut venue, mut account) = venue(data(&bars, share()), models);
        let id = venue.submit(OrderRequest::limit(ONE, 1.0, 98.5)).unwrap();
        venue.cancel(id).unwrap();
        venue.advance(&mut account, |_| {}).unwrap();
        account.fills()
    };
    assert_eq!(run(0.0), 0);
    // The order arrives after 1 s, its cancel too: nothing has moved to 98.5 by then.
    assert_eq!(run(1_000.0), 0);
    // Down to 98 takes 20 s; after 19 s the price has been at 98.5.
    assert_eq!(run(19_000.0), 1);
}

#[test]
fn a_child_needs_a_working_parent() {
    let bars = [[100.0, 100.0, 100.0, 100.0, 9.0]; 3];
    let (mut venue, mut account) = venue(data(&bars, share()), Models::default());
    let parent = venue.submit(OrderRequest::market(ONE, 1.0)).unwrap();
    venue.advance(&mut account, |_| {}).unwrap();
    let refused = venue.submit(OrderRequest::stop(ONE, -1.0, 90.0).child_of(parent)).unwrap_err().to_string();
    assert!(refused.contains("its parent 0 does not work (any more)"), "{refused}");
}

#[test]
fn a_reduce_only_limit_that_wakes_up_fills_inside_the_bar() {
    let bars =
        [[100.0, 100.0, 100.0, 100.0, 9.0], [109.25, 110.0, 100.0, 100.0, 9.0], [100.0, 100.0, 100.0, 100.0, 9.0]];
    let orders = [
        OrderRequest::market(ONE, -1.0),
        OrderRequest::limit(ONE, 2.0, 110.25).reduce_only(),
        OrderRequest::market(ONE, -2.0),
    ];
    let (fills, _) = run(data(&bars, share_of_lot_one()), Models::default(), &orders);
    assert_eq!(fills.iter().map(|(_, f)| f.qty).collect::<Vec<_>>(), [-1.0, 1.0, -2.0, 1.0]);
    assert!(fills.iter().all(|(row, f)| f.price <= bars[*row][1] && f.price >= bars[*row][2]), "{fills:?}");
}

fn models(path: IntrabarPath) -> impl Strategy<Value = Models> {
    let limit = prop_oneof![Just("touch"), Just("penetration"), Just("queue")];
    (limit, prop_oneof![Just(None), Just(Some(0.05)), Just(Some(0.3))]).prop_map(move |(limit, participation)| {
        let limit = serde_json::from_value(serde_json::json!({"kind": limit})).unwrap();
        Models { matching: Matching { path, limit, participation, ..Matching::default() }, ..Models::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// What must hold of every fill: inside its bar, within its limit, not before its stop, within what was ordered and
    /// within the cap; nothing for an order after its end.
    #[test]
    fn every_fill_is_one_that_could_have_been(bars in bars(), orders in orders(), models in models(IntrabarPath::default())) {
        let share = models.matching.participation;
        let (fills, events) = run(data(&bars, share_of_lot_one()), models, &orders);
        for (row, fill) in &fills {
            let [_, high, low, _, _] = bars[*row];
            prop_assert!(fill.price >= low && fill.price <= high, "{fill:?}");
            let order = &orders[fill.order.0 as usize];
            prop_assert!(fill.qty * order.qty > 0.0);
            if let Some(limit) = order.kind.limit() {
                prop_assert!((fill.price - limit) * order.qty <= 0.0, "{fill:?} worse than {limit}");
            }
            if let (Some(trigger), None) = (order.kind.trigger(), order.kind.limit()) {
                let reached = if order.qty > 0.0 { bars[1..=*row].iter().any(|b| b[1] >= trigger) } else { bars[1..=*row].iter().any(|b| b[2] <= trigger) };
                prop_assert!(reached);
            }
        }
        for (id, order) in orders.iter().enumerate() {
            let filled: f64 = fills.iter().filter(|(_, f)| f.order == OrderId(id as u32)).map(|(_, f)| f.qty.abs()).sum();
            prop_assert!(filled <= order.qty.abs());
            // No fill after the end.
            let end = events.iter().position(|e| matches!(e, AccountEvent::Order { order, state, .. } if order.0 == id as u32 && state.is_closed()));
            if let Some(end) = end {
                let late = events[end..].iter().any(|e| matches!(e, AccountEvent::Fill(f) if f.order == OrderId(id as u32)));
                prop_assert!(!late);
            }
            if order.tif == (TimeInForce::Fok {}) && order.kind.trigger().is_none() {
                prop_assert!(filled == 0.0 || filled == order.qty.abs() || order.reduce_only || order.oco.is_some());
            }
        }
        for group in 1..4 {
            let of = |f: &&(usize, Fill)| orders[f.1.order.0 as usize].oco == Some(group);
            let most = orders.iter().filter(|o| o.oco == Some(group)).map(|o| o.qty.abs()).fold(0.0, f64::max);
            prop_assert!(fills.iter().filter(of).map(|(_, f)| f.qty.abs()).sum::<f64>() <= most);
        }
        if let Some(share) = share {
            for (row, bar) in bars.iter().enumerate() {
                let taken: f64 = fills.iter().filter(|(r, _)| *r == row).map(|(_, f)| f.qty.abs()).sum();
                prop_assert!(taken <= (share * bar[4] + 1e-9).floor());
            }
        }
    }

    /// The two fixed paths bracket the nearest one; the pessimistic one is the worse of them over one bar, and may be worse
    /// than both where orders depend on what was before them.
    #[test]
    fn the_fixed_paths_bracket_the_others(bar in bars(), orders in orders()) {
        let gain = |path| {
            let (fills, _) = run(data(&bar[..2], share_of_lot_one()), touch(path), &orders);
            fills.iter().map(|(_, f)| f.qty * (bar[1][3] - f.price)).sum::<f64>()
        };
        let (up, down) = (gain(IntrabarPath::OpenHighLowClose {}), gain(IntrabarPath::OpenLowHighClose {}));
        let (nearest, worst) = (gain(IntrabarPath::NearestFirst {}), gain(IntrabarPath::Pessimistic {}));
        prop_assert!(worst <= up.min(down));
        let depends = |order: &OrderRequest| order.reduce_only || matches!(order.kind, OrderKind::TrailingStop { .. });
        prop_assert!(worst == up.min(down) || orders.iter().any(depends));
        prop_assert!(nearest == up || nearest == down);
    }

    /// Another future leaves every earlier fill alone, also with a book.
    #[test]
    fn another_future_leaves_the_past_alone(bars in bars(), other in bars(), orders in orders(), models in models(IntrabarPath::default())) {
        let row = bars.len() / 2;
        let mut changed = bars[..=row].to_vec();
        changed.extend(other);
        let until = |(fills, _): (Vec<(usize, Fill)>, _)| fills.into_iter().filter(|(r, _)| *r <= row).collect::<Vec<_>>();
        let one = until(run(data(&bars, share_of_lot_one()), models.clone(), &orders));
        prop_assert_eq!(one, until(run(data(&changed, share_of_lot_one()), models, &orders)));
    }
}

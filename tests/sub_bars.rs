//! Walks along finer bars, and what holds between the ways that prices may have taken.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;

use std::sync::Arc;

use book::{MINUTE, ONE, bar, minute, models, orders, run, share_of_lot_one};
use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, MarketData,
    account::{AccountEvent, Fill},
    models::Models,
    order::{OrderRequest, OrderState, TimeInForce},
    venue::SimWorld,
};

/// Rows of five minutes out of finer bars, each `(minute, open, high, low, close)`; those of a row stand together.
fn market(rows: &[Vec<(f64, [f64; 4])>], with_sub_bars: bool) -> MarketData {
    let fine = |&(at, [open, high, low, close]): &(f64, [f64; 4])| bar(at, [open, high, low, close, 100.0]);
    let whole = |(i, row): (usize, &Vec<(f64, [f64; 4])>)| Bar {
        time: minute(5.0 * (i as f64 + 1.0)),
        open: row[0].1[0],
        high: row.iter().map(|(_, prices)| prices[1]).fold(f64::MIN, f64::max),
        low: row.iter().map(|(_, prices)| prices[2]).fold(f64::MAX, f64::min),
        close: row[row.len() - 1].1[3],
        volume: 100.0 * row.len() as f64,
    };
    let builder = MarketData::builder(vec![share_of_lot_one()])
        .bars(rows.iter().enumerate().map(whole).collect())
        .period_ns(5 * MINUTE);
    let sub_bars = if with_sub_bars { rows.iter().flatten().map(fine).collect() } else { Vec::new() };
    builder.sub_bars(sub_bars).build().unwrap()
}

fn path(kind: &str) -> Value {
    json!({"kind": kind})
}

fn within(kind: &str) -> Value {
    json!({"kind": "sub_bars", "within": {"kind": kind}})
}

fn by(path: &Value, limit: &str) -> Models {
    models(json!({"matching": {"path": path, "limit": {"kind": limit}}}))
}

fn bracket(qty: f64, stop: f64, target: f64) -> [OrderRequest; 3] {
    let entry = tradepit::order::OrderId(0);
    [
        OrderRequest::market(ONE, qty),
        OrderRequest::stop(ONE, -qty, stop).child_of(entry).in_group(1),
        OrderRequest::limit(ONE, -qty, target).child_of(entry).in_group(1),
    ]
}

/// A quiet row, then one that opens at 100.25, sees 102 and 99, and closes at 101.
fn up_first() -> Vec<Vec<(f64, [f64; 4])>> {
    vec![
        vec![(5.0, [100.0; 4])],
        vec![
            (6.0, [100.25, 102.0, 100.25, 101.75]),
            (7.0, [101.75, 101.75, 99.0, 99.5]),
            (10.0, [99.5, 101.0, 99.5, 101.0]),
        ],
    ]
}

fn prices(fills: &[(usize, Fill)]) -> Vec<f64> {
    fills.iter().map(|(_, fill)| fill.price).collect()
}

#[test]
fn finer_bars_say_which_came_first() {
    let (stop_first, target_first) = ([100.25, 99.25], [100.25, 101.5]);
    let orders = bracket(2.0, 99.25, 101.5);
    let run = |data: MarketData, path: &Value| run(data, by(path, "touch"), &orders).0;
    let made = run(market(&up_first(), true), &path("sub_bars"));
    assert_eq!(prices(&made), target_first);
    // Inside the first finer bar: on the second leg, since the low is nearer to the open; 5 of its 7 ticks are behind.
    assert!((made[1].1.time.nanos() - minute(5.0 + (1.0 + 5.0 / 7.0) / 3.0).nanos()).abs() <= 1);
    assert_eq!(prices(&run(market(&up_first(), true), &path("pessimistic"))), stop_first);
    let mut down_first = up_first();
    down_first[1][0].1 = [100.25, 100.25, 99.0, 99.5];
    down_first[1][1].1 = [99.5, 102.0, 99.5, 101.0];
    assert_eq!(prices(&run(market(&down_first, true), &path("sub_bars"))), stop_first);
    // A row without finer bars may have gone the worse way.
    let bars = market(&up_first(), true).bars().to_vec();
    let sub_bars = market(&up_first(), true).details(0).sub_bars.to_vec();
    let first_only = MarketData::builder(vec![share_of_lot_one()]).bars(bars).sub_bars(sub_bars).build().unwrap();
    assert_eq!(prices(&run(first_only, &path("sub_bars"))), stop_first);
    let refused = SimWorld::new(Arc::new(market(&up_first(), false)), by(&path("sub_bars"), "touch"), 1e5);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("matching.path: sub_bars, and these data have none"), "{refused}");
}

#[test]
fn a_gap_between_finer_bars_fills_at_the_next_ones_open() {
    let mut rows = up_first();
    rows[1] = vec![(6.0, [100.0, 100.25, 100.0, 100.0]), (7.0, [97.0, 97.25, 97.0, 97.0]), (10.0, [98.0; 4])];
    let one = |order: OrderRequest, limit: &str| {
        let made = run(market(&rows, true), by(&path("sub_bars"), limit), &[order]).0;
        made.first().map(|(_, fill)| (fill.price, fill.time))
    };
    // Nobody traded at 99: the stop gets what comes next, and so does a limit, which is better for it.
    assert_eq!(one(OrderRequest::stop(ONE, -1.0, 99.0), "touch"), Some((97.0, minute(6.0))));
    assert_eq!(one(OrderRequest::limit(ONE, 1.0, 98.5), "penetration"), Some((97.0, minute(6.0))));
    // At the open of a finer bar a limit must be passed as far as anywhere.
    assert_eq!(one(OrderRequest::limit(ONE, 1.0, 97.0), "penetration"), None);
    assert_eq!(one(OrderRequest::limit(ONE, 1.0, 97.0), "touch"), Some((97.0, minute(6.0))));
    // From minute 7 to 9 nothing was traded: the last one opened at 98 a minute before it closed.
    let mut models = by(&path("sub_bars"), "touch");
    models.latency = serde_json::from_value(json!({"kind": "fixed", "ms": 100_000})).unwrap();
    let made = run(market(&rows, true), models, &[OrderRequest::stop(ONE, 1.0, 97.5)]).0;
    assert_eq!((made[0].1.price, made[0].1.time), (98.0, minute(9.0)));
}

#[test]
fn messages_arrive_inside_the_finer_bar_of_their_time() {
    let mut rows = up_first();
    rows[1] = vec![(6.0, [100.0; 4]), (7.0, [100.0, 106.0, 100.0, 106.0]), (9.0, [103.0, 103.0, 100.0, 100.0])];
    let sent = |seconds: f64, order: OrderRequest| {
        let mut models = by(&within("open_low_high_close"), "touch");
        models.latency = serde_json::from_value(json!({"kind": "fixed", "ms": seconds * 1e3})).unwrap();
        run(market(&rows, true), models, &[order])
    };
    let market_at =
        |seconds: f64| sent(seconds, OrderRequest::market(ONE, 1.0)).0.first().map(|(_, f)| (f.price, f.time));
    // Seventy seconds are the first ten of the second bar, which stays at its low for twenty; ninety the middle of its way up.
    assert_eq!(market_at(70.0), Some((100.0, minute(5.0 + 70.0 / 60.0))));
    assert_eq!(market_at(90.0), Some((103.0, minute(6.5))));
    // Nothing was traded in the third minute: the next first price, when it came. Nor after the last one.
    assert_eq!(market_at(150.0), Some((103.0, minute(8.0))));
    assert_eq!(market_at(270.0), None);

    // A cancel that is under way for ninety seconds lets a limit fill that is reached before.
    let cancelled = |limit: f64| {
        let mut models = by(&within("open_low_high_close"), "touch");
        models.latency = serde_json::from_value(json!({"kind": "fixed", "ms": 90_000})).unwrap();
        let (mut venue, mut account) = book::venue(market(&rows, true), models);
        use tradepit::Venue as _;
        let id = venue.submit(OrderRequest::limit(ONE, -1.0, limit)).unwrap();
        venue.cancel(id).unwrap();
        let mut events = Vec::new();
        venue.advance(&mut account, |event| events.push(*event)).unwrap();
        events
    };
    assert!(matches!(cancelled(103.0)[..], [AccountEvent::Fill(_)]));
    let late = cancelled(105.0);
    assert!(matches!(late[..], [AccountEvent::Order { state: OrderState::Cancelled, .. }]), "{late:?}");
}

#[test]
fn an_order_at_once_and_orders_for_the_close_are_as_ever() {
    let run = |order: OrderRequest| run(market(&up_first(), true), by(&path("sub_bars"), "touch"), &[order]);
    let (made, events) = run(OrderRequest::limit(ONE, 1.0, 99.5).with_tif(TimeInForce::Ioc {}));
    assert!(made.is_empty() && events.len() == 1);
    let close = OrderRequest::of(ONE, 1.0, tradepit::order::OrderKind::MarketOnClose {});
    assert_eq!(prices(&run(close).0), [101.0]);
    let open = OrderRequest::of(ONE, 1.0, tradepit::order::OrderKind::MarketOnOpen {});
    assert_eq!(prices(&run(open).0), [100.25]);
}

/// Finer bars of some rows, in ticks; `gaps` says whether prices may jump between those of a row.
fn fine(gaps: bool) -> impl Strategy<Value = Vec<Vec<(f64, [f64; 4])>>> {
    let one = (0i32..40, 0i32..40, 0i32..10, 0i32..10);
    let row = prop::collection::vec(one, 1..6);
    prop::collection::vec(row, 2..7).prop_map(move |rows| {
        let price = |ticks: i32| 100.0 + f64::from(ticks) * 0.25;
        let row = |(i, row): (usize, Vec<(i32, i32, i32, i32)>)| {
            let (mut last, first) = (None, 5.0 * i as f64);
            row.into_iter()
                .enumerate()
                .map(|(n, (open, close, up, down))| {
                    let open = last.filter(|_| !gaps).unwrap_or(open);
                    last = Some(close);
                    let (high, low) = (open.max(close) + up, open.min(close) - down);
                    (first + n as f64 + 1.0, [open, high, low, close].map(price))
                })
                .collect()
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

/// What a bracket comes to when what is left is worth the last close.
fn gain(rows: &[Vec<(f64, [f64; 4])>], path: &Value, limit: &str, orders: &[OrderRequest]) -> f64 {
    let data = market(rows, true);
    let last = data.bars()[data.len() - 1].close;
    run(data, by(path, limit), orders).0.iter().map(|(_, fill)| fill.qty * (last - fill.price)).sum()
}

fn brackets() -> impl Strategy<Value = [OrderRequest; 3]> {
    (prop_oneof![Just(-1.0), Just(1.0)], 0i32..40, 0i32..40).prop_map(|(qty, stop, target)| {
        let price = |ticks: i32| 100.0 + f64::from(ticks) * 0.25;
        bracket(qty, price(stop), price(target))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// A bracket is done in the first row that comes to its stop or its target. There, every way that goes from the open
    /// to the close without a jump comes to what one of the two fixed ways comes to, and the pessimistic one to the worse.
    #[test]
    fn without_jumps_a_bracket_comes_to_one_of_two_ends(
        rows in fine(false), orders in brackets(), limit in prop_oneof![Just("touch"), Just("penetration"), Just("queue")],
    ) {
        let gain = |path: &Value| gain(&rows, path, limit, &orders);
        let (up, down) = (gain(&path("open_high_low_close")), gain(&path("open_low_high_close")));
        prop_assert_eq!(gain(&path("pessimistic")), up.min(down));
        for way in [
            path("nearest_first"),
            within("nearest_first"),
            within("open_high_low_close"),
            within("open_low_high_close"),
        ] {
            let other = gain(&way);
            prop_assert!(other == up || other == down, "{}: {} is neither {} nor {}", way, other, up, down);
            prop_assert!(other >= gain(&path("pessimistic")));
        }
    }

    /// With jumps between finer bars a stop fills beyond its price, by the jump at most; a target only better.
    #[test]
    fn jumps_cost_a_bracket_no_more_than_the_largest_of_them(rows in fine(true), orders in brackets()) {
        let jumps = rows.iter().flat_map(|row| row.windows(2).map(|two| (two[1].1[0] - two[0].1[3]).abs()));
        let most = jumps.fold(0.0, f64::max);
        let (along, worst) = (gain(&rows, &path("sub_bars"), "touch", &orders), gain(&rows, &path("pessimistic"), "touch", &orders));
        prop_assert!(along >= worst - most, "{along} with jumps of {most}, {worst} at worst without");
    }

    /// A row that is one finer bar is that bar, to the bit.
    #[test]
    fn one_finer_bar_is_the_bar(rows in fine(true), orders in orders(), limit in prop_oneof![Just("touch"), Just("penetration"), Just("queue")], ms in 0u32..400_000) {
        let single: Vec<_> = rows.iter().enumerate().map(|(i, row)| vec![(5.0 * (i as f64 + 1.0), row[0].1)]).collect();
        for kind in ["open_high_low_close", "open_low_high_close", "nearest_first"] {
            let with = |path: &Value| {
                let mut models = by(path, limit);
                models.latency = serde_json::from_value(json!({"kind": "fixed", "ms": ms})).unwrap();
                run(market(&single, true), models, &orders)
            };
            prop_assert_eq!(with(&path(kind)), with(&within(kind)));
        }
    }

    /// Inside the range of the finer bar of its time, within its limit, once.
    #[test]
    fn every_fill_is_one_that_a_finer_bar_allows(rows in fine(true), orders in orders(), limit in prop_oneof![Just("touch"), Just("penetration")]) {
        let (fills, _) = run(market(&rows, true), by(&path("sub_bars"), limit), &orders);
        for (row, fill) in &fills {
            let at = fill.time.nanos() as f64 / MINUTE as f64;
            // The one that closes at the time counts, and the one that opens then; after the last one, that.
            let around = |closes: f64| (closes - 1.0 - 1e-6..=closes + 1e-6).contains(&at);
            let last = rows[*row].len() - 1;
            let mut about = rows[*row].iter().enumerate().filter(|(n, (closes, _))| around(*closes) || (*n == last && at > *closes));
            let held = about.any(|(_, (_, [_, high, low, _]))| (*low..=*high).contains(&fill.price));
            prop_assert!(held, "{fill:?} in {:?}", rows[*row]);
            let order = &orders[fill.order.0 as usize];
            if let Some(limit) = order.kind.limit() {
                prop_assert!((fill.price - limit) * order.qty <= 0.0, "{fill:?} worse than {limit}");
            }
        }
        for (id, order) in orders.iter().enumerate() {
            let filled: f64 = fills.iter().filter(|(_, f)| f.order.0 == id as u32).map(|(_, f)| f.qty.abs()).sum();
            prop_assert!(filled <= order.qty.abs());
        }
    }

    /// Another future of finer bars leaves every earlier fill alone.
    #[test]
    fn another_future_leaves_the_past_alone(rows in fine(true), other in fine(true), orders in orders()) {
        let until = rows.len() / 2;
        let mut changed = rows[..=until].to_vec();
        changed.extend(other.into_iter().enumerate().map(|(i, row)| {
            let shift = 5.0 * (until + 1) as f64;
            let first = 5.0 * i as f64;
            row.into_iter().map(|(at, prices)| (at - first + shift + first, prices)).collect::<Vec<_>>()
        }));
        let past = |rows: &[Vec<(f64, [f64; 4])>]| {
            let (fills, _) = run(market(rows, true), by(&path("sub_bars"), "penetration"), &orders);
            fills.into_iter().filter(|(row, _)| *row <= until).collect::<Vec<_>>()
        };
        prop_assert_eq!(past(&rows), past(&changed));
    }
}

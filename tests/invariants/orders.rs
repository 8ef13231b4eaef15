//! Of every order and every fill.

use proptest::prelude::*;
use serde_json::json;
use tradepit::{
    Bar, InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    order::{OrderChange, OrderId, OrderKind, OrderRequest, OrderState},
};

use crate::scene::{MINUTE, ROWS, Scene, around_100, instruments, scenes};

/// Where an order stands after its events; panics where the table of states does not know the way.
fn stands(scene: &Scene, id: OrderId, events: &[AccountEvent]) -> OrderState {
    let (mut state, mut filled, mut qty) = (OrderState::Accepted, 0.0, scene.request(id).qty.abs());
    for event in events {
        let change = match event {
            AccountEvent::Fill(fill) if fill.order == id => {
                filled += fill.qty.abs();
                assert!(filled <= qty, "{id:?} fills {filled} of {qty}");
                if filled == qty { OrderChange::Fill } else { OrderChange::PartialFill }
            }
            AccountEvent::Modified { order, change, .. } if *order == id => {
                qty = change.qty.unwrap().abs();
                assert!(filled <= qty, "{id:?} fills {filled} of {qty}");
                continue;
            }
            AccountEvent::Order { order, state: OrderState::Triggered, .. } if *order == id => OrderChange::Trigger,
            AccountEvent::Order { order, state: OrderState::Cancelled, .. } if *order == id => OrderChange::Cancel,
            AccountEvent::Order { order, state: OrderState::Expired, .. } if *order == id => OrderChange::Expire,
            AccountEvent::Rejected { order, .. } if *order == id => OrderChange::Reject,
            _ => continue,
        };
        state = state.after(change).unwrap_or_else(|error| panic!("{id:?}: {error}"));
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8000))]

    #[test]
    fn every_order_goes_a_legal_way(scene in scenes()) {
        let run = scene.run();
        let events: Vec<AccountEvent> = run.events.iter().map(|(_, event)| *event).collect();
        for number in 0..scene.orders.len() {
            stands(&scene, OrderId(number as u32), &events);
        }
        // Whoever is named was sent, or is the venue's own.
        for (row, fill) in run.fills().filter(|(_, fill)| !fill.order.is_of_venue()) {
            let (at, request) = scene.orders[fill.order.0 as usize];
            prop_assert!(at < row && request.instrument == fill.instrument && request.qty * fill.qty > 0.0);
        }
        // Time goes forward.
        prop_assert!(events.windows(2).all(|pair| pair[0].time() <= pair[1].time()), "{events:?}");
    }

    #[test]
    fn every_price_could_have_been_and_every_bar_had_the_units(scene in scenes()) {
        let (run, models) = (scene.run(), scene.models());
        let cap = |row: usize, fill: &Fill| models.matching.participation.map(|share| (share * scene.bar(row, fill.instrument).volume + 1e-9).floor());
        let all: Vec<(usize, Fill)> = run.fills().collect();
        for (row, fill) in &all {
            let bar = scene.bar(*row, fill.instrument);
            prop_assert!((bar.low..=bar.high).contains(&fill.reference), "{fill:?} in {bar:?}");
            prop_assert!((fill.price - fill.reference) * fill.qty >= 0.0 || models.slippage.needs().net_traded, "{fill:?}");
            if fill.order.is_of_venue() {
                continue;
            }
            if let Some(limit) = scene.request(fill.order).kind.limit() {
                prop_assert!((fill.price - limit) * fill.qty <= 0.0, "{fill:?} worse than {limit}");
                prop_assert_eq!(fill.price, fill.reference);
            }
            let of_bar = |(other, known): &&(usize, Fill)| other == row && known.instrument == fill.instrument && !known.order.is_of_venue();
            let taken: f64 = all.iter().filter(of_bar).map(|(_, fill)| fill.qty.abs()).sum();
            prop_assert!(cap(*row, fill).is_none_or(|cap| taken <= cap), "{taken} of {:?}", cap(*row, fill));
        }
    }

    /// The events alone make the account, and the average price of a position lies among the prices that made it.
    #[test]
    fn an_account_is_its_events(scene in scenes()) {
        let run = scene.run();
        let mut account = Account::new(2);
        account.open(scene.cash);
        let mut prices = [const { Vec::new() }; 2];
        for (_, event) in &run.events {
            let before = account.positions().to_vec();
            account.apply(event);
            if let AccountEvent::Fill(fill) = event {
                let id = fill.instrument.0 as usize;
                let (was, is) = (before[id].qty(), account.positions()[id].qty());
                if is == 0.0 || was * is < 0.0 {
                    prices[id].clear();
                }
                prices[id].push(fill.price);
                let (low, high) = prices[id].iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(*p), h.max(*p)));
                let average = account.positions()[id].avg_price();
                prop_assert!(is == 0.0 || (low - 1e-9..=high + 1e-9).contains(&average), "{average} of {:?}", prices[id]);
            }
        }
        let end = run.accounts.last().unwrap();
        prop_assert_eq!((account.cash(), account.fees(), account.realised()), (end.cash(), end.fees(), end.realised()));
        prop_assert_eq!(account.positions(), end.positions());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Limits that fill on a touch, and stops: each one that a bar reaches fills, the extremes included, at its price or at
    /// the open behind it; nothing else does.
    #[test]
    fn what_a_bar_reaches_fills(
        (open, close, up, down) in (-6i32..=6, -6i32..=6, 0i32..4, 0i32..4),
        orders in prop::collection::vec((any::<bool>(), any::<bool>(), -10i32..=10), 1..10),
        path in prop::sample::select(vec!["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"]),
    ) {
        let price = |ticks: i32| 100.0 + 0.25 * f64::from(ticks);
        let (high, low) = (open.max(close) + up, open.min(close) - down);
        let bar = |row: usize| {
            let ticks = if row == 1 { [open, high, low, close] } else { [open; 4] };
            let [open, high, low, close] = ticks.map(price);
            Bar { time: Timestamp::from_nanos((row as i64 + 1) * MINUTE), open, high, low, close, volume: 1.0 }
        };
        let order = |&(buys, stop, at): &(bool, bool, i32)| {
            let kind = if stop { OrderKind::Stop { trigger: price(at) } } else { OrderKind::Limit { price: price(at) } };
            (0, OrderRequest::of(InstrumentId(0), if buys { 1.0 } else { -1.0 }, kind))
        };
        let reached = |&(buys, stop, at): &(bool, bool, i32)| {
            // A buy limit and a sell stop are reached from above.
            let fill = if buys == stop { at.max(open) } else { at.min(open) };
            (if buys == stop { high >= at } else { low <= at }).then(|| price(fill))
        };
        let models = json!({"matching": {"limit": {"kind": "touch"}, "path": {"kind": path}}});
        let bars = (0..ROWS).flat_map(|row| [bar(row); 2]).collect();
        let sent = orders.iter().map(order).collect();
        let scene = Scene { instruments: instruments(), bars, orders: sent, cancels: vec![], models, cash: 1e9, seed: 0 };
        let run = scene.run();
        for (number, order) in orders.iter().enumerate() {
            let filled = run.fills().find(|(row, fill)| *row == 1 && fill.order.0 as usize == number);
            prop_assert_eq!(filled.map(|(_, fill)| fill.price), reached(order), "{:?}", order);
        }
    }

    /// Orders that ask for the same share a bar by their age: a younger one gets nothing before the older are done.
    #[test]
    fn older_orders_come_first(
        volumes in prop::collection::vec(0u32..40, ROWS), sizes in prop::collection::vec((0..4usize, 1i32..30), 2..6),
        kind in 0u32..3, sell: bool,
    ) {
        let sign = if sell { -1.0 } else { 1.0 };
        let bar = |row: usize| around_100(row, volumes[row]);
        let order = |(row, size): &(usize, i32)| {
            let kind = match kind {
                0 => OrderKind::Market {},
                1 => OrderKind::Limit { price: 100.0 - 0.5 * sign },
                _ => OrderKind::Stop { trigger: 100.0 + 0.5 * sign },
            };
            (*row, OrderRequest::of(InstrumentId(0), sign * f64::from(*size), kind))
        };
        let mut orders: Vec<_> = sizes.iter().map(order).collect();
        orders.sort_by_key(|(row, _)| *row);
        let models = json!({"matching": {"participation": 1.0, "limit": {"kind": "touch"}}});
        let bars = (0..ROWS).flat_map(|row| [bar(row); 2]).collect();
        let scene = Scene { instruments: instruments(), bars, orders, cancels: vec![], models, cash: 1e9, seed: 0 };
        let mut left: Vec<f64> = scene.orders.iter().map(|(_, order)| order.qty.abs()).collect();
        for (row, fill) in scene.run().fills() {
            let id = fill.order.0 as usize;
            let older = scene.orders.iter().zip(&left).take(id).filter(|((at, _), _)| *at < row);
            prop_assert!(older.clone().all(|(_, left)| *left == 0.0), "{fill:?} before {left:?}");
            left[id] -= fill.qty.abs();
        }
    }
}

//! Of messages: numbers count up, a cancel takes out what waits and nothing else.

use proptest::prelude::*;
use tradepit::{
    InstrumentId, Venue as _,
    account::AccountEvent,
    order::{OrderId, OrderRequest},
};

use crate::scene::{ROWS, scenes};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The same scene is the same run, and numbers begin anew with it.
    #[test]
    fn a_run_is_repeated_to_the_bit(scene in scenes()) {
        let (one, other) = (scene.run(), scene.run());
        prop_assert!(one.events == other.events && one.accounts == other.accounts);
    }

    /// A cancel that is sent twice, once more while the first is under way, for an order that is over, or for one that
    /// never was, changes nothing.
    #[test]
    fn cancels_for_nothing_are_harmless(mut scene in scenes(), again in 0usize..3, unknown in 100u32..1_000) {
        // Each message draws its own delay where delays are random.
        prop_assume!(scene.models["latency"]["kind"] != "jittered");
        let once = scene.run();
        let more: Vec<_> = scene.cancels.iter().map(|(row, id)| (row + again, *id)).collect();
        scene.cancels.extend(more);
        scene.cancels.push((0, OrderId(unknown)));
        for (row, event) in &once.events {
            // What is over.
            if let AccountEvent::Order { order, state, .. } = event && state.is_closed() {
                scene.cancels.push((*row, *order));
            }
        }
        let twice = scene.run();
        prop_assert_eq!(&once.events, &twice.events);
        prop_assert!(once.accounts == twice.accounts);
    }

    /// Without a delay nothing of an order fills after its cancel.
    #[test]
    fn what_is_cancelled_at_once_fills_no_more(mut scene in scenes()) {
        scene.models["latency"] = serde_json::json!({"kind": "none"});
        let run = scene.run();
        for (row, id) in &scene.cancels {
            prop_assert!(run.fills().all(|(at, fill)| fill.order != *id || at <= *row), "{id:?} after row {row}");
        }
    }

    /// An order that is refused takes no number, and leaves no trace.
    #[test]
    fn a_refused_order_leaves_no_trace(scene in scenes()) {
        let (mut venue, mut account) = scene.venue();
        let mut events = Vec::new();
        for row in 1..ROWS {
            prop_assert!(venue.submit(OrderRequest::market(InstrumentId(0), 0.5)).is_err());
            // A child of the other instrument's last order, or of none.
            let last = scene.orders.iter().rposition(|(at, _)| at + 1 < row).unwrap_or(99);
            let other = InstrumentId(scene.orders.get(last).map_or(0, |(_, order)| 1 - order.instrument.0));
            prop_assert!(venue.submit(OrderRequest::stop(other, 1.0, 150.0).child_of(OrderId(last as u32))).is_err());
            scene.step(&mut venue, &mut account, |event| events.push((row, *event)));
        }
        prop_assert_eq!(events, scene.run().events);
    }
}

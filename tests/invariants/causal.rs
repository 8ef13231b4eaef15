//! What can't matter: the rest of a bar at its open, and another instrument.

use proptest::prelude::*;
use serde_json::json;
use tradepit::{
    account::Fill,
    order::{OrderRequest, TimeInForce},
};

use crate::scene::{Run, Scene, scenes};

/// The fills of a row at its open.
fn at_open(scene: &Scene, row: usize) -> Vec<Fill> {
    let opened = scene.bars[2 * row - 2].time;
    scene.run().fills().filter(|(at, fill)| *at == row && fill.time == opened).map(|(_, fill)| fill).collect()
}

/// Whether a model draws from the random stream.
fn drawn(scene: &Scene, part: &str) -> bool {
    ["jittered", "probabilistic_tick", "empirical"].map(Some).contains(&scene.models[part]["kind"].as_str())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn another_end_of_a_bar_leaves_its_open_alone(
        mut scene in scenes(), row in 1..6usize, up in 0i32..20, down in 0i32..20, volume in 0u32..400,
    ) {
        // The cap is a share of the whole bar by its definition.
        scene.models["matching"]["participation"] = json!(null);
        let known = at_open(&scene, row);
        for bar in &mut scene.bars[2 * row..2 * row + 2] {
            (bar.high, bar.low) = (bar.open + f64::from(up) * 0.25, bar.open - f64::from(down) * 0.25);
            (bar.close, bar.volume) = (bar.high, f64::from(volume));
        }
        prop_assert_eq!(at_open(&scene, row), known);
    }

    /// Two instruments of one account, where margin is not scarce and nothing is drawn: each trades as if it were alone.
    #[test]
    fn another_instrument_does_not_matter(mut scene in scenes()) {
        for part in ["latency", "slippage"] {
            if drawn(&scene, part) {
                scene.models[part] = json!({"kind": "none"});
            }
        }
        scene.models["margin"] = json!({"kind": "none"});
        let run = scene.run();
        for id in 0..2 {
            // Orders keep their numbers: those of the other instrument never fill.
            let mut alone = scene.clone();
            for (_, order) in alone.orders.iter_mut().filter(|(_, order)| order.instrument.0 != id) {
                *order = OrderRequest::limit(order.instrument, 1.0, 0.25).with_tif(TimeInForce::Ioc {});
            }
            let of = |run: &Run| run.fills().filter(|(_, fill)| fill.instrument.0 == id).collect::<Vec<_>>();
            prop_assert_eq!(of(&run), of(&alone.run()));
        }
    }
}

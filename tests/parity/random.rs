//! Whatever the models, the market and the orders: a session is the same in a simulation and on paper, and what was recorded
//! of it plays again to the same bits.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Instrument, MarketData,
    market::{Calendar, synth},
    models::Models,
};

use crate::{eventful, trader::one_session};

const ROWS: usize = 160;

/// One market or two on one clock, with events or without.
fn market(seed: u64, two: bool, events: bool) -> MarketData {
    let single = [synth::es_1m(ROWS, seed).unwrap(), synth::es_1m(ROWS, seed + 1_000).unwrap()];
    let (n, instruments) =
        if two { (2, vec![Instrument::es(), Instrument::nq()]) } else { (1, vec![Instrument::es()]) };
    let bars = (0..ROWS).flat_map(|row| single[..n].iter().map(move |data| data.bars()[row])).collect();
    let data = MarketData::builder(instruments).calendar(Calendar::Cme).bars(bars).build().unwrap();
    if events { eventful(&data) } else { data }
}

fn models() -> impl Strategy<Value = Models> {
    let one_of = |values: Vec<Value>| prop::sample::select(values);
    let kind = |kinds: &[&str]| kinds.iter().map(|kind| json!({"kind": kind})).collect::<Vec<_>>();
    let fill = one_of(kind(&["next_open", "next_close"]));
    let path = one_of(kind(&["pessimistic", "open_high_low_close", "nearest_first"]));
    let limit = one_of(kind(&["touch", "penetration", "queue", "intensity"]));
    let latency = one_of(vec![
        json!({"kind": "none"}),
        json!({"kind": "fixed", "ms": 30_000}),
        json!({"kind": "jittered", "ms": 500, "jitter_ms": 20_000}),
    ]);
    let slippage = one_of(vec![
        json!({"kind": "volume_share"}),
        json!({"kind": "probabilistic_tick", "probability": 0.5, "ticks": 2}),
        json!({"kind": "square_root", "sigma": 0.01, "adv": 1e6}),
    ]);
    let commission = one_of(vec![
        json!({"kind": "schedule", "name": "ib_us_futures"}),
        json!({"kind": "per_share", "fee": 0.5, "minimum": 2.0}),
    ]);
    let margin = one_of(vec![json!({"kind": "none"}), json!({"kind": "leverage", "max": 0.5, "maintenance": 0.99})]);
    let financing = one_of(vec![json!({"kind": "none"}), json!({"kind": "funding", "rate": 1e-4, "hours": 1})]);
    let caps = (prop::option::of(0.001..0.01f64), prop::option::of(4..40u32));
    let costs = (slippage, commission, margin, financing);
    (fill, path, limit, latency, caps, costs).prop_map(|(fill, path, limit, latency, (share, ticks), costs)| {
        let (slippage, commission, margin, financing) = costs;
        serde_json::from_value(json!({
            "fill": fill, "latency": latency, "slippage": slippage, "commission": commission, "margin": margin,
            "financing": financing,
            "matching": {"path": path, "limit": limit, "participation": share, "protection_ticks": ticks},
        }))
        .unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_random_session_is_one_and_plays_again(
        (seed, orders) in (0u64..1_000, 0u64..1_000),
        (two, events) in any::<(bool, bool)>(),
        models in models(),
    ) {
        let (_, fills) = one_session(&Arc::new(market(seed, two, events)), &models, orders, "random");
        prop_assert!(fills > 5, "{} fills", fills);
    }
}

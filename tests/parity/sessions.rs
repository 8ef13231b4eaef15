//! Sessions with books of random orders, without an environment.

use std::sync::Arc;

use serde_json::json;
use tradepit::{
    MarketData,
    account::{AccountEvent, RejectReason},
    market::synth,
    models::{Models, Slippage},
};

use crate::{RandomTicks, eventful, quoted, trader};

/// A session in which enough happens.
fn one_session(data: &Arc<MarketData>, models: &Models, name: &str) -> Vec<AccountEvent> {
    let (events, fills) = trader::one_session(data, models, 77, name);
    let states = events.iter().filter(|e| matches!(e, AccountEvent::Order { .. })).count();
    assert!(fills > 300 && states > 300, "{name}: {fills} fills, {states} changes");
    events
}

#[test]
fn books_of_orders_are_one_too() {
    let data = synth::es_1m(1_500, 8).unwrap();
    let (eventful, data) = (Arc::new(eventful(&data)), Arc::new(data));
    for path in ["pessimistic", "open_high_low_close"] {
        for limit in ["touch", "penetration", "queue", "intensity"] {
            let models: Models = serde_json::from_value(json!({
                "latency": {"kind": "jittered", "ms": 500.0, "jitter_ms": 9000.0},
                "commission": {"kind": "per_share", "fee": 0.5, "minimum": 1.0},
                "matching": {"path": {"kind": path}, "limit": {"kind": limit}, "participation": 0.003, "protection_ticks": 40},
            }))
            .unwrap();
            let models = Models { slippage: Slippage::Custom(Arc::new(RandomTicks)), ..models };
            let events = one_session(&data, &models, &format!("{path} {limit}"));
            let changes = events.iter().filter(|e| matches!(e, AccountEvent::Modified { .. })).count();
            assert!(changes > 100, "{changes} orders were changed");
            one_session(&eventful, &models, &format!("{path} {limit}, with events"));
        }
    }
}

#[test]
fn so_they_are_over_quotes_and_finer_bars() {
    let data = quoted(1_500);
    let (eventful, data) = (Arc::new(eventful(&data)), Arc::new(data));
    let mut seen = Vec::new();
    for (fill, path, stale, slippage) in [
        ("quote", "pessimistic", json!({"kind": "none"}), "none"),
        ("quote", "sub_bars", json!({"kind": "wait", "after_ns": 50_000_000_000_i64}), "none"),
        ("quote", "sub_bars", json!({"kind": "refuse", "after_ns": 50_000_000_000_i64}), "half_spread"),
        ("next_open", "sub_bars", json!({"kind": "none"}), "half_spread"),
    ] {
        let models: Models = serde_json::from_value(json!({
            "fill": {"kind": fill},
            "slippage": {"kind": slippage},
            "latency": {"kind": "jittered", "ms": 0.0, "jitter_ms": 20_000.0},
            "matching": {"path": {"kind": path}, "limit": {"kind": "touch"}, "participation": 0.01, "stale": stale},
        }))
        .unwrap();
        let events = one_session(&data, &models, &format!("{fill} {path} {stale}"));
        one_session(&eventful, &models, &format!("{fill} {path} {stale}, with events"));
        let too_old = |e: &&AccountEvent| matches!(e, AccountEvent::Rejected { reason: RejectReason::Stale, .. });
        assert_eq!(events.iter().filter(too_old).count() > 100, stale["kind"] == "refuse");
        assert!(!seen.contains(&events), "another rule must show");
        seen.push(events);
    }
}

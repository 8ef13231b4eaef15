//! Resting limit orders: published numbers (`golden/queue.json`), bars and specs, and what must hold for any queue.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod properties;
mod published;
mod rules;

use tradepit::{
    Bar, Rng,
    models::queue::{Log, Log2, Power, Power2, Power3, QueueRule, RiskAverse},
    rng::{Purpose, stream},
};

/// Every model of cancellations; `n` is the exponent of those that have one.
fn models(n: f64) -> [QueueRule; 6] {
    [
        QueueRule::RiskAverse(RiskAverse {}),
        QueueRule::Power(Power { n }),
        QueueRule::Power2(Power2 { n }),
        QueueRule::Power3(Power3 { n }),
        QueueRule::Log(Log {}),
        QueueRule::Log2(Log2 {}),
    ]
}

fn es_bar(low: f64, high: f64, volume: f64) -> Bar {
    Bar { open: high, high, low, close: low, volume, ..Bar::default() }
}

/// For rules that draw nothing.
fn none() -> Rng {
    stream(0, 0, Purpose::Models)
}

//! What must hold of every account, whatever the market, the orders and the models: through the public order path.
//!
//! The README of the tests says which invariant is tested where.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod causal;
mod chunks;
mod fees;
mod floor;
mod messages;
mod orders;
mod scale;
mod scene;

//! Wishes to trade, and the orders that wait for a fill.

mod kind;
mod request;
mod state;
mod working;

pub use kind::{OrderKind, TimeInForce};
pub use request::{OrderId, OrderRequest};
pub use state::{OrderChange, OrderState};
pub use working::{Order, Resting, Working};

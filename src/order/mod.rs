//! Wishes to trade, and the orders that wait for a fill.

mod request;
mod working;

pub use request::{OrderId, OrderRequest};
pub use working::{Order, Working};

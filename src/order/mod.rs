//! Wishes to trade, and the orders that wait for a fill.

mod kind;
mod modify;
mod open;
mod request;
mod state;
mod working;

pub use kind::{OrderKind, TimeInForce};
pub use modify::Modification;
pub use open::OpenOrders;
pub use request::{OrderId, OrderRequest};
pub use state::{OrderChange, OrderState};
pub use working::{MarketOrder, Order, Resting, Working};

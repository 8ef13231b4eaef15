//! Money and positions: a fold over what a venue reports.

mod event;
mod ledger;
pub mod metrics;
mod position;
mod traded;
mod trades;

#[cfg(test)]
mod tests;

pub use event::{AccountEvent, AccountSnapshot, Fill, RejectReason};
pub use ledger::Account;
pub use position::Position;
pub use traded::{TradedVolume, Volume};
pub use trades::{Trade, TradeSide, open_trades, trades_from_fills};

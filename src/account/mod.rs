//! Money and positions: a fold over what a venue reports.

mod columns;
mod event;
mod ledger;
pub mod metrics;
mod position;
mod totals;
mod traded;
mod trades;

#[cfg(test)]
mod tests;

pub use columns::{AccountColumns, Column, LANES};
pub(crate) use columns::{FillColumns, Terms};
pub use event::{AccountEvent, AccountSnapshot, Fill, RejectReason};
pub use ledger::Account;
pub use position::Position;
pub use totals::AccountNumbers;
pub use traded::{TradedVolume, Volume};
pub use trades::{Trade, TradeSide, open_trades, trades_from_fills};

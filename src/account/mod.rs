//! Money and positions: a fold over what a venue reports.

mod event;
mod ledger;
mod position;

pub use event::{AccountEvent, AccountSnapshot, Fill, RejectReason};
pub use ledger::Account;
pub use position::Position;

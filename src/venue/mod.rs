//! Where orders go, and where facts come from.

mod log;
mod recorder;
mod replay;
#[cfg(test)]
mod replay_tests;
mod rows;
mod sim;

use serde::{Deserialize, Serialize};

pub use log::{EventLog, LogEnd, LogEntry, Opening};
pub use recorder::Recorder;
pub use replay::{Outcome, Playback, Played, ReplayVenue};
pub use rows::{GrowingMarket, NoFeatures, Row, RowMaker};
pub use sim::{Sim, SimState, SimVenue, SimWorld};

use crate::{
    MarketView, Result, Timestamp,
    account::{Account, AccountEvent},
    order::{OrderId, OrderRequest},
};

/// Where a venue is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At a row of the data: the first decision is taken when that row has closed.
    At(u32),
    /// At the present moment.
    Now,
}

/// Why trading stopped before the data did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HaltReason {
    /// The broker is gone and did not come back.
    Disconnected,
    /// The account of the broker is not what the events say.
    OutOfStep,
    /// A person, or a guard, stopped it.
    Stopped,
}

/// Where [`Venue::advance`] got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// At the next decision.
    Decision(Timestamp),
    /// Nowhere: there is no row after this one, and nothing has changed.
    EndOfData,
    /// Nowhere: trading has stopped.
    Halted(HaltReason),
}

/// A place that takes orders and reports facts: a simulator, a replay, a live broker.
///
/// It is pulled: nothing happens between two calls that the caller can see. Time is what [`market`](Self::market) says.
pub trait Venue {
    /// What is known at the present decision.
    fn market(&self) -> MarketView<'_>;
    /// Starts, and sets `account` to what it holds: fresh cash in a simulation, the broker's own word when live.
    ///
    /// # Errors
    /// When the venue can't start there.
    fn open(&mut self, start: Start, account: &mut Account) -> Result<()>;
    /// Takes an order; it can fill from the next row on.
    ///
    /// # Errors
    /// When no venue would take such an order; nothing has changed then.
    fn submit(&mut self, order: OrderRequest) -> Result<OrderId>;
    /// Asks to take an order out; one that has filled stays filled.
    ///
    /// # Errors
    /// When the venue can't be reached.
    fn cancel(&mut self, id: OrderId) -> Result<()>;
    /// Goes on to the next decision. Applies every event to `account`, marks it, and shows each event to `on`.
    ///
    /// # Errors
    /// When the venue is broken; an order that fills badly is no error.
    fn advance(&mut self, account: &mut Account, on: impl FnMut(&AccountEvent)) -> Result<Advance>;
    /// Rows after the present one, where that is known beforehand.
    fn remaining(&self) -> Option<u32> {
        None
    }
}

//! Where orders go, and where facts come from.

mod columns;
mod facts;
mod history;
mod log;
mod matching;
mod recorder;
mod replay;
#[cfg(test)]
mod replay_tests;
mod rows;
mod sim;

use serde::{Deserialize, Serialize};

pub use columns::{NextBars, SimColumns};
pub use facts::VenueFacts;
pub use log::{EventLog, LogEnd, LogEntry, Opening};
pub use matching::MatchRow;
pub use recorder::Recorder;
pub use replay::{Outcome, Playback, Played, ReplayVenue};
pub use rows::{GrowingMarket, NoFeatures, Row, RowMaker};
pub use sim::{Sim, SimState, SimVenue, SimWorld, check_holding};

use crate::{
    InstrumentId, MarketView, Result, Timestamp,
    account::{Account, AccountEvent},
    order::{Modification, OrderId, OrderRequest},
};

/// Where a venue is opened.
///
/// ```
/// use tradepit::{market::synth, venue::Start};
/// let data = synth::es_1m(10, 0).unwrap();
/// // A simulation starts at any row; where time can't be chosen, as live, only the present row can be named.
/// assert!(Start::Now.check_present(data.view(4)).is_ok());
/// assert!(Start::At(3).check_present(data.view(4)).is_ok());
/// assert!(Start::At(9).check_present(data.view(4)).unwrap_err().to_string().contains("stands at row 3"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At a row of the data: the first decision is taken when that row has closed.
    At(u32),
    /// At the present moment.
    Now,
}

/// Why trading stopped before the data did.
///
/// ```
/// use tradepit::venue::{HaltReason, LogEnd, LogEntry};
/// let end = LogEntry::End { end: LogEnd::Halted(HaltReason::OutOfStep), note: "2 lots, expected 1".into() };
/// assert_eq!(end.to_json().unwrap(), r#"{"end":{"end":{"halted":"out_of_step"},"note":"2 lots, expected 1"}}"#);
/// ```
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
///
/// ```
/// use tradepit::{Venue, venue::{Advance, Start}};
/// # use std::sync::Arc;
/// # use tradepit::{account::Account, market::synth, models::Models, venue::{SimVenue, SimWorld}};
/// # let world = SimWorld::new(Arc::new(synth::es_1m(100, 0).unwrap()), Models::default(), 50_000.0).unwrap();
/// # let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
/// venue.open(Start::At(90), &mut account).unwrap();
/// let mut decisions = 0;
/// while let Advance::Decision(_) = venue.advance(&mut account, |_| {}).unwrap() {
///     decisions += 1;
/// }
/// assert_eq!(decisions, 9); // rows 91 to 99
/// ```
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
/// ```
/// use tradepit::{InstrumentId, Result, Venue, account::Account, order::OrderRequest, venue::{Advance, Start}};
/// /// Buys one and holds it to the end: over a simulator, a replay or a broker alike.
/// fn hold(venue: &mut impl Venue) -> Result<f64> {
///     let mut account = Account::new(venue.market().instruments().len());
///     venue.open(Start::Now, &mut account)?;
///     venue.submit(OrderRequest::market(InstrumentId(0), 1.0))?;
///     while let Advance::Decision(_) = venue.advance(&mut account, |_| {})? {}
///     Ok(account.equity() - account.opening_equity())
/// }
/// # use std::sync::Arc;
/// # use tradepit::{market::synth, models::Models, venue::{SimVenue, SimWorld}};
/// let data = Arc::new(synth::es_1m(100, 0)?);
/// let mut venue = SimVenue::new(Arc::new(SimWorld::new(data.clone(), Models::default(), 50_000.0)?), 0);
/// assert_eq!(hold(&mut venue)?, 50.0 * (data.bars()[99].close - data.bars()[1].open));
/// # tradepit::Result::Ok(())
/// ```
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
    /// Asks to change an order, in one message; one that has filled stays filled.
    ///
    /// # Errors
    /// When the order can't be changed in this way, or the venue can't be reached; nothing has changed then.
    fn modify(&mut self, id: OrderId, change: Modification) -> Result<()>;
    /// Goes on to the next decision. Applies every event to `account`, marks it, and shows each event to `on`.
    ///
    /// # Errors
    /// When the venue is broken; an order that fills badly is no error.
    fn advance(&mut self, account: &mut Account, on: impl FnMut(&AccountEvent)) -> Result<Advance>;
    /// Units of an instrument that orders at the market have yet to fill, signed: what will be held is this and the
    /// position.
    fn at_market(&self, instrument: InstrumentId) -> f64;
    /// Units of an instrument that orders which wait for a price could yet buy, and sell, both without a sign; orders that
    /// close what others opened do not count.
    fn waiting(&self, instrument: InstrumentId) -> [f64; 2];
    /// Whether orders fill at prices that their decisions have seen, which no market gives: a record says so.
    fn looks_ahead(&self) -> bool {
        false
    }
    /// Rows after the present one, where that is known beforehand.
    fn remaining(&self) -> Option<u32> {
        None
    }
}

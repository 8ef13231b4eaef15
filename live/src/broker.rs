//! The seam to a real account: what an adapter must do.

use std::future::Future;

use tradepit::{
    Result, Timestamp,
    account::{AccountEvent, AccountSnapshot},
    order::{Modification, OrderId, OrderRequest},
    venue::{EventLog, HaltReason, Opening, Row},
};

/// What the venue tells the broker.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, order::{OrderId, OrderRequest}};
/// use tradepit_live::BrokerCommand;
/// let request = OrderRequest::market(InstrumentId(0), 1.0);
/// let command = BrokerCommand::Submit { id: OrderId(0), request, time: Timestamp::default() };
/// assert!(matches!(command, BrokerCommand::Submit { .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BrokerCommand {
    /// Send this order. It is in the journal already.
    Submit {
        /// Our number; whatever handle the broker offers for idempotency (a client order id) is made from it.
        id: OrderId,
        /// What to trade.
        request: OrderRequest,
        /// Time of the decision.
        time: Timestamp,
    },
    /// Take this order out, if it still waits.
    Cancel {
        /// Our number.
        id: OrderId,
    },
    /// Change this order, if it still waits. It is in the journal already.
    Modify {
        /// Our number.
        id: OrderId,
        /// How; it was checked against the order.
        change: Modification,
    },
    /// All orders of the decision at `time` have been sent: the agent lives, and waits for the next row.
    ///
    /// A replayed feed goes on at this sign; the adapter of a real account renews its dead man's switch with it.
    /// It can come twice for one decision, after a restart.
    Decided {
        /// Time of the decision.
        time: Timestamp,
    },
}

/// What the broker tells the venue, in the order in which it happened.
///
/// ```
/// use tradepit_live::BrokerEvent;
/// assert!(BrokerEvent::EndOfFeed.is_last());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum BrokerEvent {
    /// A row closed, for all instruments. Each row comes once, in order of time.
    Row(Row),
    /// Something happened to the account; a fill bears the number of our order.
    Account(AccountEvent),
    /// What the account holds by the broker's own word, after the events sent so far. It is compared with the books.
    Snapshot(AccountSnapshot),
    /// There will be no further row: a replayed feed is over.
    EndOfFeed,
    /// The connection is gone, and all attempts to get it back have failed. The text is for people.
    Disconnected(String),
    /// Trading has stopped. The text is for people.
    Halted(HaltReason, String),
}

impl BrokerEvent {
    /// Whether nothing can come after it; then [`Broker::next`] is not called again.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self, Self::EndOfFeed | Self::Disconnected(_) | Self::Halted(..))
    }
}

/// What a broker knows once it is connected.
///
/// ```
/// use tradepit::{market::synth, venue::Opening};
/// use tradepit_live::Connected;
/// let opening = Opening::of(&synth::es_1m(20, 0).unwrap(), 9, 50_000.0).unwrap();
/// let connected = Connected::from(opening);
/// assert!(connected.missed.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Connected {
    /// What is traded, the rows that have closed, and what the account holds now. After a restart the journal's
    /// history counts, and this one may be empty.
    pub opening: Opening,
    /// After a restart: what happened to the account since the journal ends, oldest first; `opening.snapshot` holds it
    /// already.
    pub missed: Vec<AccountEvent>,
}

impl From<Opening> for Connected {
    fn from(opening: Opening) -> Self {
        Self { opening, missed: Vec::new() }
    }
}

/// The adapter of a real (or a paper) account. It is owned by a thread of its own, inside a tokio runtime.
///
/// An error from any method ends the session: it surfaces from the venue's next call. What a broker says about one order
/// is no error but a fact ([`AccountEvent::Rejected`]).
///
/// ```
/// use tradepit::{Result, market::synth, venue::{EventLog, NoFeatures, Opening, Start, Venue}, account::Account};
/// use tradepit_live::{Broker, BrokerCommand, BrokerEvent, Connected, LiveOptions, LiveVenue};
///
/// /// Knows ten bars, and closes.
/// struct Closed;
/// impl Broker for Closed {
///     async fn connect(&mut self, _past: Option<&EventLog>) -> Result<Connected> {
///         Ok(Opening::of(&synth::es_1m(10, 0)?, 9, 50_000.0)?.into())
///     }
///     async fn send(&mut self, _command: BrokerCommand) -> Result<()> { Ok(()) }
///     async fn next(&mut self) -> Result<BrokerEvent> { Ok(BrokerEvent::EndOfFeed) }
/// }
///
/// let mut venue = LiveVenue::connect(Closed, NoFeatures, None, LiveOptions::default()).unwrap();
/// let mut account = Account::new(1);
/// venue.open(Start::Now, &mut account).unwrap();
/// assert_eq!(venue.advance(&mut account, |_| {}).unwrap(), tradepit::venue::Advance::EndOfData);
/// ```
pub trait Broker: Send + 'static {
    /// Connects, and says what the account holds and which rows are known.
    ///
    /// After a restart `past` is what the journal holds. An order in it without a fill, rejection or cancellation may or
    /// may not have left before the end: look it up by the handle made from its number, and send it, or report it as
    /// rejected. Events and rows after the end of `past` are to be told, each once: events that have happened as
    /// [`Connected::missed`], rows by [`next`](Self::next).
    fn connect(&mut self, past: Option<&EventLog>) -> impl Future<Output = Result<Connected>> + Send;

    /// Takes a command. It must not wait for the market.
    fn send(&mut self, command: BrokerCommand) -> impl Future<Output = Result<()>> + Send;

    /// Waits for what happens next.
    ///
    /// The future is dropped when a command comes, and made anew: nothing may be lost then (it is *cancel safe*).
    fn next(&mut self) -> impl Future<Output = Result<BrokerEvent>> + Send;
}

//! The same environment on a live or paper account.
//!
//! A [`LiveVenue`] is a [`Venue`](tradepit::Venue) like the simulator: whoever trades on it can't tell the difference. It
//! owns a thread with the adapter of the account, a [`Broker`]; [`PaperBroker`] is one that fills by the simulator's own
//! models over a [`Feed`] from memory or from another process ([`FeedServer`]). A [`Journal`] keeps what happened; from it
//! a session is resumed after the process was killed, and replayed through
//! [`ReplayVenue`](tradepit::venue::ReplayVenue).
//!
//! ```text
//! agent -- submit, advance --> LiveVenue -- journal, then commands --> Broker (own thread, tokio) --> account
//!       <-- rows, facts ------           <-- bounded queue of events --                           <-- feed
//! ```

mod broker;
mod feed;
mod journal;
mod link;
mod options;
mod paper;
mod reconcile;
mod server;
mod venue;
mod wire;

pub use broker::{Broker, BrokerCommand, BrokerEvent, Connected};
pub use feed::{Feed, MemoryFeed, SocketFeed};
pub use journal::Journal;
pub use options::{LiveOptions, StopHandle};
pub use paper::PaperBroker;
pub use reconcile::reconcile;
pub use server::{FeedServer, Pace};
pub use venue::LiveVenue;
pub use wire::{FeedHello, FeedLine, WIRE_VERSION};

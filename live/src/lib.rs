//! The same environment on a live or paper account.
//!
//! A [`LiveVenue`] is a [`Venue`](tradepit::Venue) like the simulator: an environment, or whoever else trades on it,
//! can't tell the difference. It owns a thread with the adapter of the account, a [`Broker`]; [`PaperBroker`] is one
//! that fills by the simulator's own models over a [`Feed`] from memory or from another process ([`FeedServer`]).
//!
//! # A paper session
//!
//! ```text
//!   caller's thread                                       broker's thread (tokio)
//!  ┌──────────────────────────────────────┐              ┌──────────────────────────────┐
//!  │ policy ── action ──▶ Env             │              │ PaperBroker                  │
//!  │                       │ submit       │   commands   │  orders meet the next bar by │   rows   ┌──────┐
//!  │                       ▼              ├─────────────▶│  the simulator's models      │◀─────────┤ Feed │
//!  │                   LiveVenue ─ advance│              │                              │          └──────┘
//!  │                    │  ▲              │◀─────────────┤  fills, rejections, rows     │
//!  └────────────────────┼──┼──────────────┘    events    └──────────────────────────────┘
//!       written before  ▼  │ served first,      (bounded)
//!       an order leaves Journal  when resumed
//! ```
//!
//! [`advance`](tradepit::Venue::advance) blocks until the next row has closed. Time is what rows say: only this crate
//! reads a clock, to wait, to give up waiting, and to keep back orders that were decided on rows that are too old by now
//! ([`LiveOptions`]). Which were is in the journal, so that a replay needs no clock.
//!
//! # Journal before order
//!
//! An order is on disk before it leaves: after a kill at any moment the [`Journal`] holds every order that the broker
//! may have. What else is lost with the machine is news, and a broker tells that again when it is connected
//! ([`Connected::missed`]). Where [`reconcile`] finds that the broker's word is not what the books say, a session is
//! not resumed, and one that runs halts ([`HaltReason::OutOfStep`](tradepit::venue::HaltReason::OutOfStep)).
//!
//! # Resume
//!
//! Give the journal of a session that was cut to [`LiveVenue::connect`], and the venue first serves what is recorded.
//! Whoever takes the same decisions once more, from the start, arrives at the same state to the last bit, and trades
//! on; a decision that differs is refused ([`Error::Diverged`](tradepit::Error::Diverged)), before anything is sent. A
//! journal also replays without a broker, through [`ReplayVenue`](tradepit::venue::ReplayVenue).
//!
//! ```
//! use std::sync::Arc;
//! use tradepit::{InstrumentId, Result, Venue, account::Account, market::synth, models::Models};
//! use tradepit::{order::OrderRequest, rng};
//! use tradepit::venue::{Advance, NoFeatures, ReplayVenue, Start};
//! use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};
//!
//! /// Buys one lot at every tenth of so many rows, or of as many as there are.
//! fn trade(venue: &mut impl Venue, rows: usize) -> Result<Account> {
//!     let mut account = Account::new(1);
//!     venue.open(Start::Now, &mut account)?;
//!     for row in 0..rows {
//!         if row % 10 == 0 {
//!             venue.submit(OrderRequest::market(InstrumentId(0), 1.0))?;
//!         }
//!         let Advance::Decision(_) = venue.advance(&mut account, |_| {})? else { break };
//!     }
//!     Ok(account)
//! }
//!
//! let data = Arc::new(synth::es_1m(80, 0)?);
//! let broker = || {
//!     let feed = Feed::memory(Arc::clone(&data), 10);
//!     PaperBroker::new(feed, Models::default(), 50_000.0, rng::stream(7, 0, rng::Purpose::Models))
//! };
//! let connect = |journal| LiveVenue::connect(broker()?, NoFeatures, journal, LiveOptions::default());
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("session.db");
//!
//! // The whole session at once, without a journal.
//! let whole = trade(&mut connect(None)?, 100)?;
//!
//! // The same session, cut after 25 rows, and resumed from its file.
//! trade(&mut connect(Some(Journal::create(&path)?))?, 25)?;
//! let mut venue = connect(Some(Journal::open(&path)?))?;
//! assert!(venue.is_resuming());
//! assert_eq!(trade(&mut venue, 100)?, whole);
//!
//! // And replayed.
//! let log = venue.into_journal().unwrap().log()?.unwrap();
//! assert_eq!(trade(&mut ReplayVenue::new(log, NoFeatures)?, 100)?, whole);
//! # tradepit::Result::Ok(())
//! ```

mod broker;
mod feed;
mod journal;
mod late;
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

//! A market to train trading agents in, and to trade from.
//!
//! This crate is the market itself: bars, instruments, orders, fills, accounts, venues. It knows no word of
//! reinforcement learning. What is built on it:
//!
//! | crate | room | what it adds |
//! |---|---|---|
//! | `tradepit` | `src/` | data, features, orders, account, models, venues |
//! | `tradepit-envs` | `envs/` | spaces, actions, observations, rewards, episodes; one environment or thousands |
//! | `tradepit-agents` | `agents/` | networks and PPO, on any vector environment |
//! | `tradepit-live` | `live/` | the same environment over a broker: feeds, journal, reconciliation |
//! | `tradepit._core` | `python/` | Gymnasium, Stable-Baselines3, the command line |
//!
//! # Inside
//!
//! * [`market`]: [`Bar`], quotes, [`Instrument`], [`MarketData`] (time-major, immutable, shared), [`MarketView`] (the
//!   past only), calendars, synthetic markets;
//! * [`ingest`]: files and columns to bars and quotes, with errors that name the row;
//! * [`features`]: a streaming pipeline described as data; the table that training reads is that code run over the data;
//! * [`order`], [`account`]: wishes and waiting orders; money as a fold over facts;
//! * [`models`]: at which point of a bar an order fills, how much worse, for which fee;
//! * [`venue`]: the [`Venue`] trait, the simulator, the log of a session and its replay;
//! * [`backtest`]: target positions over a whole market, of one strategy or of thousands.
//!
//! # When does an order fill?
//!
//! A decision is taken when bar `t` has closed, and knows nothing after it. Its order fills on bar `t + 1`, by default at
//! the open, and never at a price that was already in the observation.
//!
//! ```text
//!        bar t                          bar t+1                        bar t+2
//!  open ───────── close           open ───────── close           open ───────── close
//!                   │              │               │
//!                   │              │               └─ 5. account marked at this close: equity(t+1)
//!                   │              │                  6. reward: what equity(t) to equity(t+1) says
//!                   │              │                  7. obs(t+1), and the next decision
//!                   │              └─ 4. the order fills: open, slippage, fee
//!                   ├─ 1. obs(t): features of bars up to t, account as of t
//!                   ├─ 2. action(t): a target position
//!                   └─ 3. an order for the difference
//! ```
//!
//! # An order by hand
//!
//! ```
//! use std::sync::Arc;
//! use tradepit::{InstrumentId, Venue, account::Account, market::synth, models::Models, order::OrderRequest};
//! use tradepit::venue::{SimVenue, SimWorld, Start};
//!
//! let data = Arc::new(synth::es_1m(1_000, 0)?);
//! let world = SimWorld::new(data, Models::default(), 100_000.0)?;
//! let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
//! venue.open(Start::At(0), &mut account)?;
//! venue.submit(OrderRequest::market(InstrumentId(0), 2.0))?;
//! venue.advance(&mut account, |event| println!("{event:?}"))?;
//! assert_eq!(account.position(InstrumentId(0)).qty(), 2.0);
//! # tradepit::Result::Ok(())
//! ```
//!
//! # Unsafe code
//!
//! It is denied by lint in every crate but `python/`. The exceptions:
//!
//! | file | why |
//! |---|---|
//! | `src/market/pages.rs` | asks for large pages for bars and features, of which every environment reads other rows |
//! | `src/market/prefetch.rs` | asks for memory 16 environments ahead; a step over large data is half as long |
//! | `envs/src/vector/handoff.rs` | lends a batch to threads that stay; the pool waits for them |
//! | `agents/src/nn/{tile,product,kernel}.rs` | matrix products without packing; loops compiled for wider vectors |

pub mod account;
pub mod backtest;
mod error;
pub mod features;
pub mod ingest;
pub mod market;
pub mod models;
pub mod order;
pub mod rng;
pub mod time;
pub mod venue;

pub use error::{Error, Result};
pub use market::{Bar, Instrument, InstrumentId, MarketData, MarketView};
pub use rng::Rng;
pub use time::Timestamp;
pub use venue::Venue;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;

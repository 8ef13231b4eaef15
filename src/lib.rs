//! A market to train trading agents in, and to trade from.

pub mod account;
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

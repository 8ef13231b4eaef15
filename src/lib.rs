//! A market to train trading agents in, and to trade from.

mod error;
pub mod market;
pub mod rng;
pub mod time;

pub use error::{Error, Result};
pub use market::{Bar, Instrument, InstrumentId, MarketData, MarketView};
pub use rng::Rng;
pub use time::Timestamp;

//! Bars, quotes, instruments, calendars, and data that can only be seen up to a point in time.

mod adjust;
mod bar;
mod calendar;
mod data;
mod event;
mod events;
pub(crate) mod grid;
mod instrument;
mod prefetch;
mod quote;
pub mod synth;
mod view;

pub use adjust::{Adjuster, Adjustment};
pub use bar::Bar;
pub use calendar::{Calendar, Session, SessionClock};
pub use data::{FeatureTable, MarketData, MarketDataBuilder, RowDetails};
pub use event::{MarketEvent, MarketFact};
pub use instrument::{Instrument, InstrumentId, Settlement};
pub use quote::{Quote, QuotesAt};
pub use view::MarketView;

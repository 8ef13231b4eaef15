//! Bars, quotes, instruments, calendars, and data that can only be seen up to a point in time.

mod adjust;
mod align;
mod bar;
mod calendar;
pub mod check;
mod continuous;
mod contract;
mod data;
mod event;
mod events;
pub(crate) mod grid;
mod instrument;
mod pages;
mod prefetch;
mod published;
mod quote;
mod sampling;
pub mod synth;
mod trade;
mod view;

pub use adjust::{Adjuster, Adjustment};
pub use align::{Missing, align};
pub use bar::Bar;
pub use calendar::{Calendar, Intervals, Session, SessionClock};
pub use continuous::{Continuous, ContractSeries, Roll, RollRule};
pub use contract::Contract;
pub use data::{FeatureTable, MarketData, MarketDataBuilder, RowDetails};
pub use event::{MarketEvent, MarketFact};
pub use instrument::{Instrument, InstrumentId, Settlement};
pub use published::{Published, Publishing};
pub use quote::{Quote, QuotesAt};
pub use sampling::{BarBuilder, BarRule, Imbalance, Measure, TickBars, TimeBars, UnitBars, ValueBars};
pub use trade::{Aggressor, Trade};
pub use view::MarketView;

//! Synthetic markets: seeded, with known properties.
//!
//! A [`SynthSpec`] says, as data, how prices and volumes move; [`SynthRows`] are the instrument, the calendar and the times
//! that it fills; a [`Generator`] is the one made ready for the other, and draws as many paths as are wanted. Path `p` of
//! seed `s` is the same bits for ever.
//!
//! | kind | what it is | source |
//! |---|---|---|
//! | [`Brownian`] | geometric Brownian motion | Bachelier (1900), Samuelson (1965) |
//! | [`OrnsteinUhlenbeck`] | a log price that goes back to its level | Uhlenbeck and Ornstein (1930) |
//! | [`JumpDiffusion`] | Brownian motion and normal jumps | Merton (1976) |
//! | [`Heston`] | a variance that moves, and goes back to its level | Heston (1993) |
//! | [`Garch`] | GARCH(1,1) with Student tails | Bollerslev (1986, 1987) |
//! | [`RegimeSwitching`] | 2 to 4 states with their own mean and volatility | Hamilton (1989) |
//! | [`IntradayMarket`] | a day's profile, clusters of many lengths, tails, breaks | see there |
//!
//! [`fit`] finds the numbers of a kind for a real market, [`StylisedFacts`] compare the two, and a [`BootstrapSpec`] makes markets
//! out of the bars of a real one.
//!
//! Log prices move between bars' opens and closes by the model, and inside a bar by a Brownian bridge; what is shown is
//! rounded to the tick. [`es_1m`], [`planted`] and [`with_quotes`] are older and simpler: walks on the tick grid itself.
//!
#![doc = include_str!("synth.md")]

mod bootstrap;
mod brownian;
mod check;
mod es;
mod facts;
mod fit;
mod garch;
mod generator;
mod heston;
mod intraday;
mod jump_diffusion;
mod ornstein_uhlenbeck;
mod path;
mod regime_switching;
mod rows;
mod spec;
mod tails;
#[cfg(test)]
mod tests;
mod volume;

pub use bootstrap::{Bootstrap, BootstrapSpec, mirror};
pub use brownian::Brownian;
pub use es::{Leak, SIGNAL, es_1m, planted, with_quotes};
pub use facts::{FACT_LAGS, StylisedFacts};
pub use fit::{SynthKind, fit, fit_regimes};
pub use garch::Garch;
pub use generator::Generator;
pub use heston::Heston;
pub use intraday::{Cluster, IntradayMarket};
pub use jump_diffusion::JumpDiffusion;
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use regime_switching::{Regime, RegimeSwitching};
pub use rows::SynthRows;
pub use spec::SynthSpec;
pub use volume::VolumeSpec;

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
//! Others are exact, for problems whose best answer can be computed: they move from close to close by a law that is known to the
//! last digit, bars open at the close before, and nothing is drawn inside of them. They publish columns, of which the value of a row
//! is known at its close; `expected_change` is the mean of the next change, given what is published. [`SynthRows::exact`] has
//! ticks that do not matter.
//!
//! | kind | what it is | source |
//! |---|---|---|
//! | [`Arithmetic`] | changes that add up, foretold by factors or by nothing | Garleanu and Pedersen (2013), Bachelier (1900) |
//! | [`Ar1`] | a price that goes back to where it began | Uhlenbeck and Ornstein (1930) |
//! | [`HiddenDrift`] | up or down by a state that can only be guessed | Hamilton (1989) |
//! | [`Coin`] | up or down by a share of the price | Kelly (1956) |
//! | [`Geometric`] | log returns that are normal | Samuelson (1965) |
//!
//! [`fit`] finds the numbers of a kind for a real market, [`StylisedFacts`] compare the two, and a [`BootstrapSpec`] makes markets
//! out of the bars of a real one.
//!
//! Log prices of the first kinds move between bars' opens and closes by the model, and inside a bar by a Brownian bridge; what is shown is
//! rounded to the tick. [`es_1m`], [`planted`] and [`with_quotes`] are older and simpler: walks on the tick grid itself.
//!
#![doc = include_str!("synth.md")]

mod ar1;
mod arithmetic;
mod bootstrap;
mod brownian;
mod check;
mod coin;
mod es;
mod exact;
mod facts;
mod fit;
mod garch;
mod generator;
mod geometric;
mod heston;
mod hidden_drift;
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

pub use ar1::Ar1;
pub use arithmetic::{Arithmetic, Factor};
pub use bootstrap::{Bootstrap, BootstrapSpec, mirror};
pub use brownian::Brownian;
pub use coin::Coin;
pub use es::{Leak, SIGNAL, es_1m, planted, with_quotes};
pub use facts::{FACT_LAGS, StylisedFacts};
pub use fit::{SynthKind, fit, fit_regimes};
pub use garch::Garch;
pub use generator::Generator;
pub use geometric::Geometric;
pub use heston::Heston;
pub use hidden_drift::HiddenDrift;
pub use intraday::{Cluster, IntradayMarket};
pub use jump_diffusion::JumpDiffusion;
pub use ornstein_uhlenbeck::OrnsteinUhlenbeck;
pub use regime_switching::{Regime, RegimeSwitching};
pub use rows::SynthRows;
pub use spec::SynthSpec;
pub use volume::VolumeSpec;

//! Native learning agents for any tradepit `VecEnv`.

pub mod nn;
mod rng;

pub use rng::Rng;

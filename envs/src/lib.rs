//! The reinforcement-learning environment over tradepit's venues.

mod error;
mod space;
mod vector;

pub use error::{Error, Result};
pub use space::Space;
pub use vector::{Actions, Autoreset, EpisodeStats, FactColumns, StepOut, VecEnv};

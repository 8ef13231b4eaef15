//! Proximal policy optimisation.

mod algorithm;
mod config;
mod loss;
mod parallel;
mod store;

pub use algorithm::{Ppo, Progress};
pub use config::PpoConfig;
#[doc(hidden)]
pub use loss::{Batch, LossTerms, Model, loss_and_gradients};

//! Proximal policy optimisation.

mod algorithm;
mod config;
mod loss;
mod parallel;
mod progress;
mod store;
#[cfg(test)]
mod tests;
mod value;

pub use algorithm::Ppo;
pub use config::PpoConfig;
#[doc(hidden)]
pub use loss::{Batch, LossTerms, Model, loss_and_gradients};
pub use progress::Progress;

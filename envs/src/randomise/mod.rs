//! Numbers of models that every episode draws anew.

mod drawn;
mod numbers;
mod parts;
mod range;
mod spec;

pub(crate) use drawn::Drawn;
pub(crate) use numbers::Numbers;
pub use range::{ChoiceRange, LogUniformRange, NumberRange, UniformRange};
pub use spec::Randomise;

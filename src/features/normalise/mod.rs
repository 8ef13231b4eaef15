//! Features made comparable with their own past.

mod by;
mod expanding;
mod fit;
mod spec;

pub(super) use by::Normaliser;
pub use by::{Expanding, Frozen, NormaliseBy, RollingWindow};
pub use spec::NormalisedSpec;

//! Heavy tails.

use rand_distr::{ChiSquared, Distribution as _};

use super::check::need;
use crate::{Result, Rng};

/// Student's t as a normal whose variance is drawn, so that the way through a bar can be drawn too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tails {
    degrees: f64,
    /// None where the tails are normal.
    chi: Option<ChiSquared<f64>>,
}

impl Tails {
    /// # Errors
    /// When there would be no variance.
    pub(super) fn check(degrees: f64) -> Result<()> {
        need("tails", degrees, degrees > 2.0 && degrees <= 1e6, "in (2, 1000000]: at 2 the variance is infinite")
    }

    pub(super) fn new(degrees: f64) -> Self {
        Self { degrees, chi: ChiSquared::new(degrees).ok() }
    }

    /// The variance, 1 on average: `(degrees - 2) / chi^2`.
    pub(super) fn variance(&self, rng: &mut Rng) -> f64 {
        self.chi.map_or(1.0, |chi| (self.degrees - 2.0) / chi.sample(rng).max(f64::MIN_POSITIVE))
    }
}

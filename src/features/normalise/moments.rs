//! Mean and deviation of the last values.

use serde::{Deserialize, Serialize};

use super::expanding::ExpandingMoments;

/// `(value - mean) / deviation`, and 0 where nothing deviates.
pub(super) fn z_score(value: f64, mean: f64, deviation: f64) -> f64 {
    if deviation > 0.0 { (value - mean) / deviation } else { 0.0 }
}

/// Mean and deviation of the last `len` values.
///
/// Both slide: one value in, one out, in the manner of Welford. As rounding errors add up in that, they are taken over, each
/// time round the ring, from a second pair that only ever took values in (see `RollingSum`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::features) struct RollingMoments {
    ring: Box<[f64]>,
    at: usize,
    full: bool,
    mean: f64,
    squares: f64,
    fresh: ExpandingMoments,
    /// How many values in a row are equal to the last one.
    same: usize,
}

impl RollingMoments {
    pub(in crate::features) fn new(len: u32) -> Self {
        let ring = vec![f64::NAN; len.max(1) as usize].into_boxed_slice();
        Self { ring, at: 0, full: false, mean: 0.0, squares: 0.0, fresh: ExpandingMoments::new(1), same: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Mean and deviation with this value, when there are enough of them.
    pub(in crate::features) fn update(&mut self, value: f64) -> Option<(f64, f64)> {
        let (n, last) = (self.ring.len(), (self.at + self.ring.len() - 1) % self.ring.len());
        self.same = if value == self.ring[last] { self.same + 1 } else { 1 };
        let old = std::mem::replace(&mut self.ring[self.at], value);
        self.fresh.update(value);
        if self.full {
            let (step, before) = (value - old, self.mean);
            self.mean += step / n as f64;
            self.squares = (self.squares + step * ((value - self.mean) + (old - before))).max(0.0);
        }
        self.at += 1;
        if self.at == n {
            (self.mean, self.squares) = self.fresh.sums();
            self.fresh = ExpandingMoments::new(1);
            (self.at, self.full) = (0, true);
        }
        if self.full && self.same >= n {
            (self.mean, self.squares) = (value, 0.0);
        }
        self.full.then(|| (self.mean, (self.squares / n as f64).sqrt()))
    }
}

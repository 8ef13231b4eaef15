//! Mean and deviation of all values so far.

use serde::{Deserialize, Serialize};

/// Welford's way (1962, "Note on a method for calculating corrected sums of squares and products"): no sum of squares
/// whose digits are used up by the mean.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::features) struct ExpandingMoments {
    after: u32,
    count: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl ExpandingMoments {
    /// Known with the `after`th value.
    pub(in crate::features) fn new(after: u32) -> Self {
        Self { after: after.max(1), count: 0, mean: 0.0, squares: 0.0 }
    }

    pub(super) fn after(&self) -> usize {
        self.after as usize
    }

    /// Mean and deviation with this value; NaN until there are enough.
    pub(in crate::features) fn update(&mut self, value: f64) -> (f64, f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        if self.count < u64::from(self.after) {
            return (f64::NAN, f64::NAN);
        }
        (self.mean, (self.squares / self.count as f64).sqrt())
    }
}

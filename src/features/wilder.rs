//! Wilder's way to smooth.

use serde::{Deserialize, Serialize};

use super::Sma;

/// An exponential average of weight `1 / period`, begun with the simple one of the first `period` values; NaN before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Wilder {
    period: f64,
    seed: Sma,
    value: f64,
}

impl Wilder {
    pub(super) fn new(period: u32) -> Self {
        Self { period: f64::from(period.max(1)), seed: Sma::new(period), value: f64::NAN }
    }

    pub(super) fn update(&mut self, value: f64) -> f64 {
        if self.value.is_nan() {
            self.value = self.seed.update(value);
        } else {
            self.value = (self.value * (self.period - 1.0) + value) / self.period;
        }
        self.value
    }
}

//! A value of some bars ago.

use serde::{Deserialize, Serialize};

/// Gives each value back `len` updates later; NaN where there was none yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Lag {
    ring: Vec<f64>,
    at: usize,
}

impl Lag {
    pub(super) fn new(len: u32) -> Self {
        Self { ring: vec![f64::NAN; len.max(1) as usize], at: 0 }
    }

    pub(super) fn update(&mut self, value: f64) -> f64 {
        let before = std::mem::replace(&mut self.ring[self.at], value);
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        before
    }
}

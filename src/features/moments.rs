//! Mean and variance of the last values.

use serde::{Deserialize, Serialize};

/// The mean and the (population) variance of the last `len` values.
///
/// A sum of squares loses what it is asked for where the mean is large beside the deviation, as that of prices is. So the
/// sums are of the distances from a value of the window; as in [`RollingSum`](super::window::RollingSum) they are begun
/// afresh each time round the ring, from a new such value, and do not drift.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Moments {
    ring: Vec<f64>,
    at: usize,
    full: bool,
    sums: Sums,
    fresh: Sums,
    /// How many values in a row were the same.
    same: usize,
    last: f64,
}

/// Sums about `origin`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    origin: f64,
    first: f64,
    second: f64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        let distance = value - self.origin;
        self.first += distance;
        self.second += distance * distance;
    }

    fn replace(&mut self, old: f64, new: f64) {
        let (old, new) = (old - self.origin, new - self.origin);
        self.first += new - old;
        self.second += (new - old) * (new + old);
    }
}

impl Moments {
    pub(super) fn new(len: u32) -> Self {
        let ring = vec![0.0; len.max(1) as usize];
        Self { ring, at: 0, full: false, sums: Sums::default(), fresh: Sums::default(), same: 0, last: 0.0 }
    }

    /// Mean and variance; NaN until there are enough values. The variance of equal values is exactly 0.
    pub(super) fn update(&mut self, value: f64) -> (f64, f64) {
        let old = std::mem::replace(&mut self.ring[self.at], value);
        if self.at == 0 {
            self.fresh = Sums { origin: value, ..Sums::default() };
        }
        self.same = if value == self.last { self.same + 1 } else { 1 };
        self.last = value;
        self.fresh.add(value);
        self.sums.replace(old, value);
        self.at += 1;
        if self.at == self.ring.len() {
            self.sums = self.fresh;
            (self.at, self.full) = (0, true);
        }
        if !self.full {
            return (f64::NAN, f64::NAN);
        }
        let n = self.ring.len();
        if self.same >= n {
            return (value, 0.0);
        }
        let n = n as f64;
        let Sums { origin, first, second } = self.sums;
        (origin + first / n, ((second - first * first / n) / n).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_window(
            values in proptest::collection::vec(-400i32..400, 1..120), len in 1u32..20, level in 0u8..8,
        ) {
            // Ticks of a quarter upon a price of up to ten million: the sums of a window are exact in f64.
            let level = 10f64.powi(level.into());
            let values: Vec<f64> = values.into_iter().map(|tick| level + f64::from(tick) * 0.25).collect();
            let mut moments = Moments::new(len);
            for at in 0..values.len() {
                let (mean, variance) = moments.update(values[at]);
                let Some(from) = (at + 1).checked_sub(len as usize) else {
                    prop_assert!(mean.is_nan() && variance.is_nan());
                    continue;
                };
                let (window, n) = (&values[from..=at], f64::from(len));
                let centre = window.iter().sum::<f64>() / n;
                let spread = window.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / n;
                prop_assert!((mean - centre).abs() <= 1e-15 * (level + 100.0), "{mean} {centre}");
                prop_assert!((variance - spread).abs() <= 1e-11 * (1.0 + spread), "{variance} {spread}");
            }
        }
    }

    #[test]
    fn equal_values_have_no_variance_at_all() {
        let mut moments = Moments::new(3);
        let last = [0.1, 7e9, 0.3, 0.1, 0.1, 0.1].map(|x| moments.update(x))[5];
        assert_eq!(last, (0.1, 0.0));
        // Zeros at the beginning are values, not the empty ring.
        let mut moments = Moments::new(2);
        assert!(moments.update(0.0).0.is_nan());
        assert_eq!(moments.update(0.0), (0.0, 0.0));
    }
}

//! A sum over the last values.

use serde::{Deserialize, Serialize};

/// The sum of the last `len` values.
///
/// A running sum drifts: what was rounded on the way in is not what is taken out. Each time round the ring, the window
/// is exactly what came in since the last time, so a second sum, begun afresh there, replaces the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RollingSum {
    ring: Vec<f64>,
    at: usize,
    full: bool,
    sum: f64,
    fresh: f64,
    nonzero: usize,
}

impl RollingSum {
    pub(super) fn new(len: u32) -> Self {
        let ring = vec![0.0; len.max(1) as usize];
        Self { ring, at: 0, full: false, sum: 0.0, fresh: 0.0, nonzero: 0 }
    }

    /// Takes a value in and the oldest one out; NaN until there are enough of them.
    pub(super) fn update(&mut self, value: f64) -> f64 {
        let old = std::mem::replace(&mut self.ring[self.at], value);
        self.nonzero += usize::from(value != 0.0);
        self.nonzero -= usize::from(old != 0.0);
        self.sum += value - old;
        self.fresh += value;
        self.at += 1;
        if self.at == self.ring.len() {
            (self.sum, self.fresh) = (self.fresh, 0.0);
            (self.at, self.full) = (0, true);
        }
        if self.nonzero == 0 {
            self.sum = 0.0;
        }
        if self.full { self.sum } else { f64::NAN }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_last_values() {
        let mut sum = RollingSum::new(3);
        let sums: Vec<f64> = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0].iter().map(|&x| sum.update(x)).collect();
        assert!(sums[..2].iter().all(|x| x.is_nan()));
        assert_eq!(sums[2..], [6.0, 9.0, 12.0, 15.0, 18.0]);
    }

    #[test]
    fn a_huge_value_leaves_nothing_behind() {
        let mut sum = RollingSum::new(4);
        let mut last = 0.0;
        for x in [0.1, 1e18, 0.3, 0.7, 0.1, 0.2, 0.3, 0.4] {
            last = sum.update(x);
        }
        assert_eq!(last, 0.1 + 0.2 + 0.3 + 0.4);
    }

    #[test]
    fn a_window_of_zeros_sums_to_zero() {
        let mut sum = RollingSum::new(3);
        for x in [0.1, 0.2, 0.7, 0.3, 0.0, 0.0] {
            sum.update(x);
        }
        let mut unaligned = sum.clone();
        assert_eq!(unaligned.update(0.0), 0.0);
    }
}

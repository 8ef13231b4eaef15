//! The largest of the last values.

use serde::{Deserialize, Serialize};

/// The largest of the last `len` values; for the smallest, give it the negatives.
///
/// A monotonic queue (Lemire 2006, "Streaming maximum-minimum filter using no more than three comparisons per element"):
/// a value that is followed by one as large can never be the largest again and leaves. Each value comes and leaves
/// once, so an update costs a constant, averaged over a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RollingMax {
    /// Values that can still be the largest, falling, and when each came, in a ring.
    queue: Vec<(u64, f64)>,
    head: usize,
    waiting: usize,
    updates: u64,
}

impl RollingMax {
    pub(super) fn new(len: u32) -> Self {
        Self { queue: vec![(0, 0.0); len.max(1) as usize], head: 0, waiting: 0, updates: 0 }
    }

    /// NaN until there are enough values.
    pub(super) fn update(&mut self, value: f64) -> f64 {
        let len = self.queue.len();
        if self.waiting > 0 && self.queue[self.head].0 + len as u64 <= self.updates {
            self.head = if self.head + 1 == len { 0 } else { self.head + 1 };
            self.waiting -= 1;
        }
        let place =
            |head: usize, waiting: usize| if head + waiting < len { head + waiting } else { head + waiting - len };
        while self.waiting > 0 && self.queue[place(self.head, self.waiting - 1)].1 <= value {
            self.waiting -= 1;
        }
        self.queue[place(self.head, self.waiting)] = (self.updates, value);
        self.waiting += 1;
        self.updates += 1;
        if self.updates < len as u64 { f64::NAN } else { self.queue[self.head].1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_largest_of_the_window(values in proptest::collection::vec(-5i8..5, 1..80), len in 1u32..9) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let mut max = RollingMax::new(len);
            for at in 0..values.len() {
                let ours = max.update(values[at]);
                let window = (at + 1).checked_sub(len as usize).map(|from| &values[from..=at]);
                let largest = window.map_or(f64::NAN, |window| window.iter().copied().fold(f64::MIN, f64::max));
                prop_assert_eq!(ours.to_bits(), largest.to_bits());
            }
        }
    }
}

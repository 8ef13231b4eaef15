//! Minimum and maximum of the last values.

use serde::{Deserialize, Serialize};

/// The least and the greatest of the last `len` values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::features) struct RollingExtremes {
    count: u64,
    low: Greatest,
    high: Greatest,
}

impl RollingExtremes {
    pub(in crate::features) fn new(len: u32) -> Self {
        Self { count: 0, low: Greatest::new(len), high: Greatest::new(len) }
    }

    pub(super) fn len(&self) -> usize {
        self.low.slots.len()
    }

    /// Both, with this value, when there are enough of them.
    pub(in crate::features) fn update(&mut self, value: f64) -> Option<(f64, f64)> {
        let (low, high) = (-self.low.update(self.count, -value), self.high.update(self.count, value));
        self.count += 1;
        (self.count >= self.low.slots.len() as u64).then_some((low, high))
    }
}

/// The greatest of the last values: those that can still become it, in falling order. A value that comes puts out all
/// smaller ones before it, each once: constant on average.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Greatest {
    /// A ring of the number of a value, and the value.
    slots: Box<[(u64, f64)]>,
    first: usize,
    len: usize,
}

impl Greatest {
    fn new(len: u32) -> Self {
        Self { slots: vec![(0, 0.0); len.max(1) as usize].into_boxed_slice(), first: 0, len: 0 }
    }

    fn update(&mut self, number: u64, value: f64) -> f64 {
        let n = self.slots.len();
        let place = |at: usize| if at >= n { at - n } else { at };
        if self.len > 0 && self.slots[self.first].0 + n as u64 <= number {
            (self.first, self.len) = (place(self.first + 1), self.len - 1);
        }
        while self.len > 0 && self.slots[place(self.first + self.len - 1)].1 <= value {
            self.len -= 1;
        }
        self.slots[place(self.first + self.len)] = (number, value);
        self.len += 1;
        self.slots[self.first].1
    }
}

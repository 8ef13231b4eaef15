//! What features of two instruments share.

use serde::{Deserialize, Serialize};

use super::describe::Fault;

/// Implements the parts of `Describe` that features of two instruments share.
macro_rules! place_and_other {
    () => {
        fn place(&self) -> super::describe::Place {
            super::describe::Place { instrument: self.instrument, timeframe: self.timeframe, scale: self.scale }
        }
        fn check(&self) -> Result<(), super::describe::Fault> {
            super::pair::check(self.instrument, self.other)
        }
        fn other(&self) -> Option<u32> {
            Some(self.other)
        }
        fn needs_positive_prices(&self) -> bool {
            true
        }
    };
}
pub(super) use place_and_other;

pub(super) fn check(instrument: u32, other: u32) -> Result<(), Fault> {
    if instrument == other {
        return Err(("other", format!("{other} is the instrument itself; name another one")));
    }
    Ok(())
}

/// Means, squares and products of the last `len` pairs of values.
///
/// The sums are of the distances from a pair of the window, and begun afresh each time round the ring, as in
/// [`Moments`](super::moments::Moments).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PairMoments {
    ring: Vec<(f64, f64)>,
    at: usize,
    full: bool,
    sums: Sums,
    fresh: Sums,
    /// How many values of the second were the same in a row.
    same: usize,
}

/// Sums about an origin.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sums {
    origin: (f64, f64),
    y: f64,
    x: f64,
    xx: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, (y, x): (f64, f64), sign: f64) {
        let (y, x) = (y - self.origin.0, x - self.origin.1);
        self.y += sign * y;
        self.x += sign * x;
        self.xx += sign * x * x;
        self.xy += sign * x * y;
    }
}

/// The least-squares line `y = mean_y + slope * (x - mean_x)` through a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) slope: f64,
    pub(super) mean_y: f64,
    pub(super) mean_x: f64,
}

impl PairMoments {
    pub(super) fn new(len: u32) -> Self {
        let ring = vec![(0.0, 0.0); len.max(1) as usize];
        Self { ring, at: 0, full: false, sums: Sums::default(), fresh: Sums::default(), same: 0 }
    }

    /// The line, when there are enough pairs; of slope 0 where x does not move.
    pub(super) fn update(&mut self, y: f64, x: f64) -> Option<Line> {
        let n = self.ring.len();
        let last = self.ring[if self.at == 0 { n - 1 } else { self.at - 1 }].1;
        self.same = if x == last { self.same + 1 } else { 1 };
        let old = std::mem::replace(&mut self.ring[self.at], (y, x));
        if self.at == 0 {
            self.fresh = Sums { origin: (y, x), ..Sums::default() };
        }
        self.fresh.add((y, x), 1.0);
        if self.full {
            self.sums.add(old, -1.0);
            self.sums.add((y, x), 1.0);
        }
        self.at += 1;
        if self.at == n {
            self.sums = self.fresh;
            (self.at, self.full) = (0, true);
        }
        if !self.full {
            return None;
        }
        let Sums { origin, y, x, xx, xy } = self.sums;
        let (mean_y, mean_x) = (y / n as f64, x / n as f64);
        let variance = xx - x * mean_x;
        let moves = self.same < n && variance > 0.0;
        let slope = if moves { (xy - y * mean_x) / variance } else { 0.0 };
        Some(Line { slope, mean_y: origin.0 + mean_y, mean_x: origin.1 + mean_x })
    }
}

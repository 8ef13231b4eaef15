//! The road of a price through a bar.

use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::{Instrument, Rng};

/// Log distance from the first price at which a path is held: a factor of 5e8.
const FARTHEST: f64 = 20.0;

/// Where a price is, and how far it has been since the bar opened: logarithms of price by first price.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Path {
    pub(super) at: f64,
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    /// The volatility of the bar by the usual one, for its volume.
    pub(super) activity: f64,
    /// Ticks by which the first and the last print are off the price; those of the last bar's close, until they are set.
    pub(super) off: [f64; 2],
}

impl Path {
    /// A new bar begins where the last one ended.
    pub(super) fn begin(&mut self) {
        *self = Self { at: self.at, open: self.at, high: self.at, low: self.at, activity: 1.0, off: [self.off[1]; 2] };
    }

    /// The bar opens elsewhere; to be called before it moves.
    pub(super) fn gap(&mut self, change: f64) {
        self.at = (self.at + change).clamp(-FARTHEST, FARTHEST);
        (self.open, self.high, self.low) = (self.at, self.at, self.at);
    }

    /// Goes on by `change`, which comes from a Brownian motion of this variance.
    ///
    /// The highest point of a bridge over `change` with variance `v` is `(change + sqrt(change^2 - 2 v ln u)) / 2`, with
    /// `u` uniform; the lowest is its mirror (Glasserman 2004, "Monte Carlo Methods in Financial Engineering", section
    /// 6.4). Each of the two has its own exact distribution, so the mean range is exact too; drawn independently, as here,
    /// their joint one is not.
    pub(super) fn leg(&mut self, change: f64, variance: f64, rng: &mut Rng) {
        let middle = self.at + 0.5 * change;
        let mut reach = || 0.5 * (change * change - 2.0 * variance * (1.0 - rng.random::<f64>()).ln()).sqrt();
        self.high = self.high.max((middle + reach()).min(FARTHEST));
        self.low = self.low.min((middle - reach()).max(-FARTHEST));
        self.jump(change);
    }

    /// Goes on by `change` at once.
    pub(super) fn jump(&mut self, change: f64) {
        self.at = (self.at + change).clamp(-FARTHEST, FARTHEST);
        self.high = self.high.max(self.at);
        self.low = self.low.min(self.at);
    }
}

/// From log distances to prices on the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks<'a> {
    pub(super) instrument: &'a Instrument,
    pub(super) first: f64,
}

impl Ticks<'_> {
    /// Open, high, low and close. Rounding keeps order, so what was the highest stays it. No price is below one tick.
    pub(super) fn prices(self, path: &Path) -> [f64; 4] {
        let print = |at: f64, off: f64| {
            let tick = self.instrument.tick;
            self.instrument.round_price(self.first * at.exp() + off * tick).max(tick)
        };
        let (open, close) = (print(path.open, path.off[0]), print(path.at, path.off[1]));
        [open, print(path.high, 0.0).max(open).max(close), print(path.low, 0.0).min(open).min(close), close]
    }
}

pub(super) fn normal(rng: &mut Rng) -> f64 {
    StandardNormal.sample(rng)
}

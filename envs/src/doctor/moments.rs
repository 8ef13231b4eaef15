//! Moments of numbers that come one by one.

/// Count, mean and spread (Welford 1962), and the largest and smallest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) mean: f64,
    m2: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, mean: 0.0, m2: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY }
    }
}

impl Moments {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.m2 += off * (value - self.mean);
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
    }

    pub(super) fn sd(&self) -> f64 {
        if self.count < 2 { 0.0 } else { (self.m2 / (self.count - 1) as f64).max(0.0).sqrt() }
    }
}

/// Correlation of pairs that come one by one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Correlation {
    x: Moments,
    y: Moments,
    together: f64,
}

impl Correlation {
    pub(super) fn add(&mut self, x: f64, y: f64) {
        let off = x - self.x.mean;
        self.x.add(x);
        self.y.add(y);
        self.together += off * (y - self.y.mean);
    }

    /// 0 where one of them does not move.
    pub(super) fn value(&self) -> f64 {
        let spread = (self.x.m2 * self.y.m2).sqrt();
        if spread > 0.0 { self.together / spread } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Correlation, Moments};

    #[test]
    fn they_are_those_of_all_numbers_at_once() {
        let (mut moments, mut same, mut against) = (Moments::default(), Correlation::default(), Correlation::default());
        for value in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            moments.add(value);
            same.add(value, 3.0 * value + 1.0);
            against.add(value, -value);
        }
        assert_eq!((moments.mean, moments.low, moments.high), (5.0, 2.0, 9.0));
        assert!((moments.sd() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert!((same.value() - 1.0).abs() < 1e-12 && (against.value() + 1.0).abs() < 1e-12);
        assert_eq!(Correlation::default().value(), 0.0);
    }
}

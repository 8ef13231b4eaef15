//! What every indicator is: a state that takes bars.

use std::fmt::Debug;

use crate::Bar;

/// A number a bar, in constant time and memory.
///
/// ```
/// use tradepit::{Bar, Timestamp, features::{FeatureSpec, RsiSpec}};
/// let mut rsi = FeatureSpec::Rsi(RsiSpec { period: 2, ..RsiSpec::default() }).indicator().unwrap();
/// let bar = |close: f64| Bar { time: Timestamp::default(), open: close, high: close, low: close, close, volume: 1.0 };
/// assert_eq!(rsi.warm_up(), 2);
/// assert!(rsi.update(&bar(10.0)).is_nan() && rsi.update(&bar(11.0)).is_nan());
/// assert_eq!(rsi.update(&bar(12.0)), 1.0);
/// ```
pub trait Indicator: Debug + Send + Sync {
    /// Takes the next bar: NaN while warming up, a finite number ever after.
    fn update(&mut self, bar: &Bar) -> f64;

    /// How many first updates give NaN.
    fn warm_up(&self) -> usize;

    /// A copy of the state.
    fn clone_box(&self) -> Box<dyn Indicator>;
}

impl Clone for Box<dyn Indicator> {
    fn clone(&self) -> Self {
        // Through the trait object: the method call on the box itself would come back here.
        (**self).clone_box()
    }
}

/// An indicator made of a state and a function from its numbers to the feature.
#[derive(Clone, Debug)]
pub(super) struct Stream<S> {
    state: S,
    warm_up: usize,
    step: fn(&mut S, &Bar) -> f64,
}

impl<S: Clone + Debug + Send + Sync + 'static> Stream<S> {
    pub(super) fn boxed(state: S, warm_up: usize, step: fn(&mut S, &Bar) -> f64) -> Box<dyn Indicator> {
        Box::new(Self { state, warm_up, step })
    }
}

impl<S: Clone + Debug + Send + Sync + 'static> Indicator for Stream<S> {
    fn update(&mut self, bar: &Bar) -> f64 {
        (self.step)(&mut self.state, bar)
    }

    fn warm_up(&self) -> usize {
        self.warm_up
    }

    fn clone_box(&self) -> Box<dyn Indicator> {
        Box::new(self.clone())
    }
}

/// `a / b`, and 0 where that says nothing because `b` is not above 0; NaN of the warm-up passes.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if b > 0.0 {
        a / b
    } else {
        0.0
    }
}

/// `a / b - 1`, and 0 where `b` is not above 0.
pub(super) fn distance(a: f64, b: f64) -> f64 {
    if b <= 0.0 { 0.0 } else { a / b - 1.0 }
}

/// `ln(a / b)`, and 0 where a price is not above 0; NaN of the warm-up passes.
pub(super) fn log_ratio(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a > 0.0 && b > 0.0 {
        (a / b).ln()
    } else {
        0.0
    }
}

/// The typical price of a bar: the mean of high, low and close.
pub(super) fn typical(bar: &Bar) -> f64 {
    (bar.high + bar.low + bar.close) / 3.0
}

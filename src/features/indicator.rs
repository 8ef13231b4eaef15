//! What every indicator is: a state that takes bars.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use super::state;
use crate::{Bar, Result};

/// A number a bar, in constant time and memory.
///
/// ```
/// use tradepit::{Bar, Timestamp, features::{FeatureSpec, RsiSpec}};
/// let mut rsi = FeatureSpec::Rsi(RsiSpec { period: 2, ..RsiSpec::default() }).indicator().unwrap();
/// let bar = |close: f64| Bar { time: Timestamp::default(), open: close, high: close, low: close, close, volume: 1.0 };
/// assert_eq!(rsi.warm_up(), 2);
/// assert!(rsi.update(&bar(10.0)).is_nan() && rsi.update(&bar(11.0)).is_nan());
/// let stopped = rsi.save().unwrap();
/// assert_eq!(rsi.update(&bar(12.0)), 1.0);
/// assert!(rsi.update(&bar(2.0)) < 0.0);
/// rsi.restore(&stopped).unwrap();
/// assert_eq!(rsi.update(&bar(12.0)), 1.0);
/// ```
///
/// [`Stream`] makes one out of a state and a function. `I` is what it takes: a bar, but for the indicators of the house
/// that look at more.
pub trait Indicator<I = Bar>: Debug + Send + Sync {
    /// Takes the next bar: NaN while warming up, a finite number ever after.
    fn update(&mut self, input: &I) -> f64;

    /// How many first updates give NaN.
    fn warm_up(&self) -> usize;

    /// A copy of the state.
    fn clone_box(&self) -> Box<dyn Indicator<I>>;

    /// The state as bytes, to the bit.
    ///
    /// # Errors
    /// When it can't be written.
    fn save(&self) -> Result<Vec<u8>>;

    /// Takes over a state that [`save`](Self::save) gave.
    ///
    /// # Errors
    /// When these are not the bytes of such a state; the indicator is then of no use.
    fn restore(&mut self, bytes: &[u8]) -> Result<()>;
}

impl<I: 'static> Clone for Box<dyn Indicator<I>> {
    fn clone(&self) -> Self {
        // Through the trait object: the method call on the box itself would come back here.
        (**self).clone_box()
    }
}

/// An indicator made of a state and a function that takes the next bar into it and gives the number.
///
/// ```
/// use tradepit::{Bar, features::Stream};
/// // The range of the bar against the one before it; unknown at the first bar.
/// let mut growth = Stream::boxed(f64::NAN, 1, |before, bar| {
///     let range = bar.high - bar.low;
///     range - std::mem::replace(before, range)
/// });
/// let bar = |high: f64| Bar { high, ..Bar::default() };
/// assert!(growth.update(&bar(2.0)).is_nan());
/// assert_eq!(growth.update(&bar(3.0)), 1.0);
/// ```
///
/// All that changes is in the state, so that an indicator can be saved.
#[derive(Clone, Debug)]
pub struct Stream<S, I = Bar> {
    state: S,
    warm_up: usize,
    step: fn(&mut S, &I) -> f64,
}

/// What the state of a [`Stream`] must be: plain data that can be saved. Whatever can be is one.
///
/// ```
/// fn is_state<S: tradepit::features::State>() {}
/// is_state::<(f64, Vec<u32>)>();
/// ```
pub trait State: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<S: Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static> State for S {}

impl<S: State> Stream<S> {
    /// One that gives NaN at the first `warm_up` bars.
    #[must_use]
    pub fn boxed(state: S, warm_up: usize, step: fn(&mut S, &Bar) -> f64) -> Box<dyn Indicator> {
        Box::new(Self { state, warm_up, step })
    }
}

impl<S: State, I: Debug + 'static> Stream<S, I> {
    /// As [`boxed`](Stream::boxed), over something else than a bar.
    pub(super) fn over(state: S, warm_up: usize, step: fn(&mut S, &I) -> f64) -> Box<dyn Indicator<I>> {
        Box::new(Self { state, warm_up, step })
    }
}

impl<S: State, I: Debug + 'static> Indicator<I> for Stream<S, I> {
    fn update(&mut self, input: &I) -> f64 {
        (self.step)(&mut self.state, input)
    }

    fn warm_up(&self) -> usize {
        self.warm_up
    }

    fn clone_box(&self) -> Box<dyn Indicator<I>> {
        Box::new(Self { state: self.state.clone(), ..*self })
    }

    fn save(&self) -> Result<Vec<u8>> {
        state::write(&self.state)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        state::read_in_place(bytes, &mut self.state)
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

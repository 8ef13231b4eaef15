//! What is left of a displayed size after one has taken from it.

use serde::{Deserialize, Serialize};

/// The size shown at one price, less what orders of the account have already taken from it.
///
/// ```
/// use tradepit::models::queue::Displayed;
/// let mut ask = Displayed::new(100.0);
/// assert_eq!((ask.take(30.0), ask.take(90.0), ask.left()), (30.0, 70.0, 0.0));
/// ask.show(120.0);
/// assert_eq!(ask.left(), 120.0);
/// ```
///
/// Recorded data do not know what a simulated order took: the same size would fill again with every order until the next
/// change. Another size shown is a fresh one, and all of it is there. Units of the instrument, without a sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Displayed {
    shown: f64,
    left: f64,
}

impl Displayed {
    /// A level that shows `qty`.
    #[must_use]
    #[inline]
    pub fn new(qty: f64) -> Self {
        Self { shown: qty, left: qty }
    }

    /// The data show `qty`; if that is what they showed before, nothing changes.
    #[inline]
    pub fn show(&mut self, qty: f64) {
        if qty != self.shown {
            *self = Self::new(qty);
        }
    }

    /// Takes at most `qty` and returns how much there was.
    #[inline]
    pub fn take(&mut self, qty: f64) -> f64 {
        let taken = qty.min(self.left).max(0.0);
        self.left -= taken;
        taken
    }

    /// What can still be taken.
    #[must_use]
    #[inline]
    pub fn left(&self) -> f64 {
        self.left
    }
}

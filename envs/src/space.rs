//! What an observation or an action may be.

use serde::{Deserialize, Serialize};

/// The set of values of one environment's observation or action.
///
/// ```
/// use tradepit_envs::Space;
/// let action = Space::Box { len: 1, low: -1.0, high: 1.0 };
/// assert_eq!(action.len(), 1);
/// assert_eq!(Space::Discrete { n: 5 }.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Space {
    /// `len` numbers (f32), each within `[low, high]`.
    Box {
        /// How many numbers.
        len: usize,
        /// Smallest value of each.
        low: f32,
        /// Largest value of each.
        high: f32,
    },
    /// One whole number in `0..n`.
    Discrete {
        /// How many values.
        n: usize,
    },
    /// Several whole numbers, each from 0 below its own `n`.
    MultiDiscrete {
        /// How many values each has.
        nvec: Vec<usize>,
    },
    /// An observation by index ([`Observe`](crate::Observe)): the number of a table and that of one of its rows, whole
    /// numbers below 2^24, then `numbers` numbers (f32), each within `[low, high]`.
    Indexed {
        /// How many numbers are behind the two.
        numbers: usize,
        /// Smallest value of each.
        low: f32,
        /// Largest value of each.
        high: f32,
    },
}

impl Space {
    /// How many numbers hold one value of this space.
    #[expect(clippy::len_without_is_empty, reason = "a space has at least one number")]
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Box { len, .. } => *len,
            Self::Discrete { .. } => 1,
            Self::MultiDiscrete { nvec } => nvec.len(),
            Self::Indexed { numbers, .. } => 2 + numbers,
        }
    }

    /// How many values each whole number of an action has; none of a box. A mask has one entry for each value, those of the first
    /// number first.
    ///
    /// ```
    /// use tradepit_envs::Space;
    /// assert_eq!(Space::MultiDiscrete { nvec: vec![3, 2] }.choices(), [3, 2]);
    /// assert_eq!(Space::Discrete { n: 5 }.choices(), [5]);
    /// ```
    #[must_use]
    pub fn choices(&self) -> &[usize] {
        match self {
            Self::Box { .. } | Self::Indexed { .. } => &[],
            Self::Discrete { n } => std::slice::from_ref(n),
            Self::MultiDiscrete { nvec } => nvec,
        }
    }
}

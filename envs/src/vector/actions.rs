//! A batch of actions, borrowed.

/// One action for each environment, row-major, in the form that the action space asks for.
///
/// ```
/// use tradepit_envs::Actions;
/// let targets = [0.5f32, -0.5];
/// assert_eq!(Actions::Box(&targets).len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Actions<'a> {
    /// `num_envs * len` numbers for a `Space::Box`.
    Box(&'a [f32]),
    /// `num_envs * len` whole numbers for a `Space::Discrete` (one each) or a `Space::MultiDiscrete`.
    Discrete(&'a [i64]),
}

impl Actions<'_> {
    /// The first `n` numbers, and the others.
    #[inline]
    pub(crate) fn split_at(self, n: usize) -> (Self, Self) {
        match self {
            Self::Box(values) => {
                let (first, others) = values.split_at(n);
                (Self::Box(first), Self::Box(others))
            }
            Self::Discrete(values) => {
                let (first, others) = values.split_at(n);
                (Self::Discrete(first), Self::Discrete(others))
            }
        }
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Box(values) => values.len(),
            Self::Discrete(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

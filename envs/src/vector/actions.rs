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

/// Actions of a batch in memory of its own, for a step that comes later.
///
/// ```
/// use tradepit_envs::{ActionBuffer, Actions};
/// let mut kept = ActionBuffer::default();
/// kept.copy_from(Actions::Discrete(&[2, 0]));
/// assert!(matches!(kept.actions(), Actions::Discrete([2, 0])));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ActionBuffer {
    values: Vec<f32>,
    choices: Vec<i64>,
    discrete: bool,
}

impl ActionBuffer {
    /// Keeps these in place of those that it has; allocates only where there are more of them than ever before.
    pub fn copy_from(&mut self, actions: Actions<'_>) {
        match actions {
            Actions::Box(values) => {
                self.values.clear();
                self.values.extend_from_slice(values);
                self.discrete = false;
            }
            Actions::Discrete(choices) => {
                self.choices.clear();
                self.choices.extend_from_slice(choices);
                self.discrete = true;
            }
        }
    }

    /// Those that it keeps.
    #[must_use]
    pub fn actions(&self) -> Actions<'_> {
        if self.discrete { Actions::Discrete(&self.choices) } else { Actions::Box(&self.values) }
    }
}

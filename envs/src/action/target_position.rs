//! The target position as a share of the largest one.

use serde::{Deserialize, Serialize};

use super::{Action, ActionScheme, spec::positive, value::unit};
use crate::{Result, Space};

/// A number in [-1, 1] for each instrument: the target position as a share of the largest one.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, TargetPosition};
/// let scheme = TargetPosition { max_lots: 5.0 };
/// assert_eq!(scheme.target(Action::Box(&[-0.5]), 0, 1.0), -2.5); // 3 lots short, once rounded
/// // What lies outside of [-1, 1] counts as the bound.
/// assert_eq!(scheme.target(Action::Box(&[7.0]), 0, 1.0), 5.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetPosition {
    /// Lots at 1; targets are rounded to whole lots, halves away from zero.
    pub max_lots: f64,
}

impl Default for TargetPosition {
    fn default() -> Self {
        Self { max_lots: 1.0 }
    }
}

impl ActionScheme for TargetPosition {
    fn space(&self, instruments: usize) -> Space {
        Space::Box { len: instruments, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots
    }

    #[inline]
    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        match action {
            Action::Box(values) => unit(values[instrument]) * self.max_lots,
            Action::Discrete(_) | Action::MultiDiscrete(_) => held,
        }
    }

    fn validate(&self, _: usize) -> Result<()> {
        positive("max_lots", self.max_lots)
    }
}

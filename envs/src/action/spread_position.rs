//! One position in a pair.

use serde::{Deserialize, Serialize};

use super::{Action, ActionScheme, spec::positive, value::unit};
use crate::{Error, Result, Space};

/// A number in [-1, 1]: the position in the spread of two instruments, as a share of the largest one.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, SpreadPosition};
/// let scheme = SpreadPosition { max_lots: 4.0, ratio: 1.5 };
/// let target = |instrument| scheme.target(Action::Box(&[0.5]), instrument, 0.0);
/// // Long two lots of the first, short half as much again of the second.
/// assert_eq!([target(0), target(1)], [2.0, -3.0]);
/// ```
///
/// Each leg is rounded to whole lots by itself, and is a market order of its own: they fill at the same open, each at its
/// own costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpreadPosition {
    /// Lots of the first instrument at 1.
    pub max_lots: f64,
    /// Lots of the second that are sold for each lot of the first; below 0, bought.
    pub ratio: f64,
}

impl Default for SpreadPosition {
    fn default() -> Self {
        Self { max_lots: 1.0, ratio: 1.0 }
    }
}

impl ActionScheme for SpreadPosition {
    fn space(&self, _: usize) -> Space {
        Space::Box { len: 1, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots * self.ratio.abs().max(1.0)
    }

    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        let leg = if instrument == 0 { 1.0 } else { -self.ratio };
        action.values().first().map_or(held, |value| unit(*value) * self.max_lots * leg)
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        positive("max_lots", self.max_lots)?;
        if !self.ratio.is_finite() || self.ratio == 0.0 {
            return Err(Error::spec("action.ratio", format!("{} must be finite, and not 0", self.ratio)));
        }
        if instruments == 2 {
            return Ok(());
        }
        let message = format!("spread_position is for two instruments, the data has {instruments}; align two of them");
        Err(Error::spec("action.kind", message))
    }
}

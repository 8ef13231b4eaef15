//! The target position as a share of the largest one.

use serde::{Deserialize, Serialize};

use super::{
    Action, ActionScheme,
    spec::positive,
    value::{between, unit},
};
use crate::{Error, Result, Space};

/// A number in [-1, 1] for each instrument: the target position as a share of the largest one.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, TargetPosition};
/// let scheme = TargetPosition { max_lots: 5.0, ..TargetPosition::default() };
/// assert_eq!(scheme.target(Action::Box(&[-0.5]), 0, 1.0), -2.5); // 3 lots short, once rounded
/// // What lies outside of [-1, 1] counts as the bound.
/// assert_eq!(scheme.target(Action::Box(&[7.0]), 0, 1.0), 5.0);
/// // A target that is nearer than the dead band is left alone.
/// let patient = TargetPosition { dead_band: 0.3, ..scheme };
/// assert_eq!(patient.target(Action::Box(&[0.4]), 0, 1.0), 1.0);
/// // With a threshold, a second number is the strength of the signal: half of the size at a strength of a half.
/// let signalled = TargetPosition { threshold: Some(0.25), ..scheme };
/// assert_eq!(signalled.target(Action::Box(&[0.8, 0.0]), 0, 0.0), 5.0 * f64::from(0.8f32) * 0.5);
/// assert_eq!(signalled.target(Action::Box(&[0.8, -0.5]), 0, 0.0), 0.0); // 0.25 is not above the threshold
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetPosition {
    /// Lots at 1; targets are rounded to whole lots, halves away from zero.
    pub max_lots: f64,
    /// Nothing is ordered while the target is nearer to what is held than this share of `max_lots`, in [0, 2).
    pub dead_band: f64,
    /// Where it is given, in [0, 1): behind each number stands a second one in [-1, 1], the strength of the signal from 0 to
    /// 1. The target is size times strength where the strength is above the threshold, and flat elsewhere.
    pub threshold: Option<f64>,
}

impl Default for TargetPosition {
    fn default() -> Self {
        Self { max_lots: 1.0, dead_band: 0.0, threshold: None }
    }
}

impl TargetPosition {
    /// Whether the first number alone says the target.
    pub(super) fn is_plain(&self) -> bool {
        self.dead_band == 0.0 && self.threshold.is_none()
    }

    /// The target, where the first number alone says it.
    #[inline(always)]
    pub(crate) fn plain(action: Action<'_>, instrument: usize, held: f64, max_lots: f64) -> f64 {
        match action {
            Action::Box(values) => unit(values[instrument]) * max_lots,
            Action::Discrete(_) | Action::MultiDiscrete(_) => held,
        }
    }
}

impl ActionScheme for TargetPosition {
    fn space(&self, instruments: usize) -> Space {
        let numbers = if self.threshold.is_some() { 2 } else { 1 };
        Space::Box { len: numbers * instruments, low: -1.0, high: 1.0 }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots
    }

    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        let target = match (self.threshold, action) {
            (Some(threshold), Action::Box(values)) => {
                let strength = between(values[2 * instrument + 1], [0.0, 1.0]);
                let size = unit(values[2 * instrument]) * self.max_lots;
                if strength > threshold { size * strength } else { 0.0 }
            }
            (_, action) => Self::plain(action, instrument, held, self.max_lots),
        };
        if (target - held).abs() < self.dead_band * self.max_lots { held } else { target }
    }

    fn validate(&self, _: usize) -> Result<()> {
        positive("max_lots", self.max_lots)?;
        if !(0.0..2.0).contains(&self.dead_band) {
            return Err(Error::spec("action.dead_band", format!("{} must be in [0, 2)", self.dead_band)));
        }
        if let Some(threshold) = self.threshold.filter(|threshold| !(0.0..1.0).contains(threshold)) {
            return Err(Error::spec("action.threshold", format!("{threshold} must be in [0, 1), or null for none")));
        }
        Ok(())
    }
}

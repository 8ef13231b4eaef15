//! The differential Sharpe ratio.

use serde::{Deserialize, Serialize};

use super::{Reward, RewardMemory};
use crate::StepFacts;

/// What one step adds to an exponentially weighted Sharpe ratio (Moody and Saffell, 2001, equation 8).
///
/// With the step's return `R` and running moments `A`, `B` of rate `eta`:
/// `D = (B (R - A) - A (R^2 - B) / 2) / (B - A^2)^(3/2)`, then `A += eta (R - A)`, `B += eta (R^2 - B)`.
/// It is 0 in the first `1 / eta` steps of an episode and while the variance is below 1e-12, and clipped to `clip`.
/// Known trait: a return of 0 is rewarded while `A` is negative, so a losing agent is paid to stay flat.
///
/// ```
/// use tradepit_envs::DifferentialSharpe;
/// let d = DifferentialSharpe::derivative(0.001, 0.0002, 0.01);
/// assert!((d - 0.65901).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DifferentialSharpe {
    /// Rate of the moments, in (0, 1); about one over the steps that they remember.
    pub eta: f64,
    /// Largest absolute reward.
    pub clip: f64,
}

impl Default for DifferentialSharpe {
    fn default() -> Self {
        Self { eta: 0.01, clip: 10.0 }
    }
}

impl DifferentialSharpe {
    /// `D` of the formula for moments `a`, `b` and a return `r`.
    #[must_use]
    #[inline]
    pub fn derivative(a: f64, b: f64, r: f64) -> f64 {
        let variance = b - a * a;
        if variance < 1e-12 {
            return 0.0;
        }
        (b * (r - a) - 0.5 * a * (r * r - b)) / (variance * variance.sqrt())
    }
}

impl Reward for DifferentialSharpe {
    #[inline]
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let r = facts.equity_change() / facts.equity_before.max(1e-6 * facts.initial_capital);
        let [a, b, ..] = memory.0;
        memory.0[0] += self.eta * (r - a);
        memory.0[1] += self.eta * (r * r - b);
        if facts.step * self.eta <= 1.0 {
            return 0.0;
        }
        Self::derivative(a, b, r).clamp(-self.clip, self.clip) as f32
    }
}

//! The differential downside deviation ratio.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{bounded, step_return},
    differential_sharpe::{SLOTS, is_warm, show, shown, validate},
};
use crate::{Result, StepFacts};

/// What one step adds to an exponentially weighted downside deviation ratio (Moody and Saffell, 2001, equation 14), no
/// unit: as [`DifferentialSharpe`](crate::DifferentialSharpe), but only losses are risk.
///
/// With the step's return `R`, its running mean `A` and the running mean `DD^2` of `min(R, 0)^2`, both of rate `eta`:
/// `D = (R - A / 2) / DD` for a gain, else `D = (DD^2 (R - A / 2) - A R^2 / 2) / DD^3`; then `A += eta (R - A)`,
/// `DD^2 += eta (min(R, 0)^2 - DD^2)`. Warm-up, clip, scale, floor (of `DD^2`), the freeze (a return of 0 gives
/// `-A / (2 DD)`, a gain after losses), and what an observation may show of the moments are as there.
///
/// ```
/// use tradepit_envs::DifferentialDownside;
/// let d = |r| DifferentialDownside::default().derivative(0.001, 0.012 * 0.012, r);
/// assert!((d(0.01) - 0.791667).abs() < 1e-6 && (d(-0.02) + 1.824074).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DifferentialDownside {
    /// Rate of the moments, in (0, 1); about one over the steps that they remember.
    pub eta: f64,
    /// Largest absolute reward.
    pub clip: f64,
    /// A factor before the clip; `eta`, to have changes of the ratio itself.
    pub scale: f64,
    /// Smallest mean of squared losses that is divided by.
    pub floor: f64,
}

impl Default for DifferentialDownside {
    fn default() -> Self {
        Self { eta: 0.01, clip: 10.0, scale: 1.0, floor: 1e-12 }
    }
}

impl DifferentialDownside {
    /// `D` of the formula for the mean `a`, the mean square `dd2` of losses and a return `r`.
    #[must_use]
    pub fn derivative(&self, a: f64, dd2: f64, r: f64) -> f64 {
        let floored = dd2.max(self.floor);
        let dd = floored.sqrt();
        if r > 0.0 { (r - 0.5 * a) / dd } else { (floored * (r - 0.5 * a) - 0.5 * a * r * r) / (floored * dd) }
    }
}

impl Reward for DifferentialDownside {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let r = step_return(facts);
        let [a, dd2, ..] = memory.0;
        let loss = r.min(0.0);
        memory.0[0] += self.eta * (r - a);
        memory.0[1] += self.eta * (loss * loss - dd2);
        if !is_warm(self.eta, facts, &mut memory.0[2]) {
            return 0.0;
        }
        bounded((self.scale * self.derivative(a, dd2, r)).clamp(-self.clip, self.clip))
    }

    fn slots(&self) -> usize {
        SLOTS
    }

    fn observed(&self) -> Vec<String> {
        shown()
    }

    fn observe(&self, memory: &RewardMemory, out: &mut [f32]) {
        show(memory, out);
    }

    fn validate(&self) -> Result<()> {
        validate(self.eta, self.clip, self.scale, self.floor)
    }
}

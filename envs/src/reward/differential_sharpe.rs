//! The differential Sharpe ratio.

use serde::{Deserialize, Serialize};

use super::{
    Reward, RewardMemory,
    contract::{above_0, bounded, check, step_return},
};
use crate::{Result, StepFacts};

/// What one step adds to an exponentially weighted Sharpe ratio (Moody and Saffell, 2001, equation 8), no unit.
///
/// With the step's return `R` and running moments `A`, `B` of rate `eta`:
/// `D = (B (R - A) - A (R^2 - B) / 2) / (B - A^2)^(3/2)`, then `A += eta (R - A)`, `B += eta (R^2 - B)`.
/// The reward is `scale * D`, 0 in the first `1 / eta` steps of an episode, and clipped to `clip`; the variance is
/// floored. With a `scale` of `eta` the rewards of an episode add up, to the order of `eta^2`, to what the moving Sharpe
/// ratio `A / sqrt(B - A^2)` gained.
///
/// ```
/// use tradepit_envs::DifferentialSharpe;
/// let d = |r| DifferentialSharpe::default().derivative(0.001, 0.0002, r);
/// assert!([(0.01, 0.659010), (-0.02, -1.531753), (0.0, -0.035622)].iter().all(|(r, golden)| (d(*r) - golden).abs() < 1e-6));
/// // The freeze: after losses (A < 0), a return of 0 is a gain. A losing agent is paid to stay flat.
/// assert!(DifferentialSharpe::default().derivative(-0.001, 0.0002, 0.0) > 0.0);
/// ```
///
/// `D` also falls with a return beyond `B / A`: large gains hurt. And it depends on the moments, which no other number
/// of the observation shows: name `reward_memory` in [`EnvSpec::account`](crate::EnvSpec::account), or the problem is
/// not Markov. It shows `A / (|A| + sqrt(B))`, `ln(1 + sqrt(B))` with the root in basis points, and how much of the first
/// `1 / eta` steps is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DifferentialSharpe {
    /// Rate of the moments, in (0, 1); about one over the steps that they remember.
    pub eta: f64,
    /// Largest absolute reward.
    pub clip: f64,
    /// A factor before the clip; `eta`, to have changes of the ratio itself.
    pub scale: f64,
    /// Smallest variance of a step's return that is divided by.
    pub floor: f64,
}

impl Default for DifferentialSharpe {
    fn default() -> Self {
        Self { eta: 0.01, clip: 10.0, scale: 1.0, floor: 1e-12 }
    }
}

impl DifferentialSharpe {
    /// `D` of the formula for moments `a`, `b` and a return `r`.
    #[must_use]
    pub fn derivative(&self, a: f64, b: f64, r: f64) -> f64 {
        let variance = (b - a * a).max(self.floor);
        (b * (r - a) - 0.5 * a * (r * r - b)) / (variance * variance.sqrt())
    }
}

/// Numbers of the memory: the two moments, and how much of the warm-up is over.
pub(super) const SLOTS: usize = 3;

/// The names of what an observation may show of two moments and the warm-up.
pub(super) fn shown() -> Vec<String> {
    ["mean", "deviation", "warm"].map(String::from).to_vec()
}

/// Two moments of returns, the second a mean of squares, and the warm-up, each scaled.
pub(super) fn show(memory: &RewardMemory, out: &mut [f32]) {
    let [a, b, warm, ..] = memory.0;
    let root = b.max(0.0).sqrt();
    let mean = if a == 0.0 { 0.0 } else { a / (a.abs() + root) };
    out.copy_from_slice(&[bounded(mean), bounded((1e4 * root).ln_1p()), bounded(warm)]);
}

/// Whether the warm-up of `1 / eta` steps was over before this step.
pub(super) fn is_warm(eta: f64, facts: &StepFacts, warm: &mut f64) -> bool {
    *warm = (facts.step * eta).min(1.0);
    facts.step * eta > 1.0
}

/// # Errors
/// Names what is out of range.
pub(super) fn validate(eta: f64, clip: f64, scale: f64, floor: f64) -> Result<()> {
    check("eta", eta, eta > 0.0 && eta < 1.0, "in (0, 1)")?;
    above_0("clip", clip)?;
    above_0("scale", scale)?;
    check("floor", floor, (1e-30..=1.0).contains(&floor), "in [1e-30, 1]")
}

impl Reward for DifferentialSharpe {
    fn reward(&self, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let r = step_return(facts);
        let [a, b, ..] = memory.0;
        memory.0[0] += self.eta * (r - a);
        memory.0[1] += self.eta * (r * r - b);
        if !is_warm(self.eta, facts, &mut memory.0[2]) {
            return 0.0;
        }
        bounded((self.scale * self.derivative(a, b, r)).clamp(-self.clip, self.clip))
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

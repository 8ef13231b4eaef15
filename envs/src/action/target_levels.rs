//! A choice between positions.

use serde::{Deserialize, Serialize};

use super::{
    Action, ActionScheme, Decision,
    orders::round,
    spec::{one_instrument, positive},
};
use crate::{Error, Result, Space};

/// A choice between target positions, of the one instrument.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, Space, TargetLevels};
/// let scheme = TargetLevels { levels: vec![-2.0, 0.0, 1.0, 2.0] };
/// assert_eq!(scheme.space(1), Space::Discrete { n: 4 });
/// assert_eq!(scheme.target(Action::Discrete(0), 0, 1.0), -2.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetLevels {
    /// Target positions in lots, by action.
    pub levels: Vec<f64>,
}

impl Default for TargetLevels {
    fn default() -> Self {
        Self { levels: vec![-1.0, 0.0, 1.0] }
    }
}

impl ActionScheme for TargetLevels {
    fn space(&self, _: usize) -> Space {
        Space::Discrete { n: self.levels.len() }
    }

    fn max_lots(&self) -> f64 {
        self.levels.iter().fold(0.0, |most, level| level.abs().max(most))
    }

    #[inline]
    fn target(&self, action: Action<'_>, _: usize, held: f64) -> f64 {
        match action {
            Action::Discrete(choice) => self.levels[choice as usize],
            Action::Box(_) | Action::MultiDiscrete(_) => held,
        }
    }

    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        let held = round(decision.held(0));
        for (open, level) in mask.iter_mut().zip(&self.levels) {
            *open = decision.allows(0, round(*level) - held);
        }
        // Where no level can be had, the one that is nearest.
        if mask.iter().all(|open| !open) {
            let distances = || self.levels.iter().map(|level| (level - held).abs());
            let nearest = distances().fold(f64::INFINITY, f64::min);
            mask.iter_mut().zip(distances()).for_each(|(open, distance)| *open = distance == nearest);
        }
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        if self.levels.len() < 2 || self.levels.iter().any(|l| !l.is_finite()) {
            let message = format!("{:?} must be at least 2 finite positions in lots", self.levels);
            return Err(Error::spec("action.levels", message));
        }
        positive("levels", self.max_lots())?;
        one_instrument(instruments)
    }
}

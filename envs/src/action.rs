//! From an action to a target position.

use std::{fmt::Debug, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Space};

/// One action of one environment, borrowed.
///
/// ```
/// use tradepit_envs::{Action, SimSetup};
/// # use tradepit::market::synth;
/// # use tradepit_envs::EnvSpec;
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// // One number for the one instrument; what does not fit the action space is refused, and nothing has moved.
/// assert!(env.step(Action::Discrete(1), &mut obs).unwrap_err().to_string().contains("the action space is Box"));
/// assert!(env.step(Action::Box(&[f32::NAN]), &mut obs).unwrap_err().to_string().contains("must be finite"));
/// env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// assert_eq!(env.facts().position, 1.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Numbers, for a [`Space::Box`].
    Box(&'a [f32]),
    /// A whole number, for a [`Space::Discrete`].
    Discrete(i64),
}

/// Turns an action into the position that is wanted; the environment orders the difference to what is held.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, TargetPosition};
/// let scheme = TargetPosition { max_lots: 4.0 };
/// assert_eq!(scheme.target(Action::Box(&[-0.5]), 0, 1.0), -2.0);
/// ```
pub trait ActionScheme: Send + Sync + Debug {
    /// The space of its actions over `instruments` instruments.
    fn space(&self, instruments: usize) -> Space;
    /// The largest position in lots that it asks for, by which observed positions are divided.
    fn max_lots(&self) -> f64;
    /// The position wanted of `instrument`, in lots, not rounded yet; `held` is the present one, in lots.
    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64;
}

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

/// Five actions on the one instrument: 0 hold, 1 enter long, 2 exit long, 3 enter short, 4 exit short.
///
/// ```
/// use tradepit_envs::{Action, ActionScheme, EnterExit};
/// let target = |action, held| EnterExit { lots: 1.0 }.target(Action::Discrete(action), 0, held);
/// assert_eq!(target(3, 1.0), -1.0); // entering short while long
/// assert_eq!(target(4, 1.0), 1.0); // exiting a short that is not there
/// ```
///
/// Entering long while short, or short while long, goes through flat in one step with one order for the whole
/// difference. Exiting a side that is not held does nothing, and so does entering one that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnterExit {
    /// Lots of a position.
    pub lots: f64,
}

impl Default for EnterExit {
    fn default() -> Self {
        Self { lots: 1.0 }
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
            Action::Box(values) => {
                let value = values[instrument];
                let low = if value < -1.0 { -1.0 } else { value };
                f64::from(if low > 1.0 { 1.0 } else { low }) * self.max_lots
            }
            Action::Discrete(_) => held,
        }
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
            Action::Box(_) => held,
        }
    }
}

impl ActionScheme for EnterExit {
    fn space(&self, _: usize) -> Space {
        Space::Discrete { n: 5 }
    }

    fn max_lots(&self) -> f64 {
        self.lots
    }

    #[inline]
    fn target(&self, action: Action<'_>, _: usize, held: f64) -> f64 {
        let Action::Discrete(choice) = action else { return held };
        match choice {
            1 if held <= 0.0 => self.lots,
            3 if held >= 0.0 => -self.lots,
            2 if held > 0.0 => 0.0,
            4 if held < 0.0 => 0.0,
            _ => held,
        }
    }
}

/// The scheme in use.
///
/// ```
/// use tradepit_envs::ActionSpec;
/// let spec: ActionSpec = serde_json::from_str(r#"{"kind": "enter_exit", "lots": 2}"#).unwrap();
/// assert!(spec.validate(1).is_ok());
/// assert!(serde_json::from_str::<ActionSpec>(r#"{"kind": "enter_exit", "lot": 2}"#).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActionSpec {
    /// A share of the largest position, in [-1, 1].
    TargetPosition(TargetPosition),
    /// A choice between positions.
    TargetLevels(TargetLevels),
    /// Hold, enter long, exit long, enter short, exit short.
    EnterExit(EnterExit),
    /// Your own; it is not part of a saved spec.
    #[serde(skip)]
    Custom(Arc<dyn ActionScheme>),
}

impl Default for ActionSpec {
    fn default() -> Self {
        Self::TargetPosition(TargetPosition::default())
    }
}

impl ActionSpec {
    /// Whether it makes sense for that many instruments.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self, instruments: usize) -> Result<()> {
        let positive = |field: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                return Ok(());
            }
            Err(Error::spec(format!("action.{field}"), format!("{value} must be a finite number above 0")))
        };
        match self {
            Self::TargetPosition(a) => return positive("max_lots", a.max_lots),
            Self::EnterExit(a) => positive("lots", a.lots)?,
            Self::TargetLevels(a) => {
                if a.levels.len() < 2 || a.levels.iter().any(|l| !l.is_finite()) {
                    let message = format!("{:?} must be at least 2 finite positions in lots", a.levels);
                    return Err(Error::spec("action.levels", message));
                }
                positive("levels", self.max_lots())?;
            }
            Self::Custom(_) => return Ok(()),
        }
        if instruments == 1 {
            return Ok(());
        }
        Err(Error::spec(
            "action.kind",
            format!("is for one instrument, the data has {instruments}; use target_position"),
        ))
    }
}

impl ActionScheme for ActionSpec {
    fn space(&self, instruments: usize) -> Space {
        match self {
            Self::TargetPosition(a) => a.space(instruments),
            Self::TargetLevels(a) => a.space(instruments),
            Self::EnterExit(a) => a.space(instruments),
            Self::Custom(a) => a.space(instruments),
        }
    }

    fn max_lots(&self) -> f64 {
        match self {
            Self::TargetPosition(a) => a.max_lots(),
            Self::TargetLevels(a) => a.max_lots(),
            Self::EnterExit(a) => a.max_lots(),
            Self::Custom(a) => a.max_lots(),
        }
    }

    #[inline(always)]
    fn target(&self, action: Action<'_>, instrument: usize, held: f64) -> f64 {
        match self {
            Self::TargetPosition(a) => a.target(action, instrument, held),
            Self::TargetLevels(a) => a.target(action, instrument, held),
            Self::EnterExit(a) => a.target(action, instrument, held),
            Self::Custom(a) => a.target(action, instrument, held),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entering_the_other_side_goes_through_flat_in_one_step() {
        let scheme = EnterExit { lots: 2.0 };
        let target = |choice, held| scheme.target(Action::Discrete(choice), 0, held);
        for (choice, from_short, from_flat, from_long) in
            [(0, -2.0, 0.0, 2.0), (1, 2.0, 2.0, 2.0), (2, -2.0, 0.0, 0.0), (3, -2.0, -2.0, -2.0), (4, 0.0, 0.0, 2.0)]
        {
            assert_eq!(
                [-2.0, 0.0, 2.0].map(|held| target(choice, held)),
                [from_short, from_flat, from_long],
                "{choice}"
            );
        }
    }
}

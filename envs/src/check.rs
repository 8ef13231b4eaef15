//! Actions are checked, the whole batch of them, before anything moves.

use crate::{Action, Actions, Error, Result, Space};

/// # Errors
/// The first action that is of the wrong kind or length, not finite, or outside the space.
pub(crate) fn batch(space: &Space, num_envs: usize, actions: Actions<'_>) -> Result<()> {
    match (space, actions) {
        (Space::Box { len, .. }, Actions::Box(values)) => {
            Error::shape("actions", num_envs * len, values.len())?;
            // 0 x is 0 for a finite x, else NaN: a sum that the compiler vectorises, where a search is a branch a value.
            let sum: f32 = values.iter().map(|x| x * 0.0).sum();
            if sum == 0.0 {
                return Ok(());
            }
            let at = values.iter().position(|x| !x.is_finite()).unwrap_or_default();
            Err(not_finite(at / len, at % len, values[at]))
        }
        (Space::Discrete { n }, Actions::Discrete(values)) => {
            Error::shape("actions", num_envs, values.len())?;
            match values.iter().position(|x| !(0..*n as i64).contains(x)) {
                None => Ok(()),
                Some(env) => Err(out_of_range(env, values[env], *n)),
            }
        }
        (Space::MultiDiscrete { nvec }, Actions::Discrete(values)) => {
            Error::shape("actions", num_envs * nvec.len(), values.len())?;
            let wrong = |(x, n): (&i64, &usize)| !(0..*n as i64).contains(x);
            match values.iter().zip(nvec.iter().cycle()).position(wrong) {
                None => Ok(()),
                Some(at) => {
                    let (env, index) = (at / nvec.len(), at % nvec.len());
                    let message = format!("value {index} is {}; it must be in 0..{}", values[at], nvec[index]);
                    Err(Error::Action { env, message })
                }
            }
        }
        (space, actions) => Err(wrong_kind(space, matches!(actions, Actions::Box(_)))),
    }
}

/// # Errors
/// As [`batch`], for one environment.
pub(crate) fn one(space: &Space, action: Action<'_>) -> Result<()> {
    match (space, action) {
        (_, Action::Box(values)) => batch(space, 1, Actions::Box(values)),
        (Space::Discrete { .. }, Action::Discrete(value)) => batch(space, 1, Actions::Discrete(&[value])),
        (Space::MultiDiscrete { .. }, Action::MultiDiscrete(values)) => batch(space, 1, Actions::Discrete(values)),
        (_, Action::Discrete(_) | Action::MultiDiscrete(_)) => Err(wrong_kind(space, false)),
    }
}

/// # Errors
/// The first reward that is not finite.
pub(crate) fn rewards(rewards: &[f32]) -> Result<()> {
    match rewards.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(env) => {
            let message = format!("{} must be a finite number; the step counts as 0", rewards[env]);
            Err(Error::Reward { env, message })
        }
    }
}

#[cold]
fn not_finite(env: usize, index: usize, value: f32) -> Error {
    Error::Action { env, message: format!("value {index} is {value}; every value must be finite") }
}

#[cold]
fn out_of_range(env: usize, value: i64, n: usize) -> Error {
    Error::Action { env, message: format!("{value} must be in 0..{n}") }
}

#[cold]
fn wrong_kind(space: &Space, floats: bool) -> Error {
    let got = if floats { "floating-point numbers" } else { "whole numbers" };
    Error::Action { env: 0, message: format!("got {got}; the action space is {space:?}") }
}

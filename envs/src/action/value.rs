//! One action.

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
    /// Numbers, for a [`Space::Box`](crate::Space::Box).
    Box(&'a [f32]),
    /// A whole number, for a [`Space::Discrete`](crate::Space::Discrete).
    Discrete(i64),
    /// Whole numbers, for a [`Space::MultiDiscrete`](crate::Space::MultiDiscrete).
    MultiDiscrete(&'a [i64]),
}

impl<'a> Action<'a> {
    /// The numbers of a box; none of another space.
    #[must_use]
    pub fn values(&self) -> &'a [f32] {
        match self {
            Self::Box(values) => values,
            Self::Discrete(_) | Self::MultiDiscrete(_) => &[],
        }
    }

    /// The whole numbers of a multi-discrete space; none of another one.
    #[must_use]
    pub fn choices(&self) -> &'a [i64] {
        match self {
            Self::MultiDiscrete(choices) => choices,
            Self::Box(_) | Self::Discrete(_) => &[],
        }
    }
}

/// What lies outside of [-1, 1] counts as the bound.
#[inline]
pub(super) fn unit(value: f32) -> f64 {
    let low = if value < -1.0 { -1.0 } else { value };
    f64::from(if low > 1.0 { 1.0 } else { low })
}

/// From [-1, 1] to `[low, high]`.
pub(super) fn between(value: f32, [low, high]: [f64; 2]) -> f64 {
    let share = 0.5 * (unit(value) + 1.0);
    low + share * (high - low)
}

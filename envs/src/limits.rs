//! What an account may not do, whatever the actions say.

use serde::{Deserialize, Serialize};
use tradepit::{MarketView, time::DAY_NS};

use crate::{EnvState, Error, Result};

/// Limits that the environment keeps: orders are cut down to them, and [masks](crate::ActionScheme::mask) show what is
/// left.
///
/// ```
/// use tradepit_envs::{Action, EnvSpec, SimSetup};
/// # use tradepit::market::synth;
/// let spec: EnvSpec = serde_json::from_str(r#"{"action": {"kind": "target_position", "max_lots": 10},
///     "limits": {"position": 3}}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
/// env.reset(Some(0), &mut obs).unwrap();
/// env.step(Action::Box(&[1.0]), &mut obs).unwrap();
/// assert_eq!(env.facts().position, 3.0);
/// ```
///
/// Once a loss reaches its limit, only what reduces a position is let through: after a loss within a day until that day
/// is over (a session, or a day of UTC where there are none), after a drawdown until it is smaller again, which the
/// equity of a flat account never is. What is wrong is found at the decision: prices may go on between two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most lots of an instrument on either side, with what waiting orders could yet fill.
    pub position: Option<f64>,
    /// Drawdown (`1 - equity / peak`) at which nothing more is opened, in (0, 1].
    pub drawdown: Option<f64>,
    /// Loss since the first decision of the day, as a share of the equity then, at which nothing more is opened that day, in
    /// (0, 1].
    pub daily_loss: Option<f64>,
}

/// When a day began, and what the account was worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    number: i64,
    equity: f64,
}

impl Day {
    /// The day of the present decision.
    pub(crate) fn at(state: &EnvState, market: MarketView<'_>) -> Self {
        let number = market.now().nanos().div_euclid(DAY_NS);
        // Without sessions every row is one over which positions are carried.
        let is_new = market.session_closed() || (market.is_overnight() && number != state.day.number);
        if is_new || state.steps == 0 { Self { number, equity: state.account.equity() } } else { state.day }
    }
}

impl Limits {
    /// Whether there are none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing may be opened.
    pub(crate) fn lock(&self, state: &EnvState, market: MarketView<'_>) -> bool {
        let lost = 1.0 - state.account.equity() / Day::at(state, market).equity;
        self.drawdown.is_some_and(|most| state.drawdown >= most) || self.daily_loss.is_some_and(|most| lost >= most)
    }

    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        if let Some(lots) = self.position.filter(|lots| !(lots.is_finite() && *lots >= 1.0)) {
            let message = format!("{lots} must be a finite number of lots, at least 1, or null for none");
            return Err(Error::spec("limits.position", message));
        }
        for (field, share) in [("drawdown", self.drawdown), ("daily_loss", self.daily_loss)] {
            if let Some(share) = share.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
                let message = format!("{share} must be in (0, 1], or null for none");
                return Err(Error::spec(format!("limits.{field}"), message));
            }
        }
        Ok(())
    }
}

//! What is wrong with an environment, or with the agent in it: measured over some steps, with what to try.

mod diagnosis;
mod finding;
mod moments;
mod watch;

pub use diagnosis::{ActionUse, Column, Costs, Diagnosis, Ends, RewardScale};
pub use finding::{Finding, Severity};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, SimSetup};

/// How long to look.
///
/// ```
/// use tradepit::market::synth;
/// use tradepit_envs::{Doctor, EnvSpec, SimSetup};
/// // A reward in account currency by a million, and a feature that says nothing.
/// let spec: EnvSpec = serde_json::from_str(r#"{"reward": {"kind": "profit", "scale": 1e-6}, "window": 1,
///     "features": {"features": [{"kind": "log_return"}, {"kind": "roll_day"}]}}"#).unwrap();
/// let setup = SimSetup::new(spec, synth::es_1m(5_000, 0).unwrap()).unwrap();
/// let diagnosis = Doctor::default().examine(&setup, None).unwrap();
/// let what: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.what.as_str()).collect();
/// assert!(what.iter().any(|what| what.starts_with("the reward is small")), "{what:?}");
/// assert!(what.iter().any(|what| what.starts_with("roll_day never changes")), "{what:?}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Doctor {
    /// Steps of each environment, at least 2.
    pub steps: u32,
    /// Environments side by side, at least 1.
    pub envs: u32,
    /// Of the episodes and of random actions.
    pub seed: u64,
}

impl Default for Doctor {
    fn default() -> Self {
        Self { steps: 2_000, envs: 16, seed: 0 }
    }
}

/// Writes an action for each row of observations: numbers of a box, or the numbers of choices.
pub type Policy<'a> = dyn FnMut(&[f32], &mut [f32]) -> Result<()> + 'a;

impl Doctor {
    /// Lets `policy` act, random actions without one, and looks at all that an agent would see: windows, in any case.
    ///
    /// # Errors
    /// When a number is out of its range, or the policy fails.
    pub fn examine(&self, setup: &SimSetup, policy: Option<&mut Policy<'_>>) -> Result<Diagnosis> {
        if self.steps < 2 {
            return Err(Error::spec("steps", format!("{} must be at least 2", self.steps)));
        }
        if self.envs == 0 {
            return Err(Error::spec("envs", "0 must be at least 1"));
        }
        watch::watch(self, &setup.with_windows()?, policy)
    }
}

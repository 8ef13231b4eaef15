//! What was measured.

use std::fmt;

use serde::Serialize;

use super::Finding;
use crate::LeakReport;

/// How one number of the action was used.
///
/// ```
/// use tradepit_envs::{ActionUse, Doctor, EnvSpec, SimSetup};
/// # use tradepit::market::synth;
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let used: ActionUse = Doctor::default().examine(&setup, None).unwrap().actions.remove(0);
/// assert_eq!((used.histogram.len(), used.largest_share() < 0.2), (10, true));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ActionUse {
    /// Smallest and largest value of the histogram: bounds of a box, or the first and the last choice.
    pub bounds: [f64; 2],
    /// How often: of a box in ten equal parts of the range, of choices one by one.
    pub histogram: Vec<u64>,
}

impl ActionUse {
    /// The share of what was done most.
    #[must_use]
    pub fn largest_share(&self) -> f64 {
        let most = self.histogram.iter().max().copied().unwrap_or_default();
        most as f64 / self.histogram.iter().sum::<u64>().max(1) as f64
    }
}

/// How large rewards are, and how they hang together.
///
/// ```
/// # use tradepit::market::synth;
/// # use tradepit_envs::{Doctor, EnvSpec, RewardScale, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let reward: RewardScale = Doctor::default().examine(&setup, None).unwrap().reward;
/// assert!(reward.low < reward.mean && reward.mean < reward.high && reward.autocorrelation.abs() <= 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RewardScale {
    /// Mean of a step.
    pub mean: f64,
    /// Standard deviation of a step.
    pub sd: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Share of the steps with a reward of 0.
    pub zeros: f64,
    /// Correlation with the reward of the step before, in the same episode.
    pub autocorrelation: f64,
}

/// What trading cost, in account currency.
///
/// ```
/// # use tradepit::market::synth;
/// # use tradepit_envs::{Costs, Doctor, EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let costs: Costs = Doctor::default().examine(&setup, None).unwrap().costs;
/// assert!(costs.fills > 0 && costs.share >= 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Costs {
    /// Fees.
    pub fees: f64,
    /// Slippage.
    pub slippage: f64,
    /// Financing.
    pub financing: f64,
    /// Of all that equity moved by, up or down, the share that was cost.
    pub share: f64,
    /// Fills.
    pub fills: u64,
}

/// Why episodes ended.
///
/// ```
/// # use tradepit::market::synth;
/// # use tradepit_envs::{Doctor, Ends, EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let ends: Ends = Doctor::default().examine(&setup, None).unwrap().ends;
/// assert!(ends.episodes() > 0 && ends.ruin == 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Terminated: equity fell to the level of ruin.
    pub ruin: u64,
    /// Terminated: the drawdown limit.
    pub drawdown: u64,
    /// Truncated: as many steps as an episode has.
    pub length: u64,
    /// Truncated: the last row of the data.
    pub data: u64,
    /// Truncated: a session closed.
    pub session: u64,
}

impl Ends {
    /// All of them.
    #[must_use]
    pub fn episodes(&self) -> u64 {
        self.ruin + self.drawdown + self.length + self.data + self.session
    }
}

/// One number of the observation; of a window of features the newest row.
///
/// ```
/// # use tradepit::market::synth;
/// # use tradepit_envs::{Column, Doctor, EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let column: Column = Doctor::default().examine(&setup, None).unwrap().observations.remove(0);
/// assert_eq!(column.name, "log_return_1");
/// assert!(column.low < column.mean && column.mean < column.high);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Share of values at a bound of the observation space.
    pub clipped: f64,
}

/// All that was measured, and what follows from it.
///
/// ```
/// # use tradepit::market::synth;
/// # use tradepit_envs::{Diagnosis, Doctor, EnvSpec, SimSetup};
/// # let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let diagnosis: Diagnosis = Doctor::default().examine(&setup, None).unwrap();
/// assert_eq!(diagnosis.steps, 16 * 2_000);
/// assert!(diagnosis.to_string().contains("32000 steps"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// Steps of single environments.
    pub steps: u64,
    /// How the policy acted.
    pub actions: Vec<ActionUse>,
    /// How large rewards are.
    pub reward: RewardScale,
    /// What trading cost.
    pub costs: Costs,
    /// What an agent sees.
    pub observations: Vec<Column>,
    /// Why episodes ended.
    pub ends: Ends,
    /// What is wrong, the worst first, and what to try.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Adds what a leak check has found.
    #[must_use]
    pub fn with_leaks(mut self, report: &LeakReport) -> Self {
        self.findings.extend(report.leaks.iter().map(Finding::leak));
        self.findings.sort_by_key(|finding| finding.severity);
        self
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reward, costs, ends) = (&self.reward, &self.costs, &self.ends);
        writeln!(f, "{} steps, {} episodes, {} fills", self.steps, ends.episodes(), costs.fills)?;
        for (at, used) in self.actions.iter().enumerate() {
            let [low, high] = used.bounds;
            writeln!(f, "action {at} from {low} to {high}: {:?}", used.histogram)?;
        }
        writeln!(
            f,
            "reward: mean {:.3e}, deviation {:.3e}, from {:.3e} to {:.3e}, {:.0} % zeros, autocorrelation {:.3}",
            reward.mean,
            reward.sd,
            reward.low,
            reward.high,
            100.0 * reward.zeros,
            reward.autocorrelation
        )?;
        writeln!(
            f,
            "costs: fees {:.2}, slippage {:.2}, financing {:.2}: {:.1} % of what equity moved",
            costs.fees,
            costs.slippage,
            costs.financing,
            100.0 * costs.share
        )?;
        writeln!(
            f,
            "ends: {} ruin, {} drawdown limit, {} length, {} end of data, {} session",
            ends.ruin, ends.drawdown, ends.length, ends.data, ends.session
        )?;
        for column in &self.observations {
            let Column { name, mean, sd, low, high, clipped } = column;
            writeln!(f, "{name:<28} {mean:>10.4} +- {sd:<9.4} [{low:.3}, {high:.3}] {:.1} % clipped", 100.0 * clipped)?;
        }
        if self.findings.is_empty() {
            return writeln!(f, "nothing is wrong that a few steps can show");
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

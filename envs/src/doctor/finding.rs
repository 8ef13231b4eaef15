//! What is wrong, and what to try.

use std::fmt;

use serde::Serialize;

use super::{ActionUse, Column, Costs, Ends, RewardScale};
use crate::Leak;

/// How bad something is; the worst is the smallest.
///
/// ```
/// use tradepit_envs::Severity;
/// assert!(Severity::Problem < Severity::Doubt);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing is learnt as it is, or what is learnt is worth nothing.
    Problem,
    /// It may be meant so.
    Doubt,
}

/// Something that is wrong.
///
/// ```
/// use tradepit_envs::{Finding, Severity};
/// let finding = Finding { severity: Severity::Doubt, what: "it rains".into(), advice: "take an umbrella".into() };
/// assert_eq!(finding.to_string(), "doubt: it rains; take an umbrella");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, with its numbers.
    pub what: String,
    /// What to try.
    #[serde(rename = "try")]
    pub advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Problem => "problem",
            Severity::Doubt => "doubt",
        };
        write!(f, "{severity}: {}; {}", self.what, self.advice)
    }
}

fn problem(what: String, advice: impl Into<String>) -> Finding {
    Finding { severity: Severity::Problem, what, advice: advice.into() }
}

fn doubt(what: String, advice: impl Into<String>) -> Finding {
    Finding { severity: Severity::Doubt, what, advice: advice.into() }
}

/// Rewards that differ by less than this from step to step drown in what a value network gets wrong.
const SMALL: f64 = 1e-3;
/// Beyond this they drive weights out of the range that networks begin in.
const LARGE: f64 = 20.0;

impl Finding {
    pub(super) fn leak(leak: &Leak) -> Self {
        problem(
            format!("{} knows the future, first at {}", leak.column, leak.time),
            "make it of rows up to its own; `tradepit data leakcheck` tells more",
        )
    }

    pub(super) fn of_reward(reward: &RewardScale, found: &mut Vec<Self>) {
        let RewardScale { sd, zeros, autocorrelation, .. } = *reward;
        if sd == 0.0 {
            found.push(problem(
                format!("the reward is always {}", reward.mean),
                "see whether any order fills, and whether the reward reads what it should",
            ));
        } else if sd < SMALL {
            let scale = 10f64.powf((-sd.log10()).round());
            found.push(problem(
                format!("the reward is small: it deviates by {sd:.1e} a step"),
                format!("set `reward.scale` about {scale:.0e} times as large, or normalise rewards"),
            ));
        } else if sd > LARGE {
            let scale = 10f64.powf((-sd.log10()).round());
            found.push(problem(
                format!("the reward is large: it deviates by {sd:.1e} a step"),
                format!("set `reward.scale` to about {scale:.0e} of what it is, or normalise rewards"),
            ));
        }
        if sd > 0.0 && zeros > 0.95 {
            found.push(doubt(
                format!("{:.1} % of the rewards are 0", 100.0 * zeros),
                "pay for what happens in every step, such as the change of equity",
            ));
        }
        if autocorrelation.abs() > 0.5 {
            found.push(doubt(
                format!("rewards follow each other with a correlation of {autocorrelation:.2}"),
                "see whether the reward pays for one thing in many steps, or the data repeat themselves",
            ));
        }
    }

    pub(super) fn of_costs(costs: &Costs, found: &mut Vec<Self>) {
        if costs.fills == 0 {
            found.push(problem(
                "no order filled".into(),
                "see that actions ask for a whole lot, that the cash carries it (margin), and that the market trades",
            ));
        } else if costs.share > 0.5 {
            found.push(problem(
                format!("{:.0} % of what equity moved was cost", 100.0 * costs.share),
                "trade less often (a longer step, a dead band), or see whether fees are those of this instrument",
            ));
        }
    }

    pub(super) fn of_actions(actions: &[ActionUse], own: bool, found: &mut Vec<Self>) {
        for (at, used) in actions.iter().enumerate() {
            let share = used.largest_share();
            if own && share > 0.95 && used.histogram.len() > 1 {
                found.push(problem(
                    format!("the policy does one thing in {:.0} % of its steps (action {at})", 100.0 * share),
                    "explore more (entropy), scale rewards and observations, or see whether costs leave anything to earn",
                ));
            }
        }
    }

    pub(super) fn of_ends(ends: &Ends, found: &mut Vec<Self>) {
        let episodes = ends.episodes();
        if episodes == 0 {
            found.push(doubt("no episode ended".into(), "examine more steps, or make episodes shorter"));
        }
        let cut_down = ends.ruin + ends.drawdown;
        if 2 * cut_down > episodes {
            found.push(problem(
                format!("{cut_down} of {episodes} episodes end in ruin or at the drawdown limit"),
                "make the largest position smaller, the cash larger, or the limit wider",
            ));
        }
    }

    pub(super) fn of_column(column: &Column, steps: u64, is_feature: bool, found: &mut Vec<Self>) {
        let Column { name, sd, clipped, mean, .. } = column;
        if *sd == 0.0 && steps > 100 {
            let what = format!("{name} never changes: it is {mean}");
            if is_feature {
                found.push(problem(what, "leave it out, or see whether the data have what it is made of"));
            } else {
                found.push(doubt(what, "leave it out of `account`, unless other actions move it"));
            }
        } else if *clipped > 0.01 {
            found.push(problem(
                format!("{name} is at its bound in {:.1} % of the steps", 100.0 * clipped),
                format!("divide its `scale` by {:.0}, or raise `features.clip`", (sd + mean.abs()).max(2.0).ceil()),
            ));
        } else if is_feature && *sd < 0.02 {
            found.push(doubt(
                format!("{name} is small: it deviates by {sd:.1e}"),
                format!("set its `scale` about {:.0e} times as large, or normalise it", 1.0 / sd),
            ));
        }
    }
}

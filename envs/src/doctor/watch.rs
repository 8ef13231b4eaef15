//! Steps, and what is seen in them.

use rand::RngExt as _;
use tradepit::{
    Rng,
    rng::{Purpose, stream},
};

use super::{
    ActionUse, Column, Costs, Diagnosis, Doctor, Ends, Finding, Policy, RewardScale,
    moments::{Correlation, Moments},
};
use crate::{Actions, Autoreset, Result, Rules, SimSetup, SimVecEnv, Space, StepFacts, StepOut, VecEnv as _};

/// Parts of the range of a number of an action.
const PARTS: usize = 10;

pub(super) fn watch(doctor: &Doctor, setup: &SimSetup, policy: Option<&mut Policy<'_>>) -> Result<Diagnosis> {
    let mut envs = setup.vec_env(doctor.envs as usize, 1, Autoreset::SameStep)?;
    let mut seen = Seen::new(setup.rules());
    let own = policy.is_some();
    let mut rng = stream(doctor.seed, 0, Purpose::Models);
    let space = setup.rules().action_space().clone();
    let mut random = |_: &[f32], actions: &mut [f32]| {
        sample(&space, &mut rng, actions);
        Ok(())
    };
    match policy {
        Some(policy) => run(doctor, &mut envs, &mut seen, policy)?,
        None => run(doctor, &mut envs, &mut seen, &mut random)?,
    }
    Ok(seen.diagnosis(own))
}

fn run(doctor: &Doctor, envs: &mut SimVecEnv, seen: &mut Seen, policy: &mut Policy<'_>) -> Result<()> {
    let (n, d) = (envs.num_envs(), envs.observation_space().len());
    let space = envs.action_space().clone();
    let width = space.len();
    let (mut obs, mut actions, mut choices) = (vec![0.0; n * d], vec![0.0; n * width], vec![0i64; n * width]);
    let (mut reward, mut facts) = (vec![0.0; n], vec![StepFacts::default(); n]);
    let (mut terminated, mut truncated) = (vec![false; n], vec![false; n]);
    let mut before: Vec<Option<f64>> = vec![None; n];
    envs.reset(doctor.seed, &mut obs)?;
    for _ in 0..doctor.steps {
        obs.chunks_exact(d).for_each(|row| seen.observation(row));
        policy(&obs, &mut actions)?;
        actions.chunks_exact(width).for_each(|action| seen.action(action));
        for (choice, value) in choices.iter_mut().zip(&actions) {
            *choice = *value as i64;
        }
        let given =
            if matches!(space, Space::Box { .. }) { Actions::Box(&actions) } else { Actions::Discrete(&choices) };
        let out = StepOut {
            obs: &mut obs,
            reward: &mut reward,
            terminated: &mut terminated,
            truncated: &mut truncated,
            final_obs: None,
            facts: Some(&mut facts),
        };
        envs.step(given, out)?;
        for env in 0..n {
            seen.step(f64::from(reward[env]), before[env], &facts[env]);
            before[env] = Some(f64::from(reward[env])).filter(|_| !(terminated[env] || truncated[env]));
            if terminated[env] || truncated[env] {
                let (end, rows) = (envs.episode_ends()[env], envs.data(env).len());
                let last = end.row as usize + 1 >= rows;
                seen.end(envs.setup().rules(), &facts[env], terminated[env], end.length, last);
            }
        }
    }
    Ok(())
}

fn sample(space: &Space, rng: &mut Rng, actions: &mut [f32]) {
    match space {
        Space::Box { low, high, .. } => actions.fill_with(|| rng.random_range(*low..=*high)),
        space => {
            let choices = space.choices();
            for (action, n) in actions.iter_mut().zip(choices.iter().cycle()) {
                *action = rng.random_range(0..*n) as f32;
            }
        }
    }
}

/// All that is counted.
struct Seen {
    names: Vec<String>,
    /// Where the newest row of features begins.
    newest: usize,
    features: usize,
    clip: f64,
    columns: Vec<(Moments, u64)>,
    space: Space,
    actions: Vec<ActionUse>,
    reward: Moments,
    zeros: u64,
    follows: Correlation,
    costs: Costs,
    moved: f64,
    ends: Ends,
}

impl Seen {
    fn new(rules: &Rules) -> Self {
        let (names, newest, features) = rules.newest_names();
        let space = rules.action_space().clone();
        let used = |low: f64, high: f64, parts| ActionUse { bounds: [low, high], histogram: vec![0; parts] };
        let actions = match &space {
            Space::Box { len, low, high } => vec![used((*low).into(), (*high).into(), PARTS); *len],
            space => space.choices().iter().map(|n| used(0.0, *n as f64 - 1.0, *n)).collect(),
        };
        let clip = match rules.observation_space() {
            Space::Box { high, .. } | Space::Indexed { high, .. } => f64::from(*high),
            Space::Discrete { .. } | Space::MultiDiscrete { .. } => f64::INFINITY,
        };
        Self {
            columns: vec![Default::default(); names.len()],
            names,
            newest,
            features,
            clip,
            space,
            actions,
            reward: Moments::default(),
            zeros: 0,
            follows: Correlation::default(),
            costs: Costs::default(),
            moved: 0.0,
            ends: Ends::default(),
        }
    }

    fn observation(&mut self, row: &[f32]) {
        for (value, (moments, clipped)) in row[self.newest..].iter().zip(&mut self.columns) {
            let value = f64::from(*value);
            moments.add(value);
            *clipped += u64::from(value.abs() >= self.clip);
        }
    }

    fn action(&mut self, action: &[f32]) {
        for (value, used) in action.iter().zip(&mut self.actions) {
            let ([low, high], last) = (used.bounds, used.histogram.len() - 1);
            let part = match self.space {
                Space::Box { .. } => (f64::from(*value) - low) / (high - low) * PARTS as f64,
                Space::Discrete { .. } | Space::MultiDiscrete { .. } | Space::Indexed { .. } => f64::from(*value),
            };
            // A cast brings what lies outside to the nearest part.
            used.histogram[(part as usize).min(last)] += 1;
        }
    }

    fn step(&mut self, reward: f64, before: Option<f64>, facts: &StepFacts) {
        self.reward.add(reward);
        self.zeros += u64::from(reward == 0.0);
        if let Some(before) = before {
            self.follows.add(before, reward);
        }
        let (cost, change) = (facts.fees + facts.slippage + facts.financing, facts.equity_change());
        self.costs.fees += facts.fees;
        self.costs.slippage += facts.slippage;
        self.costs.financing += facts.financing;
        self.costs.fills += facts.fills as u64;
        // What the market moved, and what the costs did.
        self.moved += (change + cost).abs() + cost.abs();
    }

    fn end(&mut self, rules: &Rules, facts: &StepFacts, terminated: bool, steps: u32, last_row: bool) {
        let ends = &mut self.ends;
        let count = match terminated {
            true if facts.drawdown >= rules.drawdown_limit => &mut ends.drawdown,
            true => &mut ends.ruin,
            false if steps >= rules.max_steps => &mut ends.length,
            false if last_row => &mut ends.data,
            false => &mut ends.session,
        };
        *count += 1;
    }

    fn diagnosis(mut self, own: bool) -> Diagnosis {
        let steps = self.reward.count;
        let cost = self.costs.fees + self.costs.slippage + self.costs.financing;
        self.costs.share = if self.moved > 0.0 { cost.max(0.0) / self.moved } else { 0.0 };
        let reward = RewardScale {
            mean: self.reward.mean,
            sd: self.reward.sd(),
            low: self.reward.low,
            high: self.reward.high,
            zeros: self.zeros as f64 / steps.max(1) as f64,
            autocorrelation: self.follows.value(),
        };
        let column = |(name, (moments, clipped)): (String, (Moments, u64))| Column {
            name,
            mean: moments.mean,
            sd: moments.sd(),
            low: moments.low,
            high: moments.high,
            clipped: clipped as f64 / moments.count.max(1) as f64,
        };
        let observations: Vec<Column> = self.names.into_iter().zip(self.columns).map(column).collect();
        let mut findings = Vec::new();
        Finding::of_reward(&reward, &mut findings);
        Finding::of_costs(&self.costs, &mut findings);
        Finding::of_actions(&self.actions, own, &mut findings);
        Finding::of_ends(&self.ends, &mut findings);
        for (at, column) in observations.iter().enumerate() {
            Finding::of_column(column, steps, at < self.features, &mut findings);
        }
        findings.sort_by_key(|finding| finding.severity);
        Diagnosis { steps, actions: self.actions, reward, costs: self.costs, observations, ends: self.ends, findings }
    }
}

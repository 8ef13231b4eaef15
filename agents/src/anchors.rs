//! Agents measured against problems whose optimum is known.

use rayon::prelude::*;
use serde::Serialize;
use tradepit_envs::anchors::{Anchor, Estimate, Objective, Outcome, Problem, Reference, Regret, Rule};
use tradepit_envs::{Autoreset, Space, StepFacts, StepOut, VecEnv as _};

use crate::agent::{ActionsMut, Agent};
use crate::baselines::Random;
use crate::policy::check_finite;
use crate::{Error, Result};

/// A rule of a problem as an agent.
///
/// ```
/// use tradepit_agents::{ActionsMut, Agent, RuleAgent};
/// use tradepit_envs::anchors::{Anchor, Problem};
/// let leak = Anchor::new(Problem::named("leak")?)?;
/// let (mut agent, mut actions) = (RuleAgent::new(leak.optimal(), 2), [0.0; 2]);
/// agent.act(&[0.3, 0.0, -0.1, 0.0], ActionsMut::Box(&mut actions))?;
/// assert_eq!(actions, [1.0, -1.0]);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleAgent {
    rule: Rule,
    inputs: usize,
}

impl RuleAgent {
    /// For observations of `inputs` numbers.
    #[must_use]
    pub fn new(rule: &Rule, inputs: usize) -> Self {
        Self { rule: rule.clone(), inputs }
    }
}

impl Agent for RuleAgent {
    fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
        let rows = obs.chunks_exact(self.inputs);
        match actions {
            ActionsMut::Box(values) => {
                let width = values.len() / rows.len().max(1);
                rows.zip(values.chunks_exact_mut(width)).for_each(|(row, action)| self.rule.act(row, action));
            }
            ActionsMut::Discrete(choices) => rows.zip(choices).for_each(|(row, choice)| {
                let mut number = [0.0];
                self.rule.act(row, &mut number);
                *choice = number[0] as i64;
            }),
        }
        Ok(())
    }
}

/// How an agent did at one objective of a problem, beside policies that need no learning, on the same episodes.
///
/// ```
/// use tradepit_agents::{AnchorScore, anchor_scores};
/// use tradepit_envs::anchors::{Anchor, Problem};
/// let leak = Anchor::new(Problem::named("leak")?)?;
/// let AnchorScore { value, off, naive, random, .. } = anchor_scores(&leak, None, 0.05, 0, 1)?.remove(0);
/// assert!(off.abs() < 4.0 && naive < value && random < naive);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnchorScore {
    /// The problem.
    pub name: &'static str,
    /// Its parameters.
    pub params: serde_json::Value,
    /// What is measured.
    pub objective: &'static str,
    /// Of the agent; without one, of the optimal policy.
    pub value: f64,
    /// Standard error of `value`.
    pub se: f64,
    /// The exact value of the optimal policy.
    pub theory: f64,
    /// By how many standard errors `value` is above `theory`; 0 where both are the same.
    pub off: f64,
    /// Of the optimal policy, as simulated.
    pub optimal: f64,
    /// Of the naive policy.
    pub naive: f64,
    /// Of random actions.
    pub random: f64,
    /// Of the agent; none for an objective that the optimal policy is not the best at.
    pub regret: Option<Regret>,
    /// Of the naive policy.
    pub naive_regret: Option<Regret>,
}

/// Environments that step together.
const LANES: usize = 256;

/// Lets an agent, or the optimal policy, play a problem, and the naive and random policies the same episodes; a score for each
/// objective. `share` is how many of the episodes that the problem asks for: 1 tells policies well apart.
///
/// ```
/// use tradepit_agents::{Constant, anchor_scores};
/// use tradepit_envs::anchors::{Anchor, Problem};
/// let null = Anchor::new(Problem::named("null")?)?;
/// let score = anchor_scores(&null, Some(&mut Constant::new(vec![1.0])), 0.02, 0, 1)?.remove(0);
/// assert!(score.value < 0.01 && score.optimal == 0.0);
/// # tradepit_agents::Result::Ok(())
/// ```
///
/// Each environment plays the same number of episodes, on as many threads as are asked for (0: all).
///
/// # Errors
/// When the agent fails, or does not fit the problem's spaces.
pub fn anchor_scores(
    anchor: &Anchor,
    agent: Option<&mut dyn Agent>,
    share: f64,
    seed: u64,
    threads: usize,
) -> Result<Vec<AnchorScore>> {
    if !(share > 0.0 && share <= 1000.0) {
        return Err(Error::Config { field: "share", message: format!("expected a number in (0, 1000], got {share}") });
    }
    let episodes = (share * f64::from(anchor.episodes())).ceil() as u32;
    let inputs = anchor.setup().rules().observation_space().len();
    let run = |agent: &mut dyn Agent| play(anchor, agent, episodes, seed, threads);
    let optimal = run(&mut RuleAgent::new(anchor.optimal(), inputs))?;
    let naive = run(&mut RuleAgent::new(anchor.naive(), inputs))?;
    let random = run(&mut Random::new(anchor.setup().rules().action_space(), seed)?)?;
    let own = agent.map(run).transpose()?;
    let score = |goal: &tradepit_envs::anchors::Goal| {
        let estimate = |outcomes: &[Outcome]| goal.objective.estimate(outcomes);
        let (optimum, naive, random) = (estimate(&optimal), estimate(&naive), estimate(&random));
        let own = own.as_deref().map_or_else(|| optimum.clone(), estimate);
        let reference = match anchor.reference() {
            Reference::Nothing => None,
            Reference::Naive => Some(&naive),
        };
        let (se, above) = (own.se(), own.value - goal.theory);
        let regret = |policy: &Estimate| goal.regret.then(|| Regret::new(&optimum, policy, reference));
        AnchorScore {
            name: anchor.problem().name(),
            params: anchor.problem().params(),
            objective: goal.objective.name(),
            value: own.value,
            se,
            theory: goal.theory,
            off: if above == 0.0 { 0.0 } else { above / se },
            optimal: optimum.value,
            naive: naive.value,
            random: random.value,
            regret: regret(&own),
            naive_regret: regret(&naive),
        }
    };
    Ok(anchor.goals().iter().map(score).collect())
}

/// The scores of the optimal policies of many problems, each on its own thread, with so many of the episodes that each asks for.
///
/// ```
/// use tradepit_agents::anchor_table;
/// use tradepit_envs::anchors::Problem;
/// let table = anchor_table(&[Problem::named("leak")?, Problem::named("null")?], 0.05, 0)?;
/// assert!(table.iter().all(|score| score.off.abs() < 4.0));
/// # tradepit_agents::Result::Ok(())
/// ```
///
/// # Errors
/// Names the parameter that is out of its range.
pub fn anchor_table(problems: &[Problem], share: f64, seed: u64) -> Result<Vec<AnchorScore>> {
    let scores: Result<Vec<Vec<AnchorScore>>> = problems
        .par_iter()
        .map(|problem| {
            let anchor = Anchor::new(problem.clone())?;
            anchor_scores(&anchor, None, share, seed, 1)
        })
        .collect();
    Ok(scores?.into_iter().flatten().collect())
}

/// What came of each episode, in an order that does not depend on the agent.
fn play(anchor: &Anchor, agent: &mut dyn Agent, episodes: u32, seed: u64, threads: usize) -> Result<Vec<Outcome>> {
    let lanes = LANES.min(episodes.max(2) as usize);
    let each = (episodes as usize).div_ceil(lanes);
    let mut env = anchor.setup().vec_env(lanes, threads, Autoreset::SameStep)?;
    let inputs = env.observation_space().len();
    let discrete = matches!(env.action_space(), Space::Discrete { .. });
    let (mut obs, mut final_obs) = (vec![0.0; lanes * inputs], vec![0.0; lanes * inputs]);
    let (mut reward, mut terminated, mut truncated) = (vec![0.0; lanes], vec![false; lanes], vec![false; lanes]);
    let mut numbers = vec![0.0; lanes * env.action_space().len()];
    let mut choices = vec![0; lanes];
    // Facts cost time: only one objective asks for them.
    let positions = anchor.goals().iter().any(|goal| goal.objective == Objective::PositionSd {});
    let mut facts = vec![StepFacts::default(); if positions { lanes } else { 0 }];
    let mut ended = vec![Vec::with_capacity(each); lanes];
    let mut now = vec![Outcome::default(); lanes];
    // Seeds next to each other share no environment.
    env.reset(seed.wrapping_mul(1 << 32), &mut obs)?;
    let mut missing = lanes * each;
    while missing > 0 {
        let mut actions = if discrete { ActionsMut::Discrete(&mut choices) } else { ActionsMut::Box(&mut numbers) };
        agent.act(&obs, actions.reborrow())?;
        let out = StepOut {
            obs: &mut obs,
            reward: &mut reward,
            terminated: &mut terminated,
            truncated: &mut truncated,
            final_obs: Some(&mut final_obs),
            facts: positions.then_some(&mut facts[..]),
        };
        env.step(actions.as_actions(), out)?;
        check_finite("reward", &reward, 1)?;
        for (lane, now) in now.iter_mut().enumerate() {
            now.reward += f64::from(reward[lane]);
            now.steps += 1;
            if terminated[lane] || truncated[lane] {
                now.position = facts.get(lane).map_or(0.0, |facts| facts.position);
                if ended[lane].len() < each {
                    ended[lane].push(*now);
                    missing -= 1;
                }
                *now = Outcome::default();
            }
        }
    }
    Ok(ended.into_iter().flatten().collect())
}

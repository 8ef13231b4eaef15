//! Environments that any agent must be able to learn, for examples, tests and measurements.

use tradepit_envs::{Actions, Autoreset, EpisodeStats, Error, Result, Space, StepOut, VecEnv};

use crate::policy::stream;
use crate::rng::Rng;

/// Many small environments whose best action can be read off the observation.
///
/// ```
/// use tradepit_agents::toy::Toy;
/// use tradepit_envs::{Actions, StepOut, VecEnv};
/// let mut env = Toy::follow(1, 1);
/// let (mut obs, mut reward, mut ended, mut cut) = ([0.0], [0.0], [false], [false]);
/// env.reset(0, &mut obs)?;
/// let best = obs;
/// env.step(Actions::Box(&best), StepOut { obs: &mut obs, reward: &mut reward, terminated: &mut ended,
///     truncated: &mut cut, final_obs: None, facts: None })?;
/// assert_eq!(reward, [0.0]);
/// # tradepit_envs::Result::Ok(())
/// ```
///
/// Each step a new number, even in [-1, 1], enters the observation and pushes the others on by one place. Episodes
/// are truncated after [`Toy::LENGTH`] steps. A clone stands where the original stood.
#[derive(Clone, Debug)]
pub struct Toy {
    observation: Space,
    action: Space,
    autoreset: Autoreset,
    obs: Vec<f32>,
    rngs: Vec<Rng>,
    ages: Vec<u64>,
    rewards: Vec<f64>,
    stats: EpisodeStats,
}

impl Toy {
    /// Steps of an episode.
    pub const LENGTH: u64 = 50;

    fn new(envs: usize, inputs: usize, action: Space) -> Self {
        Self {
            observation: Space::Box { len: inputs, low: -1.0, high: 1.0 },
            action,
            autoreset: Autoreset::SameStep,
            obs: vec![0.0; envs * inputs],
            rngs: vec![Rng::new(0, stream::TOY); envs],
            ages: vec![0; envs],
            rewards: vec![0.0; envs],
            stats: EpisodeStats::default(),
        }
    }

    /// The reward is minus the squared distance of a continuous action from the newest number.
    #[must_use]
    pub fn follow(envs: usize, inputs: usize) -> Self {
        Self::new(envs, inputs, Space::Box { len: 1, low: -1.0, high: 1.0 })
    }

    /// The reward is 1 for choosing the place of the largest number, 0 otherwise.
    #[must_use]
    pub fn choose(envs: usize, inputs: usize) -> Self {
        Self::new(envs, inputs, Space::Discrete { n: inputs })
    }

    /// The same, declaring another mode than the `SameStep` that it follows: to see an agent refuse it.
    #[must_use]
    pub fn declaring(mut self, autoreset: Autoreset) -> Self {
        self.autoreset = autoreset;
        self
    }

    fn inputs(&self) -> usize {
        self.observation.len()
    }
}

fn shape(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Shape { name, expected, got }) }
}

impl VecEnv for Toy {
    fn num_envs(&self) -> usize {
        self.ages.len()
    }

    fn autoreset(&self) -> Autoreset {
        self.autoreset
    }

    fn observation_space(&self) -> &Space {
        &self.observation
    }

    fn action_space(&self) -> &Space {
        &self.action
    }

    fn reset(&mut self, seed: u64, obs: &mut [f32]) -> Result<()> {
        shape("obs", self.obs.len(), obs.len())?;
        for (env, rng) in self.rngs.iter_mut().enumerate() {
            *rng = Rng::new(seed.wrapping_add(env as u64), stream::TOY);
        }
        let inputs = self.inputs();
        for (row, rng) in self.obs.chunks_exact_mut(inputs).zip(&mut self.rngs) {
            row.iter_mut().for_each(|value| *value = (2.0 * rng.uniform() - 1.0) as f32);
        }
        self.ages.fill(0);
        self.rewards.fill(0.0);
        self.stats = EpisodeStats::default();
        obs.copy_from_slice(&self.obs);
        Ok(())
    }

    fn step(&mut self, actions: Actions<'_>, mut out: StepOut<'_>) -> Result<()> {
        let (envs, inputs) = (self.num_envs(), self.inputs());
        shape("actions", envs, actions.len())?;
        shape("obs", self.obs.len(), out.obs.len())?;
        for env in 0..envs {
            let row = &mut self.obs[env * inputs..(env + 1) * inputs];
            let reward = match (actions, &self.action) {
                (Actions::Box(actions), Space::Box { .. }) => -(actions[env] - row[0]).powi(2),
                (Actions::Discrete(actions), Space::Discrete { .. }) => {
                    let chosen = usize::try_from(actions[env]).ok().and_then(|place| row.get(place));
                    let chosen = *chosen
                        .ok_or_else(|| Error::Action { env, message: format!("{} is out of range", actions[env]) })?;
                    if row.iter().all(|&value| value <= chosen) { 1.0 } else { 0.0 }
                }
                _ => return Err(Error::Action { env: 0, message: format!("expected one of {:?}", self.action) }),
            };
            row.copy_within(..inputs - 1, 1);
            row[0] = (2.0 * self.rngs[env].uniform() - 1.0) as f32;
            self.ages[env] += 1;
            self.rewards[env] += f64::from(reward);
            let ended = self.ages[env] == Self::LENGTH;
            if ended {
                let length = std::mem::take(&mut self.ages[env]);
                let reward = std::mem::take(&mut self.rewards[env]);
                self.stats.merge(&EpisodeStats { episodes: 1, reward, length, ..EpisodeStats::default() });
                if let Some(final_obs) = &mut out.final_obs {
                    final_obs[env * inputs..(env + 1) * inputs].copy_from_slice(row);
                }
                row[0] = -row[0];
            }
            (out.reward[env], out.terminated[env], out.truncated[env]) = (reward, false, ended);
        }
        out.obs.copy_from_slice(&self.obs);
        Ok(())
    }

    fn drain_episodes(&mut self) -> EpisodeStats {
        std::mem::take(&mut self.stats)
    }
}

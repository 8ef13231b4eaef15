//! PPO (Schulman et al. 2017) from top to bottom, with the details of Huang et al. (2022).

use std::ops::ControlFlow;

use tradepit_envs::{Autoreset, RewardNormaliser, StepOut, VecEnv};

use crate::agent::ActionsMut;
use crate::dist::Head;
use crate::nn::{self, Adam};
use crate::normalise::Moments;
use crate::policy::{Policy, ROWS, check_finite, stream};
use crate::rng::Rng;
use crate::rollout::Rollout;
use crate::sight::Sight;
use crate::{Error, Result};

use super::loss::{Batch, LossTerms, Minibatch, Model, ShardGradient, Work, sum_shards};
use super::parallel::Crew;
use super::value::{Seen, value};
use super::{PpoConfig, Progress};

/// The PPO trainer: a policy, a critic, and all that is needed to go on learning.
///
/// ```
/// use std::ops::ControlFlow;
/// use tradepit_agents::{Ppo, PpoConfig, toy::Toy};
/// let mut env = Toy::follow(16, 1); // reward: -(action - observation)^2
/// let config = PpoConfig { n_steps: 16, batch_size: 128, ..PpoConfig::default() };
/// let mut ppo = Ppo::new(config, &env)?;
/// ppo.learn(&mut env, 1024, |progress| {
///     assert!(progress.value_loss.is_finite());
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(ppo.steps(), 1024);
/// # tradepit_agents::Result::Ok(())
/// ```
///
/// It collects `n_steps` from every environment, then makes `n_epochs` passes of minibatches over them. The same
/// seed gives the same bits, for any number of threads. Where published versions differ it follows Stable-Baselines3:
/// the value loss is a mean of squares (of the clipped value, with `clip_range_vf`), actor and critic share nothing,
/// and `target_kl` is looked at before each step.
#[derive(Debug)]
pub struct Ppo {
    pub(super) config: PpoConfig,
    /// What acts; its parameters are the first of `params`.
    pub(super) policy: Policy,
    pub(super) model: Model,
    /// Actor, log standard deviations, critic.
    pub(super) params: Vec<f32>,
    pub(super) adam: Adam<f32>,
    pub(super) actions_rng: Rng,
    pub(super) shuffle_rng: Rng,
    pub(super) reward_scaler: Option<RewardNormaliser>,
    pub(super) steps: u64,
    pub(super) iterations: u64,
    /// Observations that the environments wait with, as they wrote them; `None` before the first reset.
    pub(super) last_obs: Option<Vec<f32>>,
    /// The same from a file, until the caller says that the environments stand there.
    pub(super) saved_obs: Option<Vec<f32>>,
    /// Of `predict`, so that looking at actions leaves training as it is.
    pub(super) predict_rng: Rng,
    pub(super) buffers: Option<Buffers>,
}

/// Memory of an iteration, made once.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) rollout: Rollout,
    rewards: Vec<f32>,
    final_obs: Vec<f32>,
    /// For observations that have to be gathered.
    room: Vec<f32>,
    scaled: Vec<f32>,
    cut: Vec<usize>,
    numbers: Vec<f32>,
    choices: Vec<i64>,
    indices: Vec<u32>,
    shards: Vec<ShardGradient<f32>>,
}

impl Ppo {
    /// An untrained agent for environments of this kind.
    ///
    /// # Errors
    /// When a field of the configuration is out of range, or the environment's spaces or autoreset mode cannot be
    /// learned from (it must be `SameStep`: the other modes hide the observation that truncation is valued by).
    pub fn new(config: PpoConfig, env: &(impl VecEnv + ?Sized)) -> Result<Self> {
        config.validate()?;
        let (observation, action) = (&Sight::space(env), env.action_space());
        let mut policy = Policy::new(observation, action, &config.hidden, config.seed)?;
        policy.set_log_std(config.log_std_init as f32);
        if config.normalize_obs {
            policy.set_normaliser(Moments::new(observation.len()))?;
        }
        let model = Model::new(observation, action, &config.hidden)?;
        let mut params = vec![0.0; model.parameters()];
        let (head, critic) = params.split_at_mut(model.policy_parameters());
        head.copy_from_slice(&policy.params);
        model.critic.initialise(critic, 1.0, &mut Rng::new(config.seed, stream::CRITIC));
        let adam = Adam::new(params.len(), 1e-5);
        let scaler = RewardNormaliser::new(config.gamma, env.num_envs())?;
        let scaler = config.normalize_reward.then_some(scaler);
        let made = Self::assemble(config, policy, model, params, adam, |made| made.reward_scaler = scaler);
        made.check(env)?;
        Ok(made)
    }

    #[cfg(test)]
    pub(super) fn rollout(&self) -> Option<(&Rollout, &[f32])> {
        self.buffers.as_ref().map(|buffers| (&buffers.rollout, &buffers.final_obs[..]))
    }

    /// Puts an agent together; `finish` sets what is not as in a new one.
    pub(super) fn assemble(
        config: PpoConfig,
        policy: Policy,
        model: Model,
        params: Vec<f32>,
        adam: Adam<f32>,
        finish: impl FnOnce(&mut Self),
    ) -> Self {
        let stream = |purpose| Rng::new(config.seed, purpose);
        let mut made = Self {
            actions_rng: stream(stream::ACTIONS),
            shuffle_rng: stream(stream::SHUFFLE),
            predict_rng: stream(stream::PREDICT),
            reward_scaler: None,
            steps: 0,
            iterations: 0,
            last_obs: None,
            saved_obs: None,
            buffers: None,
            config,
            policy,
            model,
            params,
            adam,
        };
        finish(&mut made);
        made
    }

    /// Refuses an environment that this agent was not made for.
    fn check(&self, env: &(impl VecEnv + ?Sized)) -> Result<()> {
        if env.autoreset() != Autoreset::SameStep {
            return Err(Error::Mismatch(format!(
                "autoreset: PPO needs SameStep, the environment has {:?}; make it with SameStep, which gives the final \
                 observation that truncated episodes are valued by",
                env.autoreset()
            )));
        }
        let rows = self.config.n_steps.checked_mul(env.num_envs()).filter(|&rows| u32::try_from(rows).is_ok());
        if env.num_envs() == 0 || rows.is_none() {
            return Err(Error::Config {
                field: "n_steps",
                message: format!(
                    "n_steps * num_envs must be in 1..2^32, got {} * {}",
                    self.config.n_steps,
                    env.num_envs()
                ),
            });
        }
        self.policy.check(env)
    }

    /// Learns for at least `total_steps` more steps of single environments (whole iterations), or until `on` breaks.
    ///
    /// The first call resets the environment with the configured seed; later ones go on with the running episodes, so
    /// pass the same environment, or call [`Ppo::restart_episodes`] first. `on` sees every iteration.
    ///
    /// # Errors
    /// When the environment fails, is another than the agent was made for, or gives numbers that are not finite, and
    /// when an update diverges. The agent is then as after the last good minibatch, and resets at the next call.
    pub fn learn(
        &mut self,
        env: &mut (impl VecEnv + ?Sized),
        total_steps: u64,
        mut on: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<()> {
        self.check(env)?;
        // Threads live no longer than the call: a process that forks between two calls loses none.
        let crew = Crew::new(self.config.threads, || Work::new(&self.model))?;
        let mut buffers = self.take_buffers(env);
        let result = self.iterate(env, (&mut buffers, &crew), total_steps, &mut on);
        self.buffers = Some(buffers);
        if result.is_err() {
            self.restart_episodes();
        }
        result
    }

    fn iterate(
        &mut self,
        env: &mut (impl VecEnv + ?Sized),
        (buffers, crew): (&mut Buffers, &Crew<Work<f32>>),
        total_steps: u64,
        on: &mut impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut obs = self.start(env)?;
        let (from, to) = (self.steps, self.steps.saturating_add(total_steps));
        while self.steps < to {
            let left = 1.0 - (self.steps - from) as f64 / total_steps as f64;
            let learning_rate = self.config.learning_rate * if self.config.anneal_lr { left } else { 1.0 };
            self.collect(env, &mut obs, buffers, crew)?;
            self.evaluate(&obs, buffers, crew)?;
            let explained_variance = buffers.rollout.explained_variance();
            let mut progress = self.update(buffers, crew, learning_rate)?;
            self.steps += buffers.rollout.rewards.len() as u64;
            self.iterations += 1;
            progress.steps = self.steps;
            progress.total_steps = to;
            progress.iterations = self.iterations;
            progress.episodes = env.drain_episodes();
            progress.explained_variance = explained_variance;
            if on(&progress).is_break() {
                break;
            }
        }
        self.last_obs = Some(obs);
        Ok(())
    }

    /// The observations that the environments wait with, after a reset if they have not run yet.
    fn start(&mut self, env: &mut (impl VecEnv + ?Sized)) -> Result<Vec<f32>> {
        let expected = env.num_envs() * env.observation_space().len();
        if let Some(obs) = self.last_obs.take().filter(|obs| obs.len() == expected) {
            return Ok(obs);
        }
        let mut obs = vec![0.0; expected];
        env.reset(self.config.seed, &mut obs)?;
        check_finite("observation after reset", &obs, env.observation_space().len())?;
        env.drain_episodes();
        if let Some(scaler) = &mut self.reward_scaler {
            scaler.restart(env.num_envs());
        }
        Ok(obs)
    }

    /// Steps every environment `n_steps` times with the policy as it is.
    fn collect(
        &mut self,
        env: &mut (impl VecEnv + ?Sized),
        obs: &mut [f32],
        buffers: &mut Buffers,
        crew: &Crew<Work<f32>>,
    ) -> Result<()> {
        let Self { policy, model, params, actions_rng, reward_scaler, .. } = self;
        let Buffers { rollout, rewards, final_obs, room, scaled, cut, numbers, choices, .. } = buffers;
        let (envs, inputs, width) = (rollout.envs, policy.net.inputs(), policy.head.actions());
        let written = rollout.obs.sight.written;
        let critic = &params[model.policy_parameters()..];
        for t in 0..self.config.n_steps {
            let row = t * envs..(t + 1) * envs;
            let seen = rollout.obs.keep(t, obs, policy.normaliser.as_mut(), [&mut room[..], &mut scaled[..]])?;

            // The unclipped action is stored, its clipped image goes to the environment.
            let drawn = &mut rollout.actions[row.start * width..row.end * width];
            let masks = match &mut rollout.masks[..] {
                [] => None,
                masks => {
                    let outputs = policy.head.outputs();
                    let masks = &mut masks[row.start * outputs..row.end * outputs];
                    env.action_masks(masks)?;
                    Some(&*masks)
                }
            };
            policy.sample(seen, masks, actions_rng, drawn, &mut rollout.log_probs[row.clone()]);
            let actions = match policy.head {
                Head::Gaussian { low, high, .. } => {
                    numbers.iter_mut().zip(&*drawn).for_each(|(out, value)| *out = value.clamp(low, high));
                    ActionsMut::Box(numbers)
                }
                Head::Categorical { .. } => {
                    choices.iter_mut().zip(&*drawn).for_each(|(out, value)| *out = *value as i64);
                    ActionsMut::Discrete(choices)
                }
            };
            let (terminated, truncated) = (&mut rollout.terminated[row.clone()], &mut rollout.truncated[row.clone()]);
            let out = StepOut { obs, reward: rewards, terminated, truncated, final_obs: Some(final_obs), facts: None };
            env.step(actions.as_actions(), out)?;

            check_finite("reward", rewards, 1)?;
            check_finite("observation", obs, written)?;
            let (terminated, truncated) = (&rollout.terminated[row.clone()], &rollout.truncated[row.clone()]);
            match reward_scaler {
                Some(scaler) => {
                    rollout.rewards[row.clone()].copy_from_slice(rewards);
                    let ended = |env: usize| terminated[env] || truncated[env];
                    scaler.scale(&mut rollout.rewards[row.clone()], |_| true, ended);
                }
                None => rollout.rewards[row.clone()].copy_from_slice(rewards),
            }

            // An episode that was cut would have gone on: it is worth what the critic says of its last observation.
            cut.clear();
            cut.extend((0..envs).filter(|&env| truncated[env] && !terminated[env]));
            for (slot, &env) in cut.iter().enumerate() {
                let last = &final_obs[env * written..][..written];
                check_finite("final observation", last, written).map_err(|error| match error {
                    Error::NotFinite { what, value, .. } => Error::NotFinite { what, env, value },
                    other => other,
                })?;
                let last = rollout.obs.sight.see(last, room)?;
                let out = &mut scaled[slot * inputs..][..inputs];
                match &policy.normaliser {
                    Some(normaliser) => normaliser.apply(last, out),
                    None => out.copy_from_slice(last),
                }
            }
            let bootstrap = &mut rollout.bootstrap[row];
            let cut_obs = &scaled[..cut.len() * inputs];
            value(model, critic, Seen::Rows(cut_obs), crew, &mut rewards[..cut.len()])?;
            for (&env, &value) in cut.iter().zip(&*rewards) {
                bootstrap[env] = value;
            }
        }
        Ok(())
    }

    /// Values of all observations of a rollout and of those after it; then advantages.
    fn evaluate(&self, obs: &[f32], buffers: &mut Buffers, crew: &Crew<Work<f32>>) -> Result<()> {
        let Buffers { rollout, room, scaled, .. } = buffers;
        let obs = rollout.obs.sight.see(obs, room)?;
        match &self.policy.normaliser {
            Some(normaliser) => normaliser.apply(obs, scaled),
            None => scaled.copy_from_slice(obs),
        }
        let critic = &self.params[self.model.policy_parameters()..];
        value(&self.model, critic, Seen::Kept(&rollout.obs), crew, &mut rollout.values)?;
        value(&self.model, critic, Seen::Rows(scaled), crew, &mut rollout.last_values)?;
        rollout.finish(self.config.gamma as f32, self.config.gae_lambda as f32);
        Ok(())
    }

    /// Learns from the rollout; whatever comes of it, the policy has the parameters of the last good minibatch.
    fn update(&mut self, buffers: &mut Buffers, crew: &Crew<Work<f32>>, learning_rate: f64) -> Result<Progress> {
        let result = self.passes(buffers, crew, learning_rate);
        self.policy.params.copy_from_slice(&self.params[..self.model.policy_parameters()]);
        result
    }

    /// `n_epochs` passes over the rollout in shuffled minibatches.
    fn passes(&mut self, buffers: &mut Buffers, crew: &Crew<Work<f32>>, learning_rate: f64) -> Result<Progress> {
        let Self { config, model, params, adam, shuffle_rng, .. } = self;
        let Buffers { rollout, indices, shards, .. } = buffers;
        let batch = Batch {
            // They are read out of the rollout, a shard at a time.
            obs: &[],
            actions: &rollout.actions[..],
            log_probs: &rollout.log_probs[..],
            advantages: &rollout.advantages[..],
            returns: &rollout.returns[..],
            values: &rollout.values[..],
            masks: (!rollout.masks.is_empty()).then_some(&rollout.masks[..]),
        };
        indices.iter_mut().zip(0..).for_each(|(index, row)| *index = row);
        let (mut terms, mut minibatches, mut norms) = (LossTerms::default(), 0u64, 0.0);
        'update: for _ in 0..config.n_epochs {
            shuffle_rng.shuffle(indices);
            for indices in indices.chunks(config.batch_size) {
                let minibatch = Minibatch::new(batch, indices, config.normalize_advantage);
                let shards = &mut shards[..minibatch.shards()];
                let weights = &params[..];
                crew.each(shards, 1, |work, index, shard| {
                    minibatch.shard((model, config), weights, index, work, &mut shard[0], |indices, out| {
                        rollout.obs.read(indices.iter().map(|&i| i as usize), out)
                    })
                })?;
                sum_shards(shards);
                let ShardGradient { gradient, terms: these } = &shards[0];
                let norm = f64::from(nn::squares(gradient)).sqrt();
                if !norm.is_finite() {
                    return Err(Error::Diverged(norm));
                }
                terms.add(these, 1.0);
                norms += norm;
                minibatches += 1;
                if config.target_kl.is_some_and(|target| these.approx_kl > 1.5 * target) {
                    break 'update;
                }
                let scale = (config.max_grad_norm / (norm + 1e-6)).min(1.0);
                adam.step(params, gradient, scale as f32, learning_rate);
            }
        }
        let each = 1.0 / minibatches as f64;
        Ok(Progress {
            policy_loss: terms.policy * each,
            value_loss: terms.value * each,
            entropy: terms.entropy * each,
            approx_kl: terms.approx_kl * each,
            clip_fraction: terms.clip_fraction * each,
            grad_norm: norms * each,
            learning_rate,
            minibatches,
            ..Progress::default()
        })
    }

    fn take_buffers(&mut self, env: &(impl VecEnv + ?Sized)) -> Buffers {
        let (steps, envs) = (self.config.n_steps, env.num_envs());
        let choices = if env.masks() { self.policy.head.outputs() } else { 0 };
        let sight = Sight::of(env);
        let fits = |rollout: &Rollout| {
            rollout.envs == envs && rollout.masks.len() == steps * envs * choices && rollout.obs.fits(&sight)
        };
        if let Some(mut buffers) = self.buffers.take().filter(|buffers| fits(&buffers.rollout)) {
            buffers.rollout.obs.sight = sight;
            return buffers;
        }
        let (inputs, width) = (self.policy.net.inputs(), self.policy.head.actions());
        let rows = steps * envs;
        let shard = || ShardGradient { gradient: vec![0.0; self.params.len()], terms: LossTerms::default() };
        Buffers {
            rewards: vec![0.0; envs],
            final_obs: vec![0.0; envs * sight.written],
            room: vec![0.0; sight.room(envs)],
            rollout: Rollout::new([steps, envs], (sight, self.policy.normaliser.is_some()), width, choices),
            scaled: vec![0.0; envs * inputs],
            cut: Vec::with_capacity(envs),
            numbers: vec![0.0; envs * width],
            choices: vec![0; envs * width],
            indices: vec![0; rows],
            shards: (0..self.config.batch_size.min(rows).div_ceil(ROWS)).map(|_| shard()).collect(),
        }
    }
}

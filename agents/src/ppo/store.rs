//! The trainer as bytes: a policy's file with what is needed to go on learning.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tradepit_envs::RewardNormaliser;

use crate::agent::ActionsMut;
use crate::nn::Adam;
use crate::policy::Policy;
use crate::rng::Rng;
use crate::store::{
    Tensors, format_error, net_tensors, parse, read, read_file, read_into, read_net, write, write_file,
};
use crate::{Error, Result};

use super::loss::Model;
use super::{Ppo, PpoConfig};

/// The trainer's part of the header.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    algorithm: Algorithm,
    config: PpoConfig,
    steps: u64,
    iterations: u64,
    adam_steps: u64,
    actions_rng: Rng,
    shuffle_rng: Rng,
    reward_scaler: Option<RewardNormaliser>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    Ppo,
}

impl Ppo {
    /// The agent as the bytes of a safetensors file, with all that it needs to go on learning.
    ///
    /// # Errors
    /// When the header grows beyond what the format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let state = State {
            algorithm: Algorithm::Ppo,
            config: self.config.clone(),
            steps: self.steps,
            iterations: self.iterations,
            adam_steps: self.adam.steps,
            actions_rng: self.actions_rng.clone(),
            shuffle_rng: self.shuffle_rng.clone(),
            reward_scaler: self.reward_scaler.clone(),
        };
        let mut tensors = Tensors::new();
        net_tensors("critic", &self.model.critic, &self.params[self.model.policy_parameters()..], &mut tensors);
        for (name, values) in [("adam.mean", &self.adam.mean), ("adam.square", &self.adam.square)] {
            tensors.insert(name.into(), (vec![values.len()], values.clone()));
        }
        if let Some(obs) = &self.last_obs {
            tensors.insert("last_obs".into(), (vec![obs.len()], obs.clone()));
        }
        write(&self.policy, Some(serde_json::to_value(state).map_err(format_error)?), tensors)
    }

    /// An agent from bytes of [`Ppo::to_bytes`]; its next `learn` starts new episodes.
    ///
    /// # Errors
    /// When the bytes are something else, damaged, of a later format, or a policy without its trainer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (policy, header, file) = parse(bytes)?;
        let state = header.trainer.ok_or_else(|| {
            Error::Format("the file holds a policy without its trainer: act with it, or save the trainer".into())
        })?;
        let state: State = serde_json::from_value(state).map_err(format_error)?;
        state.config.validate()?;
        let Algorithm::Ppo = state.algorithm;
        if let Some(scaler) = &state.reward_scaler {
            scaler.check().map_err(|error| Error::Format(error.to_string()))?;
        }
        let model = Model::new(&policy.observation_space, &policy.action_space, &policy.hidden)?;
        let mut params = vec![0.0; model.parameters()];
        let (head, critic) = params.split_at_mut(model.policy_parameters());
        head.copy_from_slice(&policy.params);
        read_net("critic", &model.critic, &file, critic)?;
        let mut adam = Adam::new(params.len(), 1e-5);
        adam.steps = state.adam_steps;
        read_into(&file, "adam.mean", &mut adam.mean)?;
        read_into(&file, "adam.square", &mut adam.square)?;
        let saved_obs = file.names().contains(&"last_obs").then(|| read(&file, "last_obs")).transpose()?;
        Ok(Self::assemble(state.config, policy, model, params, adam, |made| {
            made.actions_rng = state.actions_rng;
            made.shuffle_rng = state.shuffle_rng;
            made.reward_scaler = state.reward_scaler;
            made.steps = state.steps;
            made.iterations = state.iterations;
            made.saved_obs = saved_obs;
        }))
    }

    /// Saves to one safetensors file, replacing it whole.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_file(path.as_ref(), &self.to_bytes()?)
    }

    /// Loads what [`Ppo::save`] wrote; its next `learn` starts new episodes.
    ///
    /// # Errors
    /// As [`Ppo::from_bytes`], and when the file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_bytes(&read_file(path.as_ref())?)
    }

    /// Says that the environment of the next `learn` stands exactly where the saved one stood: go on with its
    /// running episodes. Training on is then the same, bit for bit, as if it had never been saved.
    pub fn continue_episodes(&mut self) {
        if let Some(obs) = self.saved_obs.take() {
            self.last_obs = Some(obs);
        }
    }

    /// Starts new episodes at the next `learn`, as for another environment.
    pub fn restart_episodes(&mut self) {
        self.last_obs = None;
        self.saved_obs = None;
    }

    /// Writes one action for each row of `obs`, among those that `masks` leave open; a draw from the policy unless
    /// `deterministic`. See [`Policy::act_among`].
    ///
    /// # Errors
    /// When a shape does not fit or an observation is not finite.
    pub fn predict(
        &mut self,
        obs: &[f32],
        masks: Option<&[bool]>,
        deterministic: bool,
        out: ActionsMut<'_>,
    ) -> Result<()> {
        let rng = if deterministic { None } else { Some(&mut self.predict_rng) };
        self.policy.act_among(obs, masks, rng, out)
    }

    /// The critic's value of each row of `obs`, in units of the scaled reward.
    ///
    /// # Errors
    /// When the shape does not fit.
    pub fn value(&self, obs: &[f32]) -> Result<Vec<f32>> {
        let critic = &self.model.critic;
        if !obs.len().is_multiple_of(critic.inputs()) {
            let expected = obs.len().next_multiple_of(critic.inputs());
            return Err(Error::Shape { name: "observations", expected, got: obs.len() });
        }
        let mut scaled = obs.to_vec();
        if let Some(normaliser) = &self.policy.normaliser {
            normaliser.apply(obs, &mut scaled);
        }
        let mut work = critic.workspace(obs.len() / critic.inputs());
        Ok(critic.forward(&self.params[self.model.policy_parameters()..], &scaled, &mut work).to_vec())
    }

    /// What acts; clone it to keep it.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What acts: to evaluate it, or to set the spec and the words that are saved with it.
    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &PpoConfig {
        &self.config
    }

    /// Sets how many threads updates use; results do not depend on it.
    ///
    /// # Errors
    /// When there are none or more than 1024.
    pub fn set_threads(&mut self, threads: usize) -> Result<()> {
        let config = PpoConfig { threads, ..self.config.clone() };
        config.validate()?;
        self.config = config;
        Ok(())
    }

    /// Bytes that the observations of a rollout take, 0 before the first; of environments whose observations are
    /// [gathered](tradepit_envs::Gather), as they are written.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use tradepit_agents::{Ppo, PpoConfig, toy::Toy};
    /// let mut env = Toy::follow(16, 3); // three numbers
    /// let mut ppo = Ppo::new(PpoConfig { n_steps: 8, batch_size: 128, ..PpoConfig::default() }, &env)?;
    /// ppo.learn(&mut env, 1, |_| ControlFlow::Break(()))?;
    /// assert_eq!(ppo.observation_bytes(), 8 * 16 * 3 * 4);
    /// # tradepit_agents::Result::Ok(())
    /// ```
    #[must_use]
    pub fn observation_bytes(&self) -> usize {
        self.buffers.as_ref().map_or(0, |buffers| buffers.rollout.obs.bytes())
    }

    /// Steps of single environments so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

//! A policy: what an agent knows how to do, without what it needs to learn.

use std::collections::BTreeMap;

use tradepit_envs::{Space, VecEnv};

use crate::agent::{ActionsMut, Agent};
use crate::dist::{self, Head};
use crate::nn::{Mlp, Real, Workspace};
use crate::normalise::{Moments, ObsNormaliser};
use crate::rng::Rng;
use crate::sight::Sight;
use crate::{Error, Result};

/// Rows that go through a network at once, so that activations stay in the cache; results do not depend on it.
pub(crate) const ROWS: usize = 256;

/// A network that maps observations to actions, with the normaliser of its observations.
///
/// ```
/// use tradepit_agents::{ActionsMut, Policy};
/// use tradepit_envs::Space;
/// let observation = Space::Box { len: 3, low: -10.0, high: 10.0 };
/// let mut policy = Policy::new(&observation, &Space::Discrete { n: 2 }, &[64, 64], 0)?;
/// let mut actions = [9i64; 2];
/// policy.act(&[0.1, 0.2, 0.3, -0.1, -0.2, -0.3], None, ActionsMut::Discrete(&mut actions))?;
/// assert!(actions.iter().all(|action| (0..2).contains(action)));
/// let again = Policy::from_bytes(&policy.to_bytes()?)?;
/// assert_eq!(again.action_space(), policy.action_space());
/// # tradepit_agents::Result::Ok(())
/// ```
///
/// This is all that trading needs; acting allocates nothing but what the matrix product packs.
/// Statistics of the normaliser are frozen here. `spec` is the caller's own description of the environment, kept as
/// it came; `extra` holds further words of the caller.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) observation_space: Space,
    pub(crate) action_space: Space,
    pub(crate) hidden: Vec<usize>,
    pub(crate) head: Head,
    pub(crate) net: Mlp,
    /// The network's, then the log standard deviations.
    pub(crate) params: Vec<f32>,
    pub(crate) normaliser: Option<ObsNormaliser>,
    /// Description of the environment that this policy was trained in, as its owner wrote it (JSON, say).
    pub spec: Option<String>,
    /// Further words of the owner, saved with the policy.
    pub extra: BTreeMap<String, String>,
    work: Workspace<f32>,
    scaled: Vec<f32>,
    inverse: Vec<f32>,
    log_probs: Vec<f32>,
    logits: Vec<f32>,
}

impl Policy {
    /// An untrained policy with hidden layers of these widths, its weights drawn from `seed`.
    ///
    /// # Errors
    /// When the observation is not a `Space::Box`, a space is empty, or a width is 0.
    pub fn new(observation: &Space, action: &Space, hidden: &[usize], seed: u64) -> Result<Self> {
        let Space::Box { len: inputs @ 1.., .. } = *observation else {
            return Err(Error::Mismatch(format!(
                "an agent cannot see the observation space {observation:?}, give a box"
            )));
        };
        if hidden.contains(&0) {
            return Err(Error::Config { field: "hidden", message: format!("expected widths above 0, got {hidden:?}") });
        }
        let head = Head::new(action)?;
        let sizes: Vec<usize> = [&[inputs], hidden, &[head.outputs()]].concat();
        let net = Mlp::new(&sizes);
        let mut params = vec![0.0; net.parameters() + head.log_stds()];
        net.initialise(&mut params, 0.01, &mut Rng::new(seed, stream::ACTOR));
        Ok(Self {
            work: net.workspace(ROWS),
            scaled: vec![0.0; ROWS * inputs],
            inverse: vec![1.0; head.log_stds()],
            log_probs: vec![0.0; head.outputs()],
            logits: vec![0.0; head.outputs()],
            observation_space: observation.clone(),
            action_space: action.clone(),
            hidden: hidden.to_vec(),
            head,
            net,
            params,
            normaliser: None,
            spec: None,
            extra: BTreeMap::new(),
        })
    }

    /// What it sees.
    #[must_use]
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// What it does.
    #[must_use]
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Refuses an environment of another observation length or action space.
    ///
    /// # Errors
    /// Shows both.
    pub fn check(&self, env: &(impl VecEnv + ?Sized)) -> Result<()> {
        let seen = Sight::space(env);
        let (mine, yours) = (self.observation_space.len(), seen.len());
        if mine != yours || !matches!(seen, Space::Box { .. }) {
            return Err(Error::Mismatch(format!(
                "the policy was made for observations of {mine} numbers, the environment gives {yours}; \
                 use the spec saved with the policy"
            )));
        }
        if &self.action_space != env.action_space() {
            return Err(Error::Mismatch(format!(
                "the policy was made for the action space {:?}, the environment has {:?}; \
                 use the spec saved with the policy",
                self.action_space,
                env.action_space()
            )));
        }
        Ok(())
    }

    /// Writes one action for each row of `obs`: the likeliest one, or a draw if `rng` is given.
    ///
    /// Shapes: `obs` is `n * observation_space().len()`, `out` is `n * action_space().len()`. Continuous actions are
    /// clipped to the action space.
    ///
    /// # Errors
    /// When a length or the kind of `out` does not fit, or an observation is not finite.
    pub fn act(&mut self, obs: &[f32], rng: Option<&mut Rng>, out: ActionsMut<'_>) -> Result<()> {
        self.act_among(obs, None, rng, out)
    }

    /// As [`act`](Self::act), among the choices that are open: `masks` has a row for each of `obs`, as
    /// [`VecEnv::action_masks`] writes them.
    ///
    /// ```
    /// use tradepit_agents::{ActionsMut, Policy};
    /// use tradepit_envs::Space;
    /// let space = Space::MultiDiscrete { nvec: vec![2, 3] };
    /// let mut policy = Policy::new(&Space::Box { len: 1, low: -1.0, high: 1.0 }, &space, &[4], 0)?;
    /// let (mut actions, masks) = ([9; 2], [false, true, true, false, false]);
    /// policy.act_among(&[0.5], Some(&masks), None, ActionsMut::Discrete(&mut actions))?;
    /// assert_eq!(actions, [1, 0]);
    /// # tradepit_agents::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// As [`act`](Self::act); and when `masks` has another length.
    pub fn act_among(
        &mut self,
        obs: &[f32],
        masks: Option<&[bool]>,
        mut rng: Option<&mut Rng>,
        mut out: ActionsMut<'_>,
    ) -> Result<()> {
        let (inputs, actions) = (self.net.inputs(), self.head.actions());
        if !obs.len().is_multiple_of(inputs) {
            let expected = obs.len().next_multiple_of(inputs);
            return Err(Error::Shape { name: "observations", expected, got: obs.len() });
        }
        check_finite("observation", obs, inputs)?;
        let (rows, got) = (obs.len() / inputs, out.as_actions().len());
        if got != rows * actions {
            return Err(Error::Shape { name: "actions", expected: rows * actions, got });
        }
        let expected = rows * self.head.outputs();
        if let Some(got) = masks.map(<[bool]>::len).filter(|got| *got != expected) {
            return Err(Error::Shape { name: "masks", expected, got });
        }
        self.prepare();
        for (index, obs) in obs.chunks(ROWS * inputs).enumerate() {
            let used = obs.len();
            match &self.normaliser {
                Some(normaliser) => normaliser.apply(obs, &mut self.scaled[..used]),
                None => self.scaled[..used].copy_from_slice(obs),
            }
            let outputs = self.net.forward(&self.params, &self.scaled[..used], &mut self.work);
            let start = index * ROWS;
            match (&mut out, &self.head) {
                (ActionsMut::Box(out), &Head::Gaussian { len, low, high }) => {
                    let out = &mut out[start * len..][..outputs.len()];
                    out.copy_from_slice(outputs);
                    if let Some(rng) = rng.as_deref_mut() {
                        for row in out.chunks_exact_mut(len) {
                            for (value, inverse) in row.iter_mut().zip(&self.inverse) {
                                *value += rng.normal() as f32 / inverse;
                            }
                        }
                    }
                    out.iter_mut().for_each(|value| *value = value.clamp(low, high));
                }
                (ActionsMut::Discrete(out), Head::Categorical { nvec }) => {
                    let width = self.log_probs.len();
                    let rows = outputs.chunks_exact(width).zip(out[start * actions..].chunks_exact_mut(actions));
                    for (row, (logits, out)) in rows.enumerate() {
                        self.logits.copy_from_slice(logits);
                        dist::close(&mut self.logits, masks.map(|masks| &masks[(start + row) * width..][..width]));
                        match rng.as_deref_mut() {
                            None => {
                                let modes = dist::parts(nvec, &self.logits).map(dist::mode);
                                out.iter_mut().zip(modes).for_each(|(out, mode)| *out = mode as i64);
                            }
                            Some(rng) => {
                                dist::log_softmax_parts(nvec, &self.logits, &mut self.log_probs);
                                for (out, part) in out.iter_mut().zip(dist::parts(nvec, &self.log_probs)) {
                                    *out = dist::draw(part, rng) as i64;
                                }
                            }
                        }
                    }
                }
                (out, _) => {
                    let kind = if matches!(out, ActionsMut::Box(_)) { "numbers" } else { "whole numbers" };
                    return Err(Error::Mismatch(format!(
                        "the policy acts in {:?}, its actions do not go into {kind}",
                        self.action_space
                    )));
                }
            }
        }
        Ok(())
    }

    fn prepare(&mut self) {
        let log_stds = &self.params[self.net.parameters()..];
        for (inverse, &log_std) in self.inverse.iter_mut().zip(log_stds) {
            *inverse = Real::exp(-log_std);
        }
    }

    /// Draws unclipped actions for observations that are normalised already, and their log-probabilities.
    pub(crate) fn sample(
        &mut self,
        scaled: &[f32],
        masks: Option<&[bool]>,
        rng: &mut Rng,
        actions: &mut [f32],
        log_probs: &mut [f32],
    ) {
        let (inputs, width) = (self.net.inputs(), self.head.actions());
        self.prepare();
        let chunks = actions.chunks_mut(ROWS * width).zip(log_probs.chunks_mut(ROWS));
        for (index, (scaled, (actions, log_probs))) in scaled.chunks(ROWS * inputs).zip(chunks).enumerate() {
            let outputs = self.net.forward(&self.params, scaled, &mut self.work);
            match &self.head {
                &Head::Gaussian { len, .. } => {
                    let log_std = &self.params[self.net.parameters()..];
                    rng.fill_normal(actions);
                    let rows = outputs.chunks_exact(len).zip(actions.chunks_exact_mut(len));
                    for ((mean, action), log_prob) in rows.zip(log_probs) {
                        for ((action, mean), inverse) in action.iter_mut().zip(mean).zip(&self.inverse) {
                            *action = mean + *action / inverse;
                        }
                        *log_prob = dist::gaussian_log_prob(mean, log_std, &self.inverse, action);
                    }
                }
                Head::Categorical { nvec } => {
                    let choices = self.log_probs.len();
                    let rows = outputs.chunks_exact(choices).zip(actions.chunks_exact_mut(width)).zip(log_probs);
                    for (row, ((logits, action), log_prob)) in rows.enumerate() {
                        self.logits.copy_from_slice(logits);
                        let at = (index * ROWS + row) * choices;
                        dist::close(&mut self.logits, masks.map(|masks| &masks[at..][..choices]));
                        dist::log_softmax_parts(nvec, &self.logits, &mut self.log_probs);
                        *log_prob = 0.0;
                        for (action, part) in action.iter_mut().zip(dist::parts(nvec, &self.log_probs)) {
                            let drawn = dist::draw(part, rng);
                            // A whole number below 2^24 is exact in f32.
                            *action = drawn as f32;
                            *log_prob += part[drawn];
                        }
                    }
                }
            }
        }
    }

    pub(crate) fn set_log_std(&mut self, value: f32) {
        let start = self.net.parameters();
        self.params[start..].fill(value);
    }

    pub(crate) fn set_normaliser(&mut self, moments: Moments) -> Result<()> {
        if moments.mean.len() != self.net.inputs() {
            return Err(Error::Format("the normaliser's statistics have another length than observations".into()));
        }
        self.normaliser = Some(ObsNormaliser::new(moments)?);
        Ok(())
    }
}

/// The likeliest action each time.
impl Agent for Policy {
    fn act(&mut self, obs: &[f32], actions: ActionsMut<'_>) -> Result<()> {
        Self::act(self, obs, None, actions)
    }

    fn act_masked(&mut self, obs: &[f32], masks: &[bool], actions: ActionsMut<'_>) -> Result<()> {
        self.act_among(obs, Some(masks), None, actions)
    }
}

/// Purposes of random streams.
pub(crate) mod stream {
    pub(crate) const ACTOR: u64 = 1;
    pub(crate) const CRITIC: u64 = 2;
    pub(crate) const ACTIONS: u64 = 3;
    pub(crate) const SHUFFLE: u64 = 4;
    pub(crate) const PREDICT: u64 = 5;
    pub(crate) const BASELINE: u64 = 6;
    pub(crate) const TOY: u64 = 7;
}

/// Refuses what is infinite or NaN, naming the environment whose number it is.
pub(crate) fn check_finite(what: &str, values: &[f32], columns: usize) -> Result<()> {
    // One branch for the whole slice: this runs on every step.
    if values.iter().fold(true, |finite, value| finite & value.is_finite()) {
        return Ok(());
    }
    let at = values.iter().position(|value| !value.is_finite()).unwrap_or(0);
    let what = if columns > 1 { format!("{what} [{}]", at % columns) } else { what.to_owned() };
    Err(Error::NotFinite { what, env: at / columns, value: values[at] })
}

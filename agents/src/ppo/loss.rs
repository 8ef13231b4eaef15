//! The loss of PPO on a minibatch and its gradient by every parameter, shard by shard.

use tradepit_envs::Space;

use crate::dist::{self, Head};
use crate::nn::{Mlp, Real, Workspace};
use crate::policy::ROWS;
use crate::{Error, Result};

use super::PpoConfig;

/// The two networks and how their parameters lie in one slice: actor, log standard deviations, critic.
///
/// ```
/// use tradepit_agents::ppo::Model;
/// use tradepit_envs::Space;
/// let observation = Space::Box { len: 4, low: -1.0, high: 1.0 };
/// let model = Model::new(&observation, &Space::Box { len: 2, low: -1.0, high: 1.0 }, &[8])?;
/// assert_eq!(model.policy_parameters(), (4 + 1) * 8 + (8 + 1) * 2 + 2);
/// assert_eq!(model.parameters() - model.policy_parameters(), (4 + 1) * 8 + (8 + 1));
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) actor: Mlp,
    pub(super) critic: Mlp,
    pub(super) head: Head,
}

/// Samples of a rollout, row-major; an action of a discrete space is its number.
///
/// ```
/// use tradepit_agents::{PpoConfig, ppo::{Batch, Model, loss_and_gradients}};
/// use tradepit_envs::Space;
/// let model = Model::new(&Space::Box { len: 1, low: -1.0, high: 1.0 }, &Space::Discrete { n: 2 }, &[4])?;
/// let batch = Batch { obs: &[0.1f64, 0.2], actions: &[0.0, 1.0], log_probs: &[-0.7, -0.7],
///     advantages: &[1.0, -1.0], returns: &[0.5, 0.0], values: &[0.0, 0.0], masks: None };
/// let params = vec![0.0; model.parameters()];
/// let (terms, _) = loss_and_gradients(&model, &params, batch, &PpoConfig::default())?;
/// assert_eq!(terms.value, 0.125); // a critic of zeros: (0.5^2 + 0) / 2
/// // One action too few.
/// let short = Batch { actions: &[0.0], ..batch };
/// assert!(loss_and_gradients(&model, &params, short, &PpoConfig::default()).is_err());
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// Observations as the networks see them, `n * inputs`.
    pub obs: &'a [T],
    /// Unclipped actions, `n * len`.
    pub actions: &'a [T],
    /// Their log-probabilities when they were drawn, `n`.
    pub log_probs: &'a [T],
    /// Advantages, not normalised, `n`.
    pub advantages: &'a [T],
    /// What the critic should say, `n`.
    pub returns: &'a [T],
    /// What it said in the rollout, `n`; read with `clip_range_vf` only.
    pub values: &'a [T],
    /// Which choices were open when the actions were drawn, `n * choices`; without it, all were.
    pub masks: Option<&'a [bool]>,
}

/// The loss and its parts, means over a minibatch.
///
/// ```
/// use tradepit_agents::{PpoConfig, ppo::{Batch, Model, loss_and_gradients}};
/// use tradepit_envs::Space;
/// let model = Model::new(&Space::Box { len: 1, low: -1.0, high: 1.0 }, &Space::Discrete { n: 2 }, &[4])?;
/// let uniform = 0.5f64.ln();
/// let batch = Batch { obs: &[0.3], actions: &[1.0], log_probs: &[uniform], advantages: &[2.0],
///     returns: &[0.0], values: &[0.0], masks: None };
/// let config = PpoConfig { ent_coef: 0.01, ..PpoConfig::default() };
/// // Weights of zero: both actions are as likely as in the rollout, and the critic says 0.
/// let (terms, _) = loss_and_gradients(&model, &vec![0.0; model.parameters()], batch, &config)?;
/// assert!((terms.policy + 2.0).abs() < 1e-12 && (terms.entropy - 2f64.ln()).abs() < 1e-12);
/// assert!((terms.total - (-2.0 - 0.01 * 2f64.ln())).abs() < 1e-12);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossTerms {
    /// Clipped surrogate.
    pub policy: f64,
    /// Mean square of the critic's error, before `vf_coef`.
    pub value: f64,
    /// Entropy of the policy.
    pub entropy: f64,
    /// `policy + vf_coef * value - ent_coef * entropy`.
    pub total: f64,
    /// Mean of `(ratio - 1) - ln ratio`: the divergence from the rollout's policy (Schulman 2020).
    pub approx_kl: f64,
    /// Share of samples whose ratio left the clip range.
    pub clip_fraction: f64,
}

impl LossTerms {
    /// Adds `other * weight`.
    pub(super) fn add(&mut self, other: &Self, weight: f64) {
        self.policy += weight * other.policy;
        self.value += weight * other.value;
        self.entropy += weight * other.entropy;
        self.total += weight * other.total;
        self.approx_kl += weight * other.approx_kl;
        self.clip_fraction += weight * other.clip_fraction;
    }
}

impl Model {
    /// Networks for these spaces.
    ///
    /// # Errors
    /// When the action space is empty.
    pub fn new(observation: &Space, action: &Space, hidden: &[usize]) -> Result<Self> {
        let head = Head::new(action)?;
        let net = |outputs: usize| Mlp::new(&[&[observation.len()], hidden, &[outputs]].concat());
        Ok(Self { actor: net(head.outputs()), critic: net(1), head })
    }

    /// Parameters of the actor and its log standard deviations: those of a `Policy`.
    #[must_use]
    pub fn policy_parameters(&self) -> usize {
        self.actor.parameters() + self.head.log_stds()
    }

    /// Copies parameters between this layout and torch's, both nets'; log standard deviations stay as they are.
    fn translate<T: Real>(&self, from: &[T], to: &mut [T], copy: impl Fn(&Mlp, &[T], &mut [T])) {
        to.copy_from_slice(from);
        copy(&self.actor, from, to);
        let critic = self.policy_parameters();
        copy(&self.critic, &from[critic..], &mut to[critic..]);
    }

    /// All parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.policy_parameters() + self.critic.parameters()
    }
}

/// Room for one shard.
#[derive(Debug)]
pub(super) struct Work<T> {
    pub(super) obs: Vec<T>,
    actor: Workspace<T>,
    pub(super) critic: Workspace<T>,
    inverse: Vec<T>,
    log_probs: Vec<T>,
    logits: Vec<T>,
}

impl<T: Real> Work<T> {
    pub(super) fn new(model: &Model) -> Self {
        Self {
            obs: vec![T::ZERO; ROWS * model.actor.inputs()],
            actor: model.actor.workspace(ROWS),
            critic: model.critic.workspace(ROWS),
            inverse: vec![T::ZERO; model.head.log_stds()],
            log_probs: vec![T::ZERO; model.head.outputs()],
            logits: vec![T::ZERO; model.head.outputs()],
        }
    }
}

/// The gradient of one shard's part of the loss; shards are summed in their order, whoever computed them.
#[derive(Debug)]
pub(super) struct ShardGradient<T> {
    pub(super) gradient: Vec<T>,
    pub(super) terms: LossTerms,
}

/// What is the same for every sample of a minibatch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minibatch<'a, T> {
    pub(super) batch: Batch<'a, T>,
    pub(super) indices: &'a [u32],
    mean: T,
    scale: T,
}

impl<'a, T: Real> Minibatch<'a, T> {
    /// Looks at the advantages of the samples, to normalise them (torch's unbiased deviation, 1e-8 beside it).
    pub(super) fn new(batch: Batch<'a, T>, indices: &'a [u32], normalise: bool) -> Self {
        if !normalise || indices.len() < 2 {
            return Self { batch, indices, mean: T::ZERO, scale: T::ONE };
        }
        let n = indices.len() as f64;
        let each = || indices.iter().map(|&i| batch.advantages[i as usize].to_f64());
        let mean = each().sum::<f64>() / n;
        let variance = each().map(|advantage| (advantage - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self { batch, indices, mean: T::from_f64(mean), scale: T::from_f64(1.0 / (variance.sqrt() + 1e-8)) }
    }

    pub(super) fn shards(&self) -> usize {
        self.indices.len().div_ceil(ROWS)
    }

    /// Writes the gradient of shard `index`'s part of the loss; `read` writes the observations of samples as the networks
    /// see them.
    ///
    /// # Errors
    /// As `read`.
    pub(super) fn shard(
        &self,
        (model, config): (&Model, &PpoConfig),
        params: &[T],
        index: usize,
        work: &mut Work<T>,
        out: &mut ShardGradient<T>,
        read: impl FnOnce(&[u32], &mut [T]) -> Result<()>,
    ) -> Result<()> {
        let Batch { obs: _, actions, log_probs, advantages, returns, values, masks } = self.batch;
        let indices = &self.indices[index * ROWS..self.indices.len().min((index + 1) * ROWS)];
        let rows = indices.len();
        let inputs = model.actor.inputs();
        read(indices, &mut work.obs[..rows * inputs])?;
        let gathered = &work.obs[..rows * inputs];
        let actor_len = model.actor.parameters();
        let (actor, rest) = params.split_at(actor_len);
        let (log_std, critic) = rest.split_at(model.head.log_stds());
        for (inverse, &log_std) in work.inverse.iter_mut().zip(log_std) {
            *inverse = (-log_std).exp();
        }
        let (d_actor, d_rest) = out.gradient.split_at_mut(actor_len);
        let (d_log_std, d_critic) = d_rest.split_at_mut(log_std.len());
        d_log_std.fill(T::ZERO);

        let share = T::from_f64(1.0 / self.indices.len() as f64);
        let (low, high) = (T::from_f64(1.0 - config.clip_range), T::from_f64(1.0 + config.clip_range));
        let ent_coef = T::from_f64(config.ent_coef);
        let mut sums = LossTerms::default();

        // The actor: surrogate and entropy.
        model.actor.forward(actor, gathered, &mut work.actor);
        let (gradient, outputs) = model.actor.output_gradient(rows, &mut work.actor);
        let (width, action_width) = (model.head.outputs(), model.head.actions());
        let gaussian_entropy = dist::gaussian_entropy(log_std);
        for ((d, output), &i) in gradient.chunks_exact_mut(width).zip(outputs.chunks_exact(width)).zip(indices) {
            let i = i as usize;
            let action = &actions[i * action_width..][..action_width];
            let (log_prob, entropy) = match &model.head {
                Head::Gaussian { .. } => {
                    (dist::gaussian_log_prob(output, log_std, &work.inverse, action), gaussian_entropy)
                }
                Head::Categorical { nvec } => {
                    work.logits.copy_from_slice(output);
                    dist::close(&mut work.logits, masks.map(|masks| &masks[i * width..][..width]));
                    let entropy = dist::log_softmax_parts(nvec, &work.logits, &mut work.log_probs);
                    let chosen = dist::parts(nvec, &work.log_probs).zip(action);
                    (chosen.fold(T::ZERO, |sum, (part, action)| sum + part[action.to_f64() as usize]), entropy)
                }
            };
            let advantage = (advantages[i] - self.mean) * self.scale;
            let log_ratio = log_prob - log_probs[i];
            let ratio = log_ratio.exp();
            let (free, clipped) = (ratio * advantage, ratio.clip(low, high) * advantage);
            // Where the clipped surrogate is the smaller one, it does not depend on the ratio.
            let weight = if free <= clipped { -(ratio * advantage) * share } else { T::ZERO };
            match &model.head {
                Head::Gaussian { .. } => {
                    dist::gaussian_gradient(output, &work.inverse, action, weight, d, d_log_std);
                }
                Head::Categorical { nvec } => {
                    let entropy_weight = -ent_coef * share;
                    dist::categorical_gradient_parts(nvec, &work.log_probs, action, weight, entropy_weight, d);
                }
            }
            sums.policy -= free.min(clipped).to_f64();
            sums.entropy += entropy.to_f64();
            sums.approx_kl += ((ratio - T::ONE) - log_ratio).to_f64();
            sums.clip_fraction += if ratio < low || ratio > high { 1.0 } else { 0.0 };
        }
        for d in d_log_std.iter_mut() {
            *d -= ent_coef * share * T::from_f64(rows as f64);
        }
        model.actor.backward(actor, gathered, &mut work.actor, d_actor);

        // The critic: a mean of squares, of the clipped value if `clip_range_vf` says so.
        model.critic.forward(critic, gathered, &mut work.critic);
        let (gradient, outputs) = model.critic.output_gradient(rows, &mut work.critic);
        let slope = T::from_f64(2.0 * config.vf_coef) * share;
        let range = config.clip_range_vf.map(T::from_f64);
        for ((d, &value), &i) in gradient.iter_mut().zip(outputs).zip(indices) {
            let i = i as usize;
            let (value, inside) = match range {
                None => (value, true),
                Some(range) => {
                    let moved = value - values[i];
                    (values[i] + moved.clip(-range, range), -range <= moved && moved <= range)
                }
            };
            let error = value - returns[i];
            *d = if inside { slope * error } else { T::ZERO };
            sums.value += (error * error).to_f64();
        }
        model.critic.backward(critic, gathered, &mut work.critic, d_critic);

        sums.total = sums.policy + config.vf_coef * sums.value - config.ent_coef * sums.entropy;
        out.terms = LossTerms::default();
        out.terms.add(&sums, 1.0 / self.indices.len() as f64);
        Ok(())
    }
}

/// Sums gradients and terms of shards into the first one, in their order.
pub(super) fn sum_shards<T: Real>(shards: &mut [ShardGradient<T>]) {
    if let Some((first, others)) = shards.split_first_mut() {
        for other in others {
            crate::nn::add(&mut first.gradient, &other.gradient);
            first.terms.add(&other.terms, 1.0);
        }
    }
}

/// The loss of one minibatch and its gradient, for tests against other implementations.
///
/// Parameters and gradient: the actor's layers (weight `outputs x inputs`, bias), log standard deviations, the
/// critic's layers.
///
/// # Errors
/// When the batch's slices do not have one row for each of its samples, or `params` is not as long as the model's.
#[doc(hidden)]
pub fn loss_and_gradients<T: Real>(
    model: &Model,
    params: &[T],
    batch: Batch<'_, T>,
    config: &PpoConfig,
) -> Result<(LossTerms, Vec<T>)> {
    let (n, inputs) = (batch.advantages.len(), model.actor.inputs());
    let shapes = [
        ("params", model.parameters(), params.len()),
        ("obs", n * inputs, batch.obs.len()),
        ("actions", n * model.head.actions(), batch.actions.len()),
        ("log_probs", n, batch.log_probs.len()),
        ("returns", n, batch.returns.len()),
        ("values", n, batch.values.len()),
    ];
    for (name, expected, got) in shapes {
        if expected != got {
            return Err(Error::Shape { name, expected, got });
        }
    }
    if let Some(masks) = batch.masks.filter(|masks| masks.len() != n * model.head.outputs()) {
        return Err(Error::Shape { name: "masks", expected: n * model.head.outputs(), got: masks.len() });
    }
    if let Head::Categorical { nvec } = &model.head {
        let fits = |(action, n): &(&T, &usize)| (0.0..**n as f64).contains(&action.to_f64());
        if let Some((action, n)) = batch.actions.iter().zip(nvec.iter().cycle()).find(|chosen| !fits(chosen)) {
            return Err(Error::Mismatch(format!("action {action:?} is not in 0..{n}")));
        }
    }
    let mut own = vec![T::ZERO; params.len()];
    model.translate(params, &mut own, Mlp::from_torch);
    let params = &own[..];
    let indices: Vec<u32> = (0..u32::try_from(n).unwrap_or(u32::MAX)).collect();
    let minibatch = Minibatch::new(batch, &indices, config.normalize_advantage);
    let mut work = Work::new(model);
    let mut shards: Vec<ShardGradient<T>> = (0..minibatch.shards())
        .map(|_| ShardGradient { gradient: vec![T::ZERO; params.len()], terms: LossTerms::default() })
        .collect();
    for (index, shard) in shards.iter_mut().enumerate() {
        minibatch.shard((model, config), params, index, &mut work, shard, |indices, rows| {
            for (row, &i) in rows.chunks_exact_mut(inputs).zip(indices) {
                row.copy_from_slice(&batch.obs[i as usize * inputs..][..inputs]);
            }
            Ok(())
        })?;
    }
    sum_shards(&mut shards);
    let first = shards.first().ok_or(Error::Shape { name: "batch", expected: 1, got: 0 })?;
    let mut gradient = vec![T::ZERO; params.len()];
    model.translate(&first.gradient, &mut gradient, Mlp::to_torch);
    Ok((first.terms, gradient))
}

//! What a caller sees of training.

use tradepit_envs::EpisodeStats;

/// How training goes, after each iteration; losses are means over its minibatches.
///
/// ```
/// use std::ops::ControlFlow;
/// use tradepit_agents::{Ppo, PpoConfig, Progress, toy::Toy};
/// let mut env = Toy::follow(16, 1);
/// let config = PpoConfig { n_steps: 16, batch_size: 128, ..PpoConfig::default() };
/// let mut seen: Vec<Progress> = Vec::new();
/// Ppo::new(config, &env)?.learn(&mut env, 10_000, |progress| {
///     seen.push(*progress);
///     // Enough after three iterations of 16 * 16 steps.
///     if progress.iterations == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// })?;
/// assert_eq!(seen.iter().map(|progress| progress.steps).collect::<Vec<_>>(), [256, 512, 768]);
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Steps of single environments since the agent was made.
    pub steps: u64,
    /// Where this call of `learn` will end.
    pub total_steps: u64,
    /// Rollouts since the agent was made.
    pub iterations: u64,
    /// Sums over the episodes that ended in this iteration.
    pub episodes: EpisodeStats,
    /// Clipped surrogate.
    pub policy_loss: f64,
    /// Mean square of the critic's error.
    pub value_loss: f64,
    /// Of the policy.
    pub entropy: f64,
    /// Approximate KL divergence from the rollout's policy.
    pub approx_kl: f64,
    /// Share of samples whose ratio left the clip range.
    pub clip_fraction: f64,
    /// Share of the variance of returns that the critic explained before the update.
    pub explained_variance: Option<f64>,
    /// Norm of the gradient before it was clipped.
    pub grad_norm: f64,
    /// Of the last step.
    pub learning_rate: f64,
    /// Minibatches that were learned from; fewer than planned when `target_kl` ended the update.
    pub minibatches: u64,
}

//! Sums over ended episodes: what a training loop logs instead of per-step dictionaries.

use serde::{Deserialize, Serialize};

/// Sums over the episodes that ended since they were last drained.
///
/// ```
/// use tradepit_envs::EpisodeStats;
/// let mut stats = EpisodeStats::default();
/// stats.episodes = 2;
/// stats.reward = 3.0;
/// assert_eq!(stats.mean_reward(), Some(1.5));
/// assert_eq!(EpisodeStats::default().mean_reward(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeStats {
    /// Episodes ended.
    pub episodes: u64,
    /// Sum of their undiscounted rewards.
    pub reward: f64,
    /// Sum of their lengths in steps.
    pub length: u64,
    /// Sum of their profits: last equity - first equity, in account currency.
    pub profit: f64,
    /// Sum of fees paid, in account currency.
    pub fees: f64,
    /// Fills.
    pub fills: u64,
    /// Closed trades.
    pub trades: u64,
    /// Episodes that ended in termination (ruin or drawdown limit).
    pub terminated: u64,
}

impl EpisodeStats {
    /// Adds another set of sums.
    pub fn merge(&mut self, other: &Self) {
        self.episodes += other.episodes;
        self.reward += other.reward;
        self.length += other.length;
        self.profit += other.profit;
        self.fees += other.fees;
        self.fills += other.fills;
        self.trades += other.trades;
        self.terminated += other.terminated;
    }

    /// Mean reward of an episode, if one ended.
    #[must_use]
    pub fn mean_reward(&self) -> Option<f64> {
        (self.episodes > 0).then(|| self.reward / self.episodes as f64)
    }

    /// Mean length of an episode in steps, if one ended.
    #[must_use]
    pub fn mean_length(&self) -> Option<f64> {
        (self.episodes > 0).then(|| self.length as f64 / self.episodes as f64)
    }
}

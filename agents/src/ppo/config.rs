//! What can be set about PPO.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The settings of PPO, named as users of Stable-Baselines3 know them.
///
/// ```
/// use tradepit_agents::PpoConfig;
/// let config = PpoConfig { n_steps: 64, batch_size: 4096, n_epochs: 4, ..PpoConfig::default() };
/// config.validate()?;
/// let wrong = PpoConfig { gamma: 1.5, ..config };
/// assert_eq!(wrong.validate().unwrap_err().to_string(), "gamma: expected a number in [0, 1], got 1.5");
/// # tradepit_agents::Result::Ok(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PpoConfig {
    /// Step size of Adam; default 3e-4.
    pub learning_rate: f64,
    /// Steps of each environment between updates; default 128.
    pub n_steps: usize,
    /// Samples of a minibatch, the last one of an epoch may be smaller; default 4096.
    pub batch_size: usize,
    /// Passes over a rollout; default 4.
    pub n_epochs: usize,
    /// Discount; default 0.99.
    pub gamma: f64,
    /// Lambda of generalised advantage estimation; default 0.95.
    pub gae_lambda: f64,
    /// How far the probability ratio may move before its gradient stops; default 0.2.
    pub clip_range: f64,
    /// How far a value may move from the rollout's; default none. Depends on the scale of rewards.
    pub clip_range_vf: Option<f64>,
    /// Whether advantages of each minibatch get mean 0 and deviation 1; default true.
    pub normalize_advantage: bool,
    /// Weight of the entropy bonus; default 0.
    pub ent_coef: f64,
    /// Weight of the value loss (a mean of squares); default 0.5.
    pub vf_coef: f64,
    /// Largest norm of the gradient of all parameters; default 0.5.
    pub max_grad_norm: f64,
    /// Ends the update once the approximate KL divergence of a minibatch exceeds 1.5 times this; default none.
    pub target_kl: Option<f64>,
    /// Widths of the hidden layers, of the policy's network and of the value's (`net_arch`); default 64, 64.
    #[serde(alias = "net_arch")]
    pub hidden: Vec<usize>,
    /// Logarithm of the initial standard deviation of continuous actions; default 0.
    pub log_std_init: f64,
    /// Lets the learning rate fall to 0 over each call of `learn`; default false.
    pub anneal_lr: bool,
    /// Normalises observations by their running mean and deviation; default true.
    pub normalize_obs: bool,
    /// Divides rewards by the running deviation of the discounted return; default true.
    pub normalize_reward: bool,
    /// Of weights, actions, shuffles, and the first reset; default 0.
    pub seed: u64,
    /// Threads of the update; the result is the same for any number of them; default 1.
    pub threads: usize,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            learning_rate: 3e-4,
            n_steps: 128,
            batch_size: 4096,
            n_epochs: 4,
            gamma: 0.99,
            gae_lambda: 0.95,
            clip_range: 0.2,
            clip_range_vf: None,
            normalize_advantage: true,
            ent_coef: 0.0,
            vf_coef: 0.5,
            max_grad_norm: 0.5,
            target_kl: None,
            hidden: vec![64, 64],
            log_std_init: 0.0,
            anneal_lr: false,
            normalize_obs: true,
            normalize_reward: true,
            seed: 0,
            threads: 1,
        }
    }
}

impl PpoConfig {
    /// Names the first field that is out of its range.
    ///
    /// # Errors
    /// With the field, its value and its range.
    pub fn validate(&self) -> Result<()> {
        let above = |field, value: f64| check(field, value, value > 0.0, "a number above 0");
        let share = |field, value: f64| check(field, value, (0.0..=1.0).contains(&value), "a number in [0, 1]");
        let weight = |field, value: f64| check(field, value, value >= 0.0, "a number of at least 0");
        let count = |field, value: usize| match value {
            1..=0x00FF_FFFF => Ok(()),
            _ => Err(Error::Config { field, message: format!("expected a whole number in 1..=16777215, got {value}") }),
        };
        above("learning_rate", self.learning_rate)?;
        count("n_steps", self.n_steps)?;
        count("batch_size", self.batch_size)?;
        count("n_epochs", self.n_epochs)?;
        share("gamma", self.gamma)?;
        share("gae_lambda", self.gae_lambda)?;
        above("clip_range", self.clip_range)?;
        self.clip_range_vf.map_or(Ok(()), |value| above("clip_range_vf", value))?;
        weight("ent_coef", self.ent_coef)?;
        weight("vf_coef", self.vf_coef)?;
        above("max_grad_norm", self.max_grad_norm)?;
        self.target_kl.map_or(Ok(()), |value| above("target_kl", value))?;
        self.hidden.iter().try_for_each(|&width| count("hidden", width))?;
        let log_std = self.log_std_init;
        check("log_std_init", log_std, (-20.0..=5.0).contains(&log_std), "a number in [-20, 5]")?;
        match self.threads {
            1..=1024 => Ok(()),
            threads => Err(Error::Config {
                field: "threads",
                message: format!("expected a whole number in 1..=1024, got {threads}"),
            }),
        }
    }
}

fn check(field: &'static str, value: f64, sound: bool, range: &str) -> Result<()> {
    if sound && value.is_finite() {
        return Ok(());
    }
    Err(Error::Config { field, message: format!("expected {range}, got {value}") })
}

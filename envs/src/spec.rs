//! An environment as data.

use serde::{Deserialize, Serialize};
use tradepit::{
    MarketData,
    features::FeaturePipelineSpec,
    models::{Commission, FillRule, Financing, Flatten, Latency, MarginRule, Matching, Models, Slippage},
    venue::check_holding,
};

use crate::{
    AccountNumber, ActionScheme as _, ActionSpec, EpisodeSpec, Error, Length, Limits, MarketSpec, Observe, Randomise,
    Result, Reward as _, RewardSpec, randomise::Numbers, rules::STAYS,
};

/// Everything that makes an environment, but for its data. Python keywords, JSON and TOML have the same names.
///
/// ```
/// use tradepit_envs::EnvSpec;
/// let spec: EnvSpec = serde_json::from_str(r#"{"window": 16, "commission": {"kind": "per_contract", "fee": 2.1}}"#).unwrap();
/// assert_eq!((spec.window, spec.cash), (16, 100_000.0));
/// let typo = serde_json::from_str::<EnvSpec>(r#"{"windw": 16}"#).unwrap_err().to_string();
/// assert!(typo.contains("unknown field `windw`"));
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnvSpec {
    /// Which prices an episode sees.
    pub market: MarketSpec,
    /// Cash at the beginning of an episode, in account currency.
    pub cash: f64,
    /// Lots of the first instrument that an account holds at the beginning of an episode, signed: at the last price, free
    /// of costs, beside the cash. A live account must hold them already.
    pub holding: f64,
    /// At which point of the next bar orders fill.
    pub fill: FillRule,
    /// How much worse.
    pub slippage: Slippage,
    /// For which fee.
    pub commission: Commission,
    /// After what delay orders reach the market.
    pub latency: Latency,
    /// How limits and stops meet a bar, and how much of it there is.
    pub matching: Matching,
    /// What it costs to hold cash and positions.
    pub financing: Financing,
    /// What an account must be worth to open and to keep positions.
    pub margin: MarginRule,
    /// What happens to positions where a session ends.
    pub flatten: Flatten,
    /// What is computed from the bars; without it, the default for their length.
    pub features: Option<FeaturePipelineSpec>,
    /// Rows of features in an observation, at least 1.
    pub window: usize,
    /// Whether an observation has them, or says where they are.
    pub observe: Observe,
    /// Numbers of the account in an observation, in this order, behind the features.
    pub account: Vec<AccountNumber>,
    /// From an action to orders.
    pub action: ActionSpec,
    /// What an account may not do, whatever the actions say.
    pub limits: Limits,
    /// From a step's facts to a number.
    pub reward: RewardSpec,
    /// Where episodes start and end.
    pub episode: EpisodeSpec,
    /// Numbers of the models that every episode draws.
    pub randomise: Randomise,
}

impl Default for EnvSpec {
    fn default() -> Self {
        Self {
            market: MarketSpec::default(),
            cash: 100_000.0,
            holding: 0.0,
            fill: FillRule::default(),
            slippage: Slippage::default(),
            commission: Commission::default(),
            latency: Latency::default(),
            matching: Matching::default(),
            financing: Financing::default(),
            margin: MarginRule::default(),
            flatten: Flatten::default(),
            features: None,
            window: 32,
            observe: Observe::default(),
            account: AccountNumber::USUAL.to_vec(),
            action: ActionSpec::default(),
            limits: Limits::default(),
            reward: RewardSpec::default(),
            episode: EpisodeSpec::default(),
            randomise: Randomise::default(),
        }
    }
}

impl EnvSpec {
    /// The models of the market.
    #[must_use]
    pub fn models(&self) -> Models {
        Models {
            fill: self.fill.clone(),
            slippage: self.slippage.clone(),
            commission: self.commission.clone(),
            latency: self.latency.clone(),
            matching: self.matching.clone(),
            financing: self.financing.clone(),
            margin: self.margin.clone(),
            flatten: self.flatten,
        }
    }

    /// The same where observations are windows, as live sessions show them.
    ///
    /// ```
    /// use tradepit_envs::{EnvSpec, Observe};
    /// let spec: EnvSpec = serde_json::from_str(r#"{"observe": {"kind": "index"}, "window": 8}"#).unwrap();
    /// assert_eq!((spec.with_windows().observe, spec.with_windows().window), (Observe::default(), 8));
    /// ```
    #[must_use]
    pub fn with_windows(&self) -> Self {
        Self { observe: Observe::default(), ..self.clone() }
    }

    /// The features, after putting in the default for the bars and instruments of `data` if none are named.
    pub fn resolve_features(&mut self, data: &MarketData) -> &FeaturePipelineSpec {
        let instruments = data.instruments().len() as u32;
        self.features.get_or_insert_with(|| FeaturePipelineSpec::for_market(data.period_ns(), instruments))
    }

    /// Whether every number makes sense, for that many instruments.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self, instruments: usize) -> Result<()> {
        if !(self.cash.is_finite() && self.cash > 0.0) {
            return Err(Error::spec("cash", format!("{} must be a finite number above 0", self.cash)));
        }
        check_holding(self.holding)?;
        if !(1..=10_000).contains(&self.window) {
            return Err(Error::spec("window", format!("{} must be in 1..=10000 rows", self.window)));
        }
        self.market.validate()?;
        if matches!(
            (self.observe, &self.market),
            (Observe::Index(_), MarketSpec::Synthetic(_) | MarketSpec::Bootstrap(_))
        ) {
            return Err(Error::spec("observe", format!("index: a market is drawn for every episode; it {STAYS}")));
        }
        let models = self.models();
        models.validate()?;
        Numbers::new(&self.randomise, &models)?;
        if let Some(features) = &self.features {
            features.validate()?;
        }
        self.action.validate(instruments)?;
        if let (ActionSpec::ExecutionRate(_), Length::Session(_)) = (&self.action, self.episode.length) {
            let message =
                "execution_rate needs to know the last step of an episode; use a length of steps, or of the data";
            return Err(Error::spec("episode.length", message));
        }
        self.limits.validate()?;
        self.reward.validate()?;
        self.episode.validate()?;
        if self.reward.needs().steps && !self.episode.is_of_steps() {
            let message = "must be of kind steps: the reward reads how much time is left";
            return Err(Error::spec("episode.length", message));
        }
        self.validate_account()
    }

    fn validate_account(&self) -> Result<()> {
        for (at, number) in self.account.iter().enumerate() {
            let refuse = |why: &str| Err(Error::spec(format!("account.{at}"), format!("{} {why}", number.name())));
            match number {
                _ if self.account[..at].contains(number) => return refuse("is named twice; name it once"),
                AccountNumber::TimeLeft if !self.episode.is_of_steps() => {
                    return refuse("needs an episode.length of kind steps");
                }
                AccountNumber::RewardMemory if self.reward.observed().is_empty() => {
                    return refuse("needs a reward that shows its memory, as differential_sharpe; leave it out");
                }
                _ => {}
            }
        }
        Ok(())
    }
}

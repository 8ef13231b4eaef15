//! A spec checked against a market, with the numbers that every step needs.

use std::sync::Arc;

use tradepit::{Instrument, MarketData, features::FeaturePipelineSpec, models::Models};

use crate::{
    AccountNumber, ActionScheme as _, EnvSpec, Error, Observe, Result, Reward as _, Space, WindowGather, action::Plain,
    facts::EXPECTED_CHANGE, randomise::Numbers,
};

/// An [`EnvSpec`] checked against the instruments and features of a market: what one transition needs to know.
///
/// ```
/// use tradepit_envs::{EnvSpec, Rules, SimSetup};
/// # use tradepit::market::synth;
/// let spec = EnvSpec { window: 4, ..EnvSpec::default() };
/// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let (rules, data) = (setup.rules(), &setup.world().data);
/// assert_eq!(rules.observation_space().len(), 4 * data.width() + rules.account_len());
/// assert_eq!(rules.observation_names().len(), rules.observation_space().len());
/// // A live session makes its own from the spec and its data.
/// assert_eq!(Rules::new(rules.spec().clone(), data).unwrap().layout(), rules.layout());
/// ```
///
/// The simulator and a live session make theirs from the same spec, and get the same spaces.
#[derive(Clone, Debug)]
pub struct Rules {
    spec: EnvSpec,
    observation_space: Space,
    action_space: Space,
    features: Vec<String>,
    pub(crate) numbers: Numbers,
    /// As the spec has them, what is drawn at its nominal value.
    pub(crate) models: Models,
    /// The action scheme, where a step can run it inline.
    pub(crate) plain: Option<Plain>,
    pub(crate) grid: Vec<Grid>,
    /// Rows of features that an observation has, and their numbers.
    pub(crate) rows: usize,
    pub(crate) window_len: usize,
    /// What makes windows of observations by index, where they are such.
    pub(crate) gather: Option<Arc<WindowGather>>,
    pub(crate) max_steps: u32,
    pub(crate) ends_with_session: bool,
    pub(crate) drawdown_limit: f64,
    /// Turns nanoseconds held into windows.
    pub(crate) inv_window_ns: f64,
    pub(crate) clip: f32,
    /// Of the one instrument, where the observation has the usual numbers of its account.
    pub(crate) usual: Option<Grid>,
    /// The largest share of the equity, where actions are such shares.
    max_weight: Option<f64>,
    /// How many numbers of its memory the reward shows.
    reward_numbers: usize,
    /// The data's column of expected changes.
    pub(crate) expected_change: Option<usize>,
}

/// What a step needs to know of one instrument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) lot: f64,
    pub(crate) inv_lot: f64,
    /// One over the largest position.
    pub(crate) inv_max_units: f64,
    /// Money per point of price and unit.
    multiplier: f64,
}

/// Why an observation by index is refused.
pub(crate) const STAYS: &str = "needs features that stay as they are, those of simulated environments over data; observe \
                                windows here (kind window), which a policy that was trained by index reads as well";

impl Rules {
    /// Checks `spec` against `data`, whose features must be attached.
    ///
    /// # Errors
    /// Names the field that does not fit, its value and the allowed range. Observations by index are for environments of a
    /// [`SimSetup`](crate::SimSetup), whose data stay as they are.
    pub fn new(spec: EnvSpec, data: &MarketData) -> Result<Self> {
        if let Observe::Index(_) = spec.observe {
            return Err(Error::spec("observe", format!("index: {STAYS}")));
        }
        Self::of_windows(spec, data)
    }

    /// As [`new`](Self::new), over data that stay as they are.
    pub(crate) fn over(spec: EnvSpec, data: &Arc<MarketData>) -> Result<Self> {
        let made = Self::of_windows(spec, data)?;
        match made.spec.observe {
            Observe::Window(_) => Ok(made),
            Observe::Index(_) => {
                let gather = WindowGather::new(data, made.spec.window, made.observation_space.clone())?;
                let numbers = made.account_len() + made.numbers.shown();
                let observation_space = Space::Indexed { numbers, low: -made.clip, high: made.clip };
                Ok(Self { observation_space, gather: Some(gather.into()), rows: 0, window_len: 0, ..made })
            }
        }
    }

    /// The rules of an environment that observes windows, whatever the spec says.
    fn of_windows(spec: EnvSpec, data: &MarketData) -> Result<Self> {
        let instruments = data.instruments();
        spec.validate(instruments.len())?;
        let expected_change = data.column_index(EXPECTED_CHANGE);
        if expected_change.is_none() && spec.reward.needs().expected_change {
            let message = format!(
                "needs the column {EXPECTED_CHANGE}, which only synthetic markets have: nobody knows it of a real one"
            );
            return Err(Error::spec("reward", message));
        }
        let max_lots = spec.action.max_lots();
        let action_space = spec.action.space(instruments.len());
        if action_space == (Space::Box { len: 0, low: 0.0, high: 0.0 }) {
            return Err(Error::spec("action", "has no number; a scheme needs at least one"));
        }
        let grid = |i: &Instrument| Grid {
            lot: i.lot,
            inv_lot: 1.0 / i.lot,
            inv_max_units: 1.0 / (i.lot * max_lots),
            multiplier: i.multiplier,
        };
        let window_len = spec.window * data.width();
        let Some(clip) = spec.features.as_ref().map(|f| f.clip) else {
            return Err(Error::spec("features", "are not named; resolve_features puts in the default"));
        };
        let numbers = Numbers::new(&spec.randomise, &spec.models())?.within(clip);
        let window_ns = (data.period_ns() * spec.window as i64).max(1);
        let grid: Vec<Grid> = instruments.iter().map(grid).collect();
        let max_weight = spec.action.max_weight();
        let is_usual = grid.len() == 1 && spec.account == AccountNumber::USUAL && max_weight.is_none();
        let usual = grid.first().filter(|_| is_usual).copied();
        let mut made = Self {
            observation_space: Space::Box { len: 0, low: -clip, high: clip },
            action_space,
            features: data.feature_names().to_vec(),
            numbers,
            models: spec.models(),
            plain: Plain::of(&spec.action).filter(|_| spec.limits.is_none()),
            grid,
            rows: spec.window,
            window_len,
            gather: None,
            max_steps: spec.episode.max_steps(),
            ends_with_session: spec.episode.ends_with_session(),
            drawdown_limit: spec.episode.drawdown_limit.unwrap_or(f64::INFINITY),
            inv_window_ns: 1.0 / window_ns as f64,
            clip,
            usual,
            max_weight,
            reward_numbers: spec.reward.observed().len(),
            expected_change,
            spec,
        };
        let len = window_len + made.account_len() + made.numbers.shown();
        made.observation_space = Space::Box { len, low: -clip, high: clip };
        Ok(made)
    }

    /// How many numbers of the account an observation has.
    #[must_use]
    pub fn account_len(&self) -> usize {
        self.spec.account.iter().map(|number| self.numbers_of(*number)).sum()
    }

    /// How many numbers that is.
    pub(crate) fn numbers_of(&self, number: AccountNumber) -> usize {
        match number {
            AccountNumber::RewardMemory => self.reward_numbers,
            number if number.is_of_each() => self.grid.len(),
            _ => 1,
        }
    }

    /// The spec.
    #[must_use]
    pub fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    /// Of one environment.
    #[must_use]
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// What makes windows, as a network reads them, of observations by index ([`Observe`]); none where they are windows.
    #[must_use]
    pub fn gather(&self) -> Option<&Arc<WindowGather>> {
        self.gather.as_ref()
    }

    /// Of one environment.
    #[must_use]
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// What an observation is made of, as a network reads it, in words: equal for two environments if and only if a policy of
    /// the one can read the observations of the other. By index it is that of the windows which are [gathered](Self::gather).
    ///
    /// ```
    /// use tradepit::market::synth;
    /// use tradepit_envs::{EnvSpec, SimSetup};
    /// let layout = |window| SimSetup::new(EnvSpec { window, ..EnvSpec::default() }, synth::es_1m(500, 0).unwrap()).unwrap()
    ///     .rules().layout();
    /// assert!(layout(4).starts_with("4 rows of [log_return_1, "));
    /// assert_ne!(layout(4), layout(5));
    /// ```
    #[must_use]
    pub fn layout(&self) -> String {
        let hash = self.spec.features.as_ref().map(FeaturePipelineSpec::hash).unwrap_or_default();
        let (window, instruments) = (self.spec.window, self.grid.len());
        let plural = if instruments == 1 { "" } else { "s" };
        let features = self.features.join(", ");
        let shown = self.numbers.layout().join(", ");
        let shown = if shown.is_empty() { shown } else { format!(", drawn [{shown}]") };
        let account = if self.spec.account == AccountNumber::USUAL {
            String::new()
        } else {
            let number = |number: &AccountNumber| match number {
                AccountNumber::RewardMemory => format!("{}: {}", number.name(), self.spec.reward.observed().join(", ")),
                _ => number.name().to_owned(),
            };
            format!(" [{}]", self.spec.account.iter().map(number).collect::<Vec<_>>().join(", "))
        };
        format!(
            "{window} rows of [{features}] (features {hash}), account{account} of {instruments} instrument{plural}{shown}"
        )
    }

    /// The paths of the numbers that episodes draw ([`Randomise`](crate::Randomise)), in order.
    pub fn randomised(&self) -> impl ExactSizeIterator<Item = &str> {
        self.numbers.paths()
    }

    /// Units of an instrument at a price, of an account with that equity, in the units of an action: as a share of the largest one, or
    /// of the equity by the largest weight. It is what an action came to, once it is rounded, cut and filled.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn exposure(&self, instrument: usize, units: f64, price: f64, equity: f64) -> f64 {
        let grid = &self.grid[instrument];
        match self.max_weight {
            Some(most) if equity > 0.0 => units * price * grid.multiplier / (equity * most),
            Some(_) => 0.0,
            None => units * grid.inv_max_units,
        }
    }

    /// The names of the newest row of features, without their ago, and of all that follows; where they begin in an
    /// observation, and how many of them are features.
    pub(crate) fn newest_names(&self) -> (Vec<String>, usize, usize) {
        let (begin, features) = (self.window_len - self.features.len(), self.features.len());
        let names = self.observation_names().split_off(begin);
        let bare = |name: String| name.strip_suffix("[-0]").map(str::to_owned).unwrap_or(name);
        (names.into_iter().map(bare).collect(), begin, features)
    }

    /// Whether masks may close choices here.
    #[must_use]
    pub fn masks(&self) -> bool {
        !self.action_space.choices().is_empty() && self.spec.action.masks()
    }

    /// Entries of a mask: one for each value of each whole number of an action.
    #[must_use]
    pub fn mask_len(&self) -> usize {
        self.action_space.choices().iter().sum()
    }

    /// Names of the numbers of an observation, in order: `feature[-ago]`, or by index `table` and `row`, then the account's,
    /// then `randomised.path`.
    #[must_use]
    pub fn observation_names(&self) -> Vec<String> {
        let window = self.rows;
        let index = ["table", "row"].into_iter().filter(|_| self.gather.is_some()).map(str::to_owned);
        let rows =
            (0..window).flat_map(|row| self.features.iter().map(move |name| format!("{name}[-{}]", window - 1 - row)));
        let account = self.spec.account.iter().flat_map(|number| {
            let name = number.name();
            match number {
                AccountNumber::RewardMemory => {
                    self.spec.reward.observed().into_iter().map(|of| format!("{name}.{of}")).collect()
                }
                number if number.is_of_each() => (0..self.grid.len()).map(|id| format!("{name}_{id}")).collect(),
                _ => vec![name.to_owned()],
            }
        });
        let drawn = self.numbers.paths().take(self.numbers.shown()).map(|path| format!("randomised.{path}"));
        index.chain(rows).chain(account).chain(drawn).collect()
    }
}

//! An episode over any venue, with what is kept of it for people.

use numpy::PyArray1;
use pyo3::{prelude::*, types::PyDict};
use tradepit::{
    Venue,
    account::{AccountEvent, AccountSnapshot},
};
use tradepit_envs::{
    Action, BatchReward as _, Env, EpisodeRecord, Error, Hooks, Moment, Reward as _, RewardMemory, Rules, StepCounts,
    StepFacts, Transition,
};

use crate::{
    columns::{self, Column},
    error::{fault, raise},
    info::Info,
    reward::PyReward,
};

/// An environment and the record of its episode.
#[derive(Clone)]
pub(crate) struct Session<V: Venue> {
    pub(crate) env: Env<V>,
    pub(crate) record: EpisodeRecord,
    /// Of episodes that are over, less what [`drain_counts`](Self::drain_counts) has told.
    pub(crate) counted: StepCounts,
}

/// Records fills, and asks the callable for the reward.
struct Watch<'a, 'b> {
    record: &'a mut EpisodeRecord,
    reward: Option<&'a mut PyReward<'b>>,
    error: Option<Error>,
}

impl Hooks for Watch<'_, '_> {
    fn event(&mut self, event: &AccountEvent) {
        self.record.event(event);
    }

    fn reward(&mut self, rules: &Rules, facts: &StepFacts, memory: &mut RewardMemory) -> f32 {
        let Some(reward) = &mut self.reward else { return rules.spec().reward.reward(facts, memory) };
        let mut out = [0.0];
        match reward.rewards(std::slice::from_ref(facts), &mut out) {
            Ok(()) if out[0].is_finite() => out[0],
            Ok(()) => {
                let message = format!("{} must be a finite number; the step counts as 0", out[0]);
                self.error = Some(Error::Reward { env: 0, message });
                0.0
            }
            Err(error) => {
                self.error = Some(error);
                0.0
            }
        }
    }
}

impl<V: Venue> Session<V> {
    pub(crate) fn new(env: Env<V>) -> Self {
        Self { record: EpisodeRecord::of(env.venue()), counted: StepCounts::default(), env }
    }

    pub(crate) fn info(&self) -> Info {
        Info::now(self.env.rules(), self.env.venue().market(), self.env.state(), self.env.facts())
    }

    /// Keeps what was done in the present episode, before another one begins.
    pub(crate) fn count(&mut self) {
        self.counted += StepCounts::of(self.env.state());
    }

    /// Steps and fills since the last call.
    pub(crate) fn drain_counts(&mut self) -> StepCounts {
        let mut sum = self.counted;
        sum += StepCounts::of(self.env.state());
        self.counted -= sum;
        sum
    }

    /// Forgets the last episode, and keeps where this one begins.
    pub(crate) fn begin(&mut self) {
        self.record.clear();
        let (market, account) = (self.env.venue().market(), self.env.state().account());
        self.record.opened(&AccountSnapshot::of(account, market.instruments(), market.now()));
        self.record.randomise(self.env.rules().randomised().zip(self.env.randomised()));
        self.moment(0.0);
    }

    /// Info after a reset: that of a step, and the drawn numbers by their paths where there are some.
    pub(crate) fn reset_info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = self.info().dict(py)?;
        if !self.record.randomised().is_empty() {
            dict.set_item("randomised", self.record.randomised())?;
        }
        Ok(dict)
    }

    fn moment(&mut self, reward: f32) {
        let (env, facts, account) = (&self.env, self.env.facts(), self.env.state().account());
        self.record.moment(Moment {
            time: env.venue().market().now(),
            equity: account.equity(),
            position: facts.position,
            price: facts.price,
            reward: reward.into(),
            fees: account.fees(),
            slippage: account.slippage(),
        });
    }

    pub(crate) fn step(
        &mut self,
        action: Action<'_>,
        obs: &mut [f32],
        reward: Option<&mut PyReward<'_>>,
    ) -> tradepit_envs::Result<Transition> {
        let steps = self.env.state().steps();
        let mut watch = Watch { record: &mut self.record, reward, error: None };
        let transition = self.env.step_with(action, obs, &mut watch)?;
        let error = watch.error;
        // At the end of a feed nothing moves, and there is nothing to keep.
        if self.env.state().steps() > steps {
            self.moment(transition.reward);
        }
        error.map_or(Ok(transition), Err)
    }

    /// The trades of the episode, the open one last, as arrays by column.
    pub(crate) fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        columns::trades(py, &self.record.closed(), &self.record.open())
    }

    /// The account after the reset and after every step of the episode, as arrays by column.
    pub(crate) fn equity_curve<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let moments = self.record.moments();
        let dict = PyDict::new(py);
        dict.set_item("time", PyArray1::from_iter(py, moments.iter().map(|moment| moment.time.nanos())))?;
        let numbers: [Column<Moment>; 6] = [
            ("equity", |moment| moment.equity),
            ("position", |moment| moment.position),
            ("price", |moment| moment.price),
            ("reward", |moment| moment.reward),
            ("fees", |moment| moment.fees),
            ("slippage", |moment| moment.slippage),
        ];
        for (name, of) in numbers {
            dict.set_item(name, PyArray1::from_iter(py, moments.iter().map(of)))?;
        }
        Ok(dict)
    }

    /// Every fill of the episode, as arrays by column.
    pub(crate) fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        columns::fills(py, &self.record.fills())
    }

    /// Statistics of the episode so far, as JSON; without a number of periods, a year is that of calendar and bars.
    pub(crate) fn performance(&self, bars_per_year: f64, periods_per_year: Option<f64>) -> PyResult<String> {
        let periods = periods_per_year.unwrap_or(bars_per_year);
        let account = self.env.state().account();
        let performance = self.record.performance(account, periods).map_err(fault)?;
        serde_json::to_string(&performance).map_err(|error| raise("InternalError", error.to_string()))
    }
}

//! Whether what an environment shows knows the future: a user's own spec and data, run again with other futures.

mod future;
mod report;
mod run;

pub use report::{Leak, LeakReport};

use serde::{Deserialize, Serialize};
use tradepit::{
    MarketData, Rng, Timestamp,
    features::{FeatureSpec, NormaliseBy},
    rng::{Purpose, stream},
};

use crate::{EnvSpec, Error, MarketSpec, Result, SimSetup};
use future::{Another, another_future};
use report::Found;

/// How to look for leaks.
///
/// ```
/// use tradepit::{features::{self, FeaturePipelineSpec}, market::synth};
/// use tradepit_envs::{EnvSpec, LeakCheck};
/// let data = synth::es_1m(1_000, 0).unwrap();
/// // The built-in features are causal.
/// let report = LeakCheck::default().run(&EnvSpec::default(), &data, Ok).unwrap();
/// assert!(report.leaks.is_empty() && report.numbers > 50_000);
/// // A column that is made of all closes, the next one among them, is not.
/// let spec: EnvSpec = serde_json::from_str(r#"{"features": {"features": [{"kind": "column", "name": "next"}]}}"#).unwrap();
/// let next = |data: tradepit::MarketData| {
///     let closes = data.bars().iter().map(|bar| bar.close as f32);
///     let next = closes.clone().skip(1).chain(closes.last()).collect();
///     Ok(data.with_column("next", next)?)
/// };
/// let report = LeakCheck::default().run(&spec, &data, next).unwrap();
/// assert_eq!(report.leaks[0].column, "next");
/// // The last row before a cut shows what comes behind it.
/// assert_eq!(report.leaks[0].time, report.leaks[0].future);
/// ```
///
/// The data are cut at some rows, and what lies behind each cut is replaced, once by other prices and volumes, and once by
/// its own rows in another order; columns of the user are made anew by the caller. Whatever is shown up to the cut, each
/// feature and each of those columns in each row, and each observation and reward of an episode with random actions, must be
/// the same to the bit.
/// What a row shows with statistics that were fitted on later rows is a leak as well.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeakCheck {
    /// At how many rows the data are cut, in 1..=1000; 8 find whatever looks ahead by a row or more.
    pub cuts: u32,
    /// Of the rows, the futures and the actions.
    pub seed: u64,
    /// Only rows that close at or after it are looked at, such as those of an evaluation; all that are warm without it.
    pub since: Option<Timestamp>,
}

impl Default for LeakCheck {
    fn default() -> Self {
        Self { cuts: 8, seed: 0, since: None }
    }
}

impl LeakCheck {
    /// Runs the check: `columns` puts the user's own columns, made from the bars, into data that has another future, as it
    /// does into the data itself; `Ok` where there are none.
    ///
    /// # Errors
    /// When the spec does not fit the data, there are too few rows to cut, or as `columns` says.
    pub fn run(
        &self,
        spec: &EnvSpec,
        data: &MarketData,
        mut columns: impl FnMut(MarketData) -> Result<MarketData>,
    ) -> Result<LeakReport> {
        if !(1..=1_000).contains(&self.cuts) {
            return Err(Error::spec("cuts", format!("{} must be in 1..=1000", self.cuts)));
        }
        // What is drawn anew for each episode is looked at on one path, with what the process publishes.
        let drawn = match &spec.market {
            MarketSpec::Data(_) | MarketSpec::Bootstrap(_) => None,
            MarketSpec::Synthetic(market) => Some(market.process.market_like(data, self.seed, 0)?),
        };
        let data = drawn.as_ref().unwrap_or(data);
        // Windows: an index shows no feature.
        let spec = EnvSpec { market: MarketSpec::default(), ..spec.with_windows() };
        let mut setup = |data| SimSetup::new(spec.clone(), columns(data)?);
        let truth = setup(data.clone())?;
        let table = &truth.world().data;
        let late = |row: usize| self.since.is_none_or(|since| time(table, row) >= since);
        let (first, last) = (table.warm_up(), table.len() - 1);
        let Some(first) = (first..last.saturating_sub(1)).find(|row| late(*row)) else {
            let since = self.since.map(|since| format!(" since {since}")).unwrap_or_default();
            let message = format!("{} rows{since} behind the warm-up; a check needs 3", table.len() - table.warm_up());
            return Err(tradepit::Error::TooLittleData(message).into());
        };
        let mut rng = stream(self.seed, 0, Purpose::Path);
        let own = table.columns().iter().map(|(name, _)| name).filter(|name| !table.feature_names().contains(name));
        let mut found = Found::new(table.feature_names().iter().chain(own).cloned().collect());
        for cut in cuts(first..last, self.cuts as usize, &mut rng) {
            for how in [Another::Prices, Another::Order] {
                let other = setup(another_future(data, cut, how, &mut rng)?)?;
                found.compare_rows(&truth, &other, first..cut + 1);
                found.compare_episode(&truth, &other, cut, self.seed)?;
            }
        }
        fitted_later(&spec, table, first, &mut found);
        Ok(found.report(table, first))
    }
}

fn time(data: &MarketData, row: usize) -> Timestamp {
    data.bars()[row * data.instruments().len()].time
}

/// One row of each of so many equal parts.
fn cuts(rows: std::ops::Range<usize>, count: usize, rng: &mut Rng) -> Vec<usize> {
    use rand::RngExt as _;
    let (len, count) = (rows.len(), count.min(rows.len()));
    let at = |part: usize| rows.start + part * len / count;
    (0..count).map(|part| rng.random_range(at(part)..at(part + 1))).collect()
}

/// Rows that are shown with statistics of rows behind them.
fn fitted_later(spec: &EnvSpec, data: &MarketData, first: usize, found: &mut Found) {
    let features = spec.features.iter().flat_map(|features| &features.features);
    for feature in features {
        let FeatureSpec::Normalised(normalised) = feature else { continue };
        let NormaliseBy::Frozen(frozen) = &normalised.by else { continue };
        for name in feature.names() {
            match frozen.until {
                Some(until) if time(data, first) < until => found.fitted(&name, first, until, data),
                Some(_) => {}
                None => found.unknown(&name),
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! What a venue tells its models beyond the bars.

use crate::{
    Error, InstrumentId, MarketView, Result,
    account::{Fill, TradedVolume},
    models::{DailyStats, Facts, Liquidity, Models},
};

/// Volatility and volume of the last complete days, by row and instrument, and whether fees ask for the month's volume.
///
/// ```
/// use tradepit::{InstrumentId, market::synth, models::Models, venue::VenueFacts};
/// let models: Models = serde_json::from_str(r#"{"slippage": {"kind": "square_root", "days": 5}}"#).unwrap();
/// let data = synth::es_1m(3_000, 0).unwrap();
/// let facts = VenueFacts::new(&models, data.view(data.len()));
/// // The first day is complete where the second one begins.
/// let es = InstrumentId(0);
/// assert!(facts.daily(1_439, es).sigma.is_nan() && facts.daily(1_440, es).sigma > 0.0);
/// assert_eq!(facts.daily(1_440, es).adv, data.bars()[..1_440].iter().map(|bar| bar.volume).sum::<f64>());
/// ```
///
/// A simulation makes the table once for all of its data, a live session lets it grow by the row; both push bar after bar
/// through [`DailyStats`], so that both know the same. A day that is under way counts for nothing. Days are sessions, or
/// days of UTC where the data has none; a day of which the data misses the beginning is none. What no model asks for is
/// not computed.
#[derive(Clone, Debug)]
pub struct VenueFacts {
    models_need: Facts,
    /// Over how many complete days, when a model asks.
    days: Option<usize>,
    /// One for each instrument; none when no model asks.
    stats: Vec<DailyStats>,
    /// Rows with which a day begins, or something happens.
    starts: Vec<u32>,
    /// Volatility and volume as known from that row on, one an instrument.
    known: Vec<(f64, f64)>,
}

impl VenueFacts {
    /// Of the rows that `market` has, for `models`.
    #[must_use]
    pub fn new(models: &Models, market: MarketView<'_>) -> Self {
        let (models_need, days) = (models.needs(), models.slippage.days());
        let stats = days.map(|days| vec![DailyStats::new(days); market.instruments().len()]);
        let (starts, known) = (Vec::new(), Vec::new());
        let mut facts = Self { models_need, days, stats: stats.unwrap_or_default(), starts, known };
        if !facts.stats.is_empty() {
            (1..=market.len()).filter_map(|end| market.first(end)).for_each(|market| facts.push(market));
        }
        facts
    }

    /// Takes the last row of `market` in.
    pub fn push(&mut self, market: MarketView<'_>) {
        if self.stats.is_empty() {
            return;
        }
        let (begins, events) = (market.day_begins(), market.events());
        for event in events {
            let id = event.instrument.0 as usize;
            self.stats[id].happen(&event.what, market.instruments()[id].multiplier);
        }
        for (stats, bar) in self.stats.iter_mut().zip(market.row()) {
            stats.push(bar, begins);
        }
        if begins || !events.is_empty() {
            self.starts.push(market.len() as u32 - 1);
            self.known.extend(self.stats.iter().map(|stats| (stats.sigma(), stats.adv())));
        }
    }

    /// Volatility and volume of days as known when row `row` opens; NaN until a day is complete.
    #[must_use]
    pub fn daily(&self, row: usize, instrument: InstrumentId) -> Liquidity {
        let days = self.starts.partition_point(|start| *start as usize <= row);
        let found = days.checked_sub(1).map(|day| self.known[day * self.stats.len() + instrument.0 as usize]);
        found.map_or(Liquidity::UNKNOWN, |(sigma, adv)| Liquidity { sigma, adv, ..Liquidity::UNKNOWN })
    }

    /// Whether nothing of them depends on the data.
    pub(super) fn are_none(&self) -> bool {
        self.stats.is_empty()
    }

    /// Whether they are what these models ask for.
    pub(super) fn are_for(&self, models: &Models) -> bool {
        self.models_need == models.needs() && self.days == models.slippage.days()
    }

    /// Whether these rows, the whole of a simulation, come to know all that models can't do without.
    pub(super) fn check(&self, market: MarketView<'_>) -> Result<()> {
        let n = self.stats.len().max(1);
        for (id, instrument) in market.instruments().iter().enumerate() {
            let mut known = self.known.iter().skip(id).step_by(n);
            let name = &instrument.name;
            if self.models_need.sigma && !known.clone().any(|(sigma, _)| sigma.is_finite()) {
                let message = format!(
                    "is not set, and the data has no complete day of {name}; give it, as 0.01 for one percent a day"
                );
                return Err(Error::spec("slippage.sigma", message));
            }
            if self.models_need.adv && !known.any(|(_, adv)| adv.is_finite()) {
                let message = format!(
                    "is not set, and the data has no complete day with a volume of {name}; give it in its units"
                );
                return Err(Error::spec("slippage.adv", message));
            }
        }
        Ok(())
    }

    /// What fees may know of what was traded.
    pub(super) fn traded<'a>(&self, traded: &'a TradedVolume) -> Option<&'a TradedVolume> {
        self.models_need.month.then_some(traded)
    }

    /// Begins to count for a new account.
    pub(super) fn begin(&self, traded: &mut TradedVolume) {
        traded.clear();
        if self.models_need.month {
            traded.reserve();
        }
    }

    /// Counts a fill where fees ask for it.
    pub(super) fn count(&self, traded: &mut TradedVolume, fill: &Fill) {
        if self.models_need.month {
            traded.apply(fill);
        }
    }
}

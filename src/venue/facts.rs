//! What a venue tells its models beyond the bars.

use crate::{
    Error, InstrumentId, MarketView, Result, Timestamp,
    account::{Fill, TradedVolume},
    models::{CarrySchedule, DailyStats, Facts, FinancingModel as _, Flatten, Liquidity, Models},
    time::HOUR_NS,
};

/// Volatility and volume of the last complete days, by row and instrument, whether fees ask for the month's volume, and in
/// which rows something happens whatever the orders.
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
    schedule: CarrySchedule,
    flatten: Flatten,
    /// One bit a row: the market has an event, carry falls due, or positions are flattened. It ends with the last such row.
    eventful: Vec<u64>,
}

impl VenueFacts {
    /// Of the rows that `market` has, for `models`.
    #[must_use]
    pub fn new(models: &Models, market: MarketView<'_>) -> Self {
        let (models_need, days) = (models.needs(), models.slippage.days());
        let stats = days.map(|days| vec![DailyStats::new(days); market.instruments().len()]);
        let mut facts = Self {
            models_need,
            days,
            stats: stats.unwrap_or_default(),
            starts: Vec::new(),
            known: Vec::new(),
            schedule: models.financing.schedule(),
            flatten: models.flatten,
            eventful: Vec::new(),
        };
        // Otherwise there is nothing to be found in the rows.
        if days.is_some() || models.carries() || market.has_events() {
            (1..=market.len()).filter_map(|end| market.first(end)).for_each(|market| facts.push(market));
        }
        facts
    }

    /// Takes the last row of `market` in.
    pub fn push(&mut self, market: MarketView<'_>) {
        let events = market.events();
        let flattens = self.flatten == (Flatten::SessionEnd {}) && market.session_closed();
        if flattens || !events.is_empty() || is_due(self.schedule, market) {
            let row = market.len() - 1;
            self.eventful.resize(row / 64 + 1, 0);
            self.eventful[row / 64] |= 1 << (row % 64);
        }
        if self.stats.is_empty() {
            return;
        }
        let begins = market.day_begins();
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

    /// Whether something happens in a row whatever the orders: an event of the market, carry, flattening.
    #[inline(always)]
    pub(super) fn is_eventful(&self, row: usize) -> bool {
        self.eventful.get(row / 64).is_some_and(|rows| rows >> (row % 64) & 1 == 1)
    }

    /// Whether nothing of them depends on the prices.
    pub(super) fn are_none(&self) -> bool {
        self.stats.is_empty()
    }

    /// Whether they are what these models ask for.
    pub(super) fn are_for(&self, models: &Models) -> bool {
        self.models_need == models.needs()
            && self.days == models.slippage.days()
            && self.schedule == models.financing.schedule()
            && self.flatten == models.flatten
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

/// Whether carry falls due in the last row of `market`.
pub(super) fn is_due(schedule: CarrySchedule, market: MarketView<'_>) -> bool {
    match schedule {
        CarrySchedule::Never => false,
        CarrySchedule::Daily => market.days_turned() > 0,
        CarrySchedule::EveryHours(hours) => {
            let step = i64::from(hours.max(1)) * HOUR_NS;
            let boundaries = |time: Timestamp| time.nanos().div_euclid(step);
            market.before().is_none_or(|before| boundaries(before.now()) != boundaries(market.now()))
        }
    }
}

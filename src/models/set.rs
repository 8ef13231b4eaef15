//! The models of one market together, and the one place where an order becomes a fill.

use serde::{Deserialize, Serialize};

use super::{
    Commission, CommissionModel as _, Facts, FeeContext, FillContext, FillModel, FillRule, Financing,
    FinancingModel as _, Flatten, IntrabarPath, Latency, Liquidity, MarginRule, Matching, Moment, Slippage,
    SlippageModel as _,
};
use crate::{
    Bar, Error, Instrument, Result, Rng, Timestamp,
    account::{Fill, TradedVolume},
    order::MarketOrder,
};

/// How orders execute.
///
/// ```
/// use tradepit::models::Models;
/// let models: Models = serde_json::from_str(
///     r#"{"slippage": {"kind": "fixed_ticks", "ticks": 1}, "commission": {"kind": "per_contract", "fee": 2.1}}"#).unwrap();
/// assert!(models.validate().is_ok());
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// At which point of the next bar.
    pub fill: FillRule,
    /// How much worse.
    pub slippage: Slippage,
    /// For which fee.
    pub commission: Commission,
    /// After what delay.
    pub latency: Latency,
    /// How orders in the book meet a bar.
    pub matching: Matching,
    /// What it costs to hold cash and positions.
    pub financing: Financing,
    /// What an account must be worth to open and to keep positions.
    pub margin: MarginRule,
    /// What happens to positions where a session ends.
    pub flatten: Flatten,
}

impl Models {
    /// Whether every number makes sense, for a venue that knows its data and what the account holds and has traded. Over
    /// data that lack what data may have ([`Facts::of`]), the venue itself may still refuse.
    ///
    /// ```
    /// use tradepit::models::{Facts, Models};
    /// let models: Models = serde_json::from_str(r#"{"slippage": {"kind": "square_root", "adv": 1e6}}"#).unwrap();
    /// assert!(models.validate().is_ok());
    /// // A venue of your own that keeps no statistics of days.
    /// let refused = models.validate_with(Facts::NONE).unwrap_err().to_string();
    /// assert!(refused.starts_with("slippage.sigma: is not set"));
    /// ```
    ///
    /// # Errors
    /// Names the field, its value and the allowed range, or what the venue does not know.
    pub fn validate(&self) -> Result<()> {
        self.validate_with(Facts::DATA)
    }

    /// Whether every number makes sense, for a venue that has `facts` beyond its bars and gives them to the models.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, facts: Facts) -> Result<()> {
        self.slippage.validate()?;
        self.commission.validate()?;
        self.needs().check(facts)?;
        self.latency.validate()?;
        self.matching.validate()?;
        self.financing.validate()?;
        self.margin.validate()
    }

    /// Whether data with columns of these names has those that the models read.
    ///
    /// ```
    /// use tradepit::models::Models;
    /// let json = r#"{"financing": {"kind": "funding_column", "column": "rate"}}"#;
    /// let models: Models = serde_json::from_str(json).unwrap();
    /// assert!(models.check_columns(&["rate"]).is_ok());
    /// let refused = models.check_columns(&["signal"]).unwrap_err().to_string();
    /// assert_eq!(refused, r#"financing.column: "rate" is not in the data, which has ["signal"]"#);
    /// ```
    ///
    /// # Errors
    /// Names the column, and those that there are.
    pub fn check_columns(&self, names: &[&str]) -> Result<()> {
        match self.financing.column() {
            Some(column) if !names.contains(&column) => {
                Err(Error::spec("financing.column", format!("{column:?} is not in the data, which has {names:?}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What the models can't do without beyond the bars.
    #[must_use]
    pub fn needs(&self) -> Facts {
        let quotes = self.fill.is_quote();
        let sub_bars = matches!(self.matching.path, IntrabarPath::SubBars { .. });
        self.slippage.needs().or(self.commission.needs()).or(Facts { quotes, sub_bars, ..Facts::NONE })
    }

    /// Whether anything happens to an account but its own orders: carry, margin calls, flattening.
    #[must_use]
    pub fn carries(&self) -> bool {
        !self.financing.is_none() || !self.margin.is_none() || self.flatten != Flatten::None {}
    }

    /// Whether a market order needs no book: it arrives at once, and fills in whole at a price of the next bar. A venue
    /// asks this once.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.latency.is_none() && self.matching.is_plain() && !self.fill.is_quote()
    }

    /// Whether no model reads more than the bars, of data that may have `quotes`.
    #[must_use]
    pub fn needs_bars_only(&self, quotes: bool) -> bool {
        let reads_quotes = quotes && matches!(self.slippage, Slippage::HalfSpread(_));
        self.needs() == Facts::NONE && self.slippage.days().is_none() && !reads_quotes
    }

    /// Fills a market order on `bar`, the first one on which it can; `before` is the bar before that. Nothing is known
    /// beyond the bars.
    ///
    /// The simulator and the paper broker both come here or to the same code with what they tell their models, and
    /// nowhere else does an order without a book get its price.
    // One piece with its models in it, however many call it: left to the compiler, a step takes up to 25 instructions more.
    #[inline(never)]
    pub fn execute(
        &self,
        order: MarketOrder,
        instrument: &Instrument,
        before: &Bar,
        bar: &Bar,
        period_ns: i64,
        rng: &mut Rng,
    ) -> Fill {
        self.fill(order, instrument, self.spot(before, bar, period_ns), &Told::default(), rng)
    }

    /// Where the fill rule fills a market order.
    #[inline]
    pub(crate) fn spot<'a>(&self, before: &'a Bar, bar: &'a Bar, period_ns: i64) -> Spot<'a> {
        Spot::by(&self.fill, before, bar, period_ns)
    }

    /// The fill of an order at a price and a moment, with what the venue tells its models.
    #[inline(never)]
    pub(crate) fn fill_told(
        &self,
        order: MarketOrder,
        instrument: &Instrument,
        spot: Spot<'_>,
        told: &Told<'_>,
        rng: &mut Rng,
    ) -> Fill {
        self.fill(order, instrument, spot, told, rng)
    }

    // In both, so that where nothing is told nothing is looked at.
    #[inline(always)]
    fn fill(
        &self,
        order: MarketOrder,
        instrument: &Instrument,
        spot: Spot<'_>,
        told: &Told<'_>,
        rng: &mut Rng,
    ) -> Fill {
        let qty = order.qty;
        let ctx = FillContext::new(instrument, qty, spot.price, spot.known);
        let price = self.slippage.price(&FillContext { liquidity: told.liquidity, ..ctx }, rng);
        let mut fees = FeeContext { time: spot.time, ..FeeContext::new(instrument, qty, price) };
        if let Some(traded) = told.traded {
            fees = fees.after(traded);
        }
        let fee = self.commission.fee(&fees);
        Fill {
            qty,
            price,
            reference: spot.reference,
            fee,
            multiplier: instrument.multiplier,
            time: spot.time,
            order: order.id,
            instrument: order.instrument,
            futures: instrument.is_futures(),
        }
    }
}

/// What a venue knows beyond the bars when an order fills.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told<'a> {
    pub(crate) liquidity: Liquidity,
    /// What the account has traded; none where no fee asks.
    pub(crate) traded: Option<&'a TradedVolume>,
}

/// A price and a moment at which an order fills, and the last bar known then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) price: f64,
    /// The price that costs are measured against: the middle of a quote.
    pub(crate) reference: f64,
    pub(crate) known: &'a Bar,
    pub(crate) time: Timestamp,
}

impl<'a> Spot<'a> {
    /// Where that rule fills a market order.
    #[inline(always)]
    pub(crate) fn by(rule: &impl FillModel, before: &'a Bar, bar: &'a Bar, period_ns: i64) -> Self {
        let point = rule.market(before, bar);
        let known = if point.moment == Moment::Close { bar } else { before };
        // A bar is stamped by its close; it opened one period before, but never before the last bar closed.
        let opened = bar.time.plus_ns(-period_ns).max(before.time);
        let time = match point.moment {
            Moment::SeenClose => before.time,
            Moment::Open => opened,
            Moment::Close => bar.time,
        };
        Spot { price: point.price, reference: point.price, known, time }
    }
}

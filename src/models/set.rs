//! The models of one market together, and the one place where an order becomes a fill.

use serde::{Deserialize, Serialize};

use super::{
    Commission, CommissionModel as _, Facts, FeeContext, FillContext, FillModel as _, FillRule, Financing,
    FinancingModel as _, Flatten, Latency, MarginRule, Matching, Moment, Slippage, SlippageModel as _,
};
use crate::{Bar, Error, Instrument, Result, Rng, account::Fill, order::MarketOrder};

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
    /// Whether every number makes sense, for a venue that knows its bars and the account's position.
    ///
    /// ```
    /// use tradepit::models::{Facts, Models};
    /// let models: Models = serde_json::from_str(r#"{"slippage": {"kind": "square_root", "adv": 1e6}}"#).unwrap();
    /// let refused = models.validate().unwrap_err().to_string();
    /// assert!(refused.starts_with("slippage.sigma: is not set"));
    /// assert!(models.validate_with(Facts::DAILY).is_ok());
    /// ```
    ///
    /// # Errors
    /// Names the field, its value and the allowed range, or what the venue does not know.
    pub fn validate(&self) -> Result<()> {
        self.validate_with(Facts::BARS)
    }

    /// Whether every number makes sense, for a venue that has `facts` beyond its bars and gives them to the models.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, facts: Facts) -> Result<()> {
        self.slippage.validate()?;
        self.commission.validate()?;
        self.slippage.needs().or(self.commission.needs()).check(facts)?;
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

    /// Whether anything happens to an account but its own orders: carry, margin calls, flattening.
    #[must_use]
    pub fn carries(&self) -> bool {
        !self.financing.is_none() || !self.margin.is_none() || self.flatten != Flatten::None {}
    }

    /// Whether a market order needs no book: it arrives at once, fills in whole at the next bar, and no model asks for
    /// more than the bars.
    #[must_use]
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.latency.is_none() && self.matching.is_plain() && self.slippage.is_plain()
    }

    /// Fills a market order on `bar`, the first one on which it can; `before` is the bar before that.
    ///
    /// The simulator and the paper broker both come here, and nowhere else does an order get its price.
    #[inline]
    pub fn execute(
        &self,
        order: MarketOrder,
        instrument: &Instrument,
        before: &Bar,
        bar: &Bar,
        period_ns: i64,
        rng: &mut Rng,
    ) -> Fill {
        let point = self.fill.market(before, bar);
        let qty = order.qty;
        let known = if point.moment == Moment::Close { bar } else { before };
        let price = self.slippage.price(&FillContext::new(instrument, qty, point.price, known), rng);
        // A bar is stamped by its close; it opened one period before, but never before the last bar closed.
        let opened = bar.time.plus_ns(-period_ns).max(before.time);
        let time = match point.moment {
            Moment::SeenClose => before.time,
            Moment::Open => opened,
            Moment::Close => bar.time,
        };
        let fee = self.commission.fee(&FeeContext { time, ..FeeContext::new(instrument, qty, price) });
        Fill {
            qty,
            price,
            reference: point.price,
            fee,
            multiplier: instrument.multiplier,
            time,
            order: order.id,
            instrument: order.instrument,
            futures: instrument.is_futures(),
        }
    }
}

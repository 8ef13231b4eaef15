//! The models of one market together, and the one place where an order becomes a fill.

use serde::{Deserialize, Serialize};

use super::{
    Commission, CommissionModel as _, FeeContext, FillContext, FillModel as _, FillPoint, FillRule, Financing, Flatten,
    Latency, MarginRule, Matching, Slippage, SlippageModel as _,
};
use crate::{Bar, Instrument, Result, Rng, account::Fill, order::Order};

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
    /// Whether every number makes sense.
    ///
    /// # Errors
    /// Names the field, its value and the allowed range.
    pub fn validate(&self) -> Result<()> {
        self.slippage.validate()?;
        self.commission.validate()?;
        self.latency.validate()?;
        self.matching.validate()?;
        self.financing.validate()?;
        self.margin.validate()
    }

    /// Whether anything happens to an account but its own orders: carry, margin calls, flattening.
    #[must_use]
    pub fn carries(&self) -> bool {
        !self.financing.is_none() || !self.margin.is_none() || self.flatten != Flatten::None {}
    }

    /// Whether a market order needs no book: it arrives at once, and fills in whole at the next bar.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.latency.is_none() && self.matching.is_plain()
    }

    /// Fills a market order on `bar`, the first one on which it can; `before` is the bar before that.
    ///
    /// The simulator and the paper broker both come here, and nowhere else does an order get its price.
    #[inline]
    pub fn execute(
        &self,
        order: &Order,
        instrument: &Instrument,
        before: &Bar,
        bar: &Bar,
        period_ns: i64,
        rng: &mut Rng,
    ) -> Fill {
        self.execute_at(self.fill.market(bar), order, instrument, before, bar, period_ns, rng)
    }

    /// As [`execute`](Self::execute), at a point of the bar that is not the fill rule's: what a venue does on its own.
    #[expect(clippy::too_many_arguments, reason = "those of execute, and the point")]
    #[inline]
    pub(crate) fn execute_at(
        &self,
        point: FillPoint,
        order: &Order,
        instrument: &Instrument,
        before: &Bar,
        bar: &Bar,
        period_ns: i64,
        rng: &mut Rng,
    ) -> Fill {
        let qty = order.request.qty;
        let known = if point.at_close { bar } else { before };
        let price = self.slippage.price(&FillContext { instrument, qty, reference: point.price, known }, rng);
        let fee = self.commission.fee(&FeeContext { instrument, qty, price, filled_before: 0.0 });
        // A bar is stamped by its close; it opened one period before, but never before the last bar closed.
        let opened = bar.time.plus_ns(-period_ns).max(before.time);
        Fill {
            qty,
            price,
            reference: point.price,
            fee,
            multiplier: instrument.multiplier,
            time: if point.at_close { bar.time } else { opened },
            order: order.id,
            instrument: order.request.instrument,
            futures: instrument.is_futures(),
        }
    }
}

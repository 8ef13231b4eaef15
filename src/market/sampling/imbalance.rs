//! Bars that end when buyers and sellers are further apart than expected.

use serde::{Deserialize, Serialize};

use super::Measure;
use crate::{
    Error, Result,
    market::{Aggressor, Trade},
};

/// Bars of imbalance (Lopez de Prado, Advances in Financial Machine Learning, 2018, section 2.3.2.1).
///
/// ```
/// use tradepit::market::{Imbalance, Measure};
/// let rule: Imbalance = serde_json::from_str(r#"{"of": "volume", "expected_ticks": 500.0}"#).unwrap();
/// assert_eq!((rule.of, rule.span_bars, rule.max_ticks), (Measure::Volume, 20.0, 5_000.0));
/// ```
///
/// Each trade has a sign `b`: who met the other's order where the source says so, else the tick rule (up 1, down -1, the
/// sign before where the price stays, 0 before the first change); and a measure `x = b`, `b * size` or `b * price * size`.
/// A bar is full with the first trade at which
///
/// ```text
/// |sum of x over its trades|  >=  E[T] * |E[x]|
/// ```
///
/// `E[T]` is the exponential mean, over bars, of their numbers of trades, with weight `2 / (span_bars + 1)` for the last,
/// from `expected_ticks` on, and held within `min_ticks` and `max_ticks`: unheld, the rule is known to run away. `E[x]` is the
/// exponential mean over trades, with `2 / (span_ticks + 1)`, from the first trade's on. Both are those of the bar's
/// beginning. The first bar has `expected_ticks` trades.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, from = "Given")]
pub struct Imbalance {
    /// What counts.
    pub of: Measure,
    /// Trades of the first bar, at least 1.
    pub expected_ticks: f64,
    /// Span of the mean over bars, at least 1; 20 without it.
    pub span_bars: f64,
    /// Span of the mean over trades, at least 1; 20 times `expected_ticks` without it.
    pub span_ticks: f64,
    /// The least expected number of trades; a tenth of `expected_ticks` without it.
    pub min_ticks: f64,
    /// The largest expected number of trades; ten times `expected_ticks` without it.
    pub max_ticks: f64,
}

/// As it is written, with what is left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    of: Measure,
    expected_ticks: f64,
    span_bars: Option<f64>,
    span_ticks: Option<f64>,
    min_ticks: Option<f64>,
    max_ticks: Option<f64>,
}

impl From<Given> for Imbalance {
    fn from(given: Given) -> Self {
        let rule = Self::new(given.of, given.expected_ticks);
        Self {
            span_bars: given.span_bars.unwrap_or(rule.span_bars),
            span_ticks: given.span_ticks.unwrap_or(rule.span_ticks),
            min_ticks: given.min_ticks.unwrap_or(rule.min_ticks),
            max_ticks: given.max_ticks.unwrap_or(rule.max_ticks),
            ..rule
        }
    }
}

impl Imbalance {
    /// With the defaults for bars of about so many trades.
    #[must_use]
    pub fn new(of: Measure, expected_ticks: f64) -> Self {
        Self {
            of,
            expected_ticks,
            span_bars: 20.0,
            span_ticks: 20.0 * expected_ticks,
            min_ticks: (0.1 * expected_ticks).max(1.0),
            max_ticks: 10.0 * expected_ticks,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        let Self { expected_ticks, span_bars, span_ticks, min_ticks, max_ticks, .. } = *self;
        for (field, value) in [
            ("expected_ticks", expected_ticks),
            ("span_bars", span_bars),
            ("span_ticks", span_ticks),
            ("min_ticks", min_ticks),
            ("max_ticks", max_ticks),
        ] {
            if !(value.is_finite() && value >= 1.0) {
                return Err(Error::spec(
                    format!("rule.{field}"),
                    format!("{value} must be a finite number, at least 1"),
                ));
            }
        }
        if min_ticks > max_ticks {
            return Err(Error::spec("rule.min_ticks", format!("{min_ticks} is above max_ticks, {max_ticks}")));
        }
        Ok(())
    }
}

/// What is expected of the next bar, and what the present one has come to.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    rule: Imbalance,
    /// Trades of a bar.
    ticks: f64,
    /// The measure of a trade, as of now and as of the bar's beginning; none in the first bar.
    measure: Option<f64>,
    begun: Option<f64>,
    sum: f64,
    price: Option<f64>,
    sign: f64,
}

impl Expected {
    pub(super) fn new(rule: Imbalance) -> Self {
        Self { rule, ticks: rule.expected_ticks, measure: None, begun: None, sum: 0.0, price: None, sign: 0.0 }
    }

    /// Takes a trade, the one of that number in its bar, and says whether it fills the bar.
    pub(super) fn fills(&mut self, trade: &Trade, number: u64) -> bool {
        let moved = self.price.map_or(0.0, |before| trade.price - before);
        self.price = Some(trade.price);
        self.sign = match trade.aggressor {
            Aggressor::Buyer | Aggressor::Seller => trade.aggressor.sign(),
            Aggressor::Unknown if moved == 0.0 => self.sign,
            Aggressor::Unknown => moved.signum(),
        };
        let x = match self.rule.of {
            Measure::Ticks => self.sign,
            Measure::Volume => self.sign * trade.size,
            Measure::Value => self.sign * trade.size * trade.price,
        };
        self.sum += x;
        self.measure = Some(self.measure.map_or(x, |mean| mean + 2.0 / (self.rule.span_ticks + 1.0) * (x - mean)));
        let full = match self.begun {
            None => number as f64 >= self.ticks,
            Some(mean) => self.sum.abs() >= self.ticks * mean.abs(),
        };
        if full {
            let ticks = self.ticks + 2.0 / (self.rule.span_bars + 1.0) * (number as f64 - self.ticks);
            self.ticks = ticks.clamp(self.rule.min_ticks, self.rule.max_ticks);
            (self.begun, self.sum) = (self.measure, 0.0);
        }
        full
    }
}

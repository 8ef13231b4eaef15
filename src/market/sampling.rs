//! Bars out of trades, one trade at a time.

mod imbalance;
mod rule;

pub use imbalance::Imbalance;
pub use rule::{BarRule, Measure, TickBars, TimeBars, UnitBars, ValueBars};

use super::{Bar, Trade};
use crate::{Error, Result, Timestamp};
use imbalance::Expected;

/// Makes bars of trades as they come: the same code for a file and for a feed. Every trade is part of one bar, whole.
///
/// ```
/// use tradepit::{Timestamp, market::{BarBuilder, BarRule, TickBars, Trade}};
/// let trade = |second: i64, price: f64| Trade {
///     time: Timestamp::from_nanos(second * 1_000_000_000), price, size: 2.0, ..Trade::default() };
/// let mut builder = BarBuilder::new(BarRule::Ticks(TickBars { count: 2 })).unwrap();
/// assert!(builder.push(&trade(1, 10.0)).unwrap().is_none());
/// let bar = builder.push(&trade(2, 9.5)).unwrap().unwrap();
/// assert_eq!((bar.open, bar.close, bar.volume, bar.time), (10.0, 9.5, 4.0, Timestamp::from_nanos(2_000_000_000)));
/// assert!(builder.unfinished().is_none());
/// ```
///
/// A bar of time is known when time has passed: with the first trade after it, or with [`advance`](Self::advance). Any other
/// bar closes with the trade that fills it, at its time; a bar that would close at the moment of the one before closes one
/// nanosecond after that, because no two bars close together.
#[derive(Clone, Debug)]
pub struct BarBuilder {
    rule: BarRule,
    /// The bar that is being made, with the time of its last trade, and what of it counts.
    bar: Option<Bar>,
    trades: u64,
    value: f64,
    expected: Option<Expected>,
    last: Option<Timestamp>,
    closed: Option<Timestamp>,
}

impl BarBuilder {
    /// Before the first trade.
    ///
    /// # Errors
    /// When a number of the rule is out of its range.
    pub fn new(rule: BarRule) -> Result<Self> {
        rule.validate()?;
        let expected = rule.imbalance().map(Expected::new);
        Ok(Self { rule, bar: None, trades: 0, value: 0.0, expected, last: None, closed: None })
    }

    /// Takes the next trade, and gives the bar that is complete by it.
    ///
    /// # Errors
    /// When the trade is before the last one, or can't be one; nothing has changed then.
    pub fn push(&mut self, trade: &Trade) -> Result<Option<Bar>> {
        let refuse = |column: &str, message: String| Error::spec(format!("trade.{column}"), message);
        trade.check().map_err(|(column, message)| refuse(column, message))?;
        if let Some(last) = self.last.filter(|last| trade.time < *last) {
            return Err(refuse("time", format!("{} is before {last} of the trade before; sort them", trade.time)));
        }
        let complete = self.advance(trade.time);
        self.last = Some(trade.time);
        let Trade { time, price, size, .. } = *trade;
        let bar = self.bar.get_or_insert(Bar { time, open: price, high: price, low: price, close: price, volume: 0.0 });
        bar.time = time;
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.close = price;
        bar.volume += size;
        self.trades += 1;
        self.value += price * size;
        let volume = bar.volume;
        let full = match &self.rule {
            BarRule::Time(_) => false,
            BarRule::Ticks(rule) => self.trades >= rule.count,
            BarRule::Volume(rule) => volume >= rule.units,
            BarRule::Dollar(rule) => self.value.abs() >= rule.value,
            BarRule::Imbalance(_) => {
                let trades = self.trades;
                self.expected.as_mut().is_some_and(|expected| expected.fills(trade, trades))
            }
        };
        // A bar of time never ends with a trade, any other one never before it: there is one at most.
        Ok(if full { self.close(None) } else { complete })
    }

    /// Says that no trade before `now` is to come, and gives the bar of time that is complete by that.
    pub fn advance(&mut self, now: Timestamp) -> Option<Bar> {
        let BarRule::Time(rule) = &self.rule else { return None };
        let begins = self.bar.as_ref()?.time.nanos().div_euclid(rule.period_ns) * rule.period_ns;
        let closes = Timestamp::from_nanos(begins).plus_ns(rule.period_ns);
        (now >= closes).then(|| self.close(Some(closes)))?
    }

    /// The bar that is being made, if a trade has come for it; its time is that of its last trade.
    #[must_use]
    pub fn unfinished(&self) -> Option<Bar> {
        self.bar
    }

    fn close(&mut self, time: Option<Timestamp>) -> Option<Bar> {
        let mut bar = self.bar.take()?;
        let after = self.closed.map(|closed| closed.plus_ns(1));
        bar.time = time.unwrap_or(bar.time).max(after.unwrap_or(bar.time));
        self.closed = Some(bar.time);
        (self.trades, self.value) = (0, 0.0);
        Some(bar)
    }
}

#[cfg(test)]
mod tests;

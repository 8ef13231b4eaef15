//! All statistics of one run.

use serde::Serialize;

use super::{
    annual_return, confidence_interval, kurtosis, max_drawdown, probabilistic_sharpe, sharpe, sharpe_standard_error,
    simple_returns, skewness, sortino, std_dev,
};
use crate::{
    Error, Result,
    account::{Account, Trade},
};

/// What [`Performance`] is computed from; what is left at its default was not recorded.
///
/// ```
/// use tradepit::account::metrics::Run;
/// let run = Run { equity: &[1e5, 1.01e5, 1.02e5], periods_per_year: 252.0, ..Run::default() };
/// assert_eq!(run.performance().unwrap().bars, 2);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    /// Equity when the account was opened, then after each bar.
    pub equity: &'a [f64],
    /// The position at each of these points (any unit; 0 is flat), or nothing.
    pub positions: &'a [f64],
    /// Closed trades: [`trades_from_fills`](crate::account::trades_from_fills).
    pub trades: &'a [Trade],
    /// How many bars a year has: what annual numbers are scaled with.
    pub periods_per_year: f64,
    /// Fees paid, in account currency.
    pub fees: f64,
    /// What slippage cost, in account currency.
    pub slippage: f64,
    /// How many fills there were.
    pub fills: u32,
}

/// Performance of one policy over one stretch of the market, net of everything that the equity is net of.
///
/// ```
/// use tradepit::account::metrics::Run;
/// let equity = [1000.0, 1010.0, 1005.0, 1020.0];
/// let performance = Run { equity: &equity, periods_per_year: 252.0, ..Run::default() }.performance().unwrap();
/// assert!((performance.total_return - 0.02).abs() < 1e-12);
/// let [low, high] = performance.sharpe_interval.unwrap();
/// assert!(low < 0.0 && performance.sharpe.unwrap() < high);  // three bars prove nothing
/// assert_eq!(performance.hit_rate, None);                    // no trades were given
/// ```
///
/// Conventions are those of [the module](super). Annual numbers use `periods_per_year`. A field is `None` (null where
/// it is written) when the number does not exist: too few bars, no risk taken, no trades.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Performance {
    /// Bars: points of the curve less one.
    pub bars: usize,
    /// Bars a year, as given.
    pub periods_per_year: f64,
    /// Equity at the start.
    pub opening_equity: f64,
    /// Equity at the end.
    pub final_equity: f64,
    /// `final / opening - 1`.
    pub total_return: f64,
    /// Compound growth a year; see [`annual_return`].
    pub annual_return: Option<f64>,
    /// Standard deviation of returns, a year.
    pub volatility: Option<f64>,
    /// Sharpe ratio of one bar.
    pub sharpe_per_bar: Option<f64>,
    /// Sharpe ratio of a year: that of a bar times the root of `periods_per_year`.
    pub sharpe: Option<f64>,
    /// 95 % confidence interval of `sharpe`, both ends annual; see [`sharpe_standard_error`].
    pub sharpe_interval: Option<[f64; 2]>,
    /// Probability that the true Sharpe ratio is above 0; see [`probabilistic_sharpe`].
    pub sharpe_above_zero: Option<f64>,
    /// Sortino ratio of a year; see [`sortino`].
    pub sortino: Option<f64>,
    /// `annual_return` over `max_drawdown` (Young 1991, over the whole curve).
    pub calmar: Option<f64>,
    /// Skewness of the returns of a bar.
    pub skewness: Option<f64>,
    /// Kurtosis of the returns of a bar; 3 is normal.
    pub kurtosis: Option<f64>,
    /// Largest share of a peak that was lost.
    pub max_drawdown: f64,
    /// Bars from that peak to its recovery, or to the end.
    pub max_drawdown_bars: usize,
    /// Share of bars at whose end there was a position; `None` where positions were not given.
    pub exposure: Option<f64>,
    /// Closed trades.
    pub trades: usize,
    /// Share of trades with a net profit.
    pub hit_rate: Option<f64>,
    /// Net profit of the winning trades over net loss of the losing ones; `None` without a losing trade.
    pub profit_factor: Option<f64>,
    /// Fills.
    pub fills: u32,
    /// Fees paid.
    pub fees: f64,
    /// What slippage cost.
    pub slippage: f64,
    /// Fees and slippage.
    pub costs: f64,
}

impl<'a> Run<'a> {
    /// A run with fees, slippage and fills taken from the account that made it.
    #[must_use]
    pub fn of(account: &Account, equity: &'a [f64], periods_per_year: f64) -> Self {
        Self {
            equity,
            periods_per_year,
            fees: account.fees(),
            slippage: account.slippage(),
            fills: account.fills(),
            ..Self::default()
        }
    }

    /// Computes the statistics.
    ///
    /// # Errors
    /// [`Error::Spec`] for an equity that is not finite, an opening equity that is not above 0, a number of periods
    /// that is not above 0, and positions of another length than the equity.
    pub fn performance(&self) -> Result<Performance> {
        self.check()?;
        let (opening, last) = (self.equity[0], self.equity[self.equity.len() - 1]);
        let (bars, year) = (self.equity.len() - 1, self.periods_per_year);
        let returns = simple_returns(self.equity).unwrap_or_default();
        let fall = max_drawdown(self.equity);
        let total_return = last / opening - 1.0;
        let annual_return = annual_return(total_return, bars, year);
        let (skew, kurt, ratio) = (skewness(&returns), kurtosis(&returns), sharpe(&returns));
        let judged = ratio.zip(skew).zip(kurt).map(|((ratio, skew), kurt)| {
            let error = sharpe_standard_error(ratio, skew, kurt, bars);
            let interval = confidence_interval(ratio, error, 0.95).map(|end| end * year.sqrt());
            (interval, probabilistic_sharpe(ratio, 0.0, skew, kurt, bars))
        });
        let wins: f64 = self.trades.iter().map(|trade| trade.net.max(0.0)).sum();
        let losses: f64 = self.trades.iter().map(|trade| (-trade.net).max(0.0)).sum();
        let won = self.trades.iter().filter(|trade| trade.net > 0.0).count();
        let exposed = self.positions.iter().skip(1).filter(|position| **position != 0.0).count();
        Ok(Performance {
            bars,
            periods_per_year: year,
            opening_equity: opening,
            final_equity: last,
            total_return,
            annual_return,
            volatility: std_dev(&returns).map(|std| std * year.sqrt()),
            sharpe_per_bar: ratio,
            sharpe: ratio.map(|ratio| ratio * year.sqrt()),
            sharpe_interval: judged.map(|(interval, _)| interval),
            sharpe_above_zero: judged.and_then(|(_, probability)| probability),
            sortino: sortino(&returns).map(|ratio| ratio * year.sqrt()),
            calmar: annual_return.filter(|_| fall.depth > 0.0).map(|growth| growth / fall.depth),
            skewness: skew,
            kurtosis: kurt,
            max_drawdown: fall.depth,
            max_drawdown_bars: fall.bars,
            exposure: (bars > 0 && !self.positions.is_empty()).then(|| exposed as f64 / bars as f64),
            trades: self.trades.len(),
            hit_rate: (!self.trades.is_empty()).then(|| won as f64 / self.trades.len() as f64),
            profit_factor: (losses > 0.0).then(|| wins / losses),
            fills: self.fills,
            fees: self.fees,
            slippage: self.slippage,
            costs: self.fees + self.slippage,
        })
    }

    fn check(&self) -> Result<()> {
        let Some(opening) = self.equity.first() else {
            return Err(Error::spec("equity", "is empty; give the opening equity and one value for each bar"));
        };
        if let Some(i) = self.equity.iter().position(|value| !value.is_finite()) {
            let message = format!("{} is not a finite number; mark the account before you record it", self.equity[i]);
            return Err(Error::spec(format!("equity[{i}]"), message));
        }
        if *opening <= 0.0 {
            return Err(Error::spec(
                "equity[0]",
                format!("{opening} is not above 0; returns need capital to refer to"),
            ));
        }
        if !(self.periods_per_year > 0.0 && self.periods_per_year.is_finite()) {
            let message = format!("{} is not above 0; say how many bars a year has", self.periods_per_year);
            return Err(Error::spec("periods_per_year", message));
        }
        if !self.positions.is_empty() && self.positions.len() != self.equity.len() {
            let message = format!(
                "has {} values for {} of equity; record both at the same points, or leave it empty",
                self.positions.len(),
                self.equity.len()
            );
            return Err(Error::spec("positions", message));
        }
        Ok(())
    }
}

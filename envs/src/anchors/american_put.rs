//! When to exercise a put.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Geometric, SynthSpec},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::{cdf, pdf},
    parts::{Known, Parts, need, positive},
    scene::{CASH, last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, Exercise, OptionRight, Result, RewardSpec, TargetLevels};

/// A put that may be exercised now and at `dates` equal dates, over a stock in geometric Brownian motion with drift `r`; the mean of
/// the discounted payoff counts.
///
/// ```
/// use tradepit_envs::anchors::AmericanPut;
/// let put = |price| AmericanPut { price, ..AmericanPut::default() }.solve().value();
/// assert!((put(36.0) - 4.4779).abs() < 2e-4 && (put(40.0) - 2.3140).abs() < 2e-4);
/// assert!((AmericanPut::default().european() - 3.844).abs() < 5e-4);
/// ```
///
/// The first example of Longstaff and Schwartz (2001), "Valuing American options by simulation", who have 4.472 for 36 by their
/// own method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AmericanPut {
    /// Price of the stock at the beginning.
    pub price: f64,
    /// For how much it can be sold.
    pub strike: f64,
    /// Interest, a year, continuous.
    pub r: f64,
    /// Volatility, a square root of a year.
    pub sigma: f64,
    /// Years.
    pub time: f64,
    /// Dates at which it can be exercised beside the beginning: the last one is the end.
    pub dates: u32,
}

impl Default for AmericanPut {
    fn default() -> Self {
        Self { price: 36.0, strike: 40.0, r: 0.06, sigma: 0.2, time: 1.0, dates: 50 }
    }
}

/// The optimum of an [`AmericanPut`].
///
/// ```
/// use tradepit_envs::anchors::{AmericanPut, PutSolution};
/// let solved: PutSolution = AmericanPut::default().solve();
/// assert!(solved.boundary(10) < solved.boundary(40) && solved.boundary(50) == 40.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PutSolution {
    value: f64,
    /// By date, from the beginning on.
    boundary: Vec<f64>,
}

impl PutSolution {
    /// Mean of the discounted payoff.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The price below which the put is exercised at date `date`; 0 is the beginning.
    #[must_use]
    pub fn boundary(&self, date: usize) -> f64 {
        self.boundary[date.min(self.boundary.len() - 1)]
    }
}

/// Nodes of a step's standard deviation.
const PER_STEP: i64 = 32;

impl AmericanPut {
    /// Backward induction on a grid of the logarithm of the price, by the density of a step.
    #[must_use]
    pub fn solve(&self) -> PutSolution {
        let dt = self.time / f64::from(self.dates);
        let (drift, sd) = ((self.r - 0.5 * self.sigma * self.sigma) * dt, self.sigma * dt.sqrt());
        let (h, reach) = (sd / PER_STEP as f64, 8 * PER_STEP + (drift.abs() / sd * PER_STEP as f64) as i64);
        let most = (7.0 * f64::from(self.dates).sqrt()) as i64 * PER_STEP;
        let price = |i: i64| self.price * (h * i as f64).exp();
        let paid = |i: i64| (self.strike - price(i)).max(0.0);
        let weights: Vec<f64> = (-reach..=reach).map(|j| pdf((h * j as f64 - drift) / sd)).collect();
        let scale = (-self.r * dt).exp() / weights.iter().sum::<f64>();
        let mut worth: Vec<f64> = (-most..=most).map(paid).collect();
        let mut boundary = vec![self.strike];
        for _ in 0..self.dates {
            // Beyond the grid the put is either exercised or worth nothing.
            let known: Vec<f64> = (-most - reach..-most)
                .map(paid)
                .chain(worth.iter().copied())
                .chain((most + 1..=most + reach).map(paid))
                .collect();
            let kept = known
                .windows(weights.len())
                .map(|near| scale * near.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>());
            let kept: Vec<f64> = kept.collect();
            // How much better it is to exercise: above 0 at the lowest prices, and 0 once on the way up.
            let better = |at: usize| paid(at as i64 - most) - kept[at];
            let first = (0..kept.len()).find(|at| better(*at) <= 0.0).unwrap_or(0);
            boundary.push(match first.checked_sub(1) {
                None => 0.0,
                Some(below) => {
                    let share = better(below) / (better(below) - better(first));
                    price(below as i64 - most) * (h * share).exp()
                }
            });
            worth = kept.iter().enumerate().map(|(at, kept)| kept.max(paid(at as i64 - most))).collect();
        }
        boundary.reverse();
        PutSolution { value: worth[most as usize], boundary }
    }

    /// Value of holding it to the end (Black and Scholes, 1973).
    #[must_use]
    pub fn european(&self) -> f64 {
        let sd = self.sigma * self.time.sqrt();
        let d = ((self.price / self.strike).ln() + (self.r - 0.5 * self.sigma * self.sigma) * self.time) / sd;
        self.strike * (-self.r * self.time).exp() * cdf(-d) - self.price * cdf(-d - sd)
    }
}

impl Known for AmericanPut {
    fn parts(&self) -> Result<Parts> {
        positive(&[("price", self.price), ("strike", self.strike), ("sigma", self.sigma), ("time", self.time)])?;
        need("r", self.r, self.r >= 0.0 && self.r < 1.0, "in [0, 1)")?;
        need("dates", f64::from(self.dates), (1..=1_000).contains(&self.dates), "in 1..=1000")?;
        // A decision now and at every date.
        let (n, first, strike) = (self.dates + 1, self.price, self.strike);
        let dt = self.time / f64::from(self.dates);
        let sd = self.sigma * dt.sqrt();
        let one = Instrument { lot: 1.0, ..Instrument::unit() };
        let put =
            Exercise { right: OptionRight::Put, strike: strike / first, years: self.time, rate: self.r, scale: CASH };
        let solved = self.solve();
        let goal = Goal::best(Objective::MeanEpisode {}, solved.value());
        // Choice 1 exercises; a price at which it pays nothing is worth waiting at.
        let when = move |exercise: Box<dyn Fn(usize, f64) -> bool + Send + Sync>| {
            Rule::number(move |obs| {
                let date = f64::from(n) - (f64::from(obs[2]) * f64::from(n)).round();
                let price = first * (1.0 + 0.1 * f64::from(obs[3]));
                let now = obs[4] == 0.0 && price < strike && exercise(date as usize, price);
                // Who has exercised stays.
                if now || obs[4] != 0.0 { 1.0 } else { 0.0 }
            })
        };
        let last = self.dates as usize;
        Ok(Parts {
            spec: spec(
                SynthSpec::Geometric(Geometric { drift: self.r * dt, volatility: sd, ..Geometric::default() }),
                vec![last_move(1.0 / sd)],
                vec![
                    AccountNumber::Position,
                    AccountNumber::TimeLeft,
                    AccountNumber::PriceSinceStart,
                    AccountNumber::RewardMemory,
                ],
                ActionSpec::TargetLevels(TargetLevels { levels: vec![0.0, 1.0] }),
                RewardSpec::Exercise(put),
                n,
            ),
            rows: rows(one, first, 1, n)?,
            goals: vec![goal],
            optimal: when(Box::new(move |date, price| price <= solved.boundary(date))),
            // At the end, where it pays.
            naive: when(Box::new(move |date, _| date == last)),
            reference: Reference::Naive,
            episodes: 50_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_with_the_same_dates_agrees() {
        // Cox, Ross and Rubinstein with 200 branchings between two dates: an error of about 1 / (2 n).
        let tree = |put: &AmericanPut, per: usize| {
            let n = per * put.dates as usize;
            let dt = put.time / n as f64;
            let up = (put.sigma * dt.sqrt()).exp();
            let p = ((put.r * dt).exp() - 1.0 / up) / (up - 1.0 / up);
            let paid =
                |step: usize, ups: usize| (put.strike - put.price * up.powi(2 * ups as i32 - step as i32)).max(0.0);
            let mut worth: Vec<f64> = (0..=n).map(|ups| paid(n, ups)).collect();
            for step in (0..n).rev() {
                for ups in 0..=step {
                    let kept = (-put.r * dt).exp() * (p * worth[ups + 1] + (1.0 - p) * worth[ups]);
                    worth[ups] = if step % per == 0 && step > 0 { kept.max(paid(step, ups)) } else { kept };
                }
            }
            worth[0]
        };
        for price in [36.0, 40.0] {
            let put = AmericanPut { price, ..AmericanPut::default() };
            let (own, other) = (put.solve().value(), 0.5 * (tree(&put, 40) + tree(&put, 41)));
            assert!((own - other).abs() < 3e-4, "{price}: {own} {other}");
        }
    }

    #[test]
    fn the_table() {
        // 4.4779 and 2.3140 are what a coarser grid gives; finer ones stand at 4.47781 and 2.31407.
        for (price, value) in [(36.0, 4.477_81), (40.0, 2.314_07)] {
            let got = AmericanPut { price, ..AmericanPut::default() }.solve().value();
            assert!((got - value).abs() < 1e-5, "{got}");
        }
    }
}

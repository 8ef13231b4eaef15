//! Making a market with an aversion to risk.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Arithmetic, SynthSpec},
    models::{
        Matching,
        queue::{Intensity, LimitRule},
    },
};

use super::{
    Goal, Objective, Reference, Rule,
    parts::{Known, Parts, positive, steps},
    scene::{CASH, last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, EnvSpec, Profit, Result, RewardSpec, TwoSidedQuotes};

/// Quotes around a price in Brownian motion, which are hit at the rate `a exp(-k distance)` (Avellaneda and Stoikov, 2008,
/// "High-frequency trading in a limit order book").
///
/// ```
/// use tradepit_envs::anchors::AvellanedaStoikov;
/// let problem = AvellanedaStoikov::default();
/// let own = problem.result(|inventory, left| problem.distances(inventory, left));
/// assert!((own.mean / 64.8 - 1.0).abs() < 0.02 && (own.sd / 6.57 - 1.0).abs() < 0.02);
/// assert!((own.inventory_sd / 2.92 - 1.0).abs() < 0.02 && (own.certainty_equivalent - 62.8).abs() < 0.05);
/// ```
///
/// Time is cut into steps: each side fills by itself with probability `min(1, a exp(-k distance) dt)`, then the price moves. A quote
/// at the price, or through it, is filled at the price: the authors' quotes go through it where inventory is large. Of any quotes that depend on inventory and time, the moments of the final wealth are computed exactly, by the chain of the
/// inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AvellanedaStoikov {
    /// Price at the beginning.
    pub price: f64,
    /// Length of the session.
    pub time: f64,
    /// Steps that it is cut into.
    pub steps: u32,
    /// Standard deviation of the price, a square root of time.
    pub sigma: f64,
    /// Hits a unit of time at distance 0.
    pub a: f64,
    /// How fast hits get fewer with the distance.
    pub k: f64,
    /// Aversion to risk, above 0: utility is `-exp(-gamma wealth)`.
    pub gamma: f64,
}

impl Default for AvellanedaStoikov {
    fn default() -> Self {
        Self { price: 100.0, time: 1.0, steps: 200, sigma: 2.0, a: 140.0, k: 1.5, gamma: 0.1 }
    }
}

/// Moments of the wealth at the end of a session.
///
/// ```
/// use tradepit_envs::anchors::{AvellanedaStoikov, QuotesResult};
/// let problem = AvellanedaStoikov::default();
/// // The same distances whatever is held earn more, at twice the risk.
/// let even = problem.average_spread() / 2.0;
/// let QuotesResult { mean, sd, .. } = problem.result(|_, _| (even, even));
/// assert!((mean / 68.2 - 1.0).abs() < 0.02 && (sd / 13.5 - 1.0).abs() < 0.02);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuotesResult {
    /// Mean of the final wealth.
    pub mean: f64,
    /// Its standard deviation.
    pub sd: f64,
    /// Standard deviation of the final inventory.
    pub inventory_sd: f64,
    /// `-ln(E exp(-gamma wealth)) / gamma`: minus infinity where the mean does not exist in the numbers of a computer.
    pub certainty_equivalent: f64,
}

/// Inventories of the chain: nobody gets further in the sessions that these problems speak of.
const MOST: i64 = 150;

impl AvellanedaStoikov {
    fn matching(&self) -> Matching {
        Matching {
            limit: LimitRule::Intensity(Intensity {
                arrivals: self.a * self.time / f64::from(self.steps),
                decay: self.k,
            }),
            ..Matching::default()
        }
    }

    /// Distance between bid and ask with that much time left: `gamma sigma^2 left + 2 / gamma * ln(1 + gamma / k)`.
    #[must_use]
    pub fn spread(&self, left: f64) -> f64 {
        self.gamma * self.sigma * self.sigma * left + 2.0 / self.gamma * (self.gamma / self.k).ln_1p()
    }

    /// Mean of the spread over the steps of a session.
    #[must_use]
    pub fn average_spread(&self) -> f64 {
        let steps = f64::from(self.steps);
        (0..self.steps).map(|step| self.spread(self.time * (1.0 - f64::from(step) / steps))).sum::<f64>() / steps
    }

    /// How far below and above the price the authors' bid and ask are: the spread around `price - inventory gamma sigma^2 left`.
    /// A distance may be below 0.
    #[must_use]
    pub fn distances(&self, inventory: f64, left: f64) -> (f64, f64) {
        let (half, lean) = (0.5 * self.spread(left), inventory * self.gamma * self.sigma * self.sigma * left);
        (half + lean, half - lean)
    }

    /// Probability that a quote at that distance fills in a step. One at the price or through it takes what is there.
    #[must_use]
    pub fn fill(&self, distance: f64) -> f64 {
        let hits = self.a * self.time / f64::from(self.steps) * (-self.k * distance).exp();
        if distance <= 0.0 { 1.0 } else { hits.min(1.0) }
    }

    /// Moments of the final wealth under quotes that know inventory and time left.
    ///
    /// `quotes` gives the distances of bid and ask. Price moves are independent of fills with mean 0, so the sums over wealth of
    /// its powers, and of its exponential, go on from inventory to inventory in closed form.
    #[must_use]
    pub fn result(&self, quotes: impl Fn(f64, f64) -> (f64, f64)) -> QuotesResult {
        let dt = self.time / f64::from(self.steps);
        let size = (2 * MOST + 1) as usize;
        // Of each inventory: its probability, the mean of wealth and of its square there, and that of exp(-gamma wealth).
        let mut now = vec![[0.0; 4]; size];
        now[MOST as usize] = [1.0, 0.0, 0.0, 1.0];
        for step in 0..self.steps {
            let left = self.time - dt * f64::from(step);
            let mut next = vec![[0.0; 4]; size];
            for (i, m) in now.iter().enumerate().filter(|(_, m)| m[0] > 0.0) {
                let (bid, ask) = quotes((i as i64 - MOST) as f64, left);
                let (buy, sell) = (self.fill(bid), self.fill(ask));
                // Through the price is at the price.
                let (bid, ask) = (bid.max(0.0), ask.max(0.0));
                for (probability, earned, to) in [
                    (buy * (1.0 - sell), bid, i + 1),
                    (sell * (1.0 - buy), ask, i.wrapping_sub(1)),
                    (buy * sell, bid + ask, i),
                    ((1.0 - buy) * (1.0 - sell), 0.0, i),
                ] {
                    // Beyond the ends lie probabilities below those that a computer can tell from 0.
                    let Some(to) = next.get_mut(to) else { continue };
                    to[0] += probability * m[0];
                    to[1] += probability * (m[1] + earned * m[0]);
                    to[2] += probability * (m[2] + 2.0 * earned * m[1] + earned * earned * m[0]);
                    to[3] += probability * m[3] * (-self.gamma * earned).exp();
                }
            }
            for (i, m) in next.iter_mut().enumerate() {
                let risk = (i as f64 - MOST as f64).powi(2) * self.sigma * self.sigma * dt;
                m[2] += risk * m[0];
                m[3] *= (0.5 * self.gamma * self.gamma * risk).exp();
            }
            now = next;
        }
        let sum = |f: &dyn Fn(f64, &[f64; 4]) -> f64| -> f64 {
            now.iter().enumerate().map(|(i, m)| f(i as f64 - MOST as f64, m)).sum()
        };
        let (mean, inventory) = (sum(&|_, m| m[1]), sum(&|q, m| q * m[0]));
        QuotesResult {
            mean,
            sd: (sum(&|_, m| m[2]) - mean * mean).sqrt(),
            inventory_sd: (sum(&|q, m| q * q * m[0]) - inventory * inventory).sqrt(),
            certainty_equivalent: -sum(&|_, m| m[3]).ln() / self.gamma,
        }
    }
}

/// How far quotes go, either way, in units of price: as far as the inventories that anybody gets to make them lean.
const FARTHEST: f64 = 16.0;

impl Known for AvellanedaStoikov {
    fn parts(&self) -> Result<Parts> {
        positive(&[
            ("price", self.price),
            ("time", self.time),
            ("sigma", self.sigma),
            ("a", self.a),
            ("k", self.k),
            ("gamma", self.gamma),
        ])?;
        steps("steps", self.steps)?;
        let (n, time, most) = (self.steps, self.time, MOST as f64);
        let dt = time / f64::from(n);
        let (sd, one) = (self.sigma * dt.sqrt(), Instrument { lot: 1.0, ..Instrument::unit() });
        let spec = spec(
            SynthSpec::Arithmetic(Arithmetic { volatility: sd, ..Arithmetic::default() }),
            vec![last_move(self.price / sd)],
            vec![AccountNumber::Position, AccountNumber::TimeLeft],
            ActionSpec::TwoSidedQuotes(TwoSidedQuotes {
                offset_ticks: [-FARTHEST / one.tick, FARTHEST / one.tick],
                lots: [1.0, 1.0],
                max_lots: most,
            }),
            RewardSpec::Profit(Profit { scale: CASH }),
            n,
        );
        let quote = |distances: Box<dyn Fn(f64, f64) -> (f64, f64) + Send + Sync>| {
            Rule::new(move |obs, action| {
                let (bid, ask) = distances((f64::from(obs[1]) * most).round(), f64::from(obs[2]) * time);
                action[0] = (bid / FARTHEST) as f32;
                action[1] = (ask / FARTHEST) as f32;
            })
        };
        let (own, half) = (self.clone(), 0.5 * self.average_spread());
        let result = self.result(|inventory, left| self.distances(inventory, left));
        Ok(Parts {
            spec: EnvSpec { matching: self.matching(), ..spec },
            rows: rows(one, self.price, 1, n)?,
            goals: vec![
                Goal::check(Objective::MeanEpisode {}, result.mean),
                Goal::check(Objective::Sd {}, result.sd),
                Goal::check(Objective::PositionSd {}, result.inventory_sd),
                Goal::check(Objective::ExponentialUtility { gamma: self.gamma }, result.certainty_equivalent),
            ],
            optimal: quote(Box::new(move |inventory, left| own.distances(inventory, left))),
            naive: quote(Box::new(move |_, _| (half, half))),
            reference: Reference::Naive,
            episodes: 5_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        // Within 2%: inventory mean and sd, final inventory, symmetric mean and sd, final inventory.
        for (gamma, table) in [(0.1, [64.8, 6.57, 2.92, 68.2, 13.5, 8.4]), (0.01, [68.35, 9.0, 5.21, 68.6, 13.7, 8.67])]
        {
            let problem = AvellanedaStoikov { gamma, ..AvellanedaStoikov::default() };
            let own = problem.result(|q, left| problem.distances(q, left));
            let half = problem.average_spread() / 2.0;
            let even = problem.result(|_, _| (half, half));
            let got = [own.mean, own.sd, own.inventory_sd, even.mean, even.sd, even.inventory_sd];
            for (got, expected) in got.into_iter().zip(table) {
                assert!((got / expected - 1.0_f64).abs() < 0.02, "{gamma}: {got} for {expected}");
            }
        }
    }

    #[test]
    fn the_certainty_equivalent_of_the_symmetric_quotes_has_no_floor() {
        // A mean of 50,000 paths gives about 53.4; the exact one is carried by paths that no such sample has. Inventory is
        // about a Brownian motion of variance v = 8.4^2, and E exp(gamma^2 sigma^2 / 2 * integral of its square) is infinite
        // once sqrt(gamma^2 sigma^2 v) > pi / 2: here it is 1.68. Steps and a largest inventory leave a finite number.
        let problem = AvellanedaStoikov::default();
        let half = problem.average_spread() / 2.0;
        assert!(problem.result(|_, _| (half, half)).certainty_equivalent < 0.0);
        let calm = AvellanedaStoikov { gamma: 0.01, ..problem };
        let half = calm.average_spread() / 2.0;
        assert!((calm.result(|_, _| (half, half)).certainty_equivalent - 67.73).abs() < 0.01);
    }
}

//! A short call, hedged with its underlying.

use serde::{Deserialize, Serialize};
use tradepit::{
    Instrument,
    market::synth::{Geometric, SynthSpec},
};

use super::{
    Goal, Objective, Reference, Rule,
    normal::{cdf, nodes, pdf, simpson},
    parts::{Known, Parts, need, positive},
    scene::{CASH, last_move, rows, spec},
};
use crate::{AccountNumber, ActionSpec, HedgedOption, OptionRight, Result, RewardSpec, TargetPosition};

/// Sell a call for its value, and hold its delta of the stock, set anew at `rebalances` equal times (Black and Scholes, 1973); no
/// drift, no interest, no costs. What is left is the risk of not trading in between.
///
/// ```
/// use tradepit_envs::anchors::Hedge;
/// let hedge = Hedge::default();
/// assert!((hedge.premium() - 2.28715).abs() < 5e-6);
/// assert!((hedge.sd() - 0.3577).abs() < 2e-4 && (hedge.unhedged_sd() - 3.459).abs() < 5e-3);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hedge {
    /// Price of the stock at the beginning.
    pub price: f64,
    /// Price at which the call buys.
    pub strike: f64,
    /// Volatility, a square root of a year.
    pub sigma: f64,
    /// Days to its end, of 365 a year.
    pub days: f64,
    /// How often the hedge is set, the first time at once.
    pub rebalances: u32,
}

impl Default for Hedge {
    fn default() -> Self {
        Self { price: 100.0, strike: 100.0, sigma: 0.2, days: 30.0, rebalances: 30 }
    }
}

impl Hedge {
    fn dt(&self) -> f64 {
        self.days / 365.0 / f64::from(self.rebalances)
    }

    /// Value of the call at a price, so many rebalances before its end, and its delta.
    #[must_use]
    pub fn call(&self, price: f64, left: f64) -> (f64, f64) {
        let sd = self.sigma * (self.dt() * left).sqrt();
        if sd == 0.0 {
            return ((price - self.strike).max(0.0), if price > self.strike { 1.0 } else { 0.0 });
        }
        let d = (price / self.strike).ln() / sd + 0.5 * sd;
        (price * cdf(d) - self.strike * cdf(d - sd), cdf(d))
    }

    /// What the call is sold for.
    #[must_use]
    pub fn premium(&self) -> f64 {
        self.call(self.price, f64::from(self.rebalances)).0
    }

    /// Standard deviation of the result without a hedge, from the first two moments of the payoff.
    #[must_use]
    pub fn unhedged_sd(&self) -> f64 {
        let (s, k, sd) = (self.price, self.strike, self.sigma * (self.days / 365.0).sqrt());
        let d = (s / k).ln() / sd + 0.5 * sd;
        let square = s * s * (sd * sd).exp() * cdf(d + sd) - 2.0 * s * k * cdf(d) + k * k * cdf(d - sd);
        (square - self.premium().powi(2)).sqrt()
    }

    /// Standard deviation of the hedged result.
    ///
    /// It is a sum of martingale differences, delta times the move of the stock less that of the call: the variances add up.
    #[must_use]
    pub fn sd(&self) -> f64 {
        let step = |step: u32| {
            let prices = self.prices(step).into_iter();
            prices
                .map(|(weight, price)| weight * self.errors(price, step).map(|(w, e)| w * e * e).sum::<f64>())
                .sum::<f64>()
        };
        (0..self.rebalances).map(step).sum::<f64>().sqrt()
    }

    /// Prices after so many steps, with their weights.
    fn prices(&self, step: u32) -> Vec<(f64, f64)> {
        let sd = self.sigma * (f64::from(step) * self.dt()).sqrt();
        let draws = if step == 0 { vec![(0.0, 1.0)] } else { nodes(PER_STEP / f64::from(step).sqrt()) };
        draws.into_iter().map(|(z, weight)| (weight, self.price * (sd * z - 0.5 * sd * sd).exp())).collect()
    }

    /// Errors of the hedge over one step from a price on, with their weights.
    fn errors(&self, price: f64, step: u32) -> impl Iterator<Item = (f64, f64)> {
        let left = f64::from(self.rebalances - step);
        let (call, delta) = self.call(price, left);
        self.moves(price, step).into_iter().map(move |(z, weight)| {
            let next = price * self.step(z);
            (weight, delta * (next - price) - (self.call(next, left - 1.0).0 - call))
        })
    }

    /// By how much a step multiplies the price.
    fn step(&self, z: f64) -> f64 {
        let sd = self.sigma * self.dt().sqrt();
        (sd * z - 0.5 * sd * sd).exp()
    }

    /// Nodes of a step: in the last one the payoff bends at the strike.
    fn moves(&self, price: f64, step: u32) -> Vec<(f64, f64)> {
        if step + 1 < self.rebalances {
            return nodes(PER_STEP);
        }
        let sd = self.sigma * self.dt().sqrt();
        let bend = ((self.strike / price).ln() / sd + 0.5 * sd).clamp(-8.5, 8.5);
        simpson(-9.0, bend, 60).chain(simpson(bend, 9.0, 60)).collect()
    }

    /// Mean loss in the worst `share` of the results of the hedge.
    ///
    /// The characteristic function of the result is carried back from the end over a grid of prices, and the density put together
    /// from it by the cosine series of Fang and Oosterlee (2008), "A novel pricing method for European options".
    #[must_use]
    pub fn expected_shortfall(&self, share: f64) -> f64 {
        let reach = 12.0 * self.sd();
        let transform = self.transform(std::f64::consts::PI / (2.0 * reach));
        // Density = sum of c_k cos(k pi (x + reach) / (2 reach)), the first term halved.
        let cosine = |k: usize| {
            let (re, im) = transform[k];
            let (sin, cos) = (0.5 * k as f64 * std::f64::consts::PI).sin_cos();
            (if k == 0 { 0.5 } else { 1.0 }) * (re * cos - im * sin) / reach
        };
        let series: Vec<f64> = (0..transform.len()).map(cosine).collect();
        let width = 2.0 * reach;
        // Of what lies below a result: the probability, and the mean.
        let below = |x: f64| {
            let y = x + reach;
            series.iter().enumerate().fold((0.0, 0.0), |(p, m), (k, c)| {
                if k == 0 {
                    return (p + c * y, m + c * (0.5 * y * y - reach * y));
                }
                let w = k as f64 * std::f64::consts::PI / width;
                let (sin, cos) = (w * y).sin_cos();
                (p + c * sin / w, m + c * (x * sin / w + (cos - 1.0) / (w * w)))
            })
        };
        let (mut low, mut high) = (-reach, reach);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if below(middle).0 < share { low = middle } else { high = middle }
        }
        -below(low).1 / share
    }

    /// `E exp(i k frequency result)` for `k` from 0 on, as real and imaginary parts.
    fn transform(&self, frequency: f64) -> Vec<(f64, f64)> {
        let (n, sd) = (f64::from(self.rebalances), self.sigma * self.dt().sqrt());
        // Prices every quarter of a step's deviation, as far as the deltas move.
        let most = (7.0 * n.sqrt() / PER_STEP) as i64;
        let price = |i: i64| self.price * (sd * PER_STEP * i as f64).exp();
        // The grid has no drift; a step of i nodes is the draw z = (i PER_STEP + sd / 2), whose weights sum to 1.
        let draw = |i: i64| PER_STEP * i as f64 + 0.5 * sd;
        let span = (8.5 / PER_STEP) as i64;
        let total: f64 = (-span..=span).map(|i| pdf(draw(i))).sum();
        let mut after: Vec<Vec<(f64, f64)>> = Vec::new();
        for step in (0..self.rebalances).rev() {
            let left = f64::from(self.rebalances - step);
            let last = step + 1 == self.rebalances;
            let row = |i: i64| {
                let mut sum = vec![(0.0, 0.0); TERMS];
                let here = price(i);
                let (call, delta) = self.call(here, left);
                if last {
                    for (weight, error) in self.errors(here, step) {
                        add(&mut sum, weight, error * frequency, |_| (1.0, 0.0));
                    }
                } else {
                    for j in (i - span).max(-most)..=(i + span).min(most) {
                        let next = price(j);
                        let error = delta * (next - here) - (self.call(next, left - 1.0).0 - call);
                        let then = &after[(j + most) as usize];
                        add(&mut sum, pdf(draw(j - i)) / total, error * frequency, |k| then[k]);
                    }
                }
                sum
            };
            if step == 0 {
                return row(0);
            }
            after = (-most..=most).map(row).collect();
        }
        vec![(1.0, 0.0)]
    }
}

/// Nodes are that many of a step's standard deviations apart.
const PER_STEP: f64 = 0.25;
const TERMS: usize = 192;

/// Adds `weight * exp(i k angle) * then(k)` for each `k`, each power of the turn from the last.
fn add(sum: &mut [(f64, f64)], weight: f64, angle: f64, then: impl Fn(usize) -> (f64, f64)) {
    let (sin, cos) = angle.sin_cos();
    let mut turn = (weight, 0.0);
    for (k, sum) in sum.iter_mut().enumerate() {
        let (re, im) = then(k);
        sum.0 += turn.0 * re - turn.1 * im;
        sum.1 += turn.0 * im + turn.1 * re;
        turn = (turn.0 * cos - turn.1 * sin, turn.0 * sin + turn.1 * cos);
    }
}

impl Known for Hedge {
    fn parts(&self) -> Result<Parts> {
        positive(&[("price", self.price), ("strike", self.strike), ("sigma", self.sigma), ("days", self.days)])?;
        // The exact tail takes time as the number of rebalances to the power of 1.5.
        need("rebalances", f64::from(self.rebalances), (1..=250).contains(&self.rebalances), "in 1..=250")?;
        let (n, first, one) = (self.rebalances, self.price, Instrument::unit());
        let years = self.days / 365.0;
        let sd = self.sigma * self.dt().sqrt();
        let option = HedgedOption {
            right: OptionRight::Call,
            strike: self.strike / first,
            years,
            volatility: self.sigma,
            scale: CASH,
            ..HedgedOption::default()
        };
        let own = self.clone();
        let delta = move |obs: &[f32]| {
            let price = first * (1.0 + 0.1 * f64::from(obs[3]));
            own.call(price, (f64::from(obs[2]) * f64::from(n)).round()).1
        };
        Ok(Parts {
            spec: spec(
                SynthSpec::Geometric(Geometric { volatility: sd, ..Geometric::default() }),
                vec![last_move(1.0 / sd)],
                vec![AccountNumber::Position, AccountNumber::TimeLeft, AccountNumber::PriceSinceStart],
                ActionSpec::TargetPosition(TargetPosition { max_lots: 1.0 / one.lot, ..TargetPosition::default() }),
                RewardSpec::HedgedOption(option),
                n,
            ),
            rows: rows(one, first, 1, n)?,
            goals: vec![
                Goal::best(Objective::Sd {}, self.sd()),
                Goal::best(Objective::ExpectedShortfall { share: 0.05 }, self.expected_shortfall(0.05)),
            ],
            optimal: Rule::number(delta),
            // Keeps the risk.
            naive: Rule::number(|_| 0.0),
            reference: Reference::Naive,
            episodes: 50_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        // The table has samples: 0.3577, 0.833 and 3.459. The integrals are 0.35783, 0.8333 and 3.46227.
        let hedge = Hedge::default();
        assert!((hedge.sd() - 0.357_833).abs() < 1e-6, "{}", hedge.sd());
        assert!((hedge.unhedged_sd() - 3.462_271).abs() < 1e-6, "{}", hedge.unhedged_sd());
        let tail = hedge.expected_shortfall(0.05);
        assert!((tail - 0.8333).abs() < 1e-3, "{tail}");
        assert!((hedge.expected_shortfall(0.5) - 0.268).abs() < 2e-3);
    }

    #[test]
    fn the_delta_is_nearly_the_hedge_of_least_variance() {
        // Of each step that is the regression of the call's move on the stock's.
        let hedge = Hedge::default();
        let variance: f64 = (0..hedge.rebalances)
            .map(|step| {
                hedge
                    .prices(step)
                    .into_iter()
                    .map(|(weight, price)| {
                        let left = f64::from(hedge.rebalances - step);
                        let call = hedge.call(price, left).0;
                        let (mut cc, mut cs, mut ss) = (0.0, 0.0, 0.0);
                        for (z, w) in hedge.moves(price, step) {
                            let next = price * hedge.step(z);
                            let (c, s) = (hedge.call(next, left - 1.0).0 - call, next - price);
                            (cc, cs, ss) = (cc + w * c * c, cs + w * c * s, ss + w * s * s);
                        }
                        weight * (cc - cs * cs / ss)
                    })
                    .sum::<f64>()
            })
            .sum();
        let least = variance.sqrt();
        assert!(least < hedge.sd() && least > 0.99 * hedge.sd(), "{least}");
    }
}

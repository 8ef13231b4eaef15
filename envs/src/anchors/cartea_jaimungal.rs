//! Making a market with a penalty on inventory.

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
    parts::{Known, Parts, need, positive, steps},
    scene::{CASH, last_move, rows, spec},
};
use crate::{
    AccountNumber, ActionSpec, Composite, EnvSpec, ExpectedProfit, Held, InventoryPenalty, Result, RewardPart,
    RewardSpec, TwoSidedQuotes,
};

/// Quotes at depths that are hit at the rate `lambda exp(-kappa depth)`; what is held costs `phi q^2` a unit of time and `alpha q^2` at
/// the end (Cartea, Jaimungal and Penalva, 2015, "Algorithmic and High-Frequency Trading", section 10.2).
///
/// ```
/// use tradepit_envs::anchors::CarteaJaimungal;
/// let known = CarteaJaimungal { phi: 0.01, alpha: 0.001, most: 100, ..CarteaJaimungal::default() };
/// assert!((known.continuous() - 68.25583).abs() < 5e-6);
/// assert!((CarteaJaimungal::default().solve().value() - 66.7586).abs() < 5e-5);
/// ```
///
/// In steps, each side fills one unit by itself with probability `min(1, lambda exp(-kappa depth) dt)`; the penalty is `phi q^2 dt` on the
/// inventory before the fill; depths are the multiples of `tick` up to `3 / kappa`, one tick at least; at an inventory of `most` the side that would add to it
/// is not quoted. The price is a martingale of standard deviation `sigma`, and does not matter to the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CarteaJaimungal {
    /// Hits a unit of time at depth 0.
    pub lambda: f64,
    /// How fast hits get fewer with the depth.
    pub kappa: f64,
    /// Penalty on the square of the inventory, a unit of time.
    pub phi: f64,
    /// Penalty on the square of the final inventory.
    pub alpha: f64,
    /// Standard deviation of the price, a square root of time.
    pub sigma: f64,
    /// Length of the session.
    pub time: f64,
    /// Steps that it is cut into.
    pub steps: u32,
    /// The largest inventory, either way.
    pub most: u32,
    /// Depths are multiples of it.
    pub tick: f64,
}

impl Default for CarteaJaimungal {
    fn default() -> Self {
        Self { lambda: 140.0, kappa: 1.5, phi: 0.2, alpha: 0.0, sigma: 2.0, time: 1.0, steps: 200, most: 6, tick: 0.01 }
    }
}

/// The optimum of [`CarteaJaimungal`] in steps.
///
/// ```
/// use tradepit_envs::anchors::{CarteaJaimungal, QuotesSolution};
/// let solved: QuotesSolution = CarteaJaimungal::default().solve();
/// let ticks = |step, inventory| solved.ticks(step, inventory);
/// // Who is long wants to sell.
/// assert!(ticks(0, 3).0 > ticks(0, 0).0 && ticks(0, 3).1 < ticks(0, 0).1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct QuotesSolution {
    most: i64,
    value: f64,
    /// Bid and ask in ticks, of each inventory of each step.
    ticks: Vec<(u32, u32)>,
}

impl QuotesSolution {
    /// Mean of the final wealth less penalties, from no inventory on.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Depths of bid and ask in ticks at a step, with that inventory; that of a side which is not quoted means nothing.
    #[must_use]
    pub fn ticks(&self, step: u32, inventory: i64) -> (u32, u32) {
        let width = 2 * self.most + 1;
        let at = i64::from(step) * width + inventory.clamp(-self.most, self.most) + self.most;
        self.ticks[at as usize]
    }
}

impl CarteaJaimungal {
    fn matching(&self) -> Matching {
        Matching {
            limit: LimitRule::Intensity(Intensity {
                arrivals: self.lambda * self.time / f64::from(self.steps),
                decay: self.kappa,
            }),
            ..Matching::default()
        }
    }

    /// The largest depth in ticks: three times what would be best without a penalty.
    fn deepest(&self) -> u32 {
        (3.0 / self.kappa / self.tick).round() as u32
    }

    /// By depth from one tick on, the probability that a quote fills in a step.
    fn chances(&self) -> Vec<f64> {
        let dt = self.time / f64::from(self.steps);
        (1..=self.deepest())
            .map(|i| (self.lambda * dt * (-self.kappa * self.tick * f64::from(i)).exp()).min(1.0))
            .collect()
    }

    /// Dynamic programming in steps.
    #[must_use]
    pub fn solve(&self) -> QuotesSolution {
        let (most, dt, chances) = (i64::from(self.most), self.time / f64::from(self.steps), self.chances());
        let width = (2 * most + 1) as usize;
        let square = |i: usize| (i as f64 - most as f64).powi(2);
        let mut worth: Vec<f64> = (0..width).map(|i| -self.alpha * square(i)).collect();
        let mut ticks = vec![(0, 0); width * self.steps as usize];
        for step in (0..self.steps as usize).rev() {
            let mut next = vec![0.0; width];
            for (i, next) in next.iter_mut().enumerate() {
                let buy = worth.get(i + 1).map(|up| up - worth[i]);
                let sell = i.checked_sub(1).map(|down| worth[down] - worth[i]);
                let (bid, ask, gain) = self.quote(&chances, buy, sell);
                ticks[step * width + i] = (bid, ask);
                *next = worth[i] + gain - self.phi * square(i) * dt;
            }
            worth = next;
        }
        QuotesSolution { most, value: worth[most as usize], ticks }
    }

    /// The best depths of both sides, for what one more and one less are worth (none: the side is not quoted), and the gain.
    ///
    /// With chances `p` and `q` and depths `b` and `a` the gain is `p b + q a + p (1 - q) buy + q (1 - p) sell`: of one side, given the
    /// other, a list to look through; both in turn until they stand.
    fn quote(&self, chances: &[f64], buy: Option<f64>, sell: Option<f64>) -> (u32, u32, f64) {
        let depth = |i: usize| self.tick * (i + 1) as f64;
        // Of one side: its place in the list, its chance, its gain.
        let side = |own: Option<f64>, other: Option<f64>, q: f64| match own {
            None => (0, 0.0, 0.0),
            Some(own) => {
                let gain = |i: usize| chances[i] * (depth(i) + (1.0 - q) * own - q * other.unwrap_or(0.0));
                let best = (1..chances.len()).fold(0, |best, i| if gain(i) > gain(best) { i } else { best });
                (best, chances[best], gain(best))
            }
        };
        let (mut bid, mut ask) = (side(buy, sell, 0.0), side(sell, buy, 0.0));
        loop {
            let new_bid = side(buy, sell, ask.1);
            let new_ask = side(sell, buy, new_bid.1);
            if (new_bid.0, new_ask.0) == (bid.0, ask.0) {
                // What the bid gains beside the ask, and the ask alone.
                let gain = new_bid.2 + ask.1 * (depth(ask.0) + sell.unwrap_or(0.0));
                return (bid.0 as u32 + 1, ask.0 as u32 + 1, gain);
            }
            (bid, ask) = (new_bid, new_ask);
        }
    }

    /// Value of quoting the same depth on both sides, whatever is held.
    #[must_use]
    pub fn constant(&self, ticks: u32) -> f64 {
        let (dt, most) = (self.time / f64::from(self.steps), i64::from(self.most));
        let chance = (self.lambda * dt * (-self.kappa * self.tick * f64::from(ticks)).exp()).min(1.0);
        let (width, depth) = ((2 * most + 1) as usize, self.tick * f64::from(ticks));
        let square = |i: usize| (i as f64 - most as f64).powi(2);
        let mut worth: Vec<f64> = (0..width).map(|i| -self.alpha * square(i)).collect();
        for _ in 0..self.steps {
            let next = |i: usize| {
                let (up, down) = (worth.get(i + 1), i.checked_sub(1).map(|i| worth[i]));
                let (p, q) = (up.map_or(0.0, |_| chance), down.map_or(0.0, |_| chance));
                let moved = p * (1.0 - q) * up.map_or(0.0, |up| up - worth[i])
                    + q * (1.0 - p) * down.map_or(0.0, |down| down - worth[i]);
                worth[i] + (p + q) * depth + moved - self.phi * square(i) * dt
            };
            worth = (0..width).map(next).collect();
        }
        worth[most as usize]
    }

    /// Value in continuous time from no inventory on: `ln(w) / kappa`, with `w = exp(A T) exp(-alpha kappa q^2)` in the middle, where `A` has
    /// `-phi kappa q^2` on its diagonal and `lambda / e` beside it.
    ///
    /// `A` plus its largest penalty has no negative number: the series of its exponential is summed as it is, in parts of
    /// the time that keep the terms small.
    #[must_use]
    pub fn continuous(&self) -> f64 {
        let most = f64::from(self.most);
        let square = |i: usize| (i as f64 - most).powi(2);
        let width = 2 * self.most as usize + 1;
        let (largest, beside) = (self.phi * self.kappa * most * most, self.lambda / std::f64::consts::E);
        let mut w: Vec<f64> = (0..width).map(|i| (-self.alpha * self.kappa * square(i)).exp()).collect();
        let parts = ((largest + 2.0 * beside) * self.time / 8.0).ceil();
        let part = self.time / parts;
        let mut logarithm = 0.0;
        for _ in 0..parts as usize {
            let mut term = w.clone();
            for n in 1..=80 {
                let times = |i: usize| {
                    let near = term.get(i + 1).unwrap_or(&0.0) + i.checked_sub(1).map_or(0.0, |i| term[i]);
                    ((largest - self.phi * self.kappa * square(i)) * term[i] + beside * near) * part / f64::from(n)
                };
                term = (0..width).map(times).collect();
                w.iter_mut().zip(&term).for_each(|(w, term)| *w += term);
            }
            // Numbers stay near 1; the logarithm keeps what was taken out.
            let scale = w[self.most as usize];
            w.iter_mut().for_each(|w| *w /= scale);
            logarithm += scale.ln() - largest * part;
        }
        logarithm / self.kappa
    }
}

impl Known for CarteaJaimungal {
    fn parts(&self) -> Result<Parts> {
        positive(&[
            ("lambda", self.lambda),
            ("kappa", self.kappa),
            ("sigma", self.sigma),
            ("time", self.time),
            ("tick", self.tick),
        ])?;
        need("phi", self.phi, self.phi >= 0.0, "at least 0")?;
        need("alpha", self.alpha, self.alpha >= 0.0, "at least 0")?;
        need("most", f64::from(self.most), (1..=1_000).contains(&self.most), "in 1..=1000")?;
        need(
            "tick",
            self.tick,
            self.deepest() >= 1 && self.deepest() <= 10_000,
            "so that 3 / kappa is 1 to 10000 ticks",
        )?;
        steps("steps", self.steps)?;
        let (n, most, deepest) = (self.steps, f64::from(self.most), f64::from(self.deepest()));
        let dt = self.time / f64::from(n);
        let (sd, one) = (self.sigma * dt.sqrt(), Instrument { lot: 1.0, tick: self.tick, ..Instrument::unit() });
        let price = (1_000.0 * sd / self.tick).ceil() * self.tick;
        let part = |reward| RewardPart { weight: 1.0, reward };
        let reward = Composite {
            parts: vec![
                // Fills do not depend on how the price moves: its noise can be taken out.
                part(RewardSpec::ExpectedProfit(ExpectedProfit { scale: CASH, held: Held::After })),
                part(RewardSpec::InventoryPenalty(InventoryPenalty {
                    coefficient: self.phi * dt,
                    power: 2,
                    held: Held::Before,
                    terminal: self.alpha,
                })),
            ],
        };
        let spec = spec(
            SynthSpec::Arithmetic(Arithmetic { volatility: sd, ..Arithmetic::default() }),
            vec![last_move(price / sd)],
            vec![AccountNumber::Position, AccountNumber::TimeLeft],
            ActionSpec::TwoSidedQuotes(TwoSidedQuotes {
                offset_ticks: [1.0, deepest],
                lots: [1.0, 1.0],
                max_lots: most,
            }),
            RewardSpec::Composite(reward),
            n,
        );
        let solved = self.solve();
        let goal = Goal::best(Objective::MeanEpisode {}, solved.value());
        let depth = move |ticks: u32| (2.0 * (f64::from(ticks) - 1.0) / (deepest - 1.0) - 1.0) as f32;
        let always = ((1.0 / (self.kappa * self.tick)).round() as u32).clamp(1, self.deepest());
        Ok(Parts {
            spec: EnvSpec { matching: self.matching(), ..spec },
            rows: rows(one, price, 1, n)?,
            goals: vec![goal],
            optimal: Rule::new(move |obs, action| {
                let step = n - ((f64::from(obs[2]) * f64::from(n)).round() as u32).clamp(1, n);
                let (bid, ask) = solved.ticks(step, (f64::from(obs[1]) * most).round() as i64);
                (action[0], action[1]) = (depth(bid), depth(ask));
            }),
            // What would be best without a penalty, whatever is held.
            naive: Rule::new(move |_, action| action.fill(depth(always))),
            reference: Reference::Nothing,
            episodes: 5_000,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let of = |lambda, kappa| CarteaJaimungal {
            lambda,
            kappa,
            phi: 0.01,
            alpha: 0.001,
            most: 100,
            ..CarteaJaimungal::default()
        };
        for (problem, value) in
            [(of(140.0, 1.5), 68.255_834_76), (of(100.0, 1.0), 73.225_863_44), (of(50.0, 2.0), 18.219_290_52)]
        {
            assert!((problem.continuous() - value).abs() < 1e-7, "{}", problem.continuous());
        }
        let ten = CarteaJaimungal { most: 10, ..CarteaJaimungal::default() };
        assert!(
            (ten.continuous() - 66.2892).abs() < 5e-5
                && (CarteaJaimungal::default().continuous() - 66.0063).abs() < 5e-5
        );
        assert!((CarteaJaimungal::default().constant(66) - 62.99).abs() < 0.01);
    }

    #[test]
    fn one_side_after_the_other_finds_the_best_pair() {
        let problem = CarteaJaimungal { tick: 0.05, ..CarteaJaimungal::default() };
        let chances = problem.chances();
        for (buy, sell) in [(-0.1, -0.1), (0.3, -0.6), (-1.2, 0.9)] {
            let (_, _, gain) = problem.quote(&chances, Some(buy), Some(sell));
            let mut best = f64::MIN;
            for (i, p) in chances.iter().enumerate() {
                for (j, q) in chances.iter().enumerate() {
                    let (b, a) = (problem.tick * (i + 1) as f64, problem.tick * (j + 1) as f64);
                    best = best.max(p * b + q * a + p * (1.0 - q) * buy + q * (1.0 - p) * sell);
                }
            }
            assert!((gain - best).abs() < 1e-12, "{gain} {best}");
        }
    }
}

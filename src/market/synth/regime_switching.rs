//! A few states, each with a mean and a volatility.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{finite, need},
    generator::{Moment, Process},
    path::{Path, normal},
};
use crate::{Error, Result, Rng};

/// The most states.
pub(super) const MOST: usize = 4;

/// One state of [`RegimeSwitching`].
///
/// ```
/// use tradepit::market::synth::Regime;
/// let calm: Regime = serde_json::from_str(r#"{"mean_bps": 0.01, "volatility_bps": 1.5, "next": [0.99, 0.01]}"#).unwrap();
/// assert_eq!(calm.next[0], 0.99);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Mean of a bar's log return, in basis points.
    pub mean_bps: f64,
    /// Standard deviation of a bar's log return, in basis points, at least 0.
    pub volatility_bps: f64,
    /// Probabilities of the states of the next bar; they sum to 1.
    pub next: Vec<f64>,
}

/// Regime switching: a hidden Markov chain of 2 to 4 states, normal log returns in each (Hamilton 1989, "A New Approach to
/// the Economic Analysis of Nonstationary Time Series and the Business Cycle").
///
/// A path begins in a state drawn from the chain's long-run distribution `p`. The log return of a bar then has the mean
/// `sum p m` and the variance `sum p (s^2 + m^2) - (sum p m)^2`; a state lasts `1 / (1 - next[itself])` bars on average. All
/// numbers are of bars, not of years.
///
/// ```
/// use tradepit::market::synth::{Regime, RegimeSwitching, SynthRows, SynthSpec};
/// let state = |volatility_bps, next: [f64; 2]| Regime { mean_bps: 0.0, volatility_bps, next: next.to_vec() };
/// let states = vec![state(1.0, [0.999, 0.001]), state(8.0, [0.01, 0.99])];
/// let spec = SynthSpec::RegimeSwitching(RegimeSwitching { states, ..RegimeSwitching::default() });
/// assert_eq!(spec.market(&SynthRows::default(), 0).unwrap().len(), 10_000);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeSwitching {
    /// The states, 2 to 4.
    pub states: Vec<Regime>,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for RegimeSwitching {
    fn default() -> Self {
        let state = |volatility_bps, next: [f64; 2]| Regime { mean_bps: 0.0, volatility_bps, next: next.to_vec() };
        Self { states: vec![state(2.0, [0.998, 0.002]), state(6.0, [0.01, 0.99])], volume: VolumeSpec::default() }
    }
}

impl RegimeSwitching {
    /// The share of bars that each state has in the long run.
    ///
    /// The chain is squared until it has forgotten where it began.
    pub(super) fn long_run(&self) -> [f64; MOST] {
        let n = self.states.len();
        let mut chain = [[0.0; MOST]; MOST];
        for (row, state) in chain.iter_mut().zip(&self.states) {
            row[..n].copy_from_slice(&state.next);
        }
        for _ in 0..40 {
            let mut squared = [[0.0; MOST]; MOST];
            for (to, from) in squared.iter_mut().zip(&chain).take(n) {
                for (value, j) in to.iter_mut().zip(0..n) {
                    *value = (0..n).map(|k| from[k] * chain[k][j]).sum();
                }
                // Rounding must not grow with the power.
                let sum: f64 = to.iter().sum();
                to.iter_mut().for_each(|value| *value /= sum);
            }
            chain = squared;
        }
        let mut share = [0.0; MOST];
        for (j, share) in share.iter_mut().enumerate().take(n) {
            *share = chain[..n].iter().map(|row| row[j]).sum::<f64>() / n as f64;
        }
        share
    }
}

/// The state, and the usual volatility.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    state: usize,
    usual: f64,
}

fn choose(probabilities: &[f64], rng: &mut Rng) -> usize {
    let mut left: f64 = rng.random();
    let last = probabilities.len() - 1;
    probabilities[..last]
        .iter()
        .position(|p| {
            left -= p;
            left < 0.0
        })
        .unwrap_or(last)
}

impl Process for RegimeSwitching {
    type State = Chain;

    fn validate(&self) -> Result<()> {
        let n = self.states.len();
        need("states", n as f64, (2..=MOST).contains(&n), "2 to 4 states")?;
        for (i, state) in self.states.iter().enumerate() {
            finite(&format!("states[{i}].mean_bps"), state.mean_bps)?;
            let volatility = state.volatility_bps;
            need(
                &format!("states[{i}].volatility_bps"),
                volatility,
                volatility >= 0.0,
                "a finite number of at least 0",
            )?;
            let sum: f64 = state.next.iter().sum();
            if state.next.len() != n || !state.next.iter().all(|p| (0.0..=1.0).contains(p)) || (sum - 1.0).abs() > 1e-9
            {
                let message = format!("{:?} must be {n} probabilities that sum to 1", state.next);
                return Err(Error::spec(format!("synthetic.states[{i}].next"), message));
            }
        }
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, _: f64, rng: &mut Rng) -> Chain {
        let share = self.long_run();
        let variance: f64 = self.states.iter().zip(share).map(|(s, p)| p * s.volatility_bps * s.volatility_bps).sum();
        Chain { state: choose(&share[..self.states.len()], rng), usual: variance.sqrt().max(f64::MIN_POSITIVE) }
    }

    fn bar(&self, chain: &mut Chain, _: Moment, path: &mut Path, rng: &mut Rng) {
        let state = &self.states[chain.state];
        let sd = state.volatility_bps * 1e-4;
        path.leg(state.mean_bps * 1e-4 + sd * normal(rng), sd * sd, rng);
        path.activity = state.volatility_bps / chain.usual;
        chain.state = choose(&state.next, rng);
    }
}

//! From a real market to the spec of one like it.

mod garch;
mod heston;
mod intraday;
mod regimes;
mod simple;
mod volume;

use serde::{Deserialize, Serialize};

use super::{SynthSpec, facts::Returns};
use crate::{MarketData, Result};

/// A kind of [`SynthSpec`] to be fitted.
///
/// ```
/// use tradepit::market::synth::SynthKind;
/// assert_eq!(serde_json::from_str::<SynthKind>(r#""jump_diffusion""#).unwrap(), SynthKind::JumpDiffusion);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynthKind {
    /// Mean and variance.
    Brownian,
    /// Regression of the log price on itself one bar later.
    OrnsteinUhlenbeck,
    /// Returns beyond four local standard deviations are the jumps.
    JumpDiffusion,
    /// Moments: variance, how squares of returns decay, and what returns do to later squares.
    Heston,
    /// Normal quasi-likelihood for the variance, then the tails.
    Garch,
    /// Likelihood, by expectation and maximisation; two states.
    RegimeSwitching,
    /// Profiles of the day, clusters from products of absolute returns, then tails by simulation.
    Intraday,
}

/// A spec whose market is like `data`, as far as its kind goes.
///
/// Returns over consecutive bars are all that it looks at (gaps between sessions, where the kind has them, apart), so holes
/// in the data do no harm. Whatever the kind, the mean, the spread and the dependence on volatility of volume are fitted too;
/// data without volume gives a market without.
///
/// ```
/// use tradepit::market::synth::{self, Garch, SynthKind, SynthRows, SynthSpec};
/// let truth = Garch { volatility_bps: 5.0, alpha: 0.10, beta: 0.85, tails: 8.0, ..Garch::default() };
/// let data = SynthSpec::Garch(truth).market(&SynthRows { bars: 60_000, ..SynthRows::default() }, 0).unwrap();
/// let SynthSpec::Garch(fitted) = synth::fit(&data, SynthKind::Garch).unwrap() else { panic!() };
/// assert!((fitted.alpha - 0.10).abs() < 0.03 && (fitted.beta - 0.85).abs() < 0.05);
/// ```
///
/// # Errors
/// When there is more than one instrument, a price is not above 0, there are fewer than 100 returns over consecutive bars, or
/// the data has nothing that the kind could be fitted to (a price that never moves, no way back for
/// [`SynthKind::OrnsteinUhlenbeck`]).
pub fn fit(data: &MarketData, kind: SynthKind) -> Result<SynthSpec> {
    let returns = Returns::of(data)?;
    let years = 1.0 / data.calendar().bars_per_year(data.period_ns());
    let volume = volume::fit(data);
    let spec = match kind {
        SynthKind::Brownian => SynthSpec::Brownian(simple::brownian(&returns, years, volume)?),
        SynthKind::OrnsteinUhlenbeck => {
            SynthSpec::OrnsteinUhlenbeck(simple::ornstein_uhlenbeck(data, &returns, years, volume)?)
        }
        SynthKind::JumpDiffusion => SynthSpec::JumpDiffusion(simple::jump_diffusion(&returns, years, volume)?),
        SynthKind::Heston => SynthSpec::Heston(heston::fit(&returns, years, volume)?),
        SynthKind::Garch => SynthSpec::Garch(garch::fit(&returns, volume)?),
        SynthKind::RegimeSwitching => SynthSpec::RegimeSwitching(regimes::fit(&returns, 2, volume)?),
        SynthKind::Intraday => SynthSpec::Intraday(intraday::fit(data, &returns)?),
    };
    spec.validate()?;
    Ok(spec)
}

/// As [`fit`] with [`SynthKind::RegimeSwitching`], for 2 to 4 states, the calmest first.
///
/// ```
/// use tradepit::market::synth::{self, RegimeSwitching, SynthRows, SynthSpec};
/// let rows = SynthRows { bars: 20_000, ..SynthRows::default() };
/// let data = SynthSpec::RegimeSwitching(RegimeSwitching::default()).market(&rows, 0).unwrap();
/// let fitted = synth::fit_regimes(&data, 2).unwrap();
/// assert!((fitted.states[0].volatility_bps - 2.0).abs() < 0.2);
/// assert!((fitted.states[1].volatility_bps - 6.0).abs() < 0.5);
/// ```
///
/// # Errors
/// As [`fit`], and when there are not 2 to 4 states.
pub fn fit_regimes(data: &MarketData, states: usize) -> Result<super::RegimeSwitching> {
    let fitted = regimes::fit(&Returns::of(data)?, states, volume::fit(data))?;
    SynthSpec::RegimeSwitching(fitted.clone()).validate()?;
    Ok(fitted)
}

/// Mean and variance of returns.
///
/// # Errors
/// When they do not vary.
fn mean_and_variance(values: &[f64]) -> Result<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / n;
    if variance > 0.0 {
        return Ok((mean, variance));
    }
    Err(crate::Error::TooLittleData("the price never moves; there is nothing to fit".into()))
}

/// The degrees of freedom at which Student's t has this `E z^2 / (E|z|)^2`, in [2.1, 100].
///
/// The ratio falls with the degrees, from infinity at 2 to pi / 2; it needs no fourth moment.
fn degrees(ratio: f64) -> f64 {
    let (mut low, mut high) = (2.1f64, 100.0f64);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if spread_ratio(middle) > ratio { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// `E z^2 / (E|z|)^2` of Student's t.
fn spread_ratio(degrees: f64) -> f64 {
    use statrs::function::gamma::ln_gamma;
    let log = ln_gamma(0.5 * (degrees + 1.0)) - ln_gamma(0.5 * degrees);
    let absolute = 2.0 * degrees.sqrt() * log.exp() / ((degrees - 1.0) * std::f64::consts::PI.sqrt());
    degrees / (degrees - 2.0) / (absolute * absolute)
}

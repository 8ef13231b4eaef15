//! A market with days in it.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::{
    VolumeSpec,
    check::{at_least_zero, need},
    generator::{Moment, Process},
    path::{Path, normal},
    tails::Tails,
};
use crate::{Error, Result, Rng, time::DAY_NS};

/// The most clusters.
pub(super) const MOST: usize = 8;

/// One length of volatility clusters of an [`IntradayMarket`].
///
/// ```
/// use tradepit::market::synth::Cluster;
/// let hours: Cluster = serde_json::from_str(r#"{"bars": 120, "variance": 0.5}"#).unwrap();
/// assert_eq!(hours, Cluster { bars: 120.0, variance: 0.5 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Bars after which a correlation of `1 / e` is left, above 0.
    pub bars: f64,
    /// Variance of the logarithm of the variance, at least 0.
    pub variance: f64,
}

/// A market with days in it: a profile of volatility and volume over the day, clusters of volatility of many lengths, heavy
/// tails, bars in which nothing moves, and gaps over breaks.
///
/// ```text
/// r = volatility(minute) * exp(h / 2 - v / 4) * t        t: Student's t with variance 1 and `tails` degrees of freedom
/// h = sum of Gaussian AR(1), one for each cluster:       v: the sum of their variances
///     h_c <- exp(-1 / bars) h_c + sqrt(variance (1 - exp(-2 / bars))) z
/// ```
///
/// So a bar's log return has the standard deviation `volatility(minute)`, the kurtosis, at one minute of the day,
/// `3 (tails - 2) / (tails - 4) * exp(v)`, and `ln(E|r_t r_u| / (E|r_t| E|r_u|)) = cov(h_t, h_u) / 4`: a sum of exponentials
/// decays as slowly as a power over the lengths that it spans. The parts are those of Andersen and Bollerslev (1997,
/// "Intraday periodicity and volatility persistence in financial markets": a daily profile times a slow volatility), Taylor
/// (1986, "Modelling Financial Time Series": log-normal volatility) and Müller et al. (1997, "Volatilities of different time
/// resolutions": components of many lengths), and Roll (1984, "A Simple Implicit Measure of the Effective Bid-Ask Spread":
/// prints on both sides of the spread). Given its volatility, a bar is a fair game between bid and ask.
///
/// ```
/// use tradepit::market::synth::{IntradayMarket, SynthRows, SynthSpec};
/// let data = SynthSpec::Intraday(IntradayMarket::default()).market(&SynthRows { bars: 60_000, ..SynthRows::default() }, 0).unwrap();
/// let busy = |from: f64, to: f64| {
///     let bars = data.bars().iter().filter(|bar| (from..to).contains(&(data.clock().local_minute(bar.time).0 / 60.0)));
///     let volumes: Vec<f64> = bars.map(|bar| bar.volume).collect();
///     volumes.iter().sum::<f64>() / volumes.len() as f64
/// };
/// // The hour behind the opening in New York (08:30 in Chicago), noon, and the night.
/// assert!(busy(8.5, 9.5) > 1.2 * busy(11.0, 12.0) && busy(11.0, 12.0) > 3.0 * busy(20.0, 23.0));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntradayMarket {
    /// Standard deviation of a bar's log return in basis points, by part of the local day: as many equal parts as there are
    /// numbers, 1 to 1440, the first from midnight. 0 where nothing ever moves.
    pub volatility_bps: Vec<f64>,
    /// Volume by part of the local day, as multiples of `volume.mean`; the same all day where there is none.
    pub volume_shape: Vec<f64>,
    /// Clusters of volatility, at most 8.
    pub clusters: Vec<Cluster>,
    /// Degrees of freedom of the tails, above 2; 1,000 is as good as normal.
    pub tails: f64,
    /// Share of the bars in which the price does not move at all, beside those of which the tick shows nothing; in [0, 1).
    pub idle: f64,
    /// Ticks between bid and ask, at least 0: the first and the last trade of a bar are at the one or the other, with equal
    /// chance.
    pub spread_ticks: f64,
    /// Standard deviation of the gap over a break of less than a day, in basis points, at least 0.
    pub break_bps: f64,
    /// Of the gap over a break of a day or longer.
    pub weekend_bps: f64,
    /// How much is traded.
    pub volume: VolumeSpec,
}

impl Default for IntradayMarket {
    /// About the day of an American index future, in Chicago: hours of the night, of Europe, of New York, and a break.
    fn default() -> Self {
        let volatility_bps = [
            1.0, 1.2, 1.8, 1.8, 1.4, 1.5, 2.0, 2.5, 4.5, 4.5, 3.5, 3.0, 3.0, 3.2, 3.6, 2.0, 1.5, 1.8, 1.5, 1.6, 1.3,
            1.1, 1.0, 1.0,
        ];
        let volume_shape = [
            0.1, 0.15, 0.3, 0.3, 0.2, 0.2, 0.3, 0.6, 3.2, 3.6, 2.6, 2.2, 2.1, 2.1, 3.5, 1.2, 0.3, 0.2, 0.15, 0.2, 0.15,
            0.1, 0.1, 0.1,
        ];
        let cluster = |bars, variance| Cluster { bars, variance };
        Self {
            volatility_bps: volatility_bps.to_vec(),
            volume_shape: volume_shape.to_vec(),
            clusters: vec![cluster(5.0, 0.3), cluster(60.0, 0.3), cluster(1_000.0, 0.3), cluster(7_000.0, 0.6)],
            tails: 7.0,
            idle: 0.0,
            spread_ticks: 1.0,
            break_bps: 10.0,
            weekend_bps: 50.0,
            volume: VolumeSpec { mean: 1_000.0, spread: 0.5, with_volatility: 0.7 },
        }
    }
}

/// The clusters as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clusters {
    parts: [Part; MOST],
    tails: Tails,
    /// `v / 4`, and what makes the mean of the volume what it is called.
    quarter: f64,
    shrink: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Part {
    h: f64,
    kept: f64,
    sd: f64,
}

/// The number of a part of the day.
fn of(profile: &[f64], minute: u16) -> f64 {
    profile[(usize::from(minute) * profile.len() / 1_440).min(profile.len() - 1)]
}

impl Process for IntradayMarket {
    type State = Clusters;

    fn validate(&self) -> Result<()> {
        for (field, profile, least) in
            [("volatility_bps", &self.volatility_bps, 1), ("volume_shape", &self.volume_shape, 0)]
        {
            if !(least..=1_440).contains(&profile.len()) {
                let message = format!("{} parts of the day; give {least} to 1440", profile.len());
                return Err(Error::spec(format!("synthetic.{field}"), message));
            }
            for (i, &value) in profile.iter().enumerate() {
                at_least_zero(&format!("{field}[{i}]"), value)?;
            }
        }
        let n = self.clusters.len();
        need("clusters", n as f64, n <= MOST, "at most 8 clusters")?;
        for (i, cluster) in self.clusters.iter().enumerate() {
            need(&format!("clusters[{i}].bars"), cluster.bars, cluster.bars > 0.0, "a finite number above 0")?;
            at_least_zero(&format!("clusters[{i}].variance"), cluster.variance)?;
        }
        Tails::check(self.tails)?;
        need("idle", self.idle, (0.0..1.0).contains(&self.idle), "in [0, 1)")?;
        at_least_zero("spread_ticks", self.spread_ticks)?;
        at_least_zero("break_bps", self.break_bps)?;
        at_least_zero("weekend_bps", self.weekend_bps)?;
        self.volume.validate()
    }

    fn volume(&self) -> &VolumeSpec {
        &self.volume
    }

    fn begin(&self, _: f64, rng: &mut Rng) -> Clusters {
        let mut parts = [Part::default(); MOST];
        for (part, cluster) in parts.iter_mut().zip(&self.clusters) {
            let lost = -(-2.0 / cluster.bars).exp_m1();
            let h = cluster.variance.sqrt() * normal(rng);
            *part = Part { h, kept: (-1.0 / cluster.bars).exp(), sd: (cluster.variance * lost).sqrt() };
        }
        let v: f64 = self.clusters.iter().map(|cluster| cluster.variance).sum();
        // Volume rises with exp(h / 2) to a power, whose mean is not 1.
        let power = self.volume.with_volatility;
        Clusters { parts, tails: Tails::new(self.tails), quarter: 0.25 * v, shrink: -0.125 * v * power }
    }

    fn bar(&self, state: &mut Clusters, moment: Moment, path: &mut Path, rng: &mut Rng) {
        let mut h = 0.0;
        for part in &mut state.parts[..self.clusters.len()] {
            part.h = part.kept * part.h + part.sd * normal(rng);
            h += part.h;
        }
        let level = (0.5 * h - state.quarter).exp();
        path.activity = (0.5 * h).exp();
        if moment.idle_ns > 0 {
            let bps = if moment.idle_ns < DAY_NS { self.break_bps } else { self.weekend_bps };
            path.gap(bps * 1e-4 * level * normal(rng));
        }
        if self.idle > 0.0 && rng.random::<f64>() < self.idle {
            return;
        }
        let sd = of(&self.volatility_bps, moment.minute) * 1e-4 * level;
        let variance = sd * sd * state.tails.variance(rng);
        path.leg(variance.sqrt() * normal(rng) - 0.5 * variance, variance, rng);
        if self.spread_ticks > 0.0 {
            path.off = [(); 2].map(|()| if rng.random() { 0.5 } else { -0.5 } * self.spread_ticks);
        }
    }

    fn usual_volume(&self, state: &Clusters, minute: u16) -> f64 {
        let shape = if self.volume_shape.is_empty() { 1.0 } else { of(&self.volume_shape, minute) };
        shape * state.shrink.exp()
    }
}

//! Moments against the closed forms, within four standard errors at fixed seeds.

use super::statistics::{agrees, days, mean, minutes, returns, years};
use crate::market::synth::{
    Brownian, Cluster, Garch, Heston, IntradayMarket, JumpDiffusion, OrnsteinUhlenbeck, Regime, RegimeSwitching,
    SynthSpec,
};

const N: usize = 400_000;

/// Mean, variance and fourth cumulant of returns.
fn cumulants(what: &str, spec: &SynthSpec, [first, second, fourth]: [f64; 3], scale: [f64; 3]) {
    let (r, m) = (returns(spec, &minutes(N), 1), first);
    let variance = mean(r.iter().map(|r| (r - m) * (r - m)));
    agrees(&format!("{what}: mean"), mean(r.iter().copied()), first, scale[0] * second.sqrt());
    agrees(&format!("{what}: variance"), variance, second, scale[1] * second);
    let fourths = mean(r.iter().map(|r| (r - m).powi(4) - 3.0 * second * second));
    agrees(&format!("{what}: fourth cumulant"), fourths, fourth, scale[2] * second * second);
}

#[test]
fn brownian() {
    let spec = Brownian { drift: 30.0, volatility: 0.4, ..Brownian::default() };
    let dt = years(&minutes(1));
    cumulants("brownian", &SynthSpec::Brownian(spec), [(30.0 - 0.08) * dt, 0.16 * dt, 0.0], [0.01, 0.01, 0.1]);
}

#[test]
fn the_range_of_a_bar_is_that_of_brownian_motion() {
    let spec = SynthSpec::Brownian(Brownian { volatility: 0.4, ..Brownian::default() });
    let sd = 0.4 * years(&minutes(1)).sqrt();
    let data = spec.market(&minutes(N), 2).unwrap();
    // Feller (1951): the mean range is sqrt(8 / pi) sd; the highest point has the mean sqrt(2 / pi) sd.
    let of = |f: &dyn Fn(&crate::Bar) -> f64| mean(data.bars().iter().map(f));
    let range = of(&|bar| (bar.high / bar.low).ln());
    agrees("range", range, (8.0 / std::f64::consts::PI).sqrt() * sd, 0.01 * sd);
    agrees("high", of(&|bar| (bar.high / bar.open).ln()), (2.0 / std::f64::consts::PI).sqrt() * sd, 0.01 * sd);
}

#[test]
fn ornstein_uhlenbeck() {
    let spec = OrnsteinUhlenbeck { reversion: 4_000.0, volatility: 0.5, level: 1.1, ..OrnsteinUhlenbeck::default() };
    let kept = (-4_000.0 * years(&minutes(1))).exp();
    let data = SynthSpec::OrnsteinUhlenbeck(spec).market(&minutes(N), 3).unwrap();
    let x: Vec<f64> = data.bars()[5_000..].iter().map(|bar| (bar.close / 1_100.0).ln()).collect();
    let variance = 0.25 / 8_000.0;
    agrees("level", mean(x.iter().copied()), 0.0, 0.05 * f64::sqrt(variance));
    agrees("variance", mean(x.iter().map(|x| x * x)), variance, 0.05 * variance);
    let lagged = mean(x.windows(101).map(|w| w[0] * w[100]));
    agrees("covariance over 100 bars", lagged, variance * kept.powi(100), 0.05 * variance);
}

#[test]
fn jump_diffusion() {
    let (m, s): (f64, f64) = (-0.001, 0.002);
    let spec = JumpDiffusion {
        drift: 5.0,
        volatility: 0.3,
        jumps: 50_000.0,
        jump_mean: m,
        jump_sd: s,
        ..JumpDiffusion::default()
    };
    let dt = years(&minutes(1));
    let k = (m + 0.5 * s * s).exp_m1();
    let first = (5.0 - 0.045 - 50_000.0 * k + 50_000.0 * m) * dt;
    let second = (0.09 + 50_000.0 * (m * m + s * s)) * dt;
    let fourth = 50_000.0 * (m.powi(4) + 6.0 * m * m * s * s + 3.0 * s.powi(4)) * dt;
    cumulants("jump diffusion", &SynthSpec::JumpDiffusion(spec), [first, second, fourth], [0.01, 0.02, 2.0]);
}

#[test]
fn heston() {
    let (kappa, theta, xi, rho): (f64, f64, f64, f64) = (4_000.0, 0.04, 12.0, -0.7);
    let spec = Heston {
        volatility: theta.sqrt(),
        reversion: kappa,
        vol_of_vol: xi,
        correlation: rho,
        steps: 1,
        ..Heston::default()
    };
    let dt = years(&minutes(1));
    let r = returns(&SynthSpec::Heston(spec), &minutes(N), 4);
    agrees("variance", mean(r.iter().map(|r| r * r)), theta * dt, 0.02 * theta * dt);
    // The variance of the variance, and how it decays: cov(r_t^2, r_u^2) = dt^2 var(v) exp(-kappa (u - t)), where a step
    // of Euler keeps 1 - kappa dt.
    let (squares, var_v) = (theta * dt, xi * xi * theta / (2.0 * kappa - kappa * kappa * dt));
    for lag in [1, 60] {
        let covariance = mean(r.windows(lag + 1).map(|w| (w[0] * w[0] - squares) * (w[lag] * w[lag] - squares)));
        let truth = var_v * (1.0 - kappa * dt).powi(lag as i32) * dt * dt;
        agrees("covariance", covariance, truth, 0.2 * var_v * dt * dt);
    }
    // cov(r_t, r_u^2) = dt^2 rho xi theta exp(-kappa (u - t)): the leverage effect.
    let lag1 = mean(r.windows(2).map(|w| w[0] * (w[1] * w[1] - squares)));
    agrees("leverage", lag1, rho * xi * theta * dt * dt, 0.2 * (rho * xi * theta).abs() * dt * dt);
}

#[test]
fn garch() {
    let spec = Garch { volatility_bps: 5.0, alpha: 0.1, beta: 0.8, tails: 12.0, ..Garch::default() };
    let (second, k) = (25e-8, 3.0 * 10.0 / 8.0);
    let kurtosis = k * (1.0 - 0.81) / (1.0 - 0.64 - 2.0 * 0.08 - k * 0.01);
    let fourth = (kurtosis - 3.0) * second * second;
    cumulants("garch", &SynthSpec::Garch(spec.clone()), [0.0, second, fourth], [0.01, 0.02, 0.4]);
    // Bollerslev (1986): squares are correlated as an ARMA(1, 1), by a factor of alpha + beta from the second lag on.
    let r = returns(&SynthSpec::Garch(spec), &minutes(N), 6);
    let of = |lag: usize| mean(r.windows(lag + 1).map(|w| (w[0] * w[0] - second) * (w[lag] * w[lag] - second)));
    let first = 0.1 * (1.0 - 0.8 * 0.9) / (1.0 - 2.0 * 0.1 * 0.8 - 0.64) * (kurtosis - 1.0) * second * second;
    agrees("covariance of squares", of(1), first, 0.3 * first);
    agrees("and five bars later", of(6), first * 0.9f64.powi(5), 0.3 * first);
}

#[test]
fn regime_switching() {
    let state = |mean_bps, volatility_bps, next: [f64; 3]| Regime { mean_bps, volatility_bps, next: next.to_vec() };
    let states = vec![
        state(0.5, 1.0, [0.98, 0.02, 0.0]),
        state(-1.0, 4.0, [0.03, 0.95, 0.02]),
        state(0.0, 10.0, [0.0, 0.1, 0.9]),
    ];
    // From p = p P: p2 = p1 * 0.02 / 0.03, p3 = p2 * 0.02 / 0.1.
    let p = [1.0 / 1.8, (2.0 / 3.0) / 1.8, (2.0 / 15.0) / 1.8];
    let moment = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        states.iter().zip(p).map(|(s, p)| p * f(s.mean_bps * 1e-4, s.volatility_bps * 1e-4)).sum()
    };
    let first = moment(&|m, _| m);
    let second = moment(&|m, s| s * s + (m - first) * (m - first));
    let fourth = moment(&|m, s| 3.0 * s.powi(4) + 6.0 * s * s * (m - first).powi(2) + (m - first).powi(4));
    let spec = RegimeSwitching { states: states.clone(), ..RegimeSwitching::default() };
    assert!(spec.long_run().iter().zip(p).all(|(own, p)| (own - p).abs() < 1e-12));
    let cumulants_ = [first, second, fourth - 3.0 * second * second];
    cumulants("regimes", &SynthSpec::RegimeSwitching(spec), cumulants_, [0.02, 0.05, 1.0]);
}

#[test]
fn intraday() {
    let cluster = |bars, variance| Cluster { bars, variance };
    let spec = IntradayMarket {
        volatility_bps: vec![5.0],
        clusters: vec![cluster(3.0, 0.2), cluster(40.0, 0.3)],
        tails: 12.0,
        idle: 0.2,
        spread_ticks: 0.0,
        ..IntradayMarket::default()
    };
    let data = SynthSpec::Intraday(spec).market(&minutes(N), 8).unwrap();
    let r: Vec<f64> = super::statistics::of(&data);
    let idle = mean(data.bars().iter().map(|bar| f64::from(u8::from(bar.high == bar.low))));
    agrees("idle bars", idle, 0.2, 0.01);
    let (second, v) = (25e-8, 0.5f64);
    agrees("variance", mean(r.iter().map(|r| r * r)), 0.8 * second, 0.05 * second);
    let kurtosis = 3.0 * 10.0 / 8.0 * v.exp();
    agrees("fourth", mean(r.iter().map(|r| r.powi(4))), 0.8 * kurtosis * second * second, 0.6 * second * second);
    // ln(E|r_t r_u| / (E|r|)^2) is a quarter of the covariance of h.
    let (absolute, _) = mean(r.iter().map(|r| r.abs()));
    for lag in [1, 10, 60] {
        let truth = (0.25 * (0.2 * (-(lag as f64) / 3.0).exp() + 0.3 * (-(lag as f64) / 40.0).exp())).exp();
        let product = mean(r.windows(lag + 1).map(|w| (w[0] * w[lag]).abs() / (absolute * absolute)));
        agrees("absolute returns", product, truth, 0.02);
    }
    // Volume keeps its mean whatever the volatility does: 1,000 times the mean of the day's shape.
    let shape = IntradayMarket::default().volume_shape;
    let volume = 1_000.0 * shape.iter().sum::<f64>() / shape.len() as f64;
    agrees("volume", mean(data.bars().iter().map(|bar| bar.volume)), volume, 0.02 * volume);
}

#[test]
fn daily_bars_have_the_volatility_of_a_year_as_minutes_have() {
    let spec = SynthSpec::Heston(Heston { steps: 50, vol_of_vol: 0.4, reversion: 10.0, ..Heston::default() });
    let r = returns(&spec, &days(45_000), 5);
    agrees("a day", mean(r.iter().map(|r| r * r)), 0.0225 / 365.0, 0.05 * 0.0225 / 365.0);
}

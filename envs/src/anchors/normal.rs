//! The normal distribution, and means over it.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::erf::erfc;

/// Density at `x`.
pub(super) fn pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Probability of at most `x`.
pub(super) fn cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// Nodes every `step` standard deviations as far as nine, with weights that sum to 1.
///
/// The trapezoid rule on the whole line is exact to rounding for smooth integrands once the step is below about half of
/// a standard deviation (Trefethen and Weideman, 2014, "The exponentially convergent trapezoidal rule").
pub(super) fn nodes(step: f64) -> Vec<(f64, f64)> {
    let reach = (9.0 / step).ceil() as i32;
    let raw = (-reach..=reach).map(|i| f64::from(i) * step).map(|z| (z, pdf(z) * step));
    let total: f64 = raw.clone().map(|(_, weight)| weight).sum();
    raw.map(|(z, weight)| (z, weight / total)).collect()
}

/// Mean of `f` over `(low, high)` under the normal density, by Simpson's rule on `2 * half` intervals: for integrands
/// that are smooth there and bend at an end.
pub(super) fn simpson(low: f64, high: f64, half: usize) -> impl Iterator<Item = (f64, f64)> {
    let h = (high - low) / (2 * half) as f64;
    (0..=2 * half).map(move |i| {
        let z = low + h * i as f64;
        let weight = match i {
            0 => 1.0,
            i if i == 2 * half => 1.0,
            i if i % 2 == 1 => 4.0,
            _ => 2.0,
        };
        (z, weight * h / 3.0 * pdf(z))
    })
}

/// Where a function with one peak in `[low, high]` has it, and how high it is, by golden sections.
pub(super) fn peak(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> (f64, f64) {
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let inner = |low: f64, high: f64| (high - golden * (high - low), low + golden * (high - low));
    let (mut a, mut b) = inner(low, high);
    let (mut at_a, mut at_b) = (f(a), f(b));
    for _ in 0..80 {
        if at_a >= at_b {
            high = b;
            (b, at_b) = (a, at_a);
            a = inner(low, high).0;
            at_a = f(a);
        } else {
            low = a;
            (a, at_a) = (b, at_b);
            b = inner(low, high).1;
            at_b = f(b);
        }
    }
    let x = 0.5 * (low + high);
    (x, f(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_know_the_moments_of_the_normal() {
        let moment = |k: i32| nodes(0.25).iter().map(|(z, w)| w * z.powi(k)).sum::<f64>();
        for (k, expected) in [(0, 1.0), (1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0)] {
            assert!((moment(k) - expected).abs() < 1e-9, "{k}: {}", moment(k));
        }
        let half: f64 = simpson(0.0, 9.0, 200).map(|(z, w)| w * z).sum();
        assert!((half - pdf(0.0)).abs() < 1e-8, "{half}");
        assert!((cdf(1.0) - 0.841_344_746_068_543).abs() < 1e-9 && cdf(-40.0) == 0.0);
    }

    #[test]
    fn a_peak_is_found() {
        let (x, y) = peak(-1.0, 4.0, |x| 2.0 - (x - 1.25).powi(2));
        assert!((x - 1.25).abs() < 1e-6 && (y - 2.0).abs() < 1e-12);
    }
}

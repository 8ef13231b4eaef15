//! Action distributions: a diagonal Gaussian and a categorical, with the gradients of what PPO needs of them.

use tradepit_envs::Space;

use crate::nn::Real;
use crate::rng::Rng;
use crate::{Error, Result};

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_7;

/// Choices are kept as f32, which holds every whole number up to here.
const MOST_CHOICES: usize = 1 << 24;

/// What the head of a policy network means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Head {
    /// The outputs are means; the log standard deviations are parameters that do not depend on the observation.
    Gaussian { len: usize, low: f32, high: f32 },
    /// The outputs are unnormalised log-probabilities: those of the first whole number, then those of the next, which are
    /// independent of each other.
    Categorical { nvec: Vec<usize> },
}

impl Head {
    pub(crate) fn new(space: &Space) -> Result<Self> {
        match space {
            Space::Box { len, low, high } if *len > 0 && low < high => {
                Ok(Self::Gaussian { len: *len, low: *low, high: *high })
            }
            Space::Discrete { .. } | Space::MultiDiscrete { .. } if Self::can_choose(space.choices()) => {
                Ok(Self::Categorical { nvec: space.choices().to_vec() })
            }
            other => Err(Error::Mismatch(format!("an agent cannot act in the action space {other:?}"))),
        }
    }

    fn can_choose(choices: &[usize]) -> bool {
        !choices.is_empty() && choices.iter().all(|n| (1..=MOST_CHOICES).contains(n))
    }

    /// How many outputs the network needs.
    pub(crate) fn outputs(&self) -> usize {
        match self {
            Self::Gaussian { len, .. } => *len,
            Self::Categorical { nvec } => nvec.iter().sum(),
        }
    }

    /// How many numbers an action has.
    pub(crate) fn actions(&self) -> usize {
        match self {
            Self::Gaussian { len, .. } => *len,
            Self::Categorical { nvec } => nvec.len(),
        }
    }

    /// How many parameters follow the network's.
    pub(crate) fn log_stds(&self) -> usize {
        match self {
            Self::Gaussian { len, .. } => *len,
            Self::Categorical { .. } => 0,
        }
    }
}

/// Log-density of `action`; `inverse` holds 1 / standard deviation.
#[inline]
pub(crate) fn gaussian_log_prob<T: Real>(mean: &[T], log_std: &[T], inverse: &[T], action: &[T]) -> T {
    let mut sum = T::ZERO;
    for (((&mean, &log_std), &inverse), &action) in mean.iter().zip(log_std).zip(inverse).zip(action) {
        let z = (action - mean) * inverse;
        sum -= T::from_f64(0.5) * z * z + log_std + T::from_f64(HALF_LN_2PI);
    }
    sum
}

/// Adds `weight` times the derivatives of the log-density by the means (written) and log-deviations (added).
#[inline]
pub(crate) fn gaussian_gradient<T: Real>(
    mean: &[T],
    inverse: &[T],
    action: &[T],
    weight: T,
    d_mean: &mut [T],
    d_log_std: &mut [T],
) {
    for (i, d_mean) in d_mean.iter_mut().enumerate() {
        let z = (action[i] - mean[i]) * inverse[i];
        *d_mean = weight * z * inverse[i];
        d_log_std[i] += weight * (z * z - T::ONE);
    }
}

/// Entropy of a diagonal Gaussian.
pub(crate) fn gaussian_entropy<T: Real>(log_std: &[T]) -> T {
    log_std.iter().fold(T::ZERO, |sum, &log_std| sum + log_std + T::from_f64(0.5 + HALF_LN_2PI))
}

/// What a closed choice has for an output: its probability is 0 (as in Huang and Ontanon 2020).
const CLOSED: f64 = -1e8;

/// Takes the closed choices out of the outputs. Without masks all are open.
#[inline]
pub(crate) fn close<T: Real>(logits: &mut [T], open: Option<&[bool]>) {
    for (logit, open) in logits.iter_mut().zip(open.unwrap_or_default()) {
        if !open {
            *logit = T::from_f64(CLOSED);
        }
    }
}

/// The parts of the outputs that belong to each whole number.
pub(crate) fn parts<'a, T>(nvec: &'a [usize], outputs: &'a [T]) -> impl Iterator<Item = &'a [T]> {
    let mut rest = outputs;
    nvec.iter().map(move |n| {
        let (part, behind) = rest.split_at(*n);
        rest = behind;
        part
    })
}

/// Writes normalised log-probabilities of each part, returns the entropy of all.
#[inline]
pub(crate) fn log_softmax_parts<T: Real>(nvec: &[usize], logits: &[T], out: &mut [T]) -> T {
    let (mut from, mut entropy) = (0, T::ZERO);
    for n in nvec {
        let part = from..from + n;
        entropy += log_softmax(&logits[part.clone()], &mut out[part]);
        from += n;
    }
    entropy
}

/// Writes normalised log-probabilities, returns the entropy.
#[inline]
pub(crate) fn log_softmax<T: Real>(logits: &[T], out: &mut [T]) -> T {
    let largest = logits.iter().fold(logits[0], |a, &b| a.max(b));
    let sum = logits.iter().fold(T::ZERO, |sum, &logit| sum + (logit - largest).exp());
    let shift = largest + sum.ln();
    let mut entropy = T::ZERO;
    for (out, &logit) in out.iter_mut().zip(logits) {
        *out = logit - shift;
        entropy -= out.exp() * *out;
    }
    entropy
}

/// Writes `weight` times the derivative of the log-probability of `action` plus `entropy_weight` times that of the
/// entropy, by each logit.
#[inline]
pub(crate) fn categorical_gradient<T: Real>(
    log_probs: &[T],
    action: usize,
    entropy: T,
    weight: T,
    entropy_weight: T,
    d_logits: &mut [T],
) {
    for (j, (d, &log_prob)) in d_logits.iter_mut().zip(log_probs).enumerate() {
        let p = log_prob.exp();
        let chosen = if j == action { T::ONE } else { T::ZERO };
        *d = weight * (chosen - p) - entropy_weight * p * (log_prob + entropy);
    }
}

/// As [`categorical_gradient`], of the choices of an action together.
#[inline]
pub(crate) fn categorical_gradient_parts<T: Real>(
    nvec: &[usize],
    log_probs: &[T],
    action: &[T],
    weight: T,
    entropy_weight: T,
    d_logits: &mut [T],
) {
    let mut from = 0;
    for (n, action) in nvec.iter().zip(action) {
        let (log_probs, d) = (&log_probs[from..from + n], &mut d_logits[from..from + n]);
        let entropy = log_probs.iter().fold(T::ZERO, |sum, &log_prob| sum - log_prob.exp() * log_prob);
        categorical_gradient(log_probs, action.to_f64() as usize, entropy, weight, entropy_weight, d);
        from += n;
    }
}

/// The likeliest value.
pub(crate) fn mode(logits: &[f32]) -> usize {
    let mut best = 0;
    for (i, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = i;
        }
    }
    best
}

/// A draw by inversion of the cumulative probabilities.
#[inline]
pub(crate) fn draw(log_probs: &[f32], rng: &mut Rng) -> usize {
    let mut left = rng.uniform();
    for (i, &log_prob) in log_probs.iter().enumerate() {
        left -= f64::from(Real::exp(log_prob));
        if left < 0.0 {
            return i;
        }
    }
    mode(log_probs) // the probabilities summed to a hair less than 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussian_log_prob_and_entropy_match_the_formulas() {
        // Standard normal at 1: -0.5 - 0.5 ln(2 pi); a deviation of 2 at distance 1.
        let got = gaussian_log_prob(&[0.0f64, 3.0], &[0.0, 2f64.ln()], &[1.0, 0.5], &[1.0, 4.0]);
        let wanted = -0.5 - HALF_LN_2PI - (0.125 + 2f64.ln() + HALF_LN_2PI);
        assert!((got - wanted).abs() < 1e-12);
        assert!((HALF_LN_2PI - 0.5 * (2.0 * std::f64::consts::PI).ln()).abs() < 1e-15);
        let wanted = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * 4.0).ln();
        assert!((gaussian_entropy(&[2f64.ln()]) - wanted).abs() < 1e-12);
    }

    #[test]
    fn softmax_is_stable_and_draws_follow_it() {
        let mut log_probs = [0.0f32; 3];
        let entropy = log_softmax(&[1000.0, 1000.0 + 2f32.ln(), -1000.0], &mut log_probs);
        let wanted = -(1.0f32 / 3.0) * (1.0f32 / 3.0).ln() - (2.0f32 / 3.0) * (2.0f32 / 3.0).ln();
        assert!((entropy - wanted).abs() < 1e-4, "{entropy} {wanted}");
        let (mut rng, mut counts) = (Rng::new(2, 0), [0u32; 3]);
        (0..30_000).for_each(|_| counts[draw(&log_probs, &mut rng)] += 1);
        assert!(counts[0].abs_diff(10_000) < 400 && counts[1].abs_diff(20_000) < 400 && counts[2] == 0, "{counts:?}");
        assert_eq!(mode(&log_probs), 1);
    }
}

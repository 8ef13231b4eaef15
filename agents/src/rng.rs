//! Seeded streams of random numbers.

use rand::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// A stream of random numbers, given by a seed and a purpose.
///
/// ```
/// use tradepit_agents::Rng;
/// let (mut a, mut b) = (Rng::new(1, 0), Rng::new(1, 0));
/// assert_eq!(a.normal().to_bits(), b.normal().to_bits());
/// assert_ne!(Rng::new(1, 1).uniform(), Rng::new(1, 0).uniform());
/// ```
///
/// Xoshiro256++ (Blackman and Vigna 2019), the same on every platform; it can be saved and goes on where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The stream of a seed for one purpose; streams of other purposes are unrelated.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        // An odd multiplier spreads small purposes over the word before SplitMix64 mixes it.
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)))
    }

    /// A draw from `[0, 1)`.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A whole number from `0..n`, each as likely as the others (Lemire 2019, with rejection).
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        loop {
            let product = u64::from(n) * (self.0.next_u64() >> 32);
            if product as u32 >= n.wrapping_neg() % n.max(1) {
                return (product >> 32) as u32;
            }
        }
    }

    /// A draw from the standard normal distribution.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        self.normals().0
    }

    /// Two independent standard normal draws (Marsaglia's polar method).
    #[inline]
    pub fn normals(&mut self) -> (f64, f64) {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * libm::log(square) / square).sqrt();
                return (x * scale, y * scale);
            }
        }
    }

    /// Fills a slice with standard normal draws.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        for pair in out.chunks_mut(2) {
            let (x, y) = self.normals();
            pair[0] = x as f32;
            if let Some(second) = pair.get_mut(1) {
                *second = y as f32;
            }
        }
    }

    /// Shuffles a slice, every order as likely as the others (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize;
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn normals_have_the_moments_of_a_standard_normal() {
        let mut draws = vec![0.0f32; 200_001];
        Rng::new(5, 0).fill_normal(&mut draws);
        let moment = |p: i32| draws.iter().map(|&x| f64::from(x).powi(p)).sum::<f64>() / draws.len() as f64;
        assert!(moment(1).abs() < 0.01 && (moment(2) - 1.0).abs() < 0.02, "{} {}", moment(1), moment(2));
        assert!(moment(3).abs() < 0.04 && (moment(4) - 3.0).abs() < 0.1, "{} {}", moment(3), moment(4));
        let within = draws.iter().filter(|x| x.abs() < 1.0).count() as f64 / draws.len() as f64;
        assert!((within - 0.682_689).abs() < 0.005, "{within}");
    }

    #[test]
    fn below_is_even_and_stays_below() {
        let (mut rng, mut counts) = (Rng::new(9, 2), [0u32; 7]);
        (0..70_000).for_each(|_| counts[rng.below(7) as usize] += 1);
        assert!(counts.iter().all(|&count| (9_600..10_400).contains(&count)), "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_value_once() {
        let mut values: Vec<u32> = (0..100).collect();
        Rng::new(1, 1).shuffle(&mut values);
        assert!(values.windows(2).any(|pair| pair[0] > pair[1]));
        values.sort_unstable();
        assert!(values.into_iter().eq(0..100));
    }
}

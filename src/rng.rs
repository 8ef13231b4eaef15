//! Random streams: one for each (seed, episode, purpose), never one for each thread.

use rand::SeedableRng;
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// The generator of the house, small, fast, and the same on every platform.
pub type Rng = Xoshiro256PlusPlus;

/// What a stream is for; streams of different purposes are independent.
///
/// ```
/// use rand::RngExt;
/// use tradepit::rng::{Purpose, stream};
/// let first = |purpose| stream(7, 0, purpose).random::<u64>();
/// assert_ne!(first(Purpose::Episode), first(Purpose::Models));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
#[non_exhaustive]
pub enum Purpose {
    /// Where an episode starts, and everything else drawn when it does.
    Episode = 1,
    /// Fills, slippage, latency.
    Models = 2,
    /// Synthetic markets.
    Synth = 3,
    /// Policies that draw their actions.
    Policy = 4,
    /// Numbers of the models, where they are drawn.
    Randomise = 5,
    /// Paths of synthetic and resampled markets.
    Path = 6,
}

/// The stream of one seed, episode and purpose.
///
/// The three numbers are hashed together by SplitMix64 steps, and the result seeds a xoshiro256++
/// (Blackman and Vigna, 2021, "Scrambled Linear Pseudorandom Number Generators").
///
/// ```
/// use rand::RngExt;
/// use tradepit::rng::{Purpose, stream};
/// let (mut a, mut b) = (stream(7, 0, Purpose::Models), stream(7, 0, Purpose::Models));
/// assert_eq!(a.random::<u64>(), b.random::<u64>());
/// assert_ne!(stream(7, 1, Purpose::Models), stream(7, 0, Purpose::Models));
/// ```
#[must_use]
pub fn stream(seed: u64, episode: u64, purpose: Purpose) -> Rng {
    let mut key = mix(seed);
    key = mix(key ^ episode.wrapping_add(0x632b_e59b_d9b4_e019));
    key = mix(key ^ purpose as u64);
    Rng::seed_from_u64(key)
}

pub(crate) fn mix(key: u64) -> u64 {
    use rand::Rng as _;
    SplitMix64::seed_from_u64(key).next_u64()
}

//! The same episode with two futures.

use rand::RngExt as _;
use tradepit::{
    Rng, Venue as _,
    rng::{Purpose, stream},
};

use super::{report::Found, time};
use crate::{Action, Result, SimSetup, Space};

/// Steps of an episode at most.
const STEPS: usize = 1_000;
/// Seeds that are tried for an episode that begins before the cut.
const TRIES: u64 = 16;

impl Found {
    /// Compares what an episode with random actions shows and pays up to row `cut`.
    pub(super) fn compare_episode(&mut self, truth: &SimSetup, other: &SimSetup, cut: usize, seed: u64) -> Result<()> {
        let (mut ours, mut theirs) = (truth.env(), other.env());
        let names = truth.rules().observation_names();
        let len = names.len();
        let (mut shown, mut otherwise) = (vec![0.0; len], vec![0.0; len]);
        for seed in seed..seed.saturating_add(TRIES) {
            ours.reset(Some(seed), &mut shown)?;
            if ours.venue().state().row() as usize <= cut {
                theirs.reset(Some(seed), &mut otherwise)?;
                break;
            }
        }
        let mut rng = stream(seed, 0, Purpose::Policy);
        let data = &truth.world().data;
        let future = time(data, cut);
        for _ in 0..STEPS {
            let row = ours.venue().state().row() as usize;
            if row > cut {
                return Ok(());
            }
            let at = (row, ours.venue().market().now());
            self.compare(|n| format!("observation.{}", names[n]), at, future, (&shown, &otherwise));
            let action = draw(truth.rules().action_space(), &mut rng);
            let (a, b) = (ours.step(action.as_action(), &mut shown)?, theirs.step(action.as_action(), &mut otherwise)?);
            if row < cut {
                self.compare(|_| "reward".to_owned(), at, future, (&[a.reward], &[b.reward]));
            }
            if a.terminated || a.truncated || b.terminated || b.truncated {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// An action with memory of its own.
enum Drawn {
    Box(Vec<f32>),
    Discrete(i64),
    MultiDiscrete(Vec<i64>),
}

impl Drawn {
    fn as_action(&self) -> Action<'_> {
        match self {
            Self::Box(numbers) => Action::Box(numbers),
            Self::Discrete(number) => Action::Discrete(*number),
            Self::MultiDiscrete(numbers) => Action::MultiDiscrete(numbers),
        }
    }
}

fn draw(space: &Space, rng: &mut Rng) -> Drawn {
    match space {
        Space::Box { len, low, high } => Drawn::Box((0..*len).map(|_| rng.random_range(*low..=*high)).collect()),
        Space::Discrete { n } => Drawn::Discrete(rng.random_range(0..*n as i64)),
        space => Drawn::MultiDiscrete(space.choices().iter().map(|n| rng.random_range(0..*n as i64)).collect()),
    }
}

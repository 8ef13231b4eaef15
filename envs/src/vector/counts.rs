//! How much has been done, counted when somebody asks.

use serde::{Deserialize, Serialize};
use tradepit::account::Account;

use super::{EpisodeStats, SimVecEnv, VecEnv as _};
use crate::EnvState;

/// Steps taken and orders filled. A call that only begins an episode is no step.
///
/// ```
/// use tradepit_envs::{Actions, Autoreset, EnvSpec, SimSetup, StepBuffers, StepCounts, VecEnv};
/// # use tradepit::market::synth;
/// let setup = SimSetup::new(EnvSpec::default(), synth::es_1m(3_000, 0).unwrap()).unwrap();
/// let mut envs = setup.vec_env(8, 1, Autoreset::SameStep).unwrap();
/// let mut buffers = StepBuffers::new(&envs);
/// envs.reset(0, &mut buffers.obs).unwrap();
/// envs.step(Actions::Box(&[1.0; 8]), buffers.out()).unwrap();
/// envs.step(Actions::Box(&[1.0; 8]), buffers.out()).unwrap();
/// assert_eq!(envs.drain_counts(), StepCounts { steps: 16, fills: 8 });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepCounts {
    /// Steps of single environments.
    pub steps: i64,
    /// Fills of their orders.
    pub fills: i64,
}

impl StepCounts {
    /// Of the present episode.
    #[must_use]
    pub fn of(state: &EnvState) -> Self {
        Self { steps: state.steps().into(), fills: Account::fills(state.account()).into() }
    }

    /// Of episodes that have ended.
    pub(super) fn of_ended(stats: &EpisodeStats) -> Self {
        Self { steps: stats.length as i64, fills: stats.fills as i64 }
    }
}

impl std::ops::AddAssign for StepCounts {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.fills += other.fills;
    }
}

impl std::ops::SubAssign for StepCounts {
    fn sub_assign(&mut self, other: Self) {
        self.steps -= other.steps;
        self.fills -= other.fills;
    }
}

impl SimVecEnv {
    /// Steps and fills of all environments since the last call, those of episodes that go on or were cut by a reset among
    /// them. They are counted now, from the accounts: a step does nothing for it.
    pub fn drain_counts(&mut self) -> StepCounts {
        let mut sum = self.counted;
        self.stats.iter().for_each(|stats| sum += StepCounts::of_ended(stats));
        (0..self.num_envs()).for_each(|i| sum += self.running(i));
        // What was told of is told once, whatever becomes of it later.
        self.counted -= sum;
        sum
    }

    /// Keeps what environment `i` did in an episode that is given up now.
    pub(super) fn count_given_up(&mut self, i: usize) {
        self.counted += self.running(i);
    }

    fn running(&self, i: usize) -> StepCounts {
        let lane = self.lane(i);
        if lane.ended { StepCounts::default() } else { StepCounts::of(&lane.env) }
    }
}

#[cfg(test)]
mod tests {
    use tradepit::market::synth;

    use crate::{Actions, Autoreset, EnvSpec, SimSetup, StepBuffers, StepCounts, StepOut, VecEnv as _};

    const N: usize = 70;

    /// Steps and fills as the facts of every step tell them, beside those that are counted when asked for in a batch that
    /// does the same and writes no facts.
    fn compare(autoreset: Autoreset) {
        let spec = r#"{"episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 7}}}"#;
        let spec: EnvSpec = serde_json::from_str(spec).unwrap();
        let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
        let mut envs = [(); 2].map(|()| setup.vec_env(N, 1, autoreset).unwrap());
        let mut buffers = StepBuffers::new(&envs[0]);
        envs.iter_mut().for_each(|envs| envs.reset(0, &mut buffers.obs).unwrap());
        let (mut expected, mut asked) = (StepCounts::default(), 0);
        for step in 0..60u32 {
            let target = |i: u32| [1.0, -1.0, 0.0][((step * (i % 3) + i) % 3) as usize];
            let actions: Vec<f32> = (0..N as u32).map(target).collect();
            expected.steps += (0..N).filter(|i| !envs[0].lane(*i).ended).count() as i64;
            let [counted, told] = &mut envs;
            counted.step(Actions::Box(&actions), StepOut { facts: None, ..buffers.out() }).unwrap();
            told.step(Actions::Box(&actions), buffers.out()).unwrap();
            expected.fills += buffers.facts.iter().map(|facts| facts.fills as i64).sum::<i64>();
            match step % 10 {
                3 => {
                    assert_eq!(counted.drain_counts(), expected, "{autoreset:?}, step {step}");
                    assert_eq!(counted.drain_counts(), StepCounts::default());
                    assert!(expected.fills > N as i64);
                    (expected, asked) = (StepCounts::default(), asked + 1);
                }
                5 => drop(counted.drain_episodes()),
                7 => {
                    let snapshot = counted.snapshot();
                    *counted = setup.vec_env(N, 1, autoreset).unwrap();
                    counted.restore(snapshot).unwrap();
                }
                8 if step > 30 => envs.iter_mut().for_each(|envs| envs.reset(1, &mut buffers.obs).unwrap()),
                _ => (),
            }
            let mask: Vec<bool> = (0..N).map(|i| envs[0].lane(i).ended || (step % 10 == 6 && i % 9 == 0)).collect();
            if autoreset == Autoreset::Disabled || step % 10 == 6 {
                envs.iter_mut().for_each(|envs| envs.reset_lanes(&[None; N], &mask, &mut buffers.obs).unwrap());
            }
        }
        assert_eq!(asked, 6);
    }

    #[test]
    fn counts_are_those_of_every_step_whatever_becomes_of_the_episodes() {
        [Autoreset::NextStep, Autoreset::SameStep, Autoreset::Disabled].into_iter().for_each(compare);
    }
}

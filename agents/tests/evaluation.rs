//! Evaluation counts episodes fairly, in both modes in which environments reset themselves.

use tradepit_agents::{Constant, evaluate};
use tradepit_envs::{Actions, Autoreset, EpisodeStats, Result, Space, StepOut, VecEnv};

/// Environment i has episodes of i + 1 steps and a reward of 1 a step.
struct Ladder {
    ages: Vec<u64>,
    over: Vec<bool>,
    autoreset: Autoreset,
    space: Space,
    stats: EpisodeStats,
}

impl Ladder {
    fn new(envs: usize, autoreset: Autoreset) -> Self {
        let space = Space::Box { len: 1, low: -1.0, high: 1.0 };
        Self { ages: vec![0; envs], over: vec![false; envs], autoreset, space, stats: EpisodeStats::default() }
    }
}

impl VecEnv for Ladder {
    fn num_envs(&self) -> usize {
        self.ages.len()
    }
    fn autoreset(&self) -> Autoreset {
        self.autoreset
    }
    fn observation_space(&self) -> &Space {
        &self.space
    }
    fn action_space(&self) -> &Space {
        &self.space
    }
    fn reset(&mut self, _seed: u64, obs: &mut [f32]) -> Result<()> {
        obs.fill(0.0);
        self.ages.fill(0);
        self.over.fill(false);
        Ok(())
    }
    fn step(&mut self, _actions: Actions<'_>, out: StepOut<'_>) -> Result<()> {
        assert_eq!(out.final_obs.is_some(), self.autoreset == Autoreset::SameStep);
        for env in 0..self.ages.len() {
            out.truncated[env] = false;
            if std::mem::take(&mut self.over[env]) {
                (out.reward[env], out.terminated[env]) = (0.0, false);
                continue;
            }
            self.ages[env] += 1;
            let ended = self.ages[env] == env as u64 + 1;
            (out.reward[env], out.terminated[env]) = (1.0, ended);
            if ended {
                self.ages[env] = 0;
                self.over[env] = self.autoreset == Autoreset::NextStep;
                self.stats.episodes += 1;
            }
        }
        Ok(())
    }
    fn drain_episodes(&mut self) -> EpisodeStats {
        std::mem::take(&mut self.stats)
    }
}

#[test]
fn long_episodes_count_as_often_as_short_ones() {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep] {
        let mut env = Ladder::new(4, autoreset);
        let stats = evaluate(&mut Constant::new(vec![0.0]), &mut env, 10, 0).unwrap();
        let mut lengths = stats.lengths.clone();
        lengths.sort_unstable();
        // 10 = 3 + 3 + 2 + 2 episodes of lengths 1, 2, 3, 4.
        assert_eq!(lengths, [1, 1, 1, 2, 2, 2, 3, 3, 4, 4], "{autoreset:?}");
        assert!(stats.rewards.iter().zip(&stats.lengths).all(|(reward, length)| *reward == *length as f64));
        assert_eq!(stats.mean_reward(), Some(2.3));
        assert!((stats.std_reward().unwrap() - (12.1f64 / 9.0).sqrt()).abs() < 1e-12);
        assert!(stats.totals.episodes > 10, "short ones went on meanwhile: {}", stats.totals.episodes);
    }
    let mut env = Ladder::new(4, Autoreset::Disabled);
    let message = evaluate(&mut Constant::new(vec![0.0]), &mut env, 10, 0).unwrap_err().to_string();
    assert_eq!(message, "autoreset: evaluation needs SameStep or NextStep, got Disabled");
    let none = evaluate(&mut Constant::new(vec![0.0]), &mut Ladder::new(4, Autoreset::SameStep), 0, 0).unwrap();
    assert_eq!((none.mean_reward(), none.steps), (None, 0));
}

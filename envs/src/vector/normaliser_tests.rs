//! The scaling of rewards against Stable-Baselines3, and inside a batch.

use super::{Actions, Autoreset, RewardNormaliser, StepBuffers, VecEnv as _};
use crate::{EnvSpec, SimSetup, SimVecEnv};
use tradepit::market::synth;

/// `VecNormalize(gamma=0.9)` of Stable-Baselines3 2.7, executed: rewards, ends, and what it gave.
const STEPS: [([f32; 2], [bool; 2], [f32; 2]); 6] = [
    ([1.0, -2.0], [false, false], [0.666_674_1, -1.333_348_2]),
    ([0.5, 3.0], [false, true], [0.358_980_9, 2.153_885_4]),
    ([-4.0, 0.25], [false, false], [-2.461_991_3, 0.153_874_46]),
    ([2.0, 2.0], [true, false], [1.233_155_4, 1.233_155_4]),
    ([1.0, -1.0], [false, false], [0.669_376_13, -0.669_376_13]),
    ([0.0, 7.0], [false, false], [0.0, 2.799_223]),
];

#[test]
fn rewards_are_those_of_stable_baselines3() {
    let mut normaliser = RewardNormaliser::new(0.9, 2).unwrap();
    for (mut rewards, ended, theirs) in STEPS {
        normaliser.scale(&mut rewards, |_| true, |env| ended[env]);
        for (ours, theirs) in rewards.iter().zip(theirs) {
            // Theirs begins with 0.0001 of a sample of mean 0 and variance 1.
            assert!((ours - theirs).abs() <= 3e-5 * theirs.abs(), "{ours} {theirs}");
        }
    }
    assert!((normaliser.deviation().powi(2) - 6.253_470_1).abs() < 1e-4, "{}", normaliser.deviation());
}

fn batch(autoreset: Autoreset) -> (SimVecEnv, StepBuffers) {
    let spec: EnvSpec = serde_json::from_str(
        r#"{"window": 2, "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 7}}}"#,
    )
    .unwrap();
    let setup = SimSetup::new(spec, synth::es_1m(2_000, 0).unwrap()).unwrap();
    let mut envs = setup.vec_env(5, 1, autoreset).unwrap();
    let mut rows = StepBuffers::new(&envs);
    envs.reset(3, &mut rows.obs).unwrap();
    (envs, rows)
}

#[test]
fn a_batch_scales_what_it_gives_and_counts_what_it_was() {
    for autoreset in [Autoreset::SameStep, Autoreset::NextStep] {
        let ((mut plain, mut a), (mut scaled, mut b)) = (batch(autoreset), batch(autoreset));
        scaled.normalise_reward(Some(RewardNormaliser::new(0.9, 5).unwrap())).unwrap();
        let mut own = RewardNormaliser::new(0.9, 5).unwrap();
        for step in 0..40 {
            let actions = [1.0, -1.0, 0.5, -0.5, if step % 3 == 0 { 1.0 } else { -1.0 }];
            plain.step(Actions::Box(&actions), a.out()).unwrap();
            scaled.step(Actions::Box(&actions), b.out()).unwrap();
            let mut expected = a.reward.clone();
            let rests = |env: usize| autoreset == Autoreset::NextStep && plain.lane(env).env().steps() == 0;
            own.scale(&mut expected, |env| !rests(env), |env| a.terminated[env] || a.truncated[env]);
            assert_eq!(b.reward, expected, "{autoreset:?} step {step}");
            assert_eq!(a.obs, b.obs);
        }
        assert_eq!(scaled.normaliser(), Some(&own));
        assert_eq!(plain.drain_episodes(), scaled.drain_episodes());
        // What was saved goes on; a frozen one learns nothing; a reset forgets the episodes only.
        let saved = serde_json::to_string(&scaled.snapshot()).unwrap();
        let (mut other, mut c) = batch(autoreset);
        other.restore(serde_json::from_str(&saved).unwrap()).unwrap();
        scaled.step(Actions::Box(&[1.0; 5]), b.out()).unwrap();
        other.step(Actions::Box(&[1.0; 5]), c.out()).unwrap();
        assert_eq!((&b.reward, scaled.normaliser()), (&c.reward, other.normaliser()));
        other.normaliser_mut().unwrap().freeze(true);
        let before = other.normaliser().cloned().unwrap();
        other.step(Actions::Box(&[-1.0; 5]), c.out()).unwrap();
        assert_eq!(other.normaliser(), Some(&before));
        other.reset(4, &mut c.obs).unwrap();
        assert_eq!(other.normaliser().unwrap().deviation(), before.deviation());
    }
}

#[test]
fn what_can_not_be_gone_on_with_is_refused() {
    let refused = |made: crate::Result<RewardNormaliser>| made.unwrap_err().to_string();
    assert_eq!(refused(RewardNormaliser::new(1.5, 2)), "normalize_reward.gamma: 1.5 must be a finite number in [0, 1]");
    let of_two = RewardNormaliser::new(0.5, 2).unwrap();
    assert_eq!(refused(of_two.clone().with_clip(0.0)), "normalize_reward.clip: 0 must be a finite number above 0");
    let (mut envs, _) = batch(Autoreset::SameStep);
    let message = envs.normalise_reward(Some(of_two)).unwrap_err().to_string();
    assert_eq!(message, "normalize_reward: expected 5 values, got 2");
    let mut saved = serde_json::to_value(RewardNormaliser::new(0.5, 5).unwrap()).unwrap();
    saved["variance"] = (-1.0).into();
    let broken: RewardNormaliser = serde_json::from_value(saved).unwrap();
    let message = envs.normalise_reward(Some(broken)).unwrap_err().to_string();
    assert_eq!(message, "normalize_reward.statistics: -1 must be a finite number of at least 0");
}

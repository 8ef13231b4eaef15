//! What was drawn goes on after a snapshot.

use serde_json::json;
use tradepit_envs::{Action, Actions, Autoreset, StepBuffers, VecEnv as _, VecSnapshot};

use crate::{obs_of, rich, road::bits, setup};

#[test]
fn a_snapshot_holds_what_was_drawn() {
    let setup = setup(&rich());
    let (mut env, mut obs) = (setup.env(), obs_of(&setup));
    env.reset(Some(7), &mut obs).unwrap();
    env.reset(None, &mut obs).unwrap();
    env.step(Action::Box(&[1.0]), &mut obs).unwrap();
    let json = serde_json::to_string(&env.snapshot()).unwrap();
    let (mut other, mut seen) = (setup.env(), obs.clone());
    other.restore(serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(other.randomised(), env.randomised());
    for action in [-1.0, 0.3, 1.0, -0.2, 1.0] {
        let one = env.step(Action::Box(&[action]), &mut obs).unwrap();
        assert_eq!(one, other.step(Action::Box(&[action]), &mut seen).unwrap());
        assert_eq!(bits(&obs), bits(&seen));
        assert_eq!(env.facts(), other.facts());
    }
    let mut plain = crate::setup(&json!({})).env();
    let refused = plain.restore(serde_json::from_str(&json).unwrap()).unwrap_err().to_string();
    assert_eq!(refused, "snapshot.randomised: expected 0 values, got 4");

    let n = 70;
    let mut envs = setup.vec_env(n, 1, Autoreset::SameStep).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    envs.reset(3, &mut buffers.obs).unwrap();
    for t in 0..60 {
        envs.step(Actions::Box(&vec![(t as f32 * 0.7).sin(); n]), buffers.out()).unwrap();
    }
    let json = serde_json::to_string(&envs.snapshot()).unwrap();
    let mut others = [setup.vec_env(n, 2, Autoreset::SameStep).unwrap(), envs.clone()];
    others[0].restore(serde_json::from_str(&json).unwrap()).unwrap();
    let mut seen = buffers.clone();
    for t in 0..60 {
        let actions = vec![(t as f32 * 0.3).cos(); n];
        envs.step(Actions::Box(&actions), buffers.out()).unwrap();
        for other in &mut others {
            other.step(Actions::Box(&actions), seen.out()).unwrap();
            assert!(seen == buffers);
            assert!(
                (0..n).all(|i| (envs.randomised(i), envs.ended_randomised(i))
                    == (other.randomised(i), other.ended_randomised(i)))
            );
        }
    }
    let snapshot: VecSnapshot = serde_json::from_str(&json).unwrap();
    let mut plain = crate::setup(&json!({})).vec_env(n, 1, Autoreset::SameStep).unwrap();
    assert_eq!(plain.restore(snapshot).unwrap_err().to_string(), "snapshot.randomised: expected 0 values, got 70");
}

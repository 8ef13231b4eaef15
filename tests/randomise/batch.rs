//! Many environments: each is its own, whatever the threads and the mode.

use serde_json::json;
use tradepit_envs::{Autoreset, SimSetup, SimVecEnv, StepBuffers, VecEnv as _};

use crate::{
    drawing, obs_of, rich,
    road::{Actor, actions, bits, draw_all},
    setup,
};

/// Steps a batch; everything that it wrote and drew.
fn run(setup: &SimSetup, n: usize, threads: usize, mode: Autoreset, steps: usize) -> Vec<(StepBuffers, Vec<f64>)> {
    let mut envs = setup.vec_env(n, threads, mode).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    let space = envs.action_space().clone();
    let mut actors: Vec<Actor> = (0..n as u64).map(|i| Actor::new(i, &space)).collect();
    envs.reset(11, &mut buffers.obs).unwrap();
    let values =
        |envs: &SimVecEnv| (0..n).flat_map(|i| [envs.randomised(i), envs.ended_randomised(i)].concat()).collect();
    let mut all = vec![(buffers.clone(), values(&envs))];
    for _ in 0..steps {
        let drawn = draw_all(&mut actors);
        envs.step(actions(&space, &drawn), buffers.out()).unwrap();
        all.push((buffers.clone(), values(&envs)));
    }
    all
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    for more in [rich(), json!({"randomise": drawing("slippage.ticks", &json!([0, 2]))})] {
        let setup = setup(&more);
        for mode in [Autoreset::NextStep, Autoreset::SameStep] {
            let one = run(&setup, 500, 1, mode, 90);
            for threads in [2, 7] {
                assert!(run(&setup, 500, threads, mode, 90) == one, "{threads} threads, {mode:?}");
            }
        }
    }
}

#[test]
fn lane_i_is_the_single_environment_of_seed_plus_i() {
    let setup = setup(&rich());
    let (n, d) = (9, setup.rules().observation_space().len());
    for mode in [Autoreset::SameStep, Autoreset::NextStep] {
        let all = run(&setup, n, 1, mode, 130);
        let (mut ended, k) = (0, 4);
        for i in 0..n {
            let (mut env, mut obs) = (setup.env(), vec![0.0; d]);
            let mut actor = Actor::new(i as u64, setup.rules().action_space());
            env.reset(Some(11 + i as u64), &mut obs).unwrap();
            let mut over = false;
            for (buffers, values) in &all[1..] {
                let drawn = actor.draw();
                let own = &values[2 * k * i..2 * k * (i + 1)];
                if over && mode == Autoreset::NextStep {
                    env.reset(None, &mut obs).unwrap();
                    over = false;
                } else {
                    let before = env.randomised().to_vec();
                    let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
                    assert_eq!(transition.reward.to_bits(), buffers.reward[i].to_bits());
                    assert_eq!(*env.facts(), buffers.facts[i]);
                    over = transition.terminated || transition.truncated;
                    if over {
                        ended += 1;
                        assert_eq!(own[k..], before, "what the ended episode had drawn");
                        if mode == Autoreset::SameStep {
                            assert_eq!(bits(&obs), bits(&buffers.final_obs[i * d..(i + 1) * d]));
                            env.reset(None, &mut obs).unwrap();
                            assert_ne!(env.randomised(), before, "every episode draws anew");
                        }
                    }
                }
                assert_eq!(bits(&obs), bits(&buffers.obs[i * d..(i + 1) * d]));
                assert_eq!(&own[..k], env.randomised());
            }
        }
        assert!(ended > 2 * n);
    }
}

#[test]
fn lanes_differ_and_a_masked_reset_draws_where_it_resets() {
    let setup = setup(&rich());
    let mut envs = setup.vec_env(3, 1, Autoreset::Disabled).unwrap();
    let mut obs = obs_of(&setup).repeat(3);
    envs.reset(0, &mut obs).unwrap();
    let before: Vec<Vec<f64>> = (0..3).map(|i| envs.randomised(i).to_vec()).collect();
    assert!(before[0] != before[1] && before[1] != before[2]);
    envs.reset_lanes(&[None, None, Some(2)], &[false, true, true], &mut obs).unwrap();
    assert_eq!(envs.randomised(0), before[0]);
    assert_ne!(envs.randomised(1), before[1]);
    assert_eq!(envs.randomised(2), before[2], "the first episode of seed 2, once more");
    let shown = obs.clone();
    envs.observe(&mut obs).unwrap();
    assert_eq!(bits(&shown), bits(&obs));
}

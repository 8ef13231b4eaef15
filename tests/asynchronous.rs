//! Batches under way beside their caller are the same environments, to the bit, and say what went wrong.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use std::sync::{Arc, Barrier};

use road::{Actor, actions, bits, costly, draw_all, es};
use tradepit_envs::{
    ActionSpec, Actions, AsyncVecEnv, Autoreset, Background, EnterExit, EnvSpec, EpisodeSpec, Length, RandomStart,
    Reward, RewardMemory, RewardSpec, SimSetup, StartRule, StepBuffers, StepFacts, StepOut, StepsLength, VecEnv as _,
};

const N: usize = 512;

fn spec() -> EnvSpec {
    let episode = EpisodeSpec {
        start: StartRule::Random(RandomStart {}),
        length: Length::Steps(StepsLength { steps: 37 }),
        drawdown_limit: Some(0.004),
        ..EpisodeSpec::default()
    };
    EnvSpec { episode, ..costly() }
}

/// Actions of all environments, by step.
fn drawn(setup: &SimSetup, steps: usize) -> Vec<road::Drawn> {
    let space = setup.rules().action_space();
    let mut actors: Vec<Actor> = (0..N as u64).map(|i| Actor::new(i, space)).collect();
    (0..steps).map(|_| draw_all(&mut actors)).collect()
}

/// The part of a step that some environments have, as bits; observations of ended episodes where they are written.
fn part(out: &StepBuffers, d: usize, mode: Autoreset, envs: std::ops::Range<usize>) -> Vec<u32> {
    let mut all = bits(&out.obs[envs.start * d..envs.end * d]);
    for i in envs {
        all.extend([out.reward[i].to_bits(), u32::from(out.terminated[i]), u32::from(out.truncated[i])]);
        if mode == Autoreset::SameStep && (out.terminated[i] || out.truncated[i]) {
            all.extend(bits(&out.final_obs[i * d..(i + 1) * d]));
        }
    }
    all
}

#[test]
fn any_number_of_batches_and_threads_is_one_batch_to_the_bit() {
    let enter = EnvSpec { action: ActionSpec::EnterExit(EnterExit { lots: 2.0 }), ..spec() };
    for setup in [spec(), enter].map(|spec| SimSetup::new(spec, es(4_000)).unwrap()) {
        let (space, steps) = (setup.rules().action_space().clone(), drawn(&setup, 90));
        let d = setup.rules().observation_space().len();
        for mode in [Autoreset::NextStep, Autoreset::SameStep] {
            let mut whole = setup.vec_env(N, 1, mode).unwrap();
            let mut out = StepBuffers::new(&whole);
            whole.reset(11, &mut out.obs).unwrap();
            let first = out.obs.clone();
            let mut expected = Vec::new();
            for drawn in &steps {
                whole.step(actions(&space, drawn), StepOut { facts: None, ..out.out() }).unwrap();
                expected.push(out.clone());
            }
            assert!(whole.episode_ends().iter().all(|end| end.length > 0), "every environment ended an episode");
            for (batches, threads) in [(1, 1), (1, 3), (2, 1), (2, 2), (4, 1), (4, 2)] {
                let mut envs = AsyncVecEnv::new(&setup, N, batches, threads, mode).unwrap();
                envs.reset(11).unwrap();
                for batch in 0..batches {
                    let of = envs.envs(batch);
                    assert_eq!(bits(&envs.last(batch).unwrap().obs), bits(&first[of.start * d..of.end * d]));
                }
                // Each batch but the last one is a step ahead of what is received.
                for step in 0..=steps.len() {
                    for batch in 0..batches {
                        let of = envs.envs(batch);
                        if step > 0 {
                            let got = envs.recv(batch).unwrap();
                            let got = part(got, d, mode, 0..of.len());
                            assert!(got == part(&expected[step - 1], d, mode, of.clone()), "{batches}, {threads}");
                        }
                        if let Some((values, choices)) = steps.get(step) {
                            let some = match space {
                                tradepit_envs::Space::Discrete { .. } => Actions::Discrete(&choices[of]),
                                _ => Actions::Box(&values[of]),
                            };
                            envs.send(batch, some).unwrap();
                        }
                    }
                }
                for (at, end) in whole.episode_ends().iter().enumerate() {
                    let (batch, i) = (at / (N / batches), at % (N / batches));
                    assert_eq!(envs.with(batch, |envs| envs.episode_ends()[i]).unwrap(), *end);
                }
            }
        }
    }
}

#[test]
fn what_a_step_wrote_can_be_read_during_the_next_one() {
    let setup = SimSetup::new(spec(), es(4_000)).unwrap();
    let mut envs = AsyncVecEnv::new(&setup, N, 1, 1, Autoreset::SameStep).unwrap();
    envs.reset(0).unwrap();
    envs.send(0, Actions::Box(&[1.0; N])).unwrap();
    let kept = envs.recv(0).unwrap().clone();
    envs.send(0, Actions::Box(&[-1.0; N])).unwrap();
    assert_eq!(*envs.last(0).unwrap(), kept);
    assert_ne!(*envs.recv(0).unwrap(), kept);
}

#[test]
fn a_call_out_of_order_says_which_one_is_missing() {
    let episode = EpisodeSpec { drawdown_limit: None, ..spec().episode };
    let setup = SimSetup::new(EnvSpec { episode, ..spec() }, es(4_000)).unwrap();
    let new = |batches| AsyncVecEnv::new(&setup, 64, batches, 1, Autoreset::Disabled);
    let message = "must be at least 1 and divide num_envs, 64";
    assert_eq!(new(0).unwrap_err().to_string(), format!("batches: 0 {message}"));
    assert_eq!(new(3).unwrap_err().to_string(), format!("batches: 3 {message}"));
    let mut envs = new(2).unwrap();
    let one = [1.0; 32];
    let refused = |result: tradepit_envs::Result<()>| result.unwrap_err().to_string();
    assert_eq!(refused(envs.send(0, Actions::Box(&one))), "batch 0: the environments have not begun: reset them first");
    envs.reset(0).unwrap();
    let missing = "batch 1: there are no actions: send them first (send, step_async)";
    assert_eq!(refused(envs.recv(1).map(drop)), missing);
    assert_eq!(refused(envs.recv(2).map(drop)), "batch: 2 must be in 0..2");
    let mut bad = one;
    bad[3] = f32::NAN;
    assert_eq!(
        refused(envs.send(0, Actions::Box(&bad))),
        "action of environment 3: value 0 is NaN; every value must be finite"
    );
    assert_eq!(refused(envs.send(0, Actions::Box(&one[1..]))), "actions: expected 32 values, got 31");
    assert!(!envs.is_done(0).unwrap());
    envs.send(0, Actions::Box(&one)).unwrap();
    while !envs.is_done(0).unwrap() {
        std::thread::yield_now();
    }
    let under_way = "batch 0: a step is under way: wait for it first (recv, step_wait)";
    assert_eq!(refused(envs.send(0, Actions::Box(&one))), under_way);
    assert_eq!(refused(envs.reset(0)), under_way);
    assert_eq!(refused(envs.with(0, |_| ())), under_way);
    // None of it has moved an environment.
    let stepped = envs.recv(0).unwrap().clone();
    let mut twin = setup.vec_env(32, 1, Autoreset::Disabled).unwrap();
    let mut out = StepBuffers::new(&twin);
    twin.reset(0, &mut out.obs).unwrap();
    twin.step(Actions::Box(&one), out.out()).unwrap();
    assert_eq!((bits(&out.obs), bits(&out.reward)), (bits(&stepped.obs), bits(&stepped.reward)));
    // The end of an episode is known when the next actions are sent.
    for _ in 0..36 {
        envs.send(0, Actions::Box(&one)).unwrap();
        envs.recv(0).unwrap();
    }
    let ended = "batch 0: the episode of environment 0 has ended; reset it first: autoreset is disabled";
    assert_eq!(refused(envs.send(0, Actions::Box(&one))), ended);
}

/// A reward that panics on a long position.
#[derive(Debug)]
struct Panics;

impl Reward for Panics {
    fn reward(&self, facts: &StepFacts, _: &mut RewardMemory) -> f32 {
        assert!(facts.position <= 0.0, "planned");
        0.0
    }
}

#[test]
fn a_panic_comes_out_where_the_step_is_received() {
    let setup = SimSetup::new(EnvSpec { reward: RewardSpec::Custom(Arc::new(Panics)), ..spec() }, es(4_000)).unwrap();
    for threads in [1, 2] {
        let mut envs = AsyncVecEnv::new(&setup, 2 * 128, 2, threads, Autoreset::SameStep).unwrap();
        envs.reset(0).unwrap();
        let mut long = [-1.0; 128];
        long[100] = 1.0;
        envs.send(0, Actions::Box(&long)).unwrap();
        envs.send(1, Actions::Box(&[-1.0; 128])).unwrap();
        let why = envs.recv(0).unwrap_err().to_string();
        assert_eq!(why, "a model panicked while environments were stepped; reset them");
        let why = envs.send(0, Actions::Box(&[-1.0; 128])).unwrap_err().to_string();
        assert_eq!(why, "batch 0: its last step failed; reset the environments");
        // The other batch knows nothing of it, and after a reset it goes on.
        envs.recv(1).unwrap();
        envs.reset(0).unwrap();
        envs.send(0, Actions::Box(&[-1.0; 128])).unwrap();
        envs.recv(0).unwrap();
    }
}

#[test]
fn dropped_while_under_way_it_waits_for_the_work() {
    struct Shown(Arc<Barrier>, Arc<std::sync::atomic::AtomicBool>);
    let (begun, done) = (Arc::new(Barrier::new(2)), Arc::default());
    let work = Background::new(Shown(Arc::clone(&begun), Arc::clone(&done)), |Shown(begun, done)| {
        begun.wait();
        std::thread::sleep(std::time::Duration::from_millis(20));
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    work.send(|_| Ok(())).unwrap();
    begun.wait();
    assert!(work.is_away());
    drop(work);
    assert!(done.load(std::sync::atomic::Ordering::SeqCst));
    assert_eq!(Arc::strong_count(&done), 1, "the thread and its value are gone");
    let setup = SimSetup::new(spec(), es(4_000)).unwrap();
    for _ in 0..50 {
        let mut envs = AsyncVecEnv::new(&setup, N, 2, 2, Autoreset::SameStep).unwrap();
        envs.reset(0).unwrap();
        envs.send(0, Actions::Box(&[1.0; N / 2])).unwrap();
        envs.send(1, Actions::Box(&[1.0; N / 2])).unwrap();
    }
}

#[test]
fn work_is_done_once_whoever_begins_it() {
    let count = Background::new(0u32, |count| *count += 1);
    for round in 0..2_000u32 {
        if round % 4 == 3 { count.keep(|_| Ok(())) } else { count.send(|_| Ok(())) }.unwrap();
        if round % 3 == 1 {
            std::thread::sleep(std::time::Duration::from_micros(u64::from(round % 7) * 20));
        }
        if round % 5 == 0 {
            count.wait().unwrap();
            count.wait().unwrap();
        }
        assert_eq!(*count.recv().unwrap(), round + 1);
        assert_eq!(*count.here().unwrap(), round + 1);
    }
    // Sent and not begun, it is not done; begun, it is waited for: never half.
    for _ in 0..200 {
        let before = *count.here().unwrap();
        count.send(|_| Ok(())).unwrap();
        count.rest();
        assert!([before, before + 1].contains(&count.here().unwrap()));
    }
}

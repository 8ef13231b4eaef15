//! A batch is its environments: bit for bit, whatever the threads, the mode, or the neighbours.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use road::{Actor, actions, bits, costly, draw_all, es};
use tradepit_envs::{
    ActionSpec, Autoreset, EnterExit, EnvSpec, EpisodeEnd, EpisodeSpec, EpisodeStats, Length, RandomStart, RewardSpec,
    SimSetup, StartRule, StepBuffers, StepFacts, StepOut, StepsLength, TargetLevels, VecEnv, Weighted,
};

fn setups() -> Vec<SimSetup> {
    let random = EpisodeSpec {
        start: StartRule::Random(RandomStart {}),
        length: Length::Steps(StepsLength { steps: 37 }),
        drawdown_limit: Some(0.004),
        ..EpisodeSpec::default()
    };
    let specs = [
        EnvSpec { episode: random, ..costly() },
        EnvSpec { action: ActionSpec::EnterExit(EnterExit { lots: 2.0 }), episode: random, ..costly() },
        EnvSpec {
            action: ActionSpec::TargetLevels(TargetLevels { levels: vec![-2.0, 0.0, 3.0] }),
            reward: RewardSpec::Weighted(Weighted::default()),
            episode: EpisodeSpec { drawdown_limit: Some(0.01), ..EpisodeSpec::default() },
            ..costly()
        },
    ];
    specs.into_iter().map(|spec| SimSetup::new(spec, es(4_000)).unwrap()).collect()
}

/// Steps a batch and returns everything it wrote, and its episode sums.
fn run(
    setup: &SimSetup,
    n: usize,
    threads: usize,
    mode: Autoreset,
    steps: usize,
) -> (Vec<StepBuffers>, (EpisodeStats, Vec<EpisodeEnd>)) {
    run_from(setup, n, threads, mode, steps, true, 0)
}

/// As [`run`], with or without the facts of the steps, from environment `first` on.
fn run_from(
    setup: &SimSetup,
    n: usize,
    threads: usize,
    mode: Autoreset,
    steps: usize,
    facts: bool,
    first: u64,
) -> (Vec<StepBuffers>, (EpisodeStats, Vec<EpisodeEnd>)) {
    let mut envs = setup.vec_env(n, threads, mode).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    let space = envs.action_space().clone();
    let mut actors: Vec<Actor> = (first..first + n as u64).map(|i| Actor::new(i, &space)).collect();
    envs.reset(11 + first, &mut buffers.obs).unwrap();
    let mut all = vec![buffers.clone()];
    for _ in 0..steps {
        let drawn = draw_all(&mut actors);
        let out = if facts { buffers.out() } else { StepOut { facts: None, ..buffers.out() } };
        envs.step(actions(&space, &drawn), out).unwrap();
        all.push(buffers.clone());
    }
    (all, (envs.drain_episodes(), envs.episode_ends().to_vec()))
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    for setup in setups() {
        for mode in [Autoreset::NextStep, Autoreset::SameStep] {
            let one = run(&setup, 500, 1, mode, 120);
            for threads in [2, 7] {
                assert!(run(&setup, 500, threads, mode, 120) == one, "{threads} threads, {mode:?}");
            }
            assert!(one.1.0.episodes > 0, "no episode ended");
        }
    }
}

#[test]
fn lane_i_is_the_single_environment_of_seed_plus_i() {
    for setup in setups() {
        let d = setup.rules().observation_space().len();
        let (all, _) = run(&setup, 9, 1, Autoreset::SameStep, 150);
        for i in 0..9 {
            let mut env = setup.env();
            let mut actor = Actor::new(i as u64, setup.rules().action_space());
            let mut obs = vec![0.0; d];
            env.reset(Some(11 + i as u64), &mut obs).unwrap();
            for buffers in &all[1..] {
                let drawn = actor.draw();
                let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
                assert_eq!(transition.reward.to_bits(), buffers.reward[i].to_bits());
                assert_eq!(
                    (transition.terminated, transition.truncated),
                    (buffers.terminated[i], buffers.truncated[i])
                );
                assert_eq!(*env.facts(), buffers.facts[i]);
                if transition.terminated || transition.truncated {
                    assert_eq!(bits(&obs), bits(&buffers.final_obs[i * d..(i + 1) * d]));
                    env.reset(None, &mut obs).unwrap();
                }
                assert_eq!(bits(&obs), bits(&buffers.obs[i * d..(i + 1) * d]));
            }
        }
    }
}

#[test]
fn another_action_in_one_lane_leaves_the_others_alone() {
    let setup = &setups()[0];
    let (n, d) = (70, setup.rules().observation_space().len());
    let run = |changed: Option<usize>| {
        let mut envs = setup.vec_env(n, 1, Autoreset::NextStep).unwrap();
        let mut buffers = StepBuffers::new(&envs);
        let space = envs.action_space().clone();
        let mut actors: Vec<Actor> = (0..n as u64).map(|i| Actor::new(i, &space)).collect();
        envs.reset(5, &mut buffers.obs).unwrap();
        let mut all = Vec::new();
        for _ in 0..80 {
            let mut drawn = draw_all(&mut actors);
            if let Some(lane) = changed {
                drawn.0[lane] = -drawn.0[lane];
            }
            envs.step(actions(&space, &drawn), buffers.out()).unwrap();
            all.push(buffers.clone());
        }
        all
    };
    let (plain, other) = (run(None), run(Some(33)));
    let mut moved = false;
    for (a, b) in plain.iter().zip(&other) {
        for lane in 0..n {
            let same =
                a.obs[lane * d..(lane + 1) * d] == b.obs[lane * d..(lane + 1) * d] && a.reward[lane] == b.reward[lane];
            assert!(same || lane == 33, "lane {lane}");
            moved |= !same;
        }
    }
    assert!(moved, "the changed lane must differ");
}

#[test]
fn a_clone_of_a_running_batch_goes_on_to_the_same_bits() {
    for setup in setups() {
        let mut envs = setup.vec_env(100, 1, Autoreset::NextStep).unwrap();
        let mut buffers = StepBuffers::new(&envs);
        let space = envs.action_space().clone();
        let mut actors: Vec<Actor> = (0..100).map(|i| Actor::new(i, &space)).collect();
        envs.reset(5, &mut buffers.obs).unwrap();
        let mut copy = None;
        for t in 0..90 {
            let drawn = draw_all(&mut actors);
            envs.step(actions(&space, &drawn), buffers.out()).unwrap();
            if let Some((copy, copied)) = &mut copy {
                let (copy, copied): (&mut tradepit_envs::SimVecEnv, &mut StepBuffers) = (copy, copied);
                copy.step(actions(&space, &drawn), copied.out()).unwrap();
                assert!(*copied == buffers);
            } else if t == 40 {
                copy = Some((envs.clone(), buffers.clone()));
            }
        }
    }
}

#[test]
fn next_step_resets_one_step_later_and_ignores_that_action() {
    let setup = &setups()[0];
    let d = setup.rules().observation_space().len();
    let (next, _) = run(setup, 20, 1, Autoreset::NextStep, 100);
    let mut seen = 0;
    for pair in next.windows(2) {
        for i in 0..20 {
            if pair[0].terminated[i] || pair[0].truncated[i] {
                seen += 1;
                assert_eq!((pair[1].reward[i], pair[1].terminated[i], pair[1].truncated[i]), (0.0, false, false));
                let account = &pair[1].obs[(i + 1) * d - 5..(i + 1) * d];
                assert_eq!(account, [0.0; 5], "a fresh account is flat");
            }
        }
    }
    assert!(seen > 20, "{seen} episodes ended");
}

#[test]
fn disabled_refuses_to_step_an_ended_environment_and_resets_by_mask() {
    let spec = EnvSpec {
        episode: EpisodeSpec { length: Length::Steps(StepsLength { steps: 3 }), ..EpisodeSpec::default() },
        ..costly()
    };
    let setup = SimSetup::new(spec, es(4_000)).unwrap();
    let mut envs = setup.vec_env(4, 1, Autoreset::Disabled).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    let unstarted = envs.step(tradepit_envs::Actions::Box(&[0.0; 4]), buffers.out()).unwrap_err().to_string();
    assert!(unstarted.contains("reset them first"), "{unstarted}");
    envs.reset(0, &mut buffers.obs).unwrap();
    for _ in 0..3 {
        envs.step(tradepit_envs::Actions::Box(&[0.0; 4]), buffers.out()).unwrap();
    }
    assert_eq!(buffers.truncated, [true; 4]);
    let before = buffers.clone();
    let refused = envs.step(tradepit_envs::Actions::Box(&[0.0; 4]), buffers.out()).unwrap_err().to_string();
    assert_eq!(refused, "the episode of environment 0 has ended; reset it first: autoreset is disabled");
    assert!(buffers == before);
    envs.reset_lanes(&[None; 4], &[true, true, true, false], &mut buffers.obs).unwrap();
    let refused = envs.step(tradepit_envs::Actions::Box(&[0.0; 4]), buffers.out()).unwrap_err().to_string();
    assert!(refused.contains("environment 3"), "{refused}");
    envs.reset_lanes(&[Some(9); 4], &[false, false, false, true], &mut buffers.obs).unwrap();
    envs.step(tradepit_envs::Actions::Box(&[0.0; 4]), buffers.out()).unwrap();
}

#[test]
fn a_refused_action_moves_nothing() {
    let setup = &setups()[0];
    let mut envs = setup.vec_env(130, 2, Autoreset::NextStep).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    envs.reset(0, &mut buffers.obs).unwrap();
    let mut twin = (envs.clone(), buffers.clone());
    let mut bad = vec![0.5f32; 130];
    bad[71] = f32::NAN;
    let refused = envs.step(tradepit_envs::Actions::Box(&bad), buffers.out()).unwrap_err().to_string();
    assert_eq!(refused, "action of environment 71: value 0 is NaN; every value must be finite");
    bad[71] = f32::NEG_INFINITY;
    assert!(envs.step(tradepit_envs::Actions::Box(&bad), buffers.out()).is_err());
    let short = envs.step(tradepit_envs::Actions::Box(&bad[..129]), buffers.out()).unwrap_err().to_string();
    assert_eq!(short, "actions: expected 130 values, got 129");
    let kind = envs.step(tradepit_envs::Actions::Discrete(&[0; 130]), buffers.out()).unwrap_err().to_string();
    assert!(kind.contains("got whole numbers; the action space is Box"), "{kind}");
    for _ in 0..50 {
        envs.step(tradepit_envs::Actions::Box(&[0.7; 130]), buffers.out()).unwrap();
        twin.0.step(tradepit_envs::Actions::Box(&[0.7; 130]), twin.1.out()).unwrap();
        assert!(buffers == twin.1);
    }
}

#[test]
fn rewards_add_up_to_the_change_of_equity() {
    let setup = SimSetup::new(costly(), es(4_000)).unwrap();
    let (mut env, mut actor) = (setup.env(), Actor::new(3, setup.rules().action_space()));
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    for seed in 0..5 {
        env.reset(Some(seed), &mut obs).unwrap();
        let (mut sum, mut size) = (0.0, 0.0);
        loop {
            let drawn = actor.draw();
            let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
            sum += f64::from(transition.reward);
            size += f64::from(transition.reward.abs());
            if transition.truncated || transition.terminated {
                break;
            }
        }
        let account = env.state().account();
        let change = (account.equity() - account.opening_equity()) / account.opening_equity();
        assert!(account.fills() > 100 && (sum - change).abs() < 1e-6 * size, "{sum} {change}");
    }
}

/// Specs of the kind that environments side by side are stepped by, and one that they are not.
fn side_by_side() -> Vec<(&'static str, SimSetup)> {
    let specs = [
        ("next open", "{}"),
        (
            "costs",
            r#"{"slippage": {"kind": "volume_share"}, "commission": {"kind": "per_contract", "fee": 2.1},
            "action": {"kind": "target_position", "max_lots": 7}}"#,
        ),
        (
            "session",
            r#"{"episode": {"length": {"kind": "session"}, "start": {"kind": "random"}}, "slippage": {"kind": "fixed_bps", "bps": 1},
            "commission": {"kind": "bps", "bps": 0.2, "minimum": 1}}"#,
        ),
        (
            "close",
            r#"{"fill": {"kind": "next_close"}, "slippage": {"kind": "fixed_ticks", "ticks": 1}, "window": 5,
            "reward": {"kind": "log_return"}, "commission": {"kind": "per_share", "fee": 0.5}}"#,
        ),
        (
            "drawn",
            r#"{"slippage": {"kind": "probabilistic_tick", "probability": 0.4}, "action": {"kind": "enter_exit", "lots": 2},
            "commission": {"kind": "sum", "parts": [{"kind": "per_order", "fee": 1}, {"kind": "bps", "bps": 0.1}]}}"#,
        ),
        (
            "held",
            r#"{"holding": -2, "action": {"kind": "target_levels", "levels": [-3, 0, 1]},
            "slippage": {"kind": "half_spread", "spread_ticks": 1}, "commission": {"kind": "per_order", "fee": 2}}"#,
        ),
        ("clipped", r#"{"features": {"clip": 0.5, "features": [{"kind": "log_return"}]}, "cash": 4000}"#),
        (
            "ruin",
            r#"{"cash": 3000, "episode": {"drawdown_limit": 0.05}, "action": {"kind": "target_position", "max_lots": 3}}"#,
        ),
        ("by index", r#"{"observe": {"kind": "index"}, "window": 4}"#),
        ("one by one", r#"{"reward": {"kind": "weighted"}}"#),
    ];
    let data = es(4_000);
    let setup = |json: &str| {
        let mut spec: serde_json::Value = serde_json::from_str(json).unwrap();
        let episode = spec.as_object_mut().unwrap().entry("episode").or_insert(serde_json::json!({}));
        let episode = episode.as_object_mut().unwrap();
        episode.entry("start").or_insert(serde_json::json!({"kind": "random"}));
        episode.entry("length").or_insert(serde_json::json!({"kind": "steps", "steps": 37}));
        SimSetup::new(serde_json::from_value(spec).unwrap(), data.clone()).unwrap()
    };
    specs.map(|(name, json)| (name, setup(json))).to_vec()
}

/// What one environment of a batch wrote in one step.
fn row(all: &StepBuffers, i: usize, n: usize) -> (Vec<u32>, u32, bool, bool, StepFacts) {
    let d = all.obs.len() / n;
    let end = (all.terminated[i], all.truncated[i]);
    (bits(&all.obs[i * d..][..d]), all.reward[i].to_bits(), end.0, end.1, all.facts[i])
}

#[test]
fn side_by_side_or_one_by_one_the_same_bits() {
    for (name, setup) in side_by_side() {
        for mode in [Autoreset::NextStep, Autoreset::SameStep] {
            // A batch of one has nobody to stand beside.
            let alone: Vec<_> = (0..75).map(|i| run_from(&setup, 1, 1, mode, 90, true, i)).collect();
            for n in [8, 29, 75] {
                for (threads, facts) in [(1, false), (1, true), (3, false)] {
                    let (together, ends) = run_from(&setup, n, threads, mode, 90, facts, 0);
                    for (i, (one, end)) in alone.iter().take(n).enumerate() {
                        for (step, (a, b)) in one.iter().zip(&together).enumerate() {
                            let (a, mut b) = (row(a, 0, 1), row(b, i, n));
                            if !facts {
                                b.4 = a.4;
                            }
                            assert_eq!(a, b, "{name}, {mode:?}, environment {i} of {n}, step {step}");
                        }
                        assert_eq!(end.1[0], ends.1[i], "{name}, {mode:?}, environment {i} of {n}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_side_by_side_is_shown_one_by_one() {
    for (name, setup) in side_by_side() {
        let begin = |n: usize, first: u64| {
            let mut envs = setup.vec_env(n, 1, Autoreset::NextStep).unwrap();
            let mut buffers = StepBuffers::new(&envs);
            let space = envs.action_space().clone();
            let mut actors: Vec<Actor> = (first..first + n as u64).map(|i| Actor::new(i, &space)).collect();
            envs.reset(3 + first, &mut buffers.obs).unwrap();
            for _ in 0..50 {
                let drawn = draw_all(&mut actors);
                envs.step(actions(&space, &drawn), buffers.out()).unwrap();
            }
            envs
        };
        let mut together = begin(21, 0);
        for i in 0..21 {
            let alone = begin(1, i);
            let (alone, together) = (alone.lane(0), together.lane(i as usize));
            assert_eq!(alone.env(), together.env(), "{name}, environment {i}");
            assert_eq!(alone.row(), together.row(), "{name}, environment {i}");
        }
        // A snapshot of the one goes on in the other.
        let mut restored = setup.vec_env(21, 1, Autoreset::NextStep).unwrap();
        let json = serde_json::to_string(&together.snapshot()).unwrap();
        restored.restore(serde_json::from_str(&json).unwrap()).unwrap();
        let (mut a, mut b) = (StepBuffers::new(&restored), StepBuffers::new(&restored));
        let space = restored.action_space().clone();
        let mut actors: Vec<Actor> = (0..21).map(|i| Actor::new(i + 99, &space)).collect();
        for _ in 0..45 {
            let drawn = draw_all(&mut actors);
            together.step(actions(&space, &drawn), a.out()).unwrap();
            restored.step(actions(&space, &drawn), StepOut { facts: None, ..b.out() }).unwrap();
            assert_eq!((bits(&a.obs), bits(&a.reward)), (bits(&b.obs), bits(&b.reward)), "{name}");
        }
    }
}

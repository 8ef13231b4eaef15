//! A market of its own for every episode: whose bits depend on nothing but seed and episode, and that knows no future.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use road::{Actor, actions, bits, draw_all, every_kind};
use serde_json::{Value, json};
use tradepit::{
    MarketData,
    features::{FeaturePipeline, attach},
    market::synth::{BootstrapSpec, SynthRows, SynthSpec},
};
use tradepit_envs::{Action, Autoreset, EnvSpec, LeakCheck, MarketSpec, SimSetup, StepBuffers, VecEnv as _};

const ROWS: usize = 700;

fn rows() -> MarketData {
    SynthRows { bars: 3_000, ..SynthRows::default() }.build().unwrap()
}

fn real() -> MarketData {
    SynthSpec::default().market(&SynthRows { bars: 3_000, ..SynthRows::default() }, 77).unwrap()
}

fn spec(market: &Value, more: &Value) -> EnvSpec {
    let mut spec = json!({
        "market": market, "window": 4, "slippage": {"kind": "fixed_ticks", "ticks": 0.5},
        "episode": {"start": {"kind": "random"}, "length": {"kind": "steps", "steps": 40}},
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(spec).unwrap()
}

/// One of each way to draw, over data that it can be drawn for.
fn setups(more: &Value) -> Vec<SimSetup> {
    let synthetic = |process: Value| json!({"kind": "synthetic", "process": process, "rows": ROWS});
    let blocks = |blocks: Value| json!({"kind": "bootstrap", "blocks": blocks, "rows": ROWS});
    [
        (synthetic(json!({"kind": "intraday"})), rows()),
        (synthetic(json!({"kind": "garch"})), rows()),
        (blocks(json!({"mean_bars": 40, "flip": true})), real()),
    ]
    .into_iter()
    .map(|(market, data)| SimSetup::new(spec(&market, more), data).unwrap())
    .collect()
}

#[test]
fn episode_e_of_seed_s_trades_on_path_e_of_seed_s() {
    let synthetic = json!({"kind": "synthetic", "process": {"kind": "heston"}, "rows": ROWS});
    let setup = SimSetup::new(spec(&synthetic, &json!({})), rows()).unwrap();
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    let part = rows().part(0..ROWS).build().unwrap();
    let process: SynthSpec = serde_json::from_str(r#"{"kind": "heston"}"#).unwrap();
    for (seed, episode) in [(Some(3), 0), (None, 1), (None, 2), (Some(9), 0), (Some(3), 0)] {
        env.reset(seed, &mut obs).unwrap();
        let seed = if episode > 0 { 3 } else { seed.unwrap() };
        let path = process.market_like(&part, seed, episode).unwrap();
        assert_eq!(env.venue().world().data.bars(), path.bars());
        // Features are those of a market that had never been another one.
        let fresh = attach(path, setup.rules().spec().features.as_ref().unwrap()).unwrap();
        let (own, warm) = (&env.venue().world().data, fresh.warm_up());
        assert_eq!(bits(own.view(ROWS).window(ROWS - warm)), bits(fresh.view(ROWS).window(ROWS - warm)));
    }
    let blocks = json!({"kind": "bootstrap", "blocks": {"sessions": true}, "rows": ROWS});
    let setup = SimSetup::new(spec(&blocks, &json!({})), real()).unwrap();
    let mut env = setup.env();
    env.reset(Some(4), &mut obs).unwrap();
    env.reset(None, &mut obs).unwrap();
    let (mut path, sessions) =
        (real().part(0..ROWS).build().unwrap(), BootstrapSpec { sessions: true, ..Default::default() });
    let bootstrap = tradepit::market::synth::Bootstrap::new(&sessions, &real(), &path).unwrap();
    bootstrap.redraw(4, 1, &mut path).unwrap();
    assert_eq!(env.venue().world().data.bars(), path.bars());
}

/// Exact processes with all that they publish as features, and a model that reads a column.
fn published() -> Vec<SimSetup> {
    let factors = json!([{"phi": 0.5, "sd": 0.1}, {"phi": 0.02, "sd": 0.05}]);
    [
        json!({"kind": "arithmetic", "factors": factors}),
        json!({"kind": "ar1"}),
        json!({"kind": "hidden_drift"}),
        json!({"kind": "coin"}),
        json!({"kind": "geometric"}),
    ]
    .into_iter()
    .map(|process| {
        let kind: SynthSpec = serde_json::from_value(process.clone()).unwrap();
        let mut features: Vec<Value> =
            kind.columns().iter().map(|name| json!({"kind": "column", "name": name})).collect();
        // Alone they are copied, one by one; beside others they go through the pipeline.
        match kind {
            SynthSpec::HiddenDrift(_) | SynthSpec::Coin(_) => features[0]["scale"] = json!(7.0),
            _ => features.push(json!({"kind": "log_return"})),
        }
        let market = json!({"kind": "synthetic", "process": process, "rows": 200});
        let more = json!({
            "features": {"features": features},
            "financing": {"kind": "funding_column", "column": "expected_change"},
        });
        SimSetup::new(spec(&market, &more), SynthRows::exact(400).build().unwrap()).unwrap()
    })
    .collect()
}

#[test]
fn what_a_process_publishes_comes_with_every_path() {
    for setup in published() {
        let MarketSpec::Synthetic(market) = &setup.rules().spec().market else { panic!("a synthetic market") };
        let part = SynthRows::exact(200).build().unwrap();
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        for (episode, seed) in [(0, Some(3)), (1, None), (2, None), (0, Some(3))] {
            env.reset(seed, &mut obs).unwrap();
            let path = market.process.market_like(&part, 3, episode).unwrap();
            let own = &env.venue().world().data;
            assert_eq!((own.bars(), own.columns()), (path.bars(), path.columns()));
            let (count, width) = (path.columns().len(), own.width());
            // The clip is 10: a scaled column meets it.
            let fresh = attach(path.clone(), setup.rules().spec().features.as_ref().unwrap()).unwrap();
            assert_eq!(bits(own.view(200).window(200)), bits(fresh.view(200).window(200)));
            for end in own.warm_up() + 1..=200 {
                let (row, view) = (own.view(end).window(1), own.view(end));
                assert!((1..count).all(|at| view.column(at) == Some(row[at])));
                assert_eq!(row.len(), width);
            }
        }
        let report = LeakCheck::default().run(setup.rules().spec(), &SynthRows::exact(400).build().unwrap(), Ok);
        let report = report.unwrap();
        assert!(report.leaks.is_empty() && report.numbers > 1_000, "{report:?}");
    }
}

#[test]
fn features_of_every_kind_begin_anew_with_every_path() {
    let features: Value = serde_json::from_str(&every_kind()).unwrap();
    for setup in setups(&json!({"features": {"features": features}})) {
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(1), &mut obs).unwrap();
        for _ in 0..3 {
            env.reset(None, &mut obs).unwrap();
            let own = &env.venue().world().data;
            let fresh = attach(own.part(0..ROWS).build().unwrap(), setup.rules().spec().features.as_ref().unwrap());
            assert_eq!(bits(own.view(ROWS).window(ROWS)), bits(fresh.unwrap().view(ROWS).window(ROWS)));
        }
    }
}

#[test]
fn a_batch_is_its_environments_alone_whatever_the_threads() {
    let numbers = json!({"randomise": {"observe": true, "ranges": {"slippage.ticks": [0.0, 1.0]}}});
    let setups = setups(&numbers).into_iter().chain(published()).collect::<Vec<_>>();
    for (setup, mode) in setups.iter().flat_map(|s| [(s, Autoreset::NextStep), (s, Autoreset::SameStep)]) {
        let run = |num_envs: usize, threads: usize| {
            let mut envs = setup.vec_env(num_envs, threads, mode).unwrap();
            let (mut buffers, space) = (StepBuffers::new(&envs), envs.action_space().clone());
            let mut actors: Vec<Actor> = (0..num_envs as u64).map(|i| Actor::new(i, &space)).collect();
            envs.reset(5, &mut buffers.obs).unwrap();
            let mut trace = vec![bits(&buffers.obs)];
            for _ in 0..90 {
                let drawn = draw_all(&mut actors);
                envs.step(actions(&space, &drawn), buffers.out()).unwrap();
                trace.extend([bits(&buffers.obs), bits(&buffers.reward)]);
            }
            let closes: Vec<f64> = (0..num_envs).map(|i| envs.data(i).bars().last().unwrap().close).collect();
            (trace, closes)
        };
        let (one, two) = (run(150, 1), run(150, 2));
        assert_eq!(one, two);
        let few = run(3, 1);
        let d = setup.rules().observation_space().len();
        for (many, few) in one.0.iter().zip(&few.0) {
            let width = if few.len() == 3 * d { d } else { 1 };
            assert_eq!(many[..3 * width], few[..]);
        }
        assert_eq!(one.1[..3], few.1);
        assert!(one.1[0] != one.1[1] && one.1[1] != one.1[2], "every environment has a market of its own");
        if mode == Autoreset::SameStep {
            alone(setup, &one.0, d);
        }
    }
}

/// Lane 1 is the single environment of its seed.
fn alone(setup: &SimSetup, trace: &[Vec<u32>], d: usize) {
    let (mut env, mut obs) = (setup.env(), vec![0.0; d]);
    let space = setup.rules().action_space().clone();
    let mut actor = Actor::new(1, &space);
    env.reset(Some(6), &mut obs).unwrap();
    assert_eq!(bits(&obs), trace[0][d..2 * d]);
    let mut ended = 0;
    for pair in trace[1..].chunks_exact(2) {
        let drawn = actor.draw();
        let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
        if transition.truncated || transition.terminated {
            env.reset(None, &mut obs).unwrap();
            ended += 1;
        }
        assert_eq!(bits(&obs), pair[0][d..2 * d]);
        assert_eq!(transition.reward.to_bits(), pair[1][1]);
    }
    assert!(ended >= 2);
}

#[test]
fn an_observation_is_what_a_live_pipeline_makes_of_the_bars_so_far() {
    for setup in setups(&json!({})) {
        let (mut env, rules) = (setup.env(), setup.rules());
        let mut obs = vec![0.0; rules.observation_space().len()];
        env.reset(Some(2), &mut obs).unwrap();
        env.reset(None, &mut obs).unwrap();
        let data = env.venue().world().data.clone();
        let mut pipeline = FeaturePipeline::for_data(rules.spec().features.as_ref().unwrap(), &data).unwrap();
        let width = pipeline.width();
        let mut row = vec![0.0; width];
        for t in 0..ROWS {
            pipeline.update(&data.bars()[t..=t], &[], &mut row);
            let at = env.venue().state().row() as usize;
            if t == at {
                assert_eq!(bits(&obs[3 * width..4 * width]), bits(&row));
                if env.step(Action::Box(&[1.0]), &mut obs).unwrap().truncated {
                    return;
                }
            }
        }
    }
}

#[test]
fn a_snapshot_goes_on_in_the_same_market() {
    for setup in setups(&json!({})) {
        let d = setup.rules().observation_space().len();
        let mut envs = setup.vec_env(3, 1, Autoreset::SameStep).unwrap();
        let mut buffers = StepBuffers::new(&envs);
        envs.reset(0, &mut buffers.obs).unwrap();
        let go = |envs: &mut tradepit_envs::SimVecEnv| {
            let mut buffers = StepBuffers::new(envs);
            (0..60)
                .map(|_| {
                    envs.step(tradepit_envs::Actions::Box(&[1.0, -1.0, 0.5]), buffers.out()).unwrap();
                    [bits(&buffers.obs), bits(&buffers.reward)].concat()
                })
                .collect::<Vec<_>>()
        };
        go(&mut envs);
        let saved = serde_json::to_string(&envs.snapshot()).unwrap();
        let mut other = setup.vec_env(3, 1, Autoreset::SameStep).unwrap();
        other.restore(serde_json::from_str(&saved).unwrap()).unwrap();
        let (mut a, mut b, mut copy) = (vec![0.0; 3 * d], vec![0.0; 3 * d], envs.clone());
        envs.observe(&mut a).unwrap();
        other.observe(&mut b).unwrap();
        assert_eq!(bits(&a), bits(&b));
        let went = go(&mut envs);
        assert_eq!(went, go(&mut other));
        assert_eq!(went, go(&mut copy));

        let (mut env, mut obs) = (setup.env(), vec![0.0; d]);
        env.reset(Some(1), &mut obs).unwrap();
        env.step(Action::Box(&[1.0]), &mut obs).unwrap();
        let saved = env.snapshot();
        let mut other = setup.env();
        other.restore(saved).unwrap();
        for _ in 0..20 {
            let (mut a, mut b) = (vec![0.0; d], vec![0.0; d]);
            assert_eq!(
                env.step(Action::Box(&[-1.0]), &mut a).unwrap(),
                other.step(Action::Box(&[-1.0]), &mut b).unwrap()
            );
            assert_eq!(bits(&a), bits(&b));
        }
    }
}

#[test]
fn models_are_told_of_the_new_market() {
    // The square-root rule asks for the volatility and the volume of days: of the path, not of the data.
    let synthetic = json!({"kind": "synthetic", "process": {"kind": "garch"}});
    let more = json!({"slippage": {"kind": "square_root", "days": 2}});
    let data = SynthRows { bars: 4_500, ..SynthRows::default() }.build().unwrap();
    let setup = SimSetup::new(spec(&synthetic, &more), data).unwrap();
    let mut envs = setup.vec_env(2, 1, Autoreset::SameStep).unwrap();
    envs.reset(0, &mut vec![0.0; 2 * envs.observation_space().len()]).unwrap();
    let mut env = setup.env();
    let mut adv = |seed| {
        env.reset(Some(seed), &mut vec![0.0; setup.rules().observation_space().len()]).unwrap();
        let day: f64 = env.venue().world().data.bars()[1_320..2_700].iter().map(|bar| bar.volume).sum();
        let told = env.venue().world().facts().daily(2_700, tradepit::InstrumentId(0)).adv;
        (day, told)
    };
    let (first, second) = (adv(1), adv(2));
    assert!(first.0 != second.0 && first.1 != second.1);
    assert!(first.1 > 0.5 * first.0 && first.1 < 2.0 * first.0);
}

#[test]
fn another_spec_of_the_same_setup_goes_back_to_its_data() {
    let setup = setups(&json!({})).remove(2);
    let plain = spec(&json!({"kind": "data"}), &json!({}));
    let back = setup.with_spec(plain).unwrap();
    assert_eq!(back.world().data.bars(), real().bars());
    let again = back.with_spec(setup.rules().spec().clone()).unwrap();
    assert_eq!(again.world().data.bars(), setup.world().data.bars());
    let same = setup.with_spec(EnvSpec { cash: 5_000.0, ..setup.rules().spec().clone() }).unwrap();
    assert_eq!((same.world().cash, same.world().data.bars()), (5_000.0, setup.world().data.bars()));
    // A template is drawn itself, so that every setup is the same.
    assert_eq!(setup.rules().layout(), back.rules().layout());
}

#[test]
fn refusals_name_the_field() {
    let refused =
        |market: Value, data: MarketData| SimSetup::new(spec(&market, &json!({})), data).unwrap_err().to_string();
    let error = refused(json!({"kind": "synthetic", "rows": 9_000}), rows());
    assert_eq!(error, "market.rows: 9000 must be at most 3000, those of the data");
    let error = refused(json!({"kind": "synthetic", "rows": 0}), rows());
    assert_eq!(error, "market.rows: 0 must be at least 1");
    let error = refused(json!({"kind": "synthetic", "process": {"kind": "garch", "tails": 1}}), rows());
    assert!(error.starts_with("synthetic.tails: 1 must be in (2, 1000000]"), "{error}");
    let error = refused(json!({"kind": "bootstrap", "blocks": {"mean_bars": 0}}), real());
    assert!(error.starts_with("bootstrap.mean_bars: 0 must be"), "{error}");
    for typo in [r#"{"market": {"kind": "data", "rows": 5}}"#, r#"{"market": {"kind": "synthetic", "row": 5}}"#] {
        assert!(serde_json::from_str::<EnvSpec>(typo).unwrap_err().to_string().contains("unknown field"));
    }
}

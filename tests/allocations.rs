//! A steady step allocates nothing. Without a test harness: the allocator counts for the whole process.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use road::{Actor, actions, costly, draw_all, es, every_kind};
use tradepit::{
    backtest::Backtest,
    features::{FeaturePipeline, FeaturePipelineSpec},
    market::synth,
    models::{Financing, Flatten, InstrumentMargin, MarginRule, PerpetualFunding},
    venue::SimWorld,
};
use tradepit_envs::{
    Actions, AsyncVecEnv, Autoreset, EnvSpec, EpisodeSpec, Gather as _, IndexObservation, Length, Observe, RandomStart,
    SimSetup, StartRule, StepBuffers, StepsLength, VecEnv as _, scenarios::Scenario,
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are held now.
static HELD: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator has no safe form")]
// SAFETY: every call goes to the system's allocator with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::SeqCst);
    run();
    ALLOCATIONS.load(Ordering::SeqCst) - before
}

fn main() {
    assert!(count(|| drop(std::hint::black_box(vec![0u8; 100]))) > 0, "the counter counts");
    let spec = EnvSpec {
        episode: EpisodeSpec {
            start: StartRule::Random(RandomStart {}),
            length: Length::Steps(StepsLength { steps: 20 }),
            ..EpisodeSpec::default()
        },
        ..costly()
    };
    // Carry and margin are looked at in every step as well; only a margin call may allocate.
    let carried = EnvSpec {
        cash: 1e6,
        financing: Financing::Funding(PerpetualFunding { rate: 1e-4, hours: 1 }),
        margin: MarginRule::Instrument(InstrumentMargin { intraday: 0.5 }),
        flatten: Flatten::SessionEnd {},
        ..spec.clone()
    };
    // Models of its own in every lane; a reset draws them, and is not a steady step.
    let mut drawn = spec.clone();
    drawn.randomise = serde_json::from_str(r#"{"observe": true, "ranges": {"slippage.ticks": [0, 2]}}"#).unwrap();
    (drawn.episode.start, drawn.episode.length) = (spec.episode.start, Length::Steps(StepsLength { steps: 200 }));
    // What models are told of days and months, too.
    let told = EnvSpec {
        slippage: serde_json::from_str(r#"{"kind": "square_root"}"#).unwrap(),
        commission: serde_json::from_str(
            r#"{"kind": "volume_tiers", "tiers": [
                {"from": 0, "commission": {"kind": "bps", "bps": 1}},
                {"from": 10, "commission": {"kind": "bps", "bps": 0.5}}]}"#,
        )
        .unwrap(),
        ..spec.clone()
    };
    // Orders that are under way, and everything that an account of futures can have.
    let rich: EnvSpec = serde_json::from_str(include_str!("../benches/bench_v0/rich.json")).unwrap();
    let rich = EnvSpec { cash: 1e6, episode: spec.episode, ..rich };
    let by_index = EnvSpec { observe: Observe::Index(IndexObservation {}), ..spec.clone() };
    let setups = [spec, carried, drawn, told, rich, by_index].map(|spec| SimSetup::new(spec, es(4_000)).unwrap());
    for (setup, mode) in setups.iter().flat_map(|s| [(s, Autoreset::NextStep), (s, Autoreset::SameStep)]) {
        for threads in [1, 2] {
            let mut envs = setup.vec_env(256, threads, mode).unwrap();
            let mut buffers = StepBuffers::new(&envs);
            let space = envs.action_space().clone();
            let mut actors: Vec<Actor> = (0..256).map(|i| Actor::new(i, &space)).collect();
            let drawn: Vec<_> = (0..100).map(|_| draw_all(&mut actors)).collect();
            envs.reset(0, &mut buffers.obs).unwrap();
            // The first step starts the threads.
            envs.step(actions(&space, &drawn[0]), buffers.out()).unwrap();
            let counted = count(|| {
                for drawn in &drawn {
                    envs.step(actions(&space, drawn), buffers.out()).unwrap();
                }
            });
            let running: u64 = (0..envs.num_envs()).map(|i| u64::from(envs.lane(i).env().account().fills())).sum();
            assert!(envs.drain_episodes().fills + running > 1_000, "a step that trades nothing proves nothing");
            assert_eq!(counted, 0, "{mode:?}, {threads} threads");
            if let Some(gather) = setup.rules().gather() {
                let mut seen = vec![0.0; 256 * gather.space().len()];
                assert_eq!(count(|| gather.gather(&buffers.obs, &mut seen).unwrap()), 0, "windows");
            }
        }
    }
    memory();
    fresh_paths();
    beside(&setups[0]);
    backtests();
    let data = synth::with_quotes(&synth::es_1m(2_000, 0).unwrap(), 1.0).unwrap();
    let seen: FeaturePipelineSpec = serde_json::from_str(
        r#"{"features": [
            {"kind": "normalised", "of": {"kind": "rsi", "timeframe": 5}, "by": {"kind": "rank", "window": 20}},
            {"kind": "normalised", "of": {"kind": "rsi"}, "by": {"kind": "min_max", "window": 20}},
            {"kind": "normalised", "of": {"kind": "atr"}, "by": {"kind": "z_score", "window": 20}},
            {"kind": "order_flow_imbalance"}, {"kind": "session_vwap_distance"}, {"kind": "time_of_week"}]}"#,
    )
    .unwrap();
    for spec in [FeaturePipelineSpec::default(), seen] {
        let mut pipeline = FeaturePipeline::for_data(&spec, &data).unwrap();
        let mut row = vec![0.0; pipeline.width()];
        let mut feed = |rows: std::ops::Range<usize>| {
            rows.for_each(|t| pipeline.update_with(&data.bars()[t..=t], &[], data.details(t), &mut row));
        };
        feed(0..500);
        assert_eq!(count(|| feed(500..2_000)), 0, "feature pipeline of {:?}", spec.names());
    }
}

/// Batches under way beside their caller: neither the handing over nor the waiting.
fn beside(setup: &SimSetup) {
    let mut envs = AsyncVecEnv::new(setup, 512, 2, 1, Autoreset::SameStep).unwrap();
    envs.reset(0).unwrap();
    let actions: Vec<Vec<f32>> = (0..5).map(|step| (0..256).map(|i| ((i + step) % 3) as f32 - 1.0).collect()).collect();
    let send = |envs: &mut AsyncVecEnv, turn: usize| {
        (0..2).for_each(|batch| envs.send(batch, Actions::Box(&actions[turn % 5])).unwrap());
    };
    let recv = |envs: &mut AsyncVecEnv| {
        (0..2).for_each(|batch| assert_eq!(envs.recv(batch).unwrap().reward.len(), 256));
    };
    let step = |envs: &mut AsyncVecEnv, turn: usize| {
        send(envs, turn);
        recv(envs);
    };
    // The first step starts the threads; waited for too early, it would be the caller's, and they would start later.
    send(&mut envs, 0);
    while !(0..2).all(|batch| envs.is_done(batch).unwrap()) {
        std::thread::yield_now();
    }
    recv(&mut envs);
    assert_eq!(count(|| (1..100).for_each(|turn| step(&mut envs, turn))), 0, "beside");
    let fills = envs.with(0, |envs| envs.drain_episodes().fills).unwrap();
    assert!(fills > 1_000, "a step that trades nothing proves nothing");
}

/// A backtest that has run once makes no room for running again, whatever the models.
fn backtests() {
    let rich: EnvSpec = serde_json::from_str(include_str!("../benches/bench_v0/rich.json")).unwrap();
    let targets: Vec<i8> = (0..4_000).map(|row| [1, 1, 0, -1, 2][row / 3 % 5]).collect();
    for models in [costly().models(), rich.models()] {
        let world = SimWorld::new(Arc::new(es(4_000)), models, 1e6).unwrap();
        let mut backtest = Backtest::new(&Arc::new(world), 0);
        let mut follow = || backtest.follow(&targets, |_| {}, |_| {}).unwrap();
        follow();
        assert_eq!(count(follow), 0);
        assert!(backtest.account().fills() > 1_000, "a backtest that trades nothing proves nothing");
    }
}

/// What a batch says that it holds is what it has taken from the allocator, and stays so; the market is not taken again.
fn memory() {
    let bench = Scenario::named("bench").unwrap();
    let rows = bench.rows().unwrap().clone();
    let setup = SimSetup::new(bench.spec().clone(), rows).unwrap();
    for num_envs in [1, 7, 64, 4_096] {
        let actions: Vec<f32> = (0..num_envs).map(|i| i as f32 % 3.0 - 1.0).collect();
        let before = HELD.load(Ordering::SeqCst);
        let mut envs = setup.vec_env(num_envs, 1, Autoreset::NextStep).unwrap();
        let held = || HELD.load(Ordering::SeqCst) - before;
        assert_eq!(held(), envs.state_bytes(), "{num_envs}");
        let mut buffers = StepBuffers::new(&envs);
        let rows = held() - envs.state_bytes();
        envs.reset(0, &mut buffers.obs).unwrap();
        (0..50).for_each(|_| envs.step(tradepit_envs::Actions::Box(&actions), buffers.out()).unwrap());
        assert_eq!(held() - rows, envs.state_bytes(), "{num_envs}");
        let each = envs.state_bytes() as f64 / num_envs as f64;
        assert!(num_envs < 64 || each <= 512.0, "{each} bytes of state an environment");
    }
}

/// A market of its own for every episode: the first ones make room, the others are drawn in it, features and all.
fn fresh_paths() {
    let every = every_kind();
    let synthetic = r#"{"kind": "synthetic", "rows": 600}"#;
    let bootstrap = r#"{"kind": "bootstrap", "rows": 600, "blocks": {"flip": true}}"#;
    let exact = r#"{"kind": "synthetic", "rows": 200, "process": {"kind": "hidden_drift"}}"#;
    let columns = r#"[{"kind": "column", "name": "belief"}, {"kind": "column", "name": "expected_change"}]"#;
    let runs = [(synthetic, "null"), (bootstrap, "null"), (synthetic, every.as_str()), (exact, columns)];
    for (market, features) in runs {
        let features = if features == "null" { features.into() } else { format!("{{\"features\": {features}}}") };
        let mut spec = costly();
        spec.market = serde_json::from_str(market).unwrap();
        spec.features = serde_json::from_str(&features).unwrap();
        spec.episode.length = Length::Steps(StepsLength { steps: 20 });
        let setup = SimSetup::new(spec, es(4_000)).unwrap();
        for threads in [1, 2] {
            let mut envs = setup.vec_env(128, threads, Autoreset::SameStep).unwrap();
            let mut buffers = StepBuffers::new(&envs);
            let step = |envs: &mut tradepit_envs::SimVecEnv, buffers: &mut StepBuffers| {
                envs.step(Actions::Box(&[1.0; 128]), buffers.out()).unwrap();
            };
            envs.reset(0, &mut buffers.obs).unwrap();
            (0..25).for_each(|_| step(&mut envs, &mut buffers));
            envs.drain_episodes();
            let counted = count(|| (0..60).for_each(|_| step(&mut envs, &mut buffers)));
            assert_eq!(envs.drain_episodes().episodes, 3 * 128);
            assert_eq!(counted, 0, "{market}, {features}, {threads} threads");
        }
    }
}

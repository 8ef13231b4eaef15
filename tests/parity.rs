//! Simulator, lanes, paper venue and journal replay: one step function, one execution, the same bits.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use std::{path::Path, sync::Arc};

use rand::RngExt as _;
use road::{Actor, actions, bits, costly};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Rng, Venue,
    account::{Account, AccountEvent, RejectReason},
    features::FeaturePipeline,
    ingest::{Stamp, load_csv},
    market::{Calendar, MarketEvent, MarketFact, Quote, QuotesAt, synth},
    models::{
        AtQuote, DailyCarry, FillContext, FillModel, FillPoint, FillRule, Financing, Flatten, FundingColumn,
        LeverageMargin, LookAheadClose, MarginRule, Models, Moment, NextClose, PerpetualFunding, Slippage,
        SlippageModel, Stale,
    },
    order::{Modification, OrderId, OrderKind, OrderRequest, OrderState, TimeInForce},
    rng::{Purpose, stream},
    venue::{Advance, LogEntry, NoFeatures, Recorder, ReplayVenue, SimVenue, SimWorld, Start},
};
use tradepit_envs::{
    Autoreset, DataLength, Env, EnvSpec, EpisodeRecord, EpisodeSpec, FirstStart, Length, SimSetup, StartRule,
    StepBuffers, StepFacts, VecEnv as _,
};
use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};

const SEED: u64 = 4;

/// Up to two ticks worse, at random: a model that uses the random stream shows whether streams agree.
#[derive(Debug)]
struct RandomTicks;

impl SlippageModel for RandomTicks {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        ctx.reference + rng.random_range(0.0..2.0) * ctx.instrument.tick * ctx.qty.signum()
    }
}

/// In the middle of the bar: a rule that no built-in one is.
#[derive(Debug)]
struct Middle;

impl FillModel for Middle {
    fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
        FillPoint { price: 0.5 * (bar.high + bar.low), moment: Moment::Close }
    }
}

fn spec(fill: FillRule) -> EnvSpec {
    EnvSpec {
        fill,
        window: 32,
        slippage: Slippage::Custom(Arc::new(RandomTicks)),
        episode: EpisodeSpec {
            start: StartRule::First(FirstStart {}),
            length: Length::Data(DataLength {}),
            ..EpisodeSpec::default()
        },
        ..costly()
    }
}

/// All that a run shows: observations, rewards, facts of every step, and the account at its end.
#[derive(Debug, PartialEq)]
struct Run {
    steps: Vec<(Vec<u32>, u32, StepFacts)>,
    account: Account,
}

fn drive<V: Venue>(env: &mut Env<V>, mut obs: Vec<f32>) -> Run {
    let mut actor = Actor::new(9, env.rules().action_space());
    let mut steps = vec![(bits(&obs), 0, StepFacts::default())];
    loop {
        let drawn = actor.draw();
        let transition = env.step(actor.action(&drawn), &mut obs).unwrap();
        steps.push((bits(&obs), transition.reward.to_bits(), *env.facts()));
        if transition.terminated || transition.truncated {
            return Run { steps, account: env.state().account().clone() };
        }
    }
}

fn pipeline(setup: &SimSetup) -> FeaturePipeline {
    FeaturePipeline::for_data(setup.rules().spec().features.as_ref().unwrap(), &setup.world().data).unwrap()
}

/// The first row at which an environment of this setup can start.
fn first(setup: &SimSetup) -> u32 {
    (setup.world().data.warm_up() + setup.rules().spec().window - 1) as u32
}

fn sim(setup: &SimSetup) -> Run {
    let mut env = setup.env();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.reset(Some(SEED), &mut obs).unwrap();
    drive(&mut env, obs)
}

/// The paper venue over a replayed feed, and the log that its journal holds afterwards.
fn paper(setup: &SimSetup, data: &MarketData, journal: Journal) -> (Run, Vec<LogEntry>, ReplayVenue) {
    let feed = Feed::memory(Arc::new(data.clone()), first(setup));
    let spec = setup.rules().spec();
    let broker = PaperBroker::new(feed, spec.models(), spec.cash, stream(SEED, 0, Purpose::Models)).unwrap();
    let broker = broker.holding(spec.holding).unwrap();
    let venue = LiveVenue::connect(broker, pipeline(setup), Some(journal), LiveOptions::default()).unwrap();
    let mut env = Env::new(Arc::clone(setup.rules()), venue);
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.open(Start::Now, &mut obs).unwrap();
    let run = drive(&mut env, obs);
    let log = env.venue().journal().unwrap().log().unwrap().unwrap();
    (run, log.entries().to_vec(), ReplayVenue::new(log, pipeline(setup)).unwrap())
}

fn replay(setup: &SimSetup, venue: ReplayVenue) -> Run {
    let mut env = Env::new(Arc::clone(setup.rules()), venue);
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.open(Start::Now, &mut obs).unwrap();
    drive(&mut env, obs)
}

fn lane(setup: &SimSetup) -> (Vec<u32>, StepFacts) {
    let mut envs = setup.vec_env(1, 1, Autoreset::SameStep).unwrap();
    let mut buffers = StepBuffers::new(&envs);
    let mut actor = Actor::new(9, envs.action_space());
    envs.reset(SEED, &mut buffers.obs).unwrap();
    loop {
        let drawn = actor.draw();
        envs.step(actions(&setup.rules().action_space().clone(), &drawn), buffers.out()).unwrap();
        if buffers.terminated[0] || buffers.truncated[0] {
            return (bits(&buffers.final_obs), buffers.facts[0]);
        }
    }
}

fn rules() -> [FillRule; 3] {
    [FillRule::default(), FillRule::NextClose(NextClose {}), FillRule::Custom(Arc::new(Middle))]
}

#[test]
fn sim_lane_paper_and_replay_are_one_and_change_together() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tradepit/samples/es_1m.csv");
    let real = load_csv(sample, Instrument::es(), Calendar::Cme, Stamp::Open).unwrap();
    for data in [real, synth::es_1m(3_000, 8).unwrap()] {
        let mut seen: Vec<f64> = Vec::new();
        for fill in rules() {
            let setup = SimSetup::new(spec(fill), data.clone()).unwrap();
            let in_sim = sim(&setup);
            assert!(in_sim.account.fills() > 500, "a run that trades nothing proves nothing");
            let (on_paper, entries, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
            assert!(on_paper == in_sim, "paper differs from the simulator");
            assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator");
            let orders = entries.iter().filter(|e| e.kind() == "order").count();
            assert_eq!(orders, in_sim.account.fills() as usize);
            let last = in_sim.steps.last().unwrap();
            assert_eq!(lane(&setup), (last.0.clone(), last.2));
            seen.push(in_sim.account.equity());
        }
        assert!(
            seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2],
            "another fill rule must show: {seen:?}"
        );
    }
}

/// What a venue does on its own must be the same everywhere, too.
#[test]
fn so_they_are_with_carry_margin_calls_and_flattening() {
    let data = synth::es_1m(6_000, 8).unwrap();
    let mut seen: Vec<f64> = Vec::new();
    for (financing, flatten) in [
        (Financing::default(), Flatten::None {}),
        (Financing::Daily(DailyCarry { interest: 0.05, borrow: 0.02 }), Flatten::None {}),
        (Financing::Funding(PerpetualFunding { rate: 1e-4, hours: 8 }), Flatten::None {}),
        (Financing::Funding(PerpetualFunding { rate: 1e-4, hours: 8 }), Flatten::SessionEnd {}),
    ] {
        let carried = EnvSpec {
            cash: 55_000.0,
            margin: MarginRule::Leverage(LeverageMargin { max: 20.0, maintenance: 0.99 }),
            financing,
            flatten,
            ..spec(FillRule::default())
        };
        let setup = SimSetup::new(carried, data.clone()).unwrap();
        let in_sim = sim(&setup);
        let (on_paper, entries, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
        assert!(on_paper == in_sim, "paper differs from the simulator");
        assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator");
        let last = in_sim.steps.last().unwrap();
        assert_eq!(lane(&setup), (last.0.clone(), last.2));
        let count = |test: fn(&AccountEvent) -> bool| {
            entries.iter().filter(|e| matches!(e, LogEntry::Event(event) if test(event))).count()
        };
        assert!(count(|e| matches!(e, AccountEvent::Rejected { reason: RejectReason::Margin, .. })) > 0);
        assert!(count(|e| matches!(e, AccountEvent::Liquidation { .. })) > 0);
        let own = count(|e| matches!(e, AccountEvent::Fill(fill) if fill.order.is_of_venue()));
        let called = count(|e| matches!(e, AccountEvent::Liquidation { .. }));
        assert_eq!(own > called, setup.rules().spec().flatten != Flatten::None {});
        assert_eq!(
            count(|e| matches!(e, AccountEvent::Financing { .. })) > 0,
            !setup.rules().spec().financing.is_none()
        );
        assert!(!seen.contains(&in_sim.account.equity()), "another rule must show: {seen:?}");
        seen.push(in_sim.account.equity());
    }
}

/// Schemes that send orders of their own, from accounts that hold something when they open.
#[test]
fn so_they_are_with_schemes_that_send_orders_and_a_holding() {
    let data = synth::es_1m(3_000, 8).unwrap();
    let almgren_chriss = r#"{"kind": "almgren_chriss", "epsilon": 0.1, "eta": 0.0005, "gamma": 0.0002}"#;
    for (action, slippage, holding) in [
        (r#"{"kind": "portfolio_weights", "weights": {"kind": "long_short", "leverage": 30}}"#, almgren_chriss, 5.0),
        (r#"{"kind": "two_sided_quotes", "offset_ticks": [0, 6], "lots": [1, 3]}"#, almgren_chriss, -2.0),
        (r#"{"kind": "execution_rate", "lots": -2000}"#, almgren_chriss, 2_000.0),
        (r#"{"kind": "quote_grid", "offset_ticks": [null, 0, 3]}"#, r#"{"kind": "none"}"#, 1.0),
        (r#"{"kind": "order_ticket", "life": ["bar", "day", "ioc", "gtc"]}"#, r#"{"kind": "none"}"#, 1.0),
    ] {
        let sending = EnvSpec {
            action: serde_json::from_str(action).unwrap(),
            slippage: serde_json::from_str(slippage).unwrap(),
            holding,
            cash: 1e7,
            ..spec(FillRule::default())
        };
        let setup = SimSetup::new(sending, data.clone()).unwrap();
        let in_sim = sim(&setup);
        assert!(in_sim.account.fills() > 5, "a run that trades nothing proves nothing: {action}");
        let (on_paper, _, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
        assert!(on_paper == in_sim, "paper differs from the simulator: {action}");
        assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator: {action}");
        let last = in_sim.steps.last().unwrap();
        assert_eq!(lane(&setup), (last.0.clone(), last.2));
        // A broker that begins flat is refused: the spec promises what it does not hold.
        let feed = Feed::memory(Arc::new(data.clone()), first(&setup));
        let rng = stream(SEED, 0, Purpose::Models);
        let flat = PaperBroker::new(feed, setup.rules().spec().models(), 1e7, rng).unwrap();
        let venue = LiveVenue::connect(flat, pipeline(&setup), None, LiveOptions::default()).unwrap();
        let mut obs = vec![0.0; setup.rules().observation_space().len()];
        let refused = Env::new(Arc::clone(setup.rules()), venue).open(Start::Now, &mut obs).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("holding: {holding} lots are to be held at the beginning, and the account holds 0")
        );
    }
}

/// The same bars, in which things happen: halts of ten bars, splits there and back, dividends, rolls, and rates in a column.
fn eventful(data: &MarketData) -> MarketData {
    let bars = data.bars().to_vec();
    let facts = |at: usize| match at / 50 % 6 {
        0 => vec![(0, MarketFact::Halt {}), (10, MarketFact::Resume {})],
        1 => vec![(0, MarketFact::Split { ratio: 1.5 }), (3, MarketFact::Dividend { amount: 40.0 })],
        2 => {
            let close = bars[at - 1].close;
            vec![(0, MarketFact::Roll { from_price: close, to_price: close + 5.0 })]
        }
        3 => vec![(0, MarketFact::Dividend { amount: 25.0 }), (0, MarketFact::Split { ratio: 0.5 })],
        _ => vec![],
    };
    let place =
        |(row, what): (usize, MarketFact)| MarketEvent { time: bars[row - 1].time, instrument: InstrumentId(0), what };
    let events = (50..bars.len() - 50).step_by(50);
    let events = events.flat_map(|at| facts(at).into_iter().map(move |(later, what)| (at + later, what))).map(place);
    let rates = (0..bars.len()).map(|row| (row as f32 * 0.7).sin() * 1e-3).collect();
    data.part(0..data.len()).events(events.collect()).column("rate", rates).build().unwrap()
}

/// What happens to the market must reach every account, every book and every feature alike.
#[test]
fn so_they_are_where_the_market_halts_splits_pays_and_rolls() {
    let data = eventful(&synth::es_1m(6_000, 8).unwrap());
    let margin = MarginRule::Leverage(LeverageMargin { max: 20.0, maintenance: 0.99 });
    let financing = Financing::FundingColumn(FundingColumn { column: "rate".into(), hours: 1 });
    let days = serde_json::json!({"kind": "square_root", "warmup_bps": 0.1});
    for carried in [
        EnvSpec { cash: 1e6, ..spec(FillRule::default()) },
        EnvSpec { cash: 1e7, slippage: serde_json::from_value(days.clone()).unwrap(), ..spec(FillRule::default()) },
        EnvSpec { cash: 2e5, margin, financing, flatten: Flatten::SessionEnd {}, ..spec(FillRule::default()) },
    ] {
        let setup = SimSetup::new(carried, data.clone()).unwrap();
        let in_sim = sim(&setup);
        let (on_paper, entries, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
        assert!(on_paper == in_sim, "paper differs from the simulator");
        assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator");
        let last = in_sim.steps.last().unwrap();
        assert_eq!(lane(&setup), (last.0.clone(), last.2));
        let count = |test: fn(&AccountEvent) -> bool| {
            entries.iter().filter(|e| matches!(e, LogEntry::Event(event) if test(event))).count()
        };
        assert!(count(|e| matches!(e, AccountEvent::Split { .. })) > 20);
        assert!(count(|e| matches!(e, AccountEvent::Dividend { .. })) > 20);
        assert!(count(|e| matches!(e, AccountEvent::Order { state: OrderState::Cancelled, .. })) > 20);
        assert!(count(|e| matches!(e, AccountEvent::Fill(fill) if fill.order.is_of_venue())) > 40);
        let paid = count(|e| matches!(e, AccountEvent::Financing { .. })) > 20;
        assert_eq!(paid, !setup.rules().spec().financing.is_none());
    }
}

/// What the venue knows beyond the bars, too: of whole days, and of the account's month.
#[test]
fn so_they_are_with_models_that_ask_for_days_and_months() {
    let data = synth::es_1m(6_000, 8).unwrap();
    let mut seen: Vec<f64> = Vec::new();
    for (slippage, whole) in [
        (serde_json::json!({"kind": "square_root", "warmup_bps": 0.1}), false),
        (serde_json::json!({"kind": "square_root", "y": 2, "days": 2, "sigma": 0.02, "adv": 4e6}), false),
        (serde_json::json!({"kind": "volatility_volume_share", "eta": 500.0, "days": 1, "warmup_bps": 0.1}), true),
    ] {
        let tier =
            |from: f64, fee: f64| serde_json::json!({"from": from, "commission": {"kind": "per_contract", "fee": fee}});
        let commission = serde_json::json!({"kind": "volume_tiers", "whole": whole,
            "tiers": [tier(0.0, 2.0), tier(500.0, 1.5), tier(1_500.5, 1.0)]});
        for margin in [MarginRule::default(), MarginRule::Leverage(LeverageMargin { max: 6.0, maintenance: 0.99 })] {
            let told = EnvSpec {
                cash: 50_000.0,
                slippage: serde_json::from_value(slippage.clone()).unwrap(),
                commission: serde_json::from_value(commission.clone()).unwrap(),
                margin,
                ..spec(FillRule::default())
            };
            let setup = SimSetup::new(told, data.clone()).unwrap();
            let in_sim = sim(&setup);
            let enough = if setup.rules().spec().margin.is_none() { 1_600 } else { 300 };
            assert!(in_sim.account.fills() > enough, "{} fills", in_sim.account.fills());
            let (on_paper, _, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
            assert!(on_paper == in_sim, "paper differs from the simulator");
            assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator");
            let last = in_sim.steps.last().unwrap();
            assert_eq!(lane(&setup), (last.0.clone(), last.2));
            assert!(!seen.contains(&in_sim.account.equity()), "other models must show: {seen:?}");
            seen.push(in_sim.account.equity());
        }
    }
}

#[test]
fn a_rule_that_looks_ahead_is_flagged_in_log_journal_and_record() {
    let data = synth::es_1m(600, 8).unwrap();
    for (fill, flagged) in [(FillRule::LookAheadClose(LookAheadClose {}), true), (FillRule::default(), false)] {
        let setup = SimSetup::new(spec(fill), data.clone()).unwrap();
        let in_sim = sim(&setup);
        let (on_paper, _, replayed) = paper(&setup, &data, Journal::in_memory().unwrap());
        assert!(on_paper == in_sim, "paper differs from the simulator");
        let mut text = Vec::new();
        replayed.log().write(&mut text).unwrap();
        let opening = String::from_utf8(text).unwrap().lines().next().unwrap().to_owned();
        assert_eq!(opening.contains(r#""look_ahead":true"#), flagged);
        assert_eq!((replayed.log().opening().look_ahead, replayed.looks_ahead()), (flagged, flagged));
        let mut recorder = Recorder::new(SimVenue::new(Arc::clone(setup.world()), 0), Arc::new(data.clone()));
        recorder.open(Start::At(first(&setup)), &mut Account::new(1)).unwrap();
        assert_eq!(recorder.log().unwrap().opening(), replayed.log().opening());
        let mut record = EpisodeRecord::of(setup.env().venue());
        record.clear();
        assert_eq!(record.looks_ahead(), flagged);
        assert_eq!(serde_json::to_value(&record).unwrap()["look_ahead"], flagged);
    }
}

#[test]
fn a_history_too_short_for_the_window_is_refused() {
    let data = synth::es_1m(1_000, 8).unwrap();
    let setup = SimSetup::new(spec(FillRule::default()), data.clone()).unwrap();
    let feed = Feed::memory(Arc::new(data), first(&setup) - 1);
    let broker = PaperBroker::new(feed, setup.rules().spec().models(), 1e5, stream(0, 0, Purpose::Models)).unwrap();
    let venue = LiveVenue::connect(broker, pipeline(&setup), None, LiveOptions::default()).unwrap();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    let refused = Env::new(Arc::clone(setup.rules()), venue).open(Start::Now, &mut obs).unwrap_err().to_string();
    assert!(refused.contains("do not warm the features up for a window of 32"), "{refused}");
}

/// An order of any kind, near the price.
fn any_order(rng: &mut Rng, price: f64, sent: u32) -> OrderRequest {
    let ticks = |rng: &mut Rng| f64::from(rng.random_range(-12i32..=12)) * 0.25;
    let qty = f64::from(rng.random_range(1i32..=4)) * if rng.random::<bool>() { 1.0 } else { -1.0 };
    let (a, b) = (price + ticks(rng), price + ticks(rng));
    let kind = match rng.random_range(0..8) {
        0 => OrderKind::Limit { price: a },
        1 => OrderKind::Stop { trigger: a },
        2 => OrderKind::StopLimit { trigger: a, price: b },
        3 => OrderKind::TrailingStop { offset: 0.25 * f64::from(rng.random_range(1u32..20)) },
        4 => OrderKind::MarketOnOpen {},
        5 => OrderKind::MarketOnClose {},
        _ => OrderKind::Market {},
    };
    let mut order = OrderRequest::of(InstrumentId(0), qty, kind).with_tif(match rng.random_range(0..6) {
        0 => TimeInForce::Day {},
        1 => TimeInForce::Ioc {},
        _ => TimeInForce::Gtc {},
    });
    order.reduce_only = rng.random_range(0..5) == 0;
    order.oco = (rng.random_range(0..4) == 0).then_some(sent / 3);
    order
}

/// A change of an order that may or may not fit it.
fn any_change(rng: &mut Rng, price: f64) -> Modification {
    let near = price + f64::from(rng.random_range(-12i32..=12)) * 0.25;
    let change = Modification::default();
    match rng.random_range(0..4) {
        0 => change.price(near),
        1 => change.trigger(near),
        2 => change.offset(2.0).qty(1.0),
        _ => change.qty(f64::from(rng.random_range(-3i32..=5))),
    }
}

/// All events of a session with random orders, cancels and changes, what orders at the market had yet to fill at each
/// decision and which changes were taken, and what the account comes to.
fn trade_anything<V: Venue>(mut venue: V, start: Start) -> (Vec<AccountEvent>, Vec<f64>, Account, V) {
    let mut rng = stream(77, 0, Purpose::Policy);
    let (mut account, mut events, mut ids, mut known) = (Account::new(1), Vec::new(), Vec::new(), Vec::new());
    venue.open(start, &mut account).unwrap();
    loop {
        for _ in 0..rng.random_range(0..3) {
            let price = venue.market().last(InstrumentId(0)).close;
            ids.push(venue.submit(any_order(&mut rng, price, ids.len() as u32)).unwrap());
        }
        if !ids.is_empty() && rng.random_range(0..3) == 0 {
            venue.cancel(ids[rng.random_range(0..ids.len())]).unwrap();
        }
        if !ids.is_empty() && rng.random_range(0..2) == 0 {
            let (id, price) = (ids[rng.random_range(0..ids.len())], venue.market().last(InstrumentId(0)).close);
            known.push(f64::from(u8::from(venue.modify(id, any_change(&mut rng, price)).is_ok())));
            let recent = OrderId(ids.len() as u32 - 1);
            known.push(f64::from(u8::from(venue.modify(recent, any_change(&mut rng, price)).is_ok())));
        }
        known.push(venue.at_market(InstrumentId(0)));
        let happened = events.len();
        if venue.advance(&mut account, |event| events.push(*event)).unwrap() == Advance::EndOfData {
            return (events, known, account, venue);
        }
        // Whatever happened to a halted market, it was no trade.
        let halted = venue.market().is_halted(InstrumentId(0));
        assert!(!halted || !events[happened..].iter().any(|event| matches!(event, AccountEvent::Fill(_))));
    }
}

/// A session with random orders is the same on all venues; its events.
fn one_session(data: &Arc<MarketData>, models: &Models, name: &str) -> Vec<AccountEvent> {
    let world = SimWorld::new(Arc::clone(data), models.clone(), 1e7).unwrap();
    let (events, known, account, _) = trade_anything(SimVenue::new(Arc::new(world), SEED), Start::At(10));
    let states = events.iter().filter(|e| matches!(e, AccountEvent::Order { .. })).count();
    assert!(account.fills() > 300 && states > 300, "{name}: {} fills, {states} changes", account.fills());

    let feed = Feed::memory(Arc::clone(data), 10);
    let broker = PaperBroker::new(feed, models.clone(), 1e7, stream(SEED, 0, Purpose::Models)).unwrap();
    let journal = Journal::in_memory().unwrap();
    let live = LiveVenue::connect(broker, NoFeatures, Some(journal), LiveOptions::default()).unwrap();
    let (on_paper, paper_known, paper_account, live) = trade_anything(live, Start::Now);
    let same = on_paper.iter().zip(&events).position(|(a, b)| a != b);
    assert_eq!(
        same,
        None,
        "{name}: {:?} on paper, {:?} simulated",
        on_paper[same.unwrap_or(0)],
        events[same.unwrap_or(0)]
    );
    assert_eq!((on_paper.len(), &paper_account), (events.len(), &account));
    let other = paper_known.iter().zip(&known).position(|(a, b)| a != b);
    assert_eq!(other, None, "{name}: {:?}", other.map(|at| (paper_known[at], known[at])));

    let log = live.journal().unwrap().log().unwrap().unwrap();
    let (replayed, replay_known, replay_account, _) =
        trade_anything(ReplayVenue::new(log, NoFeatures).unwrap(), Start::Now);
    assert!(replayed == events && replay_known == known && replay_account == account, "{name}: the replay differs");
    events
}

#[test]
fn books_of_orders_are_one_too() {
    let data = synth::es_1m(1_500, 8).unwrap();
    let (eventful, data) = (Arc::new(eventful(&data)), Arc::new(data));
    for path in ["pessimistic", "open_high_low_close"] {
        for limit in ["touch", "penetration", "queue", "intensity"] {
            let models: Models = serde_json::from_value(serde_json::json!({
                "latency": {"kind": "jittered", "ms": 500.0, "jitter_ms": 9000.0},
                "commission": {"kind": "per_share", "fee": 0.5, "minimum": 1.0},
                "matching": {"path": {"kind": path}, "limit": {"kind": limit}, "participation": 0.003, "protection_ticks": 40},
            }))
            .unwrap();
            let models = Models { slippage: Slippage::Custom(Arc::new(RandomTicks)), ..models };
            let events = one_session(&data, &models, &format!("{path} {limit}"));
            let changes = events.iter().filter(|e| matches!(e, AccountEvent::Modified { .. })).count();
            assert!(changes > 100, "{changes} orders were changed");
            one_session(&eventful, &models, &format!("{path} {limit}, with events"));
        }
    }
}

/// Rows of five minutes over bars of one, with quotes that came up to a minute before the opens, or not at all.
fn quoted(rows: usize) -> MarketData {
    let fine = synth::es_1m(5 * rows, 8).unwrap();
    let mut rng = stream(3, 0, Purpose::Synth);
    let quotes: Vec<Option<Quote>> = fine
        .bars()
        .iter()
        .map(|bar| {
            let time = bar.time.plus_ns(-rng.random_range(0..60_000_000_000));
            let (below, above) = (f64::from(rng.random_range(0..4u32)), f64::from(rng.random_range(0..4u32)));
            let size = f64::from(rng.random_range(0..100u32));
            let (bid, ask) = (bar.close - 0.25 * below, bar.close + 0.25 * above);
            (rng.random_range(0..10u32) > 0).then_some(Quote { time, bid, ask, bid_size: size, ask_size: 0.0 })
        })
        .collect();
    let fine = fine.part(0..fine.len()).quotes(quotes, QuotesAt::Close).build().unwrap();
    fine.resample(300_000_000_000).unwrap()
}

#[test]
fn so_they_are_over_quotes_and_finer_bars() {
    let data = quoted(1_500);
    let (eventful, data) = (Arc::new(eventful(&data)), Arc::new(data));
    let mut seen = Vec::new();
    for (fill, path, stale, slippage) in [
        ("quote", "pessimistic", serde_json::json!({"kind": "none"}), "none"),
        ("quote", "sub_bars", serde_json::json!({"kind": "wait", "after_ns": 50_000_000_000_i64}), "none"),
        ("quote", "sub_bars", serde_json::json!({"kind": "refuse", "after_ns": 50_000_000_000_i64}), "half_spread"),
        ("next_open", "sub_bars", serde_json::json!({"kind": "none"}), "half_spread"),
    ] {
        let models: Models = serde_json::from_value(serde_json::json!({
            "fill": {"kind": fill},
            "slippage": {"kind": slippage},
            "latency": {"kind": "jittered", "ms": 0.0, "jitter_ms": 20_000.0},
            "matching": {"path": {"kind": path}, "limit": {"kind": "touch"}, "participation": 0.01, "stale": stale},
        }))
        .unwrap();
        let events = one_session(&data, &models, &format!("{fill} {path} {stale}"));
        one_session(&eventful, &models, &format!("{fill} {path} {stale}, with events"));
        let too_old = |e: &&AccountEvent| matches!(e, AccountEvent::Rejected { reason: RejectReason::Stale, .. });
        assert_eq!(events.iter().filter(too_old).count() > 100, stale["kind"] == "refuse");
        assert!(!seen.contains(&events), "another rule must show");
        seen.push(events);
    }
}

#[test]
fn an_environment_over_quotes_is_one_too() {
    let data = quoted(1_500);
    for path in ["pessimistic", "sub_bars"] {
        let mut spec = EnvSpec { slippage: Slippage::default(), ..spec(FillRule::Quote(AtQuote {})) };
        spec.matching.path = serde_json::from_value(serde_json::json!({"kind": path})).unwrap();
        spec.matching.stale = Stale::Wait { after_ns: 50_000_000_000 };
        let setup = SimSetup::new(spec, data.clone()).unwrap();
        let in_sim = sim(&setup);
        assert!(in_sim.account.fills() > 300);
        let (on_paper, _, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
        assert!(on_paper == in_sim, "paper differs from the simulator");
        assert!(replay(&setup, venue) == in_sim, "replay differs from the simulator");
        let last = in_sim.steps.last().unwrap();
        assert_eq!(lane(&setup), (last.0.clone(), last.2));
    }
    let refused = SimSetup::new(spec(FillRule::Quote(AtQuote {})), synth::es_1m(1_500, 8).unwrap()).unwrap_err();
    assert!(refused.to_string().starts_with("fill: quote, and these data have no bid and ask"), "{refused}");
}

#[test]
fn with_delays_and_caps_the_environment_orders_nothing_twice() {
    let mut spec = spec(FillRule::default());
    spec.latency = serde_json::from_value(serde_json::json!({"kind": "fixed", "ms": 90_000.0})).unwrap();
    spec.matching.participation = Some(0.002);
    let data = synth::es_1m(1_000, 8).unwrap();
    let setup = SimSetup::new(spec, data.clone()).unwrap();
    let in_sim = sim(&setup);
    assert!(in_sim.account.fills() > 100);
    assert!(in_sim.steps.iter().all(|(_, _, facts)| facts.position.abs() <= 1.0), "more than one lot was held");
    let (on_paper, _, venue) = paper(&setup, &data, Journal::in_memory().unwrap());
    assert!(on_paper == in_sim && replay(&setup, venue) == in_sim);
}

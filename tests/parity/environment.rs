//! An environment on all venues, with all that it shows.

use std::{path::Path, sync::Arc};

use serde_json::json;
use tradepit::{
    Bar, Instrument, MarketData, Venue,
    account::{Account, AccountEvent, RejectReason},
    features::FeaturePipeline,
    ingest::{Stamp, load_csv},
    market::{Calendar, synth},
    models::{
        AtQuote, DailyCarry, FillModel, FillPoint, FillRule, Financing, Flatten, FundingColumn, LeverageMargin,
        MarginRule, Moment, NextClose, PerpetualFunding, Slippage, Stale,
    },
    order::OrderState,
    rng::{Purpose, stream},
    venue::{LogEntry, ReplayVenue, Start},
};
use tradepit_envs::{
    Autoreset, DataLength, Env, EnvSpec, EpisodeSpec, FirstStart, Length, SimSetup, StartRule, StepBuffers, StepFacts,
    VecEnv as _,
};
use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};

use crate::{
    RandomTicks, SEED, eventful, quoted,
    road::{Actor, actions, bits, costly},
};

/// In the middle of the bar: a rule that no built-in one is.
#[derive(Debug)]
struct Middle;

impl FillModel for Middle {
    fn market(&self, _: &Bar, bar: &Bar) -> FillPoint {
        FillPoint { price: 0.5 * (bar.high + bar.low), moment: Moment::Close }
    }
}

pub(crate) fn spec(fill: FillRule) -> EnvSpec {
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
pub(crate) struct Run {
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

pub(crate) fn pipeline(setup: &SimSetup) -> FeaturePipeline {
    FeaturePipeline::for_data(setup.rules().spec().features.as_ref().unwrap(), &setup.world().data).unwrap()
}

/// The first row at which an environment of this setup can start.
pub(crate) fn first(setup: &SimSetup) -> u32 {
    (setup.world().data.warm_up() + setup.rules().spec().window - 1) as u32
}

pub(crate) fn sim(setup: &SimSetup) -> Run {
    let mut env = setup.env();
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.reset(Some(SEED), &mut obs).unwrap();
    drive(&mut env, obs)
}

/// The paper venue over a replayed feed, and the log that its journal holds afterwards.
pub(crate) fn paper(setup: &SimSetup, data: &MarketData) -> (Run, ReplayVenue) {
    let feed = Feed::memory(Arc::new(data.clone()), first(setup));
    let spec = setup.rules().spec();
    let broker = PaperBroker::new(feed, spec.models(), spec.cash, stream(SEED, 0, Purpose::Models)).unwrap();
    let broker = broker.holding(spec.holding).unwrap();
    let venue =
        LiveVenue::connect(broker, pipeline(setup), Some(Journal::in_memory().unwrap()), LiveOptions::default())
            .unwrap();
    let mut env = Env::new(Arc::clone(setup.rules()), venue);
    let mut obs = vec![0.0; setup.rules().observation_space().len()];
    env.open(Start::Now, &mut obs).unwrap();
    let run = drive(&mut env, obs);
    let log = env.venue().journal().unwrap().log().unwrap().unwrap();
    (run, ReplayVenue::new(log, pipeline(setup)).unwrap())
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
        envs.step(actions(setup.rules().action_space(), &drawn), buffers.out()).unwrap();
        if buffers.terminated[0] || buffers.truncated[0] {
            return (bits(&buffers.final_obs), buffers.facts[0]);
        }
    }
}

/// The run on all venues, which are one; and what the journal holds.
fn one(setup: &SimSetup, data: &MarketData) -> (Run, Vec<LogEntry>) {
    let in_sim = sim(setup);
    let (on_paper, venue) = paper(setup, data);
    let entries = venue.log().entries().to_vec();
    assert!(on_paper == in_sim, "paper differs from the simulator");
    assert!(replay(setup, venue) == in_sim, "replay differs from the simulator");
    let last = in_sim.steps.last().unwrap();
    assert_eq!(lane(setup), (last.0.clone(), last.2));
    (in_sim, entries)
}

fn count(entries: &[LogEntry], test: fn(&AccountEvent) -> bool) -> usize {
    entries.iter().filter(|entry| matches!(entry, LogEntry::Event(event) if test(event))).count()
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
            let (in_sim, entries) = one(&setup, &data);
            assert!(in_sim.account.fills() > 500, "a run that trades nothing proves nothing");
            let orders = entries.iter().filter(|e| e.kind() == "order").count();
            assert_eq!(orders, in_sim.account.fills() as usize);
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
        let (in_sim, entries) = one(&setup, &data);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Rejected { reason: RejectReason::Margin, .. })) > 0);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Liquidation { .. })) > 0);
        let own = count(&entries, |e| matches!(e, AccountEvent::Fill(fill) if fill.order.is_of_venue()));
        let called = count(&entries, |e| matches!(e, AccountEvent::Liquidation { .. }));
        assert_eq!(own > called, setup.rules().spec().flatten != Flatten::None {});
        assert_eq!(
            count(&entries, |e| matches!(e, AccountEvent::Financing { .. })) > 0,
            !setup.rules().spec().financing.is_none()
        );
        assert!(!seen.contains(&in_sim.account.equity()), "another rule must show: {seen:?}");
        seen.push(in_sim.account.equity());
    }
}

/// What happens to the market must reach every account, every book and every feature alike.
#[test]
fn so_they_are_where_the_market_halts_splits_pays_and_rolls() {
    let data = eventful(&synth::es_1m(6_000, 8).unwrap());
    let margin = MarginRule::Leverage(LeverageMargin { max: 20.0, maintenance: 0.99 });
    let financing = Financing::FundingColumn(FundingColumn { column: "rate".into(), hours: 1 });
    let days = json!({"kind": "square_root", "warmup_bps": 0.1});
    for carried in [
        EnvSpec { cash: 1e6, ..spec(FillRule::default()) },
        EnvSpec { cash: 1e7, slippage: serde_json::from_value(days.clone()).unwrap(), ..spec(FillRule::default()) },
        EnvSpec { cash: 2e5, margin, financing, flatten: Flatten::SessionEnd {}, ..spec(FillRule::default()) },
    ] {
        let setup = SimSetup::new(carried, data.clone()).unwrap();
        let (_, entries) = one(&setup, &data);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Split { .. })) > 20);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Dividend { .. })) > 20);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Order { state: OrderState::Cancelled, .. })) > 20);
        assert!(count(&entries, |e| matches!(e, AccountEvent::Fill(fill) if fill.order.is_of_venue())) > 40);
        let paid = count(&entries, |e| matches!(e, AccountEvent::Financing { .. })) > 20;
        assert_eq!(paid, !setup.rules().spec().financing.is_none());
    }
}

/// What the venue knows beyond the bars, too: of whole days, and of the account's month.
#[test]
fn so_they_are_with_models_that_ask_for_days_and_months() {
    let data = synth::es_1m(6_000, 8).unwrap();
    let mut seen: Vec<f64> = Vec::new();
    for (slippage, whole) in [
        (json!({"kind": "square_root", "warmup_bps": 0.1}), false),
        (json!({"kind": "square_root", "y": 2, "days": 2, "sigma": 0.02, "adv": 4e6}), false),
        (json!({"kind": "volatility_volume_share", "eta": 500.0, "days": 1, "warmup_bps": 0.1}), true),
    ] {
        let tier = |from: f64, fee: f64| json!({"from": from, "commission": {"kind": "per_contract", "fee": fee}});
        let commission = json!({"kind": "volume_tiers", "whole": whole,
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
            let (in_sim, _) = one(&setup, &data);
            let enough = if setup.rules().spec().margin.is_none() { 1_600 } else { 300 };
            assert!(in_sim.account.fills() > enough, "{} fills", in_sim.account.fills());
            assert!(!seen.contains(&in_sim.account.equity()), "other models must show: {seen:?}");
            seen.push(in_sim.account.equity());
        }
    }
}

#[test]
fn an_environment_over_quotes_is_one_too() {
    let data = quoted(1_500);
    for path in ["pessimistic", "sub_bars"] {
        let mut spec = EnvSpec { slippage: Slippage::default(), ..spec(FillRule::Quote(AtQuote {})) };
        spec.matching.path = serde_json::from_value(json!({"kind": path})).unwrap();
        spec.matching.stale = Stale::Wait { after_ns: 50_000_000_000 };
        let setup = SimSetup::new(spec, data.clone()).unwrap();
        let (in_sim, _) = one(&setup, &data);
        assert!(in_sim.account.fills() > 300);
    }
    let refused = SimSetup::new(spec(FillRule::Quote(AtQuote {})), synth::es_1m(1_500, 8).unwrap()).unwrap_err();
    assert!(refused.to_string().starts_with("fill: quote, and these data have no bid and ask"), "{refused}");
}

#[test]
fn with_delays_and_caps_the_environment_orders_nothing_twice() {
    let mut spec = spec(FillRule::default());
    spec.latency = serde_json::from_value(json!({"kind": "fixed", "ms": 90_000.0})).unwrap();
    spec.matching.participation = Some(0.002);
    let data = synth::es_1m(1_000, 8).unwrap();
    let setup = SimSetup::new(spec, data.clone()).unwrap();
    let (in_sim, _) = one(&setup, &data);
    assert!(in_sim.account.fills() > 100);
    assert!(in_sim.steps.iter().all(|(_, _, facts)| facts.position.abs() <= 1.0), "more than one lot was held");
}

/// Schemes that send orders of their own, from accounts that hold something when they open.
#[test]
fn schemes_that_send_orders_and_a_holding_are_one_too() {
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
        let (run, _) = one(&setup, &data);
        assert!(run.account.fills() > 5, "a run that trades nothing proves nothing: {action}");
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

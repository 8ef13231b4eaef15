//! A backtest is the venue driven by hand and the environment with the same targets, to the bit, alone and among many; money
//! is conserved; what can't be a target is named.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Instrument, InstrumentId, MarketData, Venue as _,
    account::{Account, AccountEvent},
    backtest::{Backtest, Record, Summary, Sweep},
    market::{Calendar, synth},
    models::Models,
    order::OrderRequest,
    venue::{SimVenue, SimWorld, Start},
};
use tradepit_envs::{Action, EnvSpec, SimSetup};

const ROWS: usize = 120;

fn market(seed: u64, two: bool) -> MarketData {
    market_of(ROWS, seed, two)
}

/// One market, or two on one clock.
fn market_of(rows: usize, seed: u64, two: bool) -> MarketData {
    let single = [synth::es_1m(rows, seed).unwrap(), synth::es_1m(rows, seed + 1_000).unwrap()];
    let (n, instruments) = if two {
        (2, vec![Instrument::es(), Instrument { lot: 0.1, ..Instrument::equity("XYZ") }])
    } else {
        (1, vec![Instrument::es()])
    };
    let bars = (0..rows).flat_map(|row| single[..n].iter().map(move |data| data.bars()[row])).collect();
    MarketData::builder(instruments).calendar(Calendar::Cme).bars(bars).build().unwrap()
}

fn models() -> impl Strategy<Value = Value> {
    let one_of = |values: Vec<Value>| prop::sample::select(values);
    let fill = one_of(vec![json!("next_open"), json!("next_close")]);
    let latency = one_of(vec![
        json!({"kind": "none"}),
        json!({"kind": "none"}),
        json!({"kind": "fixed", "ms": 90_000}),
        json!({"kind": "jittered", "ms": 500, "jitter_ms": 90_000}),
    ]);
    let slippage = one_of(vec![
        json!({"kind": "none"}),
        json!({"kind": "volume_share"}),
        json!({"kind": "probabilistic_tick", "probability": 0.5, "ticks": 2}),
    ]);
    let commission = one_of(vec![json!({"kind": "none"}), json!({"kind": "per_share", "fee": 0.5, "minimum": 2.0})]);
    let margin = one_of(vec![json!({"kind": "none"}), json!({"kind": "leverage", "max": 6.0, "maintenance": 0.9})]);
    let financing = one_of(vec![json!({"kind": "none"}), json!({"kind": "funding", "rate": 1e-4, "hours": 1})]);
    let flatten = one_of(vec![json!({"kind": "none"}), json!({"kind": "session_end"})]);
    let cap = prop::option::of(0.0005..0.01f64);
    (fill, latency, slippage, commission, margin, financing, flatten, cap).prop_map(
        |(fill, latency, slippage, commission, margin, financing, flatten, cap)| {
            json!({
                "fill": {"kind": fill}, "latency": latency, "slippage": slippage, "commission": commission,
                "margin": margin, "financing": financing, "flatten": flatten, "matching": {"participation": cap},
            })
        },
    )
}

/// Targets that are held for a while each.
fn targets(n: usize) -> impl Strategy<Value = Vec<i8>> {
    prop::collection::vec((-3..=3i8, 0..4u8), ROWS * n).prop_map(move |drawn| {
        let mut targets: Vec<i8> = drawn.iter().map(|(target, _)| *target).collect();
        for at in n..targets.len() {
            if drawn[at].1 > 0 {
                targets[at] = targets[at - n];
            }
        }
        targets
    })
}

fn world(data: MarketData, models: &Value) -> Arc<SimWorld> {
    let models: Models = serde_json::from_value(models.clone()).unwrap();
    Arc::new(SimWorld::new(Arc::new(data), models, 1e6).unwrap())
}

/// The same strategy, written with nothing but the venue's own words.
fn by_hand(world: &Arc<SimWorld>, targets: &[i8], seed: u64) -> (Vec<f64>, Vec<AccountEvent>, Account) {
    let things = world.data.instruments().to_vec();
    let (mut venue, mut account) = (SimVenue::new(world.clone(), seed), Account::new(things.len()));
    venue.open(Start::At(0), &mut account).unwrap();
    let (mut equity, mut events) = (vec![account.equity()], Vec::new());
    for wanted in targets.chunks(things.len()).take(world.data.len() - 1) {
        for (id, thing) in things.iter().enumerate() {
            let instrument = InstrumentId(id as u32);
            let held = account.position(instrument).qty() + venue.at_market(instrument);
            let lots = f64::from(wanted[id]) - (held / thing.lot).round();
            if lots != 0.0 {
                venue.submit(OrderRequest::market(instrument, lots * thing.lot)).unwrap();
            }
        }
        venue.advance(&mut account, |event| events.push(*event)).unwrap();
        equity.push(account.equity());
    }
    (equity, events, account)
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// And the account is what its fills and its carry say, with nothing of the ledger's own bookkeeping.
    #[test]
    fn a_backtest_is_the_venue_driven_by_hand_and_conserves_money(
        (seed, two) in (0u64..1_000, any::<bool>()),
        models in models(),
        drawn in targets(2),
    ) {
        let data = market(seed, two);
        let targets = &drawn[..ROWS * data.instruments().len()];
        let world = world(data, &models);
        let record = Record::of(&world, targets, seed).unwrap();
        let (equity, events, account) = by_hand(&world, targets, seed);
        prop_assert_eq!(bits(&record.equity), bits(&equity));
        prop_assert_eq!(record.events(), &events[..]);
        prop_assert_eq!(&record.account, &account);

        let last = world.data.view(ROWS);
        let gained: f64 = record.fills().map(|f| f.qty * f.multiplier * (last.last(f.instrument).close - f.price) - f.fee).sum();
        let carried: f64 = events.iter().map(|event| if let AccountEvent::Financing { amount, .. } = event { *amount } else { 0.0 }).sum();
        let tolerance = 1e-9 * account.gross_flow();
        prop_assert!((account.equity() - (1e6 + gained + carried)).abs() <= tolerance);
        let traded: f64 = record.closed().iter().chain(&record.open()).map(|trade| trade.net).sum();
        prop_assert!((traded - gained).abs() <= tolerance);
        prop_assert_eq!(record.closed().len(), account.trades() as usize);
    }

    /// Targets as a share of the largest position are the same lots.
    #[test]
    fn a_backtest_is_an_environment_with_the_same_targets(
        seed in 0u64..1_000,
        models in models(),
        mut drawn in targets(1),
        first in 20u32..60,
    ) {
        let fields = json!({
            "cash": 1e6, "window": 1, "features": {"features": [{"kind": "log_return"}]}, "action": {"kind": "target_position", "max_lots": 3},
            "episode": {"start": {"kind": "at", "row": first}, "length": {"kind": "data"}, "ruin": 0.0},
        });
        let mut fields: serde_json::Map<String, Value> = serde_json::from_value(fields).unwrap();
        fields.extend(models.as_object().unwrap().clone());
        let spec: EnvSpec = serde_json::from_value(Value::Object(fields)).unwrap();
        let setup = SimSetup::new(spec, market(seed, false)).unwrap();
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(seed), &mut obs).unwrap();
        drawn[..first as usize].fill(0);
        let mut equity = vec![env.state().account().equity()];
        for target in &drawn[first as usize..ROWS - 1] {
            let ended = env.step(Action::Box(&[f32::from(*target) / 3.0]), &mut obs).unwrap();
            prop_assert!(!ended.terminated);
            equity.push(env.state().account().equity());
        }
        let record = Record::of(setup.world(), &drawn, seed).unwrap();
        prop_assert_eq!(bits(&record.equity[first as usize..]), bits(&equity));
        prop_assert_eq!(&record.account, env.state().account());
    }
}

fn table(strategies: usize, n: usize) -> Vec<i8> {
    table_of(ROWS, strategies, n)
}

/// Many random strategies as a table, row by row.
fn table_of(rows: usize, strategies: usize, n: usize) -> Vec<i8> {
    let mut state = 7u64;
    let mut targets = vec![0i8; rows * strategies * n];
    for at in strategies * n..targets.len() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        targets[at] = if state >> 62 == 0 { (state >> 40) as i8 % 4 } else { targets[at - strategies * n] };
    }
    targets
}

#[test]
fn many_at_once_are_the_same_bits_as_each_alone_whatever_the_threads() {
    /// A table is read in blocks of 256 rows.
    const LONG: usize = 600;
    let models = json!({"slippage": {"kind": "probabilistic_tick", "probability": 0.5}, "commission": {"kind": "per_order", "fee": 1.0}});
    for (two, n) in [(false, 1), (true, 2)] {
        let world = world(market_of(LONG, 3, two), &models);
        for strategies in [1, 63, 64, 65, 130] {
            let targets = table_of(LONG, strategies, n);
            let alone: Vec<(Vec<u64>, Account)> = (0..strategies)
                .map(|k| {
                    let rows = targets.chunks(strategies * n);
                    let own: Vec<i8> = rows.flat_map(|row| row[k * n..(k + 1) * n].to_vec()).collect();
                    let record = Record::of(&world, &own, 5).unwrap();
                    (bits(&record.equity), record.account)
                })
                .collect();
            let wide: Vec<f64> = targets.iter().map(|target| f64::from(*target)).collect();
            for threads in [1, 2, 7] {
                let sweep = Sweep::new(&world).threads(threads).seed(5);
                let kept = |ran: &tradepit::backtest::Ran<'_>| (bits(ran.equity), ran.backtest.account().clone());
                assert_eq!(sweep.table(&targets, kept).unwrap(), alone);
                assert_eq!(sweep.table(&wide, kept).unwrap(), alone);
                let make = |k: usize, into: &mut Vec<i32>| {
                    let rows = targets.chunks(strategies * n);
                    into.extend(rows.flat_map(|row| row[k * n..(k + 1) * n].iter().map(|target| i32::from(*target))));
                };
                assert_eq!(sweep.each(strategies, make, kept).unwrap(), alone);
                let order = sweep.table(&targets, |ran| ran.strategy).unwrap();
                assert!(order.into_iter().eq(0..strategies));
            }
        }
    }
}

#[test]
fn a_summary_says_what_the_record_says() {
    let models =
        json!({"commission": {"kind": "per_contract", "fee": 2.1}, "slippage": {"kind": "fixed_ticks", "ticks": 1}});
    let world = world(market(3, false), &models);
    let targets = table(3, 1);
    for (k, summary) in Sweep::new(&world).table(&targets, Summary::of).unwrap().into_iter().enumerate() {
        let own: Vec<i8> = targets.iter().skip(k).step_by(3).copied().collect();
        let record = Record::of(&world, &own, 0).unwrap();
        let performance = record.performance(1.0).unwrap();
        assert!(summary.fills > 10 && summary.fees > 0.0 && summary.slippage > 0.0);
        assert_eq!(summary.final_equity.to_bits(), performance.final_equity.to_bits());
        assert_eq!(
            (summary.fills, summary.fees, summary.slippage),
            (performance.fills, performance.fees, performance.slippage)
        );
        assert_eq!((summary.orders, summary.trades as usize), (record.orders, performance.trades));
        assert_eq!(
            (summary.sharpe_per_bar, summary.max_drawdown),
            (performance.sharpe_per_bar, performance.max_drawdown)
        );
    }
}

#[test]
fn a_function_that_says_the_same_targets_makes_the_same_run() {
    let world = world(market(3, true), &json!({"latency": {"kind": "fixed", "ms": 90_000}}));
    let targets = table(1, 2);
    let told = Record::of(&world, &targets, 0).unwrap();
    let asked = Record::steer(
        &world,
        |market, account, id| {
            assert_eq!(account.positions().len(), 2);
            f64::from(targets[(market.len() - 1) * 2 + id.0 as usize])
        },
        0,
    )
    .unwrap();
    assert!(told.fills().count() > 20);
    assert_eq!(bits(&told.equity), bits(&asked.equity));
    assert_eq!(told.events(), asked.events());
}

#[test]
fn what_is_held_from_the_beginning_is_part_of_the_first_trade() {
    let data = Arc::new(market(3, false));
    let world = SimWorld::new(data, Models::default(), 1e6).unwrap().with_holding(2.0).unwrap();
    let targets: Vec<i8> = (0..ROWS).map(|row| if row < 50 { 2 } else { 0 }).collect();
    let record = Record::of(&Arc::new(world), &targets, 0).unwrap();
    assert_eq!((record.orders, record.fills().count(), record.closed().len()), (1, 1, 1));
    assert_eq!((record.positions[0], record.closed()[0].qty, record.open().len()), (2.0, 2.0, 0));
}

#[test]
fn a_backtest_runs_again_from_the_beginning() {
    let models = json!({"slippage": {"kind": "probabilistic_tick", "probability": 0.5}});
    let mut backtest = Backtest::new(&world(market(3, false), &models), 9);
    let targets = table(1, 1);
    let mut run = || {
        let mut equity = Vec::new();
        backtest.follow(&targets, |_| {}, |account| equity.push(account.equity())).unwrap();
        (bits(&equity), backtest.orders())
    };
    assert_eq!(run(), run());
}

#[test]
fn what_is_no_target_is_named() {
    let one = world(market(3, false), &json!({}));
    let two = world(market(3, true), &json!({}));
    let with = |at: usize, value: f64, n: usize| {
        let mut targets = vec![0.0; ROWS * n];
        targets[at] = value;
        targets
    };
    let refused = |world, targets: &[f64]| Record::of(world, targets, 0).unwrap_err().to_string();
    assert_eq!(refused(&one, &with(50, f64::NAN, 1)), "targets[50]: NaN must be a whole number of lots");
    assert_eq!(
        refused(&one, &with(ROWS - 1, f64::INFINITY, 1)),
        format!("targets[{}]: inf must be a whole number of lots", ROWS - 1)
    );
    assert_eq!(refused(&one, &with(0, 0.5, 1)), "targets[0]: 0.5 must be a whole number of lots");
    assert_eq!(
        refused(&two, &with(101, 1e300, 2)),
        format!("targets[50]: {} of instrument 1 must be a whole number of lots", 1e300)
    );
    assert_eq!(refused(&one, &[0.0; 7]), "targets: 7 for 120 bars of 1 instruments; give one for each, row by row");
    let asked = Record::steer(&one, |market, _, _| if market.len() == 8 { f64::NAN } else { 0.0 }, 0);
    assert_eq!(asked.unwrap_err().to_string(), "targets[7]: NaN must be a whole number of lots");

    let mut targets = vec![0.0; ROWS * 200];
    (targets[30 * 200 + 150], targets[60 * 200 + 90]) = (0.25, f64::NAN);
    for threads in [1, 2, 7] {
        let refused = Sweep::new(&one).threads(threads).table(&targets, Summary::of).unwrap_err().to_string();
        assert_eq!(refused, "strategy 90: targets[60]: NaN must be a whole number of lots");
    }
    let refused = Sweep::new(&one).table(&[0i8; 130], Summary::of).unwrap_err().to_string();
    assert_eq!(refused, "targets: 130 are no whole number of strategies over 120 bars of 1 instruments");
    let short = Sweep::new(&one).each(2, |_, into: &mut Vec<i8>| into.push(1), Summary::of).unwrap_err().to_string();
    assert_eq!(short, "strategy 0: targets: 1 for 120 bars of 1 instruments; give one for each, row by row");
    assert!(Sweep::new(&one).table(&[0i8; 0], Summary::of).unwrap().is_empty());
}

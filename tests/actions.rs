//! From actions to orders: what every scheme promises of positions, orders and money.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use proptest::prelude::*;
use road::Actor;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::synth,
    order::OrderState,
};
use tradepit_envs::{Action, ActionScheme as _, ActionSpec, Decision, Env, EnvSpec, Hooks, Orders, SimSetup};

const MINUTE: i64 = 60_000_000_000;
const ROWS: usize = 40;

/// Rows that stand still at those prices.
fn still(things: &[(Instrument, f64)]) -> MarketData {
    let bar = |minute: usize, price: f64| Bar {
        time: Timestamp::from_nanos(minute as i64 * MINUTE),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 1e9,
    };
    let bars = (1..=ROWS).flat_map(|minute| things.iter().map(move |(_, price)| bar(minute, *price)));
    MarketData::builder(things.iter().map(|(thing, _)| thing.clone()).collect()).bars(bars.collect()).build().unwrap()
}

fn setup(data: MarketData, spec: &Value) -> SimSetup {
    let mut whole = json!({"window": 1, "features": {"features": [{"kind": "log_return"}]},
        "episode": {"start": {"kind": "first"}, "length": {"kind": "data"}}});
    whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    SimSetup::new(serde_json::from_value::<EnvSpec>(whole).unwrap(), data).unwrap()
}

/// Everything that the venue says.
#[derive(Default)]
struct Heard(Vec<AccountEvent>);

impl Hooks for Heard {
    fn event(&mut self, event: &AccountEvent) {
        self.0.push(*event);
    }
}

/// Runs an episode of random actions; after each step `look` sees the environment and the step's events.
fn run(setup: &SimSetup, seed: u64, mut look: impl FnMut(&Env, &[AccountEvent])) -> Env {
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(seed), &mut obs).unwrap();
    let mut actor = Actor::new(seed, setup.rules().action_space());
    loop {
        let (drawn, mut heard) = (actor.draw(), Heard::default());
        let transition = env.step_with(actor.action(&drawn), &mut obs, &mut heard).unwrap();
        look(&env, &heard.0);
        if transition.terminated || transition.truncated {
            return env;
        }
    }
}

/// A contract, a currency, a share, with prices of their kind.
fn things() -> impl Strategy<Value = Vec<(Instrument, f64)>> {
    let any = prop_oneof![
        (Just(Instrument::es()), 2_000..8_000i32).prop_map(|(thing, price)| (thing, f64::from(price))),
        (Just(Instrument::eurusd()), 80..150i32).prop_map(|(thing, price)| (thing, f64::from(price) / 100.0)),
        (Just(Instrument::equity("XYZ")), 5..900i32).prop_map(|(thing, price)| (thing, f64::from(price))),
        (Just(Instrument::btcusdt()), 9_000..90_000i32).prop_map(|(thing, price)| (thing, f64::from(price))),
    ];
    prop::collection::vec(any, 1..5).prop_map(|mut things| {
        for (n, (thing, _)) in things.iter_mut().enumerate() {
            thing.name = format!("{}{n}", thing.name);
            thing.currency = "USD".into();
        }
        things
    })
}

fn rule() -> impl Strategy<Value = (Value, f64)> {
    prop_oneof![
        Just((json!({"kind": "simplex"}), 1.0)),
        Just((json!({"kind": "softmax", "scale": 3.0}), 1.0)),
        (1..120u32).prop_map(|tenths| {
            let leverage = f64::from(tenths) / 10.0;
            (json!({"kind": "long_short", "leverage": leverage}), leverage)
        }),
    ]
}

/// What positions are worth without their signs.
fn gross(account: &Account, things: &[(Instrument, f64)]) -> f64 {
    account.positions().iter().zip(things).map(|(position, (_, price))| position.notional(*price).abs()).sum()
}

fn orders_of(scheme: &ActionSpec, values: &[f32], data: &MarketData, cash: f64) -> Vec<f64> {
    let (mut account, mut orders) = (Account::new(data.instruments().len()), Orders::default());
    account.open(cash);
    scheme.orders(Action::Box(values), &Decision::new(data.view(3), &account), &mut orders);
    let mut lots = vec![0.0; data.instruments().len()];
    for order in orders.sent() {
        let id = order.instrument.0 as usize;
        lots[id] += order.qty / data.instruments()[id].lot;
    }
    lots
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Where prices stand still and nothing costs, going from any weights to any others leaves the equity as it was, and
    /// no position is larger than what was asked for.
    #[test]
    fn weights_conserve_value_and_keep_their_cap(things in things(), (rule, cap) in rule(), seed in 0..1_000u64) {
        let spec = json!({"cash": 3e6, "action": {"kind": "portfolio_weights", "weights": rule}});
        let setup = setup(still(&things), &spec);
        let mut traded = 0;
        run(&setup, seed, |env, events| {
            let account = env.state().account();
            assert!((account.equity() - 3e6).abs() <= 1e-9 * account.gross_flow(), "{account:?}");
            assert!(gross(account, &things) <= cap * 3e6 * (1.0 + 1e-9) + 1e-3, "{account:?}");
            traded += events.len();
        });
        prop_assert!(traded > 0);
    }

    /// Twice the money buys twice as much, and prices that are twice as high half of it, but for the last lot.
    #[test]
    fn weights_do_not_know_the_scale_of_money(
        things in things(), (rule, _) in rule(), values in prop::collection::vec(-1.2f32..1.2, 6), times in 1..50u32,
    ) {
        let scheme: ActionSpec = serde_json::from_value(json!({"kind": "portfolio_weights", "weights": rule})).unwrap();
        let (n, times) = (scheme.space(things.len()).len(), f64::from(times));
        let dearer: Vec<_> = things.iter().map(|(thing, price)| (thing.clone(), price * times)).collect();
        let (data, dear) = (still(&things), still(&dearer));
        let (one, more) = (orders_of(&scheme, &values[..n], &data, 1e6), orders_of(&scheme, &values[..n], &data, 1e6 * times));
        for (one, more) in one.iter().zip(&more) {
            prop_assert!((more - times * one).abs() <= times + 1e-6 * more.abs(), "{one} {more}");
        }
        for (same, both) in one.iter().zip(orders_of(&scheme, &values[..n], &dear, 1e6 * times)) {
            prop_assert!((same - both).abs() <= 1e-6 * both.abs() + 1.0);
        }
    }

    /// No quote outlives its bar, none that fills holds more than the limit, and none is larger than it may be.
    #[test]
    fn quotes_live_for_a_bar_and_keep_the_position_limit(
        seed in 0..1_000u64, most in 1..6u32, lots in 1..4u32, holding in -1..2i32, market in 0..50u64,
    ) {
        let (most, largest) = (f64::from(most), f64::from(lots));
        let spec = json!({"cash": 1e7, "holding": holding, "action": {"kind": "two_sided_quotes", "offset_ticks": [0, 4],
            "lots": [1, largest], "max_lots": most}});
        let setup = setup(synth::es_1m(120, market).unwrap(), &spec);
        let (mut open, mut filled, mut seen) = (0i64, 0, 0.0f64);
        let env = run(&setup, seed, |env, events| {
            for event in events {
                match event {
                    AccountEvent::Fill(fill) => {
                        filled += 1;
                        seen = seen.max(fill.qty.abs());
                    }
                    AccountEvent::Order { state: OrderState::Expired, .. } => open += 1,
                    other => panic!("{other:?}"),
                }
            }
            assert!(env.state().account().position(InstrumentId(0)).qty().abs() <= most);
        });
        prop_assert!(filled > 0 && seen <= largest);
        prop_assert!(open > 0);
        prop_assert_eq!(env.venue().at_market(InstrumentId(0)), 0.0);
    }

    /// A large order is worked off by the deadline, to the last lot and never beyond, whatever the rates.
    #[test]
    fn an_execution_is_complete_at_its_deadline(
        seed in 0..1_000u64, lots in 1..5_000i32, sells: bool, begins in -1..2i32, steps in 1..20u32,
    ) {
        let lots = f64::from(if sells { -lots } else { lots });
        let holding = f64::from(begins) * -lots;
        let spec = json!({"cash": 1e9, "holding": holding, "action": {"kind": "execution_rate", "lots": lots},
            "episode": {"start": {"kind": "first"}, "length": {"kind": "steps", "steps": steps}}});
        let setup = setup(synth::es_1m(120, 1).unwrap(), &spec);
        let env = run(&setup, seed, |env, events| {
            let traded = env.state().account().position(InstrumentId(0)).traded();
            assert!(traded * lots.signum() >= 0.0 && traded.abs() <= lots.abs());
            let with = |event: &AccountEvent| matches!(event, AccountEvent::Fill(fill) if fill.qty * lots > 0.0);
            assert!(events.iter().all(with));
        });
        let position = *env.state().account().position(InstrumentId(0));
        prop_assert_eq!((position.traded(), position.qty()), (lots, holding + lots));
    }

    /// What an account begins with costs nothing, and is worth what the market says from then on.
    #[test]
    fn a_holding_is_worth_its_price_and_nothing_else(lots in -20..20i32, share: bool, seed in 0..50u64) {
        let thing = if share { Instrument::equity("XYZ") } else { Instrument::es() };
        let es = synth::es_1m(60, seed).unwrap();
        let data = MarketData::builder(vec![thing.clone()]).bars(es.bars().to_vec()).build().unwrap();
        let spec = json!({"cash": 1e6, "holding": lots, "action": {"kind": "enter_exit"}});
        let setup = setup(data, &spec);
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(0), &mut obs).unwrap();
        let first = env.venue().market().last(InstrumentId(0)).close;
        let opening = env.state().account().opening_equity();
        prop_assert_eq!(env.facts().position, f64::from(lots) * thing.lot);
        while !env.step(Action::Discrete(0), &mut obs).unwrap().truncated {
            let price = env.venue().market().last(InstrumentId(0)).close;
            let gained = f64::from(lots) * thing.multiplier * (price - first);
            let account = env.state().account();
            prop_assert!((account.equity() - opening - gained).abs() < 1e-6);
            prop_assert_eq!((account.fills(), account.fees(), account.position(InstrumentId(0)).traded()), (0, 0.0, 0.0));
        }
    }
}

/// What an account begins with is no trade: permanent impact is that of its own fills.
#[test]
fn a_holding_moves_no_price() {
    let fills = |holding: f64| {
        let spec = json!({"cash": 1e9, "holding": holding, "action": {"kind": "execution_rate", "lots": -5000},
            "slippage": {"kind": "almgren_chriss", "eta": 0.0005, "gamma": 0.0002},
            "episode": {"start": {"kind": "first"}, "length": {"kind": "steps", "steps": 8}}});
        let mut fills: Vec<Fill> = Vec::new();
        run(&setup(synth::es_1m(120, 1).unwrap(), &spec), 3, |_, events| {
            fills.extend(
                events.iter().filter_map(|event| if let AccountEvent::Fill(fill) = event { Some(*fill) } else { None }),
            );
        });
        fills
    };
    assert_eq!(fills(5_000.0), fills(0.0));
    assert!(fills(5_000.0).len() > 3);
}

/// Each order says what it is: a wrong spec is refused with its field, its value and what to do.
#[test]
fn specs_that_make_no_sense_are_refused() {
    let refused = |spec: Value| {
        let spec: EnvSpec = serde_json::from_value(spec).unwrap();
        spec.validate(2).or_else(|_| spec.validate(1)).unwrap_err().to_string()
    };
    for (spec, message) in [
        (json!({"holding": 0.5}), "holding: 0.5 must be a whole number of lots, below 0 to be short"),
        (
            json!({"action": {"kind": "two_sided_quotes", "offset_ticks": [3, 1]}}),
            "action.offset_ticks: [3, 1] must be two finite numbers, the lower one first",
        ),
        (
            json!({"action": {"kind": "two_sided_quotes", "lots": [-1, 1]}}),
            "action.lots: [-1, 1] must be two finite numbers, at least 0, the lower one first",
        ),
        (
            json!({"action": {"kind": "portfolio_weights", "weights": {"kind": "long_short", "leverage": 0}}}),
            "action.weights.leverage: 0 must be a finite number above 0",
        ),
        (
            json!({"action": {"kind": "portfolio_weights", "weights": {"kind": "softmax", "scale": 200}}}),
            "action.weights.scale: 200 must be in (0, 100]",
        ),
        (
            json!({"action": {"kind": "execution_rate"}}),
            "episode.length: execution_rate needs to know the last step of an episode; use a length of steps, or of the data",
        ),
    ] {
        assert_eq!(refused(spec), message);
    }
}

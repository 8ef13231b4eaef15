//! From actions to orders: what every scheme promises of positions, orders and money.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod road;

use proptest::prelude::*;
use rand::SeedableRng as _;
use road::Actor;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Rng, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    market::{MarketEvent, MarketFact, synth},
    order::OrderState,
};
use tradepit_envs::{Action, ActionScheme as _, ActionSpec, Decision, Env, EnvSpec, Hooks, Orders, SimSetup, Space};

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
        let id = order.entry.instrument.0 as usize;
        lots[id] += order.entry.qty / data.instruments()[id].lot;
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

    /// Inside of the dead band nothing is ordered, outside of it what was wanted: to the lot, and no more.
    #[test]
    fn a_dead_band_leaves_small_changes_alone(seed in 0..1_000u64, lots in 1..30u32, hundredths in 0..150u32) {
        let (most, band) = (f64::from(lots), f64::from(hundredths) / 100.0);
        let spec = json!({"cash": 1e8, "action": {"kind": "target_position", "max_lots": most, "dead_band": band}});
        let setup = setup(synth::es_1m(120, 1).unwrap(), &spec);
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(0), &mut obs).unwrap();
        let mut rng = Rng::seed_from_u64(seed);
        for _ in 0..60 {
            let (value, held) = (rng.random_range(-1.0..1.0f32), env.facts().position);
            env.step(Action::Box(&[value]), &mut obs).unwrap();
            let wanted = f64::from(value) * most;
            let expected = if (wanted - held).abs() < band * most { held } else { wanted.round() };
            prop_assert_eq!(env.facts().position, expected);
        }
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

/// Draws among the open choices.
fn among(rng: &mut Rng, choices: &[usize], mask: &[bool]) -> Vec<i64> {
    let mut rest = mask;
    let draw = |n: &usize| {
        let (part, behind) = rest.split_at(*n);
        rest = behind;
        let open: Vec<usize> = (0..*n).filter(|at| part[*at]).collect();
        assert!(!open.is_empty(), "{mask:?}");
        open[rng.random_range(0..open.len())] as i64
    };
    choices.iter().map(draw).collect()
}

/// Schemes with masks, each with the choices that take from a position or leave it.
fn masked() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1..4u32).prop_map(|lots| json!({"kind": "enter_exit", "lots": lots})),
        Just(json!({"kind": "target_levels", "levels": [-5, -2, 0, 1, 4]})),
        (1..8u32).prop_map(|most| json!({"kind": "order_ticket", "lots": [1, 3, 5], "max_lots": most})),
        Just(json!({"kind": "quote_grid", "offset_ticks": [null, 0, 2], "lots": 2, "max_lots": 5})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whoever keeps to the masks is never refused for margin, where prices open where they closed: no order that an open
    /// choice sends is more than the account carries.
    #[test]
    fn an_open_choice_is_never_refused_for_margin(action in masked(), max in 1..40u32, seed in 0..1_000u64) {
        // Orders at the market, so that their margin is that of their price.
        prop_assume!(action["kind"] != "quote_grid");
        let mut action = action;
        if action["kind"] == "order_ticket" {
            action["offset_ticks"] = json!([0.0]);
        }
        let spec = json!({"cash": 60_000, "action": action, "margin": {"kind": "leverage", "max": max, "maintenance": 0.5},
            "commission": {"kind": "per_contract", "fee": 2.5}});
        let setup = setup(walk(seed), &spec);
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(0), &mut obs).unwrap();
        let (mut rng, mut mask) = (Rng::seed_from_u64(seed), vec![false; setup.rules().mask_len()]);
        loop {
            env.action_masks(&mut mask).unwrap();
            let drawn = among(&mut rng, setup.rules().action_space().choices(), &mask);
            let mut heard = Heard::default();
            let action = match setup.rules().action_space() {
                Space::Discrete { .. } => Action::Discrete(drawn[0]),
                _ => Action::MultiDiscrete(&drawn),
            };
            let transition = env.step_with(action, &mut obs, &mut heard).unwrap();
            let refused = heard.0.iter().any(|event| matches!(event, AccountEvent::Rejected { .. }));
            prop_assert!(!refused, "{:?} with {mask:?}: {:?}", drawn, heard.0);
            if transition.terminated || transition.truncated {
                break;
            }
        }
    }

    /// Limits hold whatever the actions are, and an open choice is let through as it is: what it orders is not cut.
    #[test]
    fn limits_hold_and_masks_know_them(
        action in masked(), most in 1..6u32, daily: bool, keeps: bool, seed in 0..1_000u64,
    ) {
        let most = f64::from(most);
        let loss = if daily { "daily_loss" } else { "drawdown" };
        let spec = json!({"cash": 60_000, "action": action, "limits": {"position": most, loss: 0.002}});
        let setup = setup(synth::es_1m(160, seed).unwrap(), &spec);
        let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
        env.reset(Some(0), &mut obs).unwrap();
        let (mut rng, mut mask) = (Rng::seed_from_u64(seed), vec![false; setup.rules().mask_len()]);
        let mut peak = env.state().account().equity();
        loop {
            let everything = vec![true; mask.len()];
            env.action_masks(&mut mask).unwrap();
            let open = if keeps { &mask } else { &everything };
            let drawn = among(&mut rng, setup.rules().action_space().choices(), open);
            let action = match setup.rules().action_space() {
                Space::Discrete { .. } => Action::Discrete(drawn[0]),
                _ => Action::MultiDiscrete(&drawn),
            };
            let before = env.state().account().position(InstrumentId(0)).qty();
            let equity = env.state().account().equity();
            peak = peak.max(equity);
            let waits = env.venue().waiting(InstrumentId(0));
            let transition = env.step(action, &mut obs).unwrap();
            let after = env.state().account().position(InstrumentId(0)).qty();
            prop_assert!(after.abs() <= most, "{before} {after}");
            // One day: a loss from its beginning, or from the peak, closes everything but the way out.
            let from = if daily { 60_000.0 } else { peak };
            if 1.0 - equity / from >= 0.002 && waits == [0.0; 2] {
                prop_assert!(after.abs() <= before.abs() && after * before >= 0.0, "{before} {after}");
            }
            if keeps && setup.rules().action_space() == (&Space::Discrete { n: 5 }) && drawn[0] != 0
                && setup.rules().spec().action.max_lots() <= most
            {
                let wanted = setup.rules().spec().action.target(action, 0, before);
                prop_assert_eq!(after, wanted, "an open choice came to something else");
            }
            if transition.terminated || transition.truncated {
                break;
            }
        }
    }
}

/// A walk of whole points whose bars open where the last one closed.
fn walk(seed: u64) -> MarketData {
    let (mut rng, mut price) = (Rng::seed_from_u64(seed), 3_000.0);
    let bars = (1..=80).map(|minute| {
        let (open, close) = (price, price + f64::from(rng.random_range(-8..9)));
        price = close;
        let (high, low) = (open.max(close), open.min(close));
        Bar { time: Timestamp::from_nanos(minute * MINUTE), open, high, low, close, volume: 1e6 }
    });
    MarketData::builder(vec![Instrument::es()]).bars(bars.collect()).build().unwrap()
}

/// Halts, and sessions that end flat, close what would open.
#[test]
fn masks_know_halts_and_the_end_of_a_session() {
    let happens = |row: usize, what| MarketEvent { time: synth_time(row), instrument: InstrumentId(0), what };
    let es = synth::es_1m(2_000, 0).unwrap();
    let data = MarketData::builder(vec![Instrument::es()])
        .bars(es.bars().to_vec())
        .calendar(es.calendar())
        .period_ns(es.period_ns())
        .events(vec![happens(100, MarketFact::Halt {}), happens(110, MarketFact::Resume {})])
        .build()
        .unwrap();
    let spec = json!({"action": {"kind": "enter_exit"}, "flatten": {"kind": "session_end"},
        "episode": {"start": {"kind": "at", "row": 50}, "length": {"kind": "data"}}});
    let setup = setup(data, &spec);
    let (mut env, mut obs, mut mask) = (setup.env(), vec![0.0; setup.rules().observation_space().len()], [false; 5]);
    env.reset(Some(0), &mut obs).unwrap();
    let (mut halts, mut ends) = (0, 0);
    loop {
        env.action_masks(&mut mask).unwrap();
        let market = env.venue().market();
        if market.is_halted(InstrumentId(0)) {
            halts += 1;
            assert_eq!(mask, [true, false, false, false, false]);
        } else if market.session_closes_next() {
            ends += 1;
            let long = env.facts().position > 0.0;
            assert_eq!(mask, [true, false, long, false, false]);
        } else {
            assert!(mask[3], "{mask:?}");
        }
        if env.step(Action::Discrete(1), &mut obs).unwrap().truncated {
            break;
        }
    }
    assert_eq!(halts, 10);
    assert!(ends >= 1);
}

fn synth_time(row: usize) -> Timestamp {
    synth::es_1m(2_000, 0).unwrap().bars()[row].time
}

/// A ticket opens with its bracket: the stop or the target closes it, and takes the other out.
#[test]
fn a_ticket_opens_with_its_bracket() {
    let spec = json!({"cash": 1e6, "action": {"kind": "order_ticket", "stop_ticks": [0, 4], "target_ticks": [0, 6]},
        "matching": {"limit": {"kind": "touch"}}});
    let setup = setup(walk(3), &spec);
    let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    env.reset(Some(0), &mut obs).unwrap();
    let (mut closed, mut cancelled) = (0, 0);
    for _ in 0..70 {
        let side = if env.facts().position == 0.0 { 4 } else { 2 };
        let mut heard = Heard::default();
        env.step_with(Action::MultiDiscrete(&[side, 0, 0, 0, 1, 1]), &mut obs, &mut heard).unwrap();
        for event in &heard.0 {
            match event {
                AccountEvent::Fill(fill) if fill.qty < 0.0 => closed += 1,
                AccountEvent::Order { state: OrderState::Cancelled, .. } => cancelled += 1,
                _ => {}
            }
        }
        assert!((0.0..=1.0).contains(&env.facts().position));
    }
    assert!(closed > 5 && cancelled == closed, "{closed} {cancelled}");
}

/// Numbers run through the lists of a ticket as whole numbers do.
#[test]
fn a_ticket_in_numbers_says_what_one_in_whole_numbers_says() {
    let lists = json!({"kind": "order_ticket", "lots": [1, 2, 3], "offset_ticks": [0, 2], "life": ["bar", "day", "ioc", "gtc"],
        "stop_ticks": [0, 8], "target_ticks": [0, 4, 8]});
    let scheme = |continuous: bool| -> ActionSpec {
        let mut fields = lists.clone();
        fields["continuous"] = continuous.into();
        serde_json::from_value(fields).unwrap()
    };
    let (data, account) = (walk(1), Account::new(1));
    let sent = |scheme: &ActionSpec, action: Action<'_>| {
        let mut orders = Orders::default();
        scheme.orders(action, &Decision::new(data.view(9), &account), &mut orders);
        orders
    };
    let (whole, numbers) = (scheme(false), scheme(true));
    assert_eq!(numbers.space(1), Space::Box { len: 6, low: -1.0, high: 1.0 });
    let nvec = whole.space(1).choices().to_vec();
    let mut rng = Rng::seed_from_u64(1);
    for _ in 0..500 {
        let drawn: Vec<i64> = nvec.iter().map(|n| rng.random_range(0..*n as i64)).collect();
        let number = |(at, (choice, n)): (usize, (&i64, &usize))| {
            let (choice, n) = (*choice as f32, *n as f32);
            // The middle of a part, or an entry of a list.
            if at == 0 || at == 3 { (2.0 * choice + 1.0) / n - 1.0 } else { 2.0 * choice / (n - 1.0) - 1.0 }
        };
        let values: Vec<f32> = drawn.iter().zip(&nvec).enumerate().map(number).collect();
        assert_eq!(sent(&whole, Action::MultiDiscrete(&drawn)), sent(&numbers, Action::Box(&values)), "{drawn:?}");
    }
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

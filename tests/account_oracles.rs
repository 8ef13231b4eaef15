//! Published numbers of accounting and margin, through orders and fills. `golden/account.json` holds them with their
//! sources, tolerances and conventions; those of plain average cost are in `golden/oracles.json`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue,
    account::{Account, AccountEvent, Fill, Trade, open_trades, trades_from_fills},
    market::Settlement,
    models::{
        Commission, CommissionModel, DatedMargin, FeeContext, FillRule, InstrumentMargin, MarginRule, Models,
        NextClose, PerContract,
    },
    order::OrderRequest,
    time::MINUTE_NS,
    venue::{Advance, SimVenue, SimWorld, Start},
};

const ONE: InstrumentId = InstrumentId(0);

fn golden() -> Vec<Value> {
    serde_json::from_str(include_str!("golden/account.json")).unwrap()
}

/// The case of that number and check.
fn case(id: &str, check: &str) -> Value {
    let found = golden().into_iter().find(|c| c["id"] == id).unwrap();
    assert_eq!(found["check"], check);
    found
}

fn input(case: &Value, name: &str) -> f64 {
    case["inputs"][name].as_f64().unwrap_or_else(|| panic!("{name} of {case}"))
}

fn near(case: &Value, name: &str, got: f64) {
    let (expected, tolerance) = (case["expected"][name].as_f64().unwrap(), case["tolerance"].as_f64().unwrap());
    assert!((got - expected).abs() <= tolerance, "{} {name}: {got}, expected {expected}", case["id"]);
}

/// A fee of its own for each fill, in order.
#[derive(Debug)]
struct Fees(Vec<(f64, f64)>);

impl CommissionModel for Fees {
    fn fee(&self, ctx: &FeeContext<'_>) -> f64 {
        self.0.iter().find(|(qty, _)| *qty == ctx.qty).map_or(0.0, |(_, fee)| *fee)
    }
}

fn fees(list: &[(f64, f64)]) -> Models {
    Models { commission: Commission::Custom(Arc::new(Fees(list.to_vec()))), ..Models::default() }
}

fn thing(settlement: Settlement, multiplier: f64) -> Instrument {
    Instrument { settlement, multiplier, tick: 1e-5, lot: 0.01, ..Instrument::equity("THING") }
}

/// Prices at which each bar stands still: an order of row `i` fills at the price `i + 1`.
fn flat(instrument: Instrument, prices: &[f64]) -> MarketData {
    let bars: Vec<[f64; 4]> = prices.iter().map(|price| [*price; 4]).collect();
    of_bars(instrument, &bars)
}

fn of_bars(instrument: Instrument, bars: &[[f64; 4]]) -> MarketData {
    let bars = bars.iter().enumerate().map(|(i, [open, high, low, close])| Bar {
        time: Timestamp::from_nanos((i as i64 + 1) * MINUTE_NS),
        open: *open,
        high: *high,
        low: *low,
        close: *close,
        volume: 1_000.0,
    });
    MarketData::builder(vec![instrument]).bars(bars.collect()).build().unwrap()
}

struct Run {
    account: Account,
    fills: Vec<Fill>,
    data: Arc<MarketData>,
}

/// Sends an order of so many units when each row has closed.
fn run(data: MarketData, models: Models, cash: f64, sizes: &[f64]) -> Run {
    let data = Arc::new(data);
    let world = SimWorld::new(Arc::clone(&data), models, cash).unwrap();
    let (mut venue, mut account) = (SimVenue::new(Arc::new(world), 0), Account::new(1));
    venue.open(Start::At(0), &mut account).unwrap();
    let mut fills = Vec::new();
    for row in 0.. {
        if let Some(size) = sizes.get(row).filter(|size| **size != 0.0) {
            venue.submit(OrderRequest::market(ONE, *size)).unwrap();
        }
        let advance = venue.advance(&mut account, |event| {
            if let AccountEvent::Fill(fill) = event {
                fills.push(*fill);
            }
        });
        if !matches!(advance.unwrap(), Advance::Decision(_)) {
            break;
        }
    }
    Run { account, fills, data }
}

fn signed(case: &Value) -> f64 {
    let qty = input(case, "qty");
    if case["inputs"]["side"] == "S" { -qty } else { qty }
}

#[test]
fn every_case_is_tested_or_refused_with_a_reason() {
    let all: Vec<Value> = serde_json::from_str(include_str!("golden/oracles.json")).unwrap();
    let positions = ["position", "interleaved"];
    let known = all.iter().filter(|c| positions.iter().any(|model| c["model"] == *model));
    let mut ids: Vec<String> = known.chain(&golden()).map(|c| c["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    let accounting = "D092 D094 D095 D097 D098 D099 D100 D108 D109 D110 D111 D112 D113 D114 D150 D152 D153 D154 D155";
    let margin = "D101 D102 D103 D106 D139";
    // D107 is of another list, and the same model.
    let mut expected: Vec<&str> = accounting.split(' ').chain(margin.split(' ')).chain(["D107"]).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let refused: Vec<Value> = golden().into_iter().filter(|c| !c["refused"].is_null()).collect();
    assert_eq!(refused.iter().map(|c| c["id"].as_str().unwrap()).collect::<Vec<_>>(), ["D112", "D113"]);
    for case in golden() {
        assert!(case["check"].is_string() != case["refused"].is_string(), "{case}");
    }
}

#[test]
fn d100_a_future_moves_cash_by_its_profit_and_fee() {
    let case = case("D100", "futures");
    let rate = input(&case, "fx_to_account");
    let (start, qty) = (input(&case, "start_qty"), input(&case, "fill_qty"));
    let data = flat(thing(Settlement::Futures, rate), &[1.0, input(&case, "avg"), input(&case, "price")]);
    let cash = 1e6;
    let done = run(data, fees(&[(qty, input(&case, "fee") * rate)]), cash, &[start, qty]).account;
    near(&case, "realized_account_ccy", done.realised());
    near(&case, "net_profit_account", done.realised() - done.fees());
    near(&case, "quote_cash", (done.cash() - cash) / rate);
}

#[test]
fn d109_to_d111_profit_at_a_mark() {
    for id in ["D109", "D110", "D111"] {
        let case = case(id, "mark");
        let qty = signed(&case);
        let data = flat(thing(Settlement::Futures, 1.0), &[1.0, input(&case, "entry"), input(&case, "mark")]);
        let done = run(data, fees(&[(qty, input(&case, "commission"))]), 1e6, &[qty]).account;
        let expected = case["expected"].as_object().unwrap();
        for name in expected.keys() {
            let got = match name.as_str() {
                "unrealized" => done.unrealised(),
                "realized" => done.realised() - done.fees(),
                "total" => done.equity() - done.opening_equity(),
                "notional" => done.position(ONE).notional(input(&case, "mark")).abs(),
                other => panic!("{other}"),
            };
            near(&case, name, got);
        }
    }
}

#[test]
fn d114_and_d153_round_trips() {
    let currency = case("D114", "round_trip");
    let (qty, entry, exit) = (input(&currency, "qty"), input(&currency, "entry"), input(&currency, "exit"));
    let half = input(&currency, "commission_total") / 2.0;
    let data = flat(thing(Settlement::Spot, 1.0), &[1.0, entry, exit]);
    let done = run(data, fees(&[(qty, half), (-qty, half)]), 1e6, &[qty, -qty]);
    near(&currency, "realized", done.account.realised() - done.account.fees());
    let [trade] = trades_from_fills(&done.fills)[..] else { panic!("one trade") };
    near(&currency, "realized", trade.net);
    near(&currency, "realized_return", trade.gross / (trade.qty * trade.entry_price));

    let share = case("D153", "round_trip");
    let leg = |name: &str, at: usize| share["inputs"][name][at].as_f64().unwrap();
    let data = flat(thing(Settlement::Spot, 1.0), &[2_600.0, leg("buy", 1), leg("sell", 1)]);
    let models = fees(&[(leg("buy", 0), input(&share, "commission_total"))]);
    let done = run(data, models, 1e6, &[leg("buy", 0), -leg("sell", 0)]).account;
    near(&share, "realised", done.realised() - done.fees());
    near(&share, "realised", done.cash() - done.opening_equity());
}

#[test]
fn d150_orders_that_fill_at_closes() {
    let case = case("D150", "closes");
    let list = |name: &str| case["inputs"][name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap());
    let prices: Vec<f64> = std::iter::once(100.0).chain(list("prices")).collect();
    let models = Models { fill: FillRule::NextClose(NextClose {}), ..Models::default() };
    let sizes: Vec<f64> = list("size").collect();
    let done = run(flat(thing(Settlement::Spot, 1.0), &prices), models, input(&case, "init_cash"), &sizes);
    assert_eq!(done.fills.len(), 3);
    near(&case, "final_value", done.account.equity());
}

#[test]
fn d152_an_average_price_with_its_fee() {
    let case = case("D152", "cost_basis");
    let (qty, fee) = (input(&case, "qty"), input(&case, "commission"));
    let data = flat(thing(Settlement::Spot, 1.0), &[190.0, input(&case, "price"), input(&case, "mark")]);
    let done = run(data, fees(&[(qty, fee)]), 1e6, &[qty]).account;
    near(&case, "avg_price", done.position(ONE).avg_price() + done.fees() / qty);
    near(&case, "unrealised", done.unrealised() - done.fees());
}

/// Of a case whose position and trade are lists: size, price and fee of both.
fn two_fills(case: &Value, entry_fee: f64, exit_fee: f64) -> Run {
    let number = |name: &str, at: usize| case["inputs"][name][at].as_f64().unwrap();
    let (bought, sold) = (number("pos", 0), number("trade", 1));
    assert_eq!(case["inputs"]["trade"][0], "S");
    let data = flat(thing(Settlement::Spot, 1.0), &[90.0, number("pos", 1), number("trade", 2)]);
    run(data, fees(&[(bought, entry_fee), (-sold, exit_fee)]), 1e6, &[bought, -sold])
}

#[test]
fn d154_a_position_that_is_reduced() {
    let case = case("D154", "reduce");
    let done = two_fills(&case, 10.0, 5.0);
    near(&case, "pnl_realised", done.account.realised() - done.account.fees());
    let left = done.account.position(ONE).qty();
    near(&case, "pnl_unrealised", done.account.unrealised() - 10.0 / 2.0 * left);
}

#[test]
fn d155_a_position_that_is_reversed() {
    let case = case("D155", "flip");
    let done = two_fills(&case, 10.0, 20.0);
    let [closed] = trades_from_fills(&done.fills)[..] else { panic!("one closed trade") };
    near(&case, "exited_realised", closed.net);
    let last = done.data.bars().last().unwrap();
    let open: Vec<Trade> = open_trades(&done.fills, last.time, |_| last.close);
    near(&case, "new_realised", -open[0].fees);
    near(&case, "new_avg", done.account.position(ONE).avg_price());
    assert!(case["expected"]["new_side"] == "short" && done.account.position(ONE).qty() == -1.0);
}

#[test]
fn d101_and_d102_margins_of_a_day() {
    for (id, name) in [("D101", "ES"), ("D102", "MES")] {
        let case = case(id, "dated");
        let dated = DatedMargin::futures(name, case["inputs"]["asof"].as_str().unwrap()).unwrap();
        near(&case, "initial", dated.initial);
        near(&case, "maintenance", dated.maintenance);
    }
}

#[test]
fn d103_contracts() {
    let case = case("D103", "contracts");
    let mut compared = Vec::new();
    for (i, name) in case["inputs"]["symbols"].as_array().unwrap().iter().enumerate() {
        let Some(preset) = Instrument::preset(name.as_str().unwrap()) else { continue };
        assert_eq!(case["expected"]["multiplier"][i], preset.multiplier);
        assert_eq!(case["expected"]["tick"][i], preset.tick);
        compared.push(preset.name);
    }
    assert_eq!(compared, ["ES", "MES", "NQ", "MNQ"]);
}

#[test]
fn d106_a_share_of_the_notional_is_used() {
    let case = case("D106", "share");
    let share = Instrument {
        initial_margin: input(&case, "maint"),
        maintenance_margin: input(&case, "maint"),
        ..thing(Settlement::Spot, input(&case, "fx"))
    };
    let margin = MarginRule::Instrument(InstrumentMargin { intraday: 1.0 });
    let models = Models { margin: margin.clone(), ..Models::default() };
    let price = input(&case, "price");
    // What it asks is all that there is: a cent less, and the order is rejected.
    for (cash, held) in [(1_100.0, input(&case, "qty")), (1_099.99, 0.0)] {
        let done = run(flat(share.clone(), &[price; 3]), models.clone(), cash, &[input(&case, "qty")]);
        assert_eq!(done.account.position(ONE).qty(), held);
        if held != 0.0 {
            near(&case, "used_margin", margin.of_account(&done.account, done.data.view(3)).maintenance);
        }
    }
}

#[test]
fn d139_a_future_and_its_locked_margin() {
    let case = case("D139", "locked");
    let bars: Vec<[f64; 4]> = case["inputs"]["bars"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bar| [0, 1, 2, 3].map(|at| bar[at].as_f64().unwrap()))
        .collect();
    let margin = MarginRule::Instrument(InstrumentMargin { intraday: 1.0 });
    let models = Models {
        margin: margin.clone(),
        commission: Commission::PerContract(PerContract::new(2.15)),
        ..Models::default()
    };
    let contract = Instrument { initial_margin: 13_200.0, maintenance_margin: 13_200.0, ..Instrument::es() };
    let start = case["expected"]["start_cash"].as_f64().unwrap();
    let done = run(of_bars(contract, &bars), models, start, &[input(&case, "qty")]);
    near(&case, "value_end", done.account.equity());
    let used = margin.of_account(&done.account, done.data.view(3)).initial;
    near(&case, "cash_end", done.account.equity() - used);
}

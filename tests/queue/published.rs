//! Numbers of other systems, through joining, trades and depth to fills, fees and an account.

use std::collections::BTreeSet;

use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, Timestamp,
    account::{Account, AccountEvent, Fill},
    models::{
        Bps, Commission, CommissionModel as _, FeeContext,
        queue::{Displayed, LimitContext, LimitModel as _, LimitQueue, LimitRule, Print, Queue, QueueRule},
    },
    order::OrderId,
};

/// The cases that this file must reproduce; none is refused.
const CASES: [&str; 12] =
    ["D115", "D116", "D158", "D159", "D160", "D161", "D162", "D165", "D166", "D167", "D170", "D171"];

fn cases() -> Vec<Value> {
    serde_json::from_str::<Vec<Value>>(include_str!("../golden/queue.json")).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn near(case: &Value, what: &str, got: f64, expected: &Value) {
    let (expected, tolerance) = (number(expected), number(&case["tolerance"]));
    assert!((got - expected).abs() <= tolerance, "{} {what}: {got}, expected {expected}", case["id"]);
}

fn share() -> Instrument {
    Instrument { tick: 0.5, ..Instrument::equity("XYZ") }
}

/// One buy at its price, from joining to the account.
struct Resting {
    rule: LimitRule,
    instrument: Instrument,
    commission: Commission,
    limit: f64,
    left: f64,
    queue: Queue,
    account: Account,
}

impl Resting {
    fn join(rule: LimitRule, limit: f64, qty: f64, shown: f64, fee_bps: f64) -> Self {
        rule.validate().unwrap();
        let instrument = share();
        let queue = rule.join(&instrument, Some(shown), &Bar::default());
        let mut account = Account::new(1);
        account.open(0.0);
        let commission = Commission::Bps(Bps::new(fee_bps));
        Self { rule, instrument, commission, limit, left: qty, queue, account }
    }

    fn trade(&mut self, price: f64, qty: f64) -> f64 {
        let order = LimitContext { instrument: &self.instrument, limit: self.limit, qty: self.left, reference: 0.0 };
        let qty = self.rule.trade(&order, &Print { price, qty, taker: -1.0 }, &mut self.queue);
        if qty > 0.0 {
            let price = self.limit;
            let fee = self.commission.fee(&FeeContext::new(&self.instrument, qty, price));
            self.left -= qty;
            self.account.apply(&AccountEvent::Fill(Fill {
                qty,
                price,
                reference: price,
                fee,
                multiplier: 1.0,
                time: Timestamp::default(),
                order: OrderId(0),
                instrument: InstrumentId(0),
                futures: false,
            }));
        }
        qty
    }
}

fn run_trades(case: &Value) {
    let (run, inputs) = (&case["run"], &case["inputs"]);
    for model in run["rules"].as_array().unwrap() {
        let model: QueueRule = serde_json::from_value(model.clone()).unwrap();
        let whole = run["whole"].as_bool().unwrap();
        let rule = LimitRule::Queue(LimitQueue { model, whole, ..LimitQueue::default() });
        let limit = number(&run["limit"]);
        let quantity = |input: &str, ours: &str| number(inputs.get(input).unwrap_or(&run[ours]));
        let (qty, shown) = (quantity("order_qty", "qty"), quantity("level_qty", "shown"));
        let mut resting = Resting::join(rule, limit, qty, shown, number(&run["fee_bps"]));
        let expected = &case["expected"];
        if let Some(trades) = inputs["sell_trades"].as_array() {
            let fills = expected["fills_after_each"].as_array().unwrap();
            assert_eq!(trades.len(), fills.len());
            for (trade, fill) in trades.iter().zip(fills) {
                near(case, "fill", resting.trade(limit, number(trade)), fill);
            }
            continue;
        }
        for event in run["events"].as_array().unwrap() {
            if let Some(depth) = event["depth"].as_array() {
                resting.rule.depth(&mut resting.queue, number(&depth[0]), number(&depth[1]));
            } else {
                resting.trade(number(&event["at"]), number(&event["trade"]));
            }
        }
        let position = resting.account.position(InstrumentId(0)).qty();
        if case["model"].as_str().unwrap().contains("PEER BUG") {
            near(case, "position", position, &expected["correct_position"]);
            continue;
        }
        near(case, "position", position, &expected["position"]);
        near(case, "balance before fees", resting.account.cash() + resting.account.fees(), &expected["balance"]);
        near(case, "fee", resting.account.fees(), &expected["fee"]);
    }
}

fn run_depth(case: &Value) {
    let model: QueueRule = serde_json::from_value(case["run"]["rule"].clone()).unwrap();
    let rule = LimitRule::Queue(LimitQueue { model, ..LimitQueue::default() });
    rule.validate().unwrap();
    let inputs = &case["inputs"];
    assert_eq!(number(&inputs["cum_trade"]), 0.0, "{case}");
    let mut queue = rule.join(&share(), Some(number(&inputs["front"])), &Bar::default());
    rule.depth(&mut queue, number(&inputs["prev_qty"]), number(&inputs["new_qty"]));
    near(case, "front", queue.ahead(), &case["expected"]["front_after"]);
}

fn run_displayed(case: &Value) {
    let inputs = &case["inputs"];
    let mut level = Displayed::new(number(&inputs["ask_level"]));
    let mut left = Vec::new();
    for buy in inputs["buys"].as_array().unwrap() {
        level.show(number(&inputs["ask_level"]));
        assert_eq!(level.take(number(buy)), number(buy), "{case}");
        left.push(level.left());
    }
    level.show(number(&inputs["then_level"]));
    left.push(level.left());
    let expected = case["expected"]["available"].as_array().unwrap();
    assert_eq!(left.len(), expected.len());
    for (got, expected) in left.into_iter().zip(expected) {
        near(case, "available", got, expected);
    }
}

#[test]
fn published_numbers() {
    let mut run = BTreeSet::new();
    for case in cases() {
        match case["run"]["road"].as_str().unwrap() {
            "trades" => run_trades(&case),
            "depth" => run_depth(&case),
            "displayed" => run_displayed(&case),
            other => panic!("{other}"),
        }
        assert!(case["convention"].is_string() && case["source"].is_string(), "{case}");
        assert!(run.insert(case["id"].as_str().unwrap().to_owned()), "twice: {case}");
    }
    assert_eq!(run, CASES.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>());
}

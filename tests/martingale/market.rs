//! A price without drift, and what trading it comes to.

use std::{ops::Range, sync::Arc};

use rand::RngExt as _;
use serde_json::Value;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Rng, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    models::Models,
    order::{OrderId, OrderRequest},
    rng::{Purpose, stream},
    venue::{SimVenue, SimWorld, Start},
};

pub(crate) const ONE: InstrumentId = InstrumentId(0);
pub(crate) const TICK: f64 = 0.25;
const ROWS: u32 = 40;
const CASH: f64 = 1e9;

/// What a policy knows when a bar has closed, and the number that its next order gets.
pub(crate) struct Decision {
    pub(crate) close: f64,
    pub(crate) before: f64,
    pub(crate) held: f64,
    pub(crate) next: u32,
}

impl Decision {
    /// So many ticks from the close.
    pub(crate) fn at(&self, ticks: i32) -> f64 {
        self.close + f64::from(ticks) * TICK
    }
}

/// Ticks for each unit traded: what was gained beside the costs, and its standard error.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) mean: f64,
    pub(crate) error: f64,
}

impl Outcome {
    /// The expected gain is minus the costs, as closely as so many runs can tell.
    pub(crate) fn is_fair(&self, name: &str) {
        assert!(self.mean.abs() <= 4.0 * self.error, "{name}: {self:?}");
        assert!(self.error < 0.05, "{name}: {self:?} tells nothing");
    }

    /// The expected gain is at most minus the costs.
    pub(crate) fn earns_nothing(&self, name: &str) {
        assert!(self.mean <= 4.0 * self.error, "{name}: {self:?}");
        assert!(self.error < 0.2, "{name}: {self:?} tells nothing");
    }

    pub(crate) fn earns(&self, name: &str) {
        assert!(self.mean > 4.0 * self.error, "{name}: {self:?}");
    }
}

/// Bars of a walk of single ticks, up or down by the toss of a coin, so that no stop or limit is ever jumped over but
/// between two bars. Some bars open a few ticks away, on either side alike.
fn bars(rng: &mut Rng, steps: &Range<u32>) -> Vec<Bar> {
    let mut at = 40_000i32;
    let mut bar = |row: u32| {
        if rng.random_range(0..4) == 0 {
            at += rng.random_range(-3..=3);
        }
        let (open, mut high, mut low) = (at, at, at);
        for _ in 0..rng.random_range(steps.clone()) {
            at += if rng.random::<bool>() { 1 } else { -1 };
            (high, low) = (high.max(at), low.min(at));
        }
        let [open, high, low, close] = [open, high, low, at].map(|ticks| f64::from(ticks) * TICK);
        let time = Timestamp::from_nanos(i64::from(row + 1) * 60_000_000_000);
        Bar { time, open, high, low, close, volume: f64::from(rng.random_range(0..1000u32)) }
    };
    (0..ROWS).map(&mut bar).collect()
}

/// What a limit costs that fills inside a bar only when prices are `through` ticks beyond it.
fn through_cost(fill: &Fill, order: &OrderRequest, bar: &Bar, through: f64) -> f64 {
    let rested = |limit: f64| fill.price == limit && (bar.open - limit) * fill.qty > 0.0;
    if order.kind.limit().is_some_and(rested) { through * TICK * fill.qty.abs() } else { 0.0 }
}

/// `runs` markets of 40 bars, in which orders live for two bars: then all are cancelled, and what is held is sold at the
/// market.
pub(crate) fn trial(
    models: &Value,
    steps: Range<u32>,
    runs: u64,
    policy: impl Fn(&mut Rng, &Decision) -> Vec<OrderRequest>,
) -> Outcome {
    let through = models["matching"]["limit"]["ticks"].as_f64().unwrap_or(0.0);
    let models: Models = serde_json::from_value(models.clone()).unwrap();
    let share = Instrument { tick: TICK, ..Instrument::equity("XYZ") };
    let (mut sum, mut squares, mut traded) = (0.0, 0.0, 0.0);
    for run in 0..runs {
        let bars = bars(&mut stream(run, 0, Purpose::Synth), &steps);
        let data = MarketData::builder(vec![share.clone()]).bars(bars.clone()).build().unwrap();
        let world = SimWorld::new(Arc::new(data), models.clone(), CASH).unwrap();
        let (mut venue, mut account) = (SimVenue::new(Arc::new(world), run), Account::new(1));
        venue.open(Start::At(0), &mut account).unwrap();
        let mut rng = stream(run, 0, Purpose::Policy);
        let (mut sent, mut costs): (Vec<OrderRequest>, f64) = (Vec::new(), 0.0);
        for row in 1..ROWS as usize {
            let held = account.position(ONE).qty();
            let orders = if row % 3 == 0 {
                (0..sent.len()).for_each(|id| venue.cancel(OrderId(id as u32)).unwrap());
                Vec::from_iter((held != 0.0).then(|| OrderRequest::market(ONE, -held)))
            } else {
                let [before, close] = [row.saturating_sub(2), row - 1].map(|row| bars[row].close);
                policy(&mut rng, &Decision { close, before, held, next: sent.len() as u32 })
            };
            for order in orders {
                // Whoever comes too late for a parent has no order.
                if venue.submit(order).is_ok() {
                    sent.push(order);
                }
            }
            let keep = |event: &AccountEvent| {
                if let AccountEvent::Fill(fill) = event {
                    let order = &sent[fill.order.0 as usize];
                    costs += fill.fee + fill.slippage_cost() + through_cost(fill, order, &bars[row], through);
                    traded += fill.qty.abs();
                }
            };
            venue.advance(&mut account, keep).unwrap();
        }
        let gained = (account.equity() - CASH + costs) / TICK;
        sum += gained;
        squares += gained * gained;
    }
    let n = runs as f64;
    // Some books never trade.
    let (mean, each) = (sum / n, (traded / n).max(1e-9));
    let deviation = (squares / n - mean * mean).sqrt();
    Outcome { mean: mean / each, error: deviation / n.sqrt() / each }
}

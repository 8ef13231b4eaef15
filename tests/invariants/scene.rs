//! Random markets, orders and models, and what becomes of an account among them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent, Fill},
    models::Models,
    order::{OrderId, OrderKind, OrderRequest, TimeInForce},
    venue::{SimVenue, SimWorld, Start},
};

pub(crate) const MINUTE: i64 = 60_000_000_000;
pub(crate) const ROWS: usize = 12;
const TICK: f64 = 0.25;

/// A future and a share, orders with the rows at whose close they are sent, cancels of orders by their number.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) instruments: Vec<Instrument>,
    /// One bar an instrument, row by row.
    pub(crate) bars: Vec<Bar>,
    pub(crate) orders: Vec<(usize, OrderRequest)>,
    pub(crate) cancels: Vec<(usize, OrderId)>,
    pub(crate) models: Value,
    pub(crate) cash: f64,
    pub(crate) seed: u64,
}

/// All events with the rows on which they happened, and the account after each row.
pub(crate) struct Run {
    pub(crate) events: Vec<(usize, AccountEvent)>,
    pub(crate) accounts: Vec<Account>,
}

impl Run {
    pub(crate) fn fills(&self) -> impl Iterator<Item = (usize, Fill)> + '_ {
        self.events
            .iter()
            .filter_map(|(row, e)| if let AccountEvent::Fill(fill) = e { Some((*row, *fill)) } else { None })
    }
}

impl Scene {
    pub(crate) fn bar(&self, row: usize, id: InstrumentId) -> &Bar {
        &self.bars[row * self.instruments.len() + id.0 as usize]
    }

    pub(crate) fn request(&self, id: OrderId) -> &OrderRequest {
        &self.orders[id.0 as usize].1
    }

    pub(crate) fn models(&self) -> Models {
        serde_json::from_value(self.models.clone()).unwrap()
    }

    /// A venue and an account at the first row.
    pub(crate) fn venue(&self) -> (SimVenue, Account) {
        let data = MarketData::builder(self.instruments.clone()).bars(self.bars.clone()).period_ns(MINUTE);
        let world = SimWorld::new(Arc::new(data.build().unwrap()), self.models(), self.cash).unwrap();
        let (mut venue, mut account) =
            (SimVenue::new(Arc::new(world), self.seed), Account::new(self.instruments.len()));
        venue.open(Start::At(0), &mut account).unwrap();
        (venue, account)
    }

    /// Sends what is due at the present row, and goes on to the next one.
    pub(crate) fn step(&self, venue: &mut SimVenue, account: &mut Account, mut on: impl FnMut(&AccountEvent)) {
        let row = venue.state().row() as usize;
        for (number, (_, order)) in self.orders.iter().enumerate().filter(|(_, (at, _))| *at == row) {
            assert_eq!(venue.submit(*order).unwrap(), OrderId(number as u32), "numbers count the orders");
        }
        for (_, id) in self.cancels.iter().filter(|(at, _)| *at == row) {
            venue.cancel(*id).unwrap();
        }
        venue.advance(account, &mut on).unwrap();
    }

    pub(crate) fn run(&self) -> Run {
        let (mut venue, mut account) = self.venue();
        let mut run = Run { events: Vec::new(), accounts: vec![account.clone()] };
        for row in 1..ROWS {
            self.step(&mut venue, &mut account, |event| run.events.push((row, *event)));
            run.accounts.push(account.clone());
        }
        run
    }
}

pub(crate) fn instruments() -> Vec<Instrument> {
    vec![Instrument::es(), Instrument { tick: TICK, ..Instrument::equity("XYZ") }]
}

/// From 100 by a point up and down, and back.
pub(crate) fn around_100(row: usize, volume: u32) -> Bar {
    let time = Timestamp::from_nanos((row as i64 + 1) * MINUTE);
    Bar { time, open: 100.0, high: 101.0, low: 99.0, close: 100.0, volume: f64::from(volume) }
}

/// One bar for each of two instruments, on the grid of both.
fn bars() -> impl Strategy<Value = Vec<Bar>> {
    let bar = (0i32..40, 0i32..40, 0i32..12, 0i32..12, 0u32..400);
    prop::collection::vec(bar, 2 * ROWS).prop_map(|bars| {
        let one = |(i, (open, close, up, down, volume)): (usize, (i32, i32, i32, i32, u32))| {
            let (high, low) = (open.max(close) + up, open.min(close) - down);
            let [open, high, low, close] = [open, high, low, close].map(|ticks| 100.0 + f64::from(ticks) * TICK);
            let time = Timestamp::from_nanos((i as i64 / 2 + 1) * MINUTE);
            Bar { time, open, high, low, close, volume: f64::from(volume) }
        };
        bars.into_iter().enumerate().map(one).collect()
    })
}

/// Orders of all kinds, oldest first; a child follows its parent, in the same row and instrument.
fn orders() -> impl Strategy<Value = Vec<(usize, OrderRequest)>> {
    let one = (
        0..ROWS - 1,
        0u32..2,
        (0u32..8, prop_oneof![-9i32..=-1, 1i32..=9], 0i32..56, 0i32..56),
        (0u32..6, any::<bool>(), 0u32..5, any::<bool>()),
    );
    prop::collection::vec(one, 1..16).prop_map(|mut drawn| {
        drawn.sort_by_key(|(row, ..)| *row);
        let mut orders: Vec<(usize, OrderRequest)> = Vec::new();
        for (number, (row, instrument, (kind, qty, a, b), (tif, reduce, group, child))) in drawn.into_iter().enumerate()
        {
            let price = |ticks: i32| 97.0 + f64::from(ticks) * TICK;
            let kind = match kind {
                0 | 1 => OrderKind::Market {},
                2 => OrderKind::Limit { price: price(a) },
                3 => OrderKind::Stop { trigger: price(a) },
                4 => OrderKind::StopLimit { trigger: price(a), price: price(b) },
                5 => OrderKind::TrailingStop { offset: f64::from(1 + a % 8) * TICK },
                6 => OrderKind::MarketOnOpen {},
                _ => OrderKind::MarketOnClose {},
            };
            let tif = match tif {
                0 => TimeInForce::Ioc {},
                1 => TimeInForce::Fok {},
                2 => TimeInForce::Gtd { until: Timestamp::from_nanos(b as i64 % 12 * MINUTE) },
                _ => TimeInForce::Gtc {},
            };
            let before = number.checked_sub(1).filter(|before| child && orders[*before].0 == row);
            let instrument = before.map_or(InstrumentId(instrument), |before| orders[before].1.instrument);
            let mut order = OrderRequest::of(instrument, f64::from(qty), kind).with_tif(tif);
            order.reduce_only = reduce && b % 3 == 0;
            order.parent = before.map(|before| OrderId(before as u32));
            order.oco = (group < 2).then_some(2 * instrument.0 + group);
            orders.push((row, order));
        }
        orders
    })
}

/// Every slippage model that the venue can serve with bars.
fn slippage() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"kind": "none"}),
        json!({"kind": "fixed_ticks", "ticks": 1.5}),
        json!({"kind": "fixed_bps", "bps": 7.0}),
        json!({"kind": "volume_share", "impact": 0.1, "limit": 0.25}),
        json!({"kind": "half_spread", "spread_ticks": 1.0}),
        json!({"kind": "square_root", "sigma": 0.02, "adv": 1e4}),
        json!({"kind": "almgren_chriss", "epsilon": 0.25, "eta": 0.125, "gamma": 0.0625}),
        json!({"kind": "probabilistic_tick", "probability": 0.5}),
        json!({"kind": "empirical", "unit": "ticks", "quantiles": [0.0, 1.0, 4.0]}),
        json!({"kind": "volatility_volume_share", "sigma": 0.02, "adv": 1e4, "eta": 4000.0}),
    ])
}

pub(crate) fn commission() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"kind": "none"}),
        json!({"kind": "per_contract", "fee": 0.75, "per_order": 0.5, "minimum": 2.0}),
        json!({"kind": "per_share", "fee": 0.25, "minimum": 1.0, "maximum_rate": 0.01}),
        json!({"kind": "bps", "bps": 3.0, "minimum": 0.5}),
        json!({"kind": "per_order", "fee": 4.0}),
        json!({"kind": "maker_taker", "maker_bps": -0.5, "taker_bps": 2.0}),
    ])
}

fn models() -> impl Strategy<Value = Value> {
    let fill = prop::sample::select(vec!["next_open", "next_close"]);
    let path = prop::sample::select(vec!["pessimistic", "open_high_low_close", "open_low_high_close", "nearest_first"]);
    let limit = prop::sample::select(vec!["touch", "penetration", "queue"]);
    let latency = prop::sample::select(vec![
        json!({"kind": "none"}),
        json!({"kind": "none"}),
        json!({"kind": "fixed", "ms": 75_000.0}),
        json!({"kind": "jittered", "ms": 500.0, "jitter_ms": 40_000.0}),
    ]);
    let margin = prop::sample::select(vec![
        json!({"kind": "none"}),
        json!({"kind": "leverage", "max": 4.0, "maintenance": 0.5}),
    ]);
    (fill, slippage(), commission(), latency, path, limit, prop::option::of(prop::sample::select(vec![0.05, 0.25])), margin).prop_map(
        |(fill, slippage, commission, latency, path, limit, participation, margin)| {
            json!({
                "fill": {"kind": fill}, "slippage": slippage, "commission": commission, "latency": latency, "margin": margin,
                "matching": {"path": {"kind": path}, "limit": {"kind": limit}, "participation": participation},
            })
        },
    )
}

pub(crate) fn scenes() -> impl Strategy<Value = Scene> {
    let cancels = prop::collection::vec((0..ROWS - 1, 0u32..16), 0..6);
    (bars(), orders(), cancels, models(), prop::sample::select(vec![1e6, 65_536.0]), any::<u64>()).prop_map(
        |(bars, orders, cancels, models, cash, seed)| {
            // Only what was sent can be taken out.
            let known = |(row, id): (usize, u32)| {
                let sent = orders.get(id as usize).is_some_and(|(at, _)| *at <= row);
                sent.then_some((row, OrderId(id)))
            };
            let cancels = cancels.into_iter().filter_map(known).collect();
            Scene { instruments: instruments(), bars, orders, cancels, models, cash, seed }
        },
    )
}

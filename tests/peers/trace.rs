//! A case of another engine, and the same orders through the simulated venue.

use std::sync::Arc;

use serde::Deserialize;
use tradepit::{
    Bar, Instrument, InstrumentId, MarketData, Timestamp, Venue as _,
    account::{Account, AccountEvent},
    models::Models,
    order::{OrderId, OrderKind, OrderRequest, TimeInForce},
    venue::{SimVenue, SimWorld, Start},
};

/// What one engine filled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trace {
    pub(crate) peer: String,
    pub(crate) version: String,
    pub(crate) seed: u32,
    pub(crate) cases: Vec<Case>,
}

impl Trace {
    pub(crate) fn fills(&self) -> usize {
        self.cases.iter().map(|case| case.fills.len()).sum()
    }
}

/// Bars, orders and fills; prices of bars and orders in ticks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) family: String,
    instrument: String,
    /// Ticks to a unit of price.
    per: f64,
    pub(crate) models: Models,
    /// Open, high, low, close, volume; or the only price, volume. Without a volume where it does not matter.
    bars: Vec<Vec<i32>>,
    pub(crate) orders: Vec<Sent>,
    #[serde(default)]
    cancels: Vec<(usize, u32)>,
    pub(crate) fills: Vec<Filled>,
}

/// An order, sent when a row has closed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    pub(crate) at: usize,
    pub(crate) qty: f64,
    kind: Option<String>,
    trigger: Option<i32>,
    price: Option<i32>,
    offset: Option<i32>,
    /// The last row in which it works.
    until: Option<usize>,
    pub(crate) parent: Option<u32>,
    oco: Option<u32>,
}

/// Row, order, quantity, price, fee.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Filled(pub(crate) usize, pub(crate) usize, pub(crate) f64, pub(crate) f64, f64);

impl Filled {
    fn is(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
        (self.0, self.1, self.2) == (other.0, other.1, other.2) && near(self.3, other.3) && near(self.4, other.4)
    }
}

/// The first row in which not the same is filled, whatever the order of fills in a row.
pub(crate) fn first_difference(ours: &[Filled], theirs: &[Filled]) -> Option<usize> {
    let missing = |from: &[Filled], of: &[Filled]| {
        of.iter().filter(|fill| !from.iter().any(|known| known.is(fill))).map(|fill| fill.0).min()
    };
    missing(ours, theirs).into_iter().chain(missing(theirs, ours)).min()
}

impl Case {
    fn price(&self, ticks: i32) -> f64 {
        f64::from(ticks) / self.per
    }

    pub(crate) fn bars(&self) -> Vec<Bar> {
        let bar = |(row, numbers): (usize, &Vec<i32>)| {
            let (prices, volume) = match numbers[..] {
                [price] => ([price; 4], 0),
                [price, volume] => ([price; 4], volume),
                [open, high, low, close] => ([open, high, low, close], 0),
                [open, high, low, close, volume] => ([open, high, low, close], volume),
                _ => panic!("{} row {row}", self.id),
            };
            let [open, high, low, close] = prices.map(|ticks| self.price(ticks));
            Bar { time: time_of(row), open, high, low, close, volume: f64::from(volume) }
        };
        self.bars.iter().enumerate().map(bar).collect()
    }

    pub(crate) fn request(&self, order: &Sent) -> OrderRequest {
        let price = |ticks: Option<i32>| self.price(ticks.unwrap());
        let kind = match (order.kind.as_deref(), order.trigger, order.price) {
            (Some("market_on_close"), ..) => OrderKind::MarketOnClose {},
            (Some("trailing_stop"), ..) => OrderKind::TrailingStop { offset: price(order.offset) },
            (_, Some(_), Some(_)) => OrderKind::StopLimit { trigger: price(order.trigger), price: price(order.price) },
            (_, Some(_), None) => OrderKind::Stop { trigger: price(order.trigger) },
            (_, None, Some(_)) => OrderKind::Limit { price: price(order.price) },
            (_, None, None) => OrderKind::Market {},
        };
        let mut request = OrderRequest::of(InstrumentId(0), order.qty, kind);
        if let Some(row) = order.until {
            request.tif = TimeInForce::Gtd { until: time_of(row) };
        }
        (request.parent, request.oco) = (order.parent.map(OrderId), order.oco);
        request
    }
}

fn time_of(row: usize) -> Timestamp {
    Timestamp::from_nanos((row as i64 + 1) * 86_400_000_000_000)
}

/// What our venue fills.
pub(crate) fn fills(case: &Case) -> Vec<Filled> {
    let tick = 1.0 / case.per;
    let instrument = match case.instrument.as_str() {
        "XYZ" => Instrument { tick, ..Instrument::equity("XYZ") },
        name => Instrument { tick, ..Instrument::preset(name).unwrap() },
    };
    let data = Arc::new(MarketData::builder(vec![instrument]).bars(case.bars()).build().unwrap());
    let mut venue = SimVenue::new(Arc::new(SimWorld::new(data, case.models.clone(), 1e12).unwrap()), 0);
    let mut account = Account::new(1);
    venue.open(Start::At(0), &mut account).unwrap();
    let mut filled = Vec::new();
    for row in 0..case.bars.len() - 1 {
        for order in case.orders.iter().filter(|order| order.at == row) {
            venue.submit(case.request(order)).unwrap();
        }
        for (_, order) in case.cancels.iter().filter(|(at, _)| *at == row) {
            venue.cancel(OrderId(*order)).unwrap();
        }
        let keep = |event: &AccountEvent| {
            if let AccountEvent::Fill(fill) = event {
                filled.push(Filled(row + 1, fill.order.0 as usize, fill.qty, fill.price, fill.fee));
            }
        };
        venue.advance(&mut account, keep).unwrap();
    }
    filled
}

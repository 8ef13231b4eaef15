//! Whoever trades anything, at random: the same orders on every venue that shows the same.

use std::sync::Arc;

use rand::RngExt as _;
use tradepit::{
    InstrumentId, MarketData, Rng, Venue,
    account::{Account, AccountEvent},
    models::Models,
    order::{Modification, OrderKind, OrderRequest, TimeInForce},
    rng::{Purpose, stream},
    venue::{Advance, NoFeatures, Recorder, ReplayVenue, SimVenue, SimWorld, Start},
};
use tradepit_live::{Feed, Journal, LiveOptions, LiveVenue, PaperBroker};

use crate::SEED;

/// An order of any kind, near the price of its instrument.
fn any_order(rng: &mut Rng, venue: &impl Venue, sent: u32) -> OrderRequest {
    let instrument = InstrumentId(rng.random_range(0..venue.market().instruments().len() as u32));
    let price = venue.market().last(instrument).close;
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
    let mut order = OrderRequest::of(instrument, qty, kind).with_tif(match rng.random_range(0..6) {
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

/// All that a session shows.
#[derive(Debug, PartialEq)]
struct Session {
    events: Vec<AccountEvent>,
    /// What orders at the market had yet to fill at each decision, and which changes were taken.
    known: Vec<f64>,
    account: Account,
}

/// A session with random orders, cancels and changes.
fn trade_anything<V: Venue>(venue: &mut V, start: Start, seed: u64) -> Session {
    let mut rng = stream(seed, 0, Purpose::Policy);
    let n = venue.market().instruments().len();
    let (mut events, mut ids, mut known) = (Vec::new(), Vec::new(), Vec::new());
    let mut account = Account::new(n);
    venue.open(start, &mut account).unwrap();
    loop {
        for _ in 0..rng.random_range(0..3) {
            let order = any_order(&mut rng, venue, ids.len() as u32);
            ids.push((venue.submit(order).unwrap(), order.instrument));
        }
        if !ids.is_empty() && rng.random_range(0..3) == 0 {
            venue.cancel(ids[rng.random_range(0..ids.len())].0).unwrap();
        }
        if !ids.is_empty() && rng.random_range(0..2) == 0 {
            for at in [rng.random_range(0..ids.len()), ids.len() - 1] {
                let (id, instrument) = ids[at];
                let change = any_change(&mut rng, venue.market().last(instrument).close);
                known.push(f64::from(u8::from(venue.modify(id, change).is_ok())));
            }
        }
        known.extend((0..n as u32).map(|id| venue.at_market(InstrumentId(id))));
        let happened = events.len();
        if venue.advance(&mut account, |event| events.push(*event)).unwrap() == Advance::EndOfData {
            return Session { events, known, account };
        }
        // Whatever happened to a halted market, it was no trade.
        for event in &events[happened..] {
            assert!(
                !matches!(event, AccountEvent::Fill(fill) if venue.market().is_halted(fill.instrument)),
                "{event:?}"
            );
        }
    }
}

/// Two sessions, which are to be the same.
fn same(name: &str, found: &Session, expected: &Session) {
    let pairs = || found.events.iter().zip(&expected.events);
    if let Some((found, expected)) = pairs().find(|(a, b)| a != b) {
        panic!("{name}: {found:?}, and {expected:?} simulated");
    }
    assert!(found == expected, "{name}: differs from the simulator");
}

/// A session with random orders is the same on all venues, and so is what was recorded of it when it is played again; its
/// events, and how many of them are fills.
pub(crate) fn one_session(data: &Arc<MarketData>, models: &Models, seed: u64, name: &str) -> (Vec<AccountEvent>, u32) {
    let world = SimWorld::new(Arc::clone(data), models.clone(), 1e7).unwrap();
    let mut recorded = Recorder::new(SimVenue::new(Arc::new(world), SEED), Arc::clone(data));
    let simulated = trade_anything(&mut recorded, Start::At(10), seed);

    let feed = Feed::memory(Arc::clone(data), 10);
    let broker = PaperBroker::new(feed, models.clone(), 1e7, stream(SEED, 0, Purpose::Models)).unwrap();
    let journal = Some(Journal::in_memory().unwrap());
    let mut live = LiveVenue::connect(broker, NoFeatures, journal, LiveOptions::default()).unwrap();
    same(&format!("{name}, on paper"), &trade_anything(&mut live, Start::Now, seed), &simulated);

    let logs =
        [("recorded", recorded.into_log().unwrap()), ("journalled", live.journal().unwrap().log().unwrap().unwrap())];
    for (kind, log) in logs {
        let mut replay = ReplayVenue::new(log, NoFeatures).unwrap();
        same(&format!("{name}, {kind} and replayed"), &trade_anything(&mut replay, Start::Now, seed), &simulated);
    }
    let fills = simulated.account.fills();
    (simulated.events, fills)
}

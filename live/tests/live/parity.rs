//! Simulator, paper broker and journal: one road.

use std::sync::Arc;

use tradepit::{
    Instrument, MarketData,
    account::AccountEvent,
    venue::{Advance, NoFeatures, ReplayVenue},
};
use tradepit_live::{Feed, FeedServer, Journal, LiveVenue, Pace};

use crate::trader::{FeedProcess, Mean, Road, data, drive, eventful, options, paper, sim};

const BARS: usize = 3000;
const START: u32 = 50;

fn live(feed: Feed, journal: Option<Journal>) -> (Road, Option<Journal>) {
    let mut venue = LiveVenue::connect(paper(feed), Mean::default(), journal, options()).unwrap();
    let road = drive(&mut venue, START).unwrap();
    (road, venue.into_journal())
}

#[test]
fn paper_trades_as_the_simulator_does_from_memory_and_from_another_process_and_its_journal_replays() {
    let data = data(BARS);
    let simulated = drive(&mut sim(&data), START).unwrap();
    assert!(simulated.events.len() > BARS, "{} events", simulated.events.len());
    let count = |test: fn(&AccountEvent) -> bool| simulated.events.iter().filter(|event| test(event)).count();
    assert!(count(|e| matches!(e, AccountEvent::Financing { .. })) > 20);
    assert!(count(|e| matches!(e, AccountEvent::Liquidation { .. })) > 20);
    assert_eq!((simulated.seen.len(), simulated.end), (BARS - START as usize, Advance::EndOfData));

    let (from_memory, _) = live(Feed::memory(data, START), None);
    assert_eq!(from_memory, simulated);

    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::create(folder.path().join("session.db")).unwrap();
    let server = FeedProcess::start(BARS, START, 13, 1);
    let (from_process, journal) = live(Feed::socket(server.addr), Some(journal));
    assert_eq!(from_process, simulated);

    let log = journal.unwrap().log().unwrap().unwrap();
    let replayed = drive(&mut ReplayVenue::new(log, Mean::default()).unwrap(), START).unwrap();
    assert_eq!(replayed, simulated);
}

#[test]
fn what_happens_beside_the_prices_comes_over_the_wire() {
    let data = eventful(600);
    let simulated = drive(&mut sim(&data), START).unwrap();
    let count = |test: fn(&AccountEvent) -> bool| simulated.events.iter().filter(|event| test(event)).count();
    assert!(count(|e| matches!(e, AccountEvent::Split { .. })) > 10);
    assert!(count(|e| matches!(e, AccountEvent::Dividend { .. })) > 5);

    let server = FeedServer::bind(data, START, Pace::default(), 0).unwrap();
    let feed = Feed::socket(server.addr());
    let serving = std::thread::spawn(move || server.serve_one());
    let (served, journal) = live(feed, Some(Journal::in_memory().unwrap()));
    serving.join().unwrap().unwrap();
    assert_eq!(served, simulated);

    let log = journal.unwrap().log().unwrap().unwrap();
    let replayed = drive(&mut ReplayVenue::new(log, Mean::default()).unwrap(), START).unwrap();
    assert_eq!(replayed, simulated);
}

#[test]
fn a_feed_in_large_heaps_is_matched_decision_by_decision() {
    let server = FeedProcess::start(400, START, 1000, 0);
    let (road, _) = live(Feed::socket(server.addr), None);
    assert_eq!(road, drive(&mut sim(&data(400)), START).unwrap());
}

#[test]
fn several_instruments_trade_in_step() {
    let (a, b) = (tradepit::market::synth::es_1m(200, 1).unwrap(), tradepit::market::synth::es_1m(200, 2).unwrap());
    let bars = a.bars().iter().zip(b.bars()).flat_map(|(a, b)| [*a, *b]).collect();
    let pair = MarketData::builder(vec![Instrument::es(), Instrument::equity("X")]);
    let data = Arc::new(pair.bars(bars).build().unwrap());
    let broker = paper(Feed::memory(data.clone(), START));
    let mut venue = LiveVenue::connect(broker, NoFeatures, None, options()).unwrap();
    let road = drive(&mut venue, START).unwrap();
    assert_eq!(road, drive(&mut sim(&data), START).unwrap());
    let traded = |id: usize| road.account.positions()[id].avg_price() != 0.0;
    assert!(traded(0) && traded(1));
}

#[test]
fn a_pace_changes_when_and_not_what() {
    let data = data(60);
    let broker = paper(Feed::memory(data.clone(), START)).speed(60_000.0).unwrap();
    let mut venue = LiveVenue::connect(broker, Mean::default(), None, options()).unwrap();
    assert_eq!(drive(&mut venue, START).unwrap(), drive(&mut sim(&data), START).unwrap());
    let still = paper(Feed::memory(data, START)).speed(0.0).unwrap_err().to_string();
    assert_eq!(still, "speed: 0 must be a finite number above 0; 60 is a minute a second");
}

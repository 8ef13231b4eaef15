//! Orders that were decided on rows that are too old by the clock do not leave.

use std::{sync::Arc, time::Duration};

use tradepit::{
    Bar, InstrumentId, MarketData, Venue,
    account::{Account, AccountEvent, RejectReason},
    market::synth,
    models::{JitteredLatency, Latency, Models},
    order::{OrderId, OrderRequest},
    rng::{Purpose, stream},
    venue::{Advance, EventLog, LogEntry, NoFeatures, ReplayVenue, Start},
};
use tradepit_live::{Feed, FeedServer, Journal, LiveOptions, LiveVenue, Pace, PaperBroker};

use crate::trader::{CASH, SEED, models, options};

const HOUR: Duration = Duration::from_secs(3600);
const ROW: u32 = 9;

/// Thirty rows: so many of 2024, and then some that close from in an hour on.
fn data(old: usize) -> Arc<MarketData> {
    let all = synth::es_1m(30, 0).unwrap();
    #[expect(clippy::disallowed_methods, reason = "what is tested is told by the clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let shift = i64::try_from((now + HOUR).as_nanos()).unwrap() - all.bars()[0].time.nanos();
    let when = |(row, bar): (usize, &Bar)| Bar { time: bar.time.plus_ns(if row < old { 0 } else { shift }), ..*bar };
    let bars = all.bars().iter().enumerate().map(when).collect();
    Arc::new(MarketData::builder(all.instruments().to_vec()).bars(bars).build().unwrap())
}

/// Over a loopback socket, with a server that serves once.
fn session(data: &Arc<MarketData>, journal: Journal, stale: Option<Duration>) -> LiveVenue {
    let server = FeedServer::bind(Arc::clone(data), ROW, Pace::default(), 0).unwrap();
    // Every message draws its delay: what never left must draw none, here and when the session is walked again.
    let latency = Latency::Jittered(JitteredLatency { ms: 0.0, jitter_ms: 5_000.0 });
    let rng = stream(SEED, 0, Purpose::Models);
    let broker = PaperBroker::new(Feed::socket(server.addr()), Models { latency, ..models() }, CASH, rng).unwrap();
    std::thread::spawn(move || server.serve_one());
    LiveVenue::connect(broker, NoFeatures, Some(journal), LiveOptions { stale, ..options() }).unwrap()
}

/// Two orders a row, one of which is taken out again at every third.
fn drive(venue: &mut impl Venue) -> (Vec<AccountEvent>, Account) {
    let (mut events, mut account) = (Vec::new(), Account::new(1));
    venue.open(Start::Now, &mut account).unwrap();
    for row in 0.. {
        for qty in [2.0, -1.0] {
            let id = venue.submit(OrderRequest::market(InstrumentId(0), qty)).unwrap();
            if row % 3 == 0 && qty < 0.0 {
                venue.cancel(id).unwrap();
            }
        }
        if venue.advance(&mut account, |event| events.push(*event)).unwrap() == Advance::EndOfData {
            break;
        }
    }
    (events, account)
}

fn log(venue: LiveVenue) -> EventLog {
    venue.into_journal().unwrap().log().unwrap().unwrap()
}

fn fills(events: &[AccountEvent]) -> usize {
    events.iter().filter(|event| matches!(event, AccountEvent::Fill(_))).count()
}

#[test]
fn only_orders_on_fresh_rows_leave() {
    for (old, stale, leave) in [(30, None, true), (0, Some(HOUR), true), (30, Some(HOUR), false)] {
        let data = data(old);
        let mut venue = session(&data, Journal::in_memory().unwrap(), stale);
        let (events, account) = drive(&mut venue);
        assert_eq!(fills(&events) > 0, leave);
        if !leave {
            assert_eq!((account.fills(), account.cash()), (0, CASH));
            let first = data.bars()[ROW as usize].time;
            let refused = |id| AccountEvent::Rejected { order: OrderId(id), reason: RejectReason::Stale, time: first };
            assert_eq!(events[..2], [refused(0), refused(1)]);
            assert_eq!(venue.at_market(InstrumentId(0)), 0.0);
            // Both orders of every row but the last, which no row follows: their end is told before the feed's.
            assert_eq!(events.len(), 2 * (data.len() - ROW as usize));
        }
    }
}

/// The session of which `log` holds so many entries.
fn cut(log: &EventLog, entries: usize) -> Journal {
    let mut journal = Journal::in_memory().unwrap();
    journal.append(&LogEntry::Opened(log.opening().clone())).unwrap();
    log.entries()[..entries].iter().for_each(|entry| journal.append(entry).unwrap());
    journal
}

#[test]
fn a_session_that_kept_orders_back_resumes_and_replays_without_a_clock() {
    // The first decisions are taken on old rows, the others on fresh ones.
    let data = data(15);
    let mut venue = session(&data, Journal::in_memory().unwrap(), Some(HOUR));
    let whole = drive(&mut venue);
    assert!(fills(&whole.0) > 5, "{} fills", fills(&whole.0));
    let log = log(venue);
    let kept = log.entries().iter().filter(|e| matches!(e, LogEntry::Order { unsent: true, .. })).count();
    assert_eq!(kept, 2 * (15 - ROW as usize));
    assert_eq!(drive(&mut ReplayVenue::new(log.clone(), NoFeatures).unwrap()), whole);
    for entries in 0..log.entries().len() {
        let mut venue = session(&data, cut(&log, entries), Some(HOUR));
        assert_eq!(drive(&mut venue), whole, "cut after {entries} entries");
    }
}

#[test]
fn what_was_kept_back_stays_so_when_the_session_goes_on_without_a_bound() {
    let data = data(30);
    let mut venue = session(&data, Journal::in_memory().unwrap(), Some(HOUR));
    drive(&mut venue);
    let bound = log(venue);
    // Cut in the middle of a decision, before its sender has heard that the first order was kept back.
    let order = |e: &LogEntry| matches!(e, LogEntry::Order { .. });
    let half = bound.entries().len() / 2;
    let half = half + bound.entries()[half..].iter().position(order).unwrap() + 1;
    let mut venue = session(&data, cut(&bound, half), None);
    let (events, account) = drive(&mut venue);
    let kept = bound.entries()[..half].iter().filter(|e| order(e)).count();
    let stale = |e: &&AccountEvent| matches!(e, AccountEvent::Rejected { reason: RejectReason::Stale, .. });
    assert_eq!(events.iter().filter(stale).count(), kept);
    assert!(account.fills() > 0 && fills(&events) == account.fills() as usize);
    // And so it does when it is cut again.
    let both = log(venue);
    for entries in (half..both.entries().len()).step_by(3) {
        let again = drive(&mut session(&data, cut(&both, entries), None));
        assert_eq!(again, (events.clone(), account.clone()), "cut after {entries} entries");
    }
}

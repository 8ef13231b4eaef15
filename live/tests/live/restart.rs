//! Sessions that were cut, and go on.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use tradepit::{
    Error, InstrumentId, MarketData, Venue,
    account::{Account, AccountEvent},
    order::OrderRequest,
    venue::{Advance, EventLog, HaltReason, LogEnd, LogEntry, ReplayVenue, Start},
};
use tradepit_live::{Feed, Journal, LiveVenue, PaperBroker};

use crate::trader::{CASH, FeedProcess, Mean, Road, data, drive, models, options, paper, sim};

const START: u32 = 50;

fn session(bars: usize, journal: Journal) -> LiveVenue {
    LiveVenue::connect(paper(Feed::memory(data(bars), START)), Mean::default(), Some(journal), options()).unwrap()
}

fn journal_of(log: &EventLog, entries: usize) -> Journal {
    let mut journal = Journal::in_memory().unwrap();
    journal.append(&LogEntry::Opened(log.opening().clone())).unwrap();
    log.entries()[..entries].iter().for_each(|entry| journal.append(entry).unwrap());
    journal
}

fn log_of(venue: LiveVenue) -> EventLog {
    venue.into_journal().unwrap().log().unwrap().unwrap()
}

fn whole(bars: usize) -> (Road, EventLog) {
    let mut venue = session(bars, Journal::in_memory().unwrap());
    let road = drive(&mut venue, START).unwrap();
    (road, log_of(venue))
}

#[test]
fn a_session_cut_after_any_entry_goes_on_to_the_same_bits() {
    const BARS: usize = START as usize + 30;
    let (road, log) = whole(BARS);
    assert_eq!(road, drive(&mut sim(&data(BARS)), START).unwrap());
    assert!(log.entries().len() > 100, "{} entries", log.entries().len());
    let called = road.events.iter().any(|event| matches!(event, AccountEvent::Liquidation { .. }));
    assert!(called, "a margin call is cut in the middle, too");
    for cut in 0..=log.entries().len() {
        let mut venue = session(BARS, journal_of(&log, cut));
        assert_eq!(drive(&mut venue, START).unwrap(), road, "cut after {cut} entries");
        let resumed = log_of(venue);
        let replayed = drive(&mut ReplayVenue::new(resumed, Mean::default()).unwrap(), START).unwrap();
        assert_eq!(replayed, road, "cut after {cut} entries, replayed");
    }
}

#[test]
fn an_end_that_was_overcome_leaves_no_trace_in_the_account() {
    const BARS: usize = START as usize + 20;
    let (road, log) = whole(BARS);
    let decided = |entry: &LogEntry| matches!(entry, LogEntry::Decided { .. } | LogEntry::Event(_));
    let cuts: Vec<usize> = (1..log.entries().len()).filter(|cut| decided(&log.entries()[cut - 1])).collect();
    assert!(cuts.len() > 20);
    for cut in cuts {
        let mut journal = journal_of(&log, cut);
        let end = LogEnd::Halted(HaltReason::Disconnected);
        journal.append(&LogEntry::End { end, note: "the line went dead".into() }).unwrap();
        let mut venue = session(BARS, journal);
        assert_eq!(drive(&mut venue, START).unwrap(), road, "cut after {cut} entries");
        let replayed = drive(&mut ReplayVenue::new(log_of(venue), Mean::default()).unwrap(), START).unwrap();
        assert_eq!(replayed, road, "cut after {cut} entries, replayed");
    }
}

/// Trades in a process of its own, until it is killed by the test below, which starts it.
#[test]
#[ignore = "the other process of a_killed_process_resumes_to_the_same_bits"]
fn child() {
    let variable =
        |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the test that runs this"));
    let journal = Journal::create(variable("TRADEPIT_JOURNAL")).unwrap();
    let feed = Feed::socket(variable("TRADEPIT_FEED").parse().unwrap());
    let mut venue = LiveVenue::connect(paper(feed), Mean::default(), Some(journal), options()).unwrap();
    drive(&mut venue, START).unwrap();
}

fn rows(path: &Path) -> usize {
    let log = Journal::read(path).ok().flatten();
    log.map_or(0, |log| log.entries().iter().filter(|entry| matches!(entry, LogEntry::Row(_))).count())
}

#[test]
fn a_killed_process_resumes_to_the_same_bits() {
    const BARS: usize = 2000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.db");
    let slow = FeedProcess::start(BARS, START, 3, 30);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["restart::child", "--exact", "--ignored"])
        .env("TRADEPIT_JOURNAL", &path)
        .env("TRADEPIT_FEED", slow.addr.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // A minute at most; the child takes some seconds for all of its rows.
    let mut looks = 0;
    while rows(&path) < 100 && looks < 3000 {
        std::thread::sleep(Duration::from_millis(20));
        looks += 1;
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
    let served = rows(&path);
    assert!((100..BARS - START as usize - 1).contains(&served), "killed after {served} rows");

    let fast = FeedProcess::start(BARS, START, 50, 0);
    let journal = Journal::open(&path).unwrap();
    let broker = paper(Feed::socket(fast.addr));
    let mut venue = LiveVenue::connect(broker, Mean::default(), Some(journal), options()).unwrap();
    assert!(venue.is_resuming());
    let road = drive(&mut venue, START).unwrap();
    assert!(!venue.is_resuming());
    assert_eq!(road, drive(&mut sim(&data(BARS)), START).unwrap());
    let replayed = drive(&mut ReplayVenue::new(log_of(venue), Mean::default()).unwrap(), START).unwrap();
    assert_eq!(replayed, road);
}

#[test]
fn whoever_decides_otherwise_after_a_restart_is_refused() {
    let (_, log) = whole(80);
    let order = log.entries().iter().position(|entry| matches!(entry, LogEntry::Order { .. })).unwrap();
    let mut venue = session(80, journal_of(&log, order + 4));
    let mut account = Account::new(1);
    venue.open(Start::Now, &mut account).unwrap();
    let refused = venue.submit(OrderRequest::market(InstrumentId(0), 99.0)).unwrap_err();
    assert!(matches!(refused, Error::Diverged { .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("qty: 99.0,") && text.contains("but recorded is {"), "{text}");
    // Nothing has changed: the recorded road is still open.
    let mut again = session(80, journal_of(&log, order + 4));
    assert_eq!(drive(&mut again, START).unwrap(), whole(80).0);
}

#[test]
fn another_feed_other_models_or_another_account_are_refused() {
    let (_, log) = whole(80);
    let resume = |broker: PaperBroker| {
        let journal = journal_of(&log, log.entries().len());
        LiveVenue::connect(broker, Mean::default(), Some(journal), options()).unwrap_err().to_string()
    };
    let rng = || tradepit::rng::stream(crate::trader::SEED, 0, tradepit::rng::Purpose::Models);
    let feed = |start| Feed::memory(data(80), start);

    let other = resume(PaperBroker::new(feed(START + 1), models(), CASH, rng()).unwrap());
    assert_eq!(
        other,
        "venue: the journal began with another history, instruments or cash; resume with the same feed and cash"
    );
    let free = tradepit::models::Models::default();
    let other = resume(PaperBroker::new(feed(START), free, CASH, rng()).unwrap());
    assert!(other.contains("resume with the same models, cash and seed"), "{other}");
    let whole = data(80);
    let (name, signal) = &whole.columns()[0];
    let short = MarketData::builder(whole.instruments().to_vec())
        .bars(whole.bars()[..70].to_vec())
        .column(name, signal[..70].to_vec())
        .calendar(whole.calendar())
        .build()
        .unwrap();
    let short = Feed::memory(Arc::new(short), START);
    let other = resume(PaperBroker::new(short, models(), CASH, rng()).unwrap());
    assert_eq!(other, "venue: the feed ends before the journal does; resume with the same feed");
}

#[test]
fn a_new_episode_on_a_running_session_starts_from_what_is_held() {
    let mut venue = session(120, Journal::in_memory().unwrap());
    let episodes = |venue: &mut LiveVenue, broken_off: usize| -> Vec<Account> {
        let mut ends = Vec::new();
        for episode in 0..3 {
            let mut account = Account::new(1);
            venue.open(Start::Now, &mut account).unwrap();
            if episode > 0 {
                let before: &Account = ends.last().unwrap();
                assert_eq!(account.position(InstrumentId(0)).qty(), before.position(InstrumentId(0)).qty());
                assert_eq!((account.cash(), account.equity()), (before.cash(), before.equity()));
                assert_eq!(account.fees(), 0.0);
            }
            for step in 0..10 {
                if episode * 10 + step == broken_off {
                    return ends;
                }
                venue.submit(OrderRequest::market(InstrumentId(0), 1.0 + f64::from(step as u32))).unwrap();
                assert!(matches!(venue.advance(&mut account, |_| {}).unwrap(), Advance::Decision(_)));
            }
            ends.push(account);
        }
        ends
    };
    let whole = episodes(&mut venue, usize::MAX);
    assert_eq!(whole.len(), 3);
    for broken_off in [5, 10, 15, 29] {
        let mut cut = session(120, Journal::in_memory().unwrap());
        episodes(&mut cut, broken_off);
        let mut resumed = session(120, cut.into_journal().unwrap());
        assert_eq!(episodes(&mut resumed, usize::MAX), whole, "broken off at step {broken_off}");
    }
}

//! Brokers that fail, hang, flood or lie: an error or a halt, and never a hang.

use std::{
    future::pending,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tradepit::{
    Error, InstrumentId, MarketData, Result, Timestamp, Venue,
    account::{Account, AccountEvent, AccountSnapshot, Fill},
    market::synth,
    order::{OrderId, OrderRequest},
    venue::{Advance, EventLog, HaltReason, LogEnd, LogEntry, NoFeatures, Opening, Start},
};
use tradepit_live::{Broker, BrokerCommand, BrokerEvent, Connected, Feed, FeedLine, Journal, LiveOptions, LiveVenue};

use crate::trader::{options, paper};

fn data() -> MarketData {
    synth::es_1m(40, 0).unwrap()
}

fn one() -> OrderRequest {
    OrderRequest::market(InstrumentId(0), 1.0)
}

type Connect = Box<dyn FnMut() -> Result<Connected> + Send>;
type Send_ = Box<dyn FnMut(BrokerCommand) -> Result<()> + Send>;
/// `None` waits for ever.
type Next = Box<dyn FnMut() -> Option<Result<BrokerEvent>> + Send>;

/// Does what the test says.
struct Puppet {
    connect: Connect,
    send: Send_,
    next: Next,
}

impl Default for Puppet {
    fn default() -> Self {
        Self {
            connect: Box::new(|| Ok(Opening::of(&data(), 9, 50_000.0)?.into())),
            send: Box::new(|_| Ok(())),
            next: Box::new(|| None),
        }
    }
}

impl Broker for Puppet {
    async fn connect(&mut self, _: Option<&EventLog>) -> Result<Connected> {
        (self.connect)()
    }

    async fn send(&mut self, command: BrokerCommand) -> Result<()> {
        (self.send)(command)
    }

    async fn next(&mut self) -> Result<BrokerEvent> {
        match (self.next)() {
            Some(event) => event,
            None => pending().await,
        }
    }
}

fn says(event: BrokerEvent) -> Puppet {
    let mut events = vec![event];
    Puppet { next: Box::new(move || events.pop().map(Ok)), ..Puppet::default() }
}

fn opened(broker: impl Broker, journal: Option<Journal>, options: LiveOptions) -> (LiveVenue, Account) {
    let mut venue = LiveVenue::connect(broker, NoFeatures, journal, options).unwrap();
    let mut account = Account::new(1);
    venue.open(Start::Now, &mut account).unwrap();
    (venue, account)
}

fn advance(venue: &mut LiveVenue, account: &mut Account) -> std::result::Result<Advance, String> {
    venue.advance(account, |_| {}).map_err(|e| e.to_string())
}

fn fill(order: u32, instrument: u32, qty: f64) -> BrokerEvent {
    BrokerEvent::Account(AccountEvent::Fill(Fill {
        qty,
        price: 5000.0,
        reference: 5000.0,
        fee: 0.0,
        multiplier: 50.0,
        time: Timestamp::from_nanos(1),
        order: OrderId(order),
        instrument: InstrumentId(instrument),
        futures: true,
    }))
}

#[test]
fn a_panic_surfaces_from_whatever_is_called_next() {
    let panicking = || Puppet { next: Box::new(|| panic!("the adapter has a bug")), ..Puppet::default() };
    let (mut venue, mut account) = opened(panicking(), None, options());
    let text = "venue: the broker panicked: the adapter has a bug";
    assert_eq!(advance(&mut venue, &mut account).unwrap_err(), text);
    assert_eq!(advance(&mut venue, &mut account).unwrap_err(), text);
    assert_eq!(venue.submit(one()).unwrap_err().to_string(), text);
    assert_eq!(venue.cancel(OrderId(0)).unwrap_err().to_string(), text);

    let connect: Connect = Box::new(|| panic!("{} is down", "the gateway"));
    let refused = LiveVenue::connect(Puppet { connect, ..Puppet::default() }, NoFeatures, None, options());
    assert_eq!(refused.unwrap_err().to_string(), "venue: the broker panicked: the gateway is down");
}

#[test]
fn an_error_surfaces_with_its_text_after_the_news_before_it() {
    let mut events = vec![Err(Error::Venue("session expired".into())), Ok(BrokerEvent::Row(Opening::row(&data(), 10)))];
    let broker = Puppet { next: Box::new(move || events.pop()), ..Puppet::default() };
    let (mut venue, mut account) = opened(broker, None, options());
    assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Decision(data().bars()[10].time)));
    assert_eq!(advance(&mut venue, &mut account).unwrap_err(), "venue: session expired");

    let connect: Connect = Box::new(|| Err(Error::Venue("wrong key".into())));
    let refused = LiveVenue::connect(Puppet { connect, ..Puppet::default() }, NoFeatures, None, options());
    assert_eq!(refused.unwrap_err().to_string(), "venue: wrong key");
}

#[test]
fn a_broker_that_does_not_take_an_order_ends_the_session() {
    let send: Send_ = Box::new(|command| match command {
        BrokerCommand::Submit { .. } => Err(Error::Venue("503".into())),
        _ => Ok(()),
    });
    let (mut venue, mut account) = opened(Puppet { send, ..Puppet::default() }, None, options());
    venue.submit(one()).unwrap();
    assert_eq!(advance(&mut venue, &mut account).unwrap_err(), "venue: 503");
}

#[test]
fn halts_come_back_as_halts_and_are_in_the_journal() {
    let cases = [
        (BrokerEvent::Disconnected("gone".into()), Advance::Halted(HaltReason::Disconnected), "gone"),
        (BrokerEvent::Halted(HaltReason::Stopped, "by hand".into()), Advance::Halted(HaltReason::Stopped), "by hand"),
        (BrokerEvent::EndOfFeed, Advance::EndOfData, ""),
    ];
    for (event, expected, note) in cases {
        let (mut venue, mut account) = opened(says(event), Some(Journal::in_memory().unwrap()), options());
        for _ in 0..2 {
            assert_eq!(advance(&mut venue, &mut account), Ok(expected));
        }
        assert_eq!(venue.note(), note);
        assert!(venue.submit(one()).unwrap_err().to_string().contains("trading has ended"));
        let log = venue.into_journal().unwrap().log().unwrap().unwrap();
        let LogEntry::End { end, note: written } = log.entries().last().unwrap() else { panic!("{log:?}") };
        assert_eq!((Advance::from(*end), written.as_str()), (expected, note));
    }
}

#[test]
fn a_lying_broker_puts_us_out_of_step() {
    let (mut venue, mut account) = opened(says(fill(3, 0, 1.0)), None, options());
    assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Halted(HaltReason::OutOfStep)));
    assert!(venue.note().ends_with("fills an order that we did not send (0 were)"), "{}", venue.note());
    assert_eq!(account.fills(), 0);

    let snapshot = AccountSnapshot { cash: 49_000.0, positions: vec![] };
    let (mut venue, mut account) = opened(says(BrokerEvent::Snapshot(snapshot)), None, options());
    assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Halted(HaltReason::OutOfStep)));
    assert!(venue.note().contains("cash is 50000 in the books and 49000 at the broker"), "{}", venue.note());

    for broken in [fill(0, 5, 1.0), fill(0, 0, f64::NAN)] {
        let (mut venue, mut account) = opened(says(broken), None, options());
        venue.submit(one()).unwrap();
        let refused = advance(&mut venue, &mut account).unwrap_err();
        assert!(refused.contains("no account over 1 instruments can take Fill"), "{refused}");
        assert_eq!(account.fills(), 0);
    }

    let (mut venue, mut account) = opened(says(BrokerEvent::Row(Opening::row(&data(), 9))), None, options());
    let refused = advance(&mut venue, &mut account).unwrap_err();
    assert!(refused.contains("serve each row once, in order"), "{refused}");
}

#[test]
fn an_account_out_of_step_is_not_resumed() {
    let (mut venue, mut account) =
        opened(says(BrokerEvent::Row(Opening::row(&data(), 10))), Some(Journal::in_memory().unwrap()), options());
    advance(&mut venue, &mut account).unwrap();
    let connect: Connect = Box::new(|| {
        let mut opening = Opening::of(&data(), 9, 50_000.0)?;
        let BrokerEvent::Account(AccountEvent::Fill(held)) = fill(0, 0, 2.0) else { unreachable!() };
        opening.snapshot.positions.push(held);
        Ok(opening.into())
    });
    let journal = venue.into_journal();
    let refused = LiveVenue::connect(Puppet { connect, ..Puppet::default() }, NoFeatures, journal, options());
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("out of step: ES is 0 in the books and 2 at the broker"), "{refused}");
}

#[test]
fn what_was_missed_while_away_is_learnt_on_the_way_on() {
    let journal = Some(Journal::in_memory().unwrap());
    let (mut venue, _) = opened(Puppet::default(), journal, options());
    venue.submit(one()).unwrap();
    // Killed here. The order had left, and it filled.
    let BrokerEvent::Account(missed) = fill(0, 0, 1.0) else { unreachable!() };
    let connect: Connect = Box::new(move || {
        let mut opening = Opening::of(&data(), 9, 50_000.0)?;
        let AccountEvent::Fill(held) = missed else { unreachable!() };
        opening.snapshot.positions.push(held);
        Ok(Connected { opening, missed: vec![missed] })
    });
    let broker = Puppet { connect, ..says(BrokerEvent::Row(Opening::row(&data(), 10))) };
    let (mut venue, mut account) = opened(broker, venue.into_journal(), options());
    assert_eq!(venue.submit(one()).unwrap(), OrderId(0));
    let mut events = Vec::new();
    assert!(matches!(venue.advance(&mut account, |event| events.push(*event)), Ok(Advance::Decision(_))));
    assert_eq!((events, account.position(InstrumentId(0)).qty()), (vec![missed], 1.0));
    let log = venue.into_journal().unwrap().log().unwrap().unwrap();
    let kinds: Vec<_> = log.entries().iter().map(LogEntry::kind).collect();
    assert_eq!(kinds, ["order", "decided", "event", "row"]);
}

#[test]
fn silence_is_an_error_where_it_is_bounded_and_can_be_stopped_where_it_is_not() {
    let short = LiveOptions { silence: Some(Duration::from_millis(80)), ..options() };
    let (mut venue, mut account) = opened(Puppet::default(), None, short);
    assert_eq!(
        advance(&mut venue, &mut account).unwrap_err(),
        "venue: no news for 80ms; is the market closed? raise silence"
    );

    let endless = LiveOptions { silence: None, ..options() };
    let (mut venue, mut account) = opened(Puppet::default(), Some(Journal::in_memory().unwrap()), endless);
    let handle = venue.stop_handle();
    let other = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        handle.stop();
    });
    assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Halted(HaltReason::Stopped)));
    other.join().unwrap();
    let log = venue.into_journal().unwrap().log().unwrap().unwrap();
    let stopped = LogEnd::Halted(HaltReason::Stopped);
    assert!(matches!(log.entries().last(), Some(LogEntry::End { end, .. }) if *end == stopped));
}

/// Says when it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn dropping_a_venue_ends_its_broker_whatever_that_waits_for() {
    // It waits for news.
    let gone = Arc::new(AtomicBool::new(false));
    let flag = Flag(gone.clone());
    let next: Next = Box::new(move || {
        let _ = &flag;
        None
    });
    drop(opened(Puppet { next, ..Puppet::default() }, None, options()));
    assert!(gone.load(Ordering::SeqCst));

    // It hangs in a command.
    struct Hanging(#[expect(dead_code, reason = "dropped with the broker")] Flag);
    impl Broker for Hanging {
        async fn connect(&mut self, _: Option<&EventLog>) -> Result<Connected> {
            Ok(Opening::of(&data(), 9, 50_000.0)?.into())
        }
        async fn send(&mut self, _: BrokerCommand) -> Result<()> {
            pending().await
        }
        async fn next(&mut self) -> Result<BrokerEvent> {
            pending().await
        }
    }
    let gone = Arc::new(AtomicBool::new(false));
    let short = LiveOptions { shutdown: Duration::from_millis(100), ..options() };
    let (mut venue, _) = opened(Hanging(Flag(gone.clone())), None, short);
    venue.submit(one()).unwrap();
    drop(venue);
    assert!(gone.load(Ordering::SeqCst));

    // A full channel to a broker that hangs is an error.
    let narrow = LiveOptions { capacity: 1, ..short };
    let (mut venue, _) = opened(Hanging(Flag(gone)), None, narrow);
    let refused = (0..3).map(|_| venue.submit(one())).find_map(std::result::Result::err).unwrap().to_string();
    assert!(refused.contains("the broker has taken no command for"), "{refused}");
}

#[test]
fn a_broker_that_does_not_connect_in_time_is_left() {
    struct Deaf;
    impl Broker for Deaf {
        async fn connect(&mut self, _: Option<&EventLog>) -> Result<Connected> {
            pending().await
        }
        async fn send(&mut self, _: BrokerCommand) -> Result<()> {
            Ok(())
        }
        async fn next(&mut self) -> Result<BrokerEvent> {
            pending().await
        }
    }
    let short = Duration::from_millis(50);
    let impatient = LiveOptions { connect_timeout: short, shutdown: short, ..options() };
    let refused = LiveVenue::connect(Deaf, NoFeatures, None, impatient).unwrap_err().to_string();
    assert_eq!(refused, "venue: the broker did not connect in 50ms; raise connect_timeout");
}

#[test]
fn a_flood_of_news_does_not_hold_up_orders() {
    const ROWS: usize = 39;
    let orders = Arc::new(AtomicU32::new(0));
    let (seen, mut row) = (orders.clone(), 9);
    let send: Send_ = Box::new(move |command| {
        seen.fetch_add(u32::from(matches!(command, BrokerCommand::Submit { .. })), Ordering::SeqCst);
        Ok(())
    });
    // Every row at once, long before the decisions.
    let next: Next = Box::new(move || {
        row += 1;
        (row <= ROWS).then(|| Ok(BrokerEvent::Row(Opening::row(&data(), row))))
    });
    let narrow = LiveOptions { capacity: 1, ..options() };
    let (mut venue, mut account) = opened(Puppet { send, next, ..Puppet::default() }, None, narrow);
    for row in 10..=ROWS {
        for _ in 0..20 {
            venue.submit(one()).unwrap();
        }
        assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Decision(data().bars()[row].time)));
    }
    drop(venue);
    assert_eq!(orders.load(Ordering::SeqCst), 20 * (ROWS as u32 - 9));
}

#[test]
fn many_facts_before_a_row_pass_through_a_narrow_queue() {
    let mut left = 21;
    let next: Next = Box::new(move || {
        left -= 1;
        match left {
            1.. => Some(Ok(BrokerEvent::Account(AccountEvent::Financing {
                amount: -1.0,
                instrument: InstrumentId(0),
                time: Timestamp::from_nanos(1),
            }))),
            0 => Some(Ok(BrokerEvent::Row(Opening::row(&data(), 10)))),
            _ => None,
        }
    });
    let narrow = LiveOptions { capacity: 1, ..options() };
    let (mut venue, mut account) = opened(Puppet { next, ..Puppet::default() }, None, narrow);
    assert_eq!(advance(&mut venue, &mut account), Ok(Advance::Decision(data().bars()[10].time)));
    assert_eq!(account.cash(), 50_000.0 - 20.0);
}

#[test]
fn a_feed_that_breaks_or_babbles_half_way_is_named() {
    let broken = |tail: &'static str| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let data = Arc::new(data());
            let whole = tradepit_live::FeedServer::bind(data.clone(), 9, tradepit_live::Pace::default(), 0).unwrap();
            let from = std::net::TcpStream::connect(whole.addr()).unwrap();
            let serving = std::thread::spawn(move || whole.serve_one());
            let (mut to, _) = listener.accept().unwrap();
            let lines = std::io::BufRead::lines(std::io::BufReader::new(from));
            // Hello, ten rows of history, one more row; then something else.
            for line in lines.take(12) {
                writeln!(to, "{}", line.unwrap()).unwrap();
            }
            to.write_all(tail.as_bytes()).unwrap();
            drop(to);
            let _ = serving.join();
        });
        let (mut venue, mut account) = opened(paper(Feed::socket(addr)), None, options());
        assert!(matches!(advance(&mut venue, &mut account), Ok(Advance::Decision(_))));
        let second = advance(&mut venue, &mut account);
        server.join().unwrap();
        (second, venue.note().to_owned())
    };
    let (halted, note) = broken("{\"row\":");
    assert_eq!(halted, Ok(Advance::Halted(HaltReason::Disconnected)));
    assert_eq!(note, "the feed closed after line 12 without an end");
    let (refused, _) = broken("{\"row\":{\"bars\":[]}}\n");
    assert!(refused.unwrap_err().contains("0 bars and 0 columns; expected 1 and 0"));
    let (refused, _) = broken("{\"row\":\n");
    assert_eq!(refused.unwrap_err(), "venue: feed, line 13: EOF while parsing a value at line 1 column 7");
    assert_eq!(FeedLine::End {}.to_line().unwrap(), "{\"end\":{}}\n");
}

#[test]
fn a_venue_is_used_in_order() {
    fn moves_between_threads<T: Send>(_: &T) {}
    let mut venue = LiveVenue::connect(Puppet::default(), NoFeatures, None, options()).unwrap();
    moves_between_threads(&venue);
    assert!(venue.submit(one()).unwrap_err().to_string().contains("the venue is not open; open it first"));
    let mut narrow = Account::new(0);
    let refused = venue.open(Start::Now, &mut narrow).unwrap_err().to_string();
    assert_eq!(refused, "account: it has room for 0 instruments; this venue trades 1");
    let mut account = Account::new(1);
    let refused = venue.open(Start::At(3), &mut account).unwrap_err().to_string();
    assert!(refused.contains("row 3 can't be chosen here; the session stands at row 9"), "{refused}");
    venue.open(Start::At(9), &mut account).unwrap();
    let refused = venue.submit(OrderRequest::market(InstrumentId(0), 0.5)).unwrap_err().to_string();
    assert!(refused.contains("no whole number of lots"), "{refused}");
    assert_eq!(venue.submit(one()).unwrap(), OrderId(0));
    let none = LiveOptions { capacity: 0, ..options() };
    assert!(
        LiveVenue::connect(Puppet::default(), NoFeatures, None, none).unwrap_err().to_string().contains("capacity")
    );
}

#[tokio::test]
async fn paper_matches_no_row_before_the_decision_is_complete() {
    let data = Arc::new(data());
    let mut broker = paper(Feed::memory(data.clone(), 9));
    broker.connect(None).await.unwrap();
    let time = data.bars()[9].time;
    /// Whether there is news now.
    async fn poll(broker: &mut impl Broker) -> Option<BrokerEvent> {
        tokio::select! { biased; event = broker.next() => Some(event.unwrap()), () = std::future::ready(()) => None }
    }
    assert_eq!(poll(&mut broker).await, None);
    broker.send(BrokerCommand::Submit { id: OrderId(0), request: one(), time }).await.unwrap();
    assert_eq!(poll(&mut broker).await, None);
    broker.send(BrokerCommand::Decided { time: data.bars()[8].time }).await.unwrap();
    assert_eq!(poll(&mut broker).await, None);
    broker.send(BrokerCommand::Decided { time }).await.unwrap();
    assert!(matches!(poll(&mut broker).await, Some(BrokerEvent::Account(AccountEvent::Fill(_)))));
    assert_eq!(poll(&mut broker).await, Some(BrokerEvent::Row(Opening::row(&data, 10))));
    assert_eq!(poll(&mut broker).await, None);
    let early = broker.send(BrokerCommand::Decided { time: data.bars()[30].time }).await.unwrap_err().to_string();
    assert!(early.contains("and the last row is of"), "{early}");
}

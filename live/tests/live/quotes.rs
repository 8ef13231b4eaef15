//! Quotes and finer bars come over the wire, and a session on them is the simulator's.

use std::sync::Arc;

use tradepit::{
    InstrumentId, MarketData, Venue,
    account::{Account, AccountEvent},
    market::{Quote, QuotesAt, synth},
    models::Models,
    order::OrderRequest,
    rng::{Purpose, stream},
    time::MINUTE_NS,
    venue::{Advance, NoFeatures, ReplayVenue, Row, SimVenue, SimWorld, Start},
};
use tradepit_live::{Feed, FeedLine, FeedServer, Journal, LiveVenue, Pace, PaperBroker};

use crate::trader::options;

/// Ten-minute rows over one-minute bars; every third quote is missing.
fn data() -> Arc<MarketData> {
    let fine = synth::es_1m(600, 3).unwrap();
    let quote = |(n, bar): (usize, &tradepit::Bar)| {
        let quote = Quote {
            time: bar.time.plus_ns(-7),
            bid: bar.close - 0.25,
            ask: bar.close + 0.5,
            bid_size: 3.0,
            ask_size: 0.0,
        };
        (n % 3 > 0).then_some(quote)
    };
    let quotes: Vec<_> = fine.bars().iter().enumerate().map(quote).collect();
    let fine = fine.part(0..fine.len()).quotes(quotes, QuotesAt::Close).build().unwrap();
    Arc::new(fine.resample(10 * MINUTE_NS).unwrap())
}

fn models() -> Models {
    serde_json::from_str(
        r#"{"fill": {"kind": "quote"}, "slippage": {"kind": "half_spread"}, "latency": {"kind": "jittered", "ms": 0, "jitter_ms": 30000},
            "matching": {"path": {"kind": "sub_bars"}, "limit": {"kind": "touch"}}}"#,
    )
    .unwrap()
}

fn broker(feed: Feed, models: Models) -> PaperBroker {
    PaperBroker::new(feed, models, 1e6, stream(5, 0, Purpose::Models)).unwrap()
}

fn drive(venue: &mut impl Venue) -> (Vec<AccountEvent>, Account) {
    let (mut events, mut account) = (Vec::new(), Account::new(1));
    venue.open(Start::At(9), &mut account).unwrap();
    for row in 0.. {
        let (id, close) = (InstrumentId(0), venue.market().last(InstrumentId(0)).close);
        venue.submit(OrderRequest::market(id, if row % 2 == 0 { 1.0 } else { -1.0 })).unwrap();
        venue.submit(OrderRequest::limit(id, 1.0, close - 2.0)).unwrap();
        venue.submit(OrderRequest::stop(id, -1.0, close - 3.0)).unwrap();
        if venue.advance(&mut account, |event| events.push(*event)).unwrap() == Advance::EndOfData {
            break;
        }
    }
    (events, account)
}

#[test]
fn a_session_over_a_socket_is_the_simulators() {
    let data = data();
    let simulated = drive(&mut SimVenue::new(Arc::new(SimWorld::new(data.clone(), models(), 1e6).unwrap()), 5));
    assert!(simulated.1.fills() > 60, "{}", simulated.1.fills());
    let server = FeedServer::bind(data, 9, Pace::default(), 0).unwrap();
    let socket = broker(Feed::socket(server.addr()), models());
    let thread = std::thread::spawn(move || server.serve_one());
    let mut venue = LiveVenue::connect(socket, NoFeatures, Some(Journal::in_memory().unwrap()), options()).unwrap();
    assert_eq!(drive(&mut venue), simulated);
    thread.join().unwrap().unwrap();
    let log = venue.into_journal().unwrap().log().unwrap().unwrap();
    assert_eq!(drive(&mut ReplayVenue::new(log, NoFeatures).unwrap()), simulated);
}

#[test]
fn a_feed_without_quotes_is_refused_by_models_that_meet_them() {
    let plain = Arc::new(synth::es_1m(20, 0).unwrap());
    let refused = LiveVenue::connect(broker(Feed::memory(plain, 9), models()), NoFeatures, None, options());
    let refused = refused.unwrap_err().to_string();
    assert_eq!(
        refused,
        "fill: quote, and these data have no bid and ask; give quotes with the data, or choose next_open"
    );
}

#[test]
fn bad_quotes_do_not_pass_the_wire() {
    let mut row = tradepit::venue::Opening::row(&data(), 12);
    let line = FeedLine::Row(row.clone()).to_line().unwrap();
    assert_eq!(FeedLine::parse(line.trim_end().as_bytes(), 1).unwrap(), FeedLine::Row(row.clone()));
    let refused = |row: &Row| FeedLine::Row(row.clone()).to_line().unwrap_err().to_string();
    let Some(quote) = &mut row.quotes[0] else { panic!("{row:?}") };
    (quote.bid, quote.ask) = (5.0, 4.0);
    assert!(refused(&row).contains("bid: bid 5 is above ask 4"), "{}", refused(&row));
    row.quotes[0] = None;
    row.sub_bars[3].high = f64::NAN;
    assert!(refused(&row).contains("high: NaN is not a finite number"), "{}", refused(&row));
}

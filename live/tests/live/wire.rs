//! The feed's wire against bytes of all kinds.

use std::{io::Write as _, net::TcpListener};

use proptest::prelude::*;
use tradepit::{
    Bar, Instrument, Timestamp,
    market::{Adjustment, Calendar},
    time::DAY_NS,
    venue::Row,
};
use tradepit_live::{FeedHello, FeedLine, LiveVenue, WIRE_VERSION};

use crate::trader::{Mean, options, paper};

fn bar() -> impl Strategy<Value = Bar> {
    let number = -1e12..1e12f64;
    (-36_524 * DAY_NS..69_396 * DAY_NS, number.clone(), number.clone(), 0.0..1e9f64, 0.0..1e-9f64, prop::bool::ANY)
        .prop_map(|(time, open, close, reach, volume, exact)| Bar {
            time: Timestamp::from_nanos(time),
            open,
            high: open.max(close) + reach,
            low: open.min(close) - reach,
            close,
            volume: if exact { volume.floor() } else { volume },
        })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_by_line(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refused) = FeedLine::parse(&bytes, 42) {
            prop_assert!(refused.to_string().starts_with("venue: feed, line 42: "), "{}", refused);
        }
    }

    #[test]
    fn a_line_with_wounds_is_read_or_refused(bar in bar(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let line = FeedLine::Row(Row { bars: vec![bar], ..Row::default() }).to_line().unwrap();
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = FeedLine::parse(&bytes, 1);
        let _ = FeedLine::parse(&bytes[..at], 1);
    }

    #[test]
    fn numbers_survive_bit_for_bit(bar in bar(), column in any::<f32>().prop_filter("finite", |x| x.is_finite())) {
        let row = FeedLine::Row(Row { bars: vec![bar], columns: vec![column], ..Row::default() });
        let line = row.to_line().unwrap();
        let FeedLine::Row(back) = FeedLine::parse(line.trim_end().as_bytes(), 1).unwrap() else { unreachable!() };
        let bits = |b: &Bar| [b.open, b.high, b.low, b.close, b.volume].map(f64::to_bits);
        prop_assert_eq!(bits(&back.bars[0]), bits(&bar));
        prop_assert_eq!(back.bars[0].time, bar.time);
        prop_assert_eq!(back.columns[0].to_bits(), column.to_bits());
    }
}

/// A feed that says `text`, and closes.
fn connect(text: String) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The client may have heard enough before the end.
        let _ = stream.write_all(text.as_bytes());
    });
    let broker = paper(tradepit_live::Feed::socket(addr));
    let connected = LiveVenue::connect(broker, Mean::default(), None, options());
    server.join().unwrap();
    connected.map(|_| ()).map_err(|e| e.to_string())
}

fn hello(version: u32, history: u32) -> String {
    let line = FeedLine::Hello(FeedHello {
        version,
        instruments: vec![Instrument::es()],
        calendar: Calendar::Utc,
        period_ns: 60_000_000_000,
        columns: vec![],
        adjust: Adjustment::default(),
        history,
        remaining: None,
    });
    line.to_line().unwrap()
}

#[test]
fn a_feed_that_says_nonsense_is_refused_by_line() {
    let refused = |text: String| connect(text).unwrap_err();
    assert_eq!(refused("GET / HTTP/1.1\n".into()), "venue: feed, line 1: expected value at line 1 column 1");
    assert_eq!(refused("{\"end\":{}}\n".into()), "venue: feed, line 1: a feed begins with hello");
    assert_eq!(refused(String::new()), "venue: the feed closed after line 0 without an end");
    assert_eq!(refused(hello(WIRE_VERSION + 1, 1)), "venue: the feed speaks version 2, and this is 1");
    assert_eq!(refused(hello(1, 0)), "too little data: the feed has no row of history; serve at least 1");
    assert_eq!(refused(hello(1, 2) + "{\"end\":{}}\n"), "venue: the feed ended after 0 of 2 rows of history");
    let nan = hello(1, 1) + "{\"row\":{\"bars\":[{\"time\":1,\"open\":NaN}]}}\n";
    assert!(refused(nan).starts_with("venue: feed, line 2: expected value at line 1 column"));
    let crossed = r#"{"row":{"bars":[{"time":1,"open":2.0,"high":1.0,"low":3.0,"close":2.0,"volume":0.0}]}}"#;
    let crossed = refused(hello(1, 1) + crossed + "\n");
    assert!(
        crossed.contains("row of 1970-01-01T00:00:00.000000001Z: instrument 0: high 1 is below low 3"),
        "{crossed}"
    );
    let long = refused("x".repeat(3 << 20));
    assert!(long.starts_with("venue: feed, line 1: longer than 1048576 bytes"), "{long}");
}

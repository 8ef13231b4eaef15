//! Where a paper broker's bars come from.

use std::{net::SocketAddr, sync::Arc};

use tokio::net::TcpStream;
use tradepit::{
    Error, MarketData, Result,
    account::AccountSnapshot,
    venue::{Opening, Row},
};

use crate::wire::{FeedHello, FeedLine, Lines, WIRE_VERSION};

/// A source of bars: data in memory, or another process.
///
/// ```
/// use std::sync::Arc;
/// use tradepit::market::synth;
/// use tradepit_live::Feed;
/// // Row 10 and those before it are known when the session begins.
/// let feed = Feed::memory(Arc::new(synth::es_1m(100, 0).unwrap()), 10);
/// assert!(matches!(feed, Feed::Memory(_)));
/// ```
#[derive(Debug)]
pub enum Feed {
    /// Data in memory, replayed.
    Memory(MemoryFeed),
    /// Another process, over TCP; see [`FeedServer`](crate::FeedServer) for what it speaks.
    Socket(SocketFeed),
}

/// Rows of data in memory; see [`Feed::memory`].
///
/// ```
/// use tradepit_live::Feed;
/// let data = std::sync::Arc::new(tradepit::market::synth::es_1m(100, 0).unwrap());
/// assert!(matches!(Feed::memory(data, 10), Feed::Memory(_)));
/// ```
#[derive(Debug)]
pub struct MemoryFeed {
    data: Arc<MarketData>,
    /// The last row that was served.
    row: u32,
}

/// A server of rows; see [`Feed::socket`].
///
/// ```
/// use tradepit_live::Feed;
/// assert!(matches!(Feed::socket("127.0.0.1:7000".parse().unwrap()), Feed::Socket(_)));
/// ```
#[derive(Debug)]
pub struct SocketFeed {
    server: SocketAddr,
    lines: Option<Lines>,
}

/// What a feed says next.
#[derive(Debug)]
pub(crate) enum FeedNews {
    Row(Row),
    End,
    Closed(String),
}

impl Feed {
    /// Replays `data`: `row` and those before it are the history.
    #[must_use]
    pub fn memory(data: Arc<MarketData>, row: u32) -> Self {
        Self::Memory(MemoryFeed { data, row })
    }

    /// Reads from the server at that address.
    #[must_use]
    pub fn socket(server: SocketAddr) -> Self {
        Self::Socket(SocketFeed { server, lines: None })
    }

    /// Connects, and reads the history; the account opens with `cash`.
    pub(crate) async fn open(&mut self, cash: f64) -> Result<Opening> {
        match self {
            Self::Memory(feed) => Opening::of(&feed.data, feed.row, cash),
            Self::Socket(feed) => feed.open(cash).await,
        }
    }

    /// What comes next. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<FeedNews> {
        match self {
            Self::Memory(feed) => {
                let next = feed.row + 1;
                if next as usize >= feed.data.len() {
                    return Ok(FeedNews::End);
                }
                feed.row = next;
                Ok(FeedNews::Row(Opening::row(&feed.data, next as usize)))
            }
            Self::Socket(feed) => feed.next().await,
        }
    }
}

impl SocketFeed {
    async fn open(&mut self, cash: f64) -> Result<Opening> {
        let server = self.server;
        let stream = TcpStream::connect(server).await;
        let stream = stream.map_err(|e| Error::Venue(format!("no feed at {server}: {e}; is its server running?")))?;
        let mut lines = Lines::new(stream);
        let FeedHello { version, instruments, calendar, period_ns, columns, adjust, history, remaining } =
            match lines.next().await? {
                Ok(FeedLine::Hello(hello)) => hello,
                Ok(_) => return Err(Error::Venue("feed, line 1: a feed begins with hello".into())),
                Err(closed) => return Err(Error::Venue(closed)),
            };
        if version != WIRE_VERSION {
            return Err(Error::Venue(format!("the feed speaks version {version}, and this is {WIRE_VERSION}")));
        }
        let mut rows = Vec::new();
        self.lines = Some(lines);
        for _ in 0..history {
            match self.next().await? {
                FeedNews::Row(row) => rows.push(row),
                FeedNews::End => {
                    let got = rows.len();
                    return Err(Error::Venue(format!("the feed ended after {got} of {history} rows of history")));
                }
                FeedNews::Closed(why) => return Err(Error::Venue(why)),
            }
        }
        let snapshot = AccountSnapshot { cash, positions: Vec::new() };
        Ok(Opening {
            instruments,
            calendar,
            period_ns,
            columns,
            adjust,
            snapshot,
            history: rows,
            remaining,
            look_ahead: false,
        })
    }

    async fn next(&mut self) -> Result<FeedNews> {
        let Some(lines) = &mut self.lines else {
            return Err(Error::Venue("the feed is not open; connect first".into()));
        };
        match lines.next().await? {
            Ok(FeedLine::Row(row)) => Ok(FeedNews::Row(row)),
            Ok(FeedLine::End {}) => Ok(FeedNews::End),
            Ok(FeedLine::Hello(_)) => Err(Error::Venue("the feed said hello twice".into())),
            Err(closed) => Ok(FeedNews::Closed(closed)),
        }
    }
}

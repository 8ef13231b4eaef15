//! The feed's wire: one JSON object a line, from the server to the client, over TCP.
//!
//! ```text
//! {"hello": {"version": 1, "instruments": [..], "calendar": "utc", "period_ns": 60000000000, "history": 2, "remaining": 1}}
//! {"row": {"bars": [{"time": 60000000000, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 3.0}]}}
//! {"row": ..}
//! {"row": ..}
//! {"end": {}}
//! ```
//!
//! A row may hold more than its bars: `columns`, `quotes` (for each instrument what stood when its bar opened, or `null`) and
//! `sub_bars` (finer bars, moment by moment).
//!
//! The first `history` rows have closed already when the session begins; the others come as they close. A connection that
//! closes without `end` has failed. Numbers survive bit for bit.

use serde::{Deserialize, Serialize};
use tokio::{io::AsyncReadExt as _, net::TcpStream};
use tradepit::{
    Error, Instrument, Result,
    market::{Adjustment, Calendar},
    venue::Row,
};

/// The only version so far.
pub const WIRE_VERSION: u32 = 1;

/// A longer line is refused: nobody needs to believe a peer that never ends one.
const LONGEST_LINE: usize = 1 << 20;

/// What a feed says first.
///
/// ```
/// use tradepit::{Instrument, market::{Adjustment, Calendar}};
/// let hello = tradepit_live::FeedHello { version: 1, instruments: vec![Instrument::es()], calendar: Calendar::Cme,
///     period_ns: 60_000_000_000, columns: vec![], adjust: Adjustment::default(), history: 100, remaining: None };
/// assert_eq!(hello.version, tradepit_live::WIRE_VERSION);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedHello {
    /// Version of the wire.
    pub version: u32,
    /// What is traded.
    pub instruments: Vec<Instrument>,
    /// The rule that cuts time into sessions.
    pub calendar: Calendar,
    /// Length of a bar in nanoseconds.
    pub period_ns: i64,
    /// Names of the user's own columns.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How the bars that features are made of pass over events.
    #[serde(default)]
    pub adjust: Adjustment,
    /// How many rows have closed already; at least 1.
    pub history: u32,
    /// How many will follow them, where that is known.
    #[serde(default)]
    pub remaining: Option<u32>,
}

/// One line of the wire.
///
/// ```
/// use tradepit_live::FeedLine;
/// assert_eq!(FeedLine::parse(br#"{"end":{}}"#, 3).unwrap(), FeedLine::End {});
/// let refused = FeedLine::parse(b"{\"ned\":{}}", 3).unwrap_err().to_string();
/// assert!(refused.starts_with("venue: feed, line 3: unknown variant `ned`"), "{refused}");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FeedLine {
    /// The first line.
    Hello(FeedHello),
    /// A row that has closed.
    Row(Row),
    /// The feed is over.
    End {},
}

impl FeedLine {
    /// Reads one line, without its end; `line` counts from 1 and is for messages.
    ///
    /// # Errors
    /// Names the line and what is wrong with it.
    pub fn parse(text: &[u8], line: u64) -> Result<Self> {
        serde_json::from_slice(text).map_err(|e| Error::Venue(format!("feed, line {line}: {e}")))
    }

    /// One line, with its end.
    ///
    /// # Errors
    /// When a number is not finite: JSON has no word for it.
    pub fn to_line(&self) -> Result<String> {
        if let Self::Row(row) = self {
            row.check(row.bars.len(), row.columns.len(), None)?;
        }
        let line = serde_json::to_string(self).map_err(|e| Error::Venue(format!("feed: {e}")))?;
        Ok(line + "\n")
    }
}

/// Reads lines off a socket. Dropping a read half way loses nothing.
#[derive(Debug)]
pub(crate) struct Lines {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// Up to where there is known to be no end of that line.
    scanned: usize,
    line: u64,
}

impl Lines {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, scanned: 0, line: 0 }
    }

    /// The next line; a text when the connection is over.
    pub(crate) async fn next(&mut self) -> Result<std::result::Result<FeedLine, String>> {
        loop {
            if let Some(at) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
                let (from, to) = (self.start, self.scanned + at);
                (self.start, self.scanned, self.line) = (to + 1, to + 1, self.line + 1);
                return FeedLine::parse(self.buffer[from..to].trim_ascii_end(), self.line).map(Ok);
            }
            self.buffer.drain(..self.start);
            (self.start, self.scanned) = (0, self.buffer.len());
            if self.scanned > LONGEST_LINE {
                let line = self.line + 1;
                return Err(Error::Venue(format!(
                    "feed, line {line}: longer than {LONGEST_LINE} bytes; is it a feed?"
                )));
            }
            self.buffer.reserve(64 * 1024);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) => return Ok(Err(format!("the feed closed after line {} without an end", self.line))),
                Ok(_) => {}
                Err(e) => return Ok(Err(format!("the feed broke after line {}: {e}", self.line))),
            }
        }
    }
}

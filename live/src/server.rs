//! A server of bars, for sessions whose feed is another process.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use tradepit::{Error, MarketData, Result, venue::Opening};

use crate::wire::{FeedHello, FeedLine, WIRE_VERSION};

/// How a server delivers.
///
/// ```
/// let pace = tradepit_live::Pace { batch: 10, delay: std::time::Duration::from_millis(5) };
/// assert_eq!(tradepit_live::Pace::default().batch, 1);
/// assert_ne!(pace, tradepit_live::Pace::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Rows that are sent at once; at least 1.
    pub batch: u32,
    /// Wait before each batch.
    pub delay: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { batch: 1, delay: Duration::ZERO }
    }
}

/// Serves the rows of one data set to whoever connects from this machine, each connection from the beginning.
///
/// The wire is one JSON object a line, from the server to the client: `{"hello": ..}` ([`FeedHello`]), then as many
/// `{"row": ..}` as it names history, sent at once; then, at the pace asked for, the others; then `{"end": {}}`. A
/// connection that closes without `end` has failed. Numbers survive bit for bit. The program `tradepit-feed` is this
/// server over a synthetic market.
///
/// ```
/// use std::{io::{BufRead as _, BufReader}, net::TcpStream, sync::Arc};
/// use tradepit::market::synth;
/// use tradepit_live::{FeedLine, FeedServer, Pace};
/// let server = FeedServer::bind(Arc::new(synth::es_1m(5, 0).unwrap()), 1, Pace::default(), 0).unwrap();
/// let client = TcpStream::connect(server.addr()).unwrap();
/// let thread = std::thread::spawn(move || server.serve_one());
/// let lines: Vec<_> = BufReader::new(client).lines().map(|line| line.unwrap()).collect();
/// assert_eq!(lines.len(), 1 + 5 + 1);
/// assert_eq!(FeedLine::parse(lines[6].as_bytes(), 7).unwrap(), FeedLine::End {});
/// thread.join().unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct FeedServer {
    listener: TcpListener,
    addr: SocketAddr,
    data: Arc<MarketData>,
    row: u32,
    pace: Pace,
}

impl FeedServer {
    /// Listens on this machine's loopback at `port` (0: any that is free); `row` and those before it are the history.
    ///
    /// # Errors
    /// When there is no such row, the batch is 0, or the port is taken.
    pub fn bind(data: Arc<MarketData>, row: u32, pace: Pace, port: u16) -> Result<Self> {
        if row as usize >= data.len() {
            return Err(Error::TooLittleData(format!("start at row {row} of {} rows", data.len())));
        }
        if pace.batch == 0 {
            return Err(Error::spec("batch", "0 rows at once never end; give at least 1"));
        }
        let io = |source| Error::Io { path: format!("127.0.0.1:{port}"), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(io)?;
        let addr = listener.local_addr().map_err(io)?;
        Ok(Self { listener, addr, data, row, pace })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for a client, and serves it to the end.
    ///
    /// # Errors
    /// When the client leaves before the end.
    pub fn serve_one(&self) -> Result<()> {
        let io = |source| Error::Io { path: self.addr.to_string(), source };
        let (stream, _) = self.listener.accept().map_err(io)?;
        self.stream(stream)
    }

    fn stream(&self, mut to: TcpStream) -> Result<()> {
        let data = &*self.data;
        let (len, history) = (data.len(), self.row as usize + 1);
        let io = |source| Error::Io { path: self.addr.to_string(), source };
        // What is sent at once is one write, and leaves at once.
        to.set_nodelay(true).map_err(io)?;
        let hello = FeedLine::Hello(FeedHello {
            version: WIRE_VERSION,
            instruments: data.instruments().to_vec(),
            calendar: data.calendar(),
            period_ns: data.period_ns(),
            columns: data.columns().iter().map(|(name, _)| name.clone()).collect(),
            adjust: data.adjustment(),
            history: history as u32,
            remaining: Some((len - history) as u32),
        });
        let mut at_once = hello.to_line()?;
        for t in 0..len {
            if t >= history && (t - history).is_multiple_of(self.pace.batch as usize) {
                to.write_all(at_once.as_bytes()).map_err(io)?;
                at_once.clear();
                std::thread::sleep(self.pace.delay);
            }
            at_once += &FeedLine::Row(Opening::row(data, t)).to_line()?;
        }
        at_once += &FeedLine::End {}.to_line()?;
        to.write_all(at_once.as_bytes()).map_err(io)
    }
}

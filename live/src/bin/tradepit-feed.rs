//! Serves a synthetic market's bars to paper sessions: prints its port, then serves one client after another.
//!
//! ```text
//! tradepit-feed [--market es_1m|planted] [--bars 2000] [--seed 0] [--row 100] [--batch 1] [--delay-ms 0] [--port 0]
//! ```

use std::{error::Error, io::Write as _, sync::Arc, time::Duration};

use tradepit::market::synth::{self, Leak};
use tradepit_live::{FeedServer, Pace};

const USAGE: &str = "usage: tradepit-feed [--market es_1m|planted] [--bars 2000] [--seed 0] [--row 100] [--batch 1] \
                     [--delay-ms 0] [--port 0]
Serves a synthetic market's bars to paper sessions on this machine, and prints the port first.
Example: tradepit-feed --bars 5000 --batch 10 --delay-ms 20";

fn main() -> Result<(), Box<dyn Error>> {
    let (mut market, mut bars, mut seed, mut row) = ("es_1m".to_owned(), 2000, 0, 100);
    let (mut batch, mut delay_ms, mut port) = (1, 0, 0);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        if name == "--help" || name == "-h" {
            return say(USAGE);
        }
        let value = args.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        match name.as_str() {
            "--market" => market = value,
            "--bars" => bars = value.parse()?,
            "--seed" => seed = value.parse()?,
            "--row" => row = value.parse()?,
            "--batch" => batch = value.parse()?,
            "--delay-ms" => delay_ms = value.parse()?,
            "--port" => port = value.parse()?,
            _ => return Err(format!("{name} is unknown\n{USAGE}").into()),
        }
    }
    let data = match market.as_str() {
        "es_1m" => synth::es_1m(bars, seed)?,
        "planted" => synth::planted(bars, seed, Leak::OpenToOpen, 4.0, 4.0)?,
        other => return Err(format!("--market {other} is unknown; take es_1m or planted").into()),
    };
    let pace = Pace { batch, delay: Duration::from_millis(delay_ms) };
    let server = FeedServer::bind(Arc::new(data), row, pace, port)?;
    say(&server.addr().port().to_string())?;
    loop {
        // A client that leaves early is its own business; the next one starts from the beginning.
        let _ = server.serve_one();
    }
}

fn say(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

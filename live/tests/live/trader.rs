//! A market, features, models that draw, and somebody who trades at random: the same on every venue.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rand::RngExt as _;
use tradepit::{
    Bar, InstrumentId, MarketData, Result, Rng, Venue,
    account::{Account, AccountEvent},
    market::{
        Adjustment, FeatureTable, MarketEvent, MarketFact, RowDetails,
        synth::{self, Leak},
    },
    models::{
        Bps, Commission, FillContext, Financing, MarginContext, MarginModel, MarginRule, Models, PerpetualFunding,
        Required, Slippage, SlippageModel, VolumeMeasure, VolumePeriod, VolumeTier, VolumeTiers,
    },
    order::OrderRequest,
    rng::{Purpose, stream},
    venue::{Advance, RowMaker, SimVenue, SimWorld, Start},
};
use tradepit_live::{Feed, LiveOptions, PaperBroker};

pub(crate) const CASH: f64 = 1e7;
pub(crate) const SEED: u64 = 11;

/// A slippage that draws: the random stream must be at the same place on all venues.
#[derive(Debug)]
struct Drawn;

impl SlippageModel for Drawn {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        ctx.reference + ctx.qty.signum() * rng.random::<f64>()
    }
}

/// Two millions for a unit; at one price in seven six millions to keep it, so that there are margin calls.
#[derive(Debug)]
struct Moody;

impl MarginModel for Moody {
    fn required(&self, ctx: &MarginContext<'_>) -> Required {
        let (size, ticks) = (ctx.qty.abs(), (ctx.price / ctx.instrument.tick).round());
        Required { initial: 2e6 * size, maintenance: if ticks % 7.0 == 0.0 { 6e6 } else { 1e6 } * size }
    }
}

fn tier((from, bps): (f64, f64)) -> VolumeTier {
    VolumeTier { from, commission: Commission::Bps(Bps::new(bps)) }
}

pub(crate) fn models() -> Models {
    Models {
        slippage: Slippage::Custom(Arc::new(Drawn)),
        // What the account has traded, and what the venue does on its own, must survive a restart, too.
        commission: Commission::VolumeTiers(VolumeTiers {
            measure: VolumeMeasure::Value,
            period: VolumePeriod::ThirtyDays,
            whole: false,
            tiers: [(0.0, 0.5), (3e6, 0.4), (1e7, 0.3)].map(tier).to_vec(),
        }),
        financing: Financing::Funding(PerpetualFunding { rate: 1e-5, hours: 1 }),
        margin: MarginRule::Custom(Arc::new(Moody)),
        ..Models::default()
    }
}

/// One feature that remembers the whole past, and one out of the user's column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mean {
    value: f64,
    rows: u32,
}

impl RowMaker for Mean {
    fn names(&self) -> Vec<String> {
        vec!["mean".into(), "signal".into()]
    }

    fn update(&mut self, bars: &[Bar], columns: &[f32], _: RowDetails<'_>, row: &mut [f32]) -> Result<()> {
        self.value += 0.1 * (bars[0].close - self.value);
        self.rows += 1;
        row[0] = if self.rows == 1 { f32::NAN } else { (bars[0].close - self.value) as f32 };
        row[1] = columns[0];
        Ok(())
    }
}

/// What `tradepit-feed --market planted` serves, with the features that a simulation reads.
pub(crate) fn data(bars: usize) -> Arc<MarketData> {
    with_features(synth::planted(bars, SEED, Leak::OpenToOpen, 4.0, 4.0).unwrap())
}

/// The same market, in which it is halted, split, paid and rolled every now and then.
pub(crate) fn eventful(bars: usize) -> Arc<MarketData> {
    let plain = synth::planted(bars, SEED, Leak::OpenToOpen, 4.0, 4.0).unwrap();
    let facts = [
        MarketFact::Split { ratio: 1.5 },
        MarketFact::Halt {},
        MarketFact::Resume {},
        MarketFact::Dividend { amount: 0.3 },
        MarketFact::Roll { from_price: 5_000.0, to_price: 5_000.7 },
        MarketFact::Split { ratio: 0.7 },
    ];
    let event = |(at, what): (usize, &MarketFact)| {
        let time = plain.bars()[7 * at + 3].time.plus_ns(1);
        MarketEvent { time, instrument: InstrumentId(0), what: *what }
    };
    let events = facts.iter().cycle().take(bars / 7 / facts.len() * facts.len()).enumerate().map(event).collect();
    let (name, signal) = plain.columns()[0].clone();
    let builder = MarketData::builder(plain.instruments().to_vec()).calendar(plain.calendar()).column(name, signal);
    let builder = builder.period_ns(plain.period_ns()).adjust(Adjustment::Difference);
    with_features(builder.events(events).bars(plain.bars().to_vec()).build().unwrap())
}

fn with_features(mut data: MarketData) -> Arc<MarketData> {
    let (mut maker, mut table) = (Mean::default(), FeatureTable::new(data.len(), 2));
    for t in 0..data.len() {
        maker
            .update(&data.feature_bars()[t..=t], &[data.columns()[0].1[t]], RowDetails::default(), table.row_mut(t))
            .unwrap();
    }
    data.set_table(maker.names(), 1, table).unwrap();
    Arc::new(data)
}

pub(crate) fn sim(data: &Arc<MarketData>) -> SimVenue {
    SimVenue::new(Arc::new(SimWorld::new(data.clone(), models(), CASH).unwrap()), SEED)
}

pub(crate) fn paper(feed: Feed) -> PaperBroker {
    PaperBroker::new(feed, models(), CASH, stream(SEED, 0, Purpose::Models)).unwrap()
}

/// Waits that end.
pub(crate) fn options() -> LiveOptions {
    LiveOptions { silence: Some(Duration::from_secs(30)), ..LiveOptions::default() }
}

/// What one can see at a decision, as bits.
pub(crate) type Seen = (Vec<u32>, Vec<u64>, Option<u32>);

pub(crate) fn see(venue: &impl Venue, account: &Account) -> Seen {
    let window = venue.market().window(8).iter().map(|x| x.to_bits()).collect();
    let books = [account.cash(), account.equity(), account.unrealised(), account.fees(), account.slippage()];
    (window, books.map(f64::to_bits).to_vec(), venue.remaining())
}

/// A whole session.
#[derive(Clone, PartialEq)]
pub(crate) struct Road {
    pub(crate) seen: Vec<Seen>,
    pub(crate) events: Vec<AccountEvent>,
    pub(crate) account: Account,
    pub(crate) end: Advance,
}

impl std::fmt::Debug for Road {
    /// Thousands of decisions would drown a failure.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seen, events, account, end } = self;
        let (decisions, events) = (seen.len(), events.len());
        write!(f, "{decisions} decisions, {events} events, {end:?}, last {:?}, {account:?}", seen.last())
    }
}

/// Trades at random, with an eye on the features, until there is no further decision.
pub(crate) fn drive(venue: &mut impl Venue, start: u32) -> Result<Road> {
    let n = venue.market().instruments().len();
    let mut road = Road { seen: Vec::new(), events: Vec::new(), account: Account::new(n), end: Advance::EndOfData };
    let mut rng = stream(SEED, 0, Purpose::Policy);
    venue.open(Start::At(start), &mut road.account)?;
    loop {
        let seen = see(venue, &road.account);
        let lucky = seen.0.last().is_some_and(|bits| f32::from_bits(*bits) > 0.0);
        road.seen.push(seen);
        for _ in 0..rng.random_range(0..3u32) + u32::from(lucky) {
            let qty = f64::from(rng.random_range(1..4i32)) * if rng.random::<bool>() { 1.0 } else { -1.0 };
            let id = venue.submit(OrderRequest::market(InstrumentId(rng.random_range(0..n as u32)), qty))?;
            if rng.random_range(0..8u32) == 0 {
                venue.cancel(id)?;
            }
        }
        road.end = venue.advance(&mut road.account, |event| road.events.push(*event))?;
        if !matches!(road.end, Advance::Decision(_)) {
            return Ok(road);
        }
    }
}

/// A feed server in a process of its own; it ends with this.
#[derive(Debug)]
pub(crate) struct FeedProcess {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl FeedProcess {
    pub(crate) fn start(bars: usize, start: u32, batch: u32, delay_ms: u64) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tradepit-feed"))
            .args(["--market", "planted", "--seed", &SEED.to_string(), "--bars", &bars.to_string()])
            .args(["--row", &start.to_string(), "--batch", &batch.to_string(), "--delay-ms", &delay_ms.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap();
        Self { child, addr: ([127, 0, 0, 1], port).into() }
    }
}

impl Drop for FeedProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

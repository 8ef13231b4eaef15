//! Simulator, lanes, paper venue and journal replay: one step function, one execution, the same bits.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod environment;
mod flags;
mod random;
#[path = "../road/mod.rs"]
mod road;
mod sessions;
mod trader;

use rand::RngExt as _;
use tradepit::{
    InstrumentId, MarketData, Rng,
    market::{MarketEvent, MarketFact, Quote, QuotesAt, synth},
    models::{FillContext, SlippageModel},
    rng::{Purpose, stream},
};

const SEED: u64 = 4;

/// Up to two ticks worse, at random: a model that uses the random stream shows whether streams agree.
#[derive(Debug)]
struct RandomTicks;

impl SlippageModel for RandomTicks {
    fn price(&self, ctx: &FillContext<'_>, rng: &mut Rng) -> f64 {
        ctx.reference + rng.random_range(0.0..2.0) * ctx.instrument.tick * ctx.qty.signum()
    }
}

/// The same bars, in which things happen to the first instrument: halts of ten bars, splits there and back, dividends, rolls, and rates in a column.
fn eventful(data: &MarketData) -> MarketData {
    let bars: Vec<_> = data.bars().iter().step_by(data.instruments().len()).collect();
    let facts = |at: usize| match at / 50 % 6 {
        0 => vec![(0, MarketFact::Halt {}), (10, MarketFact::Resume {})],
        1 => vec![(0, MarketFact::Split { ratio: 1.5 }), (3, MarketFact::Dividend { amount: 40.0 })],
        2 => {
            let close = bars[at - 1].close;
            vec![(0, MarketFact::Roll { from_price: close, to_price: close + 5.0 })]
        }
        3 => vec![(0, MarketFact::Dividend { amount: 25.0 }), (0, MarketFact::Split { ratio: 0.5 })],
        _ => vec![],
    };
    let place =
        |(row, what): (usize, MarketFact)| MarketEvent { time: bars[row - 1].time, instrument: InstrumentId(0), what };
    let events = (50..bars.len() - 50).step_by(50);
    let events = events.flat_map(|at| facts(at).into_iter().map(move |(later, what)| (at + later, what))).map(place);
    let rates = (0..bars.len()).map(|row| (row as f32 * 0.7).sin() * 1e-3).collect();
    data.part(0..data.len()).events(events.collect()).column("rate", rates).build().unwrap()
}

/// Rows of five minutes over bars of one, with quotes that came up to a minute before the opens, or not at all.
fn quoted(rows: usize) -> MarketData {
    let fine = synth::es_1m(5 * rows, 8).unwrap();
    let mut rng = stream(3, 0, Purpose::Synth);
    let quotes: Vec<Option<Quote>> = fine
        .bars()
        .iter()
        .map(|bar| {
            let time = bar.time.plus_ns(-rng.random_range(0..60_000_000_000));
            let (below, above) = (f64::from(rng.random_range(0..4u32)), f64::from(rng.random_range(0..4u32)));
            let size = f64::from(rng.random_range(0..100u32));
            let (bid, ask) = (bar.close - 0.25 * below, bar.close + 0.25 * above);
            (rng.random_range(0..10u32) > 0).then_some(Quote { time, bid, ask, bid_size: size, ask_size: 0.0 })
        })
        .collect();
    let fine = fine.part(0..fine.len()).quotes(quotes, QuotesAt::Close).build().unwrap();
    fine.resample(300_000_000_000).unwrap()
}

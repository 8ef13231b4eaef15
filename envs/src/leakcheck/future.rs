//! Data with another future.

use rand::{RngExt as _, seq::SliceRandom as _};
use tradepit::{
    Bar, MarketData, Rng,
    market::{Quote, QuotesAt},
};

use crate::Result;

/// What becomes of the rows behind a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Another {
    /// Each has other prices and another volume.
    Prices,
    /// They come in another order; where they hold finer bars, which can't, they have other prices.
    Order,
}

/// Largest share by which a price becomes another.
const MOVE: f64 = 0.03;

/// The data with other rows behind row `cut`. Times stay; events behind the cut do not happen.
pub(super) fn another_future(data: &MarketData, cut: usize, how: Another, rng: &mut Rng) -> Result<MarketData> {
    let (n, len) = (data.instruments().len(), data.len());
    let mut order: Vec<usize> = (0..len).collect();
    order[cut + 1..].shuffle(rng);
    let ordered = how == Another::Order && !data.has_sub_bars();
    // Of each bar: what its prices are multiplied by, and its volume.
    let factors: Vec<(f64, f64)> = (0..len * n)
        .map(|at| match at / n > cut && !ordered {
            true => (1.0 + rng.random_range(-MOVE..MOVE), rng.random_range(0.2..3.0)),
            false => (1.0, 1.0),
        })
        .collect();
    let price = |id: usize, price: f64, factor: f64| {
        // What is not changed stays as it is, on the grid or not.
        if factor == 1.0 { price } else { data.instruments()[id].round_price(price * factor) }
    };
    let changed = |row: usize, id: usize, bar: &Bar| {
        let (prices, volume) = factors[row * n + id];
        let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(|p| price(id, p, prices));
        let volume = if volume == 1.0 { bar.volume } else { (bar.volume * volume).round() };
        Bar { open, high, low, close, volume, ..*bar }
    };
    let bars = (0..len * n).map(|at| {
        let (row, id) = (at / n, at % n);
        let from = if ordered { order[row] } else { row };
        Bar { time: data.bars()[at].time, ..changed(row, id, &data.bars()[from * n + id]) }
    });
    let sub_bars = (0..len).flat_map(|row| {
        let finer = data.details(row).sub_bars.iter().enumerate();
        finer.map(move |(at, bar)| (row, at % n, bar))
    });
    let events = (0..=cut).flat_map(|row| data.details(row).events).copied();
    let mut other = data
        .part(0..len)
        .bars(bars.collect())
        .sub_bars(sub_bars.map(|(row, id, bar)| changed(row, id, bar)).collect())
        .events(events.collect());
    if data.has_quotes() {
        let quotes =
            (0..len).flat_map(|row| data.details(row).quotes.iter().enumerate().map(move |(id, q)| (row, id, q)));
        let moved = quotes.map(|(row, id, quote)| {
            let factor = factors[row * n + id].0;
            quote.map(|q| Quote { bid: price(id, q.bid, factor), ask: price(id, q.ask, factor), ..q })
        });
        other = other.quotes(moved.collect::<Vec<_>>(), QuotesAt::Open);
    }
    let mut other = other.build()?;
    // What a column says of later rows is another's, too.
    for (name, values) in data.columns() {
        other = other.with_column(name.clone(), order.iter().map(|from| values[*from]).collect())?;
    }
    Ok(other)
}

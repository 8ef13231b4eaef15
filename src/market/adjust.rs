//! Bars for features: without the jumps that events make.

use serde::{Deserialize, Serialize};

use super::{Bar, Instrument, MarketEvent, MarketFact};

/// How the bars that features are made of pass over splits, dividends and rolls. Fills are always at raw prices.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, Timestamp, market::{Adjuster, Adjustment, MarketEvent, MarketFact}};
/// let bar = |close: f64| Bar { open: close, high: close, low: close, close, ..Bar::default() };
/// // The contract is left at 100, and the next one taken at 110, which then rises by a tenth.
/// let roll = MarketEvent { time: Timestamp::default(), instrument: InstrumentId(0),
///     what: MarketFact::Roll { from_price: 100.0, to_price: 110.0 } };
/// let after = |how: Adjustment| {
///     let mut adjuster = Adjuster::new(how, &[Instrument::es()]);
///     let mut seen = [bar(0.0)];
///     adjuster.update(&[bar(100.0)], &[], &mut seen);
///     adjuster.update(&[bar(121.0)], &[roll], &mut seen);
///     seen[0].close
/// };
/// assert!((after(Adjustment::Ratio) - 110.0).abs() < 1e-9); // a tenth
/// assert_eq!(after(Adjustment::Difference), 111.0);         // eleven points
/// assert_eq!(after(Adjustment::None), 121.0);
/// ```
///
/// The adjustment goes forward: the first price is raw, and each event moves what comes after it. So a row never changes
/// when a later event comes, and a session that began with the same row sees what a simulation saw. Adjusting backward
/// (the last price is raw) differs from it by one factor, or one offset, for the whole series: returns, or differences,
/// are the same, but the level of every past price then tells of events that were still to come.
///
/// ```text
///                        ratio                      difference
/// split by r             price * r                  price * r
/// dividend of d behind c price * c / (c - d)        price + d
/// roll from a to b       price * a / b              price - (b - a)
/// ```
///
/// Each line holds for all prices from then on, on top of what came before; `c` is the last close. By ratio, a dividend is
/// as good as reinvested at the price `c - d`. Volumes are counted in the units of the first row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// By factors, so that returns are right; needs prices above 0 at rolls.
    #[default]
    Ratio,
    /// By offsets, so that differences are right; prices may go below 0.
    Difference,
    /// Not at all: features see raw prices and their jumps.
    None,
}

/// Adjusts bars as they come; see [`Adjustment`] for what it comes to.
///
/// ```
/// use tradepit::{Bar, Instrument, market::{Adjuster, Adjustment}};
/// let bar = Bar { open: 4.0, high: 5.0, low: 3.0, close: 4.5, volume: 7.0, ..Bar::default() };
/// let (mut adjuster, mut seen) = (Adjuster::new(Adjustment::Ratio, &[Instrument::es()]), [Bar::default()]);
/// adjuster.update(&[bar], &[], &mut seen);
/// assert_eq!(seen, [bar]); // nothing has happened
/// ```
#[derive(Clone, Debug)]
pub struct Adjuster {
    how: Adjustment,
    instruments: Vec<Moved>,
}

/// What the events of one instrument have come to: `price * factor + offset`, `volume / units`.
#[derive(Clone, Copy, Debug)]
struct Moved {
    factor: f64,
    offset: f64,
    units: f64,
    multiplier: f64,
    /// The last close, as it reads after the events behind it.
    last: Option<f64>,
}

impl Adjuster {
    /// Before the first row of a market of these instruments.
    #[must_use]
    pub fn new(how: Adjustment, instruments: &[Instrument]) -> Self {
        let moved = |i: &Instrument| {
            let multiplier = i.multiplier;
            Moved { factor: 1.0, offset: 0.0, units: 1.0, multiplier, last: None }
        };
        Self { how, instruments: instruments.iter().map(moved).collect() }
    }

    /// Takes one row of raw bars and the events before it, and writes the bars that features see.
    pub fn update(&mut self, bars: &[Bar], events: &[MarketEvent], seen: &mut [Bar]) {
        if self.how == Adjustment::None {
            return seen.copy_from_slice(bars);
        }
        for event in events {
            if let Some(moved) = self.instruments.get_mut(event.instrument.0 as usize) {
                moved.pass(self.how, event.what);
            }
        }
        for ((moved, bar), seen) in self.instruments.iter_mut().zip(bars).zip(seen) {
            moved.last = Some(bar.close);
            *seen = moved.adjust(bar);
        }
    }
}

impl Moved {
    fn pass(&mut self, how: Adjustment, what: MarketFact) {
        // Before the first row there is no price to go on from.
        let Some(last) = &mut self.last else { return };
        let by_ratio = how == Adjustment::Ratio;
        match what {
            MarketFact::Split { ratio } => {
                self.factor *= ratio;
                self.units *= ratio;
                *last /= ratio;
            }
            MarketFact::Dividend { amount } => {
                let points = amount / self.multiplier;
                if by_ratio {
                    self.factor *= *last / (*last - points);
                } else {
                    self.offset += self.factor * points;
                }
                *last -= points;
            }
            MarketFact::Roll { from_price, to_price } => {
                if by_ratio {
                    self.factor *= from_price / to_price;
                } else {
                    self.offset -= self.factor * (to_price - from_price);
                }
                *last += to_price - from_price;
            }
            MarketFact::Halt {} | MarketFact::Resume {} => {}
        }
    }

    fn adjust(&self, bar: &Bar) -> Bar {
        let price = |raw: f64| raw * self.factor + self.offset;
        Bar {
            time: bar.time,
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: bar.volume / self.units,
        }
    }
}

//! Several markets on one clock.

use serde::{Deserialize, Serialize};

use super::{Bar, Instrument, InstrumentId, MarketData, MarketDataBuilder, MarketEvent, MarketFact, QuotesAt};
use crate::{Error, Result, Timestamp};

/// What to do where an instrument has no bar of a time at which another has one.
///
/// ```
/// use tradepit::market::Missing;
/// assert_eq!(serde_json::from_str::<Missing>(r#"{"kind": "carry"}"#).unwrap(), Missing::Carry {});
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Missing {
    /// Refuse the data, and say where (the default).
    Refuse {},
    /// Leave the row out: what is not common to all is not there.
    Drop {},
    /// Stand still: a bar without volume at the last close, halted from its open until the instrument has a bar again, so
    /// that nothing fills at a price that nobody made. Rows begin when every instrument has had a bar.
    Carry {},
}

impl Default for Missing {
    fn default() -> Self {
        Self::Refuse {}
    }
}

/// Puts several markets on one clock: the instruments of each behind those of the one before.
///
/// ```
/// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, market::{Missing, align}};
/// let market = |instrument, minutes: &[i64]| MarketData::builder(vec![instrument]).bars(minutes.iter().map(|m| Bar {
///     time: Timestamp::from_nanos(m * 60_000_000_000), open: 9.0, high: 9.0, low: 9.0, close: 9.0, volume: 5.0,
/// }).collect()).build().unwrap();
/// let (es, nq) = (market(Instrument::es(), &[1, 2, 3, 4]), market(Instrument::nq(), &[1, 2, 4]));
/// let rows = |missing| align(&[&es, &nq], missing).unwrap().build().unwrap();
/// assert_eq!(rows(Missing::Drop {}).len(), 3);
/// let carried = rows(Missing::Carry {});
/// assert_eq!(carried.view(3).last(InstrumentId(1)).volume, 0.0);
/// assert!(carried.view(3).is_halted(InstrumentId(1)) && !carried.view(4).is_halted(InstrumentId(1)));
/// ```
///
/// Columns are called by instrument, as in `NQ.sentiment`; where an instrument is carried, so is what is in them. An event
/// takes effect with the next bar of its own instrument.
///
/// # Errors
/// When there is no market, two disagree on calendar, period or adjustment, an instrument is there twice, one has finer bars
/// (make longer rows after this), a time is missing and that is refused, or no row is left.
pub fn align(markets: &[&MarketData], missing: Missing) -> Result<MarketDataBuilder> {
    let Some(first) = markets.first() else {
        return Err(Error::spec("markets", "there is none; name at least one"));
    };
    check(markets)?;
    let times = clock(markets, missing)?;
    let Some(begin) = times.first() else {
        return Err(Error::TooLittleData("no time is common to all instruments".into()));
    };
    let n: usize = markets.iter().map(|market| market.instruments().len()).sum();
    let mut bars = vec![Bar::default(); times.len() * n];
    let mut quotes = vec![None; if markets.iter().any(|market| market.has_quotes()) { times.len() * n } else { 0 }];
    let (mut columns, mut events, mut offset) = (Vec::new(), Vec::new(), 0);
    for market in markets {
        let width = market.instruments().len();
        let mut track = Track { market, offset, begin: *begin, halted: vec![false; width], events: &mut events };
        let rows = track.walk(&times);
        for (at, (own, carried)) in rows.iter().enumerate() {
            for id in 0..width {
                let place = at * n + offset + id;
                let bar = market.bars()[own * width + id];
                let flat = Bar { open: bar.close, high: bar.close, low: bar.close, volume: 0.0, ..bar };
                bars[place] = Bar { time: times[at], ..if *carried { flat } else { bar } };
                if !carried && market.has_quotes() {
                    quotes[place] = market.details(*own).quotes[id];
                }
            }
        }
        let name = &market.instruments()[0].name;
        for (column, values) in market.columns() {
            columns.push((format!("{name}.{column}"), rows.iter().map(|(own, _)| values[*own]).collect::<Vec<f32>>()));
        }
        offset += width;
    }
    let instruments: Vec<Instrument> = markets.iter().flat_map(|market| market.instruments()).cloned().collect();
    let made = MarketData::builder(instruments)
        .bars(bars)
        .calendar(first.calendar())
        .period_ns(first.period_ns())
        .adjust(first.adjustment())
        .events(events);
    let made = if quotes.is_empty() { made } else { made.quotes(quotes, QuotesAt::Open) };
    Ok(columns.into_iter().fold(made, |made, (name, values)| made.column(name, values)))
}

fn check(markets: &[&MarketData]) -> Result<()> {
    let first = markets[0];
    let names = || markets.iter().flat_map(|market| market.instruments()).map(|instrument| &instrument.name);
    for (at, name) in names().enumerate() {
        if names().take(at).any(|known| known == name) {
            return Err(Error::spec("markets", format!("{name:?} is there twice; rename or drop one")));
        }
    }
    for market in markets {
        let name = &market.instruments()[0].name;
        let told = |market: &MarketData| {
            [
                ("calendar", format!("{:?}", market.calendar())),
                ("period_ns", market.period_ns().to_string()),
                ("adjustment", format!("{:?}", market.adjustment())),
            ]
        };
        if let Some(((field, own), (_, other))) = told(market).into_iter().zip(told(first)).find(|(a, b)| a.1 != b.1) {
            let message = format!("{own} for {name:?}, {other} for {:?}; make them one", first.instruments()[0].name);
            return Err(Error::spec(field, message));
        }
        if market.has_sub_bars() {
            return Err(Error::spec(
                "sub_bars",
                format!("{name:?} has finer bars; align those, then make longer rows"),
            ));
        }
    }
    Ok(())
}

fn times(market: &MarketData) -> impl Iterator<Item = Timestamp> + '_ {
    market.bars().iter().step_by(market.instruments().len()).map(|bar| bar.time)
}

/// The times of the rows.
fn clock(markets: &[&MarketData], missing: Missing) -> Result<Vec<Timestamp>> {
    let mut all: Vec<Timestamp> = markets.iter().flat_map(|market| times(market)).collect();
    all.sort_unstable();
    let whole = |same: &&[Timestamp]| same.len() == markets.len();
    let moments = || all.chunk_by(|a, b| a == b);
    match missing {
        Missing::Refuse {} => {
            let Some(partial) = moments().find(|same| !whole(same)) else {
                return Ok(moments().map(|same| same[0]).collect());
            };
            let lacks = |market: &&&MarketData| times(market).all(|time| time != partial[0]);
            let name = markets.iter().find(lacks).map_or("", |market| &market.instruments()[0].name);
            let message = format!("{name:?} has no bar at {}; choose to drop such rows or to carry", partial[0]);
            Err(Error::spec("missing", message))
        }
        Missing::Drop {} => Ok(moments().filter(whole).map(|same| same[0]).collect()),
        Missing::Carry {} => {
            let begin = markets.iter().filter_map(|market| times(market).next()).max();
            Ok(moments().map(|same| same[0]).filter(|time| Some(*time) >= begin).collect())
        }
    }
}

/// One market along the clock.
struct Track<'a> {
    market: &'a MarketData,
    /// Instruments of the markets before.
    offset: usize,
    begin: Timestamp,
    halted: Vec<bool>,
    events: &'a mut Vec<MarketEvent>,
}

impl Track<'_> {
    /// For each time the market's own row, and whether it is one from before.
    fn walk(&mut self, clock: &[Timestamp]) -> Vec<(usize, bool)> {
        let own: Vec<Timestamp> = times(self.market).collect();
        let (mut rows, mut passed) = (Vec::with_capacity(clock.len()), 0);
        let mut before = self.begin.plus_ns(-self.market.period_ns());
        for time in clock {
            let known = own.partition_point(|own| own <= time);
            // The clock begins when every market has a bar.
            let row = known.saturating_sub(1);
            let carried = own[row] != *time;
            self.pass(passed..if carried { passed } else { known }, row, carried, before);
            passed = if carried { passed } else { known };
            before = *time;
            rows.push((row, carried));
        }
        rows
    }

    /// Tells what takes effect before a row: the events of its own rows since the last one, and who stands still.
    fn pass(&mut self, own: std::ops::Range<usize>, row: usize, carried: bool, before: Timestamp) {
        let happened: Vec<MarketEvent> = own.flat_map(|own| self.market.details(own).events).copied().collect();
        for id in 0..self.halted.len() {
            let instrument = InstrumentId((self.offset + id) as u32);
            let mine = || happened.iter().filter(|event| event.instrument.0 as usize == id);
            let halted = carried || self.market.view(row + 1).is_halted(InstrumentId(id as u32));
            let turn = (halted != self.halted[id]).then(|| {
                let what = if halted { MarketFact::Halt {} } else { MarketFact::Resume {} };
                let time = mine().rev().find(|event| event.what == what).map_or(before, |event| event.time.max(before));
                MarketEvent { time, instrument, what }
            });
            self.halted[id] = halted;
            // A roll is refused in a halt: a resume comes before it, a halt behind it.
            self.events.extend(turn.filter(|_| !halted));
            let prices = mine().filter(|event| event.what.moves_prices());
            self.events.extend(prices.map(|event| MarketEvent { time: event.time.max(before), instrument, ..*event }));
            self.events.extend(turn.filter(|_| halted));
        }
    }
}

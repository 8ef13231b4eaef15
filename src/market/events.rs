//! The events of a market, by the row before whose open they take effect.

use std::{borrow::Cow, ops::Range};

use super::{Adjuster, Adjustment, Bar, Instrument, InstrumentId, MarketData, MarketEvent, MarketFact};
use crate::{Error, Result};

/// Events in the order of their rows, and who is halted when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Events {
    list: Vec<MarketEvent>,
    /// The row of each.
    rows: Vec<u32>,
    /// Who is halted from that row on, wherever it changes.
    halts: Vec<(u32, Vec<InstrumentId>)>,
}

impl Events {
    pub(super) fn all(&self) -> &[MarketEvent] {
        &self.list
    }

    #[inline]
    pub(super) fn of(&self, row: usize) -> &[MarketEvent] {
        if self.list.is_empty() {
            return &[];
        }
        &self.list[self.before(row)..self.before(row + 1)]
    }

    /// How many are of rows before this one.
    fn before(&self, row: usize) -> usize {
        self.rows.partition_point(|known| (*known as usize) < row)
    }

    #[inline]
    pub(super) fn halted(&self, row: usize) -> &[InstrumentId] {
        if self.halts.is_empty() {
            return &[];
        }
        let end = self.halts.partition_point(|(known, _)| *known as usize <= row);
        end.checked_sub(1).map_or(&[], |last| &self.halts[last].1)
    }

    /// Whether `events` can happen before the open of the row behind all known ones, of which `before` is the last.
    ///
    /// # Errors
    /// Names the event, the field and what is wrong with it.
    pub(super) fn check(
        &self,
        events: &[MarketEvent],
        before: Option<&[Bar]>,
        instruments: &[Instrument],
        adjustment: Adjustment,
    ) -> Result<()> {
        let mut halted = self.halts.last().map(|(_, halted)| halted.clone()).unwrap_or_default();
        for (at, event) in events.iter().enumerate() {
            let refuse = |(field, message): (&str, String)| {
                let MarketEvent { time, instrument, what } = event;
                let id = instrument.0;
                Err(Error::spec("events", format!("{what:?} of instrument {id} at {time}: {field} {message}")))
            };
            if let Err(fault) = event.check(instruments.len()) {
                return refuse(fault);
            }
            let id = event.instrument;
            let earlier = events[..at].iter().filter(|earlier| earlier.instrument == id);
            let multiplier = instruments[id.0 as usize].multiplier;
            let known = before.map(|row| row[id.0 as usize]);
            let known = known.map(|bar| earlier.clone().fold(bar, |bar, event| event.what.ex(&bar, multiplier)));
            // What is dated before the data may be a whole history.
            let twice =
                |same: fn(&MarketFact) -> bool| before.is_some() && earlier.clone().any(|event| same(&event.what));
            let stopped = halted.contains(&id);
            let fault = match event.what {
                MarketFact::Dividend { amount } => known
                    .filter(|bar| amount / multiplier >= bar.close)
                    .map(|bar| ("amount", format!("{amount} is not below the last price of {}", bar.close))),
                MarketFact::Split { .. } => twice(|what| matches!(what, MarketFact::Split { .. }))
                    .then(|| ("ratio", "is the second one of a row; multiply both into one".into())),
                MarketFact::Roll { .. } if stopped => {
                    Some(("time", "lies in a halt; roll behind the resume".to_owned()))
                }
                MarketFact::Roll { .. } if twice(|what| matches!(what, MarketFact::Roll { .. })) => {
                    Some(("time", "is that of another roll of this row; keep one".to_owned()))
                }
                MarketFact::Roll { from_price, to_price } => (adjustment == Adjustment::Ratio
                    && from_price.min(to_price) <= 0.0)
                    .then(|| ("price", "at or below 0 has no ratio; adjust by difference".to_owned())),
                MarketFact::Halt {} => stopped.then(|| ("time", "lies in a halt already; keep one".to_owned())),
                MarketFact::Resume {} => (!stopped).then(|| ("time", "lies in no halt; drop it".to_owned())),
            };
            if let Some(fault) = fault {
                return refuse(fault);
            }
            change(&mut halted, event);
        }
        Ok(())
    }

    /// Takes in what [`check`](Self::check) let through.
    pub(super) fn add(&mut self, row: usize, events: &[MarketEvent]) {
        for event in events {
            self.list.push(*event);
            self.rows.push(row as u32);
        }
        if events.iter().any(|event| matches!(event.what, MarketFact::Halt {} | MarketFact::Resume {})) {
            let mut halted = self.halts.last().map(|(_, halted)| halted.clone()).unwrap_or_default();
            events.iter().for_each(|event| change(&mut halted, event));
            self.halts.push((row as u32, halted));
        }
    }
}

impl MarketData {
    /// What happened beside the prices, in the order of the rows.
    #[must_use]
    pub fn events(&self) -> &[MarketEvent] {
        self.events.all()
    }

    /// How the bars that features are made of pass over events.
    #[must_use]
    pub fn adjustment(&self) -> Adjustment {
        self.adjustment
    }

    /// The bars that features are made of, row by row: the raw ones, moved by the events before them.
    ///
    /// ```
    /// use tradepit::{Bar, Instrument, InstrumentId, MarketData, Timestamp, market::{MarketEvent, MarketFact}};
    /// let bar = |minute: i64, close: f64| Bar { time: Timestamp::from_nanos(minute * 60_000_000_000),
    ///     open: close, high: close, low: close, close, volume: 1.0 };
    /// let split = MarketEvent { time: Timestamp::from_nanos(60_000_000_000), instrument: InstrumentId(0),
    ///     what: MarketFact::Split { ratio: 2.0 } };
    /// let data = MarketData::builder(vec![Instrument::equity("XYZ")])
    ///     .bars(vec![bar(1, 10.0), bar(2, 5.25)]).events(vec![split]).build().unwrap();
    /// assert_eq!((data.bars()[1].close, data.feature_bars()[1].close), (5.25, 10.5));
    /// ```
    #[must_use]
    pub fn feature_bars(&self) -> Cow<'_, [Bar]> {
        if self.events.all().is_empty() || self.adjustment == Adjustment::None {
            return Cow::Borrowed(self.bars());
        }
        let (mut adjuster, n) = (Adjuster::new(self.adjustment, self.instruments()), self.instruments().len());
        let mut seen = self.bars().to_vec();
        for (row, (bars, seen)) in self.bars().chunks_exact(n).zip(seen.chunks_exact_mut(n)).enumerate() {
            adjuster.update(bars, self.events.of(row), seen);
        }
        Cow::Owned(seen)
    }

    /// Whether the next row can come with these events.
    ///
    /// # Errors
    /// Names the first that is unusable.
    pub(crate) fn check_events(&self, events: &[MarketEvent]) -> Result<()> {
        let last = self.len().checked_sub(1).map(|row| &self.bars()[row * self.instruments().len()..]);
        self.events.check(events, last, self.instruments(), self.adjustment)
    }

    /// Puts each event before the first row that closes later; what is dated before the data belongs to its first row.
    pub(super) fn place(&mut self, mut events: Vec<MarketEvent>) -> Result<()> {
        events.sort_by_key(|event| event.time);
        let (n, mut rest, mut placed) = (self.instruments().len(), &events[..], Events::default());
        for row in 0..self.len() {
            if rest.is_empty() {
                break;
            }
            let closes = self.bars()[row * n].time;
            let (now, later) = rest.split_at(rest.partition_point(|event| event.time < closes));
            if !now.is_empty() {
                let before = row.checked_sub(1).map(|before| &self.bars()[before * n..row * n]);
                placed.check(now, before, self.instruments(), self.adjustment())?;
                placed.add(row, now);
            }
            rest = later;
        }
        if let Some(MarketEvent { time, instrument, what }) = rest.first() {
            let id = instrument.0;
            let message = format!("{what:?} of instrument {id} at {time}: no bar closes after it; drop it");
            return Err(Error::spec("events", message));
        }
        self.events = placed;
        Ok(())
    }

    /// The events of some of the rows; what was halted before is halted in the first one.
    pub(super) fn events_of_part(&self, rows: Range<usize>) -> Vec<MarketEvent> {
        let events = &self.events;
        let (begin, end) = (events.before(rows.start), events.before(rows.end));
        let stopped = rows.start.checked_sub(1).map_or(&[][..], |row| events.halted(row));
        let halt = |id: &InstrumentId| {
            let known = events.all()[..begin].iter().rev();
            known.copied().find(|event| event.instrument == *id && event.what == MarketFact::Halt {})
        };
        stopped.iter().filter_map(halt).chain(events.all()[begin..end].iter().copied()).collect()
    }
}

fn change(halted: &mut Vec<InstrumentId>, event: &MarketEvent) {
    match event.what {
        MarketFact::Halt {} => halted.push(event.instrument),
        MarketFact::Resume {} => halted.retain(|id| *id != event.instrument),
        MarketFact::Dividend { .. } | MarketFact::Split { .. } | MarketFact::Roll { .. } => {}
    }
}

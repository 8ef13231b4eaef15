//! Where one instrument is on its way through a bar.

use crate::{
    Bar, Instrument, Timestamp,
    account::{Account, Position},
    market::Quote,
    order::Resting,
    venue::{
        MatchRow,
        matching::path::{Stretch, Way},
    },
};

/// One instrument, its bar, and the way that its prices take.
pub(in crate::venue::matching) struct Spot<'a> {
    pub(super) id: usize,
    pub(super) instrument: &'a Instrument,
    pub(super) before: &'a Bar,
    pub(super) bar: &'a Bar,
    /// What stood at the open, where the data say.
    pub(super) quote: Option<&'a Quote>,
    way: Way,
    /// The present stretch of the way, and its leg.
    stretch: usize,
    leg: usize,
    /// What has happened on the leg.
    pub(super) steps: usize,
    /// Where it is.
    pub(super) price: f64,
    /// Lowest and highest price of the present stretch, and of the bar behind the last one.
    pub(super) range: (f64, f64),
    /// Units that the participation cap leaves.
    pub(super) cap: f64,
    /// Units that the account's orders have taken of the bar.
    pub(super) taken: f64,
    /// What the account holds by now.
    pub(super) position: Position,
}

/// From one corner of the way to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Leg {
    /// The part of the leg that is behind a moment of it.
    pub(super) fn passed(&self, time: Timestamp) -> f64 {
        (time.nanos() - self.begins.nanos()) as f64 / (self.ends.nanos() - self.begins.nanos()).max(1) as f64
    }

    /// The part of the leg that is behind a price on it.
    pub(super) fn reached(&self, price: f64) -> f64 {
        if self.to == self.from { 0.0 } else { (price - self.from) / (self.to - self.from) }
    }
}

impl<'a> Spot<'a> {
    /// At the open.
    pub(in crate::venue::matching) fn new(row: &MatchRow<'a>, id: usize, way: Way, account: &Account) -> Self {
        let (instrument, before, bar) = (&row.instruments[id], &row.before[id], &row.bars[id]);
        let range = way.stretches().first().map_or((bar.low, bar.high), Stretch::range);
        let (quote, cap, price) = (row.quote(id), row.cap(id), bar.open);
        let (stretch, leg, steps, taken, position) = (0, 0, 0, 0.0, account.positions()[id]);
        Self { id, instrument, before, bar, quote, way, stretch, leg, steps, price, range, cap, taken, position }
    }

    /// Whether an order works here.
    pub(super) fn has(&self, resting: &Resting) -> bool {
        resting.order.request.instrument.0 as usize == self.id && !resting.state.is_closed()
    }

    /// The leg on which it is; none where the way is at its end.
    pub(super) fn leg(&self) -> Option<Leg> {
        let stretch = self.way.stretches().get(self.stretch)?;
        // The legs take equal times: nothing more is known of the way than its corners.
        let length = (stretch.closed.nanos() - stretch.opened.nanos()) / stretch.legs as i64;
        let begins = stretch.opened.plus_ns(length * self.leg as i64);
        let ends = if self.leg + 1 == stretch.legs { stretch.closed } else { begins.plus_ns(length) };
        let (from, to) = stretch.leg(self.leg);
        Some(Leg { begins, ends, from, to })
    }

    /// The last price on the grid, on the way from where it is over `price` to `to`.
    pub(super) fn last_on_grid(&self, price: f64, to: f64) -> f64 {
        let ticks = price / self.instrument.tick;
        let last = if to > self.price { (ticks + 1e-9).floor() } else { (ticks - 1e-9).ceil() };
        let last = self.instrument.round_price(last * self.instrument.tick);
        last.clamp(self.price.min(to), self.price.max(to))
    }

    /// When it goes behind the next corner: where a stretch ends, when the next one begins.
    pub(super) fn turns(&self, leg: &Leg) -> Timestamp {
        let way = self.way.stretches();
        let at_its_end = way.get(self.stretch).is_some_and(|stretch| self.leg + 1 == stretch.legs);
        let next = way.get(self.stretch + 1).filter(|_| at_its_end);
        next.map_or(leg.ends, |stretch| stretch.opened)
    }

    /// Goes behind a corner; gives the first price and moment of a stretch that begins there.
    pub(super) fn turn(&mut self) -> Option<(f64, Timestamp)> {
        (self.leg, self.steps) = (self.leg + 1, 0);
        if self.way.stretches().get(self.stretch).is_some_and(|stretch| self.leg < stretch.legs) {
            return None;
        }
        (self.leg, self.stretch) = (0, self.stretch + 1);
        let next = self.way.stretches().get(self.stretch);
        self.range = next.map_or((self.bar.low, self.bar.high), Stretch::range);
        next.map(|stretch| (stretch.leg(0).0, stretch.opened))
    }
}

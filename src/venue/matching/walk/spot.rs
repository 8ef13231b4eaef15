//! Where one instrument is on its way through a bar.

use crate::{
    Bar, Instrument, Timestamp,
    account::{Account, Position},
    market::Quote,
    order::Resting,
    venue::{
        MatchRow,
        matching::path::{Leg, Stretch, Way},
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
        self.way.stretches().get(self.stretch).map(|stretch| stretch.leg(self.leg))
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
        next.map(|stretch| (stretch.first(), stretch.opened))
    }
}

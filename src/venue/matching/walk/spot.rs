//! Where one instrument is on its way through a bar.

use crate::{
    Bar, Instrument,
    account::{Account, Position},
    order::Resting,
    venue::MatchRow,
};

/// One instrument, its bar, and the way that its prices take.
pub(in crate::venue::matching) struct Spot<'a> {
    pub(super) id: usize,
    pub(super) instrument: &'a Instrument,
    pub(super) before: &'a Bar,
    pub(super) bar: &'a Bar,
    /// From the open over the extremes to the close.
    pub(super) path: [f64; 4],
    /// Where it is.
    pub(super) price: f64,
    /// Units that the participation cap leaves.
    pub(super) cap: f64,
    /// Units that the account's orders have taken of the bar.
    pub(super) taken: f64,
    /// What the account holds by now.
    pub(super) position: Position,
}

impl<'a> Spot<'a> {
    /// At the open.
    pub(in crate::venue::matching) fn new(row: &MatchRow<'a>, id: usize, path: [f64; 4], account: &Account) -> Self {
        let (instrument, before, bar) = (&row.instruments[id], &row.before[id], &row.bars[id]);
        Self {
            id,
            instrument,
            before,
            bar,
            path,
            price: bar.open,
            cap: row.cap(id),
            taken: 0.0,
            position: account.positions()[id],
        }
    }

    /// Whether an order works here.
    pub(super) fn has(&self, resting: &Resting) -> bool {
        resting.order.request.instrument.0 as usize == self.id && !resting.state.is_closed()
    }
}

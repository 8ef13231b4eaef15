//! A bar in which an instrument does not trade.

use super::Walk;
use crate::order::{OrderChange, OrderKind, TimeInForce};

impl Walk<'_> {
    /// Nothing fills, and no stop is reached. Cancels arrive, and with them goes what would fill at once or not at all.
    #[cold]
    #[inline(never)]
    pub(in super::super) fn through_a_halt(mut self) -> Self {
        let (opened, closed) = (self.row.opened(), self.bar.time);
        let mut gone = Vec::new();
        for (at, resting) in self.book.iter().enumerate().filter(|(at, r)| self.works(*at) && r.arrives <= closed) {
            let request = &resting.order.request;
            let stop = request.kind.trigger().is_some() || matches!(request.kind, OrderKind::TrailingStop { .. });
            let waits = resting.left == 0.0 || (stop && !resting.triggered);
            let at_once = matches!(request.tif, TimeInForce::Ioc {} | TimeInForce::Fok {}) && !waits;
            let asked = resting.cancelled_at.filter(|time| *time <= closed);
            if let Some(time) = asked.into_iter().chain(at_once.then_some(resting.arrives)).min() {
                gone.push((time.max(opened), at));
            }
        }
        gone.sort_unstable();
        for (time, at) in gone {
            if self.works(at) {
                self.now = time;
                self.close(at, OrderChange::Cancel);
            }
        }
        self
    }
}

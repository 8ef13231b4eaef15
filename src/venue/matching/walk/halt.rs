//! A bar in which instruments do not trade.

use super::{Done, Walk};
use crate::order::{OrderChange, OrderKind, TimeInForce};

impl Walk<'_, '_> {
    /// Nothing fills, and no stop is reached. Messages arrive, and what would fill at once or not at all is taken out.
    pub(in super::super) fn through_a_halt(mut self) -> Done {
        let (opened, closed) = (self.row.opened(), self.row.closed());
        // When, which order, and whether it is to change; otherwise it goes.
        let mut due = Vec::new();
        for (at, resting) in self.done.book.iter().enumerate().filter(|(_, resting)| resting.arrives <= closed) {
            let request = &resting.order.request;
            let stop = request.kind.trigger().is_some() || matches!(request.kind, OrderKind::TrailingStop { .. });
            let waits = resting.left == 0.0 || (stop && !resting.triggered);
            let at_once = matches!(request.tif, TimeInForce::Ioc {} | TimeInForce::Fok {}) && !waits;
            let gone = resting.cancelled_at.into_iter().chain(at_once.then_some(resting.arrives)).min();
            due.extend(gone.map(|time| (time.max(opened), at, false)));
            due.extend(resting.modified.map(|(time, _)| (time.max(opened), at, true)));
        }
        due.retain(|(time, ..)| *time <= closed);
        due.sort_unstable();
        for (time, at, changes) in due {
            if !self.turn_to(at) {
                continue;
            }
            self.now = time;
            if changes {
                self.modify(at);
            } else {
                self.close(at, OrderChange::Cancel);
            }
        }
        self.done
    }
}

//! What happened in one episode, kept for people: round trips and the course of the account.

use serde::{Deserialize, Serialize};
use tradepit::{
    InstrumentId, Timestamp,
    account::{AccountEvent, Fill},
};

/// One position from flat to flat, or to the other side.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{AccountEvent, Fill}, order::OrderId};
/// use tradepit_envs::EpisodeRecord;
/// let mut record = EpisodeRecord::default();
/// for (qty, price) in [(2.0, 5000.0), (-3.0, 5001.0)] {
///     record.event(&AccountEvent::Fill(Fill { qty, price, reference: price, fee: 6.0, multiplier: 50.0,
///         time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true }));
/// }
/// let trip = record.closed()[0];
/// assert_eq!((trip.qty, trip.fees, trip.pnl), (2.0, 6.0 + 4.0, 100.0 - 10.0));
/// assert_eq!(record.open()[0].qty, -1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundTrip {
    /// What was held.
    pub instrument: InstrumentId,
    /// Time of the first fill.
    pub entry_time: Timestamp,
    /// Time of the last fill; of the last row, as long as it is open.
    pub exit_time: Timestamp,
    /// Units bought in all (above 0: long) or sold in all (below 0: short).
    pub qty: f64,
    /// Average price of getting in.
    pub entry_price: f64,
    /// Average price of getting out; the last price stands for what is still held.
    pub exit_price: f64,
    /// Fees, in account currency. Those of a fill that crosses zero are shared by units.
    pub fees: f64,
    /// Profit after fees, in account currency.
    pub pnl: f64,
}

/// A position that is held: sums over its fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    since: Timestamp,
    /// Units held now, signed.
    qty: f64,
    entered: f64,
    /// Sums of units times price, without a sign.
    paid: f64,
    exited: f64,
    received: f64,
    fees: f64,
    multiplier: f64,
}

/// The account after one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// When.
    pub time: Timestamp,
    /// Equity, in account currency.
    pub equity: f64,
    /// Units held of the first instrument.
    pub position: f64,
    /// Last price of the first instrument.
    pub price: f64,
    /// Reward of the step that led here; 0 at the beginning.
    pub reward: f64,
}

/// What happened since the episode began: closed round trips, open ones, and the account after every step.
///
/// See [`RoundTrip`] for an example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeRecord {
    closed: Vec<RoundTrip>,
    held: Vec<Held>,
    moments: Vec<Moment>,
}

impl EpisodeRecord {
    /// Forgets everything; memory is kept.
    pub fn clear(&mut self) {
        self.closed.clear();
        self.held.clear();
        self.moments.clear();
    }

    /// Takes an event in.
    pub fn event(&mut self, event: &AccountEvent) {
        if let AccountEvent::Fill(fill) = event {
            self.fill(fill);
        }
    }

    /// Takes the account after a step in.
    pub fn moment(&mut self, moment: Moment) {
        self.moments.push(moment);
    }

    /// Round trips that came to their end, oldest first.
    #[must_use]
    pub fn closed(&self) -> &[RoundTrip] {
        &self.closed
    }

    /// The course of the account, from the first observation on.
    #[must_use]
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Positions that are held, as if closed at the last price without a fee.
    #[must_use]
    pub fn open(&self) -> Vec<RoundTrip> {
        let last = self.moments.last();
        let open = self.held.iter().enumerate().filter(|(_, held)| held.qty != 0.0);
        open.map(|(id, held)| {
            let left = held.qty.abs();
            // Only the first instrument's price is in the record; another's stands at its own entry.
            let price = last.filter(|_| id == 0).map_or(held.paid / held.entered, |m| m.price);
            let closed = Held { exited: held.exited + left, received: held.received + left * price, ..*held };
            closed.trip(id, held.qty, last.map_or(held.since, |m| m.time))
        })
        .collect()
    }

    fn fill(&mut self, fill: &Fill) {
        let id = fill.instrument.0 as usize;
        if self.held.len() <= id {
            self.held.resize(id + 1, Held::default());
        }
        let held = &mut self.held[id];
        let size = fill.qty.abs();
        let against = held.qty * fill.qty < 0.0;
        let closing = if against { held.qty.abs().min(size) } else { 0.0 };
        let left = held.qty + fill.qty;
        // As the ledger does: sums of lots such as 0.1 + 0.2 - 0.3 must come back to nothing.
        let left = if left.abs() <= 1e-9 * held.qty.abs().max(size) { 0.0 } else { left };
        let crossed = against && left * held.qty <= 0.0;
        let (side, share) = (held.qty, if crossed { closing / size } else { 1.0 });
        if against {
            held.exited += closing;
            held.received += closing * fill.price;
            held.fees += fill.fee * share;
        }
        if crossed {
            let trip = held.trip(id, side, fill.time);
            *held = Held::default();
            self.closed.push(trip);
        }
        let entering = if against { if crossed { left.abs() } else { 0.0 } } else { size };
        if entering > 0.0 {
            if held.entered == 0.0 {
                held.since = fill.time;
                held.multiplier = fill.multiplier;
            }
            held.entered += entering;
            held.paid += entering * fill.price;
            held.fees += if crossed { fill.fee * (1.0 - share) } else { fill.fee };
        }
        held.qty = left;
    }
}

impl Held {
    fn trip(&self, id: usize, side: f64, exit_time: Timestamp) -> RoundTrip {
        let sign = 1f64.copysign(side);
        RoundTrip {
            instrument: InstrumentId(id as u32),
            entry_time: self.since,
            exit_time,
            qty: self.entered.copysign(side),
            entry_price: self.paid / self.entered,
            exit_price: self.received / self.exited,
            fees: self.fees,
            pnl: (self.received - self.paid) * sign * self.multiplier - self.fees,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tradepit::{account::Account, order::OrderId};

    use super::*;

    proptest! {
        #[test]
        fn round_trips_are_what_the_ledger_counts(fills in prop::collection::vec((-3..=3i32, 1..50i32, 0..5i32), 1..60)) {
            let (mut account, mut record) = (Account::new(1), EpisodeRecord::default());
            account.open(0.0);
            let mut streak = 0;
            for (at, (lots, price, fee)) in fills.into_iter().enumerate() {
                if lots == 0 {
                    continue;
                }
                let (qty, price, time) = (f64::from(lots), f64::from(price), Timestamp::from_nanos(at as i64));
                let event = AccountEvent::Fill(Fill { qty, price, reference: price, fee: fee.into(), multiplier: 5.0,
                    time, order: OrderId(0), instrument: InstrumentId(0), futures: true });
                account.apply(&event);
                record.event(&event);
                record.moment(Moment { time, price, ..Moment::default() });
                prop_assert_eq!(record.closed().len() as u32, account.trades());
                let open = record.open();
                let held: f64 = account.positions()[0].qty();
                prop_assert_eq!(open.len(), usize::from(held != 0.0));
                let pnl: f64 = record.closed().iter().chain(&open).map(|trip| trip.pnl).sum();
                let unrealised = account.positions()[0].unrealised(price);
                let expected = account.realised() + unrealised - account.fees();
                prop_assert!((pnl - expected).abs() < 1e-6, "{} {}", pnl, expected);
                if let Some(trip) = record.closed().last().filter(|_| account.trades() > streak) {
                    prop_assert_eq!(trip.exit_time, time);
                    prop_assert!(trip.pnl.abs() < 1e-6 || (account.winning_streak() > 0) == (trip.pnl > 0.0));
                    streak = account.trades();
                }
            }
        }
    }
}

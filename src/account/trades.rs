//! Closed trades, read out of a list of fills.

use serde::{Deserialize, Serialize};

use super::{AccountEvent, Fill, Position};
use crate::{InstrumentId, Timestamp};

/// On which side of the market a trade was.
///
/// ```
/// use tradepit::account::{TradeSide, trades_from_fills};
/// # use tradepit::{InstrumentId, Timestamp, account::Fill, order::OrderId};
/// # let fill = |qty, price| Fill { qty, price, reference: price, fee: 0.0, multiplier: 1.0,
/// #     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true };
/// let trades = trades_from_fills(&[fill(-1.0, 10.0), fill(1.0, 8.0)]);
/// assert_eq!((trades[0].side, trades[0].gross), (TradeSide::Short, 2.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeSide {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

/// A closed trade: from flat to flat again, or to the other side.
///
/// ```
/// use tradepit::account::trades_from_fills;
/// # use tradepit::{InstrumentId, Timestamp, account::Fill, order::OrderId};
/// # let fill = |qty, price| Fill { qty, price, reference: price, fee: 0.5, multiplier: 1.0,
/// #     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true };
/// // Bought in two parts, sold at once, each for a fee of 0.5.
/// let trade = trades_from_fills(&[fill(1.0, 10.0), fill(1.0, 12.0), fill(-2.0, 15.0)])[0];
/// assert_eq!((trade.qty, trade.entry_price, trade.exit_price), (2.0, 11.0, 15.0));
/// assert_eq!((trade.gross, trade.fees, trade.net), (8.0, 1.5, 6.5));
/// ```
///
/// Money is in account currency. `gross` is what the prices of the fills made (slippage is inside it), `fees` is at
/// least 0, and `net = gross - fees` to rounding. Financing belongs to no trade.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// What was traded.
    pub instrument: InstrumentId,
    /// Long or short.
    pub side: TradeSide,
    /// Units opened, and closed again: above 0. Adding to a trade adds here.
    pub qty: f64,
    /// When the first unit was opened.
    pub entry_time: Timestamp,
    /// When the last unit was closed.
    pub exit_time: Timestamp,
    /// Average price of the units opened.
    pub entry_price: f64,
    /// Average price of the units closed.
    pub exit_price: f64,
    /// Profit before fees.
    pub gross: f64,
    /// Fees of its fills.
    pub fees: f64,
    /// Profit after fees: the number that [`Account`](super::Account) counts wins and streaks by.
    pub net: f64,
}

/// The trades that a list of fills closed, in the order of their closing; a list of events where units were split.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{Fill, TradeSide, trades_from_fills}, order::OrderId};
/// let fill = |qty, price, second: i64| Fill { qty, price, reference: price, fee: 2.0 * f64::abs(qty), multiplier: 50.0,
///     time: Timestamp::from_nanos(second * 1_000_000_000), order: OrderId(0), instrument: InstrumentId(0), futures: true };
/// // Long one, then through flat to short one, then flat.
/// let trades = trades_from_fills(&[fill(1.0, 5000.0, 1), fill(-2.0, 5001.0, 2), fill(1.0, 5000.5, 3)]);
/// assert_eq!(trades.len(), 2);
/// assert_eq!((trades[0].side, trades[0].gross, trades[0].fees, trades[0].net), (TradeSide::Long, 50.0, 4.0, 46.0));
/// assert_eq!((trades[1].side, trades[1].qty, trades[1].net), (TradeSide::Short, 1.0, 25.0 - 4.0));
/// ```
///
/// The rules are the ledger's ([`Position`] settles each fill): a fill that crosses flat is split at flat, its fee in
/// proportion. A trade that is still open at the end is not in the list. An account that did not start flat needs the
/// fills of its [`AccountSnapshot`](super::AccountSnapshot) first. Fills of several instruments may be mixed. A trade over
/// a split is told in units after it.
#[must_use]
pub fn trades_from_fills<E: Into<AccountEvent>>(fills: impl IntoIterator<Item = E>) -> Vec<Trade> {
    fold(fills).0
}

/// The trades that are still open behind a list of fills, or of events where units were split, as if they were closed at
/// `now` and `price`, without a fee.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{Fill, open_trades}, order::OrderId};
/// let bought = Fill { qty: 2.0, price: 10.0, reference: 10.0, fee: 1.0, multiplier: 1.0, time: Timestamp::default(),
///     order: OrderId(0), instrument: InstrumentId(0), futures: false };
/// let open = open_trades(&[bought], Timestamp::from_nanos(5), |_| 11.0);
/// assert_eq!((open[0].qty, open[0].net), (2.0, 2.0 - 1.0));
/// ```
#[must_use]
pub fn open_trades<E: Into<AccountEvent>>(
    fills: impl IntoIterator<Item = E>,
    now: Timestamp,
    price: impl Fn(InstrumentId) -> f64,
) -> Vec<Trade> {
    let closed = fold(fills).1.into_iter().filter_map(|mut open| {
        let (held, last) = (open.position.qty(), open.last?);
        let price = price(last.instrument);
        (held != 0.0).then(|| open.fill(&Fill { qty: -held, price, reference: price, fee: 0.0, time: now, ..last }))?
    });
    closed.collect()
}

fn fold<E: Into<AccountEvent>>(events: impl IntoIterator<Item = E>) -> (Vec<Trade>, Vec<Open>) {
    let (mut trades, mut open) = (Vec::new(), Vec::new());
    for event in events {
        match event.into() {
            AccountEvent::Fill(fill) => trades.extend(of(&mut open, fill.instrument).fill(&fill)),
            AccountEvent::Split { ratio, instrument, .. } => of(&mut open, instrument).split(ratio),
            AccountEvent::Financing { .. }
            | AccountEvent::Dividend { .. }
            | AccountEvent::Order { .. }
            | AccountEvent::Modified { .. }
            | AccountEvent::Liquidation { .. }
            | AccountEvent::Rejected { .. } => {}
        }
    }
    (trades, open)
}

fn of(open: &mut Vec<Open>, id: InstrumentId) -> &mut Open {
    let id = id.0 as usize;
    if open.len() <= id {
        open.resize(id + 1, Open::default());
    }
    &mut open[id]
}

/// What is known of the trade that is open in one instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    position: Position,
    entered: Leg,
    left: Leg,
    gross: f64,
    fees: f64,
    last: Option<Fill>,
}

/// Units, and their sum of prices.
#[derive(Clone, Copy, Debug, Default)]
struct Leg {
    qty: f64,
    priced: f64,
}

impl Leg {
    fn add(&mut self, qty: f64, price: f64) {
        self.qty += qty;
        self.priced += qty * price;
    }

    fn price(self) -> f64 {
        self.priced / self.qty
    }
}

impl Open {
    /// Units are counted anew; what was paid for them stays.
    fn split(&mut self, ratio: f64) {
        self.position.split(ratio);
        self.entered.qty *= ratio;
        self.left.qty *= ratio;
    }

    fn fill(&mut self, fill: &Fill) -> Option<Trade> {
        self.last = Some(*fill);
        let (held, since) = (self.position.qty(), self.position.since());
        let settled = self.position.settle(fill);
        self.gross += settled.realised;
        let Some(net) = settled.closed else {
            self.fees += fill.fee;
            if held * fill.qty < 0.0 { &mut self.left } else { &mut self.entered }.add(fill.qty.abs(), fill.price);
            return None;
        };
        let rest = self.position.qty();
        // What came back to flat keeps its whole fee: no rounding dust goes on to the next trade.
        let fee = if rest == 0.0 { fill.fee } else { fill.fee * (held / fill.qty).abs() };
        self.left.add(held.abs(), fill.price);
        let trade = Trade {
            instrument: fill.instrument,
            side: if held > 0.0 { TradeSide::Long } else { TradeSide::Short },
            qty: self.entered.qty,
            entry_time: since,
            exit_time: fill.time,
            entry_price: self.entered.price(),
            exit_price: self.left.price(),
            gross: self.gross,
            fees: self.fees + fee,
            net,
        };
        *self = Self { position: self.position, fees: fill.fee - fee, last: self.last, ..Self::default() };
        if rest != 0.0 {
            self.entered.add(rest.abs(), fill.price);
        }
        Some(trade)
    }
}

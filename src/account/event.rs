//! What happens to an account.

use serde::{Deserialize, Serialize};

use crate::{
    Instrument, InstrumentId, Timestamp,
    order::{Modification, OrderId, OrderState},
};

/// An execution of ours. It says all that settling it needs, so that a replay needs no table.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::Fill, order::OrderId};
/// let fill = Fill { qty: 2.0, price: 5000.25, reference: 5000.0, fee: 4.2, multiplier: 50.0,
///     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true };
/// // A tick of 12.5, for each of two contracts.
/// assert_eq!(fill.slippage_cost(), 25.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Units, signed: bought above 0, sold below.
    pub qty: f64,
    /// Price of one unit.
    pub price: f64,
    /// The price before slippage; equal to `price` where nobody knows.
    pub reference: f64,
    /// Fee paid, in account currency, at least 0.
    pub fee: f64,
    /// Money per point of price and unit.
    pub multiplier: f64,
    /// When it happened.
    pub time: Timestamp,
    /// The order that it filled.
    pub order: OrderId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Only profit and loss move cash (futures); else the notional is paid.
    pub futures: bool,
}

impl Fill {
    /// What was traded, in account currency, without a sign: `|qty * price * multiplier|`.
    #[must_use]
    #[inline]
    pub fn value(&self) -> f64 {
        (self.qty * self.price * self.multiplier).abs()
    }

    /// What slippage cost, in account currency; negative when the price was better than the reference.
    #[must_use]
    #[inline(always)]
    pub fn slippage_cost(&self) -> f64 {
        (self.price - self.reference) * self.qty * self.multiplier
    }
}

/// Why a venue did not take an order.
///
/// ```
/// use tradepit::{Timestamp, account::{Account, AccountEvent, RejectReason}, order::OrderId};
/// let mut account = Account::new(1);
/// account.open(1_000.0);
/// let (order, reason, time) = (OrderId(0), RejectReason::Margin, Timestamp::default());
/// account.apply(&AccountEvent::Rejected { order, reason, time });
/// // A refused order is on record, and moves no money.
/// assert_eq!((account.cash(), account.fills()), (1_000.0, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectReason {
    /// The account can't carry it.
    Margin,
    /// What it would have met was too old.
    Stale,
    /// The venue refused without a reason that we know.
    Venue,
}

/// One fact about an account. Folding all of them gives its state.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{Account, AccountEvent}};
/// let mut account = Account::new(1);
/// account.open(1_000.0);
/// let event = AccountEvent::Financing { amount: -2.5, instrument: InstrumentId(0), time: Timestamp::from_nanos(5) };
/// account.apply(&event);
/// assert_eq!((account.cash(), account.financing(), event.time()), (997.5, -2.5, Timestamp::from_nanos(5)));
/// assert!(event.check(0).is_err()); // an account over no instruments can't fold it in
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AccountEvent {
    /// An order executed, in whole or in part.
    Fill(Fill),
    /// Carry: interest, borrow, funding. `amount` is added to cash (negative is paid). Interest on the cash itself is
    /// booked under the first instrument.
    Financing {
        /// Added to cash, in account currency.
        amount: f64,
        /// The position that it is for.
        instrument: InstrumentId,
        /// When.
        time: Timestamp,
    },
    /// A dividend, paid on the ex-date. `amount` is added to cash (negative is paid, by who is short).
    Dividend {
        /// Added to cash, in account currency.
        amount: f64,
        /// The position that it is for.
        instrument: InstrumentId,
        /// When.
        time: Timestamp,
    },
    /// One unit that is held became `ratio` units, at an average price so much lower. Where lots do not allow what comes
    /// out, a fill of the venue's own pays the fraction in cash.
    Split {
        /// Above 0.
        ratio: f64,
        /// What was split.
        instrument: InstrumentId,
        /// When.
        time: Timestamp,
    },
    /// An order of a book changed its state without a fill: triggered, cancelled, expired.
    Order {
        /// Which.
        order: OrderId,
        /// Its state now.
        state: OrderState,
        /// When.
        time: Timestamp,
    },
    /// The venue closes a position, or as much of it as is needed and fits into the row's participation cap, because the
    /// account was worth too little at the last close. The fill of `order`, which the account never sent, follows, unless
    /// nothing fits.
    Liquidation {
        /// The venue's own order.
        order: OrderId,
        /// What is closed.
        instrument: InstrumentId,
        /// What the account was worth, in account currency.
        equity: f64,
        /// What it had to be worth.
        maintenance: f64,
        /// When.
        time: Timestamp,
    },
    /// An order of a book changed as it was asked to, or by what another order of its group filled; its state stays.
    Modified {
        /// Which.
        order: OrderId,
        /// What changed.
        change: Modification,
        /// When.
        time: Timestamp,
    },
    /// An order was not taken.
    Rejected {
        /// Which.
        order: OrderId,
        /// Why.
        reason: RejectReason,
        /// When.
        time: Timestamp,
    },
}

impl From<&Fill> for AccountEvent {
    fn from(fill: &Fill) -> Self {
        Self::Fill(*fill)
    }
}

impl From<&AccountEvent> for AccountEvent {
    fn from(event: &AccountEvent) -> Self {
        *event
    }
}

impl Fill {
    /// What an account holds from the beginning: lots of an instrument, at a price, free of costs.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, Timestamp, account::Fill};
    /// let held = Fill::held(InstrumentId(0), &Instrument::eurusd(), -2.0, 1.25, Timestamp::default());
    /// assert_eq!((held.qty, held.fee, held.slippage_cost()), (-2_000.0, 0.0, 0.0));
    /// ```
    #[must_use]
    pub fn held(instrument: InstrumentId, thing: &Instrument, lots: f64, price: f64, time: Timestamp) -> Self {
        Self {
            qty: thing.round_qty(lots * thing.lot),
            price,
            reference: price,
            fee: 0.0,
            multiplier: thing.multiplier,
            time,
            order: OrderId::default(),
            instrument,
            futures: thing.is_futures(),
        }
    }
}

/// What a venue says that an account holds when it is opened.
///
/// ```
/// use tradepit::account::{Account, AccountSnapshot};
/// let mut account = Account::new(1);
/// account.restore(&AccountSnapshot { cash: 1_000.0, positions: Vec::new() });
/// assert_eq!(account.equity(), 1_000.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSnapshot {
    /// Cash in account currency.
    pub cash: f64,
    /// Open positions as fills that would have made them: quantity, average price, multiplier, settlement; fee 0.
    pub positions: Vec<Fill>,
}

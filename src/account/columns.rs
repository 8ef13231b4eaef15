//! Accounts side by side: the same fold, over columns that the processor takes several of at once.

#![expect(clippy::needless_range_loop, reason = "one loop over several columns")]

use multiversion::multiversion;

use super::{Account, AccountNumbers, Fill, Position, totals::Totals};
use crate::{Instrument, InstrumentId, Timestamp, order::OrderId};

/// Accounts that stand side by side in columns.
pub const LANES: usize = 8;

/// One number of each.
pub type Column<T = f64> = [T; LANES];

/// What becomes of one order an account; none where the quantity is 0, whatever the rest says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FillColumns {
    pub(crate) qty: Column,
    pub(crate) price: Column,
    pub(crate) reference: Column,
    pub(crate) fee: Column,
    pub(crate) time: Column<i64>,
}

/// Terms of the one instrument that all of the accounts trade.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    multiplier: f64,
    futures: bool,
}

impl Terms {
    #[inline(always)]
    pub(crate) fn of(instrument: &Instrument) -> Self {
        Self { multiplier: instrument.multiplier, futures: instrument.is_futures() }
    }
}

/// [`Account`]s over one instrument, whose events are fills of orders at the market: of such, what an account holds.
///
/// ```
/// use tradepit::{Instrument, account::{Account, AccountColumns}};
/// let (mut columns, mut account) = (AccountColumns::default(), Account::new(1));
/// account.open(1_000.0);
/// columns.set(3, &account);
/// let mut same = Account::new(1);
/// columns.get(3, &Instrument::es(), &mut same);
/// assert_eq!(same, account);
/// ```
///
/// The arithmetic is that of [`Account`], called in loops over the columns: the same bits.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct AccountColumns {
    qty: Column,
    avg_price: Column,
    trade_net: Column,
    since: Column<i64>,
    cash: Column,
    equity: Column,
    unrealised: Column,
    opening_equity: Column,
    realised: Column,
    fees: Column,
    slippage: Column,
    gross_flow: Column,
    fills: Column<u32>,
    trades: Column<u32>,
    wins: Column<u32>,
    streak: Column<u32>,
    opened: Column,
}

impl AccountColumns {
    /// Puts an account into its place.
    ///
    /// # Panics
    /// When there is no such place, or the account is over no instrument.
    pub fn set(&mut self, lane: usize, account: &Account) {
        let (position, totals) = (&account.positions[0], &account.totals);
        self.qty[lane] = position.qty;
        self.avg_price[lane] = position.avg_price;
        self.trade_net[lane] = position.trade_net;
        self.since[lane] = position.since.nanos();
        self.opened[lane] = position.opened;
        self.cash[lane] = totals.cash;
        self.realised[lane] = totals.realised;
        self.fees[lane] = totals.fees;
        self.slippage[lane] = totals.slippage;
        self.gross_flow[lane] = totals.gross_flow;
        self.fills[lane] = totals.fills;
        self.trades[lane] = totals.trades;
        self.wins[lane] = totals.wins;
        self.streak[lane] = totals.streak;
        self.equity[lane] = account.equity;
        self.unrealised[lane] = account.unrealised;
        self.opening_equity[lane] = account.opening_equity;
    }

    /// Writes the account of a place, which trades `instrument`.
    ///
    /// # Panics
    /// When there is no such place, or the account is over no instrument.
    pub fn get(&self, lane: usize, instrument: &Instrument, account: &mut Account) {
        account.open(0.0);
        account.totals = self.totals(lane);
        account.equity = self.equity[lane];
        account.unrealised = self.unrealised[lane];
        account.opening_equity = self.opening_equity[lane];
        // A position learns the terms from its first fill.
        let traded = self.fills[lane] > 0 || self.opened[lane] != 0.0;
        let terms = if traded { Terms::of(instrument) } else { Terms { multiplier: 0.0, futures: false } };
        account.positions[0] = self.position(lane, terms);
    }

    /// The numbers of one account at this moment.
    ///
    /// # Panics
    /// When there is no such place.
    #[must_use]
    #[inline]
    pub fn numbers(&self, lane: usize) -> AccountNumbers {
        AccountNumbers {
            equity: self.equity[lane],
            opening_equity: self.opening_equity[lane],
            fees: self.fees[lane],
            slippage: self.slippage[lane],
            financing: 0.0,
            realised: self.realised[lane],
            qty: self.qty[lane],
            fills: self.fills[lane],
            trades: self.trades[lane],
            wins: self.wins[lane],
            winning_streak: self.streak[lane],
        }
    }

    /// Units held, signed.
    #[must_use]
    #[inline(always)]
    pub fn qty(&self) -> &Column {
        &self.qty
    }

    /// Since when there has been a position on this side, in nanoseconds; meaningless when flat.
    #[must_use]
    #[inline(always)]
    pub fn since(&self) -> &Column<i64> {
        &self.since
    }

    /// As of the last mark.
    #[must_use]
    #[inline(always)]
    pub fn equity(&self) -> &Column {
        &self.equity
    }

    /// As of the last mark.
    #[must_use]
    #[inline(always)]
    pub fn unrealised(&self) -> &Column {
        &self.unrealised
    }

    /// Equity when the accounts were opened.
    #[must_use]
    #[inline(always)]
    pub fn opening_equity(&self) -> &Column {
        &self.opening_equity
    }

    /// Folds the fills in, and values the positions at the closes; `before` is what the equity was.
    #[inline(always)]
    pub(crate) fn settle(&mut self, fills: &FillColumns, closes: &Column, terms: Terms, before: &mut Column) {
        settle(self, fills, closes, terms, before);
    }

    #[inline(always)]
    fn apply(&mut self, fills: &FillColumns, terms: Terms) {
        for i in 0..LANES {
            let fill = Fill {
                qty: fills.qty[i],
                price: fills.price[i],
                reference: fills.reference[i],
                fee: fills.fee[i],
                multiplier: terms.multiplier,
                time: Timestamp::from_nanos(fills.time[i]),
                order: OrderId(0),
                instrument: InstrumentId(0),
                futures: terms.futures,
            };
            let (mut position, mut totals) = (self.position(i, terms), self.totals(i));
            let (held, sums) = (position, totals);
            totals.fill(&mut position, &fill);
            // A select for each number: branches would keep the loop from taking several accounts at once.
            let trades = fill.qty != 0.0;
            let pick = |new: f64, old: f64| if trades { new } else { old };
            let count = |new: u32, old: u32| if trades { new } else { old };
            self.qty[i] = pick(position.qty, held.qty);
            self.avg_price[i] = pick(position.avg_price, held.avg_price);
            self.trade_net[i] = pick(position.trade_net, held.trade_net);
            self.since[i] = if trades { position.since.nanos() } else { held.since.nanos() };
            self.cash[i] = pick(totals.cash, sums.cash);
            self.realised[i] = pick(totals.realised, sums.realised);
            self.fees[i] = pick(totals.fees, sums.fees);
            self.slippage[i] = pick(totals.slippage, sums.slippage);
            self.gross_flow[i] = pick(totals.gross_flow, sums.gross_flow);
            self.fills[i] = count(totals.fills, sums.fills);
            self.trades[i] = count(totals.trades, sums.trades);
            self.wins[i] = count(totals.wins, sums.wins);
            self.streak[i] = count(totals.streak, sums.streak);
        }
    }

    #[inline(always)]
    fn mark(&mut self, closes: &Column, terms: Terms) {
        for i in 0..LANES {
            let position = self.position(i, terms);
            self.equity[i] = self.cash[i] + position.value(closes[i]);
            self.unrealised[i] = position.unrealised(closes[i]);
        }
    }

    #[inline(always)]
    fn position(&self, i: usize, terms: Terms) -> Position {
        Position {
            qty: self.qty[i],
            avg_price: self.avg_price[i],
            multiplier: terms.multiplier,
            futures: f64::from(u8::from(terms.futures)),
            trade_net: self.trade_net[i],
            since: Timestamp::from_nanos(self.since[i]),
            opened: self.opened[i],
        }
    }

    #[inline(always)]
    fn totals(&self, i: usize) -> Totals {
        Totals {
            cash: self.cash[i],
            realised: self.realised[i],
            fees: self.fees[i],
            slippage: self.slippage[i],
            gross_flow: self.gross_flow[i],
            fills: self.fills[i],
            trades: self.trades[i],
            wins: self.wins[i],
            streak: self.streak[i],
        }
    }
}

// A function of its own, whose arguments the compiler knows to be apart: else it would take one account at a time.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn settle(accounts: &mut AccountColumns, fills: &FillColumns, closes: &Column, terms: Terms, before: &mut Column) {
    *before = accounts.equity;
    accounts.apply(fills, terms);
    accounts.mark(closes, terms);
}

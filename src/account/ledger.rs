//! The account: the only writer of cash and positions is [`Account::apply`].

use serde::{Deserialize, Serialize};

use super::{AccountEvent, AccountNumbers, AccountSnapshot, Fill, Position, totals::Totals};
use crate::{InstrumentId, MarketView};

/// Cash, positions and what they are worth, as a fold over [`AccountEvent`]s.
///
/// Money is in account currency. For any order stream `equity = opening cash + realised + unrealised - fees + financing`,
/// to 1e-9 of the sum of absolute cash flows ([`gross_flow`](Self::gross_flow)).
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{Account, AccountEvent, AccountSnapshot, Fill}, order::OrderId};
/// let mut account = Account::new(1);
/// account.restore(&AccountSnapshot { cash: 50_000.0, positions: vec![] });
/// let fill = |qty, price| AccountEvent::Fill(Fill { qty, price, reference: price, fee: 2.0, multiplier: 50.0,
///     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true });
/// account.apply(&fill(1.0, 5000.0));
/// account.apply(&fill(-1.0, 5001.0));
/// assert_eq!(account.cash(), 50_000.0 + 50.0 - 4.0);
/// assert_eq!((account.trades(), account.winning_streak()), (1, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub(super) equity: f64,
    pub(super) unrealised: f64,
    pub(super) opening_equity: f64,
    financing: f64,
    pub(super) totals: Totals,
    pub(super) positions: Vec<Position>,
}

impl Account {
    /// An empty account over `instruments` instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self { positions: vec![Position::default(); instruments], ..Self::default() }
    }

    /// Starts from what a venue reports; everything before is forgotten.
    pub fn restore(&mut self, snapshot: &AccountSnapshot) {
        self.open(snapshot.cash);
        snapshot.positions.iter().for_each(|fill| self.hold(fill));
    }

    /// Has held what a fill says since before it was opened, as [`restore`](Self::restore) does for all of a snapshot: it
    /// is part of the opening, and nothing was traded.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, Timestamp, account::{Account, Fill}};
    /// let mut account = Account::new(1);
    /// account.open(1_000.0);
    /// account.hold(&Fill::held(InstrumentId(0), &Instrument::equity("XYZ"), 5.0, 20.0, Timestamp::default()));
    /// assert_eq!((account.cash(), account.opening_equity(), account.fills()), (1_000.0, 1_100.0, 0));
    /// ```
    #[cold]
    pub fn hold(&mut self, fill: &Fill) {
        if let Some(position) = self.positions.get_mut(fill.instrument.0 as usize) {
            position.open(fill);
            // Spot units were paid for before the account was opened; they are part of what it starts with.
            if !fill.futures {
                self.opening_equity += position.notional(fill.price);
            }
        }
        self.equity = self.opening_equity;
    }

    /// Starts afresh with cash alone.
    #[inline]
    pub fn open(&mut self, cash: f64) {
        self.positions.fill(Position::default());
        let positions = std::mem::take(&mut self.positions);
        let totals = Totals { cash, gross_flow: cash.abs(), ..Totals::default() };
        *self = Self { totals, equity: cash, opening_equity: cash, positions, ..Self::default() };
    }

    /// Folds one fact in.
    #[inline]
    pub fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Fill(fill) => {
                self.totals.fill(&mut self.positions[fill.instrument.0 as usize], fill);
            }
            AccountEvent::Financing { amount, .. } | AccountEvent::Dividend { amount, .. } => {
                self.totals.cash += amount;
                self.financing += amount;
                self.totals.gross_flow += amount.abs();
            }
            AccountEvent::Split { ratio, instrument, .. } => self.positions[instrument.0 as usize].split(*ratio),
            AccountEvent::Order { .. }
            | AccountEvent::Modified { .. }
            | AccountEvent::Rejected { .. }
            | AccountEvent::Liquidation { .. } => {}
        }
    }

    /// Values the positions at the last closes; then equity and unrealised profit are plain fields.
    #[inline]
    pub fn mark(&mut self, market: MarketView<'_>) {
        let Some((first, others)) = self.positions.split_first() else {
            self.equity = self.totals.cash;
            return;
        };
        let price = market.last(InstrumentId(0)).close;
        let (mut value, mut unrealised) = (first.value(price), first.unrealised(price));
        for (id, position) in others.iter().enumerate() {
            let price = market.last(InstrumentId(id as u32 + 1)).close;
            value += position.value(price);
            unrealised += position.unrealised(price);
        }
        self.equity = self.totals.cash + value;
        self.unrealised = unrealised;
    }

    /// Cash.
    #[must_use]
    #[inline]
    pub fn cash(&self) -> f64 {
        self.totals.cash
    }

    /// Cash and what the positions add to it, as of the last [`mark`](Self::mark).
    #[must_use]
    #[inline]
    pub fn equity(&self) -> f64 {
        self.equity
    }

    /// Equity when the account was opened.
    #[must_use]
    #[inline]
    pub fn opening_equity(&self) -> f64 {
        self.opening_equity
    }

    /// Profit of the open positions as of the last [`mark`](Self::mark).
    #[must_use]
    #[inline]
    pub fn unrealised(&self) -> f64 {
        self.unrealised
    }

    /// Profit of what was closed, before fees.
    #[must_use]
    #[inline]
    pub fn realised(&self) -> f64 {
        self.totals.realised
    }

    /// Fees paid.
    #[must_use]
    #[inline]
    pub fn fees(&self) -> f64 {
        self.totals.fees
    }

    /// What slippage cost against the reference prices of the fills.
    #[must_use]
    #[inline]
    pub fn slippage(&self) -> f64 {
        self.totals.slippage
    }

    /// Carry received (negative: paid): interest, borrow, funding, dividends.
    #[must_use]
    #[inline]
    pub fn financing(&self) -> f64 {
        self.financing
    }

    /// Sum of the absolute values of all that moved cash, the opening included: the scale of rounding errors.
    #[must_use]
    #[inline]
    pub fn gross_flow(&self) -> f64 {
        self.totals.gross_flow
    }

    /// Its numbers at this moment.
    #[must_use]
    pub fn numbers(&self) -> AccountNumbers {
        AccountNumbers {
            equity: self.equity,
            opening_equity: self.opening_equity,
            fees: self.totals.fees,
            slippage: self.totals.slippage,
            financing: self.financing,
            realised: self.totals.realised,
            qty: self.positions.first().map_or(0.0, Position::qty),
            fills: self.totals.fills,
            trades: self.totals.trades,
            wins: self.totals.wins,
            winning_streak: self.totals.streak,
        }
    }

    /// Fills.
    #[must_use]
    #[inline]
    pub fn fills(&self) -> u32 {
        self.totals.fills
    }

    /// Trades closed: positions that came back to flat or crossed it.
    #[must_use]
    #[inline]
    pub fn trades(&self) -> u32 {
        self.totals.trades
    }

    /// Closed trades with a net profit.
    #[must_use]
    #[inline]
    pub fn wins(&self) -> u32 {
        self.totals.wins
    }

    /// Closed trades with a net profit in a row, up to the last one.
    #[must_use]
    #[inline]
    pub fn winning_streak(&self) -> u32 {
        self.totals.streak
    }

    /// What is held, by instrument.
    #[must_use]
    #[inline]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Whether nothing is held.
    ///
    /// ```
    /// assert!(tradepit::account::Account::new(2).is_flat());
    /// ```
    #[must_use]
    #[inline]
    pub fn is_flat(&self) -> bool {
        self.positions.iter().all(|position| position.qty() == 0.0)
    }

    /// What is held of one instrument.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    #[inline]
    pub fn position(&self, id: InstrumentId) -> &Position {
        &self.positions[id.0 as usize]
    }

    /// Maintenance margin of the positions at the last closes, in full: money per contract (futures), share of the
    /// notional (spot). What a market's own rule asks is [`MarginRule::of_account`](crate::models::MarginRule::of_account).
    #[must_use]
    pub fn maintenance_margin(&self, market: MarketView<'_>) -> f64 {
        let mut margin = 0.0;
        for (id, (position, instrument)) in self.positions.iter().zip(market.instruments()).enumerate() {
            let base = if instrument.is_futures() {
                position.qty().abs()
            } else {
                position.notional(market.last(InstrumentId(id as u32)).close).abs()
            };
            margin += base * instrument.maintenance_margin;
        }
        margin
    }
}

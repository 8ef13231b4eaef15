//! What happens to an account beside its own orders: carry, margin calls, flattening.
//!
//! In the order of a row: carry that fell due before the open, events of the market, a margin call of the last close, the
//! orders, carry that fell due since, flattening at the close.

use super::{At, MatchRow, Own};
use crate::{
    Instrument, InstrumentId, MarketView, Rng, Timestamp,
    account::{Account, AccountEvent, Position, TradedVolume},
    models::{CarryContext, CarrySchedule, FinancingModel as _, Flatten, MarginContext, MarginModel as _, Models},
    order::{OrderState, Working},
    time::HOUR_NS,
};

/// A margin call: the equity at a close was below the maintenance margin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    equity: f64,
    maintenance: f64,
}

impl Call {
    /// Whether the account is called at the last closes of `market`.
    #[inline(always)]
    pub(super) fn of(models: &Models, account: &Account, market: MarketView<'_>) -> Option<Self> {
        if models.margin.is_none() {
            return None;
        }
        // An account that holds nothing is reckoned as any other: whether it does is a guess that is often wrong.
        let at = (market.is_overnight(), market.now());
        let close = |id: usize| market.last(InstrumentId(id as u32)).close;
        let (equity, maintenance) = standing(models, account, market.instruments(), close, at);
        if equity < maintenance { Self { equity, maintenance }.to_holder(account) } else { None }
    }

    /// Nobody is called for nothing.
    #[cold]
    #[inline(never)]
    fn to_holder(self, account: &Account) -> Option<Self> {
        (self.maintenance > 0.0 && !account.is_flat()).then_some(self)
    }
}

/// What an account is worth at these prices, and its maintenance margin, overnight or not, at that time.
#[inline(always)]
fn standing(
    models: &Models,
    account: &Account,
    instruments: &[Instrument],
    price: impl Fn(usize) -> f64,
    (overnight, time): (bool, Timestamp),
) -> (f64, f64) {
    // One instrument, the usual case, takes no loop.
    let Some((first, others)) = account.positions().split_first() else { return (account.cash(), 0.0) };
    let (mut value, mut maintenance) = of_one(models, &instruments[0], first, price(0), (overnight, time));
    for (id, position) in others.iter().enumerate() {
        let more = of_one(models, &instruments[id + 1], position, price(id + 1), (overnight, time));
        (value, maintenance) = (value + more.0, maintenance + more.1);
    }
    (account.cash() + value, maintenance)
}

/// What one position is worth, and its maintenance margin.
#[inline(always)]
fn of_one(
    models: &Models,
    instrument: &Instrument,
    position: &Position,
    price: f64,
    (overnight, time): (bool, Timestamp),
) -> (f64, f64) {
    let ctx = MarginContext { instrument, qty: position.qty(), price, overnight, time };
    (position.value(price), models.margin.required(&ctx).maintenance)
}

impl MatchRow<'_> {
    /// Pays the carry that fell due up to the open of this row, or after it; nothing in a row in which none is due.
    #[cold]
    pub(super) fn finance(
        &self,
        account: &mut Account,
        before_open: bool,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        match self.models.financing.schedule() {
            CarrySchedule::Never => {}
            CarrySchedule::Daily => {
                let days = if before_open { self.market.days_turned() } else { 0 };
                if days > 0 {
                    self.pay(account, self.opened(), days as f64, false, |id| self.before[id].close, tell);
                }
            }
            CarrySchedule::EveryHours(hours) => {
                let step = i64::from(hours.max(1)) * HOUR_NS;
                let (last, now) = (self.before[0].time.nanos(), self.bars[0].time.nanos());
                for boundary in last.div_euclid(step) + 1..=now.div_euclid(step) {
                    let time = Timestamp::from_nanos(boundary * step);
                    if (time <= self.opened()) != before_open {
                        continue;
                    }
                    let closed = !before_open && time.nanos() == now;
                    let known = |id: usize| match before_open {
                        true => self.before[id].close,
                        false if closed => self.bars[id].close,
                        false => self.bars[id].open,
                    };
                    self.pay(account, time, f64::from(hours) / 24.0, closed, known, tell);
                }
            }
        }
    }

    /// The column of the model is read in the row before, or in this one when it has `closed`.
    fn pay(
        &self,
        account: &mut Account,
        time: Timestamp,
        days: f64,
        closed: bool,
        price: impl Fn(usize) -> f64,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let model = &self.models.financing;
        let mut book = |account: &mut Account, amount: f64, id: usize| {
            if amount != 0.0 {
                tell(account, AccountEvent::Financing { amount, instrument: InstrumentId(id as u32), time });
            }
        };
        let known = if closed { Some(self.market) } else { self.market.before() };
        let column = model.column().and_then(|name| known?.column_named(name)).map(f64::from);
        let interest = model.cash(account.cash(), days);
        book(account, interest, 0);
        for (id, instrument) in self.instruments.iter().enumerate() {
            let qty = account.positions()[id].qty();
            if qty != 0.0 {
                let amount = model.position(&CarryContext { instrument, qty, price: price(id), days, column });
                book(account, amount, id);
            }
        }
    }

    /// Takes out all orders, and closes just enough at the open, the largest loser first: at least a lot, at most what the
    /// participation cap leaves. What does not fit waits for the next row, if the account is called again by then.
    #[cold]
    pub(super) fn liquidate(
        &self,
        call: Call,
        working: &mut Working,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        let time = self.opened();
        for order in working.iter() {
            tell(account, AccountEvent::Order { order: order.id, state: OrderState::Cancelled, time });
        }
        working.clear();
        let loss = |id: &usize| account.positions()[*id].unrealised(self.bars[*id].open);
        let tradable = |id: &usize| account.positions()[*id].qty() != 0.0 && !self.is_halted(*id);
        let mut held: Vec<usize> = (0..self.bars.len()).filter(tradable).collect();
        let name = |id: &usize| &self.instruments[*id].name;
        held.sort_by(|a, b| loss(a).total_cmp(&loss(b)).then_with(|| name(a).cmp(name(b))));
        for (n, id) in held.into_iter().enumerate() {
            if n > 0 && self.covered_at_open(account) {
                break;
            }
            let (lot, qty) = (self.instruments[id].lot, account.positions()[id].qty());
            let order = self.own_order(id, Own::Liquidation);
            let open = At { price: self.bars[id].open, known: &self.before[id], time, at_open: true };
            let close = |lots: u64, all: u64, account: &Account, traded: &TradedVolume, rng: &mut Rng| {
                let size = if lots == all { qty } else { (lots as f64 * lot).copysign(qty) };
                self.own_fill(order, -size, open, account, traded, rng)
            };
            let all = ((qty / lot).abs().round() as u64).max(1);
            let fits = all.min((self.cap(id) / lot).round() as u64);
            // What is missing falls with every lot that is closed: the least number that is enough, by halves.
            let (mut least, mut enough) = (1, fits);
            while least < enough {
                let lots = (least + enough) / 2;
                let mut after = account.clone();
                after.apply(&AccountEvent::Fill(close(lots, all, account, traded, &mut rng.clone())));
                if self.covered_at_open(&after) {
                    enough = lots;
                } else {
                    least = lots + 1;
                }
            }
            let Call { equity, maintenance } = call;
            let instrument = InstrumentId(id as u32);
            tell(account, AccountEvent::Liquidation { order: order.id, instrument, equity, maintenance, time });
            if fits > 0 {
                let fill = close(enough, all, account, traded, rng);
                self.facts.count(traded, &fill);
                tell(account, AccountEvent::Fill(fill));
            }
        }
    }

    /// Whether the account is worth its maintenance margin at the open of this row, by the rule of the last close.
    fn covered_at_open(&self, account: &Account) -> bool {
        let overnight = self.market.before().is_none_or(|market| market.is_overnight());
        let at = (overnight, self.opened());
        let open = |id: usize| self.bars[id].open;
        let (equity, maintenance) = standing(self.models, account, self.instruments, open, at);
        equity >= maintenance
    }

    /// Closes everything at the close of a session's last bar, whatever its volume: the rule promises no position after it.
    pub(super) fn flatten(
        &self,
        traded: &mut TradedVolume,
        account: &mut Account,
        rng: &mut Rng,
        tell: &mut impl FnMut(&mut Account, AccountEvent),
    ) {
        if self.models.flatten != (Flatten::SessionEnd {}) || !self.market.session_closed() {
            return;
        }
        for id in 0..self.bars.len() {
            let qty = account.positions()[id].qty();
            if qty != 0.0 && !self.is_halted(id) {
                let bar = &self.bars[id];
                let close = At { price: bar.close, known: bar, time: bar.time, at_open: false };
                let order = self.own_order(id, Own::Flattening);
                let fill = self.own_fill(order, -qty, close, account, traded, rng);
                self.facts.count(traded, &fill);
                tell(account, AccountEvent::Fill(fill));
            }
        }
    }
}

//! An order with all that belongs to it.

use serde::{Deserialize, Serialize};
use tradepit::{
    InstrumentId,
    order::{OrderRequest, TimeInForce},
};

use super::{
    Action, ActionScheme, Bracket, Decision, Orders,
    orders::round,
    spec::{one_instrument, positive},
    value::unit,
};
use crate::{Error, Limits, Result, Space};

/// An order ticket for the one instrument: what to do, how much, at which price, for how long, and where a stop and a
/// target close what it opened.
///
/// ```
/// use tradepit::{account::Account, market::synth};
/// use tradepit_envs::{Action, ActionScheme, Decision, OrderTicket, Orders, Space};
/// let scheme = OrderTicket { lots: vec![1.0, 5.0], stop_ticks: vec![0.0, 8.0], ..OrderTicket::default() };
/// assert_eq!(scheme.space(1), Space::MultiDiscrete { nvec: vec![5, 2, 4, 3, 2, 3] });
/// let (data, account, mut orders) = (synth::es_1m(10, 0).unwrap(), Account::new(1), Orders::default());
/// // Buy at a limit, five lots, two ticks below the last close, for the day, a stop of eight ticks, no target.
/// scheme.orders(Action::MultiDiscrete(&[3, 1, 2, 1, 1, 0]), &Decision::new(data.view(5), &account), &mut orders);
/// let (sent, close) = (orders.sent()[0], data.bars()[4].close);
/// assert_eq!((sent.entry.qty, sent.entry.kind.limit()), (5.0, Some(close - 0.5)));
/// assert_eq!((sent.stop, sent.target), (Some(close - 0.5 - 2.0), None));
/// ```
///
/// An action has six numbers, each a place in a list:
///
/// 1. sell at the market, sell at a limit, nothing, buy at a limit, buy at the market;
/// 2. the size, in `lots`; at most what limits, margin and `max_lots` leave;
/// 3. `offset_ticks`, from the last close to the limit, on the side where it waits;
/// 4. `life`: how long a limit waits;
/// 5. and 6. `stop_ticks` and `target_ticks`, from the limit, or from the last close; 0 is none.
///
/// An order against what is held closes at most that, and has neither stop nor target.
///
/// With `continuous` the same six are numbers in [-1, 1] that run through the lists from the first entry to the last one:
/// the first and the fourth to the nearest entry, the others also between two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderTicket {
    /// Sizes.
    pub lots: Vec<f64>,
    /// Distances of a limit from the last close; below 0 is through it.
    pub offset_ticks: Vec<f64>,
    /// How long a limit waits.
    pub life: Vec<TicketLife>,
    /// Distances of a stop; 0 is none.
    pub stop_ticks: Vec<f64>,
    /// Distances of a target; 0 is none.
    pub target_ticks: Vec<f64>,
    /// Most lots held on either side, with what waiting orders could yet fill.
    pub max_lots: f64,
    /// Whether actions are numbers in [-1, 1] instead.
    pub continuous: bool,
}

/// How long the limit of a ticket waits.
///
/// ```
/// use tradepit_envs::TicketLife;
/// assert_eq!(serde_json::to_string(&TicketLife::Bar).unwrap(), r#""bar""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketLife {
    /// What fills at once fills.
    Ioc,
    /// For one bar's length.
    Bar,
    /// Until the session closes.
    Day,
    /// Until it fills; there is no action that takes it out.
    Gtc,
}

impl Default for OrderTicket {
    fn default() -> Self {
        Self {
            lots: vec![1.0],
            offset_ticks: vec![0.0, 1.0, 2.0, 4.0],
            life: vec![TicketLife::Bar, TicketLife::Day, TicketLife::Ioc],
            stop_ticks: vec![0.0, 8.0, 16.0],
            target_ticks: vec![0.0, 8.0, 16.0],
            max_lots: 10.0,
            continuous: false,
        }
    }
}

/// Sides of a ticket, from the most that is sold to the most that is bought.
const SIDES: usize = 5;

/// What an action says.
struct Ticket {
    /// From -2 (sell at the market) over 0 (nothing) to 2 (buy at the market).
    side: i64,
    lots: f64,
    offset_ticks: f64,
    life: TicketLife,
    stop_ticks: f64,
    target_ticks: f64,
}

/// The entry of `list` at which a number in [-1, 1] points, or a number between two of them.
fn along(list: &[f64], value: f32) -> f64 {
    let at = 0.5 * (unit(value) + 1.0) * (list.len() - 1) as f64;
    let low = at.floor() as usize;
    let next = list[(low + 1).min(list.len() - 1)];
    list[low] + (at - low as f64) * (next - list[low])
}

/// Which of `n` equal parts of [-1, 1] a number is in.
fn part(n: usize, value: f32) -> usize {
    ((0.5 * (unit(value) + 1.0) * n as f64) as usize).min(n - 1)
}

impl OrderTicket {
    fn ticket(&self, action: Action<'_>) -> Option<Ticket> {
        let (side, lots, offset_ticks, life, stop_ticks, target_ticks) = match action {
            Action::Box(&[side, lots, offset, life, stop, target]) => (
                part(SIDES, side),
                along(&self.lots, lots),
                along(&self.offset_ticks, offset),
                part(self.life.len(), life),
                along(&self.stop_ticks, stop),
                along(&self.target_ticks, target),
            ),
            Action::MultiDiscrete(&[side, lots, offset, life, stop, target]) => (
                side as usize,
                self.lots[lots as usize],
                self.offset_ticks[offset as usize],
                life as usize,
                self.stop_ticks[stop as usize],
                self.target_ticks[target as usize],
            ),
            Action::Box(_) | Action::Discrete(_) | Action::MultiDiscrete(_) => return None,
        };
        Some(Ticket { side: side as i64 - 2, lots, offset_ticks, life: self.life[life], stop_ticks, target_ticks })
    }

    /// The decision, where no more than `max_lots` may be held.
    fn within<'a>(&self, decision: &Decision<'a>) -> Decision<'a> {
        let most = decision.limits.position.map_or(self.max_lots, |most| most.min(self.max_lots));
        Decision { limits: Limits { position: Some(most), ..decision.limits }, ..*decision }
    }
}

impl ActionScheme for OrderTicket {
    fn space(&self, _: usize) -> Space {
        let lists = [self.offset_ticks.len(), self.life.len(), self.stop_ticks.len(), self.target_ticks.len()];
        if self.continuous {
            return Space::Box { len: 2 + lists.len(), low: -1.0, high: 1.0 };
        }
        Space::MultiDiscrete { nvec: [SIDES, self.lots.len()].into_iter().chain(lists).collect() }
    }

    fn max_lots(&self) -> f64 {
        self.max_lots
    }

    fn orders(&self, action: Action<'_>, decision: &Decision<'_>, orders: &mut Orders) {
        let Some(ticket) = self.ticket(action).filter(|ticket| ticket.side != 0) else { return };
        let (market, first) = (decision.market, InstrumentId(0));
        let (thing, close) = (&market.instruments()[0], market.last(first).close);
        let buys = ticket.side > 0;
        let side = if buys { 1.0 } else { -1.0 };
        let decision = &self.within(decision);
        let closes = decision.closes(0, buys);
        let most = if closes > 0.0 { closes } else { decision.allowance(0, buys) };
        let lots = round(ticket.lots).min(most);
        if lots < 1.0 {
            return;
        }
        let (qty, at_market) = (side * lots * thing.lot, ticket.side.abs() == 2);
        let price = if at_market { close } else { thing.round_price(close - side * ticket.offset_ticks * thing.tick) };
        let entry = if at_market {
            OrderRequest::market(first, qty)
        } else {
            OrderRequest::limit(first, qty, price).with_tif(match ticket.life {
                TicketLife::Ioc => TimeInForce::Ioc {},
                TicketLife::Bar => TimeInForce::Gtd { until: market.now().plus_ns(market.period_ns()) },
                TicketLife::Day => TimeInForce::Day {},
                TicketLife::Gtc => TimeInForce::Gtc {},
            })
        };
        // Should another order, as that of a bracket, close it first, this one opens nothing.
        if closes > 0.0 {
            return orders.send(entry.reduce_only());
        }
        // Nearer than half a tick is none.
        let away = |ticks: f64, side: f64| (ticks >= 0.5).then(|| thing.round_price(price + side * ticks * thing.tick));
        orders.send(Bracket { entry, stop: away(ticket.stop_ticks, -side), target: away(ticket.target_ticks, side) });
    }

    fn mask(&self, decision: &Decision<'_>, mask: &mut [bool]) {
        mask.fill(true);
        let decision = self.within(decision);
        for (side, open) in mask.iter_mut().take(SIDES).enumerate() {
            *open = side == 2 || decision.allowance(0, side > 2) >= 1.0;
        }
    }

    fn validate(&self, instruments: usize) -> Result<()> {
        let lists = [
            ("lots", &self.lots, 1.0),
            ("offset_ticks", &self.offset_ticks, f64::NEG_INFINITY),
            ("stop_ticks", &self.stop_ticks, 0.0),
            ("target_ticks", &self.target_ticks, 0.0),
        ];
        for (field, list, least) in lists {
            if list.is_empty() || list.iter().any(|value| !value.is_finite() || *value < least) {
                let least = if least.is_finite() { format!(" of at least {least}") } else { String::new() };
                let message = format!("{list:?} must be at least 1 finite number{least}");
                return Err(Error::spec(format!("action.{field}"), message));
            }
        }
        if self.life.is_empty() {
            return Err(Error::spec("action.life", "[] must have at least one of ioc, bar, day and gtc"));
        }
        positive("max_lots", self.max_lots)?;
        one_instrument(instruments)
    }
}

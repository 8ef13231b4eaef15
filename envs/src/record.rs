//! What happened in one episode, kept for people: fills, trades, and the course of the account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradepit::{
    Result, Timestamp, Venue,
    account::{
        Account, AccountEvent, AccountSnapshot, Fill, Trade,
        metrics::{Performance, Run},
        open_trades, trades_from_fills,
    },
};

/// The account after one step.
///
/// ```
/// use tradepit::Timestamp;
/// use tradepit_envs::{EpisodeRecord, Moment};
/// # use tradepit::{InstrumentId, account::{AccountEvent, Fill}, order::OrderId};
/// # let bought = AccountEvent::Fill(Fill { qty: 1.0, price: 5000.0, reference: 5000.0, fee: 0.0, multiplier: 50.0,
/// #     time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true });
/// let mut record = EpisodeRecord::default();
/// record.event(&bought); // one contract, at 5000
/// record.moment(Moment { time: Timestamp::from_nanos(60), equity: 100_050.0, position: 1.0, price: 5001.0,
///     ..Moment::default() });
/// // What is open is worth what the last moment says.
/// assert_eq!((record.open()[0].net, record.open()[0].exit_time), (50.0, Timestamp::from_nanos(60)));
/// ```
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
    /// Fees paid since the episode began.
    pub fees: f64,
    /// What slippage cost since the episode began.
    pub slippage: f64,
}

/// What happened since the episode began: every fill, and the account after every step.
///
/// ```
/// use tradepit::{InstrumentId, Timestamp, account::{AccountEvent, Fill}, order::OrderId};
/// use tradepit_envs::EpisodeRecord;
/// let mut record = EpisodeRecord::default();
/// for (qty, price) in [(2.0, 5000.0), (-3.0, 5001.0)] {
///     record.event(&AccountEvent::Fill(Fill { qty, price, reference: price, fee: 6.0, multiplier: 50.0,
///         time: Timestamp::default(), order: OrderId(0), instrument: InstrumentId(0), futures: true }));
/// }
/// let trade = record.closed()[0];
/// assert_eq!((trade.qty, trade.fees, trade.net), (2.0, 6.0 + 4.0, 100.0 - 10.0));
/// assert_eq!(record.open()[0].qty, 1.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeRecord {
    /// Whether fills were at prices that their decisions had seen, which no market gives.
    #[serde(default)]
    look_ahead: bool,
    /// Fills, and splits of what is held: what trades are made of.
    events: Vec<AccountEvent>,
    /// How many of the events stand for what the account held from the beginning.
    #[serde(default, skip_serializing_if = "is_zero")]
    held: usize,
    moments: Vec<Moment>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    randomised: BTreeMap<String, f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl EpisodeRecord {
    /// Of episodes over `venue`.
    ///
    /// ```
    /// use tradepit_envs::{EnvSpec, EpisodeRecord, SimSetup};
    /// # use tradepit::market::synth;
    /// let spec: EnvSpec = serde_json::from_str(r#"{"fill": {"kind": "look_ahead_close"}}"#).unwrap();
    /// let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// assert!(EpisodeRecord::of(setup.env().venue()).looks_ahead());
    /// ```
    #[must_use]
    pub fn of(venue: &impl Venue) -> Self {
        Self { look_ahead: venue.looks_ahead(), ..Self::default() }
    }

    /// Whether orders filled at the close that their decision had seen
    /// ([`LookAheadClose`](tradepit::models::LookAheadClose)): no market gives such prices.
    #[must_use]
    pub fn looks_ahead(&self) -> bool {
        self.look_ahead
    }

    /// Forgets the episode; memory is kept.
    pub fn clear(&mut self) {
        self.events.clear();
        self.held = 0;
        self.moments.clear();
        self.randomised.clear();
    }

    /// Takes the numbers in that the episode runs with, by their paths, where the spec has them drawn.
    ///
    /// ```
    /// use tradepit_envs::EpisodeRecord;
    /// # use tradepit::market::synth;
    /// # use tradepit_envs::{EnvSpec, SimSetup};
    /// # let spec: EnvSpec = serde_json::from_str(r#"{"slippage": {"kind": "fixed_ticks", "ticks": 1},
    /// #     "randomise": {"ranges": {"slippage.ticks": [0, 2]}}}"#).unwrap();
    /// # let setup = SimSetup::new(spec, synth::es_1m(3_000, 0).unwrap()).unwrap();
    /// # let (mut env, mut obs) = (setup.env(), vec![0.0; setup.rules().observation_space().len()]);
    /// env.reset(Some(7), &mut obs).unwrap();
    /// let mut record = EpisodeRecord::default();
    /// record.randomise(env.rules().randomised().zip(env.randomised()));
    /// assert_eq!(record.randomised()["slippage.ticks"], env.randomised()[0]);
    /// ```
    pub fn randomise<'a>(&mut self, numbers: impl IntoIterator<Item = (&'a str, &'a f64)>) {
        self.randomised.extend(numbers.into_iter().map(|(path, value)| (path.to_owned(), *value)));
    }

    /// The numbers that the episode runs with, by their paths, where the spec has them drawn.
    #[must_use]
    pub fn randomised(&self) -> &BTreeMap<String, f64> {
        &self.randomised
    }

    /// Takes in what the account holds when an episode begins: its trades are open from then on, and it is no fill.
    ///
    /// ```
    /// use tradepit::{Instrument, InstrumentId, Timestamp, account::{Account, AccountSnapshot, Fill}};
    /// use tradepit_envs::EpisodeRecord;
    /// let (mut account, things) = (Account::new(1), [Instrument::es()]);
    /// account.hold(&Fill::held(InstrumentId(0), &things[0], 3.0, 5000.0, Timestamp::default()));
    /// let mut record = EpisodeRecord::default();
    /// record.opened(&AccountSnapshot::of(&account, &things, Timestamp::default()));
    /// assert_eq!((record.fills().len(), record.open()[0].qty), (0, 3.0));
    /// ```
    pub fn opened(&mut self, snapshot: &AccountSnapshot) {
        self.events.extend(snapshot.positions.iter().map(AccountEvent::from));
        self.held = self.events.len();
    }

    /// Takes an event in.
    pub fn event(&mut self, event: &AccountEvent) {
        if matches!(event, AccountEvent::Fill(_) | AccountEvent::Split { .. }) {
            self.events.push(*event);
        }
    }

    /// Takes the account after a step in.
    pub fn moment(&mut self, moment: Moment) {
        self.moments.push(moment);
    }

    /// Fills, oldest first.
    #[must_use]
    pub fn fills(&self) -> Vec<Fill> {
        self.fills_and_held().skip(self.held).collect()
    }

    fn fills_and_held(&self) -> impl Iterator<Item = Fill> {
        self.events.iter().filter_map(|event| if let AccountEvent::Fill(fill) = event { Some(*fill) } else { None })
    }

    /// Trades that came to their end, oldest first.
    #[must_use]
    pub fn closed(&self) -> Vec<Trade> {
        trades_from_fills(&self.events)
    }

    /// Positions that are held, as if closed at the last price without a fee.
    #[must_use]
    pub fn open(&self) -> Vec<Trade> {
        let (last, fills) = (self.moments.last(), self.fills_and_held().collect::<Vec<_>>());
        let now = last.map_or_else(|| fills.last().map(|fill| fill.time).unwrap_or_default(), |m| m.time);
        // Only the first instrument's price is in the record; another's stands at its own last fill.
        let own = |id| fills.iter().rev().find(|fill| fill.instrument == id).map_or(0.0, |fill| fill.price);
        open_trades(&self.events, now, |id| last.filter(|_| id.0 == 0).map_or_else(|| own(id), |m| m.price))
    }

    /// The course of the account, from the first observation on.
    #[must_use]
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Statistics of the episode so far.
    ///
    /// # Errors
    /// When the episode has not begun.
    pub fn performance(&self, account: &Account, periods_per_year: f64) -> Result<Performance> {
        let equity: Vec<f64> = self.moments.iter().map(|moment| moment.equity).collect();
        let positions: Vec<f64> = self.moments.iter().map(|moment| moment.position).collect();
        let (positions, trades) = (&positions[..], &self.closed()[..]);
        Run { positions, trades, ..Run::of(account, &equity, periods_per_year) }.performance()
    }
}

//! One series of bars out of the contracts of a future, with a roll where one gives way to the next.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Bar, Calendar, Contract, Instrument, InstrumentId, MarketData, MarketDataBuilder, MarketEvent, MarketFact, Session,
    SessionClock,
};
use crate::{Error, Result, Timestamp, time::DAY_NS};

/// When one contract gives way to the next: at the beginning of a session, by what was known before it, and at the latest
/// when the session begins in which the contract expires. It never goes back to a nearer contract.
///
/// ```
/// use tradepit::market::RollRule;
/// let rule: RollRule = serde_json::from_str(r#"{"kind": "calendar", "days": 8}"#).unwrap();
/// assert_eq!(rule, RollRule::Calendar { days: 8 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RollRule {
    /// A later contract had more volume in the session before.
    Volume {},
    /// A later contract had more open interest in the session before: the last number of each.
    OpenInterest {},
    /// So many calendar days, or fewer, are left to the day of expiry.
    Calendar {
        /// Days; 8 is the Thursday of the week before for a contract that expires on a Friday.
        days: u32,
    },
}

/// The bars of one contract, and what it needs to be part of a continuous future.
///
/// ```
/// use tradepit::market::{Contract, ContractSeries};
/// let series = ContractSeries { contract: Contract::parse("ESZ24").unwrap(), bars: vec![], open_interest: vec![] };
/// assert!(series.open_interest.is_empty()); // only the rule of that name needs it
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ContractSeries {
    /// Name and expiry.
    pub contract: Contract,
    /// Raw bars, stamped by the close, in order.
    pub bars: Vec<Bar>,
    /// Open interest, one number a bar, as known when it closed; may be empty.
    pub open_interest: Vec<f64>,
}

/// Where one contract gave way to another.
///
/// ```
/// use tradepit::{Timestamp, market::Roll};
/// let roll = Roll { row: 7, time: Timestamp::from_nanos(1), from: 0, to: 1, from_price: 5_000.0, to_price: 5_050.0 };
/// assert_eq!(roll.to_price - roll.from_price, 50.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roll {
    /// The first row of the next contract.
    pub row: usize,
    /// When it takes effect: when the session of that row opens.
    pub time: Timestamp,
    /// Which contract is left, counted in the order given.
    pub from: usize,
    /// Which one follows.
    pub to: usize,
    /// Close of the contract that is left in the last bar before the roll that both have.
    pub from_price: f64,
    /// Close of the next one in its bar of the same time.
    pub to_price: f64,
}

/// A continuous future: raw bars of one contract after the other, and the rolls between them.
///
/// ```
/// use tradepit::{Bar, Instrument, Timestamp, time::DAY_NS};
/// use tradepit::market::{Adjustment, Calendar, Contract, ContractSeries, Continuous, RollRule};
/// let series = |name: &str, expires: i64, closes: &[(f64, f64)]| ContractSeries {
///     contract: Contract { name: name.into(), expires: Timestamp::from_nanos(expires * DAY_NS) },
///     bars: closes.iter().enumerate().map(|(day, (close, volume))| Bar {
///         time: Timestamp::from_nanos((day as i64 + 1) * DAY_NS),
///         open: *close, high: *close, low: *close, close: *close, volume: *volume }).collect(),
///     open_interest: vec![],
/// };
/// let near = series("A", 4, &[(10.0, 9.0), (11.0, 4.0), (12.0, 1.0)]);
/// let next = series("B", 9, &[(20.0, 1.0), (21.0, 5.0), (22.0, 9.0), (23.0, 9.0)]);
/// // More volume in the second session: rolled with the third.
/// let made = Continuous::new(&[near, next], RollRule::Volume {}, Calendar::Utc).unwrap();
/// assert_eq!((made.rolls[0].row, made.rolls[0].from_price, made.rolls[0].to_price), (2, 11.0, 21.0));
/// let data = made.into_builder(Instrument::es(), Calendar::Utc).adjust(Adjustment::Difference).build().unwrap();
/// let closes = |bars: &[Bar]| bars.iter().map(|bar| bar.close).collect::<Vec<_>>();
/// assert_eq!(closes(data.bars()), [10.0, 11.0, 22.0, 23.0]); // what orders fill at
/// assert_eq!(closes(&data.feature_bars()), [10.0, 11.0, 12.0, 13.0]); // what features see
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Continuous {
    /// Raw bars.
    pub bars: Vec<Bar>,
    /// The contract of the first row, counted in the order given.
    pub first: usize,
    /// Every change of the contract, in order.
    pub rolls: Vec<Roll>,
}

impl Continuous {
    /// Strings contracts together, session by session of `calendar`; without sessions, by days of UTC.
    ///
    /// The first session is that of the contract which expires first among those that trade in it. Sessions in which the
    /// contract of the day has no bar leave no rows. Of a roll, both prices are closes of one moment, so that what a position
    /// gains is right, though the moment may lie some bars back.
    ///
    /// # Errors
    /// When there is no bar, two contracts expire together, bars of a contract are out of order or unusable, open interest
    /// is asked for and not there, or two contracts between which it rolls have no bar of the same time before.
    pub fn new(series: &[ContractSeries], rule: RollRule, calendar: Calendar) -> Result<Self> {
        let clock = calendar.clock()?;
        let mut chain = Vec::with_capacity(series.len());
        for (at, series) in series.iter().enumerate() {
            chain.push(Link::new(at, series, rule, &clock)?);
        }
        chain.sort_by_key(|link| link.series.contract.expires);
        if let Some(pair) = chain.windows(2).find(|w| w[0].series.contract.expires == w[1].series.contract.expires) {
            let [one, other] = [&pair[0], &pair[1]].map(|link| &link.series.contract.name);
            return Err(Error::spec("contracts", format!("{one:?} and {other:?} expire together; keep one")));
        }
        let days: BTreeSet<Timestamp> = chain.iter().flat_map(|link| link.days.iter().map(|day| day.date)).collect();
        let (mut made, mut now, mut before): (Self, Option<usize>, _) = Default::default();
        let mut last: Option<usize> = None;
        for date in days {
            let used = choose(&chain, rule, now, before, date);
            (now, before) = (used, Some(date));
            let Some((at, day)) = used.and_then(|at| Some((at, chain[at].on(date)?))) else { continue };
            let bars = &chain[at].series.bars[day.rows.clone()];
            match last {
                None => made.first = chain[at].given,
                Some(last) if last != at => {
                    let (from, to) = (&chain[last], &chain[at]);
                    let prices = common(from.before(date), to.before(date)).ok_or_else(|| {
                        let [from, to] = [from, to].map(|link| &link.series.contract.name);
                        let message = format!(
                            "{from:?} and {to:?} have no bar of the same time before {date}, when the one gives way \
                             to the other; bring bars that overlap"
                        );
                        Error::spec("contracts", message)
                    })?;
                    let opens = clock.session(bars[0].time).opens.min(bars[0].time.plus_ns(-1));
                    made.rolls.push(Roll {
                        row: made.bars.len(),
                        time: made.bars.last().map_or(opens, |bar| bar.time.max(opens)),
                        from: from.given,
                        to: to.given,
                        from_price: prices.0,
                        to_price: prices.1,
                    });
                }
                Some(_) => {}
            }
            last = Some(at);
            made.bars.extend_from_slice(bars);
        }
        if made.bars.is_empty() {
            return Err(Error::TooLittleData("no contract has bars".into()));
        }
        Ok(made)
    }

    /// The contract of a row, counted in the order given.
    #[must_use]
    pub fn contract(&self, row: usize) -> usize {
        let rolled = self.rolls.partition_point(|roll| roll.row <= row);
        rolled.checked_sub(1).map_or(self.first, |last| self.rolls[last].to)
    }

    /// The data of a market of this one future: raw bars to fill at, and a [`MarketFact::Roll`] for each change, over which
    /// the bars of features are adjusted.
    #[must_use]
    pub fn into_builder(self, instrument: Instrument, calendar: Calendar) -> MarketDataBuilder {
        let event = |roll: &Roll| {
            let Roll { time, from_price, to_price, .. } = *roll;
            MarketEvent { time, instrument: InstrumentId(0), what: MarketFact::Roll { from_price, to_price } }
        };
        let events = self.rolls.iter().map(event).collect();
        MarketData::builder(vec![instrument]).bars(self.bars).calendar(calendar).events(events)
    }
}

/// A contract with its bars by trading date.
struct Link<'a> {
    series: &'a ContractSeries,
    given: usize,
    /// Date of the last trading day.
    expiry: Timestamp,
    days: Vec<Day>,
}

struct Day {
    date: Timestamp,
    rows: std::ops::Range<usize>,
    /// What the rule compares: volume of the day, or its last open interest.
    interest: f64,
}

impl<'a> Link<'a> {
    fn new(given: usize, series: &'a ContractSeries, rule: RollRule, clock: &SessionClock) -> Result<Self> {
        let ContractSeries { contract, bars, open_interest } = series;
        let refuse = |row: usize, column: &str, message: String| Error::Data {
            source_name: Some(contract.name.clone()),
            row,
            column: column.to_owned(),
            message,
        };
        if rule == (RollRule::OpenInterest {}) && open_interest.len() != bars.len() {
            let (got, rows) = (open_interest.len(), bars.len());
            let field = format!("contracts.{}.open_interest", contract.name);
            return Err(Error::spec(field, format!("{got} values for {rows} bars; give one a bar, or another rule")));
        }
        let mut days: Vec<Day> = Vec::new();
        let mut session: Option<Session> = None;
        for (row, bar) in bars.iter().enumerate() {
            bar.check().map_err(|(column, message)| refuse(row, column, message))?;
            if row > 0 && bar.time <= bars[row - 1].time {
                let message =
                    format!("{} is not after {} of the row before; sort the rows", bar.time, bars[row - 1].time);
                return Err(refuse(row, "time", message));
            }
            // Without sessions, the date is asked of each bar.
            let known = session.filter(|known| bar.time <= known.closes && known.closes.nanos() < i64::MAX);
            let date = match (known, days.last()) {
                (Some(_), Some(day)) => day.date,
                _ => clock.session_date(bar.time),
            };
            session = known.or_else(|| Some(clock.session(bar.time)));
            if days.last().is_none_or(|day| day.date != date) {
                days.push(Day { date, rows: row..row, interest: 0.0 });
            }
            if let Some(day) = days.last_mut() {
                day.rows.end = row + 1;
                day.interest = match rule {
                    RollRule::OpenInterest {} => open_interest[row],
                    RollRule::Volume {} | RollRule::Calendar { .. } => day.interest + bar.volume,
                };
            }
        }
        if let Some(row) = open_interest.iter().position(|value| !value.is_finite()) {
            return Err(refuse(row, "open_interest", format!("{} is not a finite number", open_interest[row])));
        }
        Ok(Self { series, given, expiry: clock.session_date(contract.expires), days })
    }

    fn on(&self, date: Timestamp) -> Option<&Day> {
        self.days.binary_search_by_key(&date, |day| day.date).ok().map(|at| &self.days[at])
    }

    /// The bars of earlier dates.
    fn before(&self, date: Timestamp) -> &[Bar] {
        let days = self.days.partition_point(|day| day.date < date);
        let end = days.checked_sub(1).map_or(0, |last| self.days[last].rows.end);
        &self.series.bars[..end]
    }

    /// Whether it must have given way by the session of that date.
    fn is_due(&self, rule: RollRule, date: Timestamp) -> bool {
        let left = match rule {
            RollRule::Calendar { days } => i64::from(days),
            RollRule::Volume {} | RollRule::OpenInterest {} => 0,
        };
        self.expiry.nanos() - date.nanos() <= left * DAY_NS
    }
}

/// The contract of a session: places in the chain.
fn choose(
    chain: &[Link<'_>],
    rule: RollRule,
    now: Option<usize>,
    before: Option<Timestamp>,
    date: Timestamp,
) -> Option<usize> {
    let Some(now) = now else {
        let trades = |at: &usize| chain[*at].on(date).is_some();
        let fresh = |at: &usize| trades(at) && !chain[*at].is_due(rule, date);
        return (0..chain.len()).find(fresh).or_else(|| (0..chain.len()).find(trades));
    };
    let interest = |at: usize| before.and_then(|before| chain[at].on(before)).map_or(0.0, |day| day.interest);
    let by_interest = match rule {
        RollRule::Volume {} | RollRule::OpenInterest {} => {
            (now + 1..chain.len()).fold(now, |best, at| if interest(at) > interest(best) { at } else { best })
        }
        RollRule::Calendar { .. } => now,
    };
    if !chain[by_interest].is_due(rule, date) {
        return Some(by_interest);
    }
    // One that has traded before: nothing else is known to be there.
    let listed = |at: &usize| !chain[*at].is_due(rule, date) && !chain[*at].before(date).is_empty();
    (by_interest + 1..chain.len()).find(listed).or(Some(by_interest))
}

/// Closes of the last bars of the same time.
fn common(mut from: &[Bar], mut to: &[Bar]) -> Option<(f64, f64)> {
    loop {
        let (a, b) = (from.last()?, to.last()?);
        match a.time.cmp(&b.time) {
            std::cmp::Ordering::Equal => return Some((a.close, b.close)),
            std::cmp::Ordering::Less => to = &to[..to.len() - 1],
            std::cmp::Ordering::Greater => from = &from[..from.len() - 1],
        }
    }
}

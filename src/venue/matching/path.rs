//! The ways that prices may have taken: stretches of time with the corners between which prices went.

use crate::{
    Bar, Instrument, Timestamp,
    market::grid,
    models::Within,
    order::{OrderKind, Resting},
};

/// A bar as a walk takes it: when it opened and closed, and its prices in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) opened: Timestamp,
    pub(super) closed: Timestamp,
    corners: [f64; 5],
    pub(super) legs: usize,
}

impl Stretch {
    /// Over the bar that closed at its time: up first, or down first.
    pub(super) fn new(bar: &Bar, opened: Timestamp, up: bool) -> Self {
        let [open, first, second, close] = straight(bar, up);
        Self { opened, closed: bar.time, corners: [open, first, second, close, close], legs: STRAIGHT }
    }

    /// Over the bar to a price, from there to the extreme behind the open, to the other one, to the close.
    fn turning(bar: &Bar, opened: Timestamp, at: f64) -> Self {
        let (behind, ahead) = if at > bar.open { (bar.low, bar.high) } else { (bar.high, bar.low) };
        Self { opened, closed: bar.time, corners: [bar.open, at, behind, ahead, bar.close], legs: 4 }
    }

    /// The price with which it begins.
    pub(super) fn first(&self) -> f64 {
        self.corners[0]
    }

    /// One of its legs.
    pub(super) fn leg(&self, leg: usize) -> Leg {
        let (begins, ends) = leg_times((self.opened, self.closed), self.legs, leg);
        Leg { begins, ends, from: self.corners[leg], to: self.corners[leg + 1] }
    }

    /// Lowest and highest price.
    pub(super) fn range(&self) -> (f64, f64) {
        self.corners.iter().fold((f64::MAX, f64::MIN), |(low, high), price| (low.min(*price), high.max(*price)))
    }
}

/// From one corner of the way to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Leg {
    /// Whether a moment lies on it, behind its first corner.
    pub(super) fn has(&self, time: Timestamp) -> bool {
        time > self.begins && time <= self.ends
    }

    /// The part of the leg that is behind a moment of it.
    pub(super) fn passed(&self, time: Timestamp) -> f64 {
        share((self.begins, self.ends), time)
    }

    /// The part of the leg that is behind a price on it.
    pub(super) fn reached(&self, price: f64) -> f64 {
        if self.to == self.from { 0.0 } else { (price - self.from) / (self.to - self.from) }
    }

    /// The price at a moment of it.
    pub(super) fn price_at(&self, time: Timestamp) -> f64 {
        price_between((self.from, self.to), self.passed(time))
    }
}

/// Legs of a straight way.
const STRAIGHT: usize = 3;

/// The corners of a straight way over a bar: up first, or down first.
#[inline]
fn straight(bar: &Bar, up: bool) -> [f64; STRAIGHT + 1] {
    let (first, second) = if up { (bar.high, bar.low) } else { (bar.low, bar.high) };
    [bar.open, first, second, bar.close]
}

/// When a leg begins and ends. They take equal times: nothing more is known of a way than its corners.
#[inline]
fn leg_times((opened, closed): (Timestamp, Timestamp), legs: usize, leg: usize) -> (Timestamp, Timestamp) {
    let length = (closed.nanos() - opened.nanos()) / legs as i64;
    let begins = opened.plus_ns(length * leg as i64);
    (begins, if leg + 1 == legs { closed } else { begins.plus_ns(length) })
}

/// The part of a time that is behind a moment of it.
#[inline]
fn share((begins, ends): (Timestamp, Timestamp), time: Timestamp) -> f64 {
    (time.nanos() - begins.nanos()) as f64 / (ends.nanos() - begins.nanos()).max(1) as f64
}

/// Whether prices have surely not come a tick from the open by a moment behind it, whichever straight way they take.
///
/// In the first third of the bar they are on the first leg, and in a third of the time have come the whole range at most.
#[inline]
pub(super) fn is_at_open(instrument: &Instrument, bar: &Bar, opened: Timestamp, time: Timestamp) -> bool {
    let thirds = 3.0 * (time.nanos() - opened.nanos()) as f64;
    let span = (bar.time.nanos() - opened.nanos()) as f64;
    // Half a tick leaves room for rounding.
    thirds < 0.9 * span && thirds * (bar.high - bar.low) < 0.5 * instrument.tick * span
}

/// Where a moment lies on the straight ways over a bar, on both the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    leg: usize,
    passed: f64,
}

impl Place {
    /// Of a moment behind the open and not behind the close.
    #[inline]
    pub(super) fn new(opened: Timestamp, closed: Timestamp, time: Timestamp) -> Self {
        let length = ((closed.nanos() - opened.nanos()) / STRAIGHT as i64).max(1);
        let leg = (((time.nanos() - opened.nanos() - 1) / length) as usize).min(STRAIGHT - 1);
        Self { leg, passed: share(leg_times((opened, closed), STRAIGHT, leg), time) }
    }

    /// The last price that was traded by then.
    #[inline(always)]
    pub(super) fn price(&self, instrument: &Instrument, bar: &Bar, up: bool) -> f64 {
        let corners = straight(bar, up);
        let (from, to) = (corners[self.leg], corners[self.leg + 1]);
        last_on_grid(instrument, from, price_between((from, to), self.passed), to)
    }
}

/// The price a part of the way from one price to another; between them whatever was rounded.
#[inline]
fn price_between((from, to): (f64, f64), passed: f64) -> f64 {
    let price = from + passed * (to - from);
    // Two selects; `f64::clamp` also checks its bounds.
    let (low, high) = if to > from { (from, to) } else { (to, from) };
    let price = if price < low { low } else { price };
    if price > high { high } else { price }
}

/// The last price that was traded on the way `from` where prices were over `price` to `to`: they move by whole ticks, on
/// the grid.
#[inline]
pub(super) fn last_on_grid(instrument: &Instrument, from: f64, price: f64, to: f64) -> f64 {
    if (price - from).abs() < (1.0 - 1e-9) * instrument.tick {
        return from;
    }
    let ticks = price / instrument.tick;
    let last = if to > from { grid::below(ticks + 1e-9) } else { grid::above(ticks - 1e-9) };
    instrument.round_price(last * instrument.tick).clamp(from.min(to), from.max(to))
}

/// The stretches of a row, at least one.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The bar is all that is known.
    Bar([Stretch; 1]),
    /// Its finer bars.
    Finer(Vec<Stretch>),
}

impl Way {
    pub(super) fn stretches(&self) -> &[Stretch] {
        match self {
            Self::Bar(bar) => bar,
            Self::Finer(way) => way,
        }
    }
}

/// Whether the high is the extreme nearer to the open.
pub(super) fn high_is_nearer(bar: &Bar) -> bool {
    bar.high - bar.open <= bar.open - bar.low
}

/// The way along finer bars of a row that opened at `opened`. Each took the shortest time between two of them; where one
/// is missing nothing was traded.
pub(super) fn along<'a>(
    sub_bars: impl Iterator<Item = &'a Bar> + Clone,
    opened: Timestamp,
    within: Within,
) -> Vec<Stretch> {
    let times = std::iter::once(opened).chain(sub_bars.clone().map(|bar| bar.time));
    let steps = times.clone().zip(sub_bars.clone()).map(|(before, bar)| bar.time.nanos() - before.nanos());
    let step = steps.min().unwrap_or_default();
    let stretch = |(n, (before, bar)): (usize, (Timestamp, &Bar))| {
        // The first price is the row's, and stands from its open on.
        let opened = if n == 0 { opened } else { before.max(bar.time.plus_ns(-step)) };
        let up = match within {
            Within::NearestFirst {} => high_is_nearer(bar),
            Within::OpenHighLowClose {} => true,
            Within::OpenLowHighClose {} => false,
        };
        Stretch::new(bar, opened, up)
    };
    times.zip(sub_bars).enumerate().map(stretch).collect()
}

/// Ways over a bar that may be worse than the straight ones for orders that depend on what was before them; `filled` says
/// where prices were when orders filled on those.
///
/// On a straight way, prices that fill an entry go on to its target without a step back, and a trailing stop follows to
/// the extreme: on a price without drift both would earn. Prices that turn where an entry filled, or as soon as a trailing
/// stop lets them come back to the other extreme, are as possible a way through the same bar.
pub(super) fn turns<'a>(
    bar: &Bar,
    opened: Timestamp,
    orders: impl Iterator<Item = &'a Resting>,
    filled: impl Iterator<Item = f64>,
) -> Vec<Stretch> {
    let (mut at, mut depends) = (Vec::new(), false);
    for Resting { order, .. } in orders {
        depends |= order.request.reduce_only || order.request.parent.is_some();
        if let OrderKind::TrailingStop { offset } = order.request.kind {
            at.push(if order.request.qty < 0.0 { bar.low + offset } else { bar.high - offset });
        }
    }
    at.extend(filled.filter(|_| depends));
    at.retain(|price| *price != bar.open && (bar.low..=bar.high).contains(price));
    at.sort_by(f64::total_cmp);
    at.dedup();
    at.into_iter().map(|price| Stretch::turning(bar, opened, price)).collect()
}

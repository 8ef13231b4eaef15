//! The ways that prices may have taken: stretches of time with the corners between which prices went.

use crate::{
    Bar, Timestamp,
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
        let (first, second) = if up { (bar.high, bar.low) } else { (bar.low, bar.high) };
        Self { opened, closed: bar.time, corners: [bar.open, first, second, bar.close, bar.close], legs: 3 }
    }

    /// Over the bar to a price, from there to the extreme behind the open, to the other one, to the close.
    fn turning(bar: &Bar, opened: Timestamp, at: f64) -> Self {
        let (behind, ahead) = if at > bar.open { (bar.low, bar.high) } else { (bar.high, bar.low) };
        Self { opened, closed: bar.time, corners: [bar.open, at, behind, ahead, bar.close], legs: 4 }
    }

    /// From where to where a leg goes.
    pub(super) fn leg(&self, leg: usize) -> (f64, f64) {
        (self.corners[leg], self.corners[leg + 1])
    }

    /// Lowest and highest price.
    pub(super) fn range(&self) -> (f64, f64) {
        self.corners.iter().fold((f64::MAX, f64::MIN), |(low, high), price| (low.min(*price), high.max(*price)))
    }
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

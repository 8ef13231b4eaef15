//! The ways that prices may have taken: stretches of time with the corners between which prices went.

use crate::{Bar, Timestamp, models::Within};

/// A bar as a walk takes it: when it opened and closed, and its prices in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) opened: Timestamp,
    pub(super) closed: Timestamp,
    pub(super) corners: [f64; 4],
}

impl Stretch {
    /// Over the bar that closed at its time: up first, or down first.
    pub(super) fn new(bar: &Bar, opened: Timestamp, up: bool) -> Self {
        let (first, second) = if up { (bar.high, bar.low) } else { (bar.low, bar.high) };
        Self { opened, closed: bar.time, corners: [bar.open, first, second, bar.close] }
    }

    /// Lowest and highest price.
    pub(super) fn range(&self) -> (f64, f64) {
        let [_, first, second, _] = self.corners;
        (first.min(second), first.max(second))
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

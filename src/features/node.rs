//! One number of a row, and what gives it.

use super::{Indicator, facts::Facts, normalise::Normaliser};
use crate::{Bar, Result};

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) source: Source,
    pub(super) normaliser: Option<Normaliser>,
    pub(super) scale: f64,
    /// Whether it reads the rows themselves, and not completed bars of a higher timeframe.
    pub(super) on_rows: bool,
    /// The last number, kept between two bars of a higher timeframe.
    pub(super) value: f64,
}

/// Where it reads: bars by instrument, or by their place in a higher timeframe.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Bars(usize, Box<dyn Indicator>),
    Pair([usize; 2], Box<dyn Indicator<[Bar; 2]>>),
    Facts(usize, Box<dyn Indicator<Facts>>),
    Column(usize),
}

impl Node {
    /// Takes a new number.
    pub(super) fn put(&mut self, raw: f64) {
        self.value = match &mut self.normaliser {
            None => raw,
            Some(_) if raw.is_nan() => raw,
            Some(normaliser) => normaliser.update(raw),
        };
    }
}

impl Source {
    pub(super) fn warm_up(&self) -> usize {
        match self {
            Self::Bars(_, indicator) => indicator.warm_up(),
            Self::Pair(_, indicator) => indicator.warm_up(),
            Self::Facts(_, indicator) => indicator.warm_up(),
            Self::Column(_) => 0,
        }
    }

    pub(super) fn save(&self) -> Result<Vec<u8>> {
        match self {
            Self::Bars(_, indicator) => indicator.save(),
            Self::Pair(_, indicator) => indicator.save(),
            Self::Facts(_, indicator) => indicator.save(),
            Self::Column(_) => Ok(Vec::new()),
        }
    }

    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Bars(_, indicator) => indicator.restore(bytes),
            Self::Pair(_, indicator) => indicator.restore(bytes),
            Self::Facts(_, indicator) => indicator.restore(bytes),
            Self::Column(_) => Ok(()),
        }
    }
}

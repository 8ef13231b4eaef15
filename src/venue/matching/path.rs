//! The ways that prices may have taken inside a bar.

use crate::{
    Bar,
    order::{OrderKind, Resting},
};

/// A way from the open over both extremes to the close.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    corners: [f64; 5],
    legs: usize,
}

impl Path {
    /// Up first.
    pub(super) fn up(&Bar { open, high, low, close, .. }: &Bar) -> Self {
        Self { corners: [open, high, low, close, close], legs: 3 }
    }

    /// Down first.
    pub(super) fn down(&Bar { open, high, low, close, .. }: &Bar) -> Self {
        Self { corners: [open, low, high, close, close], legs: 3 }
    }

    /// To a price, from there to the extreme behind the open, to the other one, to the close.
    fn turning(&Bar { open, high, low, close, .. }: &Bar, at: f64) -> Self {
        let (behind, ahead) = if at > open { (low, high) } else { (high, low) };
        Self { corners: [open, at, behind, ahead, close], legs: 4 }
    }

    /// From where to where each leg goes.
    pub(super) fn legs(&self) -> impl ExactSizeIterator<Item = (f64, f64)> {
        let Self { corners, legs } = *self;
        (0..legs).map(move |leg| (corners[leg], corners[leg + 1]))
    }
}

/// Ways that may be worse than the straight ones for orders that depend on what was before them; `filled` says where
/// prices were when orders filled on those.
///
/// On a straight way, prices that fill an entry go on to its target without a step back, and a trailing stop follows to
/// the extreme: on a price without drift both would earn. Prices that turn where an entry filled, or as soon as a trailing
/// stop lets them come back to the other extreme, are as possible a way through the same bar.
pub(super) fn turns<'a>(
    bar: &Bar,
    orders: impl Iterator<Item = &'a Resting>,
    filled: impl Iterator<Item = f64>,
) -> Vec<Path> {
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
    at.into_iter().map(|price| Path::turning(bar, price)).collect()
}

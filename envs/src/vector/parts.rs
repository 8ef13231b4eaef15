//! A batch cut into one part a thread, without an allocation.

use tradepit::Rng;

use super::{Actions, EpisodeStats, StepOut, lanes::LanesMut, own::Own, sim::CHUNK, sim::EpisodeEnd};
use crate::Error;

/// The most threads that step one batch.
pub(super) const MOST: usize = 64;

/// What one thread works on: a range of environments and their rows of everything.
pub(super) struct Part<'a> {
    pub(super) lanes: LanesMut<'a>,
    pub(super) rngs: &'a mut [Rng],
    /// One an environment where numbers or markets are drawn, else none.
    pub(super) own: &'a mut [Own],
    pub(super) ends: &'a mut [EpisodeEnd],
    pub(super) stats: &'a mut [EpisodeStats],
    pub(super) actions: Actions<'a>,
    pub(super) out: StepOut<'a>,
    pub(super) error: Option<Box<Error>>,
}

impl<'a> Part<'a> {
    /// Cuts into `threads` static ranges of whole chunks, `d` and `width` numbers an observation and an action, and
    /// calls `with` on them.
    pub(super) fn split<R>(
        self,
        threads: usize,
        d: usize,
        width: usize,
        with: impl FnOnce(&mut [Option<Part<'a>>]) -> R,
    ) -> R {
        let chunks = self.stats.len();
        let mut rest = self;
        // Parts in order; slots behind the last thread stay empty and are never handed out.
        let mut parts: [Option<Part<'a>>; MOST] = [const { None }; MOST];
        for (i, slot) in parts.iter_mut().enumerate().take(threads - 1) {
            let taken = chunks * (i + 1) / threads - chunks * i / threads;
            let (part, behind) = rest.cut(taken, d, width);
            *slot = Some(part);
            rest = behind;
        }
        parts[threads - 1] = Some(rest);
        with(&mut parts[..threads])
    }

    fn cut(self, chunks: usize, d: usize, width: usize) -> (Self, Self) {
        let n = (chunks * CHUNK).min(self.lanes.len());
        let (lanes, lanes_behind) = self.lanes.split_at(n);
        let (rngs, rngs_behind) = self.rngs.split_at_mut(n);
        let (own, own_behind) = self.own.split_at_mut(n.min(self.own.len()));
        let (ends, ends_behind) = self.ends.split_at_mut(n);
        let (stats, stats_behind) = self.stats.split_at_mut(chunks);
        let (actions, actions_behind) = self.actions.split_at(n * width);
        let (out, out_behind) = self.out.split_at(n, d);
        let part = Self { lanes, rngs, own, ends, stats, actions, out, error: None };
        let behind = Self {
            lanes: lanes_behind,
            rngs: rngs_behind,
            own: own_behind,
            ends: ends_behind,
            stats: stats_behind,
            actions: actions_behind,
            out: out_behind,
            error: None,
        };
        (part, behind)
    }
}

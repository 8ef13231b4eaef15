//! Where the environments of a batch are kept.

use tradepit::account::LANES;

use super::{block::Block, block::Shared, sim::Lane};
use crate::{EnvState, SimSetup};

/// The environments of a batch: side by side in blocks as far as they can be stepped so, the others one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    blocks: Vec<Block>,
    rest: Vec<Lane>,
    /// Room for one that is taken out of its block for a while: one a thread.
    room: Vec<Lane>,
}

/// Those of one thread.
pub(super) struct LanesMut<'a> {
    pub(super) blocks: &'a mut [Block],
    pub(super) rest: &'a mut [Lane],
    room: &'a mut [Lane],
}

impl Lanes {
    /// `num_envs` of them, that `threads` step.
    pub(super) fn new(setup: &SimSetup, num_envs: usize, threads: usize) -> Self {
        let lane = Lane { env: EnvState::new(setup.world().data.instruments().len()), ..Lane::default() };
        let side_by_side = Shared::of(setup).is_some() && setup.rules().numbers.len() == 0 && setup.paths().is_none();
        let blocks = if side_by_side { num_envs / LANES } else { 0 };
        let mut block = Block::default();
        (0..LANES).for_each(|i| block.set(i, &lane));
        Self {
            blocks: vec![block; blocks],
            rest: vec![lane.clone(); num_envs - blocks * LANES],
            room: vec![lane; threads],
        }
    }

    /// Bytes that all of them take. Orders that are under way take more.
    pub(super) fn bytes(&self) -> usize {
        let lane = |lane: &Lane| size_of::<Lane>() + size_of_val(lane.env.account.positions());
        size_of_val(&*self.blocks) + self.rest.iter().chain(&self.room).map(lane).sum::<usize>()
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len() * LANES + self.rest.len()
    }

    /// A copy of one.
    pub(super) fn get(&self, setup: &SimSetup, i: usize) -> Lane {
        match self.blocks.get(i / LANES) {
            None => self.rest[i - self.blocks.len() * LANES].clone(),
            Some(block) => {
                let mut lane = self.room[0].clone();
                block.get(i % LANES, setup.world(), &mut lane);
                lane
            }
        }
    }

    /// Writes all of them anew; as many as there are.
    pub(super) fn set(&mut self, lanes: Vec<Lane>) {
        let blocks = self.blocks.len();
        for (i, lane) in lanes.into_iter().enumerate() {
            match self.blocks.get_mut(i / LANES) {
                None => self.rest[i - blocks * LANES] = lane,
                Some(block) => block.set(i % LANES, &lane),
            }
        }
    }

    /// Steps of the present episode of one.
    pub(super) fn steps(&self, i: usize) -> u32 {
        match self.blocks.get(i / LANES) {
            None => self.rest[i - self.blocks.len() * LANES].env.steps,
            Some(block) => block.steps(i % LANES),
        }
    }

    /// The first whose episode has ended.
    pub(super) fn first_ended(&self) -> Option<usize> {
        let at = |block: &Block| (0..LANES).find(|i| block.ended(*i));
        let in_blocks = self.blocks.iter().enumerate().find_map(|(b, block)| at(block).map(|i| b * LANES + i));
        let in_rest = || self.rest.iter().position(|lane| lane.ended).map(|i| self.blocks.len() * LANES + i);
        in_blocks.or_else(in_rest)
    }

    pub(super) fn all(&mut self) -> LanesMut<'_> {
        LanesMut { blocks: &mut self.blocks, rest: &mut self.rest, room: &mut self.room }
    }
}

impl<'a> LanesMut<'a> {
    pub(super) fn len(&self) -> usize {
        self.blocks.len() * LANES + self.rest.len()
    }

    /// The first `n`, a multiple of [`LANES`] or all, for one thread, and the others.
    pub(super) fn split_at(self, n: usize) -> (Self, Self) {
        let blocks = (n / LANES).min(self.blocks.len());
        let (blocks, blocks_behind) = self.blocks.split_at_mut(blocks);
        let (rest, rest_behind) = self.rest.split_at_mut(n - blocks.len() * LANES);
        let (room, room_behind) = self.room.split_at_mut(1);
        let behind = Self { blocks: blocks_behind, rest: rest_behind, room: room_behind };
        (Self { blocks, rest, room }, behind)
    }

    /// Shows one, which may be changed.
    pub(super) fn with<T>(&mut self, setup: &SimSetup, i: usize, show: impl FnOnce(&mut Lane) -> T) -> T {
        let blocks = self.blocks.len();
        let Some(block) = self.blocks.get_mut(i / LANES) else { return show(&mut self.rest[i - blocks * LANES]) };
        let lane = &mut self.room[0];
        block.get(i % LANES, setup.world(), lane);
        let result = show(lane);
        block.set(i % LANES, lane);
        result
    }

    /// Books rewards that were computed for the whole batch; 0 where there was no step yet, but a reset in place of one.
    pub(super) fn book(&mut self, rewards: &mut [f32]) {
        let (in_blocks, others) = rewards.split_at_mut(self.blocks.len() * LANES);
        for (block, rewards) in self.blocks.iter_mut().zip(in_blocks.chunks_exact_mut(LANES)) {
            block.book(rewards);
        }
        for (lane, reward) in self.rest.iter_mut().zip(others) {
            *reward = if lane.env.steps == 0 { 0.0 } else { *reward };
            lane.env.reward += f64::from(*reward);
        }
    }
}

//! What environments write, what networks read of it, and what a rollout keeps.

use std::sync::Arc;

use tradepit_envs::{Gather, Space, VecEnv};

use crate::Result;
use crate::normalise::{ObsNormaliser, normalised};

/// The way from observations as the environments write them to those that the networks read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sight {
    gather: Option<Arc<dyn Gather>>,
    /// Numbers of an observation as it is written, and as it is read.
    pub(crate) written: usize,
    inputs: usize,
}

impl Sight {
    pub(crate) fn of(env: &(impl VecEnv + ?Sized)) -> Self {
        let (gather, written) = (env.gather(), env.observation_space().len());
        Self { inputs: gather.as_ref().map_or(written, |gather| gather.space().len()), gather, written }
    }

    /// Of an observation as a network reads it.
    pub(crate) fn space(env: &(impl VecEnv + ?Sized)) -> Space {
        env.gather().map_or_else(|| env.observation_space().clone(), |gather| gather.space().clone())
    }

    /// Numbers that [`see`](Self::see) needs room for, of so many observations.
    pub(crate) fn room(&self, rows: usize) -> usize {
        if self.gather.is_some() { rows * self.inputs } else { 0 }
    }

    /// The observations as they are read: themselves, or gathered into `room`.
    pub(crate) fn see<'a>(&self, written: &'a [f32], room: &'a mut [f32]) -> Result<&'a [f32]> {
        let Some(gather) = &self.gather else { return Ok(written) };
        let room = &mut room[..written.len() / self.written * self.inputs];
        gather.gather(written, room)?;
        Ok(room)
    }
}

/// The observations of a rollout, time-major: row `t * envs + env`. They are kept as the networks saw them; or, where these
/// have to be gathered, as they were written, to be gathered again by the minibatch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    pub(crate) sight: Sight,
    envs: usize,
    rows: Vec<f32>,
    /// Of each step the means and the scales that its observations were normalised by, where they are kept as written.
    scales: Vec<f32>,
}

impl Observations {
    pub(crate) fn new(sight: Sight, steps: usize, envs: usize, normalised: bool) -> Self {
        let scales = if normalised { 2 * sight.room(steps) } else { 0 };
        Self { rows: vec![0.0; steps * envs * sight.written], scales: vec![0.0; scales], sight, envs }
    }

    /// Whether observations of that way are kept in the same room.
    pub(crate) fn fits(&self, sight: &Sight) -> bool {
        [self.sight.written, self.sight.inputs] == [sight.written, sight.inputs]
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.rows[..]) + size_of_val(&self.scales[..])
    }

    /// Keeps the observations of step `t`, and gives them as the networks see them; `rooms` are for those that are gathered.
    pub(crate) fn keep<'a>(
        &'a mut self,
        t: usize,
        written: &[f32],
        normaliser: Option<&mut ObsNormaliser>,
        [room, scaled]: [&'a mut [f32]; 2],
    ) -> Result<&'a [f32]> {
        let (width, inputs) = (self.envs * self.sight.written, self.sight.inputs);
        let kept = &mut self.rows[t * width..][..width];
        if self.sight.gather.is_none() {
            match normaliser {
                Some(normaliser) => {
                    normaliser.update(written);
                    normaliser.apply(written, kept);
                }
                None => kept.copy_from_slice(written),
            }
            return Ok(kept);
        }
        kept.copy_from_slice(written);
        let gathered = self.sight.see(kept, room)?;
        let Some(normaliser) = normaliser else { return Ok(gathered) };
        normaliser.update(gathered);
        normaliser.apply(gathered, scaled);
        let (mean, scale) = self.scales[t * 2 * inputs..][..2 * inputs].split_at_mut(inputs);
        mean.copy_from_slice(&normaliser.mean);
        scale.copy_from_slice(&normaliser.scale);
        Ok(scaled)
    }

    /// Writes the observations of these rows as the networks saw them.
    pub(crate) fn read(&self, indices: impl Iterator<Item = usize>, out: &mut [f32]) -> Result<()> {
        let Sight { gather, written, inputs } = &self.sight;
        for (i, out) in indices.zip(out.chunks_exact_mut(*inputs)) {
            let kept = &self.rows[i * written..][..*written];
            let Some(gather) = gather else {
                out.copy_from_slice(kept);
                continue;
            };
            gather.gather(kept, out)?;
            if !self.scales.is_empty() {
                let (mean, scale) = self.scales[i / self.envs * 2 * inputs..][..2 * inputs].split_at(*inputs);
                for ((value, mean), scale) in out.iter_mut().zip(mean).zip(scale) {
                    *value = normalised(*value, *mean, *scale);
                }
            }
        }
        Ok(())
    }

    /// As [`read`](Self::read), of rows that follow each other: as they are kept, or in `room`.
    pub(crate) fn following<'a>(&'a self, from: usize, rows: usize, room: &'a mut [f32]) -> Result<&'a [f32]> {
        if self.sight.gather.is_none() {
            return Ok(&self.rows[from * self.sight.written..][..rows * self.sight.written]);
        }
        let room = &mut room[..rows * self.sight.inputs];
        self.read(from..from + rows, room)?;
        Ok(room)
    }
}

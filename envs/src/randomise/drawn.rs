//! What one episode has drawn.

/// The numbers of one episode, in the order of their paths, and what an observation shows of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) values: Box<[f64]>,
    pub(crate) shown: Box<[f32]>,
}

impl Drawn {
    /// Writes the end of an observation, and gives what is before it: that is for the step to write.
    #[inline]
    pub(crate) fn show<'a>(&self, obs: &'a mut [f32]) -> &'a mut [f32] {
        let (before, end) = obs.split_at_mut(obs.len() - self.shown.len());
        end.copy_from_slice(&self.shown);
        before
    }
}

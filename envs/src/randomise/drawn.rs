//! What one episode has drawn.

/// The numbers of one episode, in the order of their paths, and what an observation shows of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) values: Box<[f64]>,
    pub(crate) shown: Box<[f32]>,
}

impl Drawn {
    /// Writes the end of an observation.
    #[inline]
    pub(crate) fn show(&self, obs: &mut [f32]) {
        let at = obs.len() - self.shown.len();
        obs[at..].copy_from_slice(&self.shown);
    }
}

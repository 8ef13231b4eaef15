//! What the critic says.

use crate::Result;
use crate::policy::ROWS;
use crate::sight::Observations;

use super::loss::{Model, Work};
use super::parallel::Crew;

/// Normalised observations, by themselves or in a rollout.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Rows(&'a [f32]),
    Kept(&'a Observations),
}

/// The critic's values of observations.
pub(super) fn value(
    model: &Model,
    critic: &[f32],
    seen: Seen<'_>,
    crew: &Crew<Work<f32>>,
    out: &mut [f32],
) -> Result<()> {
    let inputs = model.critic.inputs();
    crew.each(out, ROWS, |work, index, out| {
        let rows = match seen {
            Seen::Rows(obs) => &obs[index * ROWS * inputs..][..out.len() * inputs],
            Seen::Kept(obs) => obs.following(index * ROWS, out.len(), &mut work.obs)?,
        };
        out.copy_from_slice(model.critic.forward(critic, rows, &mut work.critic));
        Ok(())
    })
}

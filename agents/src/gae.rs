//! Generalised advantage estimation.

/// What a rollout says about its steps; all but `last_values` are time-major, `steps * envs` long.
///
/// ```
/// use tradepit_agents::Steps;
/// let no = [false; 3];
/// let steps = Steps { rewards: &[1.0; 3], values: &[0.5, 0.6, 0.7], last_values: &[0.8], terminated: &no,
///     truncated: &no, bootstrap: &[0.0; 3] };
/// let mut advantages = [0.0; 3];
/// steps.advantages(0.99, 0.95, &mut advantages);
/// assert!((advantages[0] - 3.087884).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// Reward of each step.
    pub rewards: &'a [f32],
    /// Value of the observation that each step acted on.
    pub values: &'a [f32],
    /// Value of the observation after the last step, one for each environment.
    pub last_values: &'a [f32],
    /// The episode ended by itself: what follows is worth nothing.
    pub terminated: &'a [bool],
    /// The episode was cut: what follows is worth `bootstrap`.
    pub truncated: &'a [bool],
    /// Value of the final observation where the episode was cut; read nowhere else.
    pub bootstrap: &'a [f32],
}

impl Steps<'_> {
    /// Writes the advantage of each step (Schulman et al. 2016, equation 16).
    ///
    /// An end of an episode of either kind cuts the sum; only termination sets the value of what follows to 0.
    pub fn advantages(&self, gamma: f32, lambda: f32, out: &mut [f32]) {
        let envs = self.last_values.len();
        let steps = self.rewards.len() / envs.max(1);
        for t in (0..steps).rev() {
            let (now, later) = out.split_at_mut((t + 1) * envs);
            let now = &mut now[t * envs..];
            let row = t * envs..(t + 1) * envs;
            let next_values =
                if t + 1 == steps { self.last_values } else { &self.values[(t + 1) * envs..(t + 2) * envs] };
            let (rewards, values) = (&self.rewards[row.clone()], &self.values[row.clone()]);
            let (terminated, truncated) = (&self.terminated[row.clone()], &self.truncated[row.clone()]);
            let bootstrap = &self.bootstrap[row];
            for env in 0..envs {
                let next = match (terminated[env], truncated[env]) {
                    (true, _) => 0.0,
                    (false, true) => bootstrap[env],
                    (false, false) => next_values[env],
                };
                let delta = rewards[env] + gamma * next - values[env];
                let ended = terminated[env] || truncated[env];
                let rest = if ended || t + 1 == steps { 0.0 } else { later[env] };
                now[env] = delta + gamma * lambda * rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;

    fn run(terminated: [bool; 3], truncated: [bool; 3], bootstrap: [f32; 3]) -> [f32; 3] {
        let (rewards, values, last_values) = ([1.0; 3], [0.5, 0.6, 0.7], [0.8]);
        let mut out = [0.0; 3];
        Steps {
            rewards: &rewards,
            values: &values,
            last_values: &last_values,
            terminated: &terminated,
            truncated: &truncated,
            bootstrap: &bootstrap,
        }
        .advantages(0.99, 0.95, &mut out);
        out
    }

    fn assert_close(got: [f32; 3], wanted: [f32; 3]) {
        assert!(got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?} is not {wanted:?}");
    }

    #[test]
    fn golden_vector() {
        assert_close(run([false; 3], [false; 3], [0.0; 3]), [3.087_884_5, 2.120_026, 1.092]);
    }

    #[test]
    fn termination_is_worth_nothing() {
        let end = run([false, false, true], [false; 3], [9.0; 3]);
        assert!((end[2] - 0.3).abs() < 1e-6, "{end:?}");
        assert_eq!(end, run([false, false, true], [false, false, true], [9.0; 3]), "it wins over truncation");
    }

    #[test]
    fn truncation_keeps_the_value_and_cuts_the_chain() {
        // At t = 2: the same delta as without an end, as the final observation has the value of the next one.
        assert_close(run([false; 3], [false, false, true], [0.0, 0.0, 0.8]), [3.087_884_5, 2.120_026, 1.092]);
        // At t = 1: delta_1 bootstraps from 0.4, nothing of t = 2 flows back, and V(s_2) of the next episode is not read.
        let cut = 1.0 + 0.99 * 0.4 - 0.6;
        let first = 1.0 + 0.99 * 0.6 - 0.5 + 0.99 * 0.95 * cut;
        assert_close(run([false; 3], [false, true, false], [0.0, 0.4, 0.0]), [first, cut, 1.092]);
    }

    #[test]
    fn environments_do_not_mix() {
        let no = [false; 4];
        let mut out = [0.0; 4];
        let steps = Steps {
            rewards: &[1.0, 2.0, 3.0, 4.0],
            values: &[0.0; 4],
            last_values: &[0.0; 2],
            terminated: &no,
            truncated: &no,
            bootstrap: &[0.0; 4],
        };
        steps.advantages(0.5, 1.0, &mut out);
        assert_eq!(out, [2.5, 4.0, 3.0, 4.0]);
    }
}

//! The Adam optimiser.

use super::kernel::{self, Kernel};
use super::real::Real;

/// Adam (Kingma and Ba 2015, algorithm 1) over one flat slice of parameters.
///
/// ```
/// use tradepit_agents::nn::Adam;
/// let (mut x, mut adam) = (vec![1.0f64], Adam::new(1, 1e-8));
/// for _ in 0..500 {
///     let gradient = vec![2.0 * x[0]];
///     adam.step(&mut x, &gradient, 1.0, 0.05);
/// }
/// assert!(x[0].abs() < 1e-3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Adam<T> {
    pub(crate) mean: Vec<T>,
    pub(crate) square: Vec<T>,
    pub(crate) steps: u64,
    epsilon: f64,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;

impl<T: Real> Adam<T> {
    /// An optimiser of so many parameters; PPO is used to an epsilon of 1e-5.
    #[must_use]
    pub fn new(parameters: usize, epsilon: f64) -> Self {
        Self { mean: vec![T::ZERO; parameters], square: vec![T::ZERO; parameters], steps: 0, epsilon }
    }

    /// One step along `scale * gradient`.
    pub fn step(&mut self, params: &mut [T], gradient: &[T], scale: T, learning_rate: f64) {
        self.steps += 1;
        let exponent = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let first = 1.0 - BETA_1.powi(exponent);
        let second = 1.0 - BETA_2.powi(exponent);
        kernel::run(Step {
            params,
            gradient,
            mean: &mut self.mean,
            square: &mut self.square,
            scale,
            size: T::from_f64(learning_rate / first),
            root: T::from_f64(second.sqrt()),
            epsilon: T::from_f64(self.epsilon),
        });
    }
}

struct Step<'a, T> {
    params: &'a mut [T],
    gradient: &'a [T],
    mean: &'a mut [T],
    square: &'a mut [T],
    scale: T,
    size: T,
    root: T,
    epsilon: T,
}

impl<T: Real> Kernel for Step<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (b1, b2) = (T::from_f64(BETA_1), T::from_f64(BETA_2));
        let (c1, c2) = (T::from_f64(1.0 - BETA_1), T::from_f64(1.0 - BETA_2));
        let moments = self.mean.iter_mut().zip(self.square.iter_mut());
        for ((param, &gradient), (mean, square)) in self.params.iter_mut().zip(self.gradient).zip(moments) {
            let gradient = gradient * self.scale;
            *mean = b1 * *mean + c1 * gradient;
            *square = b2 * *square + c2 * gradient * gradient;
            *param -= self.size * *mean / (square.sqrt() / self.root + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Adam;

    #[test]
    fn the_first_two_steps_follow_the_paper() {
        let (mut x, mut adam) = (vec![0.5f64, -1.0], Adam::new(2, 1e-5));
        adam.step(&mut x, &[0.1, -4.0], 0.5, 0.01);
        // Bias correction makes the first step size * g / (|g| + epsilon).
        assert!((x[0] - (0.5 - 0.01 * 0.05 / (0.05 + 1e-5))).abs() < 1e-15);
        assert!((x[1] - (-1.0 + 0.01 * 2.0 / (2.0 + 1e-5))).abs() < 1e-15);
        let before = x[0];
        adam.step(&mut x, &[0.3, 0.0], 1.0, 0.01);
        let mean = (0.9 * 0.1 * 0.05 + 0.1 * 0.3) / (1.0 - 0.81);
        let square: f64 = (0.999 * 0.001 * 0.0025 + 0.001 * 0.09) / (1.0 - 0.999 * 0.999);
        assert!((x[0] - (before - 0.01 * mean / (square.sqrt() + 1e-5))).abs() < 1e-14);
    }
}

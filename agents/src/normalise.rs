//! Running normalisation of observations.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const EPSILON: f64 = 1e-8;
const CLIP: f32 = 10.0;

/// Mean and variance of everything seen so far, column by column.
///
/// Batches are merged by the formula of Chan, Golub and LeVeque (1979), in double precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moments {
    pub(crate) count: f64,
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
}

impl Moments {
    pub(crate) fn new(columns: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; columns], variance: vec![1.0; columns] }
    }

    /// Merges `rows` samples of one column: the sums of their distances, and squared distances, from its mean.
    fn merge(&mut self, column: usize, rows: f64, sum: f64, squares: f64) {
        let shift = sum / rows;
        let within = (squares - sum * shift).max(0.0);
        let total = self.count + rows;
        let before = if self.count > 0.0 { self.variance[column] * self.count } else { 0.0 };
        self.mean[column] += shift * rows / total;
        self.variance[column] = (before + within + shift * shift * self.count * rows / total) / total;
    }
}

/// Normalises observations by the running mean and standard deviation of each number, clipped to +-10.
#[derive(Clone, Debug)]
pub(crate) struct ObsNormaliser {
    pub(crate) moments: Moments,
    pub(crate) mean: Vec<f32>,
    pub(crate) scale: Vec<f32>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl ObsNormaliser {
    pub(crate) fn new(moments: Moments) -> Result<Self> {
        let columns = moments.mean.len();
        let sound = moments.count >= 0.0 && moments.variance.len() == columns;
        if !sound || moments.mean.iter().chain(&moments.variance).any(|value| !value.is_finite()) {
            return Err(Error::Format("the normaliser's statistics are not finite numbers".into()));
        }
        let mut made = Self {
            moments,
            mean: vec![0.0; columns],
            scale: vec![1.0; columns],
            sums: vec![0.0; columns],
            squares: vec![0.0; columns],
        };
        made.refresh();
        Ok(made)
    }

    fn refresh(&mut self) {
        for (column, (mean, scale)) in self.mean.iter_mut().zip(&mut self.scale).enumerate() {
            *mean = self.moments.mean[column] as f32;
            *scale = (1.0 / (self.moments.variance[column] + EPSILON).sqrt()) as f32;
        }
    }

    /// Learns from a batch of observations; training only.
    pub(crate) fn update(&mut self, obs: &[f32]) {
        let columns = self.mean.len();
        self.sums.fill(0.0);
        self.squares.fill(0.0);
        for row in obs.chunks_exact(columns) {
            let totals = self.sums.iter_mut().zip(&mut self.squares);
            for ((&value, &mean), (sum, square)) in row.iter().zip(&self.moments.mean).zip(totals) {
                let distance = f64::from(value) - mean;
                *sum += distance;
                *square += distance * distance;
            }
        }
        let rows = (obs.len() / columns) as f64;
        for column in 0..columns {
            self.moments.merge(column, rows, self.sums[column], self.squares[column]);
        }
        self.moments.count += rows;
        self.refresh();
    }

    pub(crate) fn apply(&self, obs: &[f32], out: &mut [f32]) {
        let columns = self.mean.len();
        for (row, out) in obs.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
            for (((out, &value), &mean), &scale) in out.iter_mut().zip(row).zip(&self.mean).zip(&self.scale) {
                *out = normalised(value, mean, scale);
            }
        }
    }
}

#[inline(always)]
pub(crate) fn normalised(value: f32, mean: f32, scale: f32) -> f32 {
    ((value - mean) * scale).clamp(-CLIP, CLIP)
}

#[cfg(test)]
mod tests {
    use super::{Moments, ObsNormaliser};
    use crate::rng::Rng;

    #[test]
    fn merged_batches_equal_one_pass_over_everything() {
        let mut rng = Rng::new(4, 0);
        let data: Vec<f32> = (0..600).map(|i| (5_000.0 + f64::from(i % 2) * 3.0 + rng.normal()) as f32).collect();
        let mut running = ObsNormaliser::new(Moments::new(2)).unwrap();
        for batch in [0..2, 2..40, 40..600] {
            running.update(&data[batch]);
        }
        for column in 0..2 {
            let values: Vec<f64> = data.iter().skip(column).step_by(2).map(|&x| f64::from(x)).collect();
            let mean = values.iter().sum::<f64>() / 300.0;
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 300.0;
            assert!((running.moments.mean[column] - mean).abs() < 1e-9, "{} {mean}", running.moments.mean[column]);
            assert!((running.moments.variance[column] - variance).abs() < 1e-9);
        }
        let mut out = [0.0; 2];
        running.apply(&[1e9, running.moments.mean[1] as f32], &mut out);
        assert_eq!(out[0], 10.0);
        assert!(out[1].abs() < 1e-3);
    }
}

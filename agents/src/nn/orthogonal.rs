//! Orthogonal initialisation of weights (Saxe, McClelland and Ganguli 2014).

use crate::rng::Rng;

use super::real::Real;

/// Fills a row-major `rows x columns` weight with orthonormal rows (or columns, if there are fewer) times `gain`.
///
/// Gram-Schmidt, twice over, on normal draws: the result is distributed evenly over such matrices.
pub(super) fn fill<T: Real>(weight: &mut [T], rows: usize, columns: usize, gain: f64, rng: &mut Rng) {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| rng.normal()).collect();
        for _ in 0..2 {
            for other in &basis {
                let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
        // A draw within the span of the others is as good as impossible; draw again rather than divide by it.
        if norm > 1e-6 {
            vector.iter_mut().for_each(|a| *a /= norm);
            basis.push(vector);
        }
    }
    for row in 0..rows {
        for column in 0..columns {
            let value = if rows <= columns { basis[row][column] } else { basis[column][row] };
            weight[row * columns + column] = T::from_f64(gain * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fill;
    use crate::rng::Rng;

    #[test]
    fn the_smaller_side_is_orthonormal_times_gain() {
        for (rows, columns) in [(4, 7), (7, 4), (5, 5)] {
            let mut weight = vec![0.0f64; rows * columns];
            fill(&mut weight, rows, columns, 1.5, &mut Rng::new(3, 0));
            let at =
                |i: usize, j: usize| if rows <= columns { weight[i * columns + j] } else { weight[j * columns + i] };
            let (count, length) = (rows.min(columns), rows.max(columns));
            for a in 0..count {
                for b in 0..count {
                    let product: f64 = (0..length).map(|j| at(a, j) * at(b, j)).sum();
                    let wanted = if a == b { 2.25 } else { 0.0 };
                    assert!((product - wanted).abs() < 1e-12, "{rows}x{columns}: {a}.{b} = {product}");
                }
            }
        }
    }
}

//! A multilayer perceptron with tanh between its layers, and its backward pass.

use crate::rng::Rng;

use super::kernel;
use super::loops::{Bias, ColumnSums, NARROW, NarrowBack, NarrowForward, NarrowWeights, TanhBack};
use super::orthogonal;
use super::real::Real;

/// The shape of a network; its parameters are a flat slice that the caller owns.
///
/// ```
/// use tradepit_agents::nn::Mlp;
/// let net = Mlp::new(&[3, 64, 64, 2]);
/// assert_eq!(net.parameters(), 3 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2);
/// ```
///
/// Layer by layer: the weight, then the bias. Weights are row-major, `inputs x outputs` where there are 8 outputs or
/// more (so that no product needs a transposed copy of a large one), `outputs x inputs` otherwise;
/// [`Mlp::to_torch`] and [`Mlp::from_torch`] translate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mlp {
    sizes: Vec<usize>,
}

/// Where one layer's parameters lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) start: usize,
}

impl Layer {
    /// A few dot products per row: a matrix product would mostly multiply padding.
    fn narrow(self) -> bool {
        self.outputs < NARROW
    }

    pub(crate) fn split<T>(self, params: &[T]) -> (&[T], &[T]) {
        params[self.start..][..self.outputs * (self.inputs + 1)].split_at(self.outputs * self.inputs)
    }

    pub(crate) fn split_mut<T>(self, params: &mut [T]) -> (&mut [T], &mut [T]) {
        params[self.start..][..self.outputs * (self.inputs + 1)].split_at_mut(self.outputs * self.inputs)
    }
}

/// Activations of a forward pass and room for the backward pass, for up to `rows` samples.
///
/// ```
/// use tradepit_agents::nn::{Mlp, Workspace};
/// // y = 3 x + 1, for three samples of one number.
/// let (net, params, x) = (Mlp::new(&[1, 1]), [3.0f64, 1.0], [0.0, 1.0, 2.0]);
/// let mut work: Workspace<f64> = net.workspace(x.len());
/// assert_eq!(net.forward(&params, &x, &mut work), [1.0, 4.0, 7.0]);
/// // The derivative of the sum of all outputs.
/// net.output_gradient(x.len(), &mut work).0.fill(1.0);
/// let mut gradient = [0.0; 2];
/// net.backward(&params, &x, &mut work, &mut gradient);
/// assert_eq!(gradient, [3.0, 3.0]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Workspace<T> {
    outputs: Vec<Vec<T>>,
    delta: Vec<T>,
    previous: Vec<T>,
    transposed: Vec<T>,
}

impl Mlp {
    /// A network of these widths, from the input's to the output's.
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        debug_assert!(sizes.len() >= 2 && sizes.iter().all(|&size| size > 0), "at least two widths, none of them 0");
        Self { sizes: sizes.to_vec() }
    }

    /// Width of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// Width of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// How many parameters it has.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }

    pub(crate) fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        (0..self.sizes.len() - 1).map(|index| Layer {
            inputs: self.sizes[index],
            outputs: self.sizes[index + 1],
            start: self.sizes[..=index].windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum(),
        })
    }

    /// Room for batches of up to `rows` samples.
    #[must_use]
    pub fn workspace<T: Real>(&self, rows: usize) -> Workspace<T> {
        let widest = self.sizes[1..].iter().copied().max().unwrap_or(0);
        Workspace {
            outputs: self.sizes[1..].iter().map(|&size| vec![T::ZERO; rows * size]).collect(),
            delta: vec![T::ZERO; rows * widest],
            previous: vec![T::ZERO; rows * widest],
            transposed: vec![
                T::ZERO;
                self.layers().skip(1).map(|layer| layer.inputs * layer.outputs).max().unwrap_or(0)
            ],
        }
    }

    /// Fills `params`: orthogonal weights of gain sqrt(2) in hidden layers and `head_gain` in the last, biases 0.
    pub fn initialise<T: Real>(&self, params: &mut [T], head_gain: f64, rng: &mut Rng) {
        let last = self.layers().len() - 1;
        for (index, layer) in self.layers().enumerate() {
            let gain = if index == last { head_gain } else { std::f64::consts::SQRT_2 };
            let (weight, bias) = layer.split_mut(params);
            orthogonal::fill(weight, layer.outputs, layer.inputs, gain, rng);
            bias.fill(T::ZERO);
        }
        let torch = params[..self.parameters()].to_vec();
        self.from_torch(&torch, params);
    }

    /// Copies parameters whose weights are `outputs x inputs` everywhere, as torch keeps them, into this layout.
    pub fn from_torch<T: Real>(&self, torch: &[T], params: &mut [T]) {
        self.translate(torch, params, |layer| (layer.outputs, layer.inputs));
    }

    /// Copies parameters of this layout into one whose weights are `outputs x inputs` everywhere.
    pub fn to_torch<T: Real>(&self, params: &[T], torch: &mut [T]) {
        self.translate(params, torch, |layer| (layer.inputs, layer.outputs));
    }

    fn translate<T: Real>(&self, from: &[T], to: &mut [T], shape: impl Fn(Layer) -> (usize, usize)) {
        for layer in self.layers() {
            let ((weight, bias), (to_weight, to_bias)) = (layer.split(from), layer.split_mut(to));
            let (rows, columns) = shape(layer);
            if layer.narrow() {
                to_weight.copy_from_slice(weight);
            } else {
                transpose(weight, rows, columns, to_weight);
            }
            to_bias.copy_from_slice(bias);
        }
    }

    /// The outputs for `x` (row-major, one sample a row); they stay in the workspace for `backward`.
    pub fn forward<'w, T: Real>(&self, params: &[T], x: &[T], work: &'w mut Workspace<T>) -> &'w [T] {
        let rows = x.len() / self.inputs();
        let last = self.layers().len() - 1;
        for (index, layer) in self.layers().enumerate() {
            let Layer { inputs, outputs, .. } = layer;
            let (before, after) = work.outputs.split_at_mut(index);
            let x = if index == 0 { x } else { &before[index - 1][..rows * inputs] };
            let y = &mut after[0][..rows * outputs];
            let (weight, bias) = layer.split(params);
            if layer.narrow() {
                kernel::run(NarrowForward { x, weight, inputs, y });
            } else {
                T::product((rows, inputs, outputs), x, (inputs, 1), weight, y);
            }
            kernel::run(Bias { y, bias, tanh: index < last });
        }
        &work.outputs[last][..rows * self.outputs()]
    }

    /// Where `backward` wants the loss's derivative by each output, `rows x outputs`; and those outputs.
    pub fn output_gradient<'w, T>(&self, rows: usize, work: &'w mut Workspace<T>) -> (&'w mut [T], &'w [T]) {
        let used = rows * self.outputs();
        (&mut work.delta[..used], &work.outputs[self.sizes.len() - 2][..used])
    }

    /// Writes the derivative by each parameter, from `output_gradient` and the activations of the last `forward`.
    pub fn backward<T: Real>(&self, params: &[T], x: &[T], work: &mut Workspace<T>, gradient: &mut [T]) {
        let rows = x.len() / self.inputs();
        for (index, layer) in self.layers().enumerate().rev() {
            let Layer { inputs, outputs, .. } = layer;
            let x = if index == 0 { x } else { &work.outputs[index - 1][..rows * inputs] };
            let d = &work.delta[..rows * outputs];
            let (grad, grad_bias) = layer.split_mut(gradient);
            if layer.narrow() {
                kernel::run(NarrowWeights { d, x, inputs, grad });
            } else {
                T::product((inputs, rows, outputs), x, (1, inputs), d, grad);
            }
            kernel::run(ColumnSums { d, grad: grad_bias });
            if index > 0 {
                let weight = layer.split(params).0;
                let dx = &mut work.previous[..rows * inputs];
                if layer.narrow() {
                    kernel::run(NarrowBack { d, weight, inputs, dx });
                } else {
                    let transposed = &mut work.transposed[..inputs * outputs];
                    transpose(weight, inputs, outputs, transposed);
                    T::product((rows, outputs, inputs), d, (outputs, 1), transposed, dx);
                }
                kernel::run(TanhBack { d: dx, y: x });
                std::mem::swap(&mut work.delta, &mut work.previous);
            }
        }
    }
}

/// Writes the transpose of a row-major `rows x columns` matrix, in blocks that stay in the cache.
fn transpose<T: Real>(from: &[T], rows: usize, columns: usize, to: &mut [T]) {
    const BLOCK: usize = 16;
    for top in (0..rows).step_by(BLOCK) {
        for left in (0..columns).step_by(BLOCK) {
            for column in left..columns.min(left + BLOCK) {
                let to = &mut to[column * rows..][top..rows.min(top + BLOCK)];
                for (to, from) in to.iter_mut().zip(from[top * columns + column..].iter().step_by(columns)) {
                    *to = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mlp;
    use crate::rng::Rng;

    fn loss(net: &Mlp, params: &[f64], x: &[f64]) -> f64 {
        let mut work = net.workspace(2);
        net.forward(params, x, &mut work).iter().enumerate().map(|(i, y)| (i as f64 + 1.0) * y * y).sum()
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        // One narrow and one wide head, one narrow hidden layer: every branch of the two passes.
        for sizes in [&[3, 9, 5, 2][..], &[3, 12, 9], &[2, 1]] {
            let net = Mlp::new(sizes);
            let mut rng = Rng::new(7, 0);
            let mut params = vec![0.0f64; net.parameters()];
            net.initialise(&mut params, 1.0, &mut rng);
            let x: Vec<f64> = (0..2 * sizes[0]).map(|_| rng.normal()).collect();
            let mut work = net.workspace(2);
            net.forward(&params, &x, &mut work);
            let (d, y) = net.output_gradient(2, &mut work);
            for (i, (d, y)) in d.iter_mut().zip(y).enumerate() {
                *d = 2.0 * (i as f64 + 1.0) * y;
            }
            let mut gradient = vec![0.0; params.len()];
            net.backward(&params, &x, &mut work, &mut gradient);
            for i in 0..params.len() {
                let (h, kept) = (1e-5, params[i]);
                params[i] = kept + h;
                let above = loss(&net, &params, &x);
                params[i] = kept - h;
                let below = loss(&net, &params, &x);
                params[i] = kept;
                let numeric = (above - below) / (2.0 * h);
                assert!(
                    (numeric - gradient[i]).abs() < 1e-7 * (1.0 + numeric.abs()),
                    "{sizes:?} [{i}]: {numeric} {}",
                    gradient[i]
                );
            }
        }
    }

    #[test]
    fn f32_and_f64_agree() {
        let net = Mlp::new(&[5, 64, 64, 3]);
        let (mut single, mut double) = (vec![0.0f32; net.parameters()], vec![0.0f64; net.parameters()]);
        net.initialise(&mut single, 1.0, &mut Rng::new(1, 0));
        net.initialise(&mut double, 1.0, &mut Rng::new(1, 0));
        let x: Vec<f64> = (0..35).map(|i| f64::from(i) * 0.1 - 1.5).collect();
        let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let (mut a, mut b) = (net.workspace(7), net.workspace(7));
        for (a, b) in net.forward(&single, &narrow, &mut a).iter().zip(net.forward(&double, &x, &mut b)) {
            assert!((f64::from(*a) - b).abs() < 5e-6, "{a} {b}");
        }
    }
}

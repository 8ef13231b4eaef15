//! The loops of a network that are not matrix products, each compiled for several processors by `kernel::run`.

use super::kernel::{self, Kernel};
use super::real::Real;

/// Layers with fewer outputs than this are narrow.
pub(super) const NARROW: usize = 8;
const LANES: usize = 16;

/// `y = f(y + bias)` for every row, with f = tanh or nothing.
pub(super) struct Bias<'a, T> {
    pub(super) y: &'a mut [T],
    pub(super) bias: &'a [T],
    pub(super) tanh: bool,
}

impl<T: Real> Kernel for Bias<'_, T> {
    #[inline(always)]
    fn run(self) {
        for row in self.y.chunks_exact_mut(self.bias.len()) {
            if self.tanh {
                for (y, &b) in row.iter_mut().zip(self.bias) {
                    *y = (*y + b).tanh();
                }
            } else {
                for (y, &b) in row.iter_mut().zip(self.bias) {
                    *y += b;
                }
            }
        }
    }
}

#[inline(always)]
fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let mut rest = T::ZERO;
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        rest += a * b;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0] + rest
}

/// `y = x W^T` for a narrow layer.
pub(super) struct NarrowForward<'a, T> {
    pub(super) x: &'a [T],
    pub(super) weight: &'a [T],
    pub(super) inputs: usize,
    pub(super) y: &'a mut [T],
}

impl<T: Real> Kernel for NarrowForward<'_, T> {
    #[inline(always)]
    fn run(self) {
        let outputs = self.weight.len() / self.inputs;
        for (x, y) in self.x.chunks_exact(self.inputs).zip(self.y.chunks_exact_mut(outputs)) {
            for (weight, y) in self.weight.chunks_exact(self.inputs).zip(y) {
                *y = dot(x, weight);
            }
        }
    }
}

/// `grad = d^T x` for a narrow layer.
pub(super) struct NarrowWeights<'a, T> {
    pub(super) d: &'a [T],
    pub(super) x: &'a [T],
    pub(super) inputs: usize,
    pub(super) grad: &'a mut [T],
}

impl<T: Real> Kernel for NarrowWeights<'_, T> {
    #[inline(always)]
    fn run(self) {
        let outputs = self.grad.len() / self.inputs;
        self.grad.fill(T::ZERO);
        for (x, d) in self.x.chunks_exact(self.inputs).zip(self.d.chunks_exact(outputs)) {
            for (grad, &d) in self.grad.chunks_exact_mut(self.inputs).zip(d) {
                for (grad, &x) in grad.iter_mut().zip(x) {
                    *grad += d * x;
                }
            }
        }
    }
}

/// `dx = d W` for a narrow layer.
pub(super) struct NarrowBack<'a, T> {
    pub(super) d: &'a [T],
    pub(super) weight: &'a [T],
    pub(super) inputs: usize,
    pub(super) dx: &'a mut [T],
}

impl<T: Real> Kernel for NarrowBack<'_, T> {
    #[inline(always)]
    fn run(self) {
        let outputs = self.weight.len() / self.inputs;
        for (d, dx) in self.d.chunks_exact(outputs).zip(self.dx.chunks_exact_mut(self.inputs)) {
            dx.fill(T::ZERO);
            for (weight, &d) in self.weight.chunks_exact(self.inputs).zip(d) {
                for (dx, &w) in dx.iter_mut().zip(weight) {
                    *dx += d * w;
                }
            }
        }
    }
}

/// `grad[j] = sum over rows of d[row, j]`.
pub(super) struct ColumnSums<'a, T> {
    pub(super) d: &'a [T],
    pub(super) grad: &'a mut [T],
}

impl<T: Real> Kernel for ColumnSums<'_, T> {
    #[inline(always)]
    fn run(self) {
        self.grad.fill(T::ZERO);
        for row in self.d.chunks_exact(self.grad.len()) {
            for (grad, &d) in self.grad.iter_mut().zip(row) {
                *grad += d;
            }
        }
    }
}

/// `d *= 1 - y^2`: back through tanh.
pub(super) struct TanhBack<'a, T> {
    pub(super) d: &'a mut [T],
    pub(super) y: &'a [T],
}

impl<T: Real> Kernel for TanhBack<'_, T> {
    #[inline(always)]
    fn run(self) {
        for (d, &y) in self.d.iter_mut().zip(self.y) {
            *d *= T::ONE - y * y;
        }
    }
}

/// `into += from`, element by element.
pub(crate) fn add<T: Real>(into: &mut [T], from: &[T]) {
    struct Add<'a, T>(&'a mut [T], &'a [T]);
    impl<T: Real> Kernel for Add<'_, T> {
        #[inline(always)]
        fn run(self) {
            for (into, &from) in self.0.iter_mut().zip(self.1) {
                *into += from;
            }
        }
    }
    kernel::run(Add(into, from));
}

/// Sum of squares, in a fixed order.
pub(crate) fn squares<T: Real>(values: &[T]) -> T {
    struct Squares<'a, T>(&'a [T], &'a mut T);
    impl<T: Real> Kernel for Squares<'_, T> {
        #[inline(always)]
        fn run(self) {
            *self.1 = dot(self.0, self.0);
        }
    }
    let mut sum = T::ZERO;
    kernel::run(Squares(values, &mut sum));
    sum
}

//! Networks of our own: a multilayer perceptron, its backward pass, and Adam.

mod adam;
mod kernel;
#[cfg(all(test, target_arch = "x86_64"))]
mod kernel_tests;
mod loops;
mod mlp;
mod orthogonal;
mod product;
mod real;
mod tanh;
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip] // its macros read as tables
mod tile;

pub use adam::Adam;
pub(crate) use loops::{add, squares};
pub use mlp::{Mlp, Workspace};
pub use real::Real;

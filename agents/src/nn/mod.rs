//! Networks of our own: a multilayer perceptron, its backward pass, and Adam.

mod adam;
pub(crate) mod kernel;
mod loops;
mod mlp;
mod orthogonal;
mod real;
mod tanh;
#[cfg(target_arch = "x86_64")]
mod tiles;

pub use adam::Adam;
pub(crate) use loops::{add, squares};
pub use mlp::{Mlp, Workspace};
pub use real::Real;

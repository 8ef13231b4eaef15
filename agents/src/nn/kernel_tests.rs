//! The products against a plain loop, and every vector width against the others.

use std::arch::is_x86_feature_detected as has;

use super::{kernel, product};
use crate::rng::Rng;

type Product = fn((usize, usize, usize), &[f32], (usize, usize), &[f32], &mut [f32]);

/// Sums in the order of the inner index, fused: what the tiles promise to the bit.
fn plain((m, k, n): (usize, usize, usize), a: &[f32], by: (usize, usize), b: &[f32], c: &mut [f32]) {
    for i in 0..m {
        for j in 0..n {
            c[i * n + j] = (0..k).fold(0.0, |sum, p| a[i * by.0 + p * by.1].mul_add(b[p * n + j], sum));
        }
    }
}

/// Calls `check` with the results of the plain loop and of `product`, over sizes that meet every tail.
fn compare(product: Product, check: impl Fn(&[f32], &[f32])) {
    let mut rng = Rng::new(8, 0);
    for (m, k, n) in
        [(1, 1, 1), (4, 3, 16), (7, 5, 33), (9, 20, 64), (256, 17, 65), (3, 64, 130), (6, 2, 7), (5, 9, 48)]
    {
        let (mut a, mut b) = (vec![0.0; m * k], vec![0.0; k * n]);
        rng.fill_normal(&mut a);
        rng.fill_normal(&mut b);
        for by in [(k, 1), (1, m)] {
            // Room behind the result must stay as it is.
            let (mut wanted, mut got) = (vec![7.0; m * n + 16], vec![7.0; m * n + 16]);
            plain((m, k, n), &a, by, &b, &mut wanted);
            product((m, k, n), &a, by, &b, &mut got);
            check(&wanted, &got);
        }
    }
}

fn near(wanted: &[f32], got: &[f32]) {
    assert!(wanted.iter().zip(got).all(|(a, b)| (a - b).abs() < 1e-4), "{wanted:?} {got:?}");
}

fn same(wanted: &[f32], got: &[f32]) {
    assert!(wanted.iter().zip(got).all(|(a, b)| a.to_bits() == b.to_bits()), "{wanted:?} {got:?}");
}

#[test]
fn products_equal_a_plain_loop() {
    compare(product::single, near);
    compare(kernel::packed_f32, near);
}

#[test]
#[expect(unsafe_code, reason = "functions compiled for vectors that the processor was asked for")]
fn all_vector_widths_give_the_bits_of_the_plain_loop() {
    if has!("avx2") && has!("fma") {
        // SAFETY: the processor has the features.
        compare(|size, a, by, b, c| unsafe { product::blocks_256(size, a, by, b, c) }, same);
    }
    if has!("avx512f") {
        // SAFETY: the processor has the feature.
        compare(|size, a, by, b, c| unsafe { product::blocks_512(size, a, by, b, c) }, same);
    }
}

#[test]
#[expect(unsafe_code, reason = "functions compiled for vectors that the processor was asked for")]
fn loops_give_the_same_bits_at_every_width() {
    use super::kernel::Kernel;
    use super::loops::{Bias, NarrowForward};
    let mut x = vec![0.0f32; 37 * 5];
    Rng::new(3, 0).fill_normal(&mut x);
    let weight = x[..37 * 3].to_vec();
    let run = |level: u32| {
        let (mut hidden, mut head) = (x.clone(), vec![0.0f32; 15]);
        let bias = Bias { y: &mut hidden, bias: &x[..37], tanh: true };
        match level {
            // SAFETY: levels above 0 are asked for only where the processor has them.
            2 => unsafe { kernel::wide(bias) },
            // SAFETY: the same.
            1 => unsafe { kernel::middle(bias) },
            _ => bias.run(),
        }
        let narrow = NarrowForward { x: &hidden, weight: &weight, inputs: 37, y: &mut head };
        match level {
            // SAFETY: the same.
            2 => unsafe { kernel::wide(narrow) },
            // SAFETY: the same.
            1 => unsafe { kernel::middle(narrow) },
            _ => narrow.run(),
        }
        (hidden, head)
    };
    let base = run(0);
    if has!("avx2") {
        let (hidden, head) = run(1);
        same(&base.0, &hidden);
        same(&base.1, &head);
    }
    if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
        let (hidden, head) = run(2);
        same(&base.0, &hidden);
        same(&base.1, &head);
    }
}

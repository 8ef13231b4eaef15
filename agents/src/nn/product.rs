//! Matrix products without packing, as the right matrix is row-major: by tiles of our own, or by `matrixmultiply`.

#![expect(unsafe_code, reason = "matrix products by pointer, in functions compiled for wider vectors")]

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected as has;

macro_rules! blocks {
    ($name:ident, $features:literal, $lanes:literal, $tile:ident, $rows:literal, $($vectors:literal)+) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $features)]
        pub(super) fn $name((m, k, n): (usize, usize, usize), a: &[f32], by: (usize, usize), b: &[f32], c: &mut [f32]) {
            const WIDEST: usize = [$($vectors),+].len() * $lanes;
            check((m, k, n), a.len(), by, b.len(), c.len());
            for left in (0..n).step_by(WIDEST) {
                let columns = WIDEST.min(n - left);
                let (vectors, rest) = (columns.div_ceil($lanes), (columns - 1) % $lanes + 1);
                let mut top = 0;
                while top < m {
                    let rows = if m - top >= $rows { $rows } else { 1 };
                    let (a, b, c) = (&a[top * by.0..], &b[left..], &mut c[top * n + left..]);
                    let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
                    // SAFETY: the sizes were checked, these rows and columns are some of theirs, and a function with
                    // the same features calls. c is borrowed mutably, so nothing else points into it.
                    match (vectors, rows) {
                        $(($vectors, $rows) => unsafe { super::tile::$tile::<$rows, $vectors>((k, n), a, by, b, c, rest) },
                        ($vectors, _) => unsafe { super::tile::$tile::<1, $vectors>((k, n), a, by, b, c, rest) },)+
                        _ => {} // no block is wider
                    }
                    top += rows;
                }
            }
        }
    };
}
// So many rows and vectors as keep the sums, and what they are made of, in registers.
blocks! { blocks_512, "avx512f", 16, tile_512, 4, 1 2 3 4 }
blocks! { blocks_256, "avx2,fma", 8, tile_256, 6, 1 2 }

pub(super) fn check((m, k, n): (usize, usize, usize), a: usize, (ra, ca): (usize, usize), b: usize, c: usize) {
    assert!(m > 0 && k > 0 && n > 0 && a > (m - 1) * ra + (k - 1) * ca, "left matrix too short");
    assert!(b >= k * n && c >= m * n, "right matrix or result too short");
}

/// `c = a * b`, sized m x k x n; `a[i, p]` is `a[i * by.0 + p * by.1]`, b and c are row-major.
pub(super) fn single(size: (usize, usize, usize), a: &[f32], by: (usize, usize), b: &[f32], c: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if has!("avx512f") {
        // SAFETY: the processor has the feature; the function is safe otherwise.
        return unsafe { blocks_512(size, a, by, b, c) };
    } else if has!("avx2") && has!("fma") {
        // SAFETY: the processor has the features; the function is safe otherwise.
        return unsafe { blocks_256(size, a, by, b, c) };
    }
    super::kernel::packed_f32(size, a, by, b, c);
}

//! The only unsafe code of this crate: calls into `matrixmultiply`, and loops compiled for the processor at hand.

#![expect(unsafe_code, reason = "strided matrix products by pointer; calls of functions compiled for wider vectors")]

/// A strided matrix, borrowed: element (i, j) is `data[i * rows + j * columns]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a, T> {
    pub(super) data: &'a [T],
    pub(super) rows: usize,
    pub(super) columns: usize,
}

macro_rules! product {
    ($name:ident, $float:ty, $gemm:path) => {
        /// `c = a * b`, where a is m x k, b is k x n, and c is m x n and row-major.
        pub(super) fn $name(
            (m, k, n): (usize, usize, usize),
            a: View<'_, $float>,
            b: View<'_, $float>,
            c: &mut [$float],
        ) {
            assert!(k == 0 || m == 0 || a.data.len() > (m - 1) * a.rows + (k - 1) * a.columns, "left matrix too short");
            assert!(
                k == 0 || n == 0 || b.data.len() > (k - 1) * b.rows + (n - 1) * b.columns,
                "right matrix too short"
            );
            assert!(c.len() >= m * n, "result too short");
            let (ra, ca, rb, cb) = (a.rows as isize, a.columns as isize, b.rows as isize, b.columns as isize);
            let (left, right, result) = (a.data.as_ptr(), b.data.as_ptr(), c.as_mut_ptr());
            // SAFETY: the last element that each stride can reach was just checked to lie within its slice;
            // `c` is borrowed mutably, so nothing else points into it, and its rows do not overlap.
            unsafe { $gemm(m, k, n, 1.0, left, ra, ca, right, rb, cb, 0.0, result, n as isize, 1) }
        }
    };
}
product!(product_f32, f32, matrixmultiply::sgemm);
product!(product_f64, f64, matrixmultiply::dgemm);

/// A loop over floats that [`run`] compiles for several processors. It must not fuse multiply and add, so that
/// every path gives the same bits; `run` must be `#[inline(always)]` for the wider code to be made at all.
pub(super) trait Kernel {
    fn run(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2")]
fn wide<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn middle<K: Kernel>(kernel: K) {
    kernel.run();
}

/// Runs a kernel with the widest vectors of this processor.
pub(super) fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
            // SAFETY: the processor has what `wide` is compiled for (AVX2 comes with AVX-512F); it is a safe function.
            return unsafe { wide(kernel) };
        }
        if has!("avx2") {
            // SAFETY: the processor has what `middle` is compiled for; it is a safe function otherwise.
            return unsafe { middle(kernel) };
        }
    }
    kernel.run();
}

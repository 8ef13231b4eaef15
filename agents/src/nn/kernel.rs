//! Matrix products, and loops compiled for the processor at hand: every call into unsafe code goes through here.

#![expect(unsafe_code, reason = "matrix products by pointer; calls of functions compiled for wider vectors")]

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected as has;

#[cfg(target_arch = "x86_64")]
use super::tiles;

macro_rules! product {
    ($name:ident, $float:ty, $gemm:path, $(($($feature:tt),+) => $tiles:path),*) => {
        /// `c = a * b`, sized m x k x n; `a[i, p]` is `a[i * ra + p * ca]`, b and c are row-major with n columns.
        pub(super) fn $name(
            (m, k, n): (usize, usize, usize), a: &[$float], (ra, ca): (usize, usize), b: &[$float], c: &mut [$float],
        ) {
            assert!(m > 0 && k > 0 && n > 0 && a.len() > (m - 1) * ra + (k - 1) * ca, "left matrix too short");
            assert!(b.len() >= k * n && c.len() >= m * n, "right matrix or result too short");
            let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            $(#[cfg(target_arch = "x86_64")]
            if $(has!($feature))&&+ {
                // SAFETY: the processor has the features, and the matrices were just checked to be that large; c is
                // borrowed mutably, so nothing else points into it.
                return unsafe { $tiles((m, k, n), a, ra, ca, b, c) };
            })*
            // SAFETY: as above.
            unsafe { $gemm(m, k, n, 1.0, a, ra as isize, ca as isize, b, n as isize, 1, 0.0, c, n as isize, 1) }
        }
    };
}
product!(product_f32, f32, matrixmultiply::sgemm, ("avx512f") => tiles::product_512, ("avx2", "fma") => tiles::product_256);
product!(product_f64, f64, matrixmultiply::dgemm,);

/// A loop over floats that [`run`] compiles for several processors. It must not fuse multiply and add, so that
/// every path gives the same bits; `run` must be `#[inline(always)]` for the wider code to be made at all.
pub(crate) trait Kernel {
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
pub(crate) fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") {
        // SAFETY: the processor has what `wide` is compiled for (AVX2 comes with AVX-512F); it is safe otherwise.
        return unsafe { wide(kernel) };
    } else if has!("avx2") {
        // SAFETY: the processor has what `middle` is compiled for; it is safe otherwise.
        return unsafe { middle(kernel) };
    }
    kernel.run();
}

//! Loops compiled for the processor at hand, and calls into `matrixmultiply`.

#![expect(unsafe_code, reason = "calls of functions compiled for wider vectors; matrix products by pointer")]

/// A loop over floats that [`run`] compiles for several processors. It must not fuse multiply and add, so that
/// every path gives the same bits; `run` must be `#[inline(always)]` for the wider code to be made at all.
pub(super) trait Kernel {
    fn run(self);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2")]
pub(super) fn wide<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(super) fn middle<K: Kernel>(kernel: K) {
    kernel.run();
}

/// Runs a kernel with the widest vectors of this processor.
pub(super) fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") && has!("avx2") {
            // SAFETY: the processor has what `wide` is compiled for; it is safe otherwise.
            return unsafe { wide(kernel) };
        }
        if has!("avx2") {
            // SAFETY: the processor has what `middle` is compiled for; it is safe otherwise.
            return unsafe { middle(kernel) };
        }
    }
    kernel.run();
}

macro_rules! packed {
    ($name:ident, $float:ty, $gemm:path) => {
        /// `c = a * b`, sized m x k x n; `a[i, p]` is `a[i * by.0 + p * by.1]`, b and c are row-major.
        #[rustfmt::skip]
        pub(super) fn $name(size: (usize, usize, usize), a: &[$float], by: (usize, usize), b: &[$float], c: &mut [$float]) {
            super::product::check(size, a.len(), by, b.len(), c.len());
            let ((m, k, n), ra, ca) = (size, by.0 as isize, by.1 as isize);
            let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            // SAFETY: the sizes were checked; c is borrowed mutably, so nothing else points into it.
            unsafe { $gemm(m, k, n, 1.0, a, ra, ca, b, n as isize, 1, 0.0, c, n as isize, 1) }
        }
    };
}
packed!(packed_f32, f32, matrixmultiply::sgemm);
packed!(packed_f64, f64, matrixmultiply::dgemm);

//! Products of matrices in single precision without packing, as the right one is row-major already.
//!
//! Every element is summed in the order of the inner index by fused steps: AVX2 and AVX-512 give the same bits.

#![expect(unsafe_code, reason = "vector loads and stores by pointer, in functions compiled for wider vectors")]

use std::arch::x86_64::*;

macro_rules! tiles {
    ($name:ident, $features:literal, $lanes:literal, $zero:ident, $splat:ident, $fma:ident, $load:ident, $store:ident,
     $masked_load:ident, $masked_store:ident, $mask:expr, $($vectors:literal)+) => {
        /// `c = a * b`, sized m x k x n; `a[i, p]` is `a[i * ra + p * ca]`, b and c are row-major with n columns.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name((m, k, n): (usize, usize, usize), a: *const f32, ra: usize, ca: usize, b: *const f32,
            c: *mut f32) {
            /// `R` rows and `V` vectors of c, the last vector up to its `rest`th lane.
            #[target_feature(enable = $features)]
            unsafe fn tile<const R: usize, const V: usize>((k, n): (usize, usize), a: *const f32, ra: usize, ca: usize,
                b: *const f32, c: *mut f32, rest: usize) {
                let (mut sums, mut right, mask) = ([[$zero(); V]; R], [$zero(); V], $mask(rest));
                for p in 0..k {
                    for (v, right) in right.iter_mut().enumerate() {
                        let from = b.wrapping_add(p * n + v * $lanes);
                        // SAFETY: b has k rows of n columns, and the mask ends where the columns end.
                        *right = unsafe { if v + 1 < V { $load(from) } else { $masked_load!(mask, from) } };
                    }
                    for (r, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: a has R rows of k columns.
                        let left = $splat(unsafe { *a.add(r * ra + p * ca) });
                        sums.iter_mut().zip(&right).for_each(|(sum, &right)| *sum = $fma(left, right, *sum));
                    }
                }
                for (r, sums) in sums.iter().enumerate() {
                    for (v, &sum) in sums.iter().enumerate() {
                        let to = c.wrapping_add(r * n + v * $lanes);
                        // SAFETY: c has R rows of n columns, and the mask ends where the columns end.
                        unsafe { if v + 1 < V { $store(to, sum) } else { $masked_store!(mask, to, sum) } }
                    }
                }
            }
            const WIDEST: usize = [$($vectors),+].len() * $lanes;
            for j in (0..n).step_by(WIDEST) {
                let (vectors, rest) = (WIDEST.min(n - j).div_ceil($lanes), (WIDEST.min(n - j) - 1) % $lanes + 1);
                let mut i = 0;
                while i < m {
                    let (a, b, c) = (a.wrapping_add(i * ra), b.wrapping_add(j), c.wrapping_add(i * n + j));
                    let four = m - i >= 4;
                    // SAFETY: rows i.. and columns j.. of matrices whose sizes the caller vouches for.
                    match (vectors, four) {
                        $(($vectors, true) => unsafe { tile::<4, $vectors>((k, n), a, ra, ca, b, c, rest) },
                        ($vectors, _) => unsafe { tile::<1, $vectors>((k, n), a, ra, ca, b, c, rest) },)+
                        _ => {}
                    }
                    i += if four { 4 } else { 1 };
                }
            }
        }
    };
}

macro_rules! load_512 {
    ($mask:expr, $from:expr) => {
        _mm512_maskz_loadu_ps($mask, $from)
    };
}
macro_rules! store_512 {
    ($mask:expr, $to:expr, $sum:expr) => {
        _mm512_mask_storeu_ps($to, $mask, $sum)
    };
}
macro_rules! load_256 {
    ($mask:expr, $from:expr) => {
        _mm256_maskload_ps($from, $mask)
    };
}
macro_rules! store_256 {
    ($mask:expr, $to:expr, $sum:expr) => {
        _mm256_maskstore_ps($to, $mask, $sum)
    };
}
tiles!(product_512, "avx512f", 16, _mm512_setzero_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_storeu_ps, load_512, store_512, |rest: usize| (0xFFFFu32 >> (16 - rest)) as u16, 1 2 3 4);
tiles!(product_256, "avx2,fma", 8, _mm256_setzero_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_storeu_ps, load_256, store_256,
    |rest: usize| _mm256_cmpgt_epi32(_mm256_set1_epi32(rest as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)), 1 2);

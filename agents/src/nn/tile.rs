//! A few rows of a matrix product in single precision, summed in registers.
//!
//! Every element is summed in the order of the inner index by fused steps: AVX2 and AVX-512 give the same bits.

#![expect(unsafe_code, reason = "vector loads and stores by pointer, in functions compiled for wider vectors")]

use std::arch::x86_64::*;

macro_rules! tile {
    ($name:ident, $features:literal, $lanes:literal, $zero:ident, $splat:ident, $fma:ident, $load:ident, $store:ident,
     $masked_load:ident, $masked_store:ident, $mask:expr) => {
        /// `R` rows and `V` vectors of `c = a * b`, the last vector up to its `rest`th lane.
        ///
        /// # Safety
        /// `a[r * ra + p * ca]` is within a for r < R and p < k; b has k rows and c has R rows of n columns, of which
        /// the vectors cover no more than there are.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name<const R: usize, const V: usize>(
            (k, n): (usize, usize),
            a: *const f32,
            (ra, ca): (usize, usize),
            b: *const f32,
            c: *mut f32,
            rest: usize,
        ) {
            let (mut sums, mut right, mask) = ([[$zero(); V]; R], [$zero(); V], $mask(rest));
            for p in 0..k {
                for (v, right) in right.iter_mut().enumerate() {
                    let from = b.wrapping_add(p * n + v * $lanes);
                    // SAFETY: row p of b, of which the mask leaves out what lies beyond the columns.
                    *right = unsafe { if v + 1 < V { $load(from) } else { $masked_load!(mask, from) } };
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: the caller vouches for R rows of k columns.
                    let left = $splat(unsafe { *a.add(r * ra + p * ca) });
                    sums.iter_mut().zip(&right).for_each(|(sum, &right)| *sum = $fma(left, right, *sum));
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    let to = c.wrapping_add(r * n + v * $lanes);
                    // SAFETY: row r of c, of which the mask leaves out what lies beyond the columns.
                    unsafe { if v + 1 < V { $store(to, sum) } else { $masked_store!(mask, to, sum) } }
                }
            }
        }
    };
}
macro_rules! load_512 { ($mask:expr, $from:expr) => { _mm512_maskz_loadu_ps($mask, $from) } }
macro_rules! store_512 { ($mask:expr, $to:expr, $sum:expr) => { _mm512_mask_storeu_ps($to, $mask, $sum) } }
macro_rules! load_256 { ($mask:expr, $from:expr) => { _mm256_maskload_ps($from, $mask) } }
macro_rules! store_256 { ($mask:expr, $to:expr, $sum:expr) => { _mm256_maskstore_ps($to, $mask, $sum) } }
tile! { tile_512, "avx512f", 16, _mm512_setzero_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_storeu_ps,
    load_512, store_512, |rest: usize| (0xFFFFu32 >> (16 - rest)) as u16 }
tile! { tile_256, "avx2,fma", 8, _mm256_setzero_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_storeu_ps,
    load_256, store_256,
    |rest: usize| _mm256_cmpgt_epi32(_mm256_set1_epi32(rest as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }

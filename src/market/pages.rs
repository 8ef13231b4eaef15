//! The kernel that asks for large pages. Every environment of a batch reads another row: with pages of 4 KB nearly each of
//! them is a miss of the processor's table of pages as well, which costs a fifth of a step.

/// Asks the system to keep these values in large pages. Where it does not, or can't, they stay as they are.
pub(in crate::market) fn advise_large<T>(values: &[T]) {
    #[cfg(target_os = "linux")]
    {
        /// What is less than a large page gains nothing.
        const LARGE: usize = 2 << 20;
        const PAGE: usize = 4096;
        let (begin, len) = (values.as_ptr().addr(), size_of_val(values));
        if len < 2 * LARGE {
            return;
        }
        let first = begin.next_multiple_of(PAGE);
        let len = (begin + len - first) / PAGE * PAGE;
        let address = values.as_ptr().cast_mut().map_addr(|_| first).cast::<libc::c_void>();
        #[expect(unsafe_code, reason = "advice on memory has no safe form")]
        // SAFETY: the pages lie within the values, and both kinds of advice leave what is in them as it is.
        unsafe {
            libc::madvise(address, len, libc::MADV_HUGEPAGE);
            // What was written before is moved now, where the system knows how (Linux 6.1).
            libc::madvise(address, len, libc::MADV_COLLAPSE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = values;
}

//! The kernel that lends a borrowed closure and its part of a batch to a worker thread.

#![expect(unsafe_code, reason = "a borrow can't cross to a thread that outlives it; the pool waits instead")]

use std::cell::UnsafeCell;

/// One slot between the pool and a worker.
pub(super) struct Handoff(UnsafeCell<Option<Job>>);

struct Job {
    call: unsafe fn(*const (), *mut ()),
    closure: *const (),
    part: *mut (),
}

// SAFETY: the slot is written by the pool only while its worker is idle (`done == given`), and read by the worker
// only after `given` was raised with Release and seen with Acquire: never both at once. What the pointers lead to is
// `Sync` (the closure) and `Send` (the part), as `give` demands.
unsafe impl Sync for Handoff {}
// SAFETY: as above; the pointers themselves belong to no thread.
unsafe impl Send for Handoff {}

impl Default for Handoff {
    fn default() -> Self {
        Self(UnsafeCell::new(None))
    }
}

impl Handoff {
    /// Puts a job into the slot. Only [`Pool::run`](super::pool::Pool::run) calls it, with its worker idle, and it
    /// does not return before the worker is done: that is what makes the borrows good for the worker.
    pub(super) fn give<T: Send, F: Fn(&mut T) + Sync>(&self, part: &mut T, closure: &F) {
        unsafe fn call<T, F: Fn(&mut T)>(closure: *const (), part: *mut ()) {
            // SAFETY: `give` made both pointers from these very types, the part's from a unique borrow, and the pool
            // keeps both borrows until the worker is done.
            let (closure, part) = unsafe { (&*closure.cast::<F>(), &mut *part.cast::<T>()) };
            closure(part);
        }
        let job = Job {
            call: call::<T, F>,
            closure: std::ptr::from_ref(closure).cast(),
            part: std::ptr::from_mut(part).cast(),
        };
        // SAFETY: the worker is idle, so nobody else touches the slot.
        unsafe { *self.0.get() = Some(job) }
    }

    /// Runs the job in the slot, on the worker's thread.
    pub(super) fn run(&self) {
        // SAFETY: the pool wrote the slot before it raised `given`, and leaves it alone until the worker is done.
        if let Some(job) = unsafe { (*self.0.get()).take() } {
            // SAFETY: `call` was made for these pointers, see `give`.
            unsafe { (job.call)(job.closure, job.part) }
        }
    }
}

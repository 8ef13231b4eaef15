//! A fork-join pool of threads that stay: a step of a few thousand environments takes tens of microseconds, less
//! than waking a thread costs, so workers spin for a bounded while before they park.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::thread::{self, JoinHandle};

use super::handoff::Handoff;
use crate::Error;

/// Turns of the waiting loop before a worker parks: some tens of microseconds.
const SPINS: u32 = 4_000;

struct Worker {
    /// Counts the jobs given; the worker has done as many when it is idle.
    given: AtomicUsize,
    done: AtomicUsize,
    stop: AtomicBool,
    failed: AtomicBool,
    job: Handoff,
}

/// Threads that run one closure over parts of a batch and are waited for.
pub(super) struct Pool {
    workers: Vec<(Arc<Worker>, JoinHandle<()>)>,
    /// Threads do not survive a fork: a process with another number starts its own.
    process: u32,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &(self.workers.len() + 1)).finish()
    }
}

impl Pool {
    /// `threads - 1` workers; the caller's own thread is the last one.
    pub(super) fn new(threads: usize) -> Self {
        let workers = (1..threads.max(1)).filter_map(|_| {
            let worker = Arc::new(Worker {
                given: AtomicUsize::new(0),
                done: AtomicUsize::new(0),
                stop: AtomicBool::new(false),
                failed: AtomicBool::new(false),
                job: Handoff::default(),
            });
            let own = Arc::clone(&worker);
            let handle = thread::Builder::new().name("tradepit-step".into()).spawn(move || own.serve()).ok()?;
            Some((worker, handle))
        });
        Self { workers: workers.collect(), process: std::process::id() }
    }

    /// Runs `job` on every part, one thread a part, and waits for all; at most as many parts as threads.
    ///
    /// Returns whether every part came to its end (a panic in `job` is `false`, on whichever thread).
    pub(super) fn run<T: Send>(&mut self, parts: &mut [T], job: &(impl Fn(&mut T) + Sync)) -> bool {
        if self.process != std::process::id() {
            let threads = self.workers.len() + 1;
            // The handles belong to threads of the parent: joining them would wait for ever.
            std::mem::forget(std::mem::replace(self, Self::new(threads)));
        }
        let (own, others) = match parts.split_first_mut() {
            Some(split) => split,
            None => return true,
        };
        assert!(others.len() <= self.workers.len(), "more parts than threads");
        for ((worker, handle), part) in self.workers.iter().zip(others.iter_mut()) {
            worker.job.give(part, job);
            worker.given.fetch_add(1, Ordering::Release);
            handle.thread().unpark();
        }
        let mut fine = run_caught(|| job(own));
        // Every part is waited for, whatever happened: the workers hold borrows of it.
        for (worker, _) in &self.workers[..others.len()] {
            let mut spins = 0u32;
            while worker.done.load(Ordering::Acquire) != worker.given.load(Ordering::Relaxed) {
                wait(&mut spins, thread::yield_now);
            }
            fine &= !worker.failed.swap(false, Ordering::Relaxed);
        }
        fine
    }
}

/// What a step says in which a model panicked.
pub(super) fn panicked() -> Error {
    Error::State("a model panicked while environments were stepped; reset them".into())
}

fn run_caught(job: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_ok()
}

/// Turns once more; after a bounded number of turns, `idle`.
pub(super) fn wait(spins: &mut u32, idle: impl Fn()) {
    *spins += 1;
    if *spins < SPINS { std::hint::spin_loop() } else { idle() }
}

impl Worker {
    fn serve(&self) {
        loop {
            let mut spins = 0u32;
            while self.done.load(Ordering::Relaxed) == self.given.load(Ordering::Acquire) {
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                wait(&mut spins, thread::park);
            }
            if !run_caught(|| self.job.run()) {
                self.failed.store(true, Ordering::Relaxed);
            }
            self.done.fetch_add(1, Ordering::Release);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let workers = std::mem::take(&mut self.workers);
        if self.process != std::process::id() {
            std::mem::forget(workers);
            return;
        }
        for (worker, handle) in workers {
            worker.stop.store(true, Ordering::Release);
            handle.thread().unpark();
            // A worker catches every panic of its jobs, so that it always ends well.
            let _ = handle.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_run_once_also_after_a_rest() {
        let mut pool = Pool::new(3);
        for round in 0..200u64 {
            let mut parts = [0u64; 3];
            assert!(pool.run(&mut parts, &|part| *part += round));
            assert_eq!(parts, [round; 3]);
        }
        thread::sleep(std::time::Duration::from_millis(50));
        let mut parts = [1u64, 2];
        assert!(pool.run(&mut parts, &|part| *part *= 2));
        assert_eq!(parts, [2, 4]);
    }

    #[test]
    fn a_panic_is_reported_and_the_pool_goes_on() {
        let mut pool = Pool::new(2);
        assert!(!pool.run(&mut [1, 2], &|part| assert_ne!(*part, 2, "planned")));
        assert!(!pool.run(&mut [2, 1], &|part| assert_ne!(*part, 2, "planned")));
        assert!(pool.run(&mut [1, 1], &|_| ()));
    }
}

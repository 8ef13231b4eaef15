//! Work on fixed parts, by any number of threads: who does a part never shows in its result.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::{Error, Result};

/// Threads, each with a workspace of its own.
#[derive(Debug)]
pub(super) struct Crew<W> {
    pool: Option<rayon::ThreadPool>,
    work: Vec<Mutex<W>>,
}

impl<W: Send> Crew<W> {
    /// One thread means the caller's own.
    pub(super) fn new(threads: usize, work: impl Fn() -> W) -> Result<Self> {
        let pool = (threads > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build()).transpose();
        let pool = pool.map_err(|error| Error::Config { field: "threads", message: format!("{threads}: {error}") })?;
        Ok(Self { pool, work: (0..threads).map(|_| Mutex::new(work())).collect() })
    }

    /// Runs `task` on every chunk of `size` items, giving it a workspace and the chunk's index.
    ///
    /// # Errors
    /// Of a task that fails.
    pub(super) fn each<I: Send>(
        &self,
        items: &mut [I],
        size: usize,
        task: impl Fn(&mut W, usize, &mut [I]) -> Result<()> + Sync,
    ) -> Result<()> {
        let of = |worker: usize| self.work[worker].lock().unwrap_or_else(PoisonError::into_inner);
        match &self.pool {
            Some(pool) if items.len() > size => pool.install(|| {
                items.par_chunks_mut(size).enumerate().try_for_each(|(index, chunk)| {
                    let worker = rayon::current_thread_index().unwrap_or(0);
                    task(&mut *of(worker), index, chunk)
                })
            }),
            _ => {
                let work = &mut *of(0);
                items.chunks_mut(size).enumerate().try_for_each(|(index, chunk)| task(work, index, chunk))
            }
        }
    }
}

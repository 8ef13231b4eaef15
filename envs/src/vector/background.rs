//! Work that another thread does while its owner goes on.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::pool::wait;
use crate::{Error, Result};

/// The value is with its owner.
const HERE: u8 = 0;
/// It waits for whoever begins first: the thread, or the owner who already waits for it.
const SENT: u8 = 1;
/// It is worked on.
const RUNNING: u8 = 2;
/// It waits for its owner.
const DONE: u8 = 3;

/// A value that a thread of its own works on while its owner goes on, and that can be reached in between.
///
/// ```
/// use tradepit_envs::Background;
/// let sum = Background::new((vec![1, 2, 3], 0), |(numbers, sum)| *sum = numbers.iter().sum());
/// sum.send(|(numbers, _)| Ok(numbers.push(4)))?; // at once
/// assert_eq!(sum.here().unwrap_err().to_string(), "a step is under way: wait for it first (recv, step_wait)");
/// assert_eq!(sum.recv()?.1, 10);
/// assert_eq!(sum.recv().unwrap_err().to_string(), "there are no actions: send them first (send, step_async)");
/// # tradepit_envs::Result::Ok(())
/// ```
///
/// Whoever waits for a piece of work that has not begun does it himself, so that waiting at once costs little more than
/// a call. The thread starts with the first work, spins for a bounded while between two of them, then parks; it ends with
/// the value. A panic of the work is caught: the value shows how far it came. No piece of work allocates.
pub struct Background<T: Send + 'static> {
    shared: Arc<Shared<T>>,
    thread: Mutex<Option<Thread>>,
}

struct Shared<T> {
    /// Locked by whoever has the value. It moves on from `SENT` only by a compare-and-swap, and who wins it locks.
    value: Mutex<T>,
    at: AtomicU8,
    stop: AtomicBool,
    work: fn(&mut T),
}

struct Thread {
    handle: JoinHandle<()>,
    /// Threads do not survive a fork.
    process: u32,
}

impl Thread {
    fn is_of_another_process(&self) -> bool {
        self.process != std::process::id()
    }
}

/// The value of a [`Background`] while it is with its owner; nothing is sent before it is dropped.
///
/// ```
/// use tradepit_envs::{Background, Here};
/// let count = Background::new(0, |count| *count += 1);
/// let mut here: Here<'_, i32> = count.here()?;
/// *here = 4;
/// drop(here);
/// count.send(|_| Ok(()))?;
/// assert_eq!(*count.recv()?, 5);
/// # tradepit_envs::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Here<'a, T>(MutexGuard<'a, T>);

impl<T> Deref for Here<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Here<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Send + 'static> fmt::Debug for Background<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").field("away", &self.is_away()).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Background<T> {
    /// What [`recv`](Self::recv) says before anything was sent.
    pub const NOTHING_SENT: &'static str = "there are no actions: send them first (send, step_async)";

    /// Nothing runs before the first [`send`](Self::send).
    #[must_use]
    pub fn new(value: T, work: fn(&mut T)) -> Self {
        let (at, stop) = (AtomicU8::new(HERE), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { value: Mutex::new(value), at, stop, work }), thread: Mutex::new(None) }
    }

    /// Whether it was sent and not received.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.shared.at.load(Ordering::Acquire) != HERE
    }

    /// Whether the work is done, and [`recv`](Self::recv) does not wait.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.shared.at.load(Ordering::Acquire) == DONE
    }

    /// The value, between two pieces of work.
    ///
    /// # Errors
    /// When it is away, or another thread has it.
    #[inline]
    pub fn here(&self) -> Result<Here<'_, T>> {
        let taken = || Error::State("another thread is inside".into());
        let away = || Error::State("a step is under way: wait for it first (recv, step_wait)".into());
        if self.is_away() {
            return Err(away());
        }
        let guard = match self.shared.value.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(guard)) => guard.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(taken()),
        };
        // Somebody else may have sent it in between.
        if self.is_away() { Err(away()) } else { Ok(Here(guard)) }
    }

    /// Prepares the value and has it worked on; returns at once.
    ///
    /// # Errors
    /// As [`here`](Self::here), and those of `prepare`; nothing is sent then.
    pub fn send(&self, prepare: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        self.keep(prepare)?;
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_none_or(Thread::is_of_another_process) {
            // The handle of a thread of the parent is no thread: to join it would be to wait for ever.
            std::mem::forget(thread.take());
            *thread = self.start();
        }
        if let Some(thread) = &*thread {
            thread.handle.thread().unpark();
        }
        Ok(())
    }

    /// As [`send`](Self::send), but calls no thread: whoever waits does the work, for work that is over before a thread
    /// would have woken.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn keep(&self, prepare: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        let mut here = self.here()?;
        prepare(&mut here)?;
        self.shared.at.store(SENT, Ordering::Release);
        Ok(())
    }

    /// None where the machine gives no thread: the work is done when it is waited for.
    fn start(&self) -> Option<Thread> {
        let own = Arc::clone(&self.shared);
        own.stop.store(false, Ordering::Release);
        let handle = thread::Builder::new().name("tradepit-async".into()).spawn(move || own.serve()).ok()?;
        Some(Thread { handle, process: std::process::id() })
    }

    /// Waits until the work is done, or does it where it has not begun; [`recv`](Self::recv) does not block afterwards.
    ///
    /// # Errors
    /// When nothing was sent, or this process was forked while the work was under way.
    pub fn wait(&self) -> Result<()> {
        let (mut spins, forked) = (0u32, lock(&self.thread).as_ref().is_some_and(Thread::is_of_another_process));
        loop {
            match self.shared.at.load(Ordering::Acquire) {
                HERE => return Err(Error::State(Self::NOTHING_SENT.into())),
                SENT => self.shared.begin(),
                RUNNING if forked => {
                    let message = "the process was forked while a step was under way; make a new environment here";
                    return Err(Error::State(message.into()));
                }
                RUNNING => wait(&mut spins, || {
                    // Whoever works holds the lock; he has it a moment after he began, and to a moment before he is done.
                    drop(lock(&self.shared.value));
                    thread::yield_now();
                }),
                _ => return Ok(()),
            }
        }
    }

    /// Waits for the value and has it back.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn recv(&self) -> Result<Here<'_, T>> {
        loop {
            self.wait()?;
            let guard = lock(&self.shared.value);
            if self.shared.at.compare_exchange(DONE, HERE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Ok(Here(guard));
            }
        }
    }

    /// Ends the thread: what has not begun is not done, what is under way is waited for; the value is here then.
    pub fn rest(&self) {
        let at = &self.shared.at;
        let _ = at.compare_exchange(SENT, HERE, Ordering::AcqRel, Ordering::Acquire);
        match lock(&self.thread).take() {
            Some(thread) if thread.is_of_another_process() => std::mem::forget(thread),
            Some(Thread { handle, .. }) => {
                self.shared.stop.store(true, Ordering::Release);
                handle.thread().unpark();
                // It catches every panic of its work, so that it always ends well.
                let _ = handle.join();
            }
            None => {}
        }
        let _ = at.compare_exchange(DONE, HERE, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl<T> Shared<T> {
    /// Does the work, unless somebody else has begun it.
    fn begin(&self) {
        if self.at.compare_exchange(SENT, RUNNING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            let mut value = lock(&self.value);
            // The value may be half done after a panic; it shows that, and nothing unsafe depends on it.
            let _ = catch_unwind(AssertUnwindSafe(|| (self.work)(&mut value)));
            drop(value);
            self.at.store(DONE, Ordering::Release);
        }
    }

    fn serve(&self) {
        let mut spins = 0u32;
        loop {
            if self.at.load(Ordering::Relaxed) == SENT {
                self.begin();
                spins = 0;
            } else if self.stop.load(Ordering::Acquire) {
                return;
            } else {
                wait(&mut spins, thread::park);
            }
        }
    }
}

impl<T: Send + 'static> Drop for Background<T> {
    fn drop(&mut self) {
        self.rest();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

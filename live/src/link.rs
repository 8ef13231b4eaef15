//! The broker's thread, and the bounded channels to it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{Notify, mpsc};
use tradepit::{Error, Result, venue::EventLog};

use crate::{Broker, BrokerCommand, BrokerEvent, Connected};

/// How often a wait looks whether it was stopped.
const SLICE: Duration = Duration::from_millis(50);
/// How long a full command channel is waited for between two tries.
const RETRY: Duration = Duration::from_millis(1);

/// The near end of the channels. The far end is a thread that owns the broker and a tokio runtime.
#[derive(Debug)]
pub(crate) struct Link {
    /// Taken away to say that there will be no more.
    commands: Option<mpsc::Sender<BrokerCommand>>,
    events: Receiver<BrokerEvent>,
    /// There is room for events again.
    room: Arc<Notify>,
    /// Drop everything.
    abort: Arc<Notify>,
    /// Why the thread ended.
    ending: Arc<OnceLock<String>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
}

/// What a wait came to.
#[derive(Debug)]
pub(crate) enum Received {
    Event(BrokerEvent),
    Stopped,
    Silent,
}

impl Link {
    /// Starts the thread, and waits until the broker is connected.
    pub(crate) fn start(
        broker: impl Broker,
        past: Option<EventLog>,
        capacity: usize,
        connect: Duration,
        patience: Duration,
    ) -> Result<(Self, Connected)> {
        let (commands, far_commands) = mpsc::channel(capacity);
        let (far_events, events) = sync_channel(capacity);
        let (far_ready, ready) = sync_channel(1);
        let (far_done, done) = sync_channel(1);
        let mut link = Self {
            commands: Some(commands),
            events,
            room: Arc::default(),
            abort: Arc::default(),
            ending: Arc::default(),
            done,
            thread: None,
            patience,
        };
        let (room, abort, ending) = (link.room.clone(), link.abort.clone(), link.ending.clone());
        let thread = std::thread::Builder::new().name("tradepit-live".into()).spawn(move || {
            let mut far = Far { commands: far_commands, events: far_events, room };
            let run = AssertUnwindSafe(|| run(broker, past.as_ref(), &far_ready, &mut far, &abort));
            // When the far end of the channels closes, the near end asks why: it must be known by then.
            let why = match catch_unwind(run) {
                Ok(Ok(())) => "the broker's thread has ended".to_owned(),
                Ok(Err(Error::Venue(message))) => message,
                Ok(Err(other)) => other.to_string(),
                Err(panic) => format!("the broker panicked: {}", panic_text(panic.as_ref())),
            };
            let _ = ending.set(why);
            drop(far);
            let _ = far_done.send(());
        });
        link.thread = Some(thread.map_err(|e| Error::Venue(format!("no thread for the broker: {e}")))?);
        match ready.recv_timeout(connect) {
            Ok(connected) => Ok((link, connected?)),
            Err(RecvTimeoutError::Disconnected) => {
                link.wait_done();
                Err(link.why())
            }
            Err(RecvTimeoutError::Timeout) => {
                Err(Error::Venue(format!("the broker did not connect in {connect:?}; raise connect_timeout")))
            }
        }
    }

    /// Hands a command over.
    pub(crate) fn command(&self, mut command: BrokerCommand) -> Result<()> {
        let Some(commands) = &self.commands else { return Err(self.why()) };
        let mut waited = Duration::ZERO;
        loop {
            match commands.try_send(command) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.why()),
                Err(mpsc::error::TrySendError::Full(back)) => {
                    if waited >= self.patience {
                        return Err(Error::Venue(format!("the broker has taken no command for {waited:?}")));
                    }
                    command = back;
                    std::thread::sleep(RETRY);
                    waited += RETRY;
                }
            }
        }
    }

    /// Waits for the next event: at most `limit`, and not once `stop` is set.
    pub(crate) fn receive(&self, limit: Option<Duration>, stop: &AtomicBool) -> Result<Received> {
        let mut waited = Duration::ZERO;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(Received::Stopped);
            }
            let slice = limit.map_or(SLICE, |limit| SLICE.min(limit.saturating_sub(waited)));
            match self.events.recv_timeout(slice) {
                Ok(event) => {
                    self.room.notify_one();
                    return Ok(Received::Event(event));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.why()),
                Err(RecvTimeoutError::Timeout) => waited += slice,
            }
            if limit.is_some_and(|limit| waited >= limit) {
                return Ok(Received::Silent);
            }
        }
    }

    fn why(&self) -> Error {
        Error::Venue(self.ending.get().cloned().unwrap_or_else(|| "the broker's thread is gone".into()))
    }

    /// Waits a little for the thread to say why it ended.
    fn wait_done(&self) -> bool {
        !matches!(self.done.recv_timeout(self.patience), Err(RecvTimeoutError::Timeout))
    }
}

impl Drop for Link {
    /// Lets the broker take the commands that wait, then asks it to leave, then leaves without it.
    fn drop(&mut self) {
        drop(self.commands.take());
        self.room.notify_one();
        let mut over = self.wait_done();
        if !over {
            self.abort.notify_one();
            over = self.wait_done();
        }
        // A broker that blocks its thread can't be ended from outside; waiting for it would hang the caller.
        if over && let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The far end of the channels.
struct Far {
    commands: mpsc::Receiver<BrokerCommand>,
    events: SyncSender<BrokerEvent>,
    room: Arc<Notify>,
}

fn run(
    mut broker: impl Broker,
    past: Option<&EventLog>,
    ready: &SyncSender<Result<Connected>>,
    far: &mut Far,
    abort: &Notify,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::Venue(format!("no runtime for the broker: {e}")))?;
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = abort.notified() => Ok(()),
            result = drive(&mut broker, past, ready, far) => result,
        }
    })
}

async fn drive(
    broker: &mut impl Broker,
    past: Option<&EventLog>,
    ready: &SyncSender<Result<Connected>>,
    far: &mut Far,
) -> Result<()> {
    let connected = broker.connect(past).await;
    let failed = connected.is_err();
    if ready.try_send(connected).is_err() || failed {
        return Ok(());
    }
    let (mut pending, mut over) = (None, false);
    loop {
        if let Some(event) = pending.take() {
            match far.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => pending = Some(event),
                Err(TrySendError::Disconnected(_)) => return Ok(()),
            }
        }
        // Commands come first: an order must not wait behind news, and a full queue of news must not hold them up.
        tokio::select! {
            biased;
            command = far.commands.recv() => match command {
                Some(command) => broker.send(command).await?,
                None => return Ok(()),
            },
            () = far.room.notified(), if pending.is_some() => {}
            event = broker.next(), if pending.is_none() && !over => {
                let event = event?;
                over = event.is_last();
                pending = Some(event);
            }
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a text".into())
}

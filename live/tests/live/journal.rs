//! The file that never changes.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use rusqlite::Connection;
use tradepit::{
    InstrumentId, Result, Venue as _,
    account::Account,
    market::synth,
    order::OrderRequest,
    venue::{EventLog, LogEntry, NoFeatures, Opening, Start},
};
use tradepit_live::{Broker, BrokerCommand, BrokerEvent, Connected, Feed, Journal, LiveVenue};

use crate::trader::{Mean, data, drive, options, paper};

fn small() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.db");
    let mut journal = Journal::create(&path).unwrap();
    let data = synth::es_1m(20, 0).unwrap();
    journal.append(&LogEntry::Opened(Opening::of(&data, 9, 50_000.0).unwrap())).unwrap();
    journal.append(&LogEntry::Decided { time: data.bars()[9].time }).unwrap();
    journal.set_meta("spec", "{}").unwrap();
    (folder, path)
}

#[test]
fn nothing_can_be_changed_taken_out_or_slipped_in() {
    let (_folder, path) = small();
    let connection = Connection::open(&path).unwrap();
    for statement in [
        "UPDATE entries SET body = '{}' WHERE seq = 0",
        "DELETE FROM entries WHERE seq = 1",
        "REPLACE INTO entries (seq, kind, time, body) VALUES (1, 'end', NULL, '{}')",
        "INSERT INTO entries (seq, kind, time, body) VALUES (7, 'end', NULL, '{}')",
        "INSERT INTO entries (kind, time, body) VALUES ('end', NULL, '{}')",
        "UPDATE meta SET value = 'x'",
        "DELETE FROM meta",
        "REPLACE INTO meta (key, value) VALUES ('spec', 'x')",
    ] {
        let refused = connection.execute(statement, []).unwrap_err().to_string();
        assert!(refused.contains("the journal is append-only"), "{statement}: {refused}");
    }
    let next = "INSERT INTO entries (seq, kind, time, body) VALUES (2, 'end', NULL, '{\"end\":{\"end\":\"end_of_data\",\"note\":\"\"}}')";
    assert_eq!(connection.execute(next, []).unwrap(), 1);
    drop(connection);
    assert_eq!(Journal::open(&path).unwrap().log().unwrap().unwrap().entries().len(), 2);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = small();
    let journal = Journal::open(path).unwrap();
    // SQLite makes and removes files of its own beside the journal: one may be gone again before it is looked at.
    let files = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().path());
    let modes: Vec<_> =
        files.filter_map(|file| Some((std::fs::metadata(&file).ok()?.permissions().mode(), file))).collect();
    assert!(modes.len() >= 3, "{modes:?}");
    for (mode, file) in modes {
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
    assert_eq!(journal.len(), 2);
}

#[test]
fn misuse_is_named() {
    let (folder, path) = small();
    let shown = path.display().to_string();
    let text = |result: Result<Journal>| result.unwrap_err().to_string();
    assert!(text(Journal::create(&path)).contains("exists; open it to resume its session"));
    let first = Journal::open(&path).unwrap();
    assert_eq!(
        text(Journal::open(&path)),
        format!("venue: journal {shown} is held by another process; stop that one first")
    );
    drop(first);
    let mut journal = Journal::open(&path).unwrap();
    assert!(journal.set_meta("spec", "other").unwrap_err().to_string().contains("this key is set already"));
    assert_eq!(journal.meta("policy").unwrap(), None);
    drop(journal);

    let missing = folder.path().join("missing.db");
    assert!(text(Journal::open(&missing)).contains("does not exist; create it"));
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(text(Journal::open(&other)).contains("is no journal of a session"));
    std::fs::write(&other, "a text that is no database, long enough to be taken for one's header").unwrap();
    assert!(text(Journal::open(&other)).contains("not a database"));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(text(Journal::open(&path)).contains("has format 2, and this version reads 1"));
}

/// Looks into the journal's file when an order arrives.
struct Inspector {
    inner: tradepit_live::PaperBroker,
    path: std::path::PathBuf,
    orders: u32,
}

impl Broker for Inspector {
    async fn connect(&mut self, past: Option<&EventLog>) -> Result<Connected> {
        self.inner.connect(past).await
    }

    async fn send(&mut self, command: BrokerCommand) -> Result<()> {
        if let BrokerCommand::Submit { id, request, time } = command {
            let log = Journal::read(&self.path).unwrap().unwrap();
            let written = log.entries().contains(&LogEntry::Order { id, request, time, unsent: false });
            assert!(written, "order {} left before it was written", id.0);
            self.orders += 1;
        }
        self.inner.send(command).await
    }

    async fn next(&mut self) -> Result<BrokerEvent> {
        let event = self.inner.next().await?;
        assert!(!event.is_last() || self.orders > 10, "only {} orders came", self.orders);
        Ok(event)
    }
}

#[test]
fn an_order_is_written_before_it_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.db");
    let inner = paper(Feed::memory(data(70), 50));
    let broker = Inspector { inner, path: path.clone(), orders: 0 };
    let journal = Journal::create(path).unwrap();
    let mut venue = LiveVenue::connect(broker, Mean::default(), Some(journal), options()).unwrap();
    drive(&mut venue, 50).unwrap();
}

/// Notes which orders come.
struct Sealed(Arc<AtomicU32>);

impl Broker for Sealed {
    async fn connect(&mut self, _: Option<&EventLog>) -> Result<Connected> {
        Ok(Opening::of(&synth::es_1m(20, 0)?, 9, 50_000.0)?.into())
    }

    async fn send(&mut self, command: BrokerCommand) -> Result<()> {
        self.0.fetch_add(u32::from(matches!(command, BrokerCommand::Submit { .. })), Ordering::SeqCst);
        Ok(())
    }

    async fn next(&mut self) -> Result<BrokerEvent> {
        std::future::pending().await
    }
}

#[test]
fn an_order_that_can_not_be_written_does_not_leave() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.db");
    let orders = Arc::new(AtomicU32::new(0));
    let journal = Journal::create(&path).unwrap();
    let mut venue = LiveVenue::connect(Sealed(orders.clone()), NoFeatures, Some(journal), options()).unwrap();
    let mut account = Account::new(1);
    venue.open(Start::Now, &mut account).unwrap();
    let order = OrderRequest::market(InstrumentId(0), 1.0);
    assert_eq!(venue.submit(order).unwrap().0, 0);
    // Somebody else takes the next place in the journal.
    let intruder = Connection::open(&path).unwrap();
    intruder.execute("INSERT INTO entries (seq, kind, body) VALUES (2, 'end', '{}')", []).unwrap();
    for _ in 0..2 {
        let refused = venue.submit(order).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    // Dropping lets the broker take what was sent.
    drop(venue);
    assert_eq!(orders.load(Ordering::SeqCst), 1);
}

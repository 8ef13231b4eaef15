//! The journal: what happened, on disk before it matters, and never changed.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tradepit::{
    Error, Result,
    venue::{EventLog, LogEntry},
};

/// Marks a file as ours ("tpjl"), in the header that SQLite keeps for it.
const APPLICATION_ID: i32 = 0x7470_6a6c;
/// Version of the tables below.
const SCHEMA_VERSION: i32 = 1;

// Replacing a row is an insertion that deletes, and fires no trigger for the deletion: so insertions are checked too.
const SCHEMA: &str = "
CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, time INTEGER, body TEXT NOT NULL) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_insert BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq) + 1, 0) FROM entries)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: seq must follow the last one'); END;
CREATE TRIGGER meta_update BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER meta_delete BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER meta_insert BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: this key is set already'); END;
";

/// An append-only SQLite file with the record of one session, one [`LogEntry`] a row.
///
/// Openings, orders and cancellations are on disk (`synchronous=FULL`) when [`append`](Self::append) returns, and with
/// them all that came before; other entries survive the end of the process, and reach the disk with the next order. Only
/// the owner may read or write the file (0600 on Unix), and only one process at a time may hold it.
///
/// ```
/// use tradepit::{market::synth, venue::{LogEntry, Opening}};
/// use tradepit_live::Journal;
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("session.db");
/// let mut journal = Journal::create(&path).unwrap();
/// let data = synth::es_1m(20, 0).unwrap();
/// journal.append(&LogEntry::Opened(Opening::of(&data, 9, 50_000.0).unwrap())).unwrap();
/// journal.append(&LogEntry::Decided { time: data.bars()[9].time }).unwrap();
/// journal.set_meta("policy_sha256", "9f86d081").unwrap();
/// drop(journal);
/// let journal = Journal::open(&path).unwrap();
/// assert_eq!(journal.log().unwrap().unwrap().entries().len(), 1);
/// assert_eq!(journal.meta("policy_sha256").unwrap().as_deref(), Some("9f86d081"));
/// ```
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    name: String,
    len: i64,
    /// Whether a commit waits for the disk.
    full: bool,
    /// Held as long as the journal is.
    _lock: Option<File>,
}

impl Journal {
    /// A new file.
    ///
    /// # Errors
    /// When the file exists, or can't be made.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        // SQLite gives the permissions of the file to the files that it puts beside it.
        private().create_new(true).open(path).map_err(|source| {
            let path = path.display().to_string();
            match source.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    Error::Venue(format!("journal {path} exists; open it to resume its session, or name another file"))
                }
                _ => Error::Io { path, source },
            }
        })?;
        let lock = lock(path)?;
        let connection = connect(path)?;
        let journal = Self::with(connection, path.display().to_string(), Some(lock))?;
        journal.set_up()?;
        Ok(journal)
    }

    /// A file that holds a session, to go on with it.
    ///
    /// # Errors
    /// When it is no journal, one of another version, or held by another process.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        // Not a journal, not a lock beside it.
        let mut journal = Self::with(connect(path)?, path.display().to_string(), None)?;
        journal.check_format()?;
        journal._lock = Some(lock(path)?);
        journal.len = journal.sql(|c| c.query_row("SELECT COUNT(*) FROM entries", [], |row| row.get(0)))?;
        Ok(journal)
    }

    /// A journal that ends with the process.
    ///
    /// # Errors
    /// When SQLite finds no memory.
    pub fn in_memory() -> Result<Self> {
        let name = ":memory:".to_owned();
        let connection = Connection::open_in_memory().map_err(|e| sqlite(&name, &e))?;
        let journal = Self::with(connection, name, None)?;
        journal.set_up()?;
        Ok(journal)
    }

    /// Reads the record of a session that may be going on in another process; none if it has not begun.
    ///
    /// # Errors
    /// When the file is no journal.
    pub fn read(path: impl AsRef<Path>) -> Result<Option<EventLog>> {
        let path = path.as_ref();
        let connection = connect(path)?;
        let name = path.display().to_string();
        connection.pragma_update(None, "query_only", true).map_err(|e| sqlite(&name, &e))?;
        let journal = Self { connection, name, len: 0, full: true, _lock: None };
        journal.check_format()?;
        journal.log()
    }

    fn with(connection: Connection, name: String, lock: Option<File>) -> Result<Self> {
        let journal = Self { connection, name, len: 0, full: true, _lock: lock };
        // In memory there is no write-ahead log, and the answer is another mode: so it is asked for, not demanded.
        journal.sql(|c| c.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())))?;
        journal.sql(|c| c.pragma_update(None, "synchronous", "full"))?;
        Ok(journal)
    }

    fn set_up(&self) -> Result<()> {
        self.sql(|c| {
            c.pragma_update(None, "application_id", APPLICATION_ID)?;
            c.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            c.execute_batch(&format!("BEGIN IMMEDIATE;{SCHEMA}COMMIT;"))
        })
    }

    fn check_format(&self) -> Result<()> {
        let pragma = |name| self.sql(|c| c.pragma_query_value(None, name, |row| row.get::<_, i32>(0)));
        let (application, version) = (pragma("application_id")?, pragma("user_version")?);
        if application != APPLICATION_ID {
            return Err(Error::Venue(format!("{} is no journal of a session; name one, or create it", self.name)));
        }
        if version != SCHEMA_VERSION {
            let name = &self.name;
            return Err(Error::Venue(format!(
                "journal {name} has format {version}, and this version reads {SCHEMA_VERSION}; open it with the version that made it"
            )));
        }
        Ok(())
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len.unsigned_abs()
    }

    /// Whether no session has begun.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry. An opening, an order, a cancellation is on disk when this returns.
    ///
    /// # Errors
    /// When a number is not finite, or the disk refuses; nothing was added then.
    pub fn append(&mut self, entry: &LogEntry) -> Result<()> {
        let body = entry.to_json()?;
        let must_last = matches!(
            entry,
            LogEntry::Opened(_) | LogEntry::Reopened { .. } | LogEntry::Order { .. } | LogEntry::Cancel { .. }
        );
        if must_last != self.full {
            let mode = if must_last { "full" } else { "normal" };
            self.sql(|c| c.pragma_update(None, "synchronous", mode))?;
            self.full = must_last;
        }
        let (seq, time) = (self.len, entry.time().map(tradepit::Timestamp::nanos));
        self.sql(|c| {
            c.prepare_cached("INSERT INTO entries (seq, kind, time, body) VALUES (?1, ?2, ?3, ?4)")?.execute((
                seq,
                entry.kind(),
                time,
                &body,
            ))
        })?;
        self.len += 1;
        Ok(())
    }

    /// The record so far; none if no session has begun.
    ///
    /// # Errors
    /// Names the row when an entry can't be read.
    pub fn log(&self) -> Result<Option<EventLog>> {
        let bodies = self.sql(|c| {
            let mut statement = c.prepare("SELECT body FROM entries ORDER BY seq")?;
            statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        if bodies.is_empty() {
            return Ok(None);
        }
        let entries = bodies.iter().enumerate().map(|(row, body)| {
            LogEntry::from_json(body).map_err(|e| Error::Data {
                source_name: Some(self.name.clone()),
                row,
                column: "body".into(),
                message: e.to_string(),
            })
        });
        EventLog::from_entries(entries.collect::<Result<Vec<_>>>()?).map(Some)
    }

    /// Notes something about the session once and for all: its spec, the hash of the policy.
    ///
    /// # Errors
    /// When the key is set already, or the disk refuses.
    pub fn set_meta(&mut self, key: &str, value: &str) -> Result<()> {
        self.sql(|c| c.execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", (key, value)))?;
        Ok(())
    }

    /// What was noted under `key`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn meta(&self, key: &str) -> Result<Option<String>> {
        self.sql(|c| c.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional())
    }

    fn sql<T>(&self, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        f(&self.connection).map_err(|e| sqlite(&self.name, &e))
    }
}

fn sqlite(name: &str, error: &rusqlite::Error) -> Error {
    Error::Venue(format!("journal {name}: {error}"))
}

fn connect(path: &Path) -> Result<Connection> {
    let name = path.display().to_string();
    if !path.is_file() {
        return Err(Error::Venue(format!("journal {name} does not exist; create it")));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| sqlite(&name, &e))?;
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(|e| sqlite(&name, &e))?;
    Ok(connection)
}

/// Two processes that trade one session would send every order twice.
fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let io = |source| Error::Io { path: Path::new(&name).display().to_string(), source };
    let file = private().create(true).truncate(false).open(&name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Venue(format!("journal {} is held by another process; stop that one first", path.display())))
        }
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// A file that only its owner may read or write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

//! PostgreSQL: the session of a cycle, which holds the lock of the cycle, and that of a dry run, which can only read.
//!
//! The lock is an advisory lock of the session (PostgreSQL, "Advisory Locks"): the server lets go of it when the session ends, however that
//! comes about. Everything is written over the very session that holds it, and each transaction proves that first. So a cycle that lost the
//! lock cannot write down an operation, and an operation that is not written down is not sent.
//!
//! A proxy that pools by transaction gives one connection another session of the server each time, so such a lock means nothing behind it.
//! It shows when another connection has a transaction open; see [`refuse_pooling`].

use std::{fs, io};

use secrecy::ExposeSecret as _;
use sqlx::{AnyConnection, Connection as _, Error, Row as _};

use crate::config::settings::PostgresUrl;
use crate::ports::StoreFailure;
use crate::store::location::StorePlace;
use crate::store::lock::LockError;
use crate::store::schema::{self, Content, failure};
use crate::store::sql::execute;

/// The upper half of the lock's key, which distinguishes our locks from those of other programs.
const LOCK_CLASS: i64 = 0x6f68_7379;

/// The key of the lock, by schema: several stores may live in one database.
const LOCK_KEY: &str =
    "SELECT ($1::BIGINT << 32) | oid::BIGINT FROM pg_catalog.pg_namespace WHERE nspname = current_schema()";

/// What an advisory lock of a BIGINT looks like among the locks (PostgreSQL, "pg_locks").
macro_rules! our_locks {
    ($what:literal, $whose:literal) => {
        concat!(
            "SELECT ",
            $what,
            " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND ((l.classid::BIGINT << 32) | l.objid::BIGINT) = $1 AND ",
            $whose
        )
    };
}

/// Who has the lock.
const HOLDER: &str = our_locks!(
    "a.application_name FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)",
    "a.datname = current_database()"
);

/// Whether this session has the lock.
const OWN_LOCK: &str = our_locks!("COUNT(*) FROM pg_catalog.pg_locks l", "l.pid = pg_backend_pid()");

/// What a session needs that may be silent while a large directory is read: the server does not end it for being idle, yet notices within
/// two minutes when our machine is gone, and lets the next one in. Commits are durable before they return.
const SETTINGS: [&str; 3] = [
    "SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'",
    "SELECT set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '15', false), \
     set_config('tcp_keepalives_count', '4', false)",
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
];

/// The key of the lock that a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockKey(i64);

/// A session that holds the lock.
#[derive(Debug)]
pub(super) struct Session {
    connection: AnyConnection,
    key: LockKey,
}

impl Session {
    /// Connects and takes the lock, or says who has it.
    pub(super) async fn try_lock(url: &PostgresUrl, holder: &str) -> Result<Self, LockError> {
        let place = StorePlace::Server(url.clone());
        let explained = |error| explain(&place, error);
        let mut connection = connect(url, &place).await?;
        let key: Result<Option<i64>, Error> = async {
            for setting in SETTINGS {
                sqlx::raw_sql(setting).execute(&mut connection).await?;
            }
            // The name by which each reader of the server's sessions sees this one.
            let name = "SELECT set_config('application_name', $1, false)";
            execute(&mut connection, name, &[&on_this_machine(holder)]).await?;
            sqlx::query_scalar(LOCK_KEY).bind(LOCK_CLASS).fetch_optional(&mut connection).await
        }
        .await;
        let Some(key) = key.map_err(explained)? else { return Err(no_schema(&place).into()) };
        let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(key)
            .fetch_one(&mut connection)
            .await
            .map_err(explained)?;
        if is_ours {
            return Ok(Self { connection, key: LockKey(key) });
        }
        // A holder that left meanwhile, or cannot be seen, is still a holder.
        let words: Option<String> =
            sqlx::query_scalar(HOLDER).bind(key).fetch_optional(&mut connection).await.map_err(explained)?;
        leave(connection).await;
        Err(LockError::held_by(&words.unwrap_or_default()))
    }

    /// Brings the schema up to date.
    pub(super) async fn open(self, place: &StorePlace) -> Result<(AnyConnection, LockKey), StoreFailure> {
        let Self { mut connection, key } = self;
        schema::bring_up_to_date(&mut connection, place, explain).await?;
        Ok((connection, key))
    }
}

/// Proves that this session still holds the lock. Asked within each transaction that writes.
pub(super) async fn prove(connection: &mut AnyConnection, LockKey(key): LockKey) -> Result<(), Error> {
    let count: i64 = sqlx::query_scalar(OWN_LOCK).bind(key).fetch_one(connection).await?;
    match count {
        0 => Err(Error::Io(io::Error::other("the session no longer holds the lock of the cycle"))),
        _ => Ok(()),
    }
}

/// Lets go of the lock and ends the session. One that cannot be left in order is gone, and its lock with it; what was written was durable
/// before.
pub(super) async fn close(mut connection: AnyConnection, LockKey(key): LockKey) {
    // The server ends a session some time after it was left: the next cycle need not wait for that.
    if sqlx::query("SELECT pg_advisory_unlock($1)").bind(key).execute(&mut connection).await.is_ok() {
        leave(connection).await;
    }
}

/// Opens the store for one reading, in a session that cannot write.
pub(super) async fn inspect(url: &PostgresUrl) -> Result<(AnyConnection, Content), StoreFailure> {
    let place = StorePlace::Server(url.clone());
    let mut connection = connect(url, &place).await?;
    let versions: Result<i64, Error> = async {
        let read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
        sqlx::raw_sql(read_only).execute(&mut connection).await?;
        let count = "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations'";
        sqlx::query_scalar(count).fetch_one(&mut connection).await
    }
    .await;
    let content = match versions.map_err(|error| explain(&place, error))? {
        0 => Content::Nothing,
        _ => schema::content(&mut connection, &place, explain).await?,
    };
    Ok((connection, content))
}

/// Ends a session that has nothing to lose when it cannot be ended in order.
pub(super) async fn leave(connection: AnyConnection) {
    let _ = connection.close().await;
}

async fn connect(url: &PostgresUrl, place: &StorePlace) -> Result<AnyConnection, StoreFailure> {
    sqlx::any::install_default_drivers();
    let dial = async || {
        AnyConnection::connect(url.with_password().expose_secret()).await.map_err(|error| match error {
            // This is how a refused certificate comes out of a handshake.
            Error::Io(why) if why.kind() == io::ErrorKind::InvalidData => explain(place, Error::Tls(why.into())),
            Error::Io(_) => failure(place, "cannot be reached; check host and port, and that the server runs", error),
            error => explain(place, error),
        })
    };
    let mut connection = dial().await?;
    let other = dial().await?;
    match refuse_pooling(&mut connection, other).await {
        Ok(true) => Ok(connection),
        Ok(false) => Err(StoreFailure {
            message: format!(
                "the store {place} is behind a proxy that pools by transaction, where the lock of a cycle means nothing; \
                 connect to the server itself, or to a pool by session"
            ),
            cause: None,
        }),
        Err(error) => Err(explain(place, error)),
    }
}

/// Whether a connection is a session of its own.
///
/// Behind a proxy that pools by transaction, an idle connection has no session at all: the next transaction of any client takes it. So
/// another connection begins a transaction and keeps it open. Either it was given the session that the first one just had, or the first
/// one cannot be told apart yet, and is given another one when it asks again. Only where each connection has its own session, both
/// differ and the first one stays the same. In a pool of one session the second question would wait without end, and is not asked.
async fn refuse_pooling(connection: &mut AnyConnection, mut other: AnyConnection) -> Result<bool, Error> {
    let first = backend(connection).await?;
    sqlx::raw_sql("BEGIN READ ONLY").execute(&mut other).await?;
    let beside = backend(&mut other).await?;
    let is_own = first != beside && first == backend(connection).await?;
    leave(other).await;
    Ok(is_own)
}

/// The process of the server that answers. Not prepared: a proxy may mix up the statements of several clients.
async fn backend(connection: &mut AnyConnection) -> Result<i64, Error> {
    sqlx::raw_sql("SELECT pg_backend_pid()::BIGINT").fetch_one(connection).await?.try_get(0)
}

/// The words for the holder, with the machine where that is known: a process id says little among several.
fn on_this_machine(holder: &str) -> String {
    match fs::read_to_string("/proc/sys/kernel/hostname") {
        Ok(name) if !name.trim().is_empty() => format!("{holder} on {}", name.trim()),
        _ => holder.to_owned(),
    }
}

fn no_schema(place: &StorePlace) -> StoreFailure {
    let message = format!("the store {place} has no schema of the user's search_path; create it, or correct the path");
    StoreFailure { message, cause: None }
}

/// Says what to do about what PostgreSQL reports, by its code (PostgreSQL, "PostgreSQL Error Codes").
pub(super) fn explain(place: &StorePlace, error: Error) -> StoreFailure {
    let lost = "was lost from sight, and the lock of the cycle with it: nothing more is written; run again, which looks up what was under way";
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let what = match (&error, code.as_ref()) {
        (Error::Io(_), _) | (_, "57P01" | "57P02" | "57P05" | "08000" | "08003" | "08006") => lost,
        (Error::Tls(_), _) => "cannot be reached over TLS; check the URL's sslmode and sslrootcert",
        (_, "57P03") => "is starting or stopping; try again in a moment",
        (_, "28000" | "28P01") => "does not let us in; check the user, the password and pg_hba.conf",
        (_, "3D000") => "does not exist; create the database",
        (_, "42501") => "does not allow this; make the user the owner of the database or of its schema",
        (_, "25006") => "is read-only, as a standby is; name the primary in the URL",
        (_, "53100") => "cannot grow, since the disk is full; free some space",
        (_, "53300") => "has no connection left; raise max_connections, since a command needs two for a moment",
        (_, "08P01") => "does not speak as a server does; if it is a proxy, connect to the server itself",
        _ => "does not work; look at what it says here and in its log",
    };
    failure(place, what, error)
}

#[cfg(test)]
mod tests {
    use super::{LockKey, Session, inspect, prove};
    use sqlx::{AnyConnection, Connection as _};

    use crate::config::settings::PostgresUrl;
    use crate::domain::model::ids::RunId;
    use crate::domain::state::run_history::CycleResult;
    use crate::ports::{CycleEnd, StoreReader as _, StoreWriter as _};
    use crate::store::{CycleLock, ReadStore, Store, StorePlace};

    /// A schema of its own.
    #[expect(clippy::disallowed_methods, reason = "the one thing that tests are told by the environment")]
    async fn schema() -> PostgresUrl {
        let server = std::env::var("TEST_POSTGRES").expect("TEST_POSTGRES is set by tests/postgres/run.sh");
        let name = format!("s{}", uuid::Uuid::new_v4().simple());
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&server).await.expect("connected");
        let create = format!("CREATE SCHEMA {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.expect("made");
        PostgresUrl::parse(&format!("{server}?options=-c%20search_path%3D{name}")).expect("a URL")
    }

    fn end() -> CycleEnd {
        let at = chrono::DateTime::UNIX_EPOCH;
        CycleEnd {
            run: RunId::new("run-1"),
            started: at,
            ended: at,
            result: CycleResult::Applied,
            watch: None,
            journal_from: at,
        }
    }

    /// However the lock went: no transaction writes without it.
    #[tokio::test]
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    async fn a_session_without_the_lock_writes_nothing_on_postgres() {
        let place = StorePlace::Server(schema().await);
        let lock = CycleLock::try_take(&place, "a test").await.expect("a lock");
        let store = Store::open(&place, lock).await.expect("a store");
        let release = "SELECT pg_advisory_unlock_all()";
        sqlx::raw_sql(release).execute(&mut *store.connection.lock().await).await.expect("released");
        let failure = store.finish(&end()).await.expect_err("no lock");
        assert!(
            failure.to_string().contains("and the lock of the cycle with it: nothing more is written"),
            "{failure}"
        );
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM cycles")
            .fetch_one(&mut *store.connection.lock().await)
            .await
            .expect("a number");
        assert_eq!(rows, 0);
    }

    /// What proves the lock is the session's own: that another session has it is not enough.
    #[tokio::test]
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    async fn the_lock_of_another_session_proves_nothing_on_postgres() {
        let url = schema().await;
        let Session { mut connection, key } = Session::try_lock(&url, "a test").await.expect("a lock");
        let (mut other, _) = inspect(&url).await.expect("a connection");
        prove(&mut connection, key).await.expect("its own lock");
        prove(&mut other, key).await.expect_err("another's lock");
        let LockKey(number) = key;
        prove(&mut connection, LockKey(number + 1)).await.expect_err("another lock");
    }

    #[tokio::test]
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    async fn invariant_02_the_session_of_a_dry_run_cannot_write_on_postgres() {
        let url = schema().await;
        let place = StorePlace::Server(url.clone());
        let lock = CycleLock::try_take(&place, "a test").await.expect("a lock");
        let store = Store::open(&place, lock).await.expect("a store");
        store.finish(&end()).await.expect("written");
        let (mut connection, _) = inspect(&url).await.expect("a connection");
        let error = sqlx::raw_sql("DELETE FROM cycles").execute(&mut connection).await.expect_err("no right");
        assert!(error.to_string().contains("read-only transaction"), "{error}");
        ReadStore::new(&place).sync_state(chrono::DateTime::UNIX_EPOCH).await.expect("memory");
    }

    /// Under a server that ends idle sessions and does not wait for its disk, a cycle has what it needs.
    #[tokio::test]
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    async fn a_session_may_be_silent_and_its_commits_are_durable_on_postgres() {
        let url = schema().await;
        let place = StorePlace::Server(url.clone());
        let hasty = format!("{}%20-c%20idle_session_timeout%3D20s%20-c%20synchronous_commit%3Doff", secret(&url));
        let Session { mut connection, key: _ } =
            Session::try_lock(&PostgresUrl::parse(&hasty).expect("a URL"), "a test").await.expect("a lock");
        for (name, value) in
            [("idle_session_timeout", "0"), ("synchronous_commit", "on"), ("tcp_keepalives_idle", "60")]
        {
            let set: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
                .unwrap_or_else(|error| panic!("{name} of {place}: {error}"));
            assert_eq!(set, value, "{name}");
        }
    }

    fn secret(url: &PostgresUrl) -> String {
        secrecy::ExposeSecret::expose_secret(&url.with_password()).to_owned()
    }
}

//! The PostgreSQL of the tests that need one: `tests/postgres/run.sh` starts it and says by the environment where it is.

use okta_haiilo_sync::config::settings::PostgresUrl;
use okta_haiilo_sync::store::StorePlace;
use secrecy::ExposeSecret as _;
use sqlx::{AnyConnection, Connection as _};
use url::Url;
use uuid::Uuid;

/// What the run's script says under this name.
#[expect(clippy::disallowed_methods, reason = "the one thing that tests are told by the environment")]
pub(crate) fn told(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; start this test by tests/postgres/run.sh"))
}

/// The URL of the server, as its administrator.
pub(crate) fn administrator() -> Url {
    Url::parse(&told("TEST_POSTGRES")).expect("a URL")
}

/// The password in it.
pub(crate) fn password() -> String {
    administrator().password().expect("a password").to_owned()
}

pub(crate) async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.expect("connected")
}

/// A connection to a database of a test that knows nothing of the store.
pub(crate) async fn beside(database: &PostgresUrl) -> AnyConnection {
    connect(database.with_password().expose_secret()).await
}

/// Runs statements.
pub(crate) async fn run(connection: &mut AnyConnection, sql: impl Into<String>) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into())).execute(connection).await.expect("done");
}

/// One number.
pub(crate) async fn count(connection: &mut AnyConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("a number")
}

/// The name of a new database that nobody else has.
pub(crate) async fn new_database() -> String {
    let name = format!("t{}", Uuid::new_v4().simple());
    let mut connection = connect(administrator().as_str()).await;
    run(&mut connection, format!("CREATE DATABASE {name}")).await;
    connection.close().await.expect("closed");
    name
}

/// A URL with another database, and more.
pub(crate) fn url_of(url: &Url, database: &str) -> Url {
    let mut url = url.clone();
    url.set_path(database);
    url
}

/// A new, empty database.
pub(crate) async fn database() -> PostgresUrl {
    let name = new_database().await;
    PostgresUrl::parse(url_of(&administrator(), &name).as_str()).expect("a URL")
}

/// Makes a database the copy of another one. Whoever is still connected to it is put out.
pub(crate) async fn copy(from: &str, to: &str) {
    let mut connection = connect(administrator().as_str()).await;
    run(&mut connection, format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)")).await;
    run(&mut connection, format!("CREATE DATABASE {to} TEMPLATE {from}")).await;
    connection.close().await.expect("closed");
}

/// The place of a store at this address.
pub(crate) fn place(url: &Url) -> StorePlace {
    StorePlace::Server(PostgresUrl::parse(url.as_str()).expect("a URL"))
}

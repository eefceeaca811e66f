//! The URL of a PostgreSQL database, which may hold a password.

use std::fmt;
use std::net::IpAddr;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// What a URL may say besides host, port and database. The driver ignores others without a word.
const PARAMETERS: [&str; 7] = ["host", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "options"];
/// How a connection is protected, from nothing to a certificate of the right name (PostgreSQL, "SSL Support").
const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/// Those that may go without TLS.
const MAY_BE_UNENCRYPTED: [&str; 3] = ["disable", "allow", "prefer"];

/// A URL of PostgreSQL. Neither Debug nor Display shows more than host, port and database.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Url);

impl PostgresUrl {
    /// Reads a URL; the error says what would be right and holds no part of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = "write an address such as postgres://sync@db.example.com/sync";
        let url = Url::parse(text).map_err(|_| wanted.to_owned())?;
        let database = url.path().trim_start_matches('/');
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.fragment().is_some() {
            return Err(wanted.to_owned());
        }
        if database.is_empty() || database.contains('/') {
            return Err(format!("the name of the database is missing; {wanted}"));
        }
        if url.query_pairs().any(|(key, mode)| key == "sslmode" && !MODES.contains(&mode.as_ref())) {
            return Err(format!("write for sslmode one of {}", MODES.join(", ")));
        }
        if url.query_pairs().any(|(key, _)| key == "password") {
            return Err("write the password before the host, or better into the credential state-password".to_owned());
        }
        if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&key.as_ref())) {
            return Err(format!("write behind the question mark nothing but {}", PARAMETERS.join(", ")));
        }
        let mut read = Self(url);
        if read.host().is_none() {
            return Err(format!("the host is missing; {wanted}, or ?host=/run/postgresql"));
        }
        // Personal data goes over TLS to the server that the certificate names, unless it stays on this machine.
        if !read.is_here() && read.parameter("sslmode").is_none() {
            read.0.query_pairs_mut().append_pair("sslmode", "verify-full");
        }
        Ok(read)
    }

    /// The same with a password from elsewhere, which goes before the URL's own.
    #[must_use]
    pub fn and_password(mut self, password: &SecretString) -> Self {
        self.0.query_pairs_mut().append_pair("password", password.expose_secret());
        self
    }

    /// Whether the URL itself holds a password.
    pub(super) fn holds_password(&self) -> bool {
        self.0.password().is_some()
    }

    /// Whether people's addresses may cross a network in the clear.
    pub(super) fn may_be_unencrypted(&self) -> bool {
        !self.is_here() && self.parameter("sslmode").is_some_and(|mode| MAY_BE_UNENCRYPTED.contains(&mode.as_str()))
    }

    /// All of it, for the driver.
    pub fn with_password(&self) -> SecretString {
        String::from(self.0.clone()).into()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        // The driver uses the last one.
        self.0.query_pairs().filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
    }

    /// The host, or the folder of the socket.
    fn host(&self) -> Option<String> {
        let named = self.0.host_str().filter(|host| !host.is_empty()).map(|host| host.replace("%2F", "/"));
        self.parameter("host").filter(|host| !host.is_empty()).or(named)
    }

    /// Whether the server is on this machine.
    fn is_here(&self) -> bool {
        let host = self.host().unwrap_or_default();
        host.starts_with('/') || is_this_machine(&host)
    }
}

/// Whether the host of a URL is the machine on which the program runs.
pub(super) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", self.host().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::PostgresUrl;

    #[track_caller]
    fn check(text: &str, shown: &str, told_to_the_driver: &str) {
        let url = PostgresUrl::parse(text).expect("a URL");
        assert_eq!((url.to_string().as_str(), url.with_password().expose_secret()), (shown, told_to_the_driver));
        assert_eq!(format!("{url:?}"), format!("PostgresUrl({shown})"));
    }

    #[test]
    fn urls() {
        for here in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            let text = format!("postgres://sync:pw@{here}:5433/sync");
            check(&text, &format!("postgres://{here}:5433/sync"), &text);
        }
        check(
            "postgres:///sync?host=/run/postgresql",
            "postgres:///run/postgresql/sync",
            "postgres:///sync?host=/run/postgresql",
        );
        check(
            "postgres://%2Frun%2Fpostgresql/sync",
            "postgres:///run/postgresql/sync",
            "postgres://%2Frun%2Fpostgresql/sync",
        );
        // To another machine, the strictest mode unless another one is asked for.
        check(
            "postgresql://sync@db.example.com/sync",
            "postgres://db.example.com/sync",
            "postgresql://sync@db.example.com/sync?sslmode=verify-full",
        );
        check(
            "postgres://10.0.0.1/sync?sslmode=require",
            "postgres://10.0.0.1/sync",
            "postgres://10.0.0.1/sync?sslmode=require",
        );
        check(
            "postgres://localhost.example.com/sync?options=-c%20search_path%3Dx",
            "postgres://localhost.example.com/sync",
            "postgres://localhost.example.com/sync?options=-c%20search_path%3Dx&sslmode=verify-full",
        );
    }

    #[test]
    fn what_is_no_url() {
        let wrong = |text: &str| PostgresUrl::parse(text).expect_err(text);
        for text in ["postgres:x/y/z", "postgres://h/x#y", "mysql://h/x", "x"] {
            assert!(wrong(text).contains("write an address such as"), "{text}");
        }
        for text in ["postgres://h", "postgres://h/", "postgres://h/a/b"] {
            assert!(wrong(text).starts_with("the name of the database is missing"), "{text}");
        }
        assert!(wrong("postgres:///x").starts_with("the host is missing"));
        assert!(wrong("postgres:///x?host=").starts_with("the host is missing"));
        assert!(
            wrong("postgres://h/x?sslmode=require&sslmode=of").starts_with("write for sslmode one of disable, allow,")
        );
        assert!(wrong("postgres://h/x?password=marker").contains("into the credential state-password"));
        assert!(
            wrong("postgres://h/x?passwrd=marker")
                .starts_with("write behind the question mark nothing but host, user,")
        );
    }

    #[test]
    fn a_password_from_elsewhere_goes_first_and_neither_is_shown() {
        let url = PostgresUrl::parse("postgres://sync:marker-1@127.0.0.1/sync").expect("a URL");
        assert!(url.holds_password());
        let both = url.clone().and_password(&"marker 2&/?".into());
        assert_eq!(
            both.with_password().expose_secret(),
            "postgres://sync:marker-1@127.0.0.1/sync?password=marker+2%26%2F%3F"
        );
        assert!(both != url && both == both.clone());
        let shown = format!("{url} {url:?} {both} {both:?}");
        assert!(!shown.contains("marker") && !shown.contains("sync:"), "{shown}");
        assert!(!PostgresUrl::parse("postgres://sync@127.0.0.1/sync").expect("a URL").holds_password());
    }

    #[test]
    fn who_may_listen() {
        let may_be_unencrypted = |text: &str| PostgresUrl::parse(text).expect("a URL").may_be_unencrypted();
        for kept in ["postgres://h/x", "postgres://h/x?sslmode=require", "postgres://127.0.0.1/x?sslmode=disable"] {
            assert!(!may_be_unencrypted(kept), "{kept}");
        }
        for mode in ["disable", "allow", "prefer"] {
            assert!(may_be_unencrypted(&format!("postgres://h/x?sslmode=require&sslmode={mode}")), "{mode}");
        }
    }
}

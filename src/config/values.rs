//! A key that is set, and the conversions of its value. Each error says what would be right; the reader adds key, place and value.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use config::{Value, ValueKind};
use url::{Host, Url};

use crate::config::document::ValueOrigin;
use crate::config::postgres_url::is_this_machine;
use crate::config::settings::{PostgresUrl, StoreSetting};

/// What is right for a text.
const QUOTES: &str = "write a text in quotes";

/// The units of a time, in seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// What comes of a value: what it means, or what would be right instead.
pub(super) type Conversion<T> = Result<T, String>;

/// A key that is set.
pub(super) struct Entry {
    /// With its section, as messages name it.
    pub(super) key: String,
    pub(super) value: ValueKind,
    pub(super) origin: ValueOrigin,
}

impl Entry {
    pub(super) fn new(key: String, value: Value) -> Self {
        Self { key, origin: ValueOrigin::of(&value), value: value.kind }
    }

    /// Whether the value is text because everything in the environment is.
    fn is_from_environment(&self) -> bool {
        self.origin.variable.is_some()
    }
}

/// Any text in quotes.
pub(super) fn quoted_text(entry: &Entry) -> Conversion<String> {
    if entry.origin.is_date { Err(QUOTES.to_owned()) } else { any_text(entry) }
}

fn any_text(entry: &Entry) -> Conversion<String> {
    match &entry.value {
        ValueKind::String(text) => Ok(text.clone()),
        _ => Err(QUOTES.to_owned()),
    }
}

/// A text that is not blank and has no space at its ends.
pub(super) fn text(entry: &Entry) -> Conversion<String> {
    let text = any_text(entry)?;
    match text.trim() {
        "" => Err("is empty; write a value".to_owned()),
        trimmed if trimmed != text => Err("begins or ends with a space; take it away".to_owned()),
        _ => Ok(text),
    }
}

/// One of several words.
pub(super) fn choice<T: Copy>(words: &[(&str, T)]) -> impl Fn(&Entry) -> Conversion<T> {
    move |entry| {
        let given = any_text(entry).ok();
        let found = words.iter().find(|(word, _)| given.as_deref() == Some(word));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            format!("write {}", words.join(" or "))
        })
    }
}

/// True or false.
pub(super) fn flag(entry: &Entry) -> Conversion<bool> {
    let flag = match &entry.value {
        ValueKind::Boolean(flag) => Some(*flag),
        ValueKind::String(text) if entry.is_from_environment() => text.parse().ok(),
        _ => None,
    };
    flag.ok_or_else(|| "write true or false, without quotes".to_owned())
}

/// A whole number.
pub(super) fn whole<N: FromStr + PartialOrd + Display>(range: RangeInclusive<N>) -> impl Fn(&Entry) -> Conversion<N> {
    in_range("a whole number", range)
}

/// A number that may be a fraction.
pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&Entry) -> Conversion<f64> {
    in_range("a number", range)
}

fn in_range<N: FromStr + PartialOrd + Display>(
    what: &'static str,
    range: RangeInclusive<N>,
) -> impl Fn(&Entry) -> Conversion<N> {
    move |entry| {
        let (text, hint) = match &entry.value {
            ValueKind::I64(number) => (number.to_string(), ""),
            // As Debug writes it, 5.0 is no whole number.
            ValueKind::Float(number) => (format!("{number:?}"), ""),
            ValueKind::String(text) if entry.is_from_environment() => (text.clone(), ""),
            ValueKind::String(_) => (String::new(), ", without quotes"),
            _ => (String::new(), ""),
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("write {what} from {} to {}{hint}", range.start(), range.end()))
    }
}

/// A list of texts.
pub(super) fn texts(entry: &Entry) -> Conversion<Vec<String>> {
    let wanted = || r#"write a list of texts, as in ["a", "b"]"#.to_owned();
    let text = |item: &Value| match &item.kind {
        ValueKind::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        _ => Err(wanted()),
    };
    match &entry.value {
        ValueKind::Array(items) => items.iter().map(text).collect(),
        _ if entry.is_from_environment() => {
            Err("a list cannot be set by a variable; write it into the file".to_owned())
        }
        _ => Err(wanted()),
    }
}

/// A time with its unit; the range has the same form.
pub(super) fn duration([least, most]: [&'static str; 2]) -> impl Fn(&Entry) -> Conversion<Duration> {
    move |entry| {
        let range = parse_duration(least)..=parse_duration(most);
        let given = text(entry).ok().and_then(|text| parse_duration(&text));
        given
            .filter(|given| range.contains(&Some(*given)))
            .ok_or_else(|| format!("write a time from {least:?} to {most:?}: a whole number and s, m, h or d"))
    }
}

/// Reads a whole number of seconds, minutes, hours or days.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let is_number = number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| number.parse::<u64>().ok()?.checked_mul(seconds)).flatten().map(Duration::from_secs)
}

/// A time as the file would write it, in the largest unit that fits.
pub(super) fn duration_text(time: Duration) -> String {
    let time = time.as_secs();
    let fitting = UNITS.into_iter().find(|(_, seconds)| time > 0 && time.is_multiple_of(*seconds));
    let (unit, seconds) = fitting.unwrap_or(("s", 1));
    format!("{}{unit}", time / seconds)
}

/// A path; a relative one begins at the folder of the configuration.
pub(super) fn path(folder: &Path) -> impl Fn(&Entry) -> Conversion<PathBuf> {
    move |entry| text(entry).map(|path| folder.join(path))
}

/// `sqlite:PATH` or `postgres://…`.
pub(super) fn state(folder: &Path) -> impl Fn(&Entry) -> Conversion<StoreSetting> {
    move |entry| {
        let url = text(entry)?;
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return PostgresUrl::parse(&url).map(StoreSetting::Postgres);
        }
        let path = url.strip_prefix("sqlite:").filter(|path| !path.is_empty() && !path.starts_with("//"));
        match path {
            Some(path) if !path.contains(['?', ':']) => Ok(StoreSetting::Sqlite(folder.join(path))),
            _ => Err("write \"sqlite:PATH\", as in \"sqlite:/var/lib/okta-haiilo-sync/state.db\", or \"postgres://HOST/DATABASE\"".to_owned()),
        }
    }
}

/// Whether nothing between reads what is sent there: https, or http to this machine.
pub(super) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_this_machine))
}

/// The address of a server: https, or http only to this machine; no user, query or fragment.
fn server(entry: &Entry, example: &str) -> Conversion<Url> {
    let wanted = || format!("write an address such as {example}");
    let url = Url::parse(&text(entry)?).ok().filter(Url::has_host).ok_or_else(wanted)?;
    match url.scheme() {
        _ if is_private(&url) => {}
        "http" => return Err("write https; http is for this machine alone, since credentials would be seen".to_owned()),
        _ => return Err(wanted()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("write it without user and password".to_owned());
    }
    if url.query().or(url.fragment()).is_some() { Err(wanted()) } else { Ok(url) }
}

/// The address of an Okta organisation.
pub(super) fn org_url(entry: &Entry) -> Conversion<Url> {
    let example = "https://example.okta.com";
    let url = server(entry, example)?;
    if url.path() != "/" {
        return Err(format!("write the address without a path, as in {example}"));
    }
    let host = url.host_str().unwrap_or_default();
    let (name, domain) = host.split_once('.').unwrap_or((host, ""));
    match name.strip_suffix("-admin") {
        Some(name) => Err(format!("this is the address of the Admin Console; write https://{name}.{domain}")),
        None => Ok(url),
    }
}

/// The address of a SCIM endpoint, without the slash at its end.
pub(super) fn base_url(entry: &Entry) -> Conversion<Url> {
    let example = "https://example.smarpshare.com/api/scim/v2";
    let mut url = server(entry, example)?;
    let path = url.path().trim_end_matches('/').to_owned();
    if path.is_empty() {
        return Err(format!("the path of the endpoint is missing; write it as in {example}"));
    }
    url.set_path(&path);
    Ok(url)
}

/// The address at which a client asks for tokens.
pub(super) fn token_url(entry: &Entry) -> Conversion<Url> {
    server(entry, "https://intranet.example.com/api/oauth/token")
}

/// The address of a proxy, which may hold a user and a password.
pub(super) fn proxy(entry: &Entry) -> Conversion<Url> {
    let url = Url::parse(&text(entry)?).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/");
    url.ok_or_else(|| "write an address such as http://proxy.example.com:3128".to_owned())
}

/// Names of hosts, in lower case.
pub(super) fn hosts(entry: &Entry) -> Conversion<Vec<String>> {
    let host = |name: String| match Host::parse(&name) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err("write names of hosts, as in [\"login.example.com\"]".to_owned()),
    };
    texts(entry)?.into_iter().map(host).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use config::ValueKind;

    use super::{Conversion, Entry, base_url, duration, hosts, org_url, proxy, state};
    use crate::config::document::ValueOrigin;
    use crate::config::settings::StoreSetting;

    fn entry(value: impl Into<ValueKind>) -> Entry {
        Entry { key: "a".to_owned(), value: value.into(), origin: ValueOrigin::default() }
    }

    #[track_caller]
    fn check<T: ToString>(convert: impl Fn(&Entry) -> Conversion<T>, value: &str, expected: Result<&str, &str>) {
        let found = convert(&entry(value)).map(|value| value.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{value}");
    }

    #[test]
    fn addresses_of_okta() {
        let wanted = Err("write an address such as https://example.okta.com");
        check(org_url, "https://example.okta.com", Ok("https://example.okta.com/"));
        check(org_url, "https://Login.Example.com:8443/", Ok("https://login.example.com:8443/"));
        check(org_url, "http://127.0.0.1:4000", Ok("http://127.0.0.1:4000/"));
        check(org_url, "http://[::1]:4000", Ok("http://[::1]:4000/"));
        check(org_url, "http://localhost:4000", Ok("http://localhost:4000/"));
        let here = Err("write https; http is for this machine alone, since credentials would be seen");
        check(org_url, "http://localhost.example.com", here);
        check(org_url, "http://10.0.0.1", here);
        check(org_url, "example.okta.com", wanted);
        check(org_url, "ftp://example.okta.com", wanted);
        check(org_url, "https://", wanted);
        check(org_url, "https://example.okta.com/?a=b", wanted);
        check(org_url, "https://example.okta.com/#a", wanted);
        check(
            org_url,
            "https://example.okta.com/api/v1",
            Err("write the address without a path, as in https://example.okta.com"),
        );
        let admin = Err("this is the address of the Admin Console; write https://example.okta.com");
        check(org_url, "https://example-admin.okta.com", admin);
        check(org_url, "https://EXAMPLE-ADMIN.okta.com", admin);
        check(org_url, "https://user@example.okta.com", Err("write it without user and password"));
        check(org_url, "https://:secret@example.okta.com", Err("write it without user and password"));
    }

    #[test]
    fn addresses_of_haiilo_and_of_a_proxy() {
        check(base_url, "https://a.smarpshare.com/api/scim/v2", Ok("https://a.smarpshare.com/api/scim/v2"));
        check(base_url, "https://a.smarpshare.com/api/scim/v2//", Ok("https://a.smarpshare.com/api/scim/v2"));
        check(
            base_url,
            "https://a.smarpshare.com/",
            Err("the path of the endpoint is missing; write it as in https://example.smarpshare.com/api/scim/v2"),
        );
        let wanted = Err("write an address such as http://proxy.example.com:3128");
        check(proxy, "http://user:password@proxy.example.com:3128", Ok("http://user:password@proxy.example.com:3128/"));
        check(proxy, "socks5://proxy.example.com", wanted);
        check(proxy, "proxy.example.com:3128", wanted);
    }

    #[test]
    fn names_of_hosts() {
        let list = |names: &[&str]| hosts(&entry(names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>()));
        assert_eq!(list(&["Login.Example.com"]), Ok(vec!["login.example.com".to_owned()]));
        assert_eq!(list(&[]), Ok(Vec::new()));
        for wrong in ["https://login.example.com", "login.example.com/x", "login.example.com:443", "a b"] {
            assert!(list(&[wrong]).is_err_and(|right| right.contains("names of hosts")), "{wrong}");
        }
        assert!(list(&[" "]).is_err());
    }

    #[test]
    fn times() {
        let time = |text: &str| duration(["0s", "400d"])(&entry(text)).ok().map(|time| time.as_secs());
        assert_eq!(time("0s"), Some(0));
        assert_eq!(time("10s"), Some(10));
        assert_eq!(time("90m"), Some(5_400));
        assert_eq!(time("24h"), Some(86_400));
        assert_eq!(time("400d"), Some(34_560_000));
        for wrong in [
            "401d",
            "30",
            "d",
            "",
            "1.5h",
            "-1s",
            "+1s",
            "1 d",
            "30D",
            "1w",
            "99999999999999999999s",
            "9999999999999999d",
            "1d12h",
            "1é",
        ] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn places_of_the_store() {
        let check = |value: &str| state(Path::new("/etc/x"))(&entry(value));
        assert_eq!(check("sqlite:/var/lib/state.db"), Ok(StoreSetting::Sqlite("/var/lib/state.db".into())));
        assert_eq!(check("sqlite:state.db"), Ok(StoreSetting::Sqlite("/etc/x/state.db".into())));
        for wrong in ["/var/lib/state.db", "sqlite:", "sqlite://x", "sqlite:a?mode=ro", "sqlite::memory:", "mysql:x"] {
            assert!(check(wrong).is_err_and(|right| right.starts_with("write \"sqlite:PATH\"")), "{wrong}");
        }
        for scheme in ["postgres", "postgresql"] {
            assert!(matches!(check(&format!("{scheme}://db/x")), Ok(StoreSetting::Postgres(_))), "{scheme}");
        }
        assert!(check("postgresql:x").is_err_and(|right| right.starts_with("the host is missing")));
    }
}

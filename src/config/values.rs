//! Conversions of single values. Each error says what would be right; the reader adds key, place and value.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::ValueKind;
use url::{Host, Url};

use crate::config::reader::ConfigEntry;
use crate::config::settings::{PostgresUrl, StoreSetting};

/// What a conversion yields.
type Converted<T> = Result<T, String>;

/// A text that is not blank and has no space at its ends.
pub(super) fn text(entry: &ConfigEntry) -> Converted<String> {
    match &entry.leaf.value {
        ValueKind::String(text) if text.trim().is_empty() => Err("is empty; write a value".to_owned()),
        ValueKind::String(text) if text.trim() != text => Err("begins or ends with a space; take it away".to_owned()),
        ValueKind::String(text) => Ok(text.clone()),
        _ => Err("write a text in quotes".to_owned()),
    }
}

/// One of several words.
pub(super) fn choice<T: Copy>(words: &[(&str, T)]) -> impl Fn(&ConfigEntry) -> Converted<T> {
    move |entry| {
        let word = text(entry).ok();
        let found = words.iter().find(|(name, _)| word.as_deref() == Some(name));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(name, _)| format!("{name:?}")).collect();
            format!("write {}", words.join(" or "))
        })
    }
}

/// True or false.
pub(super) fn flag(entry: &ConfigEntry) -> Converted<bool> {
    match &entry.leaf.value {
        ValueKind::Boolean(flag) => Ok(*flag),
        ValueKind::String(text) if entry.is_from_environment() && text == "true" => Ok(true),
        ValueKind::String(text) if entry.is_from_environment() && text == "false" => Ok(false),
        _ => Err("write true or false, without quotes".to_owned()),
    }
}

/// A whole number.
pub(super) fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&ConfigEntry) -> Converted<N>
where
    N: TryFrom<i64> + PartialOrd + Display,
{
    move |entry| {
        let number = match &entry.leaf.value {
            ValueKind::I64(number) => Some(*number),
            ValueKind::String(text) if entry.is_from_environment() => text.parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| N::try_from(number).ok()).filter(|number| range.contains(number));
        number
            .ok_or_else(|| format!("write a whole number from {} to {}{}", range.start(), range.end(), unquoted(entry)))
    }
}

/// A number that may be a fraction.
pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&ConfigEntry) -> Converted<f64> {
    move |entry| {
        let number = match &entry.leaf.value {
            ValueKind::I64(number) => i32::try_from(*number).ok().map(f64::from),
            ValueKind::Float(number) => Some(*number),
            ValueKind::String(text) if entry.is_from_environment() => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        number.ok_or_else(|| format!("write a number from {} to {}{}", range.start(), range.end(), unquoted(entry)))
    }
}

/// A hint for numbers in quotes.
fn unquoted(entry: &ConfigEntry) -> &'static str {
    match entry.leaf.value {
        ValueKind::String(_) if !entry.is_from_environment() => ", without quotes",
        _ => "",
    }
}

/// A list of texts.
pub(super) fn texts(entry: &ConfigEntry) -> Converted<Vec<String>> {
    let wanted = || r#"write a list of texts, as in ["a", "b"]"#.to_owned();
    match &entry.leaf.value {
        ValueKind::Array(items) => items
            .iter()
            .map(|item| match &item.kind {
                ValueKind::String(text) if !text.trim().is_empty() => Ok(text.clone()),
                _ => Err(wanted()),
            })
            .collect(),
        _ if entry.is_from_environment() => {
            Err("a list cannot be set by a variable; write it into the file".to_owned())
        }
        _ => Err(wanted()),
    }
}

/// A time with its unit; the range in the same form is for the message.
pub(super) fn duration(least: &'static str, most: &'static str) -> impl Fn(&ConfigEntry) -> Converted<Duration> {
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
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let is_number = number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| number.parse::<u64>().ok()?.checked_mul(seconds)).flatten().map(Duration::from_secs)
}

/// A path; a relative one begins at the folder of the configuration.
pub(super) fn path(folder: &Path) -> impl Fn(&ConfigEntry) -> Converted<PathBuf> {
    move |entry| text(entry).map(|path| folder.join(path))
}

/// `sqlite:PATH` or `postgres://…`.
pub(super) fn state(folder: &Path) -> impl Fn(&ConfigEntry) -> Converted<StoreSetting> {
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

/// Whether what is sent there is read by nobody else: https, or http to this machine.
pub(super) fn is_private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// The address of a server: https, or http to this machine alone; no user, query or fragment.
fn server(entry: &ConfigEntry, example: &str) -> Converted<Url> {
    let wanted = || format!("write an address such as {example}");
    let url = Url::parse(&text(entry)?).map_err(|_| wanted())?;
    if !url.has_host() {
        return Err(wanted());
    }
    match url.scheme() {
        _ if is_private(&url) => {}
        "http" => return Err("write https; http is for this machine alone, since credentials would be seen".to_owned()),
        _ => return Err(wanted()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("write it without user and password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wanted());
    }
    Ok(url)
}

/// The address of an Okta organisation.
pub(super) fn org_url(entry: &ConfigEntry) -> Converted<Url> {
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
pub(super) fn base_url(entry: &ConfigEntry) -> Converted<Url> {
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
pub(super) fn token_url(entry: &ConfigEntry) -> Converted<Url> {
    server(entry, "https://intranet.example.com/api/oauth/token")
}

/// The address of a proxy, which may hold a user and a password.
pub(super) fn proxy(entry: &ConfigEntry) -> Converted<Url> {
    let url = Url::parse(&text(entry)?).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/");
    url.ok_or_else(|| "write an address such as http://proxy.example.com:3128".to_owned())
}

/// Names of hosts, in lower case.
pub(super) fn hosts(entry: &ConfigEntry) -> Converted<Vec<String>> {
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

    use super::{Converted, base_url, duration, hosts, org_url, proxy, state};
    use crate::config::layers::{ConfigValue, ValueOrigin};
    use crate::config::reader::ConfigEntry;
    use crate::config::settings::StoreSetting;

    fn entry(value: impl Into<ValueKind>) -> ConfigEntry {
        let leaf = ConfigValue { origin: ValueOrigin::File("a.toml:1".to_owned()), value: value.into() };
        ConfigEntry { key: "a".to_owned(), leaf }
    }

    #[track_caller]
    fn check<T: ToString>(convert: impl Fn(&ConfigEntry) -> Converted<T>, value: &str, expected: Result<&str, &str>) {
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
        let time = |text: &str| duration("0s", "400d")(&entry(text)).ok().map(|time| time.as_secs());
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

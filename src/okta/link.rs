//! Link headers: where the next page is.
//!
//! Follows RFC 8288 as core Okta API uses it: `self` and `next`, each in a header line of its own, or in one line with a comma. A link is
//! followed as it came; only a lost `expand` is put back, since one release of Okta dropped it from this very endpoint.

use url::Url;

use crate::http::HeaderMap;
use crate::okta::error::OktaError;

/// The address behind `rel="next"`, as it was written. A header that cannot be read might have held it.
pub(super) fn next(headers: &HeaderMap) -> Result<Option<String>, OktaError> {
    let mut found = None;
    for value in headers.get_all("link") {
        let line = value.to_str().map_err(|_| OktaError::UnreadableLink)?;
        let links = links(line);
        if links.len() != line.matches('<').count() || (links.is_empty() && !line.trim().is_empty()) {
            return Err(OktaError::UnreadableLink);
        }
        let next = links.into_iter().find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target.to_owned());
        found = found.or(next);
    }
    Ok(found)
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
    })
}

/// The targets of all links.
pub(super) fn targets(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(links).map(|(target, _)| target.to_owned()).collect()
}

/// The host of a link, where credentials must not go there.
pub(super) fn foreign_host(org: &Url, link_hosts: &[String], asked: &Url, target: &str) -> Option<String> {
    match resolve(org, link_hosts, asked, target) {
        Err(OktaError::ForeignLink { host }) => Some(host),
        _ => None,
    }
}

/// The links of one header line: the target and what stands behind it.
fn links(line: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        let target = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        // Commas inside a target do not end it, so that the next link is what begins with a bracket.
        let end = rest.find('<').unwrap_or(rest.len());
        links.push((target, rest[..end].trim_end_matches([',', ' '])));
    }
    links
}

/// The address of the next page of assignments: where credentials may go, and with `expand`.
pub(super) fn resolve(org: &Url, link_hosts: &[String], asked: &Url, target: &str) -> Result<Url, OktaError> {
    permitted(org, link_hosts, asked, target).map(|url| expanded(url, "expand=user"))
}

/// The same for the next page of the application's groups.
pub(super) fn resolve_groups(org: &Url, link_hosts: &[String], asked: &Url, target: &str) -> Result<Url, OktaError> {
    permitted(org, link_hosts, asked, target).map(|url| expanded(url, "expand=group"))
}

fn expanded(mut url: Url, expand: &str) -> Url {
    if !url.query_pairs().any(|(name, _)| name == "expand") {
        let query = url.query().map_or(expand.to_owned(), |query| format!("{query}&{expand}"));
        url.set_query(Some(&query));
    }
    url
}

/// The address that a link names, if credentials may go there.
pub(super) fn permitted(org: &Url, link_hosts: &[String], asked: &Url, target: &str) -> Result<Url, OktaError> {
    let url = asked.join(target).map_err(OktaError::BrokenLink)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_listed = url.scheme() == "https"
        && url.port().is_none()
        && link_hosts.iter().any(|known| known.eq_ignore_ascii_case(&host));
    if url.origin() != org.origin() && !is_listed {
        let host = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        return Err(OktaError::ForeignLink { host });
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{next, resolve};
    use crate::http::{HeaderMap, HeaderName, HeaderValue};
    use crate::okta::error::OktaError;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<&str>) {
        assert_eq!(look(lines).expect("readable").as_deref(), expected);
    }

    fn look(lines: &[&str]) -> Result<Option<String>, OktaError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HeaderName::from_static("link"), HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        }
        next(&headers)
    }

    #[test]
    fn next_links() {
        let own = "<https://x.okta.com/users?limit=50>; rel=\"self\"";
        check(&[], None);
        check(&[own], None);
        check(&[own, "<https://x.okta.com/users?after=1,2>; rel=\"next\""], Some("https://x.okta.com/users?after=1,2"));
        check(
            &[&format!("{own}, <https://x.okta.com/users?after=1>; rel=\"next\"")],
            Some("https://x.okta.com/users?after=1"),
        );
        check(&["</users?after=1>;title=\"a\";REL=next"], Some("/users?after=1"));
        check(&["<https://x.okta.com/users?after=1>; rel=\"prev\""], None);
        for unreadable in
            ["https://x.okta.com/users?after=1; rel=\"next\"", "<https://x.okta.com/users", "<https://ö>; rel=next"]
        {
            assert!(matches!(look(&[own, unreadable]), Err(OktaError::UnreadableLink)), "{unreadable}");
        }
    }

    #[track_caller]
    fn follow(target: &str, expected: Result<&str, &str>) {
        let org = Url::parse("https://x.okta.com").expect("an address");
        let asked = Url::parse("https://x.okta.com/api/v1/apps/a/users?limit=2&expand=user").expect("an address");
        let found = resolve(&org, &["login.example.com".to_owned()], &asked, target);
        let found = found.map(String::from).map_err(|error| error.to_string());
        match expected {
            Ok(url) => assert_eq!(found.as_deref(), Ok(url)),
            Err(words) => assert!(found.as_ref().is_err_and(|error| error.contains(words)), "{found:?}"),
        }
    }

    #[test]
    fn links_are_followed_as_they_came_and_only_where_credentials_may_go() {
        follow("https://x.okta.com/n?after=a%2Fb&expand=user", Ok("https://x.okta.com/n?after=a%2Fb&expand=user"));
        follow("https://x.okta.com/n?after=a%2Fb", Ok("https://x.okta.com/n?after=a%2Fb&expand=user"));
        follow("https://x.okta.com/n", Ok("https://x.okta.com/n?expand=user"));
        follow("/n?after=1&expand=user", Ok("https://x.okta.com/n?after=1&expand=user"));
        follow("https://LOGIN.example.com/n?expand=user", Ok("https://login.example.com/n?expand=user"));
        follow("http://x.okta.com/n", Err("goes to x.okta.com"));
        follow("https://evil.example.com/n", Err("okta.link_hosts = [\"evil.example.com\"]"));
        follow("https://x.okta.com.evil.example.com/n", Err("goes to x.okta.com.evil.example.com"));
        follow("https://x.okta.com:8443/n", Err("goes to x.okta.com:8443"));
        follow("http://login.example.com/n", Err("goes to login.example.com"));
        follow("https://user@evil.example.com/n", Err("goes to evil.example.com"));
        follow("https://[", Err("is no address"));
    }
}

//! Link headers: where the next page is, and whether credentials may go there.
//!
//! Follows RFC 8288 as core Okta API uses it: `self` and `next`, each in a header line of its own, or in one line with a comma. A link is
//! followed as it came. Only a lost `expand` is put back, because one release of Okta dropped it from the listing of assignments.

use url::Url;

use crate::http::HeaderMap;
use crate::okta::error::OktaError;

/// Where credentials may go.
#[derive(Debug)]
pub(super) struct TrustedHosts {
    /// The address of the organization.
    pub(super) org: Url,
    /// Further hosts that links may name, over https.
    pub(super) others: Vec<String>,
}

impl TrustedHosts {
    /// The address of the page behind the one at `asked`.
    pub(super) fn next(&self, asked: &Url, headers: &HeaderMap) -> Result<Option<Url>, OktaError> {
        next(headers)?.map(|target| self.resolve(asked, &target)).transpose()
    }

    /// The first host in the links of a response that credentials must not go to.
    pub(super) fn foreign_host(&self, asked: &Url, headers: &HeaderMap) -> Option<String> {
        let lines = headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(links).find_map(|(target, _)| match self.resolve(asked, target) {
            Err(OktaError::ForeignLink { host }) => Some(host),
            _ => None,
        })
    }

    fn resolve(&self, asked: &Url, target: &str) -> Result<Url, OktaError> {
        let mut url = asked.join(target).map_err(OktaError::BrokenLink)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_listed = url.scheme() == "https"
            && url.port().is_none()
            && self.others.iter().any(|known| known.eq_ignore_ascii_case(&host));
        if url.origin() != self.org.origin() && !is_listed {
            let host = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
            return Err(OktaError::ForeignLink { host });
        }
        if let Some(expand) = expand(asked).filter(|_| expand(&url).is_none()) {
            url.query_pairs_mut().append_pair("expand", &expand);
        }
        Ok(url)
    }
}

fn expand(url: &Url) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == "expand").map(|(_, value)| value.into_owned())
}

/// The target of `rel="next"`, as it was written. A header that cannot be read might hold it.
fn next(headers: &HeaderMap) -> Result<Option<String>, OktaError> {
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

/// The links of one header line: each target with its parameters.
fn links(line: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        let target = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        // A comma inside a target does not end it: the next link begins with the next bracket.
        let end = rest.find('<').unwrap_or(rest.len());
        links.push((target, rest[..end].trim_end_matches([',', ' '])));
    }
    links
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{TrustedHosts, next};
    use crate::http::{HeaderMap, HeaderName, HeaderValue};
    use crate::okta::error::OktaError;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<&str>) {
        assert_eq!(next_page(lines).expect("readable").as_deref(), expected);
    }

    fn next_page(lines: &[&str]) -> Result<Option<String>, OktaError> {
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
            assert!(matches!(next_page(&[own, unreadable]), Err(OktaError::UnreadableLink)), "{unreadable}");
        }
    }

    #[track_caller]
    fn follow(target: &str, expected: Result<&str, &str>) {
        let org = Url::parse("https://x.okta.com").expect("an address");
        let asked = Url::parse("https://x.okta.com/api/v1/apps/a/users?limit=2&expand=user").expect("an address");
        let hosts = TrustedHosts { org, others: vec!["login.example.com".to_owned()] };
        let found = hosts.resolve(&asked, target);
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

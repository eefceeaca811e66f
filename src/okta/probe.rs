//! What `check` wants to know of Okta besides what a cycle reads: the host in its links, and how much of its rate limit is ours.

use crate::clock::Clock;
use crate::http::RateBudget;
use crate::okta::client::OktaClient;
use crate::okta::link;
use crate::ports::Failure;

/// What a look at Okta shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OktaProbe {
    /// The host in Okta's links, where it is another than the configured ones: a custom domain.
    pub foreign_host: Option<String>,
    /// Requests a minute to the listing of assignments that are ours, by Okta's headers and our share.
    pub ours: Option<u64>,
}

impl<C: Clock> OktaClient<C> {
    /// Reads one row of the listing, and looks at the headers.
    pub async fn look(&self) -> Result<OktaProbe, Failure> {
        let (asked, answer) = self.one_row().await?;
        let targets = link::targets(&answer.headers);
        let foreign_host =
            targets.iter().find_map(|target| link::foreign_host(self.org(), self.link_hosts(), &asked, target));
        let ours = RateBudget::read(&answer.headers).filter(|budget| !budget.is_concurrency());
        Ok(OktaProbe { foreign_host, ours: ours.map(|budget| budget.ours(self.share())) })
    }
}

//! What `check` asks of Haiilo besides what a cycle reads: how it treats filters, and what it says about itself.
//!
//! Follows RFC 7643, 5 (service provider configuration) and 7 (schemas). The product's documents mention neither, so no cycle relies on them.

use serde_json::Value as Json;

use crate::clock::Clock;
use crate::domain::model::ids::UserName;
use crate::domain::model::target::FilterSupport;
use crate::domain::scim::path::entry;
use crate::haiilo::accounts::HaiiloReader;
use crate::ports::{Failure, FailureKind};

const PROVIDER_CONFIG: &str = "GET /ServiceProviderConfig";
const SCHEMAS: &str = "GET /Schemas";

/// A userName that no account carries: no one can have an address in `invalid` (RFC 2606).
const UNKNOWN: &str = "okta-haiilo-sync.nobody@example.invalid";

/// What a server says about itself; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderConfig {
    /// Whether it supports PATCH.
    pub patch: Option<bool>,
    /// Whether it supports filters.
    pub filter: Option<bool>,
    /// The most users that an answer holds.
    pub most_results: Option<u64>,
    /// Whether it supports many operations at once.
    pub bulk: Option<bool>,
}

impl<C: Clock> HaiiloReader<C> {
    /// How filters are treated, judged by a userName that no account has, and by one that is known.
    pub async fn filter_support(&self, known: Option<&UserName>) -> Result<FilterSupport, Failure> {
        let found = match self.look_up(&UserName::new(UNKNOWN)).await {
            Ok(found) => found,
            Err(failure) if matches!(failure.kind, FailureKind::BadRequest | FailureKind::Refused(501)) => {
                return Ok(FilterSupport::Refused);
            }
            Err(failure) => return Err(failure),
        };
        if !found.is_empty() {
            return Ok(FilterSupport::Ignored);
        }
        let Some(name) = known else { return Ok(FilterSupport::Honoured) };
        let found = self.look_up(name).await?;
        let is_named = found.iter().any(|whole| whole.account.user_name.as_ref().is_some_and(|it| it.same_as(name)));
        Ok(if is_named { FilterSupport::Honoured } else { FilterSupport::FindsNobody })
    }

    /// What the server says about itself; `None` where it has no such document.
    pub async fn provider_config(&self) -> Result<Option<ProviderConfig>, Failure> {
        let document = self.document(PROVIDER_CONFIG, "ServiceProviderConfig").await?;
        Ok(document.map(|document| {
            let part = |name: &str, member: &str| {
                let part = entry(document.as_object()?, name)?.as_object()?;
                entry(part, member).cloned()
            };
            let supported = |name: &str| part(name, "supported").and_then(|flag| flag.as_bool());
            ProviderConfig {
                patch: supported("patch"),
                filter: supported("filter"),
                most_results: part("filter", "maxResults").and_then(|most| most.as_u64()),
                bulk: supported("bulk"),
            }
        }))
    }

    /// The ids of the schemas that the server names; `None` where it names none.
    pub async fn schemas(&self) -> Result<Option<Vec<String>>, Failure> {
        let document = self.document(SCHEMAS, "Schemas").await?;
        Ok(document.and_then(|document| {
            let rows = entry(document.as_object()?, "Resources")?.as_array()?;
            let ids = rows.iter().filter_map(|row| entry(row.as_object()?, "id").and_then(Json::as_str));
            Some(ids.map(str::to_owned).collect())
        }))
    }
}

//! Okta's System Log, which hints at people who changed, and the ids of the groups that are assigned to the application.
//!
//! Follows "System Log" (`listLogEvents`) and "Application groups" of Okta's management API: a polling request has no end and is sorted
//! ascending; also an empty page has a `next` link, which is followed as it came. Of an entry only its type and its targets are read, not
//! the actor, the place or the reason.

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use serde::Deserialize;

use crate::clock::Clock;
use crate::domain::model::ids::OktaGroupId;
use crate::domain::state::log_cursor::{LogEvent, LogPosition, LogTarget};
use crate::domain::targeted::log_events::FILTER;
use crate::okta::client::{OktaClient, Route, parse, parse_url, server_time, unreadable};
use crate::okta::service_app::TokenScope;
use crate::okta::wire::{IdOnly, OktaText};
use crate::ports::{ChangeLog, Failure, LogPage, PageFill};

const LOG: Route = Route { name: "GET /api/v1/logs", scope: TokenScope::Log };
const GROUPS: Route = Route { name: "GET /api/v1/apps/{id}/groups", scope: TokenScope::Cycle };

/// The most entries of a page.
const FULL: usize = 1_000;
/// Pages of groups; more than any application has.
const MOST_PAGES: usize = 1_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LogRow {
    uuid: OktaText,
    event_type: OktaText,
    target: Option<Vec<LogTargetRow>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogTargetRow {
    id: OktaText,
    #[serde(rename = "type")]
    kind: OktaText,
}

impl LogRow {
    /// An entry without a type says nothing; one without an id of its own cannot be distinguished from others.
    fn event(self) -> Option<LogEvent> {
        let Self { uuid, event_type, target } = self;
        let targets = target
            .into_iter()
            .flatten()
            .filter_map(|LogTargetRow { id, kind }| Some(LogTarget { kind: kind.0?, id: id.0? }));
        Some(LogEvent { uuid: uuid.0?, kind: event_type.0?, targets: targets.collect() })
    }
}

impl<C: Clock> ChangeLog for OktaClient<C> {
    async fn log(&self, from: &LogPosition) -> Result<LogPage, Failure> {
        let url = match from {
            LogPosition::Next(url) => parse_url(LOG, url)?,
            LogPosition::Since(since) => {
                let mut url = self.url(&["api", "v1", "logs"], None);
                url.query_pairs_mut()
                    .append_pair("since", &since.to_rfc3339_opts(SecondsFormat::Millis, true))
                    .append_pair("sortOrder", "ASCENDING")
                    .append_pair("limit", &FULL.to_string())
                    .append_pair("filter", FILTER);
                url
            }
        };
        let (response, next) = self.fetch_page(LOG, url).await?;
        let entries: Vec<LogRow> = parse(LOG, &response)?;
        // Without a link it is unknown where to go on.
        let next = next.ok_or_else(|| unreadable(LOG, None))?;
        let fill = if entries.len() < FULL { PageFill::Room } else { PageFill::Full };
        let events = entries.into_iter().filter_map(LogRow::event).collect();
        Ok(LogPage { events, next: LogPosition::Next(next.into()), fill, server_time: server_time(&response) })
    }

    async fn groups(&self) -> Result<BTreeSet<OktaGroupId>, Failure> {
        let mut groups = BTreeSet::new();
        let mut next = Some(self.app_url(&["groups"], Some("limit=200")));
        for _ in 0..=MOST_PAGES {
            let Some(url) = next else { return Ok(groups) };
            let (response, following) = self.fetch_page(GROUPS, url).await?;
            let rows: Vec<IdOnly> = parse(GROUPS, &response)?;
            groups.extend(rows.into_iter().filter_map(|group| group.id.0).map(OktaGroupId::new));
            next = following;
        }
        Err(unreadable(GROUPS, None))
    }
}

//! Assignments: the users of the application, page by page or one by id, each with the user behind it.
//!
//! A page is handed on as it came, so its rows are read while the next page is on its way. A row without its user is completed by a read of
//! the user by id.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::clock::Clock;
use crate::domain::model::assignment::{Assignment, EmbeddedUser};
use crate::domain::model::ids::OktaUserId;
use crate::okta::client::{OktaClient, Route, parse, parse_url, server_time, unreadable};
use crate::okta::service_app::TokenScope;
use crate::okta::wire::{self, App, IdOnly, NamedUser};
use crate::ports::{Application, AssignmentPage, AssignmentRows, AssignmentSource, Cursor, Failure, FailureKind};

const APP: Route = Route { name: "GET /api/v1/apps/{id}", scope: TokenScope::Cycle };
pub(super) const APP_USERS: Route = Route { name: "GET /api/v1/apps/{id}/users", scope: TokenScope::Cycle };
const APP_USER: Route = Route { name: "GET /api/v1/apps/{id}/users/{id}", scope: TokenScope::Cycle };
pub(super) const USER: Route = Route { name: "GET /api/v1/users/{id}", scope: TokenScope::Cycle };
const ORGANIZATION: &str = "GET /.well-known/okta-organization";

/// Users that a page left out and that are read by id at once.
const USERS_AT_ONCE: usize = 4;

impl<C: Clock> AssignmentSource for OktaClient<C> {
    async fn application(&self) -> Result<Application, Failure> {
        let response = self.get(APP, self.app_url(&[], None)).await?;
        let app: App = parse(APP, &response)?;
        Ok(Application {
            push_features: app.push_features(),
            label: app.label.0.unwrap_or_default().into(),
            status: app.status.0.unwrap_or_default().into(),
            server_time: server_time(&response),
        })
    }

    async fn page(&self, cursor: Option<&Cursor>) -> Result<AssignmentPage, Failure> {
        let url = match cursor {
            Some(Cursor(url)) => parse_url(APP_USERS, url)?,
            None => self.app_url(&["users"], Some(&format!("limit={}&expand=user", self.page_size))),
        };
        let (response, next) = self.fetch_page(APP_USERS, url).await?;
        Ok(AssignmentPage { body: response.body, next: next.map(|url| Cursor(url.into())) })
    }

    async fn rows(&self, body: Bytes) -> Result<AssignmentRows, Failure> {
        let wanted = Arc::clone(&self.wanted);
        let reading = tokio::task::spawn_blocking(move || wire::read_rows(&body, &wanted));
        let read = reading.await.expect("a reading neither panics nor is it ended before its time");
        let mut rows = read.map_err(|error| unreadable(APP_USERS, Some(error)))?;
        // Nearly always each row has its user, and the page is taken as it is.
        if rows.assignments.iter().any(|assignment| assignment.user.is_none()) {
            let filled = stream::iter(rows.assignments).map(|row| self.fill(row)).buffered(USERS_AT_ONCE);
            rows.assignments = filled.try_collect().await?;
        }
        Ok(rows)
    }

    async fn assignment(&self, id: &OktaUserId) -> Result<Option<Assignment>, Failure> {
        let url = self.app_url(&["users", id.as_str()], Some("expand=user"));
        let Some(response) = self.find(APP_USER, url).await? else { return Ok(None) };
        let row = wire::read_assignment(&response.body, &self.wanted);
        match row.map_err(|error| unreadable(APP_USER, Some(error)))? {
            Some(row) if row.id == *id => Ok(Some(row)),
            _ => Err(unreadable(APP_USER, None)),
        }
    }

    async fn user(&self, id: &OktaUserId) -> Result<Option<EmbeddedUser>, Failure> {
        let url = self.url(&["api", "v1", "users", id.as_str()], None);
        let Some(response) = self.find(USER, url).await? else { return Ok(None) };
        let user = wire::read_user(&response.body, &self.wanted);
        match user.map_err(|error| unreadable(USER, Some(error)))? {
            // The status of another user is evidence about nobody.
            Some(NamedUser { id: Some(found), user }) if found == *id => Ok(Some(user)),
            _ => Err(unreadable(USER, None)),
        }
    }

    async fn organization(&self) -> Result<Option<String>, Failure> {
        // The document is public and only one more safeguard; without it, the address of the organization must do.
        let response = self.get_public(ORGANIZATION, self.url(&[".well-known", "okta-organization"], None)).await;
        let organization = response.and_then(|response| serde_json::from_slice::<IdOnly>(&response.body).ok());
        Ok(organization.and_then(|organization| organization.id.0).map(Into::into))
    }
}

impl<C: Clock> OktaClient<C> {
    /// Completes a row that came without its user, as far as Okta shows the user to us.
    async fn fill(&self, assignment: Assignment) -> Result<Assignment, Failure> {
        if assignment.user.is_some() {
            return Ok(assignment);
        }
        match self.user(&assignment.id).await {
            Ok(user) => Ok(Assignment { user, ..assignment }),
            // We may not see this user; any other failure makes the page unreadable.
            Err(failure) if failure.kind == FailureKind::CredentialsRefused => Ok(assignment),
            Err(failure) => Err(failure),
        }
    }
}

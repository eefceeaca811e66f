//! Collecting: both sides and the store at once. A page of people is read and mapped while the next one is on its way.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};

use crate::clock::Clock as _;
use crate::domain::listing::snapshot::{
    AccountPage, AccountPager, AccountSnapshot, AssignmentPager, AssignmentSnapshot, PageRequest, Person, PersonState,
};
use crate::domain::mapping::Mapper;
use crate::domain::model::assignment::{Assignment, Eligibility, StatusRules};
use crate::domain::model::target::TargetProfile;
use crate::domain::state::sync_state::SyncState;
use crate::engine::error::CycleError;
use crate::engine::settings::{CycleSettings, Observer, Side};
use crate::ports::{
    AccountReader as _, Adapters, Application, AssignmentPage, AssignmentRows, AssignmentSource as _, FailureKind,
    StoreReader as _,
};

/// What a cycle has read.
#[derive(Debug)]
pub(super) struct Collected {
    pub(super) application: Application,
    /// The local time when the application was read.
    pub(super) local_time: DateTime<Utc>,
    /// The monotonic time of the same moment.
    pub(super) began: Duration,
    pub(super) people: AssignmentSnapshot,
    pub(super) accounts: AccountSnapshot,
    pub(super) state: SyncState,
    /// Attributes that a rule reads and nobody has.
    pub(super) nobody_has: Vec<String>,
    /// What was learnt of Haiilo's endpoint.
    pub(super) target: Option<TargetProfile>,
}

/// Reads everything. The application comes first: nothing else means anything unless it is there and active.
pub(super) async fn collect<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    observer: &impl Observer,
) -> Result<Collected, CycleError> {
    let application = adapters.source().application().await.map_err(CycleError::Okta)?;
    let (local_time, began) = (adapters.clock().now(), adapters.clock().monotonic());
    if application.status != "ACTIVE" {
        return Err(CycleError::ApplicationNotActive { label: application.label, status: application.status });
    }
    let now = application.server_time.unwrap_or(local_time);
    // What was learnt of another endpoint says nothing of this one.
    let target = adapters.store().target().await?.filter(|target| target.base_url == settings.tenant.base_url);
    let page_size = target.as_ref().map_or(settings.page_size, |target| target.page_size(settings.page_size));
    let state = async { Ok(adapters.store().sync_state(now).await?) };
    let ((people, nobody_has), accounts, state) = tokio::try_join!(
        assignments(adapters, settings, observer),
        accounts(adapters, settings, page_size, observer),
        state
    )?;
    Ok(Collected { application, local_time, began, people, accounts, state, nobody_has, target })
}

/// Walks through the assignments; a page is read and mapped while the next one is fetched.
async fn assignments<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    observer: &impl Observer,
) -> Result<(AssignmentSnapshot, Vec<String>), CycleError> {
    let mut mapper = Mapper::new(&settings.mapping);
    let mut walk = AssignmentPager::default();
    let mut rows = 0;
    let mut page = adapters.source().page(None).await.map_err(CycleError::Okta)?;
    loop {
        let AssignmentPage { body, next } = page;
        let cursor = next.as_ref().map(|cursor| cursor.0.as_str());
        let take = async {
            let AssignmentRows { assignments, unreadable } =
                adapters.source().rows(body).await.map_err(CycleError::Okta)?;
            rows += assignments.len() + unreadable;
            observer.read(Side::Okta, rows, None);
            let people =
                assignments.into_iter().map(|row| person(row, settings.policy.statuses, &mut mapper)).collect();
            walk.take(people, unreadable, cursor).map_err(CycleError::OktaIncomplete)
        };
        let Some(next) = &next else {
            take.await?;
            break;
        };
        let (following, taken) = tokio::join!(adapters.source().page(Some(next)), take);
        taken?;
        page = following.map_err(CycleError::Okta)?;
    }
    let people = walk.finish().map_err(CycleError::OktaIncomplete)?;
    Ok((people, mapper.presence().nobody_has()))
}

/// What follows from one assignment.
pub(super) fn person(assignment: Assignment, rules: StatusRules, mapper: &mut Mapper<'_>) -> Person {
    let id = assignment.id.clone();
    let state = match assignment.eligibility(rules) {
        Eligibility::Left => PersonState::Left,
        Eligibility::Staged => PersonState::Staged,
        Eligibility::Unclear(doubt) => PersonState::Unclear(assignment.user_name, doubt),
        Eligibility::Assigned => {
            let user_name = assignment.user_name.clone();
            match mapper.map(assignment) {
                Ok(Some(desired)) => PersonState::Wanted(desired),
                Ok(None) => PersonState::OutOfScope,
                Err(doubt) => PersonState::Unmapped(doubt.user_name.clone().or(user_name), doubt),
            }
        }
    };
    Person { id, state }
}

/// Walks through the accounts; what the walk wants is asked for at once.
async fn accounts<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    page_size: u32,
    observer: &impl Observer,
) -> Result<AccountSnapshot, CycleError> {
    let mut walk = AccountPager::new(page_size);
    let mut rows = 0;
    loop {
        let wanted = walk.wanted().map_err(CycleError::HaiiloIncomplete)?;
        if wanted.is_empty() {
            return walk.finish().map_err(CycleError::HaiiloIncomplete);
        }
        let may_be_refused = walk.is_past_the_end();
        let pages =
            stream::iter(wanted).map(async |request: PageRequest| (request, adapters.reader().list(request).await));
        let mut pages = pages.buffer_unordered(settings.concurrency);
        while let Some((request, page)) = pages.next().await {
            let page = match page {
                // Behind the last row some servers see a bad request rather than an empty page.
                Err(failure) if failure.kind == FailureKind::BadRequest && may_be_refused => {
                    AccountPage { rows: Vec::new(), total: None }
                }
                page => page.map_err(CycleError::Haiilo)?,
            };
            rows += page.rows.len();
            observer.read(Side::Haiilo, rows, page.total.and_then(|total| usize::try_from(total).ok()));
            walk.take(request, page).map_err(CycleError::HaiiloIncomplete)?;
        }
    }
}

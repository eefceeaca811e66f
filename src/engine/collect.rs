//! Collecting: both sides and the store at once. A page of people is read and mapped while the next one is on its way.

use futures_util::{StreamExt as _, stream};

use crate::clock::Clock as _;
use crate::domain::listing::snapshot::{
    AccountPage, AccountPager, AccountSnapshot, AssignmentPager, AssignmentSnapshot, PageRequest, Person, PersonState,
};
use crate::domain::mapping::Mapper;
use crate::domain::model::assignment::{Assignment, Eligibility, StatusRules};
use crate::domain::model::person::MappingDoubt;
use crate::domain::model::target::TargetProfile;
use crate::domain::planning::input::Clocks;
use crate::engine::error::CycleError;
use crate::engine::prepared::Collected;
use crate::engine::settings::{CycleSettings, Observer, Side};
use crate::ports::{
    AccountReader as _, Adapters, Application, AssignmentPage, AssignmentRows, AssignmentSource as _, FailureKind,
    StoreFailure, StoreReader as _,
};

/// Reads everything. The application comes first: nothing else means anything unless it is there and active.
pub(super) async fn collect<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    observer: &impl Observer,
) -> Result<Collected, CycleError> {
    let application = adapters.source().application().await.map_err(CycleError::Okta)?;
    let Application { label, status, push_features, server_time } = application;
    let (local_time, began) = (adapters.clock().now(), adapters.clock().monotonic());
    if status != "ACTIVE" {
        return Err(CycleError::ApplicationNotActive { label, status });
    }
    let now = server_time.unwrap_or(local_time);
    let clocks = Clocks::compare(local_time, server_time);
    let target = target(adapters, settings).await?;
    let page_size = target.as_ref().map_or(settings.page_size, |target| target.page_size(settings.page_size));
    let state = async { Ok(adapters.store().sync_state(now).await?) };
    let ((people, nobody_has), accounts, state) = tokio::try_join!(
        assignments(adapters, settings, observer),
        accounts(adapters, settings, page_size, observer),
        state
    )?;
    Ok(Collected { now, application: label, push_features, began, clocks, people, accounts, state, nobody_has, target })
}

/// What was learnt of Haiilo's endpoint. What was learnt of another endpoint says nothing about it.
pub(super) async fn target<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
) -> Result<Option<TargetProfile>, StoreFailure> {
    Ok(adapters.store().target().await?.filter(|target| target.base_url == settings.tenant.base_url))
}

/// Reads the assignments page by page; a page is read and mapped while the next one is fetched.
async fn assignments<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    observer: &impl Observer,
) -> Result<(AssignmentSnapshot, Vec<String>), CycleError> {
    let mut mapper = Mapper::new(&settings.mapping);
    let mut pager = AssignmentPager::default();
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
            pager.take(people, unreadable, cursor).map_err(CycleError::OktaIncomplete)
        };
        let Some(next) = &next else {
            take.await?;
            break;
        };
        let (following, taken) = tokio::join!(adapters.source().page(Some(next)), take);
        taken?;
        page = following.map_err(CycleError::Okta)?;
    }
    let people = pager.finish().map_err(CycleError::OktaIncomplete)?;
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
                Err(doubt) => PersonState::Unmapped(MappingDoubt { user_name: doubt.user_name.or(user_name), ..doubt }),
            }
        }
    };
    Person { id, state }
}

/// Reads the accounts page by page; the pages that the pager asks for are read at once.
async fn accounts<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    page_size: u32,
    observer: &impl Observer,
) -> Result<AccountSnapshot, CycleError> {
    let mut pager = AccountPager::new(page_size);
    let mut rows = 0;
    loop {
        let wanted = pager.wanted().map_err(CycleError::HaiiloIncomplete)?;
        if wanted.is_empty() {
            return pager.finish().map_err(CycleError::HaiiloIncomplete);
        }
        let may_be_refused = pager.is_past_the_end();
        let requests =
            stream::iter(wanted).map(async |request: PageRequest| (request, adapters.reader().list(request).await));
        let mut answers = requests.buffer_unordered(settings.concurrency);
        while let Some((request, page)) = answers.next().await {
            let page = match page {
                // After the last row some servers report a bad request instead of an empty page.
                Err(failure) if failure.kind == FailureKind::BadRequest && may_be_refused => {
                    AccountPage { rows: Vec::new(), total: None }
                }
                page => page.map_err(CycleError::Haiilo)?,
            };
            rows += page.rows.len();
            observer.read(Side::Haiilo, rows, page.total.and_then(|total| usize::try_from(total).ok()));
            pager.take(request, page).map_err(CycleError::HaiiloIncomplete)?;
        }
    }
}

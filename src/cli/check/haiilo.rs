//! What is found about Haiilo: the credentials, the listing and its pages, filters, and what the server says of itself.

use std::time::Duration;

use crate::cli::check::findings::CheckFindings;
use crate::cli::check::okta::used_since;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::config::settings::UpdateMethod;
use crate::domain::listing::snapshot::{AccountPage, PageRequest};
use crate::domain::model::account::AccountRow;
use crate::domain::model::ids::UserName;
use crate::domain::model::policy::Product;
use crate::domain::model::target::{FilterSupport, TotalAccuracy};
use crate::ports::{AccountReader as _, Failure, FailureKind};

/// Page sizes that are tried where the configured one is refused.
const SMALLER_PAGES: [u32; 5] = [100, 50, 25, 20, 10];

/// What was seen of the listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct HaiiloListing {
    /// Users, by its total, or else those who were seen.
    pub(super) users: u64,
    /// Users on a page.
    pub(super) page_size: u32,
    /// How long a page took.
    pub(super) answer: Duration,
    /// What was learnt of the endpoint.
    pub(super) learnt: LearntProfile,
}

/// What was learnt of the endpoint; nothing where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LearntProfile {
    /// Whether pages are as large as asked.
    pub(super) pages: Option<PageLimits>,
    /// How filters are treated.
    pub(super) filter: Option<FilterSupport>,
    /// Whether the total can be trusted.
    pub(super) total: Option<TotalAccuracy>,
}

/// How large pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageLimits {
    /// As large as asked.
    AsAsked,
    /// At most so large.
    AtMost(u32),
}

/// Asks Haiilo; `None` where the listing cannot be read.
pub(super) async fn ask(wiring: &Wiring, findings: &mut CheckFindings) -> Option<HaiiloListing> {
    findings.section("Haiilo");
    let asked = wiring.cycle.page_size;
    let (first, page_size, answer) = findings.value(first_page(wiring, asked).await)?;
    let users = first.total.unwrap_or(0).max(first.rows.len() as u64);
    let mut listing = HaiiloListing { users, page_size, answer, learnt: LearntProfile::default() };
    let used = used_since(wiring, "haiilo").await;
    match wiring.cycle.policy.product {
        Product::Advocacy => findings.fine(format_args!(
            "the token is taken{used}; it dies with the account of its owner, and whether it ends by itself is not documented"
        )),
        Product::Intranet => findings.fine(format_args!(
            "the API client is given access tokens, which are taken; its secret is taken{used}, until somebody changes it in Haiilo"
        )),
    }
    let read = pages(wiring, &first, &mut listing, findings).await;
    findings.value(read);
    match (page_size < asked, listing.learnt.pages) {
        (true, _) => findings.warn(format_args!(
            "Haiilo refuses pages of {asked} users and gives pages of {page_size}: set haiilo.page_size = {page_size}"
        )),
        (false, Some(PageLimits::AtMost(cap))) => findings.warn(format_args!(
            "a page holds {cap} users at most, where {asked} are asked for: set haiilo.page_size = {cap}"
        )),
        (false, Some(PageLimits::AsAsked)) => findings.fine(format_args!("pages hold {asked} users, as asked for")),
        (false, None) => {}
    }
    listing.learnt.filter = filter(wiring, &first, findings).await;
    owner(wiring, &first, findings).await;
    description(wiring, findings).await;
    if let Some(PageLimits::AtMost(cap)) = listing.learnt.pages {
        listing.page_size = cap;
    }
    Some(listing)
}

/// The first page by the configured size, or by the largest usual size that is not refused, with that size and the time that it took.
async fn first_page(wiring: &Wiring, asked: u32) -> Result<(AccountPage, u32, Duration), Failure> {
    let mut sizes = SMALLER_PAGES.iter().copied().filter(|size| *size < asked);
    let mut size = asked;
    loop {
        match timed(wiring, PageRequest { start: 1, count: size }).await {
            Ok((page, answer)) => return Ok((page, size, answer)),
            Err(failure) if failure.kind == FailureKind::BadRequest => match sizes.next() {
                Some(smaller) => size = smaller,
                None => return Err(failure),
            },
            Err(failure) => return Err(failure),
        }
    }
}

/// A page, and how long it took.
async fn timed(wiring: &Wiring, request: PageRequest) -> Result<(AccountPage, Duration), Failure> {
    let began = wiring.clock.monotonic();
    let page = wiring.reader.list(request).await?;
    Ok((page, wiring.clock.monotonic().saturating_sub(began)))
}

/// Whether pages are cut, and whether the total is correct, as far as a few reads show.
async fn pages(
    wiring: &Wiring,
    first: &AccountPage,
    listing: &mut HaiiloListing,
    findings: &mut CheckFindings,
) -> Result<(), Failure> {
    let (rows, size) = (first.rows.len() as u64, listing.page_size);
    let list = async |start: u64, count: u32| match timed(wiring, PageRequest { start, count }).await {
        // After the last row some servers report a bad request instead of an empty page.
        Err(failure) if failure.kind == FailureKind::BadRequest => {
            Ok((AccountPage { rows: Vec::new(), total: None }, Duration::ZERO))
        }
        came => came,
    };
    // After the end some servers show the first rows again. These are not further rows of the listing.
    let is_new = |page: &AccountPage| page.rows.first().is_some_and(|row| first.rows.first() != Some(row));
    let (second, again) = list(rows + 1, size).await?;
    let more = if is_new(&second) { second.rows.len() as u64 } else { 0 };
    let pages = if size < wiring.cycle.page_size {
        Some(PageLimits::AtMost(size))
    } else if rows >= u64::from(size) {
        Some(PageLimits::AsAsked)
    } else if more == rows || (0 < more && more < rows && first.total == Some(rows + more)) {
        // A page that was short by accident would be followed by a longer one.
        u32::try_from(rows).ok().filter(|rows| *rows > 0).map(PageLimits::AtMost)
    } else {
        None
    };
    let is_honest = match first.total {
        Some(total) if more > 0 => {
            total >= rows + more && is_new(&list(total, 1).await?.0) && !is_new(&list(total + 1, 1).await?.0)
        }
        total => total == Some(rows),
    };
    // The first answer came over a new connection.
    if more > 0 && more == rows {
        listing.answer = again.min(listing.answer);
    }
    listing.learnt.pages = pages;
    listing.learnt.total = Some(match first.total {
        None => {
            findings.warn(
                "Haiilo's listing gives no totalResults, so that each cycle reads it twice to be sure; nothing is to be done",
            );
            TotalAccuracy::Missing
        }
        Some(total) if is_honest => {
            findings.fine(format_args!("{total} users, {rows} of them on the first page; totalResults is true"));
            TotalAccuracy::Honest
        }
        Some(total) => {
            findings.warn(format_args!(
                "totalResults says {total}, and the listing has another number of users: each cycle reads it twice to be sure; if joiners are \
                 not created, tell haiilo's support"
            ));
            TotalAccuracy::Wrong
        }
    });
    Ok(())
}

/// Whether a filter by userName finds the account that it asks for.
async fn filter(wiring: &Wiring, first: &AccountPage, findings: &mut CheckFindings) -> Option<FilterSupport> {
    let somebody = first.rows.iter().find_map(name);
    let support = findings.value(wiring.reader.filter_support(somebody).await)?;
    let less = "a look before a create, and after a lost answer, may miss an account that is there; Haiilo's own refusal of a userName that \
                is taken is what is left: ask haiilo's support for filters on userName";
    match support {
        FilterSupport::Honoured => findings.fine("a filter by userName finds whom it asks for, and nobody else"),
        FilterSupport::Ignored => {
            findings.warn(format_args!("filters are ignored: one by a userName that nobody has gives users. {less}"));
        }
        FilterSupport::Refused => findings.warn(format_args!("filters by userName are refused. {less}")),
        FilterSupport::FindsNobody => {
            findings.warn(format_args!("a filter by userName does not find a user who is listed. {less}"));
        }
    }
    Some(support)
}

fn name(row: &AccountRow) -> Option<&UserName> {
    match row {
        AccountRow::Account(account) => account.user_name.as_ref(),
        AccountRow::Unreadable => None,
    }
}

/// Whether the account is known whose deletion ends the token.
async fn owner(wiring: &Wiring, first: &AccountPage, findings: &mut CheckFindings) {
    let Some(owner) = &wiring.cycle.policy.token_owner else { return };
    let is_listed = first.rows.iter().filter_map(name).any(|name| name.same_as(owner));
    match wiring.reader.find(owner).await {
        Ok(found) if found.is_empty() && !is_listed => findings.warn(format_args!(
            "the owner of the token, {owner}, was not found: nobody would be deleted; correct haiilo.auth.token_owner"
        )),
        Ok(_) => findings.fine(format_args!("the owner of the token, {owner}, was found")),
        Err(failure) => findings.error(failure),
    }
}

/// What the server says of itself. No cycle relies on it.
async fn description(wiring: &Wiring, findings: &mut CheckFindings) {
    let config = wiring.reader.provider_config().await.ok().flatten();
    let schemas = wiring.reader.schemas().await.ok().flatten();
    let word = |flag: Option<bool>| flag.map_or("not said", |is_so| if is_so { "yes" } else { "no" });
    let schemas = schemas.map_or("no Schemas".to_owned(), |ids| format!("{} Schemas", ids.len()));
    let Some(config) = config else {
        return findings
            .fine(format_args!("Haiilo has no ServiceProviderConfig and {schemas}: it is judged by what it does"));
    };
    let most = config.most_results.map_or_else(String::new, |most| format!(" (at most {most} users)"));
    findings.fine(format_args!(
        "Haiilo says of itself: PATCH {}, filters {}{most}, bulk {}; {schemas}",
        word(config.patch),
        word(config.filter),
        word(config.bulk)
    ));
    if config.patch == Some(false) && wiring.cycle.update_method == UpdateMethod::Patch {
        findings.warn(
            "Haiilo says that it takes no PATCH, and haiilo.update_method is \"patch\": set it to \"put\", or let \
             `check --write-probe ADDRESS` find out",
        );
    }
}

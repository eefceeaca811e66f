//! What the org answers to questions about its application, users and groups.
//!
//! Follows the operations "List all application users", "List all users", "List all application groups", "List all groups", "List all
//! member users" and the single ones beside them. Who may ask was decided before.

use crate::face::{Answer, Call};
use crate::okta::bend::Bend;
use crate::okta::errors::Refusal;
use crate::okta::reads::filter::Filter;
use crate::okta::reads::page::{Ask, Limits, Page};
use crate::okta::reads::wire::{Embed, EmbedGroup, Links, Pen};
use crate::okta::state::app::APP_ID;
use crate::okta::state::directory::{Link, User};
use crate::okta::state::org::Okta;
use crate::okta::state::past::Sight;
use crate::okta::state::schemas;
use serde_json::Value;

/// About as long as an application user with his user; a page is then made without growing.
const LONG_ROW: usize = 2_600;

const USER_PROPERTIES: [&str; 7] =
    ["id", "status", "lastUpdated", "profile.login", "profile.email", "profile.firstName", "profile.lastName"];

/// One question, with what all answers need.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) org: &'a Okta,
    pub(crate) call: &'a Call,
    /// Scheme and host of all links.
    pub(crate) origin: &'a str,
    pub(crate) bend: Option<&'a Bend>,
    /// What a read by id sees.
    pub(crate) sight: Sight,
}

impl Question<'_> {
    pub(crate) fn apps(&self, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        let limits = &Limits { allowed: 1..=200, default: 200 };
        let ask = Ask::read(self.call, self.origin, limits, &["q", "filter"], violations)?;
        let app = &self.org.app;
        let filter = self.filter(&["id", "status", "name"])?;
        let passes = filter.is_none_or(|filter| match filter.property.as_str() {
            "id" => filter.passes(APP_ID),
            "status" => filter.passes(&app.status),
            _ => filter.passes(&app.name),
        });
        let named = self.starts(&[app.name.clone(), app.label.clone()]);
        let shown = (passes && named && app.status != "DELETED").then_some((1, app));
        let page = ask.page(self.bend, violations, |after| shown.filter(|(place, _)| *place > after).into_iter());
        Ok(list(page, |app, out| {
            let app = schemas::application(self.origin, &self.org.founded, app);
            serde_json::to_writer(out, &app).expect("a vector takes every document");
        }))
    }

    pub(crate) fn app(&self, app: &str) -> Result<Answer, Refusal> {
        known_app(app)?;
        Ok(document(&schemas::application(self.origin, &self.org.founded, &self.org.app)))
    }

    pub(crate) fn app_users(&self, app: &str, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        known_app(app)?;
        let known = ["after", "limit", "q", "expand"];
        for (name, _) in url::form_urlencoded::parse(self.call.query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                violations.push(format!("the list of application users has no parameter {name}"));
            }
        }
        let limits = &Limits { allowed: 1..=500, default: 50 };
        let ask = Ask::read(self.call, self.origin, limits, &["q", "expand"], violations)?;
        let directory = &self.org.directory;
        let searched = self.call.parameter("q").is_some();
        let page = ask.page(self.bend, violations, |after| {
            directory.assigned_after(after).filter(move |(_, user)| !searched || self.finds_app_user(user))
        });
        let embed = self.embed();
        Ok(list(page, |user, out| self.put_app_user(out, user, embed)))
    }

    pub(crate) fn app_user(&self, app: &str, user: &str) -> Result<Answer, Refusal> {
        known_app(app)?;
        let seen = match &self.sight {
            Sight::Now => self.org.directory.user(user),
            Sight::Before(was) => was.as_deref(),
        };
        let assigned = seen.filter(|user| user.assignment.is_some());
        let found = assigned.ok_or_else(|| Refusal::not_found(user, "AppUser"))?;
        let mut body = Vec::with_capacity(LONG_ROW);
        self.put_app_user(&mut body, found, self.embed());
        Ok(Answer::new(200, "application/json", body))
    }

    pub(crate) fn app_groups(&self, app: &str, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        known_app(app)?;
        let limits = &Limits { allowed: 20..=200, default: 20 };
        let ask = Ask::read(self.call, self.origin, limits, &["q", "expand"], violations)?;
        let embed = match self.call.parameter("expand").as_deref() {
            Some("group") => EmbedGroup::Group,
            _ => EmbedGroup::Nothing,
        };
        let page = ask.page(self.bend, violations, |after| {
            let groups = (1..).zip(self.org.directory.groups());
            let assigned = groups.filter(|(_, group)| group.link == Link::Assigned);
            assigned.filter(move |(place, group)| *place > after && self.starts(&[group.name.to_string()]))
        });
        Ok(list(page, |group, out| {
            let priority = self.org.directory.groups().iter().position(|known| known.id == group.id);
            self.pen().app_group(out, group, priority.expect("the group came from this list"), embed);
        }))
    }

    pub(crate) fn users(&self, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        for name in ["search", "sortBy", "fields"] {
            if self.call.parameter(name).is_some() {
                violations.push(format!("the simulated org cannot do {name} on users"));
                return Err(Refusal::invalid_search());
            }
        }
        let searched = self.call.parameter("q").is_some();
        let limits = &Limits { allowed: 1..=200, default: if searched { 10 } else { 200 } };
        let ask = Ask::read(self.call, self.origin, limits, &["q", "filter"], violations)?;
        let filter = self.filter(&USER_PROPERTIES)?;
        let filter = filter.as_ref();
        let directory = &self.org.directory;
        let mut page = ask.page(self.bend, violations, |after| {
            directory.users_after(after).filter(move |(_, user)| match filter {
                Some(filter) => passes(filter, user),
                None => &*user.status != "DEPROVISIONED" && (!searched || self.finds_user(user)),
            })
        });
        if searched {
            // A search by `q` has one page.
            page.links.truncate(1);
        }
        Ok(list(page, |user, out| self.pen().user(out, user, Links::SelfOnly)))
    }

    pub(crate) fn user(&self, key: &str) -> Result<Answer, Refusal> {
        let seen = match &self.sight {
            Sight::Now => self.org.directory.find(key),
            Sight::Before(was) => was.as_deref(),
        };
        let found = seen.ok_or_else(|| Refusal::not_found(key, "User"))?;
        let mut body = Vec::with_capacity(LONG_ROW);
        self.pen().user(&mut body, found, Links::All);
        let version = format!("W/\"{}\"", found.last_updated);
        Ok(Answer::new(200, "application/json", body).with("etag", version))
    }

    pub(crate) fn groups(&self, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        for name in ["search", "filter", "sortBy"] {
            if self.call.parameter(name).is_some() {
                violations.push(format!("the simulated org cannot do {name} on groups"));
                return Err(Refusal::invalid_search());
            }
        }
        let limits = &Limits { allowed: 1..=10_000, default: 10_000 };
        let ask = Ask::read(self.call, self.origin, limits, &["q"], violations)?;
        let page = ask.page(self.bend, violations, |after| {
            let groups = (1..).zip(self.org.directory.groups());
            let there = groups.filter(|(_, group)| group.link != Link::Gone);
            there.filter(move |(place, group)| *place > after && self.starts(&[group.name.to_string()]))
        });
        Ok(list(page, |group, out| self.pen().group(out, group)))
    }

    pub(crate) fn group(&self, id: &str) -> Result<Answer, Refusal> {
        let number = self.org.directory.group_number(id).ok_or_else(|| Refusal::not_found(id, "UserGroup"))?;
        let mut body = Vec::with_capacity(LONG_ROW);
        self.pen().group(&mut body, &self.org.directory.groups()[number]);
        Ok(Answer::new(200, "application/json", body))
    }

    pub(crate) fn group_users(&self, id: &str, violations: &mut Vec<String>) -> Result<Answer, Refusal> {
        let directory = &self.org.directory;
        let number = directory.group_number(id);
        let number = number.ok_or_else(|| Refusal::not_found(id, "UserGroup"))?;
        let limits = &Limits { allowed: 1..=1_000, default: 1_000 };
        let ask = Ask::read(self.call, self.origin, limits, &[], violations)?;
        let page = ask.page(self.bend, violations, |after| directory.members_after(number, after));
        Ok(list(page, |user, out| self.pen().user(out, user, Links::SelfOnly)))
    }

    pub(crate) fn user_schema(&self) -> Answer {
        document(&self.org.attributes.user_schema(self.origin, &self.org.founded))
    }

    pub(crate) fn app_schema(&self, app: &str) -> Result<Answer, Refusal> {
        known_app(app)?;
        Ok(document(&self.org.attributes.app_schema(self.origin, &self.org.founded, &self.org.app)))
    }

    fn pen(&self) -> Pen<'_> {
        Pen { origin: self.origin, app_id: APP_ID }
    }

    fn embed(&self) -> Embed {
        if self.call.parameter("expand").as_deref() == Some("user") { Embed::User } else { Embed::Nothing }
    }

    fn put_app_user(&self, out: &mut Vec<u8>, user: &User, embed: Embed) {
        let assignment = user.assignment.as_ref().expect("only assigned users are asked for");
        let group = assignment.group.map(|number| &self.org.directory.groups()[number]);
        self.pen().app_user(out, user, assignment, group, embed);
    }

    fn filter(&self, properties: &[&str]) -> Result<Option<Filter>, Refusal> {
        let text = self.call.parameter("filter");
        text.map(|text| Filter::read(&text, properties).ok_or_else(Refusal::invalid_search)).transpose()
    }

    /// Whether one of these texts begins with `q`, in any case; everything does when there is no `q`.
    fn starts(&self, texts: &[String]) -> bool {
        let q = self.call.parameter("q").unwrap_or_default().to_lowercase();
        texts.iter().any(|text| text.to_lowercase().starts_with(&q))
    }

    fn finds_app_user(&self, user: &User) -> bool {
        let assignment = user.assignment.as_ref().expect("only assigned users are asked for");
        let profile: Value = serde_json::from_str(&assignment.profile).expect("profiles are kept as JSON");
        let text = |key: &str| profile.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let name = assignment.user_name.to_string();
        let mut texts = vec![name, text("firstName"), text("lastName"), text("email")];
        texts.retain(|text| !text.is_empty());
        self.starts(&texts)
    }

    fn finds_user(&self, user: &User) -> bool {
        self.starts(&[user.text("firstName"), user.text("lastName"), user.text("email")])
    }
}

fn known_app(app: &str) -> Result<(), Refusal> {
    if app == APP_ID { Ok(()) } else { Err(Refusal::not_found(app, "AppInstance")) }
}

fn passes(filter: &Filter, user: &User) -> bool {
    match filter.property.as_str() {
        "id" => filter.passes(&user.id),
        "status" => filter.passes(&user.status),
        "lastUpdated" => filter.passes(&user.last_updated),
        property => property.strip_prefix("profile.").is_some_and(|key| filter.passes(&user.text(key))),
    }
}

fn document(document: &Value) -> Answer {
    Answer::new(200, "application/json", document.to_string())
}

/// The answer with one page of a list.
pub(crate) fn list<T>(page: Page<T>, put: impl Fn(T, &mut Vec<u8>)) -> Answer {
    let mut body = Vec::with_capacity(page.rows.len() * LONG_ROW + 2);
    body.push(b'[');
    for (n, row) in page.rows.into_iter().enumerate() {
        if n > 0 {
            body.push(b',');
        }
        put(row, &mut body);
    }
    body.push(b']');
    let answer = Answer::new(200, "application/json", body);
    page.links.into_iter().fold(answer, |answer, link| answer.with("link", link))
}

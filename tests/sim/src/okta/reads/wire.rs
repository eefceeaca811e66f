//! Rows as they go over the wire: application users, users, groups, group assignments.
//!
//! Written from the schemas `AppUser`, `User`, `Group` and `ApplicationGroupAssignment` of Okta's management API and from rows that real
//! orgs have sent: what is null there is null here. It knows nothing of pages, faults or HTTP. A row is a text with gaps, so that a page
//! of 500 people costs copying and no serialisation.

use std::sync::LazyLock;

use crate::okta::state::directory::{Assignment, Group, User};

/// The id of the default user type.
const USER_TYPE: &str = "oty1kd3pfBwRkWq45d7";

/// The id of the default user schema.
const USER_SCHEMA: &str = "osc1kd3pfBwRkWq45d7";

const APP_USER: &str = r#"
    {"id":"<id>","externalId":null,"created":"<row_created>","lastUpdated":"<row_updated>","scope":"<scope>",
    "status":"<row_status>","statusChanged":"<row_status_changed>","passwordChanged":null,"syncState":"DISABLED",
    "credentials":{"userName":<user_name>},"profile":<row_profile>,
    "_links":{"app":{"href":"<origin>/api/v1/apps/<app>"},"user":{"href":"<origin>/api/v1/users/<id>"}<group_link>}
    <embedded>}"#;

const USER: &str = r#"
    {"id":"<id>","status":"<status>","created":"<created>","activated":"<activated>","statusChanged":"<status_changed>",
    "lastLogin":null,"lastUpdated":"<updated>","passwordChanged":"<activated>","type":{"id":"<type>"},"profile":<profile>,
    "credentials":{"password":{},"provider":{"type":"OKTA","name":"OKTA"}},"_links":{<user_links>}}"#;

/// What a single user links to, and a user who is embedded in a row.
const ALL_LINKS: &str = r#"
    "suspend":{"href":"<origin>/api/v1/users/<id>/lifecycle/suspend","method":"POST"},
    "schema":{"href":"<origin>/api/v1/meta/schemas/user/<schema>"},
    "resetPassword":{"href":"<origin>/api/v1/users/<id>/lifecycle/reset_password","method":"POST"},
    "expirePassword":{"href":"<origin>/api/v1/users/<id>/lifecycle/expire_password","method":"POST"},
    "changeRecoveryQuestion":{"href":"<origin>/api/v1/users/<id>/credentials/change_recovery_question","method":"POST"},
    "self":{"href":"<origin>/api/v1/users/<id>"},
    "type":{"href":"<origin>/api/v1/meta/types/user/<type>"},
    "changePassword":{"href":"<origin>/api/v1/users/<id>/credentials/change_password","method":"POST"},
    "deactivate":{"href":"<origin>/api/v1/users/<id>/lifecycle/deactivate","method":"POST"}"#;

/// What a user in a list of users links to.
const SELF_LINK: &str = r#""self":{"href":"<origin>/api/v1/users/<id>"}"#;

const GROUP_LINK: &str = r#","group":{"href":"<origin>/api/v1/groups/<group>"}"#;

const GROUP: &str = r#"
    {"id":"<group>","created":"<group_created>","lastUpdated":"<group_created>",
    "lastMembershipUpdated":"<group_membership_updated>","objectClass":["okta:user_group"],"type":"OKTA_GROUP",
    "profile":{"name":<group_name>,"description":<group_description>},
    "_links":{"users":{"href":"<origin>/api/v1/groups/<group>/users"},"apps":{"href":"<origin>/api/v1/groups/<group>/apps"}}}"#;

const APP_GROUP: &str = r#"
    {"id":"<group>","lastUpdated":"<group_created>","priority":<priority>,"profile":{},
    "_links":{"app":{"href":"<origin>/api/v1/apps/<app>"},"self":{"href":"<origin>/api/v1/apps/<app>/groups/<group>"},
    "group":{"href":"<origin>/api/v1/groups/<group>"}}<embedded_group>}"#;

static APP_USER_ROW: LazyLock<Template> = LazyLock::new(|| Template::new(APP_USER));
static USER_ROW: LazyLock<Template> = LazyLock::new(|| Template::new(USER));
static ALL_LINKS_PART: LazyLock<Template> = LazyLock::new(|| Template::new(ALL_LINKS));
static SELF_LINK_PART: LazyLock<Template> = LazyLock::new(|| Template::new(SELF_LINK));
static GROUP_LINK_PART: LazyLock<Template> = LazyLock::new(|| Template::new(GROUP_LINK));
static GROUP_ROW: LazyLock<Template> = LazyLock::new(|| Template::new(GROUP));
static APP_GROUP_ROW: LazyLock<Template> = LazyLock::new(|| Template::new(APP_GROUP));

/// A text with named gaps.
struct Template(Vec<Piece>);

enum Piece {
    Text(String),
    Gap(&'static str),
}

impl Template {
    /// `text` without its line breaks, cut at `<name>`.
    fn new(text: &'static str) -> Self {
        let mut pieces = Vec::new();
        for part in text.lines().flat_map(|line| line.trim().split_inclusive('>')) {
            let (literal, gap) = part.split_once('<').unwrap_or((part, ""));
            pieces.push(Piece::Text(literal.to_owned()));
            if let Some(name) = gap.strip_suffix('>') {
                pieces.push(Piece::Gap(name));
            }
        }
        Self(pieces)
    }

    fn fill(&self, out: &mut Vec<u8>, mut fill_gap: impl FnMut(&'static str, &mut Vec<u8>)) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Gap(name) => fill_gap(name, out),
            }
        }
    }
}

/// Whether a row carries the whole user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Embed {
    User,
    Nothing,
}

/// Whether a row carries the whole group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmbedGroup {
    Group,
    Nothing,
}

/// Which links a user carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    All,
    SelfOnly,
}

/// Writes rows for one answer.
pub(crate) struct Pen<'a> {
    /// The origin of all links in the rows.
    pub(crate) origin: &'a str,
    pub(crate) app_id: &'a str,
}

impl Pen<'_> {
    pub(crate) fn app_user(
        &self,
        out: &mut Vec<u8>,
        user: &User,
        assignment: &Assignment,
        group: Option<&Group>,
        embed: Embed,
    ) {
        APP_USER_ROW.fill(out, |gap, out| match gap {
            "id" => put(out, &user.id),
            "origin" => put(out, self.origin),
            "app" => put(out, self.app_id),
            "row_created" => put(out, &assignment.created),
            "row_updated" => put(out, &assignment.last_updated),
            "row_status" => put(out, &assignment.status),
            "row_status_changed" => put(out, &assignment.status_changed),
            "scope" => put(out, if group.is_some() { "GROUP" } else { "USER" }),
            "user_name" => put_quoted(out, &assignment.user_name),
            "row_profile" => put(out, &assignment.profile),
            "group_link" => {
                if let Some(group) = group {
                    GROUP_LINK_PART.fill(out, |gap, out| self.group_gap(gap, out, group));
                }
            }
            "embedded" => {
                if embed == Embed::User {
                    put(out, r#","_embedded":{"user":"#);
                    self.user(out, user, Links::All);
                    put(out, "}");
                }
            }
            other => unreachable!("an application user has no gap {other}"),
        });
    }

    pub(crate) fn user(&self, out: &mut Vec<u8>, user: &User, links: Links) {
        USER_ROW.fill(out, |gap, out| match gap {
            "status" => put(out, &user.status),
            "created" => put(out, &user.created),
            "activated" => put(out, &user.activated),
            "status_changed" => put(out, &user.status_changed),
            "updated" => put(out, &user.last_updated),
            "profile" => put(out, &user.profile),
            "user_links" => {
                let part = if links == Links::All { &ALL_LINKS_PART } else { &SELF_LINK_PART };
                part.fill(out, |gap, out| self.user_gap(gap, out, user));
            }
            other => self.user_gap(other, out, user),
        });
    }

    fn user_gap(&self, gap: &str, out: &mut Vec<u8>, user: &User) {
        match gap {
            "id" => put(out, &user.id),
            "origin" => put(out, self.origin),
            "type" => put(out, USER_TYPE),
            "schema" => put(out, USER_SCHEMA),
            other => unreachable!("a user has no gap {other}"),
        }
    }

    pub(crate) fn group(&self, out: &mut Vec<u8>, group: &Group) {
        GROUP_ROW.fill(out, |gap, out| self.group_gap(gap, out, group));
    }

    pub(crate) fn app_group(&self, out: &mut Vec<u8>, group: &Group, priority: usize, embed: EmbedGroup) {
        APP_GROUP_ROW.fill(out, |gap, out| match gap {
            "embedded_group" if embed == EmbedGroup::Nothing => {}
            "embedded_group" => {
                put(out, ",\"_embedded\":{\"group\":");
                self.group(out, group);
                put(out, "}");
            }
            "app" => put(out, self.app_id),
            "priority" => put(out, &priority.to_string()),
            other => self.group_gap(other, out, group),
        });
    }

    fn group_gap(&self, gap: &str, out: &mut Vec<u8>, group: &Group) {
        match gap {
            "group" => put(out, &group.id),
            "origin" => put(out, self.origin),
            "group_name" => put_quoted(out, &group.name),
            "group_description" => match &group.description {
                Some(text) => put_quoted(out, text),
                None => put(out, "null"),
            },
            "group_created" => put(out, &group.created),
            "group_membership_updated" => put(out, &group.membership_updated),
            other => unreachable!("a group has no gap {other}"),
        }
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn put_quoted(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a vector takes every text");
}

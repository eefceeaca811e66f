//! How the user directory of an intranet is set up, where its articles describe a choice or leave one open. It belongs to that product alone.

use crate::haiilo::manner::looks::Presence;
use std::collections::BTreeSet;

/// The profile fields that every intranet has, by their internal names.
pub const PROFILE_FIELDS: [&str; 22] = [
    "phone",
    "mobile",
    "skype",
    "xing",
    "linkedin",
    "twitter",
    "facebook",
    "website",
    "birthday",
    "haiilo_pronouns",
    "languages",
    "homeTown",
    "interests",
    "projects",
    "expertise",
    "about",
    "jobTitle",
    "company",
    "department",
    "location",
    "office",
    "education",
];

/// How a user directory is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// How a client says who it is when it wants a token.
    pub client_auth: ClientAuth,
    /// How long a token lives, in seconds.
    pub token_seconds: u32,
    /// Whether `expires_in` is sent with a token.
    pub expires_in: Presence,
    /// The scopes of a token, with blanks between them.
    pub scope: String,
    /// The profile fields that exist, by their internal names; SCIM calls each `profileField_` and its name.
    pub fields: BTreeSet<String>,
    /// Where profile fields stand.
    pub container: Container,
    /// What becomes of attributes that nobody knows.
    pub unknown: Unknown,
    /// Whether two accounts may share an `externalId`.
    pub external_ids: ExternalIds,
    /// What `active: false` does.
    pub deactivation: Deprovision,
    /// What DELETE does.
    pub deletion: Deprovision,
    /// What is left of a deleted account.
    pub remains: Remains,
    /// What a create makes of the `userName` of a deleted account.
    pub again: Again,
    /// What an account is after `active: true`.
    pub activation: Activation,
    /// Whether a group keeps its `externalId`.
    pub group_external_ids: Kept,
    /// Whether a group keeps its `description`, which is none of SCIM's own attributes.
    pub descriptions: Kept,
    /// Where the members of a group are shown.
    pub members: Members,
    /// What is shown of a member.
    pub member: MemberShape,
    /// How a PATCH of a group is answered.
    pub group_patch: GroupPatch,
    /// The most operations that one PATCH may hold; more are 413.
    pub most_operations: Option<usize>,
    /// The largest body of a write, in bytes; a larger one is 413.
    pub largest_body: Option<usize>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            client_auth: ClientAuth::Basic,
            token_seconds: 3600,
            expires_in: Presence::Sent,
            scope: "read write".to_owned(),
            fields: PROFILE_FIELDS.into_iter().map(str::to_owned).collect(),
            container: Container::TopLevel,
            unknown: Unknown::Refused,
            external_ids: ExternalIds::Shared,
            deactivation: Deprovision::Deactivate,
            deletion: Deprovision::Delete,
            remains: Remains::Nothing,
            again: Again::NewAccount,
            activation: Activation::Active,
            group_external_ids: Kept::Kept,
            descriptions: Kept::Kept,
            members: Members::Everywhere,
            member: MemberShape::Whole,
            group_patch: GroupPatch::NoContent,
            most_operations: None,
            largest_body: None,
        }
    }
}

/// How a client says who it is when it wants a token (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// By HTTP Basic alone.
    Basic,
    /// In the form alone.
    Post,
    /// In either way, but not in both at once.
    Both,
}

/// Where profile fields stand in a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    /// Beside `userName`.
    TopLevel,
    /// In the extension of this URN.
    Extension(String),
}

/// What becomes of attributes that nobody knows, and of profile fields in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// 400: `invalidPath` where a path names one, else `invalidValue`.
    Refused,
    /// They are taken for not sent.
    Ignored,
}

/// Whether two accounts may share an `externalId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalIds {
    /// They may.
    Shared,
    /// The second one is 409 `uniqueness`.
    Unique,
}

/// What the policy of a directory makes of an account that is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deprovision {
    /// It stays, inactive, and can be activated again.
    Deactivate,
    /// It is deleted; an admin can restore it, and perhaps a create can.
    Delete,
}

/// What SCIM shows of a deleted account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing: 404.
    Nothing,
    /// By its id it can be read, as inactive, and activated again; no list and no look-up shows it.
    Readable,
}

/// What a create makes of the `userName` of a deleted account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// An account of its own.
    NewAccount,
    /// The deleted account comes back, with its id and with what was not sent.
    Restores,
    /// 409 `uniqueness`.
    Conflict,
}

/// What an account is after `active: true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Active.
    Active,
    /// Hidden, and shown as inactive, until its person has accepted the terms of use.
    Hidden,
}

/// Whether a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Kept,
    /// It is silently dropped.
    Dropped,
    /// 400 for whatever names it, and nothing is done.
    Refused,
}

/// Where the members of a group are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// In every answer that shows the group.
    Everywhere,
    /// In no list.
    NotInLists,
}

/// What is shown of a member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberShape {
    /// `value`, `display`, `type` and `$ref`.
    Whole,
    /// `value` and `$ref`: what a client sent.
    Bare,
}

/// How a PATCH of a group is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupPatch {
    /// 204, so that nobody waits for the members.
    NoContent,
    /// 200 with the group.
    Whole,
}

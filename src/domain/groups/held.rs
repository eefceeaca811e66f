//! Groups about which nothing is done: why, and what an administrator can do.

use compact_str::CompactString;

use crate::domain::ids::{HaiiloGroupId, OktaGroupId};

/// A group about which nothing is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGroup {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo, where one is concerned.
    pub haiilo_id: Option<HaiiloGroupId>,
    /// The name under which a report shows the group.
    pub name: CompactString,
    /// Why.
    pub reason: GroupHeldReason,
}

/// Why nothing is done about a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupHeldReason {
    /// Okta shows no name.
    Nameless,
    /// Other chosen groups of Okta have the same name.
    SameName(Vec<OktaGroupId>),
    /// Several groups of Haiilo have the name, or name this group as theirs.
    SeveralGroups(Vec<HaiiloGroupId>),
    /// The name is that of a group which belongs to another group of Okta.
    GroupOfAnother(HaiiloGroupId, OktaGroupId),
    /// The name is that of a group which is not ours.
    NameTaken(HaiiloGroupId),
    /// The group of this name carries the id of something else.
    NotAdoptable(HaiiloGroupId, CompactString),
    /// Haiilo no longer shows the linked group.
    Missing,
    /// The members in Okta were not read to their end.
    MembersUnread(String),
    /// The members in Haiilo were not read.
    ShownUnread(String),
}

impl GroupHeldReason {
    /// A short name that never changes, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nameless => "nameless",
            Self::SameName(_) => "same_name",
            Self::SeveralGroups(_) => "several_groups",
            Self::GroupOfAnother(..) => "group_of_another",
            Self::NameTaken(_) => "name_taken",
            Self::NotAdoptable(..) => "not_adoptable",
            Self::Missing => "missing",
            Self::MembersUnread(_) => "members_unread",
            Self::ShownUnread(_) => "shown_unread",
        }
    }

    /// The reason in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Nameless => "Okta shows no name of the group".to_owned(),
            Self::SameName(others) => {
                let others: Vec<&str> = others.iter().map(OktaGroupId::as_str).collect();
                format!("other chosen groups of Okta have the same name: {}", others.join(", "))
            }
            Self::SeveralGroups(ids) => {
                let ids: Vec<&str> = ids.iter().map(HaiiloGroupId::as_str).collect();
                format!("several groups of Haiilo may be this one: {}", ids.join(", "))
            }
            Self::GroupOfAnother(id, other) => {
                format!("group {id} of Haiilo has this name and belongs to {other} of Okta")
            }
            Self::NameTaken(id) => format!("group {id} of Haiilo has this name and is not ours"),
            Self::NotAdoptable(id, external) => {
                format!(
                    "group {id} of Haiilo has this name, and belongs to something else by its externalId {external:?}"
                )
            }
            Self::Missing => "Haiilo no longer shows the linked group".to_owned(),
            Self::MembersUnread(why) => format!("its members could not be read in Okta: {why}"),
            Self::ShownUnread(why) => format!("its members could not be read in Haiilo: {why}"),
        }
    }

    /// What an administrator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Nameless => "give the group a name in Okta",
            Self::SameName(_) => "rename one of them in Okta, or choose one of them by its id in groups.include",
            Self::SeveralGroups(_) => "leave one of these groups in Haiilo, or rename the others there",
            Self::GroupOfAnother(..) => "rename one of both groups in Okta",
            Self::NameTaken(_) => "rename or remove that group in Haiilo",
            Self::NotAdoptable(..) => "rename that group in Haiilo, or clear its externalId if nobody else keeps it",
            Self::Missing => {
                "make a group of this name in Haiilo, which is then taken for this one, or take the group out of the choice"
            }
            Self::MembersUnread(_) | Self::ShownUnread(_) => "nothing, if it passes with the next cycle",
        }
    }
}

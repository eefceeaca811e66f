//! Operations on groups, as values that can be shown, approved and recorded in the journal before a request is sent.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde_json::json;

use crate::model::group::PersonIndex;
use crate::model::ids::{ApprovalId, HaiiloGroupId, OktaGroupId, OktaUserId, UserName};
use crate::model::link::Origin;
use crate::model::word::Word as _;

/// One operation on one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOperation {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The name under which a report shows the group.
    pub name: CompactString,
    /// The action.
    pub action: GroupAction,
}

/// An action on a group of Haiilo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupAction {
    /// Link an existing group; nothing is sent.
    Adopt {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// Whether it existed before, or we made it and lost the answer.
        origin: Origin,
    },
    /// Make a new group.
    Create {
        /// The description.
        description: Option<CompactString>,
    },
    /// Change the name or the description.
    Update {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// What changes.
        changes: Vec<GroupChange>,
    },
    /// Add and remove members.
    Members {
        /// The group; `None` where the same run makes it.
        haiilo_id: Option<HaiiloGroupId>,
        /// The members to add.
        add: Vec<PersonIndex>,
        /// The members to remove.
        remove: Vec<PersonIndex>,
        /// Whether members may be removed.
        removals: Removals,
    },
    /// Delete the group, with the roles that it gives. It cannot be restored.
    Delete {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// How many members it has.
        members: u64,
        /// Whether so many members may lose it.
        removals: Removals,
    },
}

/// Whether members may be removed from a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removals {
    /// They may: the limit of the day is not reached.
    Free,
    /// They may: an approval names them.
    Approved(ApprovalId),
    /// They may not: too many members would be removed within a day.
    Blocked,
}

/// One attribute of a group that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// The attribute.
    pub attribute: GroupAttribute,
    /// The current value.
    pub from: Option<CompactString>,
    /// The new value.
    pub to: Option<CompactString>,
}

/// The attributes of a group that are synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAttribute {
    /// `displayName`.
    Name,
    /// `description`, which is not part of SCIM's core schema.
    Description,
}

impl GroupAttribute {
    /// The path of a PATCH.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "displayName",
            Self::Description => "description",
        }
    }
}

/// The kinds of operations, in the order of application.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
pub enum GroupKind {
    /// See [`GroupAction::Adopt`].
    #[strum(serialize = "group-adopt")]
    Adopt,
    /// See [`GroupAction::Update`].
    #[strum(serialize = "group-update")]
    Update,
    /// See [`GroupAction::Create`].
    #[strum(serialize = "group-create")]
    Create,
    /// See [`GroupAction::Members`].
    #[strum(serialize = "group-members")]
    Members,
    /// See [`GroupAction::Delete`].
    #[strum(serialize = "group-delete")]
    Delete,
}

/// A person who is added to a group or removed from it, for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPerson {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The name under which a report shows the person.
    pub user_name: UserName,
}

/// All people named by operations, by index.
pub type MemberPeople = BTreeMap<PersonIndex, MemberPerson>;

impl GroupOperation {
    /// The kind.
    pub fn kind(&self) -> GroupKind {
        match &self.action {
            GroupAction::Adopt { .. } => GroupKind::Adopt,
            GroupAction::Create { .. } => GroupKind::Create,
            GroupAction::Update { .. } => GroupKind::Update,
            GroupAction::Members { .. } => GroupKind::Members,
            GroupAction::Delete { .. } => GroupKind::Delete,
        }
    }

    /// The group of Haiilo, where it already exists.
    pub fn haiilo_id(&self) -> Option<&HaiiloGroupId> {
        match &self.action {
            GroupAction::Adopt { haiilo_id, .. }
            | GroupAction::Update { haiilo_id, .. }
            | GroupAction::Delete { haiilo_id, .. } => Some(haiilo_id),
            GroupAction::Members { haiilo_id, .. } => haiilo_id.as_ref(),
            GroupAction::Create { .. } => None,
        }
    }

    /// The attributes that change.
    pub fn changes(&self) -> &[GroupChange] {
        match &self.action {
            GroupAction::Update { changes, .. } => changes,
            GroupAction::Adopt { .. }
            | GroupAction::Create { .. }
            | GroupAction::Members { .. }
            | GroupAction::Delete { .. } => &[],
        }
    }

    /// The members to add and the members to remove.
    pub fn moves(&self) -> (&[PersonIndex], &[PersonIndex]) {
        match &self.action {
            GroupAction::Members { add, remove, .. } => (add, remove),
            GroupAction::Adopt { .. }
            | GroupAction::Create { .. }
            | GroupAction::Update { .. }
            | GroupAction::Delete { .. } => (&[], &[]),
        }
    }

    /// Whether members may be removed; `None` where the operation removes no member.
    pub fn removals(&self) -> Option<&Removals> {
        match &self.action {
            GroupAction::Members { remove, removals, .. } => (!remove.is_empty()).then_some(removals),
            GroupAction::Delete { removals, .. } => Some(removals),
            GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => None,
        }
    }

    /// The kind together with the attributes that it changes: the name of a canary.
    pub fn canary(&self) -> String {
        let paths: Vec<&str> = self.changes().iter().map(|change| change.attribute.as_str()).collect();
        format!("{} {}", self.kind().as_str(), paths.join(" ")).trim_end().to_owned()
    }

    /// The operation as JSON, with all people that it names.
    pub fn to_json(&self, people: &MemberPeople) -> serde_json::Value {
        let ids = |indexes: &[PersonIndex]| -> Vec<&str> {
            indexes.iter().filter_map(|index| people.get(index)).map(|who| who.okta_id.as_str()).collect()
        };
        let (add, remove) = self.moves();
        json!({
            "kind": self.kind().as_str(),
            "okta_id": self.okta_id,
            "haiilo_id": self.haiilo_id(),
            "name": self.name,
            "changes": self.changes().iter().map(GroupChange::to_json).collect::<Vec<_>>(),
            "add": ids(add),
            "remove": ids(remove),
        })
    }

    /// What an approval of the operation names: the operation itself, or each person who is added or removed.
    pub fn items(&self, people: &MemberPeople) -> Vec<String> {
        if self.kind() != GroupKind::Members {
            return vec![self.to_json(people).to_string()];
        }
        let (add, remove) = self.moves();
        let item = |word: &str, index: &PersonIndex| {
            let member = people.get(index).map(|who| who.okta_id.as_str());
            json!({"kind": GroupKind::Members.as_str(), "okta_id": self.okta_id, word: member}).to_string()
        };
        add.iter().map(|index| item("add", index)).chain(remove.iter().map(|index| item("remove", index))).collect()
    }

    /// The items that remove a person from a group.
    pub fn removal_items(&self, people: &MemberPeople) -> Vec<String> {
        let items = self.items(people);
        match &self.action {
            GroupAction::Members { add, .. } => items[add.len()..].to_vec(),
            GroupAction::Delete { .. } => items,
            GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => Vec::new(),
        }
    }
}

impl GroupChange {
    /// The change as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({"path": self.attribute.as_str(), "from": self.from, "to": self.to})
    }
}

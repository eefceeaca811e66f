//! Operations on groups, as values that can be shown, approved and journalled before anything is sent.

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
    /// What is done.
    pub action: GroupAction,
}

/// What is done to a group of Haiilo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupAction {
    /// An existing group becomes ours; nothing is sent.
    Adopt {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// Whether it was there before us, or is one that we made and whose answer was lost.
        origin: Origin,
    },
    /// A new group.
    Create {
        /// The description.
        description: Option<CompactString>,
    },
    /// The name or the description changes.
    Update {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// What changes.
        changes: Vec<GroupChange>,
    },
    /// Members are added and removed.
    Members {
        /// The group; `None` where it is made in the same run.
        haiilo_id: Option<HaiiloGroupId>,
        /// The members to add.
        add: Vec<PersonIndex>,
        /// The members to remove.
        remove: Vec<PersonIndex>,
        /// Whether anybody may go out.
        removals: Removals,
    },
    /// The group goes, with the roles that it gives. It cannot come back.
    Delete {
        /// The group.
        haiilo_id: HaiiloGroupId,
        /// How many members it has.
        members: u64,
        /// Whether so many may lose it.
        removals: Removals,
    },
}

/// Whether members may be taken out of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removals {
    /// They may: the limit of the day has room.
    Free,
    /// They may, since an approval names them.
    Approved(ApprovalId),
    /// They may not: too many have gone, or would.
    Blocked,
}

/// One attribute of a group that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// Which.
    pub attribute: GroupAttribute,
    /// What the group has.
    pub from: Option<CompactString>,
    /// What it shall have.
    pub to: Option<CompactString>,
}

/// The attributes of a group that are kept equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupAttribute {
    /// `displayName`.
    Name,
    /// `description`, which is no part of SCIM's core schema.
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

/// The kinds of operations, in the order in which they are applied.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
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

/// Somebody who comes into a group or goes out, for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPerson {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The name under which a report shows the person.
    pub user_name: UserName,
}

/// Everybody whom operations name, by index.
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

    /// The group of Haiilo, where it exists already.
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

    /// Whether members may go out; `None` where nobody would.
    pub fn removals(&self) -> Option<&Removals> {
        match &self.action {
            GroupAction::Members { remove, removals, .. } => (!remove.is_empty()).then_some(removals),
            GroupAction::Delete { removals, .. } => Some(removals),
            GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => None,
        }
    }

    /// The kind together with what it touches: what a canary stands for.
    pub fn canary(&self) -> String {
        let paths: Vec<&str> = self.changes().iter().map(|change| change.attribute.as_str()).collect();
        format!("{} {}", self.kind().as_str(), paths.join(" ")).trim_end().to_owned()
    }

    /// The operation as JSON, with everybody whom it names.
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

    /// What an approval of the operation names: the operation itself, or each person who comes in or goes out.
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

    /// Of these, the ones that take somebody out of a group.
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

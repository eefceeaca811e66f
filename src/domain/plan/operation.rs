//! Operations: actions on one account, as values that can be shown, counted, approved and recorded in the journal before a request is sent.

use std::sync::Arc;

use serde_json::json;

use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Origin;
use crate::model::word::Word as _;
use crate::plan::evidence::Evidence;
use crate::scim::path::AttributePath;
use crate::scim::value::Value;

/// One operation on one person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The name under which a report shows the person: the account's name, or the name of a new account.
    pub user_name: UserName,
    /// The action.
    pub action: Action,
}

/// An action on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Link an existing account to the person; nothing is sent.
    Adopt {
        /// The account.
        haiilo_id: HaiiloId,
        /// Whether it existed before, or we made it and lost the answer.
        origin: Origin,
    },
    /// Make a new account.
    Create {
        /// The userName and all values.
        changes: Vec<Change>,
        /// The linked account that Haiilo no longer has, where the new account replaces it.
        replaces: Option<HaiiloId>,
        /// The account whose rename frees the userName.
        waits_for: Option<HaiiloId>,
    },
    /// Change an account.
    Update {
        /// The account.
        haiilo_id: HaiiloId,
        /// What changes.
        changes: Vec<Change>,
        /// The account whose rename frees the userName.
        waits_for: Option<HaiiloId>,
    },
    /// Activate an account that we deactivated, because its person came back.
    Reactivate {
        /// The account.
        haiilo_id: HaiiloId,
    },
    /// Deactivate the account: its user can no longer log in. The directory's deprovision policy defines what else happens.
    Deactivate {
        /// The account.
        haiilo_id: HaiiloId,
        /// Why.
        evidence: Evidence,
    },
    /// Delete the account. In Advocacy it cannot be restored.
    Delete {
        /// The account.
        haiilo_id: HaiiloId,
        /// Why.
        evidence: Evidence,
        /// The request to send.
        method: RemovalMethod,
    },
}

/// The request that deletes an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalMethod {
    /// A DELETE request.
    Delete,
    /// A deactivation. It deletes because of the directory's deprovision policy.
    Deactivation,
}

/// One attribute that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The attribute.
    pub path: Arc<AttributePath>,
    /// The kind of change for the limits.
    pub kind: ChangeKind,
    /// The current value.
    pub from: Option<Value>,
    /// The new value.
    pub to: Option<Value>,
    /// Whether the account has the element of a multi-valued attribute that the path names.
    pub element: Element,
}

/// The kind of a change for the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The userName.
    Rename,
    /// Advocacy's group.
    Group,
    /// Anything else.
    Plain,
}

/// Whether the element that a path with a filter names exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// It exists, or the path names no element.
    There,
    /// It must be added.
    ToBeAdded,
}

/// The kinds of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OperationKind {
    /// See [`Action::Adopt`].
    Adopt,
    /// See [`Action::Reactivate`].
    Reactivate,
    /// See [`Action::Update`].
    Update,
    /// See [`Action::Create`].
    Create,
    /// See [`Action::Deactivate`].
    Deactivate,
    /// See [`Action::Delete`].
    Delete,
}

impl OperationKind {
    /// Whether the operation removes an account. Removals come last, one at a time, only with evidence, and within the budget of deletes.
    pub fn is_removal(self) -> bool {
        matches!(self, Self::Deactivate | Self::Delete)
    }
}

impl Operation {
    /// The kind.
    pub fn kind(&self) -> OperationKind {
        match &self.action {
            Action::Adopt { .. } => OperationKind::Adopt,
            Action::Reactivate { .. } => OperationKind::Reactivate,
            Action::Deactivate { .. } => OperationKind::Deactivate,
            Action::Create { .. } => OperationKind::Create,
            Action::Update { .. } => OperationKind::Update,
            Action::Delete { .. } => OperationKind::Delete,
        }
    }

    /// The account, where it already exists.
    pub fn haiilo_id(&self) -> Option<&HaiiloId> {
        match &self.action {
            Action::Adopt { haiilo_id, origin: _ }
            | Action::Reactivate { haiilo_id }
            | Action::Update { haiilo_id, changes: _, waits_for: _ }
            | Action::Deactivate { haiilo_id, evidence: _ }
            | Action::Delete { haiilo_id, evidence: _, method: _ } => Some(haiilo_id),
            Action::Create { changes: _, replaces, waits_for: _ } => replaces.as_ref(),
        }
    }

    /// The changes; empty where no attribute changes.
    pub fn changes(&self) -> &[Change] {
        match &self.action {
            Action::Create { changes, .. } | Action::Update { changes, .. } => changes,
            Action::Adopt { .. } | Action::Reactivate { .. } | Action::Deactivate { .. } | Action::Delete { .. } => &[],
        }
    }

    /// The account that must be renamed first.
    pub fn waits_for(&self) -> Option<&HaiiloId> {
        match &self.action {
            Action::Create { waits_for, .. } | Action::Update { waits_for, .. } => waits_for.as_ref(),
            Action::Adopt { .. } | Action::Reactivate { .. } | Action::Deactivate { .. } | Action::Delete { .. } => {
                None
            }
        }
    }

    /// Whether the operation is an update that renames.
    pub fn renames(&self) -> bool {
        self.kind() == OperationKind::Update && self.changes().iter().any(|change| change.kind == ChangeKind::Rename)
    }

    /// Whether the operation is an update that clears a value.
    pub fn clears(&self) -> bool {
        self.kind() == OperationKind::Update && self.changes().iter().any(|change| change.to.is_none())
    }

    /// Whether the operation is an update that moves the person to another group.
    pub fn moves(&self) -> bool {
        self.kind() == OperationKind::Update && self.changes().iter().any(|change| change.kind == ChangeKind::Group)
    }

    /// The kind together with the set of its paths: the name of a canary.
    pub fn canary(&self) -> String {
        let mut paths: Vec<String> = self.changes().iter().map(|change| change.path.to_string()).collect();
        paths.sort();
        format!("{} {}", self.kind().as_str(), paths.join(" ")).trim_end().to_owned()
    }

    /// The operation as JSON: the form in reports and in approvals. Approvals compare it word for word.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "kind": self.kind().as_str(),
            "okta_id": self.okta_id,
            "haiilo_id": self.haiilo_id(),
            "user_name": self.user_name,
            "changes": self.changes().iter().map(Change::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Change {
    /// The attributes that a write of this change affects, in the form of [`AttributePath::flat`].
    pub fn touches(&self) -> Vec<String> {
        let mut paths = vec![self.path.reference().as_ref().unwrap_or(&self.path).flat()];
        if let (Element::ToBeAdded, Some((_, template))) = (self.element, self.path.element()) {
            let flat = self.path.flat();
            let element = flat.rsplit_once('.').map_or(flat.as_str(), |(element, _)| element);
            paths.extend(template.keys().map(|name| format!("{element}.{}", name.to_ascii_lowercase())));
        }
        paths
    }

    /// The change as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_json);
        json!({"path": self.path.to_string(), "from": json(&self.from), "to": json(&self.to)})
    }
}

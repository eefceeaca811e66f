//! The rules of a mapping, as configured.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::scim::path::AttributePath;
use crate::scim::value::Compare;

/// Lookup tables by name.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// When a rule is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Only to new accounts.
    Create,
    /// Always.
    CreateAndUpdate,
}

/// What an empty result of an expression means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenEmpty {
    /// The account keeps its value.
    Leave,
    /// The attribute is cleared.
    Clear,
    /// The person is held.
    Hold,
}

/// What an attribute may hold, and what it means in the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// One text.
    Text,
    /// The exact name of a group that must exist: Advocacy's `country`.
    Group,
    /// The name of a team. The product makes the team if it is new: Advocacy's `locality` and `region`. Several spaces become one space, so
    /// a typing error makes no second team.
    Team,
    /// The Haiilo id of another person. The text names that person by Okta id, userName or employee number.
    Person,
    /// A text, a boolean or a list: a profile field of the intranet. It exists where an administrator has made it.
    ProfileField,
    /// A text, a boolean or a list: an attribute that we know nothing about.
    Any,
}

/// One rule, as configured.
#[derive(Clone, Debug)]
pub struct RuleSpec {
    /// The attribute of the account.
    pub path: AttributePath,
    /// The expression.
    pub value: String,
    /// How the two sides are compared.
    pub compare: Compare,
    /// When the rule is applied.
    pub on: On,
    /// What an empty result means.
    pub when_empty: WhenEmpty,
    /// What the attribute may hold.
    pub kind: AttributeKind,
}

/// A mapping, as configured.
#[derive(Clone, Debug)]
pub struct MappingSpec {
    /// One rule for each attribute.
    pub rules: Vec<RuleSpec>,
    /// The tables of `lookup`.
    pub tables: Tables,
    /// `people.include`.
    pub include: Option<String>,
    /// `people.employee_number`: the attribute of `user` that identifies one human with two Okta users.
    pub employee_number: Option<CompactString>,
}

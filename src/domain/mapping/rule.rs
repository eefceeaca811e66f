//! The rules of a mapping as the configuration gives them.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::scim::path::AttributePath;
use crate::scim::value::Compare;

/// Lookup tables by name.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// When a rule is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum On {
    /// To new accounts alone.
    Create,
    /// Always.
    CreateAndUpdate,
}

/// What an expression that yields nothing means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenEmpty {
    /// The account keeps what it has.
    Leave,
    /// The attribute is cleared.
    Clear,
    /// The person is held.
    Hold,
}

/// What an attribute may hold, and what it means to the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeKind {
    /// One text.
    Text,
    /// The name of a group that must exist, letter by letter: Advocacy's `country`.
    Group,
    /// The name of a team, made by the product when it is new: Advocacy's `locality` and `region`. Runs of spaces become one space, so
    /// that a slip of the keyboard makes no second team.
    Team,
    /// The Haiilo id of somebody else, whom the text names: by Okta id, userName or employee number.
    Person,
    /// A text, a boolean or a list: a profile field of the intranet, which is there where an administrator has made it.
    ProfileField,
    /// A text, a boolean or a list: an attribute that we know nothing about.
    Any,
}

/// One rule as the configuration gives it.
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
    /// What nothing means.
    pub when_empty: WhenEmpty,
    /// What the attribute may hold.
    pub kind: AttributeKind,
}

/// A mapping as the configuration gives it.
#[derive(Clone, Debug)]
pub struct MappingSpec {
    /// One rule for each attribute.
    pub rules: Vec<RuleSpec>,
    /// The tables of `lookup`.
    pub tables: Tables,
    /// `people.include`.
    pub include: Option<String>,
    /// `people.employee_number`: the attribute of `user` by which one human with two Okta users is recognized.
    pub employee_number: Option<CompactString>,
}

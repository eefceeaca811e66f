//! The variables of an expression: `user`, `appuser` and `assignment`, from one assignment as it was read.
//!
//! The interpreter never sees null or "". An attribute that is missing, null or empty is *undefined*, so `or`, `default`, `trim` and `~`
//! treat all three in the same way. If a null reached a filter, the filter would return the text "None".

use std::collections::BTreeSet;
use std::sync::Arc;

use compact_str::CompactString;
use minijinja::Value;
use minijinja::value::Object;

use crate::model::assignment::{Assignment, Profile, ProfileValue};
use crate::model::ids::UserName;
use crate::model::word::Word as _;

/// The attributes of `assignment`.
const OF_ASSIGNMENT: [&str; 4] = ["id", "user_name", "status", "via"];

/// Where an expression reads an attribute from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Root {
    /// The profile of the Okta user.
    User,
    /// The profile of the assignment, from Okta's own profile mappings.
    AppUser,
    /// The assignment itself.
    Assignment,
}

impl Root {
    fn parse(name: &str) -> Option<Self> {
        [Self::User, Self::AppUser, Self::Assignment].into_iter().find(|root| root.as_str() == name)
    }
}

/// One attribute that an expression reads, such as `user.firstName`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Read {
    pub(super) root: Root,
    pub(super) name: CompactString,
}

impl Read {
    /// Parses a name from `Expression::undeclared_variables(true)`, or a plain path. The error says what is wrong with it.
    pub(super) fn parse(variable: &str) -> Result<Self, String> {
        let (root, name) = match variable.split_once('.') {
            Some((root, name)) => (root, Some(name)),
            None => (variable, None),
        };
        let Some(root) = Root::parse(root) else {
            return Err(format!("unknown name `{root}`; write user, appuser or assignment"));
        };
        let Some(name) = name else {
            return Err(format!(
                "`{0}` needs the name of an attribute; write it with a dot, as in `{0}.id`, subscripts are not possible",
                root.as_str()
            ));
        };
        if name.contains('.') {
            return Err(format!(
                "`{variable}`: an attribute of Okta holds no attributes and has no methods; use a filter, as in \
                 `user.email | before('@')`"
            ));
        }
        if root == Root::Assignment && !OF_ASSIGNMENT.contains(&name) {
            return Err(format!("unknown attribute `assignment.{name}`; use one of {}", OF_ASSIGNMENT.join(", ")));
        }
        Ok(Self { root, name: name.into() })
    }

    /// The value of the attribute, or `None` where it is missing or empty.
    pub(super) fn of(&self, assignment: &Assignment) -> Option<ProfileValue> {
        match self.root {
            Root::User => assignment.user.as_ref()?.profile.get(&self.name).cloned(),
            Root::AppUser => assignment.app_profile.get(&self.name).cloned(),
            Root::Assignment => of_assignment(assignment, &self.name).map(|text| ProfileValue::Text(text.into())),
        }
    }

    /// Whether the attribute exists and is not empty.
    pub(super) fn is_present(&self, assignment: &Assignment) -> bool {
        match self.root {
            Root::User => assignment.user.as_ref().is_some_and(|user| user.profile.get(&self.name).is_some()),
            Root::AppUser => assignment.app_profile.get(&self.name).is_some(),
            Root::Assignment => of_assignment(assignment, &self.name).is_some(),
        }
    }
}

/// The attributes that a mapping reads from Okta's two profiles. Other attributes are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Names of attributes of the Okta user.
    pub user: BTreeSet<CompactString>,
    /// Names of attributes of the assignment's own profile.
    pub app_user: BTreeSet<CompactString>,
}

fn of_assignment<'a>(assignment: &'a Assignment, name: &str) -> Option<&'a str> {
    match name {
        "id" => Some(assignment.id.as_str()),
        "user_name" => assignment.user_name.as_ref().map(UserName::as_str).filter(|name| !name.is_empty()),
        "status" => Some(assignment.status.as_str()),
        "via" => Some(assignment.via.as_str()),
        _ => None,
    }
}

/// The names that an expression may begin with.
#[derive(Debug)]
pub(super) struct Names(pub(super) Arc<Assignment>);

impl Object for Names {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let root = Root::parse(key)?;
        Some(Value::from_object(ProfileNames { root, assignment: Arc::clone(&self.0) }))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
}

#[derive(Debug)]
struct ProfileNames {
    root: Root,
    assignment: Arc<Assignment>,
}

impl Object for ProfileNames {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let in_profile = |profile: &Profile| profile.get(key).map(to_value);
        match self.root {
            Root::User => in_profile(&self.assignment.user.as_ref()?.profile),
            Root::AppUser => in_profile(&self.assignment.app_profile),
            Root::Assignment => of_assignment(&self.assignment, key).map(Value::from),
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
}

fn to_value(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Text(text) => Value::from(text.as_str()),
        ProfileValue::Flag(flag) => Value::from(*flag),
        ProfileValue::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(fraction)) => Value::from(fraction),
            (None, None) => Value::from(number.to_string()),
        },
        ProfileValue::List(items) => items.iter().map(to_value).collect(),
        // A mapping never accepts a map as a result, so the person is held.
        ProfileValue::Odd => Value::from_iter([("", "")]),
    }
}

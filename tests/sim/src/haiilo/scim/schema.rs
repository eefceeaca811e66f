//! The attributes of a User, as RFC 7643 sections 4.1 and 4.3 define them: names, types, and what a client may write.
//!
//! One table serves the discovery documents, the spelling of names in writes, and the check of types.

use crate::haiilo::scim::text::{Attributes, NameCase, is_unassigned, key_of};
use serde_json::{Value, json};

/// The core User schema.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The enterprise extension.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The core Group schema.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// A list.
pub(crate) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A PATCH.
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// An error.
pub(crate) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The type of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    Flag,
    Binary,
    Reference(&'static [&'static str]),
    Complex(&'static [Attribute]),
}

/// One value or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
    One,
    List,
}

/// Who writes and who reads a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
    WriteOnly,
    /// Written with the rest of its value, and never changed.
    Immutable,
}

/// Whether a resource must have the value, and whether no two may share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Optional,
    RequiredAndUnique,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) many: Many,
    pub(crate) access: Access,
    pub(crate) need: Need,
}

const fn of(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind, many: Many::One, access: Access::ReadWrite, need: Need::Optional }
}

const fn text(name: &'static str) -> Attribute {
    of(name, Kind::Text)
}

const fn list(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute { many: Many::List, ..of(name, Kind::Complex(parts)) }
}

const TYPED: &[Attribute] = &[text("value"), text("display"), text("type"), of("primary", Kind::Flag)];

/// The attributes of the core User.
pub(crate) const USER_ATTRIBUTES: &[Attribute] = &[
    Attribute { need: Need::RequiredAndUnique, ..text("userName") },
    of(
        "name",
        Kind::Complex(&[
            text("formatted"),
            text("familyName"),
            text("givenName"),
            text("middleName"),
            text("honorificPrefix"),
            text("honorificSuffix"),
        ]),
    ),
    text("displayName"),
    text("nickName"),
    of("profileUrl", Kind::Reference(&["external"])),
    text("title"),
    text("userType"),
    text("preferredLanguage"),
    text("locale"),
    text("timezone"),
    of("active", Kind::Flag),
    Attribute { access: Access::WriteOnly, ..text("password") },
    list("emails", TYPED),
    list("phoneNumbers", TYPED),
    list("ims", TYPED),
    list(
        "photos",
        &[of("value", Kind::Reference(&["external"])), text("display"), text("type"), of("primary", Kind::Flag)],
    ),
    list(
        "addresses",
        &[
            text("formatted"),
            text("streetAddress"),
            text("locality"),
            text("region"),
            text("postalCode"),
            text("country"),
            text("type"),
            of("primary", Kind::Flag),
        ],
    ),
    list("entitlements", TYPED),
    list("roles", TYPED),
    list("x509Certificates", &[of("value", Kind::Binary), text("display"), text("type"), of("primary", Kind::Flag)]),
];

/// The attributes of the enterprise extension.
pub(crate) const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    of(
        "manager",
        Kind::Complex(&[
            text("value"),
            of("$ref", Kind::Reference(&["User"])),
            Attribute { access: Access::ReadOnly, ..text("displayName") },
        ]),
    ),
];

/// The groups of a user, which a server shows that has some (RFC 7643 4.1.2).
pub(crate) const GROUPS_OF_USER: Attribute = Attribute {
    access: Access::ReadOnly,
    ..list(
        "groups",
        &[
            Attribute { access: Access::ReadOnly, ..text("value") },
            Attribute { access: Access::ReadOnly, ..text("display") },
            Attribute { access: Access::ReadOnly, ..text("type") },
        ],
    )
};

/// The name of a group (RFC 7643 4.2).
pub(crate) const GROUP_NAME: Attribute = Attribute { need: Need::RequiredAndUnique, ..text("displayName") };

/// The members of a group (RFC 7643 4.2).
pub(crate) const MEMBERS: Attribute = list(
    "members",
    &[
        MEMBER_VALUE,
        MEMBER_REFERENCE,
        Attribute { access: Access::ReadOnly, ..text("display") },
        Attribute { access: Access::ReadOnly, ..text("type") },
    ],
);

/// The members of a group on a server that shows no more of them than what a client sends.
pub(crate) const BARE_MEMBERS: Attribute = list("members", &[MEMBER_VALUE, MEMBER_REFERENCE]);

const MEMBER_VALUE: Attribute = Attribute { access: Access::Immutable, ..text("value") };
const MEMBER_REFERENCE: Attribute = Attribute { access: Access::Immutable, ..of("$ref", Kind::Reference(&["User"])) };

/// The description of a group, which is none of SCIM's own attributes.
pub(crate) const DESCRIPTION: Attribute = text("description");

/// The attributes that every resource has, as far as a client writes them (RFC 7643 3.1).
const COMMON: &[Attribute] = &[text("externalId")];

/// What only the server writes.
const SERVERS_OWN: &[&str] = &["id", "meta", "groups"];

fn known(table: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    table.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// The attribute of a User with this name, whatever its letters.
pub(crate) fn attribute(name: &str) -> Option<&'static Attribute> {
    known(USER_ATTRIBUTES, name).or_else(|| known(COMMON, name))
}

/// Whether only the server writes this attribute.
pub(crate) fn is_servers_own(name: &str) -> bool {
    SERVERS_OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// Writes every name as the schema or, for names that it does not know, as `before` has it; drops nothing-values, what only the server
/// writes, and what is never returned (a password serves no purpose here).
pub(crate) fn spelled(sent: &Attributes, before: Option<&Attributes>) -> Attributes {
    let mut spelled = Attributes::new();
    for (name, value) in sent {
        if is_servers_own(name) || is_unassigned(value) {
            continue;
        }
        let attribute = attribute(name);
        if attribute.is_some_and(|attribute| attribute.access == Access::WriteOnly) {
            continue;
        }
        let held = before.and_then(|before| key_of(before, name, NameCase::Ignored));
        let (name, parts) = match (attribute, held) {
            (Some(attribute), _) => (attribute.name, parts_of(attribute)),
            (None, _) if name.eq_ignore_ascii_case(ENTERPRISE) => (ENTERPRISE, ENTERPRISE_ATTRIBUTES),
            (None, _) if name.eq_ignore_ascii_case("schemas") => ("schemas", &[][..]),
            (None, Some(held)) => (held, &[][..]),
            (None, None) => (name.as_str(), &[][..]),
        };
        let value = spelled_value(value, parts);
        if !is_unassigned(&value) {
            spelled.insert(name.to_owned(), value);
        }
    }
    spelled
}

fn parts_of(attribute: &Attribute) -> &'static [Attribute] {
    match attribute.kind {
        Kind::Complex(parts) => parts,
        _ => &[],
    }
}

/// The same within a value.
pub(crate) fn spelled_value(value: &Value, parts: &'static [Attribute]) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.iter().map(|value| spelled_value(value, parts)).collect()),
        Value::Object(map) => {
            let mut spelled = Attributes::new();
            for (name, value) in map {
                let attribute = known(parts, name);
                let name = attribute.map_or(name.as_str(), |attribute| attribute.name);
                let value = spelled_value(value, attribute.map_or(&[], parts_of));
                if !is_unassigned(&value) {
                    spelled.insert(name.to_owned(), value);
                }
            }
            Value::Object(spelled)
        }
        other => other.clone(),
    }
}

/// What is wrong with the types, if anything.
pub(crate) fn misfit(attributes: &Attributes) -> Option<String> {
    attributes.iter().find_map(|(name, value)| {
        if name == ENTERPRISE {
            return match value {
                Value::Object(inner) => inner
                    .iter()
                    .find_map(|(name, value)| known(ENTERPRISE_ATTRIBUTES, name).and_then(|it| wrong(it, value))),
                _ => Some(format!("{name} is an object")),
            };
        }
        attribute(name).and_then(|attribute| wrong(attribute, value))
    })
}

fn wrong(attribute: &Attribute, value: &Value) -> Option<String> {
    let name = attribute.name;
    match (attribute.many, value) {
        (Many::List, Value::Array(list)) => list.iter().find_map(|value| wrong_one(attribute, value)),
        (Many::List, _) => Some(format!("{name} is a list")),
        (Many::One, value) => wrong_one(attribute, value),
    }
}

fn wrong_one(attribute: &Attribute, value: &Value) -> Option<String> {
    let name = attribute.name;
    match (attribute.kind, value) {
        (Kind::Complex(parts), Value::Object(map)) => {
            map.iter().find_map(|(part, value)| known(parts, part).and_then(|it| wrong(it, value)))
        }
        (Kind::Complex(_), _) => Some(format!("{name} is an object")),
        (Kind::Flag, Value::Bool(_)) | (Kind::Text | Kind::Binary | Kind::Reference(_), Value::String(_)) => None,
        (Kind::Flag, _) => Some(format!("{name} is true or false")),
        (Kind::Text | Kind::Binary | Kind::Reference(_), _) => Some(format!("{name} is a text")),
    }
}

/// A text of this name as the `Schemas` endpoint shows it.
pub(crate) fn shown_text(name: &str) -> Value {
    let mut shown = shown(&text("text"));
    shown["name"] = json!(name);
    shown["description"] = json!(name);
    shown
}

/// The attribute as the `Schemas` endpoint shows it (RFC 7643 7).
pub(crate) fn shown(attribute: &Attribute) -> Value {
    let access = match attribute.access {
        Access::ReadWrite => "readWrite",
        Access::ReadOnly => "readOnly",
        Access::WriteOnly => "writeOnly",
        Access::Immutable => "immutable",
    };
    let (required, uniqueness) = match attribute.need {
        Need::Optional => (false, "none"),
        Need::RequiredAndUnique => (true, "server"),
    };
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Binary => "binary",
        Kind::Reference(_) => "reference",
        Kind::Complex(_) => "complex",
    };
    let mut shown = json!({
        "name": attribute.name,
        "type": kind,
        "multiValued": attribute.many == Many::List,
        "description": format!("The {} of the user", attribute.name),
        "required": required,
        "mutability": access,
        "returned": if attribute.access == Access::WriteOnly { "never" } else { "default" },
    });
    let map = shown.as_object_mut().expect("the macro above makes an object");
    match attribute.kind {
        Kind::Complex(parts) => {
            map.insert("subAttributes".to_owned(), parts.iter().map(self::shown).collect());
        }
        Kind::Text | Kind::Binary => {
            map.insert("caseExact".to_owned(), Value::Bool(matches!(attribute.kind, Kind::Binary)));
            map.insert("uniqueness".to_owned(), Value::from(uniqueness));
        }
        Kind::Reference(types) => {
            map.insert("caseExact".to_owned(), Value::Bool(true));
            map.insert("uniqueness".to_owned(), Value::from(uniqueness));
            map.insert("referenceTypes".to_owned(), Value::from(types.to_vec()));
        }
        Kind::Flag => {}
    }
    shown
}

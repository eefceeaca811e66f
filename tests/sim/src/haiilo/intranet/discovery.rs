//! How an intranet describes itself (RFC 7643 5 to 7): users with their profile fields, and groups.

use crate::haiilo::intranet::fields::{self, CORE};
use crate::haiilo::manner::{Container, Directory, Kept, MemberShape};
use crate::haiilo::scim::discovery;
use crate::haiilo::scim::schema::{
    self, BARE_MEMBERS, DESCRIPTION, ENTERPRISE, ENTERPRISE_ATTRIBUTES, GROUP, GROUP_NAME, GROUPS_OF_USER, MEMBERS,
    USER, USER_ATTRIBUTES,
};
use serde_json::Value;

/// The types of resources.
pub(crate) fn resource_types(directory: &Directory, base: &str) -> Vec<Value> {
    let mut extensions = vec![ENTERPRISE];
    if let Container::Extension(urn) = &directory.container {
        extensions.push(urn);
    }
    vec![discovery::resource_type(base, "User", USER, &extensions), discovery::resource_type(base, "Group", GROUP, &[])]
}

/// The schemas.
pub(crate) fn schemas(directory: &Directory, base: &str) -> Vec<Value> {
    let known = USER_ATTRIBUTES.iter().filter(|attribute| CORE.contains(&attribute.name));
    let mut user: Vec<Value> = known.chain([&GROUPS_OF_USER]).map(schema::shown).collect();
    let profile: Vec<Value> = fields::names(directory).map(|name| schema::shown_text(&name)).collect();
    let enterprise: Vec<Value> = ENTERPRISE_ATTRIBUTES.iter().map(schema::shown).collect();
    let description = (directory.descriptions == Kept::Kept).then_some(&DESCRIPTION);
    let members = match directory.member {
        MemberShape::Whole => &MEMBERS,
        MemberShape::Bare => &BARE_MEMBERS,
    };
    let group: Vec<Value> = [&GROUP_NAME, members].into_iter().chain(description).map(schema::shown).collect();
    let mut extension = None;
    match &directory.container {
        Container::TopLevel => user.extend(profile),
        Container::Extension(urn) => extension = Some(discovery::schema(base, urn, "Profile", &profile)),
    }
    let mut schemas = vec![
        discovery::schema(base, USER, "User", &user),
        discovery::schema(base, ENTERPRISE, "EnterpriseUser", &enterprise),
        discovery::schema(base, GROUP, "Group", &group),
    ];
    schemas.extend(extension);
    schemas
}

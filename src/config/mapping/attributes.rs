//! What a product accepts from a mapping: which attributes, and what they mean there.
//!
//! Follows "Managing users with SCIM provisioning" of the Advocacy knowledge base. The names of the attributes are printed there without
//! their SCIM paths. So each place is accepted in which servers of that kind keep a country, a locality and a region.

use compact_str::CompactString;

use crate::domain::mapping::{AttributeKind, On, RuleSpec, WhenEmpty};
use crate::domain::model::policy::Product;
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Compare;

/// The attributes of an Advocacy account, apart from those of an address.
const ADVOCACY: &str = "userName, name.givenName, name.familyName";

/// The attributes of an address, and what they mean to Advocacy.
const ADVOCACY_ADDRESS: [(&str, AttributeKind); 3] =
    [("country", AttributeKind::Group), ("locality", AttributeKind::Team), ("region", AttributeKind::Team)];

/// The paths at which an address may be.
const ADDRESSES: [&str; 3] = ["addresses[type eq \"work\"].", "addresses[primary eq true].", ""];

/// What may never be mapped, and why.
const UNMAPPABLE: [(&str, &str); 6] = [
    ("active", "who has an account follows from the assignment in Okta"),
    ("id", "Haiilo alone gives ids"),
    ("password", "passwords are never sent"),
    ("groups", "SCIM has no groups of a user that could be set"),
    ("meta", "Haiilo alone writes it"),
    ("schemas", "it is written as needed"),
];

/// The attributes of a person in the intranet (RFC 7643, 4.1), apart from those with elements.
const INTRANET: &str = "userName, externalId, name.givenName, name.familyName, name.middleName, name.formatted, \
    name.honorificPrefix, name.honorificSuffix, displayName, nickName, title, userType, preferredLanguage, locale, timezone";

/// Attributes with elements, each of which a filter names, and what an element holds.
const INTRANET_ELEMENTS: [(&str, &[&str]); 3] = [
    ("emails", &["value"]),
    ("phoneNumbers", &["value"]),
    ("addresses", &["formatted", "streetAddress", "locality", "region", "postalCode", "country"]),
];

/// The enterprise extension (RFC 7643, 4.3), and its attributes.
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const OF_ENTERPRISE: [&str; 5] = ["employeeNumber", "costCenter", "organization", "division", "department"];

/// What the names of profile fields begin with.
const PROFILE_FIELD: &str = "profileField_";

/// Where the intranet keeps profile fields; its documents do not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) enum ProfileFields {
    /// Beside the other attributes.
    Top,
    /// In an extension with this URN.
    Below(CompactString),
}

/// What a mapping is for.
#[derive(Clone, Debug)]
pub(in crate::config) struct MappingTarget {
    pub(in crate::config) product: Product,
    pub(in crate::config) profile_fields: ProfileFields,
}

impl MappingTarget {
    /// The path as the server knows it: a profile field in its container.
    pub(super) fn placed(&self, path: AttributePath) -> AttributePath {
        match &self.profile_fields {
            ProfileFields::Below(urn) if is_profile_field(&path) && path.urn().is_none() => {
                AttributePath::parse(&format!("{urn}:{path}")).expect("a URN and a path, which are checked, are a path")
            }
            ProfileFields::Below(_) | ProfileFields::Top => path,
        }
    }

    /// What an attribute means to the product; `fallback` is for one that it does not know. The error says what would be right.
    pub(super) fn kind(&self, path: &AttributePath, fallback: Option<AttributeKind>) -> Result<AttributeKind, String> {
        if let Some(why) = unmappable(path) {
            return Err(why);
        }
        let known = match self.product {
            Product::Advocacy => kind_in_advocacy(path),
            Product::Intranet => kind_in_the_intranet(path),
        };
        known.or(fallback).ok_or_else(|| {
            let (title, attributes) = (self.product.title(), attributes(self.product));
            format!(
                "is no attribute of {title}, which has {attributes}; take the rule out, or write unsupported = \"send\" in it"
            )
        })
    }

    /// The rule that every mapping of the product has, unless it says otherwise: the intranet's accounts bear the id of their Okta user.
    pub(super) fn own_rule(&self, is_mapped: impl Fn(&AttributePath) -> bool) -> Option<RuleSpec> {
        let path = AttributePath::parse("externalId").expect("the name of an attribute is a path");
        let is_own = self.product == Product::Intranet && !is_mapped(&path);
        is_own.then(|| RuleSpec {
            path,
            value: "assignment.id".to_owned(),
            compare: Compare::Exact,
            on: On::CreateAndUpdate,
            when_empty: WhenEmpty::Leave,
            kind: AttributeKind::Text,
        })
    }
}

fn is_profile_field(path: &AttributePath) -> bool {
    let name = path.last();
    name.len() > PROFILE_FIELD.len() && name.starts_with(PROFILE_FIELD) && path.element().is_none()
}

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// What an attribute means to Advocacy; nothing where it does not know the attribute.
fn kind_in_advocacy(path: &AttributePath) -> Option<AttributeKind> {
    let is = |text: &str| AttributePath::parse(text).as_ref() == Ok(path);
    if ADVOCACY.split(", ").any(is) {
        return Some(AttributeKind::Text);
    }
    let of_address = |name: &str| ADDRESSES.iter().any(|address| is(&format!("{address}{name}")));
    ADVOCACY_ADDRESS.iter().find(|(name, _)| of_address(name)).map(|(_, kind)| *kind)
}

/// What an attribute means to the intranet; nothing where it does not know the attribute.
fn kind_in_the_intranet(path: &AttributePath) -> Option<AttributeKind> {
    let is = |text: &str| AttributePath::parse(text).as_ref() == Ok(path);
    if is_profile_field(path) {
        return Some(AttributeKind::ProfileField);
    }
    if is(&format!("{ENTERPRISE}:manager.value")) {
        return Some(AttributeKind::Person);
    }
    let in_extension = OF_ENTERPRISE.iter().any(|name| is(&format!("{ENTERPRISE}:{name}")));
    let in_element = || {
        let (element, _) = path.element()?;
        let (_, names) = INTRANET_ELEMENTS.iter().find(|(name, _)| element.eq_ignore_ascii_case(name))?;
        names.iter().find(|name| path.last_of_element().eq_ignore_ascii_case(name))
    };
    let is_text = INTRANET.split(", ").any(is) || in_extension || in_element().is_some();
    is_text.then_some(AttributeKind::Text)
}

/// The attributes of the product, for messages.
fn attributes(product: Product) -> String {
    match product {
        Product::Advocacy => {
            let address = ADVOCACY_ADDRESS.iter().map(|(name, _)| format!("{}{name}", ADDRESSES[0]));
            [ADVOCACY.to_owned()].into_iter().chain(address).collect::<Vec<_>>().join(", ")
        }
        Product::Intranet => format!(
            "{INTRANET}, emails[type eq \"work\"].value and the like, {PROFILE_FIELD}NAME, and {ENTERPRISE}:{} or :manager.value",
            OF_ENTERPRISE.join(", :")
        ),
    }
}

/// Why an attribute may never be mapped.
fn unmappable(path: &AttributePath) -> Option<String> {
    if path.urn().is_some_and(|urn| urn.eq_ignore_ascii_case(CORE)) {
        return Some(format!("write the attributes of the core schema without {CORE}"));
    }
    let found = UNMAPPABLE.iter().find(|(name, _)| path.urn().is_none() && path.top().eq_ignore_ascii_case(name));
    found.map(|(_, why)| format!("cannot be mapped: {why}"))
}

#[cfg(test)]
mod tests {
    use super::{MappingTarget, ProfileFields, attributes, kind_in_advocacy, kind_in_the_intranet, unmappable};
    use crate::domain::mapping::AttributeKind;
    use crate::domain::model::policy::Product;
    use crate::domain::scim::path::AttributePath;

    #[track_caller]
    fn check(path: &str, expected: Option<AttributeKind>) {
        let path = AttributePath::parse(path).expect("a path");
        assert_eq!(kind_in_advocacy(&path), expected, "{path}");
    }

    #[test]
    fn what_advocacy_knows() {
        check("userName", Some(AttributeKind::Text));
        check("USERNAME", Some(AttributeKind::Text));
        check("name.givenName", Some(AttributeKind::Text));
        check("name.familyName", Some(AttributeKind::Text));
        for address in ["addresses[type eq \"work\"].", "addresses[primary eq true].", ""] {
            check(&format!("{address}country"), Some(AttributeKind::Group));
            check(&format!("{address}locality"), Some(AttributeKind::Team));
            check(&format!("{address}region"), Some(AttributeKind::Team));
            check(&format!("{address}postalCode"), None);
        }
        check("addresses[type eq \"home\"].country", None);
        check("addresses[primary eq false].country", None);
        check("addresses.country", None);
        check("emails[type eq \"work\"].value", None);
        check("displayName", None);
        check("externalId", None);
        assert_eq!(
            attributes(Product::Advocacy),
            "userName, name.givenName, name.familyName, addresses[type eq \"work\"].country, addresses[type eq \"work\"].locality, \
             addresses[type eq \"work\"].region"
        );
    }

    #[test]
    fn what_the_intranet_knows() {
        let known = |path: &str| kind_in_the_intranet(&AttributePath::parse(path).expect("a path"));
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for path in [
            "userName",
            "externalId",
            "displayName",
            "name.middleName",
            "emails[type eq \"work\"].value",
            "emails[primary eq true].value",
            "addresses[type eq \"home\"].postalCode",
            &format!("{enterprise}:department"),
        ] {
            assert_eq!(known(path), Some(AttributeKind::Text), "{path}");
        }
        assert_eq!(known("profileField_jobTitle"), Some(AttributeKind::ProfileField));
        assert_eq!(known("urn:x:2.0:User:profileField_jobTitle"), Some(AttributeKind::ProfileField));
        assert_eq!(known(&format!("{enterprise}:manager.value")), Some(AttributeKind::Person));
        for path in
            ["profileField_", "ProfileField_jobTitle", "emails", "emails[type eq \"work\"].type", "country", "x"]
        {
            assert_eq!(known(path), None, "{path}");
        }
    }

    #[test]
    fn a_profile_field_stands_in_its_container_and_nothing_else_does() {
        let below =
            MappingTarget { product: Product::Intranet, profile_fields: ProfileFields::Below("urn:x:2.0:User".into()) };
        let placed = |path: &str| below.placed(AttributePath::parse(path).expect("a path")).to_string();
        assert_eq!(placed("profileField_jobTitle"), "urn:x:2.0:User:profileField_jobTitle");
        assert_eq!(placed("urn:y:2.0:User:profileField_jobTitle"), "urn:y:2.0:User:profileField_jobTitle");
        assert_eq!(placed("title"), "title");
    }

    #[test]
    fn what_is_never_mapped() {
        let reason = |path: &str| unmappable(&AttributePath::parse(path).expect("a path"));
        for path in
            ["active", "Active", "id", "password", "groups", "groups[type eq \"x\"].value", "meta.version", "schemas"]
        {
            assert!(reason(path).is_some_and(|why| why.starts_with("cannot be mapped: ")), "{path}");
        }
        assert!(
            reason("urn:ietf:params:scim:schemas:core:2.0:User:active").is_some_and(|why| why.contains("without urn:"))
        );
        assert_eq!(reason("urn:example:2.0:User:active"), None);
        assert_eq!(reason("title"), None);
    }
}

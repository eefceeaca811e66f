//! The org's description, the application, and the two schemas, as JSON documents.
//!
//! Follows `Application`, `UserSchema` and the well-known org metadata of Okta's management API. A schema's base attributes are Okta's;
//! its custom ones are those that some profile has been given.

use crate::okta::state::app::{APP_ID, App, ORG_ID};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The 31 attributes that every org's users have, with their titles.
const BASE: [(&str, &str); 31] = [
    ("login", "Username"),
    ("firstName", "First name"),
    ("lastName", "Last name"),
    ("middleName", "Middle name"),
    ("honorificPrefix", "Honorific prefix"),
    ("honorificSuffix", "Honorific suffix"),
    ("email", "Primary email"),
    ("title", "Title"),
    ("displayName", "Display name"),
    ("nickName", "Nickname"),
    ("profileUrl", "Profile Url"),
    ("secondEmail", "Secondary email"),
    ("mobilePhone", "Mobile phone"),
    ("primaryPhone", "Primary phone"),
    ("streetAddress", "Street address"),
    ("city", "City"),
    ("state", "State"),
    ("zipCode", "Zip code"),
    ("countryCode", "Country code"),
    ("postalAddress", "Postal Address"),
    ("preferredLanguage", "Preferred language"),
    ("locale", "Locale"),
    ("timezone", "Time zone"),
    ("userType", "User type"),
    ("employeeNumber", "Employee number"),
    ("costCenter", "Cost center"),
    ("organization", "Organization"),
    ("division", "Division"),
    ("department", "Department"),
    ("managerId", "ManagerId"),
    ("manager", "Manager"),
];

/// The custom attributes of the org, with their types.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    user: BTreeMap<String, &'static str>,
    app: BTreeMap<String, &'static str>,
}

impl Attributes {
    pub(crate) fn note_user(&mut self, profile: &Map<String, Value>) {
        for (key, value) in profile {
            if !self.user.contains_key(key) && !BASE.iter().any(|(base, _)| base == key) {
                self.user.insert(key.clone(), type_of(value));
            }
        }
    }

    pub(crate) fn note_app(&mut self, key: &str, value: &Value) {
        self.app.insert(key.to_owned(), type_of(value));
    }

    pub(crate) fn user_schema(&self, origin: &str, founded: &str) -> Value {
        let base = BASE.iter().map(|(name, title)| ((*name).to_owned(), attribute(name, title))).collect();
        let required = ["login", "firstName", "lastName", "email"];
        let head = ("user/default", "user", "User");
        schema(origin, founded, head, &base, &required, &custom(&self.user))
    }

    pub(crate) fn app_schema(&self, origin: &str, founded: &str, app: &App) -> Value {
        let mut user_name = attribute("userName", "Username");
        user_name["required"] = json!(true);
        let base = Map::from_iter([("userName".to_owned(), user_name)]);
        let path = format!("apps/{APP_ID}/default");
        let title = format!("{} User", app.label);
        schema(origin, founded, (&path, &app.label, &title), &base, &["userName"], &custom(&self.app))
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Null | Value::String(_) | Value::Object(_) => "string",
    }
}

fn attribute(name: &str, title: &str) -> Value {
    let required = matches!(name, "login" | "firstName" | "lastName" | "email");
    let mut attribute = json!({"title": title, "type": "string"});
    if required {
        attribute["required"] = json!(true);
    }
    attribute["mutability"] = json!("READ_WRITE");
    attribute["scope"] = json!("NONE");
    attribute["permissions"] = json!([{"principal": "SELF", "action": "READ_ONLY"}]);
    attribute["master"] = json!({"type": "PROFILE_MASTER"});
    attribute
}

fn custom(attributes: &BTreeMap<String, &'static str>) -> Map<String, Value> {
    let described = attributes.iter().map(|(name, kind)| {
        let mut attribute = attribute(name, name);
        attribute["type"] = json!(kind);
        (name.clone(), attribute)
    });
    described.collect()
}

fn schema(
    origin: &str,
    founded: &str,
    (path, name, title): (&str, &str, &str),
    base: &Map<String, Value>,
    required: &[&str],
    custom: &Map<String, Value>,
) -> Value {
    json!({
        "id": format!("{origin}/meta/schemas/{path}"),
        "$schema": "http://json-schema.org/draft-04/schema#",
        "name": name,
        "title": title,
        "lastUpdated": founded,
        "created": founded,
        "definitions": {
            "custom": {"id": "#custom", "type": "object", "properties": custom, "required": []},
            "base": {"id": "#base", "type": "object", "properties": base, "required": required},
        },
        "type": "object",
        "properties": {"profile": {"allOf": [{"$ref": "#/definitions/custom"}, {"$ref": "#/definitions/base"}]}},
    })
}

/// What anybody may know of the org.
pub(crate) fn organization(origin: &str) -> Value {
    json!({
        "id": ORG_ID,
        "_links": {"organization": {"href": origin}},
        "pipeline": "idx",
        "settings": {"analyticsCollectionEnabled": false, "bugReportingEnabled": true, "omEnabled": true},
    })
}

/// The application.
pub(crate) fn application(origin: &str, founded: &str, app: &App) -> Value {
    let here = format!("{origin}/api/v1/apps/{APP_ID}");
    let link = format!("{}_link", app.name);
    json!({
        "id": APP_ID,
        "orn": format!("orn:okta:idp:{ORG_ID}:apps:{}:{APP_ID}", app.name),
        "name": app.name,
        "label": app.label,
        "status": app.status,
        "lastUpdated": founded,
        "created": founded,
        "accessibility": {"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
        "visibility": {
            "autoLaunch": false,
            "autoSubmitToolbar": false,
            "hide": {"iOS": false, "web": false},
            "appLinks": {link.as_str(): true},
        },
        "features": app.features,
        "signOnMode": app.sign_on_mode,
        "credentials": {
            "userNameTemplate": {"template": app.user_name_template, "type": "BUILT_IN"},
            "signing": {"kid": "wRejFXWxFlK9nnLozx5qKWQa3fg-simulated"},
        },
        "settings": {
            "app": {},
            "notifications": {"vpn": {"network": {"connection": "DISABLED"}, "message": null, "helpUrl": null}},
            "manualProvisioning": false,
            "implicitAssignment": false,
            "signOn": {"defaultRelayState": null},
        },
        "_links": {
            "self": {"href": here},
            "users": {"href": format!("{here}/users")},
            "groups": {"href": format!("{here}/groups")},
            "deactivate": {"href": format!("{here}/lifecycle/deactivate")},
            "metadata": {"href": format!("{here}/sso/saml/metadata"), "type": "application/xml"},
            "appLinks": [{"name": link, "href": format!("{origin}/home/{}/{APP_ID}", app.name), "type": "text/html"}],
        },
    })
}

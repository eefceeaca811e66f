//! The documents by which a SCIM server describes itself (RFC 7643 5 to 7, RFC 7644 4). They tell of the
//! protocol, not of one product.

use crate::haiilo::manner::{Etag, Filters, Manner, Patch};
use crate::haiilo::scim::schema::{self, ENTERPRISE, ENTERPRISE_ATTRIBUTES, LIST, USER, USER_ATTRIBUTES};
use serde_json::{Value, json};

/// What the server can do.
pub(crate) fn provider_config(manner: &Manner, base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": !matches!(manner.patch, Patch::Unsupported(_)) },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": {
            "supported": manner.filters != Filters::Refused,
            "maxResults": manner.page_cap.unwrap_or(1_000_000),
        },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": manner.etag != Etag::None },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    })
}

/// One type of resources.
pub(crate) fn resource_type(base: &str, name: &str, schema: &str, extensions: &[&str]) -> Value {
    let extensions = extensions.iter().map(|urn| json!({ "schema": urn, "required": false }));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": name,
        "name": name,
        "endpoint": format!("/{name}s"),
        "description": format!("{name} Account"),
        "schema": schema,
        "schemaExtensions": extensions.collect::<Value>(),
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") },
    })
}

/// One schema; the attributes as [`schema::shown`] shows them.
pub(crate) fn schema(base: &str, id: &str, name: &str, attributes: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
    })
}

/// The types of resources of a server that has but users.
pub(crate) fn resource_types(base: &str) -> Vec<Value> {
    vec![resource_type(base, "User", USER, &[ENTERPRISE])]
}

/// The schemas of a server that has but users.
pub(crate) fn schemas(base: &str) -> Vec<Value> {
    [(USER, "User", USER_ATTRIBUTES), (ENTERPRISE, "EnterpriseUser", ENTERPRISE_ATTRIBUTES)]
        .into_iter()
        .map(|(id, name, attributes)| {
            schema(base, id, name, &attributes.iter().map(schema::shown).collect::<Vec<Value>>())
        })
        .collect()
}

/// Documents as a list.
pub(crate) fn list(documents: &[Value]) -> Value {
    json!({
        "schemas": [LIST],
        "totalResults": documents.len(),
        "startIndex": 1,
        "itemsPerPage": documents.len(),
        "Resources": documents,
    })
}

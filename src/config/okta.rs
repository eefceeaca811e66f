//! `[okta]` of the configuration.

use crate::config::reader::Reader;
use crate::config::secret::{self, SecretSources};
use crate::config::settings::{OktaAuth, OktaSettings, PushRule};
use crate::config::values;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    PrivateKeyJwt,
    ApiToken,
}

/// Reads `[okta]`, apart from what is the policy's.
pub(super) fn settings(reader: &mut Reader<'_>, sources: &SecretSources<'_>) -> Option<OktaSettings> {
    let org_url = reader.required(
        "okta.org_url",
        "the address of your Okta organisation, as in \"https://example.okta.com\"",
        values::org_url,
    );
    let app_id = reader.required(
        "okta.app_id",
        "the id of the Haiilo application in Okta, which its address in the Admin Console ends with (0oa…)",
        |entry| {
            let id = values::text(entry)?;
            let is_id = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if is_id { Ok(id) } else { Err("write the id of the application, as in \"0oa1example\"".to_owned()) }
        },
    );
    Some(OktaSettings {
        page_size: reader.with_default("okta.page_size", 500, values::whole(1..=500)),
        link_hosts: reader.list("okta.link_hosts", values::hosts),
        push_is_on: reader.choice("okta.push_is_on", &[("refuse", PushRule::Refuse), ("accept", PushRule::Accept)]),
        rate_limit_share: reader.with_default("okta.rate_limit_share", 0.5, values::number(0.01..=1.0)),
        // The last one that is read: without a value, nothing is read any more.
        auth: auth(reader, sources)?,
        org_url: org_url?,
        app_id: app_id?,
    })
}

fn auth(reader: &mut Reader<'_>, sources: &SecretSources<'_>) -> Option<OktaAuth> {
    let methods = [("private_key_jwt", Method::PrivateKeyJwt), ("api_token", Method::ApiToken)];
    match reader.choice("okta.auth.method", &methods) {
        Method::PrivateKeyJwt => {
            reader.without_effect("okta.auth.token_file", "with method = \"private_key_jwt\"");
            let client_id = reader.required(
                "okta.auth.client_id",
                "the client id of the service app in Okta; with an API token instead, write method = \"api_token\"",
                values::text,
            );
            let key_id = reader.optional("okta.auth.key_id", values::text);
            let private_key = secret::read(reader, sources, "okta.auth.private_key")?;
            Some(OktaAuth::PrivateKeyJwt { client_id: client_id?, key_id, private_key })
        }
        Method::ApiToken => {
            for key in ["okta.auth.client_id", "okta.auth.key_id", "okta.auth.private_key_file"] {
                reader.without_effect(key, "with method = \"api_token\"");
            }
            secret::read(reader, sources, "okta.auth.token").map(OktaAuth::ApiToken)
        }
    }
}

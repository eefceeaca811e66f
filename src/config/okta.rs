//! `[okta]` of the configuration.

use crate::config::reader::Reader;
use crate::config::secret::{self, SecretPlaces};
use crate::config::settings::{OktaAuth, OktaSettings, PushRule};
use crate::config::values;
use crate::domain::model::assignment::{StagedRule, StatusRules, SuspendedRule};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    PrivateKeyJwt,
    ApiToken,
}

/// Reads `[okta]`, apart from the rules for statuses.
pub(super) fn settings(reader: &mut Reader, places: &SecretPlaces<'_>) -> Option<OktaSettings> {
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
    let page_size = reader.or("okta.page_size", 500, values::whole(1..=500));
    let link_hosts = reader.or("okta.link_hosts", Vec::new(), values::hosts);
    let push_is_on = reader.or(
        "okta.push_is_on",
        PushRule::Refuse,
        values::choice(&[("refuse", PushRule::Refuse), ("accept", PushRule::Accept)]),
    );
    let rate_limit_share = reader.or("okta.rate_limit_share", 0.5, values::number(0.01..=1.0));
    let auth = auth(reader, places);
    Some(OktaSettings {
        org_url: org_url?,
        app_id: app_id?,
        page_size,
        link_hosts,
        push_is_on,
        rate_limit_share,
        auth: auth?,
    })
}

/// Reads `okta.suspended` and `okta.staged`.
pub(super) fn statuses(reader: &mut Reader) -> StatusRules {
    let suspended = reader.or(
        "okta.suspended",
        SuspendedRule::Keep,
        values::choice(&[("keep", SuspendedRule::Keep), ("leaver", SuspendedRule::Leaver)]),
    );
    let staged = reader.or(
        "okta.staged",
        StagedRule::Skip,
        values::choice(&[("skip", StagedRule::Skip), ("provision", StagedRule::Provision)]),
    );
    StatusRules { suspended, staged }
}

fn auth(reader: &mut Reader, places: &SecretPlaces<'_>) -> Option<OktaAuth> {
    let method = reader.or(
        "okta.auth.method",
        Method::PrivateKeyJwt,
        values::choice(&[("private_key_jwt", Method::PrivateKeyJwt), ("api_token", Method::ApiToken)]),
    );
    match method {
        Method::PrivateKeyJwt => {
            reader.without_effect("okta.auth.token_file", "with method = \"private_key_jwt\"");
            let client_id = reader.required(
                "okta.auth.client_id",
                "the client id of the service app in Okta; with an API token instead, write method = \"api_token\"",
                values::text,
            );
            let key_id = reader.optional("okta.auth.key_id", values::text);
            let private_key = secret::read(reader, places, &secret::OKTA_PRIVATE_KEY);
            Some(OktaAuth::PrivateKeyJwt { client_id: client_id?, key_id, private_key: private_key? })
        }
        Method::ApiToken => {
            for key in ["okta.auth.client_id", "okta.auth.key_id", "okta.auth.private_key_file"] {
                reader.without_effect(key, "with method = \"api_token\"");
            }
            secret::read(reader, places, &secret::OKTA_TOKEN).map(OktaAuth::ApiToken)
        }
    }
}

//! `[haiilo]` of the configuration.

use crate::config::reader::Reader;
use crate::config::secret::{self, Places};
use crate::config::settings::{HaiiloSettings, TokenForm, UpdateMethod};
use crate::config::values;
use crate::domain::ids::UserName;
use crate::domain::policy::{MissingRule, Product};

/// Reads `haiilo.product`.
pub(super) fn product(reader: &mut Reader) -> Option<Product> {
    reader.required("haiilo.product", "write \"advocacy\"", |entry| match values::text(entry).as_deref() {
        Ok("intranet") => Err("this version serves Haiilo Advocacy alone; write \"advocacy\"".to_owned()),
        _ => values::choice(&[(Product::Advocacy.as_str(), Product::Advocacy)])(entry),
    })
}

/// Reads `haiilo.missing`.
pub(super) fn missing(reader: &mut Reader) -> MissingRule {
    reader.or(
        "haiilo.missing",
        MissingRule::Hold,
        values::choice(&[("hold", MissingRule::Hold), ("recreate", MissingRule::Recreate)]),
    )
}

/// Reads `[haiilo]`, apart from what is the policy's.
pub(super) fn settings(reader: &mut Reader, places: &Places<'_>) -> Option<HaiiloSettings> {
    let base_url = reader.required(
        "haiilo.base_url",
        "the address of the SCIM endpoint, as in \"https://example.smarpshare.com/api/scim/v2\"",
        values::base_url,
    );
    let update_method = reader.or(
        "haiilo.update_method",
        UpdateMethod::Patch,
        values::choice(&[("patch", UpdateMethod::Patch), ("put", UpdateMethod::Put)]),
    );
    let page_size = reader.or("haiilo.page_size", 100, values::whole(1..=1_000));
    let concurrency = reader.or("haiilo.concurrency", 2, values::whole(1..=64));
    reader.optional("haiilo.auth.method", |entry| match values::text(entry).as_deref() {
        Ok("client_credentials") => {
            Err("client_credentials is the intranet's, which this version does not serve; write \"access_token\""
                .to_owned())
        }
        _ => values::choice(&[("access_token", ())])(entry),
    });
    let token_form = reader.or(
        "haiilo.auth.token_form",
        TokenForm::Bearer,
        values::choice(&[("bearer", TokenForm::Bearer), ("bare", TokenForm::Bare)]),
    );
    let token_owner = reader.required(
        "haiilo.auth.token_owner",
        "the userName of the account that made the token; the token dies with that account, so that it is never deleted",
        |entry| values::text(entry).map(UserName::new),
    );
    let token = secret::read(reader, places, &secret::HAIILO_TOKEN);
    Some(HaiiloSettings {
        base_url: base_url?,
        update_method,
        page_size,
        concurrency,
        token: token?,
        token_form,
        token_owner: token_owner?,
    })
}

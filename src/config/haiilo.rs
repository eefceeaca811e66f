//! `[haiilo]` of the configuration.

use url::Url;

use crate::config::product::ProfileFields;
use crate::config::reader::Reader;
use crate::config::secret::{self, SecretPlaces};
use crate::config::settings::{ClientAuth, HaiiloAuth, HaiiloSettings, TokenForm, UpdateMethod};
use crate::config::values;
use crate::domain::model::ids::UserName;
use crate::domain::model::policy::{Deprovision, LeaverAction, LeaverRules, MissingRule, Product};
use crate::domain::scim::path::AttributePath;

/// Reads `haiilo.product`.
pub(super) fn product(reader: &mut Reader) -> Option<Product> {
    let products = [Product::Advocacy, Product::Intranet].map(|product| (product.as_str(), product));
    reader.required("haiilo.product", "write \"advocacy\" or \"intranet\"", values::choice(&products))
}

/// Reads `haiilo.profile_fields`.
pub(super) fn profile_fields(reader: &mut Reader, product: Option<Product>) -> ProfileFields {
    if product != Some(Product::Intranet) {
        return ProfileFields::Top;
    }
    reader.or("haiilo.profile_fields", ProfileFields::Top, |entry| {
        let text = values::text(entry)?;
        match text.as_str() {
            "top" => Ok(ProfileFields::Top),
            urn if AttributePath::parse(&format!("{urn}:profileField_x")).is_ok_and(|path| path.urn() == Some(urn)) => {
                Ok(ProfileFields::Below(urn.into()))
            }
            _ => Err("write \"top\", or the URN of the extension in which Haiilo keeps them".to_owned()),
        }
    })
}

/// Reads `haiilo.deprovision_policy`, which must be told before any leaver loses an account.
pub(super) fn deprovision(reader: &mut Reader, product: Option<Product>, leavers: &LeaverRules) -> Deprovision {
    if product != Some(Product::Intranet) {
        return Deprovision::Delete;
    }
    let policies = [Deprovision::Deactivate, Deprovision::Delete].map(|policy| (policy.as_str(), policy));
    let is_set = reader.is_set("haiilo.deprovision_policy");
    let policy = reader.optional("haiilo.deprovision_policy", values::choice(&policies));
    let acts = [leavers.deactivated, leavers.unassigned].iter().any(|action| *action != LeaverAction::Keep);
    if acts && !is_set {
        reader.miss(
            "haiilo.deprovision_policy",
            "[leavers] takes accounts away; write \"deactivate\" or \"delete\", as the user directory in Haiilo says (Administration > User directories)",
        );
    }
    // What is not known is the worse of the two.
    policy.unwrap_or(Deprovision::Delete)
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
pub(super) fn settings(
    reader: &mut Reader,
    places: &SecretPlaces<'_>,
    product: Option<Product>,
) -> Option<HaiiloSettings> {
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
    let auth = match product.unwrap_or(Product::Advocacy) {
        Product::Advocacy => access_token(reader, places),
        Product::Intranet => client_credentials(reader, places, base_url.as_ref()),
    };
    Some(HaiiloSettings { base_url: base_url?, update_method, page_size, concurrency, auth: auth? })
}

fn access_token(reader: &mut Reader, places: &SecretPlaces<'_>) -> Option<HaiiloAuth> {
    reader.optional("haiilo.auth.method", |entry| match values::text(entry).as_deref() {
        Ok("client_credentials") => {
            Err("client_credentials is the intranet's; write \"access_token\", which is Advocacy's".to_owned())
        }
        _ => values::choice(&[("access_token", ())])(entry),
    });
    let form = reader.or(
        "haiilo.auth.token_form",
        TokenForm::Bearer,
        values::choice(&[("bearer", TokenForm::Bearer), ("bare", TokenForm::Bare)]),
    );
    let owner = reader.required(
        "haiilo.auth.token_owner",
        "the userName of the account that made the token; the token dies with that account, so that it is never deleted",
        |entry| values::text(entry).map(UserName::new),
    );
    let token = secret::read(reader, places, &secret::HAIILO_TOKEN);
    Some(HaiiloAuth::AccessToken { token: token?, form, owner: owner? })
}

fn client_credentials(reader: &mut Reader, places: &SecretPlaces<'_>, base_url: Option<&Url>) -> Option<HaiiloAuth> {
    reader.optional("haiilo.auth.method", |entry| match values::text(entry).as_deref() {
        Ok("access_token") => {
            Err("access_token is Advocacy's; write \"client_credentials\", which is the intranet's".to_owned())
        }
        _ => values::choice(&[("client_credentials", ())])(entry),
    });
    let client_id = reader.required(
        "haiilo.auth.client_id",
        "the id of the API client of the user directory (Administration > User directories > API clients)",
        values::text,
    );
    let usual = base_url.and_then(|base| base.join("/api/oauth/token").ok());
    let token_url = reader.optional("haiilo.auth.token_url", values::token_url).or(usual);
    let client_auth = reader.or(
        "haiilo.auth.client_auth",
        ClientAuth::Basic,
        values::choice(&[("basic", ClientAuth::Basic), ("post", ClientAuth::Post)]),
    );
    let client_secret = secret::read(reader, places, &secret::HAIILO_CLIENT_SECRET);
    Some(HaiiloAuth::ClientCredentials {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        client_auth,
    })
}

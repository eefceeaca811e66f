//! `[haiilo]` of the configuration.

use url::Url;

use crate::config::mapping::ProfileFields;
use crate::config::reader::Reader;
use crate::config::secret::{self, SecretSources};
use crate::config::settings::{ClientAuth, HaiiloAuth, HaiiloSettings, TokenForm, UpdateMethod};
use crate::config::values;
use crate::domain::model::ids::UserName;
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::scim::path::AttributePath;

/// How each product knows us.
const ADVOCACY_AUTH: [&str; 2] = ["access_token", "Advocacy's"];
const INTRANET_AUTH: [&str; 2] = ["client_credentials", "the intranet's"];

/// Reads `haiilo.product`.
pub(super) fn product(reader: &mut Reader<'_>) -> Option<Product> {
    let products = [Product::Advocacy, Product::Intranet];
    let words = products.map(|product| (product.as_str(), product.as_str()));
    let word = reader.required("haiilo.product", "write \"advocacy\" or \"intranet\"", values::choice(&words));
    products.into_iter().find(|product| word == Some(product.as_str()))
}

/// Reads `haiilo.profile_fields`.
pub(super) fn profile_fields(reader: &mut Reader<'_>, product: Option<Product>) -> ProfileFields {
    if product != Some(Product::Intranet) {
        return ProfileFields::Top;
    }
    let fields = reader.optional("haiilo.profile_fields", |entry| {
        let text = values::text(entry)?;
        match text.as_str() {
            "top" => Ok(ProfileFields::Top),
            urn if AttributePath::parse(&format!("{urn}:profileField_x")).is_ok_and(|path| path.urn() == Some(urn)) => {
                Ok(ProfileFields::Below(urn.into()))
            }
            _ => Err("write \"top\", or the URN of the extension in which Haiilo keeps them".to_owned()),
        }
    });
    fields.unwrap_or(ProfileFields::Top)
}

/// Reads `[haiilo]`, apart from what is the policy's.
pub(super) fn settings(
    reader: &mut Reader<'_>,
    sources: &SecretSources<'_>,
    product: Option<Product>,
) -> Option<HaiiloSettings> {
    let base_url = reader.required(
        "haiilo.base_url",
        "the address of the SCIM endpoint, as in \"https://example.smarpshare.com/api/scim/v2\"",
        values::base_url,
    );
    let methods = [UpdateMethod::Patch, UpdateMethod::Put].map(|method| (method.as_str(), method));
    Some(HaiiloSettings {
        update_method: reader.choice("haiilo.update_method", &methods),
        page_size: reader.with_default("haiilo.page_size", 100, values::whole(1..=1_000)),
        concurrency: reader.with_default("haiilo.concurrency", 2, values::whole(1..=64)),
        // The last one that is read: without a value, nothing is read any more.
        auth: match product.unwrap_or(Product::Advocacy) {
            Product::Advocacy => access_token(reader, sources)?,
            Product::Intranet => client_credentials(reader, sources, base_url.as_ref())?,
        },
        base_url: base_url?,
    })
}

/// Reads `haiilo.auth.method`, which follows from the product.
fn auth_method(reader: &mut Reader<'_>, [own, owner]: [&'static str; 2], [other, other_owner]: [&str; 2]) {
    reader.optional("haiilo.auth.method", |entry| match values::text(entry) {
        Ok(word) if word == other => Err(format!("{other} is {other_owner}; write {own:?}, which is {owner}")),
        _ => values::choice(&[(own, ())])(entry),
    });
}

fn access_token(reader: &mut Reader<'_>, sources: &SecretSources<'_>) -> Option<HaiiloAuth> {
    auth_method(reader, ADVOCACY_AUTH, INTRANET_AUTH);
    let form = reader.choice("haiilo.auth.token_form", &[("bearer", TokenForm::Bearer), ("bare", TokenForm::Bare)]);
    let owner = reader.required(
        "haiilo.auth.token_owner",
        "the userName of the account that made the token; the token dies with that account, so that it is never deleted",
        |entry| values::text(entry).map(UserName::new),
    );
    let token = secret::read(reader, sources, "haiilo.auth.token")?;
    Some(HaiiloAuth::AccessToken { token, form, owner: owner? })
}

fn client_credentials(
    reader: &mut Reader<'_>,
    sources: &SecretSources<'_>,
    base_url: Option<&Url>,
) -> Option<HaiiloAuth> {
    auth_method(reader, INTRANET_AUTH, ADVOCACY_AUTH);
    let client_id = reader.required(
        "haiilo.auth.client_id",
        "the id of the API client of the user directory (Administration > User directories > API clients)",
        values::text,
    );
    let usual = base_url.and_then(|base| base.join("/api/oauth/token").ok());
    let token_url = reader.optional("haiilo.auth.token_url", values::token_url).or(usual);
    let client_auth =
        reader.choice("haiilo.auth.client_auth", &[("basic", ClientAuth::Basic), ("post", ClientAuth::Post)]);
    let client_secret = secret::read(reader, sources, "haiilo.auth.client_secret")?;
    Some(HaiiloAuth::ClientCredentials { token_url: token_url?, client_id: client_id?, client_secret, client_auth })
}

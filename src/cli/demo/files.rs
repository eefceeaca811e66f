//! The files in the folder of the sandbox: a configuration, a mapping, and the secrets that it names.

use std::path::Path;

use okta_haiilo_sim::{haiilo, okta};

use crate::cli::args::ProductWord;
use crate::config::sample;

/// The name of the configuration.
pub(super) const CONFIGURATION: &str = "okta-haiilo-sync.toml";

/// Every file with its name and its text, which only its owner may read. `origins` are those of Okta and of Haiilo.
pub(super) fn of(product: ProductWord, origins: [&str; 2], folder: &Path) -> [(&'static str, String); 4] {
    let [configuration, mapping] = match product {
        ProductWord::Advocacy => [advocacy(), mapping_of_advocacy()],
        ProductWord::Intranet => [intranet(), mapping_of_the_intranet()],
    };
    let (secret, text) = match product {
        ProductWord::Advocacy => ("credentials/haiilo-token", haiilo::TOKEN),
        ProductWord::Intranet => ("credentials/haiilo-client-secret", haiilo::CLIENT_SECRET),
    };
    [
        (CONFIGURATION, format!("{}{configuration}", ends(product, origins, folder))),
        ("mapping.toml", mapping),
        ("credentials/okta-token", okta::API_TOKEN.to_owned()),
        (secret, text.to_owned()),
    ]
}

/// The beginning of the configuration, with the address of Haiilo at its end.
fn ends(product: ProductWord, [okta, haiilo]: [&str; 2], folder: &Path) -> String {
    let product = match product {
        ProductWord::Advocacy => "advocacy",
        ProductWord::Intranet => "intranet",
    };
    format!(
        r#"# Made by `okta-haiilo-sync demo`: the two addresses are simulated servers on this machine.
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}/credentials"

[mapping]
file = "mapping.toml"

[okta]
org_url = "{okta}"
app_id = "{app_id}"

[okta.auth]
method = "api_token"

[haiilo]
product = "{product}"
base_url = "{haiilo}{base}"
"#,
        folder = folder.display(),
        app_id = okta::APP_ID,
        base = haiilo::BASE,
    )
}

fn advocacy() -> String {
    format!(
        r#"
[haiilo.auth]
method = "access_token"
token_owner = "{owner}"

[leavers]
deactivated = "delete"
unassigned = "keep"
grace = "30d"
"#,
        owner = haiilo::OWNER,
    )
}

fn intranet() -> String {
    format!(
        r#"# What a deactivation does is the policy of the user directory, which no call shows.
deprovision_policy = "deactivate"

[haiilo.auth]
method = "client_credentials"
client_id = "{client}"

[leavers]
deactivated = "deactivate"
unassigned = "keep"
# Nobody wants to wait thirty days for the end of a story.
grace = "1s"

# The groups that are assigned to the Haiilo application in Okta, with their members.
[groups]
enabled = true

# The company is small, and so are its groups.
[limits]
members = {{ percent = 20, floor = 2 }}
"#,
        client = haiilo::CLIENT_ID,
    )
}

fn mapping_of_advocacy() -> String {
    let table = haiilo::GROUPS.map(|(code, name)| format!("{code} = \"{name}\"")).join("\n");
    format!(
        r#"[attributes.userName]
value = "assignment.user_name or user.email"

[attributes."name.givenName"]
value = "user.firstName"

[attributes."name.familyName"]
value = "user.lastName"

# The group in Haiilo: it must exist there, letter by letter.
[attributes."addresses[type eq \"work\"].country"]
value = "user.countryCode | lookup('groups')"

# A team in Haiilo.
[attributes."addresses[type eq \"work\"].locality"]
value = "user.city | trim"

[tables.groups]
{table}
XX = "Atlantis"

[[tests]]
name = "a colleague in Germany"
user = {{ firstName = "Ada", lastName = "Lovelace", email = "ada@example.com", countryCode = "DE" }}
expect = {{ userName = "ada@example.com", "addresses[type eq \"work\"].country" = "Germany" }}
"#
    )
}

/// The sample, with managers.
fn mapping_of_the_intranet() -> String {
    format!(
        r#"{}
# For this company: the login of the manager stands in managerId.
[attributes."urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"]
value = "user.managerId"
"#,
        sample::MAPPING_OF_THE_INTRANET
    )
}

//! The stage: a simulated Okta, a simulated Haiilo, and a configuration that names them, in a folder that is removed afterwards.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use okta_haiilo_sim::haiilo::{self, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::{Server, SimClock};
use tempfile::TempDir;

use crate::cli::context::{Context, Invoker, Progress};
use crate::cli::screen::Screen;
use crate::config::Surroundings;

/// Both servers and the folder.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) okta: Server<Okta>,
    pub(super) haiilo: Server<Haiilo>,
    folder: TempDir,
}

impl Stage {
    /// Starts both servers, without people, and writes the configuration.
    pub(super) async fn set() -> io::Result<Self> {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await?;
        let haiilo = Server::start(Haiilo::advocacy(clock.clone()), clock).await?;
        haiilo.state().set_groups(&haiilo::GROUPS.map(|(_, name)| name));
        let folder = tempfile::Builder::new().prefix("okta-haiilo-sync-demo-").tempdir()?;
        let stage = Self { okta, haiilo, folder };
        stage.write("okta-haiilo-sync.toml", &stage.configuration())?;
        stage.write("mapping.toml", &mapping())?;
        fs::create_dir(stage.path("credentials"))?;
        fs::set_permissions(stage.path("credentials"), fs::Permissions::from_mode(0o700))?;
        stage.write("credentials/okta-token", okta::API_TOKEN)?;
        stage.write("credentials/haiilo-token", haiilo::TOKEN)?;
        Ok(stage)
    }

    /// The configuration file.
    pub(super) fn config(&self) -> PathBuf {
        self.path("okta-haiilo-sync.toml")
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the commands are given.
    pub(super) fn context(&self) -> Context {
        Context {
            config: self.config(),
            surroundings: Surroundings::default(),
            invoker: Invoker { sudo_user: None, uid: None },
            progress: Progress::Hidden,
            screen: Screen::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.path(name), text)?;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600))
    }

    fn configuration(&self) -> String {
        let (okta, haiilo, folder) = (self.okta.origin(), self.haiilo.origin(), self.folder.path().display());
        format!(
            r#"# Made by `okta-haiilo-sync demo`: the two addresses are simulated servers on this machine.
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}/credentials"

[okta]
org_url = "{okta}"
app_id = "{app_id}"

[okta.auth]
method = "api_token"

[haiilo]
product = "advocacy"
base_url = "{haiilo}{base}"

[haiilo.auth]
method = "access_token"
token_owner = "{owner}"

[mapping]
file = "mapping.toml"

[leavers]
deactivated = "delete"
unassigned = "keep"
grace = "30d"
"#,
            app_id = okta::APP_ID,
            base = haiilo::BASE,
            owner = haiilo::OWNER,
        )
    }
}

fn mapping() -> String {
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

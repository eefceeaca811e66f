//! A company on both simulators, which this process serves, and a configuration with which the built program finds them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use okta_haiilo_sim::haiilo::{self, AccountSeed, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::people::person;
use okta_haiilo_sim::{Server, SimClock};
use tempfile::TempDir;

pub(crate) const OKTA_PAGE: u64 = 500;
pub(crate) const HAIILO_PAGE: u64 = 100;

/// How many requests to Haiilo are under way at once where nobody waits for anything.
pub(crate) const CONCURRENCY: usize = 2;

/// Who has an account when a world begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accounts {
    /// Everybody, linked by a first run.
    Everybody,
    /// Nobody.
    Nobody,
}

/// Both servers, a store, and a configuration.
pub(crate) struct World {
    pub(crate) okta: Server<Okta>,
    pub(crate) haiilo: Server<Haiilo>,
    pub(crate) people: u32,
    pub(crate) concurrency: usize,
    folder: TempDir,
}

impl World {
    /// So many people are assigned.
    pub(crate) async fn of(people: u32, accounts: Accounts, concurrency: usize) -> Self {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await.expect("a free port");
        let haiilo = Server::start(Haiilo::advocacy(clock.clone()), clock).await.expect("a free port");
        okta.state().populate(people);
        haiilo.state().set_groups(&haiilo::GROUPS.map(|(_, name)| name));
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { okta, haiilo, people, concurrency, folder };
        world.write("sync.toml", &world.configuration());
        world.write("mapping.toml", &mapping());
        world.write("okta-token", okta::API_TOKEN);
        world.write("haiilo-token", haiilo::TOKEN);
        if accounts == Accounts::Everybody {
            world.haiilo.state().populate((0..people).map(|n| AccountSeed::of(&person(n))));
            let id = world.approval().expect("a first run wants approval");
            let done = world.program(&["sync", "--approve", &id]).output().expect("the program starts");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            assert_eq!(world.plan()["operations"], serde_json::json!([]), "nothing is left to do");
        }
        world
    }

    /// How long each answer takes from now on, of Okta and of Haiilo.
    pub(crate) fn answer_after(&self, okta: Duration, haiilo: Duration) {
        self.okta.set_latency(okta);
        self.haiilo.set_latency(haiilo);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path(name);
        fs::write(&file, text).expect("the folder takes files");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            r#"
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}"
okta = {{ org_url = "{}", app_id = "{}", page_size = {OKTA_PAGE}, auth.method = "api_token" }}
mapping = {{ file = "mapping.toml" }}

[haiilo]
product = "advocacy"
base_url = "{}{}"
page_size = {HAIILO_PAGE}
concurrency = {}
auth = {{ method = "access_token", token_owner = "{}" }}
"#,
            self.okta.origin(),
            okta::APP_ID,
            self.haiilo.origin(),
            haiilo::BASE,
            self.concurrency,
            haiilo::OWNER
        )
    }

    fn plan(&self) -> serde_json::Value {
        let plan = self.program(&["plan", "--format", "json"]).output().expect("the program starts");
        serde_json::from_slice(&plan.stdout).expect("the plan is JSON")
    }

    /// The id under which what is planned can be approved, where that is needed.
    pub(crate) fn approval(&self) -> Option<String> {
        self.plan()["approval_id"].as_str().map(str::to_owned)
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_okta-haiilo-sync"));
        command.arg("--config").arg(self.path("sync.toml")).args(arguments).env_clear();
        command
    }
}

/// The mapping, which is that of the samples.
fn mapping() -> String {
    let groups = haiilo::GROUPS.map(|(code, name)| format!("{code} = \"{name}\"")).join("\n");
    format!(
        r#"
[attributes]
userName = {{ value = "assignment.user_name or user.email" }}
"name.givenName" = {{ value = "user.firstName" }}
"name.familyName" = {{ value = "user.lastName" }}
'addresses[type eq "work"].country' = {{ value = "user.countryCode | lookup('groups')", when_empty = "hold" }}
'addresses[type eq "work"].locality' = {{ value = "user.city | trim" }}

[tables.groups]
{groups}
"#
    )
}

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
use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::domain::model::word::Word as _;
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
    pub(crate) groups: Groups,
    product: Product,
    folder: TempDir,
}

/// Whether the program syncs groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    Left,
    Synced,
}

impl World {
    /// So many people are assigned, and Haiilo is an Advocacy.
    pub(crate) async fn of(people: u32, accounts: Accounts, concurrency: usize) -> Self {
        let world = Self::without_accounts(people, Product::Advocacy, concurrency).await;
        if accounts == Accounts::Everybody {
            world.haiilo.state().populate((0..people).map(|n| AccountSeed::of(&person(n))));
            world.link_everybody();
        }
        world
    }

    /// So many people are assigned, and have accounts in an intranet that bear their ids, linked by a first run.
    pub(crate) async fn intranet(people: u32) -> Self {
        let world = Self::without_accounts(people, Product::Intranet, CONCURRENCY).await;
        for (n, id) in (0..).zip(world.okta.state().assigned()) {
            let mut haiilo = world.haiilo.state();
            let account = haiilo.add_account(AccountSeed::of(&person(n)));
            haiilo.edit(&account, "externalId", id.into());
        }
        world.link_everybody();
        world
    }

    async fn without_accounts(people: u32, product: Product, concurrency: usize) -> Self {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await.expect("a free port");
        let haiilo = match product {
            Product::Advocacy => {
                let mut haiilo = Haiilo::advocacy(clock.clone());
                haiilo.set_groups(&haiilo::GROUPS.map(|(_, name)| name));
                haiilo
            }
            Product::Intranet => Haiilo::intranet(clock.clone()),
        };
        let haiilo = Server::start(haiilo, clock).await.expect("a free port");
        okta.state().populate(people);
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { okta, haiilo, people, concurrency, groups: Groups::Left, product, folder };
        world.write("sync.toml", &world.configuration());
        world.write("mapping.toml", &mapping(product));
        world.write("okta-token", okta::API_TOKEN);
        let (secret, text) = match product {
            Product::Advocacy => ("haiilo-token", haiilo::TOKEN),
            Product::Intranet => ("haiilo-client-secret", haiilo::CLIENT_SECRET),
        };
        world.write(secret, text);
        world
    }

    /// A first run, which is approved.
    fn link_everybody(&self) {
        let id = self.approval().expect("a first run wants approval");
        self.sync(&["--approve", &id]);
        assert_eq!(self.plan()["operations"], serde_json::json!([]), "nothing is left to do");
    }

    /// A group of Okta with these people, by number; its id.
    pub(crate) fn okta_group(&self, name: &str, members: impl Iterator<Item = u32>) -> String {
        let mut okta = self.okta.state();
        let (id, people) = (okta.make_group(name), okta.assigned());
        for n in members {
            okta.join_group(&id, &people[n as usize]);
        }
        id
    }

    /// The id of the account of a person, by number.
    pub(crate) fn account(&self, n: u32) -> String {
        self.haiilo.state().account_named(&person(n).email).expect("an account").id
    }

    /// A cycle that ends well.
    pub(crate) fn sync(&self, more: &[&str]) {
        let done = self.program(&["sync"]).args(more).output().expect("the program starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// What Haiilo lets somebody in by.
    pub(crate) fn token(&self) -> String {
        match self.product {
            Product::Advocacy => haiilo::TOKEN.to_owned(),
            Product::Intranet => self.haiilo.state().make_token(),
        }
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
        let auth = match self.product {
            Product::Advocacy => format!("method = \"access_token\", token_owner = \"{}\"", haiilo::OWNER),
            Product::Intranet => format!("method = \"client_credentials\", client_id = \"{}\"", haiilo::CLIENT_ID),
        };
        format!(
            r#"
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}"
okta = {{ org_url = "{}", app_id = "{}", page_size = {OKTA_PAGE}, auth.method = "api_token" }}
mapping = {{ file = "mapping.toml" }}

[haiilo]
product = "{}"
base_url = "{}{}"
page_size = {HAIILO_PAGE}
concurrency = {}
auth = {{ {auth} }}
"#,
            self.okta.origin(),
            okta::APP_ID,
            self.product.as_str(),
            self.haiilo.origin(),
            haiilo::BASE,
            self.concurrency,
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
        if self.groups == Groups::Synced {
            command.env("OKTA_HAIILO_SYNC__GROUPS__ENABLED", "true");
        }
        command
    }
}

/// The mapping, which gives five attributes as those of the samples do.
fn mapping(product: Product) -> String {
    let groups = haiilo::GROUPS.map(|(code, name)| format!("{code} = \"{name}\"")).join("\n");
    let of_the_product = match product {
        Product::Advocacy => format!(
            r#"
'addresses[type eq "work"].country' = {{ value = "user.countryCode | lookup('groups')", when_empty = "hold" }}
'addresses[type eq "work"].locality' = {{ value = "user.city | trim" }}

[tables.groups]
{groups}
"#
        ),
        // The fifth is the externalId, which needs no rule.
        Product::Intranet => "\n'emails[type eq \"work\"].value' = { value = \"user.email\" }\n".to_owned(),
    };
    format!(
        r#"
[attributes]
userName = {{ value = "assignment.user_name or user.email" }}
"name.givenName" = {{ value = "user.firstName" }}
"name.familyName" = {{ value = "user.lastName" }}{of_the_product}"#
    )
}

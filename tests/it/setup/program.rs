//! The stage of the stories about the program: the built binary as a child process, with an environment that is empty, in a folder of its
//! own, between a simulated Okta and a simulated Haiilo that live in this process and in the time of the system.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use okta_haiilo_sim::haiilo::{self, Account, AccountSeed, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::people::person;
use okta_haiilo_sim::{Server, SimClock};
use serde_json::Value as Json;
use tempfile::TempDir;

/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_okta-haiilo-sync");

/// The configuration, by a name that is relative to the folder in which the program is started.
pub(crate) const CONFIGURATION: &str = "sync.toml";

/// Both servers, the folder, and the variables that the program is given.
pub(crate) struct Stage {
    pub(crate) okta: Server<Okta>,
    pub(crate) haiilo: Server<Haiilo>,
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// How a child process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output is one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }

    /// Standard error holds each of these.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {}", self.err);
        }
        self
    }

    /// Standard output is empty.
    #[track_caller]
    pub(crate) fn reports_nothing(self) -> Self {
        assert_eq!(self.out, "", "stderr:\n{}", self.err);
        self
    }

    /// Standard error is empty.
    #[track_caller]
    pub(crate) fn says_nothing(self) -> Self {
        assert_eq!(self.err, "");
        self
    }
}

impl Stage {
    /// Both servers, without people, and a configuration that names them.
    pub(crate) async fn empty() -> Self {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await.expect("a port");
        let haiilo = Server::start(Haiilo::advocacy(clock.clone()), clock).await.expect("a port");
        haiilo.state().set_groups(&haiilo::GROUPS.map(|(_, name)| name));
        let folder = TempDir::new().expect("a folder");
        let stage = Self { okta, haiilo, folder, variables: BTreeMap::new() };
        stage.write(CONFIGURATION, stage.configuration());
        stage.write("mapping.toml", mapping());
        stage.write("credentials/okta-token", okta::API_TOKEN);
        stage.write("credentials/haiilo-token", haiilo::TOKEN);
        stage
    }

    /// So many people are assigned, and Haiilo has none of them.
    pub(crate) async fn with_people(n: u32) -> Self {
        let stage = Self::empty().await;
        stage.okta.state().populate(n);
        stage
    }

    /// So many people are assigned, and the program has linked the account of each of them.
    pub(crate) async fn in_step(n: u32) -> Self {
        let stage = Self::with_people(n).await;
        stage.haiilo.state().populate((0..n).map(|n| AccountSeed::of(&person(n))));
        stage.approve_the_first_run();
        stage.okta.forget_calls();
        stage.haiilo.forget_calls();
        stage
    }

    /// So many people are assigned, and an intranet has none of them.
    pub(crate) async fn before_an_intranet(n: u32) -> Self {
        let mut stage = Self::with_people(n).await;
        let clock = SimClock::system();
        stage.haiilo = Server::start(Haiilo::intranet(clock.clone()), clock).await.expect("a port");
        let configuration = format!(
            "state = \"sqlite:state.db\"\ncredentials_dir = \"credentials\"\n[okta]\norg_url = \"{}\"\napp_id = \"{}\"\n\
             [okta.auth]\nmethod = \"api_token\"\n[haiilo]\nproduct = \"intranet\"\nbase_url = \"{}{}\"\n\
             [haiilo.auth]\nmethod = \"client_credentials\"\nclient_id = \"{}\"\n[mapping]\nfile = \"mapping.toml\"\n",
            stage.okta.origin(),
            okta::APP_ID,
            stage.haiilo.origin(),
            haiilo::BASE,
            haiilo::CLIENT_ID,
        );
        stage.write(CONFIGURATION, configuration);
        stage.write("credentials/haiilo-client-secret", haiilo::CLIENT_SECRET);
        stage.write("mapping.toml", "");
        stage.map(&[
            ("userName", "user.email"),
            ("name.givenName", "user.firstName"),
            ("name.familyName", "user.lastName"),
        ]);
        stage
    }

    /// The same, and in step after a first run that was approved.
    pub(crate) async fn in_step_with_an_intranet(n: u32) -> Self {
        let stage = Self::before_an_intranet(n).await;
        stage.approve_the_first_run();
        stage
    }

    /// A first run, which needs an approval.
    pub(crate) fn approve_the_first_run(&self) {
        let plan = self.run(&["plan", "--format", "json"]).exits(0).json();
        let id = plan["approval_id"].as_str().expect("something to approve");
        self.run(&["sync", "--approve", id]).exits(0);
    }

    /// Adds rules to the mapping.
    pub(crate) fn map(&self, rules: &[(&str, &str)]) {
        let rules: Vec<String> =
            rules.iter().map(|(path, value)| format!("[attributes.'{path}']\nvalue = \"{value}\"\n")).collect();
        self.write("mapping.toml", self.read("mapping.toml") + &rules.concat());
    }

    fn configuration(&self) -> String {
        format!(
            r#"state = "sqlite:state.db"
credentials_dir = "credentials"

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
"#,
            okta = self.okta.origin(),
            app_id = okta::APP_ID,
            haiilo = self.haiilo.origin(),
            base = haiilo::BASE,
            owner = haiilo::OWNER,
        )
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that its owner alone can read.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text")
    }

    /// Changes a piece of the configuration, which must be there.
    #[track_caller]
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let text = self.read(CONFIGURATION);
        assert!(text.contains(from), "{from:?} is not in {text}");
        self.write(CONFIGURATION, text.replacen(from, to, 1));
    }

    /// Adds sections to the configuration.
    pub(crate) fn configure_also(&self, sections: &str) {
        self.write(CONFIGURATION, format!("{}\n{sections}\n", self.read(CONFIGURATION)));
    }

    /// Sets a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_without_configuration(&[&["--config", CONFIGURATION], arguments].concat())
    }

    /// Runs the program to its end, with these arguments and no others.
    pub(crate) fn run_without_configuration(&self, arguments: &[&str]) -> Ended {
        let mut command = assert_cmd::Command::new(PROGRAM);
        command.env_clear().envs(&self.variables).current_dir(self.folder()).args(arguments);
        Ended::of(command.timeout(Duration::from_mins(1)).output().expect("the program runs"))
    }

    /// Runs the program to its end, with somebody who types this line.
    pub(crate) fn run_typing(&self, arguments: &[&str], typed: &str) -> Ended {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not ask has gone by now, and reads nothing.
        let _ = writeln!(stdin, "{typed}");
        drop(stdin);
        Ended::of(child.wait_with_output().expect("the program ends"))
    }

    /// The same program for whoever starts it otherwise.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(PROGRAM);
        command.env_clear().envs(&self.variables).current_dir(self.folder()).args(["--config", CONFIGURATION]);
        command.args(arguments);
        command
    }

    /// The Okta id of the n-th person.
    pub(crate) fn okta_id(&self, n: u32) -> String {
        self.okta.state().find(&person(n).email).expect("somebody who was hired")
    }

    /// Changes an attribute in the profile of the n-th person.
    pub(crate) fn set_profile(&self, n: u32, key: &str, value: &str) {
        let id = self.okta_id(n);
        self.okta.state().set_profile(&id, key, value.into());
    }

    /// The account of the n-th person.
    pub(crate) fn account(&self, n: u32) -> Option<Account> {
        self.haiilo.state().account_named(&person(n).email)
    }

    /// Neither server was asked anything since calls were last forgotten.
    #[track_caller]
    pub(crate) fn nothing_was_sent(&self) {
        assert_eq!((self.okta.calls(), self.haiilo.calls()), (Vec::new(), Vec::new()));
    }

    /// Every file of the folder with its bytes, apart from those whose names begin so.
    pub(crate) fn files(&self, apart_from: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = fs::read_dir(self.folder()).expect("a folder").map(|entry| entry.expect("an entry").path());
        let is_left_out = |path: &Path| apart_from.iter().any(|name| path.starts_with(self.path(name)));
        entries
            .filter(|path| path.is_file() && !is_left_out(path))
            .map(|path| (path.clone(), fs::read(path).expect("a file")))
            .collect()
    }
}

/// The mode of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
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

[attributes."addresses[type eq \"work\"].country"]
value = "user.countryCode | lookup('groups')"

[attributes."addresses[type eq \"work\"].locality"]
value = "user.city | trim"

[tables.groups]
{table}

[[tests]]
name = "a colleague in Germany"
user = {{ firstName = "Ada", email = "ada@example.com", countryCode = "DE" }}
expect = {{ userName = "ada@example.com", 'addresses[type eq "work"].country' = "Germany" }}
"#
    )
}

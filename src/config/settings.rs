//! The checked settings, on which the rest of the program relies. Only the loading of the configuration makes them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use secrecy::SecretString;
use url::Url;

use crate::config::mapping::MappingTest;
pub use crate::config::postgres_url::PostgresUrl;
use crate::domain::mapping::Mapping;
use crate::domain::model::ids::UserName;
use crate::domain::model::policy::{GroupRules, Policy};

/// The beginnings of the keys that decide about a plan, in the order of reports.
const PLAN_KEYS: &str = "okta.org_url okta.app_id okta.suspended okta.staged okta.push_is_on haiilo.product \
    haiilo.base_url haiilo.update_method haiilo.page_size haiilo.concurrency haiilo.missing leavers. protect. \
    haiilo.auth.token_owner haiilo.deprovision_policy limits. journal. groups. mapping:";

/// The whole configuration.
#[derive(Debug)]
pub struct Settings {
    /// `state`: where the store is.
    pub state: StoreSetting,
    /// `[okta]`.
    pub okta: OktaSettings,
    /// `[haiilo]`.
    pub haiilo: HaiiloSettings,
    /// `[groups]`; `None` where groups are not synced.
    pub groups: Option<GroupRules>,
    /// `[http]`.
    pub http: HttpSettings,
    /// What the administrator decided about people and accounts: parts of `[okta]` and `[haiilo]`, `[leavers]`, `[protect]`, `[limits]`.
    pub policy: Policy,
    /// The mapping file.
    pub mapping: Mapping,
    /// `[[tests]]` of the mapping file.
    pub mapping_tests: Vec<MappingTest>,
    /// `[schedule]`.
    pub schedule: ScheduleSettings,
    /// `[listen]`.
    pub listen: ListenSettings,
    /// `[notify]`.
    pub notify: NotifySettings,
    /// `journal.keep`.
    pub journal_keep: TimeDelta,
    /// The settings that decide about a plan, for reports.
    pub effective: EffectiveSettings,
    /// What is no error, a line each, for `check` and `plan` to show.
    pub warnings: Vec<String>,
}

/// The settings that decide about a plan, as reports show them: key and value, defaults included.
#[derive(Clone, Default)]
pub struct EffectiveSettings(pub Vec<(String, String)>);

impl EffectiveSettings {
    /// Picks what decides about a plan from everything that was read.
    pub(super) fn of_plan(read: &[(String, String)]) -> Self {
        let of = |start| read.iter().filter(move |(key, _)| key.starts_with(start)).cloned();
        Self(PLAN_KEYS.split_whitespace().flat_map(of).collect())
    }
}

/// The values may name people: Debug shows only the keys.
impl fmt::Debug for EffectiveSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

/// `state`: where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSetting {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL.
    Postgres(PostgresUrl),
}

/// `[schedule]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// `full`: a cron expression that the reader of schedules accepted.
    pub full: String,
    /// `changes`: the same, for polls of Okta's System Log between full cycles; without it there are none.
    pub changes: Option<String>,
    /// `timezone`.
    pub timezone: Tz,
}

/// `[listen]`: where the daemon shows its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenSettings {
    /// `address`, of this machine; without it there is no endpoint.
    pub address: Option<SocketAddr>,
    /// `show_people`.
    pub people: PeopleOnPage,
}

/// Whether people appear on the status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleOnPage {
    /// By name.
    Shown,
    /// As numbers.
    Counted,
}

/// `[notify]`: which addresses the daemon calls.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// The address for messages about trouble.
    pub webhook: Option<SecretString>,
    /// `webhook_form`.
    pub form: WebhookForm,
    /// The address that is called while all is well.
    pub heartbeat: Option<SecretString>,
    /// `failures`: so many failed cycles in a row are worth a message.
    pub failures: u32,
}

/// What a message to the webhook looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookForm {
    /// `{"text": …}`: incoming webhooks of Slack, and services that copy them.
    Slack,
    /// A message with an adaptive card: workflows of Microsoft Teams.
    Teams,
    /// JSON of our own, for programs.
    Plain,
}

/// `[okta]`, apart from what the domain's policy holds.
#[derive(Clone, Debug)]
pub struct OktaSettings {
    /// `org_url`: origin only, https unless it is a loopback address, never an `-admin` host.
    pub org_url: Url,
    /// `app_id`.
    pub app_id: String,
    /// `page_size`, 1 to 500.
    pub page_size: u32,
    /// `link_hosts`: further hosts that next links may name, in lower case.
    pub link_hosts: Vec<String>,
    /// `push_is_on`.
    pub push_is_on: PushRule,
    /// `rate_limit_share`, 0.01 to 1: in each window half of it may go at once, and the rest is spread.
    pub rate_limit_share: f64,
    /// `[okta.auth]` with its secret.
    pub auth: OktaAuth,
}

/// What is done when Okta's own push to Haiilo is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushRule {
    /// `sync` and `run` refuse.
    Refuse,
    /// They go on.
    Accept,
}

/// How the program authenticates to Okta.
#[derive(Clone, Debug)]
pub enum OktaAuth {
    /// An API token of an administrator: `Authorization: SSWS …`.
    ApiToken(SecretString),
    /// A service app with a key of its own.
    PrivateKeyJwt {
        /// `client_id`.
        client_id: String,
        /// `key_id`; Okta finds the key by itself where the app has only one.
        key_id: Option<String>,
        /// The private key in PEM: RSA or EC (P-256, P-384), PKCS#8, PKCS#1 or SEC1.
        private_key: SecretString,
    },
}

/// `[haiilo]`, apart from what the domain's policy holds.
#[derive(Clone, Debug)]
pub struct HaiiloSettings {
    /// `base_url`: ends without a slash, https unless it is a loopback address.
    pub base_url: Url,
    /// `update_method`.
    pub update_method: UpdateMethod,
    /// `page_size`, 1 to 1000.
    pub page_size: u32,
    /// `concurrency`, 1 to 64: the most requests under way at once; fewer while Haiilo cannot keep up.
    pub concurrency: usize,
    /// `[haiilo.auth]`.
    pub auth: HaiiloAuth,
}

/// How the program authenticates to Haiilo.
#[derive(Clone, Debug)]
pub enum HaiiloAuth {
    /// Advocacy: the access token of an account.
    AccessToken {
        /// The token.
        token: SecretString,
        /// How it is sent.
        form: TokenForm,
        /// The account whose deletion ends it.
        owner: UserName,
    },
    /// The intranet: the client of a user directory, which asks for tokens (RFC 6749, 4.4).
    ClientCredentials {
        /// `token_url`: on the host of `base_url`.
        token_url: Url,
        /// `client_id`.
        client_id: String,
        /// The secret.
        client_secret: SecretString,
        /// `client_auth`.
        client_auth: ClientAuth,
    },
}

impl HaiiloAuth {
    /// The account whose deletion ends the credentials.
    pub fn owner(&self) -> Option<&UserName> {
        match self {
            Self::AccessToken { token: _, form: _, owner } => Some(owner),
            Self::ClientCredentials { .. } => None,
        }
    }
}

/// Where a client's id and secret are when it asks for a token (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In a header: HTTP Basic.
    Basic,
    /// In the body.
    Post,
}

/// How an account is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum UpdateMethod {
    /// PATCH with only the changed paths.
    Patch,
    /// PUT of the whole account as it was read, with the changes.
    Put,
}

/// How Haiilo's token is written in the `Authorization` header; the product's documentation does not show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    /// `Bearer TOKEN`.
    Bearer,
    /// Only the token.
    Bare,
}

/// `[http]`.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// `proxy`: for all requests but those to loopback and to `no_proxy`.
    pub proxy: Option<ProxyUrl>,
    /// `no_proxy`: hosts that are reached without the proxy.
    pub no_proxy: Vec<String>,
    /// `ca_file`: further root certificates, in PEM.
    pub ca_file: Option<PathBuf>,
    /// `connect_timeout`.
    pub connect_timeout: Duration,
    /// `read_timeout`: the longest silence of a server.
    pub read_timeout: Duration,
}

/// The address of a proxy. It may hold a password, so Debug does not show it.
#[derive(Clone)]
pub struct ProxyUrl(pub Url);

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl(***)")
    }
}

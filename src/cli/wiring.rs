//! From the settings to the clients of both sides, the place of the store, and the clock.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::exit::{CommandError, CommandResult};
use crate::clock::SystemClock;
use crate::config::settings::{HaiiloAuth, HttpSettings, OktaAuth, Settings};
use crate::domain::model::ids::Fingerprint;
use crate::domain::model::usage::{HaiiloCalls, OktaCalls};
use crate::domain::model::word::Word as _;
use crate::domain::plan::warning::Warning;
use crate::domain::state::sync_state::Tenant;
use crate::engine::CycleSettings;
use crate::haiilo::{HaiiloReader, Shape};
use crate::http::{HttpClient, HttpOptions};
use crate::okta::OktaClient;
use crate::store::{ReadStore, StorePlace};

/// Everything but the store.
#[derive(Debug)]
pub(super) struct Wiring {
    pub(super) http: HttpClient,
    pub(super) source: OktaClient<SystemClock>,
    pub(super) reader: HaiiloReader<SystemClock>,
    pub(super) cycle: CycleSettings,
    /// The secrets of both sides, as fingerprints: they show how long one is in use without the secret itself.
    pub(super) tokens: [(&'static str, Fingerprint); 2],
    pub(super) store: StorePlace,
    pub(super) clock: SystemClock,
    pub(super) warnings: Vec<Warning>,
    /// What decides about a plan, for reports that show it.
    pub(super) settings_used: Vec<(String, String)>,
}

impl Wiring {
    /// Makes the clients. Nothing is sent yet.
    pub(super) fn new(settings: Settings) -> CommandResult<Self> {
        let http = HttpClient::new(options(&settings.http)?).map_err(CommandError::misconfigured_by)?;
        let clock = SystemClock::new();
        let secret = match &settings.okta.auth {
            OktaAuth::ApiToken(token) => token,
            OktaAuth::PrivateKeyJwt { private_key, .. } => private_key,
        };
        let haiilo = match &settings.haiilo.auth {
            HaiiloAuth::AccessToken { token, .. } => token,
            HaiiloAuth::ClientCredentials { client_secret, .. } => client_secret,
        };
        let fingerprint = |secret: &SecretString| Fingerprint::of(&["token", secret.expose_secret()]);
        let tokens = [("okta", fingerprint(secret)), ("haiilo", fingerprint(haiilo))];
        let source = OktaClient::new(http.clone(), clock, &settings.okta, settings.mapping.wanted())
            .map_err(CommandError::misconfigured)?;
        let reader = HaiiloReader::new(http.clone(), clock, &settings.haiilo, Shape::of(&settings.mapping))
            .map_err(CommandError::misconfigured)?;
        let cycle = CycleSettings {
            tenant: Tenant {
                org_id: None,
                org_url: settings.okta.org_url.to_string(),
                app_id: settings.okta.app_id,
                product: settings.policy.product.as_str().to_owned(),
                base_url: settings.haiilo.base_url.to_string(),
            },
            mapping: settings.mapping,
            policy: settings.policy,
            push_is_on: settings.okta.push_is_on,
            page_size: settings.haiilo.page_size,
            concurrency: settings.haiilo.concurrency,
            groups: settings.groups,
            journal_keep: settings.journal_keep,
            update_method: settings.haiilo.update_method,
        };
        let store = StorePlace::new(settings.state);
        let warnings = settings.warnings.into_iter().map(Warning::Configuration).collect();
        let settings_used = settings.effective.0;
        Ok(Self { http, source, reader, cycle, tokens, store, clock, warnings, settings_used })
    }

    /// The store, for reading only.
    pub(super) fn read_store(&self) -> ReadStore {
        ReadStore::new(self.store.clone())
    }

    /// What was sent to both sides since this was last asked.
    pub(super) fn take_calls(&self) -> (Vec<OktaCalls>, HaiiloCalls) {
        (self.source.take_calls(), self.reader.take_calls())
    }
}

fn options(settings: &HttpSettings) -> CommandResult<HttpOptions> {
    let HttpSettings { proxy, no_proxy, ca_file, connect_timeout, read_timeout } = settings;
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).with_context(|| {
            format!("http.ca_file {} cannot be read; check the path, its owner and its mode", path.display())
        })
    };
    Ok(HttpOptions {
        proxy: proxy.as_ref().map(|proxy| proxy.0.clone()),
        no_proxy: no_proxy.clone(),
        root_certificates: ca_file.as_ref().map(read).transpose()?,
        connect_timeout: *connect_timeout,
        read_timeout: *read_timeout,
    })
}

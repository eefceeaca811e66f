//! `[schedule]`, `[http]`, `[listen]` and `[notify]` of the configuration: when the service works, how it sends, and how it shows its state.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use crate::config::reader::{Reader, nearest};
use crate::config::secret::{self, SecretSources};
use crate::config::settings::{
    HttpSettings, ListenSettings, NotifySettings, PeopleOnPage, ProxyUrl, ScheduleSettings, WebhookForm,
};
use crate::config::values::{self, Conversion, Entry};

/// Says whether a cron expression can be used in a time zone; the error says what would be right. Schedules belong to the daemon, which is
/// a higher layer, so the caller that loads the configuration brings this check along.
pub type CheckCron = fn(&str, Tz) -> Result<(), String>;

/// Reads `[schedule]`.
pub(super) fn schedule(reader: &mut Reader<'_>, check_cron: CheckCron) -> ScheduleSettings {
    let timezone = reader.with_default("schedule.timezone", Tz::UTC, time_zone);
    let cron = |entry: &Entry| {
        let expression = values::text(entry)?;
        check_cron(&expression, timezone)?;
        Ok(expression)
    };
    let full = reader.with_default("schedule.full", "0 */15 * * * *".to_owned(), cron);
    let changes = reader.optional("schedule.changes", cron);
    ScheduleSettings { full, changes, timezone }
}

fn time_zone(entry: &Entry) -> Conversion<Tz> {
    let name = values::text(entry)?;
    name.parse().map_err(|_| {
        let names = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let other_case = names().find(|known| known.eq_ignore_ascii_case(&name));
        match other_case.or_else(|| nearest(&name, names())) {
            Some(meant) => format!("unknown time zone; did you mean {meant:?}?"),
            None => "write the name of a time zone, as in \"Europe/Berlin\" or \"UTC\"".to_owned(),
        }
    })
}

/// Reads `[http]`.
pub(super) fn http(reader: &mut Reader<'_>, folder: &Path) -> HttpSettings {
    HttpSettings {
        proxy: reader.optional("http.proxy", values::proxy).map(ProxyUrl),
        no_proxy: reader.list("http.no_proxy", values::texts),
        ca_file: reader.optional("http.ca_file", |entry| certificates(&values::path(folder)(entry)?)),
        connect_timeout: reader.duration("http.connect_timeout", "10s", ["1s", "10m"]),
        read_timeout: reader.duration("http.read_timeout", "60s", ["1s", "1h"]),
    }
}

/// The path of a file that holds a certificate.
fn certificates(path: &Path) -> Conversion<PathBuf> {
    match fs::read(path) {
        Err(error) => Err(format!("cannot be read: {error}; check the path, its owner and its mode")),
        Ok(bytes) if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => {
            Err("holds no certificate; write one in PEM there (-----BEGIN CERTIFICATE-----)".to_owned())
        }
        Ok(_) => Ok(path.to_owned()),
    }
}

/// Reads `[listen]`.
pub(super) fn listen(reader: &mut Reader<'_>) -> ListenSettings {
    let address = reader.optional("listen.address", address);
    let shown = reader.with_default("listen.show_people", false, values::flag);
    ListenSettings { address, people: if shown { PeopleOnPage::Shown } else { PeopleOnPage::Counted } }
}

/// The endpoint has no password: each program that reaches it may read it, so it is open to this machine only.
fn address(entry: &Entry) -> Conversion<SocketAddr> {
    match values::text(entry)?.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("write an address of this machine, as in \"127.0.0.1:9464\"".to_owned()),
        Err(_) => Err("write an address with a port, as in \"127.0.0.1:9464\"".to_owned()),
    }
}

/// Reads `[notify]`.
pub(super) fn notify(reader: &mut Reader<'_>, sources: &SecretSources<'_>) -> NotifySettings {
    let forms = [("slack", WebhookForm::Slack), ("teams", WebhookForm::Teams), ("plain", WebhookForm::Plain)];
    NotifySettings {
        webhook: secret::read(reader, sources, "notify.webhook_url"),
        heartbeat: secret::read(reader, sources, "notify.heartbeat_url"),
        form: reader.choice("notify.webhook_form", &forms),
        failures: reader.with_default("notify.failures", 3, values::whole(1..=1000_u32)),
    }
}

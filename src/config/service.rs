//! `[listen]` and `[notify]`: how the daemon is looked at, and whom it calls.

use std::net::SocketAddr;

use crate::config::reader::{ConfigEntry, Reader};
use crate::config::secret::{self, SecretPlaces};
use crate::config::settings::{ListenSettings, NotifySettings, PeopleOnPage, WebhookForm};
use crate::config::values;

pub(super) fn listen(reader: &mut Reader) -> ListenSettings {
    let address = reader.optional("listen.address", address);
    let shown = reader.or("listen.show_people", false, values::flag);
    ListenSettings { address, people: if shown { PeopleOnPage::Shown } else { PeopleOnPage::Counted } }
}

/// There is no password before the endpoint: whoever reaches it may read it.
fn address(entry: &ConfigEntry) -> Result<SocketAddr, String> {
    match values::text(entry)?.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("write an address of this machine, as in \"127.0.0.1:9464\"".to_owned()),
        Err(_) => Err("write an address with a port, as in \"127.0.0.1:9464\"".to_owned()),
    }
}

pub(super) fn notify(reader: &mut Reader, places: &SecretPlaces<'_>) -> NotifySettings {
    let forms = [("slack", WebhookForm::Slack), ("teams", WebhookForm::Teams), ("plain", WebhookForm::Plain)];
    let webhook = secret::read_if_any(reader, places, &secret::WEBHOOK_URL);
    NotifySettings {
        heartbeat: secret::read_if_any(reader, places, &secret::HEARTBEAT_URL),
        form: reader.or("notify.webhook_form", WebhookForm::Slack, values::choice(&forms)),
        failures: reader.or("notify.failures", 3, values::whole(1..=1000_u32)),
        webhook,
    }
}

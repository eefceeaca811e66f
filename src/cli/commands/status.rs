//! `status`: what waits, how the last cycles went, and whether they run on schedule. Reads the store, and asks the daemon where it listens.

use std::net::SocketAddr;

use url::Url;

use crate::cli::args::StatusArguments;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::daemon::schedule::Schedule;
use crate::daemon::{Readiness, readiness};
use crate::http::{HeaderMap, HttpClient, Method, Request};
use crate::ports::StoreReader as _;
use crate::report::status::{self, ServiceHealth};

/// Cycles that are shown.
const SHOWN: u32 = 5;

/// Shows the state; the exit code says whether cycles run on schedule.
pub(in crate::cli) async fn run(context: &Context, arguments: &StatusArguments) -> CommandResult {
    let settings = context.settings()?;
    let (schedule, address) = (settings.schedule.clone(), settings.listen.address);
    let schedule = Schedule::parse(&schedule.full, schedule.timezone).map_err(CommandError::misconfigured_by)?;
    let wiring = Wiring::new(settings)?;
    let (store, now) = (wiring.read_store(), wiring.clock.now());
    let (history, state) = (store.run_history(now, SHOWN).await?, store.sync_state(now).await?);
    let service = match (address, history.last_complete.or(history.began)) {
        (Some(address), _) => ask(&wiring.http, address).await,
        // Nobody waits for a first cycle.
        (None, None) => ServiceHealth::Unknown,
        (None, Some(since)) => match readiness(&schedule, since, now) {
            Readiness::Ready => ServiceHealth::Ready,
            Readiness::Late => ServiceHealth::Late,
        },
    };
    let show = if arguments.json { status::json } else { status::text };
    output::print(&show(&history, service, &state, now))?;
    Ok(match service {
        ServiceHealth::Ready | ServiceHealth::Unknown => ExitStatus::Done,
        ServiceHealth::Late | ServiceHealth::Silent => ExitStatus::Failed,
    })
}

/// What the running daemon says.
async fn ask(http: &HttpClient, address: SocketAddr) -> ServiceHealth {
    let url = Url::parse(&format!("http://{address}/readyz")).expect("an address makes a URL");
    let request = Request { method: Method::GET, url, route: "GET /readyz", headers: HeaderMap::new(), body: None };
    match http.exchange(request).await {
        Ok(answer) if answer.status == 200 => ServiceHealth::Ready,
        Ok(_) => ServiceHealth::Late,
        Err(_) => ServiceHealth::Silent,
    }
}

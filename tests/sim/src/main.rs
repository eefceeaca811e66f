//! Both simulators in a process of their own, for judges that are written in other languages.
//!
//! Says in its first line, as JSON, where the servers are. Then each line of the standard input is an [`Order`], answered by one line.
//! The end of the input ends the program.

mod order;

use std::io::Write as _;
use std::io::{self, BufRead as _};

use okta_haiilo_sim::haiilo::{self, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::{Server, SimClock};
use serde_json::{Value, json};

use order::{Order, Servers};

#[tokio::main]
async fn main() -> io::Result<()> {
    let clock = SimClock::system();
    let servers = Servers {
        okta: Server::start(Okta::new(clock.clone()), clock.clone()).await?,
        haiilo: Server::start(Haiilo::advocacy(clock.clone()), clock).await?,
    };
    say(&json!({
        "okta": servers.okta.origin(),
        "app_id": okta::APP_ID,
        "okta_token": okta::API_TOKEN,
        "client_id": okta::CLIENT_ID,
        "haiilo": format!("{}{}", servers.haiilo.origin(), haiilo::BASE),
        "haiilo_token": haiilo::TOKEN,
        "haiilo_owner": haiilo::OWNER,
    }))?;
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str::<Order>(&line?) {
            Ok(order) => order.obey(&servers),
            Err(error) => json!({"error": format!("not an order: {error}")}),
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}

//! Both simulators in a process of their own, for judges that are written in other languages.
//!
//! Says in its first line, as JSON, where the servers are. Then each line of the standard input is an [`Order`], answered by one line.
//! The end of the input ends the program. With the word `intranet`, Haiilo is an intranet, else an Advocacy.

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
    let product = std::env::args().nth(1);
    let (haiilo, token) = match product.as_deref() {
        Some("intranet") => {
            let mut intranet = Haiilo::intranet(clock.clone());
            let token = intranet.make_token();
            (intranet, token)
        }
        None | Some("advocacy") => (Haiilo::advocacy(clock.clone()), haiilo::TOKEN.to_owned()),
        Some(other) => return Err(io::Error::other(format!("there is no product `{other}`"))),
    };
    let servers = Servers {
        okta: Server::start(Okta::new(clock.clone()), clock.clone()).await?,
        haiilo: Server::start(haiilo, clock).await?,
    };
    let origin = servers.haiilo.origin();
    say(&json!({
        "okta": servers.okta.origin(),
        "app_id": okta::APP_ID,
        "okta_token": okta::API_TOKEN,
        "client_id": okta::CLIENT_ID,
        "haiilo": format!("{origin}{}", haiilo::BASE),
        "haiilo_token": token,
        "haiilo_owner": haiilo::OWNER,
        "haiilo_token_url": format!("{origin}{}", haiilo::TOKEN_PATH),
        "haiilo_client_id": haiilo::CLIENT_ID,
        "haiilo_client_secret": haiilo::CLIENT_SECRET,
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

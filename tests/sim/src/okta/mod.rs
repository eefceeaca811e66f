//! A simulated Okta org: users, one application and who is assigned to it, groups, tokens, rate limits.
//!
//! Written from Okta's management API, its error codes, and its guides on rate limits, service apps and `DPoP`. A call comes in at `side`:
//! `route` reads its path, `rate` counts it, `credentials` allows it, and `reads` or `log` answers it; `errors` holds the answers that
//! refuse. The state and the words of administrators are in `state`, what they leave in the System Log is in `log`. What is wrong on
//! purpose is a [`Bend`], a switch of [`Log`] or a [`Lag`].
//!
//! ```
//! use okta_haiilo_sim::okta::Okta;
//! use okta_haiilo_sim::people::person;
//! use okta_haiilo_sim::{Server, SimClock};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(async {
//! let clock = SimClock::standing(1_795_507_200_000);
//! let mut okta = Okta::new(clock.clone());
//! let ada = okta.hire(&person(0));
//! let server = Server::start(okta, clock).await.expect("a free port");
//! server.state().suspend(&ada);
//! assert_eq!(server.state().assigned(), [ada]);
//! # });
//! ```

mod bend;
mod credentials;
mod errors;
mod log;
mod rate;
mod reads;
pub mod route;
mod side;
mod state;

pub use bend::{Bend, Change};
pub use credentials::auth::{API_TOKEN, ApiNonce, Auth, CLIENT_ID, Dpop, Role, Ungranted};
pub use log::events::{CursorRefusal, FanOut, Log, LogOutcome, LogTarget};
pub use rate::Bucket;
pub use state::app::{APP_ID, App, ORG_ID};
pub use state::org::Okta;
pub use state::past::Lag;

//! A simulated Okta org: users, one application and who is assigned to it, groups, tokens, rate limits.
//!
//! Written from Okta's management API, its error codes, and its guides on rate limits, service apps and `DPoP`. The state and the words of
//! administrators are in `org`, what they leave in the System Log is in `deeds`; what is wrong on purpose is a [`Bend`], a switch of
//! [`Log`] or a [`Lag`]; the face is in `side`.
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

mod app;
mod auth;
mod bend;
mod cursor;
mod deeds;
mod directory;
mod errors;
mod filter;
mod groups;
mod ids;
mod jwt;
mod lists;
mod log;
mod log_filter;
mod log_route;
mod org;
mod page;
mod past;
mod proof;
mod rate;
pub mod route;
mod schemas;
mod side;
mod token;
mod wire;

pub use app::{APP_ID, App, ORG_ID};
pub use auth::{API_TOKEN, ApiNonce, Auth, CLIENT_ID, Dpop, Role, Ungranted};
pub use bend::{Bend, Change};
pub use log::{CursorRefusal, FanOut, Log, LogOutcome, LogTarget};
pub use org::Okta;
pub use past::Lag;
pub use rate::Bucket;

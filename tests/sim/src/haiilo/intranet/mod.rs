//! What Haiilo's intranet makes of SCIM, by its article on the user directory: OAuth tokens, profile fields, a deprovision policy, groups.
//!
//! `tokens`, `bin` and `groups` hold state, `fields` says what of a user is kept, `lifecycle`, `group_reads` and `group_writes` do the work,
//! `group_draft` is what a write makes of a group, `discovery` describes it all, and `deeds` is what a test does by hand.

mod bin;
mod deeds;
mod discovery;
pub(crate) mod fields;
mod group_draft;
mod group_reads;
mod group_writes;
mod groups;
mod lifecycle;
mod state;
mod tokens;

pub(crate) use discovery::{resource_types, schemas};
pub use groups::Group;
pub(crate) use state::Intranet;
pub(crate) use tokens::refusal as token_refusal;
pub use tokens::{CLIENT_ID, CLIENT_SECRET};

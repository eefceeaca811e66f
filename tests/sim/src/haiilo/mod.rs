//! A simulated Haiilo, as far as SCIM reaches it.
//!
//! `scim` is the protocol as such, `manner` and `bend` are the ways in which servers differ and err, `advocacy` is what Haiilo
//! Advocacy makes of a user, `intranet` what the intranet makes of users, groups and tokens, `state` holds the world and what a test does
//! to it, `reads`, `kept` and `writes` do the work, `route` says which path means what, and `side` is the HTTP side.

mod account;
mod advocacy;
mod bend;
mod intranet;
mod kept;
mod manner;
mod reads;
mod record;
pub mod route;
mod scim;
mod side;
mod state;
mod throttle;
mod writes;

pub use account::{Account, AccountSeed, GROUPS, Role};
pub use bend::Bend;
pub use intranet::{CLIENT_ID, CLIENT_SECRET, Group};
pub use manner::{
    Activation, AddressChoice, AddressType, Again, ClientAuth, Container, Count, CountZero, Create, Delete,
    Deprovision, Directory, Discovery, Duplicate, Envelope, ErrorForm, Etag, ExternalIds, FilteredPaths, Filters,
    GroupError, GroupPatch, Ids, Kept, Location, Manner, MemberShape, Members, Names, NoRows, Order, OverCap,
    PROFILE_FIELDS, PastEnd, Patch, Pathless, Presence, Put, Remains, SecondDelete, StartZero, Strictness, Texts,
    Totals, Unknown, Unmatched, UserNames, WhenFull,
};
pub use record::{By, Change, Deleted, Did, Resource, Write};
pub use route::{BASE, TOKEN_PATH};
pub use scim::store::{Origin, Seen};
pub use state::{Haiilo, OWNER, TOKEN};

//! A simulated Haiilo, as far as SCIM reaches it.
//!
//! `scim` is the protocol as such, `manner` and `bend` are the ways in which servers differ and err, `advocacy` is what Haiilo
//! Advocacy makes of a user, `state` holds the world and what a test does to it, `reads`, `kept` and `writes` do the work, and `side`
//! is the HTTP side.

mod account;
mod advocacy;
mod bend;
mod kept;
mod manner;
mod reads;
mod record;
mod scim;
mod side;
mod state;
mod throttle;
mod writes;

pub use account::{Account, AccountSeed, GROUPS, Role};
pub use bend::Bend;
pub use manner::{
    AddressChoice, AddressType, Count, CountZero, Create, Delete, Discovery, Duplicate, Envelope, ErrorForm, Etag,
    FilteredPaths, Filters, GroupError, Ids, Location, Manner, Names, NoRows, Order, OverCap, PastEnd, Patch, Pathless,
    Presence, Put, SecondDelete, StartZero, Strictness, Texts, Totals, Unmatched, UserNames, WhenFull,
};
pub use reads::BASE;
pub use record::{By, Change, Deleted, Did, Write};
pub use scim::store::{Origin, Seen};
pub use side::route;
pub use state::{Haiilo, OWNER, TOKEN};

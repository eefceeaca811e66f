//! How a server answers: data in small enums, one for each point in which real servers differ.

mod directory;
mod listing;
mod looks;
mod product;
mod whole;
mod writing;

pub use directory::{
    Activation, Again, ClientAuth, Container, Deprovision, Directory, ExternalIds, GroupPatch, Kept, MemberShape,
    Members, PROFILE_FIELDS, Remains, Unknown,
};
pub use listing::{Count, CountZero, Envelope, Filters, NoRows, Order, OverCap, PastEnd, StartZero, Totals};
pub use looks::{AddressType, Discovery, ErrorForm, Ids, Location, Names, Presence, Texts, UserNames};
pub use product::{AddressChoice, GroupError, Strictness, WhenFull};
pub use whole::Manner;
pub use writing::{Create, Delete, Duplicate, Etag, FilteredPaths, Patch, Pathless, Put, SecondDelete, Unmatched};

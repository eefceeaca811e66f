//! The whole manner of a server.
//!
//! [`Manner::default`] is a polite server that follows RFC 7643 and RFC 7644. Everything here is data; what it does is written where it
//! is used. Nothing in it belongs to one product but what `product` and `directory` hold.

use crate::haiilo::manner::directory::Directory;
use crate::haiilo::manner::listing::{
    Count, CountZero, Envelope, Filters, NoRows, Order, OverCap, PastEnd, StartZero, Totals,
};
use crate::haiilo::manner::looks::{
    AddressType, Discovery, ErrorForm, Ids, Location, Names, Presence, Texts, UserNames,
};
use crate::haiilo::manner::product::{AddressChoice, GroupError, Strictness, WhenFull};
use crate::haiilo::manner::writing::{
    Create, Delete, Duplicate, Etag, FilteredPaths, Patch, Pathless, Put, SecondDelete, Unmatched,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The whole manner of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// Whose rules apply to users.
    pub strict: Strictness,
    /// Whether the discovery endpoints and `/.search` exist.
    pub discovery: Discovery,
    /// The largest page; `None` sets no limit.
    pub page_cap: Option<usize>,
    /// What happens to a `count` above [`Self::page_cap`].
    pub over_cap: OverCap,
    /// The page size when no `count` was sent; `None` gives everything up to the cap.
    pub default_page: Option<usize>,
    /// What `count` itself does.
    pub count: Count,
    /// What `count=0` gives.
    pub count_zero: CountZero,
    /// What `totalResults` says.
    pub totals: Totals,
    /// The order of rows.
    pub order: Order,
    /// What a page past the end shows.
    pub past_end: PastEnd,
    /// What `startIndex=0` means.
    pub start_zero: StartZero,
    /// Whether `startIndex` and `itemsPerPage` are sent.
    pub envelope: Envelope,
    /// What a page without rows looks like.
    pub no_rows: NoRows,
    /// How `filter` is treated.
    pub filters: Filters,
    /// How a create is answered.
    pub create: Create,
    /// What a second account of the same `userName` gets.
    pub duplicate: Duplicate,
    /// How PATCH behaves.
    pub patch: Patch,
    /// Whether PATCH takes paths with a value filter.
    pub filtered_paths: FilteredPaths,
    /// What PATCH does with a complex value that has no path.
    pub pathless: Pathless,
    /// What PATCH does with a value filter that matches nothing.
    pub unmatched: Unmatched,
    /// How PUT behaves.
    pub put: Put,
    /// How DELETE behaves.
    pub delete: Delete,
    /// What a second DELETE gets.
    pub second_delete: SecondDelete,
    /// What ids look like.
    pub ids: Ids,
    /// What versions are good for.
    pub etag: Etag,
    /// The content type of SCIM bodies.
    pub content_type: String,
    /// The form of error bodies.
    pub errors: ErrorForm,
    /// How attribute names are written in answers.
    pub names: Names,
    /// Paths that are silently not kept, such as `name.familyName` or `addresses.locality`.
    pub dropped: BTreeSet<String>,
    /// Texts that are refused with 400 `invalidValue`, in whatever attribute they stand.
    pub refused: BTreeSet<String>,
    /// What becomes of the letters of a `userName`.
    pub user_names: UserNames,
    /// What becomes of other texts.
    pub texts: Texts,
    /// Whether answers show the `type` of addresses.
    pub address_type: AddressType,
    /// Attributes that every account has although nobody documented them, so that a careless PUT is seen.
    pub extras: Vec<(String, Value)>,
    /// Whether accounts carry `meta`.
    pub meta: Presence,
    /// Whether accounts and lists carry `schemas`.
    pub schemas: Presence,
    /// How locations are written.
    pub location: Location,
    /// What a create meets when all seats are taken.
    pub when_full: WhenFull,
    /// The form of the refusal of an unknown group.
    pub group_error: GroupError,
    /// Which address decides group and teams.
    pub address: AddressChoice,
    /// How the user directory of an intranet is set up.
    pub directory: Directory,
}

impl Manner {
    /// The default for an intranet.
    #[must_use]
    pub fn intranet() -> Self {
        Self { strict: Strictness::Intranet, ..Self::default() }
    }
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            strict: Strictness::Advocacy,
            discovery: Discovery::Absent,
            page_cap: None,
            over_cap: OverCap::Cut,
            default_page: None,
            count: Count::Taken,
            count_zero: CountZero::NoRows,
            totals: Totals::Honest,
            order: Order::Creation,
            past_end: PastEnd::Empty,
            start_zero: StartZero::AsOne,
            envelope: Envelope::Whole,
            no_rows: NoRows::EmptyArray,
            filters: Filters::Honoured,
            create: Create::Created,
            duplicate: Duplicate::Conflict,
            patch: Patch::Whole200,
            filtered_paths: FilteredPaths::Taken,
            pathless: Pathless::Merges,
            unmatched: Unmatched::NoTarget,
            put: Put::Replaces,
            delete: Delete::NoContent,
            second_delete: SecondDelete::NotFound,
            ids: Ids::UuidLike,
            etag: Etag::None,
            content_type: "application/scim+json".to_owned(),
            errors: ErrorForm::Scim,
            names: Names::Canonical,
            dropped: BTreeSet::new(),
            refused: BTreeSet::new(),
            user_names: UserNames::AsSent,
            texts: Texts::AsSent,
            address_type: AddressType::Shown,
            extras: Vec::new(),
            meta: Presence::Sent,
            schemas: Presence::Sent,
            location: Location::Absolute,
            when_full: WhenFull::Refused(400),
            group_error: GroupError::ScimDetail,
            address: AddressChoice::WorkOrPrimaryOrFirst,
            directory: Directory::default(),
        }
    }
}

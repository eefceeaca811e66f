//! The routes: which path means what, under which name a fault is planted, and which bend means anything there (RFC 7644 3.2).
//!
//! It knows paths, and nothing of what is behind them.

use crate::face::Call;
use crate::haiilo::bend::Bend;
use crate::haiilo::manner::{Discovery, Manner, Strictness};
use crate::haiilo::record::Resource;
use percent_encoding::percent_decode_str;

/// The path of the SCIM endpoint.
pub const BASE: &str = "/api/scim/v2";

/// The path of an intranet's token endpoint.
pub const TOKEN_PATH: &str = "/api/oauth/token";

/// A token; only in an intranet.
pub const GRANT: &str = "POST /oauth/token";
/// The list of all.
pub const LIST: &str = "GET /Users";
/// The same with a filter.
pub const LOOK_UP: &str = "GET /Users?filter";
/// One account.
pub const READ: &str = "GET /Users/{id}";
/// A create.
pub const CREATE: &str = "POST /Users";
/// A replacement.
pub const PUT: &str = "PUT /Users/{id}";
/// A patch.
pub const PATCH: &str = "PATCH /Users/{id}";
/// A deletion.
pub const DELETE: &str = "DELETE /Users/{id}";
/// The list of all groups; groups only in an intranet.
pub const LIST_GROUPS: &str = "GET /Groups";
/// The same with a filter.
pub const LOOK_UP_GROUPS: &str = "GET /Groups?filter";
/// One group.
pub const READ_GROUP: &str = "GET /Groups/{id}";
/// A create of a group.
pub const CREATE_GROUP: &str = "POST /Groups";
/// A replacement of a group.
pub const PUT_GROUP: &str = "PUT /Groups/{id}";
/// A patch of a group.
pub const PATCH_GROUP: &str = "PATCH /Groups/{id}";
/// A deletion of a group.
pub const DELETE_GROUP: &str = "DELETE /Groups/{id}";
/// A search; only where discovery is served.
pub const SEARCH: &str = "POST /.search";
/// What the server can do.
pub const PROVIDER_CONFIG: &str = "GET /ServiceProviderConfig";
/// All schemas.
pub const SCHEMAS: &str = "GET /Schemas";
/// One schema.
pub const SCHEMA: &str = "GET /Schemas/{id}";
/// All types of resources.
pub const RESOURCE_TYPES: &str = "GET /ResourceTypes";
/// One type of resources.
pub const RESOURCE_TYPE: &str = "GET /ResourceTypes/{id}";

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A collection or a document by itself.
    Whole(&'static str),
    /// One of a collection, by its decoded id.
    One(&'static str, String),
    /// The token endpoint.
    Token,
    Nowhere,
}

impl Place {
    /// The id that the path names.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::One(_, id) => Some(id),
            Self::Whole(_) | Self::Token | Self::Nowhere => None,
        }
    }

    /// What is written here.
    pub(crate) fn resource(&self) -> Resource {
        match self {
            Self::Whole("Groups") | Self::One("Groups", _) => Resource::Group,
            _ => Resource::User,
        }
    }

    /// Whether this is about accounts or groups, which there are whatever is said about discovery.
    pub(crate) fn holds_resources(&self) -> bool {
        matches!(self, Self::Whole("Users" | "Groups") | Self::One("Users" | "Groups", _))
    }
}

/// What the path of a call names on a server of this manner.
pub(crate) fn place(call: &Call, manner: &Manner) -> Place {
    let is_intranet = manner.strict == Strictness::Intranet;
    if is_intranet && call.path == TOKEN_PATH {
        return Place::Token;
    }
    let Some(path) = call.path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/')) else {
        return Place::Nowhere;
    };
    let known = |name: &str| {
        ["Users", "Groups", "Schemas", "ResourceTypes", "ServiceProviderConfig", ".search"]
            .into_iter()
            .find(|it| *it == name && (*it != "Groups" || is_intranet))
    };
    match path.split_once('/') {
        None => known(path).map_or(Place::Nowhere, Place::Whole),
        Some((_, id)) if id.is_empty() || id.contains('/') => Place::Nowhere,
        Some((name, id)) => match (known(name), percent_decode_str(id).decode_utf8()) {
            (Some(name @ ("Users" | "Groups" | "Schemas" | "ResourceTypes")), Ok(id)) => {
                Place::One(name, id.into_owned())
            }
            _ => Place::Nowhere,
        },
    }
}

/// The route of a call at this place.
pub(crate) fn of(call: &Call, place: &Place, discovery: Discovery) -> Option<&'static str> {
    let filtered = || call.parameter("filter").is_some();
    Some(match (call.method.as_str(), place) {
        ("POST", Place::Token) => GRANT,
        ("GET", Place::Whole("Users")) if filtered() => LOOK_UP,
        ("GET", Place::Whole("Users")) => LIST,
        ("GET", Place::One("Users", _)) => READ,
        ("POST", Place::Whole("Users")) => CREATE,
        ("PUT", Place::One("Users", _)) => PUT,
        ("PATCH", Place::One("Users", _)) => PATCH,
        ("DELETE", Place::One("Users", _)) => DELETE,
        ("GET", Place::Whole("Groups")) if filtered() => LOOK_UP_GROUPS,
        ("GET", Place::Whole("Groups")) => LIST_GROUPS,
        ("GET", Place::One("Groups", _)) => READ_GROUP,
        ("POST", Place::Whole("Groups")) => CREATE_GROUP,
        ("PUT", Place::One("Groups", _)) => PUT_GROUP,
        ("PATCH", Place::One("Groups", _)) => PATCH_GROUP,
        ("DELETE", Place::One("Groups", _)) => DELETE_GROUP,
        ("GET", Place::Whole("ServiceProviderConfig")) => PROVIDER_CONFIG,
        ("GET", Place::Whole("Schemas")) => SCHEMAS,
        ("GET", Place::One("Schemas", _)) => SCHEMA,
        ("GET", Place::Whole("ResourceTypes")) => RESOURCE_TYPES,
        ("GET", Place::One("ResourceTypes", _)) => RESOURCE_TYPE,
        ("POST", Place::Whole(".search")) if discovery == Discovery::Served => SEARCH,
        _ => return None,
    })
}

/// Whether a route writes an account or a group.
pub(crate) fn writes(route: &str) -> bool {
    [CREATE, PUT, PATCH, DELETE, CREATE_GROUP, PUT_GROUP, PATCH_GROUP, DELETE_GROUP].contains(&route)
}

/// Whether a bend means anything on a route.
pub(crate) fn fits(bend: &Bend, route: &str) -> bool {
    let allowed: &[&str] = match bend {
        Bend::RowWithoutUserName => &[LIST, LOOK_UP, SEARCH],
        Bend::SkipRows(_)
        | Bend::RepeatPage
        | Bend::EmptyPage
        | Bend::ShortPage(_)
        | Bend::DoubleRow
        | Bend::RowWithoutId
        | Bend::RowNotAnObject
        | Bend::TotalOff(_)
        | Bend::TotalMissing
        | Bend::NotAList => &[LIST, LOOK_UP, SEARCH, LIST_GROUPS, LOOK_UP_GROUPS],
        Bend::FindsNobody | Bend::FindsOther | Bend::FindsAll => &[LOOK_UP, LOOK_UP_GROUPS],
        Bend::LyingId | Bend::LyingUserName => &[READ, CREATE, PUT, PATCH],
        Bend::NotFoundOnce => &[READ, PUT, PATCH, DELETE, READ_GROUP, PUT_GROUP, PATCH_GROUP, DELETE_GROUP],
        Bend::WrongAccount => &[READ],
        Bend::Seats => &[CREATE],
        Bend::EtagChanged => &[PUT, PATCH, DELETE, PUT_GROUP, PATCH_GROUP, DELETE_GROUP],
        Bend::GroupMissing | Bend::ChangesOther | Bend::DropsValue(_) | Bend::Deactivates => &[CREATE, PUT, PATCH],
        Bend::LosesMember => &[CREATE_GROUP, PUT_GROUP, PATCH_GROUP],
        Bend::EmptiesGroup => &[PUT_GROUP, PATCH_GROUP],
    };
    allowed.contains(&route)
}

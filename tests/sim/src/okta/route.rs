//! The paths of Okta's management API that this org answers, with the bucket and the scope of each.
//!
//! The names are what a test plants faults on and what the log of calls shows.

use hyper::Method;

use crate::okta::rate::Bucket;

/// The org's public description.
pub const ORGANIZATION: &str = "GET /.well-known/okta-organization";
/// The list of applications.
pub const APPS: &str = "GET /api/v1/apps";
/// One application.
pub const APP: &str = "GET /api/v1/apps/{id}";
/// Who is assigned to an application.
pub const APP_USERS: &str = "GET /api/v1/apps/{id}/users";
/// One assignment.
pub const APP_USER: &str = "GET /api/v1/apps/{id}/users/{id}";
/// The groups that are assigned to an application.
pub const APP_GROUPS: &str = "GET /api/v1/apps/{id}/groups";
/// The list of users.
pub const USERS: &str = "GET /api/v1/users";
/// One user, by id, login or short login.
pub const USER: &str = "GET /api/v1/users/{id}";
/// The list of groups.
pub const GROUPS: &str = "GET /api/v1/groups";
/// One group.
pub const GROUP: &str = "GET /api/v1/groups/{id}";
/// The members of a group.
pub const GROUP_USERS: &str = "GET /api/v1/groups/{id}/users";
/// The System Log.
pub const LOGS: &str = "GET /api/v1/logs";
/// The attributes that users have.
pub const USER_SCHEMA: &str = "GET /api/v1/meta/schemas/user/default";
/// The attributes that an application's users have.
pub const APP_SCHEMA: &str = "GET /api/v1/meta/schemas/apps/{id}/default";
/// The token endpoint of the org's authorization server.
pub const TOKEN: &str = "POST /oauth2/v1/token";

/// The scope of the System Log, which no custom role has.
pub(crate) const LOGS_SCOPE: &str = "okta.logs.read";

/// A path that exists, with its decoded ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Organization,
    Apps,
    App(String),
    AppUsers(String),
    AppUser(String, String),
    AppGroups(String),
    Users,
    User(String),
    Groups,
    Group(String),
    GroupUsers(String),
    Logs,
    UserSchema,
    AppSchema(String),
    Token,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Known(Route),
    /// The path exists, but not with this method.
    WrongMethod,
    Nowhere,
}

pub(crate) fn target(method: &Method, path: &str) -> Target {
    let Some(route) = route(path) else { return Target::Nowhere };
    let wanted = if route == Route::Token { Method::POST } else { Method::GET };
    if *method == wanted { Target::Known(route) } else { Target::WrongMethod }
}

fn route(path: &str) -> Option<Route> {
    match path {
        "/.well-known/okta-organization" => return Some(Route::Organization),
        "/oauth2/v1/token" => return Some(Route::Token),
        _ => {}
    }
    let segments: Vec<String> = path.strip_prefix("/api/v1/")?.split('/').map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments.contains(&"") {
        return None;
    }
    Some(match segments[..] {
        ["apps"] => Route::Apps,
        ["apps", app] => Route::App(app.to_owned()),
        ["apps", app, "users"] => Route::AppUsers(app.to_owned()),
        ["apps", app, "users", user] => Route::AppUser(app.to_owned(), user.to_owned()),
        ["apps", app, "groups"] => Route::AppGroups(app.to_owned()),
        ["users"] => Route::Users,
        ["users", user] => Route::User(user.to_owned()),
        ["groups"] => Route::Groups,
        ["groups", group] => Route::Group(group.to_owned()),
        ["groups", group, "users"] => Route::GroupUsers(group.to_owned()),
        ["logs"] => Route::Logs,
        ["meta", "schemas", "user", "default"] => Route::UserSchema,
        ["meta", "schemas", "apps", app, "default"] => Route::AppSchema(app.to_owned()),
        _ => return None,
    })
}

impl Route {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Organization => ORGANIZATION,
            Self::Apps => APPS,
            Self::App(_) => APP,
            Self::AppUsers(_) => APP_USERS,
            Self::AppUser(..) => APP_USER,
            Self::AppGroups(_) => APP_GROUPS,
            Self::Users => USERS,
            Self::User(_) => USER,
            Self::Groups => GROUPS,
            Self::Group(_) => GROUP,
            Self::GroupUsers(_) => GROUP_USERS,
            Self::Logs => LOGS,
            Self::UserSchema => USER_SCHEMA,
            Self::AppSchema(_) => APP_SCHEMA,
            Self::Token => TOKEN,
        }
    }

    pub(crate) fn bucket(&self) -> Bucket {
        match self {
            Self::Apps | Self::AppUsers(_) | Self::AppUser(..) | Self::AppGroups(_) => Bucket::Apps,
            Self::App(_) => Bucket::App,
            Self::Users => Bucket::Users,
            Self::User(_) => Bucket::User,
            Self::Groups | Self::Group(_) | Self::GroupUsers(_) => Bucket::Groups,
            Self::Logs => Bucket::Logs,
            Self::Token => Bucket::Token,
            Self::Organization | Self::UserSchema | Self::AppSchema(_) => Bucket::Other,
        }
    }

    /// The scope that a token needs; none where no credential is needed.
    pub(crate) fn scope(&self) -> Option<&'static str> {
        match self {
            Self::Organization | Self::Token => None,
            Self::Apps | Self::App(_) | Self::AppUsers(_) | Self::AppUser(..) | Self::AppGroups(_) => {
                Some("okta.apps.read")
            }
            Self::Users | Self::User(_) => Some("okta.users.read"),
            Self::Groups | Self::Group(_) | Self::GroupUsers(_) => Some("okta.groups.read"),
            Self::Logs => Some(LOGS_SCOPE),
            Self::UserSchema | Self::AppSchema(_) => Some("okta.schemas.read"),
        }
    }

    /// Whether the answer is a list in pages.
    pub(crate) fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Apps
                | Self::AppUsers(_)
                | Self::AppGroups(_)
                | Self::Users
                | Self::Groups
                | Self::GroupUsers(_)
                | Self::Logs
        )
    }
}

/// A piece of a path without its percent signs; a broken escape stays as it is.
pub(crate) fn decoded(piece: &str) -> String {
    let hex = |at: usize| piece.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let mut bytes = Vec::with_capacity(piece.len());
    let mut at = 0;
    while let Some(&byte) = piece.as_bytes().get(at) {
        if let Some(escaped) = hex(at).filter(|_| byte == b'%') {
            bytes.push(escaped);
            at += 3;
        } else {
            bytes.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

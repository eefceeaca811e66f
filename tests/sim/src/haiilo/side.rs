//! The HTTP side of a simulated Haiilo: routes, the token, throttling, discovery, and the journal of writes (RFC 7644 3 and 4).
//!
//! It decides who is heard and by whom; what becomes of accounts is none of its business.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::face::{Answer, Call, Side};
use crate::haiilo::bend::Bend;
use crate::haiilo::kept;
use crate::haiilo::manner::Discovery;
use crate::haiilo::reads::{BASE, Query};
use crate::haiilo::record::{Did, Write};
use crate::haiilo::scim::discovery;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::state::{Haiilo, TOKEN};
use crate::haiilo::writes::{Job, Note};

/// The names of the routes, for planting faults.
pub mod route {
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
}

/// What a path names.
enum Place {
    /// A collection or a document by itself.
    Whole(&'static str),
    /// One of a collection, by its decoded id.
    One(&'static str, String),
    Nowhere,
}

fn place(call: &Call) -> Place {
    let Some(path) = call.path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/')) else {
        return Place::Nowhere;
    };
    let known = |name: &str| {
        ["Users", "Schemas", "ResourceTypes", "ServiceProviderConfig", ".search"].into_iter().find(|it| *it == name)
    };
    match path.split_once('/') {
        None => known(path).map_or(Place::Nowhere, Place::Whole),
        Some((_, id)) if id.is_empty() || id.contains('/') => Place::Nowhere,
        Some((name, id)) => match (known(name), percent_decode_str(id).decode_utf8()) {
            (Some(name @ ("Users" | "Schemas" | "ResourceTypes")), Ok(id)) => Place::One(name, id.into_owned()),
            _ => Place::Nowhere,
        },
    }
}

fn route_of(call: &Call, place: &Place, discovery: Discovery) -> Option<&'static str> {
    Some(match (call.method.as_str(), place) {
        ("GET", Place::Whole("Users")) if call.parameter("filter").is_some() => route::LOOK_UP,
        ("GET", Place::Whole("Users")) => route::LIST,
        ("GET", Place::One("Users", _)) => route::READ,
        ("POST", Place::Whole("Users")) => route::CREATE,
        ("PUT", Place::One("Users", _)) => route::PUT,
        ("PATCH", Place::One("Users", _)) => route::PATCH,
        ("DELETE", Place::One("Users", _)) => route::DELETE,
        ("GET", Place::Whole("ServiceProviderConfig")) => route::PROVIDER_CONFIG,
        ("GET", Place::Whole("Schemas")) => route::SCHEMAS,
        ("GET", Place::One("Schemas", _)) => route::SCHEMA,
        ("GET", Place::Whole("ResourceTypes")) => route::RESOURCE_TYPES,
        ("GET", Place::One("ResourceTypes", _)) => route::RESOURCE_TYPE,
        ("POST", Place::Whole(".search")) if discovery == Discovery::Served => route::SEARCH,
        _ => return None,
    })
}

/// Whether a bend means anything on a route.
fn fits(bend: &Bend, route: &str) -> bool {
    let allowed: &[&str] = match bend {
        Bend::SkipRows(_)
        | Bend::RepeatPage
        | Bend::EmptyPage
        | Bend::ShortPage(_)
        | Bend::DoubleRow
        | Bend::RowWithoutId
        | Bend::RowWithoutUserName
        | Bend::RowNotAnObject
        | Bend::TotalOff(_)
        | Bend::TotalMissing
        | Bend::NotAList => &[route::LIST, route::LOOK_UP, route::SEARCH],
        Bend::FindsNobody | Bend::FindsOther | Bend::FindsAll => &[route::LOOK_UP],
        Bend::LyingId | Bend::LyingUserName => &[route::READ, route::CREATE, route::PUT, route::PATCH],
        Bend::NotFoundOnce => &[route::READ, route::PUT, route::PATCH, route::DELETE],
        Bend::WrongAccount => &[route::READ],
        Bend::Seats => &[route::CREATE],
        Bend::EtagChanged => &[route::PUT, route::PATCH, route::DELETE],
        Bend::GroupMissing | Bend::ChangesOther | Bend::DropsValue(_) | Bend::Deactivates => {
            &[route::CREATE, route::PUT, route::PATCH]
        }
    };
    allowed.contains(&route)
}

impl Side for Haiilo {
    type Bend = Bend;

    fn route(&self, call: &Call) -> Option<&'static str> {
        route_of(call, &place(call), self.manner.discovery)
    }

    fn answer(&mut self, call: &Call, bend: Option<&Bend>, violations: &mut Vec<String>) -> Answer {
        self.come_under(call);
        let place = place(call);
        let route = route_of(call, &place, self.manner.discovery);
        if let (Some(bend), Some(route)) = (bend, route)
            && !fits(bend, route)
        {
            violations.push(format!("the test planted {bend:?} on {route}, where it means nothing"));
        }
        let mut note = Note { id: None, did: Did::Nothing };
        let outcome = match self.throttle.refuses(self.clock.now_ms()) {
            Some(seconds) => {
                let refusal = Refusal::new(429, "Too many requests");
                Ok(refusal.answer(&self.manner).with("retry-after", seconds.to_string()))
            }
            None => self.admitted(call, violations).and_then(|()| {
                let mut job = Job { call, bend, violations, note: &mut note };
                self.dispatch(&place, route, &mut job)
            }),
        };
        let answer = outcome.unwrap_or_else(|refusal| self.refused(&refusal));
        if matches!(route, Some(route::CREATE | route::PUT | route::PATCH | route::DELETE)) {
            self.journal(call, place, note, answer.status);
        }
        answer
    }

    fn refusal(&mut self, _: &Call, status: u16) -> Answer {
        self.refused(&Refusal::new(status, "The request cannot be done"))
    }
}

impl Haiilo {
    /// Notes under which address the server is called, since answers hold it.
    fn come_under(&mut self, call: &Call) {
        let base = format!("http://{}{BASE}", call.header("host"));
        if base != self.base {
            self.base = base;
            self.store.forget_answers();
        }
    }

    fn refused(&self, refusal: &Refusal) -> Answer {
        let answer = refusal.answer(&self.manner);
        if refusal.status == 401 { answer.with("www-authenticate", "Bearer") } else { answer }
    }

    /// Checks the token. It dies with its owner's account.
    fn admitted(&self, call: &Call, violations: &mut Vec<String>) -> Result<(), Refusal> {
        let credential = call.header("authorization");
        if credential.is_empty() {
            violations.push(format!("{} {} without a credential", call.method, call.path));
        }
        let owner = self.store.row(self.owner);
        let lives = owner.is_some_and(|owner| owner.attributes.get("active") != Some(&Value::Bool(false)));
        let good = credential
            .split_once(' ')
            .is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token.trim() == TOKEN);
        if good && lives { Ok(()) } else { Err(Refusal::new(401, "Authorization failure")) }
    }

    fn dispatch(&mut self, place: &Place, route: Option<&str>, job: &mut Job) -> Result<Answer, Refusal> {
        let Some(route) = route else {
            return Err(match place {
                Place::Nowhere => Refusal::new(404, "There is nothing at this path"),
                Place::Whole(name) | Place::One(name, _) => {
                    if *name != "Users" && self.manner.discovery == Discovery::Absent {
                        Refusal::new(404, "There is nothing at this path")
                    } else {
                        Refusal::new(405, "The method is not supported here")
                    }
                }
            });
        };
        let id = match place {
            Place::One(_, id) => id.as_str(),
            Place::Whole(_) | Place::Nowhere => "",
        };
        match route {
            route::LIST | route::LOOK_UP => self.list(&Query::of(job.call), job.bend),
            route::READ => self.read(id, job.call, job.bend),
            route::CREATE => self.create(job),
            route::PUT => self.replace(id, job),
            route::PATCH => self.patch(id, job),
            route::DELETE => self.delete(id, job),
            route::SEARCH => {
                let body = kept::body(job.call, job.violations)?;
                self.list(&Query::searched(&body), job.bend)
            }
            _ => self.describe(route, id),
        }
    }

    /// Answers the discovery endpoints.
    fn describe(&self, route: &str, id: &str) -> Result<Answer, Refusal> {
        if self.manner.discovery == Discovery::Absent {
            return Err(Refusal::new(404, "There is nothing at this path"));
        }
        let one = |documents: Vec<Value>| {
            documents.into_iter().find(|it| it["id"] == json!(id)).ok_or_else(|| Refusal::not_found(id))
        };
        let body = match route {
            route::PROVIDER_CONFIG => discovery::provider_config(&self.manner, &self.base),
            route::SCHEMAS => discovery::list(&discovery::schemas(&self.base)),
            route::SCHEMA => one(discovery::schemas(&self.base))?,
            route::RESOURCE_TYPES => discovery::list(&discovery::resource_types(&self.base)),
            _ => one(discovery::resource_types(&self.base))?,
        };
        Ok(Answer::new(200, &self.manner.content_type, body.to_string()))
    }

    fn journal(&mut self, call: &Call, place: Place, note: Note, status: u16) {
        let named = match place {
            Place::One(_, id) => Some(id),
            Place::Whole(_) | Place::Nowhere => None,
        };
        let n = u64::try_from(self.writes.len() + 1).expect("fewer writes than that fit in memory");
        self.writes.push(Write {
            n,
            method: call.method.to_string(),
            id: note.id.or(named),
            body: serde_json::from_slice(&call.body).unwrap_or(Value::Null),
            status,
            did: note.did,
        });
    }
}

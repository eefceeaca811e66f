//! The HTTP side of a simulated Haiilo: the token, throttling, discovery, and the journal of writes (RFC 7644 3 and 4).
//!
//! It decides who is heard and by whom; what becomes of accounts is none of its business.

use crate::face::{Answer, Call, Side};
use crate::haiilo::bend::Bend;
use crate::haiilo::intranet;
use crate::haiilo::kept;
use crate::haiilo::manner::{Discovery, Strictness};
use crate::haiilo::reads::Query;
use crate::haiilo::record::{Did, Write};
use crate::haiilo::route::BASE;
use crate::haiilo::route::{self, Place};
use crate::haiilo::scim::discovery;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::state::{Haiilo, TOKEN};
use crate::haiilo::writes::{Job, Note};
use serde_json::{Value, json};

impl Side for Haiilo {
    type Bend = Bend;

    fn route(&self, call: &Call) -> Option<&'static str> {
        route::of(call, &route::place(call, &self.manner), self.manner.discovery)
    }

    fn answer(&mut self, call: &Call, bend: Option<&Bend>, violations: &mut Vec<String>) -> Answer {
        self.come_under(call);
        let place = route::place(call, &self.manner);
        let route = route::of(call, &place, self.manner.discovery);
        if let (Some(bend), Some(route)) = (bend, route)
            && !route::fits(bend, route)
        {
            violations.push(format!("the test planted {bend:?} on {route}, where it means nothing"));
        }
        let mut note = Note { id: None, did: Did::Nothing };
        let outcome = match self.throttle.refuses(self.clock.now_ms()) {
            Some(seconds) => {
                let refusal = Refusal::new(429, "Too many requests");
                Ok(refusal.answer(&self.manner).with("retry-after", seconds.to_string()))
            }
            None if route == Some(route::GRANT) => {
                let Self { intranet, manner, clock, .. } = self;
                Ok(intranet.tokens.grant(call, &manner.directory, clock.now_ms(), violations))
            }
            // Whoever asks for a token has none.
            None if place == Place::Token => Err(Refusal::new(405, "The method is not supported here")),
            None => self.admitted(call, violations).and_then(|()| {
                let mut job = Job { call, bend, violations, note: &mut note };
                self.dispatch(&place, route, &mut job)
            }),
        };
        let answer = outcome.unwrap_or_else(|refusal| self.refused(&refusal));
        if route.is_some_and(route::writes) {
            self.journal(call, &place, note, answer.status);
        }
        answer
    }

    fn refusal(&mut self, call: &Call, status: u16) -> Answer {
        if route::place(call, &self.manner) == Place::Token {
            return intranet::token_refusal(status, "server_error", "The request cannot be done");
        }
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

    /// Checks the token. That of an Advocacy dies with its owner's account, those of an intranet end by themselves.
    fn admitted(&self, call: &Call, violations: &mut Vec<String>) -> Result<(), Refusal> {
        let credential = call.header("authorization");
        if credential.is_empty() {
            violations.push(format!("{} {} without a credential", call.method, call.path));
        }
        let token = credential.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.map_or("", |(_, token)| token.trim());
        let good = if self.manner.strict == Strictness::Intranet {
            self.intranet.tokens.admits(token, self.clock.now_ms())
        } else {
            let owner = self.owner.and_then(|owner| self.store.row(owner));
            let lives = owner.is_some_and(|owner| owner.attributes.get("active") != Some(&Value::Bool(false)));
            lives && token == TOKEN
        };
        if good { Ok(()) } else { Err(Refusal::new(401, "Authorization failure")) }
    }

    fn dispatch(&mut self, place: &Place, route: Option<&str>, job: &mut Job) -> Result<Answer, Refusal> {
        let Some(route) = route else {
            return Err(match place {
                Place::Nowhere | Place::Token => Refusal::new(404, "There is nothing at this path"),
                Place::Whole(_) | Place::One(..) => {
                    if !place.holds_resources() && self.manner.discovery == Discovery::Absent {
                        Refusal::new(404, "There is nothing at this path")
                    } else {
                        Refusal::new(405, "The method is not supported here")
                    }
                }
            });
        };
        let id = place.id().unwrap_or("");
        if self.is_intranet() && route::writes(route) {
            self.refuse_large(job.call)?;
        }
        match route {
            route::LIST | route::LOOK_UP => self.list(&Query::of(job.call), job.bend),
            route::READ => self.read(id, job.call, job.bend),
            route::CREATE => self.create(job),
            route::PUT | route::PATCH => self.update(route, id, job),
            route::DELETE => self.delete(id, job),
            route::LIST_GROUPS | route::LOOK_UP_GROUPS => self.list_groups(&Query::of(job.call), job.bend),
            route::READ_GROUP => self.read_group(id, job.call, job.bend),
            route::CREATE_GROUP => self.create_group(job),
            route::PUT_GROUP => self.replace_group(id, job),
            route::PATCH_GROUP => self.patch_group(id, job),
            route::DELETE_GROUP => self.delete_group(id, job),
            route::SEARCH => {
                let body = kept::body(job.call, job.violations)?;
                let query = Query::searched(&body);
                if self.is_intranet() { self.search(&query, job.bend) } else { self.list(&query, job.bend) }
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
        let (schemas, types) = if self.is_intranet() {
            let directory = &self.manner.directory;
            (intranet::schemas(directory, &self.base), intranet::resource_types(directory, &self.base))
        } else {
            (discovery::schemas(&self.base), discovery::resource_types(&self.base))
        };
        let body = match route {
            route::PROVIDER_CONFIG => discovery::provider_config(&self.manner, &self.base),
            route::SCHEMAS => discovery::list(&schemas),
            route::SCHEMA => one(schemas)?,
            route::RESOURCE_TYPES => discovery::list(&types),
            _ => one(types)?,
        };
        Ok(Answer::new(200, &self.manner.content_type, body.to_string()))
    }

    fn journal(&mut self, call: &Call, place: &Place, note: Note, status: u16) {
        let n = u64::try_from(self.writes.len() + 1).expect("fewer writes than that fit in memory");
        self.writes.push(Write {
            n,
            method: call.method.to_string(),
            resource: place.resource(),
            id: note.id.or_else(|| place.id().map(str::to_owned)),
            body: serde_json::from_slice(&call.body).unwrap_or(Value::Null),
            status,
            did: note.did,
        });
    }
}

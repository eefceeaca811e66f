//! The HTTP face of the org: from a call to an answer, with the headers that every answer carries.
//!
//! The order of checks is Okta's as far as it can be seen from outside: path, rate, credential, question.

use crate::face::{Answer, Call, Side};
use crate::okta::bend::{Bend, Change};
use crate::okta::credentials::auth::{API_TOKEN, At};
use crate::okta::errors::Refusal;
use crate::okta::rate::{Over, Standing};
use crate::okta::reads::lists::Question;
use crate::okta::route::{self, Route, Target};
use crate::okta::state::org::Okta;
use crate::okta::state::past::Sight;
use crate::okta::state::schemas;
use bytes::Bytes;
use serde_json::Value;

impl Side for Okta {
    type Bend = Bend;

    fn route(&self, call: &Call) -> Option<&'static str> {
        match route::target(&call.method, &call.path) {
            Target::Known(route) => Some(route.name()),
            Target::WrongMethod | Target::Nowhere => None,
        }
    }

    fn answer(&mut self, call: &Call, bend: Option<&Bend>, violations: &mut Vec<String>) -> Answer {
        self.answered += 1;
        self.look_for_bad_manners(call, violations);
        let route = match route::target(&call.method, &call.path) {
            Target::Known(route) => route,
            Target::WrongMethod => return self.refuse(Refusal::wrong_method(), None, bend),
            Target::Nowhere => return self.refuse(Refusal::no_such_path(), None, bend),
        };
        if let Some(bend) = bend.filter(|bend| !bend.fits(&route)) {
            violations.push(format!("planted where it means nothing: {bend:?} on {}", route.name()));
        }
        let now_ms = self.clock.now_ms();
        match bend {
            Some(Bend::Concurrency) => {
                let standing = Standing { limit: 0, ..self.rates.used_up(route.bucket(), now_ms) };
                return self.refuse(Refusal::too_many(), Some(standing), bend);
            }
            Some(Bend::Meanwhile(change)) => self.change(change),
            Some(Bend::ReadOnly) => {
                let standing = self.rates.look(route.bucket(), now_ms);
                return self.refuse(Refusal::read_only(), Some(standing), bend);
            }
            _ => {}
        }
        let standing = self.rates.take(route.bucket(), now_ms);
        if standing.over == Over::Exceeded {
            return self.refuse(Refusal::too_many(), Some(standing), bend);
        }
        match self.work(call, &route, bend, now_ms, violations) {
            Ok(answer) => self.finish(reshaped(answer, bend), Some(standing), bend),
            Err(refusal) => self.refuse(refusal, Some(standing), bend),
        }
    }

    fn refusal(&mut self, call: &Call, status: u16) -> Answer {
        self.answered += 1;
        let now_ms = self.clock.now_ms();
        let Target::Known(route) = route::target(&call.method, &call.path) else {
            return self.refuse(Refusal::of_status(status), None, None);
        };
        let refusal = match route {
            Route::Token => Refusal::of_token_status(status),
            _ => Refusal::of_status(status),
        };
        let standing = match status {
            429 => self.rates.used_up(route.bucket(), now_ms),
            _ => self.rates.look(route.bucket(), now_ms),
        };
        self.refuse(refusal, Some(standing), None)
    }
}

impl Okta {
    /// What no correct client does, whatever it asks.
    fn look_for_bad_manners(&self, call: &Call, violations: &mut Vec<String>) {
        if call.header("user-agent").is_empty() {
            violations.push(format!("no User-Agent: {} {}", call.method, call.path));
        }
        for (name, value) in url::form_urlencoded::parse(call.query.as_bytes()) {
            let named = ["access_token", "token", "client_assertion", "client_secret", "api_key"].contains(&&*name);
            if named || value.contains(API_TOKEN) || self.auth.is_live(&value) {
                violations.push(format!("a credential in the query of {} {}", call.method, call.path));
            }
        }
    }

    fn work(
        &mut self,
        call: &Call,
        route: &Route,
        bend: Option<&Bend>,
        now_ms: i64,
        violations: &mut Vec<String>,
    ) -> Result<Answer, Refusal> {
        let asked = origin(call);
        let at = At { call, origin: &asked, now_ms };
        if let Some(scope) = route.scope() {
            self.auth.allow(at, scope, violations)?;
        }
        let shown = self.custom_domain.clone().unwrap_or_else(|| asked.clone());
        if *route == Route::Token {
            return self.auth.grant(at, bend, violations);
        }
        if *route == Route::Logs {
            return self.logs(call, &shown, bend, violations);
        }
        let sight = self.sight(route, now_ms);
        let question = Question { org: self, call, origin: &shown, bend, sight };
        match route {
            Route::Organization => Ok(Answer::new(200, "application/json", schemas::organization(&shown).to_string())),
            Route::Apps => question.apps(violations),
            Route::App(app) => question.app(app),
            Route::AppUsers(app) => question.app_users(app, violations),
            Route::AppUser(app, user) => question.app_user(app, user),
            Route::AppGroups(app) => question.app_groups(app, violations),
            Route::Users => question.users(violations),
            Route::User(user) => question.user(user),
            Route::Groups => question.groups(violations),
            Route::Group(group) => question.group(group),
            Route::GroupUsers(group) => question.group_users(group, violations),
            Route::UserSchema => Ok(question.user_schema()),
            Route::AppSchema(app) => question.app_schema(app),
            Route::Logs | Route::Token => unreachable!("answered above"),
        }
    }

    /// What a read by id sees, by id or by login; other reads see what is.
    fn sight(&mut self, route: &Route, now_ms: i64) -> Sight {
        let (Route::AppUser(_, key) | Route::User(key)) = route else { return Sight::Now };
        let id = self.directory.find(key).map(|user| user.id.clone());
        self.past.look(id.as_deref().unwrap_or(key), now_ms)
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Assign(id) => self.assign(id),
            Change::Unassign(id) => self.unassign(id),
            Change::Deactivate(id) => self.deactivate(id),
            Change::StopApp => "INACTIVE".clone_into(&mut self.app.status),
            Change::RevokeCredentials => {
                self.auth.token_revoked = true;
                self.auth.revoke_tokens();
            }
        }
    }

    fn refuse(&self, refusal: Refusal, standing: Option<Standing>, bend: Option<&Bend>) -> Answer {
        self.finish(refusal.answer(self.answered), standing, bend)
    }

    /// Adds the headers that every answer carries, and bends them.
    fn finish(&self, answer: Answer, standing: Option<Standing>, bend: Option<&Bend>) -> Answer {
        let mut answer = answer
            .with("x-okta-request-id", format!("{:032x}", u128::from(self.answered) * 0x9e37_79b9_7f4a_7c15_f39c))
            .with("cache-control", "no-cache, no-store");
        let lines = match bend {
            Some(Bend::NoRateHeaders) => 0,
            Some(Bend::DuplicateRateHeaders) => 2,
            _ => 1,
        };
        for line in 0..lines {
            if let Some(standing) = standing {
                answer = with_rate(answer, standing, line);
            }
        }
        match bend {
            Some(Bend::NoDate) => answer.with("date", ""),
            Some(Bend::DateSkew(seconds)) => {
                let skewed = self.clock.now() + chrono::TimeDelta::seconds(*seconds);
                answer.with("date", skewed.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
            Some(Bend::WrongContentType) => {
                for (name, value) in &mut answer.headers {
                    if *name == "content-type" {
                        "text/html;charset=utf-8".clone_into(value);
                    }
                }
                answer
            }
            _ => answer,
        }
    }
}

/// The three headers; a second line of each is that of a wider limit, which does not bind.
fn with_rate(answer: Answer, standing: Standing, line: u32) -> Answer {
    let Standing { limit, remaining, reset, .. } = standing;
    answer
        .with("x-rate-limit-limit", limit.saturating_mul(line + 1).to_string())
        .with("x-rate-limit-remaining", limit.saturating_mul(line).saturating_add(remaining).to_string())
        .with("x-rate-limit-reset", (reset + 30 * i64::from(line)).to_string())
}

/// Scheme and host as the client sees them. The face speaks plain HTTP.
fn origin(call: &Call) -> String {
    format!("http://{}", call.header("host"))
}

/// The answer with its rows bent.
fn reshaped(mut answer: Answer, bend: Option<&Bend>) -> Answer {
    if let Some(bend) = bend.filter(|bend| bend.bends_rows()) {
        let mut body: Value = serde_json::from_slice(&answer.body).expect("all good answers are JSON");
        bend.reshape(&mut body);
        answer.body = Bytes::from(body.to_string());
    }
    answer
}

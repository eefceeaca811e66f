//! Writing: create, replace, patch, delete (RFC 7644 3.3, 3.5, 3.6), and what the product makes of it. Who may write is settled before.

use crate::face::{Answer, Call};
use crate::haiilo::advocacy;
use crate::haiilo::bend::Bend;
use crate::haiilo::intranet::fields;
use crate::haiilo::kept::{self, Sent};
use crate::haiilo::manner::{
    Create, Delete, Deprovision, Duplicate, Etag, Ids, Patch, Put, SecondDelete, Strictness, WhenFull,
};
use crate::haiilo::record::{By, Deleted, Did};
use crate::haiilo::route::BASE;
use crate::haiilo::scim::diff;
use crate::haiilo::scim::patch::{self, Operation};
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render;
use crate::haiilo::scim::schema;
use crate::haiilo::scim::store::{Origin, Seen};
use crate::haiilo::scim::text::{Attributes, get, text};
use crate::haiilo::state::Haiilo;
use serde_json::Value;

/// What the journal will say about the write at hand.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) id: Option<String>,
    pub(crate) did: Did,
}

/// A write with everything that belongs to it.
pub(crate) struct Job<'a> {
    pub(crate) call: &'a Call,
    pub(crate) bend: Option<&'a Bend>,
    pub(crate) violations: &'a mut Vec<String>,
    pub(crate) note: &'a mut Note,
}

impl Haiilo {
    fn is_strict(&self) -> bool {
        self.manner.strict == Strictness::Advocacy
    }

    /// The body of a write, as an object.
    pub(crate) fn body(job: &mut Job, message: &str) -> Result<Attributes, Refusal> {
        let sent = kept::body(job.call, job.violations)?;
        let schemas = get(&sent, "schemas").and_then(Value::as_array);
        if !schemas.is_some_and(|list| list.iter().any(|urn| urn.as_str() == Some(message))) {
            job.violations.push(format!("{} without the schema {message}", job.call.method));
        }
        Ok(sent)
    }

    /// Creates an account.
    pub(crate) fn create(&mut self, job: &mut Job) -> Result<Answer, Refusal> {
        let sent = self.welcome(Self::body(job, schema::USER)?)?;
        if self.is_strict() {
            for path in advocacy::unsupported(&sent, None) {
                job.violations.push(format!("POST with {path}, which Advocacy does not support"));
            }
        }
        if job.bend == Some(&Bend::GroupMissing) {
            return Err(advocacy::no_group());
        }
        let mut wanted = kept::kept(&self.manner, None, &sent, job.violations)?;
        if self.is_strict() && wanted.get("active") != Some(&Value::Bool(true)) {
            job.violations.push("POST without active: true".to_owned());
            if wanted.get("active") == Some(&Value::Bool(false)) {
                return Err(Refusal::bad("invalidValue", "an account is active or it is not there"));
            }
            wanted.insert("active".to_owned(), Value::Bool(true));
        }
        self.refuse_duplicate(text(&wanted, "userName"), None)?;
        self.refuse_shared_external_id(&wanted, None)?;
        let full = job.bend == Some(&Bend::Seats) || !self.has_seat();
        let seen = match self.manner.when_full {
            WhenFull::Refused(status) if full => return Err(advocacy::no_seats(status)),
            WhenFull::Queued if full => Seen::Nowhere,
            _ => Seen::Everywhere,
        };
        if self.is_strict() {
            self.advocacy.settle(None, &mut wanted, &self.manner)?;
        }
        self.give_extras(&mut wanted);
        let mut stored = wanted.clone();
        kept::bend(&mut stored, None, job.bend, || kept::mentions(&sent));
        let (number, did) = match self.restored(&mut wanted, &stored) {
            Some(number) => (number, Did::Restored),
            None => (self.store.add(stored, Origin::Scim, seen, self.manner.ids, &self.clock.iso()), Did::Created),
        };
        job.note.id = Some(self.id(number));
        job.note.did = did;
        if seen == Seen::Nowhere {
            self.waiting.push_back(number);
            job.note.did = Did::Queued;
        }
        let shown = self.as_answered(number, &wanted, job.bend);
        let answer = self.created(number, &shown, job.bend)?;
        if job.bend == Some(&Bend::Deactivates) {
            self.deactivated(number, By::Mishap, job.note, &Attributes::new());
        }
        Ok(answer)
    }

    /// What the answer to a write shows: what is stored, except for a value that was dropped behind the client's back.
    fn as_answered(&self, number: usize, wanted: &Attributes, bend: Option<&Bend>) -> Attributes {
        match (bend, self.store.row(number)) {
            (Some(Bend::DropsValue(_)), _) | (_, None) => wanted.clone(),
            (_, Some(row)) => row.attributes.clone(),
        }
    }

    /// The answer to a create.
    fn created(&mut self, number: usize, shown: &Attributes, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        let gone = || Refusal::new(500, "the account was just made");
        let mut answer = self.shown(201, number, shown, bend).ok_or_else(gone)?;
        // The location names the account that the body names, so that a lie is a whole one.
        let named = serde_json::from_slice::<Attributes>(&answer.body).expect("answers are objects");
        let id = get(&named, "id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        match self.manner.create {
            Create::Created => {}
            Create::Ok200 => answer.status = 200,
            Create::CreatedEmpty => answer = Answer::empty(201),
            Create::CreatedWithoutId => {
                let mut body = named;
                render::cut(&mut body, &["id".to_owned()]);
                answer.body = Value::Object(body).to_string().into();
            }
        }
        let id = id.unwrap_or_default();
        Ok(match render::location(&self.manner, &self.base, BASE, &id) {
            Some(location) => answer.with("location", location),
            None => answer,
        })
    }

    /// Refuses a user name that another account has.
    fn refuse_duplicate(&self, user_name: &str, own: Option<usize>) -> Result<(), Refusal> {
        if !self.is_taken(user_name, own) {
            return Ok(());
        }
        Err(self.taken(format!("the userName {user_name} is taken")))
    }

    /// The refusal of a value that belongs to somebody else.
    pub(crate) fn taken(&self, detail: String) -> Refusal {
        let refusal = Refusal::new(409, detail);
        match self.manner.duplicate {
            Duplicate::ConflictWithoutType => refusal,
            Duplicate::BadRequest => Refusal { status: 400, kind: Some("uniqueness"), ..refusal },
            _ => Refusal { kind: Some("uniqueness"), ..refusal },
        }
    }

    /// What the product takes of a body at all.
    fn welcome(&self, sent: Attributes) -> Result<Attributes, Refusal> {
        if self.is_intranet() { fields::welcome(&self.manner.directory, &sent) } else { Ok(sent) }
    }

    /// What every write on an account meets first.
    fn entered(&mut self, id: &str, job: &mut Job) -> Result<usize, Refusal> {
        job.note.id = Some(id.to_owned());
        if self.untouchable.contains(id) {
            job.violations.push(format!("{} on {id}, which must not be touched", job.call.method));
        }
        let number = self.visible(id, job.bend)?;
        let version = self.store.row(number).map_or(0, |row| row.version);
        self.refuse_changed(id, version, job)?;
        Ok(number)
    }

    /// Refuses a write that was meant for another version.
    pub(crate) fn refuse_changed(&self, id: &str, version: u64, job: &Job) -> Result<(), Refusal> {
        let wanted = job.call.header("if-match");
        let changed = self.manner.etag == Etag::Enforced
            && !wanted.is_empty()
            && wanted != "*"
            && !wanted.split(',').any(|tag| tag.trim() == render::etag(version));
        if changed || job.bend == Some(&Bend::EtagChanged) {
            return Err(Refusal::new(412, format!("Resource {id} has changed")));
        }
        Ok(())
    }

    /// Replaces an account.
    pub(crate) fn replace(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        let number = self.entered(id, job)?;
        if let Put::Unsupported(status) = self.manner.put {
            return Err(Refusal::new(status, "PUT is not supported"));
        }
        let sent = self.welcome(Self::body(job, schema::USER)?)?;
        let before = self.attributes(number)?;
        if self.is_strict() {
            let shown = self.shown(200, number, &before, None).map(|answer| answer.body).unwrap_or_default();
            let shown: Attributes = serde_json::from_slice(&shown).unwrap_or_default();
            for path in advocacy::unsupported(&sent, Some(&shown)) {
                job.violations.push(format!("PUT with {path}, which Advocacy does not support"));
            }
            if get(&sent, "active").is_none() {
                job.violations.push("PUT without active".to_owned());
            }
        }
        for (name, _) in &self.manner.extras {
            if get(&before, name).is_some_and(|value| value != "") && get(&sent, name).is_none() {
                job.violations.push(format!("PUT without {name}, which the account has"));
            }
        }
        let mentions = kept::mentions(&sent);
        let mut sent = kept::replaced(self.manner.put, &before, &sent);
        if let (true, None, Some(active)) = (self.is_intranet(), get(&sent, "active"), get(&before, "active")) {
            // Nothing is no way to say that somebody comes or goes.
            sent.insert("active".to_owned(), active.clone());
        }
        self.commit(number, &Sent { before, wanted: sent, mentions, by: By::Put }, job)
    }

    /// Patches an account.
    pub(crate) fn patch(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        let number = self.entered(id, job)?;
        if let Patch::Unsupported(status) = self.manner.patch {
            return Err(Refusal::new(status, "PATCH is not supported"));
        }
        let body = Self::body(job, schema::PATCH)?;
        let mut operations = patch::read(&body, job.violations)?;
        if self.is_intranet() {
            operations = fields::welcome_operations(&self.manner.directory, operations)?;
        }
        if self.is_strict() {
            for path in operations.iter().flat_map(advocacy::unsupported_in) {
                job.violations.push(format!("PATCH of {path}, which Advocacy does not support"));
            }
        }
        let before = self.attributes(number)?;
        let gone = || Refusal::not_found(id);
        if self.manner.patch == Patch::IgnoresAndSays200 {
            return self.shown(200, number, &before, job.bend).ok_or_else(gone);
        }
        let mut wanted = before.clone();
        for operation in &operations {
            patch::apply(&mut wanted, operation, &self.manner)?;
        }
        if self.manner.patch == Patch::EchoesLie {
            let shown = schema::spelled(&wanted, Some(&before));
            return self.shown(200, number, &shown, job.bend).ok_or_else(gone);
        }
        let mentions: Vec<AttrPath> = operations.iter().flat_map(mentioned).collect();
        self.commit(number, &Sent { before, wanted, mentions, by: By::Patch }, job)
    }

    fn attributes(&self, number: usize) -> Result<Attributes, Refusal> {
        let row = self.store.row(number).ok_or_else(|| Refusal::new(404, "Resource not found"))?;
        Ok(row.attributes.clone())
    }

    /// Checks and stores what an account shall be, and answers.
    fn commit(&mut self, number: usize, sent: &Sent, job: &mut Job) -> Result<Answer, Refusal> {
        let Sent { before, wanted, mentions, by } = sent;
        if job.bend == Some(&Bend::GroupMissing) {
            return Err(advocacy::no_group());
        }
        let mut wanted = kept::kept(&self.manner, Some(before), wanted, job.violations)?;
        let renamed = text(&wanted, "userName") != text(before, "userName");
        if renamed && self.manner.ids == Ids::Email {
            return Err(Refusal::bad("mutability", "a userName cannot change here"));
        }
        if renamed {
            self.refuse_duplicate(text(&wanted, "userName"), Some(number))?;
        }
        self.refuse_shared_external_id(&wanted, Some(number))?;
        if self.is_strict() {
            self.advocacy.settle(Some(before), &mut wanted, &self.manner)?;
        }
        if let (Patch::LosesUnsent(path), By::Patch) = (&self.manner.patch, by) {
            kept::lose(&mut wanted, path, mentions);
        }
        let mut stored = wanted.clone();
        kept::bend(&mut stored, Some(before), job.bend, || mentions.clone());
        let changes = diff::changes(before, &stored);
        if !changes.is_empty() {
            self.store.change(number, stored.clone(), &self.clock.iso());
            job.note.did = Did::Changed(changes);
        }
        let shown = self.as_answered(number, &wanted, job.bend);
        let answer = match (by, &self.manner.patch) {
            (By::Patch, Patch::NoContent) => Some(Answer::empty(204)),
            (By::Patch, Patch::NoContentIfUnchanged) if job.note.did == Did::Nothing => Some(Answer::empty(204)),
            _ => self.shown(200, number, &shown, job.bend),
        };
        let inactive = |attributes: &Attributes| attributes.get("active") == Some(&Value::Bool(false));
        // Whoever is hidden reads as inactive and can be deleted nevertheless.
        let hidden = self.deletes_the_inactive() && inactive(&sent.wanted) && names_active(mentions);
        if inactive(&stored) && (!inactive(before) || hidden) {
            let by = if inactive(&wanted) { *by } else { By::Mishap };
            self.deactivated(number, by, job.note, before);
        }
        answer.ok_or_else(|| Refusal::new(404, "Resource not found"))
    }

    /// What becomes of an account that is no longer active: in Advocacy, it is gone for ever; in an intranet, the policy says it.
    fn deactivated(&mut self, number: usize, by: By, note: &mut Note, before: &Attributes) {
        let goes = match self.manner.strict {
            Strictness::Advocacy => self.manner.delete != Delete::Soft,
            Strictness::Intranet => self.deletes_the_inactive(),
            Strictness::Generic => false,
        };
        if goes {
            self.destroy(number, by);
            note.did = Did::Deleted;
            return;
        }
        if let Some(row) = self.store.row(number) {
            note.did = Did::Deactivated(diff::changes(before, &row.attributes));
        }
        self.admit();
    }

    /// Whether `active: false` deletes an account of an intranet.
    fn deletes_the_inactive(&self) -> bool {
        self.is_intranet() && self.manner.directory.deactivation == Deprovision::Delete
    }

    fn destroy(&mut self, number: usize, by: By) {
        if let Some(row) = self.store.row(number) {
            self.gone.push(Deleted { id: row.id.clone(), user_name: row.user_name().to_owned(), by });
        }
        self.drop_row(number);
    }

    /// Deletes an account.
    pub(crate) fn delete(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        if self.gone_ids.contains(id) && self.store.by_id(id).is_none() {
            job.note.id = Some(id.to_owned());
            return self.deleted_again(id);
        }
        let number = self.entered(id, job)?;
        let before = self.attributes(number)?;
        if self.manner.delete == Delete::Nothing {
            return Ok(Answer::empty(204));
        }
        if !self.keeps_deleted() {
            let whole = self.shown(200, number, &before, None);
            self.destroy(number, By::Delete);
            job.note.did = Did::Deleted;
            return Ok(match (self.manner.delete, whole) {
                (Delete::OkWithBody, Some(whole)) => whole,
                _ => Answer::empty(204),
            });
        }
        if before.get("active") == Some(&Value::Bool(false)) {
            // An intranet still shows the account, so that there is something to delete.
            return if self.is_intranet() { Ok(Answer::empty(204)) } else { self.deleted_again(id) };
        }
        let mut after = before.clone();
        after.insert("active".to_owned(), Value::Bool(false));
        self.store.change(number, after, &self.clock.iso());
        if let Some(row) = self.store.row(number) {
            job.note.did = Did::Deactivated(diff::changes(&before, &row.attributes));
        }
        self.admit();
        Ok(Answer::empty(204))
    }

    /// Whether DELETE leaves the account where it is, inactive.
    fn keeps_deleted(&self) -> bool {
        let by_policy = self.is_intranet() && self.manner.directory.deletion == Deprovision::Deactivate;
        by_policy || self.manner.delete == Delete::Soft
    }

    fn deleted_again(&self, id: &str) -> Result<Answer, Refusal> {
        match self.manner.second_delete {
            SecondDelete::NotFound => Err(Refusal::not_found(id)),
            SecondDelete::NoContent => Ok(Answer::empty(204)),
        }
    }
}

/// Whether a write says something about `active`.
fn names_active(mentions: &[AttrPath]) -> bool {
    mentions.iter().any(|path| matches!(path.names.as_slice(), [name] if name.eq_ignore_ascii_case("active")))
}

/// What an operation names.
fn mentioned(operation: &Operation) -> Vec<AttrPath> {
    match (&operation.target, &operation.value) {
        (None, Value::Object(values)) => kept::mentions(values),
        (None, _) => Vec::new(),
        (Some(target), value) => kept::mentions_at(&target.plain(), value),
    }
}

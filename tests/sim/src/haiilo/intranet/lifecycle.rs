//! What becomes of an intranet's accounts that are not wanted any more, and how they come back, by the policy of the directory.

use serde_json::Value;

use crate::face::{Answer, Call};
use crate::haiilo::bend::Bend;
use crate::haiilo::kept;
use crate::haiilo::manner::{Again, ExternalIds, Put, Remains};
use crate::haiilo::reads;
use crate::haiilo::record::Did;
use crate::haiilo::route::{self, BASE};
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render::{self, Projection};
use crate::haiilo::scim::store::{Row, Seen};
use crate::haiilo::scim::text::{Attributes, get, text};
use crate::haiilo::state::Haiilo;
use crate::haiilo::writes::Job;

impl Haiilo {
    /// Puts an account that was taken out of everything where an admin finds it.
    pub(crate) fn bury(&mut self, number: usize, mut row: Row) {
        for membership in std::mem::take(&mut row.groups) {
            let group = self.intranet.groups.by_id(&membership.id);
            if let Some(members) = group.and_then(|group| self.intranet.groups.members_mut(group)) {
                members.remove(&number);
            }
        }
        row.seen = Seen::Nowhere;
        row.attributes.insert("active".to_owned(), Value::Bool(false));
        self.intranet.bin.put(number, row);
    }

    /// Brings a deleted account back as it was, inactive.
    pub(crate) fn dig_up(&mut self, number: usize) -> Option<usize> {
        let mut row = self.intranet.bin.take(number)?;
        row.seen = Seen::Everywhere;
        self.gone_ids.remove(&row.id);
        self.store.put(number, row);
        Some(number)
    }

    /// Whether a user name is refused because a deleted account has it.
    pub(crate) fn is_kept_for_the_deleted(&self, user_name: &str) -> bool {
        let conflicts = self.is_intranet() && self.manner.directory.again == Again::Conflict;
        conflicts && self.intranet.bin.by_name(user_name).is_some()
    }

    /// Restores the deleted account of this user name where a create does that: what is stored is put over what it had, and `wanted`
    /// becomes what the account then is.
    pub(crate) fn restored(&mut self, wanted: &mut Attributes, stored: &Attributes) -> Option<usize> {
        if !self.is_intranet() || self.manner.directory.again != Again::Restores {
            return None;
        }
        let number = self.intranet.bin.by_name(text(stored, "userName"))?;
        self.dig_up(number)?;
        let before = self.store.row(number)?.attributes.clone();
        *wanted = kept::replaced(Put::KeepsUnsent, &before, wanted);
        let after = kept::replaced(Put::KeepsUnsent, &before, stored);
        self.store.change(number, after, &self.clock.iso());
        Some(number)
    }

    /// Refuses an `externalId` that another account has, where they are unique.
    pub(crate) fn refuse_shared_external_id(&self, wanted: &Attributes, own: Option<usize>) -> Result<(), Refusal> {
        if !self.is_intranet() || self.manner.directory.external_ids == ExternalIds::Shared {
            return Ok(());
        }
        let external_id = text(wanted, "externalId");
        if self.store.by_external_id(external_id).iter().any(|other| Some(*other) != own) {
            return Err(self.taken(format!("the externalId {external_id} is taken")));
        }
        Ok(())
    }

    /// The number of a deleted account that is still shown by its id.
    fn remains_of(&self, id: &str) -> Option<usize> {
        let shown = self.is_intranet() && self.manner.directory.remains == Remains::Readable;
        self.intranet.bin.by_id(id).filter(|_| shown)
    }

    /// Answers with a deleted account that is still shown by its id.
    pub(crate) fn read_deleted(&self, id: &str, call: &Call, bend: Option<&Bend>) -> Option<Answer> {
        let row = self.intranet.bin.row(self.remains_of(id)?)?;
        if bend == Some(&Bend::NotFoundOnce) {
            return None;
        }
        let location = render::location(&self.manner, &self.base, BASE, &row.id);
        let shown = render::account(&self.manner, row, &row.attributes, location.as_deref());
        let body = reads::bytes(Projection::of(call).applied(&shown));
        Some(Answer::new(200, &self.manner.content_type, body))
    }

    /// Replaces or patches an account. A deleted one that is still shown comes back if the write activates it, unless somebody else has
    /// its name by now.
    pub(crate) fn update(&mut self, route: &str, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        if let Some(row) = self.remains_of(id).and_then(|number| self.intranet.bin.row(number))
            && !self.store.by_name(row.user_name()).is_empty()
        {
            return Err(self.taken(format!("the userName {} is taken", row.user_name())));
        }
        let risen = self.remains_of(id).and_then(|number| self.dig_up(number));
        let outcome = if route == route::PUT { self.replace(id, job) } else { self.patch(id, job) };
        if let Some(number) = risen {
            // Nothing is no way to say that somebody comes back.
            let active = Some(&Value::Bool(true));
            if self.store.row(number).is_some_and(|row| row.attributes.get("active") == active) {
                job.note.did = Did::Restored;
            } else {
                self.drop_row(number);
            }
        }
        outcome
    }

    /// Refuses a write that is larger than the directory allows.
    pub(crate) fn refuse_large(&self, call: &Call) -> Result<(), Refusal> {
        let directory = &self.manner.directory;
        if directory.largest_body.is_some_and(|most| call.body.len() > most) {
            return Err(Refusal::new(413, "The body is too large"));
        }
        let Some(most) = directory.most_operations else { return Ok(()) };
        let body: Attributes = serde_json::from_slice(&call.body).unwrap_or_default();
        let operations = get(&body, "Operations").and_then(Value::as_array).map_or(0, Vec::len);
        if operations > most { Err(Refusal::new(413, format!("At most {most} operations"))) } else { Ok(()) }
    }
}

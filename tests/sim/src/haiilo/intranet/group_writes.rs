//! Writing groups: create, replace, patch, delete (RFC 7644 3.3, 3.5, 3.6). Who may write is settled before.

use crate::face::Answer;
use crate::haiilo::bend::Bend;
use crate::haiilo::intranet::group_draft::{Draft, Moves};
use crate::haiilo::intranet::groups::{Entry, Values};
use crate::haiilo::manner::{Delete, GroupPatch, Kept, Patch, Put, SecondDelete};
use crate::haiilo::record::{Change, Did};
use crate::haiilo::route::BASE;
use crate::haiilo::scim::patch;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render::{self, Projection};
use crate::haiilo::scim::schema;
use crate::haiilo::scim::store::Origin;
use crate::haiilo::state::Haiilo;
use crate::haiilo::writes::Job;
use serde_json::Value;

/// What is to be stored of a draft.
struct Wanted {
    values: Values,
    moves: Moves,
    changes: Vec<Change>,
}

impl Haiilo {
    /// Creates a group.
    pub(crate) fn create_group(&mut self, job: &mut Job) -> Result<Answer, Refusal> {
        let sent = Self::body(job, schema::GROUP)?;
        self.refuse_unknown(sent.keys())?;
        let mut draft = Draft::of(&self.store, None);
        draft.replace(&sent)?;
        let wanted = self.checked(draft, None)?;
        let number = self.intranet.groups.add(wanted.values.clone(), Origin::Scim, &self.clock.iso());
        self.store_group(number, wanted, job);
        job.note.did = Did::Created;
        let missing = || Refusal::new(500, "the group was just made");
        let id = self.intranet.groups.entry(number).map(|entry| entry.id.clone()).ok_or_else(missing)?;
        let answer = self.group_answer(201, number, &Projection::of(job.call)).ok_or_else(missing)?;
        let location = render::location_in(&self.manner, &self.base, BASE, "Groups", &id);
        job.note.id = Some(id);
        Ok(match location {
            Some(location) => answer.with("location", location),
            None => answer,
        })
    }

    /// Replaces a group.
    pub(crate) fn replace_group(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        let number = self.entered_group(id, job)?;
        if let Put::Unsupported(status) = self.manner.put {
            return Err(Refusal::new(status, "PUT is not supported"));
        }
        let sent = Self::body(job, schema::GROUP)?;
        self.refuse_unknown(sent.keys())?;
        let mut draft = Draft::of(&self.store, self.intranet.groups.entry(number));
        if self.manner.put == Put::KeepsUnsent {
            draft.merge(&sent)?;
        } else {
            draft.replace(&sent)?;
        }
        let wanted = self.checked(draft, Some(number))?;
        self.store_group(number, wanted, job);
        self.group_answer(200, number, &Projection::of(job.call)).ok_or_else(|| Refusal::not_found(id))
    }

    /// Patches a group.
    pub(crate) fn patch_group(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        let number = self.entered_group(id, job)?;
        if let Patch::Unsupported(status) = self.manner.patch {
            return Err(Refusal::new(status, "PATCH is not supported"));
        }
        let body = Self::body(job, schema::PATCH)?;
        let operations = patch::read(&body, job.violations)?;
        self.refuse_unknown(operations.iter().filter_map(|operation| operation.target.as_ref()?.path.names.first()))?;
        if self.manner.patch != Patch::IgnoresAndSays200 {
            let mut draft = Draft::of(&self.store, self.intranet.groups.entry(number));
            for operation in &operations {
                draft.apply(operation, &self.manner)?;
            }
            let wanted = self.checked(draft, Some(number))?;
            self.store_group(number, wanted, job);
        }
        if self.manner.directory.group_patch == GroupPatch::NoContent {
            return Ok(Answer::empty(204));
        }
        self.group_answer(200, number, &Projection::of(job.call)).ok_or_else(|| Refusal::not_found(id))
    }

    /// Deletes a group, for ever.
    pub(crate) fn delete_group(&mut self, id: &str, job: &mut Job) -> Result<Answer, Refusal> {
        if self.intranet.groups.by_id(id).is_none()
            && self.gone_ids.contains(id)
            && self.manner.second_delete == SecondDelete::NoContent
        {
            return Ok(Answer::empty(204));
        }
        let number = self.entered_group(id, job)?;
        if self.manner.delete != Delete::Nothing {
            self.remove_entry(number);
            job.note.did = Did::Deleted;
        }
        Ok(Answer::empty(204))
    }

    /// What every write on a group meets first.
    fn entered_group(&self, id: &str, job: &mut Job) -> Result<usize, Refusal> {
        job.note.id = Some(id.to_owned());
        if self.untouchable.contains(id) {
            job.violations.push(format!("{} on {id}, which must not be touched", job.call.method));
        }
        let number = self.existing_group(id, job.bend)?;
        let version = self.intranet.groups.entry(number).map_or(0, |entry| entry.version);
        self.refuse_changed(id, version, job)?;
        Ok(number)
    }

    /// What a directory that does not know an attribute of groups says to it.
    fn refuse_unknown<'a>(&self, mut names: impl Iterator<Item = &'a String>) -> Result<(), Refusal> {
        let directory = &self.manner.directory;
        let attributes = [("externalId", directory.group_external_ids), ("description", directory.descriptions)];
        let is_refused = |name: &&String| {
            attributes.iter().any(|(known, kept)| *kept == Kept::Refused && known.eq_ignore_ascii_case(name))
        };
        match names.find(is_refused) {
            Some(name) => Err(Refusal::bad("invalidPath", format!("`{name}` is no attribute of a group"))),
            None => Ok(()),
        }
    }

    /// What is to be stored of a draft, if the group may be so.
    fn checked(&self, mut draft: Draft<'_>, own: Option<usize>) -> Result<Wanted, Refusal> {
        draft.prune(&self.manner.directory);
        if draft.values.name.is_empty() {
            return Err(Refusal::bad("invalidValue", "displayName is required"));
        }
        let other = self.intranet.groups.by_name(&draft.values.name);
        if other.is_some() && other != own {
            return Err(self.taken(format!("the displayName {} is taken", draft.values.name)));
        }
        Ok(Wanted { changes: draft.changes(), moves: draft.moves(), values: draft.values })
    }

    /// Stores what a write made of a group, and notes what it changed.
    fn store_group(&mut self, number: usize, wanted: Wanted, job: &mut Job) {
        let Wanted { values, moves: Moves { mut come, mut go }, mut changes } = wanted;
        if job.bend == Some(&Bend::LosesMember) {
            come.pop_first();
        }
        if job.bend == Some(&Bend::EmptiesGroup) {
            go.extend(self.intranet.groups.entry(number).into_iter().flat_map(|entry| &entry.members));
        }
        self.set_values(number, values);
        for member in &go {
            changes.push(self.moved(*member, Way::Out));
            self.leave(number, *member);
        }
        for member in &come {
            changes.push(self.moved(*member, Way::In));
            self.join(number, *member);
        }
        if !changes.is_empty() {
            changes.sort_by(|a, b| a.path.cmp(&b.path));
            self.intranet.groups.touch(number, &self.clock.iso());
            job.note.did = Did::Changed(changes);
        }
    }

    fn moved(&self, member: usize, way: Way) -> Change {
        let id = self.id(member);
        let path = format!("members[value eq \"{id}\"]");
        match way {
            Way::In => Change { path, from: None, to: Some(Value::from(id)) },
            Way::Out => Change { path, from: Some(Value::from(id)), to: None },
        }
    }

    /// Gives a group other values; its members show a new name.
    pub(crate) fn set_values(&mut self, number: usize, values: Values) {
        let renamed = self.intranet.groups.entry(number).is_some_and(|entry| entry.values.name != values.name);
        self.intranet.groups.set(number, values);
        let Some(entry) = self.intranet.groups.entry(number).filter(|_| renamed) else { return };
        let Entry { membership, members, .. } = entry;
        for member in members {
            self.store.regroup(*member, |groups| {
                for held in groups.iter_mut().filter(|held| held.id == membership.id) {
                    *held = membership.clone();
                }
            });
        }
    }

    /// Puts an account into a group.
    pub(crate) fn join(&mut self, number: usize, member: usize) {
        let came = self.intranet.groups.members_mut(number).is_some_and(|members| members.insert(member));
        let Some(entry) = self.intranet.groups.entry(number).filter(|_| came) else { return };
        let membership = entry.membership.clone();
        self.store.regroup(member, |groups| groups.push(membership));
    }

    /// Takes an account out of a group.
    pub(crate) fn leave(&mut self, number: usize, member: usize) {
        let went = self.intranet.groups.members_mut(number).is_some_and(|members| members.remove(&member));
        let Some(entry) = self.intranet.groups.entry(number).filter(|_| went) else { return };
        self.store.regroup(member, |groups| groups.retain(|held| held.id != entry.id));
    }

    /// Takes a group out of everything.
    pub(crate) fn remove_entry(&mut self, number: usize) {
        let Some(entry) = self.intranet.groups.remove(number) else { return };
        for member in &entry.members {
            self.store.regroup(*member, |groups| groups.retain(|held| held.id != entry.id));
        }
        self.gone_ids.insert(entry.id);
    }
}

/// Which way a member goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    In,
    Out,
}

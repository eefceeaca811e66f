//! A write probe: makes one throw-away account, changes it in each manner, renames it and deletes it. It touches the id that it made and no
//! other: an answer that names none ends it, and nothing is looked up by name to be written to.

use serde_json::Value as Json;

use crate::clock::Clock as _;
use crate::domain::account::WholeAccount;
use crate::domain::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::journal::{Effect, EntryId, Mandate, Outcome, ProbeIntent, ProbeStep};
use crate::domain::operation::Change;
use crate::domain::target::{Ability, WriteManner};
use crate::domain::write_probe::WriteProbe;
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::engine::verify;
use crate::ports::{
    AccountReader as _, AccountWriter, AssignmentSource as _, Created, Failure, FailureKind, Fallback, StoreWriter,
    World,
};

/// What was found at one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether it is as it should be.
    pub verdict: Verdict,
    /// What, and what to do.
    pub text: String,
}

/// Whether a step went as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did, or it does not matter under this configuration.
    Good,
    /// Cycles will go on, with something less.
    Odd,
    /// Something must be mended, or done by hand.
    Bad,
}

/// What a probe came to.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Step by step.
    pub found: Vec<Found>,
    /// What was learnt; nothing where no account was made.
    pub writes: Option<WriteManner>,
}

/// The plan of a probe, or why it must not be.
pub async fn plan_probe<W: World>(
    world: &W,
    settings: &CycleSettings,
    prepared: &Prepared,
    address: &str,
) -> Result<WriteProbe, String> {
    if let Some(pause) = prepared.memory.pause_at(prepared.now) {
        return Err(format!("all writes are paused, by {}; run `resume` first", pause.by));
    }
    let probe = WriteProbe::plan(prepared.known(settings), address)?;
    let names = [&probe.name, &probe.renamed];
    // Nobody is left out here, whoever takes part and whatever the mapping makes of them.
    match assigned(world, prepared, &names).await {
        Ok(None) => {}
        Ok(Some(id)) => {
            return Err(format!("{address} is assigned in Okta ({id}); take an address that nobody has"));
        }
        Err(failure) => return Err(failure.to_string()),
    }
    for name in names {
        match world.reader().find(name).await.as_deref() {
            Ok([]) => {}
            Ok(_) => return Err(format!("{name} is an account in Haiilo; take an address that nobody has")),
            Err(failure) => return Err(failure.to_string()),
        }
    }
    Ok(probe)
}

/// Somebody who is assigned under one of these names in Okta's own rows.
async fn assigned<W: World>(
    world: &W,
    prepared: &Prepared,
    names: &[&UserName],
) -> Result<Option<OktaUserId>, Failure> {
    let mut cursor = None;
    // The listing was walked to its end just before; one that has grown beyond all measure has nobody's word.
    for _ in 0..prepared.people.pages() * 2 + 10 {
        let page = world.source().page(cursor.as_ref()).await?;
        let rows = world.source().rows(page.body).await?;
        let is_named = |name: &Option<UserName>| name.iter().any(|it| names.iter().any(|name| name.same_as(it)));
        if let Some(row) = rows.assignments.iter().find(|row| is_named(&row.user_name)) {
            return Ok(Some(row.id.clone()));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(None),
        }
    }
    let error = "okta's listing did not end; try again".into();
    Err(Failure { kind: FailureKind::Unreadable, call: "GET /api/v1/apps/{id}/users", error })
}

/// Does what was planned. The caller holds the lock of the cycle.
pub async fn probe_writes<W: World<Store: StoreWriter>, A: AccountWriter>(
    world: &W,
    manners: Manners<'_, A>,
    settings: &CycleSettings,
    prepared: &Prepared,
    (probe, mandate): (&WriteProbe, &Mandate),
) -> Probed {
    let run = Run { world, manners, settings, prepared, probe, mandate, found: Vec::new(), writes: None };
    run.run().await
}

/// A writer for each manner of changing an account.
#[derive(Clone, Copy, Debug)]
pub struct Manners<'a, A> {
    /// By PATCH.
    pub patch: &'a A,
    /// By PUT.
    pub put: &'a A,
}

struct Run<'a, W, A> {
    world: &'a W,
    manners: Manners<'a, A>,
    settings: &'a CycleSettings,
    prepared: &'a Prepared,
    probe: &'a WriteProbe,
    mandate: &'a Mandate,
    found: Vec<Found>,
    writes: Option<WriteManner>,
}

impl<W: World<Store: StoreWriter>, A: AccountWriter> Run<'_, W, A> {
    async fn run(mut self) -> Probed {
        if let Some(id) = self.create().await {
            let mut writes = WriteManner {
                learnt: self.world.clock().now(),
                patch: Ability::Untried,
                put: Ability::Untried,
                rename: Ability::Untried,
                not_kept: Vec::new(),
            };
            if self.read_back(&id, &mut writes).await {
                let text = WriteProbe::first_text();
                writes.patch = self.change(&id, ProbeStep::Patch, &writes.not_kept, (text, "Probe by PATCH")).await;
                let text = if writes.patch == Ability::Works { "Probe by PATCH" } else { text };
                writes.put = self.change(&id, ProbeStep::Put, &writes.not_kept, (text, "Probe by PUT")).await;
                writes.rename = self.rename(&id, &writes).await;
            }
            self.delete(&id).await;
            self.writes = Some(writes);
        }
        Probed { found: self.found, writes: self.writes }
    }

    fn say(&mut self, verdict: Verdict, text: impl Into<String>) {
        self.found.push(Found { verdict, text: text.into() });
    }

    /// Makes the account; its id, where it is certain.
    async fn create(&mut self) -> Option<HaiiloId> {
        let address = &self.probe.name;
        let entry = self.intend(ProbeStep::Create, None, &self.probe.changes, None).await?;
        let by_hand = format!("look for {address} in Haiilo, and delete it there by hand if it is there");
        let (id, end) = match self.manners.patch.create(&self.probe.changes).await {
            Ok(Created::Shown(whole)) => (Some(whole.account.id.clone()), None),
            Ok(Created::Named(id)) => (Some(id), None),
            Ok(Created::Silent) => {
                let why = "Haiilo says that it made the account, and does not say its id";
                (None, Some((Outcome::Unknown(why.to_owned()), format!("{why}: {by_hand}"))))
            }
            Err(failure) if matches!(failure.kind, FailureKind::Unknown | FailureKind::Unreadable) => {
                let text = format!("whether the account was made is not known: {by_hand} ({failure})");
                (None, Some((Outcome::Unknown(failure.to_string()), text)))
            }
            Err(failure) => {
                let text = format!("the account was not made: {failure}");
                (None, Some((Outcome::Failed(failure.to_string()), text)))
            }
        };
        if let Some(id) = id.as_ref().filter(|id| self.prepared.known(self.settings).knows(id)) {
            let text =
                format!("Haiilo answers a create with account {id}, which was there before, and which is left alone");
            self.conclude(entry, &Outcome::Unknown(text.clone()), &[]).await;
            self.say(Verdict::Bad, format!("{text}: {by_hand}, and tell haiilo's support"));
            return None;
        }
        match (id, end) {
            (Some(id), _) => {
                self.conclude(entry, &Outcome::Done, &[Effect::ProbeMade(id.clone())]).await;
                self.say(Verdict::Good, format!("account {id} was made for {address}"));
                Some(id)
            }
            (None, Some((outcome, text))) => {
                self.conclude(entry, &outcome, &[]).await;
                self.say(Verdict::Bad, text);
                None
            }
            (None, None) => None,
        }
    }

    /// Whether the new account shows what was sent. Only then it is certain that it is ours.
    async fn read_back(&mut self, id: &HaiiloId, writes: &mut WriteManner) -> bool {
        let whole = match self.world.reader().get(id).await {
            Ok(Some(whole)) => whole,
            Ok(None) => {
                self.say(
                    Verdict::Odd,
                    "Haiilo does not show the new account; it may wait for a seat: look at its queue",
                );
                return false;
            }
            Err(failure) => {
                self.say(Verdict::Bad, format!("the new account could not be read: {failure}"));
                return false;
            }
        };
        if !self.probe.is_named(whole.account.user_name.as_ref()) {
            return false;
        }
        let not_kept = verify::not_kept(&self.settings.mapping, &whole.account, &self.probe.changes);
        writes.not_kept = not_kept.iter().map(|change| change.path.to_string()).collect();
        if writes.not_kept.is_empty() {
            self.say(Verdict::Good, "the new account has every value that was sent");
        } else {
            let text = format!(
                "the new account does not have what was sent for {}: cycles will park such values; correct the mapping, or ask haiilo's \
                 support",
                writes.not_kept.join(", ")
            );
            self.say(Verdict::Odd, text);
        }
        true
    }

    /// Changes one text in one manner.
    async fn change(&mut self, id: &HaiiloId, step: ProbeStep, not_kept: &[String], texts: (&str, &str)) -> Ability {
        let Some(change) = WriteProbe::change(&self.settings.mapping, not_kept, texts) else { return Ability::Untried };
        let (word, writer) = match step {
            ProbeStep::Put => ("PUT", self.manners.put),
            _ => ("PATCH", self.manners.patch),
        };
        let is_ours = self.settings.update_method.eq_ignore_ascii_case(word);
        let ability = self.send(id, step, (word, writer), &change).await;
        let other = if word == "PUT" { "patch" } else { "put" };
        match ability {
            Ok(ability @ Ability::Works) => {
                self.say(Verdict::Good, format!("{word} changes one attribute and nothing else"));
                ability
            }
            Ok(ability) => ability,
            Err((ability, why)) if is_ours => {
                self.say(Verdict::Bad, format!("{why}: set haiilo.update_method = \"{other}\" if that works"));
                ability
            }
            Err((ability, why)) => {
                self.say(Verdict::Good, format!("{why}; haiilo.update_method = \"{other}\" does without it"));
                ability
            }
        }
    }

    /// Renames the account in the manner that works.
    async fn rename(&mut self, id: &HaiiloId, writes: &WriteManner) -> Ability {
        let by_put = match (writes.patch, writes.put) {
            (Ability::Works, Ability::Works) => self.settings.update_method == "put",
            (patch, _) => patch != Ability::Works,
        };
        let manner = if by_put { ("PUT", self.manners.put) } else { ("PATCH", self.manners.patch) };
        let change = self.probe.rename(&self.settings.mapping);
        match self.send(id, ProbeStep::Rename, manner, &change).await {
            Ok(ability) => {
                if ability == Ability::Works {
                    self.say(Verdict::Good, "a changed userName is a rename: the account keeps its id");
                }
                ability
            }
            Err((ability, why)) => {
                self.say(
                    Verdict::Odd,
                    format!("the userName cannot be changed ({why}): renames will be held; ask haiilo's support"),
                );
                ability
            }
        }
    }

    /// Sends one change to the account, and looks what became of it. What went wrong is told by the caller.
    async fn send(
        &mut self,
        id: &HaiiloId,
        step: ProbeStep,
        (word, writer): (&str, &A),
        change: &Change,
    ) -> Result<Ability, (Ability, String)> {
        let Some(before) = self.ours(id).await else { return Ok(Ability::Untried) };
        let changes = std::slice::from_ref(change);
        let image = Json::Object(before.resource.clone());
        let Some(entry) = self.intend(step, Some(id), changes, Some(image)).await else { return Ok(Ability::Untried) };
        let came = writer.update(id, changes, Fallback::Forbidden).await;
        let after = self.world.reader().get(id).await.ok().flatten();
        let kept = after
            .as_ref()
            .is_some_and(|after| verify::not_kept(&self.settings.mapping, &after.account, changes).is_empty());
        let besides = after.map(|after| after.changed_besides(&before, &change.touches())).unwrap_or_default();
        let path = &change.path;
        let end = match came {
            Ok(_) if kept && besides.is_empty() => Ok(Ability::Works),
            Ok(_) if kept => Err((
                Ability::Fails,
                format!("{word} of {path} also changes {}, which was not sent", besides.join(", ")),
            )),
            Ok(_) => Err((Ability::Fails, format!("{word} is answered like a success, and {path} is not kept"))),
            Err(failure) if failure.kind == FailureKind::Unknown => {
                Err((Ability::Untried, format!("the answer to {word} was lost: {failure}")))
            }
            Err(failure) if matches!(failure.kind, FailureKind::Refused(405 | 501)) => {
                Err((Ability::Unknown, format!("Haiilo does not know {word}")))
            }
            Err(failure) => Err((Ability::Fails, failure.to_string())),
        };
        let outcome = match &end {
            Ok(_) => Outcome::Done,
            Err((_, why)) => Outcome::Failed(why.clone()),
        };
        self.conclude(entry, &outcome, &[]).await;
        end
    }

    /// The account, if it is the one that was made.
    async fn ours(&mut self, id: &HaiiloId) -> Option<WholeAccount> {
        let whole = self.world.reader().get(id).await.ok().flatten();
        whole.filter(|whole| self.probe.is_named(whole.account.user_name.as_ref()))
    }

    /// Deletes the account, and looks whether it is gone.
    async fn delete(&mut self, id: &HaiiloId) {
        let mut last = String::new();
        for _ in 0..2 {
            let before = match self.world.reader().get(id).await {
                Ok(Some(whole)) if self.probe.is_named(whole.account.user_name.as_ref()) => {
                    Some(Json::Object(whole.resource))
                }
                Ok(Some(_)) => {
                    let text = format!(
                        "account {id} carries another userName than was sent, so that it is not certain whose it is, and it is left \
                         alone: look for it and for {} in Haiilo, and delete by hand what the probe made",
                        self.probe.name
                    );
                    return self.say(Verdict::Bad, text);
                }
                // It may be there and wait for a seat.
                Ok(None) => None,
                Err(failure) => {
                    last = failure.to_string();
                    continue;
                }
            };
            let Some(entry) = self.intend(ProbeStep::Delete, Some(id), &[], before).await else { break };
            let came = self.manners.patch.delete(id).await;
            let gone = match (&came, self.world.reader().get(id).await) {
                (Ok(()), Ok(None)) => Ok(()),
                (Err(failure), Ok(None)) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Unknown) => {
                    Ok(())
                }
                (Err(failure), _) => Err(failure.to_string()),
                (Ok(()), Err(failure)) => Err(failure.to_string()),
                (Ok(()), Ok(Some(_))) => {
                    Err("Haiilo answers that it deleted the account, and still shows it".to_owned())
                }
            };
            let outcome = gone.clone().map_or_else(Outcome::Failed, |()| Outcome::Done);
            self.conclude(entry, &outcome, &[]).await;
            match gone {
                Ok(()) => {
                    return self.say(
                        Verdict::Good,
                        format!("account {id} is deleted, and Haiilo answers that it is not there"),
                    );
                }
                Err(why) => last = why,
            }
        }
        let text = format!("account {id} is left behind, and must be deleted in Haiilo by hand: {last}");
        self.say(Verdict::Bad, text);
    }

    /// Writes a step down. Without that, nothing is sent.
    async fn intend(
        &mut self,
        step: ProbeStep,
        haiilo_id: Option<&HaiiloId>,
        changes: &[Change],
        before: Option<Json>,
    ) -> Option<EntryId> {
        let (mandate, at) = (self.mandate, self.world.clock().now());
        let intent = ProbeIntent { mandate, at, step, haiilo_id, user_name: &self.probe.name, changes, before };
        match self.world.store().intend_probe(&intent).await {
            Ok(entry) => Some(entry),
            Err(failure) => {
                self.say(Verdict::Bad, format!("nothing is sent that cannot be written down: {failure}"));
                None
            }
        }
    }

    async fn conclude(&mut self, entry: EntryId, outcome: &Outcome, effects: &[Effect]) {
        if let Err(failure) = self.world.store().conclude(entry, outcome, effects, self.world.clock().now()).await {
            self.say(Verdict::Bad, format!("what came of a step could not be written down: {failure}"));
        }
    }
}

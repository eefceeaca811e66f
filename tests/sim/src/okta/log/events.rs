//! The System Log as the org keeps it: events in the order in which they were persisted, and what goes wrong on the way there.
//!
//! Follows `LogEvent` of Okta's management API and "System Log query" of its reference: an event has a time at which it was published and,
//! known to the org alone, one at which it was persisted, which may be later. It knows neither HTTP nor the org; which deed writes which
//! event is said in `deeds`.

use std::borrow::Cow;

/// Something that an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// `User`, `AppUser`, `AppInstance`, `UserGroup`, or whatever else there may be.
    pub kind: String,
    /// Its id. That of an `AppUser` (`0ua…`) is neither the user's nor shown anywhere else.
    pub id: String,
    /// The login of a user, the user name of an application's user, the label of an application.
    pub alternate_id: String,
    /// The name that people see.
    pub name: String,
}

impl LogTarget {
    /// A target of any kind.
    #[must_use]
    pub fn new(kind: &str, id: &str, alternate_id: &str, name: &str) -> Self {
        let own = str::to_owned;
        Self { kind: own(kind), id: own(id), alternate_id: own(alternate_id), name: own(name) }
    }

    /// Another application of the org.
    #[must_use]
    pub fn other_app() -> Self {
        Self::new("AppInstance", "0oa9otherAppkWq45d7b", "Another application", "Another application")
    }
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOutcome {
    /// It happened.
    Success,
    /// It was tried and did not happen.
    Failure,
    /// There was nothing to do.
    Skipped,
}

impl LogOutcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Skipped => "SKIPPED",
        }
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The org's administrator.
    Administrator,
    /// Okta itself, as what follows from something else.
    System,
}

impl Actor {
    /// As a target would be written.
    pub(crate) fn entity(self) -> LogTarget {
        match self {
            Self::Administrator => {
                LogTarget::new("User", "00u1simAdminkWq45d7a", "administrator@example.com", "Org Administrator")
            }
            Self::System => LogTarget::new("SystemPrincipal", "spr1simSystekWq45d7a", "system@okta.com", "Okta System"),
        }
    }
}

/// Whether each person whom an assignment of a group reaches gets an event. Nothing that Okta publishes promises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanOut {
    /// One `application.user_membership.*` for each person.
    Logged,
    /// None: only the membership of the group, or the assignment of the group, is in the log.
    Silent,
}

/// How a cursor that is worth nothing any more, or never was, is refused: always 400. Okta does not document which error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorRefusal {
    /// E0000001, as for other parameters that cannot be read.
    Validation,
    /// E0000029, as in lists.
    Paging,
    /// E0000031, as for a search that makes no sense.
    Search,
    /// E0000053, as for a `since` of long ago.
    Parameter,
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its number among all that were ever written; a copy has that of its original.
    pub(crate) number: u64,
    /// Its event type.
    pub(crate) kind: Box<str>,
    pub(crate) outcome: LogOutcome,
    pub(crate) actor: Actor,
    pub(crate) published_ms: i64,
    /// When it came into the log. The org alone knows.
    pub(crate) persisted_ms: i64,
    pub(crate) targets: Box<[LogTarget]>,
    repeat: Repeat,
}

/// Whether an event comes a second time, on the page after the one that showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    Never,
    OnNextPage,
}

/// What filters may name. Okta has more of them; see `filter`.
pub(crate) const FIELDS: [&str; 15] = [
    "uuid",
    "eventType",
    "displayMessage",
    "severity",
    "version",
    "outcome.result",
    "actor.id",
    "actor.type",
    "actor.alternateId",
    "actor.displayName",
    "target.id",
    "target.type",
    "target.alternateId",
    "target.displayName",
    "transaction.type",
];

impl Event {
    /// The same in every run, and in no order.
    pub(crate) fn uuid(&self) -> String {
        let mixed = u128::from(self.number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let hex = format!("{mixed:032x}");
        let (a, b, c, d) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[20..32]);
        format!("{a}-{b}-11f1-{c}-{d}")
    }

    pub(crate) fn severity(&self) -> &'static str {
        let warns = self.outcome == LogOutcome::Failure || self.kind.ends_with(".warning");
        if warns { "WARN" } else { "INFO" }
    }

    pub(crate) fn transaction(&self) -> &'static str {
        if self.actor == Actor::System { "JOB" } else { "WEB" }
    }

    /// The message that the log shows for this type; unknown types have none, as some of Okta's.
    pub(crate) fn message(&self) -> &'static str {
        MESSAGES.iter().find(|(known, _)| *known == &*self.kind).map_or("", |(_, message)| message)
    }

    /// The values of one of [`FIELDS`]; several where there are several targets.
    pub(crate) fn values(&self, field: &str) -> Vec<Cow<'_, str>> {
        let of = |entity: &LogTarget, part: &str| match part {
            "id" => entity.id.clone(),
            "type" => entity.kind.clone(),
            "alternateId" => entity.alternate_id.clone(),
            _ => entity.name.clone(),
        };
        if let Some(part) = field.strip_prefix("target.") {
            return self.targets.iter().map(|target| of(target, part).into()).collect();
        }
        if let Some(part) = field.strip_prefix("actor.") {
            return vec![of(&self.actor.entity(), part).into()];
        }
        vec![match field {
            "uuid" => self.uuid().into(),
            "eventType" => (&*self.kind).into(),
            "displayMessage" => self.message().into(),
            "severity" => self.severity().into(),
            "outcome.result" => self.outcome.word().into(),
            "transaction.type" => self.transaction().into(),
            _ => "0".into(),
        }]
    }
}

const MESSAGES: [(&str, &str); 26] = [
    ("application.lifecycle.activate", "Activate application"),
    ("application.lifecycle.deactivate", "Deactivate application"),
    ("application.lifecycle.delete", "Delete application"),
    ("application.lifecycle.update", "Update application"),
    ("application.user_membership.add", "Add user to application membership"),
    ("application.user_membership.change_username", "Change user's application username"),
    ("application.user_membership.deprovision", "Deprovision user's application membership"),
    ("application.user_membership.provision", "Provision user's application membership"),
    ("application.user_membership.remove", "Remove user's application membership"),
    ("application.user_membership.restore", "Restore user's application membership"),
    ("application.user_membership.revoke", "Revoke user's application membership"),
    ("application.user_membership.update", "Update user's application membership"),
    ("group.application_assignment.add", "Add assigned application to group"),
    ("group.application_assignment.remove", "Remove assigned application from group"),
    ("group.lifecycle.create", "Create Okta group"),
    ("group.user_membership.add", "Add user to group membership"),
    ("group.user_membership.remove", "Remove user from group membership"),
    ("user.account.lock", "Max sign in attempts exceeded"),
    ("user.account.unlock", "Unlock Okta account"),
    ("user.account.update_profile", "Update user profile for Okta"),
    ("user.lifecycle.activate", "Activate Okta user"),
    ("user.lifecycle.create", "Create Okta user"),
    ("user.lifecycle.deactivate", "Deactivate Okta user"),
    ("user.lifecycle.delete.completed", "Delete Okta user completed"),
    ("user.lifecycle.suspend", "Suspend Okta user"),
    ("user.session.start", "User login to Okta"),
];

/// Whether deeds are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recording {
    On,
    Off,
}

/// The log, with the switches of what it does wrong.
#[derive(Clone, Debug)]
pub struct Log {
    /// How worthless cursors are refused.
    pub cursor_refusal: CursorRefusal,
    /// What an assignment of a group writes of each person.
    pub fan_out: FanOut,
    pub(crate) recording: Recording,
    /// In the order of persistence; an event's place is its index and one.
    events: Vec<Event>,
    /// Published, yet not persisted: each with the moment when it will be.
    pending: Vec<Event>,
    written: u64,
    /// Cursors of earlier ages are worth nothing.
    age: u32,
    to_lose: u32,
    to_delay: u32,
    delay_ms: i64,
    to_repeat: u32,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self {
            cursor_refusal: CursorRefusal::Validation,
            fan_out: FanOut::Logged,
            recording: Recording::On,
            events: Vec::new(),
            pending: Vec::new(),
            written: 0,
            age: 0,
            to_lose: 0,
            to_delay: 0,
            delay_ms: 0,
            to_repeat: 0,
        }
    }

    /// The next `n` events never come into the log.
    pub fn lose_next(&mut self, n: u32) {
        self.to_lose = n;
    }

    /// The next `n` events come into the log `ms` milliseconds after they were published, by the org's clock. So a reader meets them
    /// after events that were published later.
    pub fn delay_next(&mut self, n: u32, ms: i64) {
        self.to_delay = n;
        self.delay_ms = ms;
    }

    /// Each of the next `n` events comes twice: once more behind everything that is in the log when a page shows it first.
    pub fn repeat_next(&mut self, n: u32) {
        self.to_repeat = n;
    }

    /// Cursors that were given until now are worth nothing from now on.
    pub fn expire_cursors(&mut self) {
        self.age += 1;
    }

    /// The types of the events that can be read, in the order of persistence.
    #[must_use]
    pub fn event_types(&self) -> Vec<&str> {
        self.events.iter().map(|event| &*event.kind).collect()
    }

    /// What cursors of this age are signed for, besides their list.
    pub(crate) fn age(&self) -> u32 {
        self.age
    }

    /// Writes an event, unless it gets lost. The order of its targets differs from event to event.
    pub(crate) fn write(
        &mut self,
        now_ms: i64,
        event_type: &str,
        outcome: LogOutcome,
        actor: Actor,
        mut targets: Vec<LogTarget>,
    ) {
        self.settle(now_ms);
        self.written += 1;
        if spend(&mut self.to_lose) {
            return;
        }
        if let Some(turns) = self.written.checked_rem(targets.len() as u64) {
            targets.rotate_left(usize::try_from(turns).expect("a remainder by a length is an index"));
        }
        let delayed = spend(&mut self.to_delay);
        let event = Event {
            number: self.written,
            kind: event_type.into(),
            outcome,
            actor,
            published_ms: now_ms,
            persisted_ms: if delayed { now_ms + self.delay_ms } else { now_ms },
            targets: targets.into(),
            repeat: if spend(&mut self.to_repeat) { Repeat::OnNextPage } else { Repeat::Never },
        };
        if delayed { self.pending.push(event) } else { self.persist(event) }
    }

    /// Lets those events in whose time has come.
    pub(crate) fn settle(&mut self, now_ms: i64) {
        let (mut due, pending) =
            std::mem::take(&mut self.pending).into_iter().partition(|event: &Event| event.persisted_ms <= now_ms);
        self.pending = pending;
        due.sort_by_key(|event| event.persisted_ms);
        for event in due {
            self.persist(event);
        }
    }

    /// The order of persistence is that of the list, also when a test turns the clock back.
    fn persist(&mut self, mut event: Event) {
        let last = self.events.last().map_or(i64::MIN, |last| last.persisted_ms);
        event.persisted_ms = event.persisted_ms.max(last);
        self.events.push(event);
    }

    /// The place before the first event that was persisted at this moment or later.
    pub(crate) fn place_before(&self, ms: i64) -> u64 {
        self.events.partition_point(|event| event.persisted_ms < ms) as u64
    }

    /// The events behind a place, in the order of persistence, each with its own place.
    pub(crate) fn after(&self, place: u64) -> impl Iterator<Item = (u64, &Event)> {
        let from = usize::try_from(place).unwrap_or(usize::MAX).min(self.events.len());
        (place + 1..).zip(&self.events[from..])
    }

    /// A page showed the events with these numbers; those that are to come twice are persisted once more.
    pub(crate) fn shown(&mut self, numbers: &[u64], now_ms: i64) {
        let again = |event: &&mut Event| event.repeat == Repeat::OnNextPage && numbers.contains(&event.number);
        let mut copies = Vec::new();
        for event in self.events.iter_mut().filter(again) {
            event.repeat = Repeat::Never;
            copies.push(Event { persisted_ms: now_ms, ..event.clone() });
        }
        for copy in copies {
            self.persist(copy);
        }
    }
}

/// Takes one from what is left; whether there was one.
fn spend(left: &mut u32) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

//! The journal: an intent before anything is sent, outcomes after, and what an operator decided. Rows are only added; `forget` and the age
//! limit are the two exceptions.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::Value as Json;
use sqlx::{AnyConnection, AssertSqlSafe, Error};
use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::domain::model::ids::{HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::Change;
use crate::domain::plan::outcome::{Effect, Outcome, OutcomeKind};
use crate::domain::state::journal::{Act, EntryId, Intent, IntentStep, RunContext};
use crate::ports::StoreFailure;
use crate::store::sql::{column, execute, statement};
use crate::store::state_write::write_effect;

/// A new row of the journal, with everything that it keeps.
#[derive(Debug)]
pub(super) struct JournalLine {
    run_context: RunContext,
    at: DateTime<Utc>,
    subject: Subject,
}

/// What a row of the journal is about. The columns of a person hold the group where it is about one.
#[derive(Debug, Default)]
struct Subject {
    kind: &'static str,
    /// The Okta user or group; empty for what concerns neither.
    okta_id: String,
    haiilo_id: Option<String>,
    /// The userName, or the name of the group.
    name: String,
    before: Option<String>,
    sent: Option<String>,
    renames: i64,
    clears: i64,
    moves: i64,
    /// Whether a limit of the day counts it: what an approval permits does not count.
    counted: i64,
    /// Members that it removes from a group.
    removed: u64,
}

impl JournalLine {
    /// The row of an intent.
    pub(super) fn of(intent: &Intent<'_>) -> Self {
        let Intent { run_context, at, step, before } = intent;
        let counted = i64::from(run_context.approval.is_none());
        let before = before.as_ref().map(ToString::to_string);
        let subject = match step {
            IntentStep::Account(operation) => Subject {
                kind: operation.kind().as_str(),
                okta_id: operation.okta_id.to_string(),
                haiilo_id: operation.haiilo_id().map(ToString::to_string),
                name: operation.user_name.to_string(),
                before,
                sent: Some(changes_sent(operation.changes())),
                renames: operation.renames().into(),
                clears: operation.clears().into(),
                moves: operation.moves().into(),
                counted,
                removed: 0,
            },
            IntentStep::Group { operation, haiilo_id, sent, removed } => Subject {
                kind: operation.kind().as_str(),
                okta_id: operation.okta_id.to_string(),
                haiilo_id: haiilo_id.map(ToString::to_string),
                name: operation.name.to_string(),
                before,
                sent: Some(sent.to_string()),
                counted,
                removed: *removed,
                ..Subject::default()
            },
            IntentStep::Probe { step, haiilo_id, user_name, changes } => Subject {
                kind: step.as_str(),
                haiilo_id: haiilo_id.map(ToString::to_string),
                name: user_name.to_string(),
                before,
                sent: Some(changes_sent(changes)),
                ..Subject::default()
            },
        };
        Self { run_context: (*run_context).clone(), at: *at, subject }
    }
}

/// Changes as the journal keeps them.
fn changes_sent(changes: &[Change]) -> String {
    changes.iter().map(Change::to_json).collect::<Json>().to_string()
}

async fn append(connection: &mut AnyConnection, line: &JournalLine) -> Result<EntryId, Error> {
    let JournalLine { run_context: RunContext { run, approval, by, reason }, at, subject } = line;
    let Subject { kind, okta_id, haiilo_id, name, before, sent, renames, clears, moves, counted, removed } = subject;
    let insert = statement(
        "INSERT INTO journal (entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, renames, clears, moves, counted, \
         removed, approval, by_whom, reason) \
         VALUES ((SELECT COALESCE(MAX(entry), 0) + 1 FROM journal), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         RETURNING entry",
        &[
            run, at, kind, okta_id, haiilo_id, name, before, sent, renames, clears, moves, counted, removed, approval,
            by, reason,
        ],
    );
    column(&insert.fetch_one(connection).await?, 0)
}

/// Writes how an entry ended, and what follows. An outcome that is not known leaves the entry open, so the next cycle looks it up.
async fn write_outcome(
    connection: &mut AnyConnection,
    entry: EntryId,
    outcome: &Outcome,
    effects: &[Effect],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let account = effects.iter().find_map(|effect| match effect {
        Effect::Linked(link) => Some(link.haiilo_id.as_str()),
        Effect::ProbeMade(id) => Some(id.as_str()),
        Effect::GroupLinked(link) => Some(link.haiilo_id.as_str()),
        _ => None,
    });
    execute(
        connection,
        "INSERT INTO journal_outcomes (number, entry, at, outcome, detail, haiilo_id) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM journal_outcomes), $1, $2, $3, $4, $5)",
        &[&entry, &now, &outcome.as_str(), &outcome.detail(), &account],
    )
    .await?;
    for effect in effects {
        write_effect(connection, effect, now).await?;
    }
    if outcome.kind() != OutcomeKind::Unknown {
        execute(connection, "DELETE FROM open_entries WHERE entry = $1", &[&entry]).await?;
    }
    Ok(())
}

/// Writes an operation that nothing is sent for, with its outcome.
pub(super) async fn write_done(
    connection: &mut AnyConnection,
    intent: &Intent<'_>,
    effects: &[Effect],
) -> Result<(), Error> {
    let entry = append(connection, &JournalLine::of(intent)).await?;
    write_outcome(connection, entry, &Outcome::Done, effects, intent.at).await
}

/// Which person and account an act of an operator is about.
pub(super) struct ActSubject<'a> {
    pub(super) okta_id: &'a OktaUserId,
    pub(super) haiilo_id: Option<&'a HaiiloId>,
    pub(super) name: &'a str,
}

/// Writes what an operator decided, which is done with it, and what follows.
pub(super) async fn write_act(
    connection: &mut AnyConnection,
    act: Act,
    about: ActSubject<'_>,
    run_context: &RunContext,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ActSubject { okta_id, haiilo_id, name } = about;
    let subject = Subject {
        kind: act.as_str(),
        okta_id: okta_id.to_string(),
        haiilo_id: haiilo_id.map(ToString::to_string),
        name: name.to_owned(),
        ..Subject::default()
    };
    let run_context = RunContext { approval: None, ..run_context.clone() };
    let entry = append(connection, &JournalLine { run_context, at: now, subject }).await?;
    write_outcome(connection, entry, &Outcome::Done, &[], now).await
}

/// Drops entries that are older, apart from those whose outcome is not known.
pub(super) async fn prune(connection: &mut AnyConnection, older_than: DateTime<Utc>) -> Result<(), Error> {
    let old = "SELECT entry FROM journal WHERE at < $1 AND entry NOT IN (SELECT entry FROM open_entries)";
    for table in ["journal_outcomes", "journal"] {
        let delete = AssertSqlSafe(format!("DELETE FROM {table} WHERE entry IN ({old})"));
        execute(connection, delete, &[&older_than]).await?;
    }
    Ok(())
}

/// What waits to be written.
#[derive(Debug)]
pub(super) enum QueueEntry {
    /// Something, before it is sent.
    Intent(Box<JournalLine>),
    /// How one ended.
    Outcome {
        /// Which.
        entry: EntryId,
        /// How.
        outcome: Outcome,
        /// What follows from it.
        effects: Vec<Effect>,
        /// When.
        now: DateTime<Utc>,
    },
}

/// The entry of the journal that was written, or why it was not.
pub(super) type WriteResult = Result<EntryId, StoreFailure>;

/// Entries that wait for the connection, each with its waiter.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<(QueueEntry, Sender<WriteResult>)>>,
}

impl Queue {
    /// Adds an entry; the receiver gets its result.
    pub(super) fn join(&self, entry: QueueEntry) -> Receiver<WriteResult> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().push((entry, sender));
        receiver
    }

    /// All entries that wait, for the one task that writes them.
    pub(super) fn take(&self) -> Vec<(QueueEntry, Sender<WriteResult>)> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// Writes one of them.
pub(super) async fn write_entry(connection: &mut AnyConnection, entry: &QueueEntry) -> Result<EntryId, Error> {
    match entry {
        QueueEntry::Intent(line) => {
            let entry = append(connection, line).await?;
            // It stays open until an outcome ends it.
            execute(connection, "INSERT INTO open_entries (entry) VALUES ($1)", &[&entry]).await?;
            Ok(entry)
        }
        QueueEntry::Outcome { entry, outcome, effects, now } => {
            write_outcome(connection, *entry, outcome, effects, *now).await?;
            Ok(*entry)
        }
    }
}

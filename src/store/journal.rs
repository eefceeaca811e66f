//! The journal: an intent before anything is sent, outcomes after, and what an operator decided. Rows are only added; `forget` and the age
//! limit are the two exceptions.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::Value as Json;
use sqlx::{AnyConnection, AssertSqlSafe, Error, Row as _};
use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::domain::model::ids::{ApprovalId, HaiiloGroupId, HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::Change;
use crate::domain::plan::outcome::{Effect, Outcome, OutcomeKind};
use crate::domain::state::journal::{Act, EntryId, Intent, IntentStep, RunContext};
use crate::ports::StoreFailure;
use crate::store::state_write::write_effect;

/// A new row of the journal, with everything that it keeps.
#[derive(Debug)]
pub(super) struct JournalLine {
    run_context: RunContext,
    at: DateTime<Utc>,
    kind: &'static str,
    /// The Okta user or group; empty for what concerns neither.
    okta_id: String,
    haiilo_id: Option<String>,
    /// The userName, or the name of the group.
    name: String,
    before: Option<String>,
    sent: Option<String>,
    counts: LimitCounts,
}

/// What an entry means to the limits of the day; nothing for what no limit counts.
#[derive(Clone, Copy, Debug, Default)]
struct LimitCounts {
    renames: i64,
    clears: i64,
    moves: i64,
    /// Whether it counts at all: what an approval let pass does not.
    counted: i64,
    /// Members that it takes out of a group.
    removed: i64,
}

impl JournalLine {
    /// The row of an intent. In the columns of a person stands the group where it is about one.
    pub(super) fn of(intent: &Intent<'_>) -> Self {
        let Intent { run_context, at, step, before } = intent;
        let counted = i64::from(run_context.approval.is_none());
        let id = |id: Option<&HaiiloId>| id.map(ToString::to_string);
        let (kind, okta_id, haiilo_id, name, sent, counts) = match step {
            IntentStep::Account(operation) => (
                operation.kind().as_str(),
                operation.okta_id.to_string(),
                id(operation.haiilo_id()),
                operation.user_name.to_string(),
                changes_sent(operation.changes()),
                LimitCounts {
                    renames: operation.renames().into(),
                    clears: operation.clears().into(),
                    moves: operation.moves().into(),
                    counted,
                    removed: 0,
                },
            ),
            IntentStep::Group { operation, haiilo_id, sent, removed } => (
                operation.kind().as_str(),
                operation.okta_id.to_string(),
                haiilo_id.map(HaiiloGroupId::to_string),
                operation.name.to_string(),
                sent.clone(),
                LimitCounts { counted, removed: i64::try_from(*removed).unwrap_or(i64::MAX), ..LimitCounts::default() },
            ),
            IntentStep::Probe { step, haiilo_id, user_name, changes } => (
                step.as_str(),
                String::new(),
                id(*haiilo_id),
                user_name.to_string(),
                changes_sent(changes),
                LimitCounts::default(),
            ),
        };
        Self {
            run_context: (*run_context).clone(),
            at: *at,
            kind,
            okta_id,
            haiilo_id,
            name,
            before: before.as_ref().map(ToString::to_string),
            sent: Some(sent.to_string()),
            counts,
        }
    }
}

/// Changes as the journal keeps them.
fn changes_sent(changes: &[Change]) -> Json {
    changes.iter().map(Change::to_json).collect()
}

/// Writes an intent; the entry stays open until an outcome ends it.
pub(super) async fn write_intent(connection: &mut AnyConnection, line: &JournalLine) -> Result<EntryId, Error> {
    let entry = append(connection, line).await?;
    sqlx::query("INSERT INTO open_entries (entry) VALUES ($1)").bind(entry.0).execute(connection).await?;
    Ok(entry)
}

async fn append(connection: &mut AnyConnection, line: &JournalLine) -> Result<EntryId, Error> {
    let JournalLine { run_context, at, kind, okta_id, haiilo_id, name, before, sent, counts } = line;
    let RunContext { run, approval, by, reason } = run_context;
    let LimitCounts { renames, clears, moves, counted, removed } = *counts;
    let row = sqlx::query(
        "INSERT INTO journal (entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, renames, clears, moves, counted, \
         removed, approval, by_whom, reason) \
         VALUES ((SELECT COALESCE(MAX(entry), 0) + 1 FROM journal), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         RETURNING entry",
    )
    .bind(run.as_str())
    .bind(at.timestamp())
    .bind(*kind)
    .bind(okta_id.as_str())
    .bind(haiilo_id.as_deref())
    .bind(name.as_str())
    .bind(before.as_deref())
    .bind(sent.as_deref())
    .bind(renames)
    .bind(clears)
    .bind(moves)
    .bind(counted)
    .bind(removed)
    .bind(approval.as_ref().map(ApprovalId::as_str))
    .bind(by.as_str())
    .bind(reason.as_deref())
    .fetch_one(connection)
    .await?;
    Ok(EntryId(row.try_get(0)?))
}

/// Writes how an entry ended, and what follows. An outcome that is not known leaves the entry open, so that the next cycle looks.
pub(super) async fn write_outcome(
    connection: &mut AnyConnection,
    entry: EntryId,
    outcome: &Outcome,
    effects: &[Effect],
    now: i64,
) -> Result<(), Error> {
    append_outcome(connection, entry, outcome, effects, now).await?;
    if outcome.kind() != OutcomeKind::Unknown {
        sqlx::query("DELETE FROM open_entries WHERE entry = $1").bind(entry.0).execute(connection).await?;
    }
    Ok(())
}

async fn append_outcome(
    connection: &mut AnyConnection,
    entry: EntryId,
    outcome: &Outcome,
    effects: &[Effect],
    now: i64,
) -> Result<(), Error> {
    let account = effects.iter().find_map(|effect| match effect {
        Effect::Linked(link) => Some(link.haiilo_id.as_str()),
        Effect::ProbeMade(id) => Some(id.as_str()),
        Effect::GroupLinked(link) => Some(link.haiilo_id.as_str()),
        _ => None,
    });
    sqlx::query(
        "INSERT INTO journal_outcomes (number, entry, at, outcome, detail, haiilo_id) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM journal_outcomes), $1, $2, $3, $4, $5)",
    )
    .bind(entry.0)
    .bind(now)
    .bind(outcome.as_str())
    .bind(outcome.detail())
    .bind(account)
    .execute(&mut *connection)
    .await?;
    for effect in effects {
        write_effect(connection, effect, now).await?;
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
    append_outcome(connection, entry, &Outcome::Done, effects, intent.at.timestamp()).await
}

/// Whom and what an act of an operator is about.
pub(super) struct ActSubject<'a> {
    pub(super) okta_id: &'a OktaUserId,
    pub(super) haiilo_id: Option<&'a HaiiloId>,
    pub(super) name: &'a str,
}

/// Writes what an operator decided, which is done with it.
pub(super) async fn write_act(
    connection: &mut AnyConnection,
    act: Act,
    subject: ActSubject<'_>,
    run_context: &RunContext,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ActSubject { okta_id, haiilo_id, name } = subject;
    let line = JournalLine {
        run_context: RunContext { approval: None, ..run_context.clone() },
        at: now,
        kind: act.as_str(),
        okta_id: okta_id.to_string(),
        haiilo_id: haiilo_id.map(ToString::to_string),
        name: name.to_owned(),
        before: None,
        sent: None,
        counts: LimitCounts::default(),
    };
    let entry = append(connection, &line).await?;
    append_outcome(connection, entry, &Outcome::Done, &[], now.timestamp()).await
}

/// Drops entries that are older, apart from those whose outcome is not known.
pub(super) async fn prune(connection: &mut AnyConnection, older_than: i64) -> Result<(), Error> {
    let old = "SELECT entry FROM journal WHERE at < $1 AND entry NOT IN (SELECT entry FROM open_entries)";
    for table in ["journal_outcomes", "journal"] {
        let statement = format!("DELETE FROM {table} WHERE entry IN ({old})");
        sqlx::query(AssertSqlSafe(statement.as_str())).bind(older_than).execute(&mut *connection).await?;
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
        /// When, in seconds.
        now: i64,
    },
}

/// The entry of the journal that was written, or why it was not.
pub(super) type WriteResult = Result<EntryId, StoreFailure>;

/// Entries that wait for the connection, each with whoever waits for it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<(QueueEntry, Sender<WriteResult>)>>,
}

impl Queue {
    /// Takes an entry in; what is received says what became of it.
    pub(super) fn join(&self, entry: QueueEntry) -> Receiver<WriteResult> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().push((entry, sender));
        receiver
    }

    /// All who wait, for whoever writes for them.
    pub(super) fn take(&self) -> Vec<(QueueEntry, Sender<WriteResult>)> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// Writes one of them.
pub(super) async fn write_entry(connection: &mut AnyConnection, entry: &QueueEntry) -> Result<EntryId, Error> {
    match entry {
        QueueEntry::Intent(line) => write_intent(connection, line).await,
        QueueEntry::Outcome { entry, outcome, effects, now } => {
            write_outcome(connection, *entry, outcome, effects, *now).await?;
            Ok(*entry)
        }
    }
}

-- TEXT and BIGINT alone, so that one schema serves both databases. Times are seconds since the epoch; flags are 0 or 1.

-- Which organization, application and endpoint the people belong to: one row.
CREATE TABLE tenant (
    one BIGINT PRIMARY KEY,
    org_id TEXT,
    org_url TEXT NOT NULL,
    app_id TEXT NOT NULL,
    product TEXT NOT NULL,
    base_url TEXT NOT NULL,
    since BIGINT NOT NULL
);

-- Single values: the watch over leavers, the accepted mapping, the number of cycles.
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Which account belongs to which person.
CREATE TABLE links (
    okta_id TEXT PRIMARY KEY,
    haiilo_id TEXT NOT NULL UNIQUE,
    user_name TEXT NOT NULL,
    origin TEXT NOT NULL,
    listed BIGINT NOT NULL,
    missing_since BIGINT,
    missing_approved BIGINT NOT NULL,
    since BIGINT NOT NULL
);

-- The userNames that linked accounts once had.
CREATE TABLE user_names (
    haiilo_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (haiilo_id, user_name)
);

-- People that an operator confirmed as new.
CREATE TABLE confirmed_new (
    okta_id TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);

-- People whose account an operator recreated, and who are no leavers until they were assigned once.
CREATE TABLE recreated (
    okta_id TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);

-- People who are no longer assigned.
CREATE TABLE leavers (
    okta_id TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    approved BIGINT NOT NULL,
    evidence TEXT,
    action TEXT,
    grace_from BIGINT,
    employee BIGINT
);

-- Values that Haiilo refused or did not keep.
CREATE TABLE rejected_values (
    okta_id TEXT NOT NULL,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (okta_id, path)
);

-- Groups that Haiilo does not have.
CREATE TABLE missing_groups (
    name TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);

-- Accounts that a pattern once protected.
CREATE TABLE protected (
    haiilo_id TEXT PRIMARY KEY,
    pattern TEXT NOT NULL
);

-- What became of the accounts of people who left, where an account may come back.
CREATE TABLE removed_accounts (
    okta_id TEXT PRIMARY KEY,
    haiilo_id TEXT NOT NULL,
    effect TEXT NOT NULL
);

-- Kinds of operations whose canary passed, by configuration.
CREATE TABLE canaries (
    configuration TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (configuration, kind)
);

-- Blocked plans, and approvals of them.
CREATE TABLE blocked_plans (
    id TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    at BIGINT NOT NULL,
    items TEXT NOT NULL,
    violations TEXT NOT NULL,
    approved_at BIGINT,
    approved_until BIGINT,
    approved_by TEXT,
    approved_reason TEXT
);

-- Groups of the intranet: which group of Haiilo belongs to which group of Okta.
CREATE TABLE group_links (
    okta_id TEXT PRIMARY KEY,
    haiilo_id TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    described TEXT,
    since BIGINT NOT NULL
);

-- The journal is append-only: an intent before anything is sent, and outcomes after. `counted` is 0 for operations that an approval let
-- pass, `removed` the members that an operation takes out of a group.
CREATE TABLE journal (
    entry BIGINT PRIMARY KEY,
    run TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    okta_id TEXT NOT NULL,
    haiilo_id TEXT,
    user_name TEXT NOT NULL,
    before TEXT,
    sent TEXT,
    renames BIGINT NOT NULL,
    clears BIGINT NOT NULL,
    moves BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    approval TEXT,
    by_whom TEXT NOT NULL,
    reason TEXT
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_okta_id ON journal (okta_id);

-- How an entry of the journal ended; of several outcomes the last one counts. `unknown` leaves the entry open.
CREATE TABLE journal_outcomes (
    number BIGINT PRIMARY KEY,
    entry BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT,
    haiilo_id TEXT
);
CREATE INDEX journal_outcomes_entry ON journal_outcomes (entry, number);

-- Entries of the journal whose outcome is not known.
CREATE TABLE open_entries (
    entry BIGINT PRIMARY KEY
);

-- Entries of the journal with their last outcome; NULL while it is not known.
CREATE VIEW journal_entries AS
SELECT intent.entry, intent.run, intent.at, intent.kind, intent.okta_id, COALESCE(ended.haiilo_id, intent.haiilo_id) AS haiilo_id,
    intent.user_name, intent.before, intent.sent, NULLIF(ended.outcome, 'unknown') AS outcome, ended.detail, intent.approval,
    intent.by_whom, intent.reason
FROM journal intent
LEFT JOIN journal_outcomes ended
    ON ended.number = (SELECT MAX(latest.number) FROM journal_outcomes latest WHERE latest.entry = intent.entry);

-- The last cycles.
CREATE TABLE cycles (
    run TEXT PRIMARY KEY,
    started BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    result TEXT NOT NULL
);

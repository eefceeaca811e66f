-- TEXT and BIGINT alone, so that one schema serves more than one database. Times are seconds since the epoch; flags are 0 or 1.

-- Whose people these are: one row.
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

-- Which account is whose.
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

-- People of whom an operator said that they are nobody else.
CREATE TABLE released (
    okta_id TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);

-- People whose account was made anew by hand, and who are no leavers until they were assigned once.
CREATE TABLE pinned (
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
    clock_from BIGINT,
    employee BIGINT
);

-- Values that Haiilo did not keep.
CREATE TABLE parked (
    okta_id TEXT NOT NULL,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (okta_id, path)
);

-- Groups that Haiilo does not have.
CREATE TABLE parked_groups (
    name TEXT PRIMARY KEY,
    since BIGINT NOT NULL
);

-- Accounts that a pattern once protected.
CREATE TABLE protected (
    haiilo_id TEXT PRIMARY KEY,
    pattern TEXT NOT NULL
);

-- What became of the accounts of people who left, where an account may come back.
CREATE TABLE departed (
    okta_id TEXT PRIMARY KEY,
    haiilo_id TEXT NOT NULL,
    departure TEXT NOT NULL
);

-- Kinds of operations whose first one was watched closely, by configuration.
CREATE TABLE canaries (
    configuration TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (configuration, kind)
);

-- Refused sets of operations, and approvals of them.
CREATE TABLE refusals (
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

-- What was done: written before, and after. `counted` is 0 for operations that an approval let pass.
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
    outcome TEXT,
    detail TEXT,
    ended BIGINT,
    renames BIGINT NOT NULL,
    clears BIGINT NOT NULL,
    moves BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    approval TEXT,
    by_whom TEXT NOT NULL,
    reason TEXT
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_okta_id ON journal (okta_id);
CREATE INDEX journal_open ON journal (entry) WHERE outcome IS NULL;

-- Cycles, for whoever asks how it has been going.
CREATE TABLE cycles (
    run TEXT PRIMARY KEY,
    started BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    result TEXT NOT NULL
);

-- Groups of the intranet: which group of Haiilo belongs to which group of Okta.
CREATE TABLE group_links (
    okta_id TEXT PRIMARY KEY,
    haiilo_id TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    described TEXT,
    since BIGINT NOT NULL
);

-- How many members an operation took out of a group.
ALTER TABLE journal ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;

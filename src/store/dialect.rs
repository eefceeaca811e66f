//! Where the two databases want different words. All other SQL is one text for both.

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Begins a transaction that shows one state, whatever a cycle writes beside it.
    pub(super) fn begin_reading(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Begins a transaction that writes.
    pub(super) fn begin_writing(self) -> &'static str {
        match self {
            // IMMEDIATE takes the writer's place at once, so that no statement inside can fail for want of it.
            Self::Sqlite => "BEGIN IMMEDIATE",
            // Whatever the role or the database has as its default, which may be READ ONLY.
            Self::Postgres => "BEGIN READ WRITE",
        }
    }

    /// The links behind an id, so many at most, as one text of JSON.
    pub(super) fn links(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT json_group_array(json_array(okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved)) \
                 FROM (SELECT * FROM links WHERE okta_id > $1 ORDER BY okta_id LIMIT $2)"
            }
            Self::Postgres => {
                "SELECT COALESCE(json_agg(json_build_array(okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved) \
                 ORDER BY okta_id), '[]')::TEXT \
                 FROM (SELECT * FROM links WHERE okta_id > $1 ORDER BY okta_id LIMIT $2) AS chunk"
            }
        }
    }
}

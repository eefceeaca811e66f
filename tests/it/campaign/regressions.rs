//! Stories that a campaign once found, as small as it could make them.

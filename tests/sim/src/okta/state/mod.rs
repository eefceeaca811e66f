//! What the org holds, and what administrators and personnel do to it.
//!
//! `org` is the org with the vocabulary that tests are written in; `groups` adds to that vocabulary. `directory` keeps users, assignments
//! and groups, with `ids` for them; `app` and `schemas` describe the application and the attributes. `past` keeps what reads by id still
//! show while a change is on its way. A change goes in through `org`, and `log` hears of it.

pub(crate) mod app;
pub(crate) mod directory;
pub(crate) mod groups;
pub(crate) mod ids;
pub(crate) mod org;
pub(crate) mod past;
pub(crate) mod schemas;

//! The configuration: a file, an environment, a mapping and secrets, and the settings, warnings or problems that come of them.
//!
//! `loading` tests loading as a whole, `values` tests each key with wrong values, `secrets` tests where secrets come from. `program` tests what the
//! built program says about a wrong configuration. `folder` is the shared set-up.

mod folder;
mod loading;
mod program;
mod secrets;
mod values;

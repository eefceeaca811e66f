//! Ways in which other sync tools hurt their users, from their public issues, each shown not to happen here. Which issue is answered by
//! which test, or why it cannot happen, stands in `register.md`; the module `register` holds that table to its word.

mod dry_run;
mod leaving;
mod limits;
mod matching;
mod ownership;
mod pages;
mod partial;
mod register;
mod source;
mod state;

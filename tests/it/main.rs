//! The integration tests: one binary, a module a subject.

mod cli;
mod cli_manners;
mod cli_reports;
mod cli_secrets;
mod cli_stage;
mod cli_tls;
mod cli_wrong;
mod cycle;
mod faults;
mod forbidden;
mod invariants;
mod leaving;
mod limits;
mod listing;
mod lost_answers;
mod matching;
mod okta;
mod others;
mod planner;
mod reports;
mod schema;
mod store;
mod tidy;
mod told;
mod world;
mod writes;

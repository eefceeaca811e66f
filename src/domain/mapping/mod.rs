//! The mapping: which attribute of a Haiilo account comes from which expression over an Okta assignment.
//!
//! A [`Mapping`] is the checked file (`checked`, a `rule` for each attribute). A [`Mapper`] (`mapper`) evaluates its expressions
//! (`expression`, with the `filters`) over one assignment (`context`) at a time, and gives a desired account, or the reason for a hold.
//! `trace` shows the evaluation step by step, for `explain`.

mod checked;
mod context;
mod expression;
mod filters;
mod mapper;
mod rule;
mod trace;

pub use checked::{INCLUDE, Mapping, MappingPlace, MappingProblem, Rule, TABLE};
pub use context::{Root, Wanted};
pub use mapper::{Mapper, Presence};
pub use rule::{AttributeKind, MappingSpec, On, RuleSpec, Tables, WhenEmpty};
pub use trace::Traced;

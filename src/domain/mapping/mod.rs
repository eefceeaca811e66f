//! The mapping: which attribute of a Haiilo account comes from which expression over an Okta assignment.

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

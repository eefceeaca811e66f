//! The mapping: which attribute of a Haiilo account comes from which expression over an Okta assignment.

mod context;
mod expression;
mod filters;
mod mapper;
mod rule;

pub use context::{Root, Wanted};
pub use mapper::{Mapped, Mapper, MappingDoubt, Presence};
pub use rule::{Kind, Mapping, MappingProblem, MappingSpec, On, Place, Rule, RuleSpec, Tables, WhenEmpty};

//! Groups of the intranet: chosen groups of Okta become groups of Haiilo, with the members that both sides know.
//!
//! Pure like all of the domain. Comes after the plan about people, which it reads and never changes.

pub mod chunks;
pub mod draft;
pub mod explained;
pub mod group;
pub mod guard;
pub mod held;
pub mod journal;
pub mod link;
pub mod matching;
pub mod members;
pub mod membership;
pub mod operation;
pub mod plan;
pub mod roster;
pub mod rules;
pub mod seat;
pub mod walks;

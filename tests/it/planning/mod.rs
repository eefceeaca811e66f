//! What a cycle plans for people: who owns which account, who joins, changes and leaves, and what is held.
//!
//! `matching` tests which account belongs to which Okta user, `leavers` and `rehires` test people who leave and come back, `limits` tests when a
//! plan is refused and how an approval lets it pass. `pause_and_link` tests the decisions of an operator. `explain` tests the reason that is given
//! for one person. `edge_cases` tests what these rules do together. `planner` checks properties of the planner with random worlds in memory; all
//! other files run whole cycles between the simulators.

mod edge_cases;
mod explain;
mod leavers;
mod limits;
mod matching;
mod pause_and_link;
mod planner;
mod rehires;

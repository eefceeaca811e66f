//! Everything that is known about one person, put beside what the plan does: the answer to "why did nothing happen?".

pub mod explanation;
pub mod memberships;

//! All that is known about one person, next to what the plan does: the answer to "why did nothing happen?".

pub mod explanation;
pub mod memberships;

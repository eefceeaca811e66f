//! A seat: a person as a small number, so that a membership takes four bytes and not two texts.

/// A person's place in the order of the Okta ids of all who are assigned or linked. It means the same within one cycle, and nothing outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(pub(crate) u32);

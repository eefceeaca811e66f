//! Where the rules of one product come in, as its own articles describe them or leave them open.

/// Whose rules apply to users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Advocacy's: few attributes, e-mails as user names, groups, teams, and an inactive account is gone for ever.
    Advocacy,
    /// The intranet's: tokens that end, profile fields, groups, and a policy for accounts that are not wanted any more.
    Intranet,
    /// None but SCIM's own: every attribute of the core and enterprise schemas, any user name.
    Generic,
}

/// What a create meets when all seats are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// This status, with a text about seats and licence.
    Refused(u16),
    /// 201, but the account waits: it is neither listed nor found until a seat is free.
    Queued,
}

/// The form of the refusal of an unknown group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupError {
    /// The usual form of errors, with `400.76 Group does not exist` as its detail.
    ScimDetail,
    /// `{"code":"400.76","message":"Group does not exist"}`.
    PlainJson,
}

/// Which address decides group and teams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChoice {
    /// The one of type `work`, else the primary one, else the first.
    WorkOrPrimaryOrFirst,
    /// Only one of type `work`.
    Work,
    /// Only the primary one.
    Primary,
    /// The first.
    First,
}

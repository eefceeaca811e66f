//! What answers look like, and what becomes of values on their way (RFC 7643 2 and 3).

/// What ids look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// As random as a UUID to look at, and the same in every run.
    UuidLike,
    /// JSON numbers from 97 on, so that their order as text is not their order.
    Integer,
    /// The `userName`, which then cannot change.
    Email,
}

/// The form of error bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorForm {
    /// SCIM's, with the status as a text.
    Scim,
    /// SCIM's, with the status as a number.
    ScimNumericStatus,
    /// SCIM's, without a status.
    ScimWithoutStatus,
    /// JSON of another shape.
    OtherJson,
    /// HTML that is labelled as SCIM.
    Html,
    /// No body.
    Empty,
}

/// How attribute names are written in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As in the RFC.
    Canonical,
    /// `UserName`, `Name.GivenName`, `Id`.
    Pascal,
    /// `username`, `name.givenname`.
    Lower,
}

/// What becomes of the letters of a `userName`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserNames {
    /// They stay.
    AsSent,
    /// They are lower-cased.
    LowerCased,
    /// What stands between a plus sign and the at sign is taken out.
    WithoutTag,
}

/// What becomes of other texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// They stay.
    AsSent,
    /// They are trimmed, and runs of white space become one space.
    Tidied,
}

/// Whether answers show the `type` of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressType {
    /// They do.
    Shown,
    /// They do not, although paths that name `work` still find the address.
    Withheld,
}

/// Whether something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Sent,
    /// It is not.
    Missing,
}

/// How locations are written, in `meta` and in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// With scheme and host.
    Absolute,
    /// From the root of the host.
    Relative,
    /// On a host that is not this one.
    Wrong,
    /// Not at all.
    Missing,
}

/// Whether the discovery endpoints exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// They answer 404, without a violation: a client may ask.
    Absent,
    /// `ServiceProviderConfig`, `Schemas`, `ResourceTypes` and `/.search` are served.
    Served,
}

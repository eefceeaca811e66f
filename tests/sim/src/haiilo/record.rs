//! What the simulator writes down for the test: every write, and every account that a request deleted. Nothing in it is ever answered.

use serde_json::Value;

/// One write request that reached the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// Its number among the writes, from 1.
    pub n: u64,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// What was written.
    pub resource: Resource,
    /// The account or group concerned: the one in the path, or the one that was made.
    pub id: Option<String>,
    /// The body; null when there was none or it was no JSON.
    pub body: Value,
    /// The status answered.
    pub status: u16,
    /// What it did, whatever was answered.
    pub did: Did,
}

/// What a write is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// An account.
    User,
    /// A group of an intranet.
    Group,
}

/// What a write did.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    /// Nothing: it was refused, ignored, or changed nothing.
    Nothing,
    /// It made an account or a group.
    Created,
    /// It made an account that waits for a seat.
    Queued,
    /// It changed these values.
    Changed(Vec<Change>),
    /// It left the account inactive but readable, with these changes.
    Deactivated(Vec<Change>),
    /// It deleted the account or group. An account of an intranet can be restored; everything else is gone for ever.
    Deleted,
    /// It brought a deleted account of an intranet back.
    Restored,
}

/// One value that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where, such as `name.givenName` or `addresses[type eq "work"].country`.
    pub path: String,
    /// The value before, if there was one.
    pub from: Option<Value>,
    /// The value after, if there is one.
    pub to: Option<Value>,
}

/// An account that a request deleted. What an admin removes by hand is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Its id.
    pub id: String,
    /// Its `userName` at the end.
    pub user_name: String,
    /// The request.
    pub by: By,
}

/// What kind of request deleted an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// DELETE.
    Delete,
    /// PATCH with `active: false`.
    Patch,
    /// PUT with `active: false`.
    Put,
    /// A write that did not ask for it: a planted `Bend::Deactivates`.
    Mishap,
}

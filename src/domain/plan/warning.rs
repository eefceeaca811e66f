//! Warnings of a plan: what an administrator should know besides people and accounts. Each has a code for machines.

use std::fmt;

use crate::model::ids::UserName;

/// What an administrator should know.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// Number of rows in Okta's listing without a person.
    UnreadableRows(usize),
    /// The listing of Haiilo is not certain, and why.
    ListingInDoubt(String),
    /// The owner of our token was not found in Haiilo.
    TokenOwnerNotFound(UserName),
    /// Number of references to other people that do not name a person with an account.
    UnresolvedReferences(usize),
    /// An attribute that the mapping reads and that no person has.
    NobodyHas(String),
    /// Okta could not be asked about some leavers, and why.
    EvidenceIncomplete(String),
    /// Okta's own push to Haiilo is on, with these features.
    PushIsOn(String),
    /// All writes are paused: the end of the pause, and who paused them.
    Paused(String, String),
    /// A reviewed operation that is not in the current plan: its kind, and the person's name.
    ReviewDropped(String, String),
    /// Number of operations that are not in the reviewed plan.
    NotReviewed(usize),
    /// Number of group changes that are not in the reviewed plan.
    GroupsNotReviewed(usize),
    /// This cycle does nothing about groups, and why.
    GroupsNotRead(String),
    /// An entry of `groups.include` that matches no group of Okta.
    NoSuchGroup(String),
    /// An entry of `groups.include` that is the name of this many groups of Okta.
    AmbiguousGroup(String, usize),
    /// Okta could not be asked about a group that is no longer chosen, and why.
    GroupNotAsked(String, String),
    /// A warning about the configuration, as text.
    Configuration(String),
}

/// The warning in a sentence.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnreadableRows(rows) => write!(
                f,
                "{rows} rows of Okta's listing have no user id and were skipped; if it lasts, ask Okta's support"
            ),
            Self::ListingInDoubt(why) => write!(f, "nobody is created, adopted or deleted in this cycle: {why}"),
            Self::TokenOwnerNotFound(owner) => write!(
                f,
                "the owner of our token, {owner}, was not found in Haiilo: nobody is deleted; correct haiilo.auth.token_owner"
            ),
            Self::UnresolvedReferences(number) => write!(
                f,
                "{number} references to other people, such as managers, name nobody who has an account by now; they stay as they are"
            ),
            Self::NobodyHas(name) => write!(f, "the mapping reads {name}, and no person has it: check its spelling"),
            Self::EvidenceIncomplete(why) => {
                write!(f, "some people who are no longer listed could not be asked about: {why}")
            }
            Self::PushIsOn(features) => write!(
                f,
                "Okta's own push to Haiilo is on ({features}) and would be a second writer: switch it off in Okta"
            ),
            Self::Paused(end, by) => write!(f, "all writes are paused {end}, by {by}; `resume` lets them go on"),
            Self::ReviewDropped(kind, name) => {
                write!(f, "dropped, since a plan that is made now does not have it: {kind} {name}")
            }
            Self::NotReviewed(more) => {
                write!(f, "{more} operations that are not in the reviewed plan wait for another run")
            }
            Self::GroupsNotReviewed(more) => {
                write!(f, "{more} changes of groups are not in the reviewed plan, and are left to the next cycle")
            }
            Self::GroupsNotRead(why) => write!(f, "nothing is done about groups in this cycle: {why}"),
            Self::NoSuchGroup(name) => {
                let name = name.escape_debug();
                write!(f, "groups.include names \"{name}\", and Okta has no such group: correct it")
            }
            Self::AmbiguousGroup(name, number) => write!(
                f,
                "groups.include names \"{}\", and Okta has {number} groups of this name: choose one by its id",
                name.escape_debug()
            ),
            Self::GroupNotAsked(id, why) => write!(f, "group {id} could not be asked about: {why}"),
            Self::Configuration(text) => f.write_str(text),
        }
    }
}

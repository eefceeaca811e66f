//! People on hold: why nothing is done about them, and what an administrator can do. On hold does not mean absent: a person on hold is
//! never a leaver.

use crate::model::assignment::EligibilityDoubt;
use crate::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::model::person::MappingDoubt;
use crate::model::word::Word as _;
use compact_str::CompactString;

/// A person or a group about which nothing is done: its id in Okta and in Haiilo, the name for a report, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold<O = OktaUserId, H = HaiiloId, N = Option<UserName>, R = HoldReason> {
    /// The Okta user or group.
    pub okta_id: O,
    /// The account or group of Haiilo, where one is concerned.
    pub haiilo_id: Option<H>,
    /// The name under which a report shows it; a person may have none.
    pub name: N,
    /// Why.
    pub reason: R,
}

/// A group about which nothing is done.
pub type GroupHold = Hold<OktaGroupId, HaiiloGroupId, CompactString, GroupHoldReason>;

/// Why nothing is done about a person.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HoldReason {
    /// The statuses of the assignment are not certain.
    Eligibility(EligibilityDoubt),
    /// The mapping gives no account.
    Mapping(MappingDoubt),
    /// Two rows of the same listing contradict each other.
    #[strum(serialize = "listed_twice")]
    Contradiction,
    /// Other assignments map to the same userName.
    SameUserName(Vec<OktaUserId>),
    /// Several accounts have the wanted userName.
    SeveralAccounts(Vec<HaiiloId>),
    /// The wanted userName belongs to another person's account.
    AccountOfAnother(OktaUserId),
    /// The wanted userName belongs to an unmanaged account.
    NameTaken(HaiiloId),
    /// The account with the wanted userName has the externalId of another person, or of another directory.
    OfAnotherDirectory(CompactString),
    /// The linked account has neither the userName last seen nor the wanted one.
    LinkDoesNotFit {
        /// The userName of the account.
        found: Option<UserName>,
        /// Its userName when it was last seen.
        last_seen: UserName,
    },
    /// The person's account is inactive, and any write may delete it.
    Inactive,
    /// A protected account would be renamed.
    #[strum(serialize = "protected")]
    ProtectedRename {
        /// The pattern that protects it.
        pattern: String,
        /// The wanted userName.
        wanted: UserName,
    },
    /// People want each other's userNames.
    SwappedNames,
    /// The listing of accounts may be incomplete.
    ListingDoubtful(String),
    /// A new account needs a group.
    NoGroup,
    /// Haiilo refused to make the account.
    CreateRefused(String),
    /// The person is not in the listing, but is assigned when read by id.
    StillAssigned,
    /// Okta's answer about the person who is no longer in the listing is no evidence.
    NoEvidence(CompactString),
    /// The evidence was not read yet.
    EvidenceDue,
    /// The person shares a key with an unlisted person: perhaps the same human with a new Okta user.
    PerhapsRehired(OktaUserId, SharedKey),
    /// An unmanaged account has the same given and family name: perhaps the same human with another address.
    PerhapsSamePerson(HaiiloId),
    /// An account with this userName was perhaps made for another person, in a call whose answer was lost.
    #[strum(serialize = "perhaps_made_for_another")]
    PerhapsMadeFor(OktaUserId),
    /// Haiilo no longer shows the account, and an unmanaged account has the wanted userName.
    ReplacedByHand(HaiiloId),
}

/// What a joiner shares with an unlisted person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedKey {
    /// The account once had the userName that the joiner wants.
    FormerUserName,
    /// Okta gives both people the same employee number.
    EmployeeNumber,
}

impl SharedKey {
    fn as_str(self) -> &'static str {
        match self {
            Self::FormerUserName => "whose account once had this userName",
            Self::EmployeeNumber => "has the same employee number",
        }
    }
}

impl HoldReason {
    /// A short name that never changes, for machines.
    pub fn code(&self) -> &'static str {
        if let Self::Eligibility(doubt) = self { doubt.as_str() } else { self.as_str() }
    }

    /// The reason in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Eligibility(EligibilityDoubt::Assignment(status)) => {
                format!("the assignment has the status {status}, which decides nothing")
            }
            Self::Eligibility(EligibilityDoubt::User(status)) => {
                format!("the Okta user has the unknown status {status}")
            }
            Self::Eligibility(EligibilityDoubt::BeingDeactivated) => "Okta is deactivating this user".to_owned(),
            Self::Eligibility(EligibilityDoubt::UserNotReadable) => {
                "Okta shows the assignment, but not the user behind it".to_owned()
            }
            Self::Mapping(doubt) => format!("mapping: {doubt}"),
            Self::Contradiction => "Okta's listing has two rows of this person that contradict each other".to_owned(),
            Self::SameUserName(others) => {
                format!("the mapping gives the same userName to {}", enumerate(others.iter().map(OktaUserId::as_str)))
            }
            Self::SeveralAccounts(ids) => {
                format!("several accounts carry this userName: {}", enumerate(ids.iter().map(HaiiloId::as_str)))
            }
            Self::AccountOfAnother(other) => format!("this userName belongs to the account of another person, {other}"),
            Self::NameTaken(id) => format!("this userName belongs to account {id}, which is unmanaged"),
            Self::OfAnotherDirectory(id) => {
                format!("the account of this userName has the externalId {id:?}, which is not the id of this person")
            }
            Self::LinkDoesNotFit { found, last_seen } => {
                let found = found.as_ref().map_or("no userName", UserName::as_str);
                format!("the link does not fit: the account carries {found}, and carried {last_seen} when last seen")
            }
            Self::Inactive => {
                "the account is inactive, and it is not known why; a write to it may delete it".to_owned()
            }
            Self::ProtectedRename { pattern, wanted } => {
                format!("the account is protected ({pattern}) and would be renamed to {wanted}")
            }
            Self::SwappedNames => "people want each other's userNames".to_owned(),
            Self::ListingDoubtful(why) => format!("it is not certain who is in Haiilo: {why}"),
            Self::NoGroup => "a new account needs a group, and the mapping gives none".to_owned(),
            Self::CreateRefused(why) => format!("Haiilo did not make the account: {why}"),
            Self::StillAssigned => "missing from Okta's listing, yet assigned when asked by id".to_owned(),
            Self::NoEvidence(what) => format!("no longer listed, and no evidence of why: {what}"),
            Self::EvidenceDue => "no longer listed; evidence will be taken in one of the next cycles".to_owned(),
            Self::PerhapsMadeFor(other) => {
                format!("the account of this userName was perhaps made for {other}, in a call whose answer was lost")
            }
            Self::PerhapsRehired(other, common) => {
                format!("perhaps the same human as {other}, who is gone and {}", common.as_str())
            }
            Self::PerhapsSamePerson(id) => {
                format!("perhaps the same person as account {id}, which is unmanaged and has the same names")
            }
            Self::ReplacedByHand(id) => {
                format!(
                    "Haiilo no longer shows the linked account, and account {id}, which is unmanaged, has the userName"
                )
            }
        }
    }

    /// What an administrator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Eligibility(EligibilityDoubt::Assignment(_)) => {
                "finish or remove the assignment in Okta (Applications > Haiilo > Assignments)"
            }
            Self::Eligibility(EligibilityDoubt::User(_)) => {
                "look at the person in Okta; a newer version may know this status"
            }
            Self::Eligibility(EligibilityDoubt::BeingDeactivated) => "wait until Okta has finished",
            Self::Eligibility(EligibilityDoubt::UserNotReadable) => {
                "let the credentials read users (scope okta.users.read and a role)"
            }
            Self::Mapping(_) => "correct the person's profile in Okta, or the rule in the mapping file",
            Self::Contradiction | Self::StillAssigned => "nothing, if it passes with the next cycle",
            Self::SameUserName(_) => "give each person an own address in Okta, or unassign one of them",
            Self::SeveralAccounts(_) => "leave one of these accounts in Haiilo",
            Self::AccountOfAnother(_) => {
                "`link LOGIN HAIILO_ID` if it is the same human with a new Okta user; if it is another one, another address, or `confirm-new LOGIN`, which lets the old account be deleted when it is due"
            }
            Self::NameTaken(_) => "remove or rename that account in Haiilo, if it is not somebody else's",
            Self::OfAnotherDirectory(_) => {
                "if the account is this person's and no other directory serves it, `link LOGIN HAIILO_ID`, which writes the new externalId"
            }
            Self::LinkDoesNotFit { .. } => {
                "if the account is still this person's, set its address in Haiilo to the one in Okta; else `unlink LOGIN`"
            }
            Self::Inactive => "activate or delete the account in Haiilo by hand",
            Self::ProtectedRename { .. } => "rename the account in Haiilo by hand, or change [protect]",
            Self::SwappedNames => "give one of them a third address in Okta for one cycle",
            Self::ListingDoubtful(_) => {
                "nothing, if it passes with the next cycle; else ask Haiilo about its listing of users"
            }
            Self::NoGroup => "fill the attribute in Okta that gives the group, or add it to the mapping's table",
            Self::CreateRefused(_) => {
                "see what Haiilo says; it is tried again after a day, or when the address changes"
            }
            Self::NoEvidence(_) => {
                "look at the person in Okta; the account stays until Okta says clearly what happened"
            }
            Self::EvidenceDue => "nothing",
            Self::PerhapsMadeFor(_) => {
                "nothing, if it passes with the next cycles; else look whose account it is: `link LOGIN HAIILO_ID` gives it to this person"
            }
            Self::PerhapsRehired(..) | Self::PerhapsSamePerson(_) => {
                "`link LOGIN HAIILO_ID` if it is the same human, `confirm-new LOGIN` if it is another one"
            }
            Self::ReplacedByHand(_) => "`link LOGIN HAIILO_ID` makes the new account this person's",
        }
    }
}

fn enumerate<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.collect::<Vec<_>>().join(", ")
}

/// Why nothing is done about a group.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum GroupHoldReason {
    /// The group has no name in Okta.
    Nameless,
    /// Other chosen groups of Okta have the same name.
    SameName(Vec<OktaGroupId>),
    /// Several groups of Haiilo have the name, or have this group's id as their externalId.
    SeveralGroups(Vec<HaiiloGroupId>),
    /// The name belongs to a group that is linked to another group of Okta.
    GroupOfAnother(HaiiloGroupId, OktaGroupId),
    /// The name belongs to an unmanaged group.
    NameTaken(HaiiloGroupId),
    /// The group with this name has the id of something else.
    NotAdoptable(HaiiloGroupId, CompactString),
    /// Haiilo no longer shows the linked group.
    Missing,
    /// The members in Okta were not read completely.
    MembersUnread(String),
    /// The members in Haiilo were not read.
    ShownUnread(String),
}

impl GroupHoldReason {
    /// The reason in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Nameless => "Okta shows no name of the group".to_owned(),
            Self::SameName(others) => {
                let others = enumerate(others.iter().map(OktaGroupId::as_str));
                format!("other chosen groups of Okta have the same name: {others}")
            }
            Self::SeveralGroups(ids) => {
                let ids = enumerate(ids.iter().map(HaiiloGroupId::as_str));
                format!("several groups of Haiilo may be this one: {ids}")
            }
            Self::GroupOfAnother(id, other) => {
                format!("group {id} of Haiilo has this name and belongs to {other} of Okta")
            }
            Self::NameTaken(id) => format!("group {id} of Haiilo has this name and is unmanaged"),
            Self::NotAdoptable(id, external) => {
                format!(
                    "group {id} of Haiilo has this name, and belongs to something else by its externalId {external:?}"
                )
            }
            Self::Missing => "Haiilo no longer shows the linked group".to_owned(),
            Self::MembersUnread(why) => format!("its members could not be read in Okta: {why}"),
            Self::ShownUnread(why) => format!("its members could not be read in Haiilo: {why}"),
        }
    }

    /// What an administrator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Nameless => "give the group a name in Okta",
            Self::SameName(_) => "rename one of them in Okta, or choose one of them by its id in groups.include",
            Self::SeveralGroups(_) => "leave one of these groups in Haiilo, or rename the others there",
            Self::GroupOfAnother(..) => "rename one of both groups in Okta",
            Self::NameTaken(_) => "rename or remove that group in Haiilo",
            Self::NotAdoptable(..) => "rename that group in Haiilo, or clear its externalId if nobody else keeps it",
            Self::Missing => {
                "make a group of this name in Haiilo, which is then taken for this one, or take the group out of the choice"
            }
            Self::MembersUnread(_) | Self::ShownUnread(_) => "nothing, if it passes with the next cycle",
        }
    }
}

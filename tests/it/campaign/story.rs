//! A story as data: who is there, and what happens on each of its days. All of it is small numbers, so that a failure shrinks well.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, route as haiilo_route};
use okta_haiilo_sim::okta::{self, route as okta_route};
use proptest::collection::vec;
use proptest::prelude::*;

/// How many people a story knows.
pub(super) const PEOPLE: u8 = 12;

/// A whole story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// How many of the people are assigned when it begins.
    pub(super) hired: u8,
    /// Whether Haiilo makes a second account of the same userName, so that nothing but the client prevents it.
    pub(super) allows_twins: bool,
    /// Whose accounts somebody has made by hand by then.
    pub(super) by_hand: Vec<u8>,
    /// What happens then.
    pub(super) days: Vec<Day>,
}

/// What happens before a cycle, and in it.
#[derive(Clone, Debug)]
pub(super) struct Day {
    /// How long after the cycle before.
    pub(super) hours: u8,
    /// What people do.
    pub(super) deeds: Vec<Deed>,
    /// What Okta does wrong.
    pub(super) okta: Vec<OktaTrouble>,
    /// What Haiilo does wrong.
    pub(super) haiilo: Vec<(When, Fault<haiilo::Bend>)>,
    /// Whether an administrator lets a blocked plan pass.
    pub(super) approves: bool,
}

/// What people do: in Okta, in Haiilo by hand, in the configuration. A deed that makes no sense at its time is not done.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Somebody is hired, comes back, or is assigned again.
    Hire(u8),
    /// Somebody gets another address.
    Rename(u8, u8),
    /// Somebody gets the first address of somebody else.
    TakeName(u8, u8),
    /// Somebody moves to a country, one without a group or one that the table does not know among them.
    Move(u8, u8),
    /// Somebody moves to a city.
    City(u8, u8),
    /// Somebody gets another family name.
    Marry(u8, u8),
    Deactivate(u8),
    Unassign(u8),
    /// A third of everybody is deactivated.
    Exodus(u8),
    Suspend(u8),
    Unsuspend(u8),
    /// Somebody gets a status that nobody knows.
    Freeze(u8),
    /// Okta forgets a user.
    Delete(u8),
    HandDelete(u8),
    HandAdd(u8),
    /// The same, and the listing of accounts does not show it.
    HandHide(u8),
    HandEdit(u8),
    HandRename(u8),
    /// A group is made, or removed.
    Group(u8),
    /// The administrator changes what becomes of leavers.
    Leavers(u8),
    Missing(u8),
    Limits(u8),
    Mapping(u8),
}

/// What Okta does wrong.
#[derive(Clone, Debug)]
pub(super) enum OktaTrouble {
    Fault(When, Fault<okta::Bend>),
    /// Before this call is answered, this becomes of that person.
    Meanwhile(u64, u8, Turn),
}

/// What becomes of somebody while a cycle runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Assigned,
    Unassigned,
    Deactivated,
    AppStops,
    CredentialsEnd,
}

/// Any story.
pub(super) fn story() -> impl Strategy<Value = Story> {
    (2..=PEOPLE - 3, any::<bool>(), vec(0..PEOPLE, 0..4), vec(day(), 4..16))
        .prop_map(|(hired, allows_twins, by_hand, days)| Story { hired, allows_twins, by_hand, days })
}

fn day() -> impl Strategy<Value = Day> {
    let hours = prop_oneof![4 => Just(12_u8), 4 => 1_u8..12, 1 => 24_u8..72];
    let okta = prop_oneof![1 => Just(0..1_usize), 1 => Just(1..3)].prop_flat_map(|range| vec(okta_trouble(), range));
    let haiilo =
        prop_oneof![1 => Just(0..1_usize), 1 => Just(1..3)].prop_flat_map(|range| vec(haiilo_trouble(), range));
    (hours, vec(deed(), 0..4), okta, haiilo, prop::bool::weighted(0.8))
        .prop_map(|(hours, deeds, okta, haiilo, approves)| Day { hours, deeds, okta, haiilo, approves })
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0..PEOPLE;
    prop_oneof![
        6 => who.clone().prop_map(Deed::Hire),
        4 => (who.clone(), 0_u8..3).prop_map(|(who, to)| Deed::Rename(who, to)),
        3 => (who.clone(), who.clone()).prop_map(|(who, whose)| Deed::TakeName(who, whose)),
        3 => (who.clone(), 0_u8..8).prop_map(|(who, to)| Deed::Move(who, to)),
        3 => (who.clone(), 0_u8..4).prop_map(|(who, to)| Deed::City(who, to)),
        2 => (who.clone(), 0_u8..4).prop_map(|(who, to)| Deed::Marry(who, to)),
        6 => who.clone().prop_map(Deed::Deactivate),
        5 => who.clone().prop_map(Deed::Unassign),
        3 => (0_u8..3).prop_map(Deed::Exodus),
        1 => who.clone().prop_map(Deed::Suspend),
        1 => who.clone().prop_map(Deed::Unsuspend),
        1 => who.clone().prop_map(Deed::Freeze),
        1 => who.clone().prop_map(Deed::Delete),
        1 => any::<u8>().prop_map(Deed::HandDelete),
        2 => who.clone().prop_map(Deed::HandAdd),
        1 => who.prop_map(Deed::HandHide),
        1 => any::<u8>().prop_map(Deed::HandEdit),
        1 => any::<u8>().prop_map(Deed::HandRename),
        1 => (0_u8..2).prop_map(Deed::Group),
        3 => (0_u8..10).prop_map(Deed::Leavers),
        1 => (0_u8..2).prop_map(Deed::Missing),
        1 => (0_u8..3).prop_map(Deed::Limits),
        1 => (0_u8..2).prop_map(Deed::Mapping),
    ]
}

/// What can go wrong with any call.
fn fault<B: Clone + std::fmt::Debug + 'static>() -> impl Strategy<Value = Fault<B>> {
    prop_oneof![
        2 => Just(Fault::DropBefore),
        4 => Just(Fault::DropAfter),
        2 => Just(Fault::CutBody),
        2 => Just(Fault::Garbled),
        1 => Just(Fault::EmptyBody),
        4 => prop::sample::select(vec![400_u16, 401, 403, 404, 409, 412, 500, 503]).prop_map(Fault::Refuse),
        3 => prop::sample::select(vec![500_u16, 503, 504]).prop_map(Fault::RefuseAfter),
        2 => prop::sample::select(vec![200_u16, 404, 502]).prop_map(Fault::Html),
        1 => prop::sample::select(vec![None, Some(20_u64), Some(4000)]).prop_map(Fault::TooMany),
        1 => Just(Fault::Redirect("http://127.0.0.1:9/".to_owned())),
    ]
}

fn okta_trouble() -> impl Strategy<Value = OktaTrouble> {
    use okta::Bend;
    let rows = [
        Bend::LoseExpand,
        Bend::EmptyList,
        Bend::DoubleRow,
        Bend::RowWithoutId,
        Bend::RowNotAnObject,
        Bend::RowWithoutStatus,
        Bend::RowWithoutUser,
        Bend::OtherUser,
        Bend::NullProfile,
        Bend::OddTypes,
        Bend::NotAnArray,
    ];
    let links = [
        Bend::DropExpandFromNext,
        Bend::LosePage,
        Bend::LoseNext,
        Bend::RepeatCursor,
        Bend::LoopToFirst,
        Bend::CommaJoinedLinks,
        Bend::RelativeNext,
        Bend::ShortPage(2),
    ];
    let any = [
        Bend::Concurrency,
        Bend::ReadOnly,
        Bend::DateSkew(400),
        Bend::DateSkew(-400),
        Bend::DateSkew(72_000),
        Bend::DateSkew(-72_000),
        Bend::NoDate,
        Bend::NoRateHeaders,
        Bend::DuplicateRateHeaders,
        Bend::WrongContentType,
    ];
    let turns = [Turn::Assigned, Turn::Unassigned, Turn::Deactivated, Turn::AppStops, Turn::CredentialsEnd];
    let looks = [Bend::RowWithoutStatus, Bend::OtherUser, Bend::NullProfile, Bend::RowNotAnObject];
    prop_oneof![
        4 => (1_u64..16, fault()).prop_map(|(n, fault)| OktaTrouble::Fault(When::Call(n), fault)),
        2 => (1_u64..4, prop::sample::select(rows.to_vec()))
            .prop_map(|(n, bend)| OktaTrouble::Fault(When::Nth(okta_route::APP_USERS, n), Fault::Bend(bend))),
        2 => (1_u64..3, prop::sample::select(links.to_vec()))
            .prop_map(|(n, bend)| OktaTrouble::Fault(When::Nth(okta_route::APP_USERS, n), Fault::Bend(bend))),
        2 => (1_u64..12, prop::sample::select(any.to_vec()))
            .prop_map(|(n, bend)| OktaTrouble::Fault(When::Call(n), Fault::Bend(bend))),
        1 => prop::sample::select(vec![72_000_i64, -72_000, 90_000, -90_000])
            .prop_map(|skew| OktaTrouble::Fault(When::Nth(okta_route::APP, 1), Fault::Bend(Bend::DateSkew(skew)))),
        1 => (1_u64..5, prop::sample::select(looks.to_vec()))
            .prop_map(|(n, bend)| OktaTrouble::Fault(When::Nth(okta_route::USER, n), Fault::Bend(bend))),
        5 => (1_u64..16, 0..PEOPLE, prop::sample::select(turns.to_vec()))
            .prop_map(|(n, who, turn)| OktaTrouble::Meanwhile(n, who, turn)),
    ]
}

fn haiilo_trouble() -> impl Strategy<Value = (When, Fault<haiilo::Bend>)> {
    use haiilo::Bend;
    let of = |route: &'static str, bends: &[Bend]| {
        (1_u64..4, prop::sample::select(bends.to_vec()))
            .prop_map(move |(n, bend)| (When::Nth(route, n), Fault::Bend(bend)))
            .boxed()
    };
    let pages = [
        Bend::SkipRows(1),
        Bend::RepeatPage,
        Bend::EmptyPage,
        Bend::ShortPage(2),
        Bend::DoubleRow,
        Bend::RowWithoutId,
        Bend::RowWithoutUserName,
        Bend::RowNotAnObject,
        Bend::TotalOff(1),
        Bend::TotalOff(-1),
        Bend::TotalMissing,
        Bend::NotAList,
    ];
    let city = "addresses[type eq \"work\"].locality".to_owned();
    let writes = [
        Bend::LyingId,
        Bend::LyingUserName,
        Bend::GroupMissing,
        Bend::ChangesOther,
        Bend::DropsValue(city),
        Bend::Deactivates,
    ];
    prop_oneof![
        5 => (1_u64..30, fault()).prop_map(|(n, fault)| (When::Call(n), fault)),
        4 => (prop::sample::select(vec![haiilo_route::CREATE, haiilo_route::PATCH, haiilo_route::DELETE]), 1_u64..4, fault())
            .prop_map(|(route, n, fault)| (When::Nth(route, n), fault)),
        2 => of(haiilo_route::LIST, &pages),
        2 => of(haiilo_route::LOOK_UP, &[Bend::FindsNobody, Bend::FindsOther, Bend::FindsAll]),
        1 => of(haiilo_route::READ, &[Bend::LyingId, Bend::LyingUserName, Bend::NotFoundOnce, Bend::WrongAccount]),
        2 => of(haiilo_route::CREATE, &[&writes[..], &[Bend::Seats]].concat()),
        2 => of(haiilo_route::PATCH, &[&writes[..], &[Bend::NotFoundOnce, Bend::EtagChanged]].concat()),
        1 => of(haiilo_route::DELETE, &[Bend::NotFoundOnce, Bend::EtagChanged]),
    ]
}

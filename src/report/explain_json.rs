//! Everything about one person as JSON, for scripts.

use serde_json::{Value as Json, json};

use crate::domain::explain::explanation::{Explanation, OperatorStatement};
use crate::domain::explain::memberships::GroupOfPerson;
use crate::domain::model::account::{Account, Activity};
use crate::domain::model::person::DesiredValue;
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::Operation;
use crate::domain::scim::value::Value;
use crate::report::explain::{LoginExplanation, PersonExplanation, codes, eligibility_in_words, what_happens};
use crate::report::journal;
use crate::report::subject::{due, stamp};

/// The answer as one JSON object, with a line end behind it.
pub fn explain_json(answer: &LoginExplanation) -> String {
    let LoginExplanation { product, people, unmanaged } = answer;
    let person = |PersonExplanation { explanation, journal }: &PersonExplanation| {
        let mut object = of_person(explanation);
        object["what_happens"] = json!(what_happens(*product, explanation));
        object["journal"] = journal::array(journal);
        object
    };
    let object = json!({
        "version": 1,
        "people": people.iter().map(person).collect::<Vec<_>>(),
        "unmanaged": unmanaged.iter().map(of_account).collect::<Vec<_>>(),
    });
    format!("{object:#}\n")
}

fn of_person(one: &Explanation) -> Json {
    let assignment = one.asked.assignment.as_ref().map(|assignment| {
        json!({
            "status": assignment.status.as_str(), "via": assignment.via.as_str(),
            "user_name": assignment.user_name,
        })
    });
    let rules = one.mapping.iter().map(|(traced, held)| {
        let reads = traced.reads.iter().map(|(name, value)| json!({"name": name, "value": value}));
        let (wants, value, why) = match &traced.yields {
            Ok(DesiredValue::Set(value)) => ("set", Some(value.to_json()), None),
            Ok(DesiredValue::Leave) => ("leave", None, None),
            Ok(DesiredValue::Clear) => ("clear", None, None),
            Err(why) => ("held", None, Some(why)),
        };
        json!({
            "path": traced.place, "rule": traced.source, "reads": reads.collect::<Vec<_>>(), "wants": wants, "value": value,
            "why": why, "haiilo": held.as_ref().map(Value::to_json),
        })
    });
    let link = one.link.as_ref().map(|link| {
        json!({
            "haiilo_id": link.haiilo_id, "user_name": link.user_name, "origin": link.origin.as_str(),
            "missing_since": link.missing.map(|absence| stamp(absence.since)),
        })
    });
    let leaver = one.leaver.as_ref().map(|record| {
        json!({
            "since": stamp(record.absence.since),
            "evidence": record.clock.map(|clock| clock.evidence.as_str()),
            "action": record.clock.map(|clock| clock.action.as_str()),
            "clock_from": record.clock.map(|clock| stamp(clock.from)),
            "due": one.planned.leaver.as_ref().and_then(|leaver| due(&leaver.status)).map(stamp),
        })
    });
    let groups = one.groups.iter().map(|group| {
        let GroupOfPerson { okta_id, name, place, happens } = group;
        json!({"okta_id": okta_id, "name": name, "member_in": place.as_str(), "what_happens": happens.as_str()})
    });
    let said = one.said.iter().map(|said| match said {
        OperatorStatement::ConfirmedNew => "released",
        OperatorStatement::Recreated => "pinned",
    });
    json!({
        "okta_id": one.asked.id, "user_name": one.user_name(),
        "user_status": one.asked.status, "user_found": one.asked.user.is_some(), "assignment": assignment,
        "listed": one.listed.is_some(), "standing": one.eligibility.as_ref().map(eligibility_in_words),
        "mapping": rules.collect::<Vec<_>>(), "link": link, "account": one.account.as_ref().map(of_account),
        "protected_by": one.protected, "leaver": leaver, "decided": said.collect::<Vec<_>>(), "held": codes(one),
        "groups": groups.collect::<Vec<_>>(),
        "operations": one.planned.operations.iter().map(Operation::to_json).collect::<Vec<_>>(),
    })
}

fn of_account(account: &Account) -> Json {
    json!({
        "haiilo_id": account.id, "user_name": account.user_name,
        "active": account.activity == Activity::Active,
    })
}

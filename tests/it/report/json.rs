//! The JSON report, part by part: a change here is a change for every script that reads it.

use okta_haiilo_sync::report::{self, ReportStage};
use serde_json::Value as Json;

use crate::report::text::{about, eventful};

/// A member of the report about an eventful day, before it and after it.
async fn check(member: &str) -> String {
    let mut world = eventful().await;
    let prepared = world.plan().await;
    let planned = report::json(&about(&prepared, ReportStage::DryRun));
    let came = world.sync().await;
    let applied = report::json(&about(&came.prepared, ReportStage::Applied { concluded: &came.concluded, stops: &[] }));
    let read = |text: &str| serde_json::from_str::<Json>(text).expect("JSON")[member].clone();
    let (planned, applied) = (read(&planned), read(&applied));
    if planned == Json::Null { format!("{applied:#}") } else { format!("{planned:#}") }
}

#[tokio::test]
async fn members() {
    let world = eventful().await;
    let json = report::json(&about(&world.plan().await, ReportStage::DryRun));
    let json: Json = serde_json::from_str(&json).expect("JSON");
    let kind = |value: &Json| match value {
        Json::Array(items) => format!("array of {}", items.len()),
        Json::Object(_) => "object".to_owned(),
        plain => plain.to_string(),
    };
    let members = json.as_object().expect("an object").iter().map(|(name, value)| format!("{name}: {}", kind(value)));
    insta::assert_snapshot!(members.collect::<Vec<_>>().join("\n"), @r#"
    version: 2
    approval_id: null
    operations: array of 5
    leavers: array of 3
    held: array of 2
    waiting: array of 0
    rejected: array of 0
    missing: array of 1
    unmanaged: array of 2
    mapping_edits: array of 0
    unchanged: 0
    violations: array of 0
    limits: array of 8
    counts: object
    usage: object
    groups: null
    warnings: array of 0
    "#);
}

#[tokio::test]
async fn operations() {
    insta::assert_snapshot!(check("operations").await, @r#"
    [
      {
        "kind": "update",
        "okta_id": "00uKJVpq7HsJFkWq45d7",
        "haiilo_id": "2c829abe-1f45-42e1-ac58-133ac916ab3c",
        "user_name": "asa.gross.1@example.com",
        "changes": [
          {
            "path": "userName",
            "from": "asa.gross.1@example.com",
            "to": "a.new.name@example.com"
          }
        ]
      },
      {
        "kind": "update",
        "okta_id": "00uec0fhFYkdUkWq45d7",
        "haiilo_id": "657eecdd-3cb1-4d09-ac2d-26e0055bdef6",
        "user_name": "renee.dubois.3@example.com",
        "changes": [
          {
            "path": "addresses[type eq \"work\"].country",
            "from": "Ireland",
            "to": "Atlantis"
          }
        ]
      },
      {
        "kind": "update",
        "okta_id": "00uzxFFmgPoyrkWq45d7",
        "haiilo_id": "7d29825c-7552-4255-ac3c-17102b7f7f86",
        "user_name": "soren.heikkinen.2@example.com",
        "changes": [
          {
            "path": "addresses[type eq \"work\"].locality",
            "from": "Wien",
            "to": "Paris"
          }
        ]
      },
      {
        "kind": "create",
        "okta_id": "00uxtljK4FRwbkWq45d7",
        "haiilo_id": null,
        "user_name": "lukasz.maekinen.20@example.com",
        "changes": [
          {
            "path": "userName",
            "from": null,
            "to": "lukasz.maekinen.20@example.com"
          },
          {
            "path": "addresses[type eq \"work\"].country",
            "from": null,
            "to": "Ireland"
          },
          {
            "path": "addresses[type eq \"work\"].locality",
            "from": null,
            "to": "Dún Laoghaire"
          },
          {
            "path": "name.familyName",
            "from": null,
            "to": "Mäkinen"
          },
          {
            "path": "name.givenName",
            "from": null,
            "to": "Łukasz"
          }
        ]
      },
      {
        "kind": "delete",
        "okta_id": "00uJHl4doggI7kWq45d7",
        "haiilo_id": "1b39896a-51a8-449b-a53c-9f0c747ea2ea",
        "user_name": "wolfgang.nygard.4@example.com",
        "changes": []
      }
    ]
    "#);
}

#[tokio::test]
async fn leavers_held_and_missing() {
    insta::assert_snapshot!(check("leavers").await, @r#"
    [
      {
        "okta_id": "00uJHl4doggI7kWq45d7",
        "haiilo_id": "1b39896a-51a8-449b-a53c-9f0c747ea2ea",
        "user_name": "wolfgang.nygard.4@example.com",
        "evidence": "deactivated",
        "action": "delete",
        "due": "2027-02-14T08:00:00Z",
        "since": "2027-01-15T08:00:00Z",
        "reason": "deleted for ever now (due 2027-02-14 08:00 UTC)"
      },
      {
        "okta_id": "00udaGuTwxYcMkWq45d7",
        "haiilo_id": "3ee57890-41c9-4ac3-af3b-488c368cb0a6",
        "user_name": "heikki.noether.6@example.com",
        "evidence": "unassigned",
        "action": "keep",
        "due": null,
        "since": "2027-02-14T08:00:00Z",
        "reason": "kept: leavers.unassigned = \"keep\""
      },
      {
        "okta_id": "00uyvVUYNpcxjkWq45d7",
        "haiilo_id": "b54e0f16-00cc-4d19-a84b-3f97971d80ab",
        "user_name": "elodie.kucera.5@example.com",
        "evidence": "deactivated",
        "action": "delete",
        "due": "2027-03-16T08:00:00Z",
        "since": "2027-02-14T08:00:00Z",
        "reason": "deleted for ever on 2027-03-16 08:00 UTC"
      }
    ]
    "#);
    insta::assert_snapshot!(check("held").await, @r#"
    [
      {
        "okta_id": "00uIF1KPV6VHzkWq45d7",
        "haiilo_id": "06c45d18-8009-454f-af88-b8a8724c81ec",
        "user_name": "paeivi.vanderberg.21@example.com",
        "code": "same_user_name",
        "reason": "the mapping gives the same userName to 00ucYW9GdNNbEkWq45d7",
        "remedy": "give each person an own address in Okta, or unassign one of them"
      },
      {
        "okta_id": "00ucYW9GdNNbEkWq45d7",
        "haiilo_id": null,
        "user_name": "paeivi.vanderberg.21@example.com",
        "code": "same_user_name",
        "reason": "the mapping gives the same userName to 00uIF1KPV6VHzkWq45d7",
        "remedy": "give each person an own address in Okta, or unassign one of them"
      }
    ]
    "#);
    insta::assert_snapshot!(check("missing").await, @r#"
    [
      {
        "okta_id": "00ufekPvY8weckWq45d7",
        "haiilo_id": "8621a03f-e0bb-4b7b-a8e1-7555983aa92f",
        "user_name": "edsger.dubois.0@example.com",
        "since": "2027-02-14T08:00:00Z"
      }
    ]
    "#);
}

#[tokio::test]
async fn numbers() {
    insta::assert_snapshot!(check("unmanaged").await, @r#"
    [
      {
        "haiilo_id": "3466e9a0-8391-4f64-ad81-8d2b5a4485ac",
        "user_name": "vojtech.mueller.50@example.com"
      },
      {
        "haiilo_id": "e220a839-7b1d-4daf-a6e7-9e6aa1b965f4",
        "user_name": "scim@example.com"
      }
    ]
    "#);
    insta::assert_snapshot!(check("limits").await, @r#"
    [
      {
        "limit": "leavers",
        "used": 2,
        "allowed": 5
      },
      {
        "limit": "missing",
        "used": 1,
        "allowed": 3
      },
      {
        "limit": "creates",
        "used": 1,
        "allowed": 25
      },
      {
        "limit": "updates",
        "used": 3,
        "allowed": 25
      },
      {
        "limit": "renames",
        "used": 1,
        "allowed": 3
      },
      {
        "limit": "clears",
        "used": 0,
        "allowed": 5
      },
      {
        "limit": "moves",
        "used": 1,
        "allowed": 5
      },
      {
        "limit": "deletes",
        "used": 1,
        "allowed": 3
      }
    ]
    "#);
    insta::assert_snapshot!(check("counts").await, @r#"
    {
      "assigned": 7,
      "linked": 8,
      "accounts": 9,
      "accounts_after": 9,
      "out_of_scope": 0,
      "staged": 0
    }
    "#);
}

#[tokio::test]
async fn outcomes() {
    insta::assert_snapshot!(check("outcomes").await, @r#"
    [
      {
        "kind": "update",
        "okta_id": "00uKJVpq7HsJFkWq45d7",
        "haiilo_id": "2c829abe-1f45-42e1-ac58-133ac916ab3c",
        "user_name": "asa.gross.1@example.com",
        "outcome": "done",
        "detail": null
      },
      {
        "kind": "update",
        "okta_id": "00uec0fhFYkdUkWq45d7",
        "haiilo_id": "657eecdd-3cb1-4d09-ac2d-26e0055bdef6",
        "user_name": "renee.dubois.3@example.com",
        "outcome": "no_such_group",
        "detail": "Haiilo has no group \"Atlantis\""
      },
      {
        "kind": "update",
        "okta_id": "00uzxFFmgPoyrkWq45d7",
        "haiilo_id": "7d29825c-7552-4255-ac3c-17102b7f7f86",
        "user_name": "soren.heikkinen.2@example.com",
        "outcome": "done",
        "detail": null
      },
      {
        "kind": "create",
        "okta_id": "00uxtljK4FRwbkWq45d7",
        "haiilo_id": "db01602b-100b-4ed7-aa90-8a921825f10d",
        "user_name": "lukasz.maekinen.20@example.com",
        "outcome": "done",
        "detail": null
      },
      {
        "kind": "delete",
        "okta_id": "00uJHl4doggI7kWq45d7",
        "haiilo_id": "1b39896a-51a8-449b-a53c-9f0c747ea2ea",
        "user_name": "wolfgang.nygard.4@example.com",
        "outcome": "done",
        "detail": null
      }
    ]
    "#);
}

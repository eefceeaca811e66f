//! Stories of groups as an administrator meets them: what the program says before, after, and when it may not go on.

use std::fs;

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};

use crate::setup::program::{CONFIGURATION, Stage};

/// So many people and these groups in Okta, and an intranet in which they have no accounts yet.
async fn stage(people: u32, groups: &[(&str, &[u32])]) -> Stage {
    let stage = Stage::before_an_intranet(people).await;
    stage.configure_also("[groups]\nenabled = true");
    for (name, members) in groups {
        let members: Vec<String> = members.iter().map(|n| stage.okta_id(*n)).collect();
        let mut okta = stage.okta.state();
        let group = okta.make_group(name);
        for member in &members {
            okta.join_group(&group, member);
        }
    }
    stage
}

/// The same, and Haiilo in step.
async fn in_step(people: u32, groups: &[(&str, &[u32])]) -> Stage {
    let stage = stage(people, groups).await;
    stage.approve_the_first_run();
    stage
}

fn leave(stage: &Stage, group: &str, people: &[u32]) {
    let people: Vec<String> = people.iter().map(|n| stage.okta_id(*n)).collect();
    let mut okta = stage.okta.state();
    let group = okta.group_id(group).expect("a group");
    for one in people {
        okta.leave_group(&group, &one);
    }
}

fn kinds(report: &Json) -> Vec<&str> {
    let operations = report["groups"]["operations"].as_array().expect("a list");
    operations.iter().map(|one| one["kind"].as_str().expect("a kind")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_checked_planned_synced_and_told() {
    let stage = stage(3, &[("Sales", &[0, 1])]).await;
    let check = stage.run(&["check"]).exits(0);
    for words in [
        "Groups",
        "groups that are assigned to the application: 1",
        "members of groups can be read",
        "Haiilo shows its groups: 0",
    ] {
        assert!(check.out.contains(words), "{words:?} is not in {}", check.out);
    }
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(kinds(&plan), ["group-create", "group-members"]);
    let members = &plan["groups"]["operations"][1];
    let mut wanted = [stage.okta_id(0), stage.okta_id(1)];
    wanted.sort();
    let mut found: Vec<&str> =
        members["add"].as_array().expect("a list").iter().map(|id| id.as_str().expect("an id")).collect();
    found.sort_unstable();
    assert_eq!(
        (found, &members["remove"], &members["removals"]),
        (wanted.iter().map(String::as_str).collect(), &json!([]), &Json::Null)
    );
    let id = plan["approval_id"].as_str().expect("something to approve");
    let done = stage.run(&["sync", "--approve", id, "--format", "json"]).exits(0).json();
    let outcomes = done["groups"]["outcomes"].as_array().expect("a list");
    assert!(outcomes.iter().all(|one| one["outcome"] == "done") && outcomes.len() == 2, "{outcomes:?}");
    // Everything is as it shall be, and only a change of groups is left to do after this.
    stage.run(&["plan", "--exit-code"]).exits(0);
    leave(&stage, "Sales", &[0]);
    let plan = stage.run(&["plan", "--exit-code"]).exits(10);
    for words in ["1 changes of groups", "MEMBERS", "Sales", "+0 -1", &person(0).email] {
        assert!(plan.out.contains(words), "{words:?} is not in {}", plan.out);
    }
    let ids = stage.run(&["plan", "--ids-only"]).exits(0);
    assert!(!ids.out.contains(&person(0).email) && ids.out.contains(&stage.okta_id(0)), "{}", ids.out);
    let table = stage.run(&["plan", "--format", "csv"]).exits(0);
    assert!(
        table.out.contains("group,group-members,") && table.out.contains(&format!("members,{},", person(0).email)),
        "{}",
        table.out
    );
    let page = stage.run(&["plan", "--format", "html"]).exits(0);
    assert!(page.out.contains("Groups") && page.out.contains("MEMBERS +0 -1"), "no groups in the page");
    let explained = stage.run(&["explain", &person(0).email]).exits(0);
    assert!(explained.out.contains("goes out"), "{}", explained.out);
    let explained = stage.run(&["explain", &person(1).email, "--format", "json"]).exits(0).json();
    let group = &explained["people"][0]["groups"][0];
    assert_eq!(
        (&group["name"], &group["member_in"], &group["what_happens"]),
        (&json!("Sales"), &json!("both"), &json!("a member on both sides"))
    );
    stage.run(&["sync"]).exits(0);
    let journal = stage.run(&["journal", "--user", "Sales"]).exits(0);
    assert!(
        journal.out.contains("group-create  done") && journal.out.contains("group-members  done"),
        "{}",
        journal.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_removals_end_a_sync_with_code_three_and_an_approval_lets_them_go() {
    let everybody: Vec<u32> = (0..12).collect();
    let stage = in_step(12, &[("Sales", &everybody)]).await;
    leave(&stage, "Sales", &everybody);
    let refused = stage.run(&["sync"]).exits(3);
    assert!(refused.out.contains("APPROVAL NEEDED: nobody is taken out of these groups"), "{}", refused.out);
    assert!(refused.out.contains("12 found, 10 allowed"), "{}", refused.out);
    let json = stage.run(&["plan", "--format", "json"]).exits(0).json();
    let id = json["groups"]["approval_id"].as_str().expect("something to approve");
    assert!(refused.out.contains(&format!("okta-haiilo-sync sync --approve {id}")), "{}", refused.out);
    assert_eq!(json["approval_id"], Json::Null);
    assert!(stage.run(&["status"]).out.contains(id));
    stage.run(&["approve", id]).exits(0);
    stage.run(&["sync"]).exits(0);
    assert!(stage.haiilo.state().group_named("Sales").expect("a group").members.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_groups_ends_a_sync_with_code_four_and_people_are_done() {
    let stage = in_step(2, &[("Sales", &[0])]).await;
    leave(&stage, "Sales", &[0]);
    stage.okta.state().hire(&person(7));
    stage.haiilo.plant(When::Every(route::PATCH_GROUP), Fault::Refuse(400));
    let ended = stage.run(&["sync"]).exits(4);
    assert!(ended.out.contains("0 of 1 operations done"), "{}", ended.out);
    assert!(stage.account(7).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_which_right_is_missing() {
    let stage = stage(1, &[("Sales", &[0])]).await;
    stage.okta.plant(When::Every(okta::route::GROUP_USERS), Fault::Refuse(403));
    let check = stage.run(&["check"]).exits(1);
    assert!(check.out.contains("grant the scope okta.groups.read and a role that reads groups"), "{}", check.out);
    // A cycle goes on without groups, and says so.
    let plan = stage.run(&["plan"]).exits(0);
    assert!(plan.out.contains("members could not be read in Okta"), "{}", plan.out);
    let configuration = fs::read_to_string(stage.path(CONFIGURATION)).expect("a configuration");
    stage.write(CONFIGURATION, configuration.replace("enabled = true", "enabled = true\ninclude = [\"Slaes\"]"));
    let check = stage.run(&["check"]).exits(1);
    assert!(check.out.contains("groups.include names \"Slaes\", and Okta has no such group"), "{}", check.out);
}

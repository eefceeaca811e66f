//! Stories of what the program reports: the forms, their fields, and where a report goes.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{OWNER, route};
use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};

use crate::setup::program::{Ended, Stage, mode};

/// The members of an object, sorted.
#[track_caller]
fn members(value: &Json) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The members of a report, sorted.
const REPORT: [&str; 17] = [
    "approval_id",
    "counts",
    "groups",
    "held",
    "leavers",
    "limits",
    "mapping_edits",
    "missing",
    "operations",
    "rejected",
    "unchanged",
    "unmanaged",
    "usage",
    "version",
    "violations",
    "waiting",
    "warnings",
];

/// Three people in step; a fourth and a fifth are hired, of whom the last has no group; one moves, one is no longer assigned.
async fn a_day_with_everything() -> Stage {
    let stage = Stage::in_step(3).await;
    stage.okta.state().hire(&person(3));
    let held = stage.okta.state().hire(&person(4));
    stage.okta.state().unset_profile(&held, "countryCode");
    stage.set_profile(0, "city", "Paris");
    let leaver = stage.okta_id(1);
    stage.okta.state().unassign(&leaver);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_the_documented_members() {
    let stage = a_day_with_everything().await;
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).says_nothing().json();
    assert_eq!(members(&plan), REPORT);
    assert_eq!((&plan["version"], &plan["approval_id"], &plan["unchanged"]), (&json!(2), &Json::Null, &json!(1)));
    let (moved, account) = (stage.okta_id(0), stage.account(0).expect("an account"));
    let of = |kind: &str| plan["operations"].as_array().expect("a list").iter().find(|one| one["kind"] == kind);
    let path = "addresses[type eq \"work\"].locality";
    assert_eq!(
        of("update"),
        Some(&json!({
            "kind": "update", "okta_id": moved, "haiilo_id": account.id, "user_name": account.user_name,
            "changes": [{"path": path, "from": person(0).city, "to": "Paris"}],
        }))
    );
    let create = of("create").expect("a create");
    assert_eq!((&create["okta_id"], &create["haiilo_id"]), (&json!(stage.okta_id(3)), &Json::Null));
    assert_eq!(create["changes"][0], json!({"path": "userName", "from": null, "to": person(3).email}));
    let leaver = &plan["leavers"][0];
    assert_eq!(members(leaver), ["action", "due", "evidence", "haiilo_id", "okta_id", "reason", "since", "user_name"]);
    assert_eq!((&leaver["evidence"], &leaver["action"]), (&json!("unassigned"), &json!("keep")));
    let held = &plan["held"][0];
    assert_eq!(members(held), ["code", "haiilo_id", "okta_id", "reason", "remedy", "user_name"]);
    assert_eq!((&held["okta_id"], &held["haiilo_id"]), (&json!(stage.okta_id(4)), &Json::Null));
    assert_eq!(plan["unmanaged"].as_array().expect("a list").len(), 1);
    assert_eq!(members(&plan["unmanaged"][0]), ["haiilo_id", "user_name"]);
    assert_eq!(plan["unmanaged"][0]["user_name"], OWNER);
    let counts = &plan["counts"];
    assert_eq!((&counts["assigned"], &counts["linked"], &counts["accounts"]), (&json!(4), &json!(3), &json!(4)));
    let usage = &plan["usage"];
    assert_eq!(members(usage), ["haiilo", "okta"]);
    let of_haiilo = ["at_once", "lowest_at_once", "most_at_once", "requests", "throttled", "waited_seconds"];
    assert_eq!(members(&usage["haiilo"]), of_haiilo);
    let calls = usage["okta"].as_array().expect("a list");
    let of_okta = ["call", "limit", "ours", "requests", "throttled", "waited_seconds"];
    assert!(calls.len() > 1 && calls.iter().all(|calls| members(calls) == of_okta), "{calls:?}");

    let applied = stage.run(&["sync", "--format", "json"]).exits(0).says_nothing().json();
    let mut wanted = [&REPORT[..], &["outcomes", "stopped"]].concat();
    wanted.sort_unstable();
    assert_eq!(members(&applied), wanted);
    assert_eq!((&applied["operations"], &applied["stopped"]), (&plan["operations"], &json!([])));
    let outcome = &applied["outcomes"][0];
    assert_eq!(members(outcome), ["detail", "haiilo_id", "kind", "okta_id", "outcome", "user_name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_whole_when_there_is_nothing_to_do() {
    let stage = Stage::in_step(2).await;
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(members(&plan), REPORT);
    for list in ["operations", "leavers", "held", "waiting", "rejected", "missing", "violations"] {
        assert_eq!(plan[list], json!([]), "{list}");
    }
    assert_eq!((&plan["approval_id"], &plan["unchanged"]), (&Json::Null, &json!(2)));
}

/// The rows of a report as CSV, each as long as the header.
#[track_caller]
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = ["section", "kind", "okta_id", "haiilo_id", "user_name", "path", "from", "to", "reason", "remedy"];
    assert_eq!(reader.headers().expect("a header"), &header[..]);
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_has_a_row_for_each_change_and_each_person() {
    let stage = a_day_with_everything().await;
    let plan = rows(&stage.run(&["plan", "--format", "csv"]).exits(0).says_nothing().out);
    let of = |rows: &[Vec<String>], section: &str, kind: &str| {
        rows.iter().filter(|row| row[0] == section && row[1] == kind).cloned().collect::<Vec<_>>()
    };
    let update = &of(&plan, "operation", "update")[..];
    let [update] = update else { panic!("one change: {update:?}") };
    let account = stage.account(0).expect("an account");
    assert_eq!(update[2..5], [stage.okta_id(0), account.id, account.user_name]);
    assert_eq!(update[5..8], ["addresses[type eq \"work\"].locality", person(0).city, "Paris"]);
    assert_eq!(of(&plan, "operation", "create").len(), 5);
    assert_eq!(of(&plan, "leaver", "unassigned").len(), 1);
    assert_eq!(plan.iter().filter(|row| row[0] == "held" && row[2] == stage.okta_id(4)).count(), 1);
    assert_eq!(plan.iter().filter(|row| row[0] == "unmanaged" && row[4] == OWNER).count(), 1);
    let applied = rows(&stage.run(&["sync", "--format", "csv"]).exits(0).says_nothing().out);
    assert_eq!(of(&applied, "outcome", "update done").len(), 1);
    assert_eq!(of(&applied, "outcome", "create done").len(), 1);
    let nothing = rows(&stage.run(&["plan", "--format", "csv"]).exits(0).out);
    assert!(nothing.iter().all(|row| row[0] != "operation"), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_call_themselves_is_no_formula_and_no_escape_code() {
    let stage = Stage::with_people(6).await;
    let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\u{1b}[31mred\u{202e}"];
    for (n, name) in (0..).zip(formulas) {
        stage.set_profile(n, "lastName", name);
    }
    let plan = rows(&stage.run(&["plan", "--format", "csv"]).exits(0).out);
    let names: Vec<&str> = plan.iter().filter(|row| row[5] == "name.familyName").map(|row| row[7].as_str()).collect();
    for name in &formulas[..4] {
        assert!(names.contains(&format!("'{name}").as_str()) && !names.contains(name), "{names:?}");
    }
    // A script wants what is there, and nothing before it.
    let json = stage.run(&["plan", "--format", "json"]).exits(0);
    assert!(json.json()["operations"].to_string().contains("\"to\":\"=1+1\""), "{}", json.out);
    let text = stage.run(&["plan"]).exits(0).out;
    assert!(text.contains("red") && !text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_names_people_and_says_that_nothing_was_changed() {
    let stage = a_day_with_everything().await;
    let text = stage.run(&["plan"]).exits(0).says_nothing().out;
    for words in [person(0).email.as_str(), "Paris", &person(1).email, &person(3).email, &stage.okta_id(4), OWNER] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(text.contains("nothing was changed"), "{text}");
    assert!(!stage.run(&["sync"]).exits(0).out.contains("nothing was changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_a_file_replaces_what_was_there_and_is_for_its_owner_alone() {
    let stage = Stage::with_people(2).await;
    let path = stage.path("report.json");
    fs::write(&path, "an old report").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    // What an earlier run may have left beside it, for all to read.
    let beside = stage.path("report.json.new");
    fs::write(&beside, "left over").expect("a file");
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o666)).expect("a mode");
    let mut old = File::open(&path).expect("the old report");
    let on_stdout = stage.run(&["plan", "--format", "json"]).exits(0);
    stage.run(&["plan", "--format", "json", "--output", "report.json"]).exits(0).reports_nothing().says_nothing();
    let report: Json = serde_json::from_str(&stage.read("report.json")).expect("a whole report");
    assert_eq!(report["operations"], on_stdout.json()["operations"]);
    assert_eq!(mode(&path), 0o600);
    // Whoever reads the old one still does: the new one took its place at once.
    let mut text = String::new();
    old.rewind().expect("the start");
    old.read_to_string(&mut text).expect("a text");
    assert_eq!(text, "an old report");
    fs::remove_file(beside).expect("still there, and nobody else's business");
    let names: Vec<_> = stage.files(&["sync.toml", "mapping.toml"]).into_keys().collect();
    assert_eq!(names, [path]);
    // A refused sync tells why in the file too.
    stage.run(&["sync", "--format", "json", "--output", "report.json"]).exits(3).reports_nothing();
    assert!(stage.read("report.json").contains("\"outcomes\": []"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_to_what_is_no_file_goes_through_it() {
    let stage = Stage::with_people(2).await;
    let path = stage.path("pipe");
    symlink("/dev/stdout", &path).expect("a link");
    let ended = stage.run(&["plan", "--format", "json", "--output", "pipe"]).exits(0).says_nothing();
    assert_eq!(ended.json()["operations"].as_array().map(Vec::len), Some(2));
    assert!(path.is_symlink(), "the link was replaced");
    // A link to a file stays a link.
    stage.write("elsewhere/report.json", "old");
    symlink("elsewhere/report.json", stage.path("report.json")).expect("a link");
    stage.run(&["plan", "--format", "json", "--output", "report.json"]).exits(0).reports_nothing();
    assert!(stage.path("report.json").is_symlink(), "the link was replaced");
    assert!(stage.read("elsewhere/report.json").starts_with('{'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_could_not_be_written_stops_a_run_before_it_begins() {
    let stage = Stage::in_step(2).await;
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.state().forget_writes();
    for command in [&["sync", "--output", "no/such/folder/report.txt"][..], &["sync", "--output", "credentials"]] {
        stage.run(command).exits(1).reports_nothing().says(&["the report cannot be written to", command[2]]);
    }
    assert_eq!(stage.haiilo.state().writes(), []);
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
    let stage = Stage::with_people(2).await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let ended = stage.command(&["plan"]).stdout(writer).output().expect("it runs");
    Ended::of(ended).exits(0).says_nothing();
    let full = File::options().write(true).open("/dev/full").expect("a device that is always full");
    let ended = stage.command(&["plan"]).stdout(full).output().expect("it runs");
    Ended::of(ended).exits(1).says(&["error: standard output"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_is_the_report_alone_however_much_is_logged() {
    let stage = Stage::in_step(3).await;
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.plant(When::Nth(route::PATCH, 1), Fault::Refuse(409));
    let plan = stage.run(&["plan", "-vv", "--format", "json"]).exits(0);
    assert_eq!(members(&plan.json()), REPORT);
    assert!(plan.err.contains("GET /Users"), "{}", plan.err);
    let sync = stage.run(&["sync", "-vv", "--log-format", "json", "--format", "csv"]).exits(4);
    assert!(rows(&sync.out).iter().any(|row| row[1] == "update failed"));
}

/// A flag that would leave out people is never ignored in silence.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_left_out_where_that_is_asked_for_or_the_command_refuses() {
    let stage = Stage::with_people(3).await;
    let plan = stage.run(&["plan", "--ids-only"]).exits(0).says_nothing().out;
    assert!(plan.contains(&stage.okta_id(0)) && !plan.contains(&person(0).email), "{plan}");
    for arguments in [
        &["plan", "--format", "json", "--ids-only"][..],
        &["plan", "--format", "csv", "--full"],
        &["sync", "--format", "json", "--ids-only"],
        &["journal", "--ids-only"],
    ] {
        stage.run(arguments).exits(2).reports_nothing().says(&["--ids-only"]);
    }
    assert!(stage.haiilo.state().writes().is_empty());
}

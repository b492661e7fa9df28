//! A feed that stands still: the hub, or somebody before it, answers with what it signed long ago, over and over. Nothing is
//! wrong with any answer, and yet the newest thefts never come. The programs themselves, with a device that is no practice.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tracepost::domain::RegisterId;

use crate::world::World;

const DAY_MS: i64 = 24 * 3_600_000;

fn tracepost(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
    command.env_remove("TRACEPOST_HOME").env_remove("TRACEPOST_LOG").arg("--home").arg(home).args(arguments);
    command.output().expect("the program starts")
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", words(output)))
}

#[test]
fn a_feed_that_stands_still_is_said_by_sync_and_status_until_it_moves_again() {
    let world = World::real();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let invite =
        world.hub.invite(&tracepost::domain::PostId("XX-TEST".into()), std::time::Duration::from_secs(600), None);
    let enrolled = tracepost(&home, &["enrol", &invite.unwrap().code]);
    assert!(enrolled.status.success(), "{}", words(&enrolled));
    let id = RegisterId::parse("reg").unwrap();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import("reg", "id,object,kind,serial\nrec-1,firearm,rifle,QX000035\n");
    let now = chrono::Utc::now().timestamp_millis();

    // Three days ago the hub meant to sign again within a day or so.
    world.hub.publish_register_at(&id, now - 3 * DAY_MS, &mut |_, _| ()).unwrap();
    let stale = std::fs::read(world.hub.dir().manifest(&id)).unwrap();
    for again in 0..3 {
        let synced = tracepost(&home, &["sync"]);
        let said = words(&synced);
        assert!(synced.status.success(), "nothing failed, and nothing is lost: {said}");
        assert!(said.contains("LATE: the hub vouched for register reg on"), "sync {again}: {said}");
        let report = json(&tracepost(&home, &["sync", "--json"]));
        assert_eq!(report["late"][0]["id"], "reg", "{report}");
    }
    assert!(words(&tracepost(&home, &["status"])).contains("LATE: the hub vouched for register reg"));
    assert_eq!(json(&tracepost(&home, &["status", "--json"]))["registers"][0]["late"], true);
    let checked = json(&tracepost(&home, &["--json", "check", "QX000035", "--object", "firearm"]));
    assert_eq!(checked["candidates"][0]["record"], "rec-1", "checks go on with what is there");

    // It moves again; and who then puts the old word back cannot take the news away.
    world.import("reg", "id,object,kind,serial\nrec-2,firearm,rifle,ZZ77777\n");
    world.hub.publish_register_at(&id, now, &mut |_, _| ()).unwrap();
    let moved = tracepost(&home, &["sync"]);
    assert!(moved.status.success() && !words(&moved).contains("LATE"), "{}", words(&moved));
    std::fs::write(world.hub.dir().manifest(&id), stale).unwrap();
    let replayed = tracepost(&home, &["sync"]);
    assert_eq!(replayed.status.code(), Some(1), "{}", words(&replayed));
    assert!(words(&replayed).contains("offers version 1, older than 2"), "{}", words(&replayed));
    let status = json(&tracepost(&home, &["status", "--json"]));
    assert_eq!((&status["registers"][0]["version"], &status["registers"][0]["late"]), (&2.into(), &false.into()));
    let checked = json(&tracepost(&home, &["--json", "check", "ZZ77777", "--object", "firearm"]));
    assert_eq!(checked["candidates"][0]["record"], "rec-2");
}

#[test]
fn a_revoked_device_hears_it_gets_nothing_more_and_its_ledger_still_arrives() {
    let world = World::real();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let post = tracepost::domain::PostId("XX-TEST".into());
    let invite = world.hub.invite(&post, std::time::Duration::from_secs(600), None).unwrap();
    assert!(tracepost(&home, &["enrol", &invite.code]).status.success());
    world.register("reg", 10);
    assert!(tracepost(&home, &["sync"]).status.success());
    assert!(tracepost(&home, &["check", "QX000035", "--object", "firearm"]).status.success());
    let status = json(&tracepost(&home, &["--json", "status"]));
    assert!(status["revoked"].is_null() && status.as_object().unwrap().contains_key("revoked"), "{status}");
    let device = status["device"].as_str().unwrap().to_owned();

    let hub = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost-hub"));
        command.arg("--data").arg(world.hub.dir().path()).args(arguments).output().expect("the program starts")
    };
    assert!(words(&hub(&["device", "revoke", &device[..8]])).starts_with("Revoked"));
    assert!(words(&hub(&["device", "revoke", &device])).starts_with("Was revoked before"));
    assert_eq!(hub(&["device", "revoke", "zz"]).status.code(), Some(1));
    world.update("reg", "new-1,firearm,ZZ77777\n");

    let synced = tracepost(&home, &["sync"]);
    assert_eq!(synced.status.code(), Some(1));
    assert!(words(&synced).contains("the centre has revoked this device"), "{}", words(&synced));
    let status = json(&tracepost(&home, &["--json", "status"]));
    assert_eq!((&status["registers"][0]["version"], &status["ledger"]["unsent"]), (&1.into(), &0.into()), "{status}");
    assert!(
        status["revoked"].as_str().is_some_and(|at| at.parse::<chrono::DateTime<chrono::Utc>>().is_ok()),
        "{status}"
    );
    let said = words(&tracepost(&home, &["status"]));
    assert!(said.contains("REVOKED: the hub said on ") && said.contains("Hand it to the centre."), "{said}");
    let query = tracepost::hub::storage::SightingQuery::default();
    assert_eq!(world.sightings(&query).len(), 1, "what it saw counts");
}

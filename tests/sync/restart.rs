//! What a device still knows and does after a restart, and where its ledger cannot be written.

use std::path::Path;
use std::time::Duration;

use tracepost::desk::{CheckRequest, Desk, DeskOptions};
use tracepost::domain::{Description, Grade, Item, Mark, Object, PostId, Scheme, SeenMark, Verdict};
use tracepost::hub::storage::SightingQuery;
use tracepost::ledger::CheckSource;
use tracepost::platform::failpoint;

use crate::world::{World, no_progress};

fn opened(home: &Path) -> Desk {
    let options = DeskOptions { home: Some(home.to_owned()), officer: Some("A. Officer".into()), attended: false };
    let desk = Desk::open(&options).unwrap();
    desk.wait_for_registers();
    desk
}

fn enrolled(world: &World, home: &Path) -> Desk {
    let desk = opened(home);
    let invite = world.hub.invite(&PostId("XX-TEST".into()), Duration::from_secs(600), None).unwrap();
    desk.enrol(&invite.code).unwrap();
    desk
}

fn check(desk: &Desk, serial: &str) -> Verdict {
    let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
    let description = Description { object: Some(Object::Firearm), ..Description::default() };
    desk.check(CheckRequest::new(Item { marks, description }, CheckSource::Typed)).verdict
}

#[cfg(feature = "gui")]
#[test]
fn a_card_of_what_was_delivered_or_expired_is_one_after_a_restart_too_and_an_opened_record_was_looked_into() {
    use tracepost::app::Bench;
    use tracepost::domain::{Lowered, RegisterId, RegisterKind, Seq};

    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.import("reg", "id,object,serial,expires_on\npast,firearm,QX000036123,2020-01-01\nhit,firearm,QX000037123,\n");
    world.publish("reg");
    world.hub.create_register_of(RegisterKind::Delivered, "handed-over", "Invented Authority").unwrap();
    world.import("handed-over", "id,object,serial,delivered_to\nd1,firearm,QX000038123,an invented unit\n");
    world.publish("handed-over");
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let desk = enrolled(&world, &home);
    desk.sync(&mut no_progress()).unwrap();
    let lowered = |verdict: &Verdict| (verdict.grade, verdict.lowered());
    let wanted = [
        ("QX000036123", (Grade::Possible, Some(Lowered::Expired))),
        ("QX000038123", (Grade::Possible, Some(Lowered::Delivered))),
        ("QX000037123", (Grade::Hit, None)),
    ];
    for (serial, answer) in wanted {
        assert_eq!(lowered(&check(&desk, serial)), answer, "{serial}");
    }
    let hit = check(&desk, "QX000037123").entry;
    desk.read_record(&RegisterId::parse("reg").unwrap(), "hit", hit).unwrap();
    drop(desk);

    let past = Bench::feed(&opened(&home), 10);
    let serial = |mark: &SeenMark| mark.mark.value.clone();
    for (mark, answer) in wanted {
        let remembered = past.iter().find(|past| past.item.marks.iter().map(serial).any(|m| m == mark)).unwrap();
        assert_eq!(lowered(&remembered.verdict), answer, "{mark}");
    }
    let looked_into: Vec<Seq> = past.iter().filter(|past| past.looked_into).map(|past| past.seq).collect();
    assert_eq!(looked_into, [hit.unwrap()], "that check, and no other of the same mark");
}

#[cfg(feature = "gui")]
#[test]
fn a_retro_hit_tells_by_which_rule_and_where_the_marks_differ_at_once_and_after_a_restart() {
    use tracepost::app::Bench;
    use tracepost::domain::{Difference, Rule};

    let world = World::real();
    world.hub.create_register("reg", "Invented Authority").unwrap();
    world.update("reg", "old,firearm,QX000037123\n");
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let desk = enrolled(&world, &home);
    desk.sync(&mut no_progress()).unwrap();
    assert_eq!(check(&desk, "58F111111").grade, Grade::NoRecord);
    world.update("reg", "old,firearm,QX000037123\nnew,firearm,58E111111\n");
    let told = desk.sync(&mut no_progress()).unwrap().retro_hits;
    let differs = [Difference { at: 3, read: "F".into(), record: "E".into() }];
    let record = &told[0].records[0];
    assert_eq!((record.record.as_str(), record.rule, &record.differs[..]), ("new", Rule::Core, &differs[..]));
    drop(desk);

    let remembered = Bench::retro_hits(&opened(&home), 10).newest;
    let said = (remembered[0].record.as_str(), remembered[0].rule, &remembered[0].differs[..]);
    assert_eq!(said, ("new", "core", &differs[..]));
}

#[test]
fn a_ledger_that_cannot_be_written_still_sends_what_waits() {
    let world = World::real();
    world.register("reg", 10);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let desk = enrolled(&world, &home);
    desk.sync(&mut no_progress()).unwrap();
    check(&desk, "QX000035");
    assert_eq!(check(&desk, "ZZ77777").grade, Grade::NoRecord);
    drop(desk);
    let full = failpoint::fail("ledger.open");
    let desk = opened(&home);
    assert_eq!(desk.unrecorded(), Some("disk_full"));
    let at_the_hub = || world.sightings(&SightingQuery::default()).len();
    assert_eq!(at_the_hub(), 0);
    for _ in 0..2 {
        let synced = desk.sync(&mut no_progress()).unwrap();
        assert_eq!(at_the_hub(), 2, "the match, and what was not listed: {synced:?}");
        assert!(!synced.failed.is_empty(), "that the receipt cannot be kept is said");
    }
    drop((desk, full));
    let desk = opened(&home);
    let synced = desk.sync(&mut no_progress()).unwrap();
    assert_eq!((at_the_hub(), synced.failed), (2, vec![]), "nothing twice, and nothing wrong once it can be written");
    assert_eq!(desk.status().unwrap().ledger.unsent, 0);
}

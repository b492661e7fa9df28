//! One device twice: a disk that was copied, or brought back from a backup. What each of them sighted is kept and listed.

use tracepost::domain::{DecisionCode, Grade, Seq};
use tracepost::hub::storage::SightingQuery;
use tracepost::sync::SyncError;

use super::no_progress;
use super::world::{Device, World};

#[test]
fn a_fork_is_kept_as_evidence_and_named() {
    let world = World::new();
    let mut device = world.enrolled();
    for n in 0..5 {
        device.check(&format!("F{n}33"), Grade::NoRecord);
    }
    device.up().unwrap();
    device.rewrite_from(Seq(3), "OTHER1");
    device.pretend_sent(Seq(0));
    let refused = device.up().unwrap_err();
    assert!(matches!(refused, SyncError::Fork { .. }), "{refused}");
    let held = world.hub.storage().device(device.id).unwrap().unwrap();
    assert!(held.forks > 0);
    assert_eq!(held.next, Seq(6), "what was acknowledged stays");
    assert!(world.hub.verify_ledger(device.id, &mut |_, _| ()).unwrap().ok);
}

/// Marks as the centre lists them, sorted; a check beside the chain's with `*`.
fn listed(world: &World, grade: Option<Grade>) -> Vec<String> {
    let query = SightingQuery { grade: grade.map(|grade| grade.code().to_owned()), ..SightingQuery::default() };
    let mark = |x: &tracepost::hub::storage::Sighting| {
        format!("{}{}", x.marks[0].value, if x.fork.is_some() { "*" } else { "" })
    };
    let mut marks: Vec<String> = world.sightings(&query).iter().map(mark).collect();
    marks.sort();
    marks
}

/// A home whose first entry went up, its copy of then, and an entry of its own that the hub counts since.
fn copied_home(world: &World) -> (Device, Device) {
    let mut first = world.enrolled();
    first.check("A1001", Grade::NoRecord);
    first.up().unwrap();
    let copy = first.copied();
    first.check("A1002", Grade::NoRecord);
    first.up().unwrap();
    (first, copy)
}

fn parted(device: &mut Device) {
    let refused = device.up().unwrap_err();
    assert!(matches!(refused, SyncError::Fork { .. }), "{refused}");
}

#[test]
fn a_copied_home_loses_no_sighting_whoever_syncs_first() {
    let world = World::new();
    let (mut first, mut copy) = copied_home(&world);
    for (mark, grade) in [("B2002", Grade::Hit), ("B2003", Grade::NoRecord), ("B2004", Grade::Hit)] {
        copy.check(mark, grade);
    }
    parted(&mut copy);
    let all = ["A1001", "A1002", "B2002*", "B2003", "B2004"];
    assert_eq!(listed(&world, None), all, "the rest is ahead of what the hub counts");
    // The numbers of the copy are taken by the other one.
    for mark in ["A1003", "A1004", "A1005"] {
        first.check(mark, Grade::NoRecord);
    }
    first.up().unwrap();
    let all = ["A1001", "A1002", "A1003", "A1004", "A1005", "B2002*", "B2003*", "B2004*"];
    assert_eq!(listed(&world, None), all);
    assert_eq!(listed(&world, Some(Grade::Hit)), ["B2002*", "B2004*"], "a match that an officer saw stays");
    assert!(world.hub.verify_ledger(first.id, &mut |_, _| ()).unwrap().ok);
    // Once is enough, and what comes later comes, too.
    let forks = || world.hub.storage().device(first.id).unwrap().unwrap().forks;
    let before = forks();
    parted(&mut copy);
    assert_eq!((forks(), copy.told_beside), (before, Seq(4)));
    copy.check("B2005", Grade::NoRecord);
    parted(&mut copy);
    assert_eq!(listed(&world, None).last().unwrap(), "B2005*");
    assert_eq!(world.hub.storage().sightings_at(first.id, Seq(5)).unwrap().len(), 2, "both under one number");
}

#[test]
fn what_a_copy_decided_is_never_put_on_the_others_check() {
    let world = World::new();
    let (mut first, mut copy) = copied_home(&world);
    copy.check("B2002", Grade::Hit);
    copy.decide(Seq(2), DecisionCode::Seized);
    copy.connect().unwrap().urgent(&copy, &mut no_progress());
    parted(&mut copy);
    first.check("A1003", Grade::NoRecord);
    first.decide(Seq(2), DecisionCode::LetPassReported);
    first.up().unwrap();
    let decided: Vec<(String, Option<String>)> = world
        .hub
        .storage()
        .sightings_at(first.id, Seq(2))
        .unwrap()
        .into_iter()
        .map(|x| (x.marks[0].value.clone(), x.decision))
        .collect();
    assert_eq!(
        decided,
        [("A1002".into(), Some("let_pass_reported".into())), ("B2002".into(), Some("seized".into()))],
        "each its own"
    );
}

#[test]
fn a_hub_that_forgot_a_device_lets_it_in_again_and_gets_all_of_its_ledger() {
    let world = World::new();
    let forgotten = World::new();
    let mut device = forgotten.enrolled();
    for mark in ["A1001", "A1002", "A1003"] {
        device.check(mark, Grade::NoRecord);
    }
    // Receipts of a time that this hub does not remember.
    device.pretend_sent(Seq(2));
    device.enrolled = Some(device.enrol(&world.invite()).unwrap());
    device.up().unwrap();
    assert_eq!(listed(&world, None), ["A1001", "A1002", "A1003"]);
}

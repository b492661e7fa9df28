//! Updates by deltas: taken over, refused, repaired, merged, and cut off by a kill at any place.

use std::process::Command;

use super::*;
use crate::platform::failpoint;

pub(super) fn made(n: u64, serial: &str) -> Record {
    let mut record = practice::Generator::new(n).next().unwrap();
    record.id = format!("id-{n}");
    record.marks = vec![Mark::new(Scheme::Serial, serial)];
    record
}

/// A device with 300 records in use, and its hub.
pub(super) fn begun(dir: &Path) -> (Hub, Records) {
    let mut hub = Hub::new();
    let all = (0..300).map(|n| made(n, &format!("QX {:06}", n * 37))).collect();
    let update = hub.publish("weapons", 1, all, true);
    let records = Records::open(dir, &KEY);
    hub.install(&records, &[update]).unwrap();
    (hub, records)
}

pub(super) fn reopened(dir: &Path) -> Records {
    let records = Records::open(dir, &KEY);
    records.wait();
    assert_eq!(records.unreadable(), None);
    records
}

/// A change of every sort: new, changed, changed again, withdrawn, withdrawn after a change, come back.
fn changes(hub: &mut Hub) -> Vec<RegisterUpdate> {
    vec![
        hub.change("weapons", &[made(900, "ЖЖ 111111"), made(5, "ЖЖ 222222")], &["id-6"]),
        hub.change("weapons", &[made(5, "ЖЖ 333333"), made(7, "ЖЖ 444444")], &["id-900"]),
        hub.change("weapons", &[made(6, "ЖЖ 555555"), made(901, "ЖЖ 666666")], &["id-7", "never-there"]),
    ]
}

/// The same with those changes in use.
fn changed(dir: &Path) -> (Hub, Records) {
    let (mut hub, records) = begun(dir);
    for update in changes(&mut hub) {
        hub.install(&records, &[update]).unwrap();
    }
    (hub, records)
}

#[test]
fn deltas_are_in_use_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    for (n, update) in changes(&mut hub).into_iter().enumerate() {
        // The hub is at the last version already; what is held is compared at the end.
        assert_eq!(hub.install(&records, &[update]).unwrap(), 1, "change {n}");
    }
    for records in [&records, &reopened(dir.path())] {
        hub.is_held_by(records, "weapons");
        for serial in ["ЖЖ 333333", "ЖЖ 555555", "ЖЖ 666666", "QX 000296"] {
            assert_eq!(records.judge(&item(serial)).candidates.len(), 1, "{serial}");
        }
        for serial in ["ЖЖ 111111", "ЖЖ 222222", "ЖЖ 444444", "QX 000185", "QX 000222", "QX 000259"] {
            assert!(records.judge(&item(serial)).candidates.is_empty(), "{serial} is not listed any more");
        }
        let verdict = records.judge(&item("ЖЖ 333333"));
        assert_eq!(verdict.registers[0].version, RegisterVersion(4));
        let id = RegisterId("weapons".into());
        assert!(records.record(&id, "id-7").unwrap().is_none() && records.record(&id, "id-6").unwrap().is_some());
    }
}

#[test]
fn a_merge_that_nobody_waits_for_gives_the_same_and_a_failed_one_leaves_what_was() {
    let dir = tempfile::tempdir().unwrap();
    let (hub, records) = changed(dir.path());
    records.nobody_checks();
    for place in ["records.build.begin", "records.build.seal", "records.build.point"] {
        let _fails = failpoint::fail(place);
        assert!(records.merge(&mut |_, _| {}).is_err(), "{place}");
        hub.is_held_by(&records, "weapons");
        assert_eq!(records.judge(&item("ЖЖ 333333")).candidates.len(), 1, "{place}");
    }
    records.merge(&mut |_, _| {}).unwrap();
    assert_eq!(records.changes(), 0);
    for records in [&records, &reopened(dir.path())] {
        hub.is_held_by(records, "weapons");
        assert_eq!(records.judge(&item("ЖЖ 333333")).candidates.len(), 1);
    }
}

#[test]
fn a_merge_that_fails_while_checks_go_on_changes_no_answer_and_the_next_goes_on_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = changed(dir.path());
    let is_right = |listed: &[&str], not_listed: &[&str]| {
        for (serials, count) in [(listed, 1), (not_listed, 0)] {
            for serial in serials {
                assert_eq!(records.judge(&item(serial)).candidates.len(), count, "{serial}");
            }
        }
    };
    // All pieces of the index are the next generation's by then, and no file names it.
    let fails = || {
        let _fails = failpoint::fail("records.build.point");
        assert!(records.merge(&mut |_, _| {}).is_err());
    };
    fails();
    hub.is_held_by(&records, "weapons");
    is_right(&["ЖЖ 333333", "ЖЖ 555555", "QX 000296"], &["ЖЖ 111111", "QX 000222"]);
    let update = hub.change("weapons", &[made(5, "ЖЖ 888888"), made(902, "ЖЖ 999999"), made(8, "ЦЦ 8")], &["id-6"]);
    hub.install(&records, &[update]).unwrap();
    let now = (["ЖЖ 888888", "ЖЖ 999999", "ЖЖ 666666", "QX 000333"], ["ЖЖ 333333", "ЖЖ 555555", "QX 000296"]);
    is_right(&now.0, &now.1);
    fails();
    is_right(&now.0, &now.1);
    records.merge(&mut |_, _| {}).unwrap();
    assert_eq!(records.changes(), 0);
    is_right(&now.0, &now.1);
    for records in [&records, &reopened(dir.path())] {
        hub.is_held_by(records, "weapons");
    }
}

#[test]
fn what_the_pointer_names_is_in_use_whatever_goes_wrong_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = changed(dir.path());
    {
        let _fails = failpoint::fail("records.build.pointed");
        assert!(records.merge(&mut |_, _| {}).is_err());
    }
    hub.is_held_by(&records, "weapons");
    hub.is_held_by(&reopened(dir.path()), "weapons");
    let update = hub.change("weapons", &[made(6, "ЖЖ 777777")], &["id-901"]);
    hub.install(&records, &[update]).unwrap();
    for records in [&records, &reopened(dir.path())] {
        hub.is_held_by(records, "weapons");
        assert_eq!(records.judge(&item("ЖЖ 777777")).candidates.len(), 1);
    }
}

#[test]
fn whoever_merges_unasked_holds_the_index_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    let update = hub.change("weapons", &[made(5, "ЖЖ 222222")], &[]);
    hub.install(&records, &[update]).unwrap();
    drop(records);
    let index = Generation::open(dir.path(), &KEY).unwrap().into_index();
    // Only so can parts of it go while the next one comes to be.
    assert_eq!(Arc::strong_count(index.base()), 1);
}

#[test]
fn a_merge_changes_nothing_but_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = changed(dir.path());
    assert!(records.changes() > 0);
    records.merge(&mut |_, _| {}).unwrap();
    assert_eq!(records.changes(), 0);
    hub.is_held_by(&records, "weapons");
    hub.is_held_by(&reopened(dir.path()), "weapons");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 4, "pointer, database, records, index");
    let update = hub.change("weapons", &[made(6, "ЖЖ 777777")], &["id-901"]);
    hub.install(&records, &[update]).unwrap();
    hub.is_held_by(&reopened(dir.path()), "weapons");
}

#[test]
fn every_answer_is_right_while_one_generation_takes_the_place_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = changed(dir.path());
    let done = AtomicBool::new(false);
    let check = || {
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) || rounds == 0 {
            for (serial, listed) in
                [("ЖЖ 333333", 1), ("ЖЖ 666666", 1), ("QX 000296", 1), ("QX 000185", 0), ("ЖЖ 111111", 0)]
            {
                let verdict = records.judge(&item(serial));
                assert_ne!(verdict.grade, Grade::NotChecked, "{serial}");
                assert_eq!(verdict.candidates.len(), listed, "{serial}");
            }
            rounds += 1;
        }
    };
    std::thread::scope(|scope| {
        let checking = [scope.spawn(check), scope.spawn(check)];
        let replaced = (0..6).try_for_each(|n| {
            records.merge(&mut |_, _| {})?;
            let update = hub.change("weapons", &[made(950 + n, &format!("ЦЦ 8{n}8{n}8"))], &[]);
            hub.install(&records, &[update]).map(drop)
        });
        done.store(true, Ordering::Relaxed);
        replaced.unwrap();
        checking.into_iter().for_each(|thread| thread.join().unwrap());
    });
    hub.is_held_by(&records, "weapons");
}

#[test]
fn a_delta_that_leads_elsewhere_is_refused_and_repaired_from_the_base() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    let before = hub.last["weapons"].clone();
    let mut forged = hub.change("weapons", &[made(900, "ЖЖ 111111"), made(5, "ЖЖ 222222")], &["id-6"]);
    let good = forged.clone();
    // A delta that was made for another version: one change is missing.
    hub.last.insert("weapons".into(), before);
    forged.pieces = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]).pieces;
    let refused = hub.install(&records, std::slice::from_ref(&forged)).unwrap_err();
    let RecordsError::OtherSet { digests, .. } = refused else { panic!("{refused}") };
    assert_eq!(records.registers()[0].version, RegisterVersion(1), "what was in use stays");
    assert!(records.judge(&item("ЖЖ 111111")).candidates.is_empty());

    // The hub names the bucket that differs; only that one comes anew.
    let mut right = vec![Sum::default(); 8];
    let mut wanted: BTreeMap<String, Record> = hub.last["weapons"].0.clone();
    wanted.insert("id-5".into(), made(5, "ЖЖ 222222"));
    for record in wanted.values() {
        right[bucket_of(bucket_key(&record.id), 3) as usize].add(&record.content_hash());
    }
    let differ: BTreeSet<u32> =
        (0u32..).zip(&right).filter(|(b, s)| s.digest() != digests[*b as usize]).map(|x| x.0).collect();
    assert_eq!(differ.len(), 1);
    let all: Vec<Record> = (0..300).map(|n| made(n, &format!("QX {:06}", n * 37))).collect();
    let list = hub.published(&all).list;
    let content = Content::Buckets { list, since_base: good.pieces.clone(), buckets: differ };
    let fetched = hub.install(&records, &[RegisterUpdate { content, ..forged }]).unwrap();
    assert!(fetched <= 3, "one delta, one chunk, one piece: {fetched}");
    hub.last.insert("weapons".into(), (wanted, good.manifest));
    hub.is_held_by(&records, "weapons");
    hub.is_held_by(&reopened(dir.path()), "weapons");
}

#[test]
fn nothing_that_fails_on_the_way_is_half_taken_over() {
    for place in ["records.over.open", "records.over.commit", "records.over.committed", "files.write"] {
        let dir = tempfile::tempdir().unwrap();
        let (mut hub, records) = begun(dir.path());
        let update = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]);
        {
            let _failing = failpoint::fail(place);
            assert!(hub.install(&records, std::slice::from_ref(&update)).is_err(), "{place}");
        }
        let versions = [&records, &reopened(dir.path())].map(|r| r.registers()[0].version);
        assert_eq!(versions[0], versions[1], "{place}: memory and disk agree");
        let found = !records.judge(&item("ЖЖ 111111")).candidates.is_empty();
        assert_eq!(found, versions[0] == RegisterVersion(2), "{place}");
        if versions[0] == RegisterVersion(1) {
            hub.install(&records, &[update]).unwrap();
        }
        hub.is_held_by(&records, "weapons");
        hub.is_held_by(&reopened(dir.path()), "weapons");
    }
}

#[test]
fn changes_that_are_gone_or_damaged_make_not_checked() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    let update = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]);
    hub.install(&records, &[update]).unwrap();
    drop(records);
    let path = &log::paths(dir.path(), 1)[0];
    let good = std::fs::read(path).unwrap();
    let damage: [(&str, fn(&Path)); 3] = [
        ("gone", |path| std::fs::remove_file(path).unwrap()),
        ("empty", |path| std::fs::write(path, b"").unwrap()),
        ("noise", |path| std::fs::write(path, [7; 9000]).unwrap()),
    ];
    for (what, change) in damage {
        change(path);
        let records = Records::open(dir.path(), &KEY);
        records.wait();
        assert_eq!(records.judge(&item("ЖЖ 111111")).reason, Some(NotChecked::RegistersUnreadable), "{what}");
        drop(records);
        log::paths(dir.path(), 1).iter().for_each(|p| drop(std::fs::remove_file(p)));
        std::fs::write(path, &good).unwrap();
    }
    hub.is_held_by(&reopened(dir.path()), "weapons");
}

const HOME: &str = "TRACEPOST_TEST_UPDATE_HOME";
const PLACE: &str = "TRACEPOST_FAILPOINTS";
const CHILD: &str = "store::records::tests::deltas::child_that_is_killed_in_an_update";

/// Not a test of its own: takes an update over, or merges, and is killed on the way.
#[test]
fn child_that_is_killed_in_an_update() {
    let Ok(dir) = std::env::var(HOME) else { return };
    let records = reopened(Path::new(&dir));
    let mut hub = replayed();
    if records.registers()[0].version == RegisterVersion(1) {
        let update = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]);
        hub.install(&records, &[update]).unwrap();
    }
    records.merge(&mut |_, _| {}).unwrap();
}

/// The hub of [`begun`] once more, in another process.
fn replayed() -> Hub {
    let mut hub = Hub::new();
    hub.publish("weapons", 1, (0..300).map(|n| made(n, &format!("QX {:06}", n * 37))).collect(), true);
    hub
}

#[test]
fn a_kill_at_any_place_leaves_one_version_or_the_other_whole() {
    let places = [
        "records.over.open",
        "records.over.commit",
        "records.over.committed",
        "files.write",
        "files.rename",
        "records.build.begin",
        "records.build.seal",
        "records.build.point",
        "records.build.pointed",
    ];
    for place in places {
        let dir = tempfile::tempdir().unwrap();
        drop(begun(dir.path()));
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD])
            .env(HOME, dir.path())
            .env(PLACE, format!("{place}=abort"))
            .output()
            .unwrap();
        assert!(!killed.status.success(), "{place} was not reached");
        let records = reopened(dir.path());
        let mut hub = replayed();
        let update = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]);
        if records.registers()[0].version == RegisterVersion(1) {
            assert!(records.judge(&item("ЖЖ 111111")).candidates.is_empty(), "{place}");
            hub.install(&records, &[update]).unwrap();
        }
        hub.is_held_by(&records, "weapons");
        drop(records);
        hub.is_held_by(&reopened(dir.path()), "weapons");
    }
}

#[test]
fn what_changed_is_told_from_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    assert!(!records.touches_news(&item("QX 000037")), "nothing has changed yet");
    let update = hub.change("weapons", &[made(900, "ЖЖ 111111")], &["id-6"]);
    hub.install(&records, &[update]).unwrap();
    assert!(records.touches_news(&item("ЖЖ 111111")) && records.touches_news(&item("ЖЖ-11111I")));
    assert!(!records.touches_news(&item("QX 000037")), "that record is as it was");
    assert_eq!(records.news_since(), [(RegisterId("weapons".into()), RegisterVersion(1))]);
    records.merge(&mut |_, _| {}).unwrap();
    assert_eq!(records.news_since(), [(RegisterId("weapons".into()), RegisterVersion(2))]);
}

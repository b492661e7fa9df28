//! Registers that are new on a device come beside those in use.

use std::sync::atomic::{AtomicBool, Ordering};

use super::deltas::{begun, made, reopened};
use super::*;

/// The same registers with an index that was built of the records alone.
fn indexed_anew(dir: &Path) -> Records {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "idx") {
            std::fs::remove_file(path).unwrap();
        }
    }
    reopened(dir)
}

/// Records of which some bear marks of the other register.
fn second(count: u64) -> Vec<Record> {
    (0..count).map(|n| made(5000 + n, &format!("QX {:06}", n * 37 * if n % 3 == 0 { 1 } else { 7 }))).collect()
}

#[test]
fn a_new_register_comes_beside_those_in_use_and_checks_go_on() {
    // Few enough to be laid beside, with and without changes in use, alone and with another; too many; none at all.
    for (count, changed, others) in [(70, false, 0), (70, true, 0), (40, true, 30), (90, true, 0), (0, false, 0)] {
        let name = format!("{count} records, {others} others, changes in use: {changed}");
        let dir = tempfile::tempdir().unwrap();
        let (mut hub, records) = begun(dir.path());
        if changed {
            let put = [made(5, "ЖЖ 222222"), made(900, "ЖЖ 111111"), made(299, "ЖЖ 333333")];
            let update = hub.change("weapons", &put, &["id-6", "id-298"]);
            hub.install(&records, &[update]).unwrap();
        }
        let mut updates = vec![hub.publish("second", 1, second(count), true)];
        if others > 0 {
            updates.push(hub.publish(
                "third",
                4,
                (0..others).map(|n| made(9000 + n, &format!("ЩЩ {n:06}"))).collect(),
                true,
            ));
            // A change to what is in use comes with the same sync.
            updates.push(hub.change("weapons", &[made(901, "ЖЖ 777777")], &["id-900"]));
        }
        let done = AtomicBool::new(false);
        let checks = || {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) || rounds == 0 {
                // Listed before and after, whatever else comes to be listed under that mark.
                for id in (10..290).step_by(17) {
                    let verdict = records.judge(&item(&format!("QX {:06}", id * 37)));
                    let is_it = |c: &Candidate| c.record == format!("id-{id}") && c.register.0 == "weapons";
                    assert!(verdict.candidates.iter().any(is_it), "{name}: id-{id}");
                }
                rounds += 1;
            }
        };
        std::thread::scope(|scope| {
            let checking = scope.spawn(checks);
            let installed = hub.install(&records, &updates);
            done.store(true, Ordering::Relaxed);
            installed.unwrap();
            checking.join().unwrap();
        });
        assert_eq!(records.changes(), 0, "{name}");
        let ids: Vec<&str> = ["weapons", "second", "third"].into_iter().take(if others > 0 { 3 } else { 2 }).collect();
        ids.iter().for_each(|id| hub.is_held_by(&records, id));
        let found = records.judge(&item("QX 000000"));
        assert_eq!(found.candidates.len(), if count > 0 { 2 } else { 1 }, "{name}: the mark stands in both");
        let again = indexed_anew(dir.path());
        ids.iter().for_each(|id| hub.is_held_by(&again, id));
        let is_like = again.with_index(|built, _| {
            let built = Arc::clone(built.base());
            records.with_index(|merged, _| merged.base().is_like(&built)).unwrap()
        });
        assert!(is_like.unwrap(), "{name}: the index is not what is built of the records");
    }
}

#[test]
fn a_new_register_that_does_not_come_whole_leaves_what_was() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path());
    let update = hub.publish("second", 1, second(70), true);
    {
        let _fails = crate::platform::failpoint::fail("records.build.point");
        assert!(hub.install(&records, std::slice::from_ref(&update)).is_err());
    }
    assert_eq!(records.registers().len(), 1);
    hub.is_held_by(&records, "weapons");
    assert_eq!(records.judge(&item("QX 000000")).candidates.len(), 1, "nothing of the new one is listed yet");
    hub.install(&records, &[update]).unwrap();
    for records in [&records, &reopened(dir.path())] {
        hub.is_held_by(records, "weapons");
        hub.is_held_by(records, "second");
        assert_eq!(records.judge(&item("QX 000000")).candidates.len(), 2);
    }
}

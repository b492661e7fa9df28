//! Reading beside a writer, and from where nothing can be written.

use super::*;
use crate::store::{Keys, StoreError, copies};

#[test]
fn a_reader_sees_what_the_running_writer_has_written() {
    let place = place();
    let store = write(&place.home);
    let beside = read(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    assert_eq!(beside.head().unwrap(), store.head().unwrap());
    assert!(is_whole(&beside));
    assert!(matches!(beside.append("A", &check("AB2", Grade::Hit)), Err(StoreError::ReadOnly)));
    assert!(matches!(beside.sign_head(), Err(StoreError::ReadOnly)));
}

#[test]
fn verification_beside_a_writer_sees_one_moment() {
    let place = place();
    let store = write(&place.home);
    let beside = read(&place.home);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..300 {
                store.append("A", &check(&format!("AB{n}"), Grade::NoRecord)).unwrap();
                if n % 50 == 0 {
                    store.sign_head().unwrap();
                }
            }
        });
        while !writing.is_finished() {
            let report = beside.verify(&mut |_, _| {}).unwrap();
            assert!(report.is_whole(), "{report:?}");
        }
    });
    assert_eq!(beside.head().unwrap().0, Seq(300));
}

#[test]
fn a_home_without_a_ledger_says_so() {
    let place = place();
    let refused = LedgerStore::open(&place.home, Access::Read).unwrap_err();
    assert!(matches!(refused, StoreError::NoLedger { .. }), "{refused}");
}

#[test]
fn a_copy_with_its_log_reads_the_same() {
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    let copy = store.copy_to(place.home.dir().join("copy")).unwrap();
    assert!(copy.ledger_wal().metadata().unwrap().len() > 0);
    assert_eq!(read(&copy).head().unwrap(), store.head().unwrap());
}

#[cfg(unix)]
#[test]
fn a_copy_on_a_medium_that_cannot_be_written_reads_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    let with_log = store.copy_to(place.home.dir().join("with-log")).unwrap();
    let head = store.head().unwrap();
    drop(store);
    let without_log = read(&place.home).copy_to(place.home.dir().join("without-log")).unwrap();
    for copy in [with_log, without_log] {
        let set_mode = |mode| {
            std::fs::set_permissions(copy.dir(), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode(0o500);
        let reader = read(&copy);
        assert_eq!(reader.head().unwrap(), head);
        assert!(is_whole(&reader));
        drop(reader);
        set_mode(0o700);
    }
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED in part: root can write anywhere, so the medium was writable after all");
    }
}

#[test]
fn a_practice_ledger_can_be_spoiled_for_show_and_a_real_one_cannot() {
    for practice in [true, false] {
        let place = place();
        let store = write(&place.home);
        enrol(&store, practice);
        for serial in ["AB1", "AB2", "AB3"] {
            store.append("A", &check(serial, Grade::Hit)).unwrap();
        }
        let copy = store.copy_to(place.home.dir().join("copy")).unwrap();
        let spoiled = copies::change_one_byte(&copy, Seq(2));
        assert_eq!(spoiled.is_ok(), practice);
        let report = read(&copy).verify(&mut |_, _| {}).unwrap();
        assert_eq!(report.chain.first_bad.map(|bad| bad.seq), practice.then_some(Seq(2)));
        assert!(is_whole(&store), "the original is untouched");
    }
}

#[test]
fn a_writer_stopped_before_it_had_made_its_tables_leaves_no_ledger_and_no_obstacle() {
    let place = place();
    Keys::open_or_create(&place.home).unwrap();
    std::fs::write(place.home.ledger(), b"").unwrap();
    let refused = LedgerStore::open(&place.home, Access::Read).unwrap_err();
    assert!(matches!(refused, StoreError::NoLedger { .. }), "{refused}");
    assert_eq!(write(&place.home).append("A", &check("AB1", Grade::Hit)).unwrap(), Seq(1));
}

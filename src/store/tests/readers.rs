//! Reading beside a writer, and from where nothing can be written.

use super::*;
use crate::store::StoreError;

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

/// Copies the files of a home while its writer runs, log and all.
pub fn copy_of(home: &Home) -> Place {
    let copy = place();
    for (from, to) in [
        (home.ledger(), copy.home.ledger()),
        (home.ledger_wal(), copy.home.ledger_wal()),
        (home.database_key(), copy.home.database_key()),
        (home.device_key(), copy.home.device_key()),
    ] {
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
    copy
}

#[test]
fn a_copy_with_its_log_reads_the_same() {
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    let copy = copy_of(&place.home);
    assert!(copy.home.ledger_wal().metadata().unwrap().len() > 0);
    assert_eq!(read(&copy.home).head().unwrap(), store.head().unwrap());
}

#[cfg(unix)]
#[test]
fn a_copy_on_a_medium_that_cannot_be_written_reads_the_same() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    let with_log = copy_of(&place.home);
    let head = store.head().unwrap();
    drop(store);
    let without_log = copy_of(&place.home);
    for copy in [with_log, without_log] {
        let set_mode = |mode| {
            std::fs::set_permissions(copy.home.dir(), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode(0o500);
        let reader = read(&copy.home);
        assert_eq!(reader.head().unwrap(), head);
        assert!(is_whole(&reader));
        drop(reader);
        set_mode(0o700);
    }
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED in part: root can write anywhere, so the medium was writable after all");
    }
}

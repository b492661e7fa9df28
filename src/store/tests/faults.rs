//! What a person meets when something is wrong with a home, and that nothing is lost by it.

use super::*;
use crate::platform::failpoint;
use crate::store::{Keys, StoreError, connection};

#[test]
fn a_second_writer_is_refused_with_the_first_ones_number() {
    let place = place();
    let _first = write(&place.home);
    let refused = LedgerStore::open(&place.home, Access::Write).unwrap_err();
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
}

#[test]
fn a_wrong_key_opens_nothing_and_destroys_nothing() {
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    drop(store);
    let key = std::fs::read(place.home.database_key()).unwrap();
    std::fs::write(place.home.database_key(), [1; 32]).unwrap();
    for access in [Access::Write, Access::Read] {
        let refused = LedgerStore::open(&place.home, access).unwrap_err();
        assert!(matches!(refused, StoreError::Unreadable { .. }), "{refused:?}");
        assert!(refused.to_string().contains("nothing was changed or deleted"), "{refused}");
    }
    std::fs::write(place.home.database_key(), key).unwrap();
    assert_eq!(write(&place.home).head().unwrap().0, Seq(1));
}

#[test]
fn another_device_key_is_refused() {
    let place = place();
    drop(write(&place.home));
    std::fs::write(place.home.device_key(), [1; 48]).unwrap();
    for access in [Access::Write, Access::Read] {
        assert!(matches!(LedgerStore::open(&place.home, access), Err(StoreError::OtherDevice)));
    }
}

#[test]
fn no_new_ledger_is_begun_where_one_was_lost() {
    let lost: [fn(&Home); 3] = [
        |home| std::fs::remove_file(home.ledger()).unwrap(),
        |home| std::fs::write(home.ledger(), b"").unwrap(),
        // A database with the right key and nothing in it.
        |home| {
            let key = *Keys::open(home).unwrap().database();
            std::fs::remove_file(home.ledger()).unwrap();
            let connection = connection::open(&home.ledger(), &key, connection::Mode::Write).unwrap();
            connection.execute_batch("CREATE TABLE x (a); DROP TABLE x").unwrap();
        },
    ];
    let traces: [fn(&Home) -> std::path::PathBuf; 4] =
        [Home::reserve, Home::verified, Home::records_pointer, |home| home.photos().join("0")];
    for (n, lose) in lost.iter().enumerate() {
        for trace in traces {
            let place = place();
            let home = &place.home;
            drop(write(home));
            std::fs::remove_file(home.reserve()).unwrap();
            lose(home);
            let trace = trace(home);
            std::fs::write(&trace, b"x").unwrap();
            for access in [Access::Write, Access::Read] {
                let refused = LedgerStore::open(home, access).unwrap_err();
                let named = trace.display();
                assert!(matches!(refused, StoreError::LedgerMissing { .. }), "{n} {named} {access:?}: {refused}");
            }
        }
    }
}

#[test]
fn a_file_that_is_no_ledger_is_refused() {
    let place = place();
    drop(write(&place.home));
    std::fs::write(place.home.ledger(), vec![7; 9000]).unwrap();
    let refused = LedgerStore::open(&place.home, Access::Write).unwrap_err();
    assert!(matches!(refused, StoreError::Unreadable { .. }), "{refused:?}");
    assert_eq!(std::fs::read(place.home.ledger()).unwrap(), vec![7; 9000]);
}

#[test]
fn a_newer_or_foreign_version_is_refused_and_untouched() {
    for (pragma, value) in [("user_version", 2), ("application_id", 7)] {
        let place = place();
        let store = write(&place.home);
        let key = *store.keys().database();
        drop(store);
        let connection = connection::open(&place.home.ledger(), &key, connection::Mode::Write).unwrap();
        connection.pragma_update(None, pragma, value).unwrap();
        drop(connection);
        let before = std::fs::read(place.home.ledger()).unwrap();
        for access in [Access::Write, Access::Read] {
            let refused = LedgerStore::open(&place.home, access).unwrap_err();
            match pragma {
                "user_version" => assert!(matches!(refused, StoreError::Newer { found: 2, known: 1, .. }), "{refused}"),
                _ => assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}"),
            }
        }
        assert_eq!(std::fs::read(place.home.ledger()).unwrap(), before);
    }
}

#[test]
fn a_failed_write_is_an_error_and_the_chain_goes_on_after_it() {
    let place = place();
    let store = write(&place.home);
    store.append("A", &check("AB1", Grade::Hit)).unwrap();
    let failing = failpoint::fail("ledger.append");
    assert!(place.home.reserve().exists());
    let error = store.append("A", &check("AB2", Grade::Hit)).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    assert!(!place.home.reserve().exists(), "the reserve was given up for it");
    assert_eq!(store.head().unwrap().0, Seq(1));
    drop(failing);
    assert_eq!(store.append("A", &check("AB2", Grade::Hit)).unwrap(), Seq(2));
    assert!(is_whole(&store));
    drop(store);
    write(&place.home);
    assert!(place.home.reserve().exists(), "made again when there is room");
}

#[test]
fn an_answer_lost_after_the_write_does_not_break_the_chain() {
    let place = place();
    let store = write(&place.home);
    let failing = failpoint::fail("ledger.appended");
    store.append("A", &check("AB1", Grade::Hit)).unwrap_err();
    drop(failing);
    let last = store.append("A", &check("AB2", Grade::Hit)).unwrap();
    assert!(last > Seq(1), "the first entry had reached the disk");
    assert!(is_whole(&store));
}

/// A real full disk: 8 MB in memory, mounted for this test; only root can do that.
#[cfg(target_os = "linux")]
#[test]
fn entries_are_still_recorded_on_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(dir.path())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("SKIPPED entries_are_still_recorded_on_a_full_disk: a small file system cannot be mounted here");
        return;
    }
    let result = std::panic::catch_unwind(|| {
        let home = Home::open(dir.path().join("home")).unwrap();
        let store = write(&home);
        store.append("A", &check("AB0", Grade::Hit)).unwrap();
        assert!(home.reserve().exists());
        let filler = dir.path().join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
        for n in 0..150 {
            let seq = store.append("A", &check(&format!("AB{n}"), Grade::Hit)).unwrap();
            assert_eq!(seq.0, n + 2);
        }
        assert!(!home.reserve().exists());
        assert!(is_whole(&store));
        let refused = (0..100_000).find_map(|_| store.append("A", &check("AB", Grade::Hit)).err()).unwrap();
        assert!(matches!(refused, StoreError::DiskFull { .. }), "{refused:?}");
        let last = store.head().unwrap().0;
        drop(file);
        std::fs::remove_file(&filler).unwrap();
        assert_eq!(store.append("A", &check("AB", Grade::Hit)).unwrap(), last.next());
        assert!(is_whole(&store));
        drop(store);
        assert_eq!(write(&home).head().unwrap().0, last.next());
    });
    std::process::Command::new("umount").arg(dir.path()).status().unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

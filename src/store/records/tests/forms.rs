//! Homes of before: their files are read as they are, and written anew in the form of today.

use rusqlite::Connection;

use super::deltas::reopened;
use super::*;
use crate::store::records::blocks::Blocks;

fn opened(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch(&format!("PRAGMA key = \"x'{}'\"", data_encoding::HEXLOWER.encode(&KEY))).unwrap();
    db
}

/// Puts the records back into the database, sixteen a row, as the third form had them.
fn make_old(dir: &Path) {
    let rows_path = pointer::rows_path(dir, 1);
    {
        let db = opened(&pointer::db_path(dir, 1));
        let (salt, lengths): (Vec<u8>, Vec<u8>) =
            db.query_row("SELECT salt, lengths FROM blocks", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let blocks = Blocks::open(&rows_path, &KEY, &salt, &lengths).unwrap();
        db.execute_batch("CREATE TABLE records (block INTEGER PRIMARY KEY, body BLOB NOT NULL)").unwrap();
        let (mut number, mut body, mut held) = (0, Vec::new(), Vec::new());
        while blocks.read(number, &mut held).is_ok() {
            body.extend_from_slice(&held);
            number += 1;
            if number % 2 == 0 {
                db.execute("INSERT INTO records VALUES (?1, ?2)", (number / 2 - 1, &body)).unwrap();
                body.clear();
            }
        }
        db.execute("INSERT INTO records VALUES (?1, ?2)", (number / 2, &body)).unwrap();
        db.execute_batch("DROP TABLE blocks; PRAGMA user_version = 3").unwrap();
    }
    std::fs::remove_file(rows_path).unwrap();
    let bytes = std::fs::metadata(pointer::db_path(dir, 1)).unwrap().len();
    pointer::Pointer::new(1, bytes).write(dir).unwrap();
}

/// One change a row, as the first form had them.
fn make_old_changes(dir: &Path) {
    let db = opened(&log::paths(dir, 1)[0]);
    db.execute_batch(
        "CREATE TABLE changes (register INTEGER NOT NULL, key INTEGER NOT NULL, id TEXT NOT NULL, base_row INTEGER,
         body BLOB, PRIMARY KEY (register, key, id)) WITHOUT ROWID",
    )
    .unwrap();
    log::each_change(&db, 2, &mut |changes| {
        for change in changes {
            let row = (change.register, change.key, change.id, change.base_row, change.body);
            db.execute("INSERT OR REPLACE INTO changes VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
        }
        Ok(())
    })
    .unwrap();
    db.execute_batch("DROP TABLE log; PRAGMA user_version = 1").unwrap();
}

fn begun(dir: &Path, count: usize) -> (Hub, Records) {
    let mut hub = Hub::new();
    let all = invented(count);
    let update = hub.publish("weapons", 1, all, true);
    let records = Records::open(dir, &KEY);
    hub.install(&records, &[update]).unwrap();
    (hub, records)
}

fn changed(record: &Record, serial: &str) -> Record {
    Record { marks: vec![Mark::new(Scheme::Serial, serial)], ..record.clone() }
}

#[test]
fn records_in_the_database_are_read_changed_and_moved_out_by_a_merge() {
    // Whole rows and blocks, and such as are not full.
    for count in [320, 325, 333, 5] {
        let dir = tempfile::tempdir().unwrap();
        let (mut hub, records) = begun(dir.path(), count);
        drop(records);
        make_old(dir.path());
        let records = reopened(dir.path());
        hub.is_held_by(&records, "weapons");
        let all: Vec<Record> = hub.last["weapons"].0.values().cloned().collect();
        assert!(all.iter().all(|r| found(&records, r)), "{count}");
        let update = hub.change("weapons", &[changed(&all[0], "ЖЖ 111111")], &[&all[1].id]);
        hub.install(&records, &[update]).unwrap();
        hub.is_held_by(&reopened(dir.path()), "weapons");
        std::fs::remove_file(pointer::index_path(dir.path(), 1)).unwrap();
        let records = reopened(dir.path());
        hub.is_held_by(&records, "weapons");
        records.merge(&mut |_, _| {}).unwrap();
        assert!(pointer::rows_path(dir.path(), 2).exists());
        hub.is_held_by(&records, "weapons");
        hub.is_held_by(&reopened(dir.path()), "weapons");
    }
}

#[test]
fn changes_one_a_row_are_read_and_go_on_as_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let (mut hub, records) = begun(dir.path(), 60);
    let all: Vec<Record> = hub.last["weapons"].0.values().cloned().collect();
    let update = hub.change("weapons", &[changed(&all[0], "ЖЖ 111111"), changed(&all[1], "ЖЖ 222222")], &[&all[2].id]);
    hub.install(&records, &[update]).unwrap();
    drop(records);
    make_old_changes(dir.path());
    let records = reopened(dir.path());
    hub.is_held_by(&records, "weapons");
    let update = hub.change("weapons", &[changed(&all[1], "ЖЖ 333333"), all[2].clone()], &[&all[0].id]);
    hub.install(&records, &[update]).unwrap();
    hub.is_held_by(&records, "weapons");
    hub.is_held_by(&reopened(dir.path()), "weapons");
}

#[test]
fn damaged_or_foreign_records_make_not_checked() {
    let dir = tempfile::tempdir().unwrap();
    let (hub, records) = begun(dir.path(), 300);
    drop(records);
    let path = pointer::rows_path(dir.path(), 1);
    let good = std::fs::read(&path).unwrap();
    let other = tempfile::tempdir().unwrap();
    drop(begun(other.path(), 300));
    let damage = [
        ("cut", good[..good.len() / 2].to_vec()),
        ("gone", Vec::new()),
        ("every byte", good.iter().map(|b| b ^ 1).collect()),
        ("another generation's", std::fs::read(pointer::rows_path(other.path(), 1)).unwrap()),
    ];
    for (what, bytes) in damage {
        std::fs::write(&path, bytes).unwrap();
        let records = Records::open(dir.path(), &KEY);
        records.wait();
        for wanted in hub.last["weapons"].0.values() {
            let verdict = records.judge(&item(&wanted.marks[0].value));
            assert_eq!(verdict.reason, Some(NotChecked::RegistersUnreadable), "{what}");
        }
    }
    std::fs::write(&path, &good).unwrap();
    // Who puts the files right by hand takes the note away, too.
    std::fs::remove_file(super::super::damage::path(dir.path(), 1)).unwrap();
    hub.is_held_by(&reopened(dir.path()), "weapons");
}

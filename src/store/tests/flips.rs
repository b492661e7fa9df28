//! One changed byte anywhere: verification never says that the ledger is whole, and names the entry.

use std::io::{Read, Seek, SeekFrom, Write};

use rusqlite::{Connection, params};

use super::*;
use crate::store::connection::{self, Mode};

/// A ledger of six entries with signed heads and receipts, closed.
fn sample() -> Place {
    let place = place();
    let store = write(&place.home);
    enrol(&store, false);
    for n in 0..6 {
        store.append("Олена", &check(&format!("АВ{n:04}"), Grade::NoRecord)).unwrap();
        if n % 2 == 1 {
            store.sign_head().unwrap();
            store.store_receipt(&receipt(&store, Seq(n + 1))).unwrap();
        }
    }
    drop(store);
    place
}

/// A copy of a home whose writer may be open.
fn copy_of(home: &Home) -> Place {
    let copy = place();
    read(home).copy_to(copy.home.dir()).unwrap();
    copy
}

fn edit(home: &Home) -> Connection {
    let key: [u8; 32] = std::fs::read(home.database_key()).unwrap().try_into().unwrap();
    connection::open(&home.ledger(), &key, Mode::Write).unwrap()
}

/// Flips each byte of a column in turn and says which entry verification names first.
fn flip_each(table: &str, key: &str, column: &str, expect: impl Fn(u64, u64) -> bool) {
    let place = sample();
    let rows: Vec<(i64, Vec<u8>)> = edit(&place.home)
        .prepare(&format!("SELECT {key}, {column} FROM {table}"))
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(rows.len() >= 3);
    let connection = edit(&place.home);
    let reader = read(&place.home);
    let update = format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1");
    for (at, bytes) in rows {
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x04;
            connection.execute(&update, params![at, changed]).unwrap();
            let report = reader.verify(&mut |_, _| {}).unwrap();
            let first = report.chain.first_bad.as_ref().map(|bad| bad.seq.0);
            assert!(
                first.is_some_and(|first| expect(at as u64, first)),
                "{table}.{column} at {at}, byte {place}: {report:?}"
            );
        }
        connection.execute(&update, params![at, bytes]).unwrap();
    }
    assert!(is_whole(&reader), "all is as it was");
}

#[test]
fn every_byte_of_every_entry() {
    flip_each("entry", "seq", "bytes", |at, first| at == first);
}

#[test]
fn every_byte_of_every_hash() {
    flip_each("entry", "seq", "hash", |at, first| at == first);
}

#[test]
fn every_byte_of_every_signed_head() {
    flip_each("head", "seq", "signature", |at, first| at == first);
    flip_each("head", "seq", "hash", |at, first| at == first);
}

#[test]
fn every_byte_of_every_receipt() {
    flip_each("receipt", "through", "signature", |at, first| at == first);
    flip_each("receipt", "through", "head", |at, first| at == first);
}

#[test]
fn other_changes_by_someone_who_has_the_key() {
    let changes = [
        ("DELETE FROM entry WHERE seq = 5", 5),
        ("DELETE FROM entry WHERE seq > 4", 5),
        ("UPDATE entry SET seq = 40 WHERE seq = 6", 6),
        ("UPDATE head SET signed_ms = signed_ms + 1 WHERE seq = 4", 4),
        ("UPDATE head SET seq = 3 WHERE seq = 4", 3),
        ("UPDATE receipt SET through = 3 WHERE through = 4", 3),
        ("UPDATE receipt SET server_ms = 0 WHERE through = 4", 4),
        ("UPDATE identity SET practice = 1", 1),
        ("UPDATE entry SET bytes = x'' WHERE seq = 2", 2),
        ("UPDATE entry SET hash = x'00' WHERE seq = 2", 2),
        ("DELETE FROM setting", 2),
    ];
    let original = sample();
    for (change, first) in changes {
        let copy = copy_of(&original.home);
        edit(&copy.home).execute(change, []).unwrap();
        let report = read(&copy.home).verify(&mut |_, _| {}).unwrap();
        assert_eq!(report.chain.first_bad.as_ref().map(|bad| bad.seq.0), Some(first), "{change}: {report:?}");
    }
}

fn flip_file(path: &std::path::Path, at: u64) {
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 0x20]).unwrap();
}

/// `None` when the ledger does not even open.
fn verdict_after_flip(
    place: &Place,
    path: impl Fn(&Home) -> std::path::PathBuf,
    at: u64,
) -> Option<crate::store::LedgerReport> {
    let copy = copy_of(&place.home);
    flip_file(&path(&copy.home), at);
    let reader = LedgerStore::open(&copy.home, Access::Read).ok()?;
    reader.verify(&mut |_, _| {}).ok()
}

#[test]
fn bytes_of_the_encrypted_file() {
    let place = sample();
    let len = std::fs::metadata(place.home.ledger()).unwrap().len();
    for at in (0..len).step_by(1501) {
        if let Some(report) = verdict_after_flip(&place, Home::ledger, at) {
            assert!(!report.is_whole(), "byte {at} of {len}");
        }
    }
}

#[test]
fn a_damaged_page_of_entries_names_the_first_entry_on_it() {
    let place = place();
    let store = write(&place.home);
    for n in 0..200 {
        store.append("A", &check(&format!("AB{n:04}"), Grade::NoRecord)).unwrap();
    }
    drop(store);
    let len = std::fs::metadata(place.home.ledger()).unwrap().len();
    let mut named = std::collections::BTreeSet::new();
    for page in 1..len / 4096 {
        if let Some(report) = verdict_after_flip(&place, Home::ledger, page * 4096 + 2000) {
            assert!(!report.is_whole(), "page {page}");
            named.extend(report.chain.first_bad.map(|bad| bad.seq.0));
        }
    }
    assert!(named.len() > 5, "different pages name different entries: {named:?}");
}

#[test]
fn bytes_of_the_write_ahead_log() {
    let place = place();
    let store = write(&place.home);
    for n in 0..12 {
        store.append("A", &check(&format!("AB{n:04}"), Grade::NoRecord)).unwrap();
    }
    let len = std::fs::metadata(place.home.ledger_wal()).unwrap().len();
    assert!(len > 40_000);
    for at in (0..len).step_by(2477).chain([0, 20, 30, 33, 50]) {
        if let Some(report) = verdict_after_flip(&place, Home::ledger_wal, at) {
            assert!(!report.is_whole(), "byte {at} of {len}");
        }
    }
    assert!(is_whole(&read(&copy_of(&place.home).home)), "unchanged, it is whole");
}

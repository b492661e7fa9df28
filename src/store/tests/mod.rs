//! The store's promises, kept against the faults that break them in the field: kills, full disks, changed bytes, wrong keys.

mod append;
mod faults;
mod flips;
mod kills;
mod readers;

use std::sync::Arc;

use crate::domain::*;
use crate::ledger::*;
use crate::platform::HandClock;
use crate::store::{Access, Enrolment, Home, LedgerStore};

/// A home in a directory of its own, gone when the test ends.
pub struct Place {
    _dir: tempfile::TempDir,
    pub home: Home,
}

pub fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path().join("home")).unwrap();
    Place { _dir: dir, home }
}

pub fn write(home: &Home) -> LedgerStore {
    LedgerStore::open(home, Access::Write).unwrap()
}

pub fn read(home: &Home) -> LedgerStore {
    LedgerStore::open(home, Access::Read).unwrap()
}

pub fn write_at(home: &Home, clock: &Arc<HandClock>) -> LedgerStore {
    LedgerStore::open_with_clock(home, Access::Write, clock.clone()).unwrap()
}

pub fn check(serial: &str, grade: Grade) -> Payload {
    let item = Item { marks: vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))], ..Item::default() };
    let mut verdict = Verdict::not_checked(NotChecked::NoRegisterForObject);
    verdict.grade = grade;
    verdict.reason = None;
    Payload::Check(Box::new(Check::of(item, &verdict, None, None, CheckSource::Typed)))
}

pub fn decision(of: Seq) -> Payload {
    Payload::Decision(Decided { of, code: DecisionCode::Seized, note: "seal 4".to_owned(), photo: None })
}

pub fn hub_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

pub fn enrol(store: &LedgerStore, practice: bool) {
    let enrolment = Enrolment {
        hub_url: "https://localhost:1".to_owned(),
        fingerprint: Hash([1; 32]),
        hub_public_key: hub_key().verifying_key().to_bytes(),
        post: PostId("UAKBP".to_owned()),
        device: store.device(),
        client_certificate: Vec::new(),
        practice,
    };
    store.set_enrolment(&enrolment).unwrap();
    assert_eq!(store.enrolment().unwrap(), Some(enrolment));
}

pub fn receipt(store: &LedgerStore, through: Seq) -> Receipt {
    let hash = store.entries(through, 1).unwrap()[0].hash;
    Receipt::sign(&hub_key(), store.device(), through, hash, 1_790_000_000_000 + through.0 as i64)
}

pub fn is_whole(store: &LedgerStore) -> bool {
    store.verify(&mut |_, _| {}).unwrap().is_whole()
}

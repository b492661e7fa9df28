//! Generations built, cut short, damaged and read again.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;

use ed25519_dalek::SigningKey;

use super::*;
use crate::domain::{Grade, Hash, Mark, Object, Scheme, SeenMark};
use crate::registers::chunk::{bucket_key, bucket_of};
use crate::registers::delta::Changes;
use crate::registers::manifest::Blob;
use crate::registers::publish::Published;
use crate::registers::{ChunkError, Publisher, RecordBytes, SignedManifest, practice, state};

mod beside;
mod damage;
mod deltas;
mod forms;
mod new;

const KEY: [u8; 32] = [5; 32];

/// A hub's published registers, with their files.
pub(super) struct Hub {
    pub chunks: HashMap<Hash, Vec<u8>>,
    /// What each register held last, and its manifest.
    pub last: HashMap<String, (BTreeMap<String, Record>, Manifest)>,
    fetched: Cell<usize>,
}

impl Hub {
    pub fn new() -> Self {
        Self { chunks: HashMap::new(), last: HashMap::new(), fetched: Cell::new(0) }
    }

    fn published(&mut self, records: &[Record]) -> Published {
        let mut records = records.to_vec();
        records.sort_by_key(|r| (bucket_key(&r.id), r.id.clone()));
        let mut publisher = Publisher::new(3, |c: &ChunkRef, packed: &[u8]| {
            self.chunks.insert(c.hash, packed.to_vec());
            Ok::<_, Infallible>(())
        });
        records.into_iter().for_each(|r| publisher.push(r).unwrap());
        publisher.finish().unwrap()
    }

    /// A whole version.
    pub fn publish(&mut self, id: &str, version: u64, records: Vec<Record>, practice: bool) -> RegisterUpdate {
        let published = self.published(&records);
        let manifest = Manifest {
            register: RegisterId(id.into()),
            version: RegisterVersion(version),
            as_of_ms: 0,
            signed_ms: version as i64,
            next_ms: 0,
            owner: "invented".into(),
            objects: vec![Object::Firearm],
            records: published.records,
            bucket_bits: 3,
            practice,
            base: published.base(RegisterVersion(version)),
            states: Blob::of(&state::list_of(&published.sums)),
            deltas: Vec::new(),
            seals: vec![version],
        };
        let records = records.into_iter().map(|r| (r.id.clone(), r)).collect();
        self.last.insert(id.into(), (records, manifest.clone()));
        let content = Content::Base { list: published.list };
        RegisterUpdate { signed: sign(&manifest), manifest, pieces: Vec::new(), content }
    }

    /// The next version, as a delta over the one before.
    pub fn change(&mut self, id: &str, put: &[Record], withdraw: &[&str]) -> RegisterUpdate {
        let (mut records, before) = self.last[id].clone();
        let mut changes = Changes::default();
        for record in put {
            records.insert(record.id.clone(), record.clone());
            changes.put(record);
        }
        for id in withdraw {
            records.remove(*id);
            changes.withdraw((*id).to_owned());
        }
        let all: Vec<Record> = records.values().cloned().collect();
        let sums = self.published(&all).sums;
        let pieces = changes
            .pieces(|chunk, bytes| {
                self.chunks.insert(chunk.hash, bytes.to_vec());
                Ok::<_, ChunkError>(())
            })
            .unwrap();
        let version = RegisterVersion(before.version.0 + 1);
        let manifest = Manifest {
            version,
            signed_ms: version.0 as i64,
            records: records.len() as u64,
            states: Blob::of(&state::list_of(&sums)),
            ..before
        };
        self.last.insert(id.into(), (records, manifest.clone()));
        RegisterUpdate { signed: sign(&manifest), manifest, pieces, content: Content::Deltas }
    }

    pub fn install(&self, records: &Records, updates: &[RegisterUpdate]) -> Result<usize, RecordsError> {
        self.fetched.set(0);
        let mut fetch = |c: &ChunkRef| {
            self.fetched.set(self.fetched.get() + 1);
            self.chunks.get(&c.hash).cloned().ok_or("no such chunk")
        };
        records.install(updates, &mut fetch, &mut |_, _| {})?;
        Ok(self.fetched.get())
    }

    /// The device holds exactly what the hub published last.
    pub fn is_held_by(&self, records: &Records, id: &str) {
        let (wanted, manifest) = &self.last[id];
        let generation = records.generation().unwrap();
        let number = generation.number_of(&RegisterId(id.into())).unwrap();
        let held: BTreeMap<String, Record> = (0..1 << manifest.bucket_bits)
            .flat_map(|bucket| generation.bucket(number, bucket).unwrap())
            .map(|r| (r.id.clone(), r))
            .collect();
        assert_eq!(&held, wanted);
        assert_eq!(records.sums(&RegisterId(id.into())).unwrap(), {
            let mut sums = vec![Sum::default(); 1 << manifest.bucket_bits];
            for record in wanted.values() {
                sums[bucket_of(bucket_key(&record.id), manifest.bucket_bits) as usize].add(&record.content_hash());
            }
            sums
        });
        assert_eq!(generation.registers[number].manifest.version, manifest.version);
    }
}

fn sign(manifest: &Manifest) -> SignedManifest {
    manifest.sign(&SigningKey::from_bytes(&[1; 32]))
}

fn invented(count: usize) -> Vec<Record> {
    practice::Generator::new(11).take(count).collect()
}

fn item(serial: &str) -> Item {
    let mark = SeenMark::typed(Mark::new(Scheme::Serial, serial));
    Item { marks: vec![mark], description: crate::domain::Description::default() }
}

fn found(records: &Records, wanted: &Record) -> bool {
    let verdict = records.judge(&item(&wanted.marks[0].value));
    verdict.candidates.iter().any(|c| c.record == wanted.id && c.grade > Grade::NoRecord)
}

#[test]
fn what_was_installed_is_found_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let all = invented(400);
    let update = hub.publish("weapons", 1, all.clone(), true);
    {
        let records = Records::open(dir.path(), &KEY);
        records.wait();
        assert_eq!(records.judge(&item("AB1234")).reason, Some(NotChecked::NoRegisterForObject));
        assert_eq!(hub.install(&records, &[update]).unwrap(), 8);
        assert!(all.iter().all(|r| found(&records, r)));
    }
    let records = Records::open(dir.path(), &KEY);
    records.wait();
    assert!(all.iter().all(|r| found(&records, r)));
    let id = RegisterId("weapons".into());
    for record in &all {
        assert_eq!(records.record(&id, &record.id).unwrap().as_ref(), Some(record));
    }
    assert_eq!(records.record(&id, "absent").unwrap(), None);
    let held = &records.registers()[0];
    assert_eq!((held.version, held.records), (RegisterVersion(1), 400));
}

#[test]
fn an_update_fetches_only_what_changed_and_leaves_one_generation() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let records = Records::open(dir.path(), &KEY);
    let mut all = invented(400);
    let first = hub.publish("weapons", 1, all.clone(), true);
    hub.install(&records, &[first]).unwrap();
    let mut new = all[7].clone();
    new.id = "new".into();
    new.marks = vec![Mark::new(Scheme::Serial, "ЩЩ 987654")];
    all.push(new.clone());
    let second = hub.publish("weapons", 2, all.clone(), true);
    assert_eq!(hub.install(&records, &[second]).unwrap(), 1);
    assert!(all.iter().all(|r| found(&records, r)));
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(files, 4, "pointer, database, records, index");
}

#[test]
fn a_refused_update_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let records = Records::open(dir.path(), &KEY);
    let all = invented(100);
    let good = hub.publish("weapons", 5, all.clone(), true);
    hub.install(&records, &[good]).unwrap();
    let older = hub.publish("weapons", 4, invented(50), true);
    assert!(matches!(hub.install(&records, &[older]), Err(RecordsError::OlderVersion { .. })));
    let real = hub.publish("real", 1, invented(10), false);
    assert!(matches!(hub.install(&records, &[real]), Err(RecordsError::Mixed(_))));
    let newer = hub.publish("weapons", 6, invented(150), true);
    let Content::Base { list } = &newer.content else { panic!("a whole version") };
    let last = list.chunks.last().unwrap().chunk.hash;
    let chunk = hub.chunks.remove(&last).unwrap();
    assert!(matches!(hub.install(&records, std::slice::from_ref(&newer)), Err(RecordsError::Fetch { .. })));
    hub.chunks.insert(last, [&chunk[..chunk.len() - 1], &[0]].concat());
    assert!(matches!(hub.install(&records, &[newer]), Err(RecordsError::Chunk(ChunkError::Hash))));
    assert!(all.iter().all(|r| found(&records, r)));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 4, "nothing of the refused ones is left");
    let again = Records::open(dir.path(), &KEY);
    again.wait();
    assert_eq!(again.registers()[0].version, RegisterVersion(5));
}

#[test]
fn damage_makes_not_checked_and_never_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let all = invented(300);
    {
        let update = hub.publish("weapons", 1, all.clone(), true);
        hub.install(&Records::open(dir.path(), &KEY), &[update]).unwrap();
    }
    let (db, idx, pointer) =
        (pointer::db_path(dir.path(), 1), pointer::index_path(dir.path(), 1), dir.path().join("records"));
    let damage: [(&str, &Path, fn(&mut Vec<u8>)); 6] = [
        ("records cut", &db, |b| b.truncate(b.len() / 2)),
        ("records gone", &db, Vec::clear),
        ("first page", &db, |b| b[100] ^= 1),
        ("pointer is nonsense", &pointer, |b| *b = b"{".to_vec()),
        ("pointer of a newer program", &pointer, |b| *b = br#"{"form":9,"generation":1,"db_bytes":1}"#.to_vec()),
        ("every page of records", &db, |b| b.iter_mut().skip(4096 * 2 + 50).step_by(4096).for_each(|b| *b ^= 1)),
    ];
    for (what, path, change) in damage {
        let good = std::fs::read(path).unwrap();
        let mut bad = good.clone();
        change(&mut bad);
        std::fs::write(path, &bad).unwrap();
        let records = Records::open(dir.path(), &KEY);
        records.wait();
        for wanted in &all {
            let verdict = records.judge(&item(&wanted.marks[0].value));
            assert_eq!(verdict.reason, Some(NotChecked::RegistersUnreadable), "{what}");
        }
        assert!(records.unreadable().is_some(), "{what}");
        std::fs::write(path, &good).unwrap();
    }
    let mut bad = std::fs::read(&idx).unwrap();
    bad[60] ^= 1;
    std::fs::write(&idx, &bad).unwrap();
    for _ in 0..2 {
        let records = Records::open(dir.path(), &KEY);
        records.wait();
        assert!(all.iter().all(|r| found(&records, r)), "a damaged index is built again from the records");
    }
    let other_key = Records::open(dir.path(), &[6; 32]);
    other_key.wait();
    assert!(other_key.unreadable().is_some());
}

#[test]
fn registers_that_cannot_be_read_are_replaced_by_the_next_update() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let all = invented(100);
    let update = hub.publish("weapons", 1, all.clone(), true);
    hub.install(&Records::open(dir.path(), &KEY), std::slice::from_ref(&update)).unwrap();
    std::fs::write(pointer::db_path(dir.path(), 1), b"gone").unwrap();
    let records = Records::open(dir.path(), &KEY);
    records.wait();
    assert!(records.unreadable().is_some() && records.registers().is_empty());
    hub.install(&records, &[update]).unwrap();
    assert!(all.iter().all(|r| found(&records, r)));
}

#[test]
fn nothing_readable_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let update = hub.publish("weapons", 1, invented(200), true);
    hub.install(&Records::open(dir.path(), &KEY), &[update]).unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in [practice::OWNER, "АК74", "SQLite format"] {
            assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text}");
        }
    }
}

#[test]
fn patterns_find_records_and_say_when_they_were_cut() {
    let dir = tempfile::tempdir().unwrap();
    let mut hub = Hub::new();
    let mut all = invented(50);
    for (n, record) in all.iter_mut().enumerate() {
        record.marks = vec![Mark::new(Scheme::Serial, format!("QXZ{n:04}"))];
    }
    let update = hub.publish("weapons", 1, all, true);
    let records = Records::open(dir.path(), &KEY);
    hub.install(&records, &[update]).unwrap();
    let some = records.search("qxz-00*", 20).unwrap();
    assert_eq!((some.candidates.len(), some.cut), (20, true));
    let one = records.search("*Z?017", 20).unwrap();
    assert_eq!((one.candidates.len(), one.cut), (1, false));
    assert!(matches!(records.search("QXZ*", 20), Err(RecordsError::Pattern(_))));
}

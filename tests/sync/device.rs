//! A device whose ledger is memory and whose registers are the real store.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tracepost::domain::{DecisionCode, DeviceId, Grade, Hash, Item, Mark, RegisterId, Scheme, SeenMark, Seq, Verdict};
use tracepost::ledger::{
    Check, CheckSource, Decided, Entry, Opaque, Payload, Receipt, SignedHead, SigningKey, chain_hash, genesis,
};
use tracepost::registers::ChunkRef;
use tracepost::registers::state::Sum;
use tracepost::store::records::{Records, RecordsError};
use tracepost::sync::{
    Cancel, Down, Enrolled, Held, Identity, Outbox, Session, Shelf, Staging, SyncError, Up, Update, enrol_with,
};
use tracepost::wire::EnrolCode;

use super::{no_progress, patience};

/// A device with a ledger in memory.
pub struct Device {
    pub id: DeviceId,
    pub key: SigningKey,
    pub enrolled: Option<Enrolled>,
    pub receipts: Vec<Receipt>,
    pub forget_receipts: bool,
    pub told_beside: Seq,
    pub lie_about_photos: bool,
    entries: Vec<Vec<u8>>,
    sent_to: Seq,
    photos: BTreeMap<Hash, Vec<u8>>,
    /// The real store of registers.
    pub store: Records,
    pub may_repair: bool,
    pub cancel: Cancel,
    pub repairs: usize,
    /// What its wall clock shows; `None`: the machine's.
    pub now_ms: Option<i64>,
    folder: tempfile::TempDir,
    clock: RefCell<i64>,
}

impl Device {
    pub fn new() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        Self {
            id: DeviceId(uuid::Uuid::new_v4()),
            key: SigningKey::from_bytes(&seed),
            enrolled: None,
            receipts: Vec::new(),
            forget_receipts: false,
            told_beside: Seq(0),
            lie_about_photos: false,
            entries: Vec::new(),
            sent_to: Seq(0),
            photos: BTreeMap::new(),
            store: Records::open(&folder.path().join("home"), &[4; 32]),
            may_repair: true,
            cancel: Cancel::default(),
            repairs: 0,
            now_ms: None,
            folder,
            clock: RefCell::new(1_700_000_000_000),
        }
    }

    /// The same device once more, as a copied disk or a backup brings it back.
    pub fn copied(&self) -> Self {
        Self {
            id: self.id,
            key: self.key.clone(),
            enrolled: self.enrolled.clone(),
            entries: self.entries.clone(),
            sent_to: self.sent_to,
            clock: self.clock.clone(),
            ..Self::new()
        }
    }

    pub fn enrol(&self, code: &EnrolCode) -> Result<Enrolled, SyncError> {
        enrol_with(code, self.id, &self.key, None, patience())
    }

    fn identity(&self) -> Identity {
        let enrolled = self.enrolled.clone().unwrap();
        Identity {
            device: self.id,
            signing: self.key.clone(),
            url: enrolled.url,
            fingerprint: enrolled.fingerprint,
            hub_key: enrolled.hub_key,
            certificate: enrolled.certificate,
            practice: enrolled.practice,
        }
    }

    pub fn connect(&self) -> Result<Session, SyncError> {
        Session::connect(self.identity(), patience(), self.cancel.clone(), &mut no_progress())
    }

    pub fn up(&mut self) -> Result<Up, SyncError> {
        let mut session = self.connect()?;
        let mut up = Up::default();
        session.up(self, &mut no_progress(), &mut up)?;
        Ok(up)
    }

    pub fn down(&mut self) -> Result<Down, SyncError> {
        let staging = Staging::open(self.folder.path().join("incoming"), &[3; 32]).unwrap();
        let mut session = self.connect()?;
        session.down(self, &staging, &mut no_progress())
    }

    /// Where its registers stand.
    pub fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    pub fn records(&self) -> u64 {
        self.store.wait();
        self.store.registers().iter().map(|r| r.records).sum()
    }

    /// Whether a check of that serial names a record.
    pub fn finds(&self, serial: &str) -> bool {
        let verdict = self.judge(serial);
        assert_eq!(verdict.reason, None, "checks go on");
        !verdict.candidates.is_empty()
    }

    /// What the registers say of a serial alone.
    pub fn judge(&self, serial: &str) -> Verdict {
        self.store.wait();
        let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, serial))];
        self.store.judge(&Item { marks, ..Item::default() })
    }

    pub fn version(&self, id: &str) -> Option<u64> {
        self.store.wait();
        self.store.registers().iter().find(|r| r.id.0 == id).map(|r| r.version.0)
    }

    fn entry(&self, payload: Payload) -> Vec<u8> {
        *self.clock.borrow_mut() += 1000;
        let entry =
            Entry { wall_ms: *self.clock.borrow(), boot: [1; 16], mono_ms: 1, officer: "A. Officer".into(), payload };
        entry.encode().0
    }

    fn checked(&self, mark: &str, grade: Grade) -> Vec<u8> {
        let marks = vec![SeenMark::typed(Mark::new(Scheme::Serial, mark))];
        self.entry(Payload::Check(Box::new(Check {
            item: Item { marks, ..Item::default() },
            grade,
            reason: None,
            rule: None,
            findings: Vec::new(),
            candidates: Vec::new(),
            registers: Vec::new(),
            photo: None,
            post: None,
            source: CheckSource::Typed,
        })))
    }

    pub fn check(&mut self, mark: &str, grade: Grade) {
        let entry = self.checked(mark, grade);
        self.entries.push(entry);
    }

    pub fn decide(&mut self, of: Seq, code: DecisionCode) {
        let decision = Decided { of, code, note: String::new(), photo: None };
        let entry = self.entry(Payload::Decision(decision));
        self.entries.push(entry);
    }

    pub fn append_unknown_kind(&mut self) {
        let entry = self.entry(Payload::Opaque(Opaque { kind: 999, version: 1, bytes: vec![1, 2, 3] }));
        self.entries.push(entry);
    }

    pub fn append_junk(&mut self) {
        self.entries.push(b"no entry at all".to_vec());
    }

    pub fn rewrite_from(&mut self, seq: Seq, mark: &str) {
        let entry = self.checked(mark, Grade::NoRecord);
        self.entries[usize::try_from(seq.0).unwrap() - 1] = entry;
    }

    pub fn pretend_sent(&mut self, through: Seq) {
        self.sent_to = through;
    }

    pub fn photo(&mut self, bytes: Vec<u8>) -> Hash {
        let hash = Hash(Sha256::digest(&bytes).into());
        self.photos.insert(hash, bytes);
        hash
    }

    fn hash(&self, seq: Seq) -> Option<Hash> {
        let mut hash = genesis(&self.key.verifying_key(), true);
        for n in 1..=seq.0 {
            hash = chain_hash(hash, Seq(n), self.entries.get(usize::try_from(n).unwrap() - 1)?);
        }
        Some(hash)
    }
}

impl Outbox for Device {
    fn first_unsent(&self) -> Result<Seq, SyncError> {
        Ok(self.sent_to.next())
    }

    fn sign_head(&mut self) -> Result<SignedHead, SyncError> {
        let last = Seq(self.entries.len() as u64);
        Ok(SignedHead::sign(&self.key, self.id, last, self.hash(last).unwrap(), 0))
    }

    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError> {
        let first = usize::try_from(from.0).unwrap() - 1;
        let found = self.entries.iter().enumerate().skip(first).take(limit);
        Ok(found.map(|(n, bytes)| (Seq(n as u64 + 1), bytes.clone())).collect())
    }

    fn hash_at(&self, seq: Seq) -> Result<Option<Hash>, SyncError> {
        Ok(self.hash(seq))
    }

    fn keep_receipt(&mut self, receipt: &Receipt) -> Result<(), SyncError> {
        if !self.forget_receipts {
            self.sent_to = receipt.through;
            self.receipts.push(receipt.clone());
        }
        Ok(())
    }

    fn urgent(&self, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError> {
        let is_hit = |bytes: &Vec<u8>| {
            Entry::decode(bytes).is_ok_and(|x| matches!(x.payload, Payload::Check(c) if c.grade == Grade::Hit))
        };
        let unsent = self.entries(self.first_unsent()?, usize::MAX)?;
        Ok(unsent.into_iter().filter(|x| is_hit(&x.1)).take(limit).collect())
    }

    fn told_beside(&self) -> Result<Seq, SyncError> {
        Ok(self.told_beside)
    }

    fn note_told_beside(&mut self, through: Seq) -> Result<(), SyncError> {
        self.told_beside = through;
        Ok(())
    }

    fn photos_pending(&self) -> Result<Vec<(Hash, u64)>, SyncError> {
        Ok(self.photos.iter().map(|(hash, bytes)| (*hash, bytes.len() as u64)).collect())
    }

    fn photo(&self, hash: &Hash) -> Result<Vec<u8>, SyncError> {
        let mut bytes = self.photos[hash].clone();
        if self.lie_about_photos {
            bytes[0] ^= 1;
        }
        Ok(bytes)
    }

    fn photo_sent(&mut self, hash: &Hash) -> Result<(), SyncError> {
        self.photos.remove(hash);
        Ok(())
    }
}

impl Shelf for Device {
    fn held(&self) -> Result<Vec<Held>, SyncError> {
        self.store.wait();
        if self.store.unreadable().is_some() {
            return Ok(Vec::new());
        }
        let held = |r: tracepost::store::records::HeldRegister| Held {
            id: r.id,
            version: r.version,
            seal: r.seal,
            signed_ms: r.signed.timestamp_millis(),
        };
        Ok(self.store.registers().into_iter().map(held).collect())
    }

    fn sums(&self, register: &RegisterId) -> Result<Option<Vec<Sum>>, SyncError> {
        Ok(self.store.sums(register).filter(|_| self.store.unreadable().is_none()))
    }

    fn size(&self) -> (u64, u64) {
        self.store.size()
    }

    fn accepted(&self, _: &RegisterId) -> Option<tracepost::domain::RegisterVersion> {
        None
    }

    fn now_ms(&self) -> i64 {
        self.now_ms.unwrap_or_else(|| chrono::Utc::now().timestamp_millis())
    }

    fn may_repair(&self, _: &RegisterId) -> Result<bool, SyncError> {
        Ok(self.may_repair)
    }

    fn repaired(&mut self, _: &RegisterId) -> Result<(), SyncError> {
        self.repairs += 1;
        Ok(())
    }

    fn install(
        &mut self,
        updates: &[Update],
        bytes: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, SyncError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError> {
        self.store.install(updates, bytes, progress).map_err(|error| match error {
            RecordsError::OtherSet { register, digests } => SyncError::OtherSet { register, digests },
            RecordsError::Held(why) => SyncError::HeldDamaged { why },
            other => SyncError::Register { register: updates[0].manifest.register.clone(), why: other.to_string() },
        })
    }
}

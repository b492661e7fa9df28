//! A hub on loopback and devices whose stores are memory.
#![allow(dead_code)] // each test program uses its part of this world

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tracepost::domain::{DeviceId, Grade, Hash, Item, Mark, PostId, RegisterId, Scheme, SeenMark, Seq, Verdict};
use tracepost::hub::storage::{Extent, Sighting, SightingQuery};
use tracepost::hub::{Hub, ImportOptions, ImportReport, PublishReport, Serving, http};
use tracepost::ledger::{
    Check, CheckSource, Entry, Opaque, Payload, Receipt, SignedHead, SigningKey, chain_hash, genesis,
};
use tracepost::registers::import::Format;
use tracepost::registers::state::Sum;
use tracepost::registers::{ChunkRef, Manifest, SignedManifest};
use tracepost::store::records::{Records, RecordsError};
use tracepost::sync::{
    Down, Enrolled, Held, Identity, Outbox, Patience, Phase, Session, Shelf, Staging, SyncError, Up, Update, enrol_with,
};
use tracepost::wire::EnrolCode;

pub fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(2),
        attempts: 2,
        pause: Duration::from_millis(20),
    }
}

pub fn no_progress() -> impl FnMut(Phase, u64, u64) {
    |_, _, _| ()
}

pub struct World {
    pub hub: Hub,
    serving: Option<Serving>,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = http::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let hub = Hub::init(&folder.path().join("hub"), &url, true).unwrap();
        let serving = http::serve(hub.clone(), listener).unwrap();
        Self { hub, serving: Some(serving), _folder: folder }
    }

    pub fn url(&self) -> String {
        self.hub.url().unwrap()
    }

    pub fn invite(&self) -> EnrolCode {
        self.invite_lasting(Duration::from_secs(3600))
    }

    pub fn invite_lasting(&self, lasts: Duration) -> EnrolCode {
        self.hub.invite(&PostId("XX-TEST".into()), lasts, None).unwrap().code.parse().unwrap()
    }

    pub fn enrolled(&self) -> Device {
        let mut device = Device::new();
        device.enrolled = Some(device.enrol(&self.invite()).unwrap());
        device
    }

    /// A device whose certificate another hub gave out.
    pub fn stranger(&self) -> Device {
        let other = World::new();
        let mut device = other.enrolled();
        let enrolled = device.enrolled.as_mut().unwrap();
        enrolled.url = self.url();
        enrolled.fingerprint = self.hub.fingerprint();
        device
    }

    pub fn sightings(&self, query: &SightingQuery) -> Vec<Sighting> {
        let mut all = Vec::new();
        self.hub
            .storage()
            .sightings(query, &mut |x| {
                all.push(x);
                true
            })
            .unwrap();
        all
    }

    pub fn register(&self, id: &str, records: u32) {
        self.hub.create_register(id, "Invented Authority").unwrap();
        let report = self.import(id, &csv(records));
        assert_eq!(report.stored.added, u64::from(records), "{report:?}");
        self.hub.publish_register(&RegisterId::parse(id).unwrap(), &mut |_, _| ()).unwrap();
    }

    pub fn import(&self, id: &str, csv: &str) -> ImportReport {
        let options = ImportOptions { extent: Extent::Partial, ..ImportOptions::of(Format::Csv, 1_700_000_000_000) };
        self.hub.import_register(&RegisterId::parse(id).unwrap(), &options, csv.as_bytes(), &mut |_| ()).unwrap()
    }

    /// Everything that manifests name, as files.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        let folders = std::fs::read_dir(self.hub.dir().registers().join("chunks")).unwrap().flatten();
        folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten()).map(|file| file.path()).collect()
    }

    pub fn spoil(&self, change: impl Fn(&mut Vec<u8>)) {
        for path in self.files() {
            let mut bytes = std::fs::read(&path).unwrap();
            change(&mut bytes);
            std::fs::write(path, bytes).unwrap();
        }
    }

    pub fn publish(&self, id: &str) -> PublishReport {
        self.hub.publish_register(&RegisterId::parse(id).unwrap(), &mut |_, _| ()).unwrap()
    }

    /// Imports some rows and publishes them.
    pub fn update(&self, id: &str, rows: &str) -> PublishReport {
        self.import(id, &format!("id,object,serial\n{rows}"));
        self.publish(id)
    }

    pub fn manifest(&self, id: &str) -> Manifest {
        let bytes = std::fs::read(self.hub.dir().manifest(&RegisterId::parse(id).unwrap())).unwrap();
        SignedManifest::from_wire(&bytes).unwrap().verify(&self.hub.keys().public()).unwrap()
    }

    /// Puts a manifest in place that the hub's own key signed.
    pub fn sign(&self, manifest: &Manifest) {
        let path = self.hub.dir().manifest(&manifest.register);
        std::fs::write(path, manifest.sign(self.hub.keys().signing()).to_wire()).unwrap();
    }

    /// The hub as it is now, from a copy of its folder, on another port.
    pub fn backup(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("hub");
        copy_tree(self.hub.dir().path(), &target);
        let hub = Hub::open(&target).unwrap();
        let listener = http::bind("127.0.0.1:0").unwrap();
        hub.set_url(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
        let serving = http::serve(hub.clone(), listener).unwrap();
        Self { hub, serving: Some(serving), _folder: folder }
    }

    /// A copy of the hub's folder in which one statement was run on its database.
    pub fn copy_and(&self, sql: &str) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("hub");
        copy_tree(self.hub.dir().path(), &target);
        let db = rusqlite::Connection::open(target.join("hub.db")).unwrap();
        assert!(db.execute(sql, []).unwrap() > 0);
        drop(db);
        Copy { hub: Hub::open(&target).unwrap(), _folder: folder }
    }

    /// A plain GET without a client certificate; status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.request(None, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), &[])
    }

    /// A POST with a device's certificate; the status.
    pub fn post(&self, device: &Device, path: &str, body: Vec<u8>) -> u16 {
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        self.request(Some(device), &head, &body).0
    }

    fn request(&self, device: Option<&Device>, head: &str, body: &[u8]) -> (u16, String) {
        use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.hub.keys().authority().clone()).unwrap();
        let builder = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match device {
            None => builder.with_no_client_auth(),
            Some(device) => {
                let der = KeypairBytes { secret_key: device.key.to_bytes(), public_key: None }.to_pkcs8_der().unwrap();
                let key = PrivateKeyDer::try_from(der.as_bytes().to_vec()).unwrap();
                let certificate = device.enrolled.as_ref().unwrap().certificate.clone();
                builder.with_client_auth_cert(vec![CertificateDer::from(certificate)], key).unwrap()
            }
        };
        let address = self.serving.as_ref().unwrap().address();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut tls = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut tcp = TcpStream::connect(address).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        stream.write_all(head.as_bytes()).unwrap();
        // The hub may answer and close before it has read all of a body that is too large.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1).and_then(|x| x.parse().ok()).unwrap_or(0);
        (status, text)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.stop().unwrap();
        }
    }
}

/// A link between device and hub that can be cut.
pub struct Link {
    pub url: String,
    /// Bytes from the hub that each connection lets through before it breaks.
    pub budget: Arc<AtomicUsize>,
}

impl Link {
    pub fn to(world: &World) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let hub = world.serving.as_ref().unwrap().address();
        let budget = Arc::new(AtomicUsize::new(usize::MAX));
        let shared = budget.clone();
        std::thread::spawn(move || {
            for device in listener.incoming().flatten() {
                let hub = TcpStream::connect(hub).unwrap();
                let budget = shared.clone();
                let (mut up_from, mut up_to) = (device.try_clone().unwrap(), hub.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut up_from, &mut up_to);
                    let _ = up_to.shutdown(std::net::Shutdown::Write);
                });
                std::thread::spawn(move || down(hub, device, &budget));
            }
        });
        Self { url, budget }
    }
}

fn down(mut hub: TcpStream, mut device: TcpStream, budget: &AtomicUsize) {
    let (mut passed, mut buffer) = (0, [0; 1024]);
    while let Ok(n @ 1..) = hub.read(&mut buffer) {
        passed += n;
        if passed > budget.load(Ordering::SeqCst) || device.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = device.shutdown(std::net::Shutdown::Both);
    let _ = hub.shutdown(std::net::Shutdown::Both);
}

pub struct Copy {
    pub hub: Hub,
    _folder: tempfile::TempDir,
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn csv(records: u32) -> String {
    let mut text = "id,object,kind,make,serial,status\n".to_owned();
    for n in 0..records {
        text.push_str(&format!("rec-{n},firearm,pistol,Invented,QX{:06},stolen\n", n * 7));
    }
    text
}

/// A device with a ledger in memory.
pub struct Device {
    pub id: DeviceId,
    pub key: SigningKey,
    pub enrolled: Option<Enrolled>,
    pub receipts: Vec<Receipt>,
    pub forget_receipts: bool,
    pub lie_about_photos: bool,
    entries: Vec<Vec<u8>>,
    sent_to: Seq,
    photos: BTreeMap<Hash, Vec<u8>>,
    /// The real store of registers.
    pub store: Records,
    pub may_repair: bool,
    pub repairs: usize,
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
            lie_about_photos: false,
            entries: Vec::new(),
            sent_to: Seq(0),
            photos: BTreeMap::new(),
            store: Records::open(&folder.path().join("home"), &[4; 32]),
            may_repair: true,
            repairs: 0,
            folder,
            clock: RefCell::new(1_700_000_000_000),
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
        Session::connect(self.identity(), patience(), &mut no_progress())
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
        let held = |r: tracepost::store::records::HeldRegister| Held {
            id: r.id,
            version: r.version,
            seal: r.seal,
            signed_ms: r.signed.timestamp_millis(),
        };
        Ok(self.store.registers().into_iter().map(held).collect())
    }

    fn sums(&self, register: &RegisterId) -> Result<Option<Vec<Sum>>, SyncError> {
        Ok(self.store.sums(register))
    }

    fn may_repair(&mut self, _: &RegisterId) -> Result<bool, SyncError> {
        self.repairs += usize::from(self.may_repair);
        Ok(self.may_repair)
    }

    fn install(
        &mut self,
        updates: &[Update],
        bytes: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, SyncError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError> {
        self.store.install(updates, bytes, progress).map_err(|error| match error {
            RecordsError::OtherSet { register, digests } => SyncError::OtherSet { register, digests },
            other => SyncError::Register { register: updates[0].manifest.register.clone(), why: other.to_string() },
        })
    }
}

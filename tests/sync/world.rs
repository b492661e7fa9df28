//! A hub on loopback, and what may stand between it and a device.
#![allow(dead_code)] // each test program uses its part of this world

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tracepost::domain::{PostId, RegisterId};
use tracepost::hub::storage::{Extent, Sighting, SightingQuery};
use tracepost::hub::{Hub, ImportOptions, ImportReport, PublishReport, Serving, http};
use tracepost::registers::import::Format;
use tracepost::registers::{Manifest, SignedManifest};
use tracepost::sync::{Patience, Phase};
use tracepost::wire::EnrolCode;

mod device;

pub use device::Device;

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
    /// A hub for practice.
    pub fn new() -> Self {
        Self::begun_as(true)
    }

    /// A hub as for real work: practice has neither late registers nor anything else that time brings.
    pub fn real() -> Self {
        Self::begun_as(false)
    }

    fn begun_as(practice: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = http::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let hub = Hub::init(&folder.path().join("hub"), &url, practice).unwrap();
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

    /// A file that is the whole register: what it does not name is withdrawn.
    pub fn import_whole(&self, id: &str, csv: &str) -> ImportReport {
        let extent = Extent::Whole { withdrawals_max: Some(10) };
        let options = ImportOptions { extent, ..ImportOptions::of(Format::Csv, 1_700_000_000_000) };
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

//! Invented records, published as a hub does, without ever holding them all.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ed25519_dalek::SigningKey;
use tracepost::domain::{Hash, Object, Record, RegisterId, RegisterVersion};
use tracepost::registers::delta::Changes;
use tracepost::registers::manifest::Blob;
use tracepost::registers::practice::{self, Generator};
use tracepost::registers::{ChunkRef, Manifest, Published, Publisher, RecordBytes, chunk, publish, state};
use tracepost::store::records::{Content, RegisterUpdate};

use super::Options;

/// Gives the bytes of a published file.
pub trait Files {
    /// By their hash.
    fn read(&self, hash: &Hash) -> std::io::Result<Vec<u8>>;
}

/// A published register.
pub struct Made {
    files: PathBuf,
    pub published: Published,
    manifest: Manifest,
    /// Records to ask for.
    pub sample: Vec<Record>,
}

const PARTS_BITS: u8 = 6;
const SAMPLE: usize = 50_000;

/// Makes and publishes them.
pub fn make(options: &Options, dir: &Path) -> Made {
    // Spread over files by bucket first, so that one file at a time is sorted.
    let begin = Instant::now();
    let part = |n: u32| dir.join(format!("part-{n}"));
    let parts = 0..1u32 << PARTS_BITS;
    let mut out: Vec<_> = parts.clone().map(|n| BufWriter::new(File::create(part(n)).expect("a file"))).collect();
    let mut sample = Vec::with_capacity(SAMPLE);
    let step = (options.records as usize / SAMPLE).max(1);
    for (n, record) in Generator::new(options.seed).take(options.records as usize).enumerate() {
        let bytes = record.canonical_bytes();
        let out = &mut out[chunk::bucket_of(chunk::bucket_key(&record.id), PARTS_BITS) as usize];
        out.write_all(&(bytes.len() as u32).to_le_bytes()).and_then(|()| out.write_all(&bytes)).expect("space");
        if n % step == 0 {
            sample.push(record);
        }
    }
    out.into_iter().for_each(|mut out| out.flush().expect("space"));
    println!("            made in {:.0} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let files = dir.join("files");
    std::fs::create_dir_all(&files).expect("a folder");
    let mut bytes = 0;
    let mut publisher = Publisher::new(publish::bucket_bits(options.records, None), |c: &ChunkRef, packed: &[u8]| {
        bytes += packed.len();
        std::fs::write(files.join(c.hash.to_string()), packed)
    });
    for n in parts {
        let mut records = read_part(&part(n));
        records.sort_by_cached_key(|r| (chunk::bucket_key(&r.id), r.id.clone()));
        records.into_iter().for_each(|record| publisher.push(record).expect("in order"));
        std::fs::remove_file(part(n)).expect("a file of ours");
    }
    let published = publisher.finish().expect("chunks");
    println!(
        "publish     {:>9.0} rows/s   {} chunks, {:.1} B a record on the wire",
        options.records as f64 / begin.elapsed().as_secs_f64(),
        published.list.chunks.len(),
        bytes as f64 / options.records as f64
    );
    let manifest = manifest(&published);
    Made { files, published, manifest, sample }
}

fn read_part(path: &Path) -> Vec<Record> {
    let mut input = BufReader::new(File::open(path).expect("a file of ours"));
    let mut records = Vec::new();
    let mut len = [0; 4];
    while input.read_exact(&mut len).is_ok() {
        let mut bytes = vec![0; u32::from_le_bytes(len) as usize];
        input.read_exact(&mut bytes).expect("whole records");
        records.push(Record::from_canonical_bytes(&bytes).expect("a record of ours"));
    }
    records
}

fn manifest(published: &Published) -> Manifest {
    let version = RegisterVersion(1);
    Manifest {
        register: RegisterId("invented".into()),
        version,
        as_of_ms: 0,
        signed_ms: 1,
        next_ms: 0,
        owner: practice::OWNER.into(),
        objects: vec![Object::Firearm],
        records: published.records,
        bucket_bits: published.bucket_bits,
        practice: true,
        base: published.base(version),
        states: Blob::of(&state::list_of(&published.sums)),
        deltas: Vec::new(),
        seals: vec![1],
    }
}

fn signed(manifest: Manifest, pieces: Vec<tracepost::registers::delta::Piece>, content: Content) -> RegisterUpdate {
    let signed = manifest.sign(&SigningKey::from_bytes(&[1; 32]));
    RegisterUpdate { signed, manifest, pieces, content }
}

impl Made {
    /// As a device gets it.
    pub fn update(&self, content: Content) -> RegisterUpdate {
        signed(self.manifest.clone(), Vec::new(), content)
    }

    /// The next version: a third of the changes each changed, withdrawn and new.
    pub fn changed(&self, options: &Options) -> (Changed, RegisterUpdate) {
        let mut changes = Changes::default();
        let mut sums = self.published.sums.clone();
        let mut records = self.published.records;
        let bucket = |id: &str| chunk::bucket_of(chunk::bucket_key(id), self.published.bucket_bits) as usize;
        let third = options.changes / 3;
        let step = (options.records as usize / (2 * third).max(1)).max(1);
        let held = Generator::new(options.seed).take(options.records as usize).step_by(step);
        for (n, record) in held.take(2 * third).enumerate() {
            sums[bucket(&record.id)].remove(&record.content_hash());
            if n % 2 == 0 {
                let mut after = record;
                after.description.year = Some(1901);
                sums[bucket(&after.id)].add(&after.content_hash());
                changes.put(&after);
            } else {
                changes.withdraw(record.id);
                records -= 1;
            }
        }
        for (n, mut record) in Generator::new(options.seed ^ 0xABCD).take(options.changes - 2 * third).enumerate() {
            record.id = format!("new-{n}");
            sums[bucket(&record.id)].add(&record.content_hash());
            changes.put(&record);
            records += 1;
        }
        let mut files = Changed::default();
        let pieces = changes.pieces(|c, bytes| {
            files.0.push((c.hash, bytes.to_vec()));
            Ok::<_, chunk::ChunkError>(())
        });
        let next = Manifest {
            version: RegisterVersion(2),
            signed_ms: 2,
            records,
            states: Blob::of(&state::list_of(&sums)),
            ..self.manifest.clone()
        };
        (files, signed(next, pieces.expect("pieces"), Content::Deltas))
    }
}

impl Files for Made {
    fn read(&self, hash: &Hash) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.files.join(hash.to_string()))
    }
}

/// Pieces of a delta.
#[derive(Default)]
pub struct Changed(Vec<(Hash, Vec<u8>)>);

impl Files for Changed {
    fn read(&self, hash: &Hash) -> std::io::Result<Vec<u8>> {
        let found = self.0.iter().find(|(own, _)| own == hash);
        found.map(|(_, bytes)| bytes.clone()).ok_or(std::io::ErrorKind::NotFound.into())
    }
}

//! Manifests that are whole, cut, oversized, signed by others.

use super::*;
use crate::registers::delta::{Level, Piece};

fn piece(records: u32) -> Piece {
    let chunk = ChunkRef { bucket: 0, hash: Hash([3; 32]), len: 100, raw_len: 300, records };
    Piece { chunk, withdrawn: 1, first_key: 5, last_key: 9 }
}

fn list() -> BaseList {
    let chunk = |bucket, records| ChunkRef { bucket, hash: Hash([bucket as u8; 32]), len: 100, raw_len: 300, records };
    let sum = Sum::default();
    BaseList { chunks: vec![BaseChunk::new(chunk(0, 10), &sum), BaseChunk::new(chunk(1, 20), &sum)] }
}

fn example() -> Manifest {
    Manifest {
        register: RegisterId("ua-weapons".into()),
        version: RegisterVersion(3),
        as_of_ms: 1_700_000_000_000,
        signed_ms: 1_700_000_000_001,
        next_ms: 1_700_000_000_002,
        owner: "MIA".into(),
        objects: vec![Object::Firearm],
        records: 30,
        bucket_bits: 1,
        practice: true,
        base: Base { version: RegisterVersion(2), records: 30, bytes: 200, list: Blob::of(&list().to_bytes()) },
        states: Blob::of(&[0; 64]),
        deltas: vec![Delta {
            level: Level::Hour,
            from: RegisterVersion(2),
            to: RegisterVersion(3),
            signed_ms: 0,
            pieces: vec![piece(2)],
        }],
        seals: vec![1, 2, 3],
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

#[test]
fn only_the_hubs_own_bytes_verify() {
    let signed = example().sign(&key(1));
    let back = SignedManifest::from_wire(&signed.to_wire()).unwrap();
    assert_eq!(back.verify(&key(1).verifying_key()).unwrap(), example());
    assert_eq!(signed.verify(&key(2).verifying_key()), Err(ManifestError::NotSigned));
    for at in 0..signed.bytes.len() {
        let mut changed = signed.clone();
        changed.bytes[at] ^= 1;
        assert_eq!(changed.verify(&key(1).verifying_key()), Err(ManifestError::NotSigned), "byte {at}");
    }
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused_even_when_signed() {
    let changes: [fn(&mut Manifest); 20] = [
        |m| m.register.0 = "../up".into(),
        |m| m.bucket_bits = 60,
        |m| m.bucket_bits = 2,
        |m| m.base.version.0 = 4,
        |m| m.base.list.len = u32::MAX,
        |m| m.seals.clear(),
        |m| m.deltas[0].to.0 = 2,
        |m| m.deltas[0].to.0 = 4,
        |m| m.deltas[0].pieces[0].chunk.raw_len = u32::MAX,
        // The last word for ever.
        |m| m.version.0 = u64::MAX,
        |m| m.records = u64::MAX,
        |m| m.base.records = 1 << 33,
        |m| m.base.bytes = u64::MAX,
        |m| m.signed_ms = -1,
        |m| m.next_ms = i64::MAX,
        |m| m.next_ms = i64::MIN,
        |m| m.deltas = vec![m.deltas[0].clone(); 2000],
        |m| m.deltas[0].pieces = vec![m.deltas[0].pieces[0].clone(); 20_000],
        // One piece twice, and two that overlap.
        |m| {
            let mut again = m.deltas[0].pieces[0].clone();
            (again.first_key, again.last_key) = (10, 20);
            m.deltas[0].pieces.push(again);
        },
        |m| {
            let mut other = m.deltas[0].pieces[0].clone();
            other.chunk.hash.0[0] ^= 1;
            other.first_key = 8;
            m.deltas[0].pieces.push(other);
        },
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut manifest = example();
        change(&mut manifest);
        let verdict = manifest.sign(&key(1)).verify(&key(1).verifying_key());
        assert!(matches!(verdict, Err(ManifestError::Damaged(_))), "change {n}: {verdict:?}");
    }
}

#[test]
fn a_list_must_be_the_one_named_and_add_up() {
    let manifest = example();
    assert_eq!(BaseList::read(&manifest, &list().to_bytes()).unwrap(), list());
    let mut other = list();
    other.chunks[0].chunk.records = 11;
    assert!(BaseList::read(&manifest, &other.to_bytes()).is_err(), "not the one that is named");
    let changes: [fn(&mut BaseList); 5] = [
        |l| l.chunks[0].chunk.records = 11,
        |l| l.chunks[0].chunk.len = 101,
        |l| l.chunks.swap(0, 1),
        |l| l.chunks[1].chunk.bucket = 2,
        |l| l.chunks[0].sum.clear(),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let (mut manifest, mut list) = (example(), list());
        change(&mut list);
        manifest.base.list = Blob::of(&list.to_bytes());
        assert!(BaseList::read(&manifest, &list.to_bytes()).is_err(), "change {n}");
    }
}

#[test]
fn a_version_is_known_by_its_seal() {
    let manifest = example();
    let seals = [1, 2, 3, 4].map(|v| manifest.seal_of(RegisterVersion(v)));
    assert_eq!(seals, [Some(1), Some(2), Some(3), None]);
    let mut other = example();
    other.states.hash.0[0] ^= 1;
    assert_ne!(manifest.seal_after(2), other.seal_after(2));
    assert_ne!(manifest.seal_after(2), manifest.seal_after(1));
}

//! Ledgers that were tampered with in each way.

use ed25519_dalek::SigningKey;

use super::*;
use crate::ledger::entry::DecodeError;
use crate::ledger::payload::{Payload, Search};

type Stored = Vec<(Seq, Vec<u8>, Option<Hash>)>;

fn device_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn hub_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn parties() -> Parties {
    Parties {
        device: DeviceId(uuid::Uuid::from_u128(1)),
        device_key: device_key().verifying_key(),
        practice: false,
        hub_key: Some(hub_key().verifying_key()),
    }
}

fn ledger(count: u64) -> Stored {
    let mut prev = genesis(&parties().device_key, false);
    (1..=count)
        .map(|n| {
            let search = Search { pattern: format!("AB{n:04}"), shown: 0, cut: false };
            let entry = Entry {
                wall_ms: 1000,
                boot: [0; 16],
                mono_ms: n,
                officer: "A".to_owned(),
                payload: Payload::Search(search),
            };
            let bytes = entry.encode().0;
            prev = chain_hash(prev, Seq(n), &bytes);
            (Seq(n), bytes, Some(prev))
        })
        .collect()
}

fn hash_at(ledger: &Stored, n: u64) -> Hash {
    ledger[n as usize - 1].2.unwrap()
}

fn head(ledger: &Stored, n: u64) -> SignedHead {
    SignedHead::sign(&device_key(), parties().device, Seq(n), hash_at(ledger, n), 5)
}

fn receipt(ledger: &Stored, n: u64) -> Receipt {
    Receipt::sign(&hub_key(), parties().device, Seq(n), hash_at(ledger, n), 6)
}

fn first_bad(entries: Stored, heads: &[SignedHead], receipts: &[Receipt]) -> Option<(u64, Fault)> {
    verify(&parties(), entries, heads, receipts).first_bad.map(|bad| (bad.seq.0, bad.fault))
}

#[test]
fn a_whole_ledger_is_proven_to_its_last_signature() {
    let entries = ledger(10);
    let found = verify(&parties(), entries.clone(), &[head(&entries, 8)], &[receipt(&entries, 5)]);
    assert!(found.is_whole());
    assert_eq!((found.last, found.head), (Seq(10), hash_at(&entries, 10)));
    assert_eq!((found.proven_to, found.received_to, found.unproven), (Some(Seq(8)), Some(Seq(5)), 2));
    let unsigned = verify(&parties(), entries, &[], &[]);
    assert_eq!((unsigned.proven_to, unsigned.unproven), (None, 10));
}

#[test]
fn an_empty_ledger_is_whole_and_its_genesis_can_be_signed() {
    let genesis = genesis(&parties().device_key, false);
    let head = SignedHead::sign(&device_key(), parties().device, Seq(0), genesis, 5);
    let found = verify(&parties(), Stored::new(), &[head], &[]);
    assert!(found.is_whole());
    assert_eq!((found.last, found.proven_to, found.unproven), (Seq(0), Some(Seq(0)), 0));
}

#[test]
fn a_practice_ledger_is_not_taken_for_a_real_one() {
    let practice = Parties { practice: true, ..parties() };
    let found = verify(&practice, ledger(3), &[], &[]);
    assert_eq!(found.first_bad, Some(Bad { seq: Seq(1), fault: Fault::HashDiffers }));
}

#[test]
fn every_flipped_bit_of_bytes_or_hash_names_its_entry_and_no_other() {
    let entries = ledger(5);
    for index in 0..entries.len() {
        for byte in 0..entries[index].1.len() + 32 {
            let mut changed = entries.clone();
            match byte.checked_sub(entries[index].1.len()) {
                None => changed[index].1[byte] ^= 0x10,
                Some(place) => changed[index].2.as_mut().unwrap().0[place] ^= 0x10,
            }
            let found = verify(&parties(), changed, &[head(&entries, 5)], &[receipt(&entries, 5)]);
            assert_eq!(found.first_bad.map(|bad| bad.seq), Some(Seq(index as u64 + 1)), "byte {byte}");
            assert_eq!(found.bad_count, 1, "byte {byte} of entry {}: {:?}", index + 1, found.bad);
            assert_eq!(found.proven_to, None);
        }
    }
}

#[test]
fn a_hub_that_stores_no_hashes_finds_a_change_by_the_signatures() {
    let entries = ledger(6);
    let mut changed: Stored = entries.iter().map(|(seq, bytes, _)| (*seq, bytes.clone(), None)).collect();
    let (heads, receipts) = ([head(&entries, 6)], [receipt(&entries, 2)]);
    assert!(verify(&parties(), changed.clone(), &heads, &receipts).is_whole());
    changed[3].1[30] ^= 1;
    assert_eq!(first_bad(changed, &heads, &receipts), Some((6, Fault::HeadDiffers { since: Seq(3) })));
}

#[test]
fn a_chain_forged_from_the_middle_fails_at_the_next_signature() {
    let entries = ledger(6);
    let mut forged = entries.clone();
    let mut prev = hash_at(&entries, 3);
    forged[3].1 = forged[4].1.clone();
    for (seq, bytes, hash) in &mut forged[3..] {
        prev = chain_hash(prev, *seq, bytes);
        *hash = Some(prev);
    }
    assert_eq!(first_bad(forged.clone(), &[], &[]), None, "a chain alone proves nothing of its tail");
    let by_head = first_bad(forged.clone(), &[head(&entries, 2), head(&entries, 5)], &[]);
    assert_eq!(by_head, Some((5, Fault::HeadDiffers { since: Seq(3) })));
    let by_receipt = first_bad(forged, &[], &[receipt(&entries, 4)]);
    assert_eq!(by_receipt, Some((4, Fault::ReceiptDiffers { since: Seq(1) })));
}

#[test]
fn what_is_missing_is_named() {
    let entries = ledger(6);
    let mut gap = entries.clone();
    gap.remove(2);
    assert_eq!(first_bad(gap, &[head(&entries, 6)], &[]), Some((3, Fault::Missing)));
    let mut short = entries.clone();
    short.truncate(4);
    assert_eq!(first_bad(short.clone(), &[], &[]), None);
    let by_head = first_bad(short.clone(), &[head(&entries, 6)], &[]);
    assert_eq!(by_head, Some((5, Fault::HeadBeyondEnd { signed: Seq(6) })));
    let by_receipt = first_bad(short, &[], &[receipt(&entries, 5)]);
    assert_eq!(by_receipt, Some((5, Fault::ReceiptBeyondEnd { acknowledged: Seq(5) })));
}

#[test]
fn signatures_of_strangers_are_faults_and_prove_nothing() {
    let entries = ledger(3);
    let stranger = SigningKey::from_bytes(&[1; 32]);
    let head = SignedHead::sign(&stranger, parties().device, Seq(3), hash_at(&entries, 3), 5);
    assert_eq!(first_bad(entries.clone(), &[head], &[]), Some((3, Fault::HeadSignature)));
    let receipt_by_stranger = Receipt::sign(&stranger, parties().device, Seq(2), hash_at(&entries, 2), 5);
    assert_eq!(first_bad(entries.clone(), &[], &[receipt_by_stranger]), Some((2, Fault::ReceiptSignature)));
    let other_device = DeviceId(uuid::Uuid::from_u128(2));
    let elsewhere = Receipt::sign(&hub_key(), other_device, Seq(2), hash_at(&entries, 2), 5);
    assert_eq!(first_bad(entries.clone(), &[], &[elsewhere]), Some((2, Fault::ReceiptSignature)));
    let no_hub = Parties { hub_key: None, ..parties() };
    let found = verify(&no_hub, entries.clone(), &[], &[receipt(&entries, 2)]);
    assert_eq!(found.first_bad.map(|bad| bad.fault), Some(Fault::ReceiptWithoutHubKey));
}

#[test]
fn an_unreadable_entry_is_named_and_the_rest_still_looked_at() {
    let entries = ledger(5);
    let mut verifier = Verifier::new(&parties(), &[head(&entries, 5)], &[receipt(&entries, 1)]);
    for (seq, bytes, stored) in &entries {
        match seq.0 {
            3 => verifier.unreadable(*seq, "page damaged"),
            _ => verifier.entry(*seq, bytes, *stored),
        }
    }
    let found = verifier.finish();
    assert_eq!(found.bad, [Bad { seq: Seq(3), fault: Fault::Unreadable("page damaged".to_owned()) }]);
    assert_eq!((found.last, found.proven_to), (Seq(5), Some(Seq(1))));
}

#[test]
fn an_entry_that_fits_the_chain_and_is_no_entry_is_named() {
    let genesis = genesis(&parties().device_key, false);
    let entries = vec![(Seq(1), b"?".to_vec(), Some(chain_hash(genesis, Seq(1), b"?")))];
    let found = first_bad(entries, &[], &[]);
    assert_eq!(found, Some((1, Fault::Undecodable(DecodeError::Envelope))));
}

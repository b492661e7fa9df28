//! Proof that a ledger is whole: recomputes the chain and holds it against signed heads and receipts.
//!
//! The verifier is fed entry by entry, in order, so a ledger of any size is verified in the memory of one entry. It says
//! three things: the first entry that is not what it was; how far the ledger is *proven*, that is, covered by a valid
//! signature; and how many entries lie beyond, which a chain alone cannot prove.

use std::fmt;

use ed25519_dalek::VerifyingKey;

use super::chain::{chain_hash, genesis};
use super::entry::{DecodeError, Entry};
use super::head::SignedHead;
use super::receipt::Receipt;
use crate::domain::{DeviceId, Hash, Seq};

/// Faults beyond this many are counted and no longer named.
const FAULTS_NAMED_MAX: usize = 100;

/// Whose ledger it is and whose signatures count.
#[derive(Debug, Clone)]
pub struct Parties {
    /// The device.
    pub device: DeviceId,
    /// The device's key: signs heads, and stands in the genesis.
    pub device_key: VerifyingKey,
    /// Whether the ledger is a practice ledger.
    pub practice: bool,
    /// The hub's key; without it no receipt can count.
    pub hub_key: Option<VerifyingKey>,
}

/// What is wrong at an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not there.
    Missing,
    /// The entry is there, but storage gave no bytes.
    Unreadable(String),
    /// The bytes, or the stored hash, are not those that were chained.
    HashDiffers,
    /// The bytes fit the chain and are no entry.
    Undecodable(DecodeError),
    /// A head stored for this entry does not bear the device's signature.
    HeadSignature,
    /// The device signed another hash here: something from `since` on was rewritten.
    HeadDiffers {
        /// The first entry that may differ.
        since: Seq,
    },
    /// The device signed a head at `signed`, and the ledger ends before it.
    HeadBeyondEnd {
        /// The entry of the signed head.
        signed: Seq,
    },
    /// A receipt stored for this entry does not bear the hub's signature.
    ReceiptSignature,
    /// A receipt is stored, and no hub's key to verify it with.
    ReceiptWithoutHubKey,
    /// The hub acknowledged another hash here: something from `since` on was rewritten.
    ReceiptDiffers {
        /// The first entry that may differ.
        since: Seq,
    },
    /// The hub acknowledged entries up to `acknowledged`, and the ledger ends before.
    ReceiptBeyondEnd {
        /// The last entry that the hub acknowledged.
        acknowledged: Seq,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the entry is missing"),
            Self::Unreadable(why) => write!(f, "the entry cannot be read: {why}"),
            Self::HashDiffers => f.write_str("the entry or its hash was changed"),
            Self::Undecodable(error) => write!(f, "the entry cannot be decoded: {error}"),
            Self::HeadSignature => {
                f.write_str("the signed head stored for it was changed, or another device signed it")
            }
            Self::HeadDiffers { since } => {
                write!(
                    f,
                    "the device signed another hash here; entries were rewritten, the first of them {since} or later"
                )
            }
            Self::HeadBeyondEnd { signed } => {
                write!(f, "entries from here to {signed} are missing; the device had signed them")
            }
            Self::ReceiptSignature => f.write_str("the receipt stored for it was changed, or another hub signed it"),
            Self::ReceiptWithoutHubKey => {
                f.write_str("the hub's key is missing, so the receipt stored for it proves nothing")
            }
            Self::ReceiptDiffers { since } => {
                write!(
                    f,
                    "the hub acknowledged another hash here; entries were rewritten, the first of them {since} or later"
                )
            }
            Self::ReceiptBeyondEnd { acknowledged } => {
                write!(f, "entries from here to {acknowledged} are missing; the hub had acknowledged them")
            }
        }
    }
}

/// A fault and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// The entry.
    pub seq: Seq,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.seq, self.fault)
    }
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The last entry.
    pub last: Seq,
    /// Its hash, recomputed.
    pub head: Hash,
    /// The fault at the lowest entry.
    pub first_bad: Option<Bad>,
    /// The faults in the order of entries; at most a hundred are named.
    pub bad: Vec<Bad>,
    /// How many faults there are.
    pub bad_count: u64,
    /// The last entry covered by a valid signature of device or hub, with nothing wrong up to it.
    pub proven_to: Option<Seq>,
    /// The last entry covered by a valid receipt, with nothing wrong up to it.
    pub received_to: Option<Seq>,
    /// Entries after `proven_to`: chained, and yet a thief of the device could have rewritten them.
    pub unproven: u64,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.bad_count == 0
    }
}

/// A signature that pins the hash at one entry.
struct Anchor {
    seq: Seq,
    hash: Hash,
    by_hub: bool,
}

/// Verifies a ledger as its entries come.
pub struct Verifier {
    anchors: std::iter::Peekable<std::vec::IntoIter<Anchor>>,
    next: Seq,
    computed: Hash,
    /// After a hash that differs: the stored one, from which the chain may go on, so that one change is one fault.
    stored: Option<Hash>,
    /// Nothing to compute the next hash from: the entry before was missing or unreadable.
    broken: bool,
    proven_to: Option<Seq>,
    received_to: Option<Seq>,
    bad: Vec<Bad>,
    bad_count: u64,
}

impl Verifier {
    /// Takes the signatures first: those that are not valid are faults, the others will be held against the chain.
    pub fn new(parties: &Parties, heads: &[SignedHead], receipts: &[Receipt]) -> Self {
        let mut bad = Vec::new();
        let mut anchors = Vec::with_capacity(heads.len() + receipts.len());
        for head in heads {
            if head.device == parties.device && head.is_signed_by(&parties.device_key) {
                anchors.push(Anchor { seq: head.seq, hash: head.hash, by_hub: false });
            } else {
                bad.push(Bad { seq: head.seq, fault: Fault::HeadSignature });
            }
        }
        for receipt in receipts {
            match &parties.hub_key {
                Some(key) if receipt.device == parties.device && receipt.is_signed_by(key) => {
                    anchors.push(Anchor { seq: receipt.through, hash: receipt.head, by_hub: true });
                }
                Some(_) => bad.push(Bad { seq: receipt.through, fault: Fault::ReceiptSignature }),
                None => bad.push(Bad { seq: receipt.through, fault: Fault::ReceiptWithoutHubKey }),
            }
        }
        anchors.sort_by_key(|anchor| anchor.seq);
        let bad_count = bad.len() as u64;
        let mut verifier = Self {
            anchors: anchors.into_iter().peekable(),
            next: Seq(1),
            computed: genesis(&parties.device_key, parties.practice),
            stored: None,
            broken: false,
            proven_to: None,
            received_to: None,
            bad,
            bad_count,
        };
        verifier.hold_against_anchors(Seq(0), None);
        verifier
    }

    /// The next entry: its number, its bytes, and the hash stored with it where storage keeps one.
    pub fn entry(&mut self, seq: Seq, bytes: &[u8], stored: Option<Hash>) {
        if !self.reach(seq) {
            return;
        }
        let from_computed = chain_hash(self.computed, seq, bytes);
        let from_stored = self.stored.map(|before| chain_hash(before, seq, bytes));
        let was_broken = std::mem::replace(&mut self.broken, false);
        let fits = match stored {
            Some(stored) => stored == from_computed || Some(stored) == from_stored,
            None => true,
        };
        // After a missing entry nothing can be recomputed, and what is stored is the only thread to go on by.
        let fits = fits || was_broken;
        self.computed = match (stored, from_stored) {
            (Some(stored), _) if was_broken => stored,
            (Some(stored), Some(other)) if stored == other => other,
            _ => from_computed,
        };
        self.stored = if fits { None } else { stored };
        if !fits {
            self.fault(seq, Fault::HashDiffers);
        } else if let Err(error) = Entry::decode(bytes) {
            self.fault(seq, Fault::Undecodable(error));
        }
        self.next = seq.next();
        self.hold_against_anchors(seq, self.stored);
    }

    /// The next entry is there and storage could not give it.
    pub fn unreadable(&mut self, seq: Seq, why: impl Into<String>) {
        if !self.reach(seq) {
            return;
        }
        self.fault(seq, Fault::Unreadable(why.into()));
        self.skip_to(seq.next());
    }

    /// The end of the ledger.
    pub fn finish(mut self) -> Verification {
        let last = Seq(self.next.0 - 1);
        let beyond: Vec<Anchor> = self.anchors.by_ref().collect();
        for anchor in beyond {
            let fault = if anchor.by_hub {
                Fault::ReceiptBeyondEnd { acknowledged: anchor.seq }
            } else {
                Fault::HeadBeyondEnd { signed: anchor.seq }
            };
            self.fault(self.next, fault);
        }
        self.bad.sort_by_key(|bad| bad.seq);
        let first_bad = self.bad.first().cloned();
        let before = first_bad.as_ref().map_or(u64::MAX, |bad| bad.seq.0);
        let proven_to = self.proven_to.filter(|seq| seq.0 < before);
        let received_to = self.received_to.filter(|seq| seq.0 < before);
        self.bad.truncate(FAULTS_NAMED_MAX);
        Verification {
            last,
            head: self.computed,
            first_bad,
            bad: self.bad,
            bad_count: self.bad_count,
            proven_to,
            received_to,
            unproven: last.0 - proven_to.map_or(0, |seq| seq.0),
        }
    }

    /// Brings the verifier to `seq`, noting what is missing before it; `false` for an entry that came before.
    fn reach(&mut self, seq: Seq) -> bool {
        if seq < self.next {
            self.fault(seq, Fault::HashDiffers);
            return false;
        }
        if seq > self.next {
            self.fault(self.next, Fault::Missing);
            self.skip_to(seq);
        }
        true
    }

    fn skip_to(&mut self, next: Seq) {
        self.next = next;
        self.broken = true;
        self.stored = None;
        while self.anchors.next_if(|anchor| anchor.seq < next).is_some() {}
    }

    /// Compares every signature at `seq` with the hash there. Once a hash has differed, the one that is stored may be the
    /// true one (the bytes were changed) or the computed one (the hash was): either satisfies the signature.
    fn hold_against_anchors(&mut self, seq: Seq, or: Option<Hash>) {
        while let Some(anchor) = self.anchors.next_if(|anchor| anchor.seq == seq) {
            let since = self.proven_to.map_or(Seq(1), Seq::next).min(seq);
            if anchor.hash == self.computed || Some(anchor.hash) == or {
                if self.bad.iter().all(|bad| bad.seq > seq) {
                    self.proven_to = Some(seq);
                    if anchor.by_hub {
                        self.received_to = Some(seq);
                    }
                }
            } else if self.broken_before(seq) {
                // Already named: what was signed here cannot be recomputed through the hole.
            } else if anchor.by_hub {
                self.fault(seq, Fault::ReceiptDiffers { since });
            } else {
                self.fault(seq, Fault::HeadDiffers { since });
            }
        }
    }

    /// Whether a fault of the chain itself lies at or before `seq`, so that a differing signature says nothing new.
    fn broken_before(&self, seq: Seq) -> bool {
        self.bad.iter().any(|bad| {
            bad.seq <= seq && matches!(bad.fault, Fault::Missing | Fault::Unreadable(_) | Fault::HashDiffers)
        })
    }

    fn fault(&mut self, seq: Seq, fault: Fault) {
        self.bad_count += 1;
        // Faults may come out of order (signatures first), so the list is cut only at the end, but never grows without bound.
        if self.bad.len() < FAULTS_NAMED_MAX * 2 || self.bad.iter().any(|bad| bad.seq > seq) {
            self.bad.push(Bad { seq, fault });
        }
    }
}

/// Verifies a whole ledger: entries in order, each with the hash stored for it where storage keeps one.
pub fn verify<B: AsRef<[u8]>>(
    parties: &Parties,
    entries: impl IntoIterator<Item = (Seq, B, Option<Hash>)>,
    heads: &[SignedHead],
    receipts: &[Receipt],
) -> Verification {
    let mut verifier = Verifier::new(parties, heads, receipts);
    for (seq, bytes, stored) in entries {
        verifier.entry(seq, bytes.as_ref(), stored);
    }
    verifier.finish()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
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
}

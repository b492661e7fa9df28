//! Proof that a ledger is whole: recomputes the chain and holds it against signed heads and receipts.
//!
//! The verifier is fed entry by entry, in order, so a ledger of any size is verified in the memory of one entry. It says
//! three things: the first entry that is not what it was; how far the ledger is *proven*, that is, covered by a valid
//! signature; and how many entries lie beyond, which a chain alone cannot prove.

mod fault;

use ed25519_dalek::VerifyingKey;

use super::chain::{chain_hash, genesis};
use super::entry::Entry;
use super::head::SignedHead;
use super::receipt::Receipt;
use crate::domain::{DeviceId, Hash, Seq};

pub use fault::{Bad, Fault};

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
mod tests;

//! Proof that the ledger of a device, as this hub holds it, is whole.

use serde::Serialize;

use super::{Hub, HubError};
use crate::domain::{DeviceId, Hash, Seq};
use crate::ledger::{Parties, Receipt, SignedHead, Verifier, VerifyingKey};

/// Entries read at a time.
const STEP: u64 = 4096;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerProof {
    /// The device.
    pub device: DeviceId,
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The last entry.
    pub entries: u64,
    /// Chain hash of the last entry, recomputed.
    pub head: Hash,
    /// The first entry with which something is wrong, and what.
    pub first_bad: Option<(Seq, String)>,
    /// How many things are wrong.
    pub bad: u64,
    /// The last entry covered by a signature of device or hub, with nothing wrong up to it.
    pub proven_to: Option<Seq>,
    /// Entries after that one.
    pub unproven: u64,
    /// Entries that came with other bytes; both are kept.
    pub forks: u64,
}

impl Hub {
    /// Recomputes the chain of a device and holds it against its signed heads and this hub's receipts.
    ///
    /// # Errors
    /// When there is no such device, or the database cannot be read.
    pub fn verify_ledger(&self, device: DeviceId, progress: &mut dyn FnMut(u64, u64)) -> Result<LedgerProof, HubError> {
        let held = self.storage.device(device)?.ok_or_else(|| HubError::NoSuchDevice(device.to_string()))?;
        let mut unreadable = Vec::new();
        let mut heads: Vec<SignedHead> = Vec::new();
        for stored in self.storage.heads(device)? {
            match postcard::from_bytes::<SignedHead>(&stored.bytes) {
                Ok(head) if head.seq.next() == stored.next => heads.push(head),
                _ => unreadable.push((Seq(stored.next.0.saturating_sub(1)), "its signed head was changed")),
            }
        }
        let mut receipts: Vec<Receipt> = Vec::new();
        for stored in self.storage.receipts(device)? {
            match postcard::from_bytes::<Receipt>(&stored.bytes) {
                Ok(receipt) if receipt.through.next() == stored.next => receipts.push(receipt),
                _ => unreadable.push((Seq(stored.next.0.saturating_sub(1)), "its receipt was changed")),
            }
        }
        let Ok(device_key) = VerifyingKey::from_bytes(&held.public_key) else {
            return Ok(LedgerProof {
                device,
                ok: false,
                entries: held.next.0.saturating_sub(1),
                head: held.head,
                first_bad: Some((Seq(0), "the device's public key was changed".to_owned())),
                bad: 1,
                proven_to: None,
                unproven: held.next.0.saturating_sub(1),
                forks: held.forks,
            });
        };
        let parties = Parties { device, device_key, practice: self.practice()?, hub_key: Some(self.keys.public()) };
        let mut verifier = Verifier::new(&parties, &heads, &receipts);
        let total = held.next.0.saturating_sub(1);
        let mut next = Seq(1);
        loop {
            let entries = self.storage.entries(device, next, STEP)?;
            let Some(last) = entries.last() else { break };
            next = last.seq.next();
            for entry in &entries {
                verifier.entry(entry.seq, &entry.bytes, Some(entry.hash));
            }
            progress(next.0 - 1, total);
        }
        let found = verifier.finish();
        let mut faults: Vec<(Seq, String)> = found.bad.iter().map(|x| (x.seq, x.fault.to_string())).collect();
        faults.extend(unreadable.iter().map(|(seq, what)| (*seq, (*what).to_owned())));
        if (found.last.next(), found.head) != (held.next, held.head) && faults.is_empty() {
            faults.push((found.last, "the frontier on file is another than the entries give".to_owned()));
        }
        faults.sort_by_key(|x| x.0);
        let first_bad = faults.first().cloned();
        let limit = first_bad.as_ref().map_or(u64::MAX, |x| x.0.0);
        Ok(LedgerProof {
            device,
            ok: faults.is_empty(),
            entries: found.last.0,
            head: found.head,
            bad: found.bad_count.max(faults.len() as u64),
            proven_to: found.proven_to.filter(|x| x.0 < limit),
            unproven: found.unproven,
            first_bad,
            forks: held.forks,
        })
    }
}

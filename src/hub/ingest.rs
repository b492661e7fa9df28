//! Ledgers coming up: what a batch may do, decided and stored in one transaction.
//!
//! The cursor is the contiguous frontier and moves in the transaction that stores the rows, so whatever moment the power
//! fails, an acknowledged entry is stored and a stored entry is counted once. What is decided:
//!
//! | the batch | then |
//! |---|---|
//! | begins after the frontier | refused as a gap, with the frontier; nothing is stored |
//! | repeats stored entries, byte for byte | success: an answer was lost on its way |
//! | has other bytes under a stored number | both are kept as evidence of a fork, and listed side by side; the frontier stays |
//! | holds kinds that this hub does not know | stored, set aside; never blocks what follows |
//! | has a signed head that does not fit | refused; nothing is stored |

use sha2::{Digest, Sha256};

use super::projection::{Came, projected};
use super::storage::{Device, LedgerTx, NewEntry, Projected, Storage, StorageError, StoredSigned};
use crate::domain::{DeviceId, Hash, Seq};
use crate::ledger::{Entry, Payload, Receipt, SignedHead, SigningKey, VerifyingKey, chain_hash};
use crate::wire::{Acknowledgement, Batch, ENTRY_BYTES_MAX, Frontier, Urgent};

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// All of it is stored.
    Acknowledged(Acknowledgement),
    /// Entries before it are missing here.
    Gap(Frontier),
    /// Other bytes are stored under a number of it.
    Fork {
        /// The first such number.
        at: Seq,
        /// The frontier, unmoved.
        frontier: Frontier,
    },
    /// The signed head does not fit the entries, or is not the device's.
    HeadWrong(Frontier),
    /// An entry is larger than any entry may be, or the numbering is impossible.
    Malformed(&'static str),
}

/// Stores a batch of `device`.
///
/// # Errors
/// When storage fails; then nothing of it is stored and the batch may be sent again.
pub fn batch(
    storage: &dyn Storage,
    hub_key: &SigningKey,
    device: DeviceId,
    batch: &Batch,
    now_ms: i64,
) -> Result<Ingested, StorageError> {
    if batch.first.0 == 0 || batch.first.0.checked_add(batch.entries.len() as u64).is_none() {
        return Ok(Ingested::Malformed("entries are numbered from 1"));
    }
    if batch.entries.iter().any(|x| x.len() > ENTRY_BYTES_MAX) {
        return Ok(Ingested::Malformed("an entry is larger than entries may be"));
    }
    let mut outcome = None;
    let stored = storage.ledger(device, &mut |tx| {
        let decided = take(tx, hub_key, batch, now_ms)?;
        let keep = !matches!(decided, Ingested::HeadWrong(_));
        outcome = Some(decided);
        if keep { Ok(()) } else { Err(StorageError::Failed("rolled back".to_owned())) }
    });
    match (outcome, stored) {
        // Rolled back on purpose: the outcome says why.
        (Some(wrong @ Ingested::HeadWrong(_)), _) => Ok(wrong),
        (Some(outcome), Ok(())) => Ok(outcome),
        (_, Err(error)) => Err(error),
        (None, Ok(())) => Err(StorageError::Failed("the transaction was never run".to_owned())),
    }
}

fn take(tx: &mut dyn LedgerTx, hub_key: &SigningKey, batch: &Batch, now_ms: i64) -> Result<Ingested, StorageError> {
    let device = tx.device()?;
    let frontier = Frontier { next: device.next, head: device.head };
    if batch.first > frontier.next {
        return Ok(Ingested::Gap(frontier));
    }
    let overlap = (frontier.next.0 - batch.first.0).min(batch.entries.len() as u64);
    let (old, new) = batch.entries.split_at(usize::try_from(overlap).unwrap_or(batch.entries.len()));
    if let Some(at) = forked(tx, &device, batch.first, old, now_ms)? {
        return Ok(Ingested::Fork { at, frontier });
    }
    let mut seq = frontier.next;
    let mut head = frontier.head;
    for bytes in new {
        head = chain_hash(head, seq, bytes);
        store(tx, &device, seq, bytes, head, now_ms)?;
        seq = seq.next();
    }
    let now = Frontier { next: seq, head };
    if let Some(bytes) = &batch.head {
        let key = VerifyingKey::from_bytes(&device.public_key).ok();
        if !head_fits(bytes, device.id, key.as_ref(), now) {
            return Ok(Ingested::HeadWrong(frontier));
        }
        tx.head(&StoredSigned { next: now.next, bytes: bytes.clone() })?;
    }
    tx.advance(now.next, now.head)?;
    let receipt = Receipt::sign(hub_key, device.id, Seq(now.next.0 - 1), now.head, now_ms);
    let bytes = postcard::to_stdvec(&receipt).map_err(|e| StorageError::Failed(e.to_string()))?;
    if !new.is_empty() {
        tx.receipt(&StoredSigned { next: now.next, bytes: bytes.clone() })?;
    }
    Ok(Ingested::Acknowledged(Acknowledgement { next: now.next, receipt: bytes }))
}

/// Compares what came with what is stored; keeps what differs and names the first.
fn forked(
    tx: &mut dyn LedgerTx,
    device: &Device,
    first: Seq,
    came: &[Vec<u8>],
    now_ms: i64,
) -> Result<Option<Seq>, StorageError> {
    let mut at = None;
    if !came.is_empty() {
        let stored = tx.entries(first, came.len() as u64)?;
        for (stored, came) in stored.iter().zip(came) {
            if stored.bytes != *came {
                keep_beside(tx, device, stored.seq, came, now_ms)?;
                at = at.or(Some(stored.seq));
            }
        }
    }
    Ok(at)
}

/// Keeps what came under the number of another entry, and lists what it tells beside what the chain tells.
fn keep_beside(
    tx: &mut dyn LedgerTx,
    device: &Device,
    seq: Seq,
    bytes: &[u8],
    now_ms: i64,
) -> Result<(), StorageError> {
    tx.fork(seq, bytes, now_ms)?;
    if let Ok(entry) = Entry::decode(bytes) {
        for change in projected(&entry, device.id, seq, &device.post, now_ms, Came::Beside(hash_of(bytes))) {
            tx.project(&change)?;
        }
    }
    Ok(())
}

fn store(
    tx: &mut dyn LedgerTx,
    device: &Device,
    seq: Seq,
    bytes: &[u8],
    hash: Hash,
    now_ms: i64,
) -> Result<(), StorageError> {
    let entry = Entry::decode(bytes).ok().filter(|x| !matches!(x.payload, Payload::Opaque(_)));
    tx.append(&NewEntry { seq, bytes: bytes.to_vec(), hash, understood: entry.is_some() }, now_ms)?;
    // The urgent call may have brought other bytes for this number: the chain counts, the other is evidence.
    if let Some(urgent) = tx.urgent_at(seq)?.filter(|urgent| urgent != bytes) {
        tx.set_aside(seq, &hash_of(&urgent))?;
        keep_beside(tx, device, seq, &urgent, now_ms)?;
    }
    if let Some(entry) = entry {
        for change in projected(&entry, device.id, seq, &device.post, now_ms, Came::Chained) {
            tx.project(&change)?;
        }
    }
    Ok(())
}

fn head_fits(bytes: &[u8], device: DeviceId, key: Option<&VerifyingKey>, now: Frontier) -> bool {
    let Ok(head) = postcard::from_bytes::<SignedHead>(bytes) else { return false };
    let Some(key) = key else { return false };
    head.device == device && head.seq.next() == now.next && head.hash == now.head && head.is_signed_by(key)
}

/// Stores hits ahead of their batches. Repeats change nothing; entries that the chain already holds are only compared.
///
/// # Errors
/// When storage fails; then nothing of it is stored and the call may be repeated.
pub fn urgent(storage: &dyn Storage, device: DeviceId, urgent: &Urgent, now_ms: i64) -> Result<(), StorageError> {
    storage.ledger(device, &mut |tx| {
        let device = tx.device()?;
        let mut has_parted = device.forks > 0;
        for (seq, bytes) in &urgent.entries {
            if *seq < device.next {
                has_parted |= forked(tx, &device, *seq, std::slice::from_ref(bytes), now_ms)?.is_some();
                continue;
            }
            match tx.urgent_at(*seq)? {
                Some(held) if held == *bytes => continue,
                Some(_) => {
                    keep_beside(tx, &device, *seq, bytes, now_ms)?;
                    has_parted = true;
                    continue;
                }
                None => tx.urgent(*seq, bytes, now_ms)?,
            }
            if let Ok(entry) = Entry::decode(bytes) {
                for change in projected(&entry, device.id, *seq, &device.post, now_ms, Came::Urgent) {
                    // Of two histories nobody can tell yet about whose check this was decided.
                    if !has_parted || matches!(change, Projected::Check(_)) {
                        tx.project(&change)?;
                    }
                }
            }
        }
        Ok(())
    })
}

/// Whether bytes have the hash that names them.
pub fn has_hash(bytes: &[u8], hash: &Hash) -> bool {
    hash_of(bytes) == *hash
}

fn hash_of(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

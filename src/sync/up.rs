//! The ledger going up, and photos after it.
//!
//! Each request begins at the first entry that no receipt covers, so an acknowledgement that was lost costs one repeated
//! request and nothing else. Requests begin small and double while the link is quick; after a failure they halve.

use std::time::{Duration, Instant};

use super::client::{Answer, Call, Client};
use super::error::{SyncError, refused};
use super::ports::Outbox;
use super::progress::{Phase, Progress};
use super::session::Identity;
use crate::domain::{Hash, Seq};
use crate::ledger::{Receipt, SignedHead};
use crate::wire::{
    Acknowledgement, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BATCH_WIRE_BYTES_MAX, Batch, JSON_BYTES_MAX,
    PHOTO_PIECE_BYTES_MAX, PhotoState, REQUEST_BYTES_FIRST, Refusal, Urgent, pack, unpack,
};

/// A request that took longer is not followed by a larger one: on a slow link a broken request should cost little.
const QUICK: Duration = Duration::from_secs(4);

/// Hits in one urgent call; more than these can wait for their batch.
const URGENT_ENTRIES_MAX: usize = 200;

/// What went up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Up {
    /// Entries that the hub has acknowledged now and had not before.
    pub entries: u64,
    /// Photos that the hub holds now and did not before.
    pub photos: u64,
    /// Photos that could not be read here or were refused; they are tried again next time.
    pub photos_failed: u64,
    /// The last receipt.
    pub receipt: Option<Receipt>,
}

/// Size of the next request, by how the last ones fared.
struct Pace {
    bytes: usize,
    max: usize,
}

impl Pace {
    fn new(max: usize) -> Self {
        Self { bytes: REQUEST_BYTES_FIRST.min(max), max }
    }

    fn succeeded(&mut self, took: Duration) {
        if took < QUICK {
            self.bytes = (self.bytes * 2).min(self.max);
        }
    }

    /// Whether a smaller request makes sense.
    fn failed(&mut self) -> bool {
        let smaller = self.bytes > REQUEST_BYTES_FIRST / 8;
        self.bytes = (self.bytes / 2).max(1);
        smaller
    }
}

/// Hits, ahead of the batches. A failure here is no failure of the sync: the batches bring the same entries.
pub(super) fn urgent(client: &mut Client, outbox: &dyn Outbox, progress: &mut dyn Progress) -> Result<(), SyncError> {
    let entries = outbox.urgent(URGENT_ENTRIES_MAX)?;
    if entries.is_empty() {
        return Ok(());
    }
    let total = entries.len() as u64;
    progress.step(Phase::Urgent, 0, total);
    let body = pack(&Urgent { entries }).map_err(|e| SyncError::Setup(e.to_string()))?;
    if let Answer::Refused(refusal) = client.call(&Call::send(reqwest::Method::POST, "/v1/urgent", body))? {
        return Err(refused(refusal.error, refusal.message));
    }
    progress.step(Phase::Urgent, total, total);
    Ok(())
}

/// All entries that are unsent now.
pub(super) fn ledger(
    client: &mut Client,
    who: &Identity,
    outbox: &mut dyn Outbox,
    progress: &mut dyn Progress,
    up: &mut Up,
) -> Result<(), SyncError> {
    // Entries that are written meanwhile go with the next sync: the head signed here is where this one ends.
    let head = outbox.sign_head()?;
    let first = outbox.first_unsent()?;
    let total = (head.seq.0 + 1).saturating_sub(first.0);
    let mut next = first;
    let mut pace = Pace::new(BATCH_WIRE_BYTES_MAX / 2);
    let mut moved_back = false;
    progress.step(Phase::Ledger, 0, total);
    // One request goes out even when nothing is unsent: the head may be, and the receipt brackets the time.
    loop {
        let entries = gather(outbox, next, &head, &pace)?;
        let count = entries.len() as u64;
        let reaches_head = next.0 + count == head.seq.0 + 1;
        let signed = if reaches_head {
            Some(postcard::to_stdvec(&head).map_err(|e| SyncError::Setup(e.to_string()))?)
        } else {
            None
        };
        let batch = Batch { first: next, entries, head: signed };
        let body = pack(&batch).map_err(|e| SyncError::Setup(e.to_string()))?;
        let started = Instant::now();
        let answer = match client.call(&Call::send(reqwest::Method::POST, "/v1/ledger", body)) {
            Err(SyncError::Stalled { .. }) if pace.failed() => continue,
            other => other?,
        };
        let acknowledgement: Acknowledgement = match answer {
            Answer::Done(body) => unpack(&body, JSON_BYTES_MAX).map_err(|_| SyncError::BadReceipt)?,
            Answer::Refused(refusal) => match (refusal.error, refusal.frontier) {
                (Refusal::TooLarge, _) if pace.failed() => continue,
                // The hub knows less than its receipts say, perhaps from a backup: go back once, never forward.
                (Refusal::Gap, Some(frontier)) if frontier.next < next && !moved_back => {
                    moved_back = true;
                    next = frontier.next;
                    continue;
                }
                (Refusal::Gap, Some(frontier)) => return Err(SyncError::HubWentBack { next: frontier.next }),
                (Refusal::Fork, frontier) => {
                    tell_beside(client, outbox, first.min(next), &head, progress)?;
                    return Err(SyncError::Fork { at: frontier.map_or(next, |x| x.next.min(next)) });
                }
                _ => return Err(refused(refusal.error, refusal.message)),
            },
        };
        let receipt = checked(&acknowledgement, who, outbox)?;
        if receipt.through.next() < Seq(next.0 + count) {
            return Err(SyncError::BadReceipt);
        }
        outbox.keep_receipt(&receipt)?;
        pace.succeeded(started.elapsed());
        next = receipt.through.next();
        up.entries = next.0.saturating_sub(first.0);
        up.receipt = Some(receipt);
        progress.step(Phase::Ledger, up.entries.min(total), total);
        if next > head.seq {
            return Ok(());
        }
    }
}

/// The hub counts other entries under these numbers: a home was copied, or brought back from a backup. What was sighted here
/// is no less true for that, so all of it goes up and is kept beside the rest, once.
fn tell_beside(
    client: &mut Client,
    outbox: &mut dyn Outbox,
    first: Seq,
    head: &SignedHead,
    progress: &mut dyn Progress,
) -> Result<(), SyncError> {
    let mut next = first.max(outbox.told_beside()?.next());
    let total = (head.seq.0 + 1).saturating_sub(next.0);
    let from = next;
    let mut pace = Pace::new(BATCH_WIRE_BYTES_MAX / 2);
    while next <= head.seq {
        let entries = gather(outbox, next, head, &pace)?;
        if entries.is_empty() {
            break;
        }
        let numbered: Vec<(Seq, Vec<u8>)> = (next.0..).map(Seq).zip(entries).collect();
        let last = numbered.last().map_or(next, |(seq, _)| *seq);
        let body = pack(&Urgent { entries: numbered }).map_err(|e| SyncError::Setup(e.to_string()))?;
        let started = Instant::now();
        match client.call(&Call::send(reqwest::Method::POST, "/v1/urgent", body)) {
            Err(SyncError::Stalled { .. }) if pace.failed() => continue,
            Ok(Answer::Refused(refusal)) if refusal.error == Refusal::TooLarge && pace.failed() => continue,
            Ok(Answer::Refused(refusal)) => return Err(refused(refusal.error, refusal.message)),
            Ok(Answer::Done(_)) => pace.succeeded(started.elapsed()),
            Err(error) => return Err(error),
        }
        outbox.note_told_beside(last)?;
        next = last.next();
        progress.step(Phase::Ledger, (next.0 - from.0).min(total), total);
    }
    Ok(())
}

/// Entries from `next` up to the head that make a request of about the right size.
fn gather(outbox: &dyn Outbox, next: Seq, head: &SignedHead, pace: &Pace) -> Result<Vec<Vec<u8>>, SyncError> {
    let left = usize::try_from((head.seq.0 + 1).saturating_sub(next.0)).unwrap_or(usize::MAX);
    // Entries compress to about a third; what is sent must stay within the hub's limit even if they did not.
    let budget = (pace.bytes * 3).min(BATCH_BYTES_MAX / 2);
    let mut chosen = Vec::new();
    let mut bytes = 0;
    while chosen.len() < left.min(BATCH_ENTRIES_MAX) {
        let step = left.min(BATCH_ENTRIES_MAX).saturating_sub(chosen.len()).min(512);
        let found = outbox.entries(Seq(next.0 + chosen.len() as u64), step)?;
        if found.is_empty() {
            break;
        }
        for (seq, entry) in found {
            if seq.0 != next.0 + chosen.len() as u64 {
                return Err(SyncError::Store(format!(
                    "entry {} of the ledger is missing; nothing was sent beyond it; run `tracepost verify`",
                    next.0 + chosen.len() as u64
                )));
            }
            if !chosen.is_empty() && bytes + entry.len() > budget {
                return Ok(chosen);
            }
            bytes += entry.len();
            chosen.push(entry);
        }
    }
    Ok(chosen)
}

/// The receipt, when the pinned key signed it and it speaks of this ledger as it is here.
fn checked(acknowledgement: &Acknowledgement, who: &Identity, outbox: &dyn Outbox) -> Result<Receipt, SyncError> {
    let receipt: Receipt = postcard::from_bytes(&acknowledgement.receipt).map_err(|_| SyncError::BadReceipt)?;
    let fits = receipt.device == who.device
        && receipt.is_signed_by(&who.hub_key)
        && outbox.hash_at(receipt.through)? == Some(receipt.head);
    fits.then_some(receipt).ok_or(SyncError::BadReceipt)
}

/// Photos, one after the other, each from where the hub's copy ends.
pub(super) fn photos(
    client: &mut Client,
    outbox: &mut dyn Outbox,
    progress: &mut dyn Progress,
    up: &mut Up,
) -> Result<(), SyncError> {
    let pending = outbox.photos_pending()?;
    let total: u64 = pending.iter().map(|x| x.1).sum();
    let mut before = 0;
    let mut pace = Pace::new(PHOTO_PIECE_BYTES_MAX);
    for (hash, length) in pending {
        // A photo that cannot be read or is refused must not keep the others back.
        let outcome = outbox.photo(&hash).and_then(|bytes| {
            photo(client, &hash, &bytes, &mut pace, &mut |done| progress.step(Phase::Photos, before + done, total))
        });
        match outcome {
            Ok(()) => {
                outbox.photo_sent(&hash)?;
                up.photos += 1;
            }
            Err(error @ (SyncError::Store(_) | SyncError::Refused { .. })) => {
                tracing::warn!(%hash, "a photo was not sent: {error}");
                up.photos_failed += 1;
            }
            Err(error) => return Err(error),
        }
        before += length;
        progress.step(Phase::Photos, before, total);
    }
    Ok(())
}

fn photo(
    client: &mut Client,
    hash: &Hash,
    bytes: &[u8],
    pace: &mut Pace,
    progress: &mut dyn FnMut(u64),
) -> Result<(), SyncError> {
    let path = format!("/v1/photos/{hash}");
    let mut state: PhotoState = client.json(&Call::get(&path, JSON_BYTES_MAX))?;
    while !state.whole {
        let Some(rest) = usize::try_from(state.received).ok().and_then(|from| bytes.get(from..)) else {
            return Err(SyncError::Refused {
                refusal: Refusal::HashWrong,
                message: "the hub holds more than all of it".into(),
            });
        };
        let piece = &rest[..rest.len().min(pace.bytes)];
        let call_path = format!("{path}?offset={}&length={}", state.received, bytes.len());
        let started = Instant::now();
        match client.json(&Call::send(reqwest::Method::PUT, &call_path, piece.to_vec())) {
            Ok(now) => state = now,
            Err(SyncError::Stalled { .. }) if pace.failed() => {
                state = client.json(&Call::get(&path, JSON_BYTES_MAX))?;
                continue;
            }
            Err(error) => return Err(error),
        }
        pace.succeeded(started.elapsed());
        progress(state.received);
    }
    Ok(())
}

//! The files of registers: which are missing here, and how each comes over a bad link, whole or not at all.

use std::time::{Duration, Instant};

use super::client::{Call, Client, least};
use super::down::Down;
use super::error::{SyncError, refused};
use super::ports::{Content, Shelf, Update};
use super::progress::{Phase, Progress};
use super::staging::Staging;
use crate::domain::RegisterId;
use crate::registers::manifest::Blob;
use crate::registers::{ChunkRef, chunk, state};
use crate::wire::{Refusal, Refused};

/// An attempt that brought less than this was in vain, however quickly it broke.
const PROGRESS_BYTES: u64 = 1 << 10;

/// Whether an attempt that broke is worth another, as often as that may be. One that brought less than a link must carry in
/// that time is not, though it adds up: a piece that drips would hold the sync for hours, and with it the ledger.
fn is_progress(bytes: u64, took: Duration) -> bool {
    bytes >= PROGRESS_BYTES.max(least(took))
}

/// The files that an update needs and that are not here.
pub(super) fn wanted(update: &Update, shelf: &dyn Shelf) -> Result<Vec<ChunkRef>, SyncError> {
    let bits = update.manifest.bucket_bits;
    let mut wanted: Vec<ChunkRef> = update.pieces.iter().map(|p| p.chunk.clone()).collect();
    match &update.content {
        Content::Deltas => {}
        Content::Buckets { list, since_base, buckets } => {
            wanted.extend(since_base.iter().filter(|p| p.touches(buckets, bits)).map(|p| p.chunk.clone()));
            let chunks = list.chunks.iter().map(|c| &c.chunk);
            wanted.extend(chunks.filter(|c| buckets.contains(&c.bucket)).cloned());
        }
        Content::Base { list } => {
            let sums = shelf.sums(&update.manifest.register)?.filter(|sums| sums.len() == 1 << bits);
            let is_here = |bucket: u32, sum: state::Sum| {
                sums.as_ref().is_some_and(|sums| sums.get(bucket as usize) == Some(&sum))
            };
            let chunks = list.chunks.iter().filter(|c| !is_here(c.chunk.bucket, c.sum()));
            wanted.extend(chunks.map(|c| c.chunk.clone()));
        }
    }
    Ok(wanted)
}

/// Bytes of what is held that are written once more beside what is fetched: of the records that do not come.
fn written_anew<'a>(updates: &[Update], missing: impl Iterator<Item = &'a ChunkRef>, shelf: &dyn Shelf) -> u64 {
    let (bytes, records) = shelf.size();
    if records == 0 || !updates.iter().any(|update| matches!(update.content, Content::Base { .. })) {
        return 0;
    }
    let come: u64 = missing.map(|wanted| u64::from(wanted.records)).sum();
    (u128::from(bytes) * u128::from(records.saturating_sub(come)) / u128::from(records)) as u64
}

/// Fetches what is missing; each file that is whole stays, whatever happens next. Gives the registers of which a file is
/// not what was promised, with the reason: they keep their old version and stand in nobody's way.
pub(super) fn fetch(
    client: &mut Client,
    updates: &[Update],
    shelf: &dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
    down: &mut Down,
) -> Result<Vec<(RegisterId, String)>, SyncError> {
    let mut missing: Vec<(&RegisterId, ChunkRef)> = Vec::new();
    for update in updates {
        missing.extend(wanted(update, shelf)?.into_iter().map(|wanted| (&update.manifest.register, wanted)));
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let total = missing.iter().map(|(_, wanted)| u64::from(wanted.len)).sum();
    staging.has_room(total, written_anew(updates, missing.iter().map(|(_, wanted)| wanted), shelf))?;
    let mut done = 0;
    let mut spoilt: Vec<(RegisterId, String)> = Vec::new();
    progress.step(Phase::Registers, 0, total);
    for (register, wanted) in &missing {
        let given_up = spoilt.iter().any(|(id, _)| id == *register);
        if !given_up && staging.get(wanted).is_none() {
            let fetched =
                chunk_bytes(client, register, wanted, &mut |part| progress.step(Phase::Registers, done + part, total));
            match fetched {
                Ok(bytes) => {
                    staging.put(&wanted.hash, &bytes)?;
                    down.chunks += 1;
                }
                Err(error @ SyncError::Register { .. }) => spoilt.push(((*register).clone(), error.to_string())),
                Err(error) => return Err(error),
            }
        }
        done += u64::from(wanted.len);
        progress.step(Phase::Registers, done, total);
    }
    Ok(spoilt)
}

/// A list that the manifest names.
pub(super) fn blob(client: &mut Client, register: &RegisterId, blob: &Blob) -> Result<Vec<u8>, SyncError> {
    let wanted = ChunkRef { bucket: 0, hash: blob.hash, len: blob.len, raw_len: 0, records: 0 };
    chunk_bytes(client, register, &wanted, &mut |_| ())
}

/// One chunk; when the link breaks in its middle, the next attempt asks for the rest only.
fn chunk_bytes(
    client: &mut Client,
    register: &RegisterId,
    wanted: &ChunkRef,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, SyncError> {
    let refuse = |why: String| SyncError::Register { register: register.clone(), why };
    let path = format!("/v1/chunks/{}", wanted.hash);
    let mut bytes: Vec<u8> = Vec::with_capacity(wanted.len.min(1 << 22) as usize);
    let mut without_progress = 0;
    loop {
        let (before, began) = (bytes.len(), Instant::now());
        let left = (wanted.len as usize).saturating_sub(before);
        let call = Call { range_from: Some(before as u64), ..Call::get(&path, left) };
        let outcome = client.receive(&call, &mut |piece| {
            bytes.extend_from_slice(piece);
            progress(bytes.len() as u64);
            Ok(())
        });
        match outcome {
            Ok(None) => break,
            Ok(Some(refusal)) => return Err(not_given(register, refusal, "piece")),
            Err(SyncError::TooMuch { .. }) => return Err(refuse("a piece is longer than it was promised".to_owned())),
            // The link broke after the last byte: there is no rest to ask for.
            Err(error) if error.is_passing() && bytes.len() == wanted.len as usize => break,
            Err(error) if error.is_passing() => {
                let brought = (bytes.len() - before) as u64;
                without_progress = if is_progress(brought, began.elapsed()) { 0 } else { without_progress + 1 };
                if without_progress >= client.attempts() {
                    return Err(error);
                }
                client.rest(without_progress)?;
            }
            Err(error) => return Err(error),
        }
    }
    chunk::check(wanted, &bytes).map_err(|e| refuse(e.to_string()))?;
    Ok(bytes)
}

/// Why a file did not come. What is wrong with one file is no reason to leave the other registers.
pub(super) fn not_given(register: &RegisterId, refusal: Refused, what: &str) -> SyncError {
    let why = match refusal.error {
        Refusal::NotFound => format!("the hub does not have a {what} that it promises"),
        Refusal::Unavailable | Refusal::Malformed => {
            format!("the hub cannot give its {what} now ({})", refusal.message)
        }
        other => return refused(other, refusal.message),
    };
    SyncError::Register { register: register.clone(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_drips_is_no_progress_however_long_it_did() {
        let stall_s = 45;
        for (bytes, seconds, progress) in [
            // 23 and 63 bytes a second, given up after one stall.
            (23 * stall_s, stall_s, false),
            (63 * stall_s, stall_s, false),
            // Broken off at once, with something and with next to nothing.
            (4_000, 1, true),
            (1_023, 1, false),
            // A poor link that carried its part, and then fell silent until the stall.
            (60_000, 60 + stall_s, true),
        ] {
            assert_eq!(is_progress(bytes, Duration::from_secs(seconds)), progress, "{bytes} bytes in {seconds} s");
        }
    }
}

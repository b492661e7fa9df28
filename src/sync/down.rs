//! Registers coming down: manifests first, then the chunks that are missing, then one new generation.
//!
//! Nothing is used before its signature, length and hash were checked. A register never goes back to an older version, and
//! one that cannot be taken over leaves the others alone.

use std::collections::BTreeMap;

use super::client::{Answer, Call, Client};
use super::error::{SyncError, refused};
use super::ports::{Shelf, Update};
use super::progress::{Phase, Progress};
use super::session::Identity;
use super::staging::Staging;
use crate::domain::{RegisterId, RegisterVersion};
use crate::registers::manifest::MANIFEST_BYTES_MAX;
use crate::registers::{ChunkRef, SignedManifest, chunk};
use crate::wire::{Offer, Refusal};

/// A register and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterChange {
    /// The register.
    pub id: RegisterId,
    /// The version before; `None` for one that is new here.
    pub from: Option<RegisterVersion>,
    /// The version offered.
    pub to: RegisterVersion,
    /// Moment up to which its data reach, milliseconds since 1970.
    pub as_of_ms: i64,
    /// Records in it.
    pub records: u64,
    /// `None` when it is in use now; else why it is not.
    pub refused: Option<String>,
}

/// What came down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Down {
    /// Registers whose version changed, or would have.
    pub registers: Vec<RegisterChange>,
    /// Chunks fetched.
    pub chunks: u64,
}

impl Down {
    /// Whether new records are in use.
    pub fn changed(&self) -> bool {
        self.registers.iter().any(|x| x.refused.is_none())
    }
}

pub(super) fn registers(
    client: &mut Client,
    who: &Identity,
    offers: &[Offer],
    shelf: &mut dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
) -> Result<Down, SyncError> {
    let held: BTreeMap<RegisterId, RegisterVersion> = shelf.held()?.into_iter().collect();
    let mut down = Down::default();
    let mut updates = Vec::new();
    for offer in offers {
        let from = held.get(&offer.id).copied();
        if from == Some(offer.version) {
            continue;
        }
        match manifest(client, who, offer, from) {
            Ok(update) => {
                down.registers.push(change(&update, from));
                updates.push(update);
            }
            Err(error @ (SyncError::Register { .. } | SyncError::OlderRegister { .. })) => {
                tracing::warn!(register = %offer.id, "{error}");
                down.registers.push(RegisterChange {
                    id: offer.id.clone(),
                    from,
                    to: offer.version,
                    as_of_ms: 0,
                    records: 0,
                    refused: Some(error.to_string()),
                });
            }
            Err(error) => return Err(error),
        }
    }
    if updates.is_empty() {
        return Ok(down);
    }
    for (register, why) in fetch(client, &updates, shelf, staging, progress, &mut down)? {
        tracing::warn!(%register, "{why}");
        updates.retain(|u| u.manifest.register != register);
        if let Some(change) = down.registers.iter_mut().find(|c| c.id == register) {
            change.refused = Some(why);
        }
    }
    if updates.is_empty() {
        return Ok(down);
    }
    let mut installing = |done, total| progress.step(Phase::Install, done, total);
    shelf.install(
        &updates,
        &mut |wanted| {
            staging
                .get(wanted)
                .ok_or_else(|| SyncError::Store("a fetched piece of a register is gone; sync again".into()))
        },
        &mut installing,
    )?;
    staging.clear();
    Ok(down)
}

fn change(update: &Update, from: Option<RegisterVersion>) -> RegisterChange {
    RegisterChange {
        id: update.manifest.register.clone(),
        from,
        to: update.manifest.version,
        as_of_ms: update.manifest.as_of_ms,
        records: update.manifest.records,
        refused: None,
    }
}

/// A manifest, when the pinned key signed it and it is what was offered.
fn manifest(
    client: &mut Client,
    who: &Identity,
    offer: &Offer,
    held: Option<RegisterVersion>,
) -> Result<Update, SyncError> {
    let refuse = |why: String| SyncError::Register { register: offer.id.clone(), why };
    let path = format!("/v1/registers/{}/manifest", offer.id);
    let bytes = match client.call(&Call::get(&path, MANIFEST_BYTES_MAX + 1024))? {
        Answer::Done(bytes) => bytes,
        Answer::Refused(refusal) if refusal.error == Refusal::NotFound => {
            return Err(refuse("the hub offers it and does not have it".to_owned()));
        }
        Answer::Refused(refusal) => return Err(refused(refusal.error, refusal.message)),
    };
    let signed = SignedManifest::from_wire(&bytes).map_err(|e| refuse(e.to_string()))?;
    let manifest = signed.verify(&who.hub_key).map_err(|e| refuse(e.to_string()))?;
    if manifest.register != offer.id {
        return Err(refuse(format!("its table of contents speaks of {}", manifest.register)));
    }
    if manifest.practice != who.practice {
        return Err(refuse("made-up and real records never mix".to_owned()));
    }
    if held.is_some_and(|held| manifest.version < held) {
        let held = held.unwrap_or_default();
        return Err(SyncError::OlderRegister { register: offer.id.clone(), held, offered: manifest.version });
    }
    Ok(Update { signed, manifest })
}

/// Fetches what is missing; each chunk that is whole stays, whatever happens next. Gives the registers of which a chunk is
/// not what was promised, with the reason: they keep their old version and stand in nobody's way.
fn fetch(
    client: &mut Client,
    updates: &[Update],
    shelf: &dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
    down: &mut Down,
) -> Result<Vec<(RegisterId, String)>, SyncError> {
    let mut missing: Vec<(&RegisterId, &ChunkRef)> = Vec::new();
    for update in updates {
        for wanted in &update.manifest.chunks {
            if !shelf.holds_chunk(&update.manifest.register, wanted)? {
                missing.push((&update.manifest.register, wanted));
            }
        }
    }
    let total = missing.iter().map(|(_, wanted)| u64::from(wanted.len)).sum();
    let mut done = 0;
    let mut spoilt: Vec<(RegisterId, String)> = Vec::new();
    progress.step(Phase::Registers, 0, total);
    for (register, wanted) in missing {
        let given_up = spoilt.iter().any(|(id, _)| id == register);
        if !given_up && staging.get(wanted).is_none() {
            let fetched =
                chunk_bytes(client, register, wanted, &mut |part| progress.step(Phase::Registers, done + part, total));
            match fetched {
                Ok(bytes) => {
                    staging.put(&wanted.hash, &bytes)?;
                    down.chunks += 1;
                }
                Err(error @ SyncError::Register { .. }) => spoilt.push((register.clone(), error.to_string())),
                Err(error) => return Err(error),
            }
        }
        done += u64::from(wanted.len);
        progress.step(Phase::Registers, done, total);
    }
    Ok(spoilt)
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
        let before = bytes.len();
        let left = (wanted.len as usize).saturating_sub(before);
        let call = Call { range_from: Some(before as u64), ..Call::get(&path, left) };
        let outcome = client.receive(&call, &mut |piece| {
            bytes.extend_from_slice(piece);
            progress(bytes.len() as u64);
            Ok(())
        });
        match outcome {
            Ok(None) => break,
            Ok(Some(refusal)) if refusal.error == Refusal::NotFound => {
                return Err(refuse("the hub does not have a piece that it promises".to_owned()));
            }
            Ok(Some(refusal)) => return Err(refused(refusal.error, refusal.message)),
            // The link broke after the last byte: there is no rest to ask for.
            Err(error) if error.is_passing() && bytes.len() == wanted.len as usize => break,
            Err(error) if error.is_passing() => {
                without_progress = if bytes.len() > before { 0 } else { without_progress + 1 };
                if without_progress >= client.attempts() {
                    return Err(error);
                }
                client.rest(without_progress);
            }
            Err(error) => return Err(error),
        }
    }
    chunk::check(wanted, &bytes).map_err(|e| refuse(e.to_string()))?;
    Ok(bytes)
}

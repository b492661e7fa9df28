//! Registers coming down: a manifest each, then the deltas from the version held, or the base, and what they change.
//!
//! Nothing is used before its signature, length and hash were checked, and before the sum over all records is the one that
//! the hub signed. Where it is not, the buckets that differ are fetched anew. A register never goes back to an older version,
//! never takes another content under the number that it has, and one that cannot be taken over leaves the others alone.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{Answer, Call, Client};
use super::error::SyncError;
use super::files::{blob, fetch, not_given, wanted};
use super::ports::{Content, Held, Shelf, Update};
use super::progress::{Phase, Progress};
use super::session::Identity;
use super::staging::Staging;
use crate::domain::{Hash, RegisterId, RegisterVersion};
use crate::registers::SignedManifest;
use crate::registers::delta::{self, Piece};
use crate::registers::manifest::{AHEAD_MS, BaseList, MANIFEST_BYTES_MAX, Manifest};
use crate::registers::state;
use crate::wire::Offer;

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
    /// What else a person must hear: buckets that were not as the hub's, a hub that was set back.
    pub note: Option<String>,
    /// Whether the note is of buckets that were fetched again.
    pub repaired: bool,
}

/// What came down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Down {
    /// Registers whose version changed, or would have, or that were not as they should be.
    pub registers: Vec<RegisterChange>,
    /// Files fetched.
    pub chunks: u64,
}

impl Down {
    /// Whether new records are in use.
    pub fn changed(&self) -> bool {
        self.registers.iter().any(|x| x.refused.is_none())
    }

    fn say(&mut self, register: &RegisterId, refused: Option<String>, note: Option<String>) {
        if let Some(why) = refused.as_ref().or(note.as_ref()) {
            tracing::warn!(%register, "{why}");
        }
        if let Some(change) = self.registers.iter_mut().find(|c| c.id == *register) {
            change.refused = refused.or_else(|| change.refused.take());
            change.note = note.or_else(|| change.note.take());
        }
    }
}

/// What concerns one register and nobody else.
fn is_of_one_register(error: &SyncError) -> bool {
    matches!(error, SyncError::Register { .. } | SyncError::OlderRegister { .. } | SyncError::OtherSet { .. })
}

/// Fetches and takes over what is offered.
pub(super) fn registers(
    client: &mut Client,
    who: &Identity,
    offers: &[Offer],
    shelf: &mut dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
) -> Result<Down, SyncError> {
    let held: BTreeMap<RegisterId, Held> = shelf.held()?.into_iter().map(|held| (held.id.clone(), held)).collect();
    let mut down = Down::default();
    let mut updates = Vec::new();
    for (n, offer) in offers.iter().enumerate() {
        if offers[..n].iter().any(|before| before.id == offer.id) {
            continue;
        }
        let here = held.get(&offer.id);
        if here.is_some_and(|here| is_known(offer, here, shelf.now_ms())) {
            continue;
        }
        match update(client, who, offer, here, shelf, &mut down) {
            Ok(update) => updates.extend(update),
            Err(error) if is_of_one_register(&error) => {
                let (from, to) = (here.map(|held| held.version), offer.version);
                let (id, refused) = (offer.id.clone(), Some(error.to_string()));
                if !down.registers.iter().any(|change| change.id == id) {
                    let change = RegisterChange {
                        id,
                        from,
                        to,
                        as_of_ms: 0,
                        records: 0,
                        refused: None,
                        note: None,
                        repaired: false,
                    };
                    down.registers.push(change);
                }
                down.say(&offer.id, refused, None);
            }
            Err(error) => return Err(error),
        }
    }
    let mut pieces = BTreeSet::new();
    for update in &updates {
        pieces.extend(wanted(update, shelf)?.into_iter().map(|wanted| wanted.hash));
    }
    staging.keep_only(&pieces);
    for (register, why) in fetch(client, &updates, shelf, staging, progress, &mut down)? {
        updates.retain(|u| u.manifest.register != register);
        down.say(&register, Some(why), None);
    }
    let mut installed = false;
    // Registers that come whole make one generation together; what only changes is taken over one by one.
    let (mut whole, over): (Vec<Update>, Vec<Update>) =
        updates.into_iter().partition(|u| matches!(u.content, Content::Base { .. }));
    for update in over {
        let register = update.manifest.register.clone();
        match install(std::slice::from_ref(&update), shelf, staging, progress) {
            Ok(()) => installed = true,
            Err(SyncError::OtherSet { digests, .. }) => {
                match repair(client, update, &digests, shelf, staging, progress, &mut down) {
                    Ok(()) => installed = true,
                    Err(error) if is_of_one_register(&error) => down.say(&register, Some(error.to_string()), None),
                    Err(error) => return Err(error),
                }
            }
            Err(error) if is_of_one_register(&error) => down.say(&register, Some(error.to_string()), None),
            Err(error) => return Err(error),
        }
    }
    while !whole.is_empty() {
        match install(&whole, shelf, staging, progress) {
            Ok(()) => {
                installed = true;
                break;
            }
            Err(SyncError::OtherSet { register, digests }) => {
                whole.retain(|u| u.manifest.register != register);
                let error = SyncError::OtherSet { register: register.clone(), digests };
                down.say(&register, Some(error.to_string()), None);
            }
            // Which one it is shows when each comes alone.
            Err(_) if whole.len() > 1 => {
                for update in std::mem::take(&mut whole) {
                    match install(std::slice::from_ref(&update), shelf, staging, progress) {
                        Ok(()) => installed = true,
                        Err(error) if is_of_one_register(&error) => {
                            down.say(&update.manifest.register, Some(error.to_string()), None);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) if is_of_one_register(&error) => {
                down.say(&whole[0].manifest.register, Some(error.to_string()), None);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if installed {
        staging.clear();
    }
    Ok(down)
}

/// Whether an offer is what is held, vouched for no later than that.
fn is_known(offer: &Offer, held: &Held, now_ms: i64) -> bool {
    let same_seal = offer.seal.is_empty() || u64::from_str_radix(&offer.seal, 16) == Ok(held.seal);
    offer.version == held.version && !is_news(offer.signed_ms, held, now_ms) && same_seal
}

/// Whether the hub's word of that date replaces its word on the version that is held. A later one does. So does an earlier
/// one where the one that is held lies days ahead: it was given by a clock that ran ahead, and would hide until then that
/// nothing new is vouched for.
fn is_news(signed_ms: i64, held: &Held, now_ms: i64) -> bool {
    let ahead = now_ms.saturating_add(AHEAD_MS);
    signed_ms > held.signed_ms || (held.signed_ms > ahead && signed_ms <= ahead)
}

fn install(
    updates: &[Update],
    shelf: &mut dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
) -> Result<(), SyncError> {
    shelf.install(
        updates,
        &mut |wanted| {
            staging
                .get(wanted)
                .ok_or_else(|| SyncError::Store("a fetched piece of a register is gone; sync again".into()))
        },
        &mut |done, total| progress.step(Phase::Install, done, total),
    )
}

/// What a register needs to become what is offered; `None` when it must stay as it is without anybody's fault.
fn update(
    client: &mut Client,
    who: &Identity,
    offer: &Offer,
    held: Option<&Held>,
    shelf: &dyn Shelf,
    down: &mut Down,
) -> Result<Option<Update>, SyncError> {
    let newest = held.map(|held| held.version).max(shelf.accepted(&offer.id));
    let (signed, manifest) = manifest(client, who, offer, newest)?;
    let refuse = |why: &str| SyncError::Register { register: offer.id.clone(), why: why.to_owned() };
    let told = held.map(|held| manifest.seal_of(held.version) == Some(held.seal));
    let is_same_version = held.is_some_and(|held| held.version == manifest.version);
    if is_same_version && told == Some(false) {
        return Err(refuse(
            "the hub has another content under the number of the version that is here; it was set back to an older state, as after a backup; publish a newer version there",
        ));
    }
    if is_same_version && held.is_some_and(|held| !is_news(manifest.signed_ms, held, shelf.now_ms())) {
        return Ok(None);
    }
    // Versions of so long ago are not told any more; that is no sign of anything.
    let is_other_line = told == Some(false) && held.is_some_and(|h| manifest.seal_of(h.version).is_some());
    if !is_same_version {
        down.registers.push(RegisterChange {
            id: manifest.register.clone(),
            from: held.map(|held| held.version),
            to: manifest.version,
            as_of_ms: manifest.as_of_ms,
            records: manifest.records,
            refused: None,
            repaired: false,
            note: held.filter(|_| is_other_line).map(|held| {
                format!(
                    "register {}: version {} here is not the hub's version {}: the hub was set back to an older state and numbered anew; all was compared and version {} taken over; tell the centre",
                    offer.id, held.version, held.version, manifest.version
                )
            }),
        });
    }
    let buckets = shelf.sums(&offer.id)?.map_or(0, |sums| sums.len());
    let is_comparable = held.is_some() && !is_other_line && buckets == 1 << manifest.bucket_bits;
    let way =
        held.filter(|_| is_comparable).and_then(|held| delta::way(&manifest.deltas, held.version, manifest.version));
    let whole_bytes = manifest.base.bytes + u64::from(manifest.base.list.len);
    if let Some(way) = way.filter(|way| way.iter().map(|d| d.bytes()).sum::<u64>() <= whole_bytes) {
        let pieces = way.iter().flat_map(|d| d.pieces.iter().cloned()).collect();
        return Ok(Some(Update { signed, manifest, pieces, content: Content::Deltas }));
    }
    let list = base_list(client, &manifest)?;
    let pieces = since_base(&manifest)?;
    Ok(Some(Update { signed, manifest, pieces, content: Content::Base { list } }))
}

fn base_list(client: &mut Client, manifest: &Manifest) -> Result<BaseList, SyncError> {
    let bytes = blob(client, &manifest.register, &manifest.base.list)?;
    BaseList::read(manifest, &bytes)
        .map_err(|e| SyncError::Register { register: manifest.register.clone(), why: e.to_string() })
}

fn since_base(manifest: &Manifest) -> Result<Vec<Piece>, SyncError> {
    let way = delta::way(&manifest.deltas, manifest.base.version, manifest.version).ok_or_else(|| {
        let why = "no deltas lead from its base to its version".to_owned();
        SyncError::Register { register: manifest.register.clone(), why }
    })?;
    Ok(way.iter().flat_map(|d| d.pieces.iter().cloned()).collect())
}

/// A manifest, when the pinned key signed it, it is what was offered, and no older than the `newest` that was taken over.
fn manifest(
    client: &mut Client,
    who: &Identity,
    offer: &Offer,
    newest: Option<RegisterVersion>,
) -> Result<(SignedManifest, Manifest), SyncError> {
    let refuse = |why: String| SyncError::Register { register: offer.id.clone(), why };
    let path = format!("/v1/registers/{}/manifest", offer.id);
    let bytes = match client.call(&Call::get(&path, MANIFEST_BYTES_MAX + 1024)) {
        Ok(Answer::Done(bytes)) => bytes,
        Ok(Answer::Refused(refusal)) => return Err(not_given(&offer.id, refusal, "table of contents")),
        Err(SyncError::TooMuch { .. }) => return Err(refuse("its table of contents has no end".to_owned())),
        Err(error) => return Err(error),
    };
    let signed = SignedManifest::from_wire(&bytes).map_err(|e| refuse(e.to_string()))?;
    let manifest = signed.verify(&who.hub_key).map_err(|e| refuse(e.to_string()))?;
    if manifest.register != offer.id {
        return Err(refuse(format!("its table of contents speaks of {}", manifest.register)));
    }
    if manifest.practice != who.practice {
        return Err(refuse("made-up and real records never mix".to_owned()));
    }
    match newest.filter(|newest| manifest.version < *newest) {
        Some(held) => Err(SyncError::OlderRegister { register: offer.id.clone(), held, offered: manifest.version }),
        None => Ok((signed, manifest)),
    }
}

/// Fetches the buckets that are not as the hub's, and takes the update over with them.
fn repair(
    client: &mut Client,
    mut update: Update,
    digests: &[Hash],
    shelf: &mut dyn Shelf,
    staging: &Staging,
    progress: &mut dyn Progress,
    down: &mut Down,
) -> Result<(), SyncError> {
    let manifest = &update.manifest;
    let register = manifest.register.clone();
    let refuse = |why: &str| SyncError::Register { register: register.clone(), why: why.to_owned() };
    if !down.registers.iter().any(|c| c.id == register) {
        down.registers.push(RegisterChange {
            id: register.clone(),
            from: Some(manifest.version),
            to: manifest.version,
            as_of_ms: manifest.as_of_ms,
            records: manifest.records,
            refused: None,
            note: None,
            repaired: false,
        });
    }
    if !shelf.may_repair(&register)? {
        return Err(refuse(
            "its records are not those of the hub, and parts of it were fetched anew less than an hour ago",
        ));
    }
    let states = blob(client, &register, &manifest.states)?;
    let states = state::read_list(&states, digests.len())
        .ok_or_else(|| refuse("its list of hashes is not of as many buckets as are here"))?;
    let differ = (0u32..).zip(digests.iter().zip(&states)).filter(|(_, (here, there))| here != there);
    let buckets: BTreeSet<u32> = differ.map(|(bucket, _)| bucket).collect();
    let (list, since_base) = (base_list(client, manifest)?, since_base(manifest)?);
    let note = format!(
        "register {register}: {} of {} parts were not as the hub's and were fetched again",
        buckets.len(),
        digests.len()
    );
    update.content = Content::Buckets { list, since_base, buckets };
    if let Some((_, why)) = fetch(client, std::slice::from_ref(&update), shelf, staging, progress, down)?.pop() {
        return Err(refuse(&why));
    }
    shelf.repaired(&register)?;
    install(&[update], shelf, staging, progress)?;
    down.say(&register, None, Some(note));
    down.registers.iter_mut().filter(|c| c.id == register).for_each(|c| c.repaired = true);
    Ok(())
}

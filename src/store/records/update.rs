//! A register as it is held, and what is to be taken over.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::RecordsError;
use super::generation::Generation;
use crate::domain::{Object, RegisterId, RegisterVersion};
use crate::registers::delta::Piece;
use crate::registers::manifest::BaseList;
use crate::registers::{Manifest, SignedManifest};

/// A register as it is here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldRegister {
    /// Its id.
    pub id: RegisterId,
    /// Its version.
    pub version: RegisterVersion,
    /// Moment up to which the source's data reach.
    pub as_of: DateTime<Utc>,
    /// Number of records.
    pub records: u64,
    /// The authority that owns the records.
    pub owner: String,
    /// The objects that it lists.
    pub objects: Vec<Object>,
    /// It only lists what was delivered or is expected somewhere: it cannot say that an item is not stolen.
    pub only_known: bool,
    /// Made-up records.
    pub practice: bool,
    /// The hub's clock when it last vouched for this version.
    pub signed: DateTime<Utc>,
    /// When it meant to have done so again, at the latest.
    pub next: DateTime<Utc>,
    /// The version's seal: tells it from another one of the same number.
    #[serde(skip)]
    pub seal: u64,
}

/// A register that is to be taken over; its signature was checked.
#[derive(Debug, Clone)]
pub struct RegisterUpdate {
    /// As signed.
    pub signed: SignedManifest,
    /// As read from it.
    pub manifest: Manifest,
    /// Deltas in order: over what is held, or over the base.
    pub pieces: Vec<Piece>,
    /// What else is needed.
    pub content: Content,
}

/// What an update brings beside deltas.
#[derive(Debug, Clone)]
pub enum Content {
    /// Nothing: the deltas lead from the version held to this one.
    Deltas,
    /// Some buckets anew, because what is held there is not what it should be.
    Buckets {
        /// The chunks of the base.
        list: BaseList,
        /// The deltas over the base; those that touch the buckets are needed.
        since_base: Vec<Piece>,
        /// The buckets.
        buckets: BTreeSet<u32>,
    },
    /// The whole register: the deltas stand over this base.
    Base {
        /// The chunks of the base.
        list: BaseList,
    },
}

/// Made-up and real records are never held together, and no register goes back.
pub(super) fn refuse_mixed(current: Option<&Generation>, updates: &[RegisterUpdate]) -> Result<(), RecordsError> {
    let held = current.map(|g| g.registers.as_slice()).unwrap_or_default();
    for update in updates {
        let new = &update.manifest;
        if let Some(held) =
            held.iter().find(|r| r.manifest.register == new.register && r.manifest.version > new.version)
        {
            let (register, held) = (new.register.clone(), held.manifest.version);
            return Err(RecordsError::OlderVersion { register, held, offered: new.version });
        }
    }
    let is_replaced = |id: &RegisterId| updates.iter().any(|u| u.manifest.register == *id);
    let stay = held.iter().map(|r| &r.manifest).filter(|m| !is_replaced(&m.register));
    let all: Vec<&Manifest> = stay.chain(updates.iter().map(|u| &u.manifest)).collect();
    match all.iter().find(|m| m.practice != all[0].practice) {
        Some(other) => Err(RecordsError::Mixed(other.register.clone())),
        None => Ok(()),
    }
}

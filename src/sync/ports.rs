//! What sync needs of a device's stores: two narrow traits, so that each protocol step can be tried without a disk.

use crate::domain::{Hash, RegisterId, RegisterVersion, Seq};
use crate::ledger::{Receipt, SignedHead};
use crate::registers::ChunkRef;
use crate::registers::state::Sum;
pub use crate::store::records::{Content, RegisterUpdate as Update};

use super::SyncError;

/// The ledger, as far as it goes up.
pub trait Outbox {
    /// The first entry that no receipt covers.
    fn first_unsent(&self) -> Result<Seq, SyncError>;
    /// Signs the head as it is now.
    fn sign_head(&mut self) -> Result<SignedHead, SyncError>;
    /// Entries from `from`, in order, at most `limit`.
    fn entries(&self, from: Seq, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError>;
    /// Chain hash at an entry; of the genesis at 0.
    fn hash_at(&self, seq: Seq) -> Result<Option<Hash>, SyncError>;
    /// Keeps a receipt whose signature was checked.
    fn keep_receipt(&mut self, receipt: &Receipt) -> Result<(), SyncError>;
    /// Unsent entries that must not wait: checks that hit, and what was decided on them.
    fn urgent(&self, limit: usize) -> Result<Vec<(Seq, Vec<u8>)>, SyncError>;
    /// The last entry that was handed to a hub which counts other entries under these numbers; 0 when none was.
    fn told_beside(&self) -> Result<Seq, SyncError>;
    /// Notes that entries up to this one were.
    fn note_told_beside(&mut self, through: Seq) -> Result<(), SyncError>;
    /// Photos that the hub has not confirmed, with their lengths.
    fn photos_pending(&self) -> Result<Vec<(Hash, u64)>, SyncError>;
    /// The plain bytes of a photo.
    fn photo(&self, hash: &Hash) -> Result<Vec<u8>, SyncError>;
    /// Notes that the hub holds a photo, whole and verified.
    fn photo_sent(&mut self, hash: &Hash) -> Result<(), SyncError>;
}

/// A register in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub id: RegisterId,
    /// Its version.
    pub version: RegisterVersion,
    /// Tells that version from another one of the same number.
    pub seal: u64,
    /// When the hub vouched for it last, milliseconds since 1970.
    pub signed_ms: i64,
}

/// The registers, as far as they come down.
pub trait Shelf {
    /// Registers in use.
    fn held(&self) -> Result<Vec<Held>, SyncError>;
    /// The newest version of a register that was ever taken over from this hub, whatever became of the records since.
    fn accepted(&self, register: &RegisterId) -> Option<RegisterVersion>;
    /// The device's wall clock, milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// The sum of each bucket of a register; `None` when it is not here.
    fn sums(&self, register: &RegisterId) -> Result<Option<Vec<Sum>>, SyncError>;
    /// Bytes on the disk of what was built last, and how many records it holds: what comes whole has all of it written anew.
    fn size(&self) -> (u64, u64);
    /// Whether buckets of a register may be fetched anew now. At most once an hour, or a register that never comes right would
    /// use up the link.
    fn may_repair(&self, register: &RegisterId) -> Result<bool, SyncError>;
    /// Notes that they were fetched.
    fn repaired(&mut self, register: &RegisterId) -> Result<(), SyncError>;
    /// Takes updates over, all or none. `chunk` gives the bytes of a chunk that was fetched. Reports records done and in
    /// all. [`SyncError::OtherSet`] when the records would not be those that the hub signed for, [`SyncError::HeldDamaged`]
    /// when those that are here cannot be read: from then on none are held.
    fn install(
        &mut self,
        updates: &[Update],
        chunk: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, SyncError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError>;
}

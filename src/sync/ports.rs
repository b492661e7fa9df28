//! What sync needs of a device's stores: two narrow traits, so that each protocol step can be tried without a disk.

use crate::domain::{Hash, RegisterId, RegisterVersion, Seq};
use crate::ledger::{Receipt, SignedHead};
use crate::registers::ChunkRef;
pub use crate::store::records::RegisterUpdate as Update;

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
    /// Photos that the hub has not confirmed, with their lengths.
    fn photos_pending(&self) -> Result<Vec<(Hash, u64)>, SyncError>;
    /// The plain bytes of a photo.
    fn photo(&self, hash: &Hash) -> Result<Vec<u8>, SyncError>;
    /// Notes that the hub holds a photo, whole and verified.
    fn photo_sent(&mut self, hash: &Hash) -> Result<(), SyncError>;
}

/// The registers, as far as they come down.
pub trait Shelf {
    /// Registers in use and their versions.
    fn held(&self) -> Result<Vec<(RegisterId, RegisterVersion)>, SyncError>;
    /// Chunks that need not be fetched because the generation in use holds their records.
    fn holds_chunk(&self, register: &RegisterId, chunk: &ChunkRef) -> Result<bool, SyncError>;
    /// Builds the next generation and puts it into use. `chunk` gives the bytes of a chunk that was fetched. Reports
    /// records done and in all.
    fn install(
        &mut self,
        updates: &[Update],
        chunk: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, SyncError>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError>;
}

//! Registers of wanted items: reading the files of a source, publishing them, searching them, and grading what is found.
//!
//! Layer 1, pure: bytes and records in, bytes and verdicts out. Time, files, sockets and databases belong to others; where
//! something must be fetched, the caller passes a function.
//!
//! The way of a record through the house:
//!
//! ```text
//! a source's file --import--> Record --publish--> manifest + chunks --(sync)--> chunk::decode --> index --> judge
//!                      hub's half                                        device's half
//! ```
//!
//! What never happens here: a bad row stops an import, a half file is taken for a whole one, a chunk is used before its
//! length and hash were checked, a number alone becomes a hit.

mod as_it_is;
pub mod chunk;
mod columns;
pub mod delta;
pub mod describe;
pub mod disclosure;
pub mod frozen;
pub mod import;
pub mod index;
pub mod judge;
mod lately;
pub mod layers;
mod lessons;
pub mod manifest;
pub mod pattern;
pub mod practice;
pub mod publish;
pub mod state;
pub mod story;

pub use chunk::{ChunkError, ChunkRef, Sheet};
#[cfg(feature = "device")]
pub(crate) use frozen::More;
pub(crate) use frozen::{Frozen, FrozenMark};
pub use frozen::{FrozenError, RecordBytes};
pub use index::{Index, IndexBuilder, IndexError, RecordRef, RegisterFacts};
pub use judge::{Listed, judge, judge_with};
pub(crate) use lately::Lately;
pub use layers::{Hidden, Overlay, Registers};
pub use manifest::{Manifest, ManifestError, SignedManifest};
pub use publish::{Published, Publisher};

//! The ledger's rules: what an entry is, how entries are chained, signed and acknowledged, and how all that is verified.
//!
//! Layer 1, pure: imports only `domain`; no clock, file, database or source of randomness. Device and hub use the same
//! code, so that both prove the same thing.
//!
//! What never happens here: an entry's bytes are never changed once made, a frozen encoding is never edited (a new
//! version gets a new file), and an entry that this program does not know is never dropped or refused, for its bytes
//! are all that the chain needs.

pub mod chain;
pub mod entry;
pub mod head;
pub mod payload;
pub mod receipt;
pub mod verify;

pub use chain::{chain_hash, genesis, short_code};
pub use entry::{DecodeError, Entry, EntryBytes};
pub use head::SignedHead;
pub use payload::{
    Amendment, CandidateRef, Check, CheckSource, ClockStep, Decided, Enrolled, LateCheck, Opaque, Payload, PhotoRef,
    RecordOpened, RegisterUpdate, RetroHit, Search, ShiftClosed, SignedIn, Started, UpdateOutcome,
};
pub use receipt::Receipt;
pub use verify::{Bad, Fault, Parties, Verification, Verifier, verify};

pub use ed25519_dalek::{Signature, SigningKey, VerifyingKey};

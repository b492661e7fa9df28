//! What travels between device and hub: protocol version 1.
//!
//! Two one-way streams, so nothing is ever merged: ledgers go up, registers come down. Both ends import the same types
//! and limits from here. Small answers are JSON, entries travel as zstd-compressed postcard. This room opens no socket,
//! reads no clock, and never trusts a length that it was told.
//!
//! | call | carries |
//! |---|---|
//! | `POST /v1/enrol` | [`EnrolRequest`] → [`EnrolAnswer`]; no client certificate yet |
//! | `GET /v1/hello` | [`Hello`]: frontier of the device's ledger, registers on offer |
//! | `POST /v1/ledger` | compressed [`Batch`] → [`Acknowledgement`] with a signed receipt. Its form is frozen |
//! | `POST /v1/urgent` | compressed [`Urgent`]: hits, ahead of the batches; repeats safely |
//! | `GET /v1/photos/{hash}`, `PUT …?offset=&length=` | [`PhotoState`]: a file sent in pieces |
//! | `GET /v1/registers/{id}/manifest`, `GET /v1/chunks/{hash}` | signed manifest, immutable chunks (Range) |
//!
//! Every answer carries the header [`PROTOCOL_HEADER`], so that the page of a captive portal is never taken for a hub.

mod body;
mod code;
mod messages;
mod pin;

pub use body::{BodyError, pack, unpack};
pub use code::{EnrolCode, NotACode, Token};
pub use messages::*;
#[cfg(any(feature = "device", feature = "hub"))]
pub use pin::certificate_moment;
pub use pin::{fingerprint, key_of_spki, spki};

/// The version in every path. It changes only when an old device could no longer be understood.
pub const PROTOCOL: u32 = 1;

/// Header that every answer of a hub carries, with [`PROTOCOL`] as its value.
pub const PROTOCOL_HEADER: &str = "tracepost-protocol";

/// A batch as it stands on the wire, compressed.
pub const BATCH_WIRE_BYTES_MAX: usize = 1 << 20;

/// A batch after decompression; limits hold on what comes out, not on what was announced.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// Entries in one batch.
pub const BATCH_ENTRIES_MAX: usize = 20_000;

/// One entry. Photos are files of their own, so an entry is text and stays small.
pub const ENTRY_BYTES_MAX: usize = 256 << 10;

/// First request on a link that nothing is known of; it doubles with each success.
pub const REQUEST_BYTES_FIRST: usize = 8 << 10;

/// One photo.
pub const PHOTO_BYTES_MAX: u64 = 32 << 20;

/// One piece of a photo.
pub const PHOTO_PIECE_BYTES_MAX: usize = 1 << 20;

/// Registers that a device looks at, of those that a hub offers. Each that is refused is an entry of the ledger, at every sync.
pub const OFFERS_MAX: usize = 128;

/// A small JSON body.
pub const JSON_BYTES_MAX: usize = 64 << 10;

//! The device's half of the protocol, for callers that block.
//!
//! Layer 4: imports `domain`, `ledger`, `registers`, `wire`, `platform`, `store`; never `hub`. reqwest lives here and nowhere
//! else. The steps talk to the stores through two narrow traits ([`Outbox`], [`Shelf`]).
//!
//! ```text
//! enrol:  code -> key and token up -> post, certificate
//! sync:   hello -> hits up -> manifests, missing chunks down -> (past sightings again) -> entries up, receipt -> photos up
//! ```
//!
//! What never happens here: nothing counts as sent without a receipt that the pinned key signed; no other key is ever
//! accepted; nothing that came down is used before its signature, length and hash were checked.
//!
//! The calls block and start a small runtime of their own, so they must not be made from async code.

mod cancel;
mod client;
mod down;
mod enrol;
mod error;
mod files;
mod pin;
mod ports;
mod progress;
mod session;
mod staging;
mod up;

pub use cancel::Cancel;
pub use client::Patience;
pub use down::{Down, RegisterChange};
pub use enrol::{Enrolled, enrol_with};
pub use error::SyncError;
pub use ports::{Content, Held, Outbox, Shelf, Update};
pub use progress::{Phase, Progress};
pub use session::{Identity, Session};
pub use staging::Staging;
pub use up::Up;

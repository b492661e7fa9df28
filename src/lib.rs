//! Tracepost: a field scanner for border posts.
//!
//! One package, a house of rooms in layers. A room imports only from rooms with a lower number, and rooms of the same
//! number never import each other; `tests/tidy.rs` holds that table, because inside one crate nothing else will.
//!
//! | layer | room | what it is for |
//! |---|---|---|
//! | 0 | [`domain`] | marks, serial keys, payloads, items, records, verdicts: pure |
//! | 1 | [`decode`] | a frame in, symbols out |
//! | 1 | [`ledger`] | entries, hash chain, signatures, receipts: pure |
//! | 1 | [`registers`] | register files, the search index, grading: pure |
//! | 2 | [`wire`] | what travels between device and hub |
//! | 2 | [`platform`] | clock, randomness, keys, directories |
//! | 3 | [`capture`] | camera, footage, hand scanners |
//! | 3 | [`store`] | SQLite on the device |
//! | 4 | [`sync`] | the device's half of the protocol |
//! | 4 | [`hub`] | the server's half |
//! | 5 | [`desk`] | the use cases; the only road to a verdict |
//! | 6 | [`app`] | between the window and the desk |
//! | 7 | [`cli`] | the command lines of both programs |

pub mod domain;

#[cfg(feature = "device")]
pub mod decode;
pub mod ledger;
pub mod registers;

pub mod platform;
pub mod wire;

#[cfg(feature = "device")]
pub mod capture;
#[cfg(feature = "device")]
pub mod store;

#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "device")]
pub mod sync;

#[cfg(feature = "device")]
pub mod desk;

#[cfg(feature = "gui")]
pub mod app;

pub mod cli;

//! The command lines of both programs.
//!
//! Layer 7: may use everything below. What is printed is decided here and nowhere else: results on stdout, progress and
//! errors on stderr, one JSON object a line with `--json`. No rule of the field stands here; a subcommand parses its
//! arguments, calls the desk or the hub, and prints the answer.

pub mod common;
#[cfg(feature = "device")]
pub mod device;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(all(feature = "device", feature = "hub"))]
pub mod practice;

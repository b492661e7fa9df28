//! The machine as the rest of the house sees it: clock, randomness, directories, memory, files that only their owner can
//! read.
//!
//! Layer 2. Everything that differs between systems or must be set by hand in a test stands here, so that no other room
//! asks the operating system for the time or for randomness by itself.

pub mod clock;
#[cfg(any(feature = "device", feature = "hub"))]
pub mod dirs;
pub mod failpoint;
pub mod files;
#[cfg(feature = "device")]
pub mod memory;
pub mod random;

pub use clock::{Clock, ClockWatch, HandClock, Moment, Step, SystemClock};

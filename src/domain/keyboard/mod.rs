//! Keyboard layouts, for hand scanners that type. Such a scanner presses keys as on a United States keyboard; where the
//! computer is set to another layout, other characters arrive: `1234` becomes `&é"'` under French AZERTY, `AK` becomes
//! `ФЛ` under a Ukrainian layout. The tables say which key each character came from, and so what was sent.
//!
//! Nothing is undone in silence where it may be wrong. With a layout that was set, the text is read by it. With none, a
//! text that makes sense as it stands stays; one that makes sense under one layout only is read so; and where both make
//! sense (`ФЛ1234` may be a Cyrillic serial) both readings are given, to be checked both. What arrived is always kept.

mod layout;
mod readings;
mod tables;
mod undo;

pub use layout::{KeyboardLayout, UnknownLayout};
pub use readings::{READINGS_MAX, Reading, Readings, readings};
pub use undo::{Stroke, as_typed, undo};

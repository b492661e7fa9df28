//! Keyboard layouts, for hand scanners that type. Such a scanner presses keys as on a United States keyboard; where the
//! computer is set to another layout, other characters arrive: `1234` becomes `&é"'` under French AZERTY, `AK` becomes
//! `ФЛ` under a Ukrainian layout. The tables say which key each character came from, and so what was sent.

mod layout;

pub use layout::{KeyboardLayout, UnknownLayout};

//! The words of the field as types, and the rules that need nothing but them.
//!
//! Layer 0: imports no other room, touches no clock, file, socket or source of randomness. Everything here is data in,
//! data out, and never panics on what came from a camera, a keyboard or a register.

pub mod check_digit;
pub mod controls;
pub mod country;
pub mod decision;
pub mod hand_scanner;
pub mod ids;
pub mod item;
pub mod keyboard;
pub mod keys;
pub mod mark;
pub mod payload;
pub mod range;
pub mod record;
pub mod symbol;
pub mod telling;
pub mod understand;
mod verdict;

pub use decision::DecisionCode;
pub use hand_scanner::HandScannerSettings;
pub use ids::{DeviceId, Fingerprint, Hash, PostId, RegisterId, RegisterVersion, Seq};
pub use item::{Description, Item, Object};
pub use keyboard::KeyboardLayout;
pub use keys::{Keys, Note, Reading};
pub use mark::{Mark, MarkSource, Scheme, SeenMark};
pub use range::SerialRange;
pub use record::{Action, Delivery, Record, RegisterKind, Status};
pub use symbol::{Quad, Symbology};
pub use telling::{Asked, EqualMark, OfWanted, OnRecord};
pub use understand::{Understood, check_mark, understand, understand_container, understand_typed};
pub use verdict::{
    Ask, Candidate, Difference, Facts, Finding, Grade, Lot, Lowered, NotChecked, RegisterAge, Rule, Trait, Verdict,
    Why, asks_for_discretion, delivery_told,
};

//! Invented codes before an invented camera: stills and footage of known contents, degraded in known ways.
//!
//! Pure functions of a seed: the same seed gives the same pictures everywhere. What is degraded how far stands in
//! [`scenes::DEGRADATIONS`].

mod camera;
mod ground;
mod label;
#[path = "../random.rs"]
mod random;
pub mod scenes;

pub use scenes::{Clip, clips, negatives_and_damaged, stills};

//! A frame in, symbols out: engines, passes, acceptance, tracking over frames.
//!
//! Layer 1: imports only the domain, and is pure: no files, no clock; the time of a frame comes with the frame.
//! [`Reader`] reads stills, where two passes must agree in place of two frames; [`LiveReader`] reads a stream and tells of
//! each symbol once. What happens never here: a guess. A text is accepted by the table in `acceptance.rs` or not at all.

mod acceptance;
mod bars;
mod board;
mod budget;
mod elements;
mod ends;
mod engine;
mod frame;
mod joined;
mod live;
mod looks;
mod mesh;
mod overlay;
mod passes;
mod past;
mod pixels;
mod place;
mod propose;
mod rectify;
mod regions;
mod register;
mod rescue;
mod rivals;
mod rows;
mod scene;
mod schedule;
mod sight;
mod slant;
mod spots;
mod stack;
mod still;
mod sweep;
#[cfg(test)]
mod tests;
mod tones;
mod track;
mod warp;
mod workers;

pub use board::Accepted;
pub use frame::{Frame, Layout, Luma, ShortPixels, View};
pub use live::{LiveReader, LiveResult, Outline, OutlineState};
pub use place::Region;
pub use sight::{Advice, Sight, Watch};
pub use still::{Reader, ReaderOptions, StillResult};

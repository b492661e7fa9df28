//! Where frames come from: camera, pictures, footage. And the guards round untrusted files and hanging decoders.
//!
//! Layer 3: may import domain, decode, ledger, registers, wire, platform. Files and cameras are touched here and not in
//! `decode`. A source gives frames with their index and their time; it never decides what is in them.

mod camera;
mod error;
mod folder;
mod footage;
mod jpeg;
mod live;
mod mjpeg;
mod pacing;
mod picture;
#[cfg(test)]
mod tests;
pub mod worker;
mod y4m;

pub use camera::{Camera, CameraInfo, list_cameras, open_camera};
pub use error::CaptureError;
pub use footage::open_footage;
pub use live::{FRAME_DEADLINE, LiveEvent, Loss, WatchedReader};
pub use pacing::Paced;
pub use picture::{PICTURE_PIXELS_MAX, is_picture_name, load_picture, picture_from_bytes};
pub use worker::{FootageEvent, Worker};

use crate::decode::Frame;

/// A stream of frames: camera, folder or film.
pub trait FrameSource: Send {
    /// The next frame; `None` at the end.
    ///
    /// # Errors
    /// [`CaptureError::BrokenFrame`] leaves out one frame, and the next call goes on behind it; after any other error
    /// the source has ended.
    fn next(&mut self) -> Result<Option<Frame>, CaptureError>;

    /// Frames a second, as the source says or as it was told.
    fn fps(&self) -> f32;

    /// What this is, for people: a file name or a camera's name.
    fn describe(&self) -> String;
}

/// Time of a frame in a stream of constant rate.
fn at_ms(index: u64, fps: f32) -> u64 {
    (index as f64 * 1000.0 / f64::from(fps.max(0.01))).round() as u64
}

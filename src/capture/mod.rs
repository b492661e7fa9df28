//! Where frames come from: camera, pictures, footage. And the guards round untrusted files and hanging decoders.
//!
//! Layer 3: may import domain, decode, ledger, registers, wire, platform. Files and cameras are touched here and not in
//! `decode`. A source gives frames with their index and their time; it never decides what is in them.

mod camera;
mod controls;
mod error;
mod folder;
mod footage;
mod jpeg;
mod live;
mod mjpeg;
mod pacing;
mod picture;
pub mod serial;
#[cfg(test)]
mod tests;
pub mod worker;
mod y4m;

pub use camera::{Camera, CameraInfo, CameraWish, list_cameras, open_camera};
pub use controls::{Powers, ZoomRange};
pub use error::CaptureError;
pub use footage::open_footage;
pub use live::{FRAME_DEADLINE, LiveEvent, Loss, WatchedReader, cores};
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

    /// What can be set while it runs.
    fn powers(&self) -> Powers {
        Powers::default()
    }

    /// Turns the lamp on or off, where there is one.
    fn set_torch(&mut self, _on: bool) {}

    /// Zooms as far as the source can by itself; gives the factor that it takes on itself, 1 for none.
    fn set_zoom(&mut self, _factor: f32) -> f32 {
        1.0
    }
}

/// Time of a frame in a stream of constant rate.
fn at_ms(index: u64, fps: f32) -> u64 {
    (index as f64 * 1000.0 / f64::from(fps.max(0.01))).round() as u64
}

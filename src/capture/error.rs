//! What can go wrong between a file or camera and a frame. The words reach people: what happened, and what to do.

use std::path::Path;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CaptureError {
    #[error("{path}: cannot be read: {why}")]
    Unreadable { path: String, why: String },
    #[error("{path}: not a picture that can be opened here (png, jpg, webp, bmp, tiff, gif, pgm)")]
    NotAPicture { path: String },
    #[error("{path}: the picture is damaged or cut short: {why}; copy the file again")]
    Damaged { path: String, why: String },
    #[error(
        "{path}: {width} x {height} pixels are more than the {limit_mpx} million allowed; make the picture smaller"
    )]
    TooLarge { path: String, width: u32, height: u32, limit_mpx: u64 },
    #[error("{path}: the file has {bytes} bytes, more than the {limit} allowed")]
    FileTooLarge { path: String, bytes: u64, limit: u64 },
    #[error("{path}: no pictures in this folder")]
    EmptyFolder { path: String },
    #[error("{path}: not footage that can be opened here (a folder of pictures, Y4M, or MJPEG plain or in AVI)")]
    NotFootage { path: String },
    #[error("{path}: {why}")]
    UnsupportedFootage { path: String, why: String },
    /// One frame of footage cannot be read; it is left out, and the next call goes on behind it.
    #[error("frame {index} of {path} is damaged and was left out: {why}; the rest goes on")]
    BrokenFrame { path: String, index: u64, why: String },
    #[error("no camera {name}; connect one or choose another")]
    NoCamera { name: String },
    #[error("camera {name} cannot be used: {why}; close other programs that use it, or choose another")]
    CameraRefused { name: String, why: String },
    #[error("camera {name} stopped giving pictures: {why}; what was checked is safe; reconnect it and open it again")]
    CameraVanished { name: String, why: String },
    #[error("{path}: reading took more than {limit_s} s and was stopped; nothing else is affected")]
    TooSlow { path: String, limit_s: u64 },
    #[error("{path}: the decoder broke down on this file and was started again; nothing else is affected")]
    DecoderDied { path: String },
    #[error("the decoder cannot be started: {why}")]
    NoDecoder { why: String },
}

impl CaptureError {
    /// Whether the source can go on: only one frame is lost.
    pub fn is_one_frame(&self) -> bool {
        matches!(self, Self::BrokenFrame { .. })
    }

    /// A short name for what happened; screens have words for it in their language.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file_unreadable",
            Self::NotAPicture { .. } | Self::NotFootage { .. } | Self::UnsupportedFootage { .. } => "not_footage",
            Self::Damaged { .. } | Self::BrokenFrame { .. } => "file_damaged",
            Self::TooLarge { .. } | Self::FileTooLarge { .. } => "file_too_large",
            Self::EmptyFolder { .. } => "empty_folder",
            Self::NoCamera { .. } => "no_camera",
            Self::CameraRefused { .. } => "camera_refused",
            Self::CameraVanished { .. } => "camera_vanished",
            Self::TooSlow { .. } | Self::DecoderDied { .. } | Self::NoDecoder { .. } => "decoder",
        }
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unreadable { path: path.display().to_string(), why: error.to_string() }
    }

    pub(super) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.display().to_string(), why: why.to_string() }
    }

    pub(super) fn broken_frame(path: &Path, index: u64, why: impl ToString) -> Self {
        Self::BrokenFrame { path: path.display().to_string(), index, why: why.to_string() }
    }

    pub(super) fn not_a_picture(path: &Path) -> Self {
        Self::NotAPicture { path: path.display().to_string() }
    }
}

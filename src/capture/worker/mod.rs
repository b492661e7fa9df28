//! Untrusted files are decoded in another process: a decoder that crashes, hangs or eats memory takes only itself down.
//!
//! The parent ([`Worker`]) names a file, the child ([`serve`], under the hidden subcommand [`SUBCOMMAND`]) opens it and
//! answers. Messages go over the child's standard input and output, each as its length (four bytes, little-endian) and
//! a postcard body. The child lives on over many files and is started again after it was lost.

mod child;
mod parent;
mod talk;

pub use child::serve;
pub use parent::Worker;

use crate::decode::{Accepted, ReaderOptions, StillResult};

/// The hidden subcommand of the device's program under which [`serve`] runs.
pub const SUBCOMMAND: &str = "decode-worker";

/// What the parent asks.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
enum Request {
    /// Read a picture.
    Still { path: std::path::PathBuf, options: ReaderOptions },
    /// Read footage as a stream.
    Footage { path: std::path::PathBuf, fps: Option<f32>, options: ReaderOptions },
}

/// What the child answers. A picture gets one answer; footage gets many and then [`Answer::Ended`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
enum Answer {
    Still(StillResult),
    /// One more frame was read; new sightings, if any.
    Frame {
        index: u64,
        accepted: Vec<Accepted>,
    },
    /// One frame is lost.
    BrokenFrame {
        index: u64,
        why: String,
    },
    /// The footage is through, after so many frames.
    Ended {
        frames: u64,
    },
    /// The file cannot be used.
    Failed(Failure),
}

/// A failure that crosses the border between the processes, in the words of [`super::CaptureError`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
enum Failure {
    Unreadable(String),
    NotAPicture,
    Damaged(String),
    TooLarge { width: u32, height: u32, limit_mpx: u64 },
    FileTooLarge { bytes: u64, limit: u64 },
    EmptyFolder,
    NotFootage,
    Unsupported(String),
}

/// What footage tells while it is read.
#[derive(Debug, Clone, PartialEq)]
pub enum FootageEvent {
    /// A frame was read; new sightings, if any.
    Frame {
        /// Index of the frame, from 0.
        index: u64,
        /// New sightings only.
        accepted: Vec<Accepted>,
    },
    /// A frame is damaged and was left out.
    BrokenFrame {
        /// Index of the frame, from 0.
        index: u64,
        /// What is wrong with it.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::talk::{receive, send};
    use super::*;

    /// What the child answers to requests, in one go.
    fn answers(requests: &[Request]) -> Vec<Answer> {
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        requests.iter().for_each(|r| send(&mut asked, r).unwrap());
        serve(asked.as_slice(), &mut told).unwrap();
        let mut from = told.as_slice();
        std::iter::from_fn(|| receive(&mut from).unwrap()).collect()
    }

    #[test]
    fn the_child_goes_on_after_a_bad_file() {
        let dir = tempfile::tempdir().unwrap();
        let good = dir.path().join("good.pgm");
        std::fs::write(&good, b"P5 2 1 255\n\x80\x80").unwrap();
        let options = ReaderOptions::default();
        let still = |path: &std::path::Path| Request::Still { path: path.into(), options: options.clone() };
        let film = |path: &std::path::Path| Request::Footage { path: path.into(), fps: None, options: options.clone() };
        let gone = dir.path().join("gone");
        let got = answers(&[still(&gone), still(&good), film(&gone), film(&good), film(dir.path())]);
        assert!(matches!(got[0], Answer::Failed(Failure::Unreadable(_))), "{got:?}");
        assert_eq!(got[1], Answer::Still(StillResult::default()));
        assert!(matches!(got[2], Answer::Failed(Failure::Unreadable(_))), "{got:?}");
        assert_eq!(got[3], Answer::Ended { frames: 0 });
        assert_eq!(got[4..6], [Answer::Failed(Failure::NotFootage), Answer::Ended { frames: 0 }]);
        assert_eq!(got[6..], [Answer::Frame { index: 0, accepted: Vec::new() }, Answer::Ended { frames: 1 }]);
    }
}

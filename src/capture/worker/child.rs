//! The child's half: opens what it is told to, answers, and never touches anything else.

use std::io::{Read, Write};

use super::super::{CaptureError, FrameSource, cores, load_picture, open_footage};
use super::talk::{receive, send};
use super::{Answer, Failure, Request};
use crate::decode::{LiveReader, Reader};

/// Address space that the child may take: a picture at the pixel limit in colour, its decoder, and the passes over it.
#[cfg(target_os = "linux")]
const MEMORY_BYTES_MAX: u64 = 6 << 30;

/// Answers requests until the parent closes the pipe.
///
/// # Errors
/// When the pipe breaks or carries something that is no request.
pub fn serve(mut from: impl Read, mut to: impl Write) -> std::io::Result<()> {
    limit_memory();
    while let Some(request) = receive::<Request>(&mut from)? {
        match request {
            Request::Still { path, options } => {
                let answer = match load_picture(&path) {
                    Ok(frame) => Answer::Still(Reader::new(options).still(&frame)),
                    Err(error) => Answer::Failed(failure(error)),
                };
                send(&mut to, &answer)?;
            }
            Request::Footage { path, fps, options } => {
                let mut frames = 0;
                match open_footage(&path, fps) {
                    Ok(source) => frames = stream(source, LiveReader::new(options).on_cores(cores()), &mut to)?,
                    Err(error) => send(&mut to, &Answer::Failed(failure(error)))?,
                }
                send(&mut to, &Answer::Ended { frames })?;
            }
        }
    }
    Ok(())
}

/// Answers frame by frame; returns how many there were.
fn stream(mut source: Box<dyn FrameSource>, mut reader: LiveReader, to: &mut impl Write) -> std::io::Result<u64> {
    let mut frames = 0;
    loop {
        let answer = match source.next() {
            Ok(Some(frame)) => Answer::Frame { index: frame.index, accepted: reader.feed(&frame).accepted },
            Ok(None) => return Ok(frames),
            Err(CaptureError::BrokenFrame { index, why, .. }) => Answer::BrokenFrame { index, why },
            Err(error) => {
                send(to, &Answer::Failed(failure(error)))?;
                return Ok(frames);
            }
        };
        frames += 1;
        send(to, &answer)?;
    }
}

fn failure(error: CaptureError) -> Failure {
    match error {
        CaptureError::Unreadable { why, .. } => Failure::Unreadable(why),
        CaptureError::NotAPicture { .. } => Failure::NotAPicture,
        CaptureError::Damaged { why, .. } => Failure::Damaged(why),
        CaptureError::TooLarge { width, height, limit_mpx, .. } => Failure::TooLarge { width, height, limit_mpx },
        CaptureError::FileTooLarge { bytes, limit, .. } => Failure::FileTooLarge { bytes, limit },
        CaptureError::EmptyFolder { .. } => Failure::EmptyFolder,
        CaptureError::NotFootage { .. } => Failure::NotFootage,
        CaptureError::UnsupportedFootage { why, .. } => Failure::Unsupported(why),
        other => Failure::Damaged(other.to_string()),
    }
}

/// A decompression bomb that slips past the pixel limit ends the child, not the machine.
#[cfg(target_os = "linux")]
fn limit_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // In a test the child is a thread of the test's own process, which must keep its memory.
    if cfg!(test) {
        return;
    }
    let old = getrlimit(Resource::As);
    let current = Some(old.current.unwrap_or(u64::MAX).min(MEMORY_BYTES_MAX));
    let _ = setrlimit(Resource::As, Rlimit { current, maximum: old.maximum });
}

#[cfg(not(target_os = "linux"))]
fn limit_memory() {}

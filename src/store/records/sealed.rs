//! A file of bytes, encrypted in segments so that two cores open it together.
//!
//! Each file has a key of its own (from the database key and a random salt), so that segment numbers can serve as nonces.
//! The last segment is marked, so a file cut at a segment's end is noticed too.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::RecordsError;
use super::cipher::{Cipher, TAG_BYTES};
use crate::platform::{files, random};

const MAGIC: &[u8; 8] = b"TPSEAL\x00\x01";
const SALT_BYTES: usize = 32;
const SEGMENT_BYTES: usize = 1 << 20;
/// A segment as it stands in the file.
const SEALED_BYTES: u64 = (SEGMENT_BYTES + TAG_BYTES) as u64;
/// Threads that decrypt.
const READERS: usize = 2;
const DAMAGED: RecordsError = RecordsError::Damaged("the index file does not open");

fn cipher(key: &[u8; 32], salt: &[u8]) -> Result<Cipher, RecordsError> {
    Cipher::of(b"tracepost records index\x00", key, salt).map_err(|_| DAMAGED)
}

fn nonce(segment: usize, is_last: bool) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&(segment as u64).to_le_bytes());
    bytes[8] = u8::from(is_last);
    bytes
}

/// Encrypts what `fill` writes into a new file and flushes it.
pub(super) fn write(
    path: &Path,
    key: &[u8; 32],
    fill: impl FnOnce(&mut Writer) -> std::io::Result<()>,
) -> Result<(), RecordsError> {
    let salt: [u8; SALT_BYTES] = random::bytes()?;
    let failed = |e| RecordsError::Io { path: path.to_owned(), source: e };
    let mut file = files::Paced::new(files::create_private(path).map_err(failed)?);
    file.write_all(MAGIC).and_then(|()| file.write_all(&salt)).map_err(failed)?;
    let cipher = cipher(key, &salt)?;
    let mut writer = Writer { file, cipher, number: 0, segment: Vec::with_capacity(SEGMENT_BYTES + TAG_BYTES) };
    fill(&mut writer).and_then(|()| writer.seal(true)).and_then(|()| writer.file.finish()).map_err(failed)
}

/// Takes bytes and writes full segments of them.
pub(super) struct Writer {
    file: files::Paced,
    cipher: Cipher,
    number: usize,
    segment: Vec<u8>,
}

impl Writer {
    fn seal(&mut self, is_last: bool) -> std::io::Result<()> {
        let tag = self.cipher.seal(nonce(self.number, is_last), MAGIC, &mut self.segment);
        let tag = tag.map_err(|_| std::io::Error::other("a segment is too long"))?;
        self.segment.extend_from_slice(&tag);
        self.file.write_all(&self.segment)?;
        self.number += 1;
        self.segment.clear();
        Ok(())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // A full segment waits for what comes after it: the last one is sealed otherwise.
        if self.segment.len() == SEGMENT_BYTES {
            self.seal(false)?;
        }
        let taken = bytes.len().min(SEGMENT_BYTES - self.segment.len());
        self.segment.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opens a file and lets `take` read it, told how many bytes there are. Two threads decrypt ahead of it, so the bytes are
/// never all in memory beside what is made of them. What `take` made counts only when every segment opened.
pub(super) fn read<T>(
    path: &Path,
    key: &[u8; 32],
    take: impl FnOnce(&mut Reader, u64) -> Result<T, RecordsError>,
) -> Result<T, RecordsError> {
    let failed = |e| RecordsError::Io { path: path.to_owned(), source: e };
    let mut file = File::open(path).map_err(failed)?;
    let len = file.metadata().map_err(failed)?.len();
    let mut header = [0; MAGIC.len() + SALT_BYTES];
    let body = len.checked_sub((header.len() + TAG_BYTES) as u64).ok_or(DAMAGED)? + TAG_BYTES as u64;
    file.read_exact(&mut header).map_err(failed)?;
    if !header.starts_with(MAGIC) {
        return Err(DAMAGED);
    }
    let cipher = cipher(key, &header[MAGIC.len()..])?;
    let segments = usize::try_from(body.div_ceil(SEALED_BYTES)).map_err(|_| DAMAGED)?;
    let plain = body.checked_sub((segments * TAG_BYTES) as u64).ok_or(DAMAGED)?;
    std::thread::scope(|scope| {
        let mut incoming = Vec::new();
        for first in 0..READERS {
            let (send, receive) = std::sync::mpsc::sync_channel(2);
            let cipher = &cipher;
            scope.spawn(move || {
                for number in (first..segments).step_by(READERS) {
                    let segment = open_segment(path, cipher, header.len() as u64, number, segments);
                    let failed = segment.is_err();
                    // Nobody listens any more, or nothing can follow.
                    if send.send(segment).is_err() || failed {
                        return;
                    }
                }
            });
            incoming.push(receive);
        }
        let mut reader = Reader { incoming, segments, number: 0, segment: Vec::new(), at: 0, failed: None };
        let taken = take(&mut reader, plain);
        match reader.failed.take() {
            Some(error) => Err(error),
            None if taken.is_ok() && reader.number < segments => Err(DAMAGED),
            None => taken,
        }
    })
}

fn open_segment(
    path: &Path,
    cipher: &Cipher,
    header: u64,
    number: usize,
    segments: usize,
) -> Result<Vec<u8>, RecordsError> {
    let failed = |e| RecordsError::Io { path: path.to_owned(), source: e };
    let mut file = File::open(path).map_err(failed)?;
    file.seek(SeekFrom::Start(header + number as u64 * SEALED_BYTES)).map_err(failed)?;
    let mut segment = Vec::with_capacity(SEGMENT_BYTES + TAG_BYTES);
    file.take(SEALED_BYTES).read_to_end(&mut segment).map_err(failed)?;
    cipher.open(nonce(number, number + 1 == segments), MAGIC, &mut segment).map_err(|_| DAMAGED)?;
    Ok(segment)
}

/// The bytes of a sealed file, in order.
pub(super) struct Reader {
    incoming: Vec<std::sync::mpsc::Receiver<Result<Vec<u8>, RecordsError>>>,
    segments: usize,
    number: usize,
    segment: Vec<u8>,
    at: usize,
    failed: Option<RecordsError>,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.segment.len() {
            if self.number == self.segments {
                return Ok(0);
            }
            match self.incoming[self.number % READERS].recv().unwrap_or(Err(DAMAGED)) {
                Ok(segment) => (self.segment, self.at) = (segment, 0),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(std::io::Error::other("a segment does not open"));
                }
            }
            self.number += 1;
        }
        let taken = into.len().min(self.segment.len() - self.at);
        into[..taken].copy_from_slice(&self.segment[self.at..self.at + taken]);
        self.at += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, key: &[u8; 32], bytes: Vec<u8>) -> Result<(), RecordsError> {
        super::write(path, key, |out| out.write_all(&bytes))
    }

    fn read(path: &Path, key: &[u8; 32]) -> Result<Vec<u8>, RecordsError> {
        super::read(path, key, |from, len| {
            let mut bytes = Vec::new();
            from.read_to_end(&mut bytes).map_err(RecordsError::io(path))?;
            assert_eq!(bytes.len() as u64, len);
            Ok(bytes)
        })
    }

    #[test]
    fn a_sealed_file_opens_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for len in [0, 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 12345] {
            let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            write(&path, &[7; 32], bytes.clone()).unwrap();
            assert_eq!(read(&path, &[7; 32]).unwrap(), bytes, "{len}");
            assert!(read(&path, &[8; 32]).is_err());
        }
        let whole = std::fs::read(&path).unwrap();
        let header = MAGIC.len() + SALT_BYTES;
        for cut in [0, 10, header, header + SEGMENT_BYTES + TAG_BYTES, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(read(&path, &[7; 32]).is_err(), "cut at {cut}");
        }
        for at in [0, 20, header, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(read(&path, &[7; 32]).is_err(), "changed at {at}");
        }
    }
}

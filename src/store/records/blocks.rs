//! The records of a generation in a file of their own: blocks of a few records, each sealed alone.
//!
//! A page of SQLCipher is 4 KiB and is decrypted and proven whole for one record in it, which is most of what a look-up costs
//! (`docs/adr/0013`). A block here is some 350 bytes. The file has a key of its own, from the database's key and a random
//! salt, so a block's number serves as its nonce: a block that was changed, moved, or taken from another file does not open.
//! Salt and lengths stand in the generation's database, under SQLCipher's seal: the file belongs to that database alone.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::RecordsError;
use super::cipher::{Cipher, TAG_BYTES};
use super::row::take_len;
use crate::platform::{files, memory, random};

const SALT_BYTES: usize = 32;
/// What every block is sealed with beside its number: the form of the file.
const FORM: &[u8; 8] = b"TPROWS\x00\x01";
/// One block in so many has its place written out whole; the others are counted from there.
const STEP: usize = 32;
/// Stands for a length that two bytes do not hold.
const LONG: u16 = u16::MAX;
const DAMAGED: RecordsError = RecordsError::Damaged("a block of records does not open");
const TOO_LONG: RecordsError = RecordsError::Damaged("records too long to be kept");

fn cipher(key: &[u8; 32], salt: &[u8]) -> Result<Cipher, RecordsError> {
    Cipher::of(b"tracepost records rows\x00", key, salt).map_err(|_| DAMAGED)
}

fn nonce(block: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&block.to_le_bytes());
    bytes
}

/// What opens a file of blocks, to be kept in the database of its generation.
pub(super) struct Seal {
    /// Random, of this file alone.
    pub salt: [u8; SALT_BYTES],
    /// The length of each block without its tag.
    pub lengths: Vec<u8>,
}

/// Writes blocks one after the other.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<files::Paced>,
    cipher: Cipher,
    block: u32,
    seal: Seal,
}

impl Writer {
    /// A new file; what stood there is gone.
    pub fn create(path: &Path, key: &[u8; 32]) -> Result<Self, RecordsError> {
        let salt = random::bytes()?;
        let file = files::create_private(path).map_err(RecordsError::io(path))?;
        let file = BufWriter::with_capacity(1 << 18, files::Paced::new(file));
        let seal = Seal { salt, lengths: Vec::new() };
        Ok(Self { path: path.to_owned(), file, cipher: cipher(key, &salt)?, block: 0, seal })
    }

    /// Seals the next block, which is empty then.
    pub fn put(&mut self, block: &mut Vec<u8>) -> Result<(), RecordsError> {
        let mut len = u32::try_from(block.len()).map_err(|_| TOO_LONG)?;
        let tag = self.cipher.seal(nonce(self.block), FORM, block).map_err(|_| TOO_LONG)?;
        self.block = self.block.checked_add(1).ok_or(TOO_LONG)?;
        while len >= 0x80 {
            self.seal.lengths.push(len as u8 | 0x80);
            len >>= 7;
        }
        self.seal.lengths.push(len as u8);
        self.file.write_all(block).and_then(|()| self.file.write_all(&tag)).map_err(RecordsError::io(&self.path))?;
        block.clear();
        Ok(())
    }

    /// What is written, its last part not flushed to disk yet, and what opens it.
    pub fn finish(self) -> Result<(files::Paced, Seal), RecordsError> {
        let file = self.file.into_inner().map_err(|error| error.into_error()).map_err(RecordsError::io(&self.path))?;
        Ok((file, self.seal))
    }
}

/// A file of blocks, open for reading from any thread.
pub(super) struct Blocks {
    path: PathBuf,
    file: File,
    cipher: Cipher,
    places: Places,
}

/// Where blocks stand in their file, in little more than two bytes each: two generations are in memory for a moment of a merge.
#[derive(Default)]
struct Places {
    /// Where every [`STEP`]th block begins.
    begins: Vec<u64>,
    /// The length of each with its tag, or [`LONG`].
    lengths: Vec<u16>,
    /// The blocks that are so long, in order, and how long they are.
    long: Vec<(u32, u32)>,
    /// Where the next begins.
    end: u64,
}

impl Places {
    /// From lengths without tags, end to end.
    fn new(mut rest: &[u8]) -> Result<Self, RecordsError> {
        // Nearly all blocks have two bytes of length.
        let mut places = Self { lengths: Vec::with_capacity(rest.len() / 2), ..Self::default() };
        while !rest.is_empty() {
            let (len, after) = take_len(rest).ok_or(DAMAGED)?;
            rest = after;
            places.push(u32::try_from(len + TAG_BYTES).map_err(|_| TOO_LONG)?)?;
        }
        places.lengths.shrink_to_fit();
        Ok(places)
    }

    fn push(&mut self, len: u32) -> Result<(), RecordsError> {
        if self.lengths.len().is_multiple_of(STEP) {
            self.begins.push(self.end);
        }
        if len >= u32::from(LONG) {
            self.long.push((u32::try_from(self.lengths.len()).map_err(|_| TOO_LONG)?, len));
        }
        self.lengths.push(u16::try_from(len).unwrap_or(LONG));
        self.end += u64::from(len);
        Ok(())
    }

    fn len(&self, block: u32) -> Option<u32> {
        let len = *self.lengths.get(block as usize)?;
        let long =
            || self.long.binary_search_by_key(&block, |long| long.0).map_or(u32::from(LONG), |at| self.long[at].1);
        Some(if len == LONG { long() } else { u32::from(len) })
    }

    /// Beginning and length of a block.
    fn of(&self, block: u32) -> Option<(u64, usize)> {
        let len = self.len(block)?;
        let step = block as usize / STEP;
        let before: u64 = match self.long.is_empty() {
            true => self.lengths[step * STEP..block as usize].iter().map(|len| u64::from(*len)).sum(),
            false => ((step * STEP) as u32..block).filter_map(|block| self.len(block)).map(u64::from).sum(),
        };
        Some((self.begins[step] + before, len as usize))
    }
}

impl Blocks {
    /// Opens a file that must be as long as its blocks.
    pub fn open(path: &Path, key: &[u8; 32], salt: &[u8], lengths: &[u8]) -> Result<Self, RecordsError> {
        let failed = RecordsError::io;
        let places = Places::new(lengths)?;
        let file = File::open(path).map_err(failed(path))?;
        if file.metadata().map_err(failed(path))?.len() != places.end {
            return Err(RecordsError::Damaged("the file of records is not as long as it was written"));
        }
        Ok(Self { path: path.to_owned(), file, cipher: cipher(key, salt)?, places })
    }

    /// Reads a block, in place of what `into` holds.
    pub fn read(&self, block: u32, into: &mut Vec<u8>) -> Result<(), RecordsError> {
        let (place, len) = self.places.of(block).ok_or(RecordsError::Damaged("a record is missing"))?;
        into.clear();
        into.resize(len, 0);
        files::read_at(&self.file, into, place).map_err(RecordsError::io(&self.path))?;
        self.cipher.open(nonce(block), FORM, into).map_err(|_| DAMAGED)
    }
}

/// Bytes that the system keeps or drops together.
const PAGE_BYTES: usize = 4096;
/// The file is looked through only where the system has so many times its length to spare.
const ROOM: u64 = 3;

impl Blocks {
    /// Has the system read the file ahead, and keep it among what is in use: it does that with a page that was read twice, and
    /// making so of some pages at a time costs ten microseconds in one look-up of a hundred while it lasts. Does nothing where the
    /// system has little memory to spare, and ends when `is_wanted` says so.
    pub fn look_through(&self, is_wanted: &dyn Fn() -> bool) {
        if memory::available().is_none_or(|bytes| bytes / ROOM < self.places.end) {
            return;
        }
        let pages = || (0..self.places.end).step_by(PAGE_BYTES);
        for (n, place) in pages().chain(pages()).enumerate() {
            let is_over = n.is_multiple_of(1024) && !is_wanted();
            // What cannot be read is told by the check that needs it.
            if is_over || files::read_at(&self.file, &mut [0], place).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn block(n: u32) -> Vec<u8> {
        (0..n % 300).map(|at| (at ^ n) as u8).collect()
    }

    fn written(path: &Path, blocks: u32) -> Seal {
        let mut writer = Writer::create(path, &KEY).unwrap();
        (0..blocks).for_each(|n| writer.put(&mut block(n)).unwrap());
        writer.finish().unwrap().1
    }

    #[test]
    fn a_block_opens_in_its_place_in_its_file_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let [path, other] = ["x", "y"].map(|name| dir.path().join(name));
        let seal = written(&path, 3000);
        let other_seal = written(&other, 3000);
        let open = |path: &Path, seal: &Seal, key| Blocks::open(path, key, &seal.salt, &seal.lengths);
        let blocks = open(&path, &seal, &KEY).unwrap();
        let mut held = vec![9; 5];
        for n in [0, 1, 299, 300, 1023, 1024, 1025, 2048, 2999] {
            blocks.read(n, &mut held).unwrap();
            assert_eq!(held, block(n), "{n}");
        }
        assert!(blocks.read(3000, &mut held).is_err());
        let asked = std::cell::Cell::new(0);
        for is_wanted in [false, true] {
            asked.set(0);
            blocks.look_through(&|| asked.replace(asked.get() + 1) == 0 && is_wanted);
            assert!(asked.get() <= 1, "it asks every thousand pages, and not again after a no");
        }
        blocks.read(7, &mut held).unwrap();
        assert_eq!(held, block(7), "after the file was looked through");
        for (what, blocks) in [
            ("another file", open(&other, &seal, &KEY)),
            ("another seal", open(&path, &other_seal, &KEY)),
            ("another key", open(&path, &seal, &[8; 32])),
        ] {
            assert!(blocks.unwrap().read(1024, &mut held).is_err(), "{what}");
        }
        let whole = std::fs::read(&path).unwrap();
        // Two blocks of one length, each in the other's place.
        let place = |n: u32| (0..n).map(|n| block(n).len() + TAG_BYTES).sum::<usize>();
        let (one, two, len) = (place(250), place(550), 250 + TAG_BYTES);
        let mut swapped = whole.clone();
        swapped[one..one + len].copy_from_slice(&whole[two..two + len]);
        swapped[two..two + len].copy_from_slice(&whole[one..one + len]);
        std::fs::write(&path, &swapped).unwrap();
        let blocks = open(&path, &seal, &KEY).unwrap();
        assert!(blocks.read(250, &mut held).is_err() && blocks.read(550, &mut held).is_err());
        for at in [one, one + 100, one + len - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(open(&path, &seal, &KEY).unwrap().read(250, &mut held).is_err(), "changed at {at}");
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(open(&path, &seal, &KEY).is_err(), "cut short");
    }

    #[test]
    fn each_block_has_its_place_however_long_those_before_it_are() {
        let short = |n: u32| 100 + n % 400;
        for (what, len) in [
            ("short", Box::new(short) as Box<dyn Fn(u32) -> u32>),
            ("one long", Box::new(move |n| if n == 40 { 70_000 } else { short(n) })),
            ("about as long as two bytes tell", Box::new(|n| u32::from(LONG) - TAG_BYTES as u32 - 2 + n % 4)),
            ("none of any length", Box::new(|_| 0)),
        ] {
            let mut written = Vec::new();
            for mut len in (0..200).map(&len) {
                while len >= 0x80 {
                    written.push(len as u8 | 0x80);
                    len >>= 7;
                }
                written.push(len as u8);
            }
            let places = Places::new(&written).unwrap();
            let mut begin = 0;
            for n in 0..200 {
                let sealed = len(n) as usize + TAG_BYTES;
                assert_eq!(places.of(n), Some((begin, sealed)), "{what}, {n}");
                begin += sealed as u64;
            }
            assert_eq!((places.of(200), places.end), (None, begin), "{what}");
        }
    }

    #[test]
    fn no_records_are_no_blocks() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let seal = written(&path, 0);
        let blocks = Blocks::open(&path, &KEY, &seal.salt, &seal.lengths).unwrap();
        assert!(blocks.read(0, &mut Vec::new()).is_err());
    }
}

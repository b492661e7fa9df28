//! Looks at SQLite's write-ahead log for damage that SQLite itself passes over in silence.
//!
//! When a frame's checksum does not fit, SQLite takes it and all after it for the remains of a crash and ignores them. After
//! a crash that is right. After a changed byte it would make the newest entries vanish without a word, so verification looks
//! for what no crash leaves: whole frames of the same generation behind the one that does not fit, or a whole last commit
//! that does not.
//!
//! Format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

const HEADER_LEN: usize = 32;
const FRAME_HEADER_LEN: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// What the log holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// The first frame (counted from 1; 0 is the header) that was changed; `None` when the log is whole or there is none.
    pub damaged_from: Option<u64>,
    /// The pages of which the log has a newer state than the database, which may hold anything there.
    pub pages: BTreeSet<u32>,
}

/// Reads a log; one that is not there is empty.
pub fn look(path: &Path) -> io::Result<Log> {
    let mut log = Log::default();
    log.damaged_from = first_damaged_frame(path, &mut log.pages)?;
    Ok(log)
}

fn first_damaged_frame(path: &Path, pages: &mut BTreeSet<u32>) -> io::Result<Option<u64>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER_LEN];
    if !fill(&mut file, &mut header)? {
        return Ok(None);
    }
    let page_len = word(&header, 8) as usize;
    let is_plausible = (512..=65_536).contains(&page_len) && word(&header, 0) & !1 == MAGIC;
    let mut sum = Sum { big_endian: header[3] & 1 == 1, state: (0, 0) };
    if is_plausible {
        sum.add(&header[..24]);
    }
    if !is_plausible || sum.state != (word(&header, 24), word(&header, 28)) {
        // A header alone may be the remains of a crash; with a frame behind it, it was whole once.
        return Ok(fill(&mut file, &mut [0; FRAME_HEADER_LEN])?.then_some(0));
    }
    let salts = &header[16..24];
    let mut frame = vec![0; FRAME_HEADER_LEN + page_len];
    let mut broken_at = None;
    for number in 1.. {
        if !fill(&mut file, &mut frame)? {
            break;
        }
        let is_ours = &frame[8..16] == salts;
        if let Some((at, was_commit)) = broken_at {
            if is_ours {
                return Ok(Some(at));
            }
            // Old frames of an earlier generation lie behind the end of this one; nothing of ours can follow them.
            if was_commit || number > at + 1 {
                break;
            }
            continue;
        }
        sum.add(&frame[..8]);
        sum.add(&frame[FRAME_HEADER_LEN..]);
        if !is_ours || sum.state != (word(&frame, 16), word(&frame, 20)) {
            broken_at = Some((number, is_ours && word(&frame, 4) != 0));
        } else {
            pages.insert(word(&frame, 0));
        }
    }
    Ok(broken_at.filter(|(_, was_commit)| *was_commit).map(|(at, _)| at))
}

/// SQLite's running checksum over pairs of words.
struct Sum {
    big_endian: bool,
    state: (u32, u32),
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.as_chunks::<8>().0 {
            let [a, b, c, d, e, f, g, h] = *pair;
            let words = if self.big_endian {
                (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
            } else {
                (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
            };
            self.state.0 = self.state.0.wrapping_add(words.0).wrapping_add(self.state.1);
            self.state.1 = self.state.1.wrapping_add(words.1).wrapping_add(self.state.0);
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
}

/// Fills the buffer; `false` when the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

//! The file under an import: looked at before it is parsed, counted while it is.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::ImportError;

const BUFFER_BYTES: usize = 256 << 10;
/// How much of the file is looked at before anything is parsed.
const SNIFF_BYTES: usize = 64 << 10;

/// Lines and bytes that were read so far; shared with the parser, which owns the source meanwhile.
#[derive(Debug, Default, Clone)]
pub(super) struct Position(Rc<(Cell<u64>, Cell<u64>)>);

impl Position {
    /// The line that is being read, counted from 1.
    pub fn line(&self) -> u64 {
        self.0.0.get() + 1
    }
    pub fn bytes(&self) -> u64 {
        self.0.1.get()
    }
    fn add(&self, lines: u64, bytes: u64) {
        self.0.0.set(self.0.0.get() + lines);
        self.0.1.set(self.0.1.get() + bytes);
    }
}

/// A buffered reader that counts lines and has no byte order mark.
pub(super) struct Source<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    position: Position,
}

impl<R: Read> Source<R> {
    /// Reads the first bytes and refuses what is no UTF-8 text.
    pub fn open(inner: R) -> Result<Self, ImportError> {
        let mut source = Self { inner, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, position: Position::default() };
        while source.end < SNIFF_BYTES && source.refill_behind()? > 0 {}
        source.start = sniff(&source.buffer[..source.end.min(SNIFF_BYTES)])?;
        Ok(source)
    }

    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// The first bytes, for guessing a separator or a bracket.
    pub fn head(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn refill_behind(&mut self) -> io::Result<usize> {
        loop {
            match self.inner.read(&mut self.buffer[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl<R: Read> Read for Source<R> {
    #[inline]
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // serde_json asks byte by byte; this is its whole reading loop.
        if out.len() == 1 && self.start < self.end {
            let byte = self.buffer[self.start];
            out[0] = byte;
            self.start += 1;
            self.position.add(u64::from(byte == b'\n'), 1);
            return Ok(1);
        }
        let available = self.fill_buf()?;
        let n = available.len().min(out.len());
        out[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.refill_behind()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        let lines = self.buffer[self.start..self.start + n].iter().filter(|&&b| b == b'\n').count();
        self.position.add(lines as u64, n as u64);
        self.start += n;
    }
}

/// Looks at the first bytes; gives the length of a UTF-8 byte order mark.
fn sniff(head: &[u8]) -> Result<usize, ImportError> {
    let known = [
        (&b"PK\x03\x04"[..], "a ZIP archive or an office document"),
        (b"\x1f\x8b", "compressed with gzip"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"\xd0\xcf\x11\xe0", "an old office document"),
        (b"%PDF", "a PDF"),
        (b"SQLite format 3", "a database"),
    ];
    if let Some((_, what)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(ImportError::Binary(what));
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Encoding { line: 1, hint: ", it looks like UTF-16" });
    }
    let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    let text = &head[mark..];
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(ImportError::Empty);
    }
    let zeros = text.iter().filter(|&&b| b == 0).count();
    if zeros > text.len() / 4 && text.iter().skip(zeros % 2).step_by(2).filter(|&&b| b == 0).count() * 3 > zeros {
        // Every other byte zero is UTF-16 without its mark; anything else with zeros is no text at all.
        let odd = text.iter().skip(1).step_by(2).filter(|&&b| b == 0).count();
        if odd * 10 > zeros * 9 || odd * 10 < zeros {
            return Err(ImportError::Encoding { line: 1, hint: ", it looks like UTF-16" });
        }
    }
    if zeros > 0 {
        return Err(ImportError::Binary("it holds zero bytes"));
    }
    if let Err(e) = std::str::from_utf8(text) {
        // The cut of the look itself may fall inside a character.
        let at_the_cut = e.error_len().is_none();
        if !at_the_cut {
            let good = &text[..e.valid_up_to()];
            let line = good.iter().filter(|&&b| b == b'\n').count() as u64 + 1;
            return Err(ImportError::Encoding { line, hint: encoding_hint(text) });
        }
    }
    Ok(mark)
}

/// A guess at the encoding of text that is not UTF-8, and none where nothing tells. The same bytes are accented letters elsewhere
/// in Europe; but these stand alone among plain ones, where Cyrillic letters stand side by side.
pub(super) fn encoding_hint(text: &[u8]) -> &'static str {
    let is_high = |b: &u8| *b >= 0x80;
    let is_cyrillic = |b: &&u8| **b >= 0xc0 || matches!(**b, 0xa5 | 0xaa | 0xaf | 0xb2 | 0xb3 | 0xb4 | 0xba | 0xbf);
    let high = text.iter().filter(|b| is_high(b)).count();
    let cyrillic = text.iter().filter(is_cyrillic).count();
    let side_by_side: usize = text.chunk_by(|a, b| is_high(a) && is_high(b)).map(<[u8]>::len).filter(|&n| n > 1).sum();
    let of_most = |count: usize| count * 10 >= high * 9;
    if high > 0 && of_most(cyrillic) && of_most(side_by_side) { ", it looks like Windows-1251" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_named_only_where_it_shows() {
        for (text, named) in [
            (&b"\xc5\xc21234;\xcf\xb3\xf1\xf2\xee\xeb\xe5\xf2"[..], true),
            (b"G\xe9n\xe9ral;pi\xe8ce;\xdcberpr\xfcfung", false),
            (b"S\xf8ren;Fran\xe7ois", false),
            (b"\x80 100;\xa7 4", false),
        ] {
            assert_eq!(encoding_hint(text).contains("1251"), named, "{text:?}");
        }
    }
}

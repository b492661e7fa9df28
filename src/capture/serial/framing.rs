//! Where one code ends and the next begins in what a scanner sends. Pure: bytes and times in, codes out.

use crate::domain::payload::{TEXT_BYTES_MAX, goes_on};

/// Silence after which a code is over from a scanner that ends its codes by nothing else.
const SILENCE_MS: u64 = 150;
/// Silence after which a code is over that should have had an end: a long stall of the cable, or a scanner set up anew.
const LONG_SILENCE_MS: u64 = 1_000;

/// What came of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// One whole code, its separators kept, without what ends it.
    Code(String),
    /// Bytes that no scanner sends at the right rate; how many.
    Garbled(usize),
}

/// Gathers bytes to codes. A code ends with CR, LF, both, or ETX, or with silence.
#[derive(Debug, Default)]
pub struct Framing {
    bytes: Vec<u8>,
    last_ms: u64,
    /// This scanner ends its codes with a character.
    has_ends: bool,
    /// Too long already: nothing more is kept until it ends.
    overflowed: bool,
}

impl Framing {
    /// Takes bytes as they come. `now_ms` is any clock that only goes forward.
    pub fn push(&mut self, bytes: &[u8], now_ms: u64) -> Vec<Framed> {
        let mut out = Vec::new();
        self.last_ms = now_ms;
        for &byte in bytes {
            let ends = matches!(byte, b'\r' | b'\n' | 0x03);
            if !ends {
                self.keep(byte);
            } else if byte != 0x03 && self.goes_on() {
                // Line ends inside a zone or a licence; what begins a line is kept apart by one of them.
                self.keep(byte);
            } else {
                self.has_ends |= !self.bytes.is_empty();
                out.extend(self.take());
            }
        }
        out
    }

    /// What silence has ended.
    pub fn silence(&mut self, now_ms: u64) -> Option<Framed> {
        let wanted_ms = if self.has_ends && !self.goes_on() { LONG_SILENCE_MS } else { SILENCE_MS };
        (now_ms.saturating_sub(self.last_ms) >= wanted_ms).then(|| self.take()).flatten()
    }

    /// Forgets what was begun; how many bytes that were. Half a code is none.
    pub fn forget(&mut self) -> usize {
        self.overflowed = false;
        std::mem::take(&mut self.bytes).len()
    }

    fn keep(&mut self, byte: u8) {
        if self.bytes.len() < TEXT_BYTES_MAX {
            self.bytes.push(byte);
        } else {
            self.overflowed = true;
        }
    }

    fn goes_on(&self) -> bool {
        goes_on(text_of(&self.bytes).trim_start_matches('\u{2}'))
    }

    fn take(&mut self) -> Option<Framed> {
        let bytes = std::mem::take(&mut self.bytes);
        let overflowed = std::mem::take(&mut self.overflowed);
        let bytes = bytes.strip_prefix(&[0x02]).unwrap_or(&bytes);
        let bytes = bytes.trim_ascii_end();
        if bytes.is_empty() {
            return None;
        }
        let text = text_of(bytes);
        Some(if overflowed || is_noise(&text) { Framed::Garbled(bytes.len()) } else { Framed::Code(text) })
    }
}

/// UTF-8, or else each byte as the character of that number: scanners send either.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// At a wrong rate most bytes come out as control characters, or with their highest bit set. Codes hold few of either
/// beside the separators.
fn is_noise(text: &str) -> bool {
    let odd = |c: &char| {
        let separator = matches!(c, '\u{1C}'..='\u{1F}' | '\u{4}' | '\t' | '\r' | '\n');
        (c.is_control() && !separator) || matches!(c, '\u{80}'..='\u{FF}')
    };
    let odd = text.chars().filter(odd).count();
    odd * 3 > text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(framed: Vec<Framed>) -> Vec<String> {
        framed.into_iter().map(|f| if let Framed::Code(text) = f { text } else { format!("{f:?}") }).collect()
    }

    #[test]
    fn ends_of_every_kind() {
        let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\r\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let table: [(&str, &[&str]); 9] = [
            ("A1\rB2\r", &["A1", "B2"]),
            ("A1\nB2\n", &["A1", "B2"]),
            ("A1\r\nB2\r\n", &["A1", "B2"]),
            ("\u{2}A1\u{3}\u{2}B2\u{3}", &["A1", "B2"]),
            ("[)>\u{1e}06\u{1d}18S1\u{1e}\u{4}\r\n", &["[)>\u{1e}06\u{1d}18S1\u{1e}\u{4}"]),
            ("\u{1d}01095\r", &["\u{1d}01095"]),
            ("АВ 1234\r", &["АВ 1234"]),
            ("A1", &[]),
            ("\r\n\r\n", &[]),
        ];
        for (sent, wanted) in table {
            assert_eq!(codes(Framing::default().push(sent.as_bytes(), 0)), wanted, "{sent:?}");
        }
        let both = Framing::default().push(format!("{zone}\r\nA1\r\n").as_bytes(), 0);
        assert_eq!(codes(both), [zone, "A1"], "a zone is one code of two lines");
        assert_eq!(codes(Framing::default().push(b"A\xC41\r", 0)), ["AÄ1"], "not UTF-8: byte by byte");
    }

    #[test]
    fn silence_ends_what_nothing_else_ends() {
        let mut framing = Framing::default();
        framing.push(b"A1", 0);
        assert_eq!(framing.silence(SILENCE_MS - 1), None);
        assert_eq!(framing.silence(SILENCE_MS), Some(Framed::Code("A1".into())));
        assert_eq!(framing.silence(10_000), None);
        framing.push(b"B2\rC", 20_000);
        assert_eq!(framing.silence(20_000 + SILENCE_MS), None, "this scanner has ends: the rest is on its way");
        assert_eq!(codes(framing.push(b"3\r", 20_500)), ["C3"]);
        framing.push(b"@\n\x1e\rANSI 636000", 30_000);
        assert_eq!(framing.forget(), 15);
        assert_eq!(framing.silence(40_000), None, "half a code is none");
    }

    #[test]
    fn noise_and_floods_are_said_and_not_read() {
        let noise: Vec<u8> = (0..40u8).map(|i| 0x80 | i.wrapping_mul(7)).chain([b'\r']).collect();
        assert_eq!(Framing::default().push(&noise, 0), [Framed::Garbled(40)]);
        let flood = vec![b'A'; TEXT_BYTES_MAX + 5];
        let mut framing = Framing::default();
        assert_eq!(framing.push(&flood, 0), []);
        assert_eq!(framing.push(b"\rA1\r", 1), [Framed::Garbled(TEXT_BYTES_MAX), Framed::Code("A1".into())]);
    }
}

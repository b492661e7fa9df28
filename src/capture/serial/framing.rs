//! Where one code ends and the next begins in what a scanner sends. Pure: bytes and times in, codes out.

use crate::domain::payload::{TEXT_BYTES_MAX, goes_on};

/// Silence after which a code is over from a scanner that is known to end its codes by nothing else.
const SILENCE_MS: u64 = 150;
/// The same while nothing is known of the scanner: a link that stalls once must not make two codes of the first.
const FIRST_SILENCE_MS: u64 = 500;
/// Silence after which a code is broken off that should have had an end: a long stall of the link, or a scanner set up anew.
const LONG_SILENCE_MS: u64 = 1_000;

/// What came of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// One whole code, its separators kept, without what ends it.
    Code(String),
    /// Something was sent, and no code can be made of it; how many bytes are given up.
    Lost(Lost, usize),
}

/// Why what a scanner sent is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Bytes that no scanner sends at the right rate.
    #[error("what came cannot be read; set scanner and port to the same rate")]
    Noise,
    /// More than the largest symbol holds.
    #[error("what came is longer than any code; set the scanner to end each code with Enter (CR)")]
    TooLong,
    /// This scanner ends its codes with a character, and this one did not end.
    #[error("a code broke off and was not used; scan it again")]
    BrokenOff,
}

/// How a scanner ends its codes, as far as it has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Ends {
    #[default]
    NotShown,
    ByCharacter,
    BySilence,
}

/// Gathers bytes to codes. A code ends with CR, LF, both, or ETX, or with silence.
#[derive(Debug, Default)]
pub struct Framing {
    bytes: Vec<u8>,
    last_ms: u64,
    ends: Ends,
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
                if !self.bytes.is_empty() {
                    self.ends = Ends::ByCharacter;
                }
                out.extend(self.take());
            }
        }
        out
    }

    /// What silence has ended.
    pub fn silence(&mut self, now_ms: u64) -> Option<Framed> {
        let several_lines = self.goes_on();
        let wanted_ms = match self.ends {
            Ends::ByCharacter if !several_lines => LONG_SILENCE_MS,
            Ends::NotShown if !several_lines => FIRST_SILENCE_MS,
            _ => SILENCE_MS,
        };
        if self.bytes.is_empty() || now_ms.saturating_sub(self.last_ms) < wanted_ms {
            return None;
        }
        if several_lines {
            return self.take();
        }
        if self.ends == Ends::ByCharacter {
            // The first half of a serial is another serial. If the scanner was set up anew, the next code is believed.
            self.ends = Ends::NotShown;
            self.overflowed = false;
            return Some(Framed::Lost(Lost::BrokenOff, self.forget()));
        }
        self.ends = Ends::BySilence;
        self.take()
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
        let bytes = without_padding(&bytes);
        if bytes.is_empty() {
            return None;
        }
        let text = text_of(bytes);
        Some(match overflowed {
            true => Framed::Lost(Lost::TooLong, bytes.len()),
            false if is_noise(&text) => Framed::Lost(Lost::Noise, bytes.len()),
            false => Framed::Code(text),
        })
    }
}

/// Without what frames a code: STX, spaces and line ends behind it, and the zero bytes of lines that rest or are plugged in.
fn without_padding(bytes: &[u8]) -> &[u8] {
    let from = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes[from..].strip_prefix(&[0x02]).unwrap_or(&bytes[from..]);
    let behind = bytes.iter().rev().take_while(|byte| **byte == 0 || byte.is_ascii_whitespace()).count();
    &bytes[..bytes.len() - behind]
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
        assert_eq!(framing.silence(FIRST_SILENCE_MS - 1), None, "a stall, as far as anyone knows");
        assert_eq!(framing.silence(FIRST_SILENCE_MS), Some(Framed::Code("A1".into())));
        assert_eq!(framing.silence(10_000), None);
        framing.push(b"B2", 20_000);
        assert_eq!(framing.silence(20_000 + SILENCE_MS), Some(Framed::Code("B2".into())), "it has shown how it ends");
        framing.push(b"C3\rD", 30_000);
        assert_eq!(framing.silence(30_000 + FIRST_SILENCE_MS), None, "now it has ends: the rest is on its way");
        assert_eq!(codes(framing.push(b"4\r", 30_900)), ["D4"]);
        framing.push(b"@\n\x1e\rANSI 636000", 40_000);
        assert_eq!(framing.forget(), 15);
        assert_eq!(framing.silence(50_000), None, "half a code is none");
    }

    #[test]
    fn half_a_code_is_said_and_not_read_and_a_scanner_set_up_anew_is_believed_the_second_time() {
        let mut framing = Framing::default();
        assert_eq!(codes(framing.push(b"A1\rTR00", 0)), ["A1"]);
        assert_eq!(framing.silence(LONG_SILENCE_MS), Some(Framed::Lost(Lost::BrokenOff, 4)));
        assert_eq!(framing.silence(10_000), None);
        framing.push(b"TR0087341", 20_000);
        assert_eq!(framing.silence(20_000 + FIRST_SILENCE_MS), Some(Framed::Code("TR0087341".into())));
    }

    #[test]
    fn noise_and_floods_are_said_and_not_read() {
        let noise: Vec<u8> = (0..40u8).map(|i| 0x80 | i.wrapping_mul(7)).chain([b'\r']).collect();
        assert_eq!(Framing::default().push(&noise, 0), [Framed::Lost(Lost::Noise, 40)]);
        let flood = vec![b'A'; TEXT_BYTES_MAX + 5];
        let mut framing = Framing::default();
        assert_eq!(framing.push(&flood, 0), []);
        let after = framing.push(b"\rA1\r", 1);
        assert_eq!(after, [Framed::Lost(Lost::TooLong, TEXT_BYTES_MAX), Framed::Code("A1".into())]);
    }

    #[test]
    fn a_few_stray_bytes_do_not_cost_a_code() {
        let table =
            [("TR0087341\0\r", "TR0087341"), ("\0\0TR0087341\r", "TR0087341"), ("]d2\u{1d}0109\r", "]d2\u{1d}0109")];
        for (sent, wanted) in table {
            assert_eq!(codes(Framing::default().push(sent.as_bytes(), 0)), [wanted], "{sent:?}");
        }
    }
}

//! Tells a hand scanner that types (a keyboard wedge) from fingers: by the pace alone.
//!
//! A wedge sends a whole symbol at some milliseconds a character and ends it with Enter or Tab; the fastest fingers need
//! fifty. Pure: keys and times in, a scan out.

/// A burst has at least so many characters; three quick keys are a habit of fingers too.
const CHARS_MIN: usize = 4;
/// Most time between two keys of a burst.
const GAP_MS_MAX: u64 = 60;
/// Most time between two keys of a burst on average.
const MEAN_MS_MAX: u64 = 28;

/// What a key turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A key like any other; `first` when it may be the first of a burst, so that fields can be remembered as they are.
    Key {
        /// A pause came before it.
        first: bool,
    },
    /// The end of a burst: this was a scanner, and this is what it sent. The characters have reached whatever field had the
    /// focus, which must be put back to what it was at the first key.
    Scan(String),
}

/// The ear.
#[derive(Debug, Default)]
pub struct Wedge {
    text: String,
    began_ms: u64,
    last_ms: Option<u64>,
}

impl Wedge {
    /// Hears one key. `text` is what it types: one character, or empty for keys that type nothing (Shift); `ends` is true
    /// for Enter and Tab. `now_ms` is any clock that only goes forward.
    pub fn hear(&mut self, text: &str, ends: bool, now_ms: u64) -> Heard {
        let in_pace = self.last_ms.is_some_and(|last| now_ms.saturating_sub(last) <= GAP_MS_MAX);
        if ends {
            let chars = self.text.chars().count();
            let took_ms = now_ms.saturating_sub(self.began_ms);
            let burst = in_pace && chars >= CHARS_MIN && took_ms <= MEAN_MS_MAX * chars as u64;
            self.last_ms = None;
            let text = std::mem::take(&mut self.text);
            return if burst { Heard::Scan(text) } else { Heard::Key { first: false } };
        }
        if text.is_empty() {
            return Heard::Key { first: false };
        }
        if !in_pace {
            self.text.clear();
            self.began_ms = now_ms;
        }
        let first = self.text.is_empty();
        self.text.push_str(text);
        self.last_ms = Some(now_ms);
        Heard::Key { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(text: &str, start_ms: u64, gap_ms: u64) -> Heard {
        let mut wedge = Wedge::default();
        let mut now_ms = start_ms;
        for c in text.chars() {
            wedge.hear(&c.to_string(), false, now_ms);
            now_ms += gap_ms;
        }
        wedge.hear("", true, now_ms)
    }

    #[test]
    fn scanners_are_told_from_fingers_by_their_pace() {
        let table = [
            ("TR0087341", 4, true),
            ("TR0087341", 25, true),
            ("[)>\u{1e}06\u{1d}18S1A2B3C9900001\u{1e}\u{4}", 2, true),
            ("TR0087341", 45, false),
            ("TR0087341", 120, false),
            ("123", 4, false),
            ("АВ12345", 6, true),
        ];
        for (text, gap_ms, scan) in table {
            let want = if scan { Heard::Scan(text.into()) } else { Heard::Key { first: false } };
            assert_eq!(hear(text, 1_000, gap_ms), want, "{text:?} at {gap_ms} ms");
        }
    }

    #[test]
    fn a_burst_after_slow_typing_holds_only_what_the_scanner_sent() {
        let mut wedge = Wedge::default();
        assert_eq!(wedge.hear("x", false, 0), Heard::Key { first: true });
        assert_eq!(wedge.hear("y", false, 400), Heard::Key { first: true });
        for (i, c) in "AB1234".chars().enumerate() {
            let heard = wedge.hear(&c.to_string(), false, 1_000 + 5 * i as u64);
            assert_eq!(heard, Heard::Key { first: i == 0 }, "{c}");
        }
        assert_eq!(wedge.hear("", true, 1_030), Heard::Scan("AB1234".into()));
        assert_eq!(wedge.hear("", true, 1_031), Heard::Key { first: false }, "a second Enter is only Enter");
    }

    #[test]
    fn shift_between_letters_does_not_break_a_burst_nor_a_late_enter_make_one() {
        let mut wedge = Wedge::default();
        for (i, c) in "AB1234".chars().enumerate() {
            wedge.hear("", false, 10 * i as u64);
            wedge.hear(&c.to_string(), false, 10 * i as u64 + 2);
        }
        assert_eq!(wedge.hear("", true, 500), Heard::Key { first: false }, "the person pressed Enter, not the scanner");
    }
}

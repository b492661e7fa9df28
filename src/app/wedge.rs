//! Tells a hand scanner that types (a keyboard wedge) from fingers: by the pace alone.
//!
//! A wedge sends a whole symbol at some milliseconds a character (a slow one over Bluetooth at thirty) and ends it with
//! Enter or Tab; the fastest fingers need fifty. Pure: keys and times in, a scan out. What was typed is kept key by key,
//! since a foreign layout is undone by keys ([`crate::domain::keyboard`]).

use crate::domain::HandScannerSettings;
use crate::domain::keyboard::{Readings, Stroke, readings};
use crate::domain::payload::goes_on;

/// A burst has at least so many characters; three quick keys are a habit of fingers too.
const CHARS_MIN: usize = 4;
/// Most time between two keys of a burst.
const GAP_MS_MAX: u64 = 60;
/// One pause that a slow link may make inside a burst which is a machine's beyond doubt.
const HICCUP_MS_MAX: u64 = 250;
/// Most time between two keys on average: of a short burst, and of one too long for fingers to keep up such a pace.
const MEAN_MS_MAX: u64 = 28;
const LONG_MEAN_MS_MAX: u64 = 40;
const LONG_CHARS: usize = 8;
/// Silence after which a burst is over that no key ends.
pub const SILENCE_MS: u64 = 120;
/// Longest burst that is listened to; the largest symbol holds 7,089 characters.
const STROKES_MAX: usize = 8_192;

/// One key as the window hears it.
#[derive(Debug, Clone, Copy)]
pub struct HeardKey<'a> {
    /// What it types; empty for keys that type nothing (Shift).
    pub text: &'a str,
    /// Ctrl is held.
    pub control: bool,
    /// Alt is held.
    pub alt: bool,
    /// It is Alt itself.
    pub is_alt: bool,
    /// It is Enter or Tab.
    pub ends: bool,
}

/// What a key turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A key like any other; `first` when it may be the first of a burst, so that fields can be remembered as they are.
    Key {
        /// A pause came before it.
        first: bool,
    },
    /// A key of a burst that must not do what it does otherwise: a digit of an Alt code, the end of one of several lines.
    Swallowed,
    /// The end of a burst: this was a scanner, and this is what it sent. The characters have reached whatever field had the
    /// focus, which must be put back to what it was at the first key.
    Scan(Readings),
}

/// The ear.
#[derive(Debug, Default)]
pub struct Wedge {
    settings: HandScannerSettings,
    strokes: Vec<Stroke>,
    /// Digits typed while Alt is held: the code of a character.
    code: String,
    began_ms: u64,
    last_ms: Option<u64>,
    longest_gap_ms: u64,
    /// The last stroke ended a line, and more lines are expected.
    between_lines: bool,
}

impl Wedge {
    /// Listens by these settings from the next key on.
    pub fn set(&mut self, settings: HandScannerSettings) {
        *self = Self { settings, ..Self::default() };
    }

    /// Hears one key. `now_ms` is any clock that only goes forward.
    pub fn hear(&mut self, key: HeardKey<'_>, now_ms: u64) -> Heard {
        let gap_ms = self.last_ms.map(|last| now_ms.saturating_sub(last));
        let in_pace = gap_ms.is_some_and(|gap| gap <= GAP_MS_MAX || (gap <= HICCUP_MS_MAX && self.is_machine()));
        if key.is_alt || (key.alt && !key.control) {
            return self.hear_code(key, in_pace, now_ms);
        }
        self.take_code();
        if key.ends {
            return self.end(in_pace, now_ms);
        }
        if key.text.is_empty() {
            return Heard::Key { first: false };
        }
        let first = self.begin_or_go_on(in_pace, now_ms);
        let strokes = key.text.chars().map(|typed| Stroke { typed, control: key.control });
        let room = STROKES_MAX.saturating_sub(self.strokes.len());
        self.strokes.extend(strokes.take(room));
        Heard::Key { first }
    }

    /// Whether silence can end a burst now, so that somebody must come back and ask.
    pub fn waits(&self) -> bool {
        self.last_ms.is_some() && self.is_machine() && (self.settings.ends_by_pause || self.between_lines)
    }

    /// A scan that silence has ended, if one has.
    pub fn silence(&mut self, now_ms: u64) -> Option<Readings> {
        let silent = self.last_ms.is_some_and(|last| now_ms.saturating_sub(last) >= SILENCE_MS);
        if !(silent && self.waits()) {
            return None;
        }
        self.take_code();
        Some(self.take())
    }

    /// Alt and digits on the number block give a character by its code: `029` is the group separator.
    fn hear_code(&mut self, key: HeardKey<'_>, in_pace: bool, now_ms: u64) -> Heard {
        let digits = key.text.chars().all(|c| c.is_ascii_digit()) && !key.text.is_empty();
        if key.is_alt {
            self.take_code();
            return Heard::Key { first: false };
        }
        if !digits {
            return Heard::Key { first: false };
        }
        // A second digit this soon is no finger choosing by number.
        let swallowed = in_pace && (!self.code.is_empty() || self.strokes.len() >= 2);
        self.begin_or_go_on(in_pace, now_ms);
        self.code.push_str(key.text);
        if swallowed { Heard::Swallowed } else { Heard::Key { first: self.strokes.is_empty() } }
    }

    fn take_code(&mut self) {
        let code = std::mem::take(&mut self.code);
        // Where the key Alt itself is not heard, codes of the usual three or four digits come in one row.
        let width = if code.starts_with("00") && code.len().is_multiple_of(4) { 4 } else { 3 };
        let mut rest = code.as_str();
        while !rest.is_empty() {
            let (one, after) =
                if rest.len() <= 4 && rest.len() != 2 * width { (rest, "") } else { rest.split_at(width) };
            match one.parse::<u8>().ok().filter(u8::is_ascii) {
                Some(value) => self.strokes.push(Stroke::plain(char::from(value))),
                None => self.strokes.extend(one.chars().map(Stroke::plain)),
            }
            rest = after;
        }
    }

    fn begin_or_go_on(&mut self, in_pace: bool, now_ms: u64) -> bool {
        if !in_pace {
            self.strokes.clear();
            self.code.clear();
            self.began_ms = now_ms;
            self.longest_gap_ms = 0;
            self.between_lines = false;
        } else if let Some(last) = self.last_ms {
            self.longest_gap_ms = self.longest_gap_ms.max(now_ms.saturating_sub(last));
        }
        let first = self.strokes.is_empty() && self.code.is_empty();
        self.last_ms = Some(now_ms);
        self.between_lines = false;
        first
    }

    /// Whether the keys so far came at a pace that no fingers keep. One pause is forgiven a burst that has begun well.
    fn is_machine(&self) -> bool {
        let chars = self.strokes.len() as u64 + u64::from(!self.code.is_empty());
        let took_ms = self.last_ms.unwrap_or(0).saturating_sub(self.began_ms);
        let hiccup_ms = if self.longest_gap_ms > GAP_MS_MAX { self.longest_gap_ms } else { 0 };
        // A key that is held down repeats at some thirty milliseconds too.
        let repeated = self.strokes.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let long = self.strokes.len() >= LONG_CHARS && 2 * repeated < self.strokes.len();
        let mean_ms_max = if long { LONG_MEAN_MS_MAX } else { MEAN_MS_MAX };
        chars >= CHARS_MIN as u64 && took_ms.saturating_sub(hiccup_ms) <= mean_ms_max * chars.saturating_sub(1)
    }

    fn end(&mut self, in_pace: bool, now_ms: u64) -> Heard {
        if !(in_pace && self.is_machine()) {
            self.last_ms = None;
            self.strokes.clear();
            return Heard::Key { first: false };
        }
        if self.has_more_lines() && self.strokes.len() < STROKES_MAX {
            self.strokes.push(Stroke::plain('\n'));
            self.last_ms = Some(now_ms);
            self.between_lines = true;
            return Heard::Swallowed;
        }
        Heard::Scan(self.take())
    }

    /// Machine readable zones and licences are several lines, and a scanner ends each of them with Enter.
    fn has_more_lines(&self) -> bool {
        let read = readings(&self.strokes, self.settings.layout, |text| self.bare(text));
        read.readings.first().is_some_and(|reading| goes_on(&reading.text))
    }

    fn take(&mut self) -> Readings {
        let strokes = std::mem::take(&mut self.strokes);
        self.last_ms = None;
        self.between_lines = false;
        readings(&strokes, self.settings.layout, |text| self.bare(text))
    }

    /// Without the end of the last line and what is programmed round a code.
    fn bare<'a>(&self, text: &'a str) -> &'a str {
        self.settings.without_frame(text.trim_end_matches('\n'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyboardLayout;

    const NOTHING: HeardKey<'_> = HeardKey { text: "", control: false, alt: false, is_alt: false, ends: false };
    const END: HeardKey<'_> = HeardKey { ends: true, ..NOTHING };

    fn type_in(wedge: &mut Wedge, text: &str, now_ms: &mut u64, gap_ms: u64) {
        for c in text.chars() {
            wedge.hear(HeardKey { text: &c.to_string(), ..NOTHING }, *now_ms);
            *now_ms += gap_ms;
        }
    }

    fn hear_with(settings: HandScannerSettings, text: &str, gap_ms: u64) -> Option<String> {
        let mut wedge = Wedge::default();
        wedge.set(settings);
        let mut now_ms = 1_000;
        type_in(&mut wedge, text, &mut now_ms, gap_ms);
        sent(wedge.hear(END, now_ms))
    }

    fn sent(heard: Heard) -> Option<String> {
        match heard {
            Heard::Scan(read) => Some(read.readings[0].text.clone()),
            _ => None,
        }
    }

    #[test]
    fn scanners_are_told_from_fingers_by_their_pace() {
        let table = [
            ("TR0087341", 4, true),
            ("TR0087341", 25, true),
            ("TR0087341", 35, true),
            ("[)>\u{1e}06\u{1d}18S1A2B3C9900001\u{1e}\u{4}", 2, true),
            ("TR0087341", 45, false),
            ("TR0087341", 120, false),
            ("TR00", 35, false),
            ("0000000000", 33, false),
            ("0000000000", 4, true),
            ("TR00", 20, true),
            ("123", 4, false),
        ];
        for (text, gap_ms, scan) in table {
            let want = scan.then(|| text.to_owned());
            assert_eq!(hear_with(HandScannerSettings::default(), text, gap_ms), want, "{text:?} at {gap_ms} ms");
        }
    }

    #[test]
    fn a_slow_link_may_stumble_once_without_losing_half_the_code() {
        let mut wedge = Wedge::default();
        let mut now_ms = 0;
        type_in(&mut wedge, "TR008", &mut now_ms, 12);
        now_ms += 150;
        type_in(&mut wedge, "7341", &mut now_ms, 12);
        assert_eq!(sent(wedge.hear(END, now_ms)).as_deref(), Some("TR0087341"));
    }

    #[test]
    fn a_burst_after_slow_typing_holds_only_what_the_scanner_sent() {
        let mut wedge = Wedge::default();
        let key = |text| HeardKey { text, ..NOTHING };
        assert_eq!(wedge.hear(key("x"), 0), Heard::Key { first: true });
        assert_eq!(wedge.hear(key("y"), 400), Heard::Key { first: true });
        for (i, c) in "AB1234".chars().enumerate() {
            let heard = wedge.hear(HeardKey { text: &c.to_string(), ..NOTHING }, 1_000 + 5 * i as u64);
            assert_eq!(heard, Heard::Key { first: i == 0 }, "{c}");
        }
        assert_eq!(sent(wedge.hear(END, 1_030)).as_deref(), Some("AB1234"));
        assert_eq!(wedge.hear(END, 1_031), Heard::Key { first: false }, "a second Enter is only Enter");
    }

    #[test]
    fn shift_between_letters_does_not_break_a_burst_nor_a_late_enter_make_one() {
        let mut wedge = Wedge::default();
        for (i, c) in "AB1234".chars().enumerate() {
            wedge.hear(NOTHING, 10 * i as u64);
            wedge.hear(HeardKey { text: &c.to_string(), ..NOTHING }, 10 * i as u64 + 2);
        }
        assert_eq!(wedge.hear(END, 500), Heard::Key { first: false }, "the person pressed Enter, not the scanner");
    }

    #[test]
    fn prefix_suffix_and_layout_are_undone() {
        let set = |prefix: &str, suffix: &str, layout| HandScannerSettings {
            prefix: prefix.into(),
            suffix: suffix.into(),
            layout,
            ..HandScannerSettings::default()
        };
        let table = [
            (set("", "$", KeyboardLayout::Us), "TR0087341$", "TR0087341"),
            (set("<STX>", "<ETX>", KeyboardLayout::Auto), "\u{2}TR0087341\u{3}", "TR0087341"),
            (set("", "$", KeyboardLayout::Us), "TR0087341", "TR0087341"),
            (set("#", "", KeyboardLayout::FrAzerty), "3TRàà(è'&", "TR005741"),
            (HandScannerSettings::default(), "&é\"'", "1234"),
            // What was programmed must not hide that the rest makes sense.
            (set("#", "%", KeyboardLayout::Auto), "3TRàà_è\"'&5", "TR0087341"),
        ];
        for (settings, typed, wanted) in table {
            assert_eq!(hear_with(settings.clone(), typed, 4).as_deref(), Some(wanted), "{typed:?} with {settings:?}");
        }
    }

    #[test]
    fn alt_codes_and_ctrl_keys_are_control_characters() {
        let mut wedge = Wedge::default();
        let mut now_ms = 0;
        let mut swallowed = 0;
        type_in(&mut wedge, "[)>", &mut now_ms, 4);
        for code in ["030", "06", "029", "S1234"] {
            let digits = code.len() == 3;
            if digits {
                wedge.hear(HeardKey { is_alt: true, alt: true, ..NOTHING }, now_ms);
            }
            for c in code.chars() {
                let heard = wedge.hear(HeardKey { text: &c.to_string(), alt: digits, ..NOTHING }, now_ms);
                swallowed += usize::from(heard == Heard::Swallowed);
                now_ms += 4;
            }
        }
        wedge.hear(HeardKey { text: "]", control: true, ..NOTHING }, now_ms);
        type_in(&mut wedge, "1P7", &mut now_ms, 4);
        assert_eq!(swallowed, 6, "no digit of a code may choose by number");
        assert_eq!(sent(wedge.hear(END, now_ms)).as_deref(), Some("[)>\u{1e}06\u{1d}S1234\u{1d}1P7"));
    }

    #[test]
    fn a_scanner_that_types_every_character_by_its_code_is_read() {
        let mut wedge = Wedge::default();
        let mut now_ms = 0;
        for c in "AB1234".chars() {
            for digit in format!("{:04}", c as u32).chars() {
                wedge.hear(HeardKey { text: &digit.to_string(), alt: true, ..NOTHING }, now_ms);
                now_ms += 3;
            }
        }
        assert_eq!(sent(wedge.hear(END, now_ms)).as_deref(), Some("AB1234"));
    }

    #[test]
    fn silence_ends_a_burst_only_where_it_was_set() {
        for (ends_by_pause, wanted) in [(true, Some("TR0087341")), (false, None)] {
            let mut wedge = Wedge::default();
            wedge.set(HandScannerSettings { ends_by_pause, ..HandScannerSettings::default() });
            let mut now_ms = 0;
            type_in(&mut wedge, "TR0087341", &mut now_ms, 5);
            assert_eq!(wedge.silence(now_ms), None, "too early");
            let read = wedge.silence(now_ms + SILENCE_MS);
            assert_eq!(read.map(|read| read.readings[0].text.clone()).as_deref(), wanted);
            assert_eq!(wedge.silence(now_ms + 1_000), None, "once");
        }
    }

    #[test]
    fn lines_of_a_zone_are_one_scan() {
        let lines = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
        let mut wedge = Wedge::default();
        let mut now_ms = 0;
        type_in(&mut wedge, lines[0], &mut now_ms, 4);
        assert_eq!(wedge.hear(END, now_ms), Heard::Swallowed);
        assert!(wedge.waits());
        type_in(&mut wedge, lines[1], &mut now_ms, 4);
        assert_eq!(sent(wedge.hear(END, now_ms)), Some(lines.join("\n")));
    }
}

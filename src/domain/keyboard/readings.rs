//! Which layout a scan is to be read by, and when two readings must both be looked at.

use super::KeyboardLayout;
use super::undo::{Stroke, as_typed, undo};
use crate::domain::keys::is_cyrillic_letter;
use crate::domain::mark::Scheme;
use crate::domain::payload::Understood;
use crate::domain::understand::understand_typed;

/// Most readings of one scan.
pub const READINGS_MAX: usize = 4;

/// One way to read a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The layout that the computer is then set to; [`KeyboardLayout::Us`]: the text as it arrived.
    pub layout: KeyboardLayout,
    /// What the scanner then sent.
    pub text: String,
}

/// A scan as it arrived, and what it can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// As it arrived; kept with the item when it is none of the readings.
    pub raw: String,
    /// At least one, at most [`READINGS_MAX`]. Several must all be checked: none is surer than the others.
    pub readings: Vec<Reading>,
}

impl Readings {
    /// A text that is what it is: from a serial port, or typed.
    pub fn plain(text: &str) -> Self {
        Self { raw: text.to_owned(), readings: vec![as_it_is(text)] }
    }

    /// What arrived, where no reading has it as it stands.
    pub fn kept_raw(&self) -> Option<&str> {
        let among = self.readings.iter().any(|reading| reading.text == self.raw);
        (!among).then_some(self.raw.as_str())
    }
}

/// How sure a reading is of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sense {
    /// No mark that could be looked up.
    None,
    /// A serial: any text of letters and digits is one.
    Plain,
    /// A form that says itself what it is, or a number whose check digit fits.
    Certain,
}

/// Reads a scan by the layout that was set, or finds it out. See the rules at the head of [`super`]. `bare` takes off what
/// the scanner is programmed to send round a code: it has to go before anyone asks whether a text makes sense.
pub fn readings(strokes: &[Stroke], set: KeyboardLayout, bare: impl Fn(&str) -> &str) -> Readings {
    let raw = bare(&as_typed(strokes)).to_owned();
    let sent = |layout| undo(strokes, layout).into_iter().map(move |text| (layout, text));
    let undone = |layout| sent(layout).map(|(layout, text)| Reading { layout, text: bare(&text).to_owned() });
    let found: Vec<Reading> = match set {
        KeyboardLayout::Auto => found_out(&raw, KeyboardLayout::guessed().flat_map(undone)),
        set => undone(set).collect(),
    };
    let found = if found.is_empty() { vec![as_it_is(&raw)] } else { found };
    Readings { raw, readings: found }
}

fn as_it_is(text: &str) -> Reading {
    Reading { layout: KeyboardLayout::Us, text: text.to_owned() }
}

fn found_out(raw: &str, undone: impl Iterator<Item = Reading>) -> Vec<Reading> {
    let itself = if may_stand(raw) { sense(raw) } else { Sense::None };
    if itself == Sense::Certain {
        return vec![as_it_is(raw)];
    }
    let mut others: Vec<(Sense, Reading)> = Vec::new();
    for reading in undone {
        let text = &reading.text;
        if text == raw || !is_of_labels(text) || others.iter().any(|(_, other)| other.text == *text) {
            continue;
        }
        let sense = sense(text);
        if sense > Sense::None {
            others.push((sense, reading));
        }
    }
    // A form that only one layout gives proves that layout; a plain serial proves nothing beside it.
    let best = others.iter().map(|(sense, _)| *sense).max().unwrap_or(Sense::None);
    others.retain(|(sense, _)| *sense == best);
    let mut found: Vec<Reading> = others.into_iter().map(|(_, reading)| reading).collect();
    let foreign = raw.chars().any(|c| is_cyrillic_letter(c) || is_greek_letter(c));
    let alone = match itself {
        Sense::None => !found.is_empty(),
        // Latin letters and digits mean themselves, unless another layout makes a whole form of them.
        _ if !foreign && best < Sense::Certain => {
            found.clear();
            false
        }
        _ => foreign && best == Sense::Certain && found.len() == 1,
    };
    if !alone {
        found.insert(0, as_it_is(raw));
    }
    found.truncate(READINGS_MAX);
    found
}

/// Whether a text can be what a scanner meant, letter by letter: ASCII as it stands on labels, or Cyrillic.
fn may_stand(raw: &str) -> bool {
    let on_label = |c: char| {
        c.is_ascii_alphanumeric()
            || c.is_control()
            || matches!(c, ' ' | '-' | '.' | '/' | '+' | '*' | '_' | ':' | '№')
            || is_cyrillic_letter(c)
            || is_greek_letter(c)
    };
    raw.chars().all(on_label) || (raw.is_ascii() && sense(raw) == Sense::Certain)
}

/// Greek letters are compared by the Latin ones that they look like, as Cyrillic ones are.
fn is_greek_letter(c: char) -> bool {
    matches!(c, 'Α'..='Ω' | 'α'..='ω')
}

/// Whether an undone text is what labels carry.
fn is_of_labels(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c.is_control() || matches!(c, ' ' | '-' | '.' | '/');
    text.chars().all(plain) || (text.is_ascii() && sense(text) == Sense::Certain)
}

fn sense(text: &str) -> Sense {
    let understood = understand_typed(text);
    let comparable = understood.marks.iter().any(|mark| mark.scheme != Scheme::Other);
    match understood.form {
        _ if !comparable => Sense::None,
        "plain" if !text.contains(|c: char| c.is_ascii_digit()) => Sense::None,
        "plain" | "marking" => Sense::Plain,
        _ if is_proven(&understood) => Sense::Certain,
        _ => Sense::Plain,
    }
}

/// A form that was not merely found by shape.
fn is_proven(understood: &Understood) -> bool {
    let no_guess = understood.form != "vin" && understood.form != "container" || understood.marks.len() == 1;
    understood.findings.is_empty() && no_guess
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyboardLayout::*;

    fn texts(arrived: &str, set: KeyboardLayout) -> Vec<String> {
        let strokes: Vec<Stroke> = arrived.chars().map(Stroke::plain).collect();
        readings(&strokes, set, |text| text).readings.into_iter().map(|reading| reading.text).collect()
    }

    #[test]
    fn readings_of_what_arrived() {
        let table: [(&str, KeyboardLayout, &[&str]); 24] = [
            ("TR0087341", Auto, &["TR0087341"]),
            ("AB-1234", Auto, &["AB-1234"]),
            // Only AZERTY explains digits that are no digits, and with them its letters.
            ("&é\"'", Auto, &["1234"]),
            ("TRàà(è'&", Auto, &["TR005741"]),
            ("QZ&é\"'", Auto, &["AW1234"]),
            // Cyrillic may be Cyrillic: both are looked up.
            ("ФЛ1234", Auto, &["ФЛ1234", "AK1234"]),
            ("ТР0087341", Auto, &["ТР0087341", "NH0087341"]),
            // A check digit settles it.
            ("1Ь8ПВЬ9ФЧЛЗ042788", Auto, &["1M8GDM9AXKP042788"]),
            // Latin and Cyrillic together lie on no one layout.
            ("AФ1234", Auto, &["AФ1234"]),
            ("ФЛ1234", Ua, &["AK1234"]),
            ("ФЛ1234", Us, &["ФЛ1234"]),
            ("QZ1234", FrAzerty, &["AW1234"]),
            ("AY1234", DeQwertz, &["AZ1234"]),
            // What was set cannot be: the computer's layout was changed since.
            ("ФЛ1234", FrAzerty, &["ФЛ1234"]),
            // Y and Z are silent about the layout, a hyphen is not.
            ("AY1234", Auto, &["AY1234"]),
            ("AB1234ß56", Auto, &["AB1234-56"]),
            ("", Auto, &[""]),
            // Greek may be Greek, and Σ is typed by two keys; Arabic and Hebrew stand on no weapon.
            ("ΑΚ1234", Auto, &["ΑΚ1234", "AK1234"]),
            ("ΣΑ1234", Auto, &["ΣΑ1234", "SA1234", "WA1234"]),
            ("ش\u{64C}1234", Auto, &["aR1234"]),
            ("\u{5E9}\u{5DF}1234", Auto, &["ai1234"]),
            ("ΑΚ1234", Gr, &["AK1234"]),
            // The same letters in other places betray nothing.
            ("AT1234", Auto, &["AT1234"]),
            ("AT1234", Dvorak, &["AK1234"]),
        ];
        for (arrived, set, wanted) in table {
            assert_eq!(texts(arrived, set), wanted, "{arrived} under {set}");
        }
    }

    #[test]
    fn what_arrived_is_kept_where_it_was_read_otherwise() {
        let strokes: Vec<Stroke> = "&é\"'".chars().map(Stroke::plain).collect();
        let read = readings(&strokes, Auto, |text| text);
        assert_eq!((read.kept_raw(), read.readings[0].layout), (Some("&é\"'"), FrAzerty));
        assert_eq!(Readings::plain("AB1").kept_raw(), None);
    }

    #[test]
    fn a_message_proves_its_layout() {
        // [)> RS 06 GS 18S7A720W1 as it arrives: Ctrl with ç (6), $ (]) under AZERTY, with ї under a Ukrainian layout.
        let message = "[)>\u{1E}06\u{1D}18S7A720W1";
        let typed = |text: &str, controls: [char; 2]| -> Vec<Stroke> {
            let mut next = controls.into_iter();
            text.chars()
                .map(|c| match c {
                    '⌃' => Stroke { typed: next.next().unwrap(), control: true },
                    c => Stroke::plain(c),
                })
                .collect()
        };
        for strokes in [typed("^0/⌃à-⌃&_SèQèéàZ&", ['-', '$']), typed("х)Ю⌃06⌃18І7Ф720Ц1", ['6', 'ї'])]
        {
            let read = readings(&strokes, Auto, |text| text);
            assert_eq!(read.readings.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), [message]);
        }
    }
}

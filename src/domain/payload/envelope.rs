//! ISO/IEC 15434: messages that carry several fields, `[)>` RS, then per format: two digits, fields between GS, RS; EOT.
//! Data Matrix has code words of its own, Macro 05 and 06, for the head and trailer of the two most used formats.

use std::borrow::Cow;

use super::Understood;
use super::controls::{EOT, GS, RS, real};
use super::gs1;
use super::iuid;

/// One format envelope: its two-digit format and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// `05` GS1 application identifiers, `06` data identifiers, `12` text element identifiers, others as they come.
    pub code: String,
    /// The fields, none of them empty.
    pub fields: Vec<String>,
}

/// A message taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Its formats, in their order.
    pub formats: Vec<Format>,
    /// Pieces that belong to no format.
    pub left: Vec<String>,
}

const HEAD: &str = "[)>";
/// Macro 05 and 06 of Data Matrix (ISO/IEC 16022, 5.2.4.7), as readers name them that do not write them out; the last of
/// each is the code word itself, 236 and 237, given as a byte.
const MACROS: [(&str, &str); 8] = [
    ("<MACRO05>", "05"),
    ("{MACRO05}", "05"),
    ("<MACRO 05>", "05"),
    ("<MACRO06>", "06"),
    ("{MACRO06}", "06"),
    ("<MACRO 06>", "06"),
    ("\u{EC}", "05"),
    ("\u{ED}", "06"),
];
/// FNC1 as the code word 232, given as a byte.
const FNC1_CODE_WORD: char = '\u{E8}';
/// What scanners put for the separators when told to send printable characters only.
const STAND_INS: [char; 9] = ['|', '~', '#', ';', '!', '$', '`', '_', ' '];

/// Takes a message apart. Tolerated, because readers lose them: the first RS, the last RS, the trailer; or all of the
/// head, where format and first separator are there. `None` when the text does not begin as a message.
pub fn open(text: &str) -> Option<Message> {
    let text = with_head(&real(text))?;
    let body = with_separators(text.strip_prefix(HEAD)?);
    let (body, after) = body.split_once(EOT).unwrap_or((&body, ""));
    let mut message = Message::default();
    for piece in body.split(RS) {
        match format(piece) {
            Some(format) => message.formats.push(format),
            None if piece.trim().is_empty() => {}
            None => message.left.push(piece.to_owned()),
        }
    }
    if !after.trim().is_empty() {
        message.left.push(after.to_owned());
    }
    (!message.formats.is_empty()).then_some(message)
}

/// The text with `[)>` before it, if it is a message at all.
fn with_head(text: &str) -> Option<String> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() && c != RS && c != GS);
    if text.starts_with(HEAD) {
        return Some(text.to_owned());
    }
    let of_macro = MACROS.iter().find_map(|(name, format)| {
        let head = text.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
        Some((*format, &text[head.len()..]))
    });
    if let Some((format, body)) = of_macro {
        let body = body.trim_start_matches([GS, FNC1_CODE_WORD]).replace(FNC1_CODE_WORD, "\u{1D}");
        return Some(format!("{HEAD}{RS}{format}{GS}{body}"));
    }
    // The head is lost, or some of it (a bracket that is a dead key swallows what follows it); format and separator are there.
    let body = text.trim_start_matches(['[', ')', '>']).trim_start_matches(RS);
    let known = ["05", "06", "12"].iter().any(|code| body.strip_prefix(code).is_some_and(|b| b.starts_with(GS)));
    known.then(|| format!("{HEAD}{RS}{body}"))
}

/// Puts the separators back where a scanner sent printable characters in their place: the one before the format's two
/// digits stands for RS, the one after them for GS.
fn with_separators(body: &str) -> Cow<'_, str> {
    if body.contains([GS, RS]) {
        return Cow::Borrowed(body);
    }
    let first = body.chars().next().filter(|c| STAND_INS.contains(c));
    let at = first.map_or(0, char::len_utf8);
    let second = body.get(at + 2..).and_then(|rest| rest.chars().next()).filter(|c| STAND_INS.contains(c));
    match (first, second) {
        (Some(rs), Some(gs)) if rs != gs => Cow::Owned(body.replace(rs, "\u{1E}").replace(gs, "\u{1D}")),
        (_, Some(gs)) => Cow::Owned(body.replace(gs, "\u{1D}").trim_start_matches(GS).to_owned()),
        _ => Cow::Borrowed(body),
    }
}

fn format(envelope: &str) -> Option<Format> {
    let envelope = envelope.trim_matches(['\r', '\n', ' ']);
    let code = envelope.get(..2).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?;
    let fields = envelope[2..].split(GS).filter(|field| !field.trim().is_empty()).map(str::to_owned).collect();
    Some(Format { code: code.to_owned(), fields })
}

/// Reads the formats that carry marks of items. Form `iuid` when a unique identifier came of it, else `envelope`.
pub fn understand(text: &str) -> Option<Understood> {
    let message = open(text)?;
    let mut out = Understood::of("envelope");
    let mut elements = iuid::Elements::default();
    let apart = are_items(&message.formats);
    for Format { code, fields } in &message.formats {
        match code.as_str() {
            "05" => fields.iter().for_each(|field| {
                let (found, rest) = gs1::leading_elements(field);
                found.iter().for_each(|element| gs1::take(element, &mut out));
                out.left(rest);
            }),
            "06" => fields.iter().for_each(|field| elements.take_data_identifier(field, &mut out)),
            "12" => fields.iter().for_each(|field| elements.take_text_element(field, &mut out)),
            _ => {
                out.fact("format", code.as_str());
                fields.iter().for_each(|field| out.left(field));
            }
        }
        if apart {
            std::mem::take(&mut elements).finish(&mut out);
        }
    }
    message.left.iter().for_each(|piece| out.left(piece));
    elements.finish(&mut out);
    if out.marks.iter().any(|mark| mark.scheme == super::Scheme::Uii) {
        out.form = "iuid";
    }
    Some(out)
}

/// Whether several formats of a message each name an item in full, as labels of a set do that were written one after another:
/// then they are not pieces of one.
fn are_items(formats: &[Format]) -> bool {
    let names_one = |format: &&Format| {
        let (mut elements, mut aside) = (iuid::Elements::default(), Understood::default());
        match format.code.as_str() {
            "06" => format.fields.iter().for_each(|field| elements.take_data_identifier(field, &mut aside)),
            "12" => format.fields.iter().for_each(|field| elements.take_text_element(field, &mut aside)),
            _ => return false,
        }
        elements.finish(&mut aside);
        aside.marks.iter().any(|mark| mark.scheme == super::Scheme::Uii)
    };
    formats.iter().filter(names_one).count() > 1
}

//! ISO/IEC 15434: messages that carry several fields, `[)>` RS, then per format: two digits, fields between GS, RS; EOT.

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

/// Takes a message apart. Tolerated, because readers lose them: the first RS, the last RS, the trailer.
/// `None` when the text does not begin as a message.
pub fn open(text: &str) -> Option<Vec<Format>> {
    let text = real(text);
    let body = text.trim_start_matches(|c: char| c.is_whitespace() && c != RS && c != GS).strip_prefix("[)>")?;
    let body = body.split(EOT).next().unwrap_or_default();
    let formats: Vec<Format> = body.split(RS).filter_map(format).collect();
    (!formats.is_empty()).then_some(formats)
}

fn format(envelope: &str) -> Option<Format> {
    let envelope = envelope.trim_matches(['\r', '\n', ' ']);
    let code = envelope.get(..2).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?;
    let fields = envelope[2..].split(GS).filter(|field| !field.trim().is_empty()).map(str::to_owned).collect();
    Some(Format { code: code.to_owned(), fields })
}

/// Reads the formats that carry marks of items. Form `iuid` when a unique identifier came of it, else `envelope`.
pub fn understand(text: &str) -> Option<Understood> {
    let formats = open(text)?;
    let mut out = Understood::of("envelope");
    let mut elements = iuid::Elements::default();
    for Format { code, fields } in &formats {
        match code.as_str() {
            "05" => {
                for field in fields {
                    match gs1::elements(field) {
                        Some(found) => found.iter().for_each(|e| gs1::take(e, &mut out)),
                        None => out.left(field),
                    }
                }
            }
            "06" => fields.iter().for_each(|field| elements.take_data_identifier(field, &mut out)),
            "12" => fields.iter().for_each(|field| elements.take_text_element(field, &mut out)),
            _ => {
                out.fact("format", code.as_str());
                fields.iter().for_each(|field| out.left(field));
            }
        }
    }
    elements.finish(&mut out);
    if out.marks.iter().any(|mark| mark.scheme == super::Scheme::Uii) {
        out.form = "iuid";
    }
    Some(out)
}

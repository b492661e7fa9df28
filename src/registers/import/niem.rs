//! Firearms in the manner of NIEM: `j:FirearmType` with `nc:ItemSerialIdentification` and `j:ItemSerialIdentificationRange`.
//!
//! Exchanges wrap the same elements in packages and namespaces of their own, so elements are known by their local names,
//! and an element that is a firearm by its name or its `xsi:type` is a row. The file is walked event by event and never
//! held. It comes from outside: document types and entities of its own are refused, and depth and length have limits.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::cells;
use super::days::Remarks;
use super::intake::Intake;
use super::mapping::Mapping;
use super::row::{self, Row};
use super::source::{Position, Source, encoding_hint};
use super::{Defaults, ImportError, ImportSummary};
use crate::domain::{Mark, Object, Scheme};

/// Deeper nesting no exchange has.
const DEPTH_MAX: usize = 64;
/// Longest piece of the file between two tags, or tag, in bytes.
const PIECE_BYTES_MAX: usize = 1 << 20;
/// Longest text of a row's field, in bytes; the row's own limit refuses it with its reason.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// What an element's text means, by its local name: the first line that fits.
const FIELDS: [(&str, &str); 30] = [
    ("ItemMakeName", "make"),
    ("FirearmMakeText", "make"),
    ("FirearmMakeCode", "make"),
    ("FirearmManufacturerName", "make"),
    ("ItemModelName", "model"),
    ("FirearmModelText", "model"),
    ("ItemModelYearDate", "year"),
    ("FirearmCaliberText", "calibre"),
    ("FirearmCaliberCode", "calibre"),
    ("FirearmGaugeText", "calibre"),
    ("FirearmGaugeCode", "calibre"),
    ("FirearmCategoryText", "kind"),
    ("FirearmCategoryCode", "kind"),
    ("FirearmCategoryDescriptionText", "kind"),
    ("FirearmCategoryDescriptionCode", "kind"),
    ("ItemCategoryText", "kind"),
    ("ItemColorText", "colour"),
    ("StatusText", "status"),
    ("StatusCode", "status"),
    ("ItemStatusText", "status"),
    ("OrganizationName", "owner"),
    ("ItemCountryName", "country"),
    ("FirearmCountryCode", "country"),
    ("CautionText", "caution"),
    ("CautionInformationText", "caution"),
    ("RestrictionText", "restriction"),
    ("ContactTelephoneNumber", "contact"),
    ("TelephoneNumberFullID", "contact"),
    ("ActionText", "action"),
    ("ActionCode", "action"),
];

/// Days stand in a `Date` or `DateTime` within an element of such a name, or in it.
const DAYS: [(&str, &str); 8] = [
    ("StatusDate", "reported_on"),
    ("ReportedDate", "reported_on"),
    ("RecordEntryDate", "reported_on"),
    ("TheftDate", "lost_on"),
    ("LossDate", "lost_on"),
    ("IncidentDate", "lost_on"),
    ("ExpirationDate", "expires_on"),
    ("RecordExpirationDate", "expires_on"),
];

pub(super) fn read<R: Read>(
    source: Source<R>,
    mapping: &Mapping,
    defaults: &Defaults,
    intake: Intake<'_>,
) -> Result<ImportSummary, ImportError> {
    let position = source.position();
    let allowance = Rc::new(Cell::new(PIECE_BYTES_MAX));
    let mut reader = Reader::from_reader(Limited { inner: source, allowance: Rc::clone(&allowance) });
    let mut walk = Walk { position, mapping, defaults, intake, path: Vec::new(), text: String::new(), open: None };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        allowance.set(PIECE_BYTES_MAX);
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return walk.finish(),
            Ok(event) => walk.event(event)?,
            Err(error) => return Err(walk.refused(error)),
        }
    }
}

/// Gives no more bytes than allowed between two events; without it one piece of a file could fill the memory.
struct Limited<R> {
    inner: Source<R>,
    allowance: Rc<Cell<usize>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out)
    }
}

impl<R: Read> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let allowed = self.allowance.get();
        if allowed == 0 {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a piece is longer than a megabyte"));
        }
        let bytes = self.inner.fill_buf()?;
        Ok(&bytes[..bytes.len().min(allowed)])
    }

    fn consume(&mut self, n: usize) {
        self.allowance.set(self.allowance.get().saturating_sub(n));
        self.inner.consume(n);
    }
}

/// A firearm that is being read.
struct Open {
    depth: usize,
    line: u64,
    row: Row,
    /// What is wrong with it so far.
    /// The serial or the ends of a range of the block that is being read, and where it stands.
    from: Option<String>,
    to: Option<String>,
    place: Option<String>,
}

struct Walk<'a, 'b> {
    position: Position,
    mapping: &'a Mapping,
    defaults: &'a Defaults,
    intake: Intake<'b>,
    /// Local names of the elements that are open.
    path: Vec<String>,
    text: String,
    open: Option<Open>,
}

impl Walk<'_, '_> {
    fn event(&mut self, event: Event<'_>) -> Result<(), ImportError> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::End(_) => self.end(),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => Ok(()),
            Event::Text(text) => self.add(&text),
            Event::CData(text) => self.add(&text),
            Event::GeneralRef(reference) => {
                let name = String::from_utf8_lossy(&reference).into_owned();
                let character = reference.resolve_char_ref().ok().flatten();
                match (character, resolve_predefined_entity(&name)) {
                    (Some(character), _) => self.text.push(character),
                    (None, Some(text)) => self.text.push_str(text),
                    (None, None) => return Err(self.malformed("an entity of its own, and these are refused")),
                }
                Ok(())
            }
            Event::DocType(_) => Err(self.malformed("a document type declaration, and these are refused")),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), ImportError> {
        if self.path.len() == DEPTH_MAX {
            return Err(self.malformed("elements nested too deep"));
        }
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        if self.open.is_none() && is_firearm(&name, start) {
            let (depth, line) = (self.path.len(), self.position.line());
            let row = Row::default();
            self.open = Some(Open { depth, line, row, from: None, to: None, place: None });
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(ImportError::Encoding { line: self.position.line(), hint: encoding_hint(bytes) });
        };
        if self.open.is_some() && self.text.len() <= TEXT_BYTES_MAX {
            self.text.push_str(text);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ImportError> {
        let text = std::mem::take(&mut self.text);
        if let Some(open) = &mut self.open {
            open.leaf(&self.path[open.depth..], text.trim());
        }
        let name = self.path.pop().unwrap_or_default();
        if let Some(open) = self.open.take_if(|open| open.depth == self.path.len()) {
            return self.row(open);
        }
        if let Some(open) = &mut self.open {
            open.block(&name);
        }
        Ok(())
    }

    fn row(&mut self, open: Open) -> Result<(), ImportError> {
        let Open { mut row, line, .. } = open;
        self.mapping.fill(&mut row);
        let defaults = Defaults { object: self.defaults.object.or(Some(Object::Firearm)), ..self.defaults.clone() };
        let mut remarks = Remarks::default();
        let outcome = row.into_record(self.mapping, &defaults, &mut remarks);
        self.intake.row(line, self.position.bytes(), outcome, remarks)
    }

    fn finish(mut self) -> Result<ImportSummary, ImportError> {
        if !self.path.is_empty() {
            return Err(self.truncated());
        }
        if self.intake.summary.rows == 0 {
            return Err(self.malformed("no element in it is a firearm"));
        }
        self.intake.report(self.position.bytes());
        Ok(self.intake.summary)
    }

    fn truncated(&self) -> ImportError {
        ImportError::Truncated { line: self.position.line(), rows: self.intake.summary.rows }
    }

    fn malformed(&self, detail: &str) -> ImportError {
        let (line, rows) = (self.position.line(), self.intake.summary.rows);
        ImportError::Malformed { line, rows, expected: "NIEM XML", detail: detail.to_owned() }
    }

    fn refused(&self, error: Error) -> ImportError {
        match error {
            Error::Io(e) if e.kind() == io::ErrorKind::FileTooLarge => self.malformed(&e.to_string()),
            Error::Io(e) => ImportError::Read(io::Error::new(e.kind(), e.to_string())),
            // Every error of syntax is a piece that does not end before the file does.
            Error::Syntax(_) | Error::IllFormed(IllFormedError::MissingEndTag(_)) => self.truncated(),
            Error::Encoding(_) => ImportError::Encoding { line: self.position.line(), hint: "" },
            other => self.malformed(&other.to_string()),
        }
    }
}

/// `Firearm`, `StolenFirearm` …, or whatever says by `xsi:type` that it is one.
fn is_firearm(name: &str, start: &BytesStart<'_>) -> bool {
    let typed = |attribute: quick_xml::events::attributes::Attribute<'_>| {
        attribute.key.local_name().as_ref() == b"type" && attribute.value.ends_with(b"FirearmType")
    };
    name.ends_with("Firearm") || name == "FirearmType" || start.attributes().flatten().any(typed)
}

impl Open {
    /// An element with text ended; `path` leads to it from the firearm.
    fn leaf(&mut self, path: &[String], text: &str) {
        let Some((name, above)) = path.split_last() else { return };
        if text.is_empty() || above.is_empty() {
            return;
        }
        let within = |block: &str| path.iter().any(|p| p == block);
        if within("ItemSerialIdentificationRange") {
            match end_of(path) {
                Some(End::From) => self.from = Some(self.row.plain("serial_from", text).into_owned()),
                Some(End::To) => self.to = Some(self.row.plain("serial_to", text).into_owned()),
                None => {}
            }
        } else if within("ItemSerialIdentification") {
            match name.as_str() {
                "IdentificationID" | "ItemSerialIdentification" => {
                    // A second number in one block is a second serial.
                    if let Some(before) = self.from.replace(self.row.plain("serial", text).into_owned()) {
                        self.row.marks.push(Mark::new(Scheme::Serial, before));
                    }
                }
                "IdentificationCategoryText" | "IdentificationCategoryDescriptionText" => {
                    self.place = Some(self.row.plain("place", text).to_lowercase());
                }
                _ => {}
            }
        } else if within("ItemIdentification") || within("SystemIdentification") || within("RecordIdentification") {
            if name == "IdentificationID" {
                self.put("id", text);
            }
        } else if within("ItemOtherIdentification") {
            if name == "IdentificationID" {
                let text = self.row.plain("serial", text);
                if !text.is_empty() {
                    self.row.marks.push(Mark::new(Scheme::Other, text));
                }
            }
        } else if let Some((_, field)) = DAYS.iter().find(|(day, _)| within(day)) {
            self.put(field, text);
        } else if let Some((_, field)) = FIELDS.iter().find(|(element, _)| within(element)) {
            self.put(field, text);
        }
    }

    /// The first text stands: what follows of the same field belongs to something that is told of beside the weapon.
    fn put(&mut self, field: &'static str, text: &str) {
        if let Some(at) = row::field(field).filter(|at| self.row.values[*at].is_none()) {
            self.row.values[at] = Some(self.row.plain(field, text).into_owned());
        }
    }

    /// An element ended that may have been a whole serial or range.
    fn block(&mut self, name: &str) {
        match name {
            "ItemSerialIdentification" => {
                let place = self.place.take();
                if let Some(serial) = self.from.take().filter(|serial| !cells::is_nothing(serial)) {
                    self.row.marks.push(Mark { scheme: Scheme::Serial, value: serial, place });
                }
            }
            "ItemSerialIdentificationRange" => match (self.from.take(), self.to.take()) {
                (Some(from), Some(to)) => match row::range_of(&from, &to, None) {
                    Ok(range) => self.row.ranges.push(range),
                    Err(reason) => self.row.spoilt_range = Some(reason),
                },
                (None, None) => {}
                _ => self.row.spoilt_range = Some("one end of the range of serials is missing".to_owned()),
            },
            _ => {}
        }
    }
}

enum End {
    From,
    To,
}

/// Which end of a range an element names; exchanges call them by different words.
fn end_of(path: &[String]) -> Option<End> {
    path.iter().rev().take_while(|name| *name != "ItemSerialIdentificationRange").find_map(|name| {
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if has(&["Start", "Begin", "Minimum", "First", "From", "Low"]) {
            Some(End::From)
        } else if has(&["End", "Maximum", "Last", "To", "High"]) {
            Some(End::To)
        } else {
            None
        }
    })
}

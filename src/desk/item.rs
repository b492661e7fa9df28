//! From what was given or read to an item that can be checked.

use crate::domain::understand::{Understood, understand, understand_typed};
use crate::domain::{Description, Finding, Item, Mark, MarkSource, Object, Scheme, SeenMark, Symbology};

/// Most marks that one item may carry; a crate is many items, not one with many marks.
pub const MARKS_MAX: usize = 64;
/// Most characters of one mark; a driver's licence in PDF417 holds some 1,500.
pub const MARK_CHARS_MAX: usize = 4_096;

/// A mark as a person or a script gave it.
#[derive(Debug, Clone)]
pub struct GivenMark {
    /// The raw text.
    pub value: String,
    /// What it is, when it was said; otherwise it is understood from the text.
    pub scheme: Option<Scheme>,
    /// Where it stands, when it was said.
    pub place: Option<String>,
}

/// An item that no check takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// No mark holds a character.
    #[error("every mark is empty")]
    Empty,
    /// Too many marks.
    #[error("more than {MARKS_MAX} marks on one item; a crate is many items")]
    TooManyMarks,
    /// A mark that is too long.
    #[error("a mark of more than {MARK_CHARS_MAX} characters")]
    MarkTooLong,
}

/// An item of marks that were typed or came from a script.
///
/// # Errors
/// When it holds no mark, or more than the limits above.
pub fn build_item(given: Vec<GivenMark>, description: Description) -> Result<Item, ItemError> {
    let mut item = Item { marks: Vec::new(), description };
    for mark in given {
        if mark.value.chars().count() > MARK_CHARS_MAX {
            return Err(ItemError::MarkTooLong);
        }
        if mark.value.trim().is_empty() {
            continue;
        }
        match mark.scheme {
            Some(scheme) => {
                item.marks.push(SeenMark::typed(Mark { scheme, value: mark.value, place: mark.place }));
            }
            None => {
                let understood = understand_typed(&mark.value);
                add_understood(&mut item, understood, MarkSource::Typed, mark.place.as_deref());
            }
        }
    }
    finish(item)
}

/// Adds what a decoded symbol says to an open item. Facts that the officer gave are kept.
pub fn add_symbol(item: &mut Item, symbology: Symbology, identifier: &str, text: &str) -> Vec<Finding> {
    let understood = understand(text, identifier);
    let findings = understood.findings.clone();
    add_understood(item, understood, MarkSource::Read(symbology), None);
    settle_object(item);
    findings
}

/// Adds what a hand scanner or a person entered to an open item.
pub fn add_typed(item: &mut Item, text: &str, source: MarkSource) -> Vec<Finding> {
    let understood = understand_typed(text);
    let findings = understood.findings.clone();
    add_understood(item, understood, source, None);
    settle_object(item);
    findings
}

fn add_understood(item: &mut Item, understood: Understood, source: MarkSource, place: Option<&str>) {
    for mut mark in understood.marks {
        mark.place = mark.place.or_else(|| place.map(str::to_owned));
        let known = item.marks.iter().any(|m| m.mark == mark && m.source == source);
        if !known && item.marks.len() < MARKS_MAX {
            item.marks.push(SeenMark { mark, source });
        }
    }
    let (own, said) = (&mut item.description, understood.description);
    own.object = own.object.or(said.object);
    own.kind = own.kind.take().or(said.kind);
    own.make = own.make.take().or(said.make);
    own.model = own.model.take().or(said.model);
    own.calibre = own.calibre.take().or(said.calibre);
    own.year = own.year.or(said.year);
    own.country = own.country.take().or(said.country);
    own.issuer = own.issuer.take().or(said.issuer);
}

fn finish(mut item: Item) -> Result<Item, ItemError> {
    if item.marks.is_empty() {
        return Err(ItemError::Empty);
    }
    if item.marks.len() > MARKS_MAX {
        return Err(ItemError::TooManyMarks);
    }
    settle_object(&mut item);
    Ok(item)
}

/// A scheme can give the object away, and an object can give the scheme of a bare number away: the number of a passport is
/// typed like a serial, but is a document's number.
fn settle_object(item: &mut Item) {
    if item.description.object.is_none() {
        item.description.object = item.marks.iter().find_map(|m| Object::implied_by(m.mark.scheme));
    }
    let meant = match item.description.object {
        Some(Object::TravelDocument) => Scheme::Document,
        Some(Object::Container) => Scheme::Container,
        Some(Object::Vehicle) => Scheme::Plate,
        _ => return,
    };
    for seen in item.marks.iter_mut().filter(|m| m.source == MarkSource::Typed && m.mark.scheme == Scheme::Serial) {
        seen.mark.scheme = meant;
    }
}

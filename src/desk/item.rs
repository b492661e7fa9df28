//! From what was given or read to an item that can be checked.

use crate::domain::keyboard::Readings;
use crate::domain::understand::{Understood, understand, understand_container, understand_typed};
use crate::domain::{Description, Finding, Item, Mark, MarkSource, Object, Scheme, SeenMark, Symbology};

/// Most marks that one item may carry; a crate is many items, not one with many marks.
pub const MARKS_MAX: usize = 64;
/// Most characters of one mark; a driver's licence in PDF417 holds some 1,500.
pub const MARK_CHARS_MAX: usize = 4_096;

/// Most bytes of all marks of an item together: an entry must fit into a request to the hub with room to spare.
pub const ITEM_BYTES_MAX: usize = 64 << 10;
/// Most characters of a fact of the description.
pub const FACT_CHARS_MAX: usize = 200;

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

/// An item, and what reading its marks showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The item.
    pub item: Item,
    /// A check digit that does not fit, say.
    pub findings: Vec<Finding>,
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
    /// A mark that is too long, or marks that are too long together.
    #[error("a mark of more than {MARK_CHARS_MAX} characters, or marks of more than {ITEM_BYTES_MAX} bytes together")]
    MarkTooLong,
    /// A fact that is too long.
    #[error("a fact of the description of more than {FACT_CHARS_MAX} characters")]
    FactTooLong,
}

/// An item of marks that were typed or came from a script.
///
/// # Errors
/// When it holds no mark, or more than the limits above.
pub fn build_item(given: Vec<GivenMark>, description: Description) -> Result<Given, ItemError> {
    // Before any is taken, so that none is left out in silence.
    if given.len() > MARKS_MAX {
        return Err(ItemError::TooManyMarks);
    }
    if given.iter().map(|m| m.value.len()).sum::<usize>() > ITEM_BYTES_MAX {
        return Err(ItemError::MarkTooLong);
    }
    let mut item = Item { marks: Vec::new(), description };
    let mut findings = Vec::new();
    for mark in given {
        if mark.value.chars().count() > MARK_CHARS_MAX {
            return Err(ItemError::MarkTooLong);
        }
        if mark.value.trim().is_empty() {
            continue;
        }
        match mark.scheme {
            Some(Scheme::Container) if let Some(understood) = understand_container(&mark.value) => {
                findings.extend(&understood.findings);
                add_understood(&mut item, understood, MarkSource::Typed, mark.place.as_deref());
            }
            Some(scheme) => {
                item.marks.push(SeenMark::typed(Mark { scheme, value: mark.value, place: mark.place }));
            }
            None => {
                let understood = understand_for(item.description.object, &mark.value);
                findings.extend(&understood.findings);
                add_understood(&mut item, understood, MarkSource::Typed, mark.place.as_deref());
            }
        }
    }
    Ok(Given { item: finish(item)?, findings })
}

/// What was typed of an object that is known. The number of a container says what it is by its check digit; where that does
/// not fit or is missing, the officer's word must.
fn understand_for(object: Option<Object>, text: &str) -> Understood {
    let container = if object == Some(Object::Container) { understand_container(text) } else { None };
    container.unwrap_or_else(|| understand_typed(text))
}

/// Adds what a decoded symbol says to an open item. Facts that the officer gave are kept.
pub fn add_symbol(item: &mut Item, symbology: Symbology, identifier: &str, text: &str) -> Vec<Finding> {
    let understood = understand(text, identifier);
    let findings = understood.findings.clone();
    add_understood(item, understood, MarkSource::Read(symbology), None);
    settle_object(item);
    findings
}

/// Adds what a person entered to an open item.
pub fn add_typed(item: &mut Item, text: &str) -> Vec<Finding> {
    add_text(item, text, MarkSource::Typed)
}

/// Adds what a hand scanner sent to an open item: every reading of it, so that each is looked up, and the text as it
/// arrived, where it was read otherwise.
pub fn add_scanned(item: &mut Item, sent: &Readings) -> Vec<Finding> {
    let texts = sent.readings.iter().map(|reading| reading.text.as_str());
    let findings = texts.flat_map(|text| add_text(item, text, MarkSource::Scanner)).collect();
    if let Some(raw) = sent.kept_raw().filter(|raw| !raw.is_empty()) {
        let kept = Understood::one("other", Scheme::Other, raw);
        add_understood(item, kept, MarkSource::Scanner, None);
    }
    findings
}

fn add_text(item: &mut Item, text: &str, source: MarkSource) -> Vec<Finding> {
    let understood = understand_for(item.description.object, text);
    let findings = understood.findings.clone();
    add_understood(item, understood, source, None);
    settle_object(item);
    findings
}

fn add_understood(item: &mut Item, understood: Understood, source: MarkSource, place: Option<&str>) {
    for mut mark in understood.marks {
        mark.place = mark.place.or_else(|| place.map(str::to_owned));
        let known = item.marks.iter().any(|m| m.mark == mark && m.source == source);
        let fits = text_bytes(item) + mark.value.len() <= ITEM_BYTES_MAX;
        if !known && fits && item.marks.len() < MARKS_MAX {
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

/// A scheme can give the object away: a VIN stands on a vehicle. Only where every mark says so; what an officer gave holds.
fn settle_object(item: &mut Item) {
    if item.description.object.is_none() {
        // What is never compared says nothing of the object either.
        let told = || item.marks.iter().map(|m| m.mark.scheme).filter(|scheme| *scheme != Scheme::Other);
        let first = told().next().and_then(Object::implied_by);
        let all_agree = told().all(|scheme| Object::implied_by(scheme) == first);
        item.description.object = first.filter(|_| all_agree);
    }
}

fn finish(mut item: Item) -> Result<Item, ItemError> {
    settle_object(&mut item);
    if item.marks.is_empty() {
        return Err(ItemError::Empty);
    }
    if item.marks.len() > MARKS_MAX {
        return Err(ItemError::TooManyMarks);
    }
    if text_bytes(&item) > ITEM_BYTES_MAX {
        return Err(ItemError::MarkTooLong);
    }
    let d = &item.description;
    let texts = [&d.kind, &d.make, &d.model, &d.calibre, &d.country, &d.issuer];
    if texts.into_iter().flatten().any(|t| t.chars().count() > FACT_CHARS_MAX) {
        return Err(ItemError::FactTooLong);
    }
    Ok(item)
}

fn text_bytes(item: &Item) -> usize {
    item.marks.iter().map(|m| m.mark.value.len() + m.mark.place.as_ref().map_or(0, String::len)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str, scheme: Option<Scheme>) -> GivenMark {
        GivenMark { value: value.into(), scheme, place: None }
    }

    #[test]
    fn a_scheme_that_was_said_stays_and_the_object_follows_only_where_every_mark_agrees() {
        let vehicle = Some(Object::Vehicle);
        let document = Description { object: Some(Object::TravelDocument), ..Description::default() };
        let item = build_item(vec![given("L898902C3", Some(Scheme::Serial))], document).expect("an item").item;
        assert_eq!(item.marks[0].mark.scheme, Scheme::Serial);
        let vin = given("1HGBH41JXMN109186", None);
        let item = build_item(vec![vin.clone()], Description::default()).expect("an item").item;
        assert_eq!(item.description.object, vehicle);
        let item = build_item(vec![vin, given("AB1234", None)], Description::default()).expect("an item").item;
        assert_eq!(item.description.object, None, "a gun in a car is not a car");
    }

    #[test]
    fn a_digit_that_does_not_fit_is_told_of_whatever_is_typed() {
        let container = || Description { object: Some(Object::Container), ..Description::default() };
        let wrong = &[Finding::CheckDigitWrong][..];
        let table: [(&str, Description, &[&str], &[Finding]); 6] = [
            ("L898902C36UTO7408122F1204159ZE184226B<<<<<10", Description::default(), &["L898902C3"], &[]),
            ("L8989O2C36UTO7408122F1204159ZE184226B<<<<<10", Description::default(), &["L8989O2C3"], wrong),
            ("CSQU3054383", container(), &["CSQU3054383"], &[]),
            ("CSQU 305438 4", container(), &["CSQU 305438 4", "CSQU 305438 4"], wrong),
            ("CSQU305438", container(), &["CSQU305438", "CSQU3054383"], &[]),
            ("AB1234", container(), &["AB1234"], &[]),
        ];
        for (typed, about, marks, findings) in table {
            let given = build_item(vec![given(typed, None)], about).expect(typed);
            let read: Vec<&str> = given.item.marks.iter().map(|m| m.mark.value.as_str()).collect();
            assert_eq!((read.as_slice(), given.findings.as_slice()), (marks, findings), "{typed}");
        }
    }

    #[test]
    fn what_no_request_could_carry_is_refused() {
        let long = "1".repeat(MARK_CHARS_MAX + 1);
        let distinct: Vec<_> = (0..=MARKS_MAX).map(|n| given(&format!("AB{n:05}"), None)).collect();
        let heavy: Vec<_> =
            (0..30).map(|n| given(&format!("{n}{}", "Ж1".repeat(1_900)), Some(Scheme::Serial))).collect();
        let fact = Description { make: Some("x".repeat(FACT_CHARS_MAX + 1)), ..Description::default() };
        let none = Description::default;
        assert_eq!(build_item(vec![given("  ", None)], none()), Err(ItemError::Empty));
        assert_eq!(build_item(vec![given(&long, None)], none()), Err(ItemError::MarkTooLong));
        assert_eq!(build_item(heavy, none()), Err(ItemError::MarkTooLong));
        assert_eq!(build_item(distinct, none()), Err(ItemError::TooManyMarks));
        assert_eq!(build_item(vec![given("AB1", None)], fact), Err(ItemError::FactTooLong));
        let twice = vec![given("AB1234", None); 2];
        assert_eq!(build_item(twice, none()).map(|i| i.item.marks.len()), Ok(1), "the same mark twice is one");
    }
}

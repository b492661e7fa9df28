//! A row by our own field names, and how it becomes a record.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::Defaults;
use super::cells::{self, is_nothing};
use super::days::{Remarks, Unread, day_of_expiry, named_day, named_year, read};
use super::intake::Fault;
use super::mapping::Mapping;
use crate::domain::keys::{self, split_parts};
use crate::domain::record::coded;
use crate::domain::{Action, Delivery, Description, Mark, Object, Record, Scheme, SerialRange, Status};

/// Fields that a row may have, by the name that a header, a JSON key or a mapping file uses.
pub(super) const FIELDS: [&str; 35] = [
    "id",
    "object",
    "kind",
    "make",
    "model",
    "calibre",
    "year",
    "serial",
    "country",
    "status",
    "owner",
    "reported_on",
    "import",
    "uii",
    "vin",
    "plate",
    "engine",
    "document",
    "container",
    "issuer",
    "action",
    "lost_on",
    "expires_on",
    "caution",
    "place",
    "colour",
    "body",
    "chassis",
    "serial_from",
    "serial_to",
    "restriction",
    "contact",
    "delivered_to",
    "delivered_place",
    "delivered_on",
];

/// Fields that are marks, with their schemes.
pub(super) const MARK_FIELDS: [(&str, Scheme); 8] = [
    ("serial", Scheme::Serial),
    ("import", Scheme::Import),
    ("uii", Scheme::Uii),
    ("vin", Scheme::Vin),
    ("plate", Scheme::Plate),
    ("engine", Scheme::Engine),
    ("document", Scheme::Document),
    ("container", Scheme::Container),
];

/// Longest text that a field may have, in bytes; longer ones are a sign of a file read the wrong way.
pub(super) const FIELD_BYTES_MAX: usize = 4096;
/// Why a serial that [`cells::is_rounded`] is none.
pub(super) const ROUNDED: &str = "its serial is a number that a spreadsheet rounded; export that column as text";
/// Characters of a VIN (ISO 3779).
const VIN_CHARS: usize = 17;
/// So much of an action that cannot be read stands before a record's caution.
const ACTION_BYTES_MAX: usize = 512;
/// Position of a field in [`FIELDS`].
pub(super) fn field(name: &str) -> Option<usize> {
    FIELDS.iter().position(|&f| f == name)
}

/// Where the text of one column goes: a field, its place among the texts that are joined there, and for a mark that is
/// named with where it stands (`serial@barrel`) that place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub field: usize,
    pub at: Option<String>,
    pub order: usize,
}

impl Target {
    /// The target of a field's name, with or without a place behind `@`; only marks stand somewhere.
    pub fn named(name: &str, order: usize) -> Option<Self> {
        let (name, at) = match name.split_once('@') {
            Some((name, at)) if !at.trim().is_empty() && is_mark(name) => {
                let at = at.trim();
                (name, Some(cells::without_controls(at, ' ').unwrap_or_else(|| at.to_owned())))
            }
            Some(_) => return None,
            None => (name, None),
        };
        Some(Self { field: field(name)?, at, order })
    }
}

/// Whether a field of that name gives a mark.
pub(super) fn is_mark(name: &str) -> bool {
    MARK_FIELDS.iter().any(|(mark, _)| *mark == name) || matches!(name, "body" | "chassis")
}

/// Whether a field that cannot be read costs its row: without it nobody could say which record is meant, by what it is found,
/// or whether it is wanted.
pub(super) fn costs_the_row(field: usize) -> bool {
    FIELDS
        .get(field)
        .is_some_and(|name| is_mark(name) || matches!(*name, "id" | "status" | "serial_from" | "serial_to"))
}

/// A row's texts, and the marks that it lists beside them.
pub(super) struct Row {
    pub values: [Option<String>; FIELDS.len()],
    pub marks: Vec<Mark>,
    /// Lots that a row lists beside `serial_from` and `serial_to`.
    pub ranges: Vec<SerialRange>,
    /// What is wrong with one more lot. It costs the row only where nothing else finds its record.
    pub spoilt_range: Option<String>,
    /// What is to be said of its fields already.
    pub remarks: Remarks,
}

impl Default for Row {
    fn default() -> Self {
        let values = [const { None }; FIELDS.len()];
        Self { values, marks: Vec::new(), ranges: Vec::new(), spoilt_range: None, remarks: Remarks::default() }
    }
}

impl Row {
    /// A field's text without control characters; that it had some is noted.
    pub fn plain<'t>(&mut self, name: &'static str, text: &'t str) -> Cow<'t, str> {
        let parts_marks = is_mark(name) || matches!(name, "serial_from" | "serial_to");
        match cells::without_controls(text, if parts_marks { cells::BREAK } else { ' ' }) {
            Some(plain) => {
                self.remarks.control_in(name);
                Cow::Owned(plain)
            }
            None => Cow::Borrowed(text),
        }
    }

    /// Puts the texts where they belong; those of one field are joined in their order. Two that would stand in the same place are
    /// refused with the field's name: which is meant nobody can say.
    pub fn place<'t, T: AsRef<str> + 't>(&mut self, texts: &mut [(&'t Target, T)]) -> Result<(), &'static str> {
        texts.sort_by_key(|(target, _)| *target);
        if let Some(pair) = texts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(FIELDS[pair[0].0.field]);
        }
        let place_of = |target: &'t Target| (target.field, &target.at);
        for parts in texts.chunk_by(|a, b| place_of(a.0) == place_of(b.0)) {
            let target = parts[0].0;
            let name = FIELDS[target.field];
            let parts: Vec<_> = parts.iter().map(|(_, text)| self.plain(name, text.as_ref().trim())).collect();
            let parts = parts.iter().map(AsRef::as_ref);
            let text = if is_mark(name) { cells::joined(parts) } else { parts.collect() };
            match &target.at {
                None => self.values[target.field].get_or_insert_default().push_str(&text),
                Some(_) if is_nothing(&text) => {}
                Some(at) => self.marks.push(scheme_of(target.field, &text).mark(&text, Some(at))),
            }
        }
        Ok(())
    }
}

/// How the number of a mark's field is to be compared.
struct FieldScheme(Scheme, Option<&'static str>);

impl FieldScheme {
    fn mark(&self, value: &str, at: Option<&str>) -> Mark {
        Mark { scheme: self.0, value: value.to_owned(), place: at.or(self.1).map(str::to_owned) }
    }
}

fn scheme_of(field: usize, text: &str) -> FieldScheme {
    match FIELDS.get(field) {
        Some(&name @ ("body" | "chassis")) => FieldScheme(body_scheme(text), Some(name)),
        Some(name) => FieldScheme(MARK_FIELDS.iter().find(|(n, _)| n == name).map_or(Scheme::Other, |(_, s)| *s), None),
        None => FieldScheme(Scheme::Other, None),
    }
}

/// A body or chassis number of seventeen characters is a VIN (ISO 3779); older ones are numbers that a maker stamped, and
/// are compared like serials.
pub(super) fn body_scheme(text: &str) -> Scheme {
    let vin = keys::exact_key(Scheme::Vin, text);
    if vin.len() == VIN_CHARS && vin.is_ascii() { Scheme::Vin } else { Scheme::Serial }
}

impl Row {
    fn take(&mut self, name: &'static str) -> Option<String> {
        let value = self.values[field(name)?].take()?;
        let trimmed = value.trim();
        (!is_nothing(trimmed)).then(|| trimmed.to_owned())
    }

    /// The record, or what is wrong with the row. Only what makes a record findable or tells what it asks for (its marks,
    /// its status) costs a row; any other field that cannot be read is left out, and named in `remarks`.
    pub fn into_record(
        mut self,
        mapping: &Mapping,
        defaults: &Defaults,
        remarks: &mut Remarks,
    ) -> Result<Record, Fault> {
        let id = self.take("id").filter(|id| id.len() <= FIELD_BYTES_MAX);
        *remarks = std::mem::take(&mut self.remarks);
        match self.nameless(mapping, defaults, &mut remarks.unread) {
            Ok(record) => Ok(Record { id: id.unwrap_or_default(), ..record }),
            Err(reason) => Err(Fault { id, reason }),
        }
    }

    fn nameless(mut self, mapping: &Mapping, defaults: &Defaults, unread: &mut Unread) -> Result<Record, String> {
        self.shorten(unread)?;
        let place = self.take("place");
        let (marks, ranges) = self.take_what_finds_it(place, unread)?;
        let object = match self.take("object") {
            // It may be anything then, and is looked for whatever the item is.
            Some(text) => read(unread, "object", mapping.value("object", text).parse::<Object>().ok()),
            None => defaults.object,
        };
        let status = match self.take("status") {
            Some(text) => status_of(mapping.value("status", text))?,
            None => defaults.kind.status(),
        };
        // One such row, and the list would count as one that can say of others that nobody looks for them.
        if status.is_wanted() && !defaults.kind.status().is_wanted() {
            return Err(format!("status {status} in a list of deliveries; put it into a register of wanted items"));
        }
        let mut caution = self.take("caution");
        let action = self.take("action").and_then(|text| {
            let text = mapping.value("action", text);
            let action = read(unread, "action", text.parse::<Action>().ok());
            if action.is_none() {
                let (told, whole) = caution_of_action(&text, caution.take());
                caution = Some(told);
                if !whole && !unread.contains(&"caution") {
                    unread.push("caution");
                }
            }
            action
        });
        // One that cannot be read: nobody knows that it has expired, so it stands.
        let expires_on = day_of_expiry(self.take("expires_on"), mapping, unread);
        let mut day = |name, text| named_day(name, text, mapping, unread);
        let (reported_on, lost_on) =
            (day("reported_on", self.take("reported_on")), day("lost_on", self.take("lost_on")));
        let delivered_on = day("delivered_on", self.take("delivered_on"));
        Ok(Record {
            id: String::new(),
            marks,
            description: Description {
                object,
                kind: self.take("kind").map(|t| mapping.value("kind", t)),
                make: self.take("make").map(|t| mapping.value("make", t)),
                model: self.take("model").map(|t| mapping.value("model", t)),
                calibre: self.take("calibre").map(|t| mapping.value("calibre", t)),
                year: named_year(self.take("year"), unread),
                country: self.take("country"),
                issuer: self.take("issuer"),
            },
            status,
            owner: self.take("owner").unwrap_or_else(|| defaults.owner.clone()),
            action,
            reported_on,
            lost_on,
            expires_on,
            caution,
            ranges,
            colour: self.take("colour").map(|t| mapping.value("colour", t)),
            restriction: self.take("restriction"),
            contact: self.take("contact"),
            delivery: delivery_of(self.take("delivered_to"), self.take("delivered_place"), delivered_on),
        })
    }

    /// Cuts long remarks and drops other long texts; a mark that is longer than any is a sign of a file read the wrong way.
    fn shorten(&mut self, unread: &mut Unread) -> Result<(), String> {
        for (name, value) in FIELDS.into_iter().zip(&mut self.values) {
            let Some(text) = value.as_mut().filter(|text| text.len() > FIELD_BYTES_MAX) else { continue };
            if is_mark(name) || matches!(name, "serial_from" | "serial_to") {
                return Err(format!("{name} is longer than {FIELD_BYTES_MAX} bytes"));
            }
            match name {
                "caution" | "restriction" | "contact" => cut(text, FIELD_BYTES_MAX),
                // It is none that is known, and is told for that when it is read.
                "action" => {
                    cut(text, FIELD_BYTES_MAX);
                    continue;
                }
                _ => *value = None,
            }
            unread.push(name);
        }
        if self.marks.iter().any(|mark| mark.value.len() > FIELD_BYTES_MAX) {
            return Err(format!("a mark is longer than {FIELD_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    /// Its marks and lots. One that is spoilt costs the row only where there is no other.
    fn take_what_finds_it(
        &mut self,
        place: Option<String>,
        unread: &mut Unread,
    ) -> Result<(Vec<Mark>, Vec<SerialRange>), String> {
        let mut marks = self.take_marks(place.as_deref());
        let listed = marks.len();
        marks.retain(|mark| !mark.scheme.is_compared_loosely() || !cells::is_rounded(&mark.value));
        let is_rounded = marks.len() < listed;
        let mut ranges = std::mem::take(&mut self.ranges);
        // A lot that stands where a serial should; as it was written it stays a mark, too.
        let lots = marks.iter().filter(|mark| mark.scheme == Scheme::Serial);
        ranges.extend(lots.filter_map(|mark| {
            let (from, to) = cells::lot(&mark.value)?;
            range_of(from, to, mark.place.clone()).ok()
        }));
        let spoilt = match self.take_range(place) {
            Ok(range) => {
                ranges.extend(range);
                self.spoilt_range.take()
            }
            Err(reason) => Some(reason),
        };
        match (marks.is_empty() && ranges.is_empty(), is_rounded, spoilt) {
            (true, _, Some(reason)) => Err(reason),
            (true, true, None) => Err(ROUNDED.to_owned()),
            (true, false, None) => Err("it has no serial".to_owned()),
            (false, rounded, spoilt) => {
                unread.extend(rounded.then_some("serial"));
                unread.extend(spoilt.map(|_| "serial_to"));
                Ok((marks, ranges))
            }
        }
    }

    /// The marks that the row lists, then those of its fields.
    fn take_marks(&mut self, place: Option<&str>) -> Vec<Mark> {
        let mut marks = Vec::new();
        for mark in std::mem::take(&mut self.marks) {
            marks.extend(marks_of(mark.scheme, &mark.value, mark.place.as_deref()));
        }
        for (name, scheme) in MARK_FIELDS {
            if let Some(value) = self.take(name) {
                marks.extend(marks_of(scheme, &value, place));
            }
        }
        for name in ["body", "chassis"] {
            if let Some(value) = self.take(name) {
                marks.extend(marks_of(body_scheme(&value), &value, Some(name)));
            }
        }
        marks
    }

    /// The lot whose ends are fields.
    fn take_range(&mut self, place: Option<String>) -> Result<Option<SerialRange>, String> {
        match (self.take("serial_from"), self.take("serial_to")) {
            (Some(from), Some(to)) => range_of(&from, &to, place).map(Some),
            (None, None) => Ok(None),
            _ => Err("one end of the range of serials is missing".to_owned()),
        }
    }
}

/// Cuts a text that is longer than so many bytes, and says so by its last character.
fn cut(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - '…'.len_utf8()));
        text.push('…');
    }
}

/// The caution of a record whose action cannot be read, and whether all of the source's own caution is in it. Without an action
/// the finder is told to hold the item, whatever the source asked for: so its words stand first.
fn caution_of_action(action: &str, caution: Option<String>) -> (String, bool) {
    let mut action = action.to_owned();
    cut(&mut action, ACTION_BYTES_MAX);
    let mut told = format!("action as the source has it: \"{action}\"");
    if let Some(caution) = caution {
        told.push_str("; ");
        told.push_str(&caution);
    }
    let whole = told.len() <= FIELD_BYTES_MAX;
    cut(&mut told, FIELD_BYTES_MAX);
    (told, whole)
}

fn delivery_of(to: Option<String>, place: Option<String>, on: Option<NaiveDate>) -> Option<Delivery> {
    let told = to.is_some() || place.is_some() || on.is_some();
    told.then(|| Delivery { to: to.unwrap_or_default(), place, on })
}

/// A lot by its ends, as a row has them.
pub(super) fn range_of(from: &str, to: &str, place: Option<String>) -> Result<SerialRange, String> {
    let (from, to) = (cells::broken(from, false), cells::broken(to, false));
    match (&from[..], &to[..]) {
        ([from], [to]) => {
            let range = SerialRange::new(from.as_ref(), to.as_ref()).map_err(|e| e.to_string())?;
            Ok(SerialRange { place, ..range })
        }
        _ => Err("an end of the range of serials is several serials".to_owned()),
    }
}

/// The marks of one text: `A (B)`, `A, B` and two lines are two serials, each kept as it was written; `A/B` is one, or two.
pub(super) fn marks_of(scheme: Scheme, value: &str, place: Option<&str>) -> Vec<Mark> {
    // A UII that comes in its parts has separators of its own between them, and half a VIN is none.
    let is_one = scheme == Scheme::Uii || scheme == Scheme::Vin && keys::exact_key(scheme, value).len() <= VIN_CHARS;
    if is_one {
        return marks_of_line(scheme, &value.replace(cells::BREAK, " "), place);
    }
    // What is taken for equal only as it stands would make a hit of a part that is none.
    let lines = cells::broken(value, scheme.is_compared_loosely());
    lines.iter().flat_map(|line| marks_of_line(scheme, line, place)).collect()
}

fn marks_of_line(scheme: Scheme, value: &str, place: Option<&str>) -> Vec<Mark> {
    let mark = |value: &str| Mark { scheme, value: value.to_owned(), place: place.map(str::to_owned) };
    if !scheme.is_compared_loosely() {
        let parts = if scheme == Scheme::Uii { vec![value] } else { cells::several(value, false) };
        return parts.into_iter().map(mark).collect();
    }
    if value.contains(['(', '（']) {
        let parts = split_parts(value);
        return parts.iter().flat_map(|part| cells::several(part, true)).map(mark).collect();
    }
    let parts = cells::several(value, true).into_iter().flat_map(crate::domain::keys::beside_separators);
    let mut marks: Vec<Mark> = Vec::new();
    for this in parts.map(|part| mark(cells::without_decimals(part))) {
        // What both rules name is one mark.
        if !marks.contains(&this) {
            marks.push(this);
        }
    }
    marks
}

fn known<T: std::str::FromStr>(name: &str, text: String) -> Result<T, String> {
    text.parse().map_err(|_| unknown(name, &text))
}

fn unknown(name: &str, text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    format!("{name} {short:?} is not known; name it under [values.{name}] in a mapping file")
}

/// The status of our own code, or of the words of the Ukrainian register and of registers of travel documents.
pub(super) fn status_of(text: String) -> Result<Status, String> {
    match coded(&text).as_str() {
        "втрата" => Ok(Status::Lost),
        "викрадення" | "stolen_blank" => Ok(Status::Stolen),
        // Travel documents (SLTD).
        "revoked" | "invalid" => Ok(Status::Wanted),
        _ => known("status", text),
    }
}

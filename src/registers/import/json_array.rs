//! One JSON array of flat objects, as Ukraine's open data come, some 700 MB long.
//!
//! The array is never held: serde walks it element by element. Each field accepts any JSON value, so a wrong type spoils
//! its row and not the rest; broken syntax spoils the file, because after it nothing says where the next row begins.

use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cells;
use super::days::{Remarks, Unread};
use super::intake::{Fault, Intake};
use super::mapping::Mapping;
use super::row::FIELD_BYTES_MAX;
use super::source::{Position, Source};
use super::{Defaults, ImportError, ImportSummary};
use crate::domain::Record;

/// Most fields that a form may have.
const FIELDS_MAX: usize = 16;

/// The slot of the id, in every form.
pub(super) const ID: usize = 0;

/// One form of file: what its fields are called, and how a row becomes a record.
pub(super) struct Form {
    /// Their names, whatever the case, and the slot of each; several may share one, as editions differ.
    pub names: &'static [(&'static str, usize)],
    /// The slots of the marks: of a row with a wrong type there nobody can say what is wanted.
    pub marks: &'static [usize],
    pub into_record: fn(Raw, &Mapping, &Defaults, &mut Unread) -> Result<Record, String>,
}

/// A row's texts by slot.
#[derive(Default)]
pub(super) struct Raw([Option<String>; FIELDS_MAX]);

impl Raw {
    pub fn take(&mut self, slot: usize) -> Option<String> {
        self.0.get_mut(slot)?.take()
    }
}

pub(super) fn read<R: io::Read>(
    form: &'static Form,
    source: Source<R>,
    mapping: &Mapping,
    defaults: &Defaults,
    intake: Intake<'_>,
) -> Result<ImportSummary, ImportError> {
    let position = source.position();
    let first = source.head().iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'[') {
        return Err(ImportError::Malformed {
            line: 1,
            rows: 0,
            expected: "a JSON array",
            detail: "it does not begin with a bracket".to_owned(),
        });
    }
    let mut walk = Walk { form, position: position.clone(), mapping, defaults, intake, stopped: None };
    let mut json = serde_json::Deserializer::from_reader(source);
    let outcome = (&mut walk).deserialize(&mut json).and_then(|()| json.end());
    if let Some(error) = walk.stopped {
        return Err(error);
    }
    let mut intake = walk.intake;
    let rows = intake.summary.rows;
    outcome.map_err(|e| refused(e, rows))?;
    intake.report(position.bytes());
    Ok(intake.summary)
}

fn refused(error: serde_json::Error, rows: u64) -> ImportError {
    let line = error.line() as u64;
    if error.is_io() {
        return ImportError::Read(error.into());
    }
    if error.is_eof() {
        return ImportError::Truncated { line, rows };
    }
    let detail = error.to_string();
    if detail.contains("unicode code point") {
        return ImportError::Encoding { line, hint: "" };
    }
    ImportError::Malformed { line, rows, expected: "JSON", detail }
}

struct Walk<'a, 'b> {
    form: &'static Form,
    position: Position,
    mapping: &'a Mapping,
    defaults: &'a Defaults,
    intake: Intake<'b>,
    /// Why the walk ended early, when the reason was not in the file.
    stopped: Option<ImportError>,
}

impl<'de> DeserializeSeed<'de> for &mut Walk<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((line, raw)) = seq.next_element_seed(RawSeed(self.form, &self.position))? {
            let mut remarks = Remarks::default();
            let outcome = raw.map_err(Fault::from).and_then(|(mut raw, wrong)| {
                let id = raw.take(ID);
                remarks = wrong;
                match (self.form.into_record)(raw, self.mapping, self.defaults, &mut remarks.unread) {
                    Ok(record) => Ok(Record { id: id.unwrap_or_default(), ..record }),
                    Err(reason) => Err(Fault { id, reason }),
                }
            });
            if let Err(error) = self.intake.row(line, self.position.bytes(), outcome, remarks) {
                self.stopped = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// Reads one element of the array, whatever it is, with the line on which it begins.
struct RawSeed<'a>(&'static Form, &'a Position);

impl<'de> DeserializeSeed<'de> for RawSeed<'_> {
    type Value = (u64, Read);
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let line = self.1.line();
        Ok((line, deserializer.deserialize_any(RawVisitor(self.0))?))
    }
}

struct RawVisitor(&'static Form);

/// A row's texts, with what is to be said of its fields.
type Read = Result<(Raw, Remarks), String>;

/// The visits of scalars, which are all alike for both visitors below.
macro_rules! scalars {
    ($value:ty, $($visit:ident: $from:ty => $make:expr),+ $(,)?) => {
        $(fn $visit<E>(self, v: $from) -> Result<$value, E> { Ok($make(v)) })+
        fn visit_unit<E>(self) -> Result<$value, E> { self.nothing() }
    };
}

fn no_object<T>(_: T) -> Read {
    Err("it is no JSON object".to_owned())
}

impl RawVisitor {
    fn nothing<E>(self) -> Result<Read, E> {
        Ok(no_object(()))
    }
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Read;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    scalars!(Self::Value, visit_bool: bool => no_object, visit_i64: i64 => no_object, visit_u64: u64 => no_object,
        visit_f64: f64 => no_object, visit_str: &str => no_object);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(no_object(()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = Raw::default();
        let (mut wrong, mut remarks) = (None, Remarks::default());
        while let Some(name) = map.next_key_seed(NameSeed(self.0))? {
            let Some((name, number, slot)) = name.and_then(|(name, n)| Some((name, n, raw.0.get_mut(n)?))) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match map.next_value_seed(TextSeed)? {
                Text::Value(text) if text.len() <= FIELD_BYTES_MAX => {
                    let between = if self.0.marks.contains(&number) { cells::BREAK } else { ' ' };
                    let plain = cells::without_controls(&text, between);
                    if plain.is_some() {
                        remarks.control_in(name);
                    }
                    *slot = Some(plain.unwrap_or(text)).filter(|text| !text.is_empty());
                }
                Text::Nothing => *slot = None,
                Text::Value(_) | Text::WrongType if number == ID || self.0.marks.contains(&number) => {
                    wrong = Some(name)
                }
                Text::Value(_) | Text::WrongType => remarks.unread.push(name),
            }
        }
        Ok(match wrong {
            Some(name) => Err(format!("{name} is neither text nor number, or longer than any")),
            None => Ok((raw, remarks)),
        })
    }
}

/// A field's name in the form, with its slot.
struct NameSeed(&'static Form);

type Name = Option<(&'static str, usize)>;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Name;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }
    fn visit_str<E>(self, v: &str) -> Result<Name, E> {
        Ok(self.0.names.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(v)).copied())
    }
}

enum Text {
    Value(String),
    Nothing,
    WrongType,
}

impl From<&str> for Text {
    fn from(v: &str) -> Self {
        let trimmed = v.trim();
        if trimmed.is_empty() || trimmed == "-" { Self::Nothing } else { Self::Value(trimmed.to_owned()) }
    }
}

struct TextSeed;

impl TextSeed {
    fn nothing<E>(self) -> Result<Text, E> {
        Ok(Text::Nothing)
    }
}

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Text;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Text;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or null")
    }
    scalars!(Text, visit_bool: bool => |_| Text::WrongType, visit_i64: i64 => |n: i64| Text::Value(n.to_string()),
        visit_u64: u64 => |n: u64| Text::Value(n.to_string()), visit_f64: f64 => |n: f64| Text::Value(n.to_string()),
        visit_str: &str => Text::from);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::WrongType)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::WrongType)
    }
}

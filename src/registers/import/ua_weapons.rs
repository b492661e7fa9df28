//! `weaponswanted.json`, open data of Ukraine's Ministry of Internal Affairs: one array of flat objects, some 700 MB.
//!
//! The array is never held: serde walks it element by element. Each field accepts any JSON value, so a wrong type spoils
//! its row and not the rest; broken syntax spoils the file, because after it nothing says where the next row begins.
//!
//! | theirs | ours |
//! |---|---|
//! | `weaponseries` + `weaponnumber` | the serial, joined without a space (a series is no label) |
//! | `brandmodel` | model; `producer` only says domestic or foreign and is no make |
//! | `weaponkind`, `weaponcaliber`, `graduationyear` | kind, calibre, year |
//! | `reasonsearch` | ВТРАТА lost, ВИКРАДЕННЯ stolen |
//! | `organunit` | owner |
//! | `insertdate`, `theftdate` | reported on, lost on |

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::intake::Intake;
use super::mapping::Mapping;
use super::row::{day_of, marks_of, status_of, year_of};
use super::source::{Position, Source};
use super::{Defaults, ImportError, ImportSummary};
use crate::domain::{Description, Object, Record, Scheme, Status};

pub(super) fn read<R: Read>(
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
    let mut walk = Walk { position: position.clone(), mapping, defaults, intake, stopped: None };
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
        f.write_str("an array of weapons")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((line, raw)) = seq.next_element_seed(RawSeed(&self.position))? {
            let outcome = raw.and_then(|raw| raw.into_record(self.mapping, self.defaults));
            if let Err(error) = self.intake.row(line, self.position.bytes(), outcome) {
                self.stopped = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// A row's texts as they stand in the file.
#[derive(Default)]
struct Raw {
    id: Option<String>,
    model: Option<String>,
    kind: Option<String>,
    series: Option<String>,
    number: Option<String>,
    calibre: Option<String>,
    year: Option<String>,
    unit: Option<String>,
    reason: Option<String>,
    inserted: Option<String>,
    lost: Option<String>,
}

impl Raw {
    fn into_record(self, mapping: &Mapping, defaults: &Defaults) -> Result<Record, String> {
        let number = self.number.ok_or("it has no weapon number")?;
        // Joined without a space: "NO" beside "1234" would read as a label before a number.
        let serial = match self.series {
            Some(series) => series + &number,
            None => number,
        };
        let day = |name: &str, text: Option<String>| {
            text.map(|t| day_of(&t, mapping)).transpose().map_err(|()| format!("{name} is no date that can be read"))
        };
        Ok(Record {
            id: self.id.unwrap_or_default(),
            marks: marks_of(Scheme::Serial, &serial, None),
            description: Description {
                object: Some(defaults.object.unwrap_or(Object::Firearm)),
                kind: self.kind,
                model: self.model,
                calibre: self.calibre,
                year: self.year.as_deref().and_then(year_of),
                ..Description::default()
            },
            status: match self.reason {
                Some(text) => status_of(mapping.value("status", text))?,
                None => Status::Wanted,
            },
            owner: self.unit.unwrap_or_else(|| defaults.owner.clone()),
            reported_on: day("insertdate", self.inserted)?,
            lost_on: day("theftdate", self.lost)?,
            ..Record::default()
        })
    }
}

/// Reads one element of the array, whatever it is, with the line on which it begins.
struct RawSeed<'a>(&'a Position);

impl<'de> DeserializeSeed<'de> for RawSeed<'_> {
    type Value = (u64, Result<Raw, String>);
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let line = self.0.line();
        Ok((line, deserializer.deserialize_any(RawVisitor)?))
    }
}

struct RawVisitor;

/// The visits of scalars, which are all alike for both visitors below.
macro_rules! scalars {
    ($value:ty, $($visit:ident: $from:ty => $make:expr),+ $(,)?) => {
        $(fn $visit<E>(self, v: $from) -> Result<$value, E> { Ok($make(v)) })+
        fn visit_unit<E>(self) -> Result<$value, E> { self.nothing() }
    };
}

fn no_object<T>(_: T) -> Result<Raw, String> {
    Err("it is no JSON object".to_owned())
}

impl RawVisitor {
    fn nothing<E>(self) -> Result<Result<Raw, String>, E> {
        Ok(no_object(()))
    }
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Result<Raw, String>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a weapon")
    }
    scalars!(Self::Value, visit_bool: bool => no_object, visit_i64: i64 => no_object, visit_u64: u64 => no_object,
        visit_f64: f64 => no_object, visit_str: &str => no_object);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(no_object(()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = Raw::default();
        let mut wrong = None;
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let slot = match name {
                Name::Id => &mut raw.id,
                Name::Model => &mut raw.model,
                Name::Kind => &mut raw.kind,
                Name::Series => &mut raw.series,
                Name::Number => &mut raw.number,
                Name::Calibre => &mut raw.calibre,
                Name::Year => &mut raw.year,
                Name::Unit => &mut raw.unit,
                Name::Reason => &mut raw.reason,
                Name::Inserted => &mut raw.inserted,
                Name::Lost => &mut raw.lost,
                Name::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            match map.next_value_seed(TextSeed)? {
                Text::Value(text) => *slot = Some(text),
                Text::Nothing => *slot = None,
                Text::WrongType => wrong = Some(name.theirs()),
            }
        }
        Ok(match wrong {
            Some(name) => Err(format!("{name} is neither text nor number")),
            None => Ok(raw),
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Id,
    Model,
    Kind,
    Series,
    Number,
    Calibre,
    Year,
    Unit,
    Reason,
    Inserted,
    Lost,
    Other,
}

impl Name {
    const THEIRS: [(&'static str, Self); 12] = [
        ("id", Self::Id),
        ("brandmodel", Self::Model),
        ("weaponkind", Self::Kind),
        ("weaponseries", Self::Series),
        ("weaponnumber", Self::Number),
        ("weaponcaliber", Self::Calibre),
        ("graduationyear", Self::Year),
        ("organunit", Self::Unit),
        // Some editions of the portal's files call it so.
        ("unit", Self::Unit),
        ("reasonsearch", Self::Reason),
        ("insertdate", Self::Inserted),
        ("theftdate", Self::Lost),
    ];

    fn theirs(self) -> &'static str {
        Self::THEIRS.iter().find(|(_, name)| *name == self).map_or("a field", |(theirs, _)| theirs)
    }
}

struct NameSeed;

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
        Ok(Name::THEIRS.iter().find(|(theirs, _)| *theirs == v).map_or(Name::Other, |(_, name)| *name))
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

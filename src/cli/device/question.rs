//! What `check` is asked: marks and a description, from arguments or from a JSON line.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::device::args::DescriptionArguments;
use crate::desk::item::{Given, GivenMark, build_item};
use crate::domain::{Description, Object, Scheme};

/// What a line may say.
const KEYS: [&str; 10] = ["id", "marks", "object", "kind", "make", "model", "calibre", "year", "country", "issuer"];
/// What a mark may say.
const MARK_KEYS: [&str; 3] = ["value", "scheme", "place"];
/// Unknown keys are named up to this many, each up to so many characters.
const NAMED_MAX: usize = 8;
const KEY_CHARS_MAX: usize = 40;
/// Years of manufacture begin here, in registers and in the window as well.
const FIRST_YEAR: u16 = 1700;

/// A line that cannot be answered, in words that name what is wrong but never the mark itself.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The line is not JSON.
    #[error("not a JSON object: {0}")]
    NotJson(String),
    /// It is JSON of another form.
    #[error(
        "not of the expected form: \"marks\" is a list of texts or of {{\"value\",\"scheme\",\"place\"}}, the other keys are texts"
    )]
    Form,
    /// No mark stands in it.
    #[error("no marks: give \"marks\":[…]")]
    NoMarks,
    /// A word that is not of its list.
    #[error("{0}")]
    Word(String),
    /// A year that is none.
    #[error("{0}")]
    Year(String),
    /// More than a check takes.
    #[error("{0}")]
    TooMuch(#[from] crate::desk::item::ItemError),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MarkField {
    Text(String),
    Full { value: String, scheme: Option<String>, place: Option<String> },
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    marks: Vec<MarkField>,
    object: Option<String>,
    kind: Option<String>,
    make: Option<String>,
    model: Option<String>,
    calibre: Option<Value>,
    year: Option<Value>,
    country: Option<String>,
    issuer: Option<String>,
}

/// The `id` of a line, as it was given, so that an answer or an error can carry it.
pub fn id_of(line: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line).ok()?.get("id").cloned()
}

/// Reads one JSON line; what it does not say of the item is taken from the arguments. Keys that are not known are passed
/// over, so that a file may carry notes of its own; [`unknown_keys`] names them.
///
/// # Errors
/// When the line is no JSON object, holds no mark, or names an object or scheme that does not exist.
pub fn from_line(line: &str, otherwise: &DescriptionArguments) -> Result<Given, QuestionError> {
    let line: Line = serde_json::from_str(line).map_err(|e| match serde_json::from_str::<Value>(line) {
        Ok(_) => QuestionError::Form,
        Err(_) => QuestionError::NotJson(without_content(&e)),
    })?;
    if line.marks.is_empty() {
        return Err(QuestionError::NoMarks);
    }
    let marks = line
        .marks
        .into_iter()
        .map(|mark| match mark {
            MarkField::Text(value) => Ok(GivenMark { value, scheme: None, place: None }),
            MarkField::Full { value, scheme, place } => {
                Ok(GivenMark { value, scheme: scheme.as_deref().map(scheme_of).transpose()?, place })
            }
        })
        .collect::<Result<Vec<_>, QuestionError>>()?;
    let given = description_of(otherwise)?;
    let description = Description {
        object: match line.object.as_deref().filter(|o| !o.trim().is_empty()) {
            Some(object) => Some(object_of(object)?),
            None => given.object,
        },
        kind: filled(line.kind).or(given.kind),
        make: filled(line.make).or(given.make),
        model: filled(line.model).or(given.model),
        calibre: line.calibre.map(text_of).transpose()?.flatten().or(given.calibre),
        year: year_of(line.year)?.or(given.year),
        country: filled(line.country).or(given.country),
        issuer: filled(line.issuer).or(given.issuer),
    };
    Ok(build_item(marks, description)?)
}

/// Reads the arguments of `check MARK…`.
///
/// # Errors
/// As for [`from_line`].
pub fn from_arguments(
    marks: &[String],
    scheme: Option<&str>,
    given: &DescriptionArguments,
) -> Result<Given, QuestionError> {
    let scheme = scheme.map(scheme_of).transpose()?;
    let marks = marks.iter().map(|value| GivenMark { value: value.clone(), scheme, place: None }).collect();
    Ok(build_item(marks, description_of(given)?)?)
}

/// The description that the arguments give.
///
/// # Errors
/// When the object is none.
pub fn description_of(given: &DescriptionArguments) -> Result<Description, QuestionError> {
    Ok(Description {
        object: given.object.as_deref().map(object_of).transpose()?,
        kind: filled(given.kind.clone()),
        make: filled(given.make.clone()),
        model: filled(given.model.clone()),
        calibre: filled(given.calibre.clone()),
        year: given.year,
        country: filled(given.country.clone()),
        issuer: filled(given.issuer.clone()),
    })
}

fn object_of(text: &str) -> Result<Object, QuestionError> {
    text.parse().map_err(|_| {
        let known: Vec<_> = Object::ALL.iter().map(|o| o.code()).collect();
        QuestionError::Word(format!("object must be one of {}", known.join(", ")))
    })
}

fn scheme_of(text: &str) -> Result<Scheme, QuestionError> {
    text.parse().map_err(|_| {
        let known: Vec<_> = Scheme::ALL.iter().map(|s| s.code()).collect();
        QuestionError::Word(format!("scheme must be one of {}", known.join(", ")))
    })
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

fn text_of(value: Value) -> Result<Option<String>, QuestionError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(filled(Some(text))),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(QuestionError::Form),
    }
}

fn year_of(value: Option<Value>) -> Result<Option<u16>, QuestionError> {
    let text = value.map(text_of).transpose()?.flatten();
    text.map(|text| year(&text).map_err(QuestionError::Year)).transpose()
}

/// A year of manufacture: none is younger than next year, which some makers stamp ahead.
///
/// # Errors
/// What a year must be, in words.
pub fn year(text: &str) -> Result<u16, String> {
    let last =
        u16::try_from(chrono::Datelike::year(&crate::platform::clock::utc_now())).unwrap_or(u16::MAX).saturating_add(1);
    let year = text.trim().parse::<u16>().ok().filter(|year| (FIRST_YEAR..=last).contains(year));
    year.ok_or_else(|| format!("year must be a whole number from {FIRST_YEAR} to {last}"))
}

/// The keys of a line, and of the marks in it, that mean nothing here. They may be the asker's own, or misspelt and then what
/// they said was not heard: the answer names them.
pub fn unknown_keys(line: &str) -> Vec<String> {
    let Ok(Value::Object(line)) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    let marks = line.get("marks").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let in_marks = marks.flat_map(|mark| mark.keys()).filter(|key| !MARK_KEYS.contains(&key.as_str()));
    let short = |key: &String| key.chars().take(KEY_CHARS_MAX).collect::<String>();
    let mut named: Vec<String> = line.keys().filter(|key| !KEYS.contains(&key.as_str())).map(short).collect();
    named.extend(in_marks.map(|key| format!("marks.{}", short(key))));
    named.dedup();
    named.truncate(NAMED_MAX);
    named
}

/// What serde says of a line may quote it; a quoted mark must not reach a log, so only the place is kept.
fn without_content(error: &serde_json::Error) -> String {
    format!("broken at column {}", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_known_is_taken_and_empty_ones_say_nothing() {
        let line = r#"{"id":{"any":"thing"},"marks":["AB1234"],"object":"firearm","kind":"rifle","make":"m","model":"n",
            "calibre":null,"year":"","country":"UA","issuer":null}"#;
        assert_eq!(unknown_keys(line), [""; 0]);
        let item = from_line(line, &DescriptionArguments::default()).expect("all keys are known").item;
        let said = item.description;
        assert_eq!((said.year, said.calibre, said.country.as_deref()), (None, None, Some("UA")));
    }

    #[test]
    fn keys_that_mean_nothing_are_named_and_do_no_harm() {
        for (line, named) in [
            (r#"{"marks":["AB1234"],"yaer":1978}"#, &["yaer"][..]),
            (r#"{"marks":["AB1234"],"label":"exact","Year":1978}"#, &["Year", "label"]),
            (r#"{"marks":[{"value":"AB1234","schema":"vin"},"AB1"]}"#, &["marks.schema"]),
        ] {
            assert_eq!(unknown_keys(line), named);
            assert_eq!(from_line(line, &DescriptionArguments::default()).expect(line).item.description.year, None);
        }
        assert_eq!(unknown_keys("{"), [""; 0]);
        let many = format!("{{{}}}", (0..50).map(|n| format!("\"k{n:0<100}\":1")).collect::<Vec<_>>().join(","));
        assert_eq!(unknown_keys(&many).len(), NAMED_MAX);
    }

    #[test]
    fn lines_are_read_or_refused_with_a_reason() {
        let item = from_line(
            r#"{"id":"a","marks":["АВ 1234",{"value":"D7A72000000001","scheme":"uii","place":"frame"}],"object":"firearm","year":"1978","calibre":9}"#,
            &DescriptionArguments { kind: Some("pistol".into()), year: Some(1900), ..DescriptionArguments::default() },
        )
        .expect("a good line")
        .item;
        assert_eq!(item.marks.len(), 2);
        assert_eq!(item.marks[1].mark.scheme, Scheme::Uii);
        assert_eq!(item.description.year, Some(1978), "the line goes before the arguments");
        assert_eq!(item.description.kind.as_deref(), Some("pistol"));
        assert_eq!(item.description.calibre.as_deref(), Some("9"));

        for (line, reason) in [
            ("AB1234", "not a JSON object"),
            (r#"{"id":1}"#, "no marks"),
            (r#"{"marks":"AB1234"}"#, "not of the expected form"),
            (r#"{"marks":[1234]}"#, "not of the expected form"),
            (r#"{"marks":["AB1234"],"object":"spaceship"}"#, "object must be"),
            (r#"{"marks":[{"value":"AB1234","scheme":"tattoo"}]}"#, "scheme must be"),
            (r#"{"marks":["AB1234"],"year":"last"}"#, "year must be"),
            (r#"{"marks":["AB1234"],"year":9999}"#, "year must be a whole number from 1700 to 20"),
            (r#"{"marks":["AB1234"],"year":[1978]}"#, "not of the expected form"),
            (r#"{"marks":["AB1234"],"calibre":["9"]}"#, "not of the expected form"),
        ] {
            let error = from_line(line, &DescriptionArguments::default()).expect_err(line).to_string();
            assert!(error.contains(reason), "{line}: {error}");
            assert!(!error.contains("1234"), "an error must not quote the mark: {error}");
        }
    }
}

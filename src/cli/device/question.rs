//! What `check` is asked: marks and a description, from arguments or from a JSON line.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::device::args::DescriptionArguments;
use crate::desk::item::{GivenMark, build_item};
use crate::domain::{Description, Item, Object, Scheme};

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
    #[error("year must be a whole number from 1 to 9999")]
    Year,
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

/// Reads one JSON line; what it does not say of the item is taken from the arguments. Keys that are not known are passed over, so that a file may carry notes of its own.
///
/// # Errors
/// When the line is no JSON object, holds no mark, or names an object or scheme that does not exist.
pub fn from_line(line: &str, otherwise: &DescriptionArguments) -> Result<Item, QuestionError> {
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
        calibre: line.calibre.and_then(text_of).or(given.calibre),
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
) -> Result<Item, QuestionError> {
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

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => filled(Some(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn year_of(value: Option<Value>) -> Result<Option<u16>, QuestionError> {
    let Some(text) = value.and_then(text_of) else { return Ok(None) };
    text.parse::<u16>().ok().filter(|y| (1..=9999).contains(y)).map(Some).ok_or(QuestionError::Year)
}

/// What serde says of a line may quote it; a quoted mark must not reach a log, so only the place is kept.
fn without_content(error: &serde_json::Error) -> String {
    format!("broken at column {}", error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_refused_with_a_reason() {
        let item = from_line(
            r#"{"id":"a","marks":["АВ 1234",{"value":"D7A72000000001","scheme":"uii","place":"frame"}],"object":"firearm","year":"1978","calibre":9}"#,
            &DescriptionArguments { kind: Some("pistol".into()), year: Some(1900), ..DescriptionArguments::default() },
        )
        .expect("a good line");
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
        ] {
            let error = from_line(line, &DescriptionArguments::default()).expect_err(line).to_string();
            assert!(error.contains(reason), "{line}: {error}");
            assert!(!error.contains("1234"), "an error must not quote the mark: {error}");
        }
    }
}

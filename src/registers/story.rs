//! The practice post's story: the invented items that its footage and its texts show, and the records that they meet.

use serde::Deserialize;
use serde_json::json;

use super::practice::OWNER;
use crate::domain::{Object, Scheme};

/// Why the story was not read.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// Not TOML, or not of the expected form.
    #[error("the practice story cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
    /// It does not say that it is invented.
    #[error("the practice story does not say `practice = true`; only invented items may be shown in practice")]
    NotPractice,
}

/// What becomes of a shown item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A record bears this very mark.
    Wanted,
    /// A record bears a mark that differs in look-alike characters.
    NearMiss,
    /// No record is like it.
    Clean,
}

/// One item of the story, as `assets/practice/story.toml` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Shown {
    /// What the mark is.
    pub scheme: Scheme,
    /// The mark as it is understood.
    pub value: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The mark on the record, where there is one.
    pub record: Option<String>,
    /// What the item is.
    pub object: Option<Object>,
    /// Pistol, rifle, …
    pub kind: Option<String>,
    /// Maker.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Calibre.
    pub calibre: Option<String>,
    /// Year of manufacture.
    pub year: Option<u16>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    practice: bool,
    #[serde(default)]
    shown: Vec<Shown>,
}

/// Reads the story.
pub fn read(text: &str) -> Result<Vec<Shown>, StoryError> {
    let file: File = toml::from_str(text)?;
    if file.practice { Ok(file.shown) } else { Err(StoryError::NotPractice) }
}

/// The records of the story as JSON lines, for the importer.
pub fn to_json_lines(story: &[Shown]) -> String {
    let recorded = story.iter().enumerate().filter_map(|(n, shown)| Some((n, shown, shown.record.as_deref()?)));
    let mut out = String::new();
    for (n, shown, mark) in recorded.filter(|(_, shown, _)| shown.fate != Fate::Clean) {
        let line = json!({
            "id": format!("story-{}", n + 1),
            "marks": [{"scheme": shown.scheme.code(), "value": mark}],
            "object": shown.object.map(Object::code),
            "kind": shown.kind,
            "make": shown.make,
            "model": shown.model,
            "calibre": shown.calibre,
            "year": shown.year,
            "status": "stolen",
            "owner": OWNER,
        });
        out.push_str(&line.to_string());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::import::{Defaults, Format, Mapping, Sinks, import};

    const STORY: &str = r#"
        practice = true
        [[shown]]
        symbology = "qr_code"
        scheme = "serial"
        value = "TP4471902"
        fate = "clean"
        [[shown]]
        scheme = "serial"
        value = "KO81537Z"
        fate = "near_miss"
        record = "K081537Z"
        year = 1988
        [[shown]]
        scheme = "uii"
        value = "D0PRA7AR55-KW7318842"
        fate = "wanted"
        record = "D0PRA7AR55-KW7318842"
        object = "firearm"
    "#;

    #[test]
    fn only_what_is_recorded_becomes_a_record_and_says_that_it_is_invented() {
        let lines = to_json_lines(&read(STORY).unwrap());
        let mut records = Vec::new();
        let sinks = Sinks {
            record: &mut |imported| {
                records.push(imported.record);
                Ok(())
            },
            reject: &mut |reject| panic!("{reject:?}"),
            note: &mut |note| panic!("{note:?}"),
            progress: &mut |_| {},
        };
        let summary =
            import(Format::Jsonl, lines.as_bytes(), &Mapping::default(), &Defaults::default(), sinks).unwrap();
        assert_eq!(summary.imported, 2);
        assert!(records.iter().all(|r| r.owner == OWNER));
        assert_eq!(records[1].marks[0].scheme, Scheme::Uii);
        assert_eq!(records[0].description.year, Some(1988));
    }

    #[test]
    fn a_story_that_does_not_say_so_is_not_practice() {
        assert!(matches!(read("practice = false"), Err(StoryError::NotPractice)));
    }
}

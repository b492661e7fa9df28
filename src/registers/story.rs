//! The practice post's story: a handful of invented records that its footage and its texts will meet.

use serde::Deserialize;
use serde_json::json;

use super::practice::OWNER;

/// Why the story was not read.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// Not TOML, or not of the expected form.
    #[error("the practice story cannot be read: {0}")]
    Syntax(#[from] toml::de::Error),
}

/// What a shown code means for the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A record bears exactly this mark.
    Wanted,
    /// A record bears `record`, which looks alike.
    NearMiss,
    /// No record.
    Clean,
}

/// A mark of a wanted item, as JSON lines name it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoryMark {
    /// `serial`, `uii`, …
    pub scheme: String,
    /// The mark.
    pub value: String,
}

/// One thing that is shown or typed in the story. Fields that it does not need are absent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Shown {
    /// Its name in the story.
    pub id: String,
    /// What it means.
    pub part: Part,
    /// What the record bears; for a near miss not what is shown.
    #[serde(default)]
    pub marks: Vec<StoryMark>,
    /// Facts of the record.
    #[serde(default)]
    pub object: Option<String>,
    #[serde(default)]
    #[allow(missing_docs)]
    pub kind: Option<String>,
    #[serde(default)]
    #[allow(missing_docs)]
    pub make: Option<String>,
    #[serde(default)]
    #[allow(missing_docs)]
    pub model: Option<String>,
    #[serde(default)]
    #[allow(missing_docs)]
    pub calibre: Option<String>,
    #[serde(default)]
    #[allow(missing_docs)]
    pub year: Option<u16>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    shown: Vec<Shown>,
}

/// Reads the story.
pub fn read(text: &str) -> Result<Vec<Shown>, StoryError> {
    Ok(toml::from_str::<File>(text)?.shown)
}

/// The records of the story as JSON lines, for the importer.
pub fn to_json_lines(story: &[Shown]) -> String {
    let wanted = story.iter().filter(|s| s.part != Part::Clean && !s.marks.is_empty());
    let mut out = String::new();
    for shown in wanted {
        let marks: Vec<_> = shown.marks.iter().map(|m| json!({"scheme": m.scheme, "value": m.value})).collect();
        let line = json!({
            "id": format!("story-{}", shown.id),
            "marks": marks,
            "object": shown.object.as_deref().unwrap_or("firearm"),
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

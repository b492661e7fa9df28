//! The bundled practice footage shows exactly what its story says, each symbol once.
#![cfg(feature = "device")]

use std::path::Path;

use serde::Deserialize;
use tracepost::capture::open_footage;
use tracepost::decode::LiveReader;
use tracepost::domain::understand::understand;
use tracepost::domain::{Scheme, Symbology};

#[derive(Deserialize)]
struct Story {
    footage: String,
    fps: f32,
    shown: Vec<Shown>,
}

#[derive(Deserialize)]
struct Shown {
    symbology: Symbology,
    text: String,
    scheme: Scheme,
    value: String,
}

fn story() -> (std::path::PathBuf, Story) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/practice");
    let story: Story = toml::from_str(&std::fs::read_to_string(folder.join("story.toml")).unwrap()).unwrap();
    (folder.join(&story.footage), story)
}

#[test]
fn each_symbol_of_the_story_is_sighted_once_in_order() {
    let (path, story) = story();
    let mut footage = open_footage(&path, Some(story.fps)).unwrap();
    let mut reader = LiveReader::default();
    let mut seen = Vec::new();
    while let Some(frame) = footage.next().unwrap() {
        seen.extend(reader.feed(&frame).accepted.into_iter().map(|a| (a.symbology, a.text)));
    }
    let want: Vec<_> = story.shown.into_iter().map(|s| (s.symbology, s.text)).collect();
    assert_eq!(seen, want);
}

#[test]
fn each_text_is_understood_as_the_story_says() {
    for shown in story().1.shown {
        let identifier = if shown.symbology == Symbology::DataMatrix { "]d1" } else { "" };
        let marks = understand(&shown.text, identifier).marks;
        let found = marks.iter().any(|m| (m.scheme, m.value.as_str()) == (shown.scheme, shown.value.as_str()));
        assert!(found, "{:?}: {marks:?}", shown.text);
    }
}

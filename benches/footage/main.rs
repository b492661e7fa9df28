//! Draws the practice footage from `assets/practice/story.toml`: labels that a hand moves before a camera, one after the
//! other, as Motion JPEG. Same story and seed, same film. Run it as `./dev footage [OUT]`.

mod draw;
mod random;
mod scene;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use draw::Label;
use scene::Scene;

/// Frames for which one label is before the camera, and for which nothing is.
const LABEL_FRAMES: u32 = 27;
const PAUSE_FRAMES: u32 = 4;
const JPEG_QUALITY: u8 = 40;

#[derive(Deserialize)]
struct Story {
    footage: String,
    fps: u32,
    width: u16,
    height: u16,
    seed: u64,
    shown: Vec<Shown>,
}

#[derive(Deserialize)]
struct Shown {
    symbology: String,
    text: String,
}

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/practice");
    let story = std::fs::read_to_string(folder.join("story.toml")).context("assets/practice/story.toml")?;
    let story: Story = toml::from_str(&story)?;
    let out = std::env::args().nth(1).map_or_else(|| folder.join(&story.footage), PathBuf::from);
    let labels: Vec<Label> =
        story.shown.iter().map(|s| Label::of(&s.symbology, &s.text)).collect::<anyhow::Result<_>>()?;

    let mut scene = Scene::new(story.width.into(), story.height.into(), story.seed);
    let mut film = std::io::BufWriter::new(std::fs::File::create(&out)?);
    let (mut frames, mut bytes) = (0, 0);
    let mut shoot = |label: Option<(&Label, f32)>| -> anyhow::Result<()> {
        let rgb = scene.frame(frames, label);
        let mut jpeg = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, JPEG_QUALITY);
        // Halved colour, and one scan for all three planes: the reader mixes up rows of the form with a scan for each.
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        encoder.encode(&rgb, story.width, story.height, jpeg_encoder::ColorType::Rgb)?;
        film.write_all(&jpeg)?;
        (frames, bytes) = (frames + 1, bytes + jpeg.len());
        Ok(())
    };
    for label in &labels {
        (0..PAUSE_FRAMES).try_for_each(|_| shoot(None))?;
        (0..LABEL_FRAMES).try_for_each(|i| shoot(Some((label, i as f32 / (LABEL_FRAMES - 1) as f32))))?;
    }
    (0..PAUSE_FRAMES).try_for_each(|_| shoot(None))?;
    film.flush()?;
    println!(
        "{}: {frames} frames, {:.1} s, {} KiB",
        out.display(),
        f64::from(frames) / f64::from(story.fps),
        bytes / 1024
    );
    Ok(())
}

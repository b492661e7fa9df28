//! The hub of the practice post: a real one, on loopback, with invented records.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::broken;
use crate::cli::common::{Failure, progress_bar};
use crate::domain::{Object, PostId, RegisterId};
use crate::hub::storage::Extent;
use crate::hub::{Hub, ImportOptions, PracticeHub};
use crate::registers::import::Format;
use crate::registers::{practice, story};

/// The practice post; ZZ is nobody's country in ISO 3166.
pub const POST: &str = "ZZPRA";
const WEAPONS: &str = "practice-weapons";
const STORY: &str = "practice-story";
const SEED: u64 = 20_261_122;
const STORY_TEXT: &str = include_str!("../../../assets/practice/story.toml");

/// A practice hub with the story's records, whose link can be cut and mended.
pub struct Centre {
    hub: Hub,
    folder: PathBuf,
    serving: Option<PracticeHub>,
    story: RegisterId,
}

impl Centre {
    /// Makes the hub, imports and publishes `records` invented records and those of the story, and serves on loopback.
    pub fn start(folder: &Path, records: u64) -> Result<Self, Failure> {
        let serving = PracticeHub::start(folder).map_err(|e| broken("making the hub", e))?;
        let hub = serving.hub().clone();

        let weapons = hub.create_register(WEAPONS, practice::OWNER).map_err(|e| broken("a register", e))?;
        let file = folder.join("weaponswanted.json");
        let failed = |e: std::io::Error| broken("inventing records", e);
        let written = std::fs::File::create(&file).map_err(failed)?;
        practice::write_ua_weapons(std::io::BufWriter::new(written), SEED, records).map_err(failed)?;
        let bar = progress_bar("records into the hub", records);
        let read = std::fs::File::open(&file).map_err(failed)?;
        hub.import_register(&weapons, &options(Format::UaWeapons), read, &mut |p| bar.set_position(p.rows))
            .map_err(|e| broken("importing records", e))?;
        bar.finish_and_clear();
        let _ = std::fs::remove_file(&file);
        publish(&hub, &weapons)?;

        let story_register = hub.create_register(STORY, practice::OWNER).map_err(|e| broken("a register", e))?;
        let shown = story::read(STORY_TEXT).map_err(|e| broken("reading the story", e))?;
        let centre = Self { hub, folder: folder.to_owned(), serving: Some(serving), story: story_register };
        centre.add_records(&(story::to_json_lines(&shown) + &super::story::records()))?;
        Ok(centre)
    }

    /// Adds records (JSON lines) to the story's register and publishes it.
    pub fn add_records(&self, lines: &str) -> Result<(), Failure> {
        let lines = Cursor::new(lines.as_bytes().to_vec());
        let further = ImportOptions { extent: Extent::Partial, ..options(Format::Jsonl) };
        self.hub
            .import_register(&self.story, &further, lines, &mut |_| {})
            .map_err(|e| broken("importing the story's records", e))?;
        publish(&self.hub, &self.story)
    }

    /// The picture of a fresh invite.
    pub fn invite(&self) -> Result<PathBuf, Failure> {
        let lasts = Duration::from_secs(3_600);
        let picture = self.folder.join("invite.png");
        self.hub.invite(&PostId(POST.into()), lasts, Some(&picture)).map_err(|e| broken("inviting the device", e))?;
        Ok(picture)
    }

    /// Cuts the link: nobody listens any more.
    pub fn cut(&mut self) {
        self.serving = None;
    }

    /// Mends the link, at the same address.
    pub fn mend(&mut self) -> Result<(), Failure> {
        self.serving = Some(PracticeHub::start(&self.folder).map_err(|e| broken("mending the link", e))?);
        Ok(())
    }

    /// The hub itself.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}

fn options(format: Format) -> ImportOptions {
    ImportOptions { object: Some(Object::Firearm), ..ImportOptions::of(format, chrono::Utc::now().timestamp_millis()) }
}

fn publish(hub: &Hub, register: &RegisterId) -> Result<(), Failure> {
    let bar = progress_bar("publishing", 1);
    let published = hub.publish_register(register, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    published.map(drop).map_err(|e| broken("publishing", e))
}

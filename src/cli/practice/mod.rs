//! The practice post: a hub on loopback inside this process, a device enrolled with it, invented records and bundled
//! footage. Everything lives in a temporary folder and is gone afterwards; nothing of it can meet real data, because the
//! hub is a practice hub and the ledger says so in its genesis.

mod hub;
mod story;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::common::{Failure, Printer, Stop, progress_bar};
use crate::cli::device::args::DemoArguments;
use crate::desk::{Desk, DeskOptions};
use hub::Centre;

/// Who checks at a practice post, when nobody is named.
const OFFICER: &str = "Officer P. Ractice";
/// Footage with the story's codes, made by `./dev footage`.
const FOOTAGE: &[u8] = include_bytes!("../../../assets/practice/footage.mjpeg");
/// Its rate is fixed by the tool that makes it.
const FOOTAGE_FPS: f32 = 15.0;

/// `tracepost demo`.
///
/// # Errors
/// When the post cannot be set up, a step of the story does not hold, or there is no display.
pub fn run(officer: Option<&str>, arguments: &DemoArguments, out: &Printer) -> Result<(), Stop> {
    #[cfg(feature = "gui")]
    if !arguments.headless {
        crate::app::display_is_there().map_err(crate::cli::device::no_display)?;
    }
    let folder = tempfile::Builder::new().prefix("tracepost-practice-").tempdir()?;
    let post = Post::set_up(folder.path(), officer.unwrap_or(OFFICER), arguments)?;
    if arguments.headless { story::walk(post, out) } else { open_window(post) }
}

/// A practice post, set up: the hub holds the records, the device is enrolled and has them too.
struct Post {
    hub: Centre,
    home: PathBuf,
    officer: String,
    footage: PathBuf,
}

impl Post {
    fn set_up(folder: &Path, officer: &str, arguments: &DemoArguments) -> Result<Self, Stop> {
        say("setting up a practice post; all records in it are invented");
        let hub = Centre::start(&folder.join("hub"), arguments.records)?;
        let footage = match &arguments.footage {
            Some(path) => path.clone(),
            None => {
                let path = folder.join("footage.mjpeg");
                std::fs::write(&path, FOOTAGE)?;
                path
            }
        };
        let post = Self { hub, home: folder.join("device"), officer: officer.to_owned(), footage };
        let desk = post.desk(false)?;
        let code = crate::cli::device::code_in(&post.hub.invite()?)?;
        desk.enrol(&code).map_err(crate::cli::device::failed)?;
        let bar = progress_bar("registers to the device", 1);
        let report = desk.sync(&mut |phase: crate::sync::Phase, done: u64, total: u64| {
            bar.set_message(phase.code());
            bar.set_length(total);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        if let Some(failure) = report.map_err(crate::cli::device::failed)?.failed.first() {
            return Err(broken("the first sync", failure).into());
        }
        Ok(post)
    }

    /// The desk of the device. One at a time: it is the ledger's one writer.
    fn desk(&self, attended: bool) -> Result<Desk, Stop> {
        let options = DeskOptions { home: Some(self.home.clone()), officer: Some(self.officer.clone()), attended };
        let desk = Desk::open(&options).map_err(crate::cli::device::failed)?;
        if !attended {
            desk.wait_for_registers();
        }
        Ok(desk)
    }
}

#[cfg(feature = "gui")]
fn open_window(post: Post) -> Result<(), Stop> {
    let desk = std::sync::Arc::new(post.desk(true)?);
    let _door = crate::desk::control::open(&desk);
    say("the app is open; the practice hub runs in this process and ends with it");
    let fps = post.footage.extension().is_some_and(|e| e == "mjpeg").then_some(FOOTAGE_FPS);
    let source = crate::app::Source::Footage { path: post.footage.clone(), fps, repeat: true };
    let options = crate::app::AppOptions {
        source: Some(source),
        // The footage shows one item after another.
        each_alone: true,
        ..crate::app::AppOptions::new(desk, None)
    };
    crate::app::run(options.in_language(&crate::cli::device::language())).map_err(crate::cli::device::no_display)
}

#[cfg(not(feature = "gui"))]
fn open_window(_: Post) -> Result<(), Stop> {
    Err(Failure::usage("This build has no window.", "Try tracepost demo --headless.").into())
}

/// A line for the person who watches, apart from results.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "tracepost: {line}");
}

fn broken(step: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        format_args!("The practice story broke at {step}: {why}."),
        "Only invented data were touched; they are in a temporary folder.",
        "Run it again; if it breaks again, something in this build is wrong.",
    )
}

//! The device's command line.

pub mod args;
mod check;
mod ending;
mod enrol;
mod look;
mod question;
mod scan;
mod serial;
mod synced;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::cli::common::{Failure, Printer, Stop, finish, print_completions, print_manual, start_logging};
use crate::desk::{Desk, DeskError, DeskOptions, home_of};
use crate::registers::pattern::PatternError;
use crate::store::records::RecordsError;
use crate::store::{Home, StoreError};
use args::{AppArguments, Arguments, Command};
use ending::Ending;

pub use enrol::code_in;
pub use scan::scan_footage;

/// The whole program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` come this way too; clap knows which stream and status each has.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    start_logging();
    finish("tracepost", run(arguments))
}

fn run(arguments: Arguments) -> Result<(), Stop> {
    let out = Printer::new(arguments.json);
    let globals = Globals { home: arguments.home, officer: arguments.officer };
    match arguments.command {
        None => globals.app(&AppArguments::default()),
        Some(Command::App(app)) => globals.app(&app),
        Some(Command::Demo(demo)) => globals.demo(&demo, &out),
        Some(Command::Enrol(enrol)) => enrol::run(&globals.desk()?, &enrol, &out),
        Some(Command::Scan(scan)) => {
            // Wrong words and ports are found before a home is made.
            scan::reader_options(&scan.formats)?;
            scan.serial.as_deref().map(serial::ready).transpose()?;
            let ending = Ending::by_signal()?;
            let desk = if scan.decode_only { None } else { Some(Arc::new(globals.desk()?)) };
            let _door = desk.as_ref().map(|desk| Attended::open(desk, &ending));
            scan::run(desk.as_deref(), &scan, &ending, &out)
        }
        Some(Command::Check(check)) => {
            check::refuse_wrong_words(&check)?;
            let ending = Ending::by_signal()?;
            let desk = Arc::new(globals.desk()?);
            // Who goes on checking has the home open for long, and a sync or a look-up comes to it.
            let _door = (check.marks == ["-"]).then(|| Attended::open(&desk, &ending));
            check::run(&desk, &check, &ending, &out)
        }
        Some(Command::Search(search)) => look::search(&globals, &search.pattern, &out),
        Some(Command::Record(record)) => look::record(&globals, &record, &out),
        Some(Command::Sync) => look::sync(&globals, &out),
        Some(Command::Status) => look::status(&globals.home()?, &out),
        Some(Command::Verify) => look::verify(&globals.home()?, &out),
        Some(Command::Completions { shell }) => Ok(print_completions::<Arguments>(shell, "tracepost")?),
        Some(Command::Man) => Ok(print_manual::<Arguments>()?),
        Some(Command::DecodeWorker) => {
            Ok(crate::capture::worker::serve(std::io::stdin().lock(), std::io::stdout().lock())?)
        }
    }
}

/// The door of a command that goes on checking: when it is done, whoever is being answered is answered to the end, unless the end
/// comes from outside.
struct Attended<'a> {
    door: Option<crate::desk::control::Door>,
    desk: Arc<Desk>,
    ending: &'a Ending,
}

impl<'a> Attended<'a> {
    fn open(desk: &Arc<Desk>, ending: &'a Ending) -> Self {
        let door = crate::desk::control::open(desk)
            .inspect_err(|error| tracing::warn!(%error, "a sync is refused while this command runs"));
        Self { door: door.ok(), desk: Arc::clone(desk), ending }
    }
}

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        while self.door.as_ref().is_some_and(crate::desk::control::Door::is_busy) && !self.ending.has_come() {
            std::thread::sleep(ending::LOOK_EVERY);
        }
        // A guest's sync that is still at work holds the desk open beyond the command, and the head would stay unsigned.
        if self.ending.has_come() {
            self.desk.cancel_sync();
            self.desk.sign_off();
        }
    }
}

/// What every subcommand may be given.
struct Globals {
    home: Option<PathBuf>,
    officer: Option<String>,
}

impl Globals {
    /// The home's place; it need not exist.
    fn home(&self) -> Result<Home, Stop> {
        Ok(Home::at(home_of(self.home.as_ref()).map_err(failed)?))
    }

    fn options(&self, attended: bool) -> DeskOptions {
        DeskOptions { home: self.home.clone(), officer: self.officer.clone(), attended }
    }

    /// The desk, with its registers loaded.
    fn desk(&self) -> Result<Desk, Stop> {
        let desk = Desk::open(&self.options(false)).map_err(failed)?;
        desk.wait_for_registers();
        Ok(desk)
    }

    #[cfg(feature = "gui")]
    fn app(&self, arguments: &AppArguments) -> Result<(), Stop> {
        crate::app::display_is_there().map_err(no_display)?;
        let desk = Arc::new(Desk::open(&self.options(true)).map_err(failed)?);
        crate::desk::verify_when_due(desk.ledger().home().clone());
        let _door = crate::desk::control::open(&desk)
            .inspect_err(|error| tracing::warn!(%error, "a second tracepost sync will be refused while the app runs"));
        // A session that ends, or Ctrl+C where it was started, closes the window as a person does: the head is signed.
        let ending = Ending::by_signal()?;
        std::thread::spawn(move || {
            ending.wait();
            while !crate::app::close() {
                std::thread::sleep(ending::LOOK_EVERY);
            }
        });
        let window = crate::app::AppOptions::new(Arc::clone(&desk), arguments.footage.clone()).in_language(&language());
        let ran = crate::app::run(window).map_err(no_display);
        // A helper that still works, as a sync does, holds the desk open beyond the window.
        desk.cancel_sync();
        desk.sign_off();
        ran
    }

    #[cfg(not(feature = "gui"))]
    fn app(&self, _: &AppArguments) -> Result<(), Stop> {
        Err(Failure::usage("This build has no window.", "Name a subcommand; see tracepost --help.").into())
    }

    #[cfg(feature = "hub")]
    fn demo(&self, arguments: &args::DemoArguments, out: &Printer) -> Result<(), Stop> {
        crate::cli::practice::run(self.officer.as_deref(), arguments, out)
    }

    #[cfg(not(feature = "hub"))]
    fn demo(&self, _: &args::DemoArguments, _: &Printer) -> Result<(), Stop> {
        Err(Failure::usage("This build has no hub to practise with.", "Use a build with the hub feature.").into())
    }
}

/// The language of the session, as POSIX has it: `fr_FR.UTF-8`, `uk_UA` …; empty when it names none.
#[cfg(feature = "gui")]
pub fn language() -> String {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// No window could be opened.
#[cfg(feature = "gui")]
pub fn no_display(error: impl std::fmt::Display) -> Stop {
    Failure::new(
        format_args!("The window cannot open: {error}."),
        "Nothing was changed.",
        "Start it in a desktop session; without one, try tracepost demo --headless, or a subcommand (tracepost --help).",
    )
    .into()
}

/// What the desk says, as the end of a command. Its texts have all three parts already; they are set apart at the marks
/// between them.
pub fn failed(error: impl Into<DeskError>) -> Stop {
    let error = error.into();
    let store = match &error {
        DeskError::Store(store) => Some(store),
        DeskError::Unrecorded(store) => Some(&**store),
        _ => None,
    };
    if let Some(StoreError::Io { source, .. }) = store {
        return Failure::new(
            format_args!("{error}: {source}."),
            "What was recorded before is safe.",
            "Make the folder readable and writable for you, or give another with --home.",
        )
        .into();
    }
    if let DeskError::Records(RecordsError::Pattern(error)) = &error {
        let next = match error {
            PatternError::TooWide => "Fix more characters.",
            PatternError::TooLong => "Give less of the mark, with a * in place of the rest.",
            PatternError::OtherSign(_) => "See tracepost search --help.",
        };
        return Failure::usage(format_args!("Nothing was looked up: {error}."), next).into();
    }
    let text = error.to_string();
    let [what, safe, next] = parts(&text);
    Failure::new(
        format_args!("{what}."),
        or_else(safe, "What was recorded before is safe"),
        or_else(next, "Try again, or call the operator"),
    )
    .into()
}

/// What happened, what is safe and what to do, as far as the text has them.
fn parts(text: &str) -> [&str; 3] {
    let (what, rest) = text.split_once(';').unwrap_or((text, ""));
    let (safe, next) = rest.split_once([':', ';']).unwrap_or((rest, ""));
    [what, safe, next].map(str::trim)
}

fn or_else(text: &str, otherwise: &str) -> String {
    let text = text.trim();
    let mut text = if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    if let Some(first) = text.get(..1) {
        let first = first.to_uppercase();
        text.replace_range(..1, &first);
    }
    text.push('.');
    text
}

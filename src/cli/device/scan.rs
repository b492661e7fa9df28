//! `tracepost scan`: pictures, folders and footage in, a line for each accepted symbol out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::args::ScanArguments;
use super::check::not_recorded;
use super::ending::{CHECKS_STAND, Ending};
use super::{serial, words};
use crate::capture::{FootageEvent, Worker, is_picture_name};
use crate::cli::common::{Failure, Printer, Stop, progress_bar};
use crate::decode::{Accepted, ReaderOptions};
use crate::desk::{CheckRequest, Desk, Recorded, item};
use crate::domain::{Finding, Item, Mark, Quad, Symbology, Understood, Verdict, understand};
use crate::ledger::CheckSource;

/// A line for one accepted symbol, or one code of a hand scanner, which knows neither place nor, mostly, symbology.
#[derive(Serialize)]
pub(super) struct SymbolLine<'a> {
    pub file: &'a str,
    pub frame: u64,
    pub symbology: Option<Symbology>,
    pub identifier: &'a str,
    pub text: &'a str,
    pub quad: Option<Quad>,
    pub pass: String,
    #[serde(flatten)]
    pub understood: UnderstoodLine,
    pub verdict: Option<&'a Verdict>,
}

/// What was understood of the text: the marks, the form, what it says of the item, its faults, what else it said by name, and
/// what of it was left over.
#[derive(Serialize)]
pub(super) struct UnderstoodLine {
    marks: Vec<Mark>,
    form: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    description: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    facts: BTreeMap<&'static str, String>,
    left: Option<String>,
}

impl From<Understood> for UnderstoodLine {
    fn from(understood: Understood) -> Self {
        let Understood { marks, description, findings, facts: told, form, left } = understood;
        let about = [
            ("object", description.object.map(|o| o.code().to_owned())),
            ("kind", description.kind),
            ("make", description.make),
            ("model", description.model),
            ("calibre", description.calibre),
            ("year", description.year.map(|year| year.to_string())),
            ("country", description.country),
            ("issuer", description.issuer),
        ];
        let description = about.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let mut facts: BTreeMap<&'static str, String> = BTreeMap::new();
        for (name, value) in told {
            // A label may name two lots; neither may be lost.
            let values = facts.entry(name).or_default();
            values.push_str(if values.is_empty() { "" } else { " · " });
            values.push_str(&value);
        }
        Self { marks, form, description, findings, facts, left }
    }
}

/// The line that closes a file.
#[derive(Serialize)]
struct DoneLine<'a> {
    file: &'a str,
    done: bool,
    frames: u64,
    symbols: usize,
    ms: u64,
}

/// The line for a file, or a frame of it, that could not be read.
#[derive(Serialize)]
struct ErrorLine<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    error: String,
}

/// What decoding needs to know, from the arguments.
///
/// # Errors
/// When a symbology has no such name.
pub fn reader_options(formats: &[String]) -> Result<ReaderOptions, Failure> {
    let mut options = ReaderOptions::default();
    if !formats.is_empty() {
        options.symbologies =
            formats.iter().map(|f| f.trim().parse()).collect::<Result<Vec<Symbology>, _>>().map_err(|e| {
                let known: Vec<_> = Symbology::ALL.iter().map(|s| s.code()).collect();
                Failure::usage(format_args!("{e}."), format_args!("Known are: {}.", known.join(", ")))
            })?;
    }
    Ok(options)
}

/// Runs the subcommand. `desk` is `None` with `--decode-only`. When the end comes from outside, the picture or frame in hand
/// is the last.
///
/// # Errors
/// When the arguments are wrong; when a file could not be read, after the others were (status 1); when it was ended early.
pub fn run(desk: Option<&Desk>, arguments: &ScanArguments, ending: &Ending, out: &Printer) -> Result<(), Stop> {
    if let Some(port) = &arguments.serial {
        return serial::run(desk, &serial::options(port)?, arguments, ending, out);
    }
    let options = reader_options(&arguments.formats)?;
    let mut scan = Scan { ending: ending.clone(), ..Scan::new(desk, out, arguments.one_item) };
    if arguments.footage {
        for path in &arguments.paths {
            scan.footage(path, arguments.fps, &options)?;
        }
    } else {
        scan.stills(&arguments.paths, &options)?;
    }
    scan.ended()
}

/// A process for untrusted files.
///
/// # Errors
/// When this program's own file cannot be found to start it again.
pub fn worker() -> Result<Worker, Failure> {
    Worker::new()
        .map_err(|e| Failure::new(format_args!("{e}."), "Nothing was read.", "Start the program by its full path."))
}

/// The file itself, or the pictures of a folder and of the folders in it, by name.
fn pictures_under(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = std::fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        // Only real folders are entered: a link could lead round in a circle.
        if entry.is_dir() && !entry.is_symlink() {
            found.extend(pictures_under(&entry)?);
        } else if is_picture_name(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Footage of a practice post: as `scan --footage`, and the verdicts for the story.
///
/// # Errors
/// When the footage cannot be read, or a frame of it is broken.
pub fn scan_footage(desk: &Desk, path: &Path, fps: Option<f32>, out: &Printer) -> Result<Vec<Verdict>, Stop> {
    let mut scan = Scan::new(Some(desk), out, false);
    scan.footage(path, fps, &ReaderOptions::default())?;
    scan.ended()?;
    Ok(scan.verdicts)
}

pub(super) struct Scan<'a> {
    desk: Option<&'a Desk>,
    out: &'a Printer,
    one_item: bool,
    ending: Ending,
    failed: bool,
    verdicts: Vec<Verdict>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(desk: Option<&'a Desk>, out: &'a Printer, one_item: bool) -> Self {
        Self { desk, out, one_item, ending: Ending::default(), failed: false, verdicts: Vec::new() }
    }

    fn stills(&mut self, paths: &[PathBuf], options: &ReaderOptions) -> Result<(), Stop> {
        let mut files = Vec::new();
        for path in paths {
            match pictures_under(path) {
                Ok(found) if found.is_empty() => self.broken(path, None, "no pictures in this folder")?,
                Ok(found) => files.extend(found),
                Err(error) => self.broken(path, None, &format!("cannot be read: {error}"))?,
            }
        }
        let bar = progress_bar("reading pictures", files.len() as u64);
        let mut worker = worker()?;
        for file in &files {
            self.go_on()?;
            let name = file.display().to_string();
            let began = Instant::now();
            match worker.still(file, options) {
                Ok(result) => {
                    self.symbols(&name, &result.accepted)?;
                    self.done(&name, 1, result.accepted.len(), began)?;
                }
                Err(error) => self.broken(file, None, &error.to_string())?,
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn footage(&mut self, path: &Path, fps: Option<f32>, options: &ReaderOptions) -> Result<(), Stop> {
        self.go_on()?;
        let name = path.display().to_string();
        let began = Instant::now();
        let mut symbols = Vec::new();
        let mut ended = Ok(());
        let bar = progress_bar("reading frames", 0);
        let frames = worker()?.footage(path, fps, options, &mut |event| {
            ended = match event {
                FootageEvent::Frame { index, accepted } => {
                    bar.set_position(index + 1);
                    let told = if self.one_item { Ok(()) } else { self.symbols(&name, &accepted) };
                    symbols.extend(accepted);
                    told
                }
                FootageEvent::BrokenFrame { index, why } => self.broken(path, Some(index), &why),
            };
            if ended.is_err() || self.ending.has_come() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.finish_and_clear();
        ended?;
        if self.one_item {
            self.symbols(&name, &symbols)?;
        }
        self.go_on()?;
        match frames {
            Ok(frames) => self.done(&name, frames, symbols.len(), began),
            Err(error) => self.broken(path, None, &error.to_string()),
        }
    }

    /// Nothing more is begun once the end has come.
    fn go_on(&self) -> Result<(), Stop> {
        let proven = if self.desk.is_some() { CHECKS_STAND } else { "what was printed stands" };
        self.ending.or_stop(proven)
    }

    /// Prints and, with a desk, checks the symbols of a path: each an item of its own, or all one item.
    fn symbols(&mut self, file: &str, accepted: &[Accepted]) -> Result<(), Stop> {
        if self.one_item && !accepted.is_empty() {
            let mut whole = Item::default();
            let mut findings = Vec::new();
            for symbol in accepted {
                findings.extend(item::add_symbol(&mut whole, symbol.symbology, &symbol.identifier, &symbol.text));
            }
            let verdict = self.check(whole, findings, CheckSource::File);
            for symbol in accepted {
                self.line(file, symbol, verdict.as_ref())?;
            }
            return Ok(());
        }
        for symbol in accepted {
            let mut own = Item::default();
            let findings = item::add_symbol(&mut own, symbol.symbology, &symbol.identifier, &symbol.text);
            let verdict = self.check(own, findings, CheckSource::File);
            self.line(file, symbol, verdict.as_ref())?;
        }
        Ok(())
    }

    pub(super) fn check(&mut self, item: Item, findings: Vec<Finding>, source: CheckSource) -> Option<Verdict> {
        let desk = self.desk?;
        let answer = desk.check(CheckRequest { findings, ..CheckRequest::new(item, source) });
        if let Recorded::OnPaper { number } = &answer.recorded {
            self.failed = true;
            eprintln!("tracepost: {}", not_recorded(number, desk.unrecorded_because()).what);
        }
        self.verdicts.push(answer.verdict.clone());
        Some(answer.verdict)
    }

    fn line(&self, file: &str, symbol: &Accepted, verdict: Option<&Verdict>) -> Result<(), Stop> {
        self.print(&SymbolLine {
            file,
            frame: symbol.frame,
            symbology: Some(symbol.symbology),
            identifier: &symbol.identifier,
            text: &symbol.text,
            quad: Some(symbol.quad),
            pass: symbol.passes.join("+"),
            understood: understand(&symbol.text, &symbol.identifier).into(),
            verdict,
        })
    }

    pub(super) fn print(&self, line: &SymbolLine<'_>) -> Result<(), Stop> {
        Ok(self.out.either(line, || {
            let marks = &line.understood.marks;
            let marks: Vec<_> = marks.iter().map(|m| format!("{} {}", m.scheme, m.value.escape_debug())).collect();
            let symbology = line.symbology.map_or("code", Symbology::code);
            let mut text = format!("{}: {symbology} {:?}\n  {}", line.file, line.text, marks.join(", "));
            if let Some(verdict) = line.verdict {
                text.push_str("\n  ");
                text.push_str(&words::verdict(verdict).replace('\n', "\n  "));
            }
            text
        })?)
    }

    pub(super) fn done(&self, file: &str, frames: u64, symbols: usize, began: Instant) -> Result<(), Stop> {
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let line = DoneLine { file, done: true, frames, symbols, ms };
        Ok(self.out.either(&line, || match symbols {
            0 => format!("{file}: no code could be read with certainty"),
            n => format!("{file}: {n} in {ms} ms"),
        })?)
    }

    /// Status 1 when something was not read or not recorded.
    pub(super) fn ended(&self) -> Result<(), Stop> {
        if self.failed { Err(Stop::Status(1)) } else { Ok(()) }
    }

    pub(super) fn broken(&mut self, path: &Path, frame: Option<u64>, error: &str) -> Result<(), Stop> {
        self.failed = true;
        let file = path.display().to_string();
        // What reading says of a file begins with its name already.
        let error = error.strip_prefix(&format!("{file}: ")).unwrap_or(error);
        if self.out.is_json() {
            self.out.object(&ErrorLine { file: &file, frame, error: error.to_owned() })?;
        } else {
            eprintln!("tracepost: {file}: {error}");
        }
        Ok(())
    }
}

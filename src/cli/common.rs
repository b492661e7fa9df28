//! What both command lines share: printing, failing, progress, completions and the manual page.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Why a command did not do all it was asked, in the three parts a person needs.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// What is safe: what was kept, what was done all the same.
    pub safe: String,
    /// What to do now.
    pub next: String,
    /// 1: something failed; 2: the call itself was wrong.
    pub status: u8,
}

impl Failure {
    /// Something failed (status 1).
    pub fn new(what: impl Display, safe: impl Display, next: impl Display) -> Self {
        Self { what: what.to_string(), safe: safe.to_string(), next: next.to_string(), status: 1 }
    }

    /// The call itself was wrong (status 2); nothing was done.
    pub fn usage(what: impl Display, next: impl Display) -> Self {
        Self { what: what.to_string(), safe: "Nothing was changed.".into(), next: next.to_string(), status: 2 }
    }
}

/// How a command ends when it does not simply succeed.
#[derive(Debug)]
pub enum Stop {
    /// Say so and end with its status.
    Failed(Failure),
    /// Everything that had to be said has been said already; end with this status.
    Status(u8),
    /// Nobody reads what we print any more: end quietly.
    BrokenPipe,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::Failed(Failure::new(
            format_args!("Reading or writing failed: {error}."),
            "What was already recorded is safe.",
            "Free the disk or the other end, and call again.",
        ))
    }
}

/// Turns the end of a command into the exit status of `cli.md`: 0 done, 1 something failed, 2 wrong usage.
pub fn finish(program: &str, end: Result<(), Stop>) -> ExitCode {
    match end {
        Ok(()) | Err(Stop::BrokenPipe) => ExitCode::SUCCESS,
        Err(Stop::Status(status)) => ExitCode::from(status),
        Err(Stop::Failed(failure)) => {
            // Stderr may be gone as well; there is nobody left to tell then.
            let _ = writeln!(io::stderr(), "{program}: {}\n  {}\n  {}", failure.what, failure.safe, failure.next);
            ExitCode::from(failure.status)
        }
    }
}

/// Stdout, as lines: words for people, or one JSON object a line.
pub struct Printer {
    json: bool,
}

impl Printer {
    /// `json` chooses between objects and words.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether objects are wanted.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One object on one line, flushed, so that a reader at the other end of a pipe has it at once.
    pub fn object(&self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
        line.push(b'\n');
        let mut out = io::stdout().lock();
        out.write_all(&line)?;
        out.flush()
    }

    /// Words, in one line or several.
    pub fn words(&self, lines: impl Display) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", harmless(&lines.to_string()))?;
        out.flush()
    }

    /// The object with `--json`, the words otherwise.
    pub fn either(&self, value: &impl Serialize, words: impl FnOnce() -> String) -> io::Result<()> {
        if self.json { self.object(value) } else { self.words(words()) }
    }
}

/// Whether a terminal would obey the character, or let what follows it stand in another order: registers and marks hold what
/// somebody wrote into them, and only the program's own line breaks are obeyed.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// Lines that a terminal only shows.
fn harmless(lines: &str) -> String {
    lines.replace(|c| c != '\n' && is_obeyed(c), " ")
}

/// A text that somebody else wrote, as a part of a line.
pub fn in_line(text: &str) -> String {
    text.replace(is_obeyed, " ")
}

/// A number with its word: `1 entry`, `2 entries`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A progress bar on stderr for work of known length; silent where stderr is no terminal.
pub fn progress_bar(label: &str, total: u64) -> ProgressBar {
    let bar = if io::stderr().is_terminal() { ProgressBar::new(total) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg:24} {bar:30} {human_pos}/{human_len} {per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(label.to_owned());
    bar
}

/// Shell completions of a program, on stdout.
pub fn print_completions<C: CommandFactory>(shell: clap_complete::Shell, program: &str) -> io::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut C::command(), program, &mut text);
    io::stdout().lock().write_all(&text)
}

/// Manual page of a program (troff), on stdout.
pub fn print_manual<C: CommandFactory>() -> io::Result<()> {
    let mut text = Vec::new();
    clap_mangen::Man::new(C::command()).render(&mut text)?;
    io::stdout().lock().write_all(&text)
}

/// Logs go to stderr and hold ids only; `TRACEPOST_LOG` sets what is shown (default: warnings).
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("TRACEPOST_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // A second start (in tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_a_register_holds() {
        let forged = "seize\nNOT LISTED\u{1b}[2J\u{202e}\u{2066}\u{85}\u{2028}x\r";
        assert_eq!(in_line(forged), "seize NOT LISTED [2J    x ");
        assert_eq!(harmless("a\n  b\u{1b}[1m"), "a\n  b [1m");
        assert_eq!(harmless("ЖД 12 · é"), "ЖД 12 · é");
    }
}

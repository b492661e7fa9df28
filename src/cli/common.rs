//! What both command lines share: printing, failing, progress, completions and the manual page.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::domain::controls::is_control;

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
            let words = format!("{program}: {}\n  {}\n  {}", failure.what, failure.safe, failure.next);
            let _ = writeln!(io::stderr(), "{}", harmless(&words));
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
    is_control(c) || matches!(c, '\u{200E}' | '\u{200F}')
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
    io::stdout().lock().write_all(manual_of::<C>()?.as_bytes())
}

/// One page with every command of a program: a page for each would have to be installed to be found.
pub fn manual_of<C: CommandFactory>() -> io::Result<String> {
    let mut command = C::command();
    command.build();
    let whole = Man::new(command.clone());
    let mut title = Vec::new();
    whole.render_title(&mut title)?;
    let mut page = String::from_utf8(title).map_err(io::Error::other)?;
    page.push_str(&format!(".SH NAME\n{}", troff(&|out| whole.render_name_section(out))?));
    page.push_str(&format!(".SH SYNOPSIS\n{}", troff(&|out| whole.render_synopsis_section(out))?));
    page.push_str(&format!(".SH DESCRIPTION\n{}", troff(&|out| whole.render_description_section(out))?));
    page.push_str(&format!(".SH OPTIONS\n{}.SH COMMANDS\n", troff(&|out| whole.render_options_section(out))?));
    for (name, command) in commands_of(&command) {
        // What every command takes is told once, above.
        let own = command.clone().mut_args(|arg| {
            let is_told = arg.is_hide_set() || arg.is_global_set() || arg.get_id() == "help";
            arg.hide(is_told)
        });
        let man = Man::new(own);
        page.push_str(&format!(
            ".SS \"{}\"\n{}.PP\n{}{}.PP\n.nf\n{}.fi\n",
            name.replace('-', "\\-"),
            troff(&|out| man.render_description_section(out))?,
            troff(&|out| man.render_synopsis_section(out))?,
            troff(&|out| man.render_options_section(out))?,
            troff(&|out| man.render_extra_section(out))?
        ));
    }
    page.push_str(&format!(".SH EXAMPLES\n.nf\n{}.fi\n", troff(&|out| whole.render_extra_section(out))?));
    page.push_str(&format!(".SH VERSION\n{}", troff(&|out| whole.render_version_section(out))?));
    Ok(page)
}

/// A piece of a page without the heading and the preamble that it comes with.
fn troff(render: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    render(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    let is_text = |line: &&str| ![".SH ", ".ie ", ".el "].iter().any(|begin| line.starts_with(begin));
    Ok(text.lines().filter(is_text).flat_map(|line| [line, "\n"]).collect())
}

/// The commands that do something, by all of their words, in the order of the help.
fn commands_of(command: &clap::Command) -> Vec<(String, &clap::Command)> {
    let shown = command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help");
    shown
        .flat_map(|c| {
            let name = c.get_bin_name().unwrap_or_else(|| c.get_name()).to_owned();
            if c.has_subcommands() { commands_of(c) } else { vec![(name, c)] }
        })
        .collect()
}

/// The commands of a program whose help shows no example.
#[cfg(test)]
pub fn without_examples<C: CommandFactory>() -> Vec<String> {
    let mut command = C::command();
    command.build();
    let has_example = |c: &clap::Command| c.get_after_help().is_some_and(|help| help.to_string().contains("Example"));
    commands_of(&command).into_iter().filter(|(_, c)| !has_example(c)).map(|(name, _)| name).collect()
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

//! `tracepost check`: one item from the arguments, or many from standard input.

use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};

use serde_json::{Value, json};

use super::args::{CheckArguments, DescriptionArguments};
use super::ending::{CHECKS_STAND, Ending, LOOK_EVERY};
use super::{or_else, parts, question, words};
use crate::cli::common::{Failure, Printer, Stop};
use crate::desk::item::Given;
use crate::desk::{CheckRequest, Desk, Recorded};
use crate::ledger::CheckSource;
use crate::store::StoreError;

/// Longest line that is read from standard input, in bytes; a longer one is answered with an error.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Lines that are read ahead of the one being answered.
const LINES_AHEAD_MAX: usize = 8;

/// Runs the subcommand.
///
/// # Errors
/// When the arguments name no item. A line of standard input that cannot be answered gets an error of its own and the rest
/// goes on; the status is then 1. When the end comes from outside, the line in hand is the last.
pub fn run(desk: &Desk, arguments: &CheckArguments, ending: &Ending, out: &Printer) -> Result<(), Stop> {
    if arguments.marks == ["-"] {
        return many(desk, &read_ahead()?, &arguments.description, ending, out);
    }
    let answer = desk.check(CheckRequest::given(item_of(arguments)?, CheckSource::Typed));
    if out.is_json() {
        out.object(&answer.verdict)?;
    } else {
        out.words(words::verdict(&answer.verdict))?;
    }
    recorded(desk, &answer.recorded)
}

/// Finds wrong words in the arguments before a home is made.
///
/// # Errors
/// As for [`run`].
pub fn refuse_wrong_words(arguments: &CheckArguments) -> Result<(), Stop> {
    let wrong = |e: question::QuestionError| Failure::usage(format_args!("{e}."), "See tracepost check --help.");
    if arguments.marks == ["-"] {
        question::description_of(&arguments.description).map_err(wrong)?;
        return Ok(());
    }
    if arguments.marks.iter().any(|mark| mark == "-") {
        let what = "- stands for standard input and goes with no other mark.";
        return Err(Failure::usage(what, "See tracepost check --help.").into());
    }
    item_of(arguments)?;
    Ok(())
}

fn item_of(arguments: &CheckArguments) -> Result<Given, Failure> {
    question::from_arguments(&arguments.marks, arguments.scheme.as_deref(), &arguments.description)
        .map_err(|e| Failure::usage(format_args!("This is no item to check: {e}."), "See tracepost check --help."))
}

/// An answer that stands in no ledger is shown, and still fails the command.
fn recorded(desk: &Desk, recorded: &Recorded) -> Result<(), Stop> {
    match recorded {
        Recorded::OnDisk(_) => Ok(()),
        Recorded::OnPaper { number } => Err(not_recorded(number, desk.unrecorded_because()).into()),
    }
}

/// The words for a check that stands in no ledger; `why` is told where nothing could be recorded from the start.
pub fn not_recorded(number: &str, why: Option<&StoreError>) -> Failure {
    let why = why.map(ToString::to_string).unwrap_or_default();
    let [what, _, next] = parts(&why);
    let safe = if why.is_empty() { "earlier entries are safe" } else { "what the home holds was left as it is" };
    let what = or_else(what, "the disk refused the entry");
    let next = if next.is_empty() { "free the disk; if it is not full, run tracepost verify" } else { next };
    Failure::new(
        format_args!("NOT RECORDED: WRITE ON PAPER, number {number}. {what}"),
        format_args!("The answer above stands all the same; {safe}."),
        format_args!("Write number, marks and answer on paper, then {next}."),
    )
}

/// A line of standard input; `None` stands for one that is too long, or no text.
type Line = Option<String>;

/// The lines of standard input, read by a thread of their own: whoever waits for the next one must hear the end as well.
fn read_ahead() -> io::Result<Receiver<io::Result<Line>>> {
    let (send, lines) = sync_channel(LINES_AHEAD_MAX);
    std::thread::Builder::new().name("input".into()).spawn(move || {
        let mut input = io::stdin().lock();
        let mut text = String::new();
        loop {
            let line = match next_line(&mut input, &mut text) {
                Ok(None) => return,
                Ok(Some(whole)) => Ok(whole.then(|| std::mem::take(&mut text))),
                Err(error) => Err(error),
            };
            let failed = line.is_err();
            if send.send(line).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(lines)
}

fn many(
    desk: &Desk,
    lines: &Receiver<io::Result<Line>>,
    otherwise: &DescriptionArguments,
    ending: &Ending,
    out: &Printer,
) -> Result<(), Stop> {
    let mut failed = false;
    loop {
        ending.or_stop(CHECKS_STAND)?;
        let line = match lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if line.as_ref().is_some_and(|line| line.trim().is_empty()) {
            continue;
        }
        let id = line.as_deref().and_then(question::id_of);
        let item = match &line {
            Some(line) => question::from_line(line, otherwise).map_err(|e| e.to_string()),
            None => Err(format!("not UTF-8, or longer than {LINE_BYTES_MAX} bytes")),
        };
        match item {
            Ok(item) => {
                let answer = desk.check(CheckRequest::given(item, CheckSource::Typed));
                let mut object = serde_json::to_value(&answer.verdict).map_err(io::Error::other)?;
                let ignored = line.as_deref().map(question::unknown_keys).unwrap_or_default();
                if let Value::Object(fields) = &mut object {
                    fields.extend(id.map(|id| ("id".into(), id)));
                    fields.extend((!ignored.is_empty()).then(|| ("ignored".into(), json!(ignored))));
                    // What is written on paper must be found again by it.
                    if let Recorded::OnPaper { number } = &answer.recorded {
                        fields.insert("paper".into(), json!(number));
                    }
                }
                out.object(&object)?;
                if let Recorded::OnPaper { number } = &answer.recorded {
                    failed = true;
                    eprintln!("tracepost: {}", not_recorded(number, desk.unrecorded_because()).what);
                }
            }
            Err(error) => {
                failed = true;
                out.object(&json!({ "id": id, "error": error }))?;
            }
        }
    }
    if failed { Err(Stop::Status(1)) } else { Ok(()) }
}

/// The next line: `None` at the end, `Some(false)` when it is too long or no text (it is then passed over whole).
fn next_line(input: &mut impl BufRead, line: &mut String) -> io::Result<Option<bool>> {
    let mut bytes = Vec::new();
    let mut too_long = false;
    loop {
        let part = input.fill_buf()?;
        if part.is_empty() {
            break;
        }
        let end = part.iter().position(|b| *b == b'\n');
        let taken = end.map_or(part.len(), |at| at + 1);
        if bytes.len() + taken > LINE_BYTES_MAX {
            too_long = true;
            bytes.clear();
        } else if !too_long {
            bytes.extend_from_slice(&part[..taken]);
        }
        input.consume(taken);
        if end.is_some() {
            return Ok(Some(!too_long && take_text(bytes, line)));
        }
    }
    if bytes.is_empty() && !too_long { Ok(None) } else { Ok(Some(!too_long && take_text(bytes, line))) }
}

fn take_text(bytes: Vec<u8>, line: &mut String) -> bool {
    match String::from_utf8(bytes) {
        Ok(text) => {
            // Scripts on Windows begin their files with a byte order mark.
            *line = text.trim_start_matches('\u{feff}').to_owned();
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_too_long_or_not_text_are_passed_over_whole() {
        let mut input = Vec::new();
        input.extend_from_slice(b"one\n");
        input.extend(std::iter::repeat_n(b'x', LINE_BYTES_MAX + 5));
        input.extend_from_slice(b"\n\xff\xfe\nlast");
        let mut reader = io::BufReader::with_capacity(1000, &input[..]);
        let mut line = String::new();
        let mut seen = Vec::new();
        while let Some(whole) = next_line(&mut reader, &mut line).expect("memory reads") {
            seen.push(whole.then(|| line.trim().to_owned()));
        }
        assert_eq!(seen, [Some("one".to_owned()), None, None, Some("last".to_owned())]);
    }
}

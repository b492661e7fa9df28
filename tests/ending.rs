//! An end from outside in the middle of the work: what was answered stands in a ledger whose head is signed.
#![cfg(all(feature = "device", feature = "hub", unix))]

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

fn tracepost(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
    command.env_remove("TRACEPOST_HOME").args(["--json", "--officer", "A. Example", "--home"]).arg(home);
    command
}

/// The program at work, its input held open.
struct Working {
    program: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Working {
    fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().expect("the program starts");
        let answers = BufReader::new(program.stdout.take().expect("piped")).lines();
        Self { program, answers }
    }

    fn answer(&mut self) -> Value {
        let line = self.answers.next().expect("an answer").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"))
    }

    /// Ends it; its status, how many more lines came, and what it said.
    fn end(mut self, signal: &str) -> (Option<i32>, usize, String) {
        let id = self.program.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        let rest = self.answers.count();
        let said = std::io::read_to_string(self.program.stderr.take().expect("piped")).expect("text");
        (self.program.wait().expect("it ends").code(), rest, said)
    }
}

/// What `verify` says of the home: whole, with this many entries, none of them unproven.
#[track_caller]
fn is_signed(home: &Path, entries: u64) {
    let output = tracepost(home).arg("verify").output().expect("the program starts");
    let line: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&line["ok"], &line["entries"], &line["unproven"]),
        (&true.into(), &entries.into(), &0.into()),
        "{line}"
    );
}

fn picture(folder: &Path) -> std::path::PathBuf {
    let code = qrcode::QrCode::new("TR0087341").expect("a code").to_colors();
    let side = code.len().isqrt();
    let dot = |x: u32, y: u32| {
        let (x, y) = (x as usize / 4, y as usize / 4);
        let inside = (4..side + 4).contains(&x) && (4..side + 4).contains(&y);
        let dark = inside && code[(y - 4) * side + x - 4] == qrcode::Color::Dark;
        image::Luma([if dark { 0_u8 } else { 255 }])
    };
    let side = (side as u32 + 8) * 4;
    let path = folder.join("code.png");
    image::GrayImage::from_fn(side, side, dot).save(&path).expect("a picture");
    path
}

#[test]
fn lines_of_checks_that_are_ended_while_they_wait_leave_a_signed_head() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let home = tempfile::tempdir().expect("temporary folder");
        let mut command = tracepost(home.path());
        command.args(["check", "-"]);
        let mut working = Working::start(command);
        let input = working.program.stdin.as_mut().expect("piped");
        input.write_all(b"{\"marks\":[\"AB1234\"]}\n{\"marks\":[\"AB1235\"]}\n").expect("it reads");
        assert_eq!((working.answer()["entry"].clone(), working.answer()["entry"].clone()), (1.into(), 2.into()));
        let (status, rest, said) = working.end(signal);
        assert_eq!((status, rest), (Some(130), 0), "{signal}: {said}");
        assert!(said.contains("the ledger is signed"), "{signal}: {said}");
        is_signed(home.path(), 2);
    }
}

#[test]
fn pictures_and_footage_that_are_ended_early_leave_a_signed_head() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let picture = picture(folder.path());
    // Far more than can be read before the signal comes.
    let frames = folder.path().join("frames");
    std::fs::create_dir(&frames).expect("a folder");
    for n in 0..3000 {
        std::fs::hard_link(&picture, frames.join(format!("{n:05}.png"))).expect("a link");
    }
    for footage in [false, true] {
        let home = tempfile::tempdir().expect("temporary folder");
        let mut command = tracepost(home.path());
        command.arg("scan").args(footage.then_some("--footage")).arg(&frames);
        let mut working = Working::start(command);
        assert_eq!(working.answer()["text"], "TR0087341");
        let (status, rest, said) = working.end("-INT");
        assert_eq!(status, Some(130), "footage {footage}: {said}");
        assert!(rest < 3000, "footage {footage}: it went on to the end");
        let output = tracepost(home.path()).arg("status").output().expect("the program starts");
        let status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        is_signed(home.path(), status["ledger"]["entries"].as_u64().expect("a count"));
    }
}

#[test]
fn what_was_started_to_outlive_its_terminal_does() {
    let home = tempfile::tempdir().expect("temporary folder");
    let mut command = Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_tracepost")).env_remove("TRACEPOST_HOME");
    command.args(["--json", "check", "-", "--home"]).arg(home.path());
    let mut working = Working::start(command);
    for mark in ["AB1234", "AB1235"] {
        let input = working.program.stdin.as_mut().expect("piped");
        writeln!(input, "{{\"marks\":[\"{mark}\"]}}").expect("it reads");
        assert!(working.answer()["entry"].is_u64());
        let id = working.program.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().expect("kill runs").success());
    }
    drop(working.program.stdin.take());
    assert_eq!(working.program.wait().expect("it ends").code(), Some(0));
    is_signed(home.path(), 2);
}

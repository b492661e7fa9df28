//! `tracepost scan --serial` on a real pair of terminals: what a scanner sends becomes answers with entries on disk, what
//! cannot be used is said, and an end from outside leaves the ledger signed.
#![cfg(all(feature = "device", unix))]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use serialport::{SerialPort, TTYPort};
use tracepost::store::{Access, Home, LedgerStore};

const PATIENCE: Duration = Duration::from_secs(60);

/// The program at the port; it ends with the test.
struct Listening {
    program: Child,
    answers: Receiver<String>,
    words: Receiver<String>,
}

impl Listening {
    fn start(home: &Path, port: &str) -> Self {
        let mut program = tracepost(home, &["--json", "scan", "--serial", port])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let answers = lines_of(program.stdout.take().expect("piped"));
        let words = lines_of(program.stderr.take().expect("piped"));
        Self { program, answers, words }
    }

    fn answer(&self) -> Value {
        let line = self.answers.recv_timeout(PATIENCE).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("not JSON ({e}): {line}"))
    }

    /// Waits for a line on stderr that holds this.
    fn hears(&self, words: &str) {
        let began = Instant::now();
        let mut heard = Vec::new();
        while began.elapsed() < PATIENCE {
            let Ok(line) = self.words.recv_timeout(PATIENCE) else { break };
            if line.contains(words) {
                return;
            }
            heard.push(line);
        }
        panic!("never said {words:?}, but {heard:?}");
    }

    fn end(mut self, signal: &str) -> (ExitStatus, Vec<Value>) {
        let id = self.program.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
        let status = self.program.wait().expect("it ends");
        let rest = std::iter::from_fn(|| self.answers.recv_timeout(PATIENCE).ok());
        (status, rest.map(|line| serde_json::from_str(&line).expect("JSON")).collect())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(pipe).lines().map_while(Result::ok);
        lines.take_while(|line| send.send(line.clone()).is_ok()).for_each(drop);
    });
    receive
}

/// Started without the files of this process: a program that holds the scanner's end would never see it pulled out.
const WITHOUT_OUR_FILES: &str =
    r#"for file in /dev/fd/*; do n=${file##*/}; [ "$n" -gt 2 ] && eval "exec $n>&-"; done; exec "$0" "$@""#;

fn tracepost(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", WITHOUT_OUR_FILES, env!("CARGO_BIN_EXE_tracepost")]).env_remove("TRACEPOST_HOME").args([
        "--home",
        &home.to_string_lossy(),
        "--officer",
        "A. Example",
    ]);
    command.args(arguments);
    command
}

/// The scanner's end of a cable, and the port's name, which outlives what is plugged in.
fn plug_in(name: &Path) -> TTYPort {
    let (scanner, port) = TTYPort::pair().expect("the system gives a pair of terminals");
    let _ = std::fs::remove_file(name);
    std::os::unix::fs::symlink(port.name().expect("a name"), name).expect("a link");
    scanner
}

#[test]
fn codes_of_a_scanner_are_answered_from_the_ledger_until_ctrl_c_signs_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (home, port) = (folder.path().join("home"), folder.path().join("tty"));
    let mut scanner = plug_in(&port);
    let program = Listening::start(&home, &format!("{},115200", port.display()));
    program.hears("listening to");

    let uii = "[)>\u{1e}06\u{1d}17V0CVA5\u{1d}1P1234\u{1d}S786950\u{1e}\u{4}";
    // What is sent, and the texts that come of it, each with its symbology and one mark.
    type Wanted<'a> = (&'a str, Option<&'a str>, &'a str);
    let table: [(&str, &[Wanted]); 8] = [
        ("TR0087341\r", &[("TR0087341", None, "TR0087341")]),
        ("TR0087342\n", &[("TR0087342", None, "TR0087342")]),
        ("TR0087343\r\n", &[("TR0087343", None, "TR0087343")]),
        (&format!("{uii}\r"), &[(uii, None, "D0CVA51234786950")]),
        ("]d2\u{1d}010950110153000321W1\r", &[("\u{1d}010950110153000321W1", Some("data_matrix"), "09501101530003")]),
        ("A1000001\rA1000002\r", &[("A1000001", None, "A1000001"), ("A1000002", None, "A1000002")]),
        ("\0\0A1000003\0\r", &[("A1000003", None, "A1000003")]),
        ("АВ 12345\r", &[("АВ 12345", None, "АВ 12345")]),
    ];
    let mut frame = 0;
    for (sent, wanted) in table {
        scanner.write_all(sent.as_bytes()).expect("written");
        for (text, symbology, mark) in wanted {
            let answer = program.answer();
            frame += 1;
            assert_eq!(answer["text"], *text, "{answer}");
            assert_eq!(answer["symbology"].as_str(), *symbology, "{answer}");
            let marks = answer["marks"].as_array().expect("marks");
            assert!(marks.iter().any(|m| m["value"] == *mark), "{mark} is not among the marks: {answer}");
            assert_eq!((&answer["frame"], &answer["pass"]), (&frame.into(), &"scanner".into()));
            let entry = answer["verdict"]["entry"].as_u64().expect("an entry");
            let ledger = LedgerStore::open(&Home::at(&home), Access::Read).expect("the ledger is readable beside it");
            assert!(ledger.head().expect("a head").0.0 >= entry, "printed before it was written: {answer}");
        }
    }

    // A code that comes in two halves is one.
    scanner.write_all(b"TR008").expect("written");
    std::thread::sleep(Duration::from_millis(300));
    scanner.write_all(b"7344\r").expect("written");
    assert_eq!(program.answer()["text"], "TR0087344");

    let (status, rest) = program.end("-INT");
    assert!(status.success(), "Ctrl+C is how it is meant to end: {status}");
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!((&rest[0]["done"], &rest[0]["symbols"]), (&true.into(), &(frame + 1).into()));
    let verified = tracepost(&home, &["verify"]).output().expect("the program starts");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && said.contains("; 0 later entries"), "the head is not signed: {said}");
}

#[test]
fn what_cannot_be_used_is_said_and_never_checked() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (home, port) = (folder.path().join("home"), folder.path().join("tty"));
    let mut scanner = plug_in(&port);
    let program = Listening::start(&home, &port.to_string_lossy());
    program.hears("listening to");
    let noise: Vec<u8> = (0..60u8).map(|i| 0x80 | i.wrapping_mul(11)).chain([b'\r']).collect();
    let flood = [vec![b'7'; 20_000], b"\r".to_vec()].concat();
    for (sent, said) in
        [(noise, "same rate (now 9600)"), (flood, "longer than any code"), (b"TR00".to_vec(), "broke off")]
    {
        scanner.write_all(&sent).expect("written");
        let answer = program.answer();
        assert!(answer["error"].as_str().is_some_and(|e| e.contains(said)), "{said}: {answer}");
    }
    scanner.write_all(b"TR0087341\r").expect("written");
    assert_eq!(program.answer()["text"], "TR0087341");
    let (status, _) = program.end("-TERM");
    assert_eq!(status.code(), Some(1), "something was not used");
    let ledger = LedgerStore::open(&Home::at(&home), Access::Read).expect("the ledger");
    assert_eq!(ledger.feed(20).expect("the feed").len(), 1, "only the whole code was checked");
}

#[test]
fn a_scanner_that_was_pulled_out_is_heard_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (home, port) = (folder.path().join("home"), folder.path().join("tty"));
    let mut scanner = plug_in(&port);
    let program = Listening::start(&home, &port.to_string_lossy());
    program.hears("listening to");
    scanner.write_all(b"A1000001\rTR00").expect("written");
    assert_eq!(program.answer()["text"], "A1000001");
    std::fs::remove_file(&port).expect("the port's name goes");
    drop(scanner);
    program.hears("was disconnected");
    let mut scanner = plug_in(&port);
    program.hears("listening to");
    scanner.write_all(b"A1000002\r").expect("written");
    assert_eq!(program.answer()["text"], "A1000002", "half a code from before is none");
}

#[test]
fn a_port_that_cannot_be_used_says_why_and_no_home_is_made_for_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let file = folder.path().join("file");
    std::fs::write(&file, "A1\r").expect("a file");
    let held = plug_in(&folder.path().join("held"));
    let other = folder.path().join("held").to_string_lossy().into_owned();
    let _user = serialport::new(&other, 9_600).open_native().expect("another program holds it");
    let missing = folder.path().join("none").to_string_lossy().into_owned();
    let file = file.to_string_lossy().into_owned();
    for (port, status, said) in [
        (missing.as_str(), 1, "there is no"),
        (&file, 1, "no serial port"),
        ("/dev/null", 1, "no serial port"),
        (&other, 1, "another program"),
        ("/dev/ttyUSB0,fast", 2, "/dev/ttyUSB0,115200"),
    ] {
        let output = tracepost(&home, &["scan", "--serial", port]).output().expect("the program starts");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{port}: {words}");
        assert!(words.contains(said), "{port}: {words}");
        assert!(output.stdout.is_empty(), "{port} printed an answer");
    }
    assert!(!home.exists(), "a home was made for a port that is none");
    drop(held);
}

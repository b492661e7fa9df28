//! The real window on a real X server: typed, scanned with a keyboard wedge, and asked by a second program.
#![cfg(feature = "gui")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tracepost::domain::MarkSource;
use tracepost::store::{Access, Home, LedgerStore};

const PATIENCE: Duration = Duration::from_secs(60);

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An X server on a free display of its own.
fn display() -> (Running, String) {
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Xvfb starts; ./dev test installs it");
    let mut number = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("Xvfb names its display");
    (Running(server), format!(":{}", number.trim()))
}

fn tracepost(home: &Path, display: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracepost"));
    command
        .args(["--home", &home.to_string_lossy(), "--officer", "A. Example"])
        .env("DISPLAY", display)
        .env("SLINT_BACKEND", "winit-software")
        .env_remove("WAYLAND_DISPLAY");
    command
}

fn xdotool(display: &str, arguments: &[&str]) -> Output {
    Command::new("xdotool")
        .args(arguments)
        .env("DISPLAY", display)
        .output()
        .expect("xdotool starts; ./dev test installs it")
}

fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come about in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Marks of the checks in the ledger, newest first, with how they came.
fn checked(home: &Path) -> Vec<(String, MarkSource)> {
    let ledger = LedgerStore::open(&Home::at(home), Access::Read).expect("the ledger is readable beside the app");
    let feed = ledger.feed(20).expect("the feed");
    feed.into_iter().flat_map(|s| s.check.item.marks).map(|m| (m.mark.value, m.source)).collect()
}

#[test]
fn an_officer_types_and_scans_and_a_second_program_asks() {
    let (_server, display) = display();
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let _app = Running(
        tracepost(&home, &display).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the app starts"),
    );
    let window = until("the window", || {
        let found = xdotool(&display, &["search", "--onlyvisible", "--class", "tracepost"]);
        String::from_utf8_lossy(&found.stdout).lines().next().map(str::to_owned)
    });
    xdotool(&display, &["windowfocus", "--sync", &window]);
    std::thread::sleep(Duration::from_millis(500));

    xdotool(&display, &["type", "--delay", "120", "AB123456"]);
    xdotool(&display, &["key", "Return"]);
    until("the typed check", || checked(&home).contains(&("AB123456".into(), MarkSource::Typed)).then_some(()));

    xdotool(&display, &["key", "F2"]);
    std::thread::sleep(Duration::from_millis(500));
    xdotool(&display, &["type", "--delay", "4", "QX7654321\n"]);
    until("the check of the wedge", || checked(&home).iter().any(|(mark, _)| mark == "QX7654321").then_some(()));

    let asked = tracepost(&home, &display).arg("sync").output().expect("the second program starts");
    assert_eq!(asked.status.code(), Some(1));
    let words = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(words.contains("not enrolled"), "the running app must be asked and answer: {words}");

    let picture = folder.path().join("screen.png");
    let taken = Command::new("import")
        .args(["-window", "root"])
        .arg(&picture)
        .env("DISPLAY", &display)
        .status()
        .expect("import starts; ./dev test installs imagemagick");
    assert!(taken.success());
    let screen = image::open(&picture).expect("a picture").to_rgb8();
    let colours: std::collections::BTreeSet<_> = screen.pixels().map(|p| p.0).collect();
    assert!(colours.len() > 40, "the screen shows next to nothing: {} colours", colours.len());
}

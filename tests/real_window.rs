//! The real window on a real X server: typed, scanned with a keyboard wedge, and asked by a second program.
#![cfg(feature = "gui")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tracepost::domain::{HandScannerSettings, MarkSource};
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
        // Without `-noreset` it begins anew, and drops who is just coming, each time that its only client has left.
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"])
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

/// The app in its window, with the focus.
fn app(home: &Path, display: &str) -> Running {
    let app = Running(tracepost(home, display).stdout(Stdio::null()).spawn().expect("the app starts"));
    let window = until("the window", || {
        let found = xdotool(display, &["search", "--onlyvisible", "--class", "tracepost"]);
        String::from_utf8_lossy(&found.stdout).lines().next().map(str::to_owned)
    });
    xdotool(display, &["windowfocus", "--sync", &window]);
    std::thread::sleep(Duration::from_millis(500));
    app
}

/// The keys that a scanner presses for a text, whatever the computer makes of them: the codes of X for the keys of a United
/// States keyboard, row by row.
fn keys_of(text: &str) -> Vec<String> {
    const ROWS: [(&str, &str, usize); 4] = [
        ("1234567890-=", "!@#$%^&*()_+", 10),
        ("qwertyuiop[]", "QWERTYUIOP{}", 24),
        ("asdfghjkl;'`", "ASDFGHJKL:\"~", 38),
        ("\\zxcvbnm,./", "|ZXCVBNM<>?", 51),
    ];
    let key = |c: char| match c {
        '\n' => "36".to_owned(),
        '\u{1D}' => "ctrl+35".to_owned(),
        '\u{1E}' => "ctrl+15".to_owned(),
        '\u{4}' => "ctrl+40".to_owned(),
        c => ROWS
            .iter()
            .find_map(|(plain, shifted, first)| {
                let at = |row: &str| row.chars().position(|key| key == c);
                let plain = at(plain).map(|nth| (first + nth).to_string());
                plain.or_else(|| at(shifted).map(|nth| format!("shift+{}", first + nth)))
            })
            .expect("the keyboard has it"),
    };
    text.chars().map(key).collect()
}

/// Sends a text and Enter as a scanner does, four milliseconds a key.
fn scan(display: &str, text: &str) {
    let mut arguments = vec!["key".to_owned(), "--delay".to_owned(), "4".to_owned()];
    arguments.extend(keys_of(&format!("{text}\n")));
    xdotool(display, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Waits until this mark, sent by the hand scanner, is in the ledger.
fn scanned(home: &Path, mark: &str) {
    let there = || checked(home).contains(&(mark.into(), MarkSource::Scanner)).then_some(());
    until(&format!("the check of {mark}, after {:?}", checked(home)), there);
}

#[test]
fn a_scanner_that_types_as_in_america_is_understood_on_a_french_keyboard_with_what_was_programmed_round_its_codes() {
    let (_server, display) = display();
    let french = Command::new("setxkbmap").args(["-display", &display, "fr"]).status();
    assert!(french.expect("setxkbmap starts; it comes with Xvfb").success());
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    home_with(&HandScannerSettings { prefix: "#".into(), suffix: "<GS>".into(), ..Default::default() }, &home);
    let _app = app(&home, &display);

    scan(&display, "#TR0087341\u{1D}");
    scanned(&home, "TR0087341");
    // Without prefix and suffix, and with letters that lie elsewhere: A and Q, Z and W, M.
    scan(&display, "MAZ-55102");
    scanned(&home, "MAZ-55102");
    scan(&display, "[)>\u{1E}06\u{1D}18S7A720W1\u{1E}\u{4}");
    scanned(&home, "D7A720W1");
}

/// A home whose hand scanner is set up so.
fn home_with(settings: &HandScannerSettings, home: &Path) {
    let store = LedgerStore::open(&Home::at(home), Access::Write).expect("a new home");
    store.set_hand_scanner(settings).expect("the setting is kept");
}

#[cfg(unix)]
#[test]
fn a_scanner_at_a_serial_port_is_heard_by_the_window() {
    use serialport::SerialPort;
    use std::io::Write;

    let (_server, display) = display();
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let (mut scanner, port) = serialport::TTYPort::pair().expect("the system gives a pair of terminals");
    let settings = HandScannerSettings { serial_port: port.name(), baud: 115_200, ..Default::default() };
    // The pair's own end holds the port for itself; the window needs it.
    drop(port);
    home_with(&settings, &home);
    let _app = app(&home, &display);
    // Sent again until it is open: what comes before is nobody's.
    until("the check of what came by the port", || {
        scanner.write_all(b"TR0087341\r").expect("written");
        checked(&home).contains(&("TR0087341".into(), MarkSource::Scanner)).then_some(())
    });
    scanner.write_all(b"[)>\x1e06\x1d17V0CVA5\x1d1P77\x1dSW1\x1e\x04\r\n").expect("written");
    scanned(&home, "D0CVA577W1");
}

#[test]
fn separators_arrive_in_each_way_in_which_scanners_type_them() {
    let (_server, display) = display();
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let _app = app(&home, &display);
    for (number, [rs, gs, eot]) in
        [["{RS}", "{GS}", "{EOT}"], ["^^", "^]", "^D"], ["<RS>", "<GS>", "<EOT>"], ["\u{1E}", "\u{1D}", "\u{4}"]]
            .into_iter()
            .enumerate()
    {
        scan(&display, &format!("[)>{rs}06{gs}17V0CVA5{gs}1P77{gs}SW10{number}{rs}{eot}"));
        scanned(&home, &format!("D0CVA577W10{number}"));
    }
    // Alt and the number block: 030 and 029.
    let mut calls: Vec<String> = Vec::new();
    for part in ["[)>", "Alt 030", "06", "Alt 029", "18S7A720W2", "Alt 030", "\n"] {
        match part.strip_prefix("Alt ") {
            None => calls.extend(keys_of(part).into_iter().flat_map(|key| ["key".to_owned(), key])),
            Some(code) => {
                let digits = code.chars().flat_map(|digit| ["key".to_owned(), format!("KP_{digit}")]);
                calls.extend(["keydown".to_owned(), "Alt_L".to_owned()]);
                calls.extend(digits);
                calls.extend(["keyup".to_owned(), "Alt_L".to_owned()]);
            }
        }
    }
    xdotool(&display, &calls.iter().map(String::as_str).collect::<Vec<_>>());
    scanned(&home, "D7A720W2");
}

#[test]
fn an_officer_types_and_scans_and_a_second_program_asks() {
    let (_server, display) = display();
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let _app = app(&home, &display);

    xdotool(&display, &["type", "--delay", "120", "AB123456"]);
    xdotool(&display, &["key", "Return"]);
    until("the typed check", || checked(&home).contains(&("AB123456".into(), MarkSource::Typed)).then_some(()));

    xdotool(&display, &["key", "F2"]);
    std::thread::sleep(Duration::from_millis(500));
    xdotool(&display, &["type", "--delay", "4", "QX7654321\n"]);
    scanned(&home, "QX7654321");

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

#[test]
fn a_session_that_ends_closes_the_window_with_a_signed_ledger() {
    let (_server, display) = display();
    let folder = tempfile::tempdir().expect("temporary folder");
    let home = folder.path().join("home");
    let mut app = app(&home, &display);
    xdotool(&display, &["type", "--delay", "120", "AB123456"]);
    xdotool(&display, &["key", "Return"]);
    until("the typed check", || checked(&home).contains(&("AB123456".into(), MarkSource::Typed)).then_some(()));
    assert!(Command::new("kill").arg(app.0.id().to_string()).status().expect("kill runs").success());
    let status = until("the end", || app.0.try_wait().expect("a child"));
    assert!(status.success(), "{status}");
    let verified = tracepost(&home, &display).args(["--json", "verify"]).output().expect("the program starts");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(said.contains("\"ok\":true") && said.contains("\"unproven\":0"), "{said}");
}

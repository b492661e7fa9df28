//! A real pair of terminals: one end is the scanner, the other the port.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use serialport::{SerialPort, TTYPort};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// The scanner's end, and the port under a name that outlives it.
fn plug_in(name: &Path) -> (TTYPort, TTYPort) {
    let (scanner, port) = TTYPort::pair().expect("the system gives a pair of terminals");
    let _ = std::fs::remove_file(name);
    symlink(port.name().expect("a name"), name).expect("a link");
    (scanner, port)
}

/// A scanner that was just plugged in under this name, and who listens to it.
fn plugged_in(name: &Path, baud: u32) -> (TTYPort, SerialScanner, Receiver<SerialEvent>) {
    let (scanner, port) = plug_in(name);
    // The pair's own end holds the port for itself; the listener needs it.
    drop(port);
    let (listener, events) = listening(name, baud);
    assert_eq!(next(&events), SerialEvent::Open);
    (scanner, listener, events)
}

fn listening(name: &Path, baud: u32) -> (SerialScanner, Receiver<SerialEvent>) {
    let (send, receive) = channel();
    let options = SerialOptions { port: name.display().to_string(), baud };
    (SerialScanner::start(options, move |event| send.send(event).is_ok()).expect("a thread"), receive)
}

fn next(events: &Receiver<SerialEvent>) -> SerialEvent {
    events.recv_timeout(PATIENCE).expect("the port says something")
}

#[test]
fn codes_arrive_at_every_rate_with_their_separators_and_each_end() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let message = "[)>\u{1e}06\u{1d}17V0CVA5\u{1d}1P1234\u{1d}S786950\u{1e}\u{4}";
    for (baud, end) in [(9_600, "\r"), (38_400, "\n"), (57_600, "\r\n"), (115_200, "\u{3}")] {
        let name = folder.path().join("tty");
        let (mut scanner, _listener, events) = plugged_in(&name, baud);
        scanner.write_all(format!("{message}{end}TR0087341{end}").as_bytes()).expect("written");
        assert_eq!(next(&events), SerialEvent::Code(message.into()), "{baud} {end:?}");
        assert_eq!(next(&events), SerialEvent::Code("TR0087341".into()), "{baud} {end:?}");
    }
}

#[test]
fn a_code_without_an_end_is_over_when_the_scanner_falls_silent() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let name = folder.path().join("tty");
    let (mut scanner, _listener, events) = plugged_in(&name, 9_600);
    scanner.write_all(b"TR008").expect("written");
    scanner.write_all(b"7341").expect("written");
    assert_eq!(next(&events), SerialEvent::Code("TR0087341".into()));
}

#[test]
fn a_port_that_was_pulled_out_is_opened_again_and_half_a_code_is_none() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let name = folder.path().join("tty");
    let (mut scanner, _listener, events) = plugged_in(&name, 9_600);
    scanner.write_all(b"A1\rTR00").expect("written");
    assert_eq!(next(&events), SerialEvent::Code("A1".into()));
    std::fs::remove_file(&name).expect("the port's name goes");
    drop(scanner);
    let gone = next(&events);
    assert!(matches!(gone, SerialEvent::Gone(SerialError::Unplugged { .. })), "{gone:?}");
    assert!(matches!(next(&events), SerialEvent::Gone(SerialError::Missing { .. })));
    let (mut scanner, port) = plug_in(&name);
    drop(port);
    assert_eq!(next(&events), SerialEvent::Open);
    scanner.write_all(b"TR0087341\r").expect("written");
    assert_eq!(next(&events), SerialEvent::Code("TR0087341".into()));
}

#[test]
fn a_wrong_device_says_so() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "A1\r").expect("a file");
    let options = |port: &Path| SerialOptions { port: port.display().to_string(), baud: 9_600 };
    for port in [file.as_path(), Path::new("/dev/null")] {
        let error = probe(&options(port)).expect_err("no serial port");
        assert!(matches!(error, SerialError::NotSerial { .. }), "{}: {error}", port.display());
    }
    let missing = probe(&options(&folder.path().join("none"))).expect_err("not there");
    assert!(matches!(missing, SerialError::Missing { .. }), "{missing}");
}

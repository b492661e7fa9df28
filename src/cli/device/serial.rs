//! `tracepost scan --serial`: a hand scanner at a serial port in, a line for each code out, until it is ended.

use std::path::Path;
use std::time::Instant;

use super::args::ScanArguments;
use super::ending::Ending;
use super::scan::{Scan, SymbolLine};
use crate::capture::serial::{Lost, SerialError, SerialEvent, SerialOptions, connected, listen, probe};
use crate::cli::common::{Failure, Printer, Stop};
use crate::desk::{Desk, item};
use crate::domain::keyboard::Readings;
use crate::domain::{HandScannerSettings, Item, Symbology, understand_typed};
use crate::ledger::CheckSource;

/// Rate of a port that none was given for; what scanners come with.
const BAUD: u32 = 9_600;
/// The rates that ports can be asked for.
const BAUDS: std::ops::RangeInclusive<u32> = 300..=921_600;

/// `PORT` or `PORT,BAUD`.
///
/// # Errors
/// When the rate is none.
pub fn options(given: &str) -> Result<SerialOptions, Failure> {
    let (port, baud) = given.rsplit_once(',').map_or((given, Ok(BAUD)), |(port, baud)| (port, baud.trim().parse()));
    match baud {
        Ok(baud) if BAUDS.contains(&baud) && !port.trim().is_empty() => {
            Ok(SerialOptions { port: port.trim().to_owned(), baud })
        }
        _ => Err(Failure::usage(
            format_args!("{given:?} names no serial port and rate."),
            "Give it as /dev/ttyACM0 or /dev/ttyUSB0,115200.",
        )),
    }
}

/// Whether the port that was given can be listened to, before a home is made for it.
///
/// # Errors
/// When it is no port and rate, or cannot be opened.
pub fn ready(given: &str) -> Result<(), Failure> {
    probe(&options(given)?).map_err(|error| unusable(&error))
}

/// Runs until it is ended by a signal; the head is signed then, as at every end. `desk` is `None` with `--decode-only`.
///
/// # Errors
/// When something the scanner sent could not be used, after the rest was (status 1). A port that goes away is waited for.
pub fn run(
    desk: Option<&Desk>,
    options: &SerialOptions,
    arguments: &ScanArguments,
    ending: &Ending,
    out: &Printer,
) -> Result<(), Stop> {
    let settings =
        desk.map(|desk| desk.ledger().hand_scanner()).transpose().map_err(super::failed)?.unwrap_or_default();
    let mut scan = Scan::new(desk, out, arguments.one_item);
    let began = Instant::now();
    let mut codes = 0;
    let mut ended = Ok(());
    listen(options, ending.flag(), &mut |event| {
        ended = match event {
            SerialEvent::Code(text) => {
                codes += 1;
                code(&mut scan, &options.port, codes, &settings, &text)
            }
            SerialEvent::Lost(why) => scan.broken(Path::new(&options.port), None, &in_words(why, options)),
            SerialEvent::Open => {
                eprintln!("tracepost: listening to {} at {}; Ctrl+C ends", options.port, options.baud);
                Ok(())
            }
            SerialEvent::Gone(error) => {
                eprintln!("tracepost: {error}");
                Ok(())
            }
        };
        ended.is_ok()
    });
    ended?;
    if out.is_json() {
        scan.done(&options.port, codes, usize::try_from(codes).unwrap_or(usize::MAX), began)?;
    }
    let proven = if desk.is_some() { "; every check is recorded, and the ledger is signed" } else { "" };
    let several = if codes == 1 { "code" } else { "codes" };
    eprintln!("tracepost: ended after {codes} {several}{proven}");
    scan.ended()
}

fn in_words(why: Lost, options: &SerialOptions) -> String {
    match why {
        Lost::Noise => format!("{why} (now {})", options.baud),
        Lost::TooLong | Lost::BrokenOff => why.to_string(),
    }
}

/// Why nothing was begun, and what to do.
fn unusable(error: &SerialError) -> Failure {
    let text = error.to_string();
    let (what, next) = text.split_once("; ").unwrap_or((&text, "try another port or cable"));
    let next = match (error, connected().as_slice()) {
        (SerialError::Missing { .. } | SerialError::NotSerial { .. }, []) => {
            format!("{next}. No serial scanner is connected: many are keyboards until set to \"USB COM port\"")
        }
        (SerialError::Missing { .. } | SerialError::NotSerial { .. }, ports) => {
            format!("{next}. Connected are: {}", ports.join(", "))
        }
        _ => next.to_owned(),
    };
    let mut next = next;
    next.get_mut(..1).map(str::make_ascii_uppercase);
    Failure::new(format_args!("{what}."), "Nothing was read.", format_args!("{next}. Then call again."))
}

fn code(scan: &mut Scan<'_>, port: &str, frame: u64, settings: &HandScannerSettings, sent: &str) -> Result<(), Stop> {
    let text = settings.without_frame(sent);
    let mut own = Item::default();
    let findings = item::add_scanned(&mut own, &Readings::plain(text));
    let verdict = scan.check(own, findings, CheckSource::Scanner);
    let identifier = text.get(..3).filter(|head| Symbology::of_identifier(head).is_some()).unwrap_or_default();
    let line = SymbolLine {
        file: port,
        frame,
        symbology: Symbology::of_identifier(identifier),
        identifier,
        text: &text[identifier.len()..],
        quad: None,
        pass: "scanner".to_owned(),
        understood: understand_typed(text).into(),
        verdict: verdict.as_ref(),
    };
    scan.print(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_rates() {
        let of = |port: &str, baud| Some(SerialOptions { port: port.into(), baud });
        let table = [
            ("/dev/ttyACM0", of("/dev/ttyACM0", 9_600)),
            ("COM3,115200", of("COM3", 115_200)),
            ("/dev/ttyUSB0,fast", None),
            ("/dev/ttyUSB0,7", None),
            (",9600", None),
            ("", None),
        ];
        for (given, wanted) in table {
            assert_eq!(options(given).ok(), wanted, "{given}");
        }
    }
}

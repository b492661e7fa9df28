//! `tracepost scan --serial`: a hand scanner at a serial port in, a line for each code out, until it is ended.

use std::sync::atomic::AtomicBool;

use super::args::ScanArguments;
use super::scan::{Scan, SymbolLine};
use crate::capture::serial::{SerialEvent, SerialOptions, listen, probe};
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

/// Runs until it is ended from outside. `desk` is `None` with `--decode-only`.
///
/// # Errors
/// When there is no such port at the start; one that goes away later is waited for.
pub fn run(desk: Option<&Desk>, options: &SerialOptions, arguments: &ScanArguments, out: &Printer) -> Result<(), Stop> {
    probe(options).map_err(|error| Failure::new(format_args!("{error}."), "Nothing was read.", "Then call again."))?;
    let settings =
        desk.map(|desk| desk.ledger().hand_scanner()).transpose().map_err(super::failed)?.unwrap_or_default();
    let mut scan = Scan::new(desk, out, arguments.one_item);
    let mut codes = 0;
    let mut ended = Ok(());
    listen(options, &AtomicBool::new(false), &mut |event| {
        let told = match event {
            SerialEvent::Code(text) => {
                codes += 1;
                code(&mut scan, &options.port, codes, &settings, &text)
            }
            other => {
                say(&other, options);
                Ok(())
            }
        };
        ended = told;
        ended.is_ok()
    });
    ended
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

/// On stderr, since results go to stdout.
fn say(event: &SerialEvent, options: &SerialOptions) {
    let SerialOptions { port, baud } = options;
    match event {
        SerialEvent::Open => eprintln!("tracepost: listening to {port} at {baud}; Ctrl+C ends"),
        SerialEvent::Garbled => {
            eprintln!(
                "tracepost: {port}: what came cannot be read; set scanner and port to the same rate (now {baud})"
            );
        }
        SerialEvent::Gone(error) => eprintln!("tracepost: {error}"),
        SerialEvent::Code(_) => {}
    }
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

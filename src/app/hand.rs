//! The hand scanner at a serial port: listened to while its settings name a port; what it sends comes home by mail.

use std::cell::RefCell;

use super::bench::Trouble;
use super::mail::{Letter, Mail};
use crate::capture::serial::{Lost, SerialError, SerialEvent, SerialOptions, SerialScanner};
use crate::domain::HandScannerSettings;

/// The listener, if there is one.
pub struct Hand {
    mail: Mail,
    listening: RefCell<Option<(SerialOptions, SerialScanner)>>,
}

impl Hand {
    /// Listens to nothing yet.
    pub fn new(mail: Mail) -> Self {
        Self { mail, listening: RefCell::default() }
    }

    /// Listens by these settings from now on; the same port at the same rate stays open.
    pub fn listen_by(&self, settings: &HandScannerSettings) {
        let port = settings.serial_port.clone().filter(|port| !port.trim().is_empty());
        let wanted = port.map(|port| SerialOptions { port, baud: settings.baud });
        let mut listening = self.listening.borrow_mut();
        if listening.as_ref().map(|(options, _)| options) == wanted.as_ref() {
            return;
        }
        // The one before lets go of its port first.
        *listening = None;
        let Some(options) = wanted else { return };
        let mail = self.mail.clone();
        let tell = move |event| {
            match event {
                SerialEvent::Open => {}
                SerialEvent::Code(text) => mail.send(Letter::Sent(text)),
                SerialEvent::Lost(why) => mail.send(Letter::ScannerFailed(lost(why))),
                SerialEvent::Gone(error) => mail.send(Letter::ScannerFailed(trouble(&error))),
            }
            true
        };
        match SerialScanner::start(options.clone(), tell) {
            Ok(scanner) => *listening = Some((options, scanner)),
            Err(error) => self.mail.send(Letter::ScannerFailed(Trouble { code: "scanner", words: error.to_string() })),
        }
    }
}

fn lost(why: Lost) -> Trouble {
    let code = match why {
        Lost::Noise => "scanner_garbled",
        Lost::TooLong => "scanner_too_long",
        Lost::BrokenOff => "scanner_broken_off",
    };
    Trouble { code, words: why.to_string() }
}

fn trouble(error: &SerialError) -> Trouble {
    let code = match error {
        SerialError::Missing { .. } | SerialError::Unplugged { .. } => "scanner_gone",
        SerialError::NotSerial { .. } => "scanner_wrong",
        SerialError::Forbidden { .. } => "scanner_forbidden",
        SerialError::Busy { .. } => "scanner_busy",
        SerialError::Refused { .. } => "scanner",
    };
    Trouble { code, words: error.to_string() }
}

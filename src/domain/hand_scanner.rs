//! How the hand scanner of a post is set up: what it sends round a code, which keyboard the computer believes it to be,
//! and the serial port, if it has one.

use serde::{Deserialize, Serialize};

use super::keyboard::KeyboardLayout;
use super::payload::controls::real;

/// Baud rates that hand scanners are set to, slowest first.
pub const BAUD_RATES: [u32; 7] = [1200, 2400, 9600, 19_200, 38_400, 57_600, 115_200];

/// The settings of a hand scanner, as an officer or operator gives them once.
///
/// `prefix` and `suffix` are what the scanner is programmed to send before and after each code, as its manual names them:
/// control characters may be written `<STX>`, `{STX}`, `^B` or `\x02`. Enter and Tab end a code without being named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandScannerSettings {
    /// Sent before each code and taken off; empty: none.
    pub prefix: String,
    /// Sent after each code, before Enter, and taken off; empty: none.
    pub suffix: String,
    /// The layout that the computer is set to, while the scanner types as on a United States keyboard.
    pub layout: KeyboardLayout,
    /// The scanner sends no Enter: a code ends when it falls silent.
    pub ends_by_pause: bool,
    /// The serial port of a scanner that does not type (`/dev/ttyACM0`, `COM3`); `None`: there is none.
    pub serial_port: Option<String>,
    /// Its rate, one of [`BAUD_RATES`].
    pub baud: u32,
}

impl Default for HandScannerSettings {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
            layout: KeyboardLayout::Auto,
            ends_by_pause: false,
            serial_port: None,
            baud: 9600,
        }
    }
}

impl HandScannerSettings {
    /// A text without what the scanner is programmed to send round each code.
    pub fn without_frame<'a>(&self, text: &'a str) -> &'a str {
        let text = text.strip_prefix(&*real(&self.prefix)).unwrap_or(text);
        text.strip_suffix(&*real(&self.suffix)).unwrap_or(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_programmed_round_a_code_is_taken_off() {
        let settings = HandScannerSettings { prefix: "<STX>".into(), suffix: "$".into(), ..Default::default() };
        for (sent, wanted) in [("\u{2}A1$", "A1"), ("A1", "A1"), ("A1$$", "A1$"), ("$", "")] {
            assert_eq!(settings.without_frame(sent), wanted);
        }
    }

    #[test]
    fn settings_of_an_older_version_keep_what_they_said() {
        let read: HandScannerSettings = serde_json::from_str(r#"{"suffix":"$","layout":"fr_azerty"}"#).unwrap();
        let wanted = HandScannerSettings {
            suffix: "$".into(),
            layout: KeyboardLayout::FrAzerty,
            ..HandScannerSettings::default()
        };
        assert_eq!(read, wanted);
        assert!(BAUD_RATES.contains(&read.baud));
    }
}

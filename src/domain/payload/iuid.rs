//! Unique item identifiers of MIL-STD-130N: the fields of a message put together to a UII.
//!
//! UII = agency code, enterprise, part or lot (construct 2 only), serial. A UII is never taken apart again: where the
//! enterprise ends and the serial begins cannot be seen in it.

use super::Understood;
use crate::domain::check_digit;
use crate::domain::mark::{Mark, Scheme};
use crate::domain::verdict::Finding;

/// Digits and letters of a CAGE or NCAGE code, of a DoDAAC, and digits of a DUNS number.
const CAGE_CHARS: usize = 5;
const DODAAC_CHARS: usize = 6;
const DUNS_DIGITS: usize = 9;

/// The fields of one message that bear on its identity. The first of each kind counts.
#[derive(Debug, Default)]
pub struct Elements {
    /// Whole UIIs (25S, UID); a label of a set can carry several.
    whole: Vec<String>,
    /// What is one as it stands (VIN, ESN), where nothing else makes a UII.
    equivalent: Option<String>,
    /// Agency code and enterprise.
    enterprise: Option<(&'static str, String)>,
    /// Enterprise and serial in one field (18S, USN).
    enterprise_and_serial: Option<String>,
    /// Part number, construct 2.
    part: Option<String>,
    /// Lot or batch, construct 2 where there is no part number.
    lot: Option<String>,
    /// Serial; what it is unique in depends on the qualifier.
    serial: Option<Serial>,
}

#[derive(Debug)]
enum Serial {
    /// `S`: within the part number if there is one, else within the enterprise.
    ByContext(String),
    /// `SER`, `UCN`: within the enterprise.
    WithinEnterprise(String),
    /// `SEQ`: within the part number or lot.
    WithinPart(String),
}

impl Serial {
    fn value(&self) -> &str {
        match self {
            Self::ByContext(v) | Self::WithinEnterprise(v) | Self::WithinPart(v) => v,
        }
    }
}

/// Agency codes of ISO/IEC 15459-2: CAGE, DoDAAC, DUNS, EHIBCC. GS1 has the digits, which its company prefixes begin
/// with, so nothing goes before one.
const CAGE: &str = "D";
const DODAAC: &str = "LD";
const DUNS: &str = "UN";
const EHIBCC: &str = "LH";
const GS1: &str = "";

impl Elements {
    /// A field of format 06: data identifier (ANSI MH10.8.2; up to three digits and a letter), then data.
    pub fn take_data_identifier(&mut self, field: &str, out: &mut Understood) {
        let letter = field.find(|c: char| !c.is_ascii_digit()).filter(|at| *at <= 3);
        let Some((identifier, data)) = letter.and_then(|at| field.split_at_checked(at + 1)) else {
            return out.left(field);
        };
        let data = data.trim();
        if data.is_empty() {
            return out.left(field);
        }
        match identifier {
            "25S" => self.whole.push(data.to_owned()),
            "22S" => {
                out.fact("electronic_serial", data);
                put(&mut self.equivalent, data, field, out);
            }
            "I" => {
                out.mark(Scheme::Vin, data);
                if !check_digit::vin_fits(&data.to_ascii_uppercase()) && super::vin::is_north_american(data) {
                    out.finding(Finding::CheckDigitWrong);
                }
                self.equivalent.get_or_insert_with(|| data.to_owned());
            }
            "18S" => put(&mut self.enterprise_and_serial, data, field, out),
            "17V" => put(&mut self.enterprise, (CAGE, data.to_owned()), field, out),
            "7L" => put(&mut self.enterprise, (DODAAC, data.to_owned()), field, out),
            "12V" => put(&mut self.enterprise, (DUNS, data.to_owned()), field, out),
            "3V" => put(&mut self.enterprise, (GS1, data.to_owned()), field, out),
            // The agency code already stands in it.
            "18V" => put(&mut self.enterprise, ("", data.to_owned()), field, out),
            "1P" => put(&mut self.part, data.to_owned(), field, out),
            "1T" => put(&mut self.lot, data.to_owned(), field, out),
            "S" => put(&mut self.serial, Serial::ByContext(data.to_owned()), field, out),
            "30P" => out.fact("current_part", data),
            "30T" => out.fact("current_lot", data),
            "4L" => out.fact("country_of_origin", data),
            "16D" => out.fact("manufactured", data),
            "14D" => out.fact("expires", data),
            "20P" | "P" => out.fact("part_of_customer", data),
            _ => out.left(field),
        }
    }

    /// A field of format 12: text element identifier, a space, data (ATA SPEC 2000).
    pub fn take_text_element(&mut self, field: &str, out: &mut Understood) {
        let field = field.trim();
        let Some((identifier, data)) = field.split_at_checked(3) else {
            return out.left(field);
        };
        let data = data.trim();
        if data.is_empty() {
            return out.left(field);
        }
        match identifier.to_ascii_uppercase().as_str() {
            "UID" => self.whole.push(data.to_owned()),
            "USN" | "UST" => put(&mut self.enterprise_and_serial, data, field, out),
            "CAG" | "MFR" | "SPL" => put(&mut self.enterprise, (CAGE, data.to_owned()), field, out),
            "DUN" => put(&mut self.enterprise, (DUNS, data.to_owned()), field, out),
            "EUC" => put(&mut self.enterprise, (GS1, data.to_owned()), field, out),
            "HIB" => put(&mut self.enterprise, (EHIBCC, data.to_owned()), field, out),
            "PNO" => put(&mut self.part, data.to_owned(), field, out),
            "LOT" | "BII" => put(&mut self.lot, data.to_owned(), field, out),
            "SER" | "UCN" => put(&mut self.serial, Serial::WithinEnterprise(data.to_owned()), field, out),
            "SEQ" => put(&mut self.serial, Serial::WithinPart(data.to_owned()), field, out),
            "PNR" => out.fact("current_part", data),
            "DMF" => out.fact("manufactured", data),
            "EXP" => out.fact("expires", data),
            _ => out.left(field),
        }
    }

    /// Puts the UII together and gives marks and facts. A construct that lacks a field gives no UII, only what is there.
    pub fn finish(self, out: &mut Understood) {
        let in_one = self.enterprise_and_serial.as_deref();
        let (uii, construct) = self.uii();
        if let Some(uii) = uii {
            out.marks.retain(|mark| mark.scheme != Scheme::Uii || mark.value != uii);
            out.marks.insert(0, Mark::new(Scheme::Uii, uii));
            out.fact("construct", construct);
        }
        self.whole.iter().for_each(|uii| out.mark(Scheme::Uii, uii));
        if let Some((agency, enterprise)) = &self.enterprise {
            out.fact("enterprise", enterprise.as_str());
            fault_of(agency, enterprise, out);
        }
        // Five characters and a serial of one at least.
        if let Some(both) = in_one.filter(|both| both.chars().count() <= CAGE_CHARS) {
            out.finding(Finding::MarkMalformed);
            out.fact(
                "fault",
                format!("{} characters for an enterprise code of {CAGE_CHARS} and a serial", both.chars().count()),
            );
        }
        match (&self.serial, in_one.and_then(|field| field.split_at_checked(CAGE_CHARS))) {
            (Some(serial), _) => out.mark(Scheme::Serial, serial.value()),
            (None, Some((cage, serial))) => {
                out.fact("enterprise", cage);
                out.mark(Scheme::Serial, serial);
            }
            (None, None) => {}
        }
        if let (Some(both), Some(_), false) = (in_one, &self.serial, self.whole.is_empty()) {
            out.left(both);
        }
        if let Some(part) = &self.part {
            out.fact("part", part.as_str());
        }
        if let Some(lot) = &self.lot {
            out.fact("lot", lot.as_str());
        }
    }

    fn uii(&self) -> (Option<String>, &'static str) {
        if let Some(whole) = self.whole.first() {
            return (Some(whole.clone()), "whole");
        }
        if let Some(both) = &self.enterprise_and_serial {
            return (Some(format!("{CAGE}{both}")), "1");
        }
        match self.constructed() {
            (None, _) => (self.equivalent.clone(), "whole"),
            constructed => constructed,
        }
    }

    fn constructed(&self) -> (Option<String>, &'static str) {
        let (Some((agency, enterprise)), Some(serial)) = (&self.enterprise, &self.serial) else {
            return (None, "");
        };
        let part = self.part.as_deref().or(self.lot.as_deref());
        let value = serial.value();
        match (serial, part) {
            (Serial::ByContext(_) | Serial::WithinPart(_), Some(part)) => {
                (Some(format!("{agency}{enterprise}{part}{value}")), "2")
            }
            (Serial::WithinPart(_), None) => (None, ""),
            (Serial::ByContext(_) | Serial::WithinEnterprise(_), _) => {
                (Some(format!("{agency}{enterprise}{value}")), "1")
            }
        }
    }
}

/// Says what is wrong with an enterprise code of the wrong length: whole marks made of it are another item's, or nobody's.
fn fault_of(agency: &str, enterprise: &str, out: &mut Understood) {
    let (due, of_digits) = match agency {
        CAGE => (CAGE_CHARS, false),
        DODAAC => (DODAAC_CHARS, false),
        DUNS => (DUNS_DIGITS, true),
        _ => return,
    };
    let chars = enterprise.chars().count();
    let fault = if chars != due {
        format!("enterprise code of {chars} characters where {due} are due")
    } else if !enterprise.bytes().all(|b| if of_digits { b.is_ascii_digit() } else { b.is_ascii_alphanumeric() }) {
        "enterprise code with other characters than its kind has".to_owned()
    } else {
        return;
    };
    out.finding(Finding::MarkMalformed);
    out.fact("fault", fault);
}

/// Keeps the first of a kind; a second one is left over.
fn put<T>(slot: &mut Option<T>, value: impl Into<T>, field: &str, out: &mut Understood) {
    if slot.is_some() {
        out.left(field);
    } else {
        *slot = Some(value.into());
    }
}

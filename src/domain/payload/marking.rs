//! Markings in the order of MOSAIC 05.30: country / maker / year / model / serial / calibre, in one text.

use super::Understood;
use crate::domain::keys::{canonical, is_usable};
use crate::domain::mark::Scheme;

/// Exactly six fields between slashes, bars or line ends, where the country is a code, the year a year and the serial
/// usable. With anything missing the order could not be told, so it is then no such text.
pub fn understand(text: &str) -> Option<Understood> {
    let fields: Vec<&str> = text.trim().split(['/', '|', '\n']).map(str::trim).collect();
    let [country, make, year, model, serial, calibre] = fields.as_slice() else { return None };
    let is_code = (2..=3).contains(&country.len()) && country.bytes().all(|b| b.is_ascii_uppercase());
    let year = year.parse::<u16>().ok().filter(|year| (1700..=2100).contains(year))?;
    let named = !make.is_empty() && !model.is_empty() && make.chars().any(char::is_alphabetic);
    if !(is_code && named && is_usable(&canonical(serial))) {
        return None;
    }
    let mut out = Understood::one("marking", Scheme::Serial, serial);
    let about = &mut out.description;
    about.country = Some((*country).to_owned());
    about.make = Some((*make).to_owned());
    about.year = Some(year);
    about.model = Some((*model).to_owned());
    about.calibre = (!calibre.is_empty()).then(|| (*calibre).to_owned());
    Some(out)
}

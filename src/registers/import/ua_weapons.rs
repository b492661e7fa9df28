//! `weaponswanted.json`, open data of Ukraine's Ministry of Internal Affairs.
//!
//! | theirs | ours |
//! |---|---|
//! | `weaponseries` + `weaponnumber` | the serial, joined without a space (a series is no label) |
//! | `brandmodel` | model; `producer` only says domestic or foreign and is no make |
//! | `weaponkind`, `weaponcaliber`, `graduationyear` | kind, calibre, year |
//! | `reasonsearch` | ВТРАТА lost, ВИКРАДЕННЯ stolen |
//! | `organunit` (`unit` in some editions) | owner |
//! | `insertdate`, `theftdate` | reported on, lost on |

use super::Defaults;
use super::cells;
use super::days::{Unread, named_day, named_year};
use super::json_array::{Form, ID, Raw};
use super::mapping::Mapping;
use super::row::{ROUNDED, marks_of, status_of};
use crate::domain::{Description, Object, Record, Scheme};

const MODEL: usize = 1;
const KIND: usize = 2;
const SERIES: usize = 3;
const NUMBER: usize = 4;
const CALIBRE: usize = 5;
const YEAR: usize = 6;
const UNIT: usize = 7;
const REASON: usize = 8;
const INSERTED: usize = 9;
const LOST: usize = 10;

pub(super) static FORM: Form = Form {
    names: &[
        ("id", ID),
        ("brandmodel", MODEL),
        ("weaponkind", KIND),
        ("weaponseries", SERIES),
        ("weaponnumber", NUMBER),
        ("weaponcaliber", CALIBRE),
        ("graduationyear", YEAR),
        ("organunit", UNIT),
        ("unit", UNIT),
        ("reasonsearch", REASON),
        ("insertdate", INSERTED),
        ("theftdate", LOST),
    ],
    marks: &[SERIES, NUMBER],
    into_record,
};

fn into_record(mut raw: Raw, mapping: &Mapping, defaults: &Defaults, unread: &mut Unread) -> Result<Record, String> {
    let number = raw.take(NUMBER).filter(|number| !cells::is_nothing(number)).ok_or("it has no weapon number")?;
    // Joined without a space: "NO" beside "1234" would read as a label before a number.
    let serial = cells::joined([raw.take(SERIES).unwrap_or_default().as_str(), &number]);
    if cells::is_rounded(&serial) {
        return Err(ROUNDED.to_owned());
    }
    Ok(Record {
        marks: marks_of(Scheme::Serial, &serial, None),
        description: Description {
            object: Some(defaults.object.unwrap_or(Object::Firearm)),
            kind: raw.take(KIND),
            model: raw.take(MODEL),
            calibre: raw.take(CALIBRE),
            year: named_year(raw.take(YEAR), unread),
            ..Description::default()
        },
        status: match raw.take(REASON) {
            Some(text) => status_of(mapping.value("status", text))?,
            None => defaults.kind.status(),
        },
        owner: raw.take(UNIT).unwrap_or_else(|| defaults.owner.clone()),
        reported_on: named_day("insertdate", raw.take(INSERTED), mapping, unread),
        lost_on: named_day("theftdate", raw.take(LOST), mapping, unread),
        ..Record::default()
    })
}

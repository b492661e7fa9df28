//! `carswanted.json`, open data of Ukraine's Ministry of Internal Affairs: vehicles sought after an illegal seizure.
//!
//! | theirs | ours |
//! |---|---|
//! | `vehiclenumber` | plate |
//! | `bodynumber`, `chassisnumber` | a VIN where it has seventeen characters, else a serial at `body` or `chassis` |
//! | `enginenumber` | engine |
//! | `brand`, `model`, `cartype`, `color` | make, model, kind, colour |
//! | `organunit` (`unit` in some editions) | owner |
//! | `insertdate`, `illegalseizuredate` (`theftdate`) | reported on, lost on |
//!
//! Everything in this register was taken unlawfully, so its status is *stolen*.

use super::Defaults;
use super::days::{Unread, named_day};
use super::json_array::{Form, ID, Raw};
use super::mapping::Mapping;
use super::row::{body_scheme, marks_of};
use crate::domain::keys;
use crate::domain::{Description, Mark, Object, Record, Scheme, Status};

const BRAND: usize = 1;
const MODEL: usize = 2;
const TYPE: usize = 3;
const COLOUR: usize = 4;
const PLATE: usize = 5;
const BODY: usize = 6;
const CHASSIS: usize = 7;
const ENGINE: usize = 8;
const SEIZED: usize = 9;
const UNIT: usize = 10;
const INSERTED: usize = 11;

pub(super) static FORM: Form = Form {
    names: &[
        ("id", ID),
        ("brand", BRAND),
        ("model", MODEL),
        ("brandmodel", MODEL),
        ("cartype", TYPE),
        ("color", COLOUR),
        ("vehiclenumber", PLATE),
        ("bodynumber", BODY),
        ("chassisnumber", CHASSIS),
        ("enginenumber", ENGINE),
        ("illegalseizuredate", SEIZED),
        ("theftdate", SEIZED),
        ("organunit", UNIT),
        ("unit", UNIT),
        ("insertdate", INSERTED),
    ],
    marks: &[PLATE, BODY, CHASSIS, ENGINE],
    into_record,
};

fn into_record(mut raw: Raw, mapping: &Mapping, defaults: &Defaults, unread: &mut Unread) -> Result<Record, String> {
    let mut marks: Vec<Mark> = Vec::new();
    for (slot, place) in [(BODY, "body"), (CHASSIS, "chassis")] {
        if let Some(text) = raw.take(slot) {
            let found = marks_of(body_scheme(&text), &text, Some(place));
            // Most cars have one number for both, and the source writes it twice.
            marks.extend(
                found.into_iter().filter(|m| !marks.iter().any(|known| known.value == m.value)).collect::<Vec<_>>(),
            );
        }
    }
    for (slot, scheme) in [(PLATE, Scheme::Plate), (ENGINE, Scheme::Engine)] {
        if let Some(text) = raw.take(slot) {
            marks.extend(marks_of(comparable(scheme, &text), &text, None));
        }
    }
    if marks.is_empty() {
        return Err("it has no plate, body, chassis or engine number".to_owned());
    }
    Ok(Record {
        marks,
        description: Description {
            object: Some(defaults.object.unwrap_or(Object::Vehicle)),
            kind: raw.take(TYPE),
            make: raw.take(BRAND),
            model: raw.take(MODEL),
            ..Description::default()
        },
        colour: raw.take(COLOUR),
        status: if defaults.kind.status().is_wanted() { Status::Stolen } else { defaults.kind.status() },
        owner: raw.take(UNIT).unwrap_or_else(|| defaults.owner.clone()),
        reported_on: named_day("insertdate", raw.take(INSERTED), mapping, unread),
        lost_on: named_day("illegalseizuredate", raw.take(SEIZED), mapping, unread),
        ..Record::default()
    })
}

/// Words in place of a number (БН, 000) are kept and shown, never compared: a plate or an engine number is taken for equal
/// as it stands, and every car without one would be the same car.
fn comparable(scheme: Scheme, text: &str) -> Scheme {
    if keys::is_usable(&keys::canonical(text)) { scheme } else { Scheme::Other }
}

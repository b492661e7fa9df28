//! JSON lines: one object a line, by our field names or a mapping's, with an optional list of marks.

use std::io::{BufRead, Read};

use serde_json::{Map, Value};

use super::days::Remarks;
use super::intake::{Fault, Intake};
use super::mapping::Mapping;
use super::row::{self, FIELDS, Row, Target};
use super::source::{Source, encoding_hint};
use super::{Defaults, ImportError, ImportSummary};
use crate::domain::{Mark, Scheme};

/// A line longer than this is no record.
const LINE_BYTES_MAX: u64 = 1 << 20;

pub(super) fn read<R: Read>(
    mut source: Source<R>,
    mapping: &Mapping,
    defaults: &Defaults,
    mut intake: Intake<'_>,
) -> Result<ImportSummary, ImportError> {
    let position = source.position();
    let first = source.head().iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'{') {
        let detail = match first {
            Some(b'[') => "it begins with a bracket: one array, perhaps --format ua-weapons",
            _ => "it does not begin with a brace",
        };
        return Err(malformed(position.line(), 0, detail));
    }
    let mut line_bytes = Vec::new();
    loop {
        let line = position.line();
        line_bytes.clear();
        let n = source.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line_bytes)?;
        if n == 0 {
            break;
        }
        let whole = line_bytes.ends_with(b"\n");
        if !whole && n as u64 == LINE_BYTES_MAX {
            return Err(malformed(line, intake.summary.rows, "a line is longer than a megabyte"));
        }
        if line_bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if std::str::from_utf8(&line_bytes).is_err_and(|e| whole || e.error_len().is_some()) {
            return Err(ImportError::Encoding { line, hint: encoding_hint(&line_bytes) });
        }
        let mut remarks = Remarks::default();
        let outcome = match serde_json::from_slice::<Value>(&line_bytes) {
            Ok(Value::Object(object)) => {
                let row = row_of(object, mapping).map_err(Fault::from);
                row.and_then(|row| row.into_record(mapping, defaults, &mut remarks))
            }
            Ok(_) => Err("it is no JSON object".to_owned().into()),
            // The last line without its end is a file that broke off; any other is one bad row.
            Err(_) if !whole => return Err(ImportError::Truncated { line, rows: intake.summary.rows }),
            Err(e) => Err(format!("it is not JSON (column {})", e.column()).into()),
        };
        intake.row(line, position.bytes(), outcome, remarks)?;
    }
    intake.report(position.bytes());
    Ok(intake.summary)
}

fn malformed(line: u64, rows: u64, detail: &str) -> ImportError {
    ImportError::Malformed { line, rows, expected: "JSON lines", detail: detail.to_owned() }
}

fn row_of(object: Map<String, Value>, mapping: &Mapping) -> Result<Row, String> {
    let mut row = Row::default();
    let mut found: Vec<(Target, String)> = Vec::new();
    for (key, value) in object {
        if key == "marks" {
            row.marks = marks_of(&mut row, value)?;
            continue;
        }
        if key == "ranges" {
            take_ranges(&mut row, value)?;
            continue;
        }
        let targets = mapping.targets_of(&key);
        if targets.is_empty() {
            continue;
        }
        let is_action = targets.iter().any(|target| FIELDS.get(target.field) == Some(&"action"));
        let value = match value {
            // What it asks for cannot be read, and is shown to the finder as it stands.
            Value::Bool(_) | Value::Array(_) | Value::Object(_) if is_action => Value::String(value.to_string()),
            value => value,
        };
        let text = match text_of(&key, value) {
            Err(reason) if targets.iter().any(|target| row::costs_the_row(target.field)) => return Err(reason),
            Err(_) => {
                row.remarks.unread.extend(targets.iter().filter_map(|target| FIELDS.get(target.field)));
                continue;
            }
            Ok(text) => text,
        };
        if let Some(text) = text {
            found.extend(targets.into_iter().map(|target| (target, text.clone())));
        }
    }
    row.place(&mut found.iter().map(|(target, text)| (target, text)).collect::<Vec<_>>())
        .map_err(|name| format!("two of its fields are {name}"))?;
    mapping.fill(&mut row);
    Ok(row)
}

/// Takes lots of serials in: `[{"from","to","place"}]`.
fn take_ranges(row: &mut Row, value: Value) -> Result<(), String> {
    let Value::Array(list) = value else {
        return Err("ranges is no list".to_owned());
    };
    let range = |row: &mut Row, entry: Value| {
        let Value::Object(mut object) = entry else {
            return Err("a range is no object".to_owned());
        };
        let mut text = |key: &str| object.remove(key).map(|v| text_of(key, v)).transpose().map(Option::flatten);
        let (from, to, place) = (text("from")?, text("to")?, text("place")?);
        let (Some(from), Some(to)) = (from, to) else {
            return Err("one end of a range of serials is missing".to_owned());
        };
        let place = place.map(|place| row.plain("place", &place).into_owned());
        row::range_of(&row.plain("serial_from", &from), &row.plain("serial_to", &to), place)
    };
    for entry in list {
        match range(row, entry) {
            Ok(range) => row.ranges.push(range),
            Err(reason) => row.spoilt_range = Some(reason),
        }
    }
    Ok(())
}

fn text_of(key: &str, value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(format!("{} is neither text nor number", key.escape_debug()))
        }
    }
}

fn marks_of(row: &mut Row, value: Value) -> Result<Vec<Mark>, String> {
    let Value::Array(list) = value else {
        return Err("marks is no list".to_owned());
    };
    let mut marks = Vec::new();
    for entry in list {
        match entry {
            Value::String(text) => marks.extend(row::marks_of(Scheme::Serial, &row.plain("serial", text.trim()), None)),
            Value::Object(mut object) => {
                let mut text = |key: &str| object.remove(key).map(|v| text_of(key, v)).transpose().map(Option::flatten);
                let value = text("value")?.ok_or("a mark has no value")?;
                let scheme = match text("scheme")? {
                    None => Scheme::Serial,
                    Some(name) => name.parse().map_err(|_| format!("a mark has the unknown scheme {name:?}"))?,
                };
                let place = text("place")?;
                let place = place.as_deref().map(|place| row.plain("place", place));
                marks.extend(row::marks_of(scheme, &row.plain("serial", value.trim()), place.as_deref()));
            }
            _ => return Err("a mark is neither text nor object".to_owned()),
        }
    }
    marks.retain(|mark| !mark.value.is_empty());
    Ok(marks)
}

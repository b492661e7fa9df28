//! CSV: comma, semicolon or tab separated text with a header line.

use std::io::{self, Read};

use super::cells;
use super::days::Remarks;
use super::intake::{Fault, Intake};
use super::mapping::Mapping;
use super::row::{self, FIELDS, Row, Target};
use super::source::{Source, encoding_hint};
use super::{Defaults, ImportError, ImportSummary};

/// No row is as long. One of several lines that is, is a quote that was opened and never closed; of a single line that is, no
/// more is read, for it may be the whole of a file that is no table.
const ROW_BYTES_MAX: usize = 1 << 20;

/// So many lines may one row have.
const ROW_LINES_MAX: u64 = 4;

/// Where a column's text goes: nowhere, or to one field or several.
type Columns = Vec<Vec<Target>>;

pub(super) fn read<R: Read>(
    source: Source<R>,
    mapping: &Mapping,
    defaults: &Defaults,
    mut intake: Intake<'_>,
) -> Result<ImportSummary, ImportError> {
    let position = source.position();
    let delimiter = mapping.delimiter.unwrap_or_else(|| guess_delimiter(source.head()));
    let mut csv = csv::ReaderBuilder::new();
    csv.delimiter(delimiter).flexible(true).has_headers(true);
    let mut csv = csv.from_reader(ShortLines { inner: source, line: 1, bytes: 0 });
    let header = csv.byte_headers().map_err(|e| failed(e, intake.summary.rows))?.clone();
    let names: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_owned()).collect();
    let columns = columns_of(&names, mapping)?;

    let mut record = csv::ByteRecord::new();
    let mut line_after = csv.position().line();
    let mut last = None;
    loop {
        match csv.read_byte_record(&mut record) {
            Ok(true) => {}
            // Whether a quote was closed is not told; a last text of several lines is taken for one that was not.
            Ok(false) => match last {
                Some((line, true)) => return Err(unclosed(line, intake.summary.rows)),
                _ => break,
            },
            Err(e) => return Err(failed(e, intake.summary.rows)),
        }
        let line = record.position().map_or(0, csv::Position::line);
        // A quote that was opened by mistake swallows the rows after it until the next quote, or the end: rows that nobody
        // would miss. A real text of several lines is short.
        let lines = csv.position().line().saturating_sub(line_after);
        line_after = csv.position().line();
        if record.as_slice().len() > ROW_BYTES_MAX || lines > ROW_LINES_MAX {
            return Err(unclosed(line, intake.summary.rows));
        }
        last = Some((line, record.iter().next_back().is_some_and(|field| field.contains(&b'\n'))));
        if std::str::from_utf8(record.as_slice()).is_err() {
            return Err(ImportError::Encoding { line, hint: encoding_hint(record.as_slice()) });
        }
        if record.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        // Files laid together have their header again where the next one begins.
        if record.len() == header.len() && record.iter().zip(&header).all(|(a, b)| a.trim_ascii() == b.trim_ascii()) {
            intake.repeated();
            continue;
        }
        let mut remarks = Remarks::default();
        let outcome = row_of(&record, &columns, names.len()).map_err(Fault::from).and_then(|mut row| {
            mapping.fill(&mut row);
            row.into_record(mapping, defaults, &mut remarks)
        });
        intake.row(line, position.bytes(), outcome, remarks)?;
    }
    intake.report(position.bytes());
    Ok(intake.summary)
}

fn columns_of(names: &[String], mapping: &Mapping) -> Result<Columns, ImportError> {
    let short = |n: &String| cells::without_controls(n, ' ').unwrap_or_else(|| n.clone()).chars().take(30).collect();
    let shown = || names.iter().take(12).map(short).collect::<Vec<String>>().join(", ");
    for headers in mapping.columns.values() {
        if let Some(absent) = headers.iter().find(|h| !names.iter().any(|n| n == h.trim())) {
            return Err(ImportError::Columns { missing: absent.clone(), columns: shown() });
        }
    }
    let columns: Columns = names.iter().map(|name| mapping.targets_of(name)).collect();
    // Which of two is meant nobody can say, and both together would make a serial that stands on no weapon.
    let is_used = |n: usize| !columns[n].is_empty();
    if let Some(n) = (0..names.len()).find(|&n| is_used(n) && names[..n].contains(&names[n])) {
        return Err(ImportError::Twice { name: names[n].clone() });
    }
    let gives_mark = |name: &&str| row::is_mark(name) || *name == "serial_from";
    let has_mark = columns.iter().flatten().any(|target| FIELDS.get(target.field).is_some_and(gives_mark));
    if has_mark { Ok(columns) } else { Err(ImportError::Columns { missing: "serial".to_owned(), columns: shown() }) }
}

fn row_of(record: &csv::ByteRecord, columns: &Columns, names: usize) -> Result<Row, String> {
    // Spreadsheets leave separators behind the last column.
    if record.iter().skip(names).any(|field| !field.trim_ascii().is_empty()) {
        return Err(format!("it has {} fields and the header {names}", record.len()));
    }
    let mut row = Row::default();
    // Texts that are joined come in the mapping's order, whatever the order of the columns.
    let mut texts: Vec<(&Target, &str)> = Vec::with_capacity(names);
    for (value, fields) in record.iter().zip(columns) {
        let text = std::str::from_utf8(value).map_err(|_| "it is not UTF-8".to_owned())?.trim();
        if !text.is_empty() {
            texts.extend(fields.iter().map(|target| (target, text)));
        }
    }
    row.place(&mut texts);
    Ok(row)
}

/// The separator that the header line has most of, outside of quotes.
fn guess_delimiter(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0usize), (b';', 0), (b'\t', 0)];
    for &byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(d, _)| *d == byte).for_each(|(_, n)| *n += 1),
        }
    }
    // A tie goes to the comma, the first.
    counts.into_iter().rev().max_by_key(|&(_, n)| n).map_or(b',', |(d, _)| d)
}

/// A reader that refuses lines longer than any row, so that no more of a file is held than that.
struct ShortLines<R> {
    inner: R,
    line: u64,
    bytes: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("line {line} is too long")]
struct TooLong {
    line: u64,
}

impl<R: Read> Read for ShortLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        for part in out[..read].split_inclusive(|&b| b == b'\n' || b == b'\r') {
            self.bytes += part.len();
            if self.bytes > ROW_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, TooLong { line: self.line }));
            }
            match part.last() {
                Some(b'\n') => (self.line, self.bytes) = (self.line + 1, 0),
                // Files of old have lines that end so, and nothing else.
                Some(b'\r') => self.bytes = 0,
                _ => {}
            }
        }
        Ok(read)
    }
}

fn unclosed(line: u64, rows: u64) -> ImportError {
    let detail = "a quote is opened here and not closed".to_owned();
    ImportError::Malformed { line, rows, expected: "CSV", detail }
}

fn failed(error: csv::Error, rows: u64) -> ImportError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(e) => match e.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>()) {
            Some(&TooLong { line }) => {
                let detail = format!("it is longer than {} MiB, as no row is", ROW_BYTES_MAX >> 20);
                ImportError::Malformed { line, rows, expected: "CSV", detail }
            }
            None => ImportError::Read(e),
        },
        csv::ErrorKind::Utf8 { .. } => ImportError::Encoding { line, hint: "" },
        kind => ImportError::Malformed { line, rows, expected: "CSV", detail: format!("{kind:?}") },
    }
}

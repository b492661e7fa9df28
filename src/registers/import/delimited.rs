//! CSV: comma, semicolon or tab separated text with a header line.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

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

/// A row of more lines in which other rows seem to stand is no row of this file.
const ROW_LINES_MAX: usize = 4;
/// Columns that a line must have before one within a text can be told from a row.
const TOLD_COLUMNS_MIN: usize = 3;
/// Rows that tell whether each has separators behind its last column.
const TOLD_ROWS: usize = 20;

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
    let has_lines = source.head().contains(&b'\n');
    let behind = separators_behind(source.head(), delimiter);
    let mut csv = csv::ReaderBuilder::new();
    csv.delimiter(delimiter).flexible(true).has_headers(true).terminator(csv::Terminator::Any(b'\n'));
    let lines = Lines::of(source, has_lines);
    let end = Rc::clone(&lines.end);
    let mut csv = csv.from_reader(lines);
    let header = csv.byte_headers().map_err(|e| failed(e, intake.summary.rows))?.clone();
    let names: Vec<String> = header.iter().map(|h| String::from_utf8_lossy(h).trim().to_owned()).collect();
    let columns = columns_of(&names, mapping)?;
    // Columns without a name at the end of the header need not be there.
    let named = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);

    let mut record = csv::ByteRecord::new();
    while csv.read_byte_record(&mut record).map_err(|e| failed(e, intake.summary.rows))? {
        let within = record.as_slice().iter().filter(|&&b| b == b'\n').count();
        // Each row ends with its line, but for one whose last text goes on to the end of the file.
        let is_unclosed =
            end.get() == End::Told && record.iter().next_back().is_some_and(|field| field.ends_with(b"\n"));
        let line = csv.position().line().saturating_sub(within as u64 + u64::from(!is_unclosed)).max(1);
        // A quote that was opened by mistake swallows the rows after it until the next quote, or the end: rows that nobody
        // would miss.
        let swallows = within > 0 && holds_rows(&record, delimiter, names.len());
        let is_long = within >= ROW_LINES_MAX && (swallows || names.len() < TOLD_COLUMNS_MIN);
        if is_unclosed || is_long || record.as_slice().len() > ROW_BYTES_MAX {
            return Err(unclosed(line, intake.summary.rows));
        }
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
        let is_cut = record.len() < named && end.get() == End::BrokeOff;
        if is_cut {
            return Err(ImportError::Truncated { line, rows: intake.summary.rows });
        }
        let mut remarks = Remarks::default();
        let outcome = if swallows {
            Err(Fault::from("a quote in it is not closed, so that rows after it stand in its text".to_owned()))
        } else {
            row_of(&record, &columns, named, behind).and_then(|mut row| {
                mapping.fill(&mut row);
                row.into_record(mapping, defaults, &mut remarks)
            })
        };
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
    let is_there =
        |n: usize| columns[n].iter().any(|target| columns[..n].iter().flatten().any(|other| other == target));
    if let Some(n) = (0..names.len()).find(|&n| is_there(n)) {
        return Err(ImportError::Twice { name: names[n].clone() });
    }
    let gives_mark = |name: &&str| row::is_mark(name) || *name == "serial_from";
    let has_mark = columns.iter().flatten().any(|target| FIELDS.get(target.field).is_some_and(gives_mark));
    if has_mark { Ok(columns) } else { Err(ImportError::Columns { missing: "serial".to_owned(), columns: shown() }) }
}

/// `named`: columns up to the last one that has a name; `behind`: see [`separators_behind`].
fn row_of(record: &csv::ByteRecord, columns: &Columns, named: usize, behind: usize) -> Result<Row, Fault> {
    let (names, fields) = (columns.len(), record.len());
    let is_empty = |field: &[u8]| field.trim_ascii().is_empty();
    let fits = (named..=names).contains(&fields) || fields == names + behind && record.iter().skip(names).all(is_empty);
    if !fits {
        // One with a decimal comma has its texts one column on; one with fewer was cut, and nobody knows where.
        let id =
            record.iter().zip(columns).find(|(_, targets)| targets.iter().any(|t| FIELDS.get(t.field) == Some(&"id")));
        let id = id.map(|(id, _)| String::from_utf8_lossy(id).trim().to_owned()).filter(|id| !id.is_empty());
        return Err(Fault { id, reason: format!("it has {fields} fields and the header {names}") });
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
    row.place(&mut texts).map_err(|name| format!("two of its fields are {name}"))?;
    Ok(row)
}

/// Whether a line within one of the texts has as many separators as a row.
fn holds_rows(record: &csv::ByteRecord, delimiter: u8, names: usize) -> bool {
    let separators = |line: &[u8]| line.iter().filter(|&&b| b == delimiter).count();
    let is_row = |line: &[u8]| separators(line) + 1 >= names;
    names >= TOLD_COLUMNS_MIN && record.iter().any(|field| field.split(|&b| b == b'\n').skip(1).any(is_row))
}

/// Separators that stand behind the last column in each row and not in the header, as some programs write them: where the first
/// rows have them, all of them. One row alone may have them for a decimal comma.
fn separators_behind(head: &[u8], delimiter: u8) -> usize {
    let mut csv = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(head);
    let mut lengths = csv.byte_records().map_while(Result::ok).map(|record| record.len());
    let Some(names) = lengths.next() else { return 0 };
    let lengths: Vec<usize> = lengths.take(TOLD_ROWS).collect();
    match lengths[..] {
        // The last one may be cut where the look ends.
        [first, second, ..] if first > names && second == first => {
            let whole = &lengths[..if lengths.len() == TOLD_ROWS { TOLD_ROWS } else { lengths.len().max(3) - 1 }];
            if whole.iter().all(|&len| len == first) { first - names } else { 0 }
        }
        _ => 0,
    }
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

/// A reader that gives every line the same end, the last one, too, and refuses lines longer than any row, so that no more of a file is
/// held than that.
struct Lines<R> {
    inner: R,
    /// Lines end with a line feed, perhaps behind a carriage return; in files of old with a carriage return alone.
    has_lines: bool,
    /// A carriage return was read, and not what stands behind it.
    returned: bool,
    last: u8,
    line: u64,
    bytes: usize,
    end: Rc<Cell<End>>,
}

/// What is known of the end of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum End {
    #[default]
    Ahead,
    /// Its last line had no end, and was given one.
    BrokeOff,
    /// The parser knows that nothing more comes.
    Told,
}

#[derive(Debug, thiserror::Error)]
#[error("line {line} is too long")]
struct TooLong {
    line: u64,
}

impl<R> Lines<R> {
    fn of(inner: R, has_lines: bool) -> Self {
        Self { inner, has_lines, returned: false, last: b'\n', line: 1, bytes: 0, end: Rc::default() }
    }

    /// Puts a byte into its place.
    fn put(&mut self, out: &mut [u8], at: &mut usize, byte: u8) {
        out[*at] = byte;
        *at += 1;
        self.last = byte;
    }
}

impl<R: Read> Read for Lines<R> {
    /// The buffer must have room for two bytes; that of a CSV reader has thousands.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 {
            let begin = usize::from(self.returned);
            let read = self.inner.read(&mut out[begin..])?;
            if read == 0 {
                let returned = std::mem::take(&mut self.returned);
                if returned || self.last != b'\n' {
                    self.end.set(if returned { End::Ahead } else { End::BrokeOff });
                    self.put(out, &mut written, b'\n');
                } else {
                    self.end.set(End::Told);
                }
                return Ok(written);
            }
            for at in begin..begin + read {
                let byte = out[at];
                if !self.has_lines {
                    self.put(out, &mut written, if byte == b'\r' { b'\n' } else { byte });
                    continue;
                }
                if std::mem::replace(&mut self.returned, byte == b'\r') && byte != b'\n' {
                    self.put(out, &mut written, b'\r');
                }
                if byte != b'\r' {
                    self.put(out, &mut written, byte);
                }
            }
        }
        for part in out[..written].split_inclusive(|&b| b == b'\n') {
            self.bytes += part.len();
            if self.bytes > ROW_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, TooLong { line: self.line }));
            }
            if part.ends_with(b"\n") {
                (self.line, self.bytes) = (self.line + 1, 0);
            }
        }
        Ok(written)
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

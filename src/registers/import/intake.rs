//! What happens to every row, whatever file it stood in: duplicates, rejects, counting.

use super::days::Remarks;
use super::seen::{Earlier, Seen};
use super::{ImportError, ImportSummary, Imported, Note, Progress, Reject, Sinks};
use crate::domain::keys;
use crate::domain::{Record, Scheme};
use crate::registers::{RecordBytes, chunk};

const PROGRESS_EVERY_ROWS: u64 = 4096;

/// What is wrong with a row, and which record it speaks of when it says so.
pub(super) struct Fault {
    pub id: Option<String>,
    pub reason: String,
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self { id: None, reason }
    }
}

/// Takes rows from a reader and hands records and rejects on.
pub(super) struct Intake<'a> {
    sinks: Sinks<'a>,
    seen: Seen,
    pub summary: ImportSummary,
}

impl<'a> Intake<'a> {
    pub fn new(sinks: Sinks<'a>) -> Self {
        Self { sinks, seen: Seen::new(), summary: ImportSummary::default() }
    }

    /// One row, read or unreadable, with what is to be said of its fields. A record without id gets the derived one.
    pub fn row(
        &mut self,
        line: u64,
        bytes: u64,
        row: Result<Record, Fault>,
        remarks: Remarks,
    ) -> Result<(), ImportError> {
        self.summary.rows += 1;
        if self.summary.rows.is_multiple_of(PROGRESS_EVERY_ROWS) {
            self.report(bytes);
        }
        match row {
            Ok(record) => self.record(line, record, remarks),
            Err(Fault { id, reason }) => self.reject(line, id, reason),
        }
    }

    /// A row that says nothing of a record, and was read before.
    pub fn repeated(&mut self) {
        self.summary.rows += 1;
        self.summary.duplicates += 1;
    }

    fn record(&mut self, line: u64, mut record: Record, remarks: Remarks) -> Result<(), ImportError> {
        if record.id.is_empty() {
            record.id = record.derived_id();
        }
        let content_hash = record.content_hash();
        let bucket_key = chunk::bucket_key(&record.id);
        match self.seen.note(id_hash(&record.id), head_of(&content_hash.0)) {
            Earlier::None => {}
            Earlier::Same => {
                self.summary.duplicates += 1;
                return Ok(());
            }
            Earlier::Other => {
                let reason = "an earlier row has the same id and other content".to_owned();
                return self.reject(line, Some(record.id), reason);
            }
        }
        self.summary.imported += 1;
        let Remarks { unread, controls } = remarks;
        self.summary.years_unread += u64::from(unread.contains(&"year"));
        if !unread.is_empty() || !controls.is_empty() {
            self.summary.noted += 1;
            let note = Note { line, id: record.id.clone(), unread, controls };
            (self.sinks.note)(note).map_err(ImportError::Sink)?;
        }
        self.summary.unusable += u64::from(!can_be_found(&record));
        (self.sinks.record)(Imported { record, line, content_hash, bucket_key }).map_err(ImportError::Sink)
    }

    fn reject(&mut self, line: u64, id: Option<String>, reason: String) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        (self.sinks.reject)(Reject { line, id, reason }).map_err(ImportError::Sink)
    }

    /// Tells the caller how far it is.
    pub fn report(&mut self, bytes: u64) {
        (self.sinks.progress)(Progress { rows: self.summary.rows, bytes });
    }
}

fn head_of(hash: &[u8; 32]) -> u64 {
    u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}

fn id_hash(id: &str) -> u64 {
    use sha2::{Digest, Sha256};
    head_of(&Sha256::digest(id.as_bytes()).into())
}

/// At least one mark gives a key that a check can meet.
fn can_be_found(record: &Record) -> bool {
    !record.ranges.is_empty()
        || record.marks.iter().any(|mark| match mark.scheme {
            Scheme::Gtin | Scheme::Other => false,
            scheme if scheme.is_compared_loosely() => {
                keys::split_parts(&mark.value).iter().any(|part| keys::keys(part).usable)
            }
            scheme => keys::exact_key(scheme, &mark.value).len() >= 2,
        })
}

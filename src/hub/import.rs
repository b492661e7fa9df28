//! `register import`: a source's file into the hub's rows, whole or not at all.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::dir::make_private_dir;
use super::spill::Spill;
use super::storage::{Extent, ImportNote, NewRecord, Taken};
use super::{Hub, HubError};
use crate::domain::{Object, RegisterId, RegisterKind};
use crate::registers::RecordBytes;
use crate::registers::import::{Defaults, Format, Mapping, Profile, ProfileReport, Progress, Sinks, import};

/// How to read a file.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Its form.
    pub format: Format,
    /// What its columns mean.
    pub mapping: Mapping,
    /// What the register lists, for rows that do not say it.
    pub object: Option<Object>,
    /// Moment up to which the data reach, milliseconds since 1970.
    pub as_of_ms: i64,
    /// Whether a person gave that moment, so that it holds even when no row changed.
    pub as_of_given: bool,
    /// Where rejected rows are written; in the hub's own folder by default.
    pub rejects: Option<PathBuf>,
    /// How much of the register the file is.
    pub extent: Extent,
    /// Look at the file and say what it would do; change nothing.
    pub dry_run: bool,
}

impl ImportOptions {
    /// A whole register in a file of that form, whose rows say all that is needed.
    pub fn of(format: Format, as_of_ms: i64) -> Self {
        Self {
            format,
            mapping: Mapping::default(),
            object: None,
            as_of_ms,
            as_of_given: false,
            rejects: None,
            extent: Extent::default(),
            dry_run: false,
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportReport {
    /// The register.
    pub register: RegisterId,
    /// Rows read.
    pub rows: u64,
    /// What became of the good ones.
    #[serde(flatten)]
    pub stored: Taken,
    /// Rows that repeat an earlier one exactly.
    pub duplicates: u64,
    /// Rows set aside.
    pub rejected: u64,
    /// Those of them that do not say of which record they speak. Any record that the file does not name may be one of them,
    /// so none counts as withdrawn then without a person's word.
    pub nameless: u64,
    /// Good rows that no check can find, because none of their marks is usable.
    pub unusable: u64,
    /// Good rows whose year could not be read; their records have none.
    pub years_unread: u64,
    /// How many good rows have a field that cannot be read, by the field's name; their records do without it.
    pub unread: BTreeMap<&'static str, u64>,
    /// Good rows with control characters in them; each run of them is a space in the record, or parts two serials.
    pub controls: u64,
    /// The register's data reached further than this file's already: it holds what an older file says, and its age stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub older_than: Option<chrono::DateTime<chrono::Utc>>,
    /// Where the rejected rows are listed, when there are any.
    pub rejects: Option<PathBuf>,
    /// Where the rows are listed whose fields cannot be read or hold control characters, when there are any.
    pub notes: Option<PathBuf>,
    /// What a dry run saw of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileReport>,
}

impl Hub {
    /// Makes a register of wanted items.
    ///
    /// # Errors
    /// When one of that name exists, or the name does not fit.
    pub fn create_register(&self, id: &str, owner: &str) -> Result<RegisterId, HubError> {
        self.create_register_of(RegisterKind::Wanted, id, owner)
    }

    /// Makes a register of that kind. Its records are of the kind's status where their rows name none.
    ///
    /// # Errors
    /// As [`Self::create_register`].
    pub fn create_register_of(&self, kind: RegisterKind, id: &str, owner: &str) -> Result<RegisterId, HubError> {
        let id = RegisterId::parse(id).ok_or_else(|| HubError::BadRegisterId(id.to_owned()))?;
        if self.storage.create_register(&id, owner, kind, super::now_ms())? {
            Ok(id)
        } else {
            Err(HubError::RegisterExists(id.0))
        }
    }

    /// Imports a file. Rows that are new or changed are stored in one transaction; nothing is published yet.
    ///
    /// # Errors
    /// When the file cannot be taken as a whole; the register is then as it was.
    pub fn import_register(
        &self,
        id: &RegisterId,
        options: &ImportOptions,
        reader: impl Read,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<ImportReport, HubError> {
        let register = self.storage.register(id)?.ok_or_else(|| HubError::NoSuchRegister(id.0.clone()))?;
        let folder = self.dir.path();
        let spill = RefCell::new(Spill::new(folder).map_err(|e| HubError::file(folder, e))?);
        let profile = RefCell::new(options.dry_run.then(Profile::default));
        let listed = options.rejects.clone().unwrap_or_else(|| self.dir.rejects(id, options.dry_run));
        let mut notes = Lines::new(listed.with_extension("notes.csv"), "line,record,fields,controls")?;
        let mut rejects = Lines::new(listed, "line,reason")?;
        let mut unread = BTreeMap::new();
        let mut objects = BTreeSet::new();
        let (mut nameless, mut controls) = (0, 0);
        let defaults = Defaults { owner: register.owner.clone(), object: options.object, kind: register.kind };
        let sinks = Sinks {
            record: &mut |imported| {
                // A row that does not say what it is may be anything: its register is asked for every object.
                objects.insert(imported.record.description.object.unwrap_or(Object::Other).code());
                if let Some(profile) = &mut *profile.borrow_mut() {
                    profile.record(&imported.record);
                }
                spill.borrow_mut().push(&row(&imported)).map_err(Into::into)
            },
            reject: &mut |reject| {
                if let Some(profile) = &mut *profile.borrow_mut() {
                    profile.reject(&reject);
                }
                match &reject.id {
                    Some(id) => spill.borrow_mut().push(&NewRecord::marker(key_of(id)))?,
                    None => nameless += 1,
                }
                rejects.push(&format!("{},{}", reject.line, quoted(&reject.reason))).map_err(Into::into)
            },
            note: &mut |note| {
                note.unread.iter().for_each(|field| *unread.entry(*field).or_default() += 1);
                controls += u64::from(!note.controls.is_empty());
                let (unread, with_controls) = (note.unread.join(" "), note.controls.join(" "));
                notes.push(&format!("{},{},{unread},{with_controls}", note.line, quoted(&note.id))).map_err(Into::into)
            },
            progress,
        };
        let read = import(options.format, reader, &options.mapping, &defaults, sinks)
            .map_err(|e| HubError::Import(with_sources(&e)))?;
        let note = ImportNote {
            objects: objects.into_iter().map(str::to_owned).collect(),
            as_of_ms: options.as_of_ms,
            as_of_given: options.as_of_given,
            extent: match options.extent {
                Extent::Whole { withdrawals_max: None } if nameless > 0 => Extent::Partial,
                extent => extent,
            },
            dry_run: options.dry_run,
        };
        // Before the rows: what cannot be listed is not imported.
        let (rejects, notes) = (rejects.finish()?, notes.finish()?);
        let stored = self.storage.take_records(id, &mut spill.into_inner().sorted(), &note)?;
        let today = chrono::DateTime::from_timestamp_millis(super::now_ms()).unwrap_or_default().date_naive();
        Ok(ImportReport {
            register: id.clone(),
            rows: read.rows,
            stored,
            duplicates: read.duplicates,
            rejected: read.rejected,
            nameless,
            unusable: read.unusable,
            years_unread: read.years_unread,
            unread,
            controls,
            older_than: register
                .as_of_ms
                .filter(|&as_of| options.as_of_ms < as_of && stored.added + stored.changed + stored.withdrawn > 0)
                .and_then(chrono::DateTime::from_timestamp_millis),
            rejects,
            notes,
            profile: profile.into_inner().map(|profile| profile.finish(today)),
        })
    }
}

/// The order in which rows are kept.
fn key_of(id: &str) -> [u8; 16] {
    half(&Sha256::digest(id.as_bytes()).into())
}

fn row(imported: &crate::registers::import::Imported) -> NewRecord {
    NewRecord {
        key: key_of(&imported.record.id),
        hash: half(&imported.content_hash.0),
        bytes: imported.record.canonical_bytes(),
    }
}

fn half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

/// An error with its causes, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// A text as a field of a CSV.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A list of rows, made only when there is one.
struct Lines {
    path: PathBuf,
    header: &'static str,
    file: Option<BufWriter<File>>,
}

impl Lines {
    /// A list at `path`, in the place of an earlier one. Any other file there is refused: it may be the source itself.
    fn new(path: PathBuf, header: &'static str) -> Result<Self, HubError> {
        let mut begin = vec![0; header.len()];
        let is_list = match fs::metadata(&path) {
            Ok(meta) if meta.is_file() && meta.len() > 0 => {
                let read = File::open(&path).and_then(|mut file| file.read_exact(&mut begin));
                read.is_ok() && begin == header.as_bytes()
            }
            _ => true,
        };
        if is_list { Ok(Self { path, header, file: None }) } else { Err(HubError::NoListOfRows(path)) }
    }

    fn push(&mut self, line: &str) -> io::Result<()> {
        if self.file.is_none() {
            if let Some(folder) = self.path.parent().filter(|x| !x.as_os_str().is_empty()) {
                make_private_dir(folder)?;
            }
            let mut file = BufWriter::new(File::create(&self.path)?);
            writeln!(file, "{}", self.header)?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => writeln!(file, "{line}"),
            None => Ok(()),
        }
    }

    fn finish(self) -> Result<Option<PathBuf>, HubError> {
        match self.file {
            Some(mut file) => {
                file.flush().map_err(|e| HubError::file(&self.path, e))?;
                Ok(Some(self.path))
            }
            None => {
                // A list of an earlier import would be taken for this one's.
                if fs::metadata(&self.path).is_ok_and(|meta| meta.is_file()) {
                    let _ = fs::remove_file(&self.path);
                }
                Ok(None)
            }
        }
    }
}

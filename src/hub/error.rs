//! What can go wrong at the centre, in words for the person at its console.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the hub. Its text says what happened, what is safe and what to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// `init` was never run here.
    #[error("{} is not a hub's folder; nothing was changed; make one with `tracepost-hub --data {} init --url https://…`", dir.display(), dir.display())]
    NotInitialised {
        /// The folder.
        dir: PathBuf,
    },
    /// `init` was run here before.
    #[error("{} already holds a hub's key; nothing was changed, for a new key would lock out every enrolled device; use another folder for a new hub", dir.display())]
    AlreadyInitialised {
        /// The folder.
        dir: PathBuf,
    },
    /// Another `serve` runs on the folder.
    #[error("another tracepost-hub already serves from {}; nothing was changed; stop that one first", dir.display())]
    AlreadyServing {
        /// The folder.
        dir: PathBuf,
    },
    /// A file stands where the folder should.
    #[error("{} is a file, and a hub needs a folder of its own; nothing was changed; name a folder with --data DIR", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// Practice was asked for on a real hub.
    #[error("{} holds a hub of real records; nothing was changed; give practice a folder of its own", dir.display())]
    NotForPractice {
        /// The folder.
        dir: PathBuf,
    },
    /// The key file is not a key.
    #[error("the hub's key {} cannot be read as a key; ledgers and registers are untouched; bring the file back from a backup, for devices trust this key only", path.display())]
    KeyDamaged {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}; what was stored before is safe; mend the cause and repeat", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A database was written by a later program.
    #[error("{} was written by a newer tracepost-hub; nothing was changed; update this program", path.display())]
    NewerDatabase {
        /// The file.
        path: PathBuf,
    },
    /// A database is damaged.
    #[error("the database {} is damaged ({message}); nothing was changed; restore it from a backup, devices send again what is missing", path.display())]
    DamagedDatabase {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// The database refused.
    #[error("the database failed ({message}); what was acknowledged is safe; mend the cause and repeat")]
    Database {
        /// What SQLite says.
        message: String,
    },
    /// A file from which so much is gone that it may have been cut.
    #[error(
        "this file would withdraw {withdrawn} of the {held} records held, which is more than the {allowed} that {}; nothing was changed, for a file that was cut looks the same; if it is only a part of the register import it with --partial, and if they are really withdrawn with --allow-withdrawals {withdrawn}",
        if *given { "--allow-withdrawals lets go" } else { "may go unasked" }
    )]
    TooManyWithdrawals {
        /// Records that the file no longer has.
        withdrawn: u64,
        /// Records held.
        held: u64,
        /// How many may go.
        allowed: u64,
        /// Whether a person gave that number.
        given: bool,
    },
    /// The address does not fit.
    #[error(
        "{url:?} is not an address of the form https://host:port; nothing was changed; write it as https://hub.example:8443, the port that `serve` listens on"
    )]
    BadUrl {
        /// The text given.
        url: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; nothing was changed; {}", listening(source.kind()))]
    Listen {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not a name for a register.
    #[error("{0:?} cannot name a register; use 1 to 64 of a-z 0-9 - _ . beginning with a letter or digit")]
    BadRegisterId(String),
    /// A list of rows would take the place of another file.
    #[error("{path} exists and is no list of rows of an earlier import; nothing was changed; name another file with --rejects", path = .0.display())]
    NoListOfRows(std::path::PathBuf),
    /// No register has this name.
    #[error(
        "there is no register {0}; nothing was changed; `register list` shows those there are, `register create` makes one"
    )]
    NoSuchRegister(String),
    /// A register of this name exists.
    #[error("there is already a register {0}; nothing was changed")]
    RegisterExists(String),
    /// Not a name for a post.
    #[error("{0:?} cannot name a post; give a UN/LOCODE or a local id of 1 to 64 characters")]
    BadPost(String),
    /// No device has this id.
    #[error("there is no device {0}; `device list` shows those there are")]
    NoSuchDevice(String),
    /// No such sighting.
    #[error("there is no sighting {0}; `sighting list` shows those there are")]
    NoSuchSighting(String),
    /// A file to import could not be taken.
    #[error("{0}")]
    Import(String),
    /// A register could not be published.
    #[error("register {register} was not published: {message}; the version before stays in force")]
    Publish {
        /// The register.
        register: String,
        /// Why.
        message: String,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(String),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
    /// A picture of a code could not be made.
    #[error("the picture of the enrolment code could not be made: {0}; the code itself is valid and can be typed")]
    Picture(String),
    /// The system gives no randomness.
    #[error("the system gave no random bytes ({0}); nothing was changed; try again")]
    Randomness(String),
    /// The server's runtime could not be started.
    #[error("the server could not be started: {0}")]
    Runtime(#[source] io::Error),
}

impl HubError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    /// Why a folder could not be made.
    pub(super) fn folder(path: &Path, source: io::Error) -> Self {
        match path.ancestors().find(|above| above.exists()) {
            Some(there) if !there.is_dir() => Self::NotAFolder { path: there.to_owned() },
            _ => Self::file(path, source),
        }
    }
}

/// What to do where an address cannot be listened on.
fn listening(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => "choose a free port or stop what uses it",
        io::ErrorKind::AddrNotAvailable => "give an address of this machine, or 0.0.0.0 for all of them",
        io::ErrorKind::PermissionDenied => "choose a port from 1024 on, or let this user open lower ones",
        _ => "write it as ADDRESS:PORT: 127.0.0.1:8443, 0.0.0.0:8443 or [::]:8443",
    }
}

//! Where data live when nobody says otherwise.

use std::path::PathBuf;

/// The platform's place for a person's application data (`~/.local/share/tracepost` on Linux); `None` where the system
/// knows no home directory.
pub fn data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "tracepost").map(|dirs| dirs.data_dir().to_path_buf())
}

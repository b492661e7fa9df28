//! Files that are whole or not there, and that only their owner can read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::failpoint;

/// Puts a file in place with this content, readable by its owner only: written beside it, flushed to disk, renamed over it,
/// and the directory flushed. After a crash the old file or the new one is there, never a part.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    let (temporary, dir) = written_beside(path, content)?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_dir(dir)
}

/// As [`write_atomic`], but fails with `AlreadyExists` when something stands there.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let (temporary, dir) = written_beside(path, content)?;
    temporary.persist_noclobber(path).map_err(|error| error.error)?;
    sync_dir(dir)
}

fn written_beside<'a>(path: &'a Path, content: &[u8]) -> io::Result<(tempfile::NamedTempFile, &'a Path)> {
    failpoint::hit("files.write")?;
    let dir = parent(path)?;
    let mut temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    failpoint::hit("files.rename")?;
    Ok((temporary, dir))
}

fn parent(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(dir) => Ok(dir),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path has no directory")),
    }
}

/// Flushes a directory, so that a file made or renamed in it is still there after a power loss.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Makes a directory, and those above it, that only its owner can enter. One that exists is left as it is.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// A new file that only its owner can read; what stood there is gone.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file that is flushed to disk while it is written, a few mebibytes at a time.
///
/// File systems put the flushes of all files in one row: half a gibibyte flushed at its end keeps whoever flushes an entry of the
/// ledger meanwhile waiting for it.
#[derive(Debug)]
pub struct Paced {
    file: File,
    unflushed: usize,
}

impl Paced {
    /// Bytes after which a file is flushed: some milliseconds of writing.
    const STEP: usize = 4 << 20;

    pub fn new(file: File) -> Self {
        Self { file, unflushed: 0 }
    }

    /// Flushes the rest.
    pub fn finish(self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unflushed >= Self::STEP {
            self.flush()?;
        }
        let written = self.file.write(&bytes[..bytes.len().min(Self::STEP)])?;
        self.unflushed += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unflushed = 0;
        self.file.sync_data()
    }
}

/// Fills `into` with what stands at a place of a file, which threads may share.
pub fn read_at(file: &File, into: &mut [u8], place: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, into, place);
    #[cfg(windows)]
    {
        let (mut into, mut place) = (into, place);
        while !into.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(file, into, place)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => (into, place) = (&mut into[read..], place + read as u64),
            }
        }
        Ok(())
    }
}

/// Whether others than the owner can read or write the file.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| false)
    }
}

/// Takes the file away from everyone but its owner.
pub fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if fs::metadata(path)?.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| ())
    }
}

/// Bytes free on the file system that holds `path`; `None` where the system does not tell.
pub fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let stat = rustix::fs::statvfs(path).ok()?;
        Some(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(!is_open_to_others(&path).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_paced_file_holds_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut file = Paced::new(create_private(&path).unwrap());
        let whole: Vec<u8> = (0..2 * Paced::STEP + 5).map(|n| (n % 251) as u8).collect();
        file.write_all(&whole).unwrap();
        assert!(file.unflushed <= Paced::STEP, "the rest was flushed on the way");
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomic(&path, b"one").unwrap();
        let _fails = failpoint::fail("files.rename");
        write_atomic(&path, b"two").unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_new(&path, b"one").unwrap();
        assert_eq!(write_new(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[cfg(unix)]
    #[test]
    fn openness_is_seen_and_taken_away() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(is_open_to_others(&path).unwrap());
        make_private(&path).unwrap();
        assert!(!is_open_to_others(&path).unwrap());
        create_private_dir(&dir.path().join("b/c")).unwrap();
        assert!(!is_open_to_others(&dir.path().join("b")).unwrap());
    }
}

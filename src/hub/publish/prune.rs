//! Files of versions that nobody can ask for any more.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, SystemTime};

use crate::domain::Hash;
use crate::hub::{Hub, HubError};
use crate::registers::manifest::BaseList;

/// A device that began to fetch an earlier version may still need its files for so long.
const KEPT: Duration = Duration::from_secs(8 * 86_400);

impl Hub {
    /// Removes the files that no manifest in force names and that are old. Nothing is removed when a manifest or a list
    /// cannot be read: what it names is not known then.
    pub(super) fn prune(&self) -> Result<u64, HubError> {
        let mut named: HashSet<Hash> = HashSet::new();
        for register in self.storage.registers()? {
            let Some(manifest) = self.published(&register.id)? else { continue };
            named.extend([manifest.base.list.hash, manifest.states.hash]);
            named.extend(manifest.deltas.iter().flat_map(|d| &d.pieces).map(|p| p.chunk.hash));
            let path = self.dir.chunk(&manifest.base.list.hash);
            let bytes = fs::read(&path).map_err(|e| HubError::file(&path, e))?;
            let list = BaseList::read(&manifest, &bytes).map_err(|e| HubError::Publish {
                register: register.id.0.clone(),
                message: format!("{} cannot be read ({e})", path.display()),
            })?;
            named.extend(list.chunks.iter().map(|c| c.chunk.hash));
        }
        let folders = fs::read_dir(self.dir.registers().join("chunks")).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
        let now = SystemTime::now();
        let mut removed = 0;
        for file in files {
            let hash = file.file_name().to_str().and_then(|name| name.parse::<Hash>().ok());
            let Some(hash) = hash.filter(|hash| !named.contains(hash)) else { continue };
            let written = file.metadata().and_then(|m| m.modified()).ok();
            let is_old = written.and_then(|at| now.duration_since(at).ok()).is_some_and(|age| age > KEPT);
            if is_old && self.dir.chunk(&hash) == file.path() && fs::remove_file(file.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

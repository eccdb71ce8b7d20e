//! One minewall at a time: a locked file in the runtime directory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};

/// Its name in the runtime directory; its text is the holder's process id.
pub(crate) const FILE: &str = "minewall.lock";

/// Held as long as this process is the one; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock in `directory`, which is made if need be.
    ///
    /// # Errors
    /// Another instance holds it, or the directory cannot be used.
    pub(crate) fn take(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot make the runtime directory {}", directory.display()))
            .context("set runtime.directory to a place this user may write to")?;
        let path = directory.join(FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot open the lock file {}", path.display()))?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            bail!(
                "another minewall (process {}) runs on this gateway and holds {}; stop it first, or give this one a \
                 runtime.directory and queue.first of its own",
                holder.trim(),
                path.display()
            );
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .context("cannot write the lock file")?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_it() {
        let directory = std::env::temp_dir().join(format!("minewall-lock-{}", std::process::id()));
        let first = Lock::take(&directory).unwrap();
        let error = format!("{:#}", Lock::take(&directory).unwrap_err());
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        // A program that another test starts just now holds what this process held until it is another program.
        let taken = || minewall_lab::until(std::time::Duration::from_secs(10), || Lock::take(&directory).ok());
        assert!(taken().is_some(), "let go of");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

//! One writer at a time: a locked file beside the journal.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

const FILE: &str = "lock";
/// `journal verify` holds the lock for a moment: a writer asks that often, that long apart.
const TRIES: u32 = 10;
const APART: Duration = Duration::from_millis(50);

/// Held by the writer; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// # Errors
    /// Another writer holds it (`WouldBlock`), or the directory cannot be used.
    pub(super) fn take(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut tries = 1;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if tries == TRIES {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                let told = format!("process {} writes the journal in {}", holder.trim(), directory.display());
                return Err(io::Error::new(io::ErrorKind::WouldBlock, told));
            }
            tries += 1;
            thread::sleep(APART);
        }
        file.set_len(0)?;
        // Who it is helps people only: a full disk is no hindrance.
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Self { _file: file })
    }
}

/// The process that writes, if one does; 0 where it is not known.
pub(super) fn holder(directory: &Path) -> Option<u32> {
    let mut file = File::open(directory.join(FILE)).ok()?;
    flock(&file, FlockOperation::NonBlockingLockShared).is_err().then(|| {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        holder.trim().parse().unwrap_or_default()
    })
}

//! The running daemon, told that there are other lists.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::lock;

/// What the process is called.
const NAME: &str = "minewall";

/// Has the daemon that holds the lock of this runtime directory read its lists anew; its process id, if one runs.
///
/// # Errors
/// The kernel does not let it be told.
pub(crate) fn tell(runtime: &Path) -> Result<Option<i32>> {
    let Some(id) = holder(runtime) else { return Ok(None) };
    let remedy = || format!("the daemon (process {id}) cannot be told of the new lists; send it SIGHUP");
    let pid = Pid::from_raw(id).with_context(remedy)?;
    // From here on the number means this process and no later one.
    let process = pidfd_open(pid, PidfdFlags::empty()).with_context(remedy)?;
    if holder(runtime) != Some(id) || !is_minewall(id) {
        return Ok(None);
    }
    pidfd_send_signal(&process, Signal::HUP).with_context(remedy)?;
    Ok(Some(id))
}

/// The process that says in the lock file that it holds it, and does. Asked of `/proc/locks`: trying the lock could turn
/// away a daemon that starts.
fn holder(runtime: &Path) -> Option<i32> {
    let path = runtime.join(lock::FILE);
    let id = fs::read_to_string(&path).ok()?.trim().parse::<i32>().ok()?;
    let inode = fs::metadata(&path).ok()?.ino();
    holds(&fs::read_to_string("/proc/locks").ok()?, id, inode).then_some(id)
}

/// Whether there is a line `1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF` of this process and inode.
fn holds(locks: &str, id: i32, inode: u64) -> bool {
    locks.lines().any(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let of_kind = (words.next(), words.next(), words.next()) == (Some("FLOCK"), Some("ADVISORY"), Some("WRITE"));
        let of_process = words.next().and_then(|word| word.parse().ok()) == Some(id);
        let file = words.next().and_then(|file| file.rsplit(':').next()?.parse().ok());
        of_kind && of_process && file == Some(inode)
    })
}

fn is_minewall(id: i32) -> bool {
    fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim_end() == NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "1: POSIX  ADVISORY  WRITE 812 00:19:900 0 EOF\n2: FLOCK  ADVISORY  WRITE 813 fe:01:901 0 EOF\n\
                         2: -> FLOCK  ADVISORY  WRITE 814 fe:01:901 0 EOF\n";

    #[test]
    fn the_holder_of_a_lock_is_known_from_those_that_wait_for_it() {
        assert!(holds(LOCKS, 813, 901));
        for (id, inode) in [(812, 900), (814, 901), (813, 900), (813, 90), (81, 901)] {
            assert!(!holds(LOCKS, id, inode), "{id} {inode}");
        }
    }

    #[test]
    fn nobody_is_told_who_is_not_minewall() {
        let runtime = std::env::temp_dir().join(format!("minewall-daemon-{}", std::process::id()));
        assert_eq!(tell(&runtime).unwrap(), None, "no lock file");
        let lock = lock::Lock::take(&runtime).unwrap();
        assert_eq!(holder(&runtime), Some(i32::try_from(std::process::id()).unwrap()));
        // SIGHUP would end this process.
        if !is_minewall(holder(&runtime).unwrap()) {
            assert_eq!(tell(&runtime).unwrap(), None, "held, but by a test");
        }
        drop(lock);
        // A program that another test starts just now holds what this process held until it is another program.
        let free =
            || minewall_lab::until(std::time::Duration::from_secs(10), || holder(&runtime).is_none().then_some(()));
        assert!(free().is_some(), "held no more");
        fs::remove_dir_all(&runtime).unwrap();
    }
}

//! Lists belong to one user: on Debian to the daemon's, whose timer fetches them too.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// When root asks for what another user owns, the program is begun anew as that user: what root wrote there, that user
/// could neither replace nor remove. Where the directory is not there yet, the one it is to be made in counts.
///
/// # Errors
/// It cannot be begun as that user.
pub(crate) fn go_on_as_owner(directory: &Path) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let Some(owner) = directory.ancestors().find_map(|place| fs::metadata(place).ok()) else { return Ok(()) };
    if owner.uid() == 0 {
        return Ok(());
    }
    let program = std::env::current_exe().context("cannot tell which program this is")?;
    let failed = Command::new(program).args(std::env::args_os().skip(1)).uid(owner.uid()).gid(owner.gid()).exec();
    Err(failed).with_context(|| {
        let (place, user) = (directory.display(), owner.uid());
        format!(
            "{place} belongs to user {user}, and this cannot be done as that user; try: sudo -u '#{user}' minewall .."
        )
    })
}

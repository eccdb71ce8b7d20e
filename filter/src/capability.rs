//! What the kernel lets this process do (capabilities(7)).

use anyhow::{Context, Result, bail};

/// A capability's bit in `CapEff` and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capability {
    bit: u32,
    name: &'static str,
    purpose: &'static str,
}

/// What `run` needs.
pub(crate) const NEEDED: &[Capability] = &[
    Capability { bit: 12, name: "CAP_NET_ADMIN", purpose: "load rules and answer the queue" },
    Capability { bit: 13, name: "CAP_NET_RAW", purpose: "answer refused DNS questions" },
];

/// Checks that this process has them all.
///
/// # Errors
/// Names the one that is missing and how to get it.
pub(crate) fn require(needed: &[Capability]) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let effective = effective(&status).context("/proc/self/status names no CapEff")?;
    for capability in needed {
        if effective & (1 << capability.bit) == 0 {
            bail!(
                "missing capability {} (needed to {}); run as root, or give it with \
                 AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in the systemd unit",
                capability.name,
                capability.purpose
            );
        }
    }
    Ok(())
}

/// Those of [`NEEDED`] that a process lacks, by the text of its `status` in /proc.
///
/// # Errors
/// The text names no effective set.
pub(crate) fn missing(status: &str) -> Result<Vec<&'static str>, &'static str> {
    let effective = effective(status).ok_or("the kernel tells no CapEff of it")?;
    Ok(NEEDED.iter().filter(|one| effective & (1 << one.bit) == 0).map(|one| one.name).collect())
}

fn effective(status: &str) -> Option<u64> {
    let hex = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(hex.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effective_set_is_read() {
        assert_eq!(effective("Name:\tx\nCapEff:\t0000000000003000\n"), Some(0x3000));
        assert_eq!(effective("Name:\tx\n"), None);
    }
}

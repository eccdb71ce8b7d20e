//! Flowtables: the devices of ours, and keeping those of others from flows that are not settled.

use std::fs;

use anyhow::{Context, Result};
use minewall_core::config::{Config, Kernel, Offload, is_device};
use minewall_core::ruleset::{Pending, pending_remove};

use super::command::{find, run};
use crate::self_test;

const NFT: &str = "nft";

/// The devices there are of those configured, or all that forward, in the order of their names.
pub(super) fn devices(kernel: &Kernel) -> Vec<String> {
    if kernel.offload != Offload::Own {
        return Vec::new();
    }
    // unlike /sys, this is of the process' own network namespace
    let entries = fs::read_dir("/proc/sys/net/ipv4/conf").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let is_wanted = |name: &String| match &kernel.offload_devices[..] {
        // Those of a self-test come and go, and the rules need not be loaded anew for it.
        _ if name.starts_with(self_test::INTERFACES) => false,
        [] => is_device(name) && !["all", "default", "lo"].contains(&name.as_str()) && forwards(name),
        wanted => wanted.contains(name),
    };
    names.retain(is_wanted);
    names.sort();
    names
}

fn forwards(device: &str) -> bool {
    let of = |family: &str| fs::read_to_string(format!("/proc/sys/net/{family}/conf/{device}/forwarding"));
    ["ipv4", "ipv6"].into_iter().any(|family| of(family).is_ok_and(|text| text.trim() != "0"))
}

/// Puts rules of ours ahead of those of others that offload, where they do not stand yet. Gives the chains it changed.
///
/// # Errors
/// The rules in place cannot be read, or nft refuses ours.
pub(super) fn hold_back(config: &Config) -> Result<Vec<String>> {
    if config.kernel.offload == Offload::Off {
        return let_go().map(|_| Vec::new());
    }
    if find(NFT).is_none() {
        return Ok(Vec::new());
    }
    let Pending { chains, repair } = Pending::new(&list()?, config);
    if repair.is_empty() {
        return Ok(Vec::new());
    }
    run(NFT, &["-f", "-"], &repair)
        .with_context(|| format!("{} offloads flows before they are looked at", chains.join(", ")))?;
    Ok(chains)
}

/// Takes our rules out of the chains of others; whether there were any.
///
/// # Errors
/// The rules in place cannot be read, or nft does not remove them.
pub(super) fn let_go() -> Result<bool> {
    if find(NFT).is_none() {
        return Ok(false);
    }
    let text = pending_remove(&list()?);
    if text.is_empty() { Ok(false) } else { run(NFT, &["-f", "-"], &text).map(|_| true) }
}

/// All rules, with handles and without elements of sets.
fn list() -> Result<String> {
    run(NFT, &["-a", "-t", "list", "ruleset"], "").context("cannot read the rules in place")
}

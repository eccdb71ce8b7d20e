//! The package for OpenWrt, without a router: its Makefile read by stand-ins for the buildroot, packed as the buildroot
//! packs it, and unpacked into a root of real busybox, where its init script runs as on a router. procd itself, ujail, LuCI
//! and a real image are not here (docs/openwrt.md says what was not seen).
//! OpenWrt's firewall is in tests/path/firewall.rs, the conversion of UCI in filter/src/uci.
//!
//! | module | holds |
//! |---|---|
//! | `package` | Makefile, .ipk, what is in it |
//! | `router` | the root, and what stands in for OpenWrt in it |
//! | `service` | the init script in there |

mod package;
mod router;
mod service;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::path::words;

/// A place of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Whether all of these programs are here; when not, says so on the terminal past the test harness's capture.
fn have(test: &str, programs: &[(&str, &str)]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|(program, _)| !Path::new(program).exists()).collect();
    if missing.is_empty() {
        return true;
    }
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    minewall_lab::skipped(test, format_args!("apt-get install {}", packages.join(" ")));
    false
}

/// Runs a program that must succeed; what it printed.
fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", words(&output));
    words(&output)
}

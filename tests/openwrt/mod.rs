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

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED {test}: apt-get install {} ***", packages.join(" "));
    false
}

/// What a program printed, both streams.
fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a program that must succeed; what it printed.
fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", words(&output));
    words(&output)
}

/// A directory of a test, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("minewall-openwrt-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

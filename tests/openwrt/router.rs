//! A root of real busybox with the package in it, entered by chroot.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{at, must, package};
use crate::cli::program::Files;
use crate::path::words;

/// What it needs to be made.
pub(super) const TOOLS: &[(&str, &str)] =
    &[("/bin/busybox", "busybox-static"), ("/usr/bin/make", "make"), ("/usr/sbin/chroot", "coreutils")];

/// Programs of OpenWrt whose calls are written down.
const NOTED: [(&str, &str); 2] =
    [("etc/init.d/cron", "echo \"cron $*\" >>/tmp/calls"), ("usr/sbin/nft", "echo \"nft $*\" >>/tmp/calls")];

pub(super) struct Router {
    root: PathBuf,
    _files: Files,
}

impl Router {
    /// The package, installed; nothing has run yet.
    pub(super) fn new() -> Self {
        let files = Files::new();
        let root = files.path().join("router");
        let ipk = package::ipk(files.path());
        for place in ["bin", "sbin", "dev", "proc", "tmp/etc", "etc/init.d", "etc/crontabs", "usr/sbin", "usr/bin"] {
            fs::create_dir_all(root.join(place)).unwrap();
        }
        symlink("tmp", root.join("var")).unwrap();
        fs::copy("/bin/busybox", root.join("bin/busybox")).unwrap();
        must(Command::new("chroot").arg(&root).args(["/bin/busybox", "--install", "-s", "/bin"]));
        must(Command::new("mknod").arg(root.join("dev/null")).args(["c", "1", "3"]));
        package::unpack(&ipk, "data.tar.gz", &root);
        libraries(&root);
        fs::copy(at("tests/openwrt/rc.common"), root.join("etc/rc.common")).unwrap();
        for (program, does) in NOTED {
            fs::write(root.join(program), format!("#!/bin/sh\n{does}\n")).unwrap();
            must(Command::new("chmod").arg("+x").arg(root.join(program)));
        }
        must(Command::new("chmod").arg("+x").arg(root.join("etc/rc.common")));
        Self { root, _files: files }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn configure(&self, text: &str) {
        fs::write(self.path("etc/config/minewall"), text).unwrap();
    }

    /// Runs a command in there; what came of it, and what procd and others were told meanwhile.
    pub(super) fn run(&self, words: &[&str]) -> (Output, Vec<String>) {
        let _ = fs::remove_file(self.path("tmp/calls"));
        // With processes of its own: a minewall of another test is none of this router's.
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "chroot"]).arg(&self.root);
        command.args(["/bin/sh", "-c", "mount -t proc proc /proc && exec \"$@\"", "sh"]).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let output = command.output().unwrap();
        let calls = fs::read_to_string(self.path("tmp/calls")).unwrap_or_default();
        (output, calls.lines().map(str::to_owned).collect())
    }

    /// An action of the init script that must succeed; the calls.
    pub(super) fn must(&self, action: &str) -> Vec<String> {
        let (output, calls) = self.run(&["/etc/init.d/minewall", action]);
        assert!(output.status.success(), "{action}: {} {calls:?}", words(&output));
        calls
    }

    pub(super) fn toml(&self) -> String {
        fs::read_to_string(self.path("tmp/etc/minewall/minewall.toml")).unwrap_or_default()
    }
}

/// The program under test is linked with the libraries of this machine.
fn libraries(root: &Path) {
    let listed = must(Command::new("ldd").arg(root.join("usr/sbin/minewall")));
    for word in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let into = root.join(word.trim_start_matches('/'));
        fs::create_dir_all(into.parent().unwrap()).unwrap();
        fs::copy(word, into).unwrap();
    }
}

//! The package's Makefile, and the .ipk that comes of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{at, have, must};
use crate::cli::program::Files;

pub(super) const TOOLS: &[(&str, &str)] =
    &[("/usr/bin/make", "make"), ("/usr/bin/tar", "tar"), ("/usr/bin/install", "coreutils")];

fn make(out: &Path, target: &str) -> Command {
    let mut make = Command::new("make");
    make.arg("-s").arg("-C").arg(at("openwrt/minewall")).arg(target);
    make.arg(format!("TOPDIR={}", at("tests/openwrt/buildroot").canonicalize().unwrap().display()));
    make.arg(format!("OUT={}", out.display()));
    make
}

/// The .ipk of the program under test: as the buildroot of OpenWrt 24.10 packs it.
pub(super) fn ipk(out: &Path) -> std::path::PathBuf {
    fs::create_dir_all(out.join("built/bin")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_minewall"), out.join("built/bin/minewall")).unwrap();
    must(&mut make(out, "package"));
    fs::write(out.join("debian-binary"), "2.0\n").unwrap();
    let pack = |archive: &str, from: &Path, what: &[&str]| {
        let mut tar = Command::new("tar");
        tar.args(["--format=gnu", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "-czf"]);
        must(tar.arg(out.join(archive)).arg("-C").arg(from).args(what));
    };
    pack("data.tar.gz", &out.join("root"), &["."]);
    pack("control.tar.gz", &out.join("control"), &["."]);
    pack("minewall.ipk", out, &["./debian-binary", "./data.tar.gz", "./control.tar.gz"]);
    out.join("minewall.ipk")
}

/// The part of an .ipk that is called so, unpacked into a directory.
pub(super) fn unpack(ipk: &Path, part: &str, into: &Path) {
    fs::create_dir_all(into).unwrap();
    let command = format!("tar -xzOf '{}' ./{part} | tar -xzf - -C '{}'", ipk.display(), into.display());
    must(Command::new("sh").args(["-c", &command]));
}

/// Every file with its mode, as `ls` would show it.
const FILES: &[(&str, &str)] = &[
    ("./etc/capabilities/minewall.json", "-rw-r--r--"),
    ("./etc/config/minewall", "-rw-------"),
    ("./etc/init.d/minewall", "-rwxr-xr-x"),
    ("./etc/minewall/minewall.toml", "lrwxrwxrwx"),
    ("./etc/sysctl.d/60-minewall.conf", "-rw-r--r--"),
    ("./etc/uci-defaults/60-minewall", "-rwxr-xr-x"),
    ("./lib/upgrade/keep.d/minewall", "-rw-r--r--"),
    ("./usr/sbin/minewall", "-rwxr-xr-x"),
];

#[test]
fn the_package_holds_what_it_should() {
    if !have("the_package_holds_what_it_should", TOOLS) {
        return;
    }
    let files = Files::new();
    let out = files.path();
    let ipk = ipk(out);
    unpack(&ipk, "control.tar.gz", &out.join("see"));
    let read = |name: &str| fs::read_to_string(out.join("see").join(name)).unwrap();
    let (control, version) = (read("control"), env!("CARGO_PKG_VERSION"));
    for word in
        [&format!("Version: {version}-r1")[..], "+kmod-nft-queue", "+firewall4", "MIT OR Apache-2.0", "@(aarch64||"]
    {
        assert!(control.contains(word), "{word}: {control}");
    }
    assert_eq!(read("conffiles").trim(), "/etc/config/minewall");
    assert!(read("prerm-pkg").starts_with("#!/bin/sh\n[ -n \"${IPKG_INSTROOT}\" ]"), "{}", read("prerm-pkg"));

    let listed =
        must(Command::new("sh").args(["-c", &format!("tar -xzOf '{}' ./data.tar.gz | tar -tvzf -", ipk.display())]));
    let mut found: Vec<(&str, &str)> = Vec::new();
    for line in listed.lines().filter(|line| !line.starts_with('d')) {
        let words: Vec<_> = line.split_whitespace().collect();
        found.push((words[5], words[0]));
    }
    assert_eq!(found, FILES);
    unpack(&ipk, "data.tar.gz", &out.join("data"));
    let capabilities = fs::read_to_string(out.join("data/etc/capabilities/minewall.json")).unwrap();
    let sets: serde_json::Value = serde_json::from_str(&capabilities).unwrap();
    for set in ["bounding", "effective", "ambient", "permitted", "inheritable"] {
        assert_eq!(sets[set], serde_json::json!(["CAP_NET_ADMIN", "CAP_NET_RAW"]), "{set}");
    }
}

/// What cargo would be told, and that our manifest knows the features.
#[test]
fn the_program_is_built_for_routers() {
    if !have("the_program_is_built_for_routers", TOOLS) {
        return;
    }
    let files = Files::new();
    let out = files.path();
    fs::create_dir(out.join("bin")).unwrap();
    fs::write(out.join("bin/cargo"), "#!/bin/sh\necho \"$@\"\n").unwrap();
    must(Command::new("chmod").arg("+x").arg(out.join("bin/cargo")));
    let path = format!("{}:{}", out.join("bin").display(), std::env::var("PATH").unwrap());
    let told = must(make(out, "compile").env("PATH", path));
    let version = env!("CARGO_PKG_VERSION");
    for word in [
        "--no-default-features",
        "--features router",
        "--profile router",
        "--locked",
        &format!("minewall-{version}/filter"),
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let manifest: toml::Table = fs::read_to_string(at("filter/Cargo.toml")).unwrap().parse().unwrap();
    let router = manifest["features"]["router"].as_array().expect("a feature router");
    assert!(router.iter().any(|feature| feature.as_str() == Some("uci")), "{router:?}");
}

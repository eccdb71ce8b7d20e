//! Installs what is missing from Debian.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Packages the tests need besides those of the lab.
pub(crate) const TESTS: &[(&str, &str)] = &[
    ("/usr/sbin/rsyslogd", "rsyslog"),
    ("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so", "rsyslog-openssl"),
    ("/usr/bin/wget", "wget"),
    ("/usr/bin/zstd", "zstd"),
    ("/usr/bin/minisign", "minisign"),
    ("/usr/bin/named-checkzone", "bind9-utils"),
    ("/usr/bin/chromium", "chromium"),
    ("/usr/bin/make", "make"),
    ("/usr/bin/shellcheck", "shellcheck"),
    ("/bin/busybox", "busybox-static"),
    ("/usr/bin/node", "nodejs"),
    ("/usr/bin/promtool", "prometheus"),
    ("/usr/bin/man", "man-db"),
    ("/usr/bin/mandoc", "mandoc"),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk"),
];

/// Packages the benches need besides those of the lab.
pub(crate) const BENCHES: &[(&str, &str)] = &[("/usr/bin/ab", "apache2-utils"), ("/usr/bin/dnsperf", "dnsperf")];

/// Packages that run programs of other processors.
pub(crate) const EMULATORS: &[(&str, &str)] = &[("/usr/bin/qemu-aarch64-static", "qemu-user-static")];

/// Packages that build for 64-bit ARM what has parts in C.
pub(crate) const ARM64: &[(&str, &str)] = &[
    ("/usr/bin/aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
    ("/usr/aarch64-linux-gnu/lib/libc.so.6", "libc6-dev-arm64-cross"),
];

/// Packages that virtual machines need.
const MACHINE: &[(&str, &str)] =
    &[("/usr/bin/qemu-system-x86_64", "qemu-system-x86"), ("/bin/busybox", "busybox-static"), ("/sbin/depmod", "kmod")];

/// Packages that the Debian package and its test need.
const DEBIAN: &[(&str, &str)] = &[
    ("/usr/bin/dpkg-deb", "dpkg"),
    ("/usr/bin/dpkg-shlibdeps", "dpkg-dev"),
    ("/usr/bin/lintian", "lintian"),
    ("/usr/sbin/debootstrap", "debootstrap"),
    ("/usr/bin/nsenter", "util-linux"),
];

/// Installs what is missing to make the Debian package and to try it.
pub(crate) fn debian() -> Result<()> {
    install(absent(DEBIAN).collect())
}

/// Installs the packages of the lab that are missing, and `more`: programs with their packages.
pub(crate) fn packages(more: &[(&'static str, &'static str)]) -> Result<()> {
    let mut missing = minewall_lab::missing_packages();
    missing.extend(absent(more));
    install(missing)
}

/// Installs what is missing to run virtual machines.
pub(crate) fn machine() -> Result<()> {
    install(absent(MACHINE).collect())
}

fn absent(packages: &[(&'static str, &'static str)]) -> impl Iterator<Item = &'static str> {
    packages.iter().filter(|(program, _)| !Path::new(program).exists()).map(|(_, package)| *package)
}

fn install(missing: Vec<&str>) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    if !minewall_lab::is_root() {
        bail!("packages are missing and only root can install them: apt-get install {}", missing.join(" "));
    }
    eprintln!("installing from Debian: {}", missing.join(" "));
    apt(&["-qq", "update"])?;
    let mut arguments = vec!["-qq", "install", "--yes", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}

/// Where Suricata is for Debian 12.
const BACKPORTS: &str = "deb http://deb.debian.org/debian bookworm main\n\
                         deb http://deb.debian.org/debian bookworm-backports main\n";

/// Installs Suricata for the comparison, where it can be had: from Debian's backports, with package lists of our own
/// so that the machine's are not changed. Says so where it cannot; the comparison then goes without.
pub(crate) fn suricata() {
    let there = |program: &str| Command::new(program).arg("-V").output().is_ok();
    if !there("suricata")
        && let Err(error) = from_backports("suricata")
    {
        eprintln!("Suricata is not compared with: {error:#}");
    }
}

fn from_backports(package: &'static str) -> Result<()> {
    if !minewall_lab::is_root() {
        bail!("{package} is missing and only root can install it");
    }
    let directory = std::env::temp_dir().join("minewall-backports");
    let lists = directory.join("lists");
    std::fs::create_dir_all(lists.join("partial"))?;
    let sources = directory.join("sources.list");
    std::fs::write(&sources, BACKPORTS)?;
    let options = [
        format!("-oDir::Etc::sourcelist={}", sources.display()),
        "-oDir::Etc::sourceparts=-".to_owned(),
        format!("-oDir::State::lists={}", lists.display()),
    ];
    let with = |rest: &[&'static str]| {
        let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
        all.extend(rest);
        apt(&all)
    };
    eprintln!("installing from Debian's backports: {package}");
    with(&["-qq", "update"])?;
    with(&["-qq", "install", "--yes", "--no-install-recommends", "--target-release", "bookworm-backports", package])
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    // Services are not to be started by their packages: the lab starts its own.
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command.stdout(std::process::Stdio::null());
    let status = command.status().context("cannot run apt-get")?;
    if !status.success() {
        bail!("apt-get {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}

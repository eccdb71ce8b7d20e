//! Whether a program for routers is as it must be: small in files and in memory, the same judgement as everywhere, clear about
//! what it is without, and with no path of the machine that made it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use minewall_catalogue::{Corpus, Task};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Dialect, Lab, Minewall, why_not};

use super::place::{Place, said};
use super::program::{Machine, packed};
use crate::{build, install};

/// Bytes the stripped program may have at the most: 3 MiB. docs/releases.md says what it has and where.
const BYTES: u64 = 3 << 20;

/// KiB of memory in use at the most, at any time: 16 MiB.
const RESIDENT: u64 = 16 << 10;

/// What a router's program refuses, and what it says of it.
const REFUSED: &[(&str, &str)] = &[
    ("[[sink]]\ntype = \"webhook\"\nurl = \"https://192.0.2.1/\"\n", "--features webhook"),
    ("[[sink]]\ntype = \"syslog\"\naddress = \"tls://192.0.2.1:6514\"\n", "--features tls"),
    ("[lists.update]\nfetcher = \"built-in\"\n", "--features fetch"),
    ("[resolve]\nservers = [\"tls://9.9.9.9#dns.quad9.net\"]\n", "--features dot"),
];

pub(super) fn program(place: &Place, machine: &Machine) -> Result<()> {
    let program = packed(place, machine);
    if !machine.emulator.is_empty() {
        install::packages(install::EMULATORS)?;
    }
    small(&program)?;
    of_nowhere(&program)?;
    let ready = runnable(place, machine, &program)?;
    says_version(place, &ready)?;
    refuses(place, &ready)?;
    judges(&ready)?;
    if machine.emulator.is_empty() { resident(&ready) } else { Ok(()) }
}

fn small(program: &Path) -> Result<()> {
    let bytes = fs::metadata(program)?.len();
    eprintln!("package: {bytes} bytes, {BYTES} are allowed");
    if bytes > BYTES {
        bail!("it has {bytes} bytes, and {BYTES} at the most are allowed");
    }
    Ok(())
}

/// Nothing in it tells where it was made.
fn of_nowhere(program: &Path) -> Result<()> {
    let octets = fs::read(program)?;
    let root = build::root().canonicalize()?;
    let home = std::env::var("HOME").unwrap_or_default();
    for path in [root.to_string_lossy().into_owned(), format!("{home}/.cargo"), format!("{home}/.rustup")] {
        if octets.windows(path.len()).any(|window| window == path.as_bytes()) {
            bail!("{path} stands in it, which is a path of this machine");
        }
    }
    Ok(())
}

/// The program as one file that runs here. There are no libraries of musl here, nor of another processor: what runs is static.
fn runnable(place: &Place, machine: &Machine, program: &Path) -> Result<PathBuf> {
    if machine.emulator.is_empty() {
        return Ok(program.to_owned());
    }
    let path = place.work.join(format!("run-{}", machine.name));
    fs::write(&path, format!("#!/bin/sh\nexec {} '{}' \"$@\"\n", machine.emulator, program.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

fn ran(program: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments).output().with_context(|| format!("cannot run {}", program.display()))
}

fn says_version(place: &Place, program: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--version");
    let text = said(command)?;
    eprint!("{text}");
    if !text.starts_with(&format!("minewall {}\n", place.version)) {
        bail!("--version says {text:?}");
    }
    Ok(())
}

fn refuses(place: &Place, program: &Path) -> Result<()> {
    let file = place.work.join("refused.toml");
    let path = file.to_string_lossy().into_owned();
    for (text, words) in REFUSED {
        fs::write(&file, text)?;
        let ran = ran(program, &["check-config", "-c", &path])?;
        let told = String::from_utf8_lossy(&ran.stderr);
        if ran.status.code() != Some(2) || !told.contains(words) || !told.contains("line ") {
            bail!("{text:?} is answered by {}: {told}", ran.status);
        }
    }
    let told = String::from_utf8_lossy(&ran(program, &["top"])?.stderr).into_owned();
    if !told.contains("--features top") {
        bail!("`top` is answered by {told}");
    }
    Ok(())
}

/// Every conversation of the corpus gives the records that stand beside it.
fn judges(program: &Path) -> Result<()> {
    let corpus = Corpus { root: build::root().canonicalize()?, program: program.to_owned() };
    let wrong = corpus.perform(Task::Check)?;
    if !wrong.is_empty() {
        bail!("it judges the corpus otherwise: {}", wrong.join("; "));
    }
    eprintln!("package: it judges the corpus as it must");
    Ok(())
}

/// On the gateway of the lab, with the shipped lists, after it has cut logins and read its lists anew.
fn resident(program: &Path) -> Result<()> {
    install::packages(&[])?;
    if let Some(why) = why_not() {
        eprintln!("*** SKIPPED its memory: {why} ***");
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let settings = format!(
        "mode = \"block\"\n[observer]\nname = \"router\"\n[look]\nflows = 16384\n[queue]\ncount = 1\n[runtime]\ndirectory = \"{}\"\n\
         [[sink]]\ntype = \"file\"\npath = \"{}\"\n",
        lab.directory().join("run").display(),
        Minewall::records_file(&lab).display(),
    );
    let mut minewall = Minewall::start(&lab, program, &settings)?;
    let started = high_water(minewall.pid())?;
    let login = login_of("xmrig").context("the lab knows no XMRig login")?;
    let to = std::net::SocketAddr::new(Family::V4.internet(), Dialect::CryptoNote.port());
    for _ in 0..50 {
        let heard = login.talk(&lab.host, to, Manner::Lines, Duration::from_secs(5));
        if heard.ending != Ending::Reset {
            bail!("a login ended with {:?} instead of a reset", heard.ending);
        }
    }
    minewall.reload(&settings)?;
    if !minewall.wait_log("read anew", Duration::from_secs(20)) {
        bail!("it did not read its configuration anew:\n{}", minewall.log());
    }
    let most = high_water(minewall.pid())?;
    minewall.stop()?;
    drop(pool);
    eprintln!("package: {started} KiB resident when ready, {most} at the most; {RESIDENT} are allowed");
    if most > RESIDENT {
        bail!("it used {most} KiB of memory, and {RESIDENT} at the most are allowed");
    }
    Ok(())
}

/// The most memory a process had in use so far, in KiB.
fn high_water(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("it does not run any more")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel does not tell VmHWM")?;
    let number = line.split_whitespace().next().unwrap_or_default();
    number.parse().with_context(|| format!("VmHWM is {line:?}"))
}

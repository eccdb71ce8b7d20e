//! What the lab needs on this machine: root, network namespaces, and programs from Debian packages.

use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A program the lab starts and the Debian package that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// Name of the executable.
    pub program: &'static str,
    /// Debian 12 package.
    pub package: &'static str,
}

const fn tool(program: &'static str, package: &'static str) -> Tool {
    Tool { program, package }
}

/// Every program the lab starts.
pub static TOOLS: &[Tool] = &[
    tool("ip", "iproute2"),
    tool("iptables", "iptables"),
    tool("ip6tables", "iptables"),
    tool("iptables-save", "iptables"),
    tool("ip6tables-save", "iptables"),
    tool("ipset", "ipset"),
    tool("nft", "nftables"),
    tool("conntrack", "conntrack"),
    tool("knotd", "knot"),
    tool("nginx", "nginx-light"),
    tool("dnsmasq", "dnsmasq-base"),
    tool("udhcpc", "udhcpc"),
    tool("dig", "bind9-dnsutils"),
    tool("curl", "curl"),
    tool("openssl", "openssl"),
    tool("ping", "iputils-ping"),
    tool("ethtool", "ethtool"),
    tool("microsocks", "microsocks"),
    tool("tinyproxy", "tinyproxy-bin"),
    tool("strace", "strace"),
    tool("unshare", "util-linux"),
];

/// Directories searched after those of `PATH`: an ordinary user's `PATH` lacks the `sbin` ones.
const SYSTEM_DIRECTORIES: &str = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

/// The search path the lab's commands get.
pub(crate) fn search_path() -> String {
    match std::env::var("PATH") {
        Ok(path) if !path.is_empty() => format!("{path}:{SYSTEM_DIRECTORIES}"),
        _ => SYSTEM_DIRECTORIES.to_owned(),
    }
}

/// A command found on [`search_path`], in this process's own namespace.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command.env("PATH", search_path());
    command
}

fn find(program: &str) -> Option<PathBuf> {
    let path = search_path();
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// Whether this process is root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Debian packages of the programs that were not found, each once.
#[must_use]
pub fn missing_packages() -> Vec<&'static str> {
    let mut packages: Vec<_> =
        TOOLS.iter().filter(|tool| find(tool.program).is_none()).map(|tool| tool.package).collect();
    packages.dedup();
    packages
}

/// Why no lab can run here, or `None` when it can. Found out once a process.
#[must_use]
pub fn why_not() -> Option<String> {
    static ANSWER: OnceLock<Option<String>> = OnceLock::new();
    ANSWER.get_or_init(find_obstacle).clone()
}

fn find_obstacle() -> Option<String> {
    if !is_root() {
        return Some("the lab needs root: network namespaces cannot be made without it".to_owned());
    }
    let missing = missing_packages();
    if !missing.is_empty() {
        return Some(format!("programs are missing, remedy: apt-get install {}", missing.join(" ")));
    }
    let probe = format!("mw{}-probe", std::process::id());
    let made = command("ip").args(["netns", "add", &probe]).output();
    match made {
        Ok(output) if output.status.success() => {
            let _ = command("ip").args(["netns", "del", &probe]).output();
            None
        }
        Ok(output) => {
            Some(format!("no network namespace can be made here: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Some(format!("`ip` cannot be run: {error}")),
    }
}

/// Whether the lab can run; when not, says so on the terminal past the test harness's capture, naming the test.
#[must_use]
pub fn ready(test: &str) -> bool {
    let Some(why) = why_not() else { return true };
    skipped(test, why);
    false
}

/// Says on the terminal, past the test harness's capture, what was not tested and why; best is what helps.
pub fn skipped(what: &str, why: impl Display) {
    // Not `eprintln!`: libtest swallows what a passing test prints with it.
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED {what}: {why} ***");
}

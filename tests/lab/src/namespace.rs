//! One network namespace: made, entered, used, removed.

use std::fs::{self, File};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::program::finish_within;
use crate::tools;

/// A network namespace. Dropping it kills by pid whatever still runs inside and removes it.
#[derive(Debug)]
pub struct Namespace {
    name: String,
    link: File,
}

impl Namespace {
    /// Makes a namespace with `lo` up, forwarding as told, and no waiting for duplicate addresses (RFC 4862 5.4).
    ///
    /// # Errors
    /// When `ip netns add` or a sysctl fails, with what it said.
    pub(crate) fn make(name: String, forwards: bool) -> Result<Self> {
        run_ip(&["netns", "add", &name])?;
        let path = Path::new("/run/netns").join(&name);
        let link = match File::open(&path) {
            Ok(link) => link,
            Err(error) => {
                remove(&name);
                return Err(error).with_context(|| format!("opening {}", path.display()));
            }
        };
        let namespace = Self { name, link };
        let forwarding = if forwards { "1" } else { "0" };
        namespace.run(|| -> Result<()> {
            for place in ["all", "default"] {
                write_sysctl(&format!("net/ipv6/conf/{place}/accept_dad"), "0")?;
                write_sysctl(&format!("net/ipv6/conf/{place}/accept_ra"), "0")?;
                write_sysctl(&format!("net/ipv6/conf/{place}/forwarding"), forwarding)?;
            }
            write_sysctl("net/ipv4/ip_forward", forwarding)
        })?;
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// The name as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `ip netns exec NAME program`, not yet started. `ip` replaces itself, so the child's pid is the program's.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = tools::command("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Runs a program to its end, at most `timeout`, and returns what it said.
    ///
    /// # Errors
    /// When it cannot be started or did not end in time; it is then killed.
    pub fn output(&self, program: &str, arguments: &[&str], timeout: Duration) -> Result<Output> {
        let mut command = self.command(program);
        command.args(arguments);
        finish_within(&mut command, timeout)
    }

    /// Runs `f` on a thread of its own inside the namespace. Sockets it makes stay in the namespace wherever they
    /// are used afterwards.
    ///
    /// # Panics
    /// When `f` does, or when the namespace cannot be entered.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        let outcome = thread::scope(|scope| {
            scope
                .spawn(|| {
                    self.enter();
                    f()
                })
                .join()
        });
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Moves the calling thread into the namespace, for good.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn enter(&self) {
        move_into_link_name_space(self.link.as_fd(), Some(LinkNameSpaceType::Network))
            .unwrap_or_else(|error| panic!("entering the namespace {}: {error}", self.name));
    }

    /// Writes a sysctl of the namespace, named as under `/proc/sys`, e.g. `net/ipv4/tcp_tw_reuse`.
    ///
    /// # Errors
    /// When the kernel lacks it or refuses the value.
    pub fn sysctl(&self, key: &str, value: &str) -> Result<()> {
        self.run(|| write_sysctl(key, value))
    }

    /// Names the resolvers that programs started here use (`/etc/netns/NAME/resolv.conf`).
    pub(crate) fn resolve_by(&self, servers: &[IpAddr]) -> Result<()> {
        let directory = configuration(&self.name);
        // Another lab may remove an empty /etc/netns between the two steps of creating ours: once more, then.
        fs::create_dir_all(&directory)
            .or_else(|_| fs::create_dir_all(&directory))
            .with_context(|| format!("creating {}", directory.display()))?;
        let text: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
        let file = directory.join("resolv.conf");
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))
    }

    /// `ip -n NAME arguments`.
    pub(crate) fn ip(&self, arguments: &[&str]) -> Result<()> {
        let mut all = vec!["-n", self.name.as_str()];
        all.extend_from_slice(arguments);
        run_ip(&all)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes a namespace by name: its processes by pid, itself, its `/etc/netns` directory.
pub(crate) fn remove(name: &str) {
    if let Ok(output) = tools::command("ip").args(["netns", "pids", name]).output() {
        let own = i32::try_from(std::process::id()).ok();
        let text = String::from_utf8_lossy(&output.stdout);
        for pid in text.lines().filter_map(|line| line.trim().parse::<i32>().ok()) {
            if Some(pid) != own
                && let Some(pid) = Pid::from_raw(pid)
            {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
    let _ = run_ip(&["netns", "del", name]);
    let directory = configuration(name);
    if directory.exists() {
        let _ = fs::remove_dir_all(&directory);
        // Goes only when empty, that is when no other lab uses it and no administrator made it.
        let _ = fs::remove_dir("/etc/netns");
    }
}

fn configuration(name: &str) -> PathBuf {
    Path::new("/etc/netns").join(name)
}

fn write_sysctl(key: &str, value: &str) -> Result<()> {
    let path = Path::new("/proc/sys").join(key);
    fs::write(&path, value).with_context(|| format!("writing {value} to {}", path.display()))
}

fn run_ip(arguments: &[&str]) -> Result<()> {
    let output = tools::command("ip").args(arguments).output().context("starting `ip`")?;
    ensure!(
        output.status.success(),
        "`ip {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

//! Memory of the running program: what it holds at work, and that it lives within 64 MiB.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::load;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, Minewall, ready, skipped};

use super::{binary, configuration, must_be_cut, start};

/// Live flows of the budget.
const FLOWS: u64 = 10_000;

/// The budget of what is its own, in KiB; debug builds carry more code besides.
const BUDGET: u64 = 16 * 1024;

/// A field of `/proc/PID/status`, in KiB.
fn status(pid: u32, field: &str) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    Ok(line.and_then(|line| line.split_whitespace().next()).context("no such field")?.parse()?)
}

/// Makes so many connections, all within the time a flow is remembered.
fn make_flows(lab: &Lab, count: u64) -> Result<u64> {
    let mut made = 0;
    while made < count {
        let measured = load::connections(lab, Family::V4, 16, Duration::from_secs(1))?;
        anyhow::ensure!(measured.count > 0, "no connection goes through: {measured}");
        made += measured.count;
    }
    Ok(made)
}

#[test]
fn the_shipped_lists_and_ten_thousand_flows_fit_the_budget() -> Result<()> {
    if !ready("the_shipped_lists_and_ten_thousand_flows_fit_the_budget") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let minewall = start(&lab, "block", "")?;
    let idle = status(minewall.pid(), "VmRSS")?;
    let made = make_flows(&lab, FLOWS)?;
    let pid = minewall.pid();
    let (busy, own) = (status(pid, "VmRSS")?, status(pid, "RssAnon")?);
    println!("resident: {idle} KiB idle, {busy} KiB with {made} flows, {own} KiB of them its own, budget {BUDGET}");
    assert!(own <= BUDGET, "{own} KiB of its own, {busy} KiB in all");
    Ok(())
}

/// A memory cgroup of this test; it goes with its last process.
struct Group(PathBuf);

impl Group {
    /// None where the machine has no memory controller to give away.
    fn make(name: &str, bytes: u64) -> Option<Self> {
        let (first, second) = (Path::new("/sys/fs/cgroup/memory"), Path::new("/sys/fs/cgroup"));
        let (parent, file) = if first.is_dir() {
            (first, "memory.limit_in_bytes")
        } else {
            let given = fs::read_to_string(second.join("cgroup.subtree_control")).ok()?;
            given.split_whitespace().any(|word| word == "memory").then_some((second, "memory.max"))?
        };
        let group = Self(parent.join(name));
        fs::create_dir(&group.0).ok()?;
        fs::write(group.0.join(file), bytes.to_string()).ok()?;
        // Nothing may be swapped out instead; kernels without swap lack the file.
        let _ = fs::write(group.0.join("memory.swap.max"), "0");
        Some(group)
    }

    /// The most it held, in bytes; kernels before 5.19 do not say it in version 2.
    fn most(&self) -> Option<u64> {
        let files = ["memory.max_usage_in_bytes", "memory.peak"];
        files.iter().find_map(|file| fs::read_to_string(self.0.join(file)).ok()?.trim().parse().ok())
    }

    /// Starts `program` within the group. `ip netns exec` hides the groups from what it starts, so a script in its
    /// place waits until it was moved there and then becomes `program`.
    fn start(&self, lab: &Lab, program: &Path) -> Result<Minewall> {
        let [script, pid, moved] = ["waits", "pid", "moved"].map(|name| lab.directory().join(name));
        let text = format!(
            "#!/bin/sh\necho $$ > {pid:?}.new && mv {pid:?}.new {pid:?}\nuntil [ -e {moved:?} ]; do sleep 0.05; done\nexec {program:?} \"$@\"\n"
        );
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        std::thread::scope(|scope| {
            let mover = scope.spawn(|| -> Result<()> {
                let read = || fs::read_to_string(&pid).ok();
                let pid = minewall_lab::until(Duration::from_secs(10), read).context("the script does not start")?;
                fs::write(self.0.join("cgroup.procs"), pid.trim())?;
                Ok(fs::write(&moved, "")?)
            });
            let minewall = Minewall::start(lab, &script, &configuration(lab, "block", ""));
            mover.join().map_err(|_| anyhow::anyhow!("moving panicked"))??;
            minewall
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let gone = minewall_lab::until(Duration::from_secs(10), || fs::remove_dir(&self.0).ok());
        if gone.is_none() {
            eprintln!("the memory cgroup {} is left behind", self.0.display());
        }
    }
}

#[test]
fn it_lives_in_64_mib() -> Result<()> {
    if !ready("it_lives_in_64_mib") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let Some(group) = Group::make(&format!("minewall-{}", lab.name()), 64 << 20) else {
        skipped("it_lives_in_64_mib", "no memory cgroup can be made on this machine");
        return Ok(());
    };
    let _pool = Pool::start(&lab, Options::default())?;
    let mut minewall = group.start(&lab, binary())?;
    let inside = fs::read_to_string(group.0.join("cgroup.procs"))?;
    assert_eq!(inside.trim(), minewall.pid().to_string(), "it runs within the group");
    make_flows(&lab, FLOWS)?;
    let asked = load::questions(&lab, Family::V4, 2, Duration::from_secs(2))?;
    assert!(asked.count > 1000, "{asked}");
    for family in Family::BOTH {
        must_be_cut(&lab, family, login_of("xmrig").context("xmrig")?, Manner::Lines);
    }
    let most = group.most().map_or_else(|| "unknown".to_owned(), |most| format!("{} KiB", most / 1024));
    println!("in a memory cgroup of 64 MiB: at most {most}; resident {} KiB", status(minewall.pid(), "VmRSS")?);
    assert!(minewall.stop()?.success(), "{}", minewall.log());
    Ok(())
}

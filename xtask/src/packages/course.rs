//! The life of the package: installed, at work, upgraded under load, removed, purged.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Dialect, Lab, kernel, until, why_not};

use super::load::Load;
use super::machine::Machine;
use super::root::Root;
use crate::deb::said;
use crate::unavailable::Unavailable;

/// How long anything may take that happens sooner or later.
const LIMIT: Duration = Duration::from_secs(30);

/// How long a client listens for what must come.
const LISTEN: Duration = Duration::from_secs(5);

/// Where the packages lie inside.
const PACKAGES: &str = "/root";

/// What the daemon may warn of: kernels in the cloud have no `queue` in nft.
const KERNEL: &[&str] = &["nft is passed over"];

/// lintian finds no error and no warning; filter/debian/lintian-overrides has reasons for what stands.
pub(super) fn lint(package: &Path) -> Result<()> {
    let found = said(Command::new("lintian").args(["--fail-on", "error", "--tag-display-limit", "0"]).arg(package))?;
    let new: Vec<_> = found.lines().filter(|line| line.starts_with("W:")).collect();
    ensure!(new.is_empty(), "lintian warns:\n{}", new.join("\n"));
    step("lintian finds no error and no warning");
    Ok(())
}

/// Takes the packages through their life on a gateway.
pub(super) fn run(archive: &Path, first: &Path, second: &Path) -> Result<()> {
    if let Some(why) = why_not() {
        return Err(Unavailable::debian(why).into());
    }
    let lab = Lab::new()?;
    let root = Root::unpack(archive)?;
    let machine = Machine::boot(&lab, root.path())?;
    step("Debian 12 is up, on the lab's gateway, with its own systemd");
    let rules = kernel::rules(&lab.gateway)?;
    let before = files(root.path());
    let place = Place { lab, machine, pool: None };
    let (one, two) = (place.give(first)?, place.give(second)?);
    let mut place = place.with_pool()?;
    place.install(&one)?;
    place.cuts()?;
    place.reloads()?;
    place.logs()?;
    place.survives()?;
    place.upgrades(&two)?;
    place.machine.must(&["apt-get", "-qq", "remove", "--yes", "minewall"])?;
    ensure!(kernel::rules(&place.lab.gateway)? == rules, "rules stay behind after removal");
    place.logs_in("after removal", true)?;
    step("removed: no rules are left, the configuration is, and traffic passes");
    place.purges(&one, &before, root.path())
}

struct Place {
    lab: Lab,
    machine: Machine,
    pool: Option<Pool>,
}

fn step(what: &str) {
    println!("  {what}");
}

impl Place {
    fn with_pool(mut self) -> Result<Self> {
        self.pool = Some(Pool::start(&self.lab, Options::default())?);
        Ok(self)
    }

    /// Copies a package in.
    fn give(&self, package: &Path) -> Result<String> {
        let name = package.file_name().and_then(|name| name.to_str()).context("a package without a name")?;
        let inside = format!("{PACKAGES}/{name}");
        fs::copy(package, self.machine.path(&inside))?;
        Ok(inside)
    }

    /// The service runs as its own user with two rights, observes, and both units are sound.
    fn install(&self, package: &str) -> Result<()> {
        let machine = &self.machine;
        machine.must(&["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])?;
        machine
            .must(&["systemctl", "is-active", "minewall.service", "minewall-lists.timer"])
            .with_context(|| machine.log("minewall"))?;
        machine.must(&["systemctl", "is-enabled", "minewall.service", "minewall-lists.timer"])?;
        machine.must(&["minewall", "check-config"])?;
        let status = machine.shell("cat /proc/$(systemctl show -P MainPID minewall)/status")?;
        for wanted in ["CapEff:\t0000000000003000", "CapBnd:\t0000000000003000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
            ensure!(status.contains(wanted), "{wanted} is not so: {status}");
        }
        self.hurries()?;
        let owned =
            "stat -c '%U:%G %a %n' /etc/minewall/minewall.toml /var/lib/minewall /var/log/minewall /run/minewall";
        let owned = machine.shell(owned)?;
        for wanted in [
            "root:minewall 640 /etc",
            "minewall:minewall 750 /var/lib",
            "minewall:minewall 750 /var/log",
            "minewall:minewall 755 /run",
        ] {
            ensure!(owned.contains(wanted), "{wanted} is not so: {owned}");
        }
        let units = ["minewall.service", "minewall-lists.service", "minewall-lists.timer"];
        let verified = machine.output(&[&["systemd-analyze", "verify", "--man=no"], &units[..]].concat())?;
        ensure!(
            verified.status.success() && verified.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&verified.stderr)
        );
        for unit in &units[..2] {
            let exposure = machine.must(&["systemd-analyze", "security", "--no-pager", unit])?;
            step(&format!("{unit}: {}", exposure.lines().last().unwrap_or_default().trim_start_matches(['→', ' '])));
        }
        let warned =
            machine.must(&["journalctl", "--no-pager", "--output=cat", "--priority=warning", "--unit=minewall"])?;
        let unforeseen: Vec<_> =
            warned.lines().filter(|line| !KERNEL.iter().any(|known| line.contains(known))).collect();
        ensure!(unforeseen.is_empty(), "the daemon lacks something:\n{}", unforeseen.join("\n"));
        self.logs_in("while it observes", true)?;
        step("installed: runs as its own user with two capabilities, and observes");
        Ok(())
    }

    /// The queues' threads go before ordinary work (proc_pid_stat(5): fields 19 and 41; SCHED_BATCH is 3).
    fn hurries(&self) -> Result<()> {
        let stats = self.machine.shell("cat /proc/$(systemctl show -P MainPID minewall)/task/*/stat")?;
        let queues = stats.lines().filter_map(|line| Some(line.split_once("(queue-")?.1.split_once(')')?.1));
        let ranks: Vec<_> = queues
            .map(|rest| {
                let fields: Vec<_> = rest.split_whitespace().collect();
                [fields.get(16), fields.get(38)].map(|field| field.copied().unwrap_or_default())
            })
            .collect();
        let limits = self.machine.shell("cat /proc/$(systemctl show -P MainPID minewall)/limits")?;
        // systemd takes what it gets where it may not raise the limit, as within namespaces of some machines.
        let may = limits.lines().any(|line| line.starts_with("Max nice priority") && line.contains("30"));
        let nice = if may { "-10" } else { "0" };
        ensure!(
            !ranks.is_empty() && ranks.iter().all(|rank| *rank == [nice, "3"]),
            "nice and policy of queues: {ranks:?}, of {limits}"
        );
        step(if may {
            "queues go first"
        } else {
            "this machine lets nobody go first: nice values of queues are not tried"
        });
        Ok(())
    }

    /// A login passes, or is cut before the pool has a line.
    fn logs_in(&self, when: &str, passes: bool) -> Result<()> {
        let pool = self.pool.as_ref().context("there is no pool")?;
        let login = login_of("xmrig").context("the lab knows no XMRig login")?;
        for family in Family::BOTH {
            let before = pool.sessions().len();
            let to = SocketAddr::new(family.internet(), Dialect::CryptoNote.port());
            let listen = if passes { Duration::from_millis(500) } else { LISTEN };
            let heard = login.talk(&self.lab.host, to, Manner::Lines, listen);
            let lines: usize = pool.sessions().iter().skip(before).map(|session| session.lines().len()).sum();
            let has_passed = heard.ending == Ending::Open && lines > 0;
            let is_cut = heard.ending == Ending::Reset && lines == 0;
            ensure!(
                if passes { has_passed } else { is_cut },
                "{when}: {heard:?}, {lines} lines came\n{}",
                self.machine.log("minewall")
            );
        }
        Ok(())
    }

    fn cuts(&self) -> Result<()> {
        self.machine.shell("sed -i 's/^mode = \"observe\"/mode = \"block\"/' /etc/minewall/minewall.toml")?;
        self.machine.must(&["systemctl", "reload", "minewall"]).with_context(|| self.machine.log("minewall"))?;
        self.logs_in("in mode block", false)?;
        let record = self.machine.shell("grep -h '\"blocked\"' /var/log/minewall/records.jsonl | head -1")?;
        ensure!(record.contains("\"10.80.0.2\""), "no record of the host: {record}");
        let verified = self.machine.must(&["minewall", "journal", "verify"])?;
        ensure!(!verified.is_empty(), "the journal says nothing");
        step("mode = \"block\" and a reload: a login is cut, its record written, the journal is sound");
        Ok(())
    }

    /// The lists' service, as the daemon's user, may tell the daemon; a wrong configuration is refused.
    fn reloads(&self) -> Result<()> {
        let machine = &self.machine;
        let feed =
            "[[lists.feed]]\\nname = \"own\"\\nurl = \"file:///etc/minewall/own.list\"\\ncategory = \"custom\"\\n";
        machine.shell("echo pool.example.org > /etc/minewall/own.list; cp -p /etc/minewall/minewall.toml /root/")?;
        machine.shell(&format!("printf '\\n{feed}' >> /etc/minewall/minewall.toml"))?;
        let read_anew = || machine.log("minewall").matches("read anew").count();
        let before = read_anew();
        machine
            .must(&["systemctl", "start", "minewall-lists.service"])
            .with_context(|| machine.log("minewall-lists"))?;
        let is_told = until(LIMIT, || (read_anew() > before).then_some(()));
        is_told.with_context(|| format!("the daemon was not told: {}", machine.log("minewall-lists")))?;
        let checked = machine.must(&["minewall", "check", "-c", "/etc/minewall/minewall.toml", "pool.example.org"])?;
        ensure!(checked.contains("own"), "the feed is not in use: {checked}");
        machine.shell("echo second.example.org >> /etc/minewall/own.list; minewall lists update")?;
        let strange = machine.shell("find /var/lib/minewall /run/minewall ! -user minewall")?;
        ensure!(strange.is_empty(), "what root fetched is not minewall's: {strange}");
        machine.shell("echo 'mode = 1' > /etc/minewall/minewall.toml")?;
        let refused = machine.output(&["systemctl", "reload", "minewall"])?;
        ensure!(!refused.status.success(), "a wrong configuration was taken");
        machine.shell("cat /root/minewall.toml > /etc/minewall/minewall.toml")?;
        machine.must(&["systemctl", "reload", "minewall"]).with_context(|| machine.log("minewall"))?;
        self.logs_in("after a refused configuration", false)?;
        step(
            "lists are fetched by the same user, and the daemon is told; a wrong configuration is refused with its reason",
        );
        Ok(())
    }

    /// Files are rotated without a restart, and rsyslog writes what comes by its socket.
    fn logs(&self) -> Result<()> {
        let machine = &self.machine;
        let sink =
            "[[sink]]\\ntype = \"syslog\"\\naddress = \"unix:/run/rsyslog-minewall/log\"\\nfacility = \"local4\"\\n";
        machine.must(&["systemctl", "restart", "rsyslog"])?;
        machine.shell(&format!("printf '\\n{sink}' >> /etc/minewall/minewall.toml"))?;
        machine.must(&["systemctl", "reload", "minewall"]).with_context(|| machine.log("minewall"))?;
        let process = machine.must(&["systemctl", "show", "-P", "MainPID", "minewall"])?;
        let read_anew = || machine.log("minewall").matches("read anew").count();
        let before = read_anew();
        machine.must(&["logrotate", "--force", "/etc/logrotate.d/minewall"])?;
        // Until it has heard, it writes to the file under its new name.
        until(LIMIT, || (read_anew() > before).then_some(())).context("it was not told to open its files anew")?;
        let has = |file: &str| {
            self.logs_in("after rotation", false)?;
            let line = format!("grep -q 'blocked' {file}");
            let found = until(LIMIT, || machine.shell(&line).ok());
            found.with_context(|| format!("{file} has no record: {}", machine.log("minewall"))).map(drop)
        };
        machine.must(&["test", "-s", "/var/log/minewall/records.jsonl.1"])?;
        has("/var/log/minewall/records.jsonl")?;
        has("/var/log/minewall.log")?;
        let line = machine.shell("head -1 /var/log/minewall.log")?;
        let is_json = serde_json::from_str::<serde_json::Value>(line.trim()).is_ok_and(|value| value.is_object());
        ensure!(is_json, "rsyslog writes what is no JSON: {line}");
        ensure!(process == machine.must(&["systemctl", "show", "-P", "MainPID", "minewall"])?, "it was restarted");
        step("logs are rotated while it runs, and rsyslog writes its records");
        Ok(())
    }

    /// Killed, and hung: systemd starts it again.
    fn survives(&self) -> Result<()> {
        let machine = &self.machine;
        let starts =
            || machine.must(&["systemctl", "show", "-P", "NRestarts", "minewall"]).ok()?.trim().parse::<u32>().ok();
        let is_back = |count: u32| {
            let is_up = || machine.must(&["systemctl", "is-active", "--quiet", "minewall"]).ok();
            until(LIMIT, || starts().filter(|now| *now >= count).and_then(|_| is_up()))
                .with_context(|| format!("systemd does not start it again: {}", machine.log("minewall")))
        };
        // A shorter time than the unit's, so that a hung one is found while we wait.
        machine.shell("mkdir -p /run/systemd/system/minewall.service.d; printf '[Service]\\nWatchdogSec=4\\n' > /run/systemd/system/minewall.service.d/test.conf")?;
        machine.must(&["systemctl", "daemon-reload"])?;
        machine.must(&["systemctl", "restart", "minewall"])?;
        machine.must(&["systemctl", "kill", "--kill-who=main", "--signal=KILL", "minewall"])?;
        is_back(1)?;
        self.logs_in("after it was killed", false)?;
        machine.must(&["systemctl", "kill", "--kill-who=main", "--signal=STOP", "minewall"])?;
        is_back(2)?;
        self.logs_in("after it hung", false)?;
        machine.shell(
            "rm -r /run/systemd/system/minewall.service.d; systemctl daemon-reload; systemctl restart minewall",
        )?;
        step("killed, and hung: systemd starts it again, and it cuts");
        Ok(())
    }

    fn upgrades(&self, package: &str) -> Result<()> {
        let machine = &self.machine;
        let process = || machine.must(&["systemctl", "show", "-P", "MainPID", "minewall"]);
        let old = process()?;
        let load = Load::start(&self.lab)?;
        machine.must(&["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])?;
        machine.must(&["systemctl", "is-active", "minewall.service"]).with_context(|| machine.log("minewall"))?;
        let carried = load.end().with_context(|| machine.log("minewall"))?;
        ensure!(process()? != old, "the old program still runs");
        let version = machine.must(&["dpkg-query", "-W", "-f", "${Version}", "minewall"])?;
        ensure!(version.ends_with("-2"), "{version} is installed");
        let mode =
            machine.shell("grep ^mode /etc/minewall/minewall.toml; stat -c '%U:%G %a' /etc/minewall/minewall.toml")?;
        ensure!(mode.contains("block") && mode.contains("root:minewall 640"), "the configuration has changed: {mode}");
        self.logs_in("after the upgrade", false)?;
        step(&format!(
            "upgraded under load: none of {} new connections and {} lines on old and new ones was lost; the slowest took {} ms",
            carried.opened,
            carried.lines,
            carried.slowest.as_millis()
        ));
        Ok(())
    }

    fn purges(&mut self, package: &str, before: &BTreeSet<String>, root: &Path) -> Result<()> {
        let machine = &self.machine;
        machine.must(&["touch", "/etc/minewall/keep-evidence"])?;
        machine.must(&["apt-get", "-qq", "purge", "--yes", "minewall"])?;
        let kept =
            machine.shell("find /etc/minewall /var/lib/minewall /var/log/minewall* -type f 2> /dev/null || true")?;
        let all_evidence = kept
            .lines()
            .all(|file| file.starts_with("/var/log/minewall") || file.starts_with("/var/lib/minewall/journal/"));
        ensure!(kept.contains("records.jsonl") && kept.contains("/journal/") && all_evidence, "kept: {kept}");
        ensure!(!machine.output(&["getent", "passwd", "minewall"])?.status.success(), "the user is still there");
        let owners = machine.shell("find /var/lib/minewall /var/log/minewall ! -user root")?;
        ensure!(owners.is_empty(), "belongs to nobody: {owners}");
        step("purged with keep-evidence: records and journal stay, as root's");
        machine.must(&["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package])?;
        // Somebody may read the records; the group goes all the same.
        machine.must(&["usermod", "--append", "--groups", "minewall", "nobody"])?;
        machine.must(&["apt-get", "-qq", "purge", "--yes", "minewall"])?;
        ensure!(!machine.output(&["getent", "group", "minewall"])?.status.success(), "the group is still there");
        let left: Vec<_> = files(root).difference(before).filter(|file| file.contains("minewall")).cloned().collect();
        let left: Vec<_> = left.into_iter().filter(|file| !file.starts_with("root/")).collect();
        ensure!(left.is_empty(), "left behind: {left:?}");
        ensure!(!machine.output(&["getent", "passwd", "minewall"])?.status.success(), "the user is still there");
        step("installed again and purged: nothing is left");
        Ok(())
    }
}

/// Every path below `root`.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.push(path.clone());
            }
            if let Ok(name) = path.strip_prefix(root) {
                found.insert(name.to_string_lossy().into_owned());
            }
        }
    }
    found
}

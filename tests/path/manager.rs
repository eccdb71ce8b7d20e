//! What a service manager is told, by the protocol of systemd: a datagram socket named in `NOTIFY_SOCKET`.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use minewall_lab::addresses::Family;
use minewall_lab::{Lab, Minewall, ready, until};
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::{LIMIT, binary, configuration, dig, must};

/// A watchdog this impatient is to hear something every second.
const WATCHDOG_USEC: &str = "3000000";

/// Several times that.
const SEVERAL: Duration = Duration::from_secs(10);

/// All datagrams so far.
#[derive(Clone)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn listen(socket: UnixDatagram) -> Self {
        let heard = Self(Arc::default());
        let to = heard.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                to.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
        });
        heard
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, words: &str) -> usize {
        self.all()
            .iter()
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| line == words)
            .count()
    }

    /// Waits until the datagrams behind number `from` hold these beginnings of lines in this order; gives what comes
    /// behind them.
    fn wait(&self, from: usize, beginnings: &[&str]) -> Result<usize> {
        let find = || {
            let all = self.all();
            let mut at = from;
            for beginning in beginnings {
                let is_it = |text: &String| text.lines().any(|line| line.starts_with(beginning));
                at += all.get(at..)?.iter().position(is_it)? + 1;
            }
            Some(at)
        };
        until(LIMIT, find).with_context(|| format!("not {beginnings:?} behind {from} in {:#?}", self.all()))
    }
}

/// Starts minewall as a service manager does.
fn managed(lab: &Lab, more: &str) -> Result<(Minewall, Heard)> {
    let path = lab.directory().join("notify");
    let heard = Heard::listen(UnixDatagram::bind(&path)?);
    let environment = [("NOTIFY_SOCKET", path.to_str().context("a path")?), ("WATCHDOG_USEC", WATCHDOG_USEC)];
    let minewall = Minewall::start_with(lab, binary(), &configuration(lab, "block", more), &environment)?;
    Ok((minewall, heard))
}

#[test]
fn a_service_manager_hears_of_the_start_reloads_pauses_and_the_end() -> Result<()> {
    if !ready("a_service_manager_hears_of_the_start_reloads_pauses_and_the_end") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let (mut minewall, heard) = managed(&lab, "")?;
    let at = heard.wait(0, &["READY=1", "STATUS=mode block; ", "WATCHDOG=1", "WATCHDOG=1"])?;
    minewall.hup()?;
    let at = heard.wait(at, &["RELOADING=1", "READY=1"])?;
    let reloading = heard.all().into_iter().find(|text| text.contains("RELOADING=1")).context("a reload")?;
    let clock = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).context("a clock")?;
    let uptime = fs::read_to_string("/proc/uptime")?;
    let uptime: f64 = uptime.split(' ').next().context("a time")?.parse()?;
    let clock: f64 = clock.parse()?;
    assert!(clock > 0.0 && clock / 1e6 <= uptime + 1.0, "{clock} us of {uptime} s");
    // Also where it is refused: the former configuration goes on.
    let before = fs::read_to_string(minewall.configuration())?;
    minewall.reload("mode = \"blok\"\n")?;
    let at = heard.wait(at, &["RELOADING=1", "READY=1"])?;
    fs::write(minewall.configuration(), before)?;
    let (program, file) = (binary().to_str().context("a path")?, minewall.configuration().to_str().context("a path")?);
    must(&lab.gateway, program, &["pause", "10m", "-c", file])?;
    let at = heard.wait(at, &["STATUS=PAUSED until 2", "WATCHDOG=1"])?;
    must(&lab.gateway, program, &["resume", "-c", file])?;
    let at = heard.wait(at, &["STATUS=mode block; "])?;
    assert!(minewall.stop()?.success());
    heard.wait(at, &["STOPPING=1"])?;
    Ok(())
}

#[test]
fn the_watchdog_hears_nothing_while_packets_wait_for_a_thread_that_is_stuck() -> Result<()> {
    if !ready("the_watchdog_hears_nothing_while_packets_wait_for_a_thread_that_is_stuck") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let (mut minewall, heard) = managed(&lab, "")?;
    heard.wait(0, &["WATCHDOG=1"])?;
    // A tracer and its tracees are bound to one thread.
    let stuck = hold_queues(minewall.pid())?;
    for port in 20_000..20_008 {
        let at = SocketAddr::new(Family::V4.internet(), port);
        _ = lab.host.run(|| TcpStream::connect_timeout(&at, Duration::from_millis(100)));
        _ = dig(&lab.host, Family::V4.internet(), &["+time=1", "a.example.net"])?;
        if minewall.wait_log("answers nothing though packets wait", Duration::from_secs(1)) {
            break;
        }
    }
    assert!(minewall.wait_log("answers nothing though packets wait", LIMIT), "{}", minewall.log());
    let (program, file) = (binary().to_str().context("a path")?, minewall.configuration().to_str().context("a path")?);
    let status = must(&lab.gateway, program, &["status", "-c", file])?;
    assert!(status.contains(" STUCK"), "{status}");
    let silent = heard.count("WATCHDOG=1");
    assert!(until(SEVERAL, || (heard.count("WATCHDOG=1") > silent).then_some(())).is_none(), "{:#?}", heard.all());
    heard.wait(0, &["STATUS=STUCK: "])?;

    for thread in stuck {
        ptrace::detach(thread, None)?;
    }
    let again = until(LIMIT, || (heard.count("WATCHDOG=1") > silent).then_some(()));
    assert!(again.is_some(), "{:#?}\n{}", heard.all(), minewall.log());
    assert!(minewall.log().contains("the queue's thread answers again"), "{}", minewall.log());
    assert!(minewall.stop()?.success());
    Ok(())
}

/// Stops the queues' threads, and no other: for the kernel they are there, and take nothing.
fn hold_queues(pid: u32) -> Result<Vec<Pid>> {
    let mut held = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?.path();
        if !fs::read_to_string(task.join("comm"))?.starts_with("queue-") {
            continue;
        }
        let name = task.file_name().and_then(|name| name.to_str()).context("a thread's id")?;
        let thread = Pid::from_raw(name.parse()?);
        ptrace::seize(thread, ptrace::Options::empty()).context("a thread cannot be traced (CAP_SYS_PTRACE)")?;
        ptrace::interrupt(thread)?;
        waitpid(thread, Some(WaitPidFlag::__WALL))?;
        held.push(thread);
    }
    if held.is_empty() {
        bail!("no thread of a queue");
    }
    Ok(held)
}

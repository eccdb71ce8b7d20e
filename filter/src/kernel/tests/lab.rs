//! Namespaces, and a host, a gateway and the internet made of them.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Whether namespaces can be made; says so where they cannot.
pub(super) fn root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("SKIPPED: this test makes network namespaces and needs root");
    }
    root
}

/// Runs a command line of plain words in the namespace of this thread.
pub(super) fn sh(line: &str) -> String {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until something holds; ten seconds are an error.
pub(super) fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A network namespace, removed when dropped.
pub(super) struct Namespace(String);

impl Namespace {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("mwk{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        sh(&format!("ip netns add {name}"));
        let namespace = Self(name);
        namespace.inside(|| sh("ip link set lo up"));
        namespace
    }

    /// Makes this thread, and what it starts, part of the namespace.
    pub(super) fn enter(&self) {
        let file = File::open(format!("/run/netns/{}", self.0)).unwrap();
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
    }

    /// Runs something in a thread inside the namespace.
    pub(super) fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let run = || {
            self.enter();
            work()
        };
        thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// host 10.1.0.2, fd01::2 - gateway 10.1.0.1, fd01::1; 10.2.0.1, fd02::1 - internet 10.2.0.2, fd02::2
pub(super) struct Lab {
    pub(super) host: Namespace,
    pub(super) gateway: Namespace,
    pub(super) internet: Namespace,
}

impl Lab {
    pub(super) fn new() -> Self {
        let lab = Self { host: Namespace::new(), gateway: Namespace::new(), internet: Namespace::new() };
        lab.wire(&lab.host, "inside", 1);
        lab.wire(&lab.internet, "outside", 2);
        lab.gateway.inside(|| {
            fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
            fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").unwrap();
        });
        lab
    }

    fn wire(&self, far_end: &Namespace, name: &str, net: u8) {
        let (near, far) = (&self.gateway.0, &far_end.0);
        sh(&format!("ip -n {near} link add {name} type veth peer name gateway netns {far}"));
        for (namespace, device, last) in [(near, name, 1), (far, "gateway", 2)] {
            sh(&format!("ip -n {namespace} addr add 10.{net}.0.{last}/24 dev {device}"));
            sh(&format!("ip -n {namespace} addr add fd0{net}::{last}/64 dev {device} nodad"));
            sh(&format!("ip -n {namespace} link set {device} up"));
        }
        // Segments are counted: whoever looks at them may be late, and they are not to be sent again meanwhile, nor is a
        // loss to be probed for.
        sh(&format!("ip -n {far} route add default via 10.{net}.0.1 rto_min 2s"));
        sh(&format!("ip -n {far} route add default via fd0{net}::1 rto_min 2s"));
        far_end.inside(|| fs::write("/proc/sys/net/ipv4/tcp_early_retrans", "0").unwrap());
    }
}

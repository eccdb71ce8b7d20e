//! Host, gateway and internet, wired.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::addresses::{
    BRIDGE, Family, GATEWAY_INSIDE_V4, GATEWAY_INSIDE_V6, GATEWAY_OUTSIDE_V4, GATEWAY_OUTSIDE_V6, HOST_MAC, HOST_V4,
    HOST_V6, INTERNET_V4, INTERNET_V6, LAN, ONLY, WAN,
};
use crate::namespace::{self, Namespace};
use crate::wait::until;

/// Labs made by this process so far: part of the names.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// How long the wires may take to carry the first packet.
const WIRING: Duration = Duration::from_secs(10);

/// Three namespaces, or four, and a directory. Dropping it removes all of it; keep it alive longer than its services.
#[derive(Debug)]
pub struct Lab {
    /// The machine inside.
    pub host: Namespace,
    /// The router with NAT, where minewall runs; in a bridged lab the bridge in front of it.
    pub gateway: Namespace,
    /// The router behind the bridge.
    beyond: Option<Namespace>,
    /// Every server outside.
    pub internet: Namespace,
    directory: Directory,
    name: String,
    hosts: AtomicU8,
}

/// A further host behind the gateway, on an interface and in subnets of its own. Drop it before the lab.
#[derive(Debug)]
pub struct Host {
    /// Where it lives.
    pub namespace: Namespace,
    /// Its IPv4 address, 10.80.N.2.
    pub v4: Ipv4Addr,
    /// Its IPv6 address, fd80:N::2.
    pub v6: Ipv6Addr,
    /// Its link address.
    pub mac: String,
    /// The gateway's interface it hangs on, `lanN`.
    pub lan: String,
}

impl Lab {
    /// Makes a lab and waits until it carries packets from the host to the internet, over IPv4 and IPv6. What labs of
    /// processes that died left behind is removed first.
    ///
    /// # Errors
    /// When a step fails; everything made so far is then removed. Ask [`crate::why_not`] first.
    pub fn new() -> Result<Self> {
        let lab = Self::make(false)?;
        wire_inside(&lab.gateway, &lab.host, 0, HOST_MAC)?;
        lab.open()
    }

    /// As [`Self::new`], with a bridge without addresses and routes between the host and the router: the gateway has
    /// two ports, `lan0` and `wan0`, of a bridge `br0`, and every address of the router is beyond it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn bridged() -> Result<Self> {
        let lab = Self::make(true)?;
        let (bridge, router) = (&lab.gateway, lab.router());
        bridge.ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        for (port, end, of) in [(LAN, ONLY, &lab.host), (WAN, LAN, router)] {
            bridge.ip(&["link", "add", port, "type", "veth", "peer", "name", end, "netns", of.name()])?;
            bridge.ip(&["link", "set", port, "master", BRIDGE, "up"])?;
        }
        join(router, LAN, &lab.host, 0, HOST_MAC)?;
        bridge.ip(&["link", "set", BRIDGE, "up"])?;
        lab.open()
    }

    fn make(bridged: bool) -> Result<Self> {
        sweep();
        let name = format!("mw{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let beyond = if bridged { Some(Namespace::make(format!("{name}-router"), true)?) } else { None };
        Ok(Self {
            directory: Directory::make(&name)?,
            host: Namespace::make(format!("{name}-host"), false)?,
            gateway: Namespace::make(format!("{name}-gw"), !bridged)?,
            beyond,
            internet: Namespace::make(format!("{name}-net"), false)?,
            name,
            hosts: AtomicU8::new(1),
        })
    }

    /// Wires the rest, and waits until packets pass.
    fn open(self) -> Result<Self> {
        self.wire_outside()?;
        self.masquerade()?;
        let servers = Family::BOTH.map(Family::gateway_inside);
        self.host.resolve_by(&servers)?;
        self.gateway.resolve_by(&Family::BOTH.map(Family::internet))?;
        self.internet.resolve_by(&Family::BOTH.map(Family::internet))?;
        for family in Family::BOTH {
            self.wait_path(&self.host, family)?;
        }
        Ok(self)
    }

    fn router(&self) -> &Namespace {
        self.beyond.as_ref().unwrap_or(&self.gateway)
    }

    /// Part of the names of this lab's namespaces; unique among running labs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where configurations, logs and records of this lab live. Goes with the lab.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory.0
    }

    /// Adds a host behind the gateway.
    ///
    /// # Errors
    /// When a step fails, or after 250 hosts.
    pub fn add_host(&self) -> Result<Host> {
        let number = self.hosts.fetch_add(1, Ordering::Relaxed);
        ensure!(number <= 250, "a lab holds at most 250 hosts");
        let namespace = Namespace::make(format!("{}-host{number}", self.name), false)?;
        let mac = format!("02:80:00:00:{number:02x}:02");
        wire_inside(&self.gateway, &namespace, number, &mac)?;
        namespace.resolve_by(&Family::BOTH.map(Family::gateway_inside))?;
        for family in Family::BOTH {
            self.wait_path(&namespace, family)?;
        }
        let (v4, v6) = (inside_v4(number, HOST_V4), inside_v6(number, HOST_V6));
        Ok(Host { namespace, v4, v6, mac, lan: format!("lan{number}") })
    }

    /// Gives the internet one more address, e.g. one that a list names. Never reaches the real one: the namespaces
    /// have no way out.
    ///
    /// # Errors
    /// When `ip` refuses.
    pub fn add_internet_address(&self, address: IpAddr) -> Result<()> {
        let (length, via) = match address {
            IpAddr::V4(_) => (32, IpAddr::V4(INTERNET_V4)),
            IpAddr::V6(_) => (128, IpAddr::V6(INTERNET_V6)),
        };
        let whole = format!("{address}/{length}");
        self.internet.ip(&["addr", "add", &whole, "dev", ONLY])?;
        self.router().ip(&["route", "replace", &whole, "via", &via.to_string()])
    }

    fn wire_outside(&self) -> Result<()> {
        let (gateway, internet) = (self.router(), &self.internet);
        gateway.ip(&["link", "add", WAN, "type", "veth", "peer", "name", ONLY, "netns", internet.name()])?;
        address(gateway, WAN, GATEWAY_OUTSIDE_V4, GATEWAY_OUTSIDE_V6)?;
        address(internet, ONLY, INTERNET_V4, INTERNET_V6)?;
        default_route(gateway, INTERNET_V4, INTERNET_V6)
    }

    fn masquerade(&self) -> Result<()> {
        for program in ["iptables", "ip6tables"] {
            let rule = ["-w", "-t", "nat", "-A", "POSTROUTING", "-o", WAN, "-j", "MASQUERADE"];
            let output = self.router().output(program, &rule, Duration::from_secs(10))?;
            ensure!(
                output.status.success(),
                "{program} MASQUERADE failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// A datagram from `host` must reach the internet: carrier and neighbours come up a moment after the links.
    fn wait_path(&self, host: &Namespace, family: Family) -> Result<()> {
        let there = self.internet.run(|| UdpSocket::bind((family.internet(), 9)))?;
        there.set_read_timeout(Some(Duration::from_millis(50)))?;
        let here = host.run(|| UdpSocket::bind((unspecified(family), 0)))?;
        let arrived = until(WIRING, || {
            here.send_to(b"?", (family.internet(), 9)).ok()?;
            there.recv_from(&mut [0; 1]).ok()
        });
        match arrived {
            Some((_, from)) if from.ip() == family.gateway_outside() => Ok(()),
            Some((_, from)) => bail!("NAT does not work in lab {}: a packet came from {from}", self.name),
            None => bail!("no {family:?} packet crossed lab {} within {WIRING:?}", self.name),
        }
    }
}

/// Joins a host to the gateway: veth, addresses, routes. Host 0 is the first.
fn wire_inside(gateway: &Namespace, host: &Namespace, number: u8, mac: &str) -> Result<()> {
    let lan = if number == 0 { LAN.to_owned() } else { format!("lan{number}") };
    gateway.ip(&["link", "add", &lan, "type", "veth", "peer", "name", ONLY, "netns", host.name()])?;
    join(gateway, &lan, host, number, mac)
}

/// Addresses and routes of both ends of a link.
fn join(gateway: &Namespace, lan: &str, host: &Namespace, number: u8, mac: &str) -> Result<()> {
    host.ip(&["link", "set", ONLY, "address", mac])?;
    let (v4, v6) = (inside_v4(number, GATEWAY_INSIDE_V4), inside_v6(number, GATEWAY_INSIDE_V6));
    address(gateway, lan, v4, v6)?;
    address(host, ONLY, inside_v4(number, HOST_V4), inside_v6(number, HOST_V6))?;
    default_route(host, v4, v6)
}

/// The address of host or gateway in the subnets of host `number`.
fn inside_v4(number: u8, first: Ipv4Addr) -> Ipv4Addr {
    let [a, b, _, d] = first.octets();
    Ipv4Addr::new(a, b, number, d)
}

fn inside_v6(number: u8, first: Ipv6Addr) -> Ipv6Addr {
    let mut segments = first.segments();
    segments[1] = number.into();
    segments.into()
}

fn address(namespace: &Namespace, interface: &str, v4: Ipv4Addr, v6: Ipv6Addr) -> Result<()> {
    namespace.ip(&["addr", "add", &format!("{v4}/24"), "dev", interface])?;
    namespace.ip(&["addr", "add", &format!("{v6}/64"), "dev", interface, "nodad"])?;
    namespace.ip(&["link", "set", interface, "up"])
}

fn default_route(namespace: &Namespace, v4: Ipv4Addr, v6: Ipv6Addr) -> Result<()> {
    namespace.ip(&["-4", "route", "add", "default", "via", &v4.to_string()])?;
    namespace.ip(&["-6", "route", "add", "default", "via", &v6.to_string()])
}

pub(crate) const fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// The lab's directory under the system's temporary one.
#[derive(Debug)]
struct Directory(PathBuf);

impl Directory {
    fn make(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes namespaces and directories whose name says they belong to a process that no longer runs.
fn sweep() {
    let names = |place: &Path| -> Vec<String> {
        let entries = fs::read_dir(place).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_orphan(name)).collect()
    };
    for name in names(Path::new("/run/netns")) {
        namespace::remove(&name);
    }
    for name in names(&std::env::temp_dir()) {
        let _ = fs::remove_dir_all(std::env::temp_dir().join(name));
    }
}

/// Whether `name` is `mwPID-...` and no process PID exists.
fn is_orphan(name: &str) -> bool {
    let owner = name.strip_prefix("mw").and_then(|rest| rest.split_once('-'));
    owner.is_some_and(|(pid, _)| {
        !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()) && !Path::new("/proc").join(pid).exists()
    })
}

#[cfg(test)]
mod tests {
    use super::is_orphan;

    #[test]
    fn only_labs_of_dead_processes_are_orphans() {
        // Above the kernel's highest pid (2^22), so never alive.
        assert!(is_orphan("mw99999999-0-host"));
        assert!(!is_orphan(&format!("mw{}-0-host", std::process::id())));
        for other in ["mw-0-host", "mwx-0", "mw12", "blue", "mw1a-0-gw"] {
            assert!(!is_orphan(other), "{other}");
        }
    }
}

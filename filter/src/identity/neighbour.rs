//! The kernel's neighbour table, for hosts of which no packet of their own was seen.

use std::collections::HashMap;
use std::net::IpAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use minewall_core::limits::HOSTS;

/// How long an answer holds: a host that comes back under another address is known anew within this time.
const HOLDS: Duration = Duration::from_secs(30);

/// Hosts asked for in one second: each costs a process of about a millisecond, and a flood of records must not turn
/// into a flood of processes.
const ASKED_A_SECOND: u32 = 50;

/// Neighbours asked for lately.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    known: HashMap<IpAddr, (Instant, Option<[u8; 6]>)>,
    /// The second that is counted, and how many were asked for in it.
    asked: Option<(Instant, u32)>,
}

impl Neighbours {
    /// The hardware address of a neighbour; none if it is not on a link of this gateway, or if too many were asked for.
    pub(crate) fn hardware_address(&mut self, host: IpAddr) -> Option<[u8; 6]> {
        self.ask(host, Instant::now(), ask_the_kernel)
    }

    fn ask(&mut self, host: IpAddr, now: Instant, ask: impl FnOnce(IpAddr) -> Option<[u8; 6]>) -> Option<[u8; 6]> {
        let holds = |since: Instant| now.duration_since(since) < HOLDS;
        if let Some((since, mac)) = self.known.get(&host)
            && holds(*since)
        {
            return *mac;
        }
        let this_second = self.asked.filter(|(since, _)| now.duration_since(*since) < Duration::from_secs(1));
        let (since, count) = this_second.unwrap_or((now, 0));
        if count >= ASKED_A_SECOND {
            return None;
        }
        self.asked = Some((since, count + 1));
        if self.known.len() >= HOSTS {
            self.known.retain(|_, (since, _)| holds(*since));
        }
        let mac = ask(host);
        self.known.insert(host, (now, mac));
        mac
    }
}

/// As `ip neighbour` tells it.
fn ask_the_kernel(host: IpAddr) -> Option<[u8; 6]> {
    let mut command = Command::new("ip");
    let output = command.args(["neighbour", "show", "to", &host.to_string()]).stdin(Stdio::null()).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `10.0.0.2 dev lan lladdr 02:00:00:00:00:02 REACHABLE`.
fn parse(line: &str) -> Option<[u8; 6]> {
    let mut words = line.split_ascii_whitespace().skip_while(|word| *word != "lladdr").skip(1);
    let mut mac = [0; 6];
    let mut parts = words.next()?.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ip_neighbour_is_read() {
        let mac = parse("10.0.0.2 dev lan lladdr 02:00:00:0a:00:ff REACHABLE\n");
        assert_eq!(mac, Some([2, 0, 0, 10, 0, 255]));
        assert_eq!(parse("10.0.0.2 dev lan  FAILED\n"), None);
        assert_eq!(parse("10.0.0.2 dev lan lladdr 02:00 REACHABLE\n"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_flood_of_records_asks_seldom() {
        let mut neighbours = Neighbours::default();
        let start = Instant::now();
        let host = |n: u32| IpAddr::from(n.to_be_bytes());
        let asked = std::cell::Cell::new(0_u32);
        let mut ask = |n, after| {
            neighbours.ask(host(n), start + Duration::from_millis(after), |_| {
                asked.set(asked.get() + 1);
                Some([n as u8; 6])
            })
        };
        for _ in 0..10_000 {
            assert_eq!(ask(1, 0), Some([1; 6]));
        }
        assert_eq!(asked.get(), 1, "one host is asked for once");
        for n in 2..10_000 {
            ask(n, 500);
        }
        assert_eq!(asked.get(), ASKED_A_SECOND, "many are asked for slowly");
        assert_eq!(ask(20_000, 500), None);
        assert_eq!(ask(20_000, 1_500), Some([32; 6]));
        assert_eq!(ask(1, 29_999), Some([1; 6]));
        let before = asked.get();
        ask(1, 30_000);
        assert_eq!(asked.get(), before + 1, "an answer holds for a while");
        for n in 0..10_000_u32 {
            ask(n, 40_000 + u64::from(n) * 20);
        }
        assert!(neighbours.known.len() <= HOSTS);
    }
}

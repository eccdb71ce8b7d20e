//! What the NAT gateway makes of the day's connections: two public addresses, ports used again and again.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use crate::random::Random;

const PUBLIC: [Ipv4Addr; 2] = [Ipv4Addr::new(203, 0, 113, 5), Ipv4Addr::new(203, 0, 113, 6)];

/// Ports given out of each public address: few, so that many connections had each.
const PORTS: u16 = 64;

/// How long a port rests before another connection gets it.
const REST_US: i64 = 120_000_000;

/// A connection as the hosts inside see it.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) is_tcp: bool,
    pub(super) inside: SocketAddrV4,
    pub(super) server: SocketAddrV4,
    pub(super) begun_us: i64,
    pub(super) ended_us: i64,
}

/// A connection on both sides of NAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translation {
    /// Whether it is TCP, else UDP.
    pub is_tcp: bool,
    /// The host's end, inside.
    pub inside: SocketAddrV4,
    /// The same, as the far end sees it.
    pub public: SocketAddrV4,
    /// The far end.
    pub server: SocketAddrV4,
    /// Its first packet, microseconds since 1970-01-01T00:00:00Z.
    pub begun_us: i64,
    /// Its last one.
    pub ended_us: i64,
}

impl Translation {
    /// Its beginning and its end as `conntrack -E -o timestamp` prints them.
    pub(super) fn lines(&self) -> String {
        let Self { inside, public, server, .. } = self;
        let protocol = if self.is_tcp { "tcp      6" } else { "udp      17" };
        let tuples = format!(
            "src={} dst={} sport={} dport={} src={} dst={} sport={} dport={}",
            inside.ip(),
            server.ip(),
            inside.port(),
            server.port(),
            server.ip(),
            public.ip(),
            server.port(),
            public.port()
        );
        let stamp = |us: i64| format!("[{}.{:06}]", us / 1_000_000, us % 1_000_000);
        let state = if self.is_tcp { " 120 SYN_SENT" } else { " 30" };
        format!(
            "{}\t    [NEW] {protocol}{state} {tuples}\n{}\t[DESTROY] {protocol} {tuples}\n",
            stamp(self.begun_us),
            stamp(self.ended_us)
        )
    }
}

/// Gives each connection a public address and port that rested, in the order they began.
pub(super) fn translate(mut flows: Vec<Flow>, random: &mut Random) -> Vec<Translation> {
    flows.sort_by_key(|flow| flow.begun_us);
    let mut rested: HashMap<(bool, SocketAddrV4), i64> = HashMap::new();
    let mut translations = Vec::new();
    for Flow { is_tcp, inside, server, begun_us, ended_us } in flows {
        let public = loop {
            let ip = PUBLIC[random.below(PUBLIC.len())];
            let public = SocketAddrV4::new(ip, 20_000 + random.below(usize::from(PORTS)) as u16);
            let free = rested.get(&(is_tcp, public)).is_none_or(|from| *from <= begun_us);
            if free {
                break public;
            }
        };
        rested.insert((is_tcp, public), ended_us + REST_US);
        translations.push(Translation { is_tcp, inside, public, server, begun_us, ended_us });
    }
    translations
}

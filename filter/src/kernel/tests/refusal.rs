//! Listed addresses: refused by the kernel, whether or not anybody looks, while each attempt is told to who looks.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use minewall_core::config::{Config, TcpAction};
use minewall_core::policy::{Exempt, Mode, parse_prefix};
use minewall_core::ruleset::Ruleset;
use minewall_lists::{Builder, Category, ListMeta, Lists};

use super::super::{LISTED_WITHOUT_SETS, Loader};
use super::lab::Lab;
use super::traffic::{INTERNET, INTERNET_SIX, Judge, config, connect, counted, ports, serve, with_each_backend};
use super::{VARIANTS, iptables_plane_of, nft_plane_of, root};

const LISTED: &str = "10.2.0.2:3333\n[fd02::2]:3333\n";

fn blocking() -> Config {
    let mut config = config();
    config.mode = Mode::Block;
    config
}

fn exempt(prefixes: &[&str]) -> Vec<Exempt> {
    let exempt = |prefix: &&str| Exempt {
        prefix: parse_prefix(prefix).unwrap(),
        owner: "physics".to_owned(),
        reason: "study".to_owned(),
        expires: None,
    };
    prefixes.iter().map(exempt).collect()
}

fn lists(text: &str, category: Category) -> Lists {
    let mut builder = Builder::new();
    let tally = builder.add_text(ListMeta::new("own", category), text);
    assert_eq!(tally.rejected(), 0);
    builder.build()
}

/// What comes of a connection that is expected to end so: whoever waits for an answer waits until it is there, and whoever
/// expects none ends before the segment is sent again.
fn attempt(lab: &Lab, address: SocketAddr, expected: ErrorKind) -> ErrorKind {
    let limit = if expected == ErrorKind::TimedOut { Duration::from_millis(300) } else { Duration::from_secs(10) };
    lab.host.inside(|| TcpStream::connect_timeout(&address, limit)).unwrap_err().kind()
}

pub(super) fn is(expected: ErrorKind, lab: &Lab, address: SocketAddr, why: &str) {
    assert_eq!(attempt(lab, address, expected), expected, "{why}");
}

pub(super) fn works(lab: &Lab, address: SocketAddr) {
    let _served = serve(&lab.internet, address, true);
    let mut client = connect(&lab.host, address);
    client.write_all(b"PING").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
}

#[test]
fn a_listed_address_is_refused_with_and_without_user_space() {
    for action in [TcpAction::Reset, TcpAction::Drop] {
        let mut config = blocking();
        config.tcp.action = action;
        let expected = if action == TcpAction::Reset { ErrorKind::ConnectionRefused } else { ErrorKind::TimedOut };
        with_each_backend(&config, &lists(LISTED, Category::Custom), |lab, plane| {
            for address in [INTERNET, INTERNET_SIX] {
                let _served = serve(&lab.internet, SocketAddr::new(address, 3333), true);
                is(expected, lab, SocketAddr::new(address, 3333), "nobody looks");
                works(lab, SocketAddr::new(address, 3334));
            }
            assert_eq!(counted(lab, plane, "refused"), 2);
            let judge = Judge::start(&lab.gateway, &config);
            for address in [INTERNET, INTERNET_SIX] {
                is(expected, lab, SocketAddr::new(address, 3333), "somebody looks");
            }
            let seen = judge.seen();
            let to: Vec<_> = seen.iter().map(|seen| (seen.destination.ip(), seen.destination.port())).collect();
            assert_eq!(to, [(INTERNET, 3333), (INTERNET_SIX, 3333)]);
            assert_eq!(counted(lab, plane, "refused"), 4);
            assert_eq!(counted(lab, plane, "attempts_queued"), 4);
        });
    }
}

#[test]
fn exempt_hosts_reach_listed_addresses() {
    let mut config = blocking();
    config.exempt = exempt(&["10.1.0.0/24", "10.1.0.2", "fd01::/64"]);
    with_each_backend(&config, &lists(LISTED, Category::Custom), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config);
        works(lab, SocketAddr::new(INTERNET, 3333));
        works(lab, SocketAddr::new(INTERNET_SIX, 3333));
        assert!(judge.seen().iter().all(|seen| !seen.payload.is_empty()), "what they say is looked at as ever");
        assert_eq!((counted(lab, plane, "refused"), counted(lab, plane, "attempts_queued")), (0, 0));
    });
}

/// A scan is refused to the last attempt, but not told in so many words.
#[test]
fn a_flood_is_refused_in_the_kernel() {
    let config = blocking();
    with_each_backend(&config, &lists(LISTED, Category::Custom), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config);
        let refused = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..250 {
                        let kind = attempt(lab, SocketAddr::new(INTERNET, 3333), ErrorKind::ConnectionRefused);
                        refused.fetch_add(usize::from(kind == ErrorKind::ConnectionRefused), Ordering::Relaxed);
                    }
                });
            }
        });
        let refused = refused.into_inner() as u64;
        assert_eq!(refused, 1000);
        assert!(counted(lab, plane, "refused") >= refused);
        let told = judge.seen().len() as u64;
        assert_eq!(told, counted(lab, plane, "attempts_queued"));
        eprintln!("of {refused} attempts {told} were told");
        assert!(told >= 200);
    });
}

#[test]
fn only_what_policy_blocks_is_refused() {
    let rules = |config: &Config, category| Ruleset::new(config, 1).refusing(config, &lists(LISTED, category));
    let plain = Ruleset::new(&blocking(), 1);
    assert_eq!(rules(&blocking(), Category::Custom).sets.listed.len(), 2);
    for category in [Category::PoolSite, Category::Resolver] {
        assert_eq!(rules(&blocking(), category), plain, "{category:?}");
    }
    assert_eq!(rules(&config(), Category::Custom), Ruleset::new(&config(), 1), "mode observe");
}

#[test]
fn sets_are_replaced_under_a_connection() {
    let config = blocking();
    with_each_backend(&config, &lists("10.2.0.2:3333", Category::Custom), |lab, plane| {
        if plane.loader != Loader::Nft {
            return;
        }
        let judge = Judge::start(&lab.gateway, &config);
        let old = SocketAddr::new(INTERNET, 3333);
        let new = SocketAddr::new(INTERNET, 4444);
        let _served = serve(&lab.internet, new, true);
        let mut client = connect(&lab.host, new);
        client.write_all(b"PING").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
        is(ErrorKind::ConnectionRefused, lab, old, "it is listed");
        let mut loaded = lab.gateway.inside(|| plane.clone().load().unwrap());
        let handles = || lab.gateway.inside(|| super::sh("nft -a -s -t list table inet minewall"));
        let before = handles();
        let other = nft_plane_of(&config, &lists("10.2.0.2:4444\n[fd02::2]:4444", Category::Custom));
        lab.gateway.inside(|| loaded.replace(other.unwrap()).unwrap());
        assert_eq!(handles(), before, "no rule was touched");
        assert!(lab.gateway.inside(|| loaded.is_present().unwrap()));
        works(lab, old);
        client.write_all(b"PING").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
        assert!(!judge.of_flow(ports(&client)).is_empty());
        is(ErrorKind::ConnectionRefused, lab, new, "it is listed now");
        std::mem::forget(loaded);
    });
}

#[test]
fn without_sets_many_addresses_are_left_to_user_space() {
    if !root() {
        return;
    }
    let text = |count| (1..=count).map(|port| format!("10.2.0.2:{port}\n")).collect::<String>();
    for (count, expected) in [(LISTED_WITHOUT_SETS, LISTED_WITHOUT_SETS), (LISTED_WITHOUT_SETS + 1, 0)] {
        for variant in VARIANTS {
            let Some(plane) = iptables_plane_of(variant, &blocking(), &lists(&text(count), Category::Custom)) else {
                continue;
            };
            assert_eq!(plane.rules.sets.listed.len(), expected);
        }
    }
}

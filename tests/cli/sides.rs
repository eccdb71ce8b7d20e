//! `replay --inside`: which end of a connection is the campus.

use std::net::SocketAddr;

use super::capture::{Capture, Order};
use super::program::{Files, minewall, replay};
use super::story;
use super::wire::{self, DATA, Link, socket};

/// What the pool says: a job, which no miner would.
fn job() -> String {
    format!("{{\"blob\":\"{}\",\"job_id\":\"1\",\"target\":\"b88d0600\"}}\n", "0123456789abcdef".repeat(10))
}

/// A capture of one segment, without the handshake.
fn capture(from: SocketAddr, to: SocketAddr, text: &str) -> Vec<u8> {
    let mut capture = Capture::pcap(Order::Little, false, Link::Raw.number());
    capture.frame(story::BEGIN_NS, &wire::tcp(from, to, 1, DATA, text.as_bytes()));
    capture.bytes
}

/// `source` and `destination` of the one record.
fn ends(files: &Files, bytes: &[u8], inside: &[&str]) -> (String, String) {
    let file = files.write("sides.pcap", bytes);
    let mut arguments: Vec<_> = inside.iter().flat_map(|prefix| ["--inside", prefix]).collect();
    arguments.push(&file);
    let ran = replay(files, &arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let records = ran.records();
    assert_eq!(records.len(), 1, "{}", ran.out);
    let end = |which: &str| records[0][which]["ip"].as_str().unwrap().to_owned();
    (end("source"), end("destination"))
}

#[test]
fn the_campus_is_the_source_whoever_spoke() {
    let files = Files::new();
    let cases = [
        // Public addresses on both sides, the campus the lower and the higher one.
        ("198.51.100.5:40000", "203.0.113.7:3333", "198.51.100.0/24", "203.0.113.7"),
        ("203.0.113.7:40000", "198.51.100.5:3333", "203.0.113.0/24", "198.51.100.5"),
        ("[2001:db8:1::5]:40000", "[2001:db8:ffff::7]:3333", "2001:db8:1::/48", "2001:db8:ffff::7"),
        ("[2001:db8:ffff::7]:40000", "[2001:db8:1::5]:3333", "2001:db8:ffff::/48", "2001:db8:1::5"),
    ];
    for (host, pool, inside, far) in cases {
        let (host, pool) = (socket(host), socket(pool));
        let near = host.ip().to_string();
        let right = (near.clone(), far.to_owned());
        let reversed = (far.to_owned(), near.clone());
        for bytes in [capture(host, pool, &story::login()), capture(pool, host, &job())] {
            // Nothing said, both sides inside: the one that mines. One side inside: that one.
            assert_eq!(ends(&files, &bytes, &[]), right, "{host}");
            assert_eq!(ends(&files, &bytes, &[inside]), right, "{host}");
            assert_eq!(ends(&files, &bytes, &["0.0.0.0/0", "::/0"]), right, "{host}");
            assert_eq!(ends(&files, &bytes, &["192.0.2.1", inside]), right, "{host}");
            assert_eq!(ends(&files, &bytes, &[far]), reversed, "{host}: a pool on the campus");
        }
    }
}

#[test]
fn private_ranges_are_the_campus_unless_told() {
    let files = Files::new();
    for host in ["10.9.9.9:4000", "172.31.0.1:4000", "192.168.1.1:4000", "100.64.0.1:4000", "[fd12::1]:4000"] {
        let host = socket(host);
        let pool = socket(if host.is_ipv4() { "203.0.113.7:3333" } else { "[2001:db8::7]:3333" });
        let near = (host.ip().to_string(), pool.ip().to_string());
        assert_eq!(ends(&files, &capture(pool, host, &job()), &[]), near);
        // A pool that a host of the campus runs: the private side is still the host inside.
        assert_eq!(ends(&files, &capture(pool, host, &story::login()), &[]), near);
    }
}

#[test]
fn a_bad_prefix_is_told_with_the_remedy() {
    for bad in ["10.0.0", "10.0.0.0/33", "campus", ""] {
        let ran = minewall(&["replay", "--inside", bad, "x.pcap"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        let said = format!("{bad:?} is no address or prefix; write it like");
        assert!(ran.err.contains(&said) && ran.err.contains("--inside"), "{}", ran.err);
    }
}

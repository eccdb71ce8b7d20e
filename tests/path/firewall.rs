//! Behind a firewall in the shape of OpenWrt's fw4 with software flow offload: mining is cut, what is settled goes by the
//! flowtable, and both stand after the firewall's reload, and after it was stopped and started.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::WebServer;
use minewall_lab::{Lab, kernel, ready, until};

use super::{LIMIT, must, must_be_cut, start, words};

/// The tables that `fw4 start` would load with a zone lan that may go out by a zone wan, in our own words: the chains,
/// their order and their policies are those of firewall4 of 2025. Of its rules for the router itself there is the one without
/// which no IPv6 leaves it: the answers of neighbours outside belong to no connection and would be rejected.
const FIREWALL: &str = "
table inet fw4 {
 flowtable ft { hook ingress priority filter; devices = { lan0, wan0 }; }
 chain input { type filter hook input priority filter; policy drop;
  iifname lo accept; ct state vmap { established : accept, related : accept }; iifname lan0 accept; iifname wan0 jump input_wan; }
 chain forward { type filter hook forward priority filter; policy drop;
  meta l4proto { tcp, udp } flow offload @ft;
  ct state vmap { established : accept, related : accept } comment \"!fw4: flows under way\";
  iifname lan0 jump forward_lan; iifname wan0 jump forward_wan; jump handle_reject; }
 chain input_wan {
  icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } limit rate 1000/second accept comment \"!fw4: Allow-ICMPv6-Input\";
  jump handle_reject; }
 chain output { type filter hook output priority filter; policy accept; }
 chain forward_lan { jump accept_to_wan; }
 chain forward_wan { ct status dnat accept comment \"!fw4: port forwards\"; }
 chain accept_to_wan { meta nfproto ipv4 oifname wan0 ct state invalid counter drop; oifname wan0 counter accept; }
 chain handle_reject { meta l4proto tcp reject with tcp reset; reject with icmpx type port-unreachable; }
 chain srcnat { type nat hook postrouting priority srcnat; policy accept; oifname wan0 masquerade; }
 chain mangle_forward { type filter hook forward priority mangle; policy accept; iifname wan0 tcp flags syn tcp option maxseg size set rt mtu; }
}
";

/// What a reload puts ahead of it: `fw4` empties its table and forgets its flowtable in the same transaction.
const ANEW: &str = "table inet fw4\nflush table inet fw4\ndelete flowtable inet fw4 ft\n";

/// Has nft take a text.
fn nft(lab: &Lab, text: &str) -> Result<Output> {
    let file = lab.directory().join("fw4.nft");
    fs::write(&file, text)?;
    lab.gateway.output("nft", &["-f", file.to_str().context("a path")?], LIMIT)
}

/// The same, of a text that must be taken.
fn load(lab: &Lab, text: &str) -> Result<()> {
    let output = nft(lab, text)?;
    ensure!(output.status.success(), "{}", words(&output));
    Ok(())
}

fn forward(lab: &Lab) -> Result<String> {
    must(&lab.gateway, "nft", &["-s", "list", "chain", "inet", "fw4", "forward"])
}

/// Waits until the rules ahead of the firewall's offload stand, three of them.
fn is_held_back(lab: &Lab) -> Result<()> {
    let stand = || (forward(lab).ok()?.matches("minewall: ").count() == 3).then_some(());
    until(LIMIT, stand)
        .with_context(|| format!("nothing stands ahead of the offload: {}", forward(lab).unwrap_or_default()))
}

/// Both families: a login is cut, though it comes well after the handshake; a download is not, and goes by the flowtable.
fn works(lab: &Lab) -> Result<()> {
    let login = login_of("xmrig").context("xmrig")?;
    for family in [Family::V4, Family::V6] {
        // In as many segments as can be: the firewall offloads what is undecided for too long (docs/decisions/0009).
        let heard = must_be_cut(lab, family, login, Manner::Bytes);
        assert!(heard.lines.is_empty(), "the pool answered {heard:?}");
        offloads(lab, family)?;
    }
    Ok(())
}

/// A download that lasts until it is seen to go by the flowtable, and goes on there.
fn offloads(lab: &Lab, family: Family) -> Result<()> {
    let server = SocketAddr::new(family.internet(), 80);
    let mut download = lab.host.run(|| TcpStream::connect_timeout(&server, LIMIT))?;
    download.set_read_timeout(Some(LIMIT))?;
    download.write_all(b"GET /big HTTP/1.1\r\nHost: www.example.org\r\n\r\n")?;
    let (mut part, mut flows) = (vec![0; 64 << 10], Vec::new());
    let seen = until(LIMIT, || {
        // A part at each look: only packets bring it to the flowtable, and it must not be over before somebody looks.
        let goes_on = download.read(&mut part).is_ok_and(|length| length > 0);
        flows = kernel::connections_to(&lab.gateway, server.ip(), server.port()).ok()?;
        (goes_on && flows.iter().any(|flow| flow.contains("[OFFLOAD]"))).then_some(())
    });
    seen.with_context(|| format!("{family:?}: a settled flow stays on the slow way: {flows:?}"))?;
    (0..64).try_for_each(|_| download.read_exact(&mut part)).with_context(|| format!("{family:?}: by the flowtable"))
}

#[test]
fn mining_is_cut_behind_a_firewall_that_offloads() -> Result<()> {
    const TEST: &str = "mining_is_cut_behind_a_firewall_that_offloads";
    if !ready(TEST) {
        return Ok(());
    }
    let lab = Lab::new()?;
    let first = nft(&lab, FIREWALL)?;
    if !first.status.success() {
        // Not `eprintln!`: libtest swallows what a passing test prints with it.
        let why = words(&first);
        let why = why.lines().next().unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED {TEST}: no flowtables here: {why} ***");
        return Ok(());
    }
    let pool = Pool::start(&lab, Options::default())?;
    let _web = WebServer::start(&lab)?;
    let before = forward(&lab)?;
    let mut minewall = start(&lab, "block", "")?;
    is_held_back(&lab)?;
    works(&lab)?;

    // `service firewall reload`: our table stays, the chain with our rules in it is made anew.
    load(&lab, &format!("{ANEW}{FIREWALL}"))?;
    is_held_back(&lab)?;
    works(&lab)?;

    // `service firewall stop` takes everybody's tables away, ours too; then it is started again.
    must(&lab.gateway, "nft", &["flush", "ruleset"])?;
    load(&lab, FIREWALL)?;
    assert!(minewall.wait_log("they are restored", LIMIT), "{}", minewall.log());
    is_held_back(&lab)?;
    works(&lab)?;

    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()), "{:?}", pool.sessions());
    assert!(minewall.stop()?.success(), "{}", minewall.log());
    assert_eq!(forward(&lab)?, before);
    assert_eq!(must(&lab.gateway, "nft", &["list", "tables"])?, "table inet fw4\n");
    Ok(())
}

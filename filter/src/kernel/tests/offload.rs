//! Flowtables, of others and of ours: no flow goes by one before it is settled, and each does afterwards.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use minewall_core::config::{Config, Offload};

use super::lab::{Lab, Namespace, root, sh, until};
use super::traffic::{INTERNET, INTERNET_SIX, Judge, config, connect, counted, is_reset, ports, serve};
use super::{command, iptables_plane, nft_plane};
use crate::kernel::{Loaded, Plane};

/// The stock firewall of OpenWrt with flow offload switched on, in short.
const FIREWALL: &str = "table inet fw4
delete table inet fw4
table inet fw4 {
 flowtable ft { hook ingress priority 0; devices = { inside, outside }; counter; }
 chain forward { type filter hook forward priority filter; policy drop;
  meta l4proto { tcp, udp } flow add @ft;
  ct state vmap { established : accept, related : accept }
  iifname \"inside\" accept; }
}
";

/// Whether this kernel has flowtables; says so where it has not.
fn has_flowtables() -> bool {
    root()
        && Lab::new().gateway.inside(|| {
            let loaded = command::run("nft", &["-f", "-"], FIREWALL);
            loaded.inspect_err(|error| eprintln!("SKIPPED flowtables: {error:#}")).is_ok()
        })
}

fn firewall(lab: &Lab) {
    lab.gateway.inside(|| command::run("nft", &["-f", "-"], FIREWALL).unwrap());
}

fn with(offload: Offload) -> Config {
    let mut config = config();
    config.kernel.offload = offload;
    config
}

/// The plane of nft, or where the kernel has not got it that of iptables: marks are the same.
fn load(lab: &Lab, config: &Config) -> (Plane, Loaded) {
    lab.gateway.inside(|| {
        let plane = nft_plane(config).or_else(|| iptables_plane("-legacy", config)).unwrap();
        (plane.clone(), plane.load().unwrap())
    })
}

fn exchange(client: &mut TcpStream) {
    client.write_all(b"PING").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
    // flows are added by a worker of the kernel
    thread::sleep(Duration::from_millis(100));
}

/// Connections in the gateway that go by a flowtable.
fn offloaded(gateway: &Namespace) -> usize {
    gateway.inside(|| sh("conntrack -L -f ipv4") + &sh("conntrack -L -f ipv6")).matches("[OFFLOAD]").count()
}

fn forward(lab: &Lab) -> String {
    lab.gateway.inside(|| sh("nft -s list chain inet fw4 forward"))
}

/// A connection that mines with its third word, when a flowtable would have long taken it.
fn late_mining(lab: &Lab, judge: &Judge, address: SocketAddr) {
    let _served = serve(&lab.internet, address, true);
    let mut client = connect(&lab.host, address);
    thread::sleep(Duration::from_millis(300));
    let flow = ports(&client);
    client.write_all(b"mining.subscribe").unwrap();
    is_reset(&mut client);
    let seen: Vec<_> = judge.of_flow(flow).into_iter().map(|seen| seen.payload).collect();
    assert_eq!(seen, [b"mining.subscribe"]);
}

/// A connection that is settled, and goes by the flowtable then.
fn settled(lab: &Lab, judge: &Judge, address: SocketAddr) {
    let before = offloaded(&lab.gateway);
    let _served = serve(&lab.internet, address, true);
    let mut client = connect(&lab.host, address);
    for _ in 0..6 {
        exchange(&mut client);
    }
    assert_eq!(judge.of_flow(ports(&client)).len(), 2, "the question and the answer");
    assert_eq!(offloaded(&lab.gateway), before + 1);
}

#[test]
fn a_flowtable_of_others_gets_settled_flows_only() {
    if !has_flowtables() {
        return;
    }
    let lab = Lab::new();
    firewall(&lab);
    let before = forward(&lab);
    let config = with(Offload::Auto);
    let (plane, mut loaded) = load(&lab, &config);
    let judge = Judge::start(&lab.gateway, &config);
    let addresses = [INTERNET, INTERNET_SIX];
    for (port, address) in (8000..).zip(addresses) {
        late_mining(&lab, &judge, SocketAddr::new(address, port));
        settled(&lab, &judge, SocketAddr::new(address, port + 100));
    }
    assert_eq!(counted(&lab, &plane, "cut"), 2);
    questions(&lab, &judge);

    // the firewall is made anew
    firewall(&lab);
    assert_eq!(forward(&lab), before);
    lab.gateway.inside(|| loaded.hold_back());
    late_mining(&lab, &judge, SocketAddr::new(INTERNET, 8200));
    let guarded = forward(&lab);
    assert_eq!(guarded.matches("minewall: ").count(), 3, "{guarded}");
    lab.gateway.inside(|| loaded.hold_back());
    assert_eq!(forward(&lab), guarded);
    lab.gateway.inside(|| loaded.unload()).unwrap();
    assert_eq!(forward(&lab), before);
}

/// Every question of one socket is seen, though its flow is an old one.
fn questions(lab: &Lab, judge: &Judge) {
    let server = lab.internet.inside(|| UdpSocket::bind((INTERNET, 53)).unwrap());
    let host = lab.host.inside(|| UdpSocket::bind("0.0.0.0:0").unwrap());
    host.connect((INTERNET, 53)).unwrap();
    let port = host.local_addr().unwrap().port();
    for _ in 0..6 {
        host.send(b"question").unwrap();
        let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
        server.send_to(b"answer", from).unwrap();
        host.recv(&mut [0; 64]).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    until("all questions were seen", || {
        judge.of_flow((port, 53)).iter().filter(|seen| seen.payload == b"question").count() == 6
    });
}

#[test]
fn without_care_a_flowtable_of_others_takes_what_mines() {
    if !has_flowtables() {
        return;
    }
    let lab = Lab::new();
    firewall(&lab);
    let config = with(Offload::Off);
    let (_, loaded) = load(&lab, &config);
    let judge = Judge::start(&lab.gateway, &config);
    let address = SocketAddr::new(INTERNET, 8000);
    let _served = serve(&lab.internet, address, true);
    let mut client = connect(&lab.host, address);
    thread::sleep(Duration::from_millis(300));
    client.write_all(b"mining.subscribe").unwrap();
    client.read_exact(&mut [0; 16]).unwrap();
    assert_eq!(judge.of_flow(ports(&client)).len(), 0, "this is what the rules ahead are for");
    drop(loaded);
}

#[test]
fn a_flowtable_of_ours_gets_settled_flows_only() {
    if !has_flowtables() {
        return;
    }
    let lab = Lab::new();
    let config = with(Offload::Own);
    if lab.gateway.inside(|| nft_plane(&config)).is_none() {
        return;
    }
    let (plane, mut loaded) = load(&lab, &config);
    assert_eq!(plane.devices(), ["inside", "outside"]);
    let judge = Judge::start(&lab.gateway, &config);
    for (port, address) in (8000..).zip([INTERNET, INTERNET_SIX]) {
        late_mining(&lab, &judge, SocketAddr::new(address, port));
        settled(&lab, &judge, SocketAddr::new(address, port + 100));
    }
    questions(&lab, &judge);
    // a device that comes later
    lab.gateway.inside(|| {
        assert!(loaded.is_present().unwrap());
        sh("ip link add later type dummy");
        assert!(!loaded.is_present().unwrap());
        loaded.restore().unwrap();
        assert!(loaded.is_present().unwrap());
    });
    assert_eq!(loaded.plane().devices(), ["inside", "later", "outside"]);
    lab.gateway.inside(|| sh("ip link del later"));
    lab.gateway.inside(|| loaded.restore()).unwrap();
    settled(&lab, &judge, SocketAddr::new(INTERNET, 8200));
    lab.gateway.inside(|| loaded.unload()).unwrap();
    assert_eq!(lab.gateway.inside(|| sh("nft list ruleset")), "");
}

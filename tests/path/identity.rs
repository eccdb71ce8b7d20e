//! Who stands in a record: by a real lease, by a router between, and as the far end sees it behind real NAT.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Output;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_MAC, INTERNET_V4, LAN, ONLY};
use minewall_lab::login::{Ending, Login, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::NameServer;
use minewall_lab::{Lab, Minewall, Namespace, Program, ready, until};
use serde_json::Value;

use super::{LIMIT, LISTEN, POOLS, binary, dig, foreign_rules, mac_in_records, must, pool_at, start, text_at};

fn login() -> Result<&'static Login> {
    login_of("xmrig").context("xmrig")
}

/// Where the pool saw its clients come from.
fn clients(pool: &Pool) -> Vec<SocketAddr> {
    pool.sessions().iter().map(|session| session.peer).collect()
}

fn nat_of(record: &Value) -> Option<SocketAddr> {
    let port = record.pointer("/source/nat/port")?.as_u64()?;
    Some(SocketAddr::new(text_at(record, "/source/nat/ip").parse().ok()?, port.try_into().ok()?))
}

/// The first record whose host is this, of the payload.
fn login_from(minewall: &Minewall, ip: IpAddr) -> Result<Value> {
    let is_it = |record: &Value| {
        text_at(record, "/source/ip") == ip.to_string() && text_at(record, "/minewall/layer") == "payload"
    };
    minewall.wait_record(is_it, LIMIT)
}

#[test]
fn the_far_end_confirms_address_and_port_behind_nat() -> Result<()> {
    if !ready("the_far_end_confirms_address_and_port_behind_nat") {
        return Ok(());
    }
    for (mode, ending) in [("observe", Ending::Open), ("block", Ending::Reset)] {
        let lab = Lab::new()?;
        let _names = NameServer::start(&lab)?;
        // Before the lab's own rule: ports of a pool, so that they are not those of the host.
        let snat = "-t nat -I POSTROUTING -o wan0 -p tcp -j MASQUERADE --to-ports 61000-61999";
        foreign_rules(&lab, &[&format!("iptables {snat}"), &format!("ip6tables {snat}")])?;
        let pool = Pool::start(&lab, Options::default())?;
        let minewall = start(&lab, mode, "")?;
        for family in Family::BOTH {
            let heard = login()?.talk(&lab.host, pool_at(family, login()?.dialect), Manner::Lines, super::QUIET);
            assert_eq!(heard.ending, ending, "{family:?}: {heard:?}");
            let record = login_from(&minewall, family.host())?;
            let nat = nat_of(&record).with_context(|| format!("{mode} {family:?}: {record}"))?;
            assert_eq!(nat.ip(), family.gateway_outside(), "{record}");
            assert!((61_000..62_000).contains(&nat.port()), "{record}");
            let seen = until(LIMIT, || clients(&pool).contains(&nat).then_some(()));
            assert!(seen.is_some(), "{mode}: {record}; the pool saw {:?}", clients(&pool));
        }
        // A question over UDP: refused ones never left, others have an entry once they did.
        let ask = || dig(&lab.host, INTERNET_V4.into(), &["+short", POOLS[0], "A"]);
        let is_dns = |record: &Value| text_at(record, "/minewall/layer") == "dns";
        ask()?;
        let record = minewall.wait_record(is_dns, LIMIT)?;
        let nat = |record: &Value| nat_of(record).map(|nat| nat.ip());
        if mode == "block" {
            assert_eq!(nat(&record), None, "{record}");
        } else {
            // Whoever asks the kernel's table waits a twentieth of a second for the entry and no longer.
            let told = until(LIMIT, || {
                ask().ok()?;
                let records = minewall.records().ok()?;
                let mut questions = records.iter().filter(|record| is_dns(record));
                questions.any(|record| nat(record) == Some(Family::V4.gateway_outside())).then_some(())
            });
            assert!(told.is_some(), "{:?}", minewall.records()?);
        }
        assert!(!minewall.log().contains("connection table"), "{}", minewall.log());
    }
    Ok(())
}

#[test]
fn without_nat_a_record_has_none() -> Result<()> {
    if !ready("without_nat_a_record_has_none") {
        return Ok(());
    }
    let lab = Lab::new()?;
    foreign_rules(&lab, &["iptables -t nat -F POSTROUTING"])?;
    must(&lab.internet, "ip", &["route", "add", "10.80.0.0/24", "via", "203.0.113.1"])?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    super::must_be_cut(&lab, Family::V4, login()?, Manner::Lines);
    let record = login_from(&minewall, Family::V4.host())?;
    assert!(record["source"].get("nat").is_none(), "{record}");
    assert_eq!(clients(&pool)[0].ip(), Family::V4.host());
    assert_eq!(text_at(&record, "/source/mac"), mac_in_records(HOST_MAC));
    assert!(record["minewall"].get("mac_is_next_hop").is_none(), "{record}");
    Ok(())
}

/// A dnsmasq that hands out leases on the gateway's inside.
fn serve_leases(lab: &Lab) -> Result<(Program, String)> {
    let directory = lab.directory().join("dhcp");
    std::fs::create_dir_all(&directory)?;
    let leases = directory.join("leases").display().to_string();
    let mut command = lab.gateway.command("dnsmasq");
    command.args(["--keep-in-foreground", "--user=root", "--port=0", "--conf-file=/dev/null", "--log-dhcp"]);
    command.args(["--log-facility=-", "--pid-file=", "--bind-interfaces", "--dhcp-authoritative"]);
    command.args([&format!("--interface={LAN}"), "--dhcp-range=10.80.0.100,10.80.0.150,1h"]);
    command.arg(format!("--dhcp-leasefile={leases}"));
    let log = directory.join("log");
    let mut program = Program::start("dnsmasq", &mut command, &log)?;
    program.wait_ready(LIMIT, || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("DHCP, IP range")))?;
    Ok((program, leases))
}

/// Has a real client ask for an address under this name, and gives it to the host's interface.
fn take_lease(lab: &Lab, host: &Namespace, name: &str) -> Result<Ipv4Addr> {
    let script = lab.directory().join("udhcpc.sh");
    std::fs::write(
        &script,
        "#!/bin/sh\n[ \"$1\" = bound ] && ip addr add \"$ip/24\" dev \"$interface\" && echo \"got $ip\"\nexit 0\n",
    )?;
    let script = script.display().to_string();
    must(host, "chmod", &["755", &script])?;
    let hostname = format!("hostname:{name}");
    let arguments = ["-i", ONLY, "-n", "-q", "-f", "-t", "10", "-T", "1", "-s", &script, "-x", &hostname];
    let said = host.output("udhcpc", &arguments, LIMIT)?;
    let text = super::words(&said);
    let ip = text.lines().find_map(|line| line.strip_prefix("got ")?.parse().ok());
    ip.with_context(|| format!("no lease: {text}"))
}

fn identify(lab: &Lab, arguments: &[&str]) -> Result<Output> {
    let file = lab.directory().join("identify.toml");
    let leases = lab.directory().join("dhcp/leases");
    std::fs::write(&file, format!("[identity]\nusual = false\ndnsmasq = [{leases:?}]\n"))?;
    let file = file.display().to_string();
    let all: Vec<&str> = ["identify", "-c", &file].iter().chain(arguments).copied().collect();
    lab.gateway.output(&binary().display().to_string(), &all, LIMIT)
}

#[test]
fn the_name_a_host_gave_for_its_lease_stands_in_its_record() -> Result<()> {
    if !ready("the_name_a_host_gave_for_its_lease_stands_in_its_record") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let (_server, leases) = serve_leases(&lab)?;
    let inventory = lab.directory().join("inventory.csv");
    std::fs::write(&inventory, "地址,单位,房间,负责人\n10.80.0.0/24,物理学院,,张三\n10.80.0.128/25,,无,\n")?;
    let more = format!("[identity]\nusual = false\ndnsmasq = [{leases:?}]\ninventory = {inventory:?}\n");
    let minewall = start(&lab, "block", &more)?;
    let ip = take_lease(&lab, &lab.host, "lab-pc-07")?;
    must(&lab.host, "ip", &["route", "replace", "default", "via", "10.80.0.1", "src", &ip.to_string()])?;
    // The file is looked at every second: the host mines until its name is there, and its IPv6 address, of which no lease
    // tells, has it by the same hardware address.
    for (family, from) in [(Family::V4, IpAddr::V4(ip)), (Family::V6, Family::V6.host())] {
        let named = until(LIMIT, || {
            let before = minewall.records().ok()?.len();
            let heard = login().ok()?.talk(&lab.host, pool_at(family, login().ok()?.dialect), Manner::Lines, LISTEN);
            assert_eq!(heard.ending, Ending::Reset, "{heard:?}");
            let record = super::records_after(&minewall, before, 1).ok()?.pop()?;
            assert_eq!(text_at(&record, "/source/ip"), from.to_string());
            (text_at(&record, "/source/domain") == "lab-pc-07").then_some(record)
        });
        let record = named.with_context(|| format!("never named: {:?}", minewall.records()))?;
        assert_eq!(text_at(&record, "/source/mac"), mac_in_records(HOST_MAC), "{record}");
        let sources = &record["minewall"]["identity_sources"];
        if family == Family::V4 {
            assert_eq!(text_at(&record, "/minewall/unit"), "物理学院", "{record}");
            assert_eq!(text_at(&record, "/minewall/person"), "张三", "{record}");
            assert_eq!(*sources, serde_json::json!(["dnsmasq", "inventory"]), "{record}");
        } else {
            assert_eq!(*sources, serde_json::json!(["dnsmasq"]), "{record}");
            let addresses = record["minewall"]["addresses"].as_array().context("addresses")?;
            assert!(addresses.contains(&Value::from(ip.to_string())), "{record}");
        }
    }
    let said = identify(&lab, &[&ip.to_string(), "--format", "json"])?;
    assert!(said.status.success(), "{said:?}");
    let said: Value = serde_json::from_slice(&said.stdout)?;
    let by = |name: &str| said["providers"].as_array().into_iter().flatten().find(|said| said["provider"] == name);
    assert_eq!(by("dnsmasq").context("dnsmasq")?["hostname"], "lab-pc-07", "{said}");
    assert_eq!(by("neighbours").context("neighbours")?["mac"], mac_in_records(HOST_MAC), "{said}");
    assert_eq!(identify(&lab, &["10.80.0.99"])?.status.code(), Some(1));
    Ok(())
}

#[test]
fn hosts_behind_a_router_have_no_name_from_its_hardware_address() -> Result<()> {
    if !ready("hosts_behind_a_router_have_no_name_from_its_hardware_address") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    // The lab's host is the router between: two addresses behind it, on a link of its own that ends there.
    let behind = ["10.81.0.5", "10.81.0.6"];
    for ip in behind {
        must(&lab.host, "ip", &["addr", "add", &format!("{ip}/32"), "dev", "lo"])?;
    }
    must(&lab.gateway, "ip", &["route", "add", "10.81.0.0/24", "via", "10.80.0.2"])?;
    let directory = lab.directory().display().to_string();
    let inventory = format!("{directory}/inventory.csv");
    std::fs::write(&inventory, "address,unit,person\n02-80-00-00-00-02,Router room,Operator\n10.81.0.0/24,Library,\n")?;
    let leases = format!("{directory}/leases.csv");
    let expire = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() + 3600;
    std::fs::write(&leases, format!("10.81.0.5,02:00:00:00:00:05,,7200,{expire},1,0,0,reader-5,0,,0\n"))?;
    let more = format!("[identity]\nusual = false\nkea = [{leases:?}]\ninventory = {inventory:?}\n");
    let minewall = start(&lab, "block", &more)?;
    for ip in behind {
        must(&lab.host, "ip", &["route", "replace", "default", "via", "10.80.0.1", "src", ip])?;
        super::must_be_cut(&lab, Family::V4, login()?, Manner::Lines);
        let record = login_from(&minewall, ip.parse()?)?;
        assert_eq!(text_at(&record, "/source/mac"), mac_in_records(HOST_MAC), "{record}");
        assert_eq!(record["minewall"]["mac_is_next_hop"], true, "{record}");
        assert_eq!(text_at(&record, "/minewall/unit"), "Library", "{record}");
        assert!(
            record["minewall"].get("person").is_none() && record["minewall"].get("addresses").is_none(),
            "{record}"
        );
        let (name, mac) = if ip == behind[0] { ("reader-5", "02-00-00-00-00-05") } else { ("", "") };
        assert_eq!(text_at(&record, "/source/domain"), name, "{record}");
        assert_eq!(text_at(&record, "/minewall/lease_mac"), mac, "{record}");
    }
    // The router itself is a host like others.
    must(&lab.host, "ip", &["route", "replace", "default", "via", "10.80.0.1", "src", "10.80.0.2"])?;
    super::must_be_cut(&lab, Family::V4, login()?, Manner::Lines);
    let record = login_from(&minewall, Family::V4.host())?;
    assert!(record["minewall"].get("mac_is_next_hop").is_none(), "{record}");
    assert_eq!(text_at(&record, "/minewall/unit"), "Router room", "{record}");
    Ok(())
}

#[test]
fn name_servers_name_a_host_and_a_dead_one_delays_nothing_for_long() -> Result<()> {
    if !ready("name_servers_name_a_host_and_a_dead_one_delays_nothing_for_long") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start_with(&lab, "2.0.80.10.in-addr.arpa 60 PTR Lab-PC-07.campus.test.\n")?;
    let _pool = Pool::start(&lab, Options::default())?;
    let settings = |server: &str| format!("[identity]\nusual = false\nreverse = \"on\"\nservers = [\"{server}\"]\n");
    let mut minewall = start(&lab, "block", &settings(&INTERNET_V4.to_string()))?;
    let named = until(LIMIT, || {
        let before = minewall.records().ok()?.len();
        super::must_be_cut(&lab, Family::V4, login().ok()?, Manner::Lines);
        let record = super::records_after(&minewall, before, 1).ok()?.pop()?;
        (text_at(&record, "/source/domain") == "lab-pc-07.campus.test").then_some(record)
    });
    let record = named.with_context(|| format!("never named: {:?}", minewall.records()))?;
    assert_eq!(record["minewall"]["identity_sources"], serde_json::json!(["reverse-dns"]), "{record}");
    minewall.stop()?;
    // Nobody has this address.
    let minewall = start(&lab, "block", &settings("203.0.113.99"))?;
    let before = minewall.records()?.len();
    for _ in 0..3 {
        super::must_be_cut(&lab, Family::V4, login()?, Manner::Lines);
    }
    for record in super::records_after(&minewall, before, 3)? {
        assert!(record["source"].get("domain").is_none(), "{record}");
        assert_eq!(nat_of(&record).map(|nat| nat.ip()), Some(Family::V4.gateway_outside()), "{record}");
    }
    Ok(())
}

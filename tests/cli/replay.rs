//! The same conversation gives the same records, whatever file and link carry it.

use std::process::{Command, Stdio};

use minewall_lab::skipped;
use serde_json::Value;

use super::capture::{Capture, Order};
use super::program::{BINARY, Files, minewall, replay};
use super::story::{self, Ends, FOUND, Shot, V4, V6};
use super::wire::{self, Link};

fn pcap(order: Order, nanos: bool, link: Link, shots: &[Shot]) -> Vec<u8> {
    let mut capture = Capture::pcap(order, nanos, link.number());
    for shot in shots {
        capture.frame(shot.time_ns, &link.frame(&shot.packet, shot.from_host));
    }
    capture.bytes
}

/// Three interfaces of three link types and clocks, taking turns; then a second section with other ones.
fn pcapng(order: Order, shots: &[Shot]) -> Vec<u8> {
    let links = [Link::Ethernet, Link::Raw, Link::Cooked];
    let mut capture = Capture::pcapng(order);
    capture.block(0x0bad_f00d, b"nobody knows this block"[..20].as_ref());
    for (link, resolution) in links.into_iter().zip([6, 9, 0x80 | 32]) {
        capture.interface(link.number(), 0, resolution, 0);
    }
    for (number, shot) in shots.iter().enumerate() {
        if number == shots.len() / 2 {
            capture.section();
            for (link, resolution) in links.into_iter().zip([0x80 | 22, 12, 6]) {
                capture.interface(link.number(), 262_144, resolution, 0);
            }
        }
        let interface = number % 3;
        // Twelve decimal digits of a second do not hold today's date.
        let interface = if interface == 1 && number >= shots.len() / 2 { 2 } else { interface };
        let frame = links[interface].frame(&shot.packet, shot.from_host);
        capture.packet(interface as u32, shot.time_ns, &frame);
    }
    capture.bytes
}

fn check_story(records: &[Value], shots: &[Shot], ends: Ends, what: &str) {
    let words: Vec<_> = records.iter().map(story::words).collect();
    assert_eq!(words, FOUND.map(|(_, words)| words), "{what}");
    for (record, (shot, _)) in records.iter().zip(FOUND) {
        assert_eq!(record["@timestamp"], story::timestamp(shots[shot].time_ns), "{what}");
        assert_eq!(record["source"]["ip"], ends.host.trim_matches(['[', ']']), "{what}");
        assert_eq!(record["destination"]["ip"], ends.server.trim_matches(['[', ']']), "{what}");
        assert_eq!(record["event"]["action"], "observed");
        assert_eq!(record["observer"]["name"], "gw");
        assert!(!record.to_string().contains("s3cret"), "{what}: the password is told");
    }
}

#[test]
fn the_same_records_from_every_pcap() {
    let files = Files::new();
    for ends in [V4, V6] {
        let shots = story::shots(ends);
        for link in Link::ALL {
            for (order, nanos) in
                [(Order::Big, false), (Order::Big, true), (Order::Little, false), (Order::Little, true)]
            {
                let what = format!("{order:?} nanos: {nanos} {link:?} {}", ends.host);
                let file = files.write("story.pcap", pcap(order, nanos, link, &shots));
                let ran = replay(&files, &[&file]);
                assert_eq!(ran.code, 0, "{what}: {}", ran.err);
                let records = ran.records();
                check_story(&records, &shots, ends, &what);
                for record in records {
                    let mac = record.pointer("/source/mac").and_then(Value::as_str);
                    assert_eq!(mac, link.has_mac().then_some("02-11-22-AA-BB-01"), "{what}");
                    let vlan = record.pointer("/network/vlan/id").and_then(Value::as_str).map(str::to_owned);
                    assert_eq!(vlan, link.vlan(), "{what}");
                }
                assert!(ran.err.contains("4 findings, 4 records"), "{what}: {}", ran.err);
            }
        }
    }
}

#[test]
fn the_same_records_from_every_pcapng() {
    let files = Files::new();
    for ends in [V4, V6] {
        let shots = story::shots(ends);
        for order in Order::BOTH {
            let what = format!("{order:?} {}", ends.host);
            let file = files.write("story.pcapng", pcapng(order, &shots));
            let ran = replay(&files, &[&file]);
            assert_eq!(ran.code, 0, "{what}: {}", ran.err);
            check_story(&ran.records(), &shots, ends, &what);
        }
    }
}

#[test]
fn extension_headers_are_looked_through_and_fragments_counted() {
    let files = Files::new();
    let mut shots = story::shots(V6);
    for shot in &mut shots {
        shot.packet = wire::with_extensions(&shot.packet);
    }
    let file = files.write("long.pcap", pcap(Order::Little, false, Link::Ethernet, &shots));
    check_story(&replay(&files, &[&file]).records(), &shots, V6, "extension headers");

    let mut shots = story::shots(V4);
    for (number, shot) in shots.iter_mut().enumerate() {
        shot.packet = wire::fragment(&shot.packet, number % 2 == 0);
    }
    let file = files.write("parts.pcap", pcap(Order::Little, false, Link::Ethernet, &shots));
    let ran = replay(&files, &[&file]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains(&format!("not inspected: {} IP fragment\n", shots.len())), "{}", ran.err);
}

#[test]
fn simple_packets_have_the_time_of_the_frame_before() {
    let files = Files::new();
    let shots = story::shots(V4);
    for order in Order::BOTH {
        let mut capture = Capture::pcapng(order);
        capture.interface(Link::Ethernet.number(), 0, 6, 0);
        capture.packet(0, story::BEGIN_NS, &Link::Ethernet.frame(&shots[1].packet, true));
        for shot in &shots {
            let frame = Link::Ethernet.frame(&shot.packet, shot.from_host);
            capture.simple(&frame, frame.len());
        }
        let file = files.write("simple.pcapng", capture.bytes);
        let records = replay(&files, &[&file]).records();
        assert_eq!(records.iter().map(story::words).collect::<Vec<_>>(), FOUND.map(|(_, words)| words));
        for record in records {
            assert_eq!(record["@timestamp"], story::timestamp(story::BEGIN_NS));
        }
    }
}

#[test]
fn the_padding_of_a_cut_simple_packet_is_not_read() {
    let files = Files::new();
    let frame = Link::Ethernet.frame(&story::shots(V4)[0].packet, true);
    let mut capture = Capture::pcapng(Order::Little);
    let kept = frame.len() - 3; // one octet of the type and the class are not kept
    capture.interface(Link::Ethernet.number(), kept as u32, 6, 0);
    capture.simple(&frame, kept);
    let file = files.write("cut.pcapng", capture.bytes);
    let ran = replay(&files, &[&file]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("1 cut short by the capture"), "{}", ran.err);
}

#[test]
fn packet_blocks_of_the_old_kind_are_read() {
    let files = Files::new();
    let shots = story::shots(V4);
    for order in Order::BOTH {
        let mut capture = Capture::pcapng(order);
        capture.interface(Link::Raw.number(), 0, 6, 0);
        capture.interface(Link::Cooked2.number(), 0, 6, 0);
        for shot in &shots {
            capture.old_packet(1, shot.time_ns / 1000, &Link::Cooked2.frame(&shot.packet, shot.from_host));
        }
        let file = files.write("old.pcapng", capture.bytes);
        check_story(&replay(&files, &[&file]).records(), &shots, V4, "old packet blocks");
    }
}

#[test]
fn nothing_found_is_said_and_no_failure() {
    let files = Files::new();
    let shots = &story::shots(V4)[1..2];
    let file = files.write("quiet.pcap", pcap(Order::Little, false, Link::Raw, shots));
    for format in ["json", "table"] {
        let ran = minewall(&["replay", "--format", format, "-c", &files.config(), &file]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""));
        let lines: Vec<_> = ran.err.lines().collect();
        assert!(lines[0].starts_with("1 packet, 61 bytes in 1 capture; "), "{}", lines[0]);
        assert!(lines[0].ends_with(" packets/s"));
        assert_eq!(lines[1..], ["0 flows, 1 DNS question, 0 findings, 0 records", "not inspected: nothing"]);
    }
}

#[test]
fn what_is_not_inspected_is_counted_by_its_reason() {
    let files = Files::new();
    let (host, far) = (wire::socket("10.1.2.3:5000"), wire::socket("203.0.113.7:6000"));
    let udp = wire::udp(host, far, b"game");
    let mut icmp = udp.clone();
    icmp[9] = 1;
    let mut malformed = udp.clone();
    malformed[3] = 7; // a total length below the header's own
    let arp = [&[0xff; 6][..], &wire::HOST_MAC, &[8, 6], &[0; 28]].concat();
    let ethernet = |packet: &[u8]| Link::Ethernet.frame(packet, true);
    let mut capture = Capture::pcapng(Order::Little);
    capture.interface(1, 0, 6, 0);
    capture.interface(127, 0, 6, 0);
    for frame in [ethernet(&udp), ethernet(&icmp), ethernet(&malformed), arp, ethernet(&udp)[..30].to_vec()] {
        capture.packet(0, story::BEGIN_NS, &frame);
    }
    capture.packet(0, story::BEGIN_NS, &ethernet(&wire::udp(host, wire::socket("203.0.113.7:53"), &[1; 20])));
    capture.packet(1, story::BEGIN_NS, b"a frame of a radio");
    let file = files.write("odd.pcapng", capture.bytes);
    let ran = replay(&files, &[&file]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let said = "not inspected: 1 of a link type that is not read, 1 malformed header, 1 not IP, 1 neither TCP nor UDP, \
                1 UDP other than DNS and QUIC, 1 cut short by the capture, 1 unreadable DNS message\n";
    assert!(ran.err.contains(said), "{}", ran.err);
}

/// The answer to a question: an alias, and its address.
fn answer(asked: &str, alias: &str, address: [u8; 4]) -> Vec<u8> {
    let mut message = wire::question(asked, 1);
    let target_at = message.len() + 12;
    message[2] |= 0x80;
    message[6..12].copy_from_slice(&[0, 2, 0, 0, 0, 0]);
    let target = wire::question(alias, 1);
    let target = &target[12..target.len() - 4];
    message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 1, 0, 0, target.len() as u8]);
    message.extend(target);
    message.extend([0xc0 | (target_at >> 8) as u8, target_at as u8, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4]);
    message.extend(address);
    message
}

#[test]
fn answers_name_the_far_end_and_uncloak_names() {
    let files = Files::new();
    let (host, server) = (wire::socket("10.1.2.3:40000"), wire::socket("203.0.113.7:53"));
    let (pool, resolver) = (wire::socket("198.51.100.9:3333"), wire::socket("1.1.1.1:853"));
    let login = story::login();
    let mut capture = Capture::pcap(Order::Little, true, Link::Ethernet.number());
    for (from_host, packet) in [
        (false, wire::udp(server, host, &answer("hall.example.test", "cdn.example.test", [198, 51, 100, 9]))),
        (true, wire::tcp(host, pool, 1000, wire::DATA, login.as_bytes())),
        (false, wire::udp(server, host, &answer("shop.example.test", "a.pool.example.org", [198, 51, 100, 10]))),
        (true, wire::tcp(host, resolver, 1000, wire::DATA, &wire::hello("dns.example.test"))),
    ] {
        capture.frame(story::BEGIN_NS, &Link::Ethernet.frame(&packet, from_host));
    }
    let ran = replay(&files, &[&files.write("answers.pcap", capture.bytes)]);
    let records = ran.records();
    let [login, cloaked] = &records[..] else { panic!("{}", ran.out) };
    assert_eq!(login["destination"]["domain"], "hall.example.test", "{login}");
    assert_eq!(login["destination"]["ip"], "198.51.100.9", "{login}");
    assert_eq!(cloaked["dns"]["question"]["name"], "shop.example.test", "{cloaked}");
    assert_eq!(cloaked["rule"]["name"], "pool.example.org", "{cloaked}");
    assert_eq!(cloaked["source"]["ip"], "10.1.2.3", "{cloaked}");
    assert!(ran.err.contains("connections to resolvers for DNS over TLS: 1\n"), "{}", ran.err);
}

#[test]
fn ids_are_the_same_each_time_and_differ_between_captures() {
    let files = Files::new();
    let shots = story::shots(V4);
    let one = files.write("one.pcap", pcap(Order::Little, false, Link::Raw, &shots));
    let other = files.write("other.pcap", pcap(Order::Little, false, Link::Raw, &shots[..20]));
    let first = replay(&files, &[&one, &other]);
    assert_eq!(first.out, replay(&files, &[&one, &other]).out);
    let mut ids: Vec<_> = first.records().iter().map(|record| record["event"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 4 + 3);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4 + 3);
    let apart = replay(&files, &[&other]);
    assert!(first.out.ends_with(&apart.out), "the id depends on what was read before");
}

#[test]
fn the_table_holds_the_same_and_no_control_characters() {
    let files = Files::new();
    let mut shots = story::shots(V4);
    let (host, pool) = (wire::socket("10.1.2.3:40009"), wire::socket("203.0.113.7:3333"));
    let evil = "{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"ev\\u001b[2J\\r\\n\\u202eil\"]}\n";
    let packet = wire::tcp(host, pool, 1, wire::DATA, evil.as_bytes());
    shots.push(Shot { time_ns: story::BEGIN_NS, from_host: true, packet });
    let file = files.write("story.pcap", pcap(Order::Little, false, Link::Ethernet, &shots));
    let ran = minewall(&["replay", "-c", &files.config(), &file]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for word in ["2026-11-23 20:01:02", "10.1.2.3", "203.0.113.7:3333", "pool.example.org", "dns AAAA", "cryptonote"] {
        assert!(ran.out.contains(word), "{word} is missing:\n{}", ran.out);
    }
    assert!(ran.out.contains("XMRig/6.26.0") && ran.out.contains("XMR"), "{}", ran.out);
    assert!(ran.out.contains("\\u{1b}"), "the bytes are to be seen:\n{}", ran.out);
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.out.contains(bad), "{:?}", ran.out);
    let widths: Vec<_> = ran.out.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{}", ran.out);
    assert!(ran.err.contains("5 findings"), "{}", ran.err);
}

/// What a command gives on a terminal of so many columns, both outputs together; none without `script`.
fn on_terminal(columns: u16, command: &str) -> Option<String> {
    let command = format!("stty cols {columns} rows 50; {command}");
    let script = &mut Command::new("script");
    let output = script.args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"))
}

#[test]
fn the_table_fits_the_terminal() {
    let files = Files::new();
    let shots: Vec<_> = [V4, V6].into_iter().flat_map(story::shots).collect();
    let file = files.write("story.pcap", pcap(Order::Little, false, Link::Raw, &shots));
    for columns in [80, 100, 120, 200] {
        let command = format!("{BINARY} replay -c {} {file}", files.config());
        let Some(text) = on_terminal(columns, &command) else {
            skipped("the_table_fits_the_terminal", "there is no program script (package bsdutils)");
            return;
        };
        // The progress bar wipes its line before the table begins in it.
        let lines = text.lines().map(|line| line.rsplit("\u{1b}[2K").next().unwrap_or(line));
        let rows: Vec<_> = lines.filter(|line| line.starts_with(['┌', '│', '╞', '└'])).collect();
        // Four lines around, eight records of two to three lines: nothing is wrapped.
        assert_eq!(rows.len(), 5 + 6 * 2 + 2 * 3, "{columns}:\n{text}");
        let width = rows[0].chars().count();
        assert!(rows.iter().all(|row| row.chars().count() == width) && width <= columns.into(), "{columns}:\n{text}");
        assert!(text.contains("[2001:db8:ffff::7]:3333"), "an address is never shortened:\n{text}");
    }
}

#[test]
fn the_progress_bar_is_for_terminals() {
    let files = Files::new();
    let file = files.write("story.pcap", pcap(Order::Little, false, Link::Raw, &story::shots(V4)));
    let command = format!("{BINARY} replay --format json -c {} {file}", files.config());
    let Some(bare) = on_terminal(80, &command) else { return };
    assert!(bare.contains("B/s") && bare.contains('\u{1b}'), "{bare:?}");
    for quiet in [format!("{command} | cat"), format!("{command} 2>{}", files.path().join("err").display())] {
        let text = on_terminal(80, &quiet).unwrap();
        assert!(!text.contains("B/s") && !text.contains('\u{1b}'), "{quiet}: {text:?}");
        assert_eq!(text.lines().filter(|line| line.starts_with('{')).count(), 4, "{text}");
    }
}

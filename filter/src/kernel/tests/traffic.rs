//! Traffic through the rules: who sees which packet, what is cut, what is settled, whose marks survive.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use minewall_core::config::{Answers, Config, Fail, FailVerdicts, Mark, TcpAction};
use minewall_lists::Lists;
use nfq::{Queue, Verdict};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::super::{Loader, Plane};
use super::lab::{Lab, Namespace, root, sh, until};
use super::{VARIANTS, command, iptables_plane_of, nft_plane_of, no_lists};

const GATEWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1));
pub(super) const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 2, 0, 2));
pub(super) const INTERNET_SIX: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfd02, 0, 0, 0, 0, 0, 0, 2));
/// A port of QUIC.
const QUIC: u16 = 443;
/// An address no machine has: only a redirect makes it answer.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 9, 9));

/// Marks of others, before ours, and what became of them, after ours. Only TCP and UDP: neighbour discovery, made by the
/// gateway itself, never passes `arriving`.
const FOREIGN: &str = "table inet foreign {
 counter kept { }
 counter lost { }
 counter leaked { }
 chain arriving { type filter hook prerouting priority -290; meta mark set meta mark | 0x5; }
 chain tracked { type filter hook prerouting priority -160; ct mark set ct mark | 0x2a00; }
 chain resolver { type nat hook prerouting priority -100; ip daddr != 10.2.0.2 udp dport 53 redirect to :5353
 }
 chain leaving { type filter hook postrouting priority 200;
  meta mark & 0x30000000 != 0 counter name leaked
  meta l4proto != { tcp, udp } return
  iifname { inside, outside } meta mark == 0x5 counter name kept return
  iifname { inside, outside } counter name lost
 }
}
";

/// One packet user space was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    protocol: u8,
    source_port: u16,
    pub(super) destination: SocketAddr,
    pub(super) payload: Vec<u8>,
    mark: u32,
}

impl Seen {
    /// Reads IPv4 with options, IPv6 without extension headers; TCP, UDP.
    fn parse(packet: &[u8], mark: u32) -> Self {
        let (transport, protocol, address) = if packet[0] >> 4 == 4 {
            let address: [u8; 4] = packet[16..20].try_into().unwrap();
            (&packet[usize::from(packet[0] & 15) * 4..], packet[9], IpAddr::from(address))
        } else {
            let address: [u8; 16] = packet[24..40].try_into().unwrap();
            (&packet[40..], packet[6], IpAddr::from(address))
        };
        let port = |at: usize| u16::from_be_bytes([transport[at], transport[at + 1]]);
        let header = if protocol == 6 { usize::from(transport[12] >> 4) * 4 } else { 8 };
        let destination = SocketAddr::new(address, port(2));
        Self { protocol, source_port: port(0), destination, payload: transport[header..].to_vec(), mark }
    }
}

/// User space: cuts on "mining.", clears a flow with its second payload, notes everything.
pub(super) struct Judge {
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Judge {
    pub(super) fn start(gateway: &Namespace, config: &Config) -> Self {
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (queues, mark) = (config.queue.first..config.queue.first + config.queue.count, config.kernel.mark);
        let (log, halt) = (Arc::clone(&seen), Arc::clone(&stop));
        let mut queue = gateway.inside(|| {
            let mut queue = Queue::open().unwrap();
            queues.for_each(|number| queue.bind(number).unwrap());
            queue.set_nonblocking(true);
            queue
        });
        let thread = thread::spawn(move || {
            let mut flows = HashMap::new();
            while !halt.load(Ordering::Relaxed) {
                match queue.recv() {
                    Ok(message) => log.lock().unwrap().push(answer(&mut queue, message, mark, &mut flows)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
                    Err(error) => panic!("queue: {error}"),
                }
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Packets of a TCP connection, both directions, by its two ports.
    pub(super) fn of_flow(&self, (client, server): (u16, u16)) -> Vec<Seen> {
        let is_of =
            |seen: &Seen| [(client, server), (server, client)].contains(&(seen.source_port, seen.destination.port()));
        self.seen().into_iter().filter(is_of).collect()
    }
}

fn answer(queue: &mut Queue, mut message: nfq::Message, mark: Mark, flows: &mut HashMap<(u16, u16), u32>) -> Seen {
    let seen = Seen::parse(message.get_payload(), message.get_nfmark());
    let (a, b) = (seen.source_port, seen.destination.port());
    let count = flows.entry((a.min(b), a.max(b))).or_insert(0);
    *count += 1;
    let telling = seen.payload.windows(7).any(|window| window == b"mining.");
    let bit = if telling {
        mark.cut
    } else if *count >= 2 {
        mark.cleared
    } else {
        0
    };
    if (seen.protocol == 6 || b == QUIC) && bit != 0 {
        message.set_nfmark(seen.mark & !mark.mask() | bit);
    }
    message.set_verdict(Verdict::Accept);
    queue.verdict(message).unwrap();
    seen
}

impl Drop for Judge {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

pub(super) fn config() -> Config {
    let mut config = Config::default();
    config.queue.count = 2;
    config
}

/// Runs a scene with each backend this kernel can do.
pub(super) fn with_each_backend(config: &Config, lists: &Lists, scene: impl Fn(&Lab, &Plane) + Sync) {
    if !root() {
        return;
    }
    // In a virtual machine all is slow, and iptables was tried by the kernel below it.
    let iptables = if std::env::var_os("MINEWALL_ONLY_NFT").is_some() { &[][..] } else { &VARIANTS };
    for backend in ["nft"].into_iter().chain(iptables.iter().copied()) {
        let lab = Lab::new();
        let Some((plane, loaded)) = lab.gateway.inside(|| {
            let plane =
                if backend == "nft" { nft_plane_of(config, lists) } else { iptables_plane_of(backend, config, lists) }?;
            command::run("nft", &["-f", "-"], FOREIGN).unwrap();
            Some((plane.clone(), plane.load().unwrap()))
        }) else {
            continue;
        };
        eprintln!("{} on {}", plane.backend(), sh("uname -r").trim());
        scene(&lab, &plane);
        lab.gateway.inside(|| loaded.unload()).unwrap();
    }
}

/// A server that tells what it read, and answers it in lower case if asked to.
pub(super) fn serve(namespace: &Namespace, address: SocketAddr, echo: bool) -> mpsc::Receiver<(TcpStream, Vec<u8>)> {
    let listener = namespace.inside(|| TcpListener::bind(address).unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok).take(1) {
            let mut all = Vec::new();
            let mut buffer = [0; 1024];
            if !echo {
                _ = sender.send((stream, all));
                continue;
            }
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                all.extend_from_slice(&buffer[..count]);
                stream.write_all(&buffer[..count].to_ascii_lowercase()).unwrap();
            }
            _ = sender.send((stream, all));
        }
    });
    receiver
}

pub(super) fn connect(host: &Namespace, address: SocketAddr) -> TcpStream {
    let stream = host.inside(|| TcpStream::connect(address).unwrap());
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The ports of the client and of the server.
pub(super) fn ports(client: &TcpStream) -> (u16, u16) {
    (client.local_addr().unwrap().port(), client.peer_addr().unwrap().port())
}

/// Asserts that a connection ends with a reset before anything came.
pub(super) fn is_reset(stream: &mut TcpStream) {
    let error = stream.read(&mut [0; 64]).map(|count| panic!("{count} bytes instead of a reset")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
}

/// Asserts that nothing has arrived.
fn is_silent(stream: &mut TcpStream) {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 64]);
    assert!(matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock), "{read:?}");
    stream.set_nonblocking(false).unwrap();
}

/// The packets counted by one of our counters, both families.
pub(super) fn counted(lab: &Lab, plane: &Plane, counter: &str) -> u64 {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().unwrap();
    lab.gateway.inside(|| match plane.loader {
        Loader::Nft => {
            let text = sh(&format!("nft list counter inet minewall {counter}"));
            digits(text.split("packets ").nth(1).unwrap())
        }
        Loader::Iptables(_) => {
            let save = |program: &str| sh(&format!("{}-save -c", plane.backend().replace("iptables", program)));
            let text = save("iptables") + &save("ip6tables");
            let rule = format!("\"minewall {counter}: ");
            text.lines().filter(|line| line.contains(&rule)).map(|line| digits(&line[1..])).sum()
        }
    })
}

/// The conntrack entries of connections to an address.
fn marks(lab: &Lab, to: SocketAddr) -> String {
    let family = if to.is_ipv4() { "ipv4" } else { "ipv6" };
    lab.gateway.inside(|| sh(&format!("conntrack -L -f {family} -p tcp --dport {}", to.port())))
}

fn foreign(lab: &Lab, counter: &str) -> u64 {
    let text = lab.gateway.inside(|| sh(&format!("nft list counter inet foreign {counter}")));
    text.split("packets ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_telling_segment_never_arrives_and_the_flow_stays_cut() {
    with_each_backend(&config(), &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config());
        for (count, (address, port)) in [(INTERNET, 3333), (INTERNET_SIX, 3334)].into_iter().enumerate() {
            let address = SocketAddr::new(address, port);
            let served = serve(&lab.internet, address, false);
            let mut client = connect(&lab.host, address);
            let flow = ports(&client);
            let (mut server, _) = served.recv().unwrap();
            client.write_all(b"{\"method\":\"mining.subscribe\"}\n").unwrap();
            is_reset(&mut client);
            is_silent(&mut server);
            assert_eq!(judge.of_flow(flow).len(), 1);

            // the far side learns of it when it speaks; nobody is asked about it any more
            server.write_all(b"harmless\n").unwrap();
            is_reset(&mut server);
            assert_eq!(judge.of_flow(flow).len(), 1);
            assert_eq!(counted(lab, plane, "cut"), 2 * (count as u64 + 1));
            let marks = marks(lab, address);
            assert!(marks.contains(&format!("mark={}", 0x2000_2a00)), "{marks}");
        }
        assert_eq!((foreign(lab, "lost"), foreign(lab, "leaked")), (0, 0));
    });
}

#[test]
fn a_dropped_segment_does_not_pass_when_sent_again() {
    let mut config = config();
    config.tcp.action = TcpAction::Drop;
    with_each_backend(&config, &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config);
        let address = SocketAddr::new(INTERNET, 3333);
        let served = serve(&lab.internet, address, false);
        let mut client = connect(&lab.host, address);
        let flow = ports(&client);
        let (mut server, _) = served.recv().unwrap();
        client.write_all(b"mining.subscribe\n").unwrap();
        until("the segment was asked about", || !judge.of_flow(flow).is_empty());
        client.write_all(b"harmless\n").unwrap();
        until("both were sent and the first again", || counted(lab, plane, "cut") >= 3);
        is_silent(&mut server);
        assert_eq!(judge.of_flow(flow).len(), 1);
    });
}

#[test]
fn a_settled_flow_stays_in_the_kernel_with_the_marks_of_others() {
    with_each_backend(&config(), &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config());
        for (count, (address, port)) in [(INTERNET, 8080), (INTERNET_SIX, 8081)].into_iter().enumerate() {
            let address = SocketAddr::new(address, port);
            let served = serve(&lab.internet, address, true);
            let mut client = connect(&lab.host, address);
            let flow = ports(&client);
            for _ in 0..20 {
                client.write_all(b"PING").unwrap();
                client.read_exact(&mut [0; 4]).unwrap();
            }
            let marks = marks(lab, address);
            assert!(marks.contains(&format!("mark={}", 0x1000_2a00)), "{marks}");
            drop(client);
            assert_eq!(served.recv().unwrap().1.len(), 80);
            let flow = judge.of_flow(flow);
            assert_eq!(flow.len(), 2, "the question and the answer, then no more");
            assert_eq!(flow.iter().map(|seen| &seen.payload[..]).collect::<Vec<_>>(), [b"PING", b"ping"]);
            assert!(flow.iter().all(|seen| seen.mark == 0x5));
            assert_eq!(counted(lab, plane, "cleared"), count as u64 + 1);
        }
        assert_eq!(counted(lab, plane, "tcp_queued"), 4);
        assert!(foreign(lab, "kept") > 80);
        assert_eq!((foreign(lab, "lost"), foreign(lab, "leaked")), (0, 0));
    });
}

/// A TCP header with no-operation options up to the data offset (in words).
fn segment(source_port: u16, words: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1; usize::from(words) * 4];
    bytes[..20].fill(0);
    bytes[..2].copy_from_slice(&source_port.to_be_bytes());
    bytes[2..4].copy_from_slice(&9999u16.to_be_bytes());
    bytes[12] = words << 4;
    bytes[13] = 0x10; // ACK
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn only_payload_is_queued_at_every_data_offset() {
    with_each_backend(&config(), &no_lists(), |lab, _| {
        let judge = Judge::start(&lab.gateway, &config());
        for (base, address) in [(20000, INTERNET), (30000, INTERNET_SIX)] {
            let to = SockAddr::from(SocketAddr::new(address, 0));
            let raw = |domain| Socket::new(domain, Type::RAW, Some(Protocol::TCP)).unwrap();
            let socket = lab.host.inside(|| raw(if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 }));
            for words in 5..=15 {
                for payload in [&b""[..], b"x"] {
                    socket.send_to(&segment(base + u16::from(words), words, payload), &to).unwrap();
                }
            }
            let family = || judge.seen().into_iter().filter(move |seen| (base..base + 16).contains(&seen.source_port));
            until("all payload was seen", || family().count() >= 11);
            let ports: Vec<u16> = family().filter(|seen| seen.payload == b"x").map(|seen| seen.source_port).collect();
            assert_eq!(ports, (base + 5..=base + 15).collect::<Vec<_>>());
            assert_eq!(family().count(), 11, "a segment without payload was queued");
        }
        options_are_queued(lab, &judge);
    });
}

/// Behind IP options the rules do not look for the payload: such a segment is queued with or without.
fn options_are_queued(lab: &Lab, judge: &Judge) {
    let tcp = segment(40000, 5, b"");
    let mut packet = vec![0x46, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2, 1, 1, 1, 1];
    packet.extend_from_slice(&tcp);
    let to = SockAddr::from(SocketAddr::new(INTERNET, 0));
    let raw = || Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255))).unwrap();
    lab.host.inside(|| raw().send_to(&packet, &to).unwrap());
    until("the segment with IP options was seen", || judge.of_flow((40000, 9999)).len() == 1);
}

#[test]
fn dns_questions_are_seen_with_the_address_their_host_asked() {
    let mut config = config();
    config.dns.answers = Answers::None;
    with_each_backend(&config, &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config);
        let resolver = lab.gateway.inside(|| UdpSocket::bind("0.0.0.0:5353").unwrap());
        let server = lab.internet.inside(|| UdpSocket::bind("10.2.0.2:53").unwrap());
        let host = lab.host.inside(|| UdpSocket::bind("0.0.0.0:0").unwrap());
        let far = lab.host.inside(|| UdpSocket::bind("0.0.0.0:53").unwrap());
        for socket in [&resolver, &server, &host, &far] {
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        }
        let mut asked = Vec::new();
        // redirected to the gateway's own resolver; forwarded; forwarded from port 53, whose answer goes to port 53
        for (address, who, answers) in [
            (NOWHERE, &host, &resolver),
            (GATEWAY, &host, &resolver),
            (INTERNET, &host, &server),
            (INTERNET, &far, &server),
        ] {
            let to = SocketAddr::new(address, 53);
            for _ in 0..3 {
                who.send_to(b"question", to).unwrap();
                let (count, from) = answers.recv_from(&mut [0; 64]).unwrap();
                assert_eq!(count, 8);
                answers.send_to(b"answer", from).unwrap();
                assert_eq!(who.recv_from(&mut [0; 64]).unwrap(), (6, to));
                asked.push(to);
            }
        }
        let seen = judge.seen();
        assert_eq!(seen.iter().map(|seen| seen.destination).collect::<Vec<_>>(), asked);
        assert!(seen.iter().all(|seen| seen.protocol == 17 && seen.payload == b"question" && seen.mark == 0x5));
        assert_eq!(counted(lab, plane, "dns_queued"), asked.len() as u64);
        assert_eq!((foreign(lab, "lost"), foreign(lab, "leaked")), (0, 0));
    });
}

#[test]
fn dns_over_tcp_to_the_gateway_itself_is_cut() {
    with_each_backend(&config(), &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config());
        let address = SocketAddr::new(GATEWAY, 53);
        let served = serve(&lab.gateway, address, false);
        let mut client = connect(&lab.host, address);
        let (mut server, _) = served.recv().unwrap();
        client.write_all(b"mining.example").unwrap();
        is_reset(&mut client);
        is_silent(&mut server);
        assert_eq!(judge.seen().len(), 1);
        assert_eq!(counted(lab, plane, "cut"), 1);
    });
}

/// A DNS message that says it has so many answer records.
fn message(answers: u16) -> Vec<u8> {
    let [high, low] = answers.to_be_bytes();
    vec![0xab, 0xcd, 0x81, 0x80, 0, 1, high, low, 0, 0, 0, 0, 1, b'x', 0, 0, 1, 0, 1]
}

#[test]
fn answers_with_aliases_are_seen_with_the_address_of_the_host_that_asked() {
    for (wanted, least) in [(Answers::Aliases, 2), (Answers::All, 0)] {
        let mut config = config();
        config.dns.answers = wanted;
        with_each_backend(&config, &no_lists(), |lab, plane| {
            let judge = Judge::start(&lab.gateway, &config);
            let resolver = lab.gateway.inside(|| UdpSocket::bind("[::]:5353").unwrap());
            let own = lab.gateway.inside(|| UdpSocket::bind("[fd01::1]:53").unwrap());
            let server = lab.internet.inside(|| UdpSocket::bind("[::]:53").unwrap());
            let host = lab.host.inside(|| UdpSocket::bind("[::]:0").unwrap());
            for socket in [&resolver, &own, &server, &host] {
                socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            }
            let mut expected = 0;
            // through the gateway; of a resolver on it; of one on another port, whose answers are not known as such
            for (asked, answering, is_seen) in [
                (INTERNET.to_string(), &server, true),
                (INTERNET_SIX.to_string(), &server, true),
                ("fd01::1".to_owned(), &own, true),
                (NOWHERE.to_string(), &resolver, false),
            ] {
                let asked: IpAddr = asked.parse().unwrap();
                let mapped = match asked {
                    IpAddr::V4(four) => IpAddr::V6(four.to_ipv6_mapped()),
                    six => six,
                };
                for count in [0, 1, 2, 3, 256] {
                    host.send_to(b"question", SocketAddr::new(mapped, 53)).unwrap();
                    let (_, from) = answering.recv_from(&mut [0; 64]).unwrap();
                    answering.send_to(&message(count), from).unwrap();
                    let mut answer = [0; 64];
                    let (length, from) = host.recv_from(&mut answer).unwrap();
                    assert_eq!((&answer[..length], from.ip()), (&message(count)[..], mapped));
                    expected += usize::from(is_seen && count >= least);
                }
            }
            let port = host.local_addr().unwrap().port();
            let answers: Vec<_> = judge.seen().into_iter().filter(|seen| seen.destination.port() == port).collect();
            assert_eq!(answers.len(), expected, "{answers:?}");
            let is_host = |ip: IpAddr| ["10.1.0.2", "fd01::2"].contains(&ip.to_string().as_str());
            assert!(answers.iter().all(|seen| is_host(seen.destination.ip())), "{answers:?}");
            assert_eq!(counted(lab, plane, "answers_queued"), expected as u64);
            assert_eq!(foreign(lab, "leaked"), 0);
        });
    }
}

#[test]
fn what_the_gateway_answers_over_tcp_is_seen_until_it_is_settled() {
    with_each_backend(&config(), &no_lists(), |lab, plane| {
        let judge = Judge::start(&lab.gateway, &config());
        let address = SocketAddr::new(GATEWAY, 53);
        let _served = serve(&lab.gateway, address, true);
        let mut client = connect(&lab.host, address);
        for _ in 0..5 {
            client.write_all(b"PING").unwrap();
            client.read_exact(&mut [0; 4]).unwrap();
        }
        let seen: Vec<_> = judge.of_flow(ports(&client)).into_iter().map(|seen| seen.payload).collect();
        assert_eq!(seen, [b"PING", b"ping"], "the question and the answer, then no more");
        let marks = marks(lab, address);
        assert!(marks.contains(&format!("mark={}", 0x1000_2a00)), "{marks}");
        assert_eq!((counted(lab, plane, "cleared"), foreign(lab, "leaked")), (1, 0));
    });
}

#[test]
fn quic_is_seen_until_it_is_settled_and_told_when_it_is_cut() {
    for action in [TcpAction::Reset, TcpAction::Drop] {
        let mut config = config();
        config.tcp.action = action;
        with_each_backend(&config, &no_lists(), |lab, plane| {
            let judge = Judge::start(&lab.gateway, &config);
            for (count, address) in [INTERNET, INTERNET_SIX].into_iter().enumerate() {
                let server = lab.internet.inside(|| UdpSocket::bind((address, QUIC)).unwrap());
                let client = || {
                    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let client = lab.host.inside(|| UdpSocket::bind(any).unwrap());
                    client.connect((address, QUIC)).unwrap();
                    client.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
                    client
                };
                server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let fine = client();
                for _ in 0..6 {
                    fine.send(b"hello").unwrap();
                    let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
                    server.send_to(b"answer", from).unwrap();
                    assert_eq!(fine.recv(&mut [0; 64]).unwrap(), 6);
                }
                let of = |client: &UdpSocket| judge.of_flow((client.local_addr().unwrap().port(), QUIC));
                assert!(of(&fine).iter().all(|seen| seen.payload == b"hello" && seen.mark == 0x5));
                assert_eq!(of(&fine).len(), 2, "no answer, and nothing once it is settled");

                let cut = client();
                cut.send(b"mining.").unwrap();
                let told = cut.recv(&mut [0; 64]).unwrap_err().kind();
                let is_told = told == ErrorKind::ConnectionRefused;
                assert_eq!(is_told, action == TcpAction::Reset, "{told}");
                server.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
                assert!(server.recv(&mut [0; 64]).is_err(), "what is cut does not arrive");
                assert_eq!(counted(lab, plane, "cut"), count as u64 + 1);
                assert_eq!(counted(lab, plane, "cleared"), count as u64 + 1);
            }
            assert_eq!(counted(lab, plane, "quic_queued"), 6);
            assert_eq!((foreign(lab, "lost"), foreign(lab, "leaked")), (0, 0));
        });
    }
}

#[test]
fn own_answers_are_not_tracked() {
    with_each_backend(&config(), &no_lists(), |lab, _| {
        let host = lab.host.inside(|| UdpSocket::bind("10.1.0.2:40000").unwrap());
        host.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let tracked = || lab.gateway.inside(|| sh("conntrack -L -p udp --dport 40000")).lines().count();
        let socket = Socket::from(lab.gateway.inside(|| UdpSocket::bind("10.1.0.1:53").unwrap()));
        for (mark, entries) in [(0x2000_0005, 0), (0x5, 1)] {
            socket.set_mark(mark).unwrap();
            let to = SockAddr::from("10.1.0.2:40000".parse::<SocketAddr>().unwrap());
            socket.send_to(b"refused", &to).unwrap();
            assert_eq!(host.recv_from(&mut [0; 64]).unwrap().0, 7);
            assert_eq!(tracked(), entries, "answer with mark {mark:#x}");
        }
        assert_eq!(foreign(lab, "leaked"), 0);
    });
}

#[test]
fn without_user_space_traffic_passes_or_not_as_configured() {
    with_each_backend(&config(), &no_lists(), |lab, _| {
        let address = SocketAddr::new(INTERNET, 8080);
        let _served = serve(&lab.internet, address, true);
        let mut client = connect(&lab.host, address);
        client.write_all(b"PING").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
    });
    let mut closed = config();
    closed.queue.fail = FailVerdicts::both(Fail::Closed);
    with_each_backend(&closed, &no_lists(), |lab, plane| {
        let address = SocketAddr::new(INTERNET, 8080);
        let served = serve(&lab.internet, address, false);
        let mut client = connect(&lab.host, address);
        let (mut server, _) = served.recv().unwrap();
        client.write_all(b"PING").unwrap();
        until("it was sent again", || counted(lab, plane, "tcp_queued") >= 2);
        is_silent(&mut server);
    });
}

#[test]
fn without_user_space_dns_may_fail_otherwise_than_connections() {
    let mut closed = config();
    closed.queue.fail.dns = Fail::Closed;
    with_each_backend(&closed, &no_lists(), |lab, plane| {
        let (web, names) = (SocketAddr::new(INTERNET, 8080), SocketAddr::new(INTERNET, 53));
        let _served = serve(&lab.internet, web, true);
        let mut client = connect(&lab.host, web);
        client.write_all(b"PING").unwrap();
        client.read_exact(&mut [0; 4]).unwrap();
        let served = serve(&lab.internet, names, false);
        let mut client = connect(&lab.host, names);
        let (mut server, _) = served.recv().unwrap();
        let before = counted(lab, plane, "tcp_queued");
        client.write_all(b"PING").unwrap();
        until("it was sent again", || counted(lab, plane, "tcp_queued") >= before + 2);
        is_silent(&mut server);
    });
}

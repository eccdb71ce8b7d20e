//! Sinks with a spool against peers that are down, die, stall and come back, and over a restart of minewall.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::net::TcpStream;

use super::delivery::{frames, read_frame};
use super::*;

/// The id of the event in each message, in the order they came.
type Seen = Arc<std::sync::Mutex<Vec<u32>>>;

/// A server that reads so many messages of each connection and then breaks it off, unread ones in its socket.
struct Peer {
    port: Port,
    seen: Seen,
}

impl Peer {
    fn new() -> Self {
        Self { port: Port::tcp().unwrap(), seen: Seen::default() }
    }

    fn address(&self) -> String {
        format!("tcp://{}", self.port.at())
    }

    /// Takes one connection after the other, and of each so many messages.
    fn serve(&self, messages: &[usize]) -> thread::JoinHandle<()> {
        let (listener, seen) = (self.port.listen().unwrap(), Arc::clone(&self.seen));
        let messages = messages.to_vec();
        thread::spawn(move || {
            for most in messages {
                read_some(listener.accept().unwrap().0, most, &seen);
            }
        })
    }

    fn seen(&self) -> Vec<u32> {
        self.seen.lock().unwrap().clone()
    }
}

fn read_some(stream: TcpStream, most: usize, seen: &Seen) {
    let mut reader = BufReader::with_capacity(64, stream);
    for _ in 0..most {
        let Some(body) = read_frame(&mut reader) else { return };
        seen.lock().unwrap().extend(ids([&*body]));
    }
}

fn spooled(address: &str, scratch: &Scratch) -> config::Sink {
    from_toml(&format!(
        "type = \"syslog\"\naddress = {address:?}\nspool = {:?}\nspool_bytes = 268435456",
        scratch.join("spool")
    ))
}

/// As many as wait in the channel in earnest.
fn start(sink: config::Sink) -> Sinks {
    start_with(sink, Pace { events: 4096, ..FAST })
}

/// A disk that is slow for a moment does not have the channel overflow.
fn send_all(sinks: &Sinks, numbers: std::ops::Range<u32>) {
    for number in numbers {
        if number % 64 == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        send(sinks, [number]);
    }
}

/// Whether all of them came, and each for the first time in order.
fn all_in_order(seen: &[u32], count: u32) {
    let mut firsts = Vec::new();
    let mut known = BTreeSet::new();
    firsts.extend(seen.iter().copied().filter(|id| known.insert(*id)));
    let wrong = firsts.iter().zip(0..).find(|(id, place)| **id != *place);
    assert_eq!((wrong, firsts.len()), (None, count as usize));
}

#[test]
fn what_comes_while_the_peer_is_down_waits_on_disk() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    let sinks = start(spooled(&peer.address(), &scratch));
    send_all(&sinks, 0..2000);
    wait_until("an error", || count(&sinks).errors > 0);
    let before = count(&sinks);
    assert_eq!((before.sent, before.waiting, before.lost), (0, 2000, 0));
    let server = peer.serve(&[usize::MAX]);
    send_all(&sinks, 2000..2500);
    wait_until("all is sent", || count(&sinks).waiting == 0);
    send_all(&sinks, 2500..2600);
    // A peer that takes long to read the rest is taken for one that may not have read it.
    wait_until("all has come", || peer.seen().len() == 2600);
    let counts = sinks.close(Duration::from_secs(10));
    server.join().unwrap();
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].again), (2600, 0, 0));
    assert_eq!(peer.seen(), Vec::from_iter(0..2600), "none is lost, none comes twice");
}

#[test]
fn a_peer_that_dies_again_and_again_gets_all_in_order() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    // It goes with unread messages in its socket: the kernel had taken, and acknowledged, them.
    let server = peer.serve(&[300, 1, 0, 777, 50, 2, usize::MAX]);
    let sinks = start(spooled(&peer.address(), &scratch));
    send_all(&sinks, 0..3000);
    // The kernel may take all of it for a connection that is about to break.
    wait_until("all has come", || peer.seen().last() == Some(&2999));
    wait_until("all is sent", || count(&sinks).waiting == 0);
    let counts = sinks.close(Duration::from_secs(10));
    server.join().unwrap();
    assert_eq!((counts[0].sent - counts[0].again, counts[0].lost), (3000, 0));
    assert!(counts[0].again > 0);
    all_in_order(&peer.seen(), 3000);
}

#[test]
fn what_waits_outlives_a_restart() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    let mut given = 0;
    for _ in 0..4 {
        let sinks = start(spooled(&peer.address(), &scratch));
        send_all(&sinks, given..given + 100);
        given += 100;
        let counts = sinks.close(Duration::from_secs(2));
        assert_eq!((counts[0].sent, counts[0].lost, counts[0].waiting), (0, 0, given as usize));
    }
    let server = peer.serve(&[usize::MAX]);
    let sinks = start(spooled(&peer.address(), &scratch));
    send_all(&sinks, given..given + 100);
    wait_until("all is sent", || count(&sinks).sent == given as usize + 100);
    sinks.close(Duration::from_secs(10));
    server.join().unwrap();
    assert_eq!(peer.seen(), Vec::from_iter(0..given + 100));
}

#[test]
fn a_stop_before_a_peer_that_reads_nothing_loses_nothing() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    let listener = peer.port.listen().unwrap();
    // Room for all that is given below: a disk that stalls does not have the channel overflow.
    let sinks = start_with(spooled(&peer.address(), &scratch), Pace { events: 200_064, patience: SHORT, ..FAST });
    let held = listener.accept().unwrap();
    // More than the sockets hold: the sink is within a write when it is to stop.
    let mut given = 0;
    while count(&sinks).errors == 0 {
        send_all(&sinks, given..given + 64);
        given += 64;
        assert!(given < 200_000, "the kernel takes everything");
    }
    let counts = sinks.close(Duration::from_secs(2));
    assert_eq!(counts[0].lost, 0, "{counts:?}");
    drop((held, listener));
    let server = peer.serve(&[usize::MAX]);
    let sinks = start(spooled(&peer.address(), &scratch));
    wait_until("all is sent", || {
        let count = count(&sinks);
        count.connected && count.waiting == 0 && count.sent > 0
    });
    sinks.close(Duration::from_secs(10));
    server.join().unwrap();
    all_in_order(&peer.seen(), given);
}

#[test]
fn after_a_reload_the_new_sink_goes_on_where_the_old_one_stopped() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    let old = start(spooled(&peer.address(), &scratch));
    send_all(&old, 0..200);
    // Else the new one could be the first to open the spool.
    let is_segment = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path().extension() == Some("spool".as_ref());
    wait_until("the old one spools", || fs::read_dir(scratch.join("spool")).is_ok_and(|mut all| all.any(is_segment)));
    // As the recorder does it: the new ones are started before the old ones are closed.
    let new = start(spooled(&peer.address(), &scratch));
    send_all(&new, 200..250);
    old.close(Duration::from_secs(1));
    let server = peer.serve(&[usize::MAX]);
    wait_until("all is sent", || count(&new).sent == 250);
    new.close(Duration::from_secs(10));
    server.join().unwrap();
    assert_eq!(peer.seen(), Vec::from_iter(0..250));
}

#[test]
fn a_spool_that_is_full_tells_what_it_lost() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    let mut small = spooled(&peer.address(), &scratch);
    let config::Sink::Syslog(settings) = &mut small else { panic!("syslog") };
    settings.spool_bytes = 1 << 20;
    let sinks = start(small);
    send_all(&sinks, 0..3000);
    wait_until("losses", || count(&sinks).lost > 0 && count(&sinks).errors > 0);
    let before = count(&sinks);
    assert_eq!(before.lost + before.waiting, 3000);
    let listener = peer.port.listen().unwrap();
    let reader = thread::spawn(move || frames(listener.accept().unwrap().0));
    wait_until("the rest is sent", || count(&sinks).waiting == 0);
    let counts = sinks.close(Duration::from_secs(10));
    let messages = reader.join().unwrap();
    assert_eq!(lost(messages.iter().map(|message| &**message)), counts[0].lost as u64, "the sink is told");
    let numbers = ids(messages.iter().map(|message| &**message));
    assert!(numbers.is_sorted_by(|a, b| a < b) && numbers.first() > Some(&0), "the oldest were dropped");
    // One under way when its segment was dropped came in spite of that.
    let missing = 3000 - numbers.len();
    assert!(missing > 0 && missing <= counts[0].lost && counts[0].lost <= missing + 20, "{missing} of {counts:?}");
    assert_eq!(numbers.last(), Some(&2999));
}

#[test]
fn a_spool_that_cannot_be_used_is_said_and_memory_serves() {
    let (scratch, peer) = (Scratch::new(), Peer::new());
    fs::create_dir(scratch.join("spool")).unwrap();
    fs::create_dir(scratch.join("spool/lock")).unwrap();
    let server = peer.serve(&[usize::MAX]);
    let sinks = start(spooled(&peer.address(), &scratch));
    send_all(&sinks, 0..100);
    let counts = sinks.close(Duration::from_secs(10));
    server.join().unwrap();
    assert_eq!((counts[0].sent, counts[0].lost), (100, 0));
    assert_eq!(peer.seen(), Vec::from_iter(0..100));
}

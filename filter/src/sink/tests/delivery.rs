use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener};

use super::*;

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// Reads octet-counted messages until the other side closes; the JSON of each.
pub(super) fn frames(stream: TcpStream) -> Vec<String> {
    let mut reader = BufReader::new(stream);
    let mut messages = Vec::new();
    while let Some(body) = read_frame(&mut reader) {
        messages.push(body);
    }
    messages
}

/// One octet-counted message; its JSON.
pub(super) fn read_frame(reader: &mut impl BufRead) -> Option<String> {
    let mut length = Vec::new();
    if reader.read_until(b' ', &mut length).unwrap() == 0 {
        return None;
    }
    let length: usize = String::from_utf8(length).unwrap().trim_end().parse().unwrap();
    let mut message = vec![0; length];
    reader.read_exact(&mut message).unwrap();
    Some(body(&message))
}

fn body(message: &[u8]) -> String {
    str::from_utf8(message).unwrap().split_once(" - ").unwrap().1.to_owned()
}

fn numbers(messages: &[String]) -> Vec<u32> {
    ids(messages.iter().map(String::as_str))
}

#[test]
fn tcp_is_octet_counted_and_flushed_at_the_stop() {
    let (listener, address) = listen();
    let sinks = start(syslog(address));
    send(&sinks, 0..50);
    let reader = thread::spawn(move || frames(listener.accept().unwrap().0));
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].waiting), (50, 0, 0));
    assert_eq!(numbers(&reader.join().unwrap()), Vec::from_iter(0..50));
}

#[test]
fn a_peer_that_never_reads_delays_nobody() {
    let (listener, address) = listen();
    let sinks = start_with(syslog(address), Pace { patience: SHORT, ..FAST });
    let _held = listener.accept().unwrap();
    // An error says that a write has waited for its whole patience. Had send waited with it, nothing would be dropped.
    let mut given = 0_u32;
    while count(&sinks).errors == 0 {
        send(&sinks, [given]);
        given += 1;
        assert!(given < 2_000_000, "the kernel takes everything: {:?}", count(&sinks));
        if count(&sinks).waiting >= 64 {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let before = count(&sinks);
    assert!(before.lost > 0, "{before:?}");
    let counts = sinks.close(Duration::from_millis(50));
    assert_eq!(counts[0].sent + counts[0].lost + counts[0].waiting, given as usize);
}

#[test]
fn a_dead_tcp_peer_that_comes_back_gets_the_records_and_the_count_of_those_lost() {
    let port = Port::tcp().unwrap();
    let listener = port.listen().unwrap();
    let sinks = start(syslog(format!("tcp://{}", port.at())));
    let (stream, _) = listener.accept().unwrap();
    send(&sinks, 0..3);
    wait_until("3 sent", || count(&sinks).sent == 3);
    let reader = thread::spawn(move || {
        let mut first = BufReader::new(stream.try_clone().unwrap());
        let mut byte = [0];
        first.read_exact(&mut byte).unwrap(); // so that closing is orderly only after a read
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    reader.join().unwrap();
    drop(listener);
    send(&sinks, [3]);
    wait_until("the break is noticed", || !count(&sinks).connected);
    send(&sinks, 4..200);
    let lost_before = count(&sinks).lost;
    assert!(lost_before >= 196 - 64, "{:?}", count(&sinks));

    let listener = port.listen().unwrap();
    let reader = thread::spawn(move || frames(listener.accept().unwrap().0));
    wait_until("all sent", || count(&sinks).waiting == 0);
    send(&sinks, [1000]);
    let counts = sinks.close(Duration::from_secs(10));
    let messages = reader.join().unwrap();
    let numbers = numbers(&messages);
    assert_eq!(numbers.first(), Some(&3));
    assert_eq!(numbers.last(), Some(&1000));
    assert!(numbers.is_sorted());
    assert_eq!(lost(messages.iter().map(String::as_str)), counts[0].lost as u64);
    assert_eq!(counts[0].sent + counts[0].lost, 201);
}

#[test]
fn a_peer_down_at_the_start_may_come_later() {
    let port = Port::tcp().unwrap();
    let sinks = start(syslog(format!("tcp://{}", port.at())));
    send(&sinks, 0..3);
    wait_until("an error", || count(&sinks).errors > 1);
    let listener = port.listen().unwrap();
    let reader = thread::spawn(move || frames(listener.accept().unwrap().0));
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost), (3, 0));
    assert_eq!(numbers(&reader.join().unwrap()), [0, 1, 2]);
}

#[test]
fn a_peer_that_stays_down_is_given_up_at_the_stop() {
    let port = Port::tcp().unwrap();
    let sinks = start(syslog(format!("tcp://{}", port.at())));
    send(&sinks, 0..10);
    let counts = sinks.close(Duration::from_millis(100));
    assert_eq!((counts[0].sent, counts[0].lost + counts[0].waiting, counts[0].connected), (0, 10, false));
    send(&sinks, [10]);
    let count = count(&sinks);
    assert_eq!(count.lost + count.waiting, 11);
}

#[test]
fn local_sockets_of_either_kind() {
    let scratch = Scratch::new();
    let path = scratch.join("log");
    let address = format!("unix:{}", path.display());
    let sinks = start(syslog(&*address));
    send(&sinks, 0..3);
    wait_until("an error", || count(&sinks).errors > 0);
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    wait_until("3 sent", || count(&sinks).sent == 3);
    let mut buffer = [0; 9000];
    let datagrams = [(); 3].map(|()| socket.recv(&mut buffer).map(|length| body(&buffer[..length])).unwrap());
    assert_eq!(numbers(&datagrams), [0, 1, 2]);

    // The log daemon is restarted, now with a stream socket.
    drop(socket);
    fs::remove_file(&path).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    send(&sinks, 3..6);
    wait_until("6 sent", || count(&sinks).sent == 6);
    sinks.close(Duration::from_secs(10));
    let lines = BufReader::new(listener.accept().unwrap().0).lines();
    let lines: Vec<_> = lines.map(|line| body(line.unwrap().as_bytes())).collect();
    assert_eq!(numbers(&lines), [3, 4, 5]);
}

#[test]
fn a_refused_datagram_is_sent_again() {
    let port = Port::udp().unwrap();
    let sinks = start(syslog(format!("udp://{}", port.at())));
    send(&sinks, 0..5);
    wait_until("refusals", || count(&sinks).errors > 2);
    let socket = port.receive().unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost), (5, 0));
    let mut buffer = [0; 9000];
    let datagrams = [(); 5].map(|()| socket.recv(&mut buffer).map(|length| body(&buffer[..length])).unwrap());
    assert_eq!(numbers(&datagrams), [0, 1, 2, 3, 4]);
}

#[test]
fn one_sink_does_not_hold_up_another() {
    let scratch = Scratch::new();
    let path = scratch.join("records.json");
    let port = Port::tcp().unwrap();
    let address = format!("tcp://{}", port.at());
    let sinks = Sinks::start_at(&[syslog(address), file(&path)], "gw", FAST).unwrap();
    for number in 0..300 {
        send(&sinks, [number]);
        wait_until("room in the file's channel", || sinks.counters()[1].waiting < 64);
    }
    wait_until("300 in the file", || sinks.counters()[1].sent == 300);
    let counts = sinks.close(Duration::from_millis(50));
    assert_eq!((counts[1].lost, counts[0].sent), (0, 0));
    assert!(counts[0].lost >= 300 - 65);
}

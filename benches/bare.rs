//! `bare FIRST COUNT MARK READER`: netfilter queues whose packets pass unread with this mark, by `nfq` or by the messages of
//! minewall's own reader in bursts. What is left of the speed of plain forwarding then is what any program that reads so could
//! reach at the most.

#[allow(dead_code, reason = "the daemon's, which reads what is in a packet and changes it")]
#[path = "../filter/src/queue/message.rs"]
mod message;
#[allow(dead_code, reason = "the daemon's, which asks the kernel about addresses and routes")]
#[path = "../filter/src/netlink.rs"]
mod netlink;
#[path = "../filter/src/run/rank.rs"]
mod rank;

use std::io::{Error, ErrorKind, Result};
use std::process::ExitCode;
use std::thread::JoinHandle;

use message::{Decision, Message, Terms};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use nfq::{Queue, Verdict};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};

/// As much of a packet as minewall asks for by default, and how many may wait.
const COPY: u16 = 4096;
const LENGTH: u32 = 4096;

/// As of minewall's reader.
const BURST: usize = 8;
const LONGEST: usize = 65_536 + 1024;
const RECEIVE_BUFFER: usize = 8 << 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u16> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let (&[first, count, mark], Some(reader @ ("nfq" | "burst"))) = (&numbers[..], words.last().map(String::as_str))
    else {
        println!("bare FIRST COUNT MARK nfq|burst: `cargo xtask bench` runs it on its gateway");
        return ExitCode::SUCCESS;
    };
    let start = if reader == "nfq" { one_by_one } else { in_bursts };
    let threads: Result<Vec<_>> =
        (first..first.saturating_add(count)).map(|number| start(number, mark.into())).collect();
    let threads = match threads {
        Ok(threads) => threads,
        Err(error) => {
            eprintln!("the {count} queues from {first} on cannot be bound: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("ready");
    for thread in threads {
        if let Ok(Err(error)) = thread.join() {
            eprintln!("a queue broke: {error}");
        }
    }
    ExitCode::FAILURE
}

/// As minewall's own threads do.
fn hurry() {
    if let Err(error) = rank::hurry() {
        eprintln!("the thread keeps its place among others, and the figures say less: {error}");
    }
}

/// Binds a queue and lets everything pass, for ever: a packet and a verdict a system call.
fn one_by_one(number: u16, mark: u32) -> Result<JoinHandle<Result<()>>> {
    let mut queue = Queue::open()?;
    queue.bind(number)?;
    queue.set_copy_range(number, COPY)?;
    queue.set_queue_max_len(number, LENGTH)?;
    queue.set_recv_gso(number, true)?;
    queue.set_fail_open(number, true)?;
    Ok(std::thread::spawn(move || {
        hurry();
        loop {
            let mut message = queue.recv()?;
            message.set_nfmark(mark);
            message.set_verdict(Verdict::Accept);
            queue.verdict(message)?;
        }
    }))
}

/// The same, with what waits read at once and its verdicts in one datagram.
fn in_bursts(number: u16, mark: u32) -> Result<JoinHandle<Result<()>>> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.set_no_enobufs(true)?;
    sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER)?;
    send(&socket, &message::bind(Terms { number, copy: COPY, length: LENGTH, fail_open: true }), SendFlags::empty())?;
    // No rule leads here yet, so that the answer comes first.
    let mut room = vec![0; LONGEST];
    let (length, _) = recv(&socket, &mut room[..], RecvFlags::empty())?;
    match message::read(&room[..length], 0) {
        Some((Message::Error(0), _)) => {}
        Some((Message::Error(number), _)) => return Err(Error::from_raw_os_error(number)),
        _ => return Err(ErrorKind::InvalidData.into()),
    }
    Ok(std::thread::spawn(move || {
        hurry();
        let mut verdicts = Vec::with_capacity(LONGEST);
        loop {
            let (mut flags, mut read) = (RecvFlags::empty(), 0);
            while read < BURST {
                let length = match recv(&socket, &mut room[..], flags) {
                    Ok((length, _)) => length,
                    Err(Errno::AGAIN | Errno::INTR) => break,
                    Err(error) => return Err(error.into()),
                };
                match message::read(&room[..length], 0) {
                    Some((Message::Packet(packet), _)) => {
                        let decision = Decision { passes: true, mark: Some(mark), bytes: None };
                        message::verdict(&mut verdicts, number, packet.id, decision);
                    }
                    // Of a packet that is gone; the binding was said to be good before.
                    Some((Message::Error(_) | Message::Other, _)) | None => {}
                }
                read += 1;
                flags = RecvFlags::DONTWAIT;
            }
            if !verdicts.is_empty() {
                send(&socket, &verdicts, SendFlags::empty())?;
                verdicts.clear();
            }
        }
    }))
}

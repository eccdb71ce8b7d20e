//! Short connections: connect, ask, read the answer, end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Measured;
use crate::addresses::Family;
use crate::kernel;
use crate::lab::Lab;
use crate::wait::patient;

/// Ports served: with one, a second of load would use up the host's ephemeral ports while the last ones wait (TIME_WAIT).
const PORTS: usize = 16;

/// How long a step of one connection may take.
const STEP: Duration = Duration::from_secs(10);

/// About 100 bytes, as small clients write.
const REQUEST: &[u8] = b"GET /index.html HTTP/1.0\r\nHost: www.example.org\r\nUser-Agent: minewall-lab\r\n\
                         Accept: */*\r\nConnection: close\r\n\r\n";

/// Opens connections one after another on `threads` threads for `time`, each with a request of about 100 bytes and an
/// answer of about 400, and counts those that went to their end. Eight threads or more keep two cores busy; with fewer
/// it is the wake-ups that are measured. Afterwards the gateway's kernel is made to forget the ended ones.
///
/// # Errors
/// When the server's ports cannot be opened or `conntrack` fails.
pub fn connections(lab: &Lab, family: Family, threads: usize, time: Duration) -> Result<Measured> {
    // Lets a port be used again a second after its connection ended (RFC 6191).
    lab.host.sysctl("net/ipv4/tcp_tw_reuse", "1")?;
    lab.host.sysctl("net/ipv4/ip_local_port_range", "10000 65535")?;
    let listeners = lab.internet.run(|| -> std::io::Result<Vec<TcpListener>> {
        (0..PORTS).map(|_| TcpListener::bind((family.internet(), 0))).collect()
    })?;
    let addresses: Vec<_> = listeners.iter().map(TcpListener::local_addr).collect::<std::io::Result<_>>()?;
    let response = response();
    let measured = thread::scope(|scope| {
        for listener in &listeners {
            scope.spawn(|| serve(listener, &response));
        }
        let clients: Vec<_> = (0..threads)
            .map(|thread| {
                let (addresses, length) = (&addresses, response.len());
                scope.spawn(move || {
                    lab.host.enter();
                    connect_for(time, addresses, thread, length)
                })
            })
            .collect();
        let measured: Vec<_> = clients.into_iter().filter_map(|client| client.join().ok()).collect();
        for listener in &listeners {
            // Wakes the thread in accept(2).
            let _ = rustix::net::shutdown(listener, rustix::net::Shutdown::Both);
        }
        measured
    });
    kernel::forget_ended(&lab.gateway)?;
    Ok(Measured::join(measured))
}

fn response() -> Vec<u8> {
    let body = "x".repeat(300);
    format!("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 300\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

fn connect_for(time: Duration, addresses: &[SocketAddr], first: usize, length: usize) -> Measured {
    let start = Instant::now();
    let mut measured = Measured { count: 0, errors: 0, elapsed: Duration::ZERO };
    for address in addresses.iter().cycle().skip(first) {
        match fetch(address) {
            Ok(got) if got == length => measured.count += 1,
            _ => measured.errors += 1,
        }
        measured.elapsed = start.elapsed();
        if measured.elapsed >= time {
            break;
        }
    }
    measured
}

/// One connection; the bytes it brought.
fn fetch(address: &SocketAddr) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect_timeout(address, patient(STEP))?;
    stream.set_read_timeout(Some(patient(STEP)))?;
    stream.write_all(REQUEST)?;
    let mut got = 0;
    let mut buffer = [0; 2048];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(got),
            length => got += length,
        }
    }
}

fn serve(listener: &TcpListener, response: &[u8]) {
    while let Ok((mut stream, _)) = listener.accept() {
        let _ = stream.set_read_timeout(Some(patient(STEP)));
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer) {
                Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
                _ => break,
            }
        }
        let _ = stream.write_all(response);
    }
}

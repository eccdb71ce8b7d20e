//! The link all packets of the day pass, and the connections on it.

use std::net::SocketAddrV4;

use anyhow::Result;
use etherparse::PacketBuilder;

use super::nat::{self, Translation};
use super::people::Host;
use crate::random::Random;

const GATEWAY_MAC: [u8; 6] = [0x02, 0x4d, 0x57, 0, 0, 1];

/// What passed, not yet in order.
#[derive(Debug, Default)]
pub(super) struct Link {
    packets: Vec<(i64, Vec<u8>)>,
    flows: Vec<nat::Flow>,
}

/// A TCP connection of a host, under way.
pub(super) struct Connection {
    host: Host,
    port: u16,
    server: SocketAddrV4,
    sent: u32,
    received: u32,
    begun_us: i64,
    last_us: i64,
}

impl Link {
    /// Opens a connection at this time, which takes two milliseconds.
    pub(super) fn connect(&mut self, at_us: i64, host: Host, port: u16, server: SocketAddrV4) -> Result<Connection> {
        let (sent, received) = (0x1000_0000 ^ u32::from(port) << 8, 0x2000_0000 ^ u32::from(port) << 4);
        let mut connection = Connection { host, port, server, sent, received, begun_us: at_us, last_us: at_us };
        self.segment(&connection, at_us, true, Flag::Syn, &[])?;
        self.segment(&connection, at_us + 1_000, false, Flag::Syn, &[])?;
        connection.sent += 1;
        connection.received += 1;
        self.segment(&connection, at_us + 2_000, true, Flag::Ack, &[])?;
        Ok(connection)
    }

    /// Sends bytes from one of the ends.
    pub(super) fn say(&mut self, connection: &mut Connection, at_us: i64, is_host: bool, text: &[u8]) -> Result<()> {
        for part in text.chunks(1_400) {
            self.segment(connection, at_us, is_host, Flag::Push, part)?;
            let sequence = if is_host { &mut connection.sent } else { &mut connection.received };
            *sequence = sequence.wrapping_add(part.len() as u32);
        }
        connection.last_us = connection.last_us.max(at_us);
        Ok(())
    }

    /// Closes it, and notes how long it stood.
    pub(super) fn close(&mut self, connection: &Connection, at_us: i64) -> Result<()> {
        self.segment(connection, at_us, true, Flag::Fin, &[])?;
        let Connection { host, port, server, begun_us, .. } = *connection;
        let inside = SocketAddrV4::new(host.ip, port);
        self.flows.push(nat::Flow { is_tcp: true, inside, server, begun_us, ended_us: at_us });
        Ok(())
    }

    /// A datagram there and one back, ten milliseconds later.
    pub(super) fn exchange(
        &mut self,
        at_us: i64,
        host: Host,
        port: u16,
        server: SocketAddrV4,
        (asked, told): (&[u8], &[u8]),
    ) -> Result<()> {
        let (mac, ip) = (host.mac, host.ip.octets());
        let mut frame = Vec::new();
        let there = PacketBuilder::ethernet2(mac, GATEWAY_MAC).ipv4(ip, server.ip().octets(), 64);
        there.udp(port, server.port()).write(&mut frame, asked)?;
        self.packets.push((at_us, frame));
        let mut frame = Vec::new();
        let back = PacketBuilder::ethernet2(GATEWAY_MAC, mac).ipv4(server.ip().octets(), ip, 60);
        back.udp(server.port(), port).write(&mut frame, told)?;
        self.packets.push((at_us + 10_000, frame));
        let inside = SocketAddrV4::new(host.ip, port);
        self.flows.push(nat::Flow { is_tcp: false, inside, server, begun_us: at_us, ended_us: at_us + 10_000 });
        Ok(())
    }

    fn segment(&mut self, of: &Connection, at_us: i64, is_host: bool, flag: Flag, payload: &[u8]) -> Result<()> {
        let (mac, ip) = (of.host.mac, of.host.ip.octets());
        let server = of.server.ip().octets();
        let step = if is_host {
            let step = PacketBuilder::ethernet2(mac, GATEWAY_MAC).ipv4(ip, server, 64);
            step.tcp(of.port, of.server.port(), of.sent, 0xffff)
        } else {
            let step = PacketBuilder::ethernet2(GATEWAY_MAC, mac).ipv4(server, ip, 52);
            step.tcp(of.server.port(), of.port, of.received, 0xffff)
        };
        let acknowledged = if is_host { of.received } else { of.sent };
        let step = match flag {
            Flag::Syn if is_host => step.syn(),
            // The host's first segment is acknowledged although it bears no octet.
            Flag::Syn => step.syn().ack(of.sent.wrapping_add(1)),
            Flag::Ack => step.ack(acknowledged),
            Flag::Push => step.psh().ack(acknowledged),
            Flag::Fin => step.fin().ack(acknowledged),
        };
        let mut frame = Vec::new();
        step.write(&mut frame, payload)?;
        self.packets.push((at_us, frame));
        Ok(())
    }

    /// The capture in order of time, and what NAT made of the connections.
    pub(super) fn finish(mut self, random: &mut Random) -> (Vec<u8>, Vec<Translation>) {
        // Stable: packets of one moment stay as they were sent.
        self.packets.sort_by_key(|(at_us, _)| *at_us);
        let mut capture = Vec::new();
        for number in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            capture.extend(number.to_le_bytes());
        }
        for (at_us, frame) in &self.packets {
            let length = frame.len() as u32;
            for number in [(at_us / 1_000_000) as u32, (at_us % 1_000_000) as u32, length, length] {
                capture.extend(number.to_le_bytes());
            }
            capture.extend(frame);
        }
        (capture, nat::translate(self.flows, random))
    }
}

#[derive(Clone, Copy)]
enum Flag {
    Syn,
    Ack,
    Push,
    Fin,
}

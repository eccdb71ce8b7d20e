//! Messages of a netfilter queue (linux/netfilter/nfnetlink_queue.h): netlink's own numbers are in the
//! machine's byte order, netfilter's in that of the network.

use minewall_core::engine::Meta;

use crate::netlink::{self, ACKNOWLEDGE, ERROR, HEADER, REQUEST, align, array, attribute, finish};

/// NFNL_SUBSYS_QUEUE, the upper half of a message's type.
const QUEUE: u16 = 3 << 8;

/// A packet that waits (NFQNL_MSG_PACKET).
const PACKET: u16 = QUEUE;

/// What becomes of it (NFQNL_MSG_VERDICT).
const VERDICT: u16 = QUEUE | 1;

/// What the queue is like (NFQNL_MSG_CONFIG).
const CONFIG: u16 = QUEUE | 2;

/// struct nfgenmsg.
const FAMILY: usize = 4;

/// NF_INET_LOCAL_IN and NF_INET_LOCAL_OUT: packets for the gateway itself, and from it.
pub(super) const AT_GATEWAY: [u8; 2] = [1, 3];

/// What a queue is bound with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) number: u16,
    pub(super) copy: u16,
    pub(super) length: u32,
    pub(super) fail_open: bool,
}

/// What is to become of a packet: whether it passes, and with which mark and bytes, if with others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decision<'a> {
    pub(super) passes: bool,
    pub(super) mark: Option<u32>,
    pub(super) bytes: Option<&'a [u8]>,
}

/// Where a packet lies in what was received, and what the kernel tells of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packet {
    pub(super) id: u32,
    pub(super) mark: u32,
    pub(super) meta: Meta,
    /// The indices of the bridge's ports it came in and goes out by; 0: by none, or unknown.
    pub(super) ports: [u32; 2],
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What one received message says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Message {
    Packet(Packet),
    /// The number of an error, 0 if it acknowledges.
    Error(i32),
    Other,
}

/// Reads the message that begins at `start` of `bytes`, and where the next one begins. None: there is no whole one.
pub(super) fn read(bytes: &[u8], start: usize) -> Option<(Message, usize)> {
    let length = usize::try_from(u32::from_ne_bytes(array(bytes, start)?)).ok()?;
    let end = start.checked_add(length)?;
    if length < HEADER || end > bytes.len() {
        return None;
    }
    let message = match u16::from_ne_bytes(array(bytes, start + 4)?) {
        PACKET => packet(bytes, start + HEADER + FAMILY, end).map_or(Message::Other, Message::Packet),
        ERROR => Message::Error(i32::from_ne_bytes(array(bytes, start + HEADER)?).wrapping_neg()),
        _ => Message::Other,
    };
    Some((message, align(end)))
}

fn packet(bytes: &[u8], mut at: usize, end: usize) -> Option<Packet> {
    let mut packet = Packet::default();
    let mut interfaces = [0; 2];
    let mut has_id = false;
    while at + 4 <= end {
        let length = usize::from(u16::from_ne_bytes(array(bytes, at)?));
        let (value, next) = (at + 4, at.checked_add(length)?);
        if length < 4 || next > end {
            return None;
        }
        let number = || array(bytes, value).map(u32::from_be_bytes);
        match u16::from_ne_bytes(array(bytes, at + 2)?) & 0x3fff {
            1 => {
                packet.id = number()?;
                packet.meta.at_gateway = bytes.get(value + 6).is_some_and(|hook| AT_GATEWAY.contains(hook));
                has_id = true;
            }
            3 => packet.mark = number()?,
            5 => interfaces[0] = number()?,
            6 => interfaces[1] = number()?,
            7 => packet.ports[0] = number()?,
            8 => packet.ports[1] = number()?,
            9 if u16::from_be_bytes(array(bytes, value)?) == 6 => packet.meta.source_mac = array(bytes, value + 4),
            10 => (packet.start, packet.end) = (value, next),
            _ => {}
        }
        at = align(next);
    }
    [packet.meta.ingress, packet.meta.egress] = by(packet.ports, interfaces);
    has_id.then_some(packet)
}

/// The interfaces a packet came in and goes out by: the bridge's port tells more than the bridge.
pub(super) fn by(ports: [u32; 2], interfaces: [u32; 2]) -> [u32; 2] {
    let one = |port, interface| if port == 0 { interface } else { port };
    [one(ports[0], interfaces[0]), one(ports[1], interfaces[1])]
}

/// A message that binds queue `number` to this socket and says what it is to be like, all at once.
pub(super) fn bind(terms: Terms) -> Vec<u8> {
    /// NFQA_CFG_F_FAIL_OPEN and NFQA_CFG_F_GSO: segments merged by the kernel come as they are, and are not cut up for
    /// us (bulk 1.8 -> 11 Gbit/s).
    const FAIL_OPEN: u32 = 1;
    const GSO: u32 = 4;
    let mut message = Vec::new();
    let at = begin(&mut message, CONFIG, REQUEST | ACKNOWLEDGE, terms.number);
    attribute(&mut message, 1, &[&[1, 0, 0, 0]]); // NFQNL_CFG_CMD_BIND
    attribute(&mut message, 2, &[&u32::from(terms.copy).to_be_bytes(), &[2]]); // NFQNL_COPY_PACKET
    attribute(&mut message, 3, &[&terms.length.to_be_bytes()]);
    attribute(&mut message, 4, &[&(FAIL_OPEN | GSO).to_be_bytes()]);
    attribute(&mut message, 5, &[&(GSO | if terms.fail_open { FAIL_OPEN } else { 0 }).to_be_bytes()]);
    finish(&mut message, at);
    message
}

/// Appends the verdict on packet `id`.
pub(super) fn verdict(to: &mut Vec<u8>, queue: u16, id: u32, Decision { passes, mark, bytes }: Decision<'_>) {
    let at = begin(to, VERDICT, REQUEST, queue);
    attribute(to, 2, &[&u32::from(passes).to_be_bytes(), &id.to_be_bytes()]); // NF_DROP 0, NF_ACCEPT 1
    if let Some(mark) = mark {
        attribute(to, 3, &[&mark.to_be_bytes()]);
    }
    if let Some(bytes) = bytes {
        attribute(to, 10, &[bytes]);
    }
    finish(to, at);
}

fn begin(to: &mut Vec<u8>, kind: u16, flags: u16, queue: u16) -> usize {
    let at = netlink::begin(to, kind, flags, 0);
    to.extend_from_slice(&[0; 2]); // family, version
    to.extend_from_slice(&queue.to_be_bytes());
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's side: a packet message as nfnetlink_queue writes it.
    fn waiting(id: u32, mac: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let at = begin(&mut bytes, PACKET, 0, 4700);
        attribute(&mut bytes, 1, &[&id.to_be_bytes(), &0x0800_u16.to_be_bytes(), &[1]]);
        attribute(&mut bytes, 3, &[&0x1234_u32.to_be_bytes()]);
        attribute(&mut bytes, 5, &[&7_u32.to_be_bytes()]);
        attribute(&mut bytes, 6, &[&8_u32.to_be_bytes()]);
        let length: u16 = if mac { 6 } else { 0 };
        attribute(&mut bytes, 9, &[&length.to_be_bytes(), &[0, 0], &[1, 2, 3, 4, 5, 6, 0, 0]]);
        attribute(&mut bytes, 10, &[payload]);
        finish(&mut bytes, at);
        bytes
    }

    #[test]
    fn several_messages_are_read_with_all_that_is_told() {
        let bytes = [waiting(1, true, b"odd"), waiting(2, false, b"")].concat();
        let (Message::Packet(first), next) = read(&bytes, 0).unwrap() else { panic!() };
        assert_eq!((first.id, first.mark, &bytes[first.start..first.end]), (1, 0x1234, &b"odd"[..]));
        let meta = first.meta;
        assert_eq!((meta.ingress, meta.egress, meta.at_gateway), (7, 8, true));
        assert_eq!(meta.source_mac, Some([1, 2, 3, 4, 5, 6]));
        let (Message::Packet(second), end) = read(&bytes, next).unwrap() else { panic!() };
        assert_eq!((second.id, second.start, second.meta.source_mac), (2, second.end, None));
        assert_eq!(end, bytes.len());
        assert!(read(&bytes, end).is_none());
    }

    #[test]
    fn of_a_bridged_packet_the_ports_are_told() {
        let mut bytes = Vec::new();
        let at = begin(&mut bytes, PACKET, 0, 4700);
        attribute(&mut bytes, 1, &[&1_u32.to_be_bytes(), &0x0800_u16.to_be_bytes(), &[2]]);
        for (kind, index) in [(5, 3_u32), (6, 3), (7, 8), (8, 9)] {
            attribute(&mut bytes, kind, &[&index.to_be_bytes()]);
        }
        finish(&mut bytes, at);
        let (Message::Packet(packet), _) = read(&bytes, 0).unwrap() else { panic!() };
        assert_eq!((packet.ports, packet.meta.ingress, packet.meta.egress), ([8, 9], 8, 9));
    }

    #[test]
    fn a_broken_message_is_no_packet_and_never_a_panic() {
        let whole = waiting(9, true, b"payload");
        for at in 0..whole.len() {
            assert!(read(&whole[..at], 0).is_none());
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                if let Some((Message::Packet(packet), next)) = read(&broken, 0) {
                    assert!(packet.end <= broken.len() && next > 0);
                }
            }
        }
    }

    #[test]
    fn verdicts_stand_one_behind_the_other() {
        let mut bytes = Vec::new();
        verdict(&mut bytes, 4700, 5, Decision { passes: true, mark: Some(6), bytes: Some(b"other") });
        let second = bytes.len();
        assert_eq!((second, second % 4), (20 + 12 + 8 + 12, 0));
        verdict(&mut bytes, 4700, 7, Decision::default());
        assert_eq!(bytes[..4], 52_u32.to_ne_bytes());
        assert_eq!(bytes[4..6], (3_u16 << 8 | 1).to_ne_bytes());
        assert_eq!(bytes[18..20], 4700_u16.to_be_bytes());
        assert_eq!(bytes[24..32], [0, 0, 0, 1, 0, 0, 0, 5]);
        assert_eq!(bytes[36..40], [0, 0, 0, 6]);
        assert_eq!(bytes[44..49], *b"other");
        assert_eq!(bytes[second + 24..], [0, 0, 0, 0, 0, 0, 0, 7]);
    }
}

//! Writers of pcap and pcapng (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).

/// A number in the byte order of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Big,
    Little,
}

impl Order {
    pub(super) const BOTH: [Self; 2] = [Self::Big, Self::Little];

    fn u16(self, number: u16) -> [u8; 2] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(super) fn u32(self, number: u32) -> [u8; 4] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u64(self, number: u64) -> [u8; 8] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// A capture being written, and where each frame ended.
pub(super) struct Capture {
    order: Order,
    pub(super) bytes: Vec<u8>,
    /// The length of the capture behind its header and behind each frame or block.
    pub(super) sound: Vec<usize>,
    nanos: bool,
    /// Of the interfaces described: what a stamp counts.
    resolutions: Vec<u8>,
}

impl Capture {
    /// pcap, with nanoseconds or microseconds.
    pub(super) fn pcap(order: Order, nanos: bool, linktype: u16) -> Self {
        let magic = if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut bytes = order.u32(magic).to_vec();
        bytes.extend([order.u16(2), order.u16(4)].concat());
        bytes.extend([0, 0, 262_144, u32::from(linktype)].map(|number| order.u32(number)).concat());
        Self { order, sound: vec![bytes.len()], bytes, nanos, resolutions: Vec::new() }
    }

    /// pcapng, its first section begun.
    pub(super) fn pcapng(order: Order) -> Self {
        let mut capture = Self { order, bytes: Vec::new(), sound: Vec::new(), nanos: false, resolutions: Vec::new() };
        capture.section();
        capture
    }

    /// Begins a section: interfaces are to be described anew.
    pub(super) fn section(&mut self) {
        self.resolutions.clear();
        let order = self.order;
        let body = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &order.u64(u64::MAX)].concat();
        self.block(0x0a0d_0d0a, &body);
    }

    /// Describes an interface: `if_tsresol` where it is not 6, seconds of `if_tsoffset` where it is not 0.
    pub(super) fn interface(&mut self, linktype: u16, kept_max: u32, resolution: u8, offset: i64) {
        let order = self.order;
        let mut body = [&order.u16(linktype)[..], &[0, 0], &order.u32(kept_max)].concat();
        body.extend([&order.u16(2)[..], &order.u16(4), b"lan0"].concat());
        if resolution != 6 {
            body.extend([&order.u16(9)[..], &order.u16(1), &[resolution, 0, 0, 0]].concat());
        }
        if offset != 0 {
            body.extend([&order.u16(14)[..], &order.u16(8), &order.u64(offset as u64)].concat());
        }
        body.extend([0; 4]);
        self.resolutions.push(resolution);
        self.block(1, &body);
    }

    /// A frame of pcap at this nanosecond since 1970.
    pub(super) fn frame(&mut self, time_ns: u64, frame: &[u8]) {
        let fraction = time_ns % 1_000_000_000 / if self.nanos { 1 } else { 1000 };
        self.stamped((time_ns / 1_000_000_000) as u32, fraction as u32, frame);
    }

    /// A frame of pcap with these numbers as its time.
    pub(super) fn stamped(&mut self, seconds: u32, fraction: u32, frame: &[u8]) {
        let length = frame.len() as u32;
        self.bytes.extend([seconds, fraction, length, length].map(|number| self.order.u32(number)).concat());
        self.bytes.extend(frame);
        self.sound.push(self.bytes.len());
    }

    /// An enhanced packet at this nanosecond since 1970, in the units of its interface, rounded up.
    pub(super) fn packet(&mut self, interface: u32, time_ns: u64, frame: &[u8]) {
        let nanos = u128::from(time_ns);
        let stamp = match self.resolutions[interface as usize] {
            power @ 0x80.. => ((nanos << (power & 0x7f)).div_ceil(1_000_000_000)) as u64,
            power @ 9.. => (nanos * 10_u128.pow(u32::from(power) - 9)) as u64,
            power => (nanos / 10_u128.pow(9 - u32::from(power))) as u64,
        };
        self.packet_at(interface, stamp, frame);
    }

    /// An enhanced packet with this stamp.
    pub(super) fn packet_at(&mut self, interface: u32, stamp: u64, frame: &[u8]) {
        let length = frame.len() as u32;
        let numbers = [interface, (stamp >> 32) as u32, stamp as u32, length, length];
        let body = [&numbers.map(|number| self.order.u32(number)).concat(), &padded(frame)[..]].concat();
        self.block(6, &body);
    }

    /// A packet block of the old kind (number 2) at this microsecond since 1970.
    pub(super) fn old_packet(&mut self, interface: u16, time_us: u64, frame: &[u8]) {
        let order = self.order;
        let length = frame.len() as u32;
        let mut body = [order.u16(interface), order.u16(0)].concat();
        body.extend([(time_us >> 32) as u32, time_us as u32, length, length].map(|number| order.u32(number)).concat());
        body.extend(padded(frame));
        self.block(2, &body);
    }

    /// A simple packet, of which `kept` bytes are there.
    pub(super) fn simple(&mut self, frame: &[u8], kept: usize) {
        let body = [&self.order.u32(frame.len() as u32)[..], &padded(&frame[..kept])].concat();
        self.block(3, &body);
    }

    /// Any block.
    pub(super) fn block(&mut self, kind: u32, body: &[u8]) {
        let length = self.order.u32(body.len() as u32 + 12);
        self.bytes.extend([&self.order.u32(kind)[..], &length, body, &length].concat());
        self.sound.push(self.bytes.len());
    }
}

fn padded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    bytes.resize(frame.len().next_multiple_of(4), 0xdd);
    bytes
}

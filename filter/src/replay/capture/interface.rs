//! Blocks to frames: what an interface of a capture says of its packets' link type and time.

use pcap_parser::{
    Block, CustomBlock, DecryptionSecretsBlock, EnhancedPacketBlock, IDB_MAGIC, InterfaceDescriptionBlock,
    InterfaceStatisticsBlock, NameResolutionBlock, OptionCode, PcapBlockOwned, ProcessInformationBlock,
    SectionHeaderBlock, SimplePacketBlock, SystemdJournalExportBlock, UnknownBlock,
};

use super::Frame;

/// Bytes of the longest frame: libpcap's bound (`MAXIMUM_SNAPLEN`).
const FRAME_MAX: u32 = 262_144;

/// Interfaces described in one section at most; each costs memory.
const INTERFACES_MAX: usize = 65_536;

/// The packet block that the enhanced one took the place of (draft-ietf-opsawg-pcapng appendix A).
const OLD_PACKET: u32 = 2;

/// The interfaces of a pcapng section, or the one of a pcap file.
#[derive(Default)]
pub(super) struct Interfaces {
    list: Vec<Interface>,
    big_endian: bool,
    /// Of the frame before.
    last_us: i64,
}

#[derive(Clone, Copy)]
struct Interface {
    linktype: u16,
    /// Bytes kept of a packet at most; 0: no bound.
    kept_max: u32,
    clock: Clock,
}

/// How an interface tells the time (draft-ietf-opsawg-pcapng section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    /// `if_tsresol`: the negative power of ten of a second, or of two where the top bit is set.
    resolution: u8,
    /// Seconds to add.
    offset: i64,
}

impl Interfaces {
    /// The frame a block holds, if it holds one.
    ///
    /// # Errors
    /// How the block contradicts itself or those before it.
    pub(super) fn frame<'a>(&mut self, block: PcapBlockOwned<'a>) -> Result<Option<Frame<'a>>, String> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 9 } else { 6 };
                let clock = Clock { resolution, offset: 0 };
                self.list = vec![Interface { linktype: linktype(header.network.0), kept_max: 0, clock }];
                Ok(None)
            }
            PcapBlockOwned::Legacy(packet) => {
                let units = if self.get(0)?.clock.resolution == 9 { 1_000_000_000 } else { 1_000_000 };
                let stamp = u64::from(packet.ts_sec) * units + u64::from(packet.ts_usec);
                self.packet(0, Some(stamp), packet.data, packet.caplen)
            }
            PcapBlockOwned::NG(block) => self.block(block),
        }
    }

    fn block<'a>(&mut self, block: Block<'a>) -> Result<Option<Frame<'a>>, String> {
        let (first, last) = lengths(&block);
        if first != last {
            return Err(format!("a block of {first} bytes that ends as one of {last}"));
        }
        match block {
            Block::SectionHeader(header) => {
                self.list.clear();
                self.big_endian = header.big_endian();
            }
            Block::InterfaceDescription(description) => {
                if self.list.len() >= INTERFACES_MAX {
                    return Err(format!("more than {INTERFACES_MAX} interfaces"));
                }
                self.list.push(Interface {
                    linktype: linktype(description.linktype.0),
                    kept_max: description.snaplen,
                    clock: Clock::of(&description),
                });
            }
            Block::EnhancedPacket(packet) => {
                let stamp = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                return self.packet(packet.if_id as usize, Some(stamp), packet.data, packet.caplen);
            }
            Block::SimplePacket(packet) => {
                let kept_max = self.get(0)?.kept_max;
                let kept = if kept_max == 0 { packet.origlen } else { packet.origlen.min(kept_max) };
                let kept = kept.min(u32::try_from(packet.data.len()).unwrap_or(u32::MAX));
                return self.packet(0, None, packet.data, kept);
            }
            Block::Unknown(block) if block.block_type == self.own_order(OLD_PACKET) => {
                return self.old_packet(block.data);
            }
            _ => {}
        }
        Ok(None)
    }

    /// One packet; without a time stamp it has the time of the frame before.
    fn packet<'a>(
        &mut self,
        interface: usize,
        stamp: Option<u64>,
        data: &'a [u8],
        kept: u32,
    ) -> Result<Option<Frame<'a>>, String> {
        let interface = self.get(interface)?;
        if kept > FRAME_MAX {
            return Err(format!("a frame of {kept} bytes"));
        }
        let bytes = data.get(..kept as usize).ok_or_else(|| format!("a frame of {kept} bytes in {}", data.len()))?;
        if let Some(stamp) = stamp {
            self.last_us = interface.clock.time_us(stamp);
        }
        Ok(Some(Frame { time_us: self.last_us, linktype: interface.linktype, bytes }))
    }

    /// Interface (2 octets), drops (2), time (8), kept length (4), length (4), the packet.
    fn old_packet<'a>(&mut self, data: &'a [u8]) -> Result<Option<Frame<'a>>, String> {
        let (header, data) = data.split_first_chunk::<20>().ok_or("a packet block without its header")?;
        let word = |at: usize| self.own_order(u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i])));
        let both = u16::from_le_bytes([header[0], header[1]]);
        let interface = if self.big_endian { both.swap_bytes() } else { both };
        let stamp = u64::from(word(4)) << 32 | u64::from(word(8));
        let kept = word(12);
        self.packet(interface.into(), Some(stamp), data, kept)
    }

    /// A number read as little-endian, in the section's byte order.
    fn own_order(&self, number: u32) -> u32 {
        if self.big_endian { number.swap_bytes() } else { number }
    }

    fn get(&self, index: usize) -> Result<Interface, String> {
        self.list.get(index).copied().ok_or_else(|| format!("a packet of interface {index}, which was not described"))
    }
}

impl Clock {
    /// From the options: `pcap-parser` 0.17 gives no resolution for powers of two, and reads the offset as
    /// little-endian in every section.
    fn of(description: &InterfaceDescriptionBlock<'_>) -> Self {
        let big_endian = description.block_type != IDB_MAGIC;
        let mut clock = Self { resolution: 6, offset: 0 };
        for option in &description.options {
            match (option.code, &*option.value) {
                (OptionCode::IfTsresol, [resolution, ..]) => clock.resolution = *resolution,
                (OptionCode::IfTsoffset, value) => {
                    let Some(bytes) = value.first_chunk() else { continue };
                    clock.offset = if big_endian { i64::from_be_bytes(*bytes) } else { i64::from_le_bytes(*bytes) };
                }
                _ => {}
            }
        }
        clock
    }

    /// Microseconds since 1970; what does not fit is the last moment that does.
    fn time_us(self, stamp: u64) -> i64 {
        let stamp = u128::from(stamp);
        let exponent = u32::from(self.resolution & 0x7f);
        let micros = if self.resolution & 0x80 != 0 {
            (stamp * 1_000_000) >> exponent
        } else if exponent <= 6 {
            stamp * 10_u128.pow(6 - exponent)
        } else {
            10_u128.checked_pow(exponent - 6).map_or(0, |units| stamp / units)
        };
        i64::try_from(micros).unwrap_or(i64::MAX).saturating_add(self.offset.saturating_mul(1_000_000))
    }
}

/// Link types of captures fit 16 bits; the upper ones carry the length of a frame check sequence.
fn linktype(network: i32) -> u16 {
    (network & 0xffff) as u16
}

/// The length of a block as it stands before and behind it. `pcap-parser` compares them in enhanced packets only.
fn lengths(block: &Block<'_>) -> (u32, u32) {
    let (Block::SectionHeader(SectionHeaderBlock { block_len1: first, block_len2: last, .. })
    | Block::InterfaceDescription(InterfaceDescriptionBlock { block_len1: first, block_len2: last, .. })
    | Block::EnhancedPacket(EnhancedPacketBlock { block_len1: first, block_len2: last, .. })
    | Block::SimplePacket(SimplePacketBlock { block_len1: first, block_len2: last, .. })
    | Block::NameResolution(NameResolutionBlock { block_len1: first, block_len2: last, .. })
    | Block::InterfaceStatistics(InterfaceStatisticsBlock { block_len1: first, block_len2: last, .. })
    | Block::SystemdJournalExport(SystemdJournalExportBlock { block_len1: first, block_len2: last, .. })
    | Block::DecryptionSecrets(DecryptionSecretsBlock { block_len1: first, block_len2: last, .. })
    | Block::ProcessInformation(ProcessInformationBlock { block_len1: first, block_len2: last, .. })
    | Block::Custom(CustomBlock { block_len1: first, block_len2: last, .. })
    | Block::Unknown(UnknownBlock { block_len1: first, block_len2: last, .. })) = block;
    (*first, *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_of_every_resolution() {
        let us = |resolution, offset, stamp| Clock { resolution, offset }.time_us(stamp);
        assert_eq!(us(6, 0, 1_700_000_000_123_456), 1_700_000_000_123_456);
        assert_eq!(us(9, 0, 1_700_000_000_123_456_789), 1_700_000_000_123_456);
        assert_eq!(us(3, 0, 1_700_000_000_123), 1_700_000_000_123_000);
        assert_eq!(us(0, 5, 1_700_000_000), 1_700_000_005_000_000);
        assert_eq!(us(0x80 | 10, -1, (7 << 10) + 512), 6_500_000);
        assert_eq!(us(0x80 | 32, 0, 3 << 32 | 1 << 31), 3_500_000);
        assert_eq!(us(0, 0, u64::MAX), i64::MAX);
        assert_eq!(us(0, i64::MAX, 1), i64::MAX);
        assert_eq!(us(0, i64::MIN, 1), i64::MIN + 1_000_000);
        assert_eq!((us(127, 0, u64::MAX), us(255, 0, u64::MAX)), (0, 0));
    }
}

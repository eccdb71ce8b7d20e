//! Every bound of the core, each with its reason. What is full forgets, counts it, and passes traffic.

/// Flows one engine remembers by default: a campus link opens some thousands a second and most are settled within
/// their first packets; 65,536 settled flows cost 1 MiB.
pub const FLOWS: usize = 65_536;

/// Ways of one set of the flow table: the places a flow may stand in, hence the work of one lookup.
pub const FLOW_WAYS: usize = 8;

/// Undecided flows whose bytes are held at once. Everyday flows hold some hundred bytes of each direction; one that
/// sends every second byte first, and each twice with other content, holds 4 KiB of both readings and 16 KiB of runs:
/// 384 MiB if all did. What it held is given back when the flow is settled.
pub const OPEN_FLOWS: usize = 8_192;

/// A settled or silent flow is forgotten after this long: its conntrack entry carries the mark by then.
pub const FLOW_IDLE_MS: u64 = 120_000;

/// Packets with payload looked at in one direction before a flow is cleared, unless the bytes so far are a message
/// of a known form still under way.
pub const LOOK_PACKETS: u32 = 16;

/// Bytes looked at in one direction. A 200,9 Equihash share is 2.85 kB, a ClientHello with a post-quantum key
/// share 1.8 kB, a Bitcoin job 2 kB.
pub const LOOK_BYTES: usize = 4_096;

/// The largest look a configuration may ask for: `Stream` counts offsets in 16 bits.
pub const LOOK_BYTES_MAX: usize = 32_768;

/// Bytes of one direction that are followed while they are nothing but objects of JSON: PROTOCOLS.md section 0 gives a
/// mining line 16 to 64 KiB, and no padding is to hide one. Of an object that is longer than the bytes looked at, its
/// long things are kept in part only, so this costs no memory.
pub const LOOK_MESSAGE: usize = 65_536;

/// Bytes read of one flow at the most, each as often as it is read: a body or a contradiction is read anew with every
/// segment. A call of 2 kB sent byte by byte is read in full; beyond, somebody wants us busy.
pub const LOOK_WORK: usize = 2 << 20;

/// Packets of nothing but small objects, in one direction, after which a flow in which nothing was heard is something
/// else: an instrument that tells a value a second. 64 KiB of padding in full segments is 45 packets.
pub const LOOK_OBJECTS: u32 = 1_024;

/// Packets looked at in one direction at the most, beside one for each byte that came in its place: a message under way
/// may be sent byte by byte, but what is stuck is not looked at for ever.
pub const LOOK_PACKETS_MAX: u32 = 8_192;

/// Separate runs of bytes held of one direction, four bytes each: as many as there are holes in the bytes looked at by
/// default, so that a sender cannot have us forget what it sends before its time.
pub const STREAM_RUNS: usize = LOOK_BYTES / 2;

/// Bytes of a DNS message over TCP that are kept: its length, its header and four questions, the most that are read,
/// stand in 2 + 12 + 4 x (255 + 4).
pub const DNS_TCP_MESSAGE: usize = 1_050;

/// Bytes of an answer over TCP that are kept: the aliases stand first, and those of a longer message still tell.
pub const DNS_TCP_ANSWER: usize = 4_096;

/// Listed questions of which it is remembered that they were judged, so that their answers give no second record: a
/// name server answers within seconds.
pub const QUESTIONS_NOTED: usize = 64;

/// Datagrams of a QUIC client looked at. A hello with post-quantum keys takes two or three; some are sent again, and a
/// Retry (RFC 9000 section 8.1.2) asks for all of them once more. They hold 2 to 4 KiB for a moment, 18 KiB where a client
/// means ill: 144 MiB if every open flow is such a one.
pub const QUIC_DATAGRAMS: u8 = 8;

/// Records one observed flow may give: the first, and one for each new fact heard later.
pub const RECORDS_PER_FLOW: u8 = 4;

/// Turns of a connection's two ends whose lengths are kept: a Stratum V2 session is told by its first four, and lines
/// without ends by whose turn they were.
pub const TURNS: usize = 8;

/// Connections that mine and are let pass, which one engine follows at once: a campus has some hundred. Each holds 2 to
/// 6 KiB, 48 KiB where both ends mean ill: 48 MiB if all do. Where all places are taken, the one silent longest is let go.
pub const FOLLOWED: usize = 1_024;

/// Bytes kept of a line that is followed; of a longer one, up to [`LOOK_MESSAGE`], its long things are kept in part. A 200,9
/// Equihash share is 2.85 kB, a job of Bitcoin 2 kB.
pub const FOLLOWED_LINE: usize = 8_192;

/// Segments held of one direction that came before others that are missing, and their bytes.
pub const FOLLOWED_AHEAD: (usize, usize) = (8, 16_384);

/// Milliseconds after which what is missing will not come any more: the kernel has let it pass without us. Retransmissions
/// come within a second (RFC 6298).
pub const FOLLOWED_HOLE_MS: u64 = 3_000;

/// Packets, and bytes, without any message of the protocol after which a connection is followed no longer. An HTTP proxy
/// may carry something else behind; a job every 64 packets is fewer than any pool sends.
pub const FOLLOWED_SILENCE: (u32, usize) = (256, 262_144);

/// Octets of a connection between two tellings, 10 s apart, beyond which it is followed no longer: mining sends some hundred
/// a second, a proxy of a thousand rigs some 100,000. More is somebody who wants us busy.
pub const FOLLOWED_OCTETS: u64 = 4 << 20;

/// Milliseconds without a packet after which a connection that was followed counts as over: longer than pools wait
/// between two jobs.
pub const FOLLOWED_IDLE_MS: u64 = 900_000;

/// Jobs of a connection that are remembered, so that a share counts as hard as its own (PROTOCOLS.md section 3.1: 8 to 16).
pub const JOBS: usize = 16;

/// Shares of a connection that await their answer.
pub const SHARES_UNDER_WAY: usize = 64;

/// Milliseconds between two tellings of what a connection did.
pub const ACTIVITY_MS: u64 = 10_000;

/// Milliseconds of silence after which what is not told yet is told.
pub const ACTIVITY_SILENT_MS: u64 = 60_000;

/// Last tellings of connections that are over, held until they are asked for: each second.
pub const ACTIVITIES: usize = 1_024;

/// Hosts whose grace is remembered; where there is no place, a host has none.
pub const GRACES: usize = 4_096;

/// Milliseconds after its last finding after which a host's grace may be forgotten where the place is needed: a day.
pub const GRACE_KEPT_MS: u64 = 86_400_000;

/// Bytes of the wire kept as evidence.
pub const EXCERPT: usize = 256;

/// Characters kept of a wallet, worker, agent or coin: the longest known address (Tari with payment id) has 443.
pub const WORD: usize = 448;

/// Addresses whose names are remembered, all queues together: an office asks for some hundred names a minute, a campus
/// for some thousand. 56 bytes and a name each, 1 MiB.
pub const NAMES: usize = 8_192;

/// Places an address's name may stand in, hence the work of one lookup.
pub const NAMES_WAYS: usize = 8;

/// Seconds a learned name is believed at the least and at the most: programs keep addresses longer than they may.
pub const NAME_SECONDS: core::ops::RangeInclusive<i64> = 600..=86_400;

/// Pairs of address and port learned for listed names by default: some hundred names with some ports and addresses each.
pub const LEARNED: usize = 8_192;

/// Addresses taken of one answer to a DNS question: more do not fit a datagram by much.
pub const LESSON: usize = 64;

/// Hosts whose hardware address is remembered.
pub const HOSTS: usize = 4_096;

/// Incidents open at once: hosts that mine, times what each mines for. One weighs 2 KiB, 16 KiB where a host means ill:
/// 64 MiB if all did. The one quiet longest makes room, and is told.
pub const INCIDENTS: usize = 4_096;

/// Incidents of one host open at once: it mines for a few wallets. One that makes wallets up fills its own places only; what
/// it sends beyond counts for the one seen last.
pub const INCIDENTS_OF_HOST: usize = 32;

/// Incidents of which it is remembered that they ended, to say of the next that it came back; and hosts and pools of
/// which only the records are counted, because nobody mines there.
pub const INCIDENTS_PAST: usize = 4_096;

/// Days of an incident told each for itself: the last month, and the days around it.
pub const INCIDENT_DAYS: usize = 35;

/// Rigs of one incident that are told apart: more stand behind a proxy, which is one connection.
pub const RIGS: usize = 64;

/// Bytes kept of a rig's name and of an agent in an incident: records hold the whole.
pub const INCIDENT_NAME: usize = 96;

/// Wallets of which it is known for which hosts they were named, and hosts of each: from three on it is telling.
pub const WALLETS: usize = 4_096;
/// See [`WALLETS`].
pub const WALLET_HOSTS: usize = 64;

const _: () = assert!(FLOWS.is_multiple_of(FLOW_WAYS));
const _: () = assert!(NAMES.is_multiple_of(NAMES_WAYS));
const _: () = assert!(LOOK_BYTES <= LOOK_BYTES_MAX);
const _: () = assert!(LOOK_BYTES_MAX <= u16::MAX as usize);
const _: () = assert!(LOOK_PACKETS_MAX as usize >= LOOK_BYTES);
const _: () = assert!(LOOK_MESSAGE >= LOOK_BYTES_MAX);
const _: () = assert!(DNS_TCP_MESSAGE <= LOOK_BYTES);
const _: () = assert!(DNS_TCP_ANSWER <= LOOK_BYTES);

//! Answers built from the query they answer, as bytes; at most 512 octets.
//!
//! They repeat the question exactly as asked (mixed case included, so that askers that randomise it
//! take the answer), are not authoritative, and carry an SOA record so that the asker remembers a
//! negative answer (RFC 2308 section 5) for 60 seconds and no longer. An asker that speaks EDNS also
//! reads why (RFC 8914). `None` when the bytes are no query of exactly one question (RFC 9619).

use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    Class, Query, Type,
    query::{CD, HEADER, RD},
};
use crate::wire::limits::{DNS_EXTRA_TEXT_MAX, DNS_NEGATIVE_TTL_SECS};

/// The name does not exist (RCODE 3). `extra_text` is shown to people by some tools (EDE 15,
/// "Blocked"); its first 64 octets are sent.
pub fn nxdomain(query: &[u8], extra_text: &str) -> Option<Vec<u8>> {
    let query = Query::read(query).ok()?;
    Answer::begin(&query, NXDOMAIN)?.refuse(&query, extra_text)
}

/// The name exists, but has no records of the type asked for (RCODE 0, no answer records).
pub fn nodata(query: &[u8], extra_text: &str) -> Option<Vec<u8>> {
    let query = Query::read(query).ok()?;
    Answer::begin(&query, NOERROR)?.refuse(&query, extra_text)
}

/// One of these addresses for a question after an address of its family, to be remembered for
/// `ttl_secs`; [`nodata`] for all other questions. EDE 4 ("Forged Answer") tells of it.
pub fn sinkhole(
    query: &[u8],
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    ttl_secs: u32,
    extra_text: &str,
) -> Option<Vec<u8>> {
    let query = Query::read(query).ok()?;
    let mut answer = Answer::begin(&query, NOERROR)?;
    let question = query.question();
    let v4 = v4.filter(|_| question.qtype == Type::A);
    let v6 = v6.filter(|_| question.qtype == Type::AAAA);
    match (v4, v6) {
        (Some(v4), _) if question.qclass == Class::IN => {
            answer.record(Type::A, Class::IN, ttl_secs, &v4.octets())?;
        }
        (_, Some(v6)) if question.qclass == Class::IN => {
            answer.record(Type::AAAA, Class::IN, ttl_secs, &v6.octets())?;
        }
        _ => return answer.refuse(&query, extra_text),
    }
    answer.count(ANCOUNT);
    answer.finish(&query, EDE_FORGED_ANSWER, extra_text)
}

/// The query that a response answers, to be answered otherwise: the response with the header of a query.
pub fn asked(response: &[u8]) -> Option<Vec<u8>> {
    let mut query = response.to_vec();
    for (at, kept) in [(2, RD), (3, CD)] {
        *query.get_mut(at)? &= kept.to_be_bytes().get(at - 2).copied()?;
    }
    Some(query)
}

/// The message with its length in front, as DNS over TCP wants it (RFC 1035 section 4.2.2). `None`
/// above 65535 octets.
pub fn framed(message: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(message.len()).ok()?;
    Some([&length.to_be_bytes(), message].concat())
}

const NOERROR: u16 = 0;
const NXDOMAIN: u16 = 3;

/// INFO-CODEs, RFC 8914 sections 4.5 and 4.16.
const EDE_FORGED_ANSWER: u16 = 4;
const EDE_BLOCKED: u16 = 15;

/// EDNS option code, RFC 8914 section 2.
const OPTION_EDE: u16 = 15;

/// UDP size we state: fits every path without fragments (DNS Flag Day 2020).
const UDP_SIZE: u16 = 1232;

/// Offsets of the header's record counts.
const ANCOUNT: usize = 6;
const NSCOUNT: usize = 8;
const ARCOUNT: usize = 10;

/// A compression pointer to the question's name, which stands right behind the header.
const QNAME: [u8; 2] = [0xc0, 12];
const _: () = assert!(HEADER == 12);

struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Header and question.
    fn begin(query: &Query<'_>, rcode: u16) -> Option<Self> {
        const QR: u16 = 0x8000;
        const RA: u16 = 0x0080;
        let question = query.only_question()?;
        let flags = QR | RA | (query.flags() & (RD | CD)) | rcode;
        let mut bytes = Vec::with_capacity(512);
        bytes.extend(query.id().to_be_bytes());
        bytes.extend(flags.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 0, 0, 0]);
        bytes.extend(question);
        Some(Self { bytes })
    }

    /// Ends a negative answer: the zone's SOA, with the values RFC 6303 section 3 gives for empty zones.
    fn refuse(mut self, query: &Query<'_>, extra_text: &str) -> Option<Vec<u8>> {
        let class = match query.question().qclass {
            Class::ANY => Class::IN,
            other => other,
        };
        let mut soa = Vec::with_capacity(38);
        soa.extend(QNAME);
        soa.extend(b"\x06nobody\x07invalid\0");
        let (serial, refresh, retry, expire) = (1_u32, 3_600, 1_200, 604_800);
        for field in [serial, refresh, retry, expire, DNS_NEGATIVE_TTL_SECS] {
            soa.extend(field.to_be_bytes());
        }
        self.record(Type::SOA, class, DNS_NEGATIVE_TTL_SECS, &soa)?;
        self.count(NSCOUNT);
        self.finish(query, EDE_BLOCKED, extra_text)
    }

    /// Adds EDNS if the asker speaks it (RFC 6891 section 7), with the reason.
    fn finish(mut self, query: &Query<'_>, code: u16, extra_text: &str) -> Option<Vec<u8>> {
        let Some(edns) = query.edns() else {
            return Some(self.bytes);
        };
        let text = head(extra_text, DNS_EXTRA_TEXT_MAX);
        let option = u16::try_from(2 + text.len()).ok()?;
        self.bytes.push(0);
        self.bytes.extend(Type::OPT.0.to_be_bytes());
        self.bytes.extend(UDP_SIZE.to_be_bytes());
        // Extended RCODE and version are 0; DO is repeated (RFC 3225 section 3).
        self.bytes.extend([0, 0, if edns.dnssec_ok { 0x80 } else { 0 }, 0]);
        self.bytes.extend((4 + option).to_be_bytes());
        self.bytes.extend(OPTION_EDE.to_be_bytes());
        self.bytes.extend(option.to_be_bytes());
        self.bytes.extend(code.to_be_bytes());
        self.bytes.extend(text.as_bytes());
        self.count(ARCOUNT);
        Some(self.bytes)
    }

    /// A record of the question's name, RFC 1035 section 4.1.3.
    fn record(&mut self, kind: Type, class: Class, ttl_secs: u32, rdata: &[u8]) -> Option<()> {
        self.bytes.extend(QNAME);
        self.bytes.extend(kind.0.to_be_bytes());
        self.bytes.extend(class.0.to_be_bytes());
        self.bytes.extend(ttl_secs.to_be_bytes());
        self.bytes.extend(u16::try_from(rdata.len()).ok()?.to_be_bytes());
        self.bytes.extend(rdata);
        Some(())
    }

    /// States the one record of a section in the header.
    fn count(&mut self, section: usize) {
        if let Some(low) = self.bytes.get_mut(section + 1) {
            *low = 1;
        }
    }
}

/// The longest start of `text` that has whole characters and at most `max` octets.
fn head(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

//! A message that answers: who stands behind the name that was asked for.

use core::{
    iter::FusedIterator,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    Class, DnsError, Question, Type,
    query::{HEADER, read_name, read_question, u16_at},
};
use crate::wire::{
    limits::{DNS_CHAIN_MAX, DNS_QUESTIONS_MAX, DNS_RECORDS_MAX},
    name::Name,
};

/// A response: header fields, questions, records of the answer section (RFC 1035 section 4.1).
#[derive(Clone, Debug)]
pub struct Response<'a> {
    bytes: &'a [u8],
    id: u16,
    flags: u16,
    question: Option<Question>,
    answers_at: usize,
    answers: u16,
}

/// A record of the answer section, RFC 1035 section 4.1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// NAME, the owner.
    pub name: Name,
    /// TYPE.
    pub rtype: Type,
    /// CLASS.
    pub class: Class,
    /// TTL, seconds; 0 if the topmost bit is set (RFC 2181 section 8).
    pub ttl: u32,
    /// RDATA.
    pub content: Content,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A or AAAA: an address.
    Address(IpAddr),
    /// CNAME: the name meant.
    Alias(Name),
    /// SVCB or HTTPS, RFC 9460 section 2.2.
    Service {
        /// SvcPriority; 0 is an alias.
        priority: u16,
        /// TargetName; the root means the owner (priority above 0) or no service.
        target: Name,
    },
    /// Another type, or RDATA that does not fit its type.
    Other,
}

impl<'a> Response<'a> {
    /// Reads a message without its TCP length.
    ///
    /// # Errors
    /// [`DnsError`] for queries, other opcodes, and questions that are not whole. Records are judged by
    /// [`Response::records`].
    pub fn read(bytes: &'a [u8]) -> Result<Self, DnsError> {
        if bytes.len() < HEADER {
            return Err(DnsError::Truncated { at: bytes.len() });
        }
        let flags = u16_at(bytes, 2)?;
        if flags & 0x8000 == 0 {
            return Err(DnsError::NotResponse);
        }
        match flags.to_be_bytes()[0] >> 3 & 0x0f {
            0 => {}
            opcode => return Err(DnsError::OtherOpcode(opcode)),
        }
        let count = u16_at(bytes, 4)?;
        if count > DNS_QUESTIONS_MAX {
            return Err(DnsError::TooManyQuestions(count));
        }
        let (mut question, mut answers_at) = (None, HEADER);
        for _ in 0..count {
            let (read, end) = read_question(bytes, answers_at)?;
            question.get_or_insert(read);
            answers_at = end;
        }
        Ok(Self { bytes, id: u16_at(bytes, 0)?, flags, question, answers_at, answers: u16_at(bytes, 6)? })
    }

    /// Identifier, that of the query.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// RCODE, 0 to 15: 0 is no error, 3 no such name.
    pub fn rcode(&self) -> u8 {
        self.flags.to_be_bytes()[1] & 0x0f
    }

    /// TC: records were left out.
    pub fn is_truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// The first question repeated; multicast responses have none.
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// Records of the answer section, at most 256. Ends at the first that is not whole or whose owner is
    /// no name.
    pub fn records(&self) -> Records<'a> {
        Records { bytes: self.bytes, at: self.answers_at, left: self.answers.min(DNS_RECORDS_MAX) }
    }

    /// The names behind the question, nearest first, at most 16: targets of CNAME records, in whatever
    /// order they stand, and of SVCB and HTTPS records where no CNAME goes on. The question's name is not
    /// among them.
    pub fn chain(&self) -> Chain<'a> {
        Chain {
            records: self.records(),
            current: self.question.as_ref().map(|question| question.name.clone()),
            left: DNS_CHAIN_MAX,
        }
    }
}

impl Content {
    /// The address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            _ => None,
        }
    }

    /// The other name the record leads to, if it does.
    pub fn target(&self) -> Option<&Name> {
        match self {
            Self::Alias(target) | Self::Service { target, .. } => Some(target).filter(|target| !target.is_root()),
            Self::Address(_) | Self::Other => None,
        }
    }
}

/// Iterator over the records of a [`Response`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u16,
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.left = self.left.checked_sub(1)?;
        match read_record(self.bytes, self.at) {
            Ok((record, end)) => {
                self.at = end;
                Some(record)
            }
            Err(_) => {
                self.left = 0;
                None
            }
        }
    }
}

impl FusedIterator for Records<'_> {}

/// Iterator over the names behind a question, see [`Response::chain`].
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    records: Records<'a>,
    current: Option<Name>,
    left: usize,
}

impl Iterator for Chain<'_> {
    type Item = Name;

    fn next(&mut self) -> Option<Name> {
        let current = self.current.take()?;
        self.left = self.left.checked_sub(1)?;
        let mut found = None;
        for record in self.records.clone().filter(|record| record.name == current) {
            let is_alias = matches!(record.content, Content::Alias(_));
            if let Some(target) = record.content.target().filter(|target| **target != current) {
                if is_alias {
                    found = Some(target.clone());
                    break;
                }
                found.get_or_insert_with(|| target.clone());
            }
        }
        self.current.clone_from(&found);
        found
    }
}

impl FusedIterator for Chain<'_> {}

/// The record at `at` and the offset behind it.
fn read_record(bytes: &[u8], at: usize) -> Result<(Record, usize), DnsError> {
    let mut name = Name::new();
    let fixed = read_name(bytes, at, &mut name)?;
    let ttl = u32::from(u16_at(bytes, fixed + 4)?) << 16 | u32::from(u16_at(bytes, fixed + 6)?);
    let start = fixed + 10;
    let end = start + usize::from(u16_at(bytes, fixed + 8)?);
    // Names in RDATA may point back, but do not reach behind it.
    let whole = bytes.get(..end).ok_or(DnsError::Truncated { at: bytes.len() })?;
    let rtype = Type(u16_at(bytes, fixed)?);
    let record = Record {
        name,
        rtype,
        class: Class(u16_at(bytes, fixed + 2)?),
        ttl: if ttl >> 31 == 0 { ttl } else { 0 },
        content: read_content(whole, start, rtype).unwrap_or(Content::Other),
    };
    Ok((record, end))
}

/// RDATA from `start` to the end of `bytes`.
fn read_content(bytes: &[u8], start: usize, rtype: Type) -> Option<Content> {
    let octets = bytes.get(start..)?;
    let read_target = |at| {
        let mut target = Name::new();
        (read_name(bytes, at, &mut target).ok()? <= bytes.len()).then_some(target)
    };
    match rtype {
        Type::A => Some(Content::Address(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).into())),
        Type::AAAA => Some(Content::Address(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into())),
        Type::CNAME => read_target(start).map(Content::Alias),
        Type::SVCB | Type::HTTPS => {
            Some(Content::Service { priority: u16_at(bytes, start).ok()?, target: read_target(start + 2)? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

    use alloc::{string::String, vec, vec::Vec};

    use hickory_proto::{
        op,
        rr::{self, RData, rdata},
    };
    use proptest::prelude::*;

    use super::*;

    fn hickory_name(name: &str) -> rr::Name {
        rr::Name::from_ascii(name).unwrap()
    }

    /// What hickory makes of a question and answers, compressed.
    fn respond(question: &str, qtype: rr::RecordType, answers: Vec<(&str, RData)>) -> Vec<u8> {
        let mut message = op::Message::new(0x1234, op::MessageType::Response, op::OpCode::Query);
        message.add_query(op::Query::query(hickory_name(question), qtype));
        for (owner, data) in answers {
            message.add_answer(rr::Record::from_rdata(hickory_name(owner), 300, data));
        }
        message.to_vec().unwrap()
    }

    fn cname(target: &str) -> RData {
        RData::CNAME(rdata::CNAME(hickory_name(target)))
    }

    fn chain(response: &Response<'_>) -> Vec<String> {
        response.chain().map(|name| name.as_str().into()).collect()
    }

    fn example() -> Vec<u8> {
        respond(
            "WWW.innocent.example.",
            rr::RecordType::A,
            vec![
                ("www.innocent.example.", cname("cdn.innocent.example.")),
                ("cdn.innocent.example.", cname("eu.pool.example.")),
                ("eu.pool.example.", RData::A(rdata::A::new(192, 0, 2, 7))),
                ("eu.pool.example.", RData::AAAA(rdata::AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7))),
                ("eu.pool.example.", RData::TXT(rdata::TXT::new(vec!["x".into()]))),
            ],
        )
    }

    #[test]
    fn a_chain_to_addresses() {
        let bytes = example();
        let response = Response::read(&bytes).unwrap();
        assert_eq!((response.id(), response.rcode(), response.is_truncated()), (0x1234, 0, false));
        assert_eq!(response.question().unwrap().name.as_str(), "www.innocent.example");
        assert_eq!(chain(&response), ["cdn.innocent.example", "eu.pool.example"]);
        let records: Vec<Record> = response.records().collect();
        assert_eq!(records.len(), 5);
        assert!(records.iter().all(|record| record.ttl == 300 && record.class == Class::IN));
        let addresses: Vec<_> = records.iter().filter_map(|record| record.content.address()).collect();
        assert_eq!(addresses, ["192.0.2.7".parse::<IpAddr>().unwrap(), "2001:db8::7".parse().unwrap()]);
        assert_eq!(records[4].content, Content::Other);
        assert_eq!(records[4].rtype, Type::TXT);
    }

    #[test]
    fn truncation_at_every_length() {
        let bytes = example();
        let all: Vec<Record> = Response::read(&bytes).unwrap().records().collect();
        for length in 0..bytes.len() {
            match Response::read(&bytes[..length]) {
                Err(error) => assert!(length < 38 && error == DnsError::Truncated { at: length }),
                Ok(response) => {
                    let records: Vec<Record> = response.records().collect();
                    assert!(length >= 38 && records.len() < all.len() && all.starts_with(&records), "{length}");
                }
            }
        }
    }

    #[test]
    fn service_records_lead_on() {
        let service = |priority, target: &str| {
            RData::HTTPS(rdata::HTTPS(rdata::SVCB::new(priority, hickory_name(target), vec![])))
        };
        let answers = vec![("a.example.", service(0, "svc.pool.example.")), ("svc.pool.example.", service(1, "."))];
        let bytes = respond("a.example.", rr::RecordType::HTTPS, answers);
        let response = Response::read(&bytes).unwrap();
        assert_eq!(chain(&response), ["svc.pool.example"]);
        let last = response.records().last().unwrap();
        assert!(matches!(&last.content, Content::Service { priority: 1, target } if target.is_root()));
        assert_eq!((last.content.target(), last.content.address()), (None, None));
    }

    #[test]
    fn chains_in_any_order_and_in_circles() {
        let answers = vec![
            ("c.example.", cname("d.example.")),
            ("b.example.", cname("c.example.")),
            ("other.example.", cname("hidden.example.")),
            ("a.example.", cname("b.example.")),
        ];
        let bytes = respond("a.example.", rr::RecordType::A, answers);
        assert_eq!(chain(&Response::read(&bytes).unwrap()), ["b.example", "c.example", "d.example"]);
        let circle = vec![("a.example.", cname("b.example.")), ("b.example.", cname("a.example."))];
        let bytes = respond("a.example.", rr::RecordType::A, circle);
        assert_eq!(chain(&Response::read(&bytes).unwrap()).len(), DNS_CHAIN_MAX);
        let own = respond("a.example.", rr::RecordType::A, vec![("a.example.", cname("a.example."))]);
        assert!(chain(&Response::read(&own).unwrap()).is_empty());
    }

    #[test]
    fn what_is_no_response() {
        let mut bytes = example();
        for (flags, error) in [(0x01, DnsError::NotResponse), (0xa8, DnsError::OtherOpcode(5))] {
            bytes[2] = flags;
            assert_eq!(Response::read(&bytes).unwrap_err(), error);
        }
        (bytes[2], bytes[5]) = (0x80, 5);
        assert_eq!(Response::read(&bytes).unwrap_err(), DnsError::TooManyQuestions(5));
        // No question, as mDNS has it (RFC 6762 section 6); a refusal.
        let response =
            Response::read(b"\0\0\x84\x03\0\0\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\xff\0\0\0\0\x04\x01\x02\x03\x04");
        let response = response.unwrap();
        assert_eq!((response.question(), response.rcode(), chain(&response).len()), (None, 3, 0));
        assert_eq!(response.records().next().unwrap().ttl, 0);
    }

    /// Broken content is no content; a broken owner ends the list; a target may not reach over its end.
    #[test]
    fn broken_records() {
        let header = b"\0\0\x80\0\0\x01\0\x02\0\0\0\0\x01a\0\0\x01\0\x01";
        let records = |tail: &[u8]| -> Vec<Content> {
            let bytes = [&header[..], tail].concat();
            Response::read(&bytes).unwrap().records().map(|record| record.content).collect()
        };
        let address = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x04\x01\x02\x03\x04";
        let short = b"\xc0\x0c\0\x01\0\x01\0\0\0\x01\0\x03\x01\x02\x03";
        let one = Content::Address(IpAddr::from([1, 2, 3, 4]));
        assert_eq!(records(&[&short[..], address].concat()), [Content::Other, one.clone()]);
        assert_eq!(records(&[&address[..], b"\xc0\xff\0\x01"].concat()), core::slice::from_ref(&one));
        assert_eq!(records(&[&address[..], b"\xc0\x23"].concat()), core::slice::from_ref(&one));
        let overlong = b"\xc0\x0c\0\x05\0\x01\0\0\0\x01\0\x02\x05x";
        assert_eq!(records(&[&overlong[..], address].concat()), [Content::Other, one]);
    }

    proptest! {
        #[test]
        fn any_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
            let mut bytes = example();
            for (at, octet) in changes {
                let at = at.index(bytes.len());
                bytes[at] = octet;
            }
            if let Ok(response) = Response::read(&bytes) {
                prop_assert!(response.records().count() <= 256);
                prop_assert!(response.chain().count() <= DNS_CHAIN_MAX);
            }
        }
    }
}

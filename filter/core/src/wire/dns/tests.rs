#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::{
    op,
    rr::{self, RData, rdata::opt},
};
use proptest::prelude::*;

use super::*;

/// Header of a query with RD, of these counts of questions and additional records.
fn header(questions: u8, additional: u8) -> Vec<u8> {
    vec![0x12, 0x34, 1, 0, 0, questions, 0, 0, 0, 0, 0, additional]
}

fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn ask(name: &str, qtype: Type) -> Vec<u8> {
    let mut bytes = header(1, 0);
    bytes.extend(labels(name));
    bytes.extend(qtype.0.to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}

fn ask_edns(name: &str, qtype: Type) -> Vec<u8> {
    let mut bytes = ask(name, qtype);
    bytes[11] = 1;
    bytes.extend([0, 0, 41, 0x10, 0, 0, 0, 0x80, 0, 0, 12]);
    bytes.extend([0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]); // a cookie
    bytes
}

fn bad(at: usize) -> Option<DnsError> {
    Some(DnsError::BadName { at })
}

#[test]
fn a_question() {
    let bytes = ask("pOoL.Example.COM", Type::HTTPS);
    let query = Query::read(&bytes).unwrap();
    assert_eq!((query.id(), query.recursion_desired(), query.checking_disabled()), (0x1234, true, false));
    let question = query.question();
    assert_eq!(question.name.as_str(), "pool.example.com");
    assert!(question.name.is_hostname() && !question.name.is_root());
    assert_eq!((question.qtype, question.qclass), (Type::HTTPS, Class::IN));
    assert_eq!(query.edns(), None);
    assert_eq!(query.questions().collect::<Vec<_>>(), vec![question.clone()]);
}

#[test]
fn edns_is_found_behind_other_records() {
    let bytes = ask_edns("a.example", Type::A);
    let edns = Edns { udp_size: 4096, version: 0, dnssec_ok: true };
    assert_eq!(Query::read(&bytes).unwrap().edns(), Some(edns));
    let mut behind = ask("a.example", Type::A);
    (behind[9], behind[11]) = (1, 2);
    behind.extend([0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 3, 1, 2, 3]); // authority
    behind.extend(b"\x01k\0\0\x10\0\x01\0\0\0\0\0\0"); // additional, a TXT record
    behind.extend([0, 0, 41, 2, 0, 0, 1, 0, 0, 0, 0]);
    let edns = Edns { udp_size: 512, version: 1, dnssec_ok: false };
    assert_eq!(Query::read(&behind).unwrap().edns(), Some(edns));
    // Not in the additional section, or with a name: not EDNS.
    behind[9] = 3;
    behind[11] = 1;
    let at = behind.len() - 11;
    behind.splice(at.., [0, 0, 41, 2, 0, 0, 1, 0, 0, 0, 0, 1, b'x', 0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Query::read(&behind).unwrap().edns(), None);
    // A broken record behind the question does not hide the question.
    let mut broken = bytes.clone();
    broken.truncate(bytes.len() - 1);
    assert_eq!(Query::read(&broken).unwrap().edns(), None);
}

#[test]
fn names_are_text_without_surprises() {
    for (wire, text, hostname) in [
        (&b"\0"[..], ".", false),
        (b"\x03A-b\x02_c\0", "a-b._c", true),
        (b"\x04a.b\\\0", "a\\046b\\092", false),
        (b"\x05\0\n \x7f\xff\0", "\\000\\010\\032\\127\\255", false),
        (b"\x04*@;!\0", "*\\064\\059!", false),
    ] {
        let bytes = [&header(1, 0), wire, &[0, 1, 0, 1]].concat();
        let query = Query::read(&bytes).unwrap();
        let name = &query.question().name;
        assert_eq!((name.as_str(), name.is_hostname()), (text, hostname));
        assert_eq!(name.is_root(), text == ".");
        assert_eq!(format!("{name}"), text);
    }
}

#[test]
fn longest_names() {
    let name = |last: usize| {
        let mut bytes = header(1, 0);
        for length in [63, 63, 63, last] {
            bytes.push(u8::try_from(length).unwrap());
            bytes.extend(vec![0xff; length]);
        }
        bytes.extend([0, 0, 1, 0, 1]);
        bytes
    };
    let bytes = name(61);
    let query = Query::read(&bytes).unwrap();
    let text = query.question().name.as_str();
    assert_eq!(text.len(), 4 * 250 + 3);
    assert!(text.ends_with("\\255"));
    assert!(answer::nxdomain(&bytes, &"x".repeat(100)).unwrap().len() <= 512);
    assert_eq!(Query::read(&name(62)).err(), bad(12));
}

#[test]
fn several_questions_and_compression() {
    let mut bytes = ask("a.example.com", Type::A);
    bytes[5] = 3;
    bytes.extend(b"\x01b\xc0\x0e\0\x1c\0\x01"); // b, then "example.com" of the first
    bytes.extend(b"\xc0\x1f\0\x02\0\x03"); // the second's name, which has a pointer itself
    let query = Query::read(&bytes).unwrap();
    let seen: Vec<String> =
        query.questions().map(|question| format!("{} {} {}", question.name, question.qclass, question.qtype)).collect();
    assert_eq!(seen, ["a.example.com IN A", "b.example.com IN AAAA", "b.example.com CH NS"]);
    assert_eq!(answer::nxdomain(&bytes, ""), None);
}

#[test]
fn pointers_only_point_back() {
    let with = |tail: &[u8]| [&header(1, 0), tail, &[0, 1, 0, 1]].concat();
    for tail in [
        &b"\xc0\x0c"[..], // itself
        b"\xc0\x00",      // the header
        b"\xc0\x0b",      // the header's last octet
        b"\xc0\x0e\0",    // ahead
        b"\xff\xff",      // far ahead
        b"\x01a\xc0\x0c", // its own beginning: a loop
        b"\x40a\0",       // label types of old
        b"\x80a\0",
    ] {
        assert_eq!(Query::read(&with(tail)).err(), bad(12), "{}", tail.escape_ascii());
    }
}

/// Back, then ahead again, though still before the name: nothing writes that, and loops are made of it.
#[test]
fn a_pointer_behind_a_pointer_goes_further_back() {
    let bytes = [
        &header(2, 0),
        &b"\x06\xc0\x11\0\0\x01b\0\0\x01\0\x01"[..], // in the label, at 13: a pointer to 17
        b"\xc0\x0d\0\x01\0\x01",
    ]
    .concat();
    assert_eq!(Query::read(&bytes).err(), bad(24));
    let mut back = bytes;
    back[25] = 17;
    assert_eq!(Query::read(&back).unwrap().questions().last().unwrap().name.as_str(), "b");
}

#[test]
fn pointer_chains_are_bounded() {
    // One question whose first label holds pointers to one another; its name then points at the last.
    let chain = |jumps: u8| {
        let mut label = vec![1, b'a', 0];
        for jump in 1..jumps {
            let before = if jump == 1 { 13 } else { 13 + 3 + (jump - 2) * 2 };
            label.extend([0xc0, before]);
        }
        let last = 13 + 3 + (jumps - 2) * 2;
        let mut bytes = header(2, 0);
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(&label);
        bytes.extend([0, 0, 1, 0, 1]);
        bytes.extend([0xc0, last, 0, 1, 0, 1]);
        bytes
    };
    let bytes = chain(16);
    let last = Query::read(&bytes).unwrap().questions().last().unwrap();
    assert_eq!(last.name.as_str(), "a");
    assert!(matches!(Query::read(&chain(17)), Err(DnsError::BadName { .. })));
}

#[test]
fn what_is_no_query() {
    let whole = ask("a.example", Type::A);
    let with = |at: usize, octet: u8| {
        let mut bytes = whole.clone();
        bytes[at] = octet;
        Query::read(&bytes).err()
    };
    assert_eq!(with(2, 0x81), Some(DnsError::Response));
    assert_eq!(with(2, 0x21), Some(DnsError::OtherOpcode(4)));
    assert_eq!(with(2, 0x28), Some(DnsError::OtherOpcode(5)));
    assert_eq!(with(5, 0), Some(DnsError::NoQuestion));
    assert_eq!(with(5, 5), Some(DnsError::TooManyQuestions(5)));
    assert_eq!(with(4, 1), Some(DnsError::TooManyQuestions(257)));
    assert_eq!(with(5, 2), Some(DnsError::Truncated { at: whole.len() }));
    assert_eq!(with(3, 0xff), None);
}

#[test]
fn truncation_at_every_length() {
    let whole = ask("pool.example.com", Type::A);
    for length in 0..whole.len() {
        let expected = Some(DnsError::Truncated { at: length });
        assert_eq!(Query::read(&whole[..length]).err(), expected);
        assert_eq!(answer::nxdomain(&whole[..length], ""), None);
    }
    let edns = ask_edns("pool.example.com", Type::A);
    for length in whole.len()..edns.len() {
        assert_eq!(Query::read(&edns[..length]).unwrap().edns(), None);
    }
}

#[test]
fn frames_at_every_length() {
    let messages = [ask("a.example", Type::A), Vec::new(), ask_edns("b.example", Type::AAAA)];
    let stream: Vec<u8> = messages.iter().flat_map(|m| answer::framed(m).unwrap()).collect();
    for length in 0..=stream.len() {
        let mut walk = frames(&stream[..length]);
        let seen: Vec<&[u8]> = walk.by_ref().collect();
        assert_eq!(seen, messages[..seen.len()]);
        let rest = &stream[walk.consumed()..];
        let more: Vec<&[u8]> = frames(rest).collect();
        assert_eq!(more, messages[seen.len()..]);
    }
    assert_eq!(answer::framed(&vec![0; 65_535]).unwrap()[..2], [0xff, 0xff]);
    assert_eq!(answer::framed(&vec![0; 65_536]), None);
}

#[test]
fn numbers_have_names() {
    assert_eq!(Type::AAAA.to_string(), "AAAA");
    assert_eq!(Type(1234).to_string(), "TYPE1234");
    assert_eq!(Class::IN.to_string(), "IN");
    assert_eq!(Class(2).to_string(), "CLASS2");
    // The same as in another's table.
    for number in 0..300 {
        let theirs = rr::RecordType::from(number);
        let mine = Type(number).to_string();
        if !mine.starts_with("TYPE") && number != 13 {
            assert_eq!(mine, theirs.to_string());
        }
    }
}

/// Reads an answer with hickory-proto and checks all that every answer has in common.
fn read_answer(query: &[u8], bytes: &[u8]) -> op::Message {
    let asked = Query::read(query).unwrap();
    let question = asked.only_question().unwrap();
    assert_eq!(bytes[..2], query[..2]);
    assert_eq!(bytes[12..12 + question.len()], *question, "the question as asked");
    assert_eq!(Query::read(bytes).err(), Some(DnsError::Response));
    assert!(bytes.len() <= 512);
    let message = op::Message::from_vec(bytes).unwrap();
    let head = &message.metadata;
    assert_eq!(head.message_type, op::MessageType::Response);
    assert_eq!(head.op_code, op::OpCode::Query);
    assert!(head.recursion_available && !head.authoritative && !head.truncation);
    assert!(!head.authentic_data);
    assert_eq!(head.recursion_desired, asked.recursion_desired());
    assert_eq!(head.checking_disabled, asked.checking_disabled());
    assert_eq!(message.edns.is_some(), asked.edns().is_some());
    assert!(message.additionals.is_empty());
    // Nothing follows what the header counts. (hickory-proto does not compress the root.)
    if !asked.question().name.is_root() {
        assert_eq!(message.to_vec().unwrap().len(), bytes.len());
    }
    message
}

fn check_soa(message: &op::Message) {
    let [soa] = &message.authorities[..] else {
        panic!("one authority record");
    };
    assert_eq!(soa.name, message.queries[0].name);
    assert_eq!((soa.ttl, soa.dns_class), (60, message.queries[0].query_class));
    let RData::SOA(soa) = &soa.data else {
        panic!("not an SOA record");
    };
    assert_eq!((soa.minimum, soa.rname.to_ascii()), (60, "nobody.invalid.".to_string()));
    assert_eq!(soa.mname, message.queries[0].name);
}

/// INFO-CODE and EXTRA-TEXT.
fn ede(message: &op::Message) -> (u16, String) {
    let edns = message.edns.as_ref().unwrap();
    assert_eq!((edns.version(), edns.rcode_high(), edns.max_payload()), (0, 0, 1232));
    match edns.option(opt::EdnsCode::Unknown(15)) {
        Some(opt::EdnsOption::Unknown(15, data)) => {
            let (code, text) = data.split_first_chunk().unwrap();
            (u16::from_be_bytes(*code), String::from_utf8(text.to_vec()).unwrap())
        }
        other => panic!("no extended error: {other:?}"),
    }
}

#[test]
fn nxdomain_as_another_reads_it() {
    let query = ask("PooL.exAmple.Com", Type::A);
    let message = read_answer(&query, &answer::nxdomain(&query, "why").unwrap());
    assert_eq!(message.metadata.response_code, op::ResponseCode::NXDomain);
    assert!(message.answers.is_empty());
    check_soa(&message);
    let mut query = ask_edns("PooL.exAmple.Com", Type::HTTPS);
    (query[2], query[3]) = (0, 0x10); // no RD, CD
    let message = read_answer(&query, &answer::nxdomain(&query, "why").unwrap());
    assert_eq!(ede(&message), (15, "why".to_string()));
    assert!(message.edns.as_ref().unwrap().flags().dnssec_ok);
    check_soa(&message);
    // The root can be asked for, too.
    let query = ask("", Type::NS);
    check_soa(&read_answer(&query, &answer::nxdomain(&query, "").unwrap()));
}

#[test]
fn the_reason_is_cut_between_characters() {
    let query = ask_edns("a.example", Type::A);
    for (text, sent) in [
        ("x".repeat(70), "x".repeat(64)),
        ("ü".repeat(40), "ü".repeat(32)),
        (format!("x{}", "ü".repeat(40)), format!("x{}", "ü".repeat(31))),
    ] {
        let message = read_answer(&query, &answer::nxdomain(&query, &text).unwrap());
        assert_eq!(ede(&message), (15, sent));
    }
}

#[test]
fn sinkhole_as_another_reads_it() {
    let (v4, v6) = (Ipv4Addr::new(192, 0, 2, 1), Ipv6Addr::LOCALHOST);
    let check = |qtype, v4, v6, expected: Option<RData>| {
        let query = ask_edns("a.example", qtype);
        let message = read_answer(&query, &answer::sinkhole(&query, v4, v6, 7, "why").unwrap());
        assert_eq!(message.metadata.response_code, op::ResponseCode::NoError);
        match expected {
            None => {
                assert!(message.answers.is_empty());
                check_soa(&message);
                assert_eq!(ede(&message), (15, "why".to_string()));
            }
            Some(expected) => {
                assert!(message.authorities.is_empty());
                assert_eq!(ede(&message), (4, "why".to_string()));
                let [record] = &message.answers[..] else {
                    panic!("one answer");
                };
                assert_eq!((record.ttl, &record.data), (7, &expected));
                assert_eq!(record.name.to_ascii(), "a.example.");
            }
        }
    };
    check(Type::A, Some(v4), Some(v6), Some(RData::A(v4.into())));
    check(Type::AAAA, Some(v4), Some(v6), Some(RData::AAAA(v6.into())));
    check(Type::A, None, Some(v6), None);
    check(Type::AAAA, Some(v4), None, None);
    check(Type::HTTPS, Some(v4), Some(v6), None);
    check(Type::ANY, Some(v4), Some(v6), None);
    let mut chaos = ask("a.example", Type::A);
    *chaos.last_mut().unwrap() = 3;
    let message = read_answer(&chaos, &answer::sinkhole(&chaos, Some(v4), None, 7, "").unwrap());
    assert!(message.answers.is_empty());
    let query = ask("a.example", Type::MX);
    assert_eq!(answer::nodata(&query, ""), answer::sinkhole(&query, Some(v4), None, 7, ""));
}

proptest! {
    #[test]
    fn reads_what_another_asks(
        names in prop::collection::vec("[a-zA-Z0-9_-]{1,20}(\\.[a-zA-Z0-9_-]{1,30}){0,4}", 1..4),
        qtype: u16,
        dnssec_ok: Option<bool>,
        recursion: bool,
        id: u16,
    ) {
        let mut message = op::Message::new(id, op::MessageType::Query, op::OpCode::Query);
        message.metadata.recursion_desired = recursion;
        for name in &names {
            let name = rr::Name::from_labels(name.split('.').map(str::as_bytes)).unwrap();
            message.add_query(op::Query::query(name, qtype.into()));
        }
        if let Some(dnssec_ok) = dnssec_ok {
            let mut edns = op::Edns::new();
            edns.set_dnssec_ok(dnssec_ok).set_max_payload(1400);
            message.set_edns(edns);
        }
        let bytes = message.to_vec().unwrap();
        let query = Query::read(&bytes).unwrap();
        prop_assert_eq!((query.id(), query.recursion_desired()), (id, recursion));
        let seen: Vec<_> = query.questions().map(|q| (q.name.to_string(), q.qtype.0, q.qclass)).collect();
        let asked: Vec<_> = names.iter().map(|n| (n.to_ascii_lowercase(), qtype, Class::IN)).collect();
        prop_assert_eq!(seen, asked);
        let edns = dnssec_ok.map(|dnssec_ok| Edns { udp_size: 1400, version: 0, dnssec_ok });
        prop_assert_eq!(query.edns(), edns);
        if names.len() == 1 {
            read_answer(&bytes, &answer::nxdomain(&bytes, "why").unwrap());
        }
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), near: bool) {
        if near && bytes.len() > 12 {
            bytes[2..12].copy_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        }
        if let Ok(query) = Query::read(&bytes) {
            let asked: Vec<_> = query.questions().collect();
            prop_assert!(asked[0] == *query.question() && asked.len() <= 4);
            for question in asked {
                prop_assert!(question.name.as_str().bytes().all(|octet| octet.is_ascii_graphic()));
            }
        }
        let _ = answer::sinkhole(&bytes, Some(Ipv4Addr::LOCALHOST), None, 1, "why");
        let mut walk = frames(&bytes);
        let seen = walk.by_ref().count();
        prop_assert!(walk.consumed() <= bytes.len() && 2 * seen <= walk.consumed());
    }

    #[test]
    fn damaged_queries_never_panic(at: prop::sample::Index, octet: u8) {
        let mut bytes = ask_edns("pool.example.com", Type::A);
        let at = at.index(bytes.len());
        bytes[at] = octet;
        if let Some(answer) = answer::nxdomain(&bytes, "why") {
            prop_assert_eq!(Query::read(&answer).err(), Some(DnsError::Response));
        }
    }
}

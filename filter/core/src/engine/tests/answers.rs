//! Answers to DNS questions: listed names hidden behind others.

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RData, Record as Resource, RecordType, rdata};

use super::*;

const HOST: &str = "10.0.0.5:5353";
const SERVER: &str = "9.9.9.9:53";

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// An answer to the question for `asked`, with these aliases and an address at their end.
fn answer_of(asked: &str, aliases: &[(&str, &str)]) -> Vec<u8> {
    let records = aliases.iter().map(|(owner, target)| (*owner, RData::CNAME(rdata::CNAME(name(target)))));
    let last = aliases.last().map_or(asked, |(_, target)| target);
    let address = (last, RData::A(rdata::A::new(203, 0, 113, 7)));
    answer_with(asked, RecordType::A, records.chain([address]).collect())
}

fn answer_with(asked: &str, kind: RecordType, records: Vec<(&str, RData)>) -> Vec<u8> {
    let mut message = Message::new(0xabcd, MessageType::Response, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.authoritative = true;
    message.add_query(Query::query(name(asked), kind));
    for (owner, data) in records {
        message.add_answer(Resource::from_rdata(name(owner), 60, data));
    }
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    message.edns = Some(edns);
    message.to_vec().unwrap()
}

fn give_answer(engine: &mut Engine, message: &[u8]) -> Outcome {
    let packet = udp::packet(SERVER.parse().unwrap(), HOST.parse().unwrap(), message).unwrap();
    let meta = Meta { ingress: 9, egress: 3, source_mac: Some([2, 0, 0, 0, 0, 9]), ..Meta::default() };
    engine.on_ip(Now::default(), meta, &packet)
}

fn cloaked() -> Vec<u8> {
    answer_of("www.innocent.test.", &[("www.innocent.test.", "cdn.test."), ("cdn.test.", "eu.pool.example.org.")])
}

#[test]
fn a_listed_name_behind_an_unlisted_one_is_refused_in_place_of_the_answer() {
    let outcome = give_answer(&mut engine(Mode::Block), &cloaked());
    let Verdict::Replace(packet) = outcome.verdict else { panic!("{:?}", outcome.verdict) };
    let packet = Packet::from_ip(&packet).unwrap();
    assert_eq!(packet.source_socket(), SERVER.parse().unwrap());
    assert_eq!(packet.destination_socket(), HOST.parse().unwrap());
    let refusal = Message::from_vec(packet.payload).unwrap();
    assert_eq!(refusal.metadata.id, 0xabcd);
    assert_eq!(refusal.metadata.response_code, hickory_proto::op::ResponseCode::NXDomain);
    assert!(refusal.metadata.recursion_desired && !refusal.metadata.authoritative);
    assert_eq!(refusal.queries[0].name(), &name("www.innocent.test."));
    assert!(refusal.answers.is_empty() && refusal.edns.is_some());
    assert!(packet.payload.windows(10).any(|said| said == b"listed for"));

    let record = outcome.record.unwrap();
    assert_eq!((record.source.to_string(), record.destination.to_string()), (HOST.into(), SERVER.into()));
    assert_eq!((record.source_mac, record.interface_index), (None, 3), "the host's side of the gateway");
    assert_eq!((record.action, record.finding.layer), (Action::Blocked, Layer::Dns));
    assert_eq!(record.question.as_ref().unwrap().name, "www.innocent.test");
    assert_eq!(record.finding.rule, "pool.example.org");
    assert_eq!(
        record.finding.reason,
        "the name eu.pool.example.org, hidden behind the DNS question for www.innocent.test (A), is listed as a mining pool"
    );
}

#[test]
fn service_targets_are_looked_up_like_aliases() {
    let service = |priority, target| RData::HTTPS(rdata::HTTPS(rdata::SVCB::new(priority, name(target), vec![])));
    let of = |records| answer_with("www.innocent.test.", RecordType::HTTPS, records);
    let first = ("www.innocent.test.", service(1, "fine.test."));
    for records in [
        vec![("www.innocent.test.", service(0, "pool.example.org."))],
        vec![first, ("www.innocent.test.", service(2, "pool.example.org."))],
    ] {
        let outcome = give_answer(&mut engine(Mode::Block), &of(records));
        assert!(matches!(outcome.verdict, Verdict::Replace(_)), "{:?}", outcome.verdict);
        assert_eq!(outcome.record.unwrap().question.unwrap().kind, "HTTPS");
    }
}

#[test]
fn answers_without_listed_names_pass() {
    let mut engine = engine(Mode::Block);
    for message in [
        answer_of("www.example.test.", &[]),
        answer_of("www.example.test.", &[("www.example.test.", "cdn.example.test.")]),
        b"\0\0\x80\0".to_vec(),
    ] {
        let outcome = give_answer(&mut engine, &message);
        assert!(outcome.verdict == Verdict::Look && outcome.record.is_none());
    }
    assert_eq!((engine.counters().answers, engine.counters().skipped(Skipped::UnreadableDns)), (3, 1));
}

#[test]
fn a_question_that_was_judged_gives_no_second_record_and_an_unseen_one_gives_its_own() {
    let direct = answer_of("pool.example.org.", &[("pool.example.org.", "eu.pool.example.org.")]);
    let mut engine = engine(Mode::Observe);
    let question = udp::packet(HOST.parse().unwrap(), SERVER.parse().unwrap(), &query("pool.example.org")).unwrap();
    assert!(give(&mut engine, &question).record.is_some());
    let outcome = give_answer(&mut engine, &direct);
    assert!(outcome.verdict == Verdict::Look && outcome.record.is_none());

    let outcome = give_answer(&mut engine_anew(), &direct);
    assert!(matches!(outcome.verdict, Verdict::Replace(_)));
    let reason = outcome.record.unwrap().finding.reason;
    assert_eq!(reason, "the DNS question for pool.example.org (A) is listed as a mining pool");
}

#[test]
fn a_site_that_hides_a_pool_is_judged_as_the_pool() {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("sites", Category::PoolSite), "site.test\n");
    builder.add_text(ListMeta::new("pools", Category::Pool), "pool.example.org\n");
    let lists = Arc::new(builder.build());
    let mut engine = Engine::new(Settings { lists, ..settings(Mode::Block, Vec::new()) }, 1024, Seed::from(7));
    let question = udp::packet(HOST.parse().unwrap(), SERVER.parse().unwrap(), &query("site.test")).unwrap();
    assert_eq!(give(&mut engine, &question).record.unwrap().action, Action::Observed);
    let outcome = give_answer(&mut engine, &answer_of("site.test.", &[("site.test.", "pool.example.org.")]));
    assert!(matches!(outcome.verdict, Verdict::Replace(_)));
    assert_eq!(outcome.record.unwrap().finding.ruleset, "pools");
}

#[test]
fn observed_and_unwanted_answers_pass() {
    let outcome = give_answer(&mut engine(Mode::Observe), &cloaked());
    assert_eq!((outcome.verdict, outcome.record.unwrap().action), (Verdict::Watch, Action::Observed));
    let mut settings = settings(Mode::Block, Vec::new());
    let mut policy = (*settings.policy).clone();
    policy.reads_answers = false;
    settings.policy = Arc::new(policy);
    let mut engine = Engine::new(settings, 1024, Seed::from(7));
    let outcome = give_answer(&mut engine, &cloaked());
    assert!(outcome.verdict == Verdict::Look && outcome.record.is_none());
    let (host, server) = connection(&mut engine);
    let outcome = give(&mut engine, &segment(server, host, 900, DATA, &framed(&cloaked())));
    assert!(outcome.verdict == Verdict::Look && outcome.record.is_none());
}

/// A resolver that asks from port 53.
#[test]
fn both_ends_on_the_port_of_dns_are_told_apart() {
    let (resolver, server) = ("10.0.0.5:53".parse().unwrap(), SERVER.parse().unwrap());
    let answer = udp::packet(server, resolver, &cloaked()).unwrap();
    assert!(matches!(give(&mut engine(Mode::Block), &answer).verdict, Verdict::Replace(_)));
    let question = udp::packet(resolver, server, &query("pool.example.org")).unwrap();
    assert!(matches!(give(&mut engine(Mode::Block), &question).verdict, Verdict::Answer(_)));
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

/// A connection on which a harmless question was asked.
fn connection(engine: &mut Engine) -> (SocketAddr, SocketAddr) {
    let (host, server) = ("10.0.0.5:4000".parse().unwrap(), SERVER.parse().unwrap());
    let asked = framed(&query("www.innocent.test"));
    assert_eq!(give(engine, &segment(host, server, 77, DATA, &asked)).verdict, Verdict::Look);
    (host, server)
}

#[test]
fn answers_over_tcp_are_read_one_after_another_however_they_are_cut() {
    for piece in [1, 7, 4096] {
        let mut engine = engine(Mode::Block);
        let (host, server) = connection(&mut engine);
        let plain = framed(&answer_of("www.example.test.", &[("www.example.test.", "cdn.example.test.")]));
        let mut seq = 900_u32;
        for _ in 0..100 {
            assert_eq!(give(&mut engine, &segment(server, host, seq, DATA, &plain)).verdict, Verdict::Look);
            seq += plain.len() as u32;
        }
        let listed = framed(&cloaked());
        let mut records = Vec::new();
        for part in listed.chunks(piece) {
            let outcome = give(&mut engine, &segment(server, host, seq, DATA, part));
            seq += part.len() as u32;
            records.extend(outcome.record.map(|record| (*record, outcome.verdict)));
        }
        let [(record, verdict)] = &records[..] else { panic!("one record of pieces of {piece}: {records:?}") };
        let Verdict::Reset(resets) = verdict else { panic!("{verdict:?}") };
        assert_eq!(Packet::from_ip(&resets.onward).unwrap().destination_socket(), host);
        assert_eq!(Packet::from_ip(&resets.back).unwrap().destination_socket(), server);
        assert_eq!((record.source.port, record.destination.port), (4000, 53));
        assert_eq!(record.question.as_ref().unwrap().name, "www.innocent.test");
    }
}

#[test]
fn an_answer_longer_than_what_is_kept_is_read_as_far_and_passed_over() {
    let mut engine = engine(Mode::Block);
    let (host, server) = connection(&mut engine);
    let text = |owner| (owner, RData::TXT(rdata::TXT::new(vec!["x".repeat(250)])));
    let long = framed(&answer_with("www.example.test.", RecordType::TXT, vec![text("www.example.test."); 30]));
    assert!(long.len() > 7_000);
    let mut seq = 900_u32;
    for part in long.chunks(1_400).chain([&framed(&cloaked())[..]]) {
        let outcome = give(&mut engine, &segment(server, host, seq, DATA, part));
        seq += part.len() as u32;
        assert_eq!(matches!(outcome.verdict, Verdict::Reset(_)), part.len() < 200, "{}", part.len());
    }
}

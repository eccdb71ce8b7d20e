//! Addresses that listed names led to.

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RData, Record as Resource, RecordType, rdata};

use super::*;
use crate::learned::Learned;

const FAR: &str = "192.0.2.77:3333";

fn settings(mode: Mode, category: Category) -> Settings {
    let mut builder = Builder::new();
    let text = "eu.pool.example.org\tsuffix\thigh\tendpoint\tXMR\t3333\t2026-08-16\n";
    builder.add_text(ListMeta::new("pools", category), text);
    Settings { lists: Arc::new(builder.build()), ..super::settings(mode, Vec::new()) }
}

fn engine(mode: Mode) -> Engine {
    let mut engine = Engine::new(settings(mode, Category::Pool), 1024, Seed::from(7));
    let far: SocketAddr = FAR.parse().unwrap();
    engine.learn(Arc::new([(far.ip(), far.port(), "eu.pool.example.org".into())].into_iter().collect()));
    engine
}

fn attempt(engine: &mut Engine, to: &str) -> Outcome {
    give(engine, &segment(ends(false).0, to.parse().unwrap(), 1, SYN, &[]))
}

#[test]
fn a_connection_to_where_a_listed_name_leads_is_cut_and_the_record_names_it() {
    let outcome = attempt(&mut engine(Mode::Block), FAR);
    assert_eq!(outcome.verdict, Verdict::Cut);
    let record = outcome.record.unwrap();
    assert_eq!((record.finding.layer, record.action), (Layer::Address, Action::Blocked));
    assert_eq!((&*record.finding.rule, &*record.finding.ruleset), ("eu.pool.example.org", "pools"));
    let said = |word| record.finding.said.get(word);
    assert_eq!(said(crate::finding::Word::Pool), Some("eu.pool.example.org"));
    assert_eq!(said(crate::finding::Word::PoolSource), Some("dns"));
    assert_eq!(said(crate::finding::Word::ListedCoins), Some("XMR"));
    assert_eq!(
        record.finding.reason,
        "the address 192.0.2.77 with port 3333 is where the name eu.pool.example.org leads, which is listed as a mining pool"
    );
}

#[test]
fn other_ports_pass_and_so_does_all_once_it_is_forgotten_or_no_longer_listed() {
    let mut cutting = engine(Mode::Block);
    assert_eq!(attempt(&mut cutting, "192.0.2.77:443").verdict, Verdict::Look);
    cutting.learn(Arc::new(Learned::default()));
    assert_eq!(attempt(&mut cutting, FAR).verdict, Verdict::Look);
    let mut cutting = engine(Mode::Block);
    cutting.reload(Settings { lists: Arc::new(Builder::new().build()), ..super::settings(Mode::Block, Vec::new()) });
    assert_eq!(attempt(&mut cutting, FAR).verdict, Verdict::Look);
}

#[test]
fn observed_it_is_written_down_with_the_first_bytes() {
    let mut engine = engine(Mode::Observe);
    assert!(attempt(&mut engine, FAR).record.is_none());
    let outcome = give(&mut engine, &segment(ends(false).0, FAR.parse().unwrap(), 2, DATA, &[0; 64]));
    assert_eq!((outcome.verdict, outcome.record.unwrap().action), (Verdict::Watch, Action::Observed));
}

fn answer(asked: &str) -> Vec<u8> {
    let name = Name::from_ascii(asked).unwrap();
    let mut message = Message::new(0xabcd, MessageType::Response, OpCode::Query);
    message.add_query(Query::query(name.clone(), RecordType::A));
    message.add_answer(Resource::from_rdata(name, 60, RData::A(rdata::A::new(192, 0, 2, 77))));
    message.to_vec().unwrap()
}

fn teaches(engine: &mut Engine, asked: &str) -> (bool, bool) {
    let message = answer(asked);
    let packet = udp::packet("9.9.9.9:53".parse().unwrap(), "10.0.0.5:5353".parse().unwrap(), &message).unwrap();
    let outcome = give(engine, &packet);
    (outcome.teaches, outcome.is_answer)
}

#[test]
fn an_answer_for_a_listed_name_that_passes_teaches_and_a_refused_one_does_not() {
    let mut observing = engine(Mode::Observe);
    assert_eq!(teaches(&mut observing, "eu.pool.example.org."), (true, true));
    assert_eq!(teaches(&mut observing, "www.example.test."), (false, true));
    let question =
        udp::packet("10.0.0.5:5353".parse().unwrap(), "9.9.9.9:53".parse().unwrap(), &query("eu.pool.example.org"));
    assert!(give(&mut observing, &question.unwrap()).record.is_some());
    assert_eq!(
        teaches(&mut observing, "eu.pool.example.org."),
        (true, true),
        "also when the question was written down"
    );
    assert_eq!(teaches(&mut engine(Mode::Block), "eu.pool.example.org."), (false, false));
}

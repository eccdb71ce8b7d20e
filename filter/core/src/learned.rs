//! Addresses that listed names led to, each with its port: as immutable as the lists, and swapped as whole, but more often.
//! Their time is kept by who learns them; what is in here holds.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use minewall_lists::{Hit, Lists};

use crate::limits::LESSON;
use crate::wire::dns::{Class, Response};

/// Ports of services that stand beside others under one address, for people: SSH, mail, DNS, the web. What a pool offers
/// there is cut by the name that is asked for, or by what is said.
const COMMON: [u16; 11] = [22, 25, 53, 80, 110, 143, 443, 465, 587, 853, 993];

/// Pairs of address and port, and the listed name that led there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    pairs: BTreeMap<(IpAddr, u16), Arc<str>>,
}

impl Learned {
    /// What the lists say now of the name that led to this address, if they still name this port; and the name.
    #[must_use]
    pub fn look<'a>(&'a self, lists: &'a Lists, ip: IpAddr, port: u16) -> Option<(&'a str, Hit<'a>)> {
        // Of most gateways there are none, and this is asked for every connection.
        let name = if self.pairs.is_empty() { None } else { self.pairs.get(&(ip.to_canonical(), port)) }?;
        let hit = lists.name(name).filter(|hit| hit.ports.contains(&port))?;
        Some((name, hit))
    }

    /// How many pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl FromIterator<(IpAddr, u16, Arc<str>)> for Learned {
    fn from_iter<I: IntoIterator<Item = (IpAddr, u16, Arc<str>)>>(pairs: I) -> Self {
        Self { pairs: pairs.into_iter().map(|(ip, port, name)| ((ip.to_canonical(), port), name)).collect() }
    }
}

/// The ports of a rule that may be learned: all but the common ones.
pub fn ports<'a>(hit: &Hit<'a>) -> impl Iterator<Item = u16> + use<'a> {
    hit.ports.iter().copied().filter(|port| !COMMON.contains(port))
}

/// What an answer to a DNS question teaches: the listed name and the addresses it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The question's name, or a name behind it.
    pub name: String,
    /// The addresses, with the seconds each holds.
    pub addresses: Vec<(IpAddr, u32)>,
}

impl Lesson {
    /// Reads a DNS message that answers. None where no listed name with ports leads to an address.
    #[must_use]
    pub fn read(lists: &Lists, message: &[u8]) -> Option<Self> {
        let response = Response::read(message).ok()?;
        let question = response.question()?;
        let has_ports = |name: &str| lists.name(name).is_some_and(|hit| ports(&hit).next().is_some());
        let asked = Some(question.name.as_str()).filter(|name| has_ports(name)).map(String::from);
        let behind = || {
            let targets =
                response.records().filter_map(|record| record.content.target().map(|name| String::from(name.as_str())));
            targets.into_iter().find(|name| has_ports(name))
        };
        let name = asked.or_else(behind)?;
        // The whole way there holds no longer than its shortest step.
        let ttl = response.records().map(|record| record.ttl).min()?;
        let records = response.records().filter(|record| record.class == Class::IN);
        let addresses: Vec<_> =
            records.filter_map(|record| Some((record.content.address()?, ttl))).take(LESSON).collect();
        (!addresses.is_empty()).then_some(Self { name, addresses })
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
    use minewall_lists::{Builder, Category, ListMeta};

    use super::*;

    fn lists() -> Lists {
        let mut builder = Builder::new();
        builder.allow("ours.example.org").unwrap();
        let text = "pool.example.org:3333\nweb.example.org:443\nours.example.org:3333\nbare.example.org\n";
        builder.add_text(ListMeta::new("own", Category::Custom), text);
        builder.build()
    }

    fn learned() -> Learned {
        let pair = |(ip, port, name): (&str, u16, &str)| (ip.parse().unwrap(), port, Arc::from(name));
        let pairs = [
            ("192.0.2.7", 3333, "pool.example.org"),
            ("::ffff:192.0.2.8", 3333, "pool.example.org"),
            ("192.0.2.7", 4444, "pool.example.org"),
            ("192.0.2.9", 3333, "ours.example.org"),
        ];
        pairs.map(pair).into_iter().collect()
    }

    #[test]
    fn an_address_holds_while_its_name_is_listed_with_the_port() {
        let (lists, learned) = (lists(), learned());
        let found = |ip: &str, port| learned.look(&lists, ip.parse().unwrap(), port).map(|(name, _)| name);
        assert_eq!(found("192.0.2.7", 3333), Some("pool.example.org"));
        assert_eq!(found("192.0.2.8", 3333), Some("pool.example.org"), "as IPv4");
        assert_eq!(found("192.0.2.7", 4444), None, "the lists no longer name the port");
        assert_eq!(found("192.0.2.7", 443), None);
        assert_eq!(found("192.0.2.9", 3333), None, "the user allows the name");
        assert_eq!(learned.look(&Builder::new().build(), "192.0.2.7".parse().unwrap(), 3333), None);
        assert_eq!((learned.len(), learned.is_empty()), (4, false));
    }

    #[test]
    fn ports_of_other_services_are_not_learned() {
        let lists = lists();
        let ports = |name: &str| ports(&lists.name(name).unwrap()).collect::<Vec<_>>();
        assert_eq!(ports("pool.example.org"), [3333]);
        assert!(ports("web.example.org").is_empty() && ports("bare.example.org").is_empty());
    }

    fn answer(asked: &str, aliases: &[(&str, &str, u32)], addresses: &[(&str, u32)]) -> Vec<u8> {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(name(asked), RecordType::A));
        for (owner, target, ttl) in aliases {
            message.add_answer(Record::from_rdata(name(owner), *ttl, RData::CNAME(rdata::CNAME(name(target)))));
        }
        let last = aliases.last().map_or(asked, |alias| alias.1);
        for (address, ttl) in addresses {
            message.add_answer(Record::from_rdata(name(last), *ttl, RData::A(rdata::A(address.parse().unwrap()))));
        }
        message.to_vec().unwrap()
    }

    #[test]
    fn an_answer_teaches_where_a_listed_name_leads() {
        let lists = lists();
        let read = |message: &[u8]| Lesson::read(&lists, message);
        let lesson = read(&answer("pool.example.org.", &[], &[("192.0.2.7", 60), ("192.0.2.8", 30)])).unwrap();
        assert_eq!(lesson.name, "pool.example.org");
        assert_eq!(lesson.addresses, [("192.0.2.7".parse().unwrap(), 30), ("192.0.2.8".parse().unwrap(), 30)]);
        let alias = [("www.innocent.test.", "eu.pool.example.org.", 5)];
        let lesson = read(&answer("www.innocent.test.", &alias, &[("192.0.2.7", 60)])).unwrap();
        assert_eq!((&*lesson.name, lesson.addresses.len(), lesson.addresses[0].1), ("eu.pool.example.org", 1, 5));
        for unlisted in ["www.example.test.", "ours.example.org.", "bare.example.org.", "web.example.org."] {
            assert_eq!(read(&answer(unlisted, &[], &[("192.0.2.7", 60)])), None, "{unlisted}");
        }
        assert_eq!(read(&answer("pool.example.org.", &[], &[])), None);
        assert_eq!(read(b""), None);
        let many: Vec<_> = (0..100).map(|last| (alloc::format!("192.0.2.{last}"), 60)).collect();
        let many: Vec<_> = many.iter().map(|(address, ttl)| (&**address, *ttl)).collect();
        assert_eq!(read(&answer("pool.example.org.", &[], &many)).unwrap().addresses.len(), LESSON);
    }
}

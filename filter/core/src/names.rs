//! Names learned from answers to DNS questions: by which name an address was last asked for.
//!
//! A bounded table of sets of a few places; a full set forgets what ends first. Names keep their places' memory, so that
//! nothing is allocated once the table is full.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::limits::{NAME_SECONDS, NAMES, NAMES_WAYS};
use crate::now::Now;
use crate::wire::dns::{Class, Response};

/// Addresses and the names that led to them.
#[derive(Clone, Debug)]
pub struct Names {
    places: Vec<Place>,
    seed: u64,
}

#[derive(Clone, Debug, Default)]
struct Place {
    ip: Option<IpAddr>,
    name: String,
    /// When it is no longer believed, in seconds since 1970.
    until: i64,
}

impl Names {
    /// An empty table; `seed` orders it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { places: Vec::new(), seed }
    }

    /// Learns from a DNS message that answers: each of its addresses was asked for by the question's name. The newest
    /// name of an address wins. What cannot be read is passed over.
    pub fn learn(&mut self, now: Now, message: &[u8]) {
        let Ok(response) = Response::read(message) else { return };
        let Some(question) = response.question() else { return };
        for record in response.records().filter(|record| record.class == Class::IN) {
            if let Some(ip) = record.content.address() {
                let ttl = i64::from(record.ttl).clamp(*NAME_SECONDS.start(), *NAME_SECONDS.end());
                self.put(ip, question.name.as_str(), seconds(now.wall_us), ttl);
            }
        }
    }

    /// The name that last led to this address, at this time (microseconds since 1970).
    #[must_use]
    pub fn name(&self, wall_us: i64, ip: IpAddr) -> Option<&str> {
        let set = self.places.get(self.set(ip))?;
        let place = set.iter().find(|place| place.ip == Some(ip))?;
        (seconds(wall_us) < place.until).then_some(&*place.name)
    }

    fn put(&mut self, ip: IpAddr, name: &str, now: i64, ttl: i64) {
        if self.places.is_empty() {
            self.places.resize_with(NAMES, Place::default);
        }
        let range = self.set(ip);
        let Some(set) = self.places.get_mut(range) else { return };
        let known = set.iter().position(|place| place.ip == Some(ip));
        let first_to_end = || set.iter().enumerate().min_by_key(|(_, place)| place.until).map(|(way, _)| way);
        let Some(place) = known.or_else(first_to_end).and_then(|way| set.get_mut(way)) else { return };
        place.ip = Some(ip);
        place.until = now.saturating_add(ttl);
        place.name.clear();
        place.name.push_str(name);
    }

    /// The places an address may stand in. Without the seed nobody can have them all in one set.
    fn set(&self, ip: IpAddr) -> core::ops::Range<usize> {
        let octets = match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        let whole = u128::from_ne_bytes(octets);
        let (upper, lower) = ((whole >> 64) as u64, (whole & u128::from(u64::MAX)) as u64);
        let hash = fold(fold(self.seed ^ lower ^ ODD[0], upper ^ ODD[1]), self.seed ^ ODD[2]);
        let first = (hash % (NAMES / NAMES_WAYS) as u64) as usize * NAMES_WAYS;
        first..first + NAMES_WAYS
    }
}

/// Digits of the golden ratio and of the square roots of two and three: whatever the seed, all bits take part.
const ODD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b];

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    (product & u128::from(u64::MAX)) as u64 ^ (product >> 64) as u64
}

const fn seconds(wall_us: i64) -> i64 {
    wall_us.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::format;
    use core::net::{Ipv4Addr, Ipv6Addr};

    use hickory_proto::op::{Message, MessageType, OpCode, Query};
    use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};

    use super::*;

    fn at(seconds: i64) -> Now {
        Now::from_wall_us(seconds * 1_000_000)
    }

    fn answer(asked: &str, ttl: u32, addresses: &[&str]) -> Vec<u8> {
        let owner = Name::from_ascii(asked).unwrap();
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_query(Query::query(owner.clone(), RecordType::A));
        let canonical = Name::from_ascii("real.test.").unwrap();
        message.add_answer(Record::from_rdata(owner, ttl, RData::CNAME(rdata::CNAME(canonical.clone()))));
        for address in addresses {
            let data = match address.parse().unwrap() {
                IpAddr::V4(ip) => RData::A(rdata::A(ip)),
                IpAddr::V6(ip) => RData::AAAA(rdata::AAAA(ip)),
            };
            message.add_answer(Record::from_rdata(canonical.clone(), ttl, data));
        }
        message.to_vec().unwrap()
    }

    #[test]
    fn the_name_asked_for_is_learned_for_each_address_and_the_newest_wins() {
        let mut names = Names::new(7);
        let (four, six) = ("192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap());
        assert_eq!(names.name(0, four), None);
        names.learn(at(1_000), &answer("Pool.test.", 3_600, &["192.0.2.7", "2001:db8::7"]));
        names.learn(at(1_010), &answer("other.test.", 3_600, &["192.0.2.7"]));
        assert_eq!(
            (names.name(1_020_000_000, four), names.name(1_020_000_000, six)),
            (Some("other.test"), Some("pool.test"))
        );
        assert_eq!(names.name(1_020_000_000, "192.0.2.8".parse().unwrap()), None);
    }

    #[test]
    fn a_name_is_believed_within_bounds() {
        let ip = "192.0.2.7".parse().unwrap();
        for (ttl, seconds) in [(0, *NAME_SECONDS.start()), (7_200, 7_200), (i32::MAX as u32, *NAME_SECONDS.end())] {
            let mut names = Names::new(7);
            names.learn(at(0), &answer("pool.test.", ttl, &["192.0.2.7"]));
            assert!(names.name((seconds - 1) * 1_000_000, ip).is_some());
            assert_eq!(names.name(seconds * 1_000_000, ip), None, "ttl {ttl}");
        }
    }

    #[test]
    fn what_is_no_answer_teaches_nothing() {
        let mut names = Names::new(7);
        let whole = answer("pool.test.", 60, &["192.0.2.7"]);
        let mut question = whole.clone();
        question[2] &= 0x7f;
        for message in [&question[..], b"", &whole[..20]] {
            names.learn(at(0), message);
            assert!(names.places.is_empty());
        }
    }

    #[test]
    fn the_table_is_bounded_and_forgets_what_ends_first() {
        let mut names = Names::new(7);
        for index in 0..3 * NAMES as u32 {
            names.put(Ipv4Addr::from(index).into(), &format!("n{index}.test"), i64::from(index), 600);
        }
        assert_eq!(names.places.len(), NAMES);
        let last = 3 * NAMES as u32 - 1;
        let now = i64::from(last) * 1_000_000;
        assert_eq!(names.name(now, Ipv4Addr::from(last).into()), Some(&*format!("n{last}.test")));
        let known = (0..=last).filter(|index| names.name(now, Ipv4Addr::from(*index).into()).is_some());
        assert_eq!(known.count(), 600, "those whose time is not over, the newest, all have their place");
        let sets: std::collections::BTreeSet<_> =
            (0..1_000_u128).map(|index| names.set(Ipv6Addr::from(index << 64).into()).start).collect();
        assert!(sets.len() > 500, "{} sets for 1,000 networks", sets.len());
    }
}

//! Less than was seen: addresses, persons, workers and wallets masked or hashed before anything is written down.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::{Notice, Record, Who};
use crate::finding::Word;

/// How much is kept of one kind of thing.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All of it.
    #[default]
    Full,
    /// A part that names nobody: /24 and /48, initials, the ends of a wallet.
    Mask,
    /// A mark that is the same each time, by a key of this installation.
    Hash,
    /// Nothing.
    None,
}

/// How much is kept of what.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Addresses of hosts inside.
    pub addresses: Level,
    /// Their hardware addresses.
    pub macs: Level,
    /// Persons, contacts, accounts, host names, e-mail addresses, who answers for an exemption.
    pub persons: Level,
    /// Names of rigs.
    pub workers: Level,
    /// Wallets and accounts at pools.
    pub wallets: Level,
    /// The telling bytes: kept only with `full`, and where wallets, workers and persons are kept in full too.
    pub excerpts: Level,
}

impl Rules {
    /// The same for all.
    #[must_use]
    pub const fn all(level: Level) -> Self {
        Self { addresses: level, macs: level, persons: level, workers: level, wallets: level, excerpts: level }
    }
}

/// The rules, and the key that hashes are made with.
#[derive(Clone, Debug)]
pub struct Privacy {
    rules: Rules,
    key: Hmac<Sha256>,
}

impl Privacy {
    /// `secret` makes hashes of one installation such that others cannot try addresses out.
    #[must_use]
    pub fn new(rules: Rules, secret: &[u8; 32]) -> Self {
        let mut block = [0; 64]; // the block of SHA-256: RFC 2104 fills a shorter key with zeros
        block.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        Self { rules, key: Hmac::new(&block.into()) }
    }

    /// What is kept.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// Takes from a record what is not to be kept.
    pub fn record(&self, record: &mut Record) {
        record.source.ip = self.address(record.source.ip);
        record.source_mac = record.source_mac.and_then(|mac| self.mac(mac));
        if self.rules.addresses == Level::None {
            record.nat = None;
        }
        if let Some(who) = &mut record.who {
            self.who(who);
        }
        // The login of a self-test is nobody's, and marks the record.
        let is_test = record.finding.said.is_test();
        let said = &mut record.finding.said;
        for (word, level) in
            [(Word::Wallet, self.rules.wallets), (Word::Worker, self.rules.workers), (Word::Email, self.rules.persons)]
        {
            let Some(text) = said.get(word).map(ToOwned::to_owned) else { continue };
            if is_test && word == Word::Wallet {
                continue;
            }
            let kept = if word == Word::Wallet { self.wallet(&text) } else { self.text(level, &text) };
            record.finding.reason = replaced(&record.finding.reason, &text, kept.as_deref());
            said.put(word, kept.as_deref().unwrap_or_default());
        }
        if let Some(exemption) = &mut record.exemption {
            exemption.owner = self.person(&exemption.owner).unwrap_or_default();
        }
        // The telling bytes hold the login whole: what is hidden elsewhere must not stand there.
        let Rules { excerpts, wallets, workers, persons, .. } = self.rules;
        if [excerpts, wallets, workers, persons].iter().any(|level| *level != Level::Full) {
            record.finding.excerpt = Vec::new();
        }
    }

    /// Takes from a line about minewall itself what is not to be kept: whose an exemption is, and of which hosts.
    pub fn notice(&self, notice: &mut Notice) {
        for (name, text) in &mut notice.fields {
            let kept = match *name {
                "owner" => self.person(text),
                "prefix" if self.rules.addresses != Level::Full => None,
                _ => continue,
            };
            notice.reason = replaced(&notice.reason, text, kept.as_deref());
            *text = kept.unwrap_or_default();
        }
        notice.fields.retain(|(_, text)| !text.is_empty());
    }

    /// The address of a host inside. A hash of one is an address of the discard prefix 100::/64 (RFC 6666), so that
    /// whatever reads addresses reads it.
    #[must_use]
    pub fn address(&self, ip: IpAddr) -> IpAddr {
        match (self.rules.addresses, ip) {
            (Level::Full, ip) => ip,
            (Level::Mask, IpAddr::V4(ip)) => Ipv4Addr::from(u32::from(ip) & !0xff).into(),
            (Level::Mask, IpAddr::V6(ip)) => Ipv6Addr::from(u128::from(ip) & !(u128::MAX >> 48)).into(),
            (Level::Hash, ip) => {
                let hash = self.hash("address", format!("{ip}").as_bytes());
                Ipv6Addr::from((0x0100_u128 << 112) | u128::from(hash)).into()
            }
            (Level::None, IpAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
            (Level::None, IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
        }
    }

    /// A hardware address. The mask keeps the maker's half; a hash is one of those that no maker gives.
    #[must_use]
    pub fn mac(&self, mac: [u8; 6]) -> Option<[u8; 6]> {
        let [a, b, c, ..] = mac;
        match self.rules.macs {
            Level::Full => Some(mac),
            Level::Mask => Some([a, b, c, 0, 0, 0]),
            Level::Hash => {
                let [_, _, _, b, c, d, e, f] = self.hash("mac", &mac).to_be_bytes();
                Some([0x02, b, c, d, e, f])
            }
            Level::None => None,
        }
    }

    /// A hardware address as text, `00-11-22-AA-BB-CC`.
    #[must_use]
    pub fn mac_text(&self, text: &str) -> Option<String> {
        if self.rules.macs == Level::Full {
            return Some(text.to_owned());
        }
        let mut mac = [0; 6];
        for (to, part) in mac.iter_mut().zip(text.split(['-', ':'])) {
            *to = u8::from_str_radix(part, 16).ok()?;
        }
        let mut out = String::new();
        for byte in self.mac(mac)? {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}{byte:02X}", if out.is_empty() { "" } else { "-" });
        }
        Some(out)
    }

    /// Who a host is. Its unit stays, its room too unless persons are hashed or left out.
    pub fn who(&self, who: &mut Who) {
        let level = self.rules.persons;
        for text in [&mut who.account, &mut who.hostname, &mut who.contact] {
            *text = text.take().and_then(|text| self.text(level, &text));
        }
        who.person = who.person.take().and_then(|person| self.person(&person));
        if level != Level::Mask {
            who.room = who.room.take().and_then(|room| self.text(level, &room));
        }
        who.lease_mac = who.lease_mac.take().and_then(|mac| self.mac_text(&mac));
        let mut addresses = Vec::new();
        for address in who.addresses.drain(..).map(|address| self.address(address)) {
            if !addresses.contains(&address) && !address.is_unspecified() {
                addresses.push(address);
            }
        }
        who.addresses = addresses;
    }

    /// A person's name: its mask are the initials; of a name written without spaces, the first character.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<String> {
        if self.rules.persons != Level::Mask {
            return self.text(self.rules.persons, name);
        }
        let initials = name.split_whitespace().filter_map(|word| word.chars().next());
        Some(initials.map(|first| format!("{first}.")).collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    }

    /// A wallet, by its level.
    #[must_use]
    pub fn wallet(&self, wallet: &str) -> Option<String> {
        // Some log in by their e-mail address.
        let level = if wallet.contains('@') { self.rules.wallets.max(self.rules.persons) } else { self.rules.wallets };
        self.text(level, wallet)
    }

    /// A rig's name, by its level.
    #[must_use]
    pub fn worker(&self, worker: &str) -> Option<String> {
        self.text(self.rules.workers, worker)
    }

    fn text(&self, level: Level, text: &str) -> Option<String> {
        match level {
            Level::Full => Some(text.to_owned()),
            Level::Mask => Some(masked(text)),
            Level::Hash => Some(format!("h-{:016x}", self.hash("text", text.as_bytes()))),
            Level::None => None,
        }
    }

    fn hash(&self, kind: &str, bytes: &[u8]) -> u64 {
        let mut mac = self.key.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes().iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
    }
}

/// The ends of a long text, the first character of a short one, the domain of an e-mail address.
fn masked(text: &str) -> String {
    if let Some((name, domain)) = text.split_once('@') {
        return format!("{}***@{domain}", name.chars().next().unwrap_or_default());
    }
    let count = text.chars().count();
    if count < 20 {
        return text.chars().take(1).chain("***".chars()).collect();
    }
    text.chars().take(6).chain("...".chars()).chain(text.chars().skip(count - 6)).collect()
}

/// The sentence without a word that it may hold.
#[must_use]
pub fn replaced(sentence: &str, word: &str, by: Option<&str>) -> String {
    if word.is_empty() { sentence.to_owned() } else { sentence.replace(word, by.unwrap_or("***")) }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn a_notice_names_neither_owner_nor_hosts() {
        let fields =
            vec![("prefix", "10.1.5.15/32".to_string()), ("owner", "Prof. Lin".to_string()), ("hosts", "1".into())];
        let reason = "The exemption of Prof. Lin for 10.1.5.15/32 ends".to_string();
        let observer = "gw".to_string();
        let told = Notice { time_us: 0, observer, action: "exemption-expiring", severity: 5, reason, fields };
        let [full, none] = [Level::Full, Level::None].map(|level| {
            let mut notice = told.clone();
            all(level).notice(&mut notice);
            notice
        });
        assert_eq!(full, told);
        assert_eq!(none.reason, "The exemption of *** for *** ends");
        assert_eq!(none.fields, [("hosts", "1".to_string())]);
    }

    fn all(level: Level) -> Privacy {
        Privacy::new(Rules::all(level), &[7; 32])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_masked_to_their_network() {
        let mask = all(Level::Mask);
        assert_eq!(mask.address(ip("10.20.30.40")), ip("10.20.30.0"));
        assert_eq!(mask.address(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1::"));
        assert_eq!(mask.mac([0, 0x11, 0x22, 0xaa, 0xbb, 0xcc]), Some([0, 0x11, 0x22, 0, 0, 0]));
        assert_eq!(mask.mac_text("00-11-22-AA-BB-CC").as_deref(), Some("00-11-22-00-00-00"));
        assert_eq!(all(Level::Full).address(ip("10.20.30.40")), ip("10.20.30.40"));
        assert_eq!(all(Level::None).address(ip("10.20.30.40")), ip("0.0.0.0"));
        assert_eq!(all(Level::None).mac([1; 6]), None);
    }

    #[test]
    fn hashes_are_the_same_each_time_and_differ_by_host_kind_and_key() {
        let (one, other) = (all(Level::Hash), Privacy::new(Rules::all(Level::Hash), &[8; 32]));
        let hash = one.address(ip("10.20.30.40"));
        assert_eq!(hash, one.address(ip("10.20.30.40")));
        assert!(hash.to_string().starts_with("100::"), "{hash}");
        assert_ne!(hash, one.address(ip("10.20.30.41")));
        assert_ne!(hash, other.address(ip("10.20.30.40")));
        let mac = one.mac([0, 0x11, 0x22, 0xaa, 0xbb, 0xcc]).unwrap();
        assert_eq!((mac[0], one.mac([0, 0x11, 0x22, 0xaa, 0xbb, 0xcc])), (2, Some(mac)));
        assert_ne!(one.person("张三"), one.person("张四"));
        // RFC 4231's construction by another hand: printf 'address\0' with 10.20.30.40, key of 32 bytes 7.
        assert_eq!(hash, ip("100::7014:7c47:c604:fecd"));
    }

    #[test]
    fn texts_are_cut_to_what_names_nobody() {
        let mask = all(Level::Mask);
        assert_eq!(mask.person("Zhang San").as_deref(), Some("Z. S."));
        assert_eq!(mask.person("张三").as_deref(), Some("张."));
        assert_eq!(masked("zhang@example.edu"), "z***@example.edu");
        assert_eq!(masked("张三-laptop"), "张***");
        assert_eq!(masked("4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkb"), "4AdUnd...MBzSkb");
        assert_eq!(masked(""), "***");
    }

    #[test]
    fn who_a_host_is_loses_its_person() {
        let text = |text: &str| Some(text.to_string());
        let who = Who {
            hostname: text("zhang-pc"),
            account: text("zs01"),
            unit: text("Physics"),
            room: text("204"),
            person: text("Zhang San"),
            contact: text("zhang@example.edu"),
            lease_mac: text("00-11-22-AA-BB-CC"),
            addresses: vec![ip("10.0.0.5"), ip("10.0.0.6"), ip("2001:db8::5")],
            ..Who::default()
        };
        for (level, room, hosts) in [(Level::Mask, Some("204"), 2), (Level::None, None, 0)] {
            let mut less = who.clone();
            all(level).who(&mut less);
            let left = alloc::format!("{less:?}");
            for word in ["Zhang", "zhang", "zs01", "AA-BB-CC", "10.0.0.5"] {
                assert!(!left.contains(word), "{word} in {left}");
            }
            assert_eq!((less.unit.as_deref(), less.room.as_deref()), (Some("Physics"), room));
            assert_eq!(less.addresses.len(), hosts);
        }
        let mut same = who.clone();
        all(Level::Full).who(&mut same);
        assert_eq!(same, who);
    }
}

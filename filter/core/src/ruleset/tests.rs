//! The texts against golden files, and what must hold for every configuration.

extern crate std;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Element, Family, Match, Ruleset, ipset, iptables, iptables_remove, nft, nft_learned, nft_sets};
use crate::config::{Answers, Config, Fail, FailVerdicts, Mark, TcpAction};

/// Four queues, fail open, reset; the default marks.
fn campus() -> Ruleset {
    Ruleset::new(&Config::default(), 4)
}

/// One queue, fail closed, drop, no answers; the marks of another part of the word.
fn strict() -> Ruleset {
    Ruleset::new(&config(Mark { cleared: 0x1, cut: 0x8000 }, FailVerdicts::both(Fail::Closed), TcpAction::Drop), 1)
}

fn config(mark: Mark, fail: FailVerdicts, cut: TcpAction) -> Config {
    let mut config = Config::default();
    config.kernel.mark = mark;
    config.queue.fail = fail;
    config.queue.first = 7;
    config.tcp.action = cut;
    config.dns.answers = Answers::None;
    config
}

/// Compares with a golden file; with `MINEWALL_BLESS` set the file is written instead.
macro_rules! golden {
    ($text:expr, $file:literal) => {{
        let text: String = $text;
        if std::env::var_os("MINEWALL_BLESS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/ruleset/", $file);
            std::fs::write(path, &text).unwrap();
        } else {
            assert_eq!(text, include_str!(concat!("../../../../tests/golden/ruleset/", $file)));
        }
    }};
}

#[test]
fn texts_are_the_golden_ones() {
    golden!(nft(&campus()), "campus.nft");
    golden!(nft(&strict()), "strict.nft");
    golden!(iptables(&campus(), Family::V4, ""), "campus.v4.iptables");
    golden!(iptables(&campus(), Family::V6, ""), "campus.v6.iptables");
    golden!(iptables(&strict(), Family::V4, ""), "strict.v4.iptables");
}

/// Two queues a class: DNS fails closed, the rest open.
fn classes() -> Ruleset {
    let mut config = Config::default();
    config.queue.fail.dns = Fail::Closed;
    Ruleset::new(&config, 2)
}

#[test]
fn classes_that_fail_differently_have_queues_of_their_own() {
    golden!(nft(&classes()), "classes.nft");
    golden!(iptables(&classes(), Family::V4, ""), "classes.v4.iptables");
    golden!(iptables(&classes(), Family::V6, ""), "classes.v6.iptables");
    let queues = classes().queues;
    let all = [(4700, Fail::Open), (4701, Fail::Open), (4702, Fail::Closed), (4703, Fail::Closed)];
    assert_eq!(queues.each().collect::<Vec<_>>(), all);
    let alike: Vec<_> = campus().queues.each().collect();
    assert_eq!(alike, [4700, 4701, 4702, 4703].map(|number| (number, Fail::Open)));
}

/// A listed address of each family, an exempt host, and a flowtable of ours.
fn blocking() -> Ruleset {
    let mut config = Config { mode: crate::policy::Mode::Block, ..Config::default() };
    config.exempt.push(crate::policy::Exempt {
        prefix: "10.1.0.0/24".parse().unwrap(),
        owner: "physics".into(),
        reason: "study".into(),
        expires: None,
    });
    Ruleset::new(&config, 4).refusing(&config, &listed())
}

fn listed() -> minewall_lists::Lists {
    let mut lists = minewall_lists::Builder::new();
    let meta = minewall_lists::ListMeta::new("own", minewall_lists::Category::Custom);
    lists.add_text(meta, "192.0.2.1:3333\n192.0.2.1:4444\n[2001:db8::1]:3333\n");
    lists.build()
}

#[test]
fn refusals_and_flowtables_are_the_golden_ones() {
    let devices = ["lan".into(), "wan.7".into()].to_vec();
    golden!(nft(&blocking().offloading(&Config::default(), devices)), "blocking.nft");
    golden!(nft_sets(&blocking()), "blocking.sets");
    golden!(iptables(&blocking(), Family::V4, ""), "blocking.v4.iptables");
    golden!(iptables(&blocking(), Family::V6, ""), "blocking.v6.iptables");
}

/// What is learned comes on top of listed addresses, or without any.
#[test]
fn sets_of_learned_addresses_are_the_golden_ones() {
    let mut config = Config { mode: crate::policy::Mode::Block, ..Config::default() };
    config.resolve.refresh = crate::config::Refresh::On;
    let alone = Ruleset::new(&config, 4).learning(&config);
    golden!(nft(&alone), "learning.nft");
    golden!(iptables(&alone, Family::V4, ""), "learning.v4.iptables");
    golden!(iptables(&alone, Family::V6, ""), "learning.v6.iptables");
    let both = Ruleset::new(&config, 4).refusing(&config, &listed()).learning(&config);
    let attempts =
        |of: &Ruleset| of.chains.iter().find(|chain| chain.name == super::Name::Attempt).unwrap().rules.clone();
    assert_eq!(attempts(&both).len(), attempts(&alone).len() + 1);
    assert_eq!(both.chains.len(), alone.chains.len(), "one chain refuses both");
    assert!(!both.differs_in_sets_only(&alone));
    let element = |ip: &str, port, seconds| Element { ip: ip.parse().unwrap(), port, seconds };
    let elements = [element("192.0.2.1", 3333, 300), element("2001:db8::1", 3333, 0), element("192.0.2.2", 1, 7)];
    golden!(nft_learned(&elements) + &nft_learned(&[]), "learned.nft");
    golden!(ipset(Family::V4, &elements) + &ipset(Family::V6, &elements), "learned.ipset");
}

/// Where nothing is blocked or nothing can be learned there is no set.
#[test]
fn nothing_is_learned_for_the_kernel_where_it_would_not_refuse() {
    let plain = |change: fn(&mut Config)| {
        let mut config = Config { mode: crate::policy::Mode::Block, ..Config::default() };
        config.resolve.refresh = crate::config::Refresh::On;
        change(&mut config);
        Ruleset::new(&config, 4).learning(&config) == Ruleset::new(&config, 4)
    };
    assert!(!plain(|_| ()));
    assert!(plain(|config| config.mode = crate::policy::Mode::Observe));
    assert!(plain(|config| config.resolve.refresh = crate::config::Refresh::Off));
    assert!(plain(|config| {
        let observe = crate::policy::CategoryAction::Observe;
        (config.category.pool, config.category.malware, config.category.custom) = (observe, observe, observe);
    }));
}

#[test]
fn a_flowtable_comes_and_goes_with_its_devices() {
    let config = Config::default();
    let with = campus().offloading(&config, ["lan".into()].to_vec());
    assert_ne!(with, campus());
    assert_eq!(with.clone().offloading(&config, ["lan".into()].to_vec()), with);
    assert_eq!(with.offloading(&config, Vec::new()), campus());
}

/// What `iptables-save` prints on a gateway where a crashed run of an older version left its rules.
const SAVED: &str = include_str!("../../../../tests/golden/ruleset/crashed.save");

#[test]
fn leftovers_go_in_the_same_transaction() {
    golden!(iptables(&strict(), Family::V4, SAVED), "crashed.load");
    golden!(iptables_remove(SAVED), "crashed.remove");
    assert_eq!(iptables_remove(""), "");
}

#[test]
fn only_what_is_ours_is_removed() {
    let removal = iptables_remove(SAVED);
    let commands = removal.lines().filter(|line| line.starts_with('-'));
    assert!(commands.clone().count() > 0);
    for line in commands {
        let target = line.rsplit(' ').next().unwrap();
        assert!(target.starts_with("MINEWALL_"), "{line} is not about a chain of ours");
    }
}

#[test]
fn the_settled_majority_leaves_by_the_first_rule() {
    let ruleset = campus();
    let tcp = ruleset.chains.iter().find(|chain| chain.name == super::Name::Tcp).unwrap();
    // It has no first segments.
    assert_eq!(tcp.rules[0].when, [Match::Syn]);
    assert!(matches!(tcp.rules[1].when[..], [Match::NotFlowMark(bits)] if bits.value == 0 && bits.mask == 0x3000_0000));
    assert_eq!(tcp.rules[1].action, super::Action::Leave);
}

#[test]
fn answers_are_queued_as_configured() {
    let with = |answers| {
        let mut config = Config::default();
        config.dns.answers = answers;
        let ruleset = Ruleset::new(&config, 1);
        (nft(&ruleset), iptables(&ruleset, Family::V6, ""))
    };
    let queued = |text: &str| text.contains("answers_queued\" queue") || text.contains("minewall answers_queued");
    let few = |text: &str| text.contains("@th,112,16 < 2") || text.contains("52&0xffff=0:1");
    for (answers, expected) in
        [(Answers::None, [false; 2]), (Answers::Aliases, [true; 2]), (Answers::All, [true, false])]
    {
        let (nft, iptables) = with(answers);
        assert_eq!([queued(&nft), few(&nft)], expected, "{nft}");
        assert_eq!([queued(&iptables), few(&iptables)], expected, "{iptables}");
    }
}

#[test]
fn no_queue_is_one_queue() {
    let none = Ruleset::new(&Config::default(), 0);
    assert_eq!(none, Ruleset::new(&Config::default(), 1));
}

/// The numbers behind each occurrence of a word: `word 0x1/0x3` gives (0x1, Some(0x3)).
fn numbers(text: &str, word: &str) -> Vec<(u32, Option<u32>)> {
    let hex = |text: &str| u32::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let each = |rest: &str| {
        let mut parts = rest.split([' ', '\n']).next()?.split('/');
        Some((hex(parts.next()?)?, parts.next().map(|mask| hex(mask).unwrap())))
    };
    text.split(word).skip(1).filter_map(each).collect()
}

proptest! {
    #[test]
    fn no_bit_outside_the_mask_is_read_or_written(
        (one, other) in (0u32..32, 0u32..32).prop_filter("two bits", |(one, other)| one < other),
        dns_closed: bool, tcp_closed: bool, drop: bool, queues in 1u16..=64, answers: bool,
    ) {
        let mark = Mark { cleared: 1 << one, cut: 1 << other };
        let mask = mark.mask();
        let fail = |closed| if closed { Fail::Closed } else { Fail::Open };
        let fail = FailVerdicts { dns: fail(dns_closed), tcp: fail(tcp_closed) };
        let closed = dns_closed && tcp_closed;
        let cut = if drop { TcpAction::Drop } else { TcpAction::Reset };
        let mut config = config(mark, fail, cut);
        if answers {
            config.dns.answers = Answers::All;
        }
        let ruleset = Ruleset::new(&config, queues);
        // The chain that settles the gateway's own segments.
        let more = usize::from(answers);

        let text = nft(&ruleset);
        let stripped = numbers(&text, "meta mark set meta mark & ");
        prop_assert_eq!(stripped.len(), 4 + more);
        prop_assert!(stripped.iter().all(|(kept, _)| *kept == !mask));
        let forgotten = numbers(&text, "ct mark set ct mark & ");
        prop_assert_eq!(forgotten, [(!mask, None)]);
        let saved = numbers(&text, "ct mark set ct mark | ");
        let expected = [(mark.cleared, None), (mark.cut, None), (mark.cleared, None)];
        prop_assert_eq!(&saved[..], &expected[..2 + more]);
        prop_assert_eq!(text.matches("mark set").count(), 7 + 2 * more);
        let text = text.replace("ct mark set ct mark &", "");
        let read = numbers(&text.replace("mark set meta mark &", ""), "mark & ");
        prop_assert_eq!(read.len(), 11 + 2 * more);
        prop_assert!(read.iter().all(|(looked_at, _)| looked_at & !mask == 0));
        prop_assert_eq!(text.contains("bypass"), !closed);

        for family in [Family::V4, Family::V6] {
            let text = iptables(&ruleset, family, "");
            let written = numbers(&text, "--set-xmark ");
            prop_assert_eq!(written.len(), 7 + 2 * more);
            let read = numbers(&text, "--mark ");
            prop_assert_eq!(read.len(), 11 + 2 * more);
            for (value, bits) in written.into_iter().chain(read) {
                let bits = bits.unwrap_or(u32::MAX);
                prop_assert!(bits & !mask == 0 && value & !bits == 0, "{:x}/{:x}", value, bits);
            }
            prop_assert_eq!(text.contains("bypass"), !closed);
        }
    }

    #[test]
    fn each_rule_that_queues_fails_as_its_class_does(
        dns_closed: bool, tcp_closed: bool, count in 1u16..=64, first in 0u16..=65407, answers: bool,
    ) {
        let mut config = Config { mode: crate::policy::Mode::Block, ..Config::default() };
        let fail = |closed| if closed { Fail::Closed } else { Fail::Open };
        config.queue.fail = FailVerdicts { dns: fail(dns_closed), tcp: fail(tcp_closed) };
        config.queue.first = first;
        config.dns.answers = if answers { Answers::All } else { Answers::None };
        config.check().unwrap();
        let ruleset = Ruleset::new(&config, count).refusing(&config, &listed());
        let bound: Vec<_> = ruleset.queues.each().collect();
        let classes = if config.queue.fail.differ() { 2 } else { 1 };
        prop_assert_eq!(bound.len(), usize::from(classes * count));
        prop_assert!(bound.iter().zip(first..).all(|((number, _), expected)| *number == expected));
        let texts = [nft(&ruleset), iptables(&ruleset, Family::V4, ""), iptables(&ruleset, Family::V6, "")];
        for text in texts {
            let mut seen = Vec::new();
            for line in text.lines().filter(|line| line.contains(" queue ") || line.contains("-j NFQUEUE")) {
                let is_dns = line.contains("DNS") || line.contains("an answer");
                let closed = if is_dns { dns_closed } else { tcp_closed };
                prop_assert_eq!(line.contains("bypass"), !closed, "{}", line);
                let (from, to) = range(line);
                prop_assert_eq!(to - from + 1, count);
                seen.extend(from..=to);
                for number in from..=to {
                    prop_assert!(bound.contains(&(number, fail(closed))), "{}", line);
                }
            }
            prop_assert!(bound.iter().all(|(number, _)| seen.contains(number)), "each queue has a rule");
        }
    }

    #[test]
    fn any_saved_text_is_read_without_harm(saved in "(\\*(filter|mangle|raw|nat)\n|:MINEWALL_[A-Z]{1,3} - \\[0:0\\]\n|-A [A-Z_]{1,9} -j (MINEWALL_CUT|ACCEPT)\n|COMMIT\n|[ -~]{0,20}\n){0,12}") {
        let removal = iptables_remove(&saved);
        for line in removal.lines().filter(|line| line.starts_with('-')) {
            prop_assert!(line.contains("MINEWALL_"));
        }
        prop_assert_eq!(removal.matches('*').count(), removal.matches("COMMIT").count());
    }
}

/// The queues of a rule: of `queue flags bypass to 1-2 comment` or `--queue-balance 1:2`.
fn range(line: &str) -> (u16, u16) {
    let (_, rest) = ["--queue-num ", "--queue-balance ", " to "].iter().find_map(|word| line.split_once(word)).unwrap();
    let numbers = rest.split(' ').next().unwrap();
    let (first, last) = numbers.split_once(['-', ':']).unwrap_or((numbers, numbers));
    (first.parse().unwrap(), last.parse().unwrap())
}

#[test]
fn numbers_are_found_where_they_stand() {
    assert_eq!(numbers("x --mark 0x1/0x3 -j\n--mark 0xff\n", "--mark "), [(1, Some(3)), (0xff, None)]);
    assert_eq!(format!("{:?}", numbers("none", "--mark ")), "[]");
}

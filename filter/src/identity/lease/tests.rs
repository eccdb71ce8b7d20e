//! Every format by files written by hand from the programs' documentation, whole and cut off anywhere.

use std::net::IpAddr;

use super::super::book::Book;
use super::*;

const FORMATS: [&Format; 5] = [&radius::FORMAT, &kea::FORMAT, &isc::FORMAT, &dnsmasq::FORMAT, &odhcpd::FORMAT];

const DNSMASQ: &str = "1795471200 02:00:00:00:00:05 10.0.0.5 lab-pc-07 01:02:00:00:00:00:05\n\
    0 02:00:00:00:00:06 10.0.0.6 * *\n\
    1795471200 06-00:11:22:33 10.0.0.7 odd *\n\
    43200 02:00:00:00:00:08 10.0.0.8 no-clock *\n\
    not a lease\n\
    duid 00:01:00:01:30:af:db:8c:02:00:00:00:00:01\n\
    1795471200 8394753 2001:db8::5 lab-pc-07 00:01:00:01:30:af:db:8c:02:00:00:00:00:05\n\
    1795471200 T8394754 2001:db8::6 * 00:04:30:af:db:8c:30:c5:99:13:12:bd\n";

const ODHCPD: &str = "# br-lan 000100012c444e2202000000005 5 odd 1795471200 b3b 128 2001:db8::b3b/128\n\
    # br-lan 000100012c444e22020000000005 8aaaad6 CT103 1795471200 b3b 128 2001:db8:1::b3b/128 fd00::b3b/128\n\
    2001:db8:1::b3b\tCT103\n\
    # br-lan 020000000006 ipv4 workstation -1 c0a802f0 32 192.168.2.240/32\n\
    # br-lan 00030001020000000007 5aaa5b - 1795471200 10 60 2001:db8:2:10::/60\n\
    # br-lan 00030001020000000008 6 broken\\x20name 0 11 128 2001:db8:1::11/128\n";

const KEA4: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,\
    user_context,pool_id\n\
    10.0.0.5,02:00:00:00:00:05,01:02:00:00:00:00:05,3600,1795471200,1,0,0,lab-pc-07.example.org.,0,,0\n\
    10.0.0.5,02:00:00:00:00:05,,3600,1795473000,1,0,0,lab-pc-07.example.org,0,{ \"a\": 1&#x2c \"b\": 2 },0\n\
    10.0.0.6,,,86400,1795471200,1,0,0,,1,,0\n\
    10.0.0.7,02:00:00:00:00:07,,3600,1795471200,1,0,0,gone,0,,0\n\
    10.0.0.7,02:00:00:00:00:07,,0,1795467600,1,0,0,gone,0,,0\n\
    10.0.0.8,02:00:00:00:00:08,,4294967295,1795471200,1,0,0,for-good,0,,0\n\
    10.0.0.9,02:00:00:00:00:09,,3600,never,1,0,0,x,0,,0\n";

const KEA6: &str = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,\
    fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n\
    2001:db8::5,00:01:00:01:30:af:db:8c:02:00:00:00:00:01,3600,1795471200,1,1800,0,7,128,0,0,six,02:00:00:00:00:05,0,,1,1,0\n\
    2001:db8:5::,00:03:00:01:02:00:00:00:00:06,3600,1795471200,1,1800,2,1,56,0,0,,,0,,,,0\n";

const ISC: &str = "# The format of this file is documented in the dhcpd.leases(5) manual page.\n\
    authoring-byte-order little-endian;\n\
    server-duid \"\\000\\001\\000\\001.\\232o>\\010\\000'\\2240\\202\";\n\n\
    failover peer \"x\" state {\n  my state normal at 2 2026/11/24 00:00:00;\n}\n\
    lease 10.0.0.5 {\n  starts 2 2026/11/24 10:00:00;\n  ends 2 2026/11/24 11:00:00;\n  cltt 2 2026/11/24 10:00:00;\n  \
    binding state active;\n  next binding state free;\n  hardware ethernet 02:00:00:00:00:05;\n  \
    uid \"\\001\\002\\000}\";\n  client-hostname \"lab \\\"pc\\\" 07\";\n  set vendor = \"x { y\";\n}\n\
    lease 10.0.0.5 {\n  starts 2 2026/11/24 10:00:00;\n  ends 2 2026/11/24 10:30:00;\n  binding state free;\n  \
    hardware ethernet 02:00:00:00:00:05;\n}\n\
    lease 10.0.0.6 {\n  starts epoch 1795514400; # Tue Nov 24 10:00:00 2026\n  ends never;\n  binding state active;\n  \
    hardware ethernet 02:00:00:00:00:06;\n  client-hostname \"static\";\n}\n\
    lease 10.0.0.7 {\n  starts 2 2026/11/24 10:00:00;\n  ends 2 2026/11/24 11:00:00;\n  binding state abandoned;\n}\n\
    ia-na \"\\001\\000\\000\\000\\000\\003\\000\\001\\002\\000\\000\\000\\000\\005\" {\n  cltt 2 2026/11/24 10:00:00;\n  \
    iaaddr 2001:db8::5 {\n    binding state active;\n    preferred-life 1800;\n    max-life 3600;\n    \
    ends 2 2026/11/24 11:00:00;\n  }\n  iaaddr 2001:db8::6 {\n    binding state expired;\n    \
    ends 2 2026/11/24 10:10:00;\n  }\n}\n";

const RADIUS: &str = "Tue Nov 24 18:00:00 2026\n\tUser-Name = \"alice\"\n\tAcct-Status-Type = Start\n\
    \tFramed-IP-Address = 10.0.0.5\n\tFramed-IPv6-Prefix = 2001:db8:5::/64\n\tCalling-Station-Id = \"02-00-00-00-00-05\"\n\
    \tAcct-Session-Id = \"1A\"\n\tTimestamp = 1795514400\n\n\
    Tue Nov 24 18:30:00 2026\n\tUser-Name = \"alice\"\n\tAcct-Status-Type = Interim-Update\n\
    \tFramed-IP-Address = 10.0.0.5\n\tCalling-Station-Id = \"02-00-00-00-00-05\"\n\tAcct-Session-Time = 1800\n\
    \tAcct-Delay-Time = 5\n\tTimestamp = 1795516205\n\n\
    Tue Nov 24 18:40:00 2026\n\tAcct-Status-Type = Accounting-On\n\tNAS-IP-Address = 192.0.2.1\n\n\
    Tue Nov 24 19:00:00 2026\n\tUser-Name = \"alice\"\n\tAcct-Status-Type = Stop\n\tFramed-IP-Address = 10.0.0.5\n\
    \tCalling-Station-Id = \"02-00-00-00-00-05\"\n\tAcct-Session-Time = 3600\n\tTimestamp = 1795518000\n\n\
    Tue Nov 24 19:10:00 2026\n\tUser-Name = \"02:00:00:00:00:09\"\n\tAcct-Status-Type = Start\n\
    \tFramed-IP-Address = 10.0.0.9\n\tFramed-IPv6-Address = 2001:db8::9\n\tCalling-Station-Id = \"0200.0000.0009\"\n\
    \tTimestamp = 1795518600\n\n\
    Tue Nov 24 19:20:00 2026\n\tUser-Name = \"bob\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 10.0.0.5\n\
    \tCalling-Station-Id = \"02-00-00-00-00-0B\"\n\tTimestamp = 1795519200\n";

/// 2026-11-24T10:00:00Z.
const TEN: i64 = 1_795_514_400;

fn page(format: &Format, text: &[u8]) -> Page {
    let mut page = Page { written_us: TEN * 1_000_000, ..Page::default() };
    (format.read)(text, &mut page);
    page
}

fn book(format: &Format, text: &str) -> Book {
    let (mut book, page) = (Book::default(), page(format, text.as_bytes()));
    if format.grows {
        page.leases.into_iter().for_each(|lease| book.note(lease));
    } else {
        book.present(page.leases, page.written_us, true);
    }
    book
}

/// Name, account and last byte of the hardware address of who had it, so many seconds from [`TEN`].
fn who(book: &Book, ip: &str, after: i64) -> Option<String> {
    let held = book.at(ip.parse::<IpAddr>().unwrap(), (TEN + after) * 1_000_000)?;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mac = held.told.mac.map_or_else(String::new, |mac| format!("{:x}", mac[5]));
    Some(format!("{}/{}/{mac}", text(&held.told.hostname), text(&held.told.account)))
}

#[test]
fn dnsmasq_is_read() {
    let page = page(&dnsmasq::FORMAT, DNSMASQ.as_bytes());
    assert_eq!((page.bad, page.whole), (1, DNSMASQ.len()));
    assert_eq!(page.first_bad.as_deref(), Some("not a lease"));
    let book = book(&dnsmasq::FORMAT, DNSMASQ);
    // The first expires at 22:00 the day before.
    let before = 1_795_471_200 - TEN;
    assert_eq!(who(&book, "10.0.0.5", before).as_deref(), Some("lab-pc-07//5"));
    assert_eq!(who(&book, "10.0.0.5", before + 1), None);
    assert_eq!(who(&book, "10.0.0.6", 1 << 30).as_deref(), Some("//6"), "0: for good");
    assert_eq!(who(&book, "10.0.0.7", before).as_deref(), Some("odd//"), "no Ethernet");
    assert_eq!(who(&book, "10.0.0.8", 1 << 30).as_deref(), Some("no-clock//8"), "as long as it stands there");
    assert_eq!(who(&book, "2001:db8::5", before).as_deref(), Some("lab-pc-07//5"));
    assert_eq!(who(&book, "2001:db8::6", before).as_deref(), Some("//"), "a UUID holds no hardware address");
}

#[test]
fn odhcpd_is_read() {
    assert_eq!(page(&odhcpd::FORMAT, ODHCPD.as_bytes()).bad, 0);
    let book = book(&odhcpd::FORMAT, ODHCPD);
    let before = 1_795_471_200 - TEN;
    for ip in ["2001:db8:1::b3b", "fd00::b3b"] {
        assert_eq!(who(&book, ip, before).as_deref(), Some("CT103//5"), "{ip}");
        assert_eq!(who(&book, ip, before + 1), None);
    }
    assert_eq!(who(&book, "2001:db8::b3b", before).as_deref(), Some("odd//"), "half a byte too little");
    assert_eq!(who(&book, "192.168.2.240", 1 << 30).as_deref(), Some("workstation//6"));
    assert_eq!(who(&book, "2001:db8:2:1f::77", before).as_deref(), Some("//7"), "a prefix handed out");
    assert_eq!(who(&book, "2001:db8:1::11", before), None, "its time was over");
}

#[test]
fn kea_is_read() {
    let page = page(&kea::FORMAT, KEA4.as_bytes());
    assert_eq!(page.bad, 1, "{:?}", page.first_bad);
    let four = book(&kea::FORMAT, KEA4);
    let (begin, end) = (1_795_471_200 - 3600 - TEN, 1_795_473_000 - TEN);
    assert_eq!(who(&four, "10.0.0.5", begin - 10), None);
    for after in [begin, begin + 3700, end] {
        assert_eq!(who(&four, "10.0.0.5", after).as_deref(), Some("lab-pc-07.example.org//5"), "{after}");
    }
    assert_eq!(who(&four, "10.0.0.5", end + 1), None);
    assert_eq!(who(&four, "10.0.0.6", begin), None, "declined");
    // Given back some time before the file was written, and never held longer than its time.
    assert_eq!(who(&four, "10.0.0.7", begin + 10).as_deref(), Some("gone//7"));
    assert_eq!(who(&four, "10.0.0.7", begin + 3601), None);
    assert_eq!(who(&four, "10.0.0.8", 1 << 30).as_deref(), Some("for-good//8"));
    let six = book(&kea::FORMAT, KEA6);
    assert_eq!(who(&six, "2001:db8::5", begin).as_deref(), Some("six//5"), "the hardware address goes before the DUID");
    assert_eq!(who(&six, "2001:db8:5:99::1", begin).as_deref(), Some("//6"));
}

#[test]
fn isc_is_read() {
    let page = page(&isc::FORMAT, ISC.as_bytes());
    assert_eq!((page.bad, page.whole), (0, ISC.len()));
    let book = book(&isc::FORMAT, ISC);
    assert_eq!(who(&book, "10.0.0.5", 1800).as_deref(), Some("lab \"pc\" 07//5"));
    assert_eq!(who(&book, "10.0.0.5", 1801), None, "given back");
    assert_eq!(who(&book, "10.0.0.6", 1 << 30).as_deref(), Some("static//6"));
    assert_eq!(who(&book, "10.0.0.6", -10), None);
    assert_eq!(who(&book, "10.0.0.7", 60), None);
    assert_eq!(who(&book, "2001:db8::5", 3600).as_deref(), Some("//5"));
    assert_eq!(who(&book, "2001:db8::6", 60), None);
}

#[test]
fn radius_is_read() {
    let page = page(&radius::FORMAT, RADIUS.as_bytes());
    assert_eq!(page.bad, 0);
    let last = RADIUS.find("Tue Nov 24 19:20").unwrap();
    assert_eq!(page.whole, last, "what has no end yet waits");
    let book = book(&radius::FORMAT, &(RADIUS.to_owned() + "\n"));
    for after in [0, 1800, 3600] {
        assert_eq!(who(&book, "10.0.0.5", after).as_deref(), Some("/alice/5"), "{after}");
    }
    assert_eq!(who(&book, "10.0.0.5", 3601), None);
    assert_eq!(who(&book, "10.0.0.5", 4800).as_deref(), Some("/bob/b"));
    assert_eq!(who(&book, "10.0.0.5", 4800 + 8 * 86_400), None, "an end that was never heard");
    assert_eq!(who(&book, "2001:db8:5::77", 60).as_deref(), Some("/alice/5"));
    assert_eq!(who(&book, "2001:db8::9", 4300).as_deref(), Some("//9"), "a device that has its address for a name");
}

#[test]
fn what_is_cut_off_waits_for_the_rest() {
    let all = [(&isc::FORMAT, ISC), (&kea::FORMAT, KEA4), (&kea::FORMAT, KEA6), (&radius::FORMAT, RADIUS)];
    for (format, text) in all {
        let whole = page(format, text.as_bytes());
        for end in 0..text.len() {
            let first = page(format, &text.as_bytes()[..end]);
            assert!(first.whole <= end);
            let second = page(format, &text.as_bytes()[first.whole..]);
            let both: Vec<_> = first.leases.iter().chain(&second.leases).cloned().collect();
            // What is behind the whole part of the first is read twice at the most, and says the same.
            assert!(whole.leases.iter().all(|lease| both.contains(lease)), "{} cut at {end}", format.name);
            assert!(both.iter().all(|lease| whole.leases.contains(lease)), "{} cut at {end}", format.name);
        }
    }
}

#[test]
fn no_bytes_break_a_format() {
    let texts = [DNSMASQ, ODHCPD, KEA4, KEA6, ISC, RADIUS];
    for format in FORMATS {
        for text in texts {
            for at in 0..text.len() {
                let page = page(format, &text.as_bytes()[..at]);
                assert!(page.whole <= at);
                for byte in [0, b'\n', b'"', b'{', b'}', b' ', b',', b'9', 0xff] {
                    let mut broken = text.as_bytes().to_vec();
                    broken[at] = byte;
                    // One position in eight: each is read by every format.
                    if at % 8 == usize::from(byte) % 8 {
                        (format.read)(&broken, &mut Page::default());
                    }
                }
            }
        }
    }
}

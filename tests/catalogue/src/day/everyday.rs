//! What everybody does on this day: names are asked for, pages read, and some of it sounds like mining.

use anyhow::Result;

use super::link::Link;
use super::people::Host;
use super::{BEGIN_US, server};
use crate::random::Random;
use crate::wire;

/// Sites people visit, some of which have to do with coins.
const SITES: [&str; 16] = [
    "www.example.edu",
    "mail.example.edu",
    "cdn.jsdelivr.net",
    "www.wikipedia.org",
    "github.com",
    "www.bilibili.com",
    "www.zhihu.com",
    "archive.ubuntu.com",
    "time.cloudflare.com",
    "login.microsoftonline.com",
    "www.coinbase.com",
    "etherscan.io",
    "arxiv.org",
    "pypi.org",
    "www.baidu.com",
    "minecraft.net",
];

/// What a wallet in a browser asks a node, what a chat says of mining, what an instrument tells.
const NEAR: [(u16, &str, &str); 3] = [
    (
        8080,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_blockNumber\",\"params\":[]}\n",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x10d4f\"}\n",
    ),
    (6667, "PRIVMSG #lab :who runs mining.subscribe against our pool?\r\n", ":irc.example.edu 301 lab :not me\r\n"),
    (9000, "{\"method\":\"submit\",\"sensor\":4,\"value\":21.5}\n", "{\"status\":\"OK\"}\n"),
];

/// Connections of each host on this day.
const VISITS: usize = 40;

/// Everybody's day; miners live too.
pub(super) fn live(hosts: &[Host], random: &mut Random, link: &mut Link) -> Result<()> {
    for host in hosts {
        for visit in 0..VISITS {
            // From eight in the morning to ten at night.
            let at_us =
                BEGIN_US + (8 * 3600 + random.below(14 * 3600) as i64) * 1_000_000 + random.below(999_999) as i64;
            let port = 50_000 + visit as u16;
            match NEAR.get(visit) {
                Some((to, asked, told)) => {
                    let mut connection = link.connect(at_us, *host, port, server(80, *to))?;
                    link.say(&mut connection, at_us + 5_000, true, asked.as_bytes())?;
                    link.say(&mut connection, at_us + 25_000, false, told.as_bytes())?;
                    link.close(&connection, at_us + 2_000_000)?;
                }
                None => visit_site(*host, (at_us, port), SITES[random.below(SITES.len())], random, link)?,
            }
        }
    }
    Ok(())
}

/// A name is asked for, then a TLS session: hello, what looks like its answer, records of either side.
fn visit_site(host: Host, (at_us, port): (i64, u16), site: &str, random: &mut Random, link: &mut Link) -> Result<()> {
    let server_ip = server(100 + (site.len() as u8), 443);
    let asked = wire::question(site, "A")?;
    link.exchange(at_us, host, port, server(53, 53), (&asked, &wire::answer(&asked, *server_ip.ip())))?;
    let mut now = at_us + 30_000;
    let mut connection = link.connect(now, host, port, server_ip)?;
    now += 5_000;
    link.say(&mut connection, now, true, &wire::hello(Some(site)))?;
    for (count, is_host, kind) in [(1_200, false, 22), (64, true, 20), (300, true, 23), (9_000, false, 23)] {
        now += 20_000;
        let body = random.octets(count);
        link.say(&mut connection, now, is_host, &[&[kind, 3, 3][..], &wire::framed(&body)].concat())?;
    }
    link.close(&connection, now + 1_000_000 + random.below(20_000_000) as i64)
}

//! An incident taken up again after a restart, from the last line of the journal that told of it.

use alloc::string::String;

use super::Incident;
use super::hold::Bucket;
use super::open::{Open, RECORDS, SITES, Told};
use super::power;
use super::rate::Shares;
use super::reasons::Signs;
use super::rigs::Fleet;
use super::seen::{self, Host};
use super::span::{Days, Session, Sum};
use crate::finding::{Said, Word};

impl Open {
    /// One that was told of before a restart.
    pub(super) fn restore(told: Incident) -> Self {
        let (said, signs) = (said(&told), signs(&told));
        let has_mined = told.total.active_s > 0;
        let mut shares = Shares::default();
        shares.add(told.total.measured, told.total.hashes);
        let whole = Sum::from_told(told.attempts, told.total);
        let days = told.days.into_iter().map(|day| (day.date, day.attempts, day.tally));
        let rate = told.hashrate.map(|rate| rate.value).filter(|rate| *rate > 0.0);
        let connected_s =
            rate.map_or(told.total.active_s as f64, |rate| told.total.hashes * power::taken(&told.total) / rate);
        let session = if has_mined { Session::ended(told.last_us) } else { Session::default() };
        Self {
            host: told.mac.as_deref().and_then(read_mac).map_or(Host::Ip(told.ip), Host::Mac),
            wallet: told.wallet,
            sites: told.endpoints.iter().filter_map(|place| place_site(place)).take(SITES).collect(),
            addresses: told
                .endpoints
                .iter()
                .filter_map(|place| Some(place.parse::<core::net::SocketAddr>().ok()?.ip()))
                .collect(),
            id: told.id,
            first_us: told.first_us,
            last_us: told.last_us,
            ip: told.ip,
            vlan: told.vlan,
            interface: told.interface,
            who: told.who,
            nat: told.nat,
            endpoints: told.endpoints,
            said,
            dialects: told.dialects,
            agents: told.agents,
            fleet: Fleet::restore(told.rigs, told.last_us),
            blocked: told.blocked,
            suppressed: told.suppressed,
            sessions: told.sessions,
            session,
            connected: Session::default(),
            connected_us: (connected_s * 1e6) as i64,
            shares,
            days: Days::restore(whole, days),
            records: told.records.into_iter().take(RECORDS).map(|id| (2, id)).collect(),
            signs,
            returned_after: told.returned_after,
            told: Told { pool: told.pool, declared: told.declared },
            bucket: Bucket::new(0),
            seen_ms: None,
            told_ms: 0,
            is_changed: false,
            is_news: false,
        }
    }
}

/// The words that were told, as they were said.
fn said(told: &Incident) -> Said {
    let mut said = Said::default();
    for (word, text) in [
        (Word::Coin, &told.coin),
        (Word::CoinConfidence, &told.coin_confidence),
        (Word::Algorithm, &told.algorithm),
        (Word::Hardware, &told.hardware),
        (Word::Agent, &told.agents.last().cloned()),
    ] {
        said.put(word, text.as_deref().unwrap_or_default());
    }
    said
}

/// What the reasons that were told rest on.
fn signs(told: &Incident) -> Signs {
    let has_mined = told.total.active_s > 0;
    let holds = |rule: &str| told.reasons.iter().any(|reason| reason.rule == rule);
    Signs {
        has_spoken: has_mined || told.wallet.is_some(),
        has_mined,
        has_email: holds("e-mail"),
        own_proxy: holds("own-proxy"),
        is_market: holds("market"),
        has_donated: holds("donation"),
        was_visited: holds("pool-page"),
        was_recruited: holds("referral"),
        exemption: told.exemption.clone(),
        // At which hours it mined is not told: it must not seem to have mined at night only.
        hours: if has_mined && !holds("night") { 1 << 12 } else { 0 },
        ..Signs::default()
    }
}

fn read_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split('-');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

/// The site of `xmr.example.org:3333`.
fn place_site(place: &str) -> Option<String> {
    if place.parse::<core::net::SocketAddr>().is_ok() {
        return None;
    }
    seen::site(place.rsplit_once(':').map_or(place, |(name, _)| name))
}

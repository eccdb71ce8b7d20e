//! What speaks for wilful mining, for an infection, for approved research: one table of rules (PROTOCOLS.md section 6),
//! each with its weight. Signals, not proof: they are shown as they are, and people decide.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Exempted, Reason, Side};

/// What the rules look at.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// Hosts for which the same wallet was named.
    pub(super) hosts: usize,
    /// Whether its wallet or account is one: a slip of the pen, or `x`, is many people's.
    pub(super) is_holder: bool,
    /// Whether the host mined, or tried to in its own words.
    pub(super) has_spoken: bool,
    /// Whether it mined.
    pub(super) has_mined: bool,
    pub(super) agent: Option<String>,
    pub(super) hardware: Option<String>,
    pub(super) coin: Option<String>,
    pub(super) holder: Option<String>,
    /// Whether an e-mail address stood in the login; which one is not said again.
    pub(super) has_email: bool,
    pub(super) workers: Vec<String>,
    /// What the host is called by others: such a name of a worker tells nothing.
    pub(super) hostname: Option<String>,
    pub(super) rigs: u32,
    /// Whether the pool has no name.
    pub(super) is_raw: bool,
    /// A port of the pool that is everyday traffic's, spoken on in plain.
    pub(super) odd_port: Option<u16>,
    /// The pool, where its answers are those of somebody's own proxy.
    pub(super) own_proxy: bool,
    /// Whether the pool or the software is a market for hashes.
    pub(super) is_market: bool,
    /// The entry on a list of malware's names that was asked for.
    pub(super) malware: Option<String>,
    /// The page in which a miner ran, or its host's name.
    pub(super) page: Option<String>,
    /// Whether the login was the hash of a donation.
    pub(super) has_donated: bool,
    /// Whether the pool's page for people was visited.
    pub(super) was_visited: bool,
    /// Whether a code of who recruited the miner was given.
    pub(super) was_recruited: bool,
    /// Days on which it mined, and in which hours of the day, one bit each, as local time goes.
    pub(super) days: usize,
    pub(super) hours: u32,
    pub(super) exemption: Option<Exempted>,
}

/// One rule.
pub struct Rule {
    /// Its name: `same-wallet`.
    pub id: &'static str,
    /// What it speaks for.
    pub side: Side,
    /// How much, 1 to 100.
    pub weight: u8,
    /// When it holds, for the documentation.
    pub when: &'static str,
    /// Why, as one clause, where it holds.
    clause: fn(&Signs) -> Option<String>,
}

/// From so many hosts on one wallet is telling.
const MANY_HOSTS: usize = 3;

/// Ports of web, mail and names: whoever mines there hides.
const EVERYDAY: &[u16] = &[21, 25, 53, 80, 110, 143, 443, 587, 853, 993, 8080, 8443];

/// Coins that processors mine: what malware mines, nearly always.
const OF_MALWARE: &str = "XMR";

/// Names of workers that software gives by itself.
const GIVEN: &[&str] = &["x", "default", "worker", "worker1", "rig", "rig1", "eth1.0", "null", "none", "test", "pc"];

#[rustfmt::skip] // a row a line
/// The table, the strongest first within each side.
pub static RULES: &[Rule] = &[
    Rule { id: "register", side: Side::Approved, weight: 100, when: "an entry of the register let it pass", clause: register },
    Rule { id: "same-wallet", side: Side::Infected, weight: 40, when: "three hosts or more name the same wallet or account", clause: |s| (s.is_holder && s.hosts >= MANY_HOSTS).then(|| format!("{} hosts here mine for the same wallet", s.hosts)) },
    Rule { id: "malware-list", side: Side::Infected, weight: 40, when: "a name or address that malware uses was asked for", clause: |s| s.malware.as_ref().map(|entry| format!("{entry} stands on a list of what malware mines with")) },
    Rule { id: "web-page", side: Side::Infected, weight: 30, when: "a miner in a web page", clause: |s| s.page.as_ref().map(|page| format!("the miner ran in a web page ({page}), whose visitor need not know")) },
    Rule { id: "own-proxy", side: Side::Infected, weight: 15, when: "the answers are those of somebody's own proxy", clause: |s| s.own_proxy.then(|| "the pool answers like a proxy somebody runs for himself".to_string()) },
    Rule { id: "raw-address", side: Side::Infected, weight: 10, when: "the pool was reached by an address that no name led to", clause: |s| (s.is_raw && s.has_spoken).then(|| "the pool was reached by its address, without a name".to_string()) },
    Rule { id: "everyday-port", side: Side::Infected, weight: 10, when: "mining in plain on a port of web, mail or DNS", clause: |s| s.odd_port.map(|port| format!("it mines on port {port}, which belongs to everyday traffic")) },
    Rule { id: "processor-coin", side: Side::Infected, weight: 10, when: "Monero on processors, or its software", clause: |s| (s.coin.as_deref() == Some(OF_MALWARE) && s.hardware.as_deref().unwrap_or("cpu") == "cpu" && s.has_spoken).then(|| format!("{OF_MALWARE} on processors is what most malware mines")) },
    Rule { id: "nameless", side: Side::Infected, weight: 5, when: "logins without a name of a rig", clause: |s| (s.has_spoken && named(s).next().is_none() && !s.has_email).then(|| "no rig has a name of its own".to_string()) },
    Rule { id: "donation", side: Side::Infected, weight: 5, when: "the login is the hash a miner sends with its donation", clause: |s| s.has_donated.then(|| "the software donates as it came: nobody set it up with care".to_string()) },
    Rule { id: "mining-machine", side: Side::Wilful, weight: 40, when: "the software is that of machines made for mining", clause: |s| hardware(s, "asic").map(|agent| format!("{agent} runs on machines made for mining")) },
    Rule { id: "graphics-card", side: Side::Wilful, weight: 25, when: "the software mines with graphics cards", clause: |s| hardware(s, "gpu").map(|agent| format!("{agent} mines with graphics cards")) },
    Rule { id: "e-mail", side: Side::Wilful, weight: 25, when: "an e-mail address in the login", clause: |s| s.has_email.then(|| "an e-mail address stands in the login".to_string()) },
    Rule { id: "market", side: Side::Wilful, weight: 20, when: "a market for hashes is the pool", clause: |s| s.is_market.then(|| "the hashes are sold on a market".to_string()) },
    Rule { id: "account", side: Side::Wilful, weight: 15, when: "the login is an account at a pool", clause: |s| (s.holder.as_deref() == Some("account") && s.is_holder).then(|| "the login is an account that somebody opened at the pool".to_string()) },
    Rule { id: "worker-name", side: Side::Wilful, weight: 15, when: "rigs with names that software does not give by itself", clause: |s| named(s).next().map(|first| match named(s).count() { 1 => format!("the rig has a name: {first}"), many => format!("{many} rigs have names, such as {first}") }) },
    Rule { id: "pool-page", side: Side::Wilful, weight: 15, when: "the pool's web page was visited", clause: |s| s.was_visited.then(|| "the pool's web page was visited from here".to_string()) },
    Rule { id: "several-rigs", side: Side::Wilful, weight: 10, when: "two rigs or more at one host", clause: |s| (s.rigs > 1).then(|| format!("{} rigs mine at one host", s.rigs)) },
    Rule { id: "graphics-coin", side: Side::Wilful, weight: 10, when: "a coin that processors do not mine, and no software named", clause: |s| (s.hardware.is_none() && s.has_spoken).then(|| s.coin.as_deref().and_then(needs_hardware)).flatten() },
    Rule { id: "referral", side: Side::Wilful, weight: 10, when: "a code of who recruited the miner", clause: |s| s.was_recruited.then(|| "the login names who recruited the miner".to_string()) },
    Rule { id: "night", side: Side::Wilful, weight: 10, when: "three days or more, from 20 to 8 h only", clause: |s| (s.days >= 3 && s.hours != 0 && s.hours & DAYTIME == 0).then(|| format!("on {} days it mined at night only", s.days)) },
    Rule { id: "one-wallet", side: Side::Wilful, weight: 5, when: "it mined, and no other host names its wallet", clause: |s| (s.is_holder && s.has_mined && s.hosts == 1).then(|| "no other host here names its wallet".to_string()) },
];

/// The hours from 8 to 20, as bits.
const DAYTIME: u32 = 0x000f_ff00;

/// The rules that hold.
pub(super) fn reasons(signs: &Signs) -> Vec<Reason> {
    let reason = |rule: &Rule| {
        let text = (rule.clause)(signs)?;
        Some(Reason { side: rule.side, weight: rule.weight, text, rule: rule.id.to_string() })
    };
    RULES.iter().filter_map(reason).collect()
}

/// Whether a port is everyday traffic's.
pub(super) fn is_everyday(port: u16) -> bool {
    EVERYDAY.contains(&port)
}

fn register(signs: &Signs) -> Option<String> {
    let Exempted { owner, reason, expires } = signs.exemption.as_ref()?;
    let until = expires.as_ref().map(|day| format!(", until {day}")).unwrap_or_default();
    Some(format!("the register of approved research holds it: {owner}, {reason}{until}"))
}

fn hardware(signs: &Signs, kind: &str) -> Option<String> {
    (signs.hardware.as_deref() == Some(kind)).then(|| signs.agent.clone().unwrap_or_else(|| "its software".into()))
}

fn needs_hardware(coin: &str) -> Option<String> {
    let row = super::power::row(None, Some(coin), None).filter(|row| row.hardware != "cpu")?;
    let with = if row.hardware == "asic" { "machines made for it" } else { "graphics cards" };
    Some(format!("{coin} is mined with {with}"))
}

/// Names that somebody gave.
fn named(signs: &Signs) -> impl Iterator<Item = &String> {
    let is_given = |worker: &str| {
        let worker = worker.to_ascii_lowercase();
        let is_host = signs.hostname.as_ref().is_some_and(|name| name.to_ascii_lowercase() == worker);
        is_host || GIVEN.contains(&&*worker) || worker.bytes().all(|byte| byte.is_ascii_digit()) || is_random(&worker)
    };
    signs.workers.iter().filter(move |worker| !is_given(worker))
}

/// Long runs of hexadecimal digits are drawn by lot.
fn is_random(worker: &str) -> bool {
    worker.len() >= 8 && worker.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(signs: &Signs) -> Vec<&'static str> {
        let held = reasons(signs);
        RULES.iter().map(|rule| rule.id).filter(|id| held.iter().any(|reason| reason.rule == *id)).collect()
    }

    fn text(signs: &Signs, rule: &str) -> String {
        reasons(signs).into_iter().find(|reason| reason.rule == rule).map(|reason| reason.text).unwrap_or_default()
    }

    #[test]
    fn a_botnet_a_student_and_a_study_are_told_apart() {
        let botnet = Signs {
            hosts: 12,
            is_holder: true,
            has_spoken: true,
            has_mined: true,
            agent: Some("XMRig/6.21.0".into()),
            hardware: Some("cpu".into()),
            coin: Some("XMR".into()),
            is_raw: true,
            odd_port: Some(8080),
            own_proxy: true,
            rigs: 1,
            ..Signs::default()
        };
        assert_eq!(
            rules(&botnet),
            ["same-wallet", "own-proxy", "raw-address", "everyday-port", "processor-coin", "nameless"]
        );
        assert_eq!(text(&botnet, "same-wallet"), "12 hosts here mine for the same wallet");
        let student = Signs {
            hosts: 1,
            is_holder: true,
            has_spoken: true,
            has_mined: true,
            agent: Some("T-Rex/0.26.8".into()),
            hardware: Some("gpu".into()),
            coin: Some("RVN".into()),
            workers: alloc::vec!["bed1".into(), "bed2".into(), "x".into(), "9f3a1b2c44".into()],
            rigs: 2,
            days: 3,
            hours: 0x00c0_000f,
            was_visited: true,
            ..Signs::default()
        };
        let wilful = ["graphics-card", "worker-name", "pool-page", "several-rigs", "night", "one-wallet"];
        assert_eq!(rules(&student), wilful);
        assert_eq!(text(&student, "worker-name"), "2 rigs have names, such as bed1");
        let exemption =
            Exempted { owner: "Prof. Lin".into(), reason: "study".into(), expires: Some("2027-06-30".into()) };
        let study = Signs { exemption: Some(exemption), ..Signs::default() };
        assert_eq!(rules(&study), ["register"]);
        assert!(text(&study, "register").ends_with("Prof. Lin, study, until 2027-06-30"));
        assert!(rules(&Signs::default()).is_empty());
    }

    #[test]
    fn a_placeholder_shared_by_many_is_no_botnet() {
        let shared = Signs { hosts: 40, is_holder: false, has_spoken: true, ..Signs::default() };
        assert!(!rules(&shared).contains(&"same-wallet"));
    }
}

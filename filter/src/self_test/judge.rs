//! What follows from what was seen.

use super::client::{Ended, Told};
use super::gateway::Tried;
use crate::doctor::{Outcome, Row};

/// Records that a whole test leads to: the question, the login.
pub(super) const RECORDS: u64 = 2;

const DOCTOR: &str = "minewall doctor says what stands in the way (rules, offload, marks, bridge)";

/// All that was seen on the gateway.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) tried: Tried,
    /// What reached the far end.
    pub(super) test_name_reached: bool,
    pub(super) harmless_name_reached: bool,
    pub(super) login_reached: bool,
    /// Records of a test that the daemon wrote.
    pub(super) records: u64,
    /// Its mode.
    pub(super) mode: String,
}

fn row(id: &'static str, what: &'static str, outcome: Outcome) -> Row {
    Row { id, what, outcome }
}

/// Of the test on the gateway.
pub(super) fn at_gateway(seen: &Seen) -> Vec<Row> {
    let page = row("harmless", "a harmless connection passes", harmless(seen.tried.page));
    let passes = seen.tried.page == Ended::Answered;
    let asks = seen.harmless_name_reached;
    if !passes && !seen.login_reached && !asks {
        // Nothing at all came through: what was not there cannot have been cut.
        return vec![page];
    }
    let is_cut = seen.mode == "block";
    let dns = row("dns", "the question for test.minewall.invalid is refused", dns(seen, is_cut));
    let login = row("login", "the login of the test is cut", login(seen, is_cut));
    vec![page, dns, login, row("records", "both are written down, as tests", records(seen, is_cut))]
}

fn harmless(page: Ended) -> Outcome {
    const FIREWALL: &str = "the gateway's own firewall stops the test: let it pass meanwhile (nft insert rule inet fw4 forward \
                            iifname \"mwtest-*\" accept; iptables -I FORWARD -i mwtest-+ -j ACCEPT, and -o for the way back), or \
                            test from a machine inside: minewall self-test --to ADDRESS:PORT";
    match page {
        Ended::Answered => Outcome::ok("a page came"),
        Ended::Unreachable(kind) => {
            Outcome::warn(format!("no connection was made ({kind}): nothing could be proven"), FIREWALL)
        }
        other => Outcome::warn(
            format!("a connection was made, and no page came ({other:?}): nothing could be proven"),
            FIREWALL,
        ),
    }
}

fn dns(seen: &Seen, is_cut: bool) -> Outcome {
    let (told, reached) = (seen.tried.test_name, seen.test_name_reached);
    let how = match told {
        Told::Refused => "it was answered with \"Blocked\"",
        Told::NoSuchName => "it was answered with NXDOMAIN",
        Told::Answered => "it was answered",
        Told::Silent => "it was not answered",
        Told::Unreachable(_) => "it was rejected",
    };
    match (is_cut, reached) {
        (true, false) if told == Told::Refused => Outcome::ok(format!("{how}, and did not reach the name server")),
        (_, false) if seen.tried.harmless_name != Told::Silent && !seen.harmless_name_reached => Outcome::warn(
            "DNS questions are redirected by this gateway to a name server of its own: this one did not pass the test's",
            "ask there from a machine inside: minewall self-test --to ADDRESS:PORT --dns GATEWAY",
        ),
        (_, false) if !seen.harmless_name_reached => Outcome::warn(
            "no DNS question came through, harmless or not: nothing could be proven",
            "the gateway's own firewall stops them; from a machine inside: minewall self-test --to ADDRESS:PORT --dns SERVER",
        ),
        (true, false) => Outcome::ok(format!("{how}, and did not reach the name server")),
        (true, true) if seen.records >= RECORDS => Outcome::fail(
            "it reached the name server: minewall wrote it down and did not refuse it",
            "category.pool in the configuration, or an exemption for these addresses",
        ),
        (true, true) => Outcome::fail("it reached the name server: minewall did not refuse it", DOCTOR),
        (false, true) => Outcome::ok(format!("{how}, as minewall only observes")),
        (false, false) => Outcome::fail("it was refused, though minewall only observes", "another filter refuses it"),
    }
}

fn login(seen: &Seen, is_cut: bool) -> Outcome {
    let (ended, reached) = (seen.tried.login, seen.login_reached);
    let how = match ended {
        Ended::Reset => "the connection was reset",
        Ended::Closed => "the connection was closed",
        Ended::Answered => "it was answered",
        Ended::Silent => "nothing came back",
        Ended::Unreachable(_) => "no connection was made",
    };
    match (is_cut, reached) {
        (_, false) if matches!(ended, Ended::Unreachable(_)) => Outcome::warn(
            format!("{how} to port 3333: nothing could be proven"),
            "the gateway's own firewall stops it; from a machine inside: minewall self-test --to ADDRESS:PORT",
        ),
        (true, false) => Outcome::ok(format!("{how}, and it did not reach the pool")),
        (true, true) if seen.records >= RECORDS => Outcome::fail(
            "it reached the pool: minewall wrote it down and did not cut it",
            "an exemption for these addresses, or flow offload: minewall doctor --check offload",
        ),
        (true, true) => Outcome::fail("it reached the pool: minewall did not see it", DOCTOR),
        (false, true) => Outcome::ok("it reached the pool, as minewall only observes"),
        (false, false) => Outcome::fail(format!("{how}, though minewall only observes"), "another filter cuts it"),
    }
}

fn records(seen: &Seen, is_cut: bool) -> Outcome {
    match seen.records {
        RECORDS.. => Outcome::ok(format!("{} records, marked minewall.test; no incident comes of them", seen.records)),
        one => {
            let seen = format!("{one} of {RECORDS}: minewall did not see {}", if one == 0 { "either" } else { "both" });
            if is_cut && one > 0 { Outcome::warn(seen, DOCTOR) } else { Outcome::fail(seen, DOCTOR) }
        }
    }
}

/// Of the test from a machine inside.
pub(super) fn from_inside(login: Ended, dns: Option<Told>) -> Vec<Row> {
    const NOT: &str = "mode = \"observe\" lets it pass and writes it down (minewall.test in the record); else on the gateway: \
                       minewall doctor";
    let login = match login {
        Ended::Reset => Outcome::ok("the connection was reset behind the login"),
        Ended::Answered => Outcome::fail("the far end answered: the login was not cut", NOT),
        Ended::Closed => Outcome::fail("the far end closed the connection: the login was not cut", NOT),
        Ended::Silent => Outcome::warn(
            "nothing came back: the login was dropped (tcp.action = \"drop\"), or the far end says nothing",
            "name an address that answers what it does not understand, such as a web server; look for the record",
        ),
        Ended::Unreachable(kind) => Outcome::warn(
            format!("no connection was made ({kind}): nothing could be proven"),
            "name an address that takes connections beyond the gateway, such as a web server: --to 192.0.2.80:80",
        ),
    };
    let dns = dns.map(|told| match told {
        Told::Refused => Outcome::ok("it was answered with \"Blocked\""),
        Told::NoSuchName => Outcome::warn(
            "it was answered with NXDOMAIN, which any name server says of this name: nothing could be proven",
            "look for the record; a resolver between that drops extended errors (RFC 8914) looks the same",
        ),
        Told::Answered => Outcome::warn(
            "it was answered with an address or an error: by dns.action = \"sinkhole\", or by a name server that makes answers up",
            "look for the record",
        ),
        Told::Silent => Outcome::warn("it was not answered: dns.action = \"drop\", or nobody is there", "look for the record"),
        Told::Unreachable(kind) => Outcome::warn(format!("nobody can be asked there ({kind})"), "--dns ADDRESS"),
    });
    let mut rows = vec![row("login", "the login of the test is cut", login)];
    rows.extend(dns.map(|dns| row("dns", "the question for test.minewall.invalid is refused", dns)));
    rows
}

//! What well-known clients write first, by client. Key order and spacing as in `PROTOCOLS.md` 1.2, 1.3, 1.6, 1.11.

use crate::dialect::Dialect;

/// A client's way to log in. In the texts `<W>` stands for the wallet and `<r>` for the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// What it speaks.
    pub dialect: Dialect,
    /// Whose way it is; unique in [`LOGINS`].
    pub client: &'static str,
    /// End of line.
    pub end: &'static str,
    texts: &'static [&'static str],
    share: &'static str,
}

/// The worker's name in every login that carries one.
pub const WORKER: &str = "lab01";

impl Login {
    /// The lines of the login with the dialect's own [`Dialect::wallet`], without their ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.texts.iter().map(|text| self.fill(text)).collect()
    }

    /// A share as this client would write it. Made up: no hash was computed, none would fit.
    #[must_use]
    pub fn share(&self) -> String {
        self.fill(self.share)
    }

    fn fill(&self, text: &str) -> String {
        text.replace("<W>", self.dialect.wallet()).replace("<r>", WORKER)
    }
}

/// The login of a client.
#[must_use]
pub fn login_of(client: &str) -> Option<&'static Login> {
    LOGINS.iter().find(|login| login.client == client)
}

/// The logins of a dialect.
pub fn logins_of(dialect: Dialect) -> impl Iterator<Item = &'static Login> {
    LOGINS.iter().filter(move |login| login.dialect == dialect)
}

const fn row(
    dialect: Dialect,
    client: &'static str,
    end: &'static str,
    texts: &'static [&'static str],
    share: &'static str,
) -> Login {
    Login { dialect, client, end, texts, share }
}

/// Every login the client knows.
#[rustfmt::skip]
pub static LOGINS: &[Login] = &[
    // Stratum v1.
    row(Dialect::Stratum, "cgminer", "\n", &[
        r#"{"id": 0, "method": "mining.subscribe", "params": ["cgminer/4.11.1"]}"#,
        r#"{"id": 1, "method": "mining.authorize", "params": ["<W>.<r>", "x"]}"#,
    ], CGMINER_SHARE),
    row(Dialect::Stratum, "antminer", "\n", &[
        r#"{"id": 1,"method": "mining.configure","params": [["version-rolling"],{"version-rolling.min-bit-count": 2, "version-rolling.mask": "1fffe000"}]}"#,
        r#"{"id": 2,"method": "mining.subscribe", "params": ["Antminer S19/Fri Aug 12 15:40:00 CST 2022"]}"#,
        r#"{"id": 3, "method": "mining.authorize", "params": ["<W>.<r>", "123"]}"#,
    ], CGMINER_SHARE),
    row(Dialect::Stratum, "cpuminer", "\n", &[
        r#"{"id": 1, "method": "mining.subscribe", "params": ["cpuminer/2.5.1"]}"#,
        r#"{"id": 2, "method": "mining.authorize", "params": ["<W>.<r>", "x"]}"#,
    ], CPUMINER_SHARE),
    row(Dialect::Stratum, "ccminer", "\n", &[
        r#"{"id": 1, "method": "mining.subscribe", "params": ["ccminer/2.3.1"]}"#,
        r#"{"id": 2, "method": "mining.authorize", "params": ["<W>.<r>", "d=128"]}"#,
        r#"{"id": 3, "method": "mining.extranonce.subscribe", "params": []}"#,
    ], CPUMINER_SHARE),
    row(Dialect::Stratum, "esp-miner", "\n", &[
        r#"{"id": 1, "method": "mining.subscribe", "params": ["bitaxe/BM1366/v2.4.0"]}"#,
        r#"{"id": 2, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}"#,
        r#"{"id": 3, "method": "mining.authorize", "params": ["<W>.<r>", "x"]}"#,
        r#"{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}"#,
    ], CGMINER_SHARE),
    row(Dialect::Stratum, "python-script", "\r\n", &[
        r#"{"params": [], "method": "mining.subscribe", "id": 1}"#,
        r#"{"params": ["<W>.<r>", "password"], "method": "mining.authorize", "id": 2}"#,
    ], CPUMINER_SHARE),
    row(Dialect::Stratum, "btccom-agent", "\n", &[
        r#"{"id":"caps","method":"agent.get_capabilities","params":["verrol","subres"]}"#,
        r#"{"id":"conf","method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":0}]}"#,
        r#"{"id":"sub","method":"mining.subscribe","params":["btccom-agent/2.0.0-mu"]}"#,
        r#"{"id":"auth","method":"mining.authorize","params":["<W>.<r>",""]}"#,
    ], CPUMINER_SHARE),
    // CryptoNote login.
    row(Dialect::CryptoNote, "xmrig", "\n", &[
        r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"<W>","pass":"x","agent":"XMRig/6.26.0 (Linux x86_64) libuv/1.48.0 gcc/13.3.0","rigid":"<r>","algo":["cn/1","cn/2","cn/r","cn/fast","cn/half","cn/xao","cn/rto","cn/rwz","cn/zls","cn/double","cn/ccx","cn-lite/1","cn-heavy/0","cn-heavy/tube","cn-heavy/xhv","cn-pico","cn-pico/tlo","cn/upx2","rx/0","rx/wow","rx/arq","rx/graft","rx/sfx","rx/yada","argon2/chukwa","argon2/chukwav2","argon2/ninja","ghostrider"]}}"#,
    ], XMRIG_SHARE),
    row(Dialect::CryptoNote, "xmrig-old", "\n", &[
        r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"<W>","pass":"x","agent":"XMRig/2.8.3 (Windows NT 10.0; Win64; x64)"}}"#,
    ], XMRIG_SHARE),
    row(Dialect::CryptoNote, "xmr-stak", "\n", &[
        r#"{"method":"login","params":{"login":"<W>","pass":"x","rigid":"<r>","agent":"xmr-stak/2.10.8/lin/master/cpu/20"},"id":1}"#,
    ], r#"{"method":"submit","params":{"id":"0123456789abcdef","job_id":"1a2b3c4d","nonce":"25b30500","result":"00000000000000000000000000000000000000000000000000000000000000ff","backend":"cpu","hashcount":1024,"hashcount_total":4096,"algo":"cryptonight_r","base_algo":"cryptonight_r","iterations":"0x00080000","scratchpad":"0x00200000","mask":"0x001FFFF0"},"id":1}"#),
    row(Dialect::CryptoNote, "cpuminer-multi", "\n", &[
        r#"{"method": "login", "params": {"login": "<W>", "pass": "x", "agent": "cpuminer-multi/1.3.1"}, "id": 1}"#,
    ], r#"{"method": "submit", "params": {"id": "0123456789abcdef", "job_id": "1a2b3c4d", "nonce": "25b30500", "result": "00000000000000000000000000000000000000000000000000000000000000ff"}, "id":4}"#),
    row(Dialect::CryptoNote, "go-map", "\n", &[
        r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"agent":"dero-stratum-miner","login":"<W>","pass":"<r>"}}"#,
    ], XMRIG_SHARE),
    row(Dialect::CryptoNote, "python-proxy", "\n", &[
        r#"{"params": {"login": "<W>", "pass": "x"}, "method": "login", "id": 1}"#,
    ], r#"{"params": {"id": "0123456789abcdef", "job_id": "1a2b3c4d", "nonce": "25b30500", "result": "00000000000000000000000000000000000000000000000000000000000000ff"}, "method": "submit", "id": 2}"#),
    // ethproxy.
    row(Dialect::EthProxy, "ethminer", "\n", &[
        r#"{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["<W>","x"],"worker":"<r>"}"#,
        r#"{"id":5,"jsonrpc":"2.0","method":"eth_getWork","params":[]}"#,
    ], r#"{"id":40,"jsonrpc":"2.0","method":"eth_submitWork","params":["0x00000000000000ff","0x00000000000000000000000000000000000000000000000000000000000000aa","0x00000000000000000000000000000000000000000000000000000000000000bb"],"worker":"<r>"}"#),
    row(Dialect::EthProxy, "claymore", "\n", &[
        r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["<W>/<r>/root@example.org", "x"], "id": 2, "method": "eth_submitLogin"}"#,
        r#"{"worker": "", "jsonrpc": "2.0", "params": [], "id": 3, "method": "eth_getWork"}"#,
    ], ETH_SHARE),
    row(Dialect::EthProxy, "t-rex", "\n", &[
        r#"{"id":1,"method":"eth_submitLogin","params":["<W>","x"],"worker":"<r>"}"#,
        r#"{"id":2,"method":"eth_getWork","params":[]}"#,
    ], ETH_SHARE),
    row(Dialect::EthProxy, "asic-firmware", "\r\n", &[
        r#"{"id":1,"method":"eth_submitLogin","worker":"eth1.0","params":["<W>","x"],"jsonrpc":"2.0"}"#,
        r#"{"id":2,"method":"eth_getWork","params":[],"jsonrpc":"2.0"}"#,
    ], ETH_SHARE),
    row(Dialect::EthProxy, "address-only", "\n", &[
        r#"{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["<W>"]}"#,
        r#"{"id":2,"jsonrpc":"2.0","method":"eth_getWork"}"#,
    ], ETH_SHARE),
];

const CGMINER_SHARE: &str =
    r#"{"params": ["<W>.<r>", "1", "00000001", "65a1b2c3", "e4f5a6b7"], "id": 42, "method": "mining.submit"}"#;
const CPUMINER_SHARE: &str =
    r#"{"method": "mining.submit", "params": ["<W>.<r>", "1", "00000001", "65a1b2c3", "e4f5a6b7"], "id":4}"#;
const XMRIG_SHARE: &str = r#"{"id":7,"jsonrpc":"2.0","method":"submit","params":{"id":"0123456789abcdef","job_id":"1a2b3c4d","nonce":"25b30500","result":"00000000000000000000000000000000000000000000000000000000000000ff"}}"#;
const ETH_SHARE: &str = r#"{"id":4,"jsonrpc":"2.0","method":"eth_submitWork","params":["0x00000000000000ff","0x00000000000000000000000000000000000000000000000000000000000000aa","0x00000000000000000000000000000000000000000000000000000000000000bb"]}"#;

#[cfg(test)]
mod tests {
    use super::{LOGINS, logins_of};
    use crate::dialect::Dialect;

    #[test]
    fn every_line_is_one_json_object_and_names_the_wallet_once_a_login() {
        for login in LOGINS {
            let lines = login.lines();
            for line in lines.iter().chain([&login.share()]) {
                let value: serde_json::Value = serde_json::from_str(line).expect(line);
                assert!(value.is_object() && !line.contains(['\n', '<']), "{line}");
            }
            let naming = lines.iter().filter(|line| line.contains(login.dialect.wallet())).count();
            assert_eq!(naming, 1, "{}", login.client);
        }
    }

    #[test]
    fn every_dialect_has_several_clients_and_names_are_unique() {
        for dialect in Dialect::ALL {
            assert!(logins_of(dialect).count() >= 5, "{dialect}");
        }
        for (index, login) in LOGINS.iter().enumerate() {
            assert!(LOGINS[..index].iter().all(|other| other.client != login.client), "{}", login.client);
        }
    }
}

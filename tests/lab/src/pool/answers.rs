//! What a pool says, in the field shapes of `PROTOCOLS.md` 1.2, 1.3 and 1.6. Jobs are numbers spread over the right
//! count of hex digits; nothing could be mined with them.

use serde_json::Value;

use crate::dialect::Dialect;

/// The answer to one line.
pub(super) struct Answer {
    /// Lines to write back.
    pub(super) lines: Vec<String>,
    /// Whether the client counts as logged in from here on.
    pub(super) logged_in: bool,
}

/// One session's side of the pool.
pub(super) struct Jobs {
    dialect: Dialect,
    session: u64,
    count: u64,
}

impl Jobs {
    pub(super) fn new(dialect: Dialect, session: usize) -> Self {
        Self { dialect, session: session as u64, count: 0 }
    }

    /// A job nobody asked for.
    pub(super) fn push(&mut self) -> Vec<String> {
        self.count += 1;
        match self.dialect {
            Dialect::Stratum => {
                let notify = self.notify();
                if self.count == 1 {
                    let difficulty = r#"{"id":null,"method":"mining.set_difficulty","params":[65536]}"#;
                    vec![difficulty.to_owned(), notify]
                } else {
                    vec![notify]
                }
            }
            Dialect::CryptoNote => {
                vec![format!(r#"{{"jsonrpc":"2.0","method":"job","params":{}}}"#, self.cryptonote_job())]
            }
            Dialect::EthProxy => {
                vec![format!(r#"{{"id":0,"jsonrpc":"2.0","result":{}}}"#, self.ethash_work())]
            }
        }
    }

    /// Answers a line; what is not JSON is met with silence, as by real pools.
    pub(super) fn answer(&mut self, line: &[u8]) -> Answer {
        let Ok(request) = serde_json::from_slice::<Value>(line) else {
            return Answer { lines: Vec::new(), logged_in: false };
        };
        let id = request.get("id").unwrap_or(&Value::Null).to_string();
        let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
        let result = match self.dialect {
            Dialect::Stratum => self.stratum_result(method),
            Dialect::CryptoNote => self.cryptonote_result(method),
            Dialect::EthProxy => self.ethproxy_result(method),
        };
        let line = match (result, self.dialect) {
            (Some(result), Dialect::Stratum) => {
                format!(r#"{{"id":{id},"result":{result},"error":null}}"#)
            }
            (Some(result), Dialect::CryptoNote) => {
                format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{result}}}"#)
            }
            (Some(result), Dialect::EthProxy) => {
                format!(r#"{{"id":{id},"jsonrpc":"2.0","result":{result}}}"#)
            }
            (None, Dialect::Stratum) => {
                format!(r#"{{"id":{id},"result":null,"error":[20,"Not supported.",null]}}"#)
            }
            (None, Dialect::CryptoNote | Dialect::EthProxy) => {
                format!(r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-1,"message":"Invalid method"}}}}"#)
            }
        };
        let logged_in = matches!(method, "mining.authorize" | "login" | "eth_submitLogin");
        Answer { lines: vec![line], logged_in }
    }

    fn stratum_result(&self, method: &str) -> Option<String> {
        Some(match method {
            "mining.subscribe" => {
                let id = self.hex("sid", 8);
                let extranonce = self.hex("xn", 8);
                format!(r#"[[["mining.set_difficulty","{id}"],["mining.notify","{id}"]],"{extranonce}",4]"#)
            }
            "mining.configure" => r#"{"version-rolling":true,"version-rolling.mask":"1fffe000"}"#.to_owned(),
            "agent.get_capabilities" => r#"{"capabilities":["verrol","subres"]}"#.to_owned(),
            "mining.authorize" | "mining.submit" | "mining.extranonce.subscribe" | "mining.suggest_difficulty" => {
                "true".to_owned()
            }
            _ => return None,
        })
    }

    fn cryptonote_result(&mut self, method: &str) -> Option<String> {
        Some(match method {
            "login" => {
                self.count += 1;
                format!(
                    r#"{{"id":"{}","job":{},"extensions":["algo","nicehash","connect","tls","keepalive"],"status":"OK"}}"#,
                    self.hex("rpc", 16),
                    self.cryptonote_job()
                )
            }
            "getjob" => self.cryptonote_job(),
            "submit" => r#"{"status":"OK"}"#.to_owned(),
            "keepalived" => r#"{"status":"KEEPALIVED"}"#.to_owned(),
            _ => return None,
        })
    }

    fn ethproxy_result(&self, method: &str) -> Option<String> {
        match method {
            "eth_getWork" => Some(self.ethash_work()),
            "eth_submitLogin" | "eth_submitWork" | "eth_submitHashrate" => Some("true".to_owned()),
            _ => None,
        }
    }

    /// Nine parameters, about 1.2 kB; the coinbase carries a pool's tag as real ones do.
    fn notify(&self) -> String {
        let tag: String = "/minewall lab/".bytes().map(|byte| format!("{byte:02x}")).collect();
        let branches: Vec<_> = (0..11).map(|n| format!(r#""{}""#, self.hex(&format!("branch{n}"), 64))).collect();
        format!(
            r#"{{"id":null,"method":"mining.notify","params":["{:x}","{}","0100000001{}ffffffff{tag}","ffffffff02{}00000000",[{}],"20000000","1703a30c","65a1b2c3",true]}}"#,
            self.count,
            self.hex("previous", 64),
            "0".repeat(64),
            self.hex("outputs", 96),
            branches.join(","),
        )
    }

    /// A Monero job: version 16 header of 76 bytes, target of 9,000 difficulty.
    fn cryptonote_job(&self) -> String {
        format!(
            r#"{{"blob":"1010{}","job_id":"{}","target":"22480700","algo":"rx/0","height":3435647,"seed_hash":"{}"}}"#,
            self.hex("blob", 148),
            self.hex("job", 8),
            self.hex("seed", 64)
        )
    }

    fn ethash_work(&self) -> String {
        format!(
            r#"["0x{}","0x{}","0x{}"]"#,
            self.hex("header", 64),
            self.hex("seed", 64),
            format_args!("{:0>64}", self.hex("target", 54))
        )
    }

    /// `digits` hex digits that differ by session, job and purpose (SplitMix64 steps).
    fn hex(&self, purpose: &str, digits: usize) -> String {
        let mut state = purpose
            .bytes()
            .fold(self.session << 32 ^ self.count, |state, byte| state.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte));
        let mut text = String::new();
        while text.len() < digits {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            text += &format!("{:016x}", mixed ^ mixed >> 27);
        }
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::Jobs;
    use crate::dialect::Dialect;
    use crate::login::LOGINS;

    #[test]
    fn every_line_of_every_login_is_answered_with_its_own_id() {
        for login in LOGINS {
            let mut jobs = Jobs::new(login.dialect, 3);
            let mut logged_in = false;
            for line in login.lines() {
                let answer = jobs.answer(line.as_bytes());
                logged_in |= answer.logged_in;
                let said: Value = serde_json::from_str(&answer.lines[0]).expect("a JSON answer");
                let asked: Value = serde_json::from_str(&line).expect("a JSON question");
                assert_eq!(said["id"], asked["id"], "{}", login.client);
                assert!(said["error"].is_null(), "{}: {line} -> {said}", login.client);
            }
            assert!(logged_in, "{}", login.client);
        }
    }

    #[test]
    fn jobs_have_the_shape_of_the_field() {
        let push = |dialect| -> Vec<Value> {
            let lines = Jobs::new(dialect, 1).push();
            lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        };
        let stratum = push(Dialect::Stratum);
        assert_eq!(stratum[0]["method"], "mining.set_difficulty");
        assert_eq!(stratum[1]["params"].as_array().map(Vec::len), Some(9));
        assert!((700..2000).contains(&stratum[1].to_string().len()));
        let job = &push(Dialect::CryptoNote)[0]["params"];
        assert_eq!(job["blob"].as_str().map(str::len), Some(152));
        assert!(job["job_id"].is_string() && job["target"].is_string());
        let work = &push(Dialect::EthProxy)[0];
        assert_eq!(work["id"], 0);
        assert!(work["result"].as_array().is_some_and(|all| {
            all.len() == 3 && all.iter().all(|part| part.as_str().is_some_and(|part| part.len() == 66))
        }));
    }

    #[test]
    fn jobs_differ() {
        let mut jobs = Jobs::new(Dialect::EthProxy, 1);
        assert_ne!(jobs.push(), jobs.push());
    }
}

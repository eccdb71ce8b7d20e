//! How rigs and pools talk on this day: four protocols, each as its lines.

use crate::random::Random;
use crate::wallet::hex;

/// A protocol, and what its pool asks of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    /// Stratum v1, Bitcoin: difficulty.
    Bitcoin,
    /// CryptoNote login, Monero: a target of four octets.
    CryptoNote,
    /// Ethproxy, Ethereum Classic: a target of 32 octets.
    EthProxy,
    /// KawPow, Ravencoin: a target of 32 octets.
    KawPow,
}

/// Who logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) wallet: String,
    pub(super) worker: Option<String>,
    pub(super) agent: &'static str,
}

/// A line somebody says, from whom, how much later than the line before.
pub(super) struct Line {
    pub(super) is_host: bool,
    pub(super) after_us: i64,
    pub(super) text: String,
}

fn host(after_us: i64, text: String) -> Line {
    Line { is_host: true, after_us, text: text + "\n" }
}

fn pool(after_us: i64, text: String) -> Line {
    Line { is_host: false, after_us, text: text + "\n" }
}

/// One connection's state on both sides.
pub(super) struct Talk {
    tongue: Tongue,
    login: Login,
    /// The difficulty as it goes over the wire.
    asked: u64,
    jobs: u64,
    requests: u64,
    /// The header of the last job, where shares name it.
    header: String,
}

impl Talk {
    /// One whose shares take about so many hashes.
    pub(super) fn new(tongue: Tongue, login: Login, hashes: f64) -> Self {
        let asked = match tongue {
            Tongue::Bitcoin => (hashes / TWO_32).round(),
            Tongue::CryptoNote => ((TWO_32 - 1.0) / hashes).floor(),
            Tongue::EthProxy | Tongue::KawPow => (TWO_32 * TWO_32 / hashes).floor(),
        };
        Self { tongue, login, asked: asked as u64, jobs: 0, requests: 10, header: String::new() }
    }

    /// Hashes a share takes on average, of what goes over the wire (PROTOCOLS.md section 3.2).
    pub(super) fn hashes(&self) -> f64 {
        let asked = self.asked as f64;
        match self.tongue {
            Tongue::Bitcoin => asked * TWO_32,
            Tongue::CryptoNote => (TWO_32 - 1.0) / asked,
            Tongue::EthProxy | Tongue::KawPow => TWO_32 * TWO_32 / asked,
        }
    }

    /// The login and the first job.
    pub(super) fn open(&mut self, random: &mut Random) -> Vec<Line> {
        let Login { wallet, worker, agent } = self.login.clone();
        let user = worker.as_ref().map_or_else(|| wallet.clone(), |worker| format!("{wallet}.{worker}"));
        match self.tongue {
            Tongue::Bitcoin => vec![
                host(0, format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#)),
                pool(40_000, r#"{"id":1,"result":[[["mining.set_difficulty","a1"],["mining.notify","a1"]],"f0001a2b",4],"error":null}"#.into()),
                host(1_000, format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#)),
                pool(40_000, r#"{"id":2,"result":true,"error":null}"#.into()),
                pool(1_000, format!(r#"{{"id":null,"method":"mining.set_difficulty","params":[{}]}}"#, self.asked)),
                pool(1_000, self.job(random)),
            ],
            Tongue::CryptoNote => {
                let rig = worker.map(|worker| format!(r#","rigid":"{worker}""#)).unwrap_or_default();
                let job = self.job(random);
                let first = job.split_once(r#""params":"#).map(|(_, job)| job.trim_end_matches('}')).unwrap_or_default();
                vec![
                    host(0, format!(r#"{{"id":1,"jsonrpc":"2.0","method":"login","params":{{"login":"{wallet}","pass":"x","agent":"{agent}"{rig},"algo":["rx/0","cn/r"]}}}}"#)),
                    pool(40_000, format!(r#"{{"id":1,"jsonrpc":"2.0","error":null,"result":{{"id":"9c0ffee1-0000-4000-8000-00000000beef","job":{first}}},"status":"OK"}}}}"#)),
                ]
            }
            Tongue::EthProxy => vec![
                host(0, format!(r#"{{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["{wallet}","x"],"worker":"{}"}}"#, worker.unwrap_or_default())),
                pool(40_000, r#"{"id":1,"jsonrpc":"2.0","result":true}"#.into()),
                host(1_000, r#"{"id":5,"jsonrpc":"2.0","method":"eth_getWork","params":[]}"#.into()),
                pool(40_000, self.job(random)),
            ],
            Tongue::KawPow => vec![
                host(0, format!(r#"{{"id":1,"method":"mining.subscribe","params":["{agent}"]}}"#)),
                pool(40_000, r#"{"id":1,"result":[null,"64290b"],"error":null}"#.into()),
                host(1_000, format!(r#"{{"id":2,"method":"mining.authorize","params":["{user}","x"]}}"#)),
                pool(40_000, r#"{"id":2,"result":true,"error":null}"#.into()),
                pool(1_000, format!(r#"{{"id":null,"method":"mining.set_target","params":["{}"]}}"#, self.target())),
                pool(1_000, self.job(random)),
            ],
        }
    }

    /// A job, as the pool pushes it.
    pub(super) fn job(&mut self, random: &mut Random) -> String {
        self.jobs += 1;
        let (id, mut digits) = (self.jobs, |octets| hex(&random.octets(octets)));
        match self.tongue {
            Tongue::Bitcoin => format!(
                r#"{{"id":null,"method":"mining.notify","params":["{id:x}","{}","01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff{}","{}",["{}","{}"],"20000000","1703a30c","65a1b2c3",true]}}"#,
                digits(32),
                digits(24),
                digits(60),
                digits(32),
                digits(32)
            ),
            Tongue::CryptoNote => format!(
                r#"{{"jsonrpc":"2.0","method":"job","params":{{"blob":"1010{}","job_id":"{id:08x}","target":"{}","algo":"rx/0","height":{},"seed_hash":"{}"}}}}"#,
                digits(74),
                hex(&(self.asked as u32).to_le_bytes()),
                3_800_000 + id,
                digits(32)
            ),
            Tongue::EthProxy => {
                let header = format!("{}{id:08x}", digits(28));
                self.header.clone_from(&header);
                format!(
                    r#"{{"id":0,"jsonrpc":"2.0","result":["0x{header}","0x{}","0x{}"]}}"#,
                    digits(32),
                    self.target()
                )
            }
            Tongue::KawPow => format!(
                r#"{{"id":null,"method":"mining.notify","params":["{id:x}","{}","{}","{}",true,{},"1b00a1b2"]}}"#,
                digits(32),
                digits(32),
                self.target(),
                3_400_000 + id
            ),
        }
    }

    /// A share for the last job and what the pool says of it.
    pub(super) fn share(&mut self, random: &mut Random, is_taken: bool) -> [Line; 2] {
        self.requests += 1;
        let (id, job, mut digits) = (self.requests, self.jobs, |octets| hex(&random.octets(octets)));
        let Login { wallet, worker, .. } = &self.login;
        let rig = worker.as_deref().unwrap_or("x");
        let offered = match self.tongue {
            Tongue::Bitcoin => format!(
                r#"{{"params":["{wallet}.{rig}","{job:x}","00000001","65a1b2c3","{}"],"id":{id},"method":"mining.submit"}}"#,
                digits(4)
            ),
            Tongue::CryptoNote => format!(
                r#"{{"id":{id},"jsonrpc":"2.0","method":"submit","params":{{"id":"9c0ffee1-0000-4000-8000-00000000beef","job_id":"{job:08x}","nonce":"{}","result":"{}"}}}}"#,
                digits(4),
                digits(32)
            ),
            Tongue::EthProxy => format!(
                r#"{{"id":{id},"jsonrpc":"2.0","method":"eth_submitWork","params":["0x{}","0x{}","0x{}"],"worker":"{rig}"}}"#,
                digits(8),
                self.header,
                digits(32)
            ),
            Tongue::KawPow => format!(
                r#"{{"id":{id},"method":"mining.submit","params":["{wallet}.{rig}","{job:x}","0x{}","0x{}","0x{}"]}}"#,
                digits(8),
                digits(32),
                digits(32)
            ),
        };
        let told = match (self.tongue, is_taken) {
            (Tongue::CryptoNote, true) => {
                format!(r#"{{"id":{id},"jsonrpc":"2.0","error":null,"result":{{"status":"OK"}}}}"#)
            }
            (Tongue::CryptoNote, false) => {
                format!(r#"{{"id":{id},"jsonrpc":"2.0","error":{{"code":-1,"message":"Low difficulty share"}}}}"#)
            }
            (Tongue::EthProxy, taken) => format!(r#"{{"id":{id},"jsonrpc":"2.0","result":{taken}}}"#),
            (_, true) => format!(r#"{{"id":{id},"result":true,"error":null}}"#),
            (_, false) => format!(r#"{{"id":{id},"result":null,"error":[21,"Job not found",null]}}"#),
        };
        [host(0, offered), pool(50_000, told)]
    }

    /// A target of 32 octets whose first eight say all.
    fn target(&self) -> String {
        format!("{:016x}{}", self.asked, "0".repeat(48))
    }
}

const TWO_32: f64 = 4_294_967_296.0;

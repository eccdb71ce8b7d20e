//! What must be found, and whether it was.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::capture::Capture;
use crate::case::Case;
use crate::conversation::Side;
use crate::text::Filler;

/// What must be found in a conversation, and from whose words it is found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The id of the dialect; `None` where no mining protocol is heard, but a name or address is.
    pub dialect: Option<String>,
    /// Where it is found, as in records.
    #[serde(default = "payload")]
    pub layer: String,
    /// The coin; not compared if nothing is said here.
    pub coin: Option<String>,
    /// The wallet or account; nothing said here must be nothing found.
    pub wallet: Option<String>,
    /// The rig.
    pub worker: Option<String>,
    /// The mining software.
    pub agent: Option<String>,
    /// The name found on a list.
    pub name: Option<String>,
    /// Whose message proves it first: `client` or `server`.
    by: String,
}

fn payload() -> String {
    "payload".into()
}

impl Expect {
    /// Whose message proves it first.
    #[must_use]
    pub fn side(&self) -> Side {
        if self.by == "server" { Side::Server } else { Side::Client }
    }

    pub(crate) fn filled(mut self, filler: &mut Filler) -> Result<Self> {
        ensure!(["client", "server"].contains(&&*self.by), "`by` is client or server");
        for word in [&mut self.wallet, &mut self.worker, &mut self.agent].into_iter().flatten() {
            *word = filler.words(word)?;
        }
        Ok(self)
    }
}

/// The message that tells first, where the records are what the case expects; otherwise, what is wrong.
pub(crate) fn judge(case: &Case, capture: &Capture, records: &[Value]) -> Result<Option<usize>> {
    let Some(expect) = &case.expect else {
        let found = records.first().map(|record| record["event"]["reason"].to_string());
        ensure!(found.is_none(), "a false alarm: {}", found.unwrap_or_default());
        return Ok(None);
    };
    let (Some(first), Some(last)) = (records.first(), records.last()) else { bail!("nothing was found") };
    let word = |path: &str| last.pointer(path).and_then(Value::as_str);
    let compare = |what: &str, path: &str, wanted: Option<&str>| {
        let found = word(path);
        ensure!(found == wanted, "{what} is {}, not {}", found.unwrap_or("-"), wanted.unwrap_or("-"));
        Ok(())
    };
    compare("the layer", "/minewall/layer", Some(&expect.layer))?;
    compare("the dialect", "/minewall/dialect", expect.dialect.as_deref())?;
    compare("the wallet", "/minewall/wallet", expect.wallet.as_deref())?;
    compare("the worker", "/minewall/worker", expect.worker.as_deref())?;
    compare("the agent", "/minewall/agent", expect.agent.as_deref())?;
    if expect.coin.is_some() {
        compare("the coin", "/minewall/coin", expect.coin.as_deref())?;
    }
    if let Some(name) = &expect.name {
        let found = ["/dns/question/name", "/tls/client/server_name", "/destination/domain"].into_iter().find_map(word);
        ensure!(found == Some(name), "the name is {}, not {name}", found.unwrap_or("-"));
    }
    let timestamp = first["@timestamp"].as_str().unwrap_or_default();
    let at = capture.message_at(timestamp).with_context(|| format!("no packet has the time {timestamp}"))?;
    let side = case.conversation.messages.get(at).map(|message| message.side);
    ensure!(side == Some(expect.side()), "it is found by message {at}, which is not the {}'s", expect.by);
    let host = case.conversation.host.ip().to_string();
    ensure!(first.pointer("/source/ip").and_then(Value::as_str) == Some(&host), "the host inside is not {host}");
    Ok(Some(at))
}

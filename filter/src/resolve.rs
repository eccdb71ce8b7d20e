//! Names to addresses, in the control plane only.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hickory_resolver::TokioResolver;

/// How long one name may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the name servers this machine is configured with.
///
/// # Errors
/// No name server is configured, none answers, or the name does not exist.
pub(crate) fn addresses(name: &str) -> Result<Vec<IpAddr>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async {
        let resolver = TokioResolver::builder_tokio()?.build()?;
        // The trailing dot keeps search domains out.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let answer = tokio::time::timeout(PATIENCE, resolver.lookup_ip(absolute)).await;
        let answer = answer.map_err(|_| anyhow!("no name server answered within {} s", PATIENCE.as_secs()))?;
        answer.map_err(|error| match &error {
            _ if error.is_nx_domain() => anyhow!("there is no such name"),
            _ if error.is_no_records_found() => anyhow!("it has no address"),
            _ => anyhow!(error.to_string()),
        })
    });
    Ok(answer.with_context(|| format!("cannot resolve {name}"))?.iter().collect())
}

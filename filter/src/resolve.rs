//! Names to addresses, in the control plane only.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result};
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
        anyhow::Ok(tokio::time::timeout(PATIENCE, resolver.lookup_ip(absolute)).await??)
    });
    Ok(answer.with_context(|| format!("cannot resolve {name}"))?.iter().collect())
}

//! The name servers that are asked.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::system_conf;
use minewall_core::config::{Resolve, Server, Transport};

use super::{Answer, NoAddress};

/// How long one name may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// And the name of an address: what waits for it does not wait longer.
const MOMENT: Duration = Duration::from_secs(2);

/// The name servers of the configuration, or the system's.
pub(crate) struct Asker {
    resolver: TokioResolver,
    servers: Vec<IpAddr>,
}

/// Why no server of `resolve.servers` could be asked.
const NOBODY: &str = "no name server can be reached, or none over TLS has a certificate for its name that the authorities of \
                      this system vouch for; look at resolve.servers";

/// The connections to one server.
fn connections(server: &str) -> Result<(IpAddr, Vec<ConnectionConfig>)> {
    let Server { at, by } = Server::read(server).map_err(|problem| anyhow!(problem))?;
    let mut connections = match by {
        Transport::Plain => vec![ConnectionConfig::udp(), ConnectionConfig::tcp()],
        #[cfg(feature = "dot")]
        Transport::Tls(name) => vec![ConnectionConfig::tls(name.into())],
        #[cfg(feature = "doh")]
        Transport::Https(name, path) => vec![ConnectionConfig::https(name.into(), Some(path.into()))],
        #[cfg(not(feature = "dot"))]
        Transport::Tls(_) => return Err(crate::features::without("dot")),
        #[cfg(not(feature = "doh"))]
        Transport::Https(..) => return Err(crate::features::without("doh")),
    };
    for connection in &mut connections {
        connection.port = at.port();
    }
    Ok((at.ip(), connections))
}

impl Asker {
    /// Call it within the runtime that is to ask.
    ///
    /// # Errors
    /// The system has no name server configured, or this program cannot speak to one that is named.
    pub(crate) fn new(settings: &Resolve) -> Result<Self> {
        let (config, options) = if settings.servers.is_empty() {
            let system = system_conf::read_system_conf();
            system.context("cannot read the system's name servers; name some in resolve.servers")?
        } else {
            let servers: Result<Vec<_>> = settings.servers.iter().map(|server| connections(server)).collect();
            let servers = servers?.into_iter().map(|(ip, connections)| NameServerConfig::new(ip, true, connections));
            (ResolverConfig::from_name_servers(servers.collect()), ResolverOpts::default())
        };
        let servers = config.name_servers().iter().map(|server| server.ip).collect();
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        // What such a file says of a pool, a block list said.
        options.use_hosts_file = ResolveHosts::Never;
        // Times are kept here.
        options.cache_size = 0;
        Ok(Self { resolver: builder.build()?, servers })
    }

    /// The addresses of these servers.
    pub(crate) fn servers(&self) -> &[IpAddr] {
        &self.servers
    }

    /// The addresses of a name.
    ///
    /// # Errors
    /// There is none, or nobody answered.
    pub(crate) async fn ask(&self, name: &str) -> Answer {
        // The trailing dot keeps search domains out.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let answer = tokio::time::timeout(PATIENCE, self.resolver.lookup_ip(absolute)).await;
        let late = |_| NoAddress::NoAnswer(format!("no name server answered within {} s", PATIENCE.as_secs()));
        let answer = answer.map_err(late)?.map_err(|error| match &error {
            _ if error.is_nx_domain() => NoAddress::None("there is no such name"),
            _ if error.is_no_records_found() => NoAddress::None("it has no address"),
            NetError::NoConnections => NoAddress::NoAnswer(NOBODY.to_owned()),
            _ => NoAddress::NoAnswer(error.to_string()),
        })?;
        let records = answer.as_lookup().answers();
        // The whole way there holds no longer than its shortest step.
        let ttl = records.iter().map(|record| record.ttl).min().unwrap_or_default();
        Ok(answer.iter().map(|ip| (ip.to_canonical(), ttl)).collect())
    }

    /// The name of an address; none: it has none, or nobody answered within a moment.
    pub(crate) async fn name(&self, ip: IpAddr) -> Option<String> {
        let answer = tokio::time::timeout(MOMENT, self.resolver.reverse_lookup(ip)).await.ok()?.ok()?;
        answer.answers().iter().find_map(|record| match &record.data {
            RData::PTR(name) => Some(name.0.to_utf8().trim_end_matches('.').to_lowercase()),
            _ => None,
        })
    }
}

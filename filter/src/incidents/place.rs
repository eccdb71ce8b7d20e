//! Where incidents come from: the running daemon, a journal, files.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use minewall_core::config::Config;
use minewall_core::evidence::printable;
use minewall_core::incident::Incident;
use serde_json::Value;

use super::{Chosen, Filter, choose};
use crate::control::{Caller, Request};
use crate::report::incidents::Source;
use crate::settings;

/// Files or a journal, or the daemon.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Place {
    #[command(flatten)]
    source: Source,
    /// Ask the running daemon, which knows the open ones; without a journal this is the default
    #[arg(long, conflicts_with_all = ["from", "journal"])]
    live: bool,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) incidents: Vec<Incident>,
}

impl Place {
    /// The configuration.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn config(&self) -> Result<Config> {
        settings::own(self.source.config.as_deref())
    }

    /// The files, if any are named or configured.
    fn files(&self, config: &Config) -> Option<Source> {
        let is_named = !self.source.from.is_empty() || self.source.journal.is_some();
        let configured = Some(&config.journal.directory).filter(|path| !path.is_empty()).map(PathBuf::from);
        if is_named {
            return Some(self.source.clone());
        }
        configured.filter(|_| !self.live).map(|journal| Source { journal: Some(journal), ..self.source.clone() })
    }

    /// The incidents that the filter lets through; says on standard error which lines could not be read.
    ///
    /// # Errors
    /// They cannot be read, or no daemon runs.
    pub(crate) fn find(&self, config: &Config, filter: &Filter) -> Result<Found> {
        let mut incidents = match self.files(config) {
            Some(files) => {
                let (incidents, told) = files.incidents()?;
                told.warn();
                incidents
            }
            None => Caller::connect(config)?.incidents(filter)?,
        };
        incidents.retain(|incident| filter.takes(incident));
        Ok(Found { incidents })
    }

    /// The incident of this id, and the records that show it, as far as the place has them.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub(crate) fn one(&self, config: &Config, id: &str) -> Result<(Incident, Vec<Value>)> {
        let Some(files) = self.files(config) else {
            let mut caller = Caller::connect(config)?;
            let incident = caller.tell(&Request { id: Some(id.to_owned()), ..Request::new("incident") })?;
            return Ok((incident, Vec::new()));
        };
        let (incidents, told) = files.incidents()?;
        told.warn();
        let incident = match choose(&incidents, id) {
            Chosen::One(incident) => incident.clone(),
            Chosen::None => bail!("no incident begins with {id:?}: `minewall incidents` tells them"),
            Chosen::Many(ids) => bail!(
                "several incidents begin so, name more of the id: {}",
                ids.iter().map(|id| printable(id, 64)).collect::<Vec<_>>().join(", ")
            ),
        };
        let is_standard_input = files.from.iter().any(|path| path.as_os_str() == "-");
        let records = if is_standard_input { Vec::new() } else { files.records(&incident.records)? };
        Ok((incident, records))
    }
}

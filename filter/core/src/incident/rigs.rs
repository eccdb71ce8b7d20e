//! How many rigs a host has: names of workers, and connections at one time. A rig is a name and, where several of one
//! name mine at once, a place among them; a connection that ended is followed by the next of the same rig.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Rigs;
use super::span::{Added, SESSION, Session};
use crate::activity::Activity;
use crate::endpoint::Endpoint;
use crate::evidence::printable;
use crate::finding::Word;
use crate::limits;

/// One rig.
#[derive(Clone, Debug)]
struct Rig {
    worker: Option<String>,
    /// The connection it has or had last; none after a restart.
    connection: Option<(Endpoint, Endpoint)>,
    is_over: bool,
    until: i64,
    session: Session,
    declared: Option<u64>,
    watts: Option<u64>,
}

/// The rigs of one incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleet {
    rigs: Vec<Rig>,
    /// The names of workers, also of those that were cut before they could mine.
    names: Vec<String>,
    concurrent: u32,
}

/// What a stretch of a rig adds.
pub(super) struct Mined {
    /// To the rig's own session.
    pub(super) added: Added,
    /// When the stretch began, with what came before it on the same connection.
    pub(super) since: i64,
}

impl Fleet {
    /// Notes the name of a worker.
    pub(super) fn name(&mut self, worker: Option<&str>) {
        let Some(worker) = worker.map(|worker| printable(worker, limits::INCIDENT_NAME)) else { return };
        if self.names.len() < limits::RIGS && !self.names.contains(&worker) {
            self.names.push(worker);
        }
    }

    /// Notes a stretch of mining.
    pub(super) fn mine(&mut self, activity: &Activity) -> Option<Mined> {
        self.name(activity.said.worker.as_deref());
        let at_once = |rig: &&Rig| !rig.is_over && rig.until >= activity.since_us;
        let place = self.place(activity);
        let others = self.rigs.iter().enumerate().filter(|(other, _)| *other != place);
        let others = others.filter(|(_, rig)| at_once(rig)).count();
        self.concurrent = self.concurrent.max(u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1));
        let rig = self.rigs.get_mut(place)?;
        let connection = Some((activity.source, activity.destination));
        let goes_on = rig.connection == connection && activity.since_us.saturating_sub(rig.until) <= SESSION;
        let since = if goes_on { activity.since_us.min(rig.until) } else { activity.since_us };
        rig.connection = connection;
        rig.is_over = activity.is_over;
        rig.until = rig.until.max(activity.until_us);
        if let Some(worker) = &activity.said.worker {
            rig.worker = Some(printable(worker, limits::INCIDENT_NAME));
        }
        let number = |word| activity.said.get(word).and_then(|text| text.parse().ok());
        rig.declared = number(Word::Hashrate).or(rig.declared);
        rig.watts = number(Word::Watts).or(rig.watts);
        Some(Mined { added: rig.session.add(activity.since_us, activity.until_us, SESSION), since })
    }

    /// The rig a stretch is of: that of its connection; else one of its name that is free; else a new one.
    fn place(&mut self, activity: &Activity) -> usize {
        let connection = Some((activity.source, activity.destination));
        if let Some(place) = self.rigs.iter().position(|rig| rig.connection == connection) {
            return place;
        }
        let worker = activity.said.worker.as_deref().map(|worker| printable(worker, limits::INCIDENT_NAME));
        let is_free = |rig: &Rig| rig.is_over || rig.until <= activity.since_us;
        let free = self.rigs.iter().enumerate().filter(|(_, rig)| rig.worker == worker && is_free(rig));
        if let Some((place, _)) = free.max_by_key(|(_, rig)| rig.until) {
            return place;
        }
        if self.rigs.len() < limits::RIGS {
            let until = activity.since_us;
            let (session, is_over) = (Session::default(), false);
            self.rigs.push(Rig { worker, connection, is_over, until, session, declared: None, watts: None });
            return self.rigs.len() - 1;
        }
        // Too many to be told apart: the one quiet longest is taken for it.
        self.rigs.iter().enumerate().min_by_key(|(_, rig)| rig.until).map_or(0, |(place, _)| place)
    }

    /// Hashes a second, as all rigs together declare them.
    pub(super) fn declared(&self) -> Option<u64> {
        let mut declared = self.rigs.iter().filter_map(|rig| rig.declared).peekable();
        declared.peek()?;
        Some(declared.fold(0, u64::saturating_add))
    }

    /// Watts of a rig, on the average of those that declare them.
    pub(super) fn watts(&self) -> Option<f64> {
        let watts: Vec<_> = self.rigs.iter().filter_map(|rig| rig.watts).collect();
        (!watts.is_empty()).then(|| watts.iter().map(|watts| *watts as f64).sum::<f64>() / watts.len() as f64)
    }

    /// As it is told.
    pub(super) fn told(&self) -> Rigs {
        let count = u32::try_from(self.rigs.len()).unwrap_or(u32::MAX);
        let mut named: Vec<_> = self.rigs.iter().filter_map(|rig| rig.worker.as_ref()).collect();
        let all_named = named.len() == self.rigs.len();
        named.sort_unstable();
        named.dedup();
        let reason = match (count, named.len()) {
            (0, _) => String::new(),
            (1, 0) => "one connection at a time, without a name".to_string(),
            (1, _) => "one name of a worker".to_string(),
            (_, names) if all_named && names == self.rigs.len() => format!("{count} names of workers"),
            (_, names) if names < 2 => format!("{count} connections at one time"),
            (_, names) => format!("{names} names of workers, several connections at one time"),
        };
        Rigs { count, reason, workers: self.names.clone(), concurrent: self.concurrent }
    }

    /// The rigs that were told of before a restart; the last mined until then.
    pub(super) fn restore(told: Rigs, until: i64) -> Self {
        let count = usize::try_from(told.count).unwrap_or(limits::RIGS).min(limits::RIGS);
        let names: Vec<_> = told.workers.into_iter().take(limits::RIGS).collect();
        let rig = |place: usize| Rig {
            worker: names.get(place).cloned(),
            connection: None,
            is_over: true,
            until,
            session: Session::ended(until),
            declared: None,
            watts: None,
        };
        Self { rigs: (0..count).map(rig).collect(), names: names.clone(), concurrent: told.concurrent }
    }
}

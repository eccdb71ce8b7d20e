//! One update, from the first fetch to the daemon that is told.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use minewall_core::config::{self, Config, Feed};
use minewall_lists::{Lists, Unreadable};

use super::attempts::{Attempts, Seen};
use super::diff::Diff;
use super::guard::{self, Own};
use super::scratch::Scratch;
use super::signed;
use super::state::{Kept, Signed, State};
use super::store::{Generation, Held, Store};
use super::text;
use crate::fetch::{self, Body, Fetched, Limits, Request};
use crate::hex::encode;
use crate::settings;

/// How an update is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Nothing is written; what would be is said.
    pub(crate) dry_run: bool,
    /// Feeds that wait for their next try are tried.
    pub(crate) force: bool,
    /// What a guard refuses that may be right after all is taken.
    pub(crate) accept: bool,
}

impl Options {
    /// Who takes what was refused means now, not at the next try.
    const fn tries_now(self) -> bool {
        self.force || self.accept
    }
}

/// An update under way.
#[derive(Debug)]
pub(crate) struct Update<'a> {
    config: &'a Config,
    options: Options,
    store: Store,
    held: Option<Held>,
    scratch: Scratch,
    base: Option<Generation>,
    attempts: Attempts,
    own: Own,
    fresh: BTreeMap<&'a str, Fresh<'a>>,
}

/// A text that may take effect.
#[derive(Debug)]
struct Fresh<'a> {
    feed: &'a Feed,
    kept: Kept,
    file: PathBuf,
}

/// What became of one feed.
#[derive(Debug)]
pub(crate) enum End {
    /// It is as it was.
    Unchanged,
    /// It is as it was when it was rolled back.
    Unwanted,
    /// It is not tried before this time, for what went wrong last.
    Waits(i64, String),
    /// It is new: its entries, those before, and what changed where that was asked for.
    Fresh(usize, Option<usize>, Option<Diff>),
    /// The last good version stays, of this time if there is one; why.
    Kept(Option<i64>, String),
}

/// A text that came.
pub(super) struct Came {
    pub(super) body: Body,
    /// Of a signed feed.
    pub(super) signed: Option<Signed>,
}

/// Why a feed's last good version stays.
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) retry_after: Option<Duration>,
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self { why, retry_after: None }
    }
}

impl<'a> Update<'a> {
    /// Begins one; no other can until its end, unless nothing is to be written.
    ///
    /// # Errors
    /// Another is under way, or there is no place to write to.
    pub(crate) fn begin(config: &'a Config, options: Options) -> Result<Self> {
        let store = Store::new(&config.lists.update.directory);
        let held = if options.dry_run { None } else { Some(store.hold()?) };
        Ok(Self {
            scratch: Scratch::make(config)?,
            base: store.current(&mut |wrong| eprintln!("minewall: {wrong:#}")),
            attempts: Attempts::read(&Scratch::directory(config)),
            own: Own::new(config),
            fresh: BTreeMap::new(),
            config,
            options,
            store,
            held,
        })
    }

    /// Fetches one feed and judges it.
    pub(crate) fn take(&mut self, feed: &'a Feed) -> End {
        let now = super::now();
        let attempt = self.attempts.of(&feed.name);
        if let Some(until) = attempt.waits_until(now).filter(|_| !self.options.tries_now()) {
            return End::Waits(until, attempt.error.clone().unwrap_or_default());
        }
        let end = self.fetch(feed, now);
        match end {
            Ok(end) => {
                // One that is new has not gone well before it is on disk.
                if !matches!(end, End::Fresh(..)) {
                    self.attempts.of(&feed.name).succeed(now);
                }
                end
            }
            Err(failure) => self.keep(feed, failure),
        }
    }

    fn keep(&mut self, feed: &Feed, failure: Failure) -> End {
        self.attempts.of(&feed.name).fail(super::now(), failure.why.clone(), failure.retry_after);
        End::Kept(self.kept(feed).map(|kept| kept.fetched), failure.why)
    }

    /// What there is of a feed.
    fn kept(&self, feed: &Feed) -> Option<&Kept> {
        self.base.as_ref()?.state.feeds.get(&feed.name)
    }

    fn fetch(&mut self, feed: &'a Feed, now: i64) -> Result<End, Failure> {
        let unwanted = self.base.as_ref().and_then(|base| base.state.unwanted.get(&feed.name).cloned());
        let unwanted = unwanted.filter(|_| !self.options.accept);
        // What was read otherwise is fetched whole, and judged anew.
        let kept = self.kept(feed).filter(|kept| kept.url == feed.url && kept.format == feed.format.as_str()).cloned();
        let known = kept.as_ref().map(|kept| Seen {
            url: kept.url.clone(),
            sha256: kept.sha256.clone(),
            etag: kept.etag.clone(),
            modified: kept.modified.clone(),
        });
        let is_known = |hash: &str| kept.as_ref().is_some_and(|kept| kept.sha256 == hash);
        let is_unwanted = |hash: &str| unwanted.as_deref() == Some(hash);
        let seen = self.attempts.of(&feed.name).seen.clone();
        let seen = seen.filter(|seen| seen.url == feed.url && (is_known(&seen.sha256) || is_unwanted(&seen.sha256)));
        let known = seen.or(known);
        let file = self.scratch.text(&feed.name);
        let body = match feed.keys.is_empty() {
            true => self.get(feed, known.as_ref(), &file)?,
            false => signed::get(feed, &self.config.lists.update, kept.as_ref(), &file)?,
        };
        let hash = match (&body, known) {
            (Some(came), _) => encode(&came.body.sha256),
            (None, Some(known)) => known.sha256,
            (None, None) => {
                return Err(format!("{} is said to be unchanged, and nothing is known of it", feed.url).into());
            }
        };
        match body {
            _ if is_unwanted(&hash) => Ok(End::Unwanted),
            Some(came) if !is_known(&hash) => self.judge(feed, kept.as_ref(), came, file, now),
            _ => Ok(End::Unchanged),
        }
    }

    /// What comes into the file, if anything new does.
    fn get(&mut self, feed: &Feed, known: Option<&Seen>, into: &Path) -> Result<Option<Came>, Failure> {
        let update = &self.config.lists.update;
        let request = Request {
            url: &feed.url,
            etag: known.and_then(|known| known.etag.as_deref()),
            modified: known.and_then(|known| known.modified.as_deref()),
            authorities: authorities(update),
            limits: limits(update),
        };
        match fetch::fetch(update.fetcher, &request, into) {
            Ok(Fetched::Unchanged) => Ok(None),
            Ok(Fetched::Body(body)) => {
                let (etag, modified) = (body.etag.clone(), body.modified.clone());
                let seen = Seen { url: feed.url.clone(), sha256: encode(&body.sha256), etag, modified };
                self.attempts.of(&feed.name).seen = Some(seen);
                Ok(Some(Came { body, signed: None }))
            }
            Err(failed) => Err(Failure { why: failed.to_string(), retry_after: failed.retry_after() }),
        }
    }

    fn judge(
        &mut self,
        feed: &'a Feed,
        former: Option<&Kept>,
        came: Came,
        file: PathBuf,
        now: i64,
    ) -> Result<End, Failure> {
        let told = |error: anyhow::Error| match error.downcast_ref::<Unreadable>() {
            Some(unreadable) => Failure::from(format!("it is {unreadable}")),
            None => Failure::from(format!("{error:#}")),
        };
        let Came { body, signed } = came;
        let mut kept = Kept {
            url: feed.url.clone(),
            format: feed.format.to_string(),
            etag: body.etag,
            modified: body.modified,
            fetched: now,
            sha256: encode(&body.sha256),
            bytes: body.bytes,
            entries: 0,
            rejected: 0,
            signed,
        };
        let taken = guard::weigh(feed, text::meta(feed, &kept), &file).map_err(told)?;
        (kept.entries, kept.rejected) = (taken.entries, taken.refused);
        let named = self.own.named(feed, &file).map_err(told)?;
        let former_named = || {
            let text = former.and(self.base.as_ref()).map(|base| base.text(&feed.name));
            text.and_then(|text| self.own.named(feed, &text).ok()).unwrap_or_default()
        };
        let entries = former.map(|former| former.entries);
        match guard::check(feed, &self.config.lists.update, (&taken, &named), entries, former_named) {
            Err(refusal) if !(refusal.is_open && self.options.accept) => return Err(refusal.to_string().into()),
            _ => {}
        }
        let diff = if self.options.dry_run {
            let former = self.kept(feed).and(self.base.as_ref()).map(|base| base.text(&feed.name));
            Some(Diff::between(feed.format, former.as_deref(), &file).map_err(told)?)
        } else {
            None
        };
        let end = End::Fresh(kept.entries, entries, diff);
        self.fresh.insert(&feed.name, Fresh { feed, kept, file });
        Ok(end)
    }

    /// Refuses new texts with which the index would list a well-known pool no more; gives the feeds and what became of
    /// them.
    ///
    /// # Errors
    /// A file of the operator's cannot be read.
    pub(crate) fn look_for_canaries(&mut self) -> Result<Vec<(&'a str, End)>> {
        let mut refused = Vec::new();
        if self.fresh.is_empty() || guard::canaries(&self.index(|_| true)?).len() == guard::CANARIES.len() {
            return Ok(refused);
        }
        let former = guard::canaries(&self.index(|_| false)?);
        let names: Vec<_> = self.fresh.keys().copied().collect();
        // First each by itself, then whatever is left together.
        for name in names.iter().copied().map(Some).chain([None]) {
            let with = self.index(|other| name.is_none_or(|name| name == other))?;
            let left = guard::canaries(&with);
            let Some(lost) = former.iter().find(|canary| !left.contains(canary)) else { continue };
            let why = format!("with it {lost} would not be listed any more, a pool that is known to be one");
            let is_guilty = |other: &&str| name.is_none_or(|name| name == *other);
            let guilty: Vec<_> = self.fresh.keys().copied().filter(is_guilty).collect();
            for fresh in guilty.into_iter().filter_map(|name| self.fresh.remove(name)).collect::<Vec<_>>() {
                refused.push((fresh.feed.name.as_str(), self.keep(fresh.feed, why.clone().into())));
            }
        }
        Ok(refused)
    }

    /// The whole index with the new texts of these feeds, and the former ones of the others.
    fn index(&self, is_fresh: impl Fn(&str) -> bool) -> Result<Lists> {
        let text = |feed: &Feed| match self.fresh.get(feed.name.as_str()).filter(|_| is_fresh(&feed.name)) {
            Some(fresh) => Some((text::meta(feed, &fresh.kept), fresh.file.clone())),
            None => self.base.as_ref()?.list(feed),
        };
        Ok(settings::index(&self.config.lists, &text)?.0)
    }

    /// Writes what has changed, if anything has; whether it had.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn finish(mut self) -> Result<bool> {
        let Some(held) = self.held.take() else { return Ok(false) };
        let state = self.state();
        let is_new = match &self.base {
            Some(base) => {
                let former = &base.state;
                (&former.feeds, &former.unwanted) != (&state.feeds, &state.unwanted)
                    || self.store.link() != Some(former.generation)
            }
            None => !state.feeds.is_empty(),
        };
        let fresh = |feed: &str| self.fresh.get(feed).map(|fresh| fresh.file.clone());
        let committed = if is_new { self.store.commit(&held, &state, self.base.as_ref(), &fresh) } else { Ok(()) };
        let now = super::now();
        for name in self.fresh.keys() {
            let attempt = self.attempts.of(name);
            match &committed {
                Ok(()) => attempt.succeed(now),
                Err(error) => attempt.fail(now, format!("{error:#}"), None),
            }
        }
        let feeds = &self.config.lists.feed;
        self.attempts.0.retain(|name, _| feeds.iter().any(|feed| feed.name == *name));
        if let Err(error) = self.attempts.write(&Scratch::directory(self.config)) {
            eprintln!("minewall: {error:#}");
        }
        committed.map(|()| is_new)
    }

    /// Of the generation that would be written.
    fn state(&self) -> State {
        let base = self.base.as_ref().map(|base| base.state.generation);
        let before = base.filter(|_| self.config.lists.update.generations > 1);
        let mut state = State::new(self.store.next(), before);
        for feed in &self.config.lists.feed {
            let fresh = self.fresh.get(feed.name.as_str()).map(|fresh| &fresh.kept);
            if let Some(kept) = fresh.or_else(|| self.kept(feed)) {
                state.feeds.insert(feed.name.clone(), kept.clone());
            }
            let unwanted = self.base.as_ref().and_then(|base| base.state.unwanted.get(&feed.name));
            if let (None, Some(unwanted)) = (fresh, unwanted) {
                state.unwanted.insert(feed.name.clone(), unwanted.clone());
            }
        }
        state
    }
}

/// What one fetch may take.
pub(super) fn limits(update: &config::Update) -> Limits {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    Limits { connect: seconds(update.connect), total: seconds(update.timeout), bytes: update.bytes }
}

/// Who vouches for servers besides the authorities of the system.
pub(super) fn authorities(update: &config::Update) -> Option<&Path> {
    Some(update.authorities.as_str()).filter(|path| !path.is_empty()).map(Path::new)
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged => f.write_str("unchanged"),
            Self::Unwanted => f.write_str("as it was when it was rolled back; it is taken when it has changed"),
            Self::Waits(until, why) => {
                write!(f, "not tried before {} (--force does): {why}", super::time(*until))
            }
            Self::Fresh(entries, former, diff) => {
                write!(f, "{entries} entries")?;
                match former {
                    Some(former) => write!(f, ", {former} before")?,
                    None => f.write_str(", new")?,
                }
                diff.iter().try_for_each(|diff| write!(f, "; {diff}"))
            }
            Self::Kept(Some(fetched), why) => {
                write!(f, "that of {} stays: {why}", super::time(*fetched))
            }
            Self::Kept(None, why) => write!(f, "not taken, and there is no former version: {why}"),
        }
    }
}

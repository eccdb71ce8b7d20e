//! Lists, the journal, the key that hides hosts.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use minewall_lists::ListMeta;

use super::check::Outcome;
use super::scene::Scene;
use crate::{journal, lists, update};

/// Days after which the shipped lists are old.
const OLD_DAYS: i64 = 365;

const DAY: i64 = 86_400;

/// Whether lists are there and new.
pub(super) fn lists(scene: &Scene) -> Vec<Outcome> {
    if !scene.machine.is_own {
        return Vec::new();
    }
    let mut outcomes = Vec::new();
    let kept = lists::fetched(&scene.config);
    outcomes.extend(kept.problems.iter().map(|problem| Outcome::fail(problem.clone(), "minewall lists update")));
    for feed in &kept.feeds {
        let name = &feed.name;
        let age = feed.age.map_or_else(|| "never fetched".to_owned(), |age| format!("looked at {} h ago", age / 3600));
        let wrong =
            feed.error.as_ref().map(|error| format!("; {error} ({} failures)", feed.failures)).unwrap_or_default();
        let past = feed.valid_until.filter(|_| feed.expired).map(update::date);
        let past = past.map(|past| format!("; its signed manifest was valid until {past}")).unwrap_or_default();
        outcomes.push(match (feed.alarm, feed.failures) {
            (true, _) => Outcome::warn(
                format!("feed {name}: {age}{past}{wrong}"),
                "minewall lists update; minewall lists status",
            ),
            (false, 1..) => Outcome::note(format!("feed {name}: {age}{wrong}"), "minewall lists status"),
            (false, 0) => Outcome::ok(format!("feed {name}: {age}, {} entries", feed.entries.unwrap_or_default())),
        });
    }
    outcomes.push(match scene.lists() {
        Ok(index) => shipped(index.metas(), index.len(), scene),
        Err(error) => Outcome::fail(format!("{error:#}"), "minewall check-config"),
    });
    outcomes
}

/// What is loaded, and how old the newest of the shipped lists is.
fn shipped(metas: &[ListMeta], entries: usize, scene: &Scene) -> Outcome {
    let newest = metas.iter().filter_map(lists::date).max();
    let days = newest.map(|newest| scene.now.saturating_sub(newest).max(0) / DAY);
    let seen = format!("{entries} names and addresses in {} lists", metas.len());
    match days {
        _ if entries < 10 => {
            Outcome::warn(format!("{seen}: names are hardly looked for"), "lists.shipped = true, or lists.feed")
        }
        Some(days) if days > OLD_DAYS && scene.config.lists.feed.is_empty() => Outcome::warn(
            format!("{seen}; the newest is {days} days old, and no feed is configured"),
            "a newer minewall, or lists.feed (docs/lists.md)",
        ),
        Some(days) => Outcome::ok(format!("{seen}; the newest with a date is {days} days old")),
        None => Outcome::ok(seen),
    }
}

/// What the daemon cannot use since it is another user's; root may use everything.
fn foreign(path: &str, scene: &Scene) -> Option<Outcome> {
    let process = scene.process()?;
    let status = scene.machine.text(&format!("/proc/{process}/status"));
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    // The real, the effective one, and others.
    let user: u32 = ids.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let owner = fs::metadata(path).ok()?.uid();
    let is_foreign = user != 0 && user != owner;
    let seen = || format!("{path} belongs to user {owner}, and minewall runs as user {user}");
    is_foreign.then(|| Outcome::fail(seen(), &format!("chown -R {user} {path}")))
}

/// Whether the journal can be written and signed.
pub(super) fn journal(scene: &Scene) -> Vec<Outcome> {
    let directory = &scene.config.journal.directory;
    if directory.is_empty() {
        let remedy = "journal.directory = \"/var/lib/minewall/journal\" for evidence that shows tampering";
        return vec![Outcome::note("none is kept", remedy)];
    }
    let path = Path::new(directory);
    if !path.is_dir() {
        let seen = format!("there is no directory {directory}");
        return vec![match &scene.daemon {
            Ok(_) => Outcome::fail(seen, "restart minewall: it makes it; its log says why not"),
            Err(_) => Outcome::note(format!("{seen} yet"), "minewall makes it when it starts"),
        }];
    }
    if let Err(error) = fs::read_dir(path) {
        return vec![Outcome::skipped(format!("{directory}: {error}"))];
    }
    let mut outcomes: Vec<_> = foreign(directory, scene).into_iter().collect();
    if let Err(error) = rustix::fs::access(path, rustix::fs::Access::WRITE_OK) {
        outcomes.push(Outcome::skipped(format!("{directory} cannot be written by this user: {error}")));
    }
    match journal::key_id(path) {
        Ok(Some(id)) => outcomes.push(Outcome::ok(format!("{directory} is signed with the key {id}.."))),
        Ok(None) => {
            outcomes.push(Outcome::note(format!("{directory} has no key yet"), "minewall makes one when it starts"))
        }
        Err(error) => outcomes.push(Outcome::fail(format!("{error}"), "put the former key back")),
    }
    outcomes
}

/// Whether the key that hides hosts can be read by its owner, and by nobody else.
pub(super) fn privacy_key(scene: &Scene) -> Vec<Outcome> {
    let privacy = &scene.config.privacy;
    if !privacy.hashes() {
        return vec![Outcome::ok("nothing is hashed")];
    }
    let path = &privacy.secret;
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Outcome::note(format!("there is no {path} yet"), "minewall makes it when it starts")];
        }
        Err(error) => return vec![Outcome::skipped(format!("{path}: {error}"))],
    };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.len() != 32 {
        let seen = format!("{path} has {} bytes and is no key of 32", metadata.len());
        return vec![Outcome::fail(seen, "put the former key back, or move it away: hashes then change")];
    }
    if mode & 0o077 != 0 {
        let seen = format!("{path} may be read by others (mode {mode:03o}): whoever has it can tell hosts from hashes");
        return vec![Outcome::warn(seen, &format!("chmod 600 {path}"))];
    }
    vec![foreign(path, scene).unwrap_or_else(|| Outcome::ok(format!("{path}, of user {}", metadata.uid())))]
}

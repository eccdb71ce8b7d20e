//! A feed with keys, as one text: of the lists that its maker signed, those of its category.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use minewall_core::config::{self, Feed};

use super::run::{Came, Failure, authorities, limits};
use super::state::{Kept, Signed};
use crate::feed::{Gathered, Key, Last, NoKey, Source, Wrong, gather};
use crate::fetch::Body;

/// What comes into the file, if anything new does.
pub(super) fn get(
    feed: &Feed,
    update: &config::Update,
    kept: Option<&Kept>,
    into: &Path,
) -> Result<Option<Came>, Failure> {
    let keys: Result<Vec<Key>, NoKey> = feed.keys.iter().map(|key| key.parse()).collect();
    // For another category it is looked through anew; older versions are older all the same.
    let anew = |signed: &Signed| Last { etag: None, modified: None, files: BTreeMap::new(), ..signed.last.clone() };
    let last =
        kept.and_then(|kept| kept.signed.as_ref()).map(|signed| match signed.category == feed.category.as_str() {
            true => signed.last.clone(),
            false => anew(signed),
        });
    let source = Source {
        url: &feed.url,
        keys: &keys.map_err(|error| Failure::from(format!("a key of it is {error}")))?,
        fetcher: update.fetcher,
        authorities: authorities(update),
        limits: limits(update),
        last: last.as_ref(),
        only: Some(feed.category),
    };
    let gathered = gather(&source, feed.category, Timestamp::now(), &into.with_extension("parts"), into);
    let came = |Gathered { bytes, sha256, confidence, last }| {
        let (etag, modified) = (last.etag.clone(), last.modified.clone());
        let (category, confidence) = (feed.category.to_string(), confidence.map(|confidence| confidence.to_string()));
        let signed = Signed { last, category, confidence };
        Came { body: Body { bytes, etag, modified, sha256 }, signed: Some(signed) }
    };
    match gathered {
        Ok(gathered) => Ok(gathered.map(came)),
        Err(Wrong::Failed(failed)) => Err(Failure { why: failed.to_string(), retry_after: failed.retry_after() }),
        Err(Wrong::Refused(refused)) => Err(refused.to_string().into()),
    }
}

//! `minewall lists sign` and `minewall lists keygen`: the manifest of a directory of lists, and keys.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use minewall_lists::Confidence;
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::manifest::FORMAT;
use super::{File, Key, MANIFEST, Manifest, SIGNATURE, manifest, tally};
use crate::{output, tree};

/// What the maker of a feed writes.
const PLAN: &str = "feed.toml";

const EXAMPLE: &str =
    "feed = \"my-university\"\nvalid_days = 30\n\n[[file]]\nname = \"pools.txt\"\ncategory = \"pool\"\n";

/// The feed as its maker describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    feed: String,
    /// How long a manifest may be taken once it is signed.
    #[serde(default = "month")]
    valid_days: u16,
    #[serde(default)]
    file: Vec<Planned>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    name: String,
    category: String,
    #[serde(default = "auto")]
    format: String,
    #[serde(default = "medium")]
    confidence: String,
    #[serde(default)]
    licence: String,
}

fn month() -> u16 {
    30
}

fn auto() -> String {
    "auto".to_owned()
}

fn medium() -> String {
    "medium".to_owned()
}

#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The secret key of minisign
    #[arg(short, long, value_name = "FILE")]
    key: PathBuf,
    /// A file with the password of the key in its first line; else it is asked for, if there is one
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The directory with feed.toml and the lists it names
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
}

impl Sign {
    /// Writes the manifest and its signature.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let manifest = make(&self.directory, Timestamp::now())?;
        let secret = secret_key(&self.key, self.password_file.as_deref())?;
        let text = toml::to_string(&manifest).context("the manifest cannot be written as TOML")?;
        let trusted =
            format!("timestamp:{}\tfeed:{}\tversion:{}", manifest.made.as_second(), manifest.feed, manifest.version);
        let comment = "signature by minewall lists sign";
        let signature = minisign::sign(None, &secret, text.as_bytes(), Some(&trusted), Some(comment))?.into_string();
        let key: Key = PublicKey::from_secret_key(&secret)?.to_base64().parse()?;
        // What is published must be what a gateway takes.
        manifest::verify(text.as_bytes(), &signature, &[key], manifest.made, None)?;
        let path = self.directory.join(MANIFEST);
        replace(&self.directory.join(format!("{MANIFEST}{SIGNATURE}")), &signature)?;
        replace(&path, &text)?;
        let entries: u64 = manifest.files.iter().map(|file| file.entries).sum();
        output::write(&format!(
            "{}: version {} of {:?}, {} files, {entries} entries, valid until {}\n",
            path.display(),
            manifest.version,
            manifest.feed,
            manifest.files.len(),
            manifest.valid_until,
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The next manifest of the feed in `directory`.
fn make(directory: &Path, now: Timestamp) -> Result<Manifest> {
    let path = directory.join(PLAN);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))
        .with_context(|| format!("describe the feed there, such as:\n\n{EXAMPLE}"))?;
    let plan: Plan = tree::toml(&text).map_err(|error| anyhow!("in {}: {error}", path.display()))?;
    ensure!(!plan.file.is_empty(), "{} names no file; add one as [[file]]", path.display());
    ensure!(!plan.feed.is_empty() && !plan.feed.contains(char::is_control), "feed in {} is no name", path.display());
    ensure!(plan.valid_days > 0, "valid_days in {} is 0: no gateway would ever take the feed", path.display());
    let made = Timestamp::from_second(now.as_second())?;
    let valid_until = made.checked_add(SignedDuration::from_hours(24 * i64::from(plan.valid_days)))?;
    let version = last_version(directory)?.checked_add(1).context("there is no higher version")?;
    let files = plan.file.into_iter().map(|planned| describe(directory, planned)).collect::<Result<_>>()?;
    let manifest = Manifest { format: FORMAT, feed: plan.feed, version, made, valid_until, files };
    manifest.check()?;
    Ok(manifest)
}

/// The version published last; 0 when there was none.
fn last_version(directory: &Path) -> Result<u64> {
    let path = directory.join(MANIFEST);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let manifest = Manifest::read(&text)
                .with_context(|| format!("the version published last is not known: {}", path.display()))
                .context("put back the last manifest, since gateways refuse versions older than what they have")?;
            Ok(manifest.version)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn describe(directory: &Path, planned: Planned) -> Result<File> {
    let Planned { name, category, format, confidence, licence } = planned;
    confidence.parse::<Confidence>().map_err(|unknown| anyhow!("confidence {confidence:?} of {name} is {unknown}"))?;
    let mut file = File { name, category, format, confidence, licence, entries: 0, bytes: 0, sha256: [0; 32] };
    let path = directory.join(&file.name);
    let tally = tally(&file, &path)?;
    for (reason, refusal) in tally.refusals() {
        let (count, line) = (refusal.count, refusal.first_line);
        eprintln!("minewall: {}: {count} lines are of no use, the first is line {line}: {reason}", file.name);
    }
    if tally.accepted == 0 {
        bail!("{} has no entry that can be used; take it out of {PLAN}, or correct it", path.display());
    }
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    file.entries = tally.accepted as u64;
    file.bytes = bytes.len() as u64;
    file.sha256 = Sha256::digest(&bytes).into();
    Ok(file)
}

fn replace(path: &Path, text: &str) -> Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)
        .and_then(|()| fs::File::open(&new)?.sync_all())
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The first line of the file.
fn password(file: Option<&Path>) -> Result<Option<String>> {
    let Some(path) = file else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the password in {}", path.display()))?;
    Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
}

fn secret_key(path: &Path, password_file: Option<&Path>) -> Result<SecretKey> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret key {}", path.display()))
        .context("make one with `minewall lists keygen FILE`")?;
    let no_key = || format!("{} is no secret key of minisign", path.display());
    if let Some(key) = open_key(&text) {
        return Ok(key);
    }
    let boxed = SecretKeyBox::from_string(&text).with_context(no_key)?;
    let key = boxed.into_secret_key(password(password_file)?);
    key.with_context(|| format!("the secret key {} cannot be opened; check the password", path.display()))
}

/// A key without a password. The program minisign writes no checksum into such a key, and the crate wants one.
fn open_key(text: &str) -> Option<SecretKey> {
    let bytes = BASE64.decode(text.lines().nth(1)?.trim().as_bytes()).ok()?;
    let without_password = bytes.get(2..4) == Some(&[0, 0]);
    without_password.then(|| SecretKey::from_bytes(&bytes).ok()).flatten()
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// Without a password, for signing that nobody attends; keep the file where nobody else can read it
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
    /// A file with the password in its first line; else it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Where the secret key goes; the public key goes beside it, with .pub behind the name
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Keygen {
    /// Writes both keys and says the public one.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let mut public = self.file.as_os_str().to_owned();
        public.push(".pub");
        for path in [self.file.as_path(), Path::new(&public)] {
            ensure!(!path.exists(), "{} exists; name another file", path.display());
        }
        let pair = if self.no_password {
            KeyPair::generate_unencrypted_keypair()
        } else {
            KeyPair::generate_encrypted_keypair(password(self.password_file.as_deref())?)
        };
        let KeyPair { pk, sk } = pair.context("no key was made")?;
        let cannot = || format!("cannot write {}", self.file.display());
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file).with_context(cannot)?;
        let secret = sk.to_box(Some("secret key of a feed of minewall"))?.into_string();
        file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).with_context(cannot)?;
        fs::write(&public, pk.to_box()?.into_string())
            .with_context(|| format!("cannot write {}", Path::new(&public).display()))?;
        output::write(&format!("{}\n", pk.to_base64()))?;
        Ok(ExitCode::SUCCESS)
    }
}

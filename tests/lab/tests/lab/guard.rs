//! The guard around minewall, with a shell script in minewall's place: only the guard is tested here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use minewall_lab::{Lab, Minewall, ready};
use serde_json::json;

use crate::{LIMIT, SECOND, text};

/// Writes where it runs and what it is told as a record; ends in order on SIGTERM, logs SIGHUP.
const OBEDIENT: &str = r#"#!/bin/sh
[ "$1 $2" = "run -c" ] || exit 64
trap 'echo stopping >&2; exit 0' TERM
trap 'echo "reloaded $(cat "$3")" >&2' HUP
echo "{\"net\":\"$(readlink /proc/self/ns/net)\",\"told\":\"$(cat "$3")\"}" >> "$(dirname "$3")/records.jsonl"
sleep 0.3
echo "minewall: ready" >&2
while :; do sleep 0.05; done
"#;

const REFUSING: &str = "#!/bin/sh\necho 'minewall: line 1 makes no sense' >&2\nexit 2\n";

fn script(lab: &Lab, name: &str, body: &str) -> Result<PathBuf> {
    let file = lab.directory().join(name);
    fs::write(&file, body)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(file)
}

#[test]
fn the_guard_starts_signals_and_stops_in_the_gateway() -> Result<()> {
    if !ready("the_guard_starts_signals_and_stops_in_the_gateway") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let binary = script(&lab, "obedient", OBEDIENT)?;
    let mut minewall = Minewall::start(&lab, &binary, "one")?;
    let gateway = text(&lab.gateway.output("readlink", &["/proc/self/ns/net"], LIMIT)?);
    let record = minewall.wait_record(|record| record["told"] == "one", LIMIT)?;
    assert_eq!(record, json!({"net": gateway.trim(), "told": "one"}));
    assert!(minewall.wait_record(|record| record["told"] == "two", SECOND / 10).is_err());
    minewall.reload("two")?;
    assert!(minewall.wait_log("reloaded two", LIMIT), "{}", minewall.log());
    assert_eq!(minewall.stop()?.code(), Some(0));
    assert!(minewall.log().contains("stopping"));
    drop(minewall);
    let mut again = Minewall::start(&lab, &binary, "three")?;
    assert_eq!(again.records()?.len(), 2, "records of both runs");
    assert_eq!(again.kill()?.signal(), Some(9));
    assert!(again.hup().is_err(), "it has ended");
    Ok(())
}

#[test]
fn the_guard_tells_why_a_start_failed() -> Result<()> {
    if !ready("the_guard_tells_why_a_start_failed") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let binary = script(&lab, "refusing", REFUSING)?;
    let error = Minewall::start(&lab, &binary, "").map(drop).err().context("it started")?;
    assert!(error.to_string().contains("line 1 makes no sense"), "{error}");
    let output = Minewall::refuse(&lab, &binary, "", LIMIT)?;
    assert_eq!(output.status.code(), Some(2));
    assert!(Minewall::refuse(&lab, &script(&lab, "obedient", OBEDIENT)?, "", SECOND / 2).is_err());
    Ok(())
}

//! Lists that are fetched: the daemon is told of what is new, and starts with what there is.

use std::fs;
use std::process::Command;

use anyhow::Result;
use minewall_lab::service::NameServer;
use minewall_lab::{Lab, ready, until};

use super::reload::{resolves, wait_reloads};
use super::{LIMIT, binary, configuration, start, words};

/// The settings of a feed in a file of the lab's.
fn feed(lab: &Lab) -> String {
    let (store, source) = (lab.directory().join("lists"), lab.directory().join("feed.txt"));
    format!(
        "[lists.update]\ndirectory = {store:?}\n[[lists.feed]]\nname = \"one\"\ncategory = \"pool\"\nurl = \"file://{}\"\n",
        source.display()
    )
}

/// `minewall lists ...` with the configuration of the daemon; its exit code and what it said.
fn lists(lab: &Lab, arguments: &[&str]) -> Result<(Option<i32>, String)> {
    let file = lab.directory().join("by-hand.toml");
    fs::write(&file, configuration(lab, "block", &feed(lab)))?;
    let output = Command::new(binary()).arg("lists").args(arguments).arg("-c").arg(&file).output()?;
    Ok((output.status.code(), words(&output)))
}

#[test]
fn the_daemon_takes_what_is_fetched_and_starts_with_the_last_good() -> Result<()> {
    if !ready("the_daemon_takes_what_is_fetched_and_starts_with_the_last_good") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let serve = |text: &str| fs::write(lab.directory().join("feed.txt"), text);
    let figures = lab.directory().join("minewall.prom");
    let counted = format!("[metrics]\ninterval = 1\nfile = {figures:?}\n{}", feed(&lab));
    let mut minewall = start(&lab, "block", &counted)?;
    assert!(resolves(&lab, "first.example.net")?, "nothing is fetched yet");
    assert!(minewall.log().contains("nothing is there of the feed one"), "{}", minewall.log());

    serve("first.example.net\n")?;
    let (code, said) = lists(&lab, &["update"])?;
    let told = format!("the running minewall (process {}) reads them now", minewall.pid());
    assert!(code == Some(0) && said.contains(&told), "{said}");
    wait_reloads(&minewall, 1);
    assert!(!resolves(&lab, "first.example.net")?, "newly listed");

    serve("first.example.net\nsecond.example.net\n")?;
    lists(&lab, &["update"])?;
    wait_reloads(&minewall, 2);
    assert!(!resolves(&lab, "second.example.net")?);
    let (code, said) = lists(&lab, &["update"])?;
    assert!(code == Some(0) && !said.contains("reads them now"), "nothing new, nobody is told: {said}");
    serve("<html>\n")?;
    let (code, said) = lists(&lab, &["update"])?;
    assert!(code == Some(1) && said.contains("it is HTML") && !said.contains("reads them now"), "{said}");
    assert!(!resolves(&lab, "second.example.net")?, "the last good version serves");
    let wanted = [
        "minewall_feed_failures{feed=\"one\"} 1",
        "minewall_list_entries{list=\"one\"} 2",
        "checked_time_seconds{feed=\"one\"} 1",
    ];
    let figure = until(LIMIT, || {
        let text = fs::read_to_string(&figures).unwrap_or_default();
        wanted.iter().all(|line| text.contains(line)).then_some(())
    });
    assert!(figure.is_some(), "{}", fs::read_to_string(&figures)?);
    assert_eq!(minewall.log().matches("read anew").count(), 2, "{}", minewall.log());

    let (code, said) = lists(&lab, &["rollback"])?;
    assert!(code == Some(0) && said.contains(&told), "{said}");
    wait_reloads(&minewall, 3);
    assert!(resolves(&lab, "second.example.net")? && !resolves(&lab, "first.example.net")?);
    assert!(!minewall.log().contains("of the lists") && !minewall.log().contains("ERROR"), "{}", minewall.log());
    minewall.stop()?;

    // Without the source, without a network.
    fs::remove_file(lab.directory().join("feed.txt"))?;
    let mut minewall = start(&lab, "block", &feed(&lab))?;
    assert!(!resolves(&lab, "first.example.net")?, "there from the start");
    minewall.stop()?;
    fs::write(lab.directory().join("lists/current/one.list"), "fir")?;
    let minewall = start(&lab, "block", &feed(&lab))?;
    assert!(minewall.wait_log("of the lists cannot be used", LIMIT), "{}", minewall.log());
    assert!(minewall.log().contains("no other generation can be"), "the same file in both: {}", minewall.log());
    assert!(resolves(&lab, "first.example.net")? && !resolves(&lab, "xmr.2miners.com")?, "the shipped lists serve");
    let (_, said) = lists(&lab, &["status"])?;
    assert!(said.contains("is damaged"), "{said}");
    Ok(())
}

#[test]
fn what_was_compiled_is_loaded_unless_it_is_of_something_else_or_damaged() -> Result<()> {
    if !ready("what_was_compiled_is_loaded_unless_it_is_of_something_else_or_damaged") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    fs::write(lab.directory().join("feed.txt"), "first.example.net\n")?;
    let (code, said) = lists(&lab, &["update"])?;
    assert_eq!(code, Some(0), "{said}");
    let compiled = lab.directory().join("lists/current/compiled");
    let starts = |more: &str, word: &str| -> Result<()> {
        let mut minewall = start(&lab, "block", &format!("{}{more}", feed(&lab)))?;
        assert!(minewall.log().contains(word), "{}", minewall.log());
        assert!(!resolves(&lab, "first.example.net")? && resolves(&lab, "www.example.net")?);
        minewall.stop()?;
        Ok(())
    };
    let (made, loaded) = ("compiled from their texts", "loaded as they were compiled");
    starts("", made)?;
    let first = fs::read(&compiled)?;
    starts("", loaded)?;
    for at in [0, 50, first.len() / 2, first.len() - 1] {
        let mut damaged = first.clone();
        damaged[at] ^= 1;
        fs::write(&compiled, &damaged)?;
        starts("", made)?;
        assert_eq!(fs::read(&compiled)?, first, "made anew");
    }
    fs::write(&compiled, &first[..first.len() / 2])?;
    starts("", made)?;
    let own = lab.directory().join("own.list");
    let more = format!("[[lists.file]]\nname = \"own\"\npath = {own:?}\n");
    for text in ["own.example.net\n", "other.example.net\n"] {
        fs::write(&own, text)?;
        starts(&more, made)?;
        starts(&more, loaded)?;
    }
    Ok(())
}

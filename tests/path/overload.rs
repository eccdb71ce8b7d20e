//! When packets are lost for want of room, minewall says so, looks at less, still cuts mining, and recovers by itself.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, load, ready};

use super::{LIMIT, must_be_cut, start};

#[test]
fn an_overload_is_told_once_and_ends_by_itself() -> Result<()> {
    if !ready("an_overload_is_told_once_and_ends_by_itself") {
        return Ok(());
    }
    ["burst", "nfq"].into_iter().try_for_each(overload_with)
}

fn overload_with(reader: &str) -> Result<()> {
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    // Closed, so that the kernel counts what it does not hold.
    let queue = "queue.length = 64\nqueue.count = 1\nqueue.fail = \"closed\"\nqueue.reader";
    let minewall = start(&lab, "block", &format!("{queue} = {reader:?}"))?;
    let login = login_of("xmrig").context("xmrig")?;
    let questions = thread::scope(|scope| -> Result<_> {
        let load = scope.spawn(|| load::questions(&lab, Family::V4, 4, Duration::from_secs(2)));
        thread::sleep(Duration::from_millis(300));
        minewall.pause()?;
        thread::sleep(Duration::from_millis(700));
        minewall.resume()?;
        load.join().ok().context("the load broke")?
    })?;
    assert!(questions.count > 0 && questions.errors > 0, "some questions found no room: {questions}");
    assert!(minewall.wait_log("overload: fewer packets", LIMIT), "{}", minewall.log());
    must_be_cut(&lab, Family::V4, login, Manner::Split(20));
    assert!(minewall.wait_log("the overload is over", LIMIT), "{}", minewall.log());
    assert_eq!(minewall.log().matches("overload: ").count(), 1, "{}", minewall.log());
    must_be_cut(&lab, Family::V6, login, Manner::Lines);
    Ok(())
}

//! The connection to the daemon, made again when it broke: a thread, so that keys never wait for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use minewall_core::config::Config;

use crate::control::{Caller, Request, Top};

/// How long it is waited before the next try.
const AGAIN: Duration = Duration::from_secs(1);

/// Starts it with a connection on which `top` was asked for. It ends with whoever listens.
///
/// # Errors
/// The system gives no more threads.
pub(super) fn start(config: Config, caller: Caller) -> Result<Receiver<Result<Top, String>>> {
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new().name("listen".into());
    thread.spawn(move || listen(&config, Ok(caller), &sender)).context("cannot start a thread")?;
    Ok(receiver)
}

fn listen(config: &Config, mut caller: Result<Caller>, sender: &Sender<Result<Top, String>>) {
    loop {
        let told = match &mut caller {
            Ok(caller) => caller.hear::<Top>("top").map_err(|error| format!("{error:#}")),
            Err(error) => Err(format!("{error:#}")),
        };
        let is_lost = told.is_err();
        if sender.send(told).is_err() {
            return;
        }
        if is_lost {
            std::thread::sleep(AGAIN);
            caller = connect(config);
        }
    }
}

fn connect(config: &Config) -> Result<Caller> {
    let mut caller = Caller::connect(config)?;
    caller.ask(&Request::new("top"))?;
    Ok(caller)
}

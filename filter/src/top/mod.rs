//! `minewall top`: what mines right now, told by the running daemon every second.
//!
//! | module | what |
//! |---|---|
//! | `listen` | the connection to the daemon, made again when it broke |
//! | `view` | what is shown: figures of a second, the order, the chosen row |
//! | `draw` | that on a terminal |
//! | `plain` | that as text, once |

mod draw;
mod listen;
mod plain;
#[cfg(test)]
mod tests;
mod view;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::tz::Offset;
use minewall_core::config::Config;
use minewall_core::incident::Incident;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use signal_hook::consts::{SIGHUP, SIGTERM};

use crate::control::{Caller, Request, Top};
use crate::incidents::Width;
use crate::{output, settings, show};
use draw::Paint;
use view::View;

/// How long a key is waited for before the daemon's news are looked at.
const KEY: Duration = Duration::from_millis(100);

/// `minewall top`.
#[derive(Args, Debug)]
pub(crate) struct Command {
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print it once, as plain text
    #[arg(long)]
    once: bool,
}

impl Command {
    /// Shows it until it is ended.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let mut caller = Caller::connect(&config)?;
        let mut view = View::new(caller.tell::<Top>(&Request::new("top"))?);
        if self.once {
            // Figures of a second take two looks of the daemon.
            while !view.has_rates() {
                view.take(caller.hear("top")?);
            }
            output::write(&plain::text(&view, Width::of_terminal()))?;
            return Ok(ExitCode::SUCCESS);
        }
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            bail!("minewall top needs a terminal; `minewall top --once` prints it once");
        }
        watch(&config, caller, view)
    }
}

fn watch(config: &Config, caller: Caller, mut view: View) -> Result<ExitCode> {
    let ends = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&ends)).context("cannot catch signals")?;
    }
    let news = listen::start(config.clone(), caller)?;
    let paint = Paint::of_environment();
    let mut terminal = ratatui::try_init().context("cannot draw on this terminal")?;
    let watched = loop {
        for news in news.try_iter() {
            match news {
                Ok(top) => view.take(top),
                Err(error) => view.lose(error),
            }
        }
        if let Err(error) = terminal.draw(|frame| draw::draw(frame, &view, paint)) {
            break Err(error).context("cannot draw on this terminal");
        }
        match press(config, &mut view) {
            Ok(true) if !ends.load(Ordering::Relaxed) => {}
            Ok(_) => break Ok(ExitCode::SUCCESS),
            Err(error) => break Err(error),
        }
    };
    ratatui::restore();
    watched
}

/// Waits a moment for a key, and does what it says; false: to end.
fn press(config: &Config, view: &mut View) -> Result<bool> {
    if !event::poll(KEY).context("cannot read this terminal")? {
        return Ok(true);
    }
    let Event::Key(key) = event::read().context("cannot read this terminal")? else { return Ok(true) };
    if key.kind == KeyEventKind::Release {
        return Ok(true);
    }
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(false),
        KeyCode::Char('q') => return Ok(false),
        KeyCode::Esc if view.details.is_none() => return Ok(false),
        KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => view.details = None,
        KeyCode::Enter | KeyCode::Right if view.details.is_some() => view.details = None,
        KeyCode::Enter | KeyCode::Right => {
            if let Some(id) = view.chosen() {
                let told = ask(config, &id);
                view.detail(told);
            }
        }
        KeyCode::Char('s') => view.sort = view.sort.next(),
        KeyCode::Up | KeyCode::Char('k') => view.go(-1),
        KeyCode::Down | KeyCode::Char('j') => view.go(1),
        KeyCode::PageUp => view.go(-10),
        KeyCode::PageDown => view.go(10),
        KeyCode::Home => view.go(isize::MIN),
        KeyCode::End => view.go(isize::MAX),
        _ => {}
    }
    Ok(true)
}

/// All of an incident, as `minewall show` says it.
fn ask(config: &Config, id: &str) -> Result<String> {
    let mut caller = Caller::connect(config)?;
    let incident: Incident = caller.tell(&Request { id: Some(id.to_owned()), ..Request::new("incident") })?;
    let columns = ratatui::crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
    Ok(show::text(&incident, &[], Offset::UTC, Width(columns)))
}

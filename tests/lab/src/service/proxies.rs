//! Proxies of the internet: microsocks (SOCKS 5) and tinyproxy (HTTP).

use std::fs;

use anyhow::{Context as _, Result};

use super::{START, accepts};
use crate::addresses::Family;
use crate::lab::Lab;
use crate::program::Program;

/// Where SOCKS 5 is spoken, without and with user and password.
pub const SOCKS_PORT: u16 = 1080;
/// See [`SOCKS_PORT`].
pub const SOCKS_LOGIN_PORT: u16 = 1081;
/// The user and password asked for at [`SOCKS_LOGIN_PORT`].
pub const SOCKS_LOGIN: (&str, &str) = ("bob", "s3cret");
/// Where HTTP is spoken: CONNECT to any port, and requests in absolute form.
pub const HTTP_PORT: u16 = 8888;

/// The running proxies; they reach whatever the internet of the lab reaches.
#[derive(Debug)]
pub struct Proxies {
    _programs: Vec<Program>,
}

impl Proxies {
    /// Starts all of them and waits until they accept, over IPv4 and IPv6.
    ///
    /// # Errors
    /// When one does not serve in time, with what it said.
    pub fn start(lab: &Lab) -> Result<Self> {
        let (user, password) = SOCKS_LOGIN;
        let directory = lab.directory().join("proxies");
        fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
        let file = directory.join("tinyproxy.conf");
        // A `Listen` for both families: without it tinyproxy takes IPv4 only.
        fs::write(&file, format!("Port {HTTP_PORT}\nListen 0.0.0.0\nListen ::\nTimeout 60\nMaxClients 20\n"))?;
        let file = file.to_string_lossy().into_owned();
        let (plain, guarded) = (SOCKS_PORT.to_string(), SOCKS_LOGIN_PORT.to_string());
        let commands: [(&str, &str, Vec<&str>, u16); 3] = [
            ("socks", "microsocks", vec!["-i", "::", "-p", &plain], SOCKS_PORT),
            (
                "socks-login",
                "microsocks",
                vec!["-i", "::", "-p", &guarded, "-u", user, "-P", password],
                SOCKS_LOGIN_PORT,
            ),
            ("tinyproxy", "tinyproxy", vec!["-d", "-c", &file], HTTP_PORT),
        ];
        let mut programs = Vec::new();
        for (name, program, arguments, port) in commands {
            let mut command = lab.internet.command(program);
            command.args(arguments);
            let mut program = Program::start(name, &mut command, &directory.join(name))?;
            program.wait_ready(START, || {
                Family::BOTH.into_iter().all(|family| accepts(&lab.internet, family.internet(), port))
            })?;
            programs.push(program);
        }
        Ok(Self { _programs: programs })
    }
}

//! Who is at the other end of the socket, as the kernel and this machine's list of users know it.

use std::fmt;
use std::fs;

use minewall_core::evidence::printable;
use rustix::net::UCred;
use serde::{Deserialize, Serialize};

/// The users of this machine. Nobody else is asked (LDAP, SSSD): the network may be what is amiss when somebody pauses.
const USERS: &str = "/etc/passwd";

/// What the kernel says where nobody logged in: a service, a boot script.
const NOBODY: u32 = u32::MAX;

/// Who ordered something.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct By {
    /// The user id of the process that asked.
    pub(crate) uid: u32,
    /// The name of that user, where this machine knows it.
    pub(crate) user: Option<String>,
    /// The id of the process that asked.
    pub(crate) pid: u32,
    /// Who logged in, before sudo or su, where the kernel knows: a name, or a user id where this machine has no name.
    pub(crate) login: Option<String>,
}

impl By {
    /// Looks up who that is. The process must still be there, or nobody knows who logged in.
    pub(super) fn of(peer: &UCred) -> Self {
        let (uid, pid) = (peer.uid.as_raw(), u32::try_from(peer.pid.as_raw_nonzero().get()).unwrap_or_default());
        let users = fs::read_to_string(USERS).unwrap_or_default();
        let login = fs::read_to_string(format!("/proc/{pid}/loginuid")).unwrap_or_default();
        Self::known(uid, pid, &login, &users)
    }

    /// From the texts of `/proc/PID/loginuid` and `/etc/passwd`.
    fn known(uid: u32, pid: u32, login: &str, users: &str) -> Self {
        let login = login.trim().parse().ok().filter(|uid| *uid != NOBODY);
        let login = login.map(|uid| name(uid, users).unwrap_or_else(|| uid.to_string()));
        Self { uid, user: name(uid, users), pid, login }
    }
}

/// A line is `name:password:uid:..`.
fn name(uid: u32, users: &str) -> Option<String> {
    let mut lines = users.lines().map(|line| line.split(':'));
    let named = lines.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    named.map(|name| printable(name, usize::MAX))
}

impl fmt::Display for By {
    /// `root (uid 0, pid 4711), logged in as alice`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "{user} (uid {}, pid {})", self.uid, self.pid)?,
            None => write!(f, "uid {} (pid {})", self.uid, self.pid)?,
        }
        match &self.login {
            Some(login) if self.user.as_ref() != Some(login) => write!(f, ", logged in as {login}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_it_is_stands_in_the_machine_s_own_texts() {
        let users = "root:x:0:0:root:/root:/bin/bash\n# a comment\nbroken\nali\u{1b}ce:x:1000:1000::/home:/bin/sh\n";
        let told = |uid, login| By::known(uid, 7, login, users).to_string();
        assert_eq!(told(0, "4294967295\n"), "root (uid 0, pid 7)");
        assert_eq!(told(0, "1000"), "root (uid 0, pid 7), logged in as ali\\u{1b}ce");
        assert_eq!(told(0, "0"), "root (uid 0, pid 7)");
        assert_eq!(told(0, "70001"), "root (uid 0, pid 7), logged in as 70001");
        assert_eq!(told(999, ""), "uid 999 (pid 7)");
    }
}

//! A virtual machine: a kernel in QEMU with this machine's root, read-only under what is kept in memory.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::kernel::Kernel;
use super::said;

/// Modules to reach the root with; the kernel loads all others from there when they are asked for.
const MODULES: &[&str] = &["virtio_pci", "virtio_rng", "virtio_console", "9pnet_virtio", "9p", "overlay"];

/// What stays behind where something fails: lines of the kernel's console.
const CONSOLE_LINES: usize = 25;

/// What the kernel is told. Without `norandmaps` programs and libraries lie elsewhere each time they are run, and QEMU
/// translates them anew: they take twice the processor's time.
const COMMAND_LINE: &str = "console=ttyS0 quiet panic=-1 oops=panic norandmaps";

/// A machine that is off.
pub(super) struct Machine<'a> {
    pub(super) kernel: &'a Kernel,
    /// Stands before each line it says: several machines may run at a time.
    pub(super) name: &'a str,
    /// For the files of this run; emptied first.
    pub(super) directory: PathBuf,
    pub(super) limit: Duration,
}

impl Machine<'_> {
    /// Boots, runs the commands as root in a shell, one after the other as long as they succeed, shows what they say with
    /// the seconds since the start, and gives it back. Fails when they do.
    pub(super) fn run(&self, commands: &[String]) -> Result<Vec<String>> {
        let _ = fs::remove_dir_all(&self.directory);
        fs::create_dir_all(&self.directory)?;
        self.write_first_root(commands)?;
        let mut qemu = self.qemu().spawn().context("cannot run qemu-system-x86_64")?;
        // Its standard input stays open as long as `qemu` lives: an end there would close the port of the output.
        let output = qemu.stdout.take().context("a pipe")?;
        let (started, name) = (Instant::now(), self.name.to_owned());
        let show = thread::spawn(move || -> std::io::Result<Vec<String>> {
            let mut lines = Vec::new();
            for line in BufReader::new(output).split(b'\n') {
                let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
                writeln!(std::io::stdout(), "{:4} s {name}  {line}", started.elapsed().as_secs())?;
                lines.push(line);
            }
            Ok(lines)
        });
        let ended = wait(&mut qemu, started + self.limit)?;
        let lines = show.join().ok().context("the reader of the output broke")??;
        let status = fs::read_to_string(self.directory.join("status")).unwrap_or_default();
        match status.trim() {
            "0" => Ok(lines),
            "" if ended => bail!("the virtual machine stopped without an exit status\n{}", self.remains()),
            "" => bail!("the virtual machine did not finish within {:?}\n{}", self.limit, self.remains()),
            status => bail!("the tests in the virtual machine failed: exit status {status}"),
        }
    }

    /// The initramfs: busybox, the modules of [`MODULES`] and two scripts.
    fn write_first_root(&self, commands: &[String]) -> Result<()> {
        let busybox = Path::new("/bin/busybox");
        if Command::new("ldd").arg(busybox).output().is_ok_and(|output| output.status.success()) {
            bail!("/bin/busybox needs libraries; remedy: apt-get install busybox-static");
        }
        let root = self.directory.join("first-root");
        for place in ["bin", "proc", "sys", "dev", "modules", "outside", "written", "root"] {
            fs::create_dir_all(root.join(place))?;
        }
        fs::copy(busybox, root.join("bin/busybox")).context("/bin/busybox")?;
        let mut order = String::new();
        for file in self.kernel.files(MODULES)? {
            let packed = file.extension().is_some_and(|ending| ending == "xz");
            let name = file.file_stem().context("a module has a name")?.to_string_lossy().into_owned();
            let name = if packed { name } else { format!("{name}.ko") };
            if packed {
                let unpacked = Command::new(busybox).arg("xzcat").arg(&file).output()?;
                fs::write(root.join("modules").join(&name), unpacked.stdout)?;
            } else {
                fs::copy(&file, root.join("modules").join(&name))?;
            }
            order += &format!("{name}\n");
        }
        fs::write(root.join("modules/order"), order)?;
        fs::write(root.join("modules/directory"), self.kernel.modules.display().to_string())?;
        fs::write(root.join("init"), include_str!("init.sh"))?;
        let tasks: String = commands.iter().map(|command| format!("        {command}\n")).collect();
        fs::write(root.join("command"), include_str!("command.sh").replace("TASKS\n", &tasks))?;
        let pack = "chmod 755 init && find . | /bin/busybox cpio -o -H newc -R 0:0 >../first-root.cpio";
        said(Command::new("sh").args(["-c", pack]).current_dir(&root)).map(drop)
    }

    fn qemu(&self) -> Command {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-M", "q35", "-cpu", "max", "-m", "1536"]);
        // Emulation works everywhere; KVM, inside other virtual machines, only here and there. One processor: with two
        // emulated ones Linux was seen to stumble over code that it changes while it runs (QEMU 7.2).
        qemu.args(["-accel", "tcg"]);
        qemu.args(["-nodefaults", "-display", "none", "-no-reboot", "-device", "virtio-rng-pci"]);
        qemu.arg("-kernel").arg(&self.kernel.image).args(["-initrd", &file("first-root.cpio")]);
        qemu.args(["-append", COMMAND_LINE, "-serial"]);
        qemu.arg(format!("file:{}", file("console")));
        let root = "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap";
        qemu.args(["-virtfs", root, "-device", "virtio-serial-pci"]);
        qemu.args(["-chardev", "stdio,id=output,signal=off", "-device", "virtserialport,chardev=output,name=output"]);
        qemu.arg("-chardev").arg(format!("file,id=status,path={}", file("status")));
        qemu.args(["-device", "virtserialport,chardev=status,name=status"]);
        qemu.stdin(Stdio::piped()).stdout(Stdio::piped());
        qemu
    }

    /// What the kernel's console said last.
    fn remains(&self) -> String {
        let console = fs::read(self.directory.join("console")).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).into_owned();
        let lines: Vec<_> = console.lines().collect();
        let last = lines.len().saturating_sub(CONSOLE_LINES);
        format!("its console:\n{}", lines.get(last..).unwrap_or_default().join("\n"))
    }
}

/// Waits for the end; whether it came by itself. Kills at the time that is too late.
fn wait(qemu: &mut Child, late: Instant) -> Result<bool> {
    loop {
        if qemu.try_wait()?.is_some() {
            return Ok(true);
        }
        if Instant::now() >= late {
            qemu.kill()?;
            qemu.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(200));
    }
}

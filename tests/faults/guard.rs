//! A program run within bounds: ten seconds, 1 GiB of addresses, no panic, no signal.
//!
//! Law: what breaks a bound ends the case with a word of the table: HANG, PANIC.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Longest time of one program.
pub const LONGEST: Duration = Duration::from_secs(10);
/// Largest address space of one program, KiB.
const LARGEST: u64 = 1 << 20;

/// How a program ended, and what it took.
#[derive(Debug)]
pub struct Measured {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub seconds: f64,
    /// Most memory that was seen resident, MiB.
    pub mib: u64,
}

/// Runs a program to its end, or kills it.
pub fn run(command: &Command) -> Measured {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit -v {LARGEST}; ulimit -c 0; exec \"$@\"")).arg("sh");
    limited.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    watched(&mut limited, LONGEST)
}

/// Runs a command without a bound of memory of its own, for at most so long.
pub fn watched(command: &mut Command, longest: Duration) -> Measured {
    let (mut out, mut words) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(words.try_clone().unwrap());
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut most = 0;
    let status = loop {
        most = most.max(resident(&child));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > longest {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("HANG: more than {} s", longest.as_secs());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = begun.elapsed().as_secs_f64();
    let measured = Measured {
        code: status.code(),
        stdout: text(&mut out),
        stderr: text(&mut words),
        seconds,
        mib: most / 1024,
    };
    let broke = ["panicked at", "RUST_BACKTRACE", "memory allocation of", "stack overflow"];
    if let Some(word) = broke.iter().find(|word| measured.stderr.contains(**word)) {
        panic!("PANIC: it says '{word}': {}", measured.stderr);
    }
    if let Some(signal) = status.signal() {
        panic!("PANIC: ended by signal {signal}: {}", measured.stderr);
    }
    measured
}

/// Most memory of a process so far, KiB.
fn resident(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A library of this folder that stands before the calls of a program (`LD_PRELOAD`), built once.
pub fn preloaded(name: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.so"));
    // Held while it is built: whoever asks meanwhile waits.
    let mut built = BUILT.lock().unwrap();
    if built.insert(name) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/faults/{name}.c"));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library).arg(source);
        let ended = compiler.arg("-ldl").output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    library
}

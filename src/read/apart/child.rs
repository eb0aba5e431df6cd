//! A process that decodes, as the run sees it.
//!
//! In:  a question and the seconds that it may take. Out: the answer, or how the process ended instead.
//! Law: whoever waits here waits no longer than that; a process that fell silent is killed, and none outlives its run.

use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::read::ReadError;
use crate::read::apart::wire::{self, Answer, Question};

/// The hidden verb of the program.
const VERB: &str = "read-apart";
/// Seconds until a process says that it is ready, whatever the patience: a machine may be busy.
const START: u64 = 60;
/// What a process that asks no network is told of the environment: settings of libraries, by the beginnings of their names.
const KEPT: [&str; 5] = ["GDAL_", "CPL_", "PROJ_", "LD_", "OPJ_"];

/// A running process.
pub(super) struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: ChildStdout,
    /// Whether it may ask object storage.
    pub(super) is_network: bool,
    /// Whether no other question was put to it before the last one.
    pub(super) is_alone: bool,
    asked: u64,
}

/// Why there is no answer.
pub(super) enum Ended {
    /// The process ended.
    Died(String),
    /// It did not come to an end.
    Late(String),
    /// It could not be limited.
    Unlimited(String),
}

impl Child {
    /// Starts a process that limits itself before it listens.
    ///
    /// # Errors
    /// `NoDecoder`.
    pub(super) fn start(program: &Path, is_network: bool) -> Result<Self, ReadError> {
        let fault = |reason: String| ReadError::NoDecoder { reason };
        let mut command = Command::new(program);
        command.arg(VERB).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A key that interrupts the run is the run's: it takes the process along when it ends.
        command.process_group(0);
        if is_network {
            command.arg("--network");
        } else {
            let kept = std::env::vars_os().filter(|(name, _)| {
                name.to_str().is_some_and(|name| KEPT.iter().any(|start| name.starts_with(start)))
            });
            let kept: Vec<_> = kept.collect();
            command.env_clear().envs(kept);
        }
        let mut process =
            command.spawn().map_err(|error| fault(format!("{}: {error}", program.display())))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(fault("it has no pipes".to_owned()));
        };
        let mut child = Self { process, input, output, is_network, is_alone: true, asked: 0 };
        match child.answer(START, 0) {
            Ok((Answer::Ready, _)) => Ok(child),
            Ok((Answer::Unlimited(reason), _)) | Err(Ended::Died(reason) | Ended::Late(reason)) => {
                Err(fault(reason))
            }
            _ => Err(fault("it answers what was not asked".to_owned())),
        }
    }

    /// Puts a question; the body of its answer has so many bytes, or none.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        (seconds, bytes): (u64, usize),
    ) -> Result<(Answer, Vec<u8>), Ended> {
        self.is_alone = self.asked == 0;
        self.asked += 1;
        // A process that is gone is told by its silence.
        let _ = wire::put(&mut self.input, &(seconds, question), &[]);
        match self.answer(seconds, bytes)? {
            (Answer::Unlimited(reason), _) => Err(Ended::Unlimited(reason)),
            answer => Ok(answer),
        }
    }

    fn answer(&mut self, seconds: u64, bytes: usize) -> Result<(Answer, Vec<u8>), Ended> {
        let until = Instant::now() + Duration::from_secs(seconds);
        match wire::take(&mut Patient { from: &mut self.output, until }, bytes) {
            Ok(Some(answer)) => Ok(answer),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.end();
                Err(Ended::Late(format!("its decoder did not come to an end within {seconds} s")))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.end();
                Err(Ended::Died(format!("its decoder answered nonsense ({error})")))
            }
            Ok(None) | Err(_) => {
                // The pipe is closed, so its end is near; it gets no longer than the question had.
                while Instant::now() < until {
                    if let Ok(Some(status)) = self.process.try_wait() {
                        return Err(Ended::Died(in_words(status)));
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                self.end();
                Err(Ended::Died("its decoder closed its answer".to_owned()))
            }
        }
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a decoder ended, for people.
fn in_words(status: ExitStatus) -> String {
    let why = match status.signal() {
        Some(4) => "an instruction that no processor knows",
        Some(6) => "it gave up, as decoders do where memory runs out",
        Some(7 | 11) => "it reached into memory that is not its own",
        Some(8) => "it divided by nought",
        Some(9) => "it was killed, perhaps because memory ran out",
        Some(24) => "it used up its processor time",
        Some(_) | None => "",
    };
    match (status.signal(), why) {
        (Some(signal), "") => format!("its decoder ended by signal {signal}"),
        (Some(signal), why) => format!("its decoder ended by signal {signal}: {why}"),
        (None, _) => format!("its decoder ended ({status})"),
    }
}

/// A pipe that is waited for until a moment.
struct Patient<'a> {
    from: &'a mut ChildStdout,
    until: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_overflow| io::ErrorKind::TimedOut)?;
            let is_ready = {
                let mut waiting = [PollFd::new(&*self.from, PollFlags::IN)];
                match poll(&mut waiting, Some(&left)) {
                    Err(rustix::io::Errno::INTR) => continue,
                    other => other?,
                }
            };
            if is_ready == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            return self.from.read(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_decoder_is_told_in_words() {
        let of = |script: &str| in_words(Command::new("sh").args(["-c", script]).status().unwrap());
        assert!(of("kill -SEGV $$").contains("signal 11: it reached into memory"));
        assert!(of("kill -USR1 $$").ends_with("ended by signal 10"));
        assert!(of("exit 7").contains("7"));
    }

    #[test]
    fn a_program_that_is_no_decoder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let fault = |path: &Path| Child::start(path, false).err().unwrap().to_string();
        assert!(fault(&folder.path().join("none")).contains("--isolate=no"));
        assert!(fault(Path::new("/bin/echo")).contains("its decoder ended (exit status: 0)"));
    }
}

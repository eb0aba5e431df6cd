//! Words for people: errors, progress, summaries. To stderr; data to stdout.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this file is the program's voice")]

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::bucket::secret::without_secrets;
use crate::run::Progress;

/// An error with its causes, one a line.
pub fn error(error: &anyhow::Error) {
    let mut said = String::new();
    for cause in error.chain() {
        let text = without_secrets(&cause.to_string());
        // A transparent error repeats its source; once is enough.
        if !said.contains(&text) {
            words(&format!("{}{}", if said.is_empty() { "error: " } else { "  because: " }, still(&text)));
            said.push_str(&text);
        }
    }
}

/// A line of words.
pub fn say(text: &str) {
    words(&still(&without_secrets(text)));
}

/// Words on stderr. A reader that went away (`2>&1 | head`) is not an error of ours, and the exit code stays what it is.
fn words(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Lines of words without letters that move the cursor or turn the text around: names of files and records stand in them.
fn still(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// Words of a record on one line: no letter of them moves the cursor, begins a line or turns the text around.
pub fn plain(words: &str) -> String {
    let letter = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    words.chars().map(letter).collect()
}

/// Data.
pub fn data(text: &str) {
    use std::io::Write;
    // A closed pipe (`| head`) is not an error of ours.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A progress bar on a terminal, nothing in a pipe.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that shows itself only where somebody looks.
    pub fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{msg:14} {wide_bar} {percent:>3} % {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn stage(&self, name: &str, units: u64) {
        self.bar.set_message(name.to_owned());
        self.bar.set_length(units.max(1));
        self.bar.set_position(0);
    }

    fn step(&self, units: u64) {
        self.bar.inc(units);
    }
}

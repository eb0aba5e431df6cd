//! Cases side by side, printed in the order of the catalogue.
//!
//! Law: a case that cannot apply or stands in another test says so in its line and is counted apart.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::place::{Ground, Place};

/// Cases that run at once.
const WORKERS: usize = 2;
/// Letters of a title before its outcome.
const TITLE: usize = 72;

/// What became of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// E: with file, reason and next step; nothing published.
    Refused,
    /// P: the result is the one without the fault.
    Processed,
    /// R: with a note.
    Repaired,
    /// W: a recorded warning.
    Warned,
    /// S: a gap that is stated, or an item that is listed as left out.
    Stated,
    /// Asserted by a test of that name.
    Elsewhere,
    /// Nothing of the program meets it.
    Inapplicable,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Refused => "refused",
            Outcome::Processed => "as without",
            Outcome::Repaired => "repaired",
            Outcome::Warned => "warned",
            Outcome::Stated => "stated",
            Outcome::Elsewhere => "tested",
            Outcome::Inapplicable => "cannot apply",
        }
    }
}

/// What became of a case, in words.
#[derive(Debug, Clone)]
pub struct Told {
    pub outcome: Outcome,
    pub words: String,
}

impl Told {
    pub fn new(outcome: Outcome, words: impl Into<String>) -> Self {
        Self { outcome, words: words.into() }
    }
}

/// How a case is shown.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// Here.
    Run(fn(&Place) -> Told),
    /// By tests that stand elsewhere: file and name of each.
    Tests(&'static [(&'static str, &'static str)]),
    /// Not at all, for a reason.
    Inapplicable(&'static str),
}

/// One case of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub section: &'static str,
    pub number: &'static str,
    pub title: &'static str,
    pub way: Way,
}

impl Case {
    /// Section, number, letter behind the number.
    pub fn order(&self) -> (&'static str, usize, &'static str) {
        let digits = self.number.trim_end_matches(char::is_alphabetic);
        (self.section, digits.parse().unwrap_or(0), self.number)
    }

    fn is_asked(&self, asked: &[String]) -> bool {
        let called = format!("{} {} {}", self.section, self.number, self.title);
        let is =
            |word: &String| *word == self.section || *word == self.number || called.contains(word.as_str());
        asked.is_empty() || asked.iter().any(is)
    }
}

/// The catalogue stands in the table once, and whole.
pub fn complete(cases: &[Case], expected: usize) {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        *numbers.entry(case.number).or_default() += 1;
    }
    let missing: Vec<String> = (1..expected)
        .map(|number| number.to_string())
        .filter(|number| !numbers.contains_key(number.as_str()))
        .collect();
    let twice: Vec<&str> =
        numbers.iter().filter(|(_, times)| **times > 1).map(|(number, _)| *number).collect();
    assert!(
        missing.is_empty() && twice.is_empty() && numbers.len() == expected,
        "{} of {expected} cases; missing {missing:?}; twice {twice:?}",
        numbers.len()
    );
}

/// A case that ended.
enum Ended {
    Well(Told),
    Badly(String),
}

/// Runs the cases that were asked for and prints the table.
pub fn run(all: &[Case], asked: &[String]) -> ExitCode {
    let cases: Vec<&Case> = all.iter().filter(|case| case.is_asked(asked)).collect();
    if cases.is_empty() {
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    // What went wrong stands in the line of its case; odd pictures are made on purpose.
    gdal::config::set_error_handler(|_, _, _| {});
    std::panic::set_hook(Box::new(|_| {}));
    let ground = Ground::new();
    let next = AtomicUsize::new(0);
    let lines: Mutex<Printed> = Mutex::new((0, cases.iter().map(|_| None).collect()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((place, case)) = taken(&next, &cases) {
                    let line = one(case, &ground);
                    let mut lines = lines.lock().unwrap();
                    lines.1[place] = Some(line);
                    while let (printed, Some(Some((line, _)))) = (lines.0, lines.1.get(lines.0)) {
                        println!("{line}");
                        lines.0 = printed + 1;
                    }
                }
            });
        }
    });
    let lines = lines.into_inner().unwrap().1;
    let ended: Vec<(&Case, Ended)> =
        cases.into_iter().zip(lines.into_iter().flatten().map(|(_, ended)| ended)).collect();
    sums(&ended, begun)
}

/// How many lines were printed, and the line of each case that has ended.
type Printed = (usize, Vec<Option<(String, Ended)>>);

fn taken<'a>(next: &AtomicUsize, cases: &[&'a Case]) -> Option<(usize, &'a Case)> {
    let place = next.fetch_add(1, Ordering::SeqCst);
    cases.get(place).map(|case| (place, *case))
}

fn one(case: &Case, ground: &Ground) -> (String, Ended) {
    let place = Place::new(ground);
    let work = || match case.way {
        Way::Run(work) => work(&place),
        Way::Tests(tests) => {
            tests.iter().for_each(stands);
            let names: Vec<&str> = tests.iter().map(|(_, name)| *name).collect();
            Told::new(Outcome::Elsewhere, names.join(", "))
        }
        Way::Inapplicable(why) => Told::new(Outcome::Inapplicable, why),
    };
    let ended = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(told) => Ended::Well(told),
        Err(fault) => Ended::Badly(words_of(fault.as_ref())),
    };
    let title: String = format!("{} {:<4} {} ", case.section, case.number, case.title);
    let dots = ".".repeat(TITLE.saturating_sub(title.chars().count()));
    let used = place.used();
    let line = match &ended {
        Ended::Well(told) if told.words.is_empty() => format!("{title}{dots} {}{used}", told.outcome.word()),
        Ended::Well(told) => format!("{title}{dots} {}: {}{used}", told.outcome.word(), told.words),
        Ended::Badly(why) => format!("{title}{dots} FAILED: {why}{used}"),
    };
    (line, ended)
}

fn words_of(fault: &(dyn Any + Send)) -> String {
    let text = fault.downcast_ref::<String>().cloned();
    text.or_else(|| fault.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// A test of that name stands in that file.
fn stands((file, name): &(&str, &str)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let is_there =
        text.contains(&format!("#[test]\nfn {name}(")) || text.contains(&format!("#[test]\n    fn {name}("));
    assert!(is_there, "no test {name} in {file}");
}

fn sums(ended: &[(&Case, Ended)], begun: Instant) -> ExitCode {
    let mut counted: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, ended) in ended {
        match ended {
            Ended::Well(told) if case.section.starts_with('3') => {
                *counted.entry(told.outcome).or_default() += 1
            }
            Ended::Well(_) => {}
            Ended::Badly(why) => {
                let kinds = ["SILENT MISS", "PANIC", "HANG"];
                let kind = kinds.into_iter().find(|kind| why.contains(kind)).unwrap_or("other failures");
                *faults.entry(kind).or_default() += 1;
            }
        }
    }
    let in_catalogue = ended.iter().filter(|(case, _)| case.section.starts_with('3')).count();
    let settled: usize = counted.values().sum();
    let counts: Vec<String> =
        counted.iter().map(|(outcome, count)| format!("{count} {}", outcome.word())).collect();
    let of = |kind: &str| faults.get(kind).copied().unwrap_or(0);
    println!(
        "{settled} of {in_catalogue}: {}; {} silent misses, {} panics, {} hangs, {} other failures ({:.0} s)",
        counts.join(", "),
        of("SILENT MISS"),
        of("PANIC"),
        of("HANG"),
        of("other failures"),
        begun.elapsed().as_secs_f64()
    );
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A case that runs here.
pub const fn run_case(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    work: fn(&Place) -> Told,
) -> Case {
    Case { section, number, title, way: Way::Run(work) }
}

/// A case that other tests assert.
pub const fn tested(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    tests: &'static [(&'static str, &'static str)],
) -> Case {
    Case { section, number, title, way: Way::Tests(tests) }
}

/// A case that nothing of the program meets.
pub const fn inapplicable(
    section: &'static str,
    number: &'static str,
    title: &'static str,
    why: &'static str,
) -> Case {
    Case { section, number, title, way: Way::Inapplicable(why) }
}

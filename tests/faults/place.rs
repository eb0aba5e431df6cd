//! A world of its own for each case, and what a case may ask of it.
//!
//! In:  one drawn world and its result without any fault, shared by all cases.
//! Out: a folder with a copy of it, programs run there within bounds, and the verdict on how each ended.
//! Law: no fault is "no change": refused, a gap, or the same leads; whoever says otherwise is a silent miss.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use geo::Intersects;
use serde_json::{Value, json};

use crate::guard::{self, Measured};
use crate::program::{Lead, Published, Scan, beside, program};
use crate::table::{Outcome, Told};
use crate::world::{Block, Deed, Drawn, World};

/// Days of the drawn world that cases spoil: one of the look-back, two of the target period.
pub const PAST: u32 = 20_220_717;
pub const LATE: u32 = 20_230_717;
pub const SPRING: u32 = 20_230_503;

/// The field that was ploughed.
pub const FIELD: Block = Block { row: 18, col: 20, rows: 12, cols: 14 };

/// What all cases share.
pub struct Ground {
    drawn: Drawn,
    hashes: BTreeMap<String, String>,
    leads: Vec<Lead>,
}

impl Ground {
    pub fn new() -> Self {
        let drawn = Drawn::new(World::steppe(56, 56).with(FIELD, 20_230_401, Deed::Ploughed));
        let published = Scan::of(&drawn).out(drawn.path("clean")).published();
        let leads = published.leads();
        assert!(!leads.is_empty(), "the world without faults has no lead");
        Self { hashes: published.hashes(), leads, drawn }
    }
}

/// The folder of one case.
pub struct Place<'a> {
    ground: &'a Ground,
    pub drawn: Drawn,
    seconds: Cell<f64>,
    mib: Cell<u64>,
}

impl<'a> Place<'a> {
    pub fn new(ground: &'a Ground) -> Self {
        Self { ground, drawn: ground.drawn.copied(), seconds: Cell::new(0.0), mib: Cell::new(0) }
    }

    /// What the slowest and the largest program took, as the table prints it.
    pub fn used(&self) -> String {
        match self.seconds.get() {
            0.0 => String::new(),
            seconds => format!(" ({seconds:.1} s, {} MiB)", self.mib.get()),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.drawn.path(name)
    }

    pub fn scene(&self, date: u32) -> PathBuf {
        self.drawn.scene(date)
    }

    pub fn scan(&self) -> Scan {
        Scan::of(&self.drawn)
    }

    /// Writes a file of the case.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a red line and asks for a scan of it.
    pub fn with_redline(&self, name: &str, bytes: impl AsRef<[u8]>) -> Scan {
        self.scan().redlines(self.write(name, bytes))
    }

    /// The red line of the drawn world.
    pub fn redline(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("redline.geojson")).unwrap()).unwrap()
    }

    /// The drawn red line with another geometry.
    pub fn with_geometry(&self, name: &str, geometry: &Value) -> Scan {
        let mut layer = self.redline();
        layer["features"][0]["geometry"] = geometry.clone();
        self.with_redline(name, layer.to_string())
    }

    /// The outline of the drawn red line.
    pub fn ring(&self) -> Vec<[f64; 2]> {
        let ring = self.redline()["features"][0]["geometry"]["coordinates"][0].clone();
        serde_json::from_value(ring).unwrap()
    }

    /// Runs a command within bounds.
    pub fn run(&self, command: &Command) -> Measured {
        let measured = guard::run(command);
        self.took(&measured);
        measured
    }

    /// Counts what a program took.
    pub fn took(&self, measured: &Measured) {
        self.seconds.set(self.seconds.get().max(measured.seconds));
        self.mib.set(self.mib.get().max(measured.mib));
    }

    /// Runs the program with words, in the folder of the case.
    pub fn steppewatch(&self, words: &[&str]) -> Measured {
        let mut command = program();
        command.args(words).current_dir(self.drawn.folder());
        self.run(&command)
    }

    /// A scan is refused with file, reason and next step, and leaves nothing behind.
    pub fn refused(&self, scan: &Scan, words: &[&str]) -> Told {
        let before = beside(&scan.out);
        let ended = self.run(&scan.command());
        assert_eq!(beside(&scan.out), before, "something was left: {}", ended.stderr);
        self.is_refusal(&ended, words)
    }

    /// A program ended as a refusal that says these words.
    pub fn is_refusal(&self, ended: &Measured, words: &[&str]) -> Told {
        if matches!(ended.code, Some(0)) {
            panic!("SILENT MISS: expected a refusal, it ended well: {}{}", ended.stdout, ended.stderr);
        }
        assert!(matches!(ended.code, Some(1 | 2)), "ended with {:?}: {}", ended.code, ended.stderr);
        assert!(ended.stderr.contains("error: "), "no error is named: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "'{word}' is missing in: {}", ended.stderr);
        }
        Told::new(Outcome::Refused, self.short(&ended.stderr))
    }

    /// The first line of an error without the folder of the case.
    pub fn short(&self, words: &str) -> String {
        let line = words.split_once("error: ").map_or("", |(_, line)| line).trim_end().replace('\n', " ");
        let line = line.replace(&format!("{}/", self.drawn.folder().display()), "");
        let letters: String = line.chars().filter(|letter| !letter.is_control()).collect();
        match letters.char_indices().nth(150) {
            Some((end, _)) => format!("{}…", &letters[..end]),
            None => letters,
        }
    }

    /// A scan ends with a result; anything else ends the case.
    pub fn published(&self, scan: &Scan) -> (Published, Measured) {
        let ended = self.run(&scan.command());
        assert!(matches!(ended.code, Some(0 | 3)), "ended with {:?}: {}", ended.code, ended.stderr);
        (Published { code: ended.code.unwrap_or_default(), out: scan.out.clone() }, ended)
    }

    /// A scan finds exactly what it finds without the fault.
    pub fn same(&self, scan: &Scan) -> (Published, Measured) {
        let (published, ended) = self.published(scan);
        let hashes = published.hashes();
        for name in ["leads.geojson", "gaps.geojson"] {
            if hashes.get(name) != self.ground.hashes.get(name) {
                self.differs(&published, name);
            }
        }
        (published, ended)
    }

    fn differs(&self, published: &Published, name: &str) -> ! {
        let (leads, gaps) = (published.leads().len(), published.gaps().len());
        let what = format!("{name} differs: {leads} leads, {gaps} gaps, code {}", published.code);
        if leads < self.ground.leads.len() && gaps == 0 {
            panic!("SILENT MISS: {what}");
        }
        panic!("{what}");
    }

    /// A scan finds what it finds without the fault, at the same places; numbers may differ.
    pub fn same_places(&self, scan: &Scan) -> (Published, Measured) {
        let (published, ended) = self.published(scan);
        let found = published.leads();
        for lead in &self.ground.leads {
            let is_there = found.iter().any(|other| {
                other.text("model") == lead.text("model") && other.outline.intersects(&lead.outline)
            });
            if !is_there {
                let kind = if published.gaps().is_empty() { "SILENT MISS: " } else { "" };
                panic!("{kind}{} {} is not found", lead.text("model"), lead.text("id"));
            }
        }
        assert_eq!(found.len(), self.ground.leads.len(), "other leads than without the fault");
        (published, ended)
    }

    /// P: the same as without the fault.
    pub fn processed(&self, scan: &Scan) -> Told {
        self.same(scan);
        Told::new(Outcome::Processed, "the same leads and gaps")
    }

    /// P with other numbers: the same places.
    pub fn found_again(&self, scan: &Scan) -> Told {
        self.same_places(scan);
        Told::new(Outcome::Processed, "the same places")
    }

    /// W or R: the same leads, and words that say what was met.
    pub fn told(&self, outcome: Outcome, scan: &Scan, words: &[&str]) -> Told {
        let is_noted = matches!(outcome, Outcome::Repaired | Outcome::Stated);
        let (_, ended) = if is_noted { self.same_places(scan) } else { self.same(scan) };
        Told::new(outcome, said(&ended.stderr, words))
    }

    /// S: the red lines concerned stand in the gaps, and the run says so with 3.
    pub fn gap(&self, scan: &Scan, reason: &str) -> Told {
        let (published, ended) = self.published(scan);
        let gaps = published.gaps();
        if published.code != 3 || gaps.is_empty() {
            panic!("SILENT MISS: no gap: {}", ended.stderr);
        }
        let gap = gaps
            .iter()
            .find(|gap| gap.text("reason").contains(reason) || gap.text("detail").contains(reason));
        let found: Vec<&str> = gaps.iter().map(|gap| gap.text("reason")).collect();
        let gap = gap.unwrap_or_else(|| panic!("no gap for '{reason}' among {found:?}"));
        Told::new(Outcome::Stated, format!("gap {}", gap.text("reason")))
    }
}

/// The first line that holds every one of these words, cut short.
pub fn said(text: &str, words: &[&str]) -> String {
    for word in words {
        assert!(text.contains(word), "SILENT MISS: '{word}' is not said: {text}");
    }
    let line =
        text.lines().find(|line| words.first().is_some_and(|word| line.contains(word))).unwrap_or_default();
    line.trim_start_matches("note: ").chars().take(150).collect()
}

/// A polygon of one ring.
pub fn polygon(ring: &[[f64; 2]]) -> Value {
    json!({ "type": "Polygon", "coordinates": [ring] })
}

/// A command of GDAL that must succeed.
pub fn tool(name: &str, words: &[&str], paths: &[&Path]) {
    let output = Command::new(name).args(words).args(paths).output().unwrap();
    assert!(output.status.success(), "{name} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

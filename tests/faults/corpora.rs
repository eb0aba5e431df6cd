//! Files that once broke other readers, through ours: 345 TIFF as scenes, 318 JSON at four doors.
//!
//! In:  the corpora, where they lie beside the project (they are not part of it).
//! Law: each within ten seconds and 1 GiB, no panic, no signal; what must not be read as JSON is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use steppewatch::read::{self, attributes};
use steppewatch::redline::{self, Context, Role};
use steppewatch::weigh::confidence::Model;
use steppewatch::weigh::labels;

use crate::guard::LONGEST;
use crate::place::Place;
use crate::table::{Case, Outcome, Told, run_case};
use crate::world::{BASELINE, TARGET};

pub const CASES: &[Case] = &[
    run_case("corpora", "1", "130 TIFF that crashed a reader", |place| tiffs(place, "tiff_fuzz_images", 130)),
    run_case("corpora", "2", "215 fuzzed TIFF", |place| tiffs(place, "tiff_go_fuzz", 215)),
    run_case("corpora", "3", "318 JSON as red lines", |place| texts(place, Door::RedLines)),
    run_case("corpora", "4", "318 JSON as permits", |place| texts(place, Door::Permits)),
    run_case("corpora", "5", "318 JSON as STAC", |place| texts(place, Door::Stac)),
    run_case("corpora", "6", "318 JSON as verified leads", |place| texts(place, Door::Verified)),
];

/// Files of a corpus, sorted; none where it is not on this machine.
fn files(name: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/corpora").join(name)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn absent(name: &str) -> Told {
    Told::new(Outcome::Inapplicable, format!("skipped: the corpus {name} does not lie beside the project"))
}

fn tiffs(place: &Place, name: &str, expected: usize) -> Told {
    let files = files(name);
    if files.is_empty() {
        return absent(name);
    }
    let mut refused = 0;
    for file in &files {
        // A name with a date, so that nothing but the content decides.
        let scene = place.path("scene_20230717_B04.tif");
        fs::copy(file, &scene).unwrap();
        let scan = place.scan().scenes(&scene);
        let ended = place.run(&scan.command());
        place.is_refusal(&ended, &["scene_20230717_B04.tif"]);
        refused += 1;
    }
    assert_eq!(files.len(), expected);
    Told::new(Outcome::Refused, format!("{refused} of {expected}, each with its reason"))
}

#[derive(Clone, Copy)]
enum Door {
    RedLines,
    Permits,
    Stac,
    Verified,
}

impl Door {
    /// Arguments of a check that reads a text through this door.
    fn words(self, text: &str) -> Vec<&str> {
        let mut words = vec!["check", "--baseline", BASELINE, "--target", TARGET];
        match self {
            Door::RedLines => words.extend(["--scenes", "scenes", "--redlines", text]),
            Door::Permits => {
                words.extend(["--scenes", "scenes", "--redlines", "redline.geojson", "--permits", text])
            }
            Door::Stac => words.extend(["--scenes", text, "--redlines", "redline.geojson"]),
            Door::Verified => {
                words.extend(["--scenes", "scenes", "--redlines", "redline.geojson", "--verified", text])
            }
        }
        words
    }

    /// Reads a text with the reader behind this door; the words of its refusal.
    fn read(self, text: &Path) -> Option<String> {
        let paths = [text.to_owned()];
        match self {
            Door::RedLines => redline::read(&paths, None).err().map(|error| error.to_string()),
            Door::Permits => {
                Context::default().read(Role::Permit, &paths).err().map(|error| error.to_string())
            }
            Door::Stac => read::scenes(text, None).err().map(|error| error.to_string()),
            Door::Verified => {
                let model = Model::shipped().unwrap();
                let labels = attributes::read(text).and_then(|rows| labels::labels(&[rows], &model));
                labels.err().map(|error| error.to_string())
            }
        }
    }
}

/// Every text through its reader; every sixteenth, in a long run each, through the whole program too.
fn texts(place: &Place, door: Door) -> Told {
    let files = files("json_test_suite");
    if files.is_empty() {
        return absent("json_test_suite");
    }
    let apart = if std::env::var_os("STEPPEWATCH_LONG").is_some() { 1 } else { 16 };
    let (mut refused, mut read) = (0, 0);
    for (number, file) in files.iter().enumerate() {
        let text = place.path("text.json");
        fs::copy(file, &text).unwrap();
        let begun = Instant::now();
        let words = door.read(&text);
        assert!(begun.elapsed() < LONGEST, "HANG: {}", file.display());
        let name = file.file_name().unwrap().to_string_lossy();
        match &words {
            None => assert!(!name.starts_with("n_"), "{name} is no JSON and was read"),
            Some(words) => assert!(words.contains("text.json"), "{name}: no file is named: {words}"),
        }
        if number % apart == 0 {
            let ended = place.steppewatch(&door.words(text.to_str().unwrap()));
            assert_eq!(ended.code == Some(0), words.is_none(), "{name}: {}", ended.stderr);
            if words.is_some() {
                place.is_refusal(&ended, &["text.json"]);
            }
        }
        refused += usize::from(words.is_some());
        read += usize::from(words.is_none());
    }
    assert_eq!(files.len(), 318);
    let through = files.len().div_ceil(apart);
    Told::new(
        Outcome::Refused,
        format!(
            "{} of 318: {refused} refused with the reason, {read} read; {through} through the whole program",
            refused + read
        ),
    )
}

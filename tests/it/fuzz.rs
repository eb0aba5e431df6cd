//! Readers of what others write, asked with odd versions of it: an answer or a refusal, quickly, and never a crash.
//!
//! In:  files of this repository, files that tests write, the corpora where they lie beside the project.
//! Out: a line for each reader: questions, answers, refusals, kinds of refusals, the slowest question, most memory.
//! Law: a reader is asked so many times, or as long as `STEPPEWATCH_FUZZ_SECONDS` says (`scripts/fuzz`); the question that
//!      breaks one is written to `STEPPEWATCH_FUZZ_CRASHES` and its seed is printed.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use geo::CoordsIter;
use steppewatch::date::Date;
use steppewatch::grid::datum::Datum;
use steppewatch::ledger::Book;
use steppewatch::ledger::returned::Returned;
use steppewatch::plan::{PlanFile, resolve};
use steppewatch::provenance::{self, Manifest};
use steppewatch::read::product;
use steppewatch::redline::context::Context;
use steppewatch::redline::read::read;
use steppewatch::redline::{Class, Role};

use crate::mutate::{Dice, Form, mutated};
use crate::program::Scan;
use crate::safe::{Planes, Safe};
use crate::world::{Block, Deed, Drawn, World};

/// Questions where no time is given.
const QUESTIONS: usize = 400;
/// Longest time of one question.
const LONGEST: Duration = Duration::from_secs(10);
/// Most questions that are kept because their answer was new.
const MOST_KEPT: usize = 4000;

/// A reader and how it is asked.
struct Target<'a> {
    name: &'a str,
    /// Where the question is written.
    file: PathBuf,
    form: Form,
    seeds: Vec<Vec<u8>>,
    /// Asks; a refusal in words.
    ask: &'a dyn Fn(&Path) -> Result<(), String>,
}

/// What is the same in refusals that differ by names and numbers.
fn kind_of(refusal: &str, file: &Path) -> String {
    let folder = file.parent().unwrap_or(file).display().to_string();
    let refusal = refusal.replace(&folder, "");
    let plain = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
    let mut kind: String = refusal.chars().take(120).map(plain).collect();
    while kind.contains("00") {
        kind = kind.replace("00", "0");
    }
    kind
}

fn run(mut target: Target) {
    let seconds = std::env::var("STEPPEWATCH_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let first: u64 =
        std::env::var("STEPPEWATCH_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (begun, mut kinds, mut answers) = (Instant::now(), BTreeSet::new(), 0);
    let (mut asked, mut slowest) = (0_usize, (Duration::ZERO, 0_u64));
    target.seeds.retain(|seed| seed.len() < 1 << 20);
    let whole = target.seeds.len().min(QUESTIONS / 4);
    assert!(!target.seeds.is_empty(), "no file to begin with");
    let is_time = |asked: usize| match seconds {
        Some(seconds) => begun.elapsed() < Duration::from_secs(seconds),
        None => asked < QUESTIONS,
    };
    while is_time(asked) {
        let seed = first.wrapping_add(asked as u64);
        let bytes = match target.seeds.get(asked) {
            // As they are, before anything is changed.
            Some(bytes) if first == 0 && asked < whole => bytes.clone(),
            _ => mutated(&mut Dice(seed.wrapping_mul(0x1_0001)), &target.seeds, target.form),
        };
        let (answer, took) = answered(&target, seed, &bytes);
        slowest = slowest.max((took, seed));
        match answer {
            Err(refusal) => {
                // What is refused for another reason leads to other places.
                if kinds.insert(kind_of(&refusal, &target.file))
                    && target.seeds.len() < MOST_KEPT
                    && bytes.len() < 1 << 16
                {
                    target.seeds.push(bytes);
                }
            }
            Ok(()) => answers += 1,
        }
        asked += 1;
    }
    println!(
        "fuzz: {}: {asked} questions in {:.0} s, {answers} answered, {} refused in {} ways, 0 crashes, slowest {:.0} ms (seed {}), most memory {} MiB",
        target.name,
        begun.elapsed().as_secs_f64(),
        asked - answers,
        kinds.len(),
        slowest.0.as_secs_f64() * 1e3,
        slowest.1,
        most_memory()
    );
}

/// One question: the answer and how long it took; a reader that it breaks ends the test.
fn answered(target: &Target, seed: u64, bytes: &[u8]) -> (Result<(), String>, Duration) {
    fs::write(&target.file, bytes).unwrap();
    let since = Instant::now();
    let answer = catch_unwind(AssertUnwindSafe(|| (target.ask)(&target.file)));
    let took = since.elapsed();
    match answer {
        Ok(answer) if took <= LONGEST => (answer, took),
        broken => {
            let folder =
                std::env::var_os("STEPPEWATCH_FUZZ_CRASHES").map_or_else(std::env::temp_dir, PathBuf::from);
            let kept = folder.join(format!("{}-{seed}", target.name.replace(' ', "-")));
            fs::write(&kept, bytes).unwrap();
            let what = if broken.is_err() { "crashed" } else { "did not come to an end" };
            panic!("{} {what} after {took:?}: seed {seed}, {}", target.name, kept.display());
        }
    }
}

/// Most memory of this process so far, MiB.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Files below a folder with one of these endings, sorted; none where it is not there.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if endings.contains(&ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn bytes_of(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    files(&folder, endings).iter().map(|path| fs::read(path).unwrap()).collect()
}

fn drawn() -> Drawn {
    Drawn::new(World::steppe(40, 40).with(Block::new(10, 10, 12, 14), 20_230_401, Deed::Ploughed))
}

#[test]
fn red_lines_of_any_bytes_are_read_or_refused() {
    let drawn = drawn();
    let mut seeds = vec![fs::read(drawn.path("redline.geojson")).unwrap()];
    seeds.extend(bytes_of("redlines", &["geojson"]));
    seeds.extend(bytes_of("fixtures", &["geojson"]));
    seeds.extend(bytes_of("../shared/data/corpora/json_test_suite", &["json"]));
    let ask = |path: &Path| -> Result<(), String> {
        let paths = [path.to_owned()];
        let context = Context::default().read(Role::Permit, &paths);
        let reading = read(&paths, Some(Class::Grassland)).map_err(|error| error.to_string())?;
        for line in &reading.redlines {
            let is_on_earth = line.polygons.coords_iter().all(|at| at.x.abs() <= 180.0 && at.y.abs() <= 90.0);
            assert!(is_on_earth, "a red line off the earth");
        }
        context.map_err(|error| error.to_string())
    };
    run(Target { name: "red lines", file: drawn.path("odd.geojson"), form: Form::Json, seeds, ask: &ask });
}

#[test]
fn plans_of_any_bytes_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = "[inputs]\nscenes = \"scenes\"\nredlines = [\"a.geojson\"]\nband_order = [\"red\", \"nir\"]\nclass = \"grassland\"\n\
                 [dates]\nbaseline = \"2019-01-01/2022-12-31\"\ntarget = \"2023-01-01/2023-12-31\"\n[model]\nsubmodels = [\"G1\"]\n\
                 least_confidence = 0.6\nfdr = 0.1\n[outputs]\nout = \"out\"\n[machine]\nthreads = 2\ntile_size = 256\nmemory = \"1GiB\"\n\
                 isolate = \"yes\"\n";
    let mut seeds = vec![whole.as_bytes().to_vec(), fs::read(template()).unwrap()];
    seeds.extend(bytes_of("redlines", &["toml"]));
    let ask = |path: &Path| -> Result<(), String> {
        let file = PlanFile::read(path).map_err(|error| error.to_string())?;
        let plan = resolve(file, 2).map_err(|error| error.to_string())?;
        assert!(plan.threads >= 1 && !plan.as_file().inputs.redlines.is_empty());
        Ok(())
    };
    run(Target { name: "plan", file: folder.path().join("plan.toml"), form: Form::Lines, seeds, ask: &ask });
}

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init.toml")
}

#[test]
fn stac_items_of_any_bytes_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let item = r#"{"type":"Feature","stac_version":"1.0.0","id":"S2A_x","geometry":null,"properties":{"datetime":"2023-07-17T03:00:00Z",
        "platform":"sentinel-2a","s2:processing_baseline":"05.09"},"links":[],"assets":{"red":{"href":"B04.tif","eo:bands":[{"common_name":"red"}],
        "raster:bands":[{"scale":0.0001,"offset":-0.1,"nodata":0}]},"nir":{"href":"./B08.tif","bands":[{"eo:common_name":"nir"}]}}}"#;
    let links = r#"{"type":"Catalog","stac_version":"1.0.0","id":"c","description":"","links":[{"rel":"item","href":"./odd.json"},
        {"rel":"child","href":"../c.json"}]}"#;
    let mut seeds = vec![item.as_bytes().to_vec(), links.as_bytes().to_vec()];
    seeds.extend(bytes_of("../shared/data/stac", &["json", "geojson"]));
    seeds.extend(bytes_of("../shared/data/corpora/json_test_suite", &["json"]));
    let ask = |path: &Path| product::described(path).map(drop).map_err(|error| error.to_string());
    run(Target { name: "STAC", file: folder.path().join("odd.json"), form: Form::Json, seeds, ask: &ask });
}

#[test]
fn manifests_of_any_bytes_are_verified_or_refused() {
    let drawn = drawn();
    let published = Scan::of(&drawn).published();
    let whole = fs::read(published.out.join("manifest.json")).unwrap();
    let asked = provenance::verify::Asked { with_sm3: true, ..Default::default() };
    let folder = published.out.clone();
    let ask = |path: &Path| -> Result<(), String> {
        let bytes = fs::read(path).unwrap();
        let is_whole = bytes == whole;
        let manifest = Manifest::of(&folder, bytes).map_err(|error| error.to_string())?;
        let items = provenance::verify::verify(&manifest, &asked);
        assert!(items.iter().all(|item| !is_whole || item.words.is_empty()), "a whole manifest is doubted");
        items.iter().find(|item| !item.words.is_empty()).map_or(Ok(()), |item| Err(item.words.clone()))
    };
    let seeds = vec![whole.clone()];
    run(Target { name: "manifest", file: drawn.path("odd.json"), form: Form::Json, seeds, ask: &ask });
}

#[test]
fn what_came_back_from_the_field_of_any_bytes_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let tables = [
        "lead,verdict,photo,on\naaaaaaaaaa,unlawful_use_found,a.jpg,2026-06-12\nbbbbbbbbbb,lawful,more.jpg,2026-06-12\n",
        "SubmissionDate,visit-lead,visit-verdict,visit-remark,SubmitterName,KEY\n2026-06-12T09:30:00.000+08:00,a,lawful,maize,Wang,uuid:1\n",
        "线索编号,核查情况,核查人,核查日期\na,2,王,2026/06/12\nb,涉设施农用地,王,2026-06-12\n",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"lead":"a","verdict":"lawful","on":"2026-06-12"},"geometry":{"type":"Point","coordinates":[108.5,41.5]}}]}"#,
    ];
    let mut seeds: Vec<Vec<u8>> = tables.iter().map(|table| table.as_bytes().to_vec()).collect();
    seeds.extend(bytes_of("../shared/data/corpora/json_test_suite", &["json"]));
    let (book, today) = (Book::default(), Date::constant(2026, 7, 1));
    let ask = |path: &Path| -> Result<(), String> {
        let mut refused = Ok(());
        for datum in [Datum::Wgs84, Datum::Gcj02] {
            let returned = Returned::read(path, datum).map_err(|error| error.to_string())?;
            let taken = returned.verdicts(&book, today);
            assert!(taken.drafts.is_empty(), "a verdict on a lead that nobody knows");
            refused = taken.refused.first().map_or(Ok(()), |(_, why)| Err(why.clone()));
        }
        refused
    };
    run(Target {
        name: "field tables",
        file: folder.path().join("odd.csv"),
        form: Form::Lines,
        seeds,
        ask: &ask,
    });
}

#[test]
fn metadata_of_products_of_any_bytes_are_read_or_refused() {
    let drawn = drawn();
    let date = 20_230_717;
    let root = Safe::l2a(date, "05.09").write(drawn.folder(), &Planes::of(&drawn.scene(date)));
    let mine = files(&root, &["xml"]);
    let shared =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/stac/stactools_sentinel2_safe_metadata");
    let theirs = files(&shared, &["xml"]);
    // The metadata of the product, then those of its tile: the others stay as they are.
    for (name, part) in [("SAFE product", "MTD_MSIL2A"), ("SAFE tile", "MTD_TL")] {
        let is_part = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(part);
        let Some(file) = mine.iter().find(is_part) else { continue };
        let whole = fs::read(file).unwrap();
        let mut seeds = vec![whole.clone()];
        seeds.extend(theirs.iter().filter(is_part).map(|path| fs::read(path).unwrap()));
        let ask = |_: &Path| product::described(&root).map(drop).map_err(|error| error.to_string());
        run(Target { name, file: file.clone(), form: Form::Xml, seeds, ask: &ask });
        fs::write(file, whole).unwrap();
    }
}

//! Series whose scenes are disturbed: moved by parts of a pixel, veiled by dust, without some bands.
//!
//! A series is a small crowded steppe with known changes, drawn with and without a disturbance from one seed, so that the
//! two differ by the disturbance alone. Each is scanned and judged, and false and lost leads are counted against the
//! undisturbed series. A few series are a law; `scripts/bench-disturbed` prints the table of many.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use gdal::raster::RasterCreationOptions;
use gdal::{Dataset, DriverManager, Metadata};
use geo::MultiPolygon;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use steppewatch::assess::{self, Question, Role};
use steppewatch::lead::Lead;
use steppewatch::plan::{self, Plan, PlanFile};
use steppewatch::run::{self, Silent, inputs};
use steppewatch::simulate::{self, Stress, World};
use steppewatch::units::SquareMetres;

use crate::kept::Kept;

/// Changes of fewer square metres (10 mu) count for nothing, as in the other benches.
const LEAST_AREA: f64 = 6666.0;

/// What is done to the scenes of a series.
#[derive(Clone, Copy, PartialEq)]
enum Disturbance {
    /// Nothing: every scene lies where it should.
    None,
    /// Every scene lies somewhere else: root mean square of the length, pixels.
    Scattered(f64),
    /// The scenes of the target period lie off together, pixels, the others where they should.
    Target(f64),
    /// Dust that no mask knows over a third of the scenes.
    Haze,
    /// No short-wave infrared.
    NoSwir,
    /// Everything at once: scattered by half a pixel, dust, no short-wave infrared.
    All,
}

use Disturbance::{All, Haze, NoSwir, None as Quiet, Scattered, Target};

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quiet => write!(f, "undisturbed"),
            Scattered(px) => write!(f, "every scene off, {px} px rms"),
            Target(px) => write!(f, "target scenes off by {px} px"),
            Haze => write!(f, "dust in a third of the scenes"),
            NoSwir => write!(f, "no short-wave infrared"),
            All => write!(f, "0.5 px rms, dust, no short-wave infrared"),
        }
    }
}

impl Disturbance {
    /// The steppe of a seed as its scenes show it.
    fn world(self, seed: u64) -> World {
        let scattered = match self {
            Scattered(px) => px,
            All => 0.5,
            _ => 0.0,
        };
        let stress = match self {
            Target(_) => Some(Stress::Shift),
            Haze | All => Some(Stress::Haze),
            _ => None,
        };
        let world = World {
            rows: 96,
            cols: 96,
            scenes_per_year: 10,
            parcels_per_100_km2: 200.0,
            small_parcels_per_100_km2: 0.0,
            look_alikes_per_100_km2: 200.0,
            old_uses_per_100_km2: 200.0,
            shift_px: scattered / std::f64::consts::SQRT_2,
            target_shift_px: if let Target(px) = self { px } else { 0.0 },
            ..World::small(seed)
        };
        world.under(stress)
    }

    fn has_swir(self) -> bool {
        !matches!(self, NoSwir | All)
    }
}

/// What a scan of one series made of its changes.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// By change of 10 mu or more: whether it was found.
    found: Vec<bool>,
    /// Leads that lie on no change.
    false_leads: usize,
    /// Scenes, and those of which it was told where they lie.
    scenes: usize,
    told: usize,
    /// Off what is true, pixels, of each that was told.
    errors: Vec<f64>,
}

/// Draws, scans and judges one series.
fn outcome(seed: u64, disturbance: Disturbance, register: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let world = disturbance.world(seed);
    let drawn = folder.path().join("world");
    simulate::write(&world, &drawn).unwrap();
    if !disturbance.has_swir() {
        without_swir(&drawn.join("scenes"));
    }
    let plan = plan_of(&world, &drawn, folder.path(), register);
    let inputs = inputs::gather(&plan).unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let found = run::find(&plan, &inputs, &scratch, &Silent).unwrap();
    let leads = folder.path().join("leads.geojson");
    layer(&found.records.leads, &leads);
    let question = Question { min_area: Some(SquareMetres(LEAST_AREA)), ..Question::default() };
    let judged = assess::assess_files(&leads, &drawn.join("truth.geojson"), None, &question).unwrap();
    let changes = judged.truth_results.iter().filter(|truth| truth.role == Role::Change);
    let (told, errors) = errors(&world, &inputs);
    Outcome {
        found: changes.map(|truth| truth.hit).collect(),
        false_leads: judged.false_leads,
        scenes: inputs.registration.scenes.len(),
        told,
        errors,
    }
}

fn plan_of(world: &World, drawn: &Path, folder: &Path, register: &str) -> Plan {
    let mut file = PlanFile::default();
    file.inputs.scenes = Some(drawn.join("scenes"));
    file.inputs.redlines = vec![drawn.join("redline_grassland.geojson")];
    let (baseline, target) = world.periods();
    (file.dates.baseline, file.dates.target) = (Some(baseline), Some(target));
    file.model.register = Some(register.to_owned());
    file.outputs.out = Some(folder.join("out"));
    plan::resolve(file, 1).unwrap()
}

/// Leads as `assess` reads them.
pub fn layer(leads: &[Lead], path: &Path) {
    let features: Vec<Value> = leads.iter().map(|lead| feature(&lead.id, &lead.outline)).collect();
    fs::write(path, json!({ "type": "FeatureCollection", "features": features }).to_string()).unwrap();
}

fn feature(id: &str, outline: &MultiPolygon<f64>) -> Value {
    let ring = |ring: &geo::LineString<f64>| ring.coords().map(|at| [at.x, at.y]).collect::<Vec<_>>();
    let polygon = |polygon: &geo::Polygon<f64>| {
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect::<Vec<_>>()
    };
    let coordinates: Vec<_> = outline.iter().map(polygon).collect();
    let geometry = json!({ "type": "MultiPolygon", "coordinates": coordinates });
    json!({ "type": "Feature", "properties": { "id": id }, "geometry": geometry })
}

/// Scenes of which it was told where they lie, and by how much that is wrong (the simulation counts how far up and left the
/// ground is drawn): against the mean of the look-back, which is
/// all that a series can know.
fn errors(world: &World, inputs: &inputs::Inputs) -> (usize, Vec<f64>) {
    let dates = world.dates();
    let lies = |index: usize| {
        let sky = simulate::sky::Sky::new(world, index, dates[index]).shift;
        let burden = simulate::stress::Burden::of(world, index, dates[index]).shift;
        (sky.0 + burden.0, sky.1 + burden.1)
    };
    let told: Vec<(bool, (f64, f64))> = inputs
        .registration
        .told()
        .map(|(scene, found)| {
            let truth = lies(dates.iter().position(|date| *date == scene.date).unwrap());
            (inputs.question.baseline.contains(scene.date), (found.rows + truth.0, found.cols + truth.1))
        })
        .collect();
    let past: Vec<(f64, f64)> = told.iter().filter(|(is_past, _)| *is_past).map(|(_, off)| *off).collect();
    let count = past.len().max(1) as f64;
    let mean = (
        past.iter().map(|off| off.0).sum::<f64>() / count,
        past.iter().map(|off| off.1).sum::<f64>() / count,
    );
    let errors = told.iter().map(|(_, off)| (off.0 - mean.0).hypot(off.1 - mean.1)).collect();
    (told.len(), errors)
}

/// Writes every scene anew without B11 and B12.
fn without_swir(scenes: &Path) {
    let mut paths: Vec<PathBuf> = fs::read_dir(scenes).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let part = path.with_extension("part");
        {
            let from = Dataset::open(&path).unwrap();
            let kept: Vec<usize> = (1..=from.raster_count())
                .filter(|band| {
                    !matches!(from.rasterband(*band).unwrap().description().unwrap().as_str(), "B11" | "B12")
                })
                .collect();
            let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
            let size = from.raster_size();
            let options =
                RasterCreationOptions::from_iter(["COMPRESS=DEFLATE", "PHOTOMETRIC=MINISBLACK", "ALPHA=NO"]);
            let mut to = driver
                .create_with_band_type_with_options::<u16, _>(&part, size.0, size.1, kept.len(), &options)
                .unwrap();
            to.set_geo_transform(&from.geo_transform().unwrap()).unwrap();
            to.set_spatial_ref(&from.spatial_ref().unwrap()).unwrap();
            for (place, band) in kept.into_iter().enumerate() {
                let source = from.rasterband(band).unwrap();
                let mut pixels = source.read_as::<u16>((0, 0), size, size, None).unwrap();
                let mut target = to.rasterband(place + 1).unwrap();
                target.set_description(&source.description().unwrap()).unwrap();
                target.set_no_data_value(Some(0.0)).unwrap();
                target.write((0, 0), size, &mut pixels).unwrap();
            }
            to.close().unwrap();
        }
        fs::rename(&part, &path).unwrap();
    }
}

/// Many series under one disturbance, against the undisturbed ones.
#[derive(Default)]
struct Row {
    series: usize,
    false_leads: usize,
    false_of_quiet: usize,
    changes: usize,
    found_of_quiet: usize,
    lost: usize,
    gained: usize,
    scenes: usize,
    told: usize,
    errors: Vec<f64>,
}

impl Row {
    fn add(&mut self, outcome: &Outcome, quiet: &Outcome) {
        self.series += 1;
        self.false_leads += outcome.false_leads;
        self.false_of_quiet += quiet.false_leads;
        self.changes += quiet.found.len();
        for (now, before) in outcome.found.iter().zip(&quiet.found) {
            self.found_of_quiet += usize::from(*before);
            self.lost += usize::from(*before && !now);
            self.gained += usize::from(!*before && *now);
        }
        (self.scenes, self.told) = (self.scenes + outcome.scenes, self.told + outcome.told);
        self.errors.extend(&outcome.errors);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} series, false leads {} (undisturbed {}), lost {} of {}, found besides {} of {}",
            self.series,
            self.false_leads,
            self.false_of_quiet,
            self.lost,
            self.found_of_quiet,
            self.gained,
            self.changes - self.found_of_quiet
        )?;
        if self.scenes == 0 {
            return Ok(());
        }
        let mut errors = self.errors.clone();
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| errors.get((share * errors.len() as f64) as usize).copied().unwrap_or(f64::NAN);
        write!(
            f,
            "; told of {:.0} % of the scenes within {:.3} px (9 of 10: {:.3})",
            100.0 * self.told as f64 / self.scenes as f64,
            at(0.5),
            at(0.9)
        )
    }
}

/// What is done to the series, and how each is read: as scenes lie, told, or put right.
fn cells() -> Vec<(Disturbance, &'static str)> {
    let moved = [Scattered(0.25), Scattered(0.5), Scattered(1.0), Target(0.25), Target(0.5), Target(1.0)];
    let mut cells = vec![(Quiet, "correct")];
    cells.extend(moved.into_iter().flat_map(|moved| [(moved, "check"), (moved, "correct")]));
    cells.extend([(Haze, "check"), (Haze, "correct"), (NoSwir, "check"), (All, "check"), (All, "correct")]);
    cells
}

fn name((what, how): &(Disturbance, &str)) -> String {
    format!("{what}, {how}")
}

/// Judges so many series under each disturbance, on as many threads as the machine has.
fn rows(first: u64, count: u64, cells: &[(Disturbance, &'static str)], kept: &Kept) -> Vec<Row> {
    let rows = Mutex::new((0..cells.len()).map(|_| Row::default()).collect::<Vec<_>>());
    let next = AtomicU64::new(first);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            let judge = |cell: &(Disturbance, &str)| {
                kept.or_else(seed, &name(cell), || outcome(seed, cell.0, cell.1))
            };
            let quiet = judge(&(Quiet, "check"));
            let judged: Vec<Outcome> = cells.iter().map(judge).collect();
            let mut rows = rows.lock().unwrap();
            rows.iter_mut().zip(&judged).for_each(|(row, judged)| row.add(judged, &quiet));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut rows = rows.into_inner().unwrap();
    // Sums do not depend on which thread was first; the list of errors does.
    rows.iter_mut().for_each(|row| row.errors.sort_by(f64::total_cmp));
    rows
}

/// The table of `scripts/bench-disturbed`.
#[test]
#[ignore = "long: scripts/bench-disturbed runs it"]
fn table() {
    let number =
        |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (first, count) = (number("DISTURBED_FIRST", 1), number("DISTURBED_SERIES", 112));
    let wanted = std::env::var("DISTURBED_CELLS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|part| !part.is_empty()).collect();
    let is_wanted =
        |cell: &(Disturbance, &str)| wanted.is_empty() || wanted.iter().any(|part| name(cell).contains(part));
    let cells: Vec<_> = cells().into_iter().filter(is_wanted).collect();
    let kept = std::env::var_os("DISTURBED_KEPT").map(|path| Kept::at(path.as_ref())).unwrap_or_default();
    for (cell, row) in cells.iter().zip(rows(first, count, &cells, &kept)) {
        println!("{}: {row}", name(cell));
    }
}

#[test]
fn a_series_whose_scenes_are_put_right_finds_what_it_found_before() {
    let cells = [
        (Scattered(1.0), "check"),
        (Scattered(1.0), "correct"),
        (Target(1.0), "check"),
        (Target(1.0), "correct"),
    ];
    let rows = rows(1, 3, &cells, &Kept::default());
    for (cell, row) in cells.iter().zip(&rows) {
        println!("{}, {}: {row}", cell.0, cell.1);
    }
    let wrong = |row: &Row| row.false_leads + row.lost;
    assert!(rows[0].found_of_quiet > 0, "nothing was there to lose");
    assert!(wrong(&rows[3]) < wrong(&rows[2]), "the target scenes alone");
    assert!(wrong(&rows[1]) + wrong(&rows[3]) < wrong(&rows[0]) + wrong(&rows[2]));
    assert!(rows.iter().all(|row| row.told > row.scenes / 2 && row.errors[row.errors.len() / 2] < 0.1));
}

//! Everything a run stands on, gathered and checked before the first pixel of evidence.
//!
//! In:  a plan. Out: `Inputs`: views, red lines on the grid, sub-models, periods, mode.
//! Law: what is wrong with the inputs is said here, before any output exists.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geo::{BoundingRect, Coord, Intersects, LineString, MultiPolygon, Polygon, Rect};
use rayon::prelude::*;

use crate::bucket::Address;
use crate::bucket::address::is_address;
use crate::date::{Date, Period, days_between};
use crate::grid::crs::Transform;
use crate::grid::{Crs, Grid, Window};
use crate::plan::{Plan, Register};
use crate::publish::digest::Digests;
use crate::read::{self, Missing, ReadError, SetAside, beside};
use crate::redline::context::Context;
use crate::redline::coverage::{self, OnGrid};
use crate::redline::read::Reading;
use crate::redline::{self, RedLine};
use crate::run::asked::{self, Asked};
use crate::run::registration::memory::Memory;
use crate::run::registration::{self, Registration};
use crate::run::{RunError, caveats, footprint, select, workers};
use crate::scene::Scene;
use crate::submodel::{Feature, SubModel};
use crate::units::SquareMetres;
use crate::weigh::calibration::Calibration;
use crate::weigh::overlap::geodesic_area;

/// Fewest look-back views before a placebo year is worth asking about.
const PLACEBO_HISTORY: usize = 12;

/// What was seen on one day, by one or several scenes.
#[derive(Debug, Clone)]
pub struct View {
    /// The day.
    pub date: Date,
    /// Scenes of the day; where two overlap the first one speaks.
    pub scenes: Vec<usize>,
}

/// One question asked of the stack: what changed in `target` against `look_back`?
#[derive(Debug, Clone)]
pub struct Question {
    /// Which views are look-back, of those that may be looked at: the first so many. What came after a placebo year does
    /// not speak about it.
    pub look_back: Vec<bool>,
    /// Target period.
    pub target: Period,
    /// Look-back period, for the record.
    pub baseline: Period,
}

impl Question {
    /// A question about two periods: which of the views in them are look-back.
    fn of(views: &[View], baseline: Period, target: Period) -> Self {
        let in_look_back = asked(views, [baseline, target]).map(|view| baseline.contains(view.date));
        Self { look_back: in_look_back.collect(), target, baseline }
    }
}

/// Everything a run stands on.
pub struct Inputs {
    /// Scenes by date and id, as far as they lie in one of the periods.
    pub scenes: Vec<Scene>,
    /// Where they lie, and what was set aside because it lies too far off.
    pub registration: Registration,
    /// The other scenes.
    pub unused: Vec<Scene>,
    /// STAC files that say where the scenes lie.
    pub described: Vec<PathBuf>,
    /// Files beside the scenes that other programs would let speak for them; nothing of them is read.
    pub beside: Vec<PathBuf>,
    /// Files that were no scenes.
    pub skipped: Vec<(PathBuf, String)>,
    /// Scenes that the catalogue lists and that could not be fetched, by day.
    pub missing: Vec<Missing>,
    /// Files that were set aside because the process that decodes them ended, with the reason.
    pub undecoded: SetAside,
    /// Days with scenes inside one of the periods, ascending.
    pub views: Vec<View>,
    /// The grid of the run.
    pub grid: Grid,
    /// Ground size of a pixel in metres, width and height.
    pub pixel_metres: (f64, f64),
    /// Part of the grid near red lines.
    pub area: Window,
    /// Red lines with their layers.
    pub redlines: Reading,
    /// Red lines in the CRS of the grid, in the same order.
    pub on_grid: Vec<OnGrid>,
    /// Permits, decided cases, land use and burn scars, if layers were given.
    pub context: Context,
    /// Sub-models that look inside these red lines.
    pub models: Vec<SubModel>,
    /// Features that every scene gives.
    pub features: Vec<Feature>,
    /// The question of the run.
    pub question: Question,
    /// The same for the last look-back year, if the look-back is long enough.
    pub placebo: Option<Question>,
    /// What verified leads say, if any were given.
    pub calibration: Option<Calibration>,
    /// Whether there are only two dates.
    pub is_pair: bool,
    /// What the reader of the result must know.
    pub notes: Vec<String>,
    /// Digests of the files.
    pub digests: Digests,
}

/// Gathers and checks the inputs of a plan.
pub fn gather(plan: &Plan) -> Result<Inputs, RunError> {
    gather_without(plan, &SetAside::new(), Digests::default())
}

/// The same without scenes that are set aside, and with digests of files that are known.
pub fn gather_without(plan: &Plan, set_aside: &SetAside, digests: Digests) -> Result<Inputs, RunError> {
    gather_remembering(plan, set_aside, digests, None)
}

/// The same with what is known of where scenes lie from runs before.
pub fn gather_remembering(
    plan: &Plan,
    set_aside: &SetAside,
    digests: Digests,
    memory: Option<&mut Memory>,
) -> Result<Inputs, RunError> {
    let order = (!plan.band_order.is_empty()).then_some(plan.band_order.as_slice());
    let mut found = read::scenes_without(&plan.scenes, order, set_aside)?;
    let place = Address::of(&plan.scenes).map_err(ReadError::from)?;
    let digests = digests.listing(place, std::mem::take(&mut found.objects));
    let redlines = redline::read::read(&plan.redlines, plan.class)?;
    let context = context(plan, &redlines)?;
    let (baseline, target) = periods(plan, &found.scenes)?;
    let inside = |scene: &Scene| baseline.contains(scene.date) || target.contains(scene.date);
    let span = found.scenes.first().zip(found.scenes.last()).map(|(first, last)| (first.date, last.date));
    let (mut scenes, unused): (Vec<Scene>, Vec<Scene>) = found.scenes.into_iter().partition(inside);
    let periods = [("baseline", baseline), ("target", target)];
    let is_pair = days(periods, &views(&scenes), (plan, span))? == [1, 1];
    let Asked { models, features, notes: asides } =
        asked::asked(plan, &redlines, &scenes, (target, is_pair))?;
    let doubtful = caveats::with_values(&scenes)?;
    let grid = footprint::shared(&scenes)?;
    let on_grid = workers(plan.threads)?.install(|| lines_on_grid(&redlines, &grid))?;
    let numbers = caveats::numbers(&scenes, &doubtful);
    let how = (plan.register(), is_pair, plan.threads);
    let memory = memory.map(|memory| (memory, &digests));
    let registration = put_right(&mut scenes, [baseline, target], (&grid, area(&on_grid)), how, memory)?;
    let views = views(&scenes);
    let question = |baseline: Period, target: Period| Question::of(&views, baseline, target);
    let calibration = select::calibration(plan, &redlines, target)?;
    let notes = redlines.notes.iter().chain(&context.notes).cloned().chain(caveats::masks_and_bands(&scenes));
    let notes = notes.chain(numbers).chain(caveats::other_season(&views, is_pair));
    let notes = notes.chain(select::notes_on(plan, calibration.as_ref(), is_pair)).chain(asides);
    let notes = notes.chain(registration.notes()).collect();
    Ok(Inputs {
        area: area(&on_grid),
        pixel_metres: grid.pixel_metres()?,
        question: question(baseline, target),
        placebo: placebo(&views, baseline).map(|(baseline, target)| question(baseline, target)),
        calibration,
        is_pair,
        skipped: found.skipped,
        missing: found.missing,
        undecoded: SetAside::new(),
        described: found.described,
        beside: not_looked_at(&scenes),
        scenes,
        registration,
        unused,
        views,
        grid,
        redlines,
        on_grid,
        context,
        models,
        features,
        notes,
        digests,
    })
}

/// Days with a view in each of two periods; `span` is the first and the last day of all scenes.
fn days(
    periods: [(&'static str, Period); 2],
    views: &[View],
    (plan, span): (&Plan, Option<(Date, Date)>),
) -> Result<[usize; 2], RunError> {
    let count = |period: Period| views.iter().filter(|view| period.contains(view.date)).count();
    if let Some((which, period)) = periods.into_iter().find(|(_, period)| count(*period) == 0) {
        let (first, last) = span.unwrap_or((period.from, period.to));
        return Err(RunError::NoScenes { which, period, path: plan.scenes.clone(), first, last });
    }
    Ok(periods.map(|(_, period)| count(period)))
}

/// Files beside those of the scenes that other programs would listen to.
fn not_looked_at(scenes: &[Scene]) -> Vec<PathBuf> {
    let files = scenes.iter().flat_map(|scene| scene.bands.values()).map(|file| file.path.as_path());
    beside::sidecars(files.filter(|path| !is_address(path)))
}

/// Scenes where they belong or as they lie, as the plan asks; what lies too far off is taken out.
fn put_right(
    scenes: &mut Vec<Scene>,
    periods: [Period; 2],
    ground: (&Grid, Window),
    asked: (Register, bool, usize),
    memory: Option<(&mut Memory, &Digests)>,
) -> Result<Registration, RunError> {
    let is_look_back = |scene: &Scene| periods[0].contains(scene.date);
    let registration = registration::register(scenes, is_look_back, ground, asked, memory)?;
    let is_left = |period: Period| scenes.iter().any(|scene| period.contains(scene.date));
    if let (Some((scene, why)), false) = (registration.aside.first(), periods.into_iter().all(is_left)) {
        let example = format!("{} {why}", scene.id);
        return Err(RunError::Displaced { scenes: registration.aside.len(), example });
    }
    Ok(registration)
}

/// The context layers of a plan; one that touches no red line is probably of another county or in the wrong CRS.
fn context(plan: &Plan, redlines: &Reading) -> Result<Context, RunError> {
    let mut context = Context::default();
    let boxes: Vec<Rect<f64>> =
        redlines.redlines.iter().filter_map(|line| line.polygons.bounding_rect()).collect();
    for (role, paths) in plan.context() {
        context.read(role, paths)?;
        let near = |rect: Rect<f64>| boxes.iter().any(|line| line.intersects(&rect));
        let mut of_role = context.places.iter().filter(|place| place.role == role);
        if !paths.is_empty() && !of_role.any(|place| place.polygons.bounding_rect().is_some_and(near)) {
            context.notes.push(format!(
                "{}: no polygon lies near a red line; is it the right county and CRS?",
                role.name()
            ));
        }
    }
    Ok(context)
}

/// Red lines in the CRS of the grid, in their order.
fn lines_on_grid(redlines: &Reading, grid: &Grid) -> Result<Vec<OnGrid>, RunError> {
    let one = |line: &RedLine, to_grid: &Transform| {
        coverage::on_grid(line, grid, to_grid).map_err(|source| RunError::LineOffGrid {
            file: redlines.layers[line.layer].file.clone(),
            id: line.id.clone(),
            grid: grid.to_string(),
            source,
        })
    };
    // A transform is of one part, and costs more than many small red lines.
    let of_some = |lines: &[RedLine]| -> Result<Vec<OnGrid>, RunError> {
        let to_grid = Transform::new(Crs::LON_LAT, grid.crs)?;
        lines.iter().map(|line| one(line, &to_grid)).collect()
    };
    let part = redlines.redlines.len().div_ceil(rayon::current_num_threads()).max(1);
    // Of several faults the first in the file is told, whoever finds his first.
    let parts: Vec<Result<Vec<OnGrid>, RunError>> = redlines.redlines.par_chunks(part).map(of_some).collect();
    let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(parts.into_iter().flatten().collect())
}

impl Inputs {
    /// Remembers files that were set aside because the process that decodes them ended; the notes name each.
    pub fn set_undecoded(&mut self, files: &SetAside) {
        self.undecoded = files.clone();
        let words = files.iter().map(|(file, why)| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            format!("set aside, its scene is not in the result: {name}: {why}; make or download it again")
        });
        self.notes.extend(words);
    }

    /// Dates of the views.
    pub fn dates(&self) -> Vec<Date> {
        self.views.iter().map(|view| view.date).collect()
    }

    /// Sensors of a view as its scenes name them, each once.
    pub fn sensors(&self, view: usize) -> Vec<&str> {
        let scenes = self.views.get(view).map_or(&[][..], |view| view.scenes.as_slice());
        let mut sensors: Vec<&str> = scenes.iter().map(|scene| self.scenes[*scene].sensor.as_str()).collect();
        sensors.retain(|sensor| !sensor.is_empty());
        sensors.sort_unstable();
        sensors.dedup();
        sensors
    }

    /// Whether any scene carries a mask.
    pub fn has_masks(&self) -> bool {
        self.scenes.iter().any(|scene| scene.masks().next().is_some())
    }

    /// Places in the list of the red lines inside which a sub-model looks.
    pub fn lines_of(&self, model: &SubModel) -> Vec<usize> {
        let looks = |line: &usize| model.looks_at(self.redlines.redlines[*line].class);
        (0..self.on_grid.len()).filter(looks).collect()
    }

    /// Ground that a pixel of a row covers in the middle of the red lines: geodesic, in any CRS.
    pub fn pixel_area(&self, row: usize, to_lon_lat: &Transform) -> Result<SquareMetres, RunError> {
        let col = self.area.col0 + self.area.cols / 2;
        let corner = |(row, col): (usize, usize)| {
            let (x, y) = self.grid.world(row as f64, col as f64);
            Coord { x, y }
        };
        let ring = [(row, col), (row, col + 1), (row + 1, col + 1), (row + 1, col)].map(corner);
        let pixel = MultiPolygon(vec![Polygon::new(LineString::new(ring.to_vec()), vec![])]);
        Ok(geodesic_area(&to_lon_lat.polygons(&pixel)?))
    }

    /// Area inside any red line that a sub-model looks at; where two overlap, the ground counts once.
    pub fn watched_area(&self) -> SquareMetres {
        let looks = |line: &&RedLine| self.models.iter().any(|model| model.looks_at(line.class));
        let watched = self.redlines.redlines.iter().filter(looks).map(|line| &line.polygons);
        geodesic_area(&geo::unary_union(watched))
    }

    /// The transform from the grid's CRS to longitude and latitude.
    pub fn to_lon_lat(&self) -> Result<Transform, RunError> {
        Ok(Transform::new(self.grid.crs, Crs::LON_LAT)?)
    }
}

/// The periods of the plan, or the last calendar year against all before it.
fn periods(plan: &Plan, scenes: &[Scene]) -> Result<(Period, Period), RunError> {
    let dates: Vec<Date> = scenes.iter().map(|scene| scene.date).collect();
    let (Some(&first), Some(&last)) = (dates.iter().min(), dates.iter().max()) else {
        return Err(RunError::OneDate { path: plan.scenes.clone() });
    };
    if first == last {
        return Err(RunError::OneDate { path: plan.scenes.clone() });
    }
    let day_before = |date: Date| date.yesterday().unwrap_or(date);
    let year_start = Date::constant(last.year(), 1, 1);
    // To its end, seen or not: what the scenes leave out of the year is a gap of that season.
    let year_end = Date::constant(last.year(), 12, 31);
    let distinct: std::collections::BTreeSet<Date> = dates.into_iter().collect();
    let decided = match (plan.baseline, plan.target) {
        (Some(baseline), Some(target)) => (baseline, target),
        (Some(baseline), None) => {
            let from = baseline.to.tomorrow().unwrap_or(baseline.to);
            (baseline, Period { from, to: year_end.max(from) })
        }
        (None, Some(target)) => {
            (Period { from: first.min(day_before(target.from)), to: day_before(target.from) }, target)
        }
        (None, None) if distinct.len() == 2 => {
            (Period { from: first, to: first }, Period { from: last, to: last })
        }
        (None, None) if year_start > first => {
            (Period { from: first, to: day_before(year_start) }, Period { from: year_start, to: year_end })
        }
        (None, None) => return Err(RunError::OneYear { first, last }),
    };
    Ok(decided)
}

/// The first views, up to the last one in any of the periods.
fn asked(views: &[View], periods: [Period; 2]) -> impl Iterator<Item = &View> {
    let is_asked = |view: &View| periods.iter().any(|period| period.contains(view.date));
    let last = views.iter().rposition(is_asked);
    views.iter().take(last.map_or(0, |last| last + 1))
}

fn views(scenes: &[Scene]) -> Vec<View> {
    let mut by_date: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (place, scene) in scenes.iter().enumerate() {
        by_date.entry(scene.date).or_default().push(place);
    }
    by_date.into_iter().map(|(date, scenes)| View { date, scenes }).collect()
}

/// The last calendar year of the look-back, if what comes before it is long enough to learn from.
fn placebo(views: &[View], baseline: Period) -> Option<(Period, Period)> {
    let from = Date::constant(baseline.to.year(), 1, 1);
    if from <= baseline.from {
        return None;
    }
    let before = Period { from: baseline.from, to: from.yesterday().ok()? };
    let history = views.iter().filter(|view| before.contains(view.date)).count();
    let is_whole_year = days_between(from, baseline.to) >= 300;
    (is_whole_year && history >= PLACEBO_HISTORY).then_some((before, Period { from, to: baseline.to }))
}

/// The window of the grid that holds every red line; empty when none lies on it.
fn area(on_grid: &[OnGrid]) -> Window {
    let windows = on_grid.iter().map(|line| line.window).filter(|window| !window.is_empty());
    windows.reduce(Window::around).unwrap_or(Window { row0: 0, col0: 0, rows: 0, cols: 0 })
}

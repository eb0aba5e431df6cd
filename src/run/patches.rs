//! Second pass: from the evidence of the whole run to patches, a closer look, and records.
//!
//! Law: patches are found on the whole plane, so no tile border shows; only patches that a sub-model's
//! gate lets through cost a second reading of their pixels.

use geo::{Coord, LineString, MultiPolygon, Polygon};

use crate::grid::crs::Transform;
use crate::grid::{Grid, Window};
use crate::patch::Patch;
use crate::patch::filter::Filter;
use crate::patch::label::{Component, Labeller, parts};
use crate::patch::scratch::{self, Scratch};
use crate::patch::tree::{self, Field};
use crate::run::closer_looks::look_closer;
use crate::run::inputs::{Inputs, Question};
use crate::run::looked::{Known, Taken};
use crate::run::{Progress, RunError, tiles};
use crate::submodel::{Measured, SubModel};
use crate::weigh::closer::{Closer, Look};

/// A closer look is taken when this share of a patch's pixels passed a gate on their own.
const LEAST_GATED_SHARE: f32 = 0.12;

/// The same along lines: a track is a small share of the mown or dry ground that it crosses.
const LEAST_GATED_SHARE_OF_LINE: f32 = 0.03;

/// Pixels of a row that are filtered together, or not at all.
const SPAN: usize = 128;

/// A component larger than this (pixels) is no parcel but a fault of the inputs, and is refused aloud.
const LARGEST_COMPONENT: usize = 4_000_000;

/// A patch of one sub-model, and what a closer look found if it was worth one.
pub struct Examined {
    /// Place of the question among those asked.
    pub question: usize,
    /// Place of the sub-model in the inputs.
    pub model: usize,
    /// The patch as evidence drew it.
    pub patch: Patch,
    /// Share of its pixels that passed a gate on their own.
    pub gated_share: f32,
    /// Pixels of the largest connected part of them.
    pub gated_part: usize,
    /// The closer look; `None` when it was not worth one or found no season with enough views.
    pub closer: Option<Closer>,
}

/// Finds and examines the patches of every question and sub-model, in order of sub-model and first pixel. Looks that are
/// `known` are not taken again.
pub fn examine(
    inputs: &Inputs,
    asked: &[(&Question, Scratch)],
    tile_size: usize,
    (known, progress): (&mut Known, &dyn Progress),
) -> Result<Vec<Vec<Examined>>, RunError> {
    let found = found(inputs, asked)?;
    let questions: Vec<&Question> = asked.iter().map(|(question, _)| *question).collect();
    let closers = look_closer(inputs, &questions, tile_size, (&found, known, progress))?;
    for (examined, closers) in found.iter().zip(&closers).filter(|(one, _)| one.is_worth_a_look(inputs)) {
        let ground = Look::new(&examined.patch, inputs.grid.whole()).window();
        known.keep((examined.question, examined.model), (&examined.patch, ground), closers);
    }
    let mut examined = concluded(found, closers);
    let place = |examined: &Examined| {
        let cut = examined.closer.as_ref().map_or(&examined.patch, |closer| &closer.patch);
        (examined.model, cut.pixels[0], cut.pixels.len())
    };
    examined.sort_by_key(place);
    let mut by_question: Vec<Vec<Examined>> = asked.iter().map(|_| Vec::new()).collect();
    examined.into_iter().for_each(|examined| by_question[examined.question].push(examined));
    Ok(by_question)
}

/// Closer looks at the patches of a part of the area, as far as what is around them `is_own` ground.
///
/// Near its border a patch may look otherwise than on the whole plane; `examine` takes only looks at the same patch.
pub fn looks(
    inputs: &Inputs,
    asked: &[(&Question, Scratch)],
    tile_size: usize,
    (is_own, progress): (&dyn Fn(Window) -> bool, &dyn Progress),
) -> Result<Vec<Taken>, RunError> {
    let whole = inputs.grid.whole();
    let mut found = found(inputs, asked)?;
    found.retain(|examined| {
        let filter = Filter::of(inputs.models[examined.model].measured);
        let around = examined.patch.window.grown(tree::MARGIN + filter.reach(), whole);
        examined.is_worth_a_look(inputs) && is_own(around)
    });
    let questions: Vec<&Question> = asked.iter().map(|(question, _)| *question).collect();
    let closers = look_closer(inputs, &questions, tile_size, (&found, &mut Known::default(), progress))?;
    let taken = |(examined, closers): (&Examined, Vec<Closer>)| {
        let ground = Look::new(&examined.patch, whole).window();
        Taken::new((examined.question, examined.model), (&examined.patch, ground), closers)
    };
    Ok(found.iter().zip(closers).map(taken).collect())
}

/// Patches of every question and sub-model as evidence draws them.
fn found(inputs: &Inputs, asked: &[(&Question, Scratch)]) -> Result<Vec<Examined>, RunError> {
    let mut found: Vec<Examined> = Vec::new();
    for (question, (_, scratch)) in asked.iter().enumerate() {
        for model in 0..inputs.models.len() {
            let filter = Filter::of(inputs.models[model].measured);
            for component in components(scratch, tiles::evidence_plane(model), filter)? {
                if component.len() > LARGEST_COMPONENT {
                    let (model, pixels) = (inputs.models[model].id.clone(), component.len());
                    return Err(RunError::SceneWide { model, pixels, window: component.window });
                }
                found.extend(patches_of(scratch, (question, model), &component, filter)?);
            }
        }
    }
    Ok(found)
}

/// Components of smoothed evidence at the lowest level, streamed over the plane.
pub(super) fn components(
    scratch: &Scratch,
    plane: usize,
    filter: Filter,
) -> Result<Vec<Component>, RunError> {
    let stored = |level: f32| (level * scratch::PER_UNIT).round() as i16;
    let lowest = stored(tree::LEVELS[0]);
    let mut labeller = Labeller::new(lowest);
    let whole = scratch.window;
    for row in whole.row0..whole.row_end() {
        let line = Window { row0: row, rows: 1, ..whole };
        let outer = line.grown(filter.reach(), whole);
        let evidence = scratch.read(plane, outer)?;
        let mut values = tiles::inner(&evidence, outer, line);
        // A filter raises nothing: where all evidence is below the lowest level it need not be asked.
        for span in line.tiles(SPAN) {
            let around = span.grown(filter.reach(), outer);
            let evidence = tiles::inner(&evidence, outer, around);
            if evidence.iter().any(|value| *value >= lowest) {
                let from = span.col0 - whole.col0;
                let filtered = filter.apply(&evidence, around, span, scratch::OUTSIDE);
                values[from..from + span.cols].copy_from_slice(&filtered);
            }
        }
        labeller.add_row(row, whole.col0, &values);
    }
    Ok(labeller.finish(stored(tree::PEAK)))
}

/// Evidence of a window after the filter against single pixels.
pub(super) fn smoothed(
    scratch: &Scratch,
    plane: usize,
    window: Window,
    filter: Filter,
) -> Result<Vec<i16>, RunError> {
    let outer = window.grown(filter.reach(), scratch.window);
    let values = scratch.read(plane, outer)?;
    Ok(filter.apply(&values, outer, window, scratch::OUTSIDE))
}

fn patches_of(
    scratch: &Scratch,
    (question, model): (usize, usize),
    component: &Component,
    filter: Filter,
) -> Result<Vec<Examined>, RunError> {
    let window = component.window.grown(tree::MARGIN, scratch.window);
    let values = smoothed(scratch, tiles::evidence_plane(model), window, filter)?;
    let field = Field { window, values: values.into_iter().map(scratch::evidence).collect() };
    let gates = scratch.read(tiles::gate_plane(model), window)?;
    let passed = |pixel: &&crate::grid::Pixel| {
        gates[(pixel.row - window.row0) * window.cols + pixel.col - window.col0] > 0
    };
    let share = |patch: &Patch| patch.pixels.iter().filter(passed).count() as f32 / patch.pixels.len() as f32;
    let part = |patch: &Patch| {
        // Of the patch alone: a component of many patches would be drawn once for each.
        let own = patch.window;
        let mut gated = vec![false; own.len()];
        for pixel in patch.pixels.iter().filter(passed) {
            gated[(pixel.row - own.row0) * own.cols + pixel.col - own.col0] = true;
        }
        parts(&gated, own.rows, own.cols, false).iter().map(Vec::len).max().unwrap_or(0)
    };
    let examined = |patch: Patch| {
        let (gated_share, gated_part) = (share(&patch), part(&patch));
        Examined { question, model, gated_share, gated_part, patch, closer: None }
    };
    Ok(tree::patches(component, &field).into_iter().map(examined).collect())
}

impl Examined {
    /// Whether a closer look may find a lead: enough of the patch passed a gate, or a part of it that is a lead by its
    /// size alone (a pit in thinned grass).
    pub(super) fn is_worth_a_look(&self, inputs: &Inputs) -> bool {
        let model: &SubModel = &inputs.models[self.model];
        let pixel_area = inputs.pixel_metres.0 * inputs.pixel_metres.1;
        let least = match model.measured {
            Measured::Area => LEAST_GATED_SHARE,
            Measured::Length => LEAST_GATED_SHARE_OF_LINE,
        };
        self.gated_share >= least || self.gated_part as f64 * pixel_area >= model.minimum_area_m2
    }
}

/// Each patch with what was concluded of it; one for every piece of ground that changed on its own.
fn concluded(found: Vec<Examined>, closers: Vec<Vec<Closer>>) -> Vec<Examined> {
    let mut result = Vec::new();
    for (examined, closers) in found.into_iter().zip(closers) {
        if closers.is_empty() {
            result.push(examined);
            continue;
        }
        for closer in closers {
            let Examined { question, model, ref patch, gated_share, gated_part, .. } = examined;
            let patch = patch.clone();
            result.push(Examined { question, model, patch, gated_share, gated_part, closer: Some(closer) });
        }
    }
    result
}

/// An outline in pixel coordinates as longitude and latitude.
pub fn in_lon_lat(
    outline: &Polygon<f64>,
    grid: &Grid,
    transform: &Transform,
) -> Result<MultiPolygon<f64>, RunError> {
    let world = |coordinate: &Coord<f64>| {
        let (x, y) = grid.world(coordinate.y, coordinate.x);
        Coord { x, y }
    };
    let ring: LineString<f64> = outline.exterior().coords().map(world).collect();
    Ok(transform.polygons(&MultiPolygon(vec![Polygon::new(ring, vec![])]))?)
}

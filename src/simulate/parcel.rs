//! What people and nature put on the steppe: kinds, shapes, dates; and where the red lines run.
//!
//! In:  world and ground. Out: `Land`: red-line outlines and every `Patch` with its pixels and onset.
//! Law: conversions and look-alikes lie inside a red line, apart from each other; old uses lie anywhere and
//! are there from the first scene; only conversions are changes.
//! Source: shares of kinds and late onset from the study's simulator; sizes and look-alikes assumed.

use super::ground::Ground;
use super::mended::Mended;
use super::noise::Draw;
use super::shape::{Cell, Point, Shape, direction};
use super::stress::{self, Stress};
use super::world::World;
use crate::date::Date;

/// Pixels in 10 mu of 100 m2 pixels.
pub const TEN_MU: f64 = 66.67;

/// What a patch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ploughed and sown without water (millet, buckwheat, rape).
    Rainfed,
    /// Ploughed and irrigated (maize, sunflower), a rectangle or a centre pivot.
    Irrigated,
    /// Quarry, sand pit or open mine, growing.
    Mine,
    /// Buildings and hard ground.
    Construction,
    /// Grass that greens where water gathers, this year only.
    WetHollow,
    /// Trampled ground around a well, this year only.
    OvergrazedWell,
    /// A burn of spring.
    BurnScar,
    /// Grass behind a new fence.
    FencedExclosure,
    /// Hay cut on the better grass.
    Mowing,
    /// Fields that were always there.
    OldCropland,
    /// A village that was always there.
    OldSettlement,
    /// A pit that was always there.
    OldMine,
    /// A road or track that was always there.
    OldRoad,
    /// A pond or small lake, its shore moving with the rain of the year.
    OldWater,
}

impl Kind {
    /// Name as the truth file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Rainfed => "rainfed",
            Kind::Irrigated => "irrigated",
            Kind::Mine => "mine",
            Kind::Construction => "construction",
            Kind::WetHollow => "wet_hollow",
            Kind::OvergrazedWell => "overgrazed_well",
            Kind::BurnScar => "burn_scar",
            Kind::FencedExclosure => "fenced_exclosure",
            Kind::Mowing => "mowing",
            Kind::OldCropland => "old_cropland",
            Kind::OldSettlement => "old_settlement",
            Kind::OldMine => "old_mine",
            Kind::OldRoad => "old_road",
            Kind::OldWater => "old_water",
        }
    }

    /// The sub-model that should find it; none for what is no conversion.
    pub fn model(self) -> Option<&'static str> {
        match self {
            Kind::Rainfed | Kind::Irrigated => Some("G1"),
            Kind::Mine => Some("G2"),
            Kind::Construction => Some("G3"),
            _ => None,
        }
    }

    /// Whether the patch is there from the first scene.
    pub fn is_old(self) -> bool {
        self >= Kind::OldCropland
    }

    /// Whether the soil that shows in it was tilled or levelled.
    pub fn turns_soil(self) -> bool {
        use Kind::{Construction, Irrigated, Mine, OldCropland, OldMine, OldSettlement, Rainfed};
        matches!(self, Rainfed | Irrigated | Mine | Construction | OldCropland | OldMine | OldSettlement)
    }

    /// Whether its strength fades outward instead of ending at an edge.
    pub fn is_soft(self) -> bool {
        matches!(self, Kind::WetHollow | Kind::OvergrazedWell)
    }
}

/// One thing on the ground.
pub struct Patch {
    /// Its kind.
    pub kind: Kind,
    /// Number among the patches of the world, from 1.
    pub number: usize,
    /// Outline (of a growing mine: the final one; of a soft patch: where it is half as strong).
    pub shape: Shape,
    /// First day on which the ground differs; for old uses the first day of the first year.
    pub onset: Date,
    /// Pixels it touches.
    pub cells: Vec<Cell>,
    /// What became of it afterwards, where a world asks for that.
    pub mended: Option<Mended>,
}

/// Everything that lies on the steppe.
pub struct Land {
    /// Red lines in pixel coordinates.
    pub red_lines: Vec<Shape>,
    /// Patches in the order of painting: old uses, look-alikes, conversions.
    pub patches: Vec<Patch>,
}

/// How a patch is wanted: kind and outline about a place.
type Outline = (Kind, Shape);

impl Land {
    /// Lays out the land.
    pub fn new(world: &World, ground: &Ground, dates: &[Date]) -> Self {
        let mut land = Land { red_lines: red_lines(world), patches: Vec::new() };
        super::settle::old_uses(world, &mut land);
        let target = &dates[world.baseline_years * world.scenes_per_year..][..world.scenes_per_year];
        let counts = [
            ("look-alikes", world.look_alikes_per_100_km2),
            ("small parcels", world.small_parcels_per_100_km2),
            ("parcels", world.parcels_per_100_km2),
        ];
        for (what, density) in counts {
            for index in 0..world.count(what, density) {
                let mut draw = Draw::new(world.seed, what, index as u64, 2);
                let outline = |draw: &mut Draw, place| match what {
                    "look-alikes" => look_alike(index, place, draw),
                    "small parcels" => conversion(draw.between(0.31, 0.97) * TEN_MU, place, draw),
                    _ => conversion(parcel_size(draw), place, draw),
                };
                if let Some((kind, shape)) = land.find_place(world, ground, &mut draw, outline) {
                    let onset = onset(kind, target, &mut draw);
                    land.add(world, kind, shape, onset);
                }
            }
        }
        if world.stress == Some(Stress::Stratum30) {
            stress::break_ground(world, &mut land, target);
        }
        if world.is_mended {
            let conversions = land.patches.iter_mut().filter(|patch| patch.kind.model().is_some());
            for (index, patch) in conversions.enumerate() {
                patch.mended = Some(Mended::of(index, world.seed, patch.onset));
            }
        }
        land
    }

    /// Adds a patch with its pixels.
    pub fn add(&mut self, world: &World, kind: Kind, shape: Shape, onset: Date) {
        let (rows, cols) = (world.rows, world.cols);
        let cells = if kind.is_soft() { shape.soft_cells(rows, cols) } else { shape.cells(rows, cols) };
        self.patches.push(Patch { kind, number: self.patches.len() + 1, shape, onset, cells, mended: None });
    }

    /// The best of some free places inside the red lines, or none where the land is full.
    fn find_place(
        &self,
        world: &World,
        ground: &Ground,
        draw: &mut Draw,
        outline: impl Fn(&mut Draw, Point) -> Outline,
    ) -> Option<Outline> {
        let mut best: Option<(f32, Outline)> = None;
        let mut tried = 0;
        for _ in 0..400 {
            let place = (draw.between(0.0, world.rows as f64), draw.between(0.0, world.cols as f64));
            let mut own = Draw::new(world.seed, "outline", draw.below(1 << 40) as u64, 0);
            let (kind, shape) = outline(&mut own, place);
            if !self.is_free(&shape) {
                continue;
            }
            let index = place.0 as usize * world.cols + place.1 as usize;
            let fit = suits(kind, ground, index);
            if best.as_ref().is_none_or(|(held, _)| fit > *held) {
                best = Some((fit, (kind, shape)));
            }
            tried += 1;
            // Nature is choosy about hollows and hay; people plough where they are.
            if tried >= if kind.model().is_none() { 12 } else { 2 } {
                break;
            }
        }
        best.map(|(_, outline)| outline)
    }

    /// Whether a shape lies wholly inside one red line and at least 60 m from every other patch.
    fn is_free(&self, shape: &Shape) -> bool {
        let holds = |line: &Shape| shape.ring.iter().all(|point| line.contains(*point));
        let apart = |patch: &Patch| {
            if patch.kind == Kind::OldRoad {
                return !patch.shape.ring.iter().any(|point| near(*point, shape.centre, shape.reach() + 6.0));
            }
            // Soft patches fade out at 1.6 times their outline.
            let tail = if patch.kind.is_soft() { 1.6 } else { 1.0 };
            !near(patch.shape.centre, shape.centre, tail * patch.shape.reach() + shape.reach() + 6.0)
        };
        self.red_lines.iter().any(holds) && self.patches.iter().all(apart)
    }
}

fn near(a: Point, b: Point, distance: f64) -> bool {
    (a.0 - b.0).powi(2) + (a.1 - b.1).powi(2) < distance * distance
}

/// How well a place suits a kind, higher is better.
fn suits(kind: Kind, ground: &Ground, index: usize) -> f32 {
    match kind {
        Kind::WetHollow => ground.response[index],
        Kind::Mowing | Kind::BurnScar => ground.cover[index],
        Kind::FencedExclosure | Kind::OvergrazedWell => 0.0,
        Kind::Rainfed | Kind::Irrigated => -ground.pavement[index],
        _ => ground.pavement[index],
    }
}

/// Two large irregular red lines, apart by a strip of open land; together about 0.83 of the world.
fn red_lines(world: &World) -> Vec<Shape> {
    let (rows, cols) = (world.rows as f64, world.cols as f64);
    let mut draw = Draw::new(world.seed, "red lines", 0, 0);
    let split = draw.between(0.42, 0.62);
    let mut wander = |share: f64| share + 0.012 * draw.normal().clamp(-2.0, 2.0);
    let levels: Vec<f64> = (0..=12).map(|step| 0.035 + 0.93 * f64::from(step) / 12.0).collect();
    let strip: Vec<f64> = levels.iter().map(|_| wander(split)).collect();
    let west: Vec<f64> = levels.iter().map(|_| wander(0.04)).collect();
    let east: Vec<f64> = levels.iter().map(|_| wander(0.96)).collect();
    let mut between = |left: &[f64], right: &[f64], gap: (f64, f64)| {
        let down = levels.iter().zip(left).map(|(row, col)| (row * rows, (col + gap.0) * cols));
        let up = levels.iter().zip(right).rev().map(|(row, col)| (row * rows, (col - gap.1) * cols));
        let mut ring: Vec<Point> = down.chain(up).collect();
        ring.iter_mut().for_each(|point| point.0 += 0.008 * rows * draw_clamped(&mut draw));
        let count = ring.len() as f64;
        let centre = ring.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / count, sum.1 + p.1 / count));
        Shape { ring, centre }
    };
    vec![between(&west, &strip, (0.0, 0.012)), between(&strip, &east, (0.012, 0.0))]
}

fn draw_clamped(draw: &mut Draw) -> f64 {
    draw.normal().clamp(-2.0, 2.0)
}

/// Pixels of a parcel of 10 mu or more: log-uniform from 67 to 250 px, one in six up to 1300 px (87 to 195 mu).
fn parcel_size(draw: &mut Draw) -> f64 {
    let part = draw.uniform();
    // Between a straight and a squared course lies the log-uniform one closely enough, without a power.
    let grow = |low: f64, high: f64| low + (high - low) * part * (0.35 + 0.65 * part);
    if draw.chance(1.0 / 6.0) { grow(300.0, 1300.0) } else { grow(1.03 * TEN_MU, 260.0) }
}

/// A conversion of this many pixels: rain-fed .45, irrigated .30, mine .15, construction .10.
fn conversion(size: f64, place: Point, draw: &mut Draw) -> Outline {
    let which = draw.uniform();
    let along = direction(draw);
    let rectangle = |draw: &mut Draw, longest: f64| {
        let ratio = draw.between(1.0, longest);
        Shape::rectangle(place, (size * ratio).sqrt(), (size / ratio).sqrt(), along)
    };
    if which < 0.45 {
        (Kind::Rainfed, rectangle(draw, 3.0))
    } else if which < 0.75 {
        let pivot = size > 280.0 || (size > 100.0 && draw.chance(0.25));
        let circle = Shape::circle(place, (size / std::f64::consts::PI).sqrt());
        (Kind::Irrigated, if pivot { circle } else { rectangle(draw, 2.5) })
    } else if which < 0.90 {
        let blob = Shape::blob(place, (size / std::f64::consts::PI).sqrt(), 0.16, draw);
        (Kind::Mine, scaled(blob, size))
    } else {
        (Kind::Construction, rectangle(draw, 2.0))
    }
}

/// The shape blown up about its centre to an area in pixels.
fn scaled(mut shape: Shape, area: f64) -> Shape {
    let factor = (area / shape.area()).sqrt();
    let centre = shape.centre;
    for point in &mut shape.ring {
        *point = (centre.0 + factor * (point.0 - centre.0), centre.1 + factor * (point.1 - centre.1));
    }
    shape
}

/// The look-alikes by turns: two hollows, two wells, a burn, a fence, a hay cut, and again.
fn look_alike(index: usize, place: Point, draw: &mut Draw) -> Outline {
    match index % 7 {
        0 | 3 => (Kind::WetHollow, Shape::blob(place, draw.between(5.0, 20.0), 0.22, draw)),
        1 | 4 => (Kind::OvergrazedWell, Shape::blob(place, draw.between(4.0, 15.0), 0.08, draw)),
        2 => (Kind::BurnScar, Shape::blob(place, draw.between(7.0, 40.0), 0.25, draw)),
        5 => {
            let (long, wide) = (draw.between(15.0, 60.0), draw.between(12.0, 40.0));
            (Kind::FencedExclosure, Shape::rectangle(place, long, wide, direction(draw)))
        }
        _ => {
            let (long, wide) = (draw.between(10.0, 35.0), draw.between(8.0, 20.0));
            (Kind::Mowing, Shape::rectangle(place, long, wide, direction(draw)))
        }
    }
}

/// When a patch begins: with one of four scenes of the target year, that is up to three scenes late.
pub(super) fn onset(kind: Kind, target: &[Date], draw: &mut Draw) -> Date {
    let earliest = match kind {
        Kind::Rainfed | Kind::Irrigated => 96,
        Kind::BurnScar => 80,
        Kind::WetHollow => 165,
        Kind::Mowing => 215,
        _ => 64,
    };
    let first = target.iter().position(|date| date.day_of_year() >= earliest).unwrap_or(0);
    let late = if matches!(kind, Kind::BurnScar | Kind::Mowing) { draw.below(3) } else { draw.below(4) };
    let seen = target[(first + late).min(target.len() - 1)];
    let back = draw.between(0.0, 10.0) as i32;
    seen.checked_sub(jiff::Span::new().days(back)).unwrap_or(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn land() -> (World, Land) {
        let world = World::small(6);
        let ground = Ground::new(&world);
        let land = Land::new(&world, &ground, &world.dates());
        (world, land)
    }

    #[test]
    fn look_alikes_and_old_uses_are_no_change() {
        let (_, land) = land();
        let is = |kind: Kind| land.patches.iter().any(|patch| patch.kind == kind);
        assert!(is(Kind::WetHollow) && is(Kind::OldCropland) && is(Kind::Rainfed));
        let natural =
            [Kind::WetHollow, Kind::OvergrazedWell, Kind::BurnScar, Kind::FencedExclosure, Kind::Mowing];
        assert!(natural.iter().all(|kind| kind.model().is_none() && !kind.is_old()));
        assert!(land.patches.iter().filter(|patch| patch.kind.is_old()).all(|p| p.kind.model().is_none()));
    }

    #[test]
    fn conversions_lie_inside_a_red_line_and_begin_in_the_target_year() {
        let (world, land) = land();
        let changes: Vec<&Patch> = land.patches.iter().filter(|patch| patch.kind.model().is_some()).collect();
        assert!(changes.len() >= 8, "{}", changes.len());
        for patch in changes {
            assert!(land.red_lines.iter().any(|line| patch.shape.ring.iter().all(|p| line.contains(*p))));
            assert_eq!(patch.onset.year(), world.first_year + 4);
        }
    }

    #[test]
    fn parcels_reach_ten_mu_and_small_ones_do_not() {
        for index in 0..200 {
            let mut draw = Draw::new(1, "sizes", index, 0);
            assert!(parcel_size(&mut draw) > TEN_MU);
        }
    }
}

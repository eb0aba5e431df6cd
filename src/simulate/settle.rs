//! Old land uses: fields, villages, pits, roads and ponds that every scene shows and none of which is a change.
//!
//! In:  the world and its red lines. Out: patches added to the land, before anything else.
//! Law: old uses are never conversions; they cluster at the red lines' edges and in the open strip, some inside.
//! Source: the Hetao margin as seen on public maps (pivots and blocks of fields beside roads); sizes assumed.

use super::noise::Draw;
use super::parcel::{Kind, Land};
use super::shape::{Point, Shape, direction};
use super::world::World;
use crate::date::Date;

/// Adds roads, field clusters, villages, pits and ponds.
pub fn old_uses(world: &World, land: &mut Land) {
    let start = Date::constant(2000, 1, 1).with().year(world.first_year).build();
    let start = start.unwrap_or(Date::constant(2000, 1, 1));
    roads(world, land, start);
    for index in 0..world.count("old uses", world.old_uses_per_100_km2).max(1) {
        let mut draw = Draw::new(world.seed, "old use", index as u64, 0);
        let place = anchor(world, land, index, &mut draw);
        let used: Vec<(Kind, Shape)> = match index % 5 {
            0 | 2 => fields(place, &mut draw),
            1 => village(place, &mut draw),
            3 => {
                let radius = draw.between(6.0, 16.0);
                vec![(Kind::OldMine, Shape::blob(place, radius, 0.2, &mut draw))]
            }
            _ => {
                let radius = draw.between(4.0, 22.0);
                vec![(Kind::OldWater, Shape::blob(place, radius, 0.25, &mut draw))]
            }
        };
        for (kind, shape) in used {
            land.add(world, kind, shape, start);
        }
    }
}

/// A place near a vertex of a red line (three of four), else anywhere.
fn anchor(world: &World, land: &Land, index: usize, draw: &mut Draw) -> Point {
    let inside = |value: f64, limit: usize| value.clamp(8.0, limit as f64 - 8.0);
    if index % 4 == 3 {
        return (draw.between(0.05, 0.95) * world.rows as f64, draw.between(0.05, 0.95) * world.cols as f64);
    }
    let line = &land.red_lines[draw.below(land.red_lines.len())];
    let vertex = line.ring[draw.below(line.ring.len())];
    let spread = 0.02 * world.cols as f64;
    (
        inside(vertex.0 + spread * draw.normal(), world.rows),
        inside(vertex.1 + spread * draw.normal(), world.cols),
    )
}

/// A block of rectangular fields side by side, or two pivots.
fn fields(place: Point, draw: &mut Draw) -> Vec<(Kind, Shape)> {
    if draw.chance(0.3) {
        let radius = draw.between(14.0, 24.0);
        let along = direction(draw);
        let second = (place.0 + 2.2 * radius * along.0, place.1 + 2.2 * radius * along.1);
        return [place, second].map(|centre| (Kind::OldCropland, Shape::circle(centre, radius))).to_vec();
    }
    let along = direction(draw);
    let (long, wide) = (draw.between(14.0, 40.0), draw.between(6.0, 14.0));
    let (down, right) = (1 + draw.below(2), 2 + draw.below(5));
    let mut fields = Vec::new();
    for (a, b) in (0..down).flat_map(|a| (0..right).map(move |b| (a, b))) {
        // One field in eight of a block was left as steppe.
        if draw.chance(0.125) {
            continue;
        }
        let (a, b) = (a as f64 * (long + 0.8), b as f64 * (wide + 0.8));
        let centre = (place.0 + a * along.0 - b * along.1, place.1 + a * along.1 + b * along.0);
        fields.push((Kind::OldCropland, Shape::rectangle(centre, long, wide, along)));
    }
    fields
}

/// A few yards and houses.
fn village(place: Point, draw: &mut Draw) -> Vec<(Kind, Shape)> {
    let along = direction(draw);
    let yard = |_| {
        let centre = (place.0 + 9.0 * draw.normal(), place.1 + 9.0 * draw.normal());
        let (long, wide) = (draw.between(3.0, 12.0), draw.between(2.0, 6.0));
        (Kind::OldSettlement, Shape::rectangle(centre, long, wide, along))
    };
    (0..7).map(yard).collect()
}

/// A paved road along the open strip and a few tracks across.
fn roads(world: &World, land: &mut Land, start: Date) {
    let (rows, cols) = (world.rows as f64, world.cols as f64);
    let mut draw = Draw::new(world.seed, "roads", 0, 0);
    let tracks = 2 + world.rows / 500;
    for index in 0..=tracks {
        let steps = 24;
        let mut line = Vec::new();
        let (from, to) = if index == 0 {
            // The strip between the two red lines: the middle vertices of the first line's right side.
            let right = &land.red_lines[0].ring;
            (right[right.len() - 1].1 + 0.012 * cols, right[right.len() / 2].1 + 0.012 * cols)
        } else {
            (draw.between(0.0, 1.0) * rows, draw.between(0.0, 1.0) * rows)
        };
        let mut sway = 0.0;
        for step in 0..=steps {
            let part = f64::from(step) / f64::from(steps);
            sway = 0.8 * sway + 0.006 * rows * draw.normal();
            let side = from + (to - from) * part + sway;
            line.push(if index == 0 { (part * rows, side) } else { (side, part * cols) });
        }
        let width = if index == 0 { 1.1 } else { 0.45 };
        land.add(world, Kind::OldRoad, Shape::strip(&line, width), start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_has_roads_and_at_least_one_block_of_fields() {
        let world = World { rows: 128, cols: 128, ..World::new(1) };
        let line = Shape::circle((64.0, 64.0), 50.0);
        let mut land = Land { red_lines: vec![line.clone(), line], patches: Vec::new() };
        old_uses(&world, &mut land);
        let has = |kind| land.patches.iter().any(|patch| patch.kind == kind && !patch.cells.is_empty());
        assert!(has(Kind::OldRoad) && has(Kind::OldCropland));
    }
}

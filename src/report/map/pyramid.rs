//! Which squares of the imagery go into the map, and their pictures.
//!
//! In:  imagery before and after, the leads by rank. Out: JPEG tiles by moment and place.
//! Law: bounded, whatever the region: the whole region down to a zoom that the bound allows, then the ground around the
//!      foremost leads down to the pixel. What is left out is told.

use std::collections::BTreeSet;

use geo::{BoundingRect, Coord};

use crate::grid::crs::Transform;
use crate::grid::{Crs, Grid};
use crate::publish::photo;
use crate::report::ReportError;
use crate::report::map::tile::{Painter, SIDE, Tile};
use crate::report::material::{Item, Material, Moment, Picture};

/// Most tiles of a moment that show the whole region, and most that show leads more closely. Together about 60 MB a moment.
const MOST_WHOLE: usize = 300;
const MOST_NEAR: usize = 400;
/// Deepest zoom; a pixel of a tile is then 0.15 m at 42 degrees.
const DEEPEST: u32 = 18;
/// Ground around a lead that is shown closely, as a share of its own width and height on each side, and the least of it in degrees
/// (about 600 m).
const AROUND: (f64, f64) = (1.0, 0.006);
/// Quality of the packing, of 100.
const QUALITY: u8 = 82;
/// Metres a pixel of a tile at zoom 0 at the equator: the circumference of the sphere of Web Mercator over the side of a tile.
const METRES_AT_ZERO: f64 = 40_075_016.686 / SIDE as f64;

/// West, south, east, north in degrees.
pub type Bounds = (f64, f64, f64, f64);

/// A tile with its picture.
pub struct Square {
    /// Before or after.
    pub moment: Moment,
    /// Which colours: `natural` or `infrared`.
    pub colours: &'static str,
    /// Where.
    pub tile: Tile,
    /// JPEG.
    pub jpeg: Vec<u8>,
}

/// Every tile of the map, and how deep it goes.
#[derive(Default)]
pub struct Pyramid {
    /// Tiles: before, then after; by zoom, column, row.
    pub squares: Vec<Square>,
    /// First zoom, the last that shows the whole region, and the last.
    pub zooms: (u32, u32, u32),
    /// West, south, east, north in degrees.
    pub bounds: Bounds,
    /// What is left out, a line each.
    pub told: Vec<String>,
}

/// Draws the imagery of the material; nothing where there is none.
///
/// # Errors
/// Where a picture cannot be read or packed.
pub fn of(material: &Material) -> Result<Pyramid, ReportError> {
    let Some(first) = material.imagery.first() else { return Ok(Pyramid::default()) };
    let (bounds, metres) = placed(&first.grid)?;
    let latitude = (bounds.1 + bounds.3) / 2.0;
    let finest = (METRES_AT_ZERO * latitude.to_radians().cos() / metres).log2();
    // Half a zoom finer than the pixel at most: a finer tile costs twice and shows nothing more.
    let last = (finest.round().max(0.0) as u32).min(DEEPEST);
    let chosen = chosen(&material.leads, bounds, last);
    let mut pyramid = Pyramid { zooms: chosen.zooms, bounds, ..Pyramid::default() };
    for picture in &material.imagery {
        for (colours, bands) in looks(picture) {
            let painter = Painter::of(picture, bands)?;
            for tile in &chosen.tiles {
                let Some(tones) = painter.paint(*tile)? else { continue };
                let side = SIDE as u32;
                let jpeg = photo::jpeg(&tones, (side, side), QUALITY)
                    .map_err(|reason| ReportError::Picture { path: picture.path.clone(), reason })?;
                pyramid.squares.push(Square { moment: picture.moment, colours, tile: *tile, jpeg });
            }
        }
    }
    if chosen.left_out > 0 {
        pyramid.told.push(format!(
            "the map shows the whole region at {:.0} m a pixel and the ground around the foremost leads at {:.0} m; {} leads have \
             the coarser imagery alone: make a map of fewer leads (--lead) for more",
            metres_at(chosen.zooms.1, latitude),
            metres_at(chosen.zooms.2, latitude),
            chosen.left_out,
        ));
    }
    Ok(pyramid)
}

/// The colours that a picture is shown in.
fn looks(picture: &Picture) -> Vec<(&'static str, [usize; 3])> {
    let mut looks = vec![("natural", picture.natural)];
    if picture.infrared != picture.natural {
        looks.push(("infrared", picture.infrared));
    }
    looks
}

fn metres_at(zoom: u32, latitude: f64) -> f64 {
    METRES_AT_ZERO * latitude.to_radians().cos() / f64::from(1_u32 << zoom)
}

/// Longitude and latitude of the edges of a grid, and the metres of its pixel.
fn placed(grid: &Grid) -> Result<(Bounds, f64), ReportError> {
    let to_earth = Transform::new(grid.crs, Crs::LON_LAT)?;
    let (rows, cols) = (grid.rows as f64, grid.cols as f64);
    let mut bounds = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    // Edges bend: their middles may reach further than their ends.
    for down in [0.0, 0.25, 0.5, 0.75, 1.0] {
        for across in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let (x, y) = grid.world(rows * down, cols * across);
            let (longitude, latitude) = to_earth.point(x, y)?;
            bounds = (
                bounds.0.min(longitude),
                bounds.1.min(latitude),
                bounds.2.max(longitude),
                bounds.3.max(latitude),
            );
        }
    }
    let (width, height) = grid.pixel_metres()?;
    Ok((bounds, width.min(height)))
}

struct Chosen {
    tiles: Vec<Tile>,
    zooms: (u32, u32, u32),
    left_out: usize,
}

/// Which tiles: the whole region as deep as the bound allows, then around leads by rank.
fn chosen(leads: &[Item], bounds: Bounds, last: u32) -> Chosen {
    let (mut tiles, mut first, mut whole) = (BTreeSet::new(), None, 0);
    for z in 0..=last {
        let level = within(z, bounds);
        // What one screen shows is the first zoom that is worth a tile.
        if level.len() <= 2 && z < last {
            let next = within(z + 1, bounds);
            if next.len() <= 4 {
                continue;
            }
        }
        if first.is_some() && tiles.len() + level.len() > MOST_WHOLE {
            break;
        }
        first.get_or_insert(z);
        whole = z;
        tiles.extend(level);
    }
    let (mut near, mut left_out) = (BTreeSet::new(), 0);
    for lead in leads {
        let Some(around) = around(lead) else { continue };
        let own: BTreeSet<Tile> = (whole + 1..=last).flat_map(|z| within(z, around)).collect();
        let new = own.difference(&near).count();
        if near.len() + new > MOST_NEAR {
            left_out += 1;
            continue;
        }
        near.extend(own);
    }
    tiles.extend(near);
    Chosen { tiles: tiles.into_iter().collect(), zooms: (first.unwrap_or(0), whole, last), left_out }
}

/// The ground around a lead: west, south, east, north.
fn around(lead: &Item) -> Option<Bounds> {
    let rect = lead.outline.bounding_rect()?;
    let (Coord { x: west, y: south }, Coord { x: east, y: north }) = (rect.min(), rect.max());
    let across = ((east - west) * AROUND.0).max(AROUND.1);
    let down = ((north - south) * AROUND.0).max(AROUND.1);
    Some((west - across, south - down, east + across, north + down))
}

/// Tiles of a zoom that hold some ground, by column and row.
fn within(z: u32, (west, south, east, north): Bounds) -> Vec<Tile> {
    let (low, high) = (Tile::at(z, (west, north)), Tile::at(z, (east, south)));
    (low.x..=high.x).flat_map(|x| (low.y..=high.y).map(move |y| Tile { z, x, y })).collect()
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, Rect};

    use super::*;

    fn lead(longitude: f64, latitude: f64) -> Item {
        let low = Coord { x: longitude, y: latitude };
        let high = Coord { x: longitude + 0.002, y: latitude + 0.002 };
        Item::new(
            "a".to_owned(),
            serde_json::Map::new(),
            MultiPolygon(vec![Rect::new(low, high).to_polygon()]),
            (longitude, latitude),
        )
    }

    #[test]
    fn a_small_region_is_shown_whole_to_the_last_zoom() {
        let chosen = chosen(&[lead(108.5, 41.5)], (108.48, 41.48, 108.53, 41.52), 13);
        assert_eq!((chosen.zooms.1, chosen.zooms.2, chosen.left_out), (13, 13, 0));
        assert!(chosen.tiles.iter().filter(|tile| tile.z == chosen.zooms.0).count() <= 4);
    }

    #[test]
    fn a_county_stays_within_the_bound_and_its_foremost_leads_are_shown_closely() {
        let leads: Vec<Item> = (0..2000)
            .map(|step| lead(107.0 + f64::from(step % 50) * 0.04, 41.0 + f64::from(step / 50) * 0.03))
            .collect();
        let chosen = chosen(&leads, (107.0, 41.0, 109.0, 42.2), 13);
        assert!(chosen.tiles.len() <= MOST_WHOLE + MOST_NEAR);
        assert!(chosen.zooms.1 < 13 && chosen.left_out > 0 && chosen.left_out < 2000);
        let first = Tile::at(13, leads[0].point);
        assert!(chosen.tiles.contains(&first));
    }
}

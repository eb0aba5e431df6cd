//! Before and after pictures of a lead, with what a reader needs to trust them.
//!
//! In:  reflectance of both dates on one small grid, the outline in that grid's CRS, names and dates.
//! Out: one PNG a date: the pixels enlarged by cubic convolution, the outline, scale bar with the size of
//!      a pixel, true north, date, scene, colours. What was not observed is hatched and said so.
//! Law: both dates share one stretch, above the haze of each, so that a difference of colour is a
//!      difference of reflectance. Nothing is drawn where nothing was observed.

use geo::{Distance, Geodesic, MultiPolygon, Point};
use ndarray::ArrayView3;

use crate::date::Date;
use crate::grid::crs::{CrsError, Transform};
use crate::grid::{Crs, Grid, Window};
use crate::publish::canvas::{Canvas, LETTER};
use crate::publish::enlarge::Enlarged;
use crate::publish::fields::chip_file;
use crate::publish::stretch::{self, Stretch};
use crate::publish::{PublishError, Staging};

/// Side that a picture is enlarged to, in pixels; also the least width of a chip.
const SIDE: usize = 384;
/// Least side of the ground shown, in pixels of the grid: a lead needs its surroundings.
const LEAST_WINDOW: usize = 48;
/// Quality of a picture as JPEG, of 100.
const QUALITY: u8 = 88;
/// Height of the strip above the picture.
const TOP: u32 = 54;
/// Height of the strip below the picture.
const BOTTOM: u32 = 44;

const STRIP: [u8; 3] = [24, 26, 30];
const WHITE: [u8; 3] = [245, 245, 245];
const GREY: [u8; 3] = [170, 174, 180];
const YELLOW: [u8; 3] = [255, 225, 0];
const HALO: [u8; 3] = [20, 20, 20];

/// Which bands the three planes of a chip are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Red, green, blue.
    Natural,
    /// Near infrared, red, green: for sensors without blue. Vegetation is red.
    Infrared,
}

/// One date of a chip.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Reflectance, `[3, rows, cols]` in the order that `Colours` says; NaN where nothing was observed.
    pub pixels: ArrayView3<'a, f32>,
    /// Day of the scene.
    pub date: Date,
    /// Identity of the scene.
    pub scene: &'a str,
}

/// Everything that is drawn for one lead.
#[derive(Debug, Clone, Copy)]
pub struct ChipInput<'a> {
    /// Identity of the lead.
    pub lead_id: &'a str,
    /// Sub-model id.
    pub model: &'a str,
    /// Last clear view without the change.
    pub before: Moment<'a>,
    /// The view that shows it best.
    pub after: Moment<'a>,
    /// Grid of the pixels.
    pub grid: &'a Grid,
    /// Outline of the lead in the grid's CRS.
    pub outline: &'a MultiPolygon<f64>,
    /// What the planes are.
    pub colours: Colours,
}

/// The window to read for a lead's chip: square, twice the lead's size, at least 48 pixels, inside `whole`.
pub fn window(lead: Window, whole: Window) -> Window {
    let side = (2 * lead.rows.max(lead.cols)).max(LEAST_WINDOW);
    let fit = |start: usize, length: usize, low: usize, high: usize| {
        let size = side.min(high - low);
        let middle = start + length / 2;
        let first = middle.saturating_sub(size / 2).clamp(low, high - size);
        (first, size)
    };
    let (row0, rows) = fit(lead.row0, lead.rows, whole.row0, whole.row_end());
    let (col0, cols) = fit(lead.col0, lead.cols, whole.col0, whole.col_end());
    Window { row0, col0, rows, cols }
}

/// Writes both pictures of a lead into `chips/`.
pub fn write(staging: &Staging, input: &ChipInput) -> Result<(), PublishError> {
    let (before, after) = draw(input)?;
    staging.folder("chips")?;
    staging.write(&chip_file(input.lead_id, "before"), &packed(input, &before)?)?;
    staging.write(&chip_file(input.lead_id, "after"), &packed(input, &after)?)
}

/// Both pictures side by side in one PNG, for a page or a README.
pub fn pair(input: &ChipInput) -> Result<Vec<u8>, PublishError> {
    let (before, after) = draw(input)?;
    let mut both = Canvas::new(before.width() * 2 + 6, before.height(), [255; 3]);
    both.put(&before, (0, 0));
    both.put(&after, (i64::from(before.width()) + 6, 0));
    packed(input, &both)
}

/// Both pictures without strips, letters or outline, as JPEG: for a page that has its own scale, grid and arrow.
pub fn plain(input: &ChipInput) -> Result<[Vec<u8>; 2], PublishError> {
    let (view, stretch) = prepared(input)?;
    let one = |moment: &Moment, stretch: &[Stretch; 3]| {
        let mut canvas = Canvas::new(view.width, view.height, STRIP);
        pixels(&mut canvas, (0, 0), &view, moment, stretch);
        canvas
            .jpeg(QUALITY)
            .map_err(|error| PublishError::Chip { id: input.lead_id.to_owned(), reason: error.to_string() })
    };
    Ok([one(&input.before, &stretch[0])?, one(&input.after, &stretch[1])?])
}

/// A picture that a run drew, as JPEG: for a page, which has no room for every tone.
pub fn as_jpeg(png: &[u8]) -> Result<Vec<u8>, String> {
    let read = image::load_from_memory_with_format(png, image::ImageFormat::Png);
    let picture = read.map_err(|error| error.to_string())?.into_rgb8();
    Canvas::of(picture).jpeg(QUALITY).map_err(|error| error.to_string())
}

fn packed(input: &ChipInput, canvas: &Canvas) -> Result<Vec<u8>, PublishError> {
    canvas
        .png()
        .map_err(|error| PublishError::Chip { id: input.lead_id.to_owned(), reason: error.to_string() })
}

fn draw(input: &ChipInput) -> Result<(Canvas, Canvas), PublishError> {
    let (view, stretch) = prepared(input)?;
    let refused =
        |error: CrsError| PublishError::Chip { id: input.lead_id.to_owned(), reason: error.to_string() };
    let place = Place::of(input.grid).map_err(refused)?;
    let before = panel(input, ("BEFORE", &input.before), &view, &place, &stretch[0]);
    let after = panel(input, ("AFTER", &input.after), &view, &place, &stretch[1]);
    Ok((before, after))
}

/// How both pictures are enlarged and stretched, where their planes fit the grid.
fn prepared(input: &ChipInput) -> Result<(View, Vec<[Stretch; 3]>), PublishError> {
    let expected = (3, input.grid.rows, input.grid.cols);
    for moment in [&input.before, &input.after] {
        if moment.pixels.dim() != expected || input.grid.whole().is_empty() {
            let reason = format!("expected planes {expected:?}, found {:?}", moment.pixels.dim());
            return Err(PublishError::Chip { id: input.lead_id.to_owned(), reason });
        }
    }
    let natural = input.colours == Colours::Natural;
    let stretch = stretch::common(&[&input.before.pixels, &input.after.pixels], natural);
    Ok((View::of(input.grid, SIDE), stretch))
}

/// How grid pixels become picture pixels.
pub(super) struct View {
    /// Picture pixels a grid pixel; a whole number when enlarging.
    scale: f64,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl View {
    /// The longer side about as long as `side`.
    pub(super) fn of(grid: &Grid, side: usize) -> View {
        let longest = grid.rows.max(grid.cols);
        // Enlarged by a whole number, so that every grid pixel is drawn the same size.
        let times = if longest * side.div_ceil(longest) <= side * 3 / 2 {
            side.div_ceil(longest)
        } else {
            side / longest
        };
        let scale = if times > 0 { times as f64 } else { side as f64 / longest as f64 };
        let size = |count: usize| ((count as f64 * scale).round() as u32).max(1);
        View { scale, width: size(grid.cols), height: size(grid.rows) }
    }
}

/// Where on earth the chip lies.
pub(crate) struct Place {
    longitude: f64,
    latitude: f64,
    /// Ground metres a grid pixel, along the row through the middle.
    pub(crate) metres: f64,
    /// True north on the picture as a unit vector (right, down).
    pub(crate) north: (f64, f64),
}

impl Place {
    /// Through the ellipsoid, because a map's north and its metres are not always the ground's.
    pub(crate) fn of(grid: &Grid) -> Result<Place, CrsError> {
        let to_earth = Transform::new(grid.crs, Crs::LON_LAT)?;
        let (row, col) = (grid.rows as f64 / 2.0, grid.cols as f64 / 2.0);
        let earth = |row: f64, col: f64| {
            let (x, y) = grid.world(row, col);
            to_earth.point(x, y)
        };
        let (longitude, latitude) = earth(row, col)?;
        let (west, east) = (earth(row, col - 0.5)?, earth(row, col + 0.5)?);
        let (above, below) = (earth(row - 0.5, col)?, earth(row + 0.5, col)?);
        // The step (right, down) along which the longitude stays, from the slopes at the centre.
        let (right, down) = (below.0 - above.0, west.0 - east.0);
        let north = if right * (east.1 - west.1) + down * (below.1 - above.1) < 0.0 { -1.0 } else { 1.0 };
        let length = right.hypot(down) * north;
        let metres = Geodesic.distance(Point::from(west), Point::from(east));
        Ok(Place { longitude, latitude, metres, north: (right / length, down / length) })
    }
}

fn panel(
    input: &ChipInput,
    (word, moment): (&str, &Moment),
    view: &View,
    place: &Place,
    stretch: &[Stretch; 3],
) -> Canvas {
    let width = view.width.max(SIDE as u32);
    let mut canvas = Canvas::new(width, TOP + view.height + BOTTOM, STRIP);
    let corner = (i64::from((width - view.width) / 2), i64::from(TOP));
    let missing = pixels(&mut canvas, corner, view, moment, stretch);
    // The outline goes on a picture of its own first, so that it never crosses the strips.
    outline(&mut canvas, corner, view, (input.grid, input.outline));
    canvas.fill((0, 0), (width, TOP), STRIP);
    canvas.fill((0, i64::from(TOP + view.height)), (width, BOTTOM), STRIP);
    heading(&mut canvas, input, word, moment);
    footing(&mut canvas, input, view, place, missing);
    canvas
}

/// Draws the observed pixels; returns the share that was not observed.
pub(super) fn pixels(
    canvas: &mut Canvas,
    corner: (i64, i64),
    view: &View,
    moment: &Moment,
    stretch: &[Stretch; 3],
) -> f64 {
    let enlarged = Enlarged::new(moment.pixels, view.scale, view.width);
    let mut missing = 0_u32;
    for y in 0..view.height {
        for (x, values) in (0..view.width).zip(enlarged.row(y)) {
            let colour = match values {
                Some([first, second, third]) => {
                    [stretch[0].tone(first), stretch[1].tone(second), stretch[2].tone(third)]
                }
                None => {
                    missing += 1;
                    let stripe = (x + y) / 6 % 2 == 0;
                    if stripe { [118; 3] } else { [150; 3] }
                }
            };
            canvas.dot(corner.0 + i64::from(x), corner.1 + i64::from(y), colour);
        }
    }
    f64::from(missing) / f64::from(view.width * view.height)
}

/// Draws an outline in the CRS of the grid.
pub(super) fn outline(
    canvas: &mut Canvas,
    corner: (i64, i64),
    view: &View,
    (grid, outline): (&Grid, &MultiPolygon<f64>),
) {
    for (pen, colour) in [(4, HALO), (2, YELLOW)] {
        for polygon in outline {
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for line in ring.lines() {
                    let at = |x: f64, y: f64| {
                        let (row, col) = grid.pixels(x, y);
                        (corner.0 as f64 + col * view.scale, corner.1 as f64 + row * view.scale)
                    };
                    let (from, to) = (at(line.start.x, line.start.y), at(line.end.x, line.end.y));
                    canvas.line(from, to, pen, colour);
                }
            }
        }
    }
}

fn heading(canvas: &mut Canvas, input: &ChipInput, word: &str, moment: &Moment) {
    canvas.text((6, 5), 2, WHITE, &format!("{word} {}", moment.date));
    let letters = (canvas.width() / LETTER) as usize - 1;
    let lead = format!("{} lead {}", input.model, input.lead_id);
    canvas.text((6, 24), 1, YELLOW, &cut(&lead, letters));
    let scene = format!("scene {}", moment.scene);
    let (first, rest) = split(&scene, letters);
    canvas.text((6, 34), 1, GREY, &first);
    canvas.text((6, 44), 1, GREY, &cut(&rest, letters));
}

fn footing(canvas: &mut Canvas, input: &ChipInput, view: &View, place: &Place, missing: f64) {
    let top = i64::from(TOP + view.height);
    let metres_a_pixel = place.metres / view.scale;
    let metres = round_length(f64::from(view.width) * metres_a_pixel * 0.4);
    let length = (metres / metres_a_pixel).round() as u32;
    canvas.fill((6, top + 8), (length, 4), WHITE);
    canvas.fill((6, top + 4), (2, 12), WHITE);
    canvas.fill((4 + i64::from(length), top + 4), (2, 12), WHITE);
    let pixel = (place.metres * 10.0).round() / 10.0;
    let scale = format!("{metres} m (pixel {pixel} m)");
    canvas.text((12 + i64::from(length), top + 6), 1, WHITE, &scale);
    let colours = match input.colours {
        Colours::Natural => "natural colour",
        Colours::Infrared => "false colour: NIR, red, green",
    };
    canvas.text((6, top + 21), 1, GREY, colours);
    if missing > 0.0 {
        // Neither a little nor nearly all may be rounded away.
        let percent = if missing < 1.0 { (missing * 100.0).round().clamp(1.0, 99.0) } else { 100.0 };
        let unseen = format!("hatched: not observed {percent}%");
        canvas.fill((0, top - 14), (LETTER * unseen.len() as u32 + 12, 14), STRIP);
        canvas.text((6, top - 11), 1, WHITE, &unseen);
    }
    let (east, north) =
        (if place.longitude < 0.0 { 'W' } else { 'E' }, if place.latitude < 0.0 { 'S' } else { 'N' });
    let centre = format!("centre {:.5} {east} {:.5} {north}", place.longitude.abs(), place.latitude.abs());
    canvas.text((6, top + 32), 1, GREY, &centre);
    arrow(canvas, (f64::from(canvas.width()) - 22.0, top as f64 + 22.0), place.north);
}

/// An arrow to true north with its letter.
fn arrow(canvas: &mut Canvas, (x, y): (f64, f64), (right, down): (f64, f64)) {
    let tip = (x + right * 14.0, y + down * 14.0);
    canvas.line((x - right * 14.0, y - down * 14.0), tip, 2, WHITE);
    for side in [-1.0, 1.0] {
        let barb = (tip.0 - right * 8.0 - down * 5.0 * side, tip.1 - down * 8.0 + right * 5.0 * side);
        canvas.line(tip, barb, 2, WHITE);
    }
    canvas.text((x as i64 + 8, y as i64 + 6), 1, WHITE, "N");
}

/// The largest 1, 2 or 5 times a power of ten that is not longer than `most` metres.
pub(crate) fn round_length(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1e-3).log10().floor());
    let steps = [5.0, 2.0, 1.0];
    steps.into_iter().map(|step| step * power).find(|length| *length <= most).unwrap_or(power)
}

fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let start: String = text.chars().take(letters.saturating_sub(2)).collect();
    start + ".."
}

/// Breaks a text after `letters` letters.
fn split(text: &str, letters: usize) -> (String, String) {
    (text.chars().take(letters).collect(), text.chars().skip(letters).collect())
}

#[cfg(test)]
mod tests {
    use geo::polygon;
    use ndarray::Array3;

    use super::*;

    fn grid() -> Grid {
        Grid {
            rows: 48,
            cols: 48,
            origin_x: 541_000.0,
            origin_y: 4_604_000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs: Crs::epsg(32649),
        }
    }

    fn drawn(after: &Array3<f32>) -> (Vec<u8>, Vec<u8>) {
        let before =
            Array3::from_shape_fn((3, 48, 48), |(plane, row, col)| (plane + row + col) as f32 / 500.0);
        let outline: MultiPolygon<f64> =
            polygon![(x: 541_100.0, y: 4_603_900.0), (x: 541_200.0, y: 4_603_900.0), (x: 541_200.0, y: 4_603_700.0)]
                .into();
        let moment = |pixels, day| Moment { pixels, date: Date::constant(2022, 5, day), scene: "S2A_x" };
        let input = ChipInput {
            lead_id: "G1-a",
            model: "G1",
            before: moment(before.view(), 1),
            after: moment(after.view(), 9),
            grid: &grid(),
            outline: &outline,
            colours: Colours::Natural,
        };
        let (before, after) = draw(&input).unwrap();
        (before.png().unwrap(), after.png().unwrap())
    }

    #[test]
    fn the_same_pixels_give_the_same_bytes() {
        let after = Array3::from_elem((3, 48, 48), 0.2);
        assert!(drawn(&after) == drawn(&after));
    }

    #[test]
    fn what_was_not_observed_is_never_drawn_as_a_colour() {
        let mut canvas = Canvas::new(48, 48, [0; 3]);
        let hidden = |(plane, row, _)| if plane == 1 && row < 24 { f32::NAN } else { 0.2 };
        let pixels_in = Array3::from_shape_fn((3, 48, 48), hidden);
        let moment = Moment { pixels: pixels_in.view(), date: Date::constant(2022, 5, 1), scene: "" };
        let view = View { scale: 1.0, width: 48, height: 48 };
        let missing = pixels(&mut canvas, (0, 0), &view, &moment, &[Stretch { black: 0.0, width: 1.0 }; 3]);
        assert_eq!(missing, 0.5);
        // All of it missing must not fail either.
        drawn(&Array3::from_elem((3, 48, 48), f32::NAN));
    }

    #[test]
    fn planes_of_another_shape_are_an_error_with_both_shapes() {
        let grid = grid();
        let (good, bad) = (Array3::zeros((3, 48, 48)), Array3::zeros((3, 48, 47)));
        let moment = |pixels| Moment { pixels, date: Date::constant(2022, 5, 1), scene: "" };
        let input = ChipInput {
            lead_id: "G1-a",
            model: "G1",
            before: moment(good.view()),
            after: moment(bad.view()),
            grid: &grid,
            outline: &MultiPolygon(Vec::new()),
            colours: Colours::Infrared,
        };
        let error = draw(&input).err().unwrap().to_string();
        assert!(error.contains("(3, 48, 48)") && error.contains("(3, 48, 47)"), "{error}");
    }

    #[test]
    fn a_window_keeps_its_size_at_the_edge_and_never_leaves_the_grid() {
        let whole = Window { row0: 0, col0: 0, rows: 100, cols: 40 };
        let lead = Window { row0: 0, col0: 38, rows: 4, cols: 2 };
        assert_eq!(window(lead, whole), Window { row0: 0, col0: 0, rows: 48, cols: 40 });
        let large = Window { row0: 20, col0: 5, rows: 60, cols: 20 };
        assert_eq!(window(large, whole), whole);
    }

    #[test]
    fn a_scale_bar_is_a_round_number_of_ground_metres() {
        assert_eq!(round_length(199.0), 100.0);
        assert_eq!(round_length(200.0), 200.0);
        assert_eq!(round_length(7_300.0), 5_000.0);
        // Web Mercator metres at 41.5 N are 0.75 of a ground metre.
        let mercator = Grid { origin_x: 12_050_000.0, origin_y: 5_090_000.0, crs: Crs::epsg(3857), ..grid() };
        let metres = Place::of(&mercator).unwrap().metres;
        assert!((7.4..7.6).contains(&metres), "{metres}");
    }

    #[test]
    fn north_is_true_north_also_where_the_map_is_turned() {
        // EPSG:3035 in Romania: meridians lean to the left of the map's vertical by several degrees.
        let turned = Grid { origin_x: 5_271_982.0, origin_y: 2_533_004.0, crs: Crs::epsg(3035), ..grid() };
        let (right, down) = Place::of(&turned).unwrap().north;
        assert!(down < -0.9 && (0.1..0.25).contains(&right.abs()), "{right} {down}");
        let (right, down) = Place::of(&grid()).unwrap().north;
        assert!(down < -0.999 && right.abs() < 0.02);
    }
}

//! Pictures of one place on a time line, on one sheet: what was seen, view after view, and whether it was in the band.
//!
//! In:  reflectance of some days on one small grid, the outline in that grid's CRS, a mark and a word for each day.
//! Out: a PNG, earliest first, row by row; each picture with its day, its mark as a frame and its word below.
//! Law: all pictures share one stretch (`stretch`), above the haze of each; nothing is drawn where nothing was observed.

use geo::MultiPolygon;

use crate::grid::Grid;
use crate::publish::PublishError;
use crate::publish::canvas::{Canvas, LETTER};
use crate::publish::chip::{self, Colours, Moment, View};
use crate::publish::stretch;

/// Side of a picture on the sheet, in pixels.
const SIDE: usize = 176;
/// Pictures in a row.
const ACROSS: usize = 6;
/// Width of the frame that marks a picture, and of the room between two.
const FRAME: u32 = 4;
/// Height of the line of letters above a picture, and of the two below.
const LINE: u32 = 13;
/// Height of the head of the sheet.
const HEAD: u32 = 44;

const PAPER: [u8; 3] = [24, 26, 30];
const WHITE: [u8; 3] = [245, 245, 245];
const GREY: [u8; 3] = [170, 174, 180];
const YELLOW: [u8; 3] = [255, 225, 0];

/// What a picture shows beside what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Before the change: what is normal was learned from it.
    LookBack,
    /// In the neighbours' band.
    Inside,
    /// Out of it.
    Outside,
    /// Too little was seen.
    Unseen,
}

impl Mark {
    /// Colours that are told apart without red and green as well.
    fn colour(self) -> [u8; 3] {
        match self {
            Mark::LookBack => [120, 126, 134],
            Mark::Inside => [64, 160, 255],
            Mark::Outside => [255, 120, 40],
            Mark::Unseen => [70, 72, 76],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Mark::LookBack => "look-back",
            Mark::Inside => "in the band",
            Mark::Outside => "out of the band",
            Mark::Unseen => "not seen",
        }
    }
}

/// One day of a sheet.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// Its picture.
    pub moment: Moment<'a>,
    /// What it shows.
    pub mark: Mark,
    /// A word below it, numbers for example.
    pub word: String,
}

/// A sheet.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    /// Identity of the place, for errors.
    pub id: &'a str,
    /// Lines of the head: what the place is, and what was found.
    pub head: [String; 2],
    /// Grid of the pictures.
    pub grid: &'a Grid,
    /// Outline of the place in the grid's CRS.
    pub outline: &'a MultiPolygon<f64>,
    /// What the planes are.
    pub colours: Colours,
    /// Days in order; at least one.
    pub frames: Vec<Frame<'a>>,
}

/// Draws a sheet.
///
/// # Errors
/// `Chip` where pictures do not fit the grid.
pub fn sheet(sheet: &Sheet) -> Result<Vec<u8>, PublishError> {
    let refused = |reason: String| PublishError::Chip { id: sheet.id.to_owned(), reason };
    let expected = (3, sheet.grid.rows, sheet.grid.cols);
    if let Some(frame) = sheet.frames.iter().find(|frame| frame.moment.pixels.dim() != expected) {
        let found = frame.moment.pixels.dim();
        return Err(refused(format!("{}: expected planes {expected:?}, found {found:?}", frame.moment.date)));
    }
    if sheet.frames.is_empty() || sheet.grid.whole().is_empty() {
        return Err(refused("expected pictures of at least one day, found none".to_owned()));
    }
    let planes: Vec<_> = sheet.frames.iter().map(|frame| &frame.moment.pixels).collect();
    let stretches = stretch::common(&planes, sheet.colours == Colours::Natural);
    let view = View::of(sheet.grid, SIDE);
    let width = view.width.max(SIDE as u32) + 2 * FRAME;
    let height = view.height + 2 * FRAME + 3 * LINE;
    let (across, down) = (sheet.frames.len().min(ACROSS) as u32, sheet.frames.len().div_ceil(ACROSS) as u32);
    // A sheet of one picture still has room for its head.
    let least = LETTER * sheet.head.iter().map(String::len).max().unwrap_or(0) as u32 + 12;
    let mut canvas = Canvas::new((across * width + FRAME).max(least), HEAD + down * height + FRAME, PAPER);
    heading(&mut canvas, sheet);
    for (place, (frame, stretch)) in sheet.frames.iter().zip(&stretches).enumerate() {
        let (col, row) = ((place % ACROSS) as u32, (place / ACROSS) as u32);
        let corner = (i64::from(FRAME + col * width), i64::from(HEAD + row * height));
        let mut panel = Canvas::new(width - FRAME, height - FRAME, PAPER);
        panel.fill((0, i64::from(LINE)), (width - FRAME, view.height + 2 * FRAME), frame.mark.colour());
        let at = (i64::from(FRAME) / 2, i64::from(LINE + FRAME));
        chip::pixels(&mut panel, at, &view, &frame.moment, stretch);
        chip::outline(&mut panel, at, &view, (sheet.grid, sheet.outline));
        caption(&mut panel, frame, view.height);
        canvas.put(&panel, corner);
    }
    canvas.png().map_err(|error| refused(error.to_string()))
}

fn heading(canvas: &mut Canvas, sheet: &Sheet) {
    canvas.text((6, 4), 1, WHITE, &sheet.head[0]);
    canvas.text((6, 16), 1, YELLOW, &sheet.head[1]);
    let mut left = 6;
    for mark in [Mark::LookBack, Mark::Inside, Mark::Outside] {
        canvas.fill((left, 28), (LETTER, LETTER), mark.colour());
        left = canvas.text((left + 12, 28), 1, GREY, mark.word()) + 12;
    }
}

fn caption(panel: &mut Canvas, frame: &Frame, height: u32) {
    let below = i64::from(LINE + height + 2 * FRAME) + 3;
    // Strips of letters lie over whatever an outline drew beyond its picture.
    panel.fill((0, 0), (panel.width(), LINE), PAPER);
    panel.fill((0, below - 3), (panel.width(), 2 * LINE), PAPER);
    panel.text((0, 3), 1, WHITE, &frame.moment.date.to_string());
    let letters = (panel.width() / LETTER) as usize;
    let cut = |text: &str| text.chars().take(letters).collect::<String>();
    panel.text((0, below), 1, WHITE, &cut(&frame.word));
    panel.text((0, below + 11), 1, GREY, &cut(frame.moment.scene));
}

#[cfg(test)]
mod tests {
    use geo::polygon;
    use ndarray::Array3;

    use super::*;
    use crate::date::Date;
    use crate::grid::Crs;

    fn grid() -> Grid {
        Grid {
            rows: 20,
            cols: 20,
            origin_x: 500_000.0,
            origin_y: 4_600_000.0,
            pixel_width: 10.0,
            pixel_height: 10.0,
            crs: Crs::epsg(32649),
        }
    }

    /// A sheet of so many days, one of them out of the band.
    fn drawn(days: i8, rows: usize) -> Result<image::RgbImage, PublishError> {
        let pixels = Array3::from_elem((3, rows, 20), 0.2);
        let outline = polygon![(x: 500_050.0, y: 4_599_950.0), (x: 500_150.0, y: 4_599_950.0), (x: 500_150.0, y: 4_599_850.0)];
        let frame = |day: i8| Frame {
            moment: Moment { pixels: pixels.view(), date: Date::constant(2024, 5, day), scene: "S2" },
            mark: if day == 2 { Mark::Outside } else { Mark::Inside },
            word: "in 97 % of 100 %".to_owned(),
        };
        let grid = grid();
        let one = Sheet {
            id: "a",
            head: ["lead a (G1)".to_owned(), "restored".to_owned()],
            grid: &grid,
            outline: &MultiPolygon(vec![outline]),
            colours: Colours::Natural,
            frames: (1..=days).map(frame).collect(),
        };
        Ok(image::load_from_memory(&sheet(&one)?).unwrap().to_rgb8())
    }

    #[test]
    fn pictures_stand_in_rows_of_six_and_the_frame_says_what_each_shows() {
        let (one_row, two_rows) = (drawn(6, 20).unwrap(), drawn(7, 20).unwrap());
        assert_eq!(one_row.width(), two_rows.width());
        assert!(two_rows.height() > one_row.height() + SIDE as u32);
        let has =
            |picture: &image::RgbImage, mark: Mark| picture.pixels().any(|pixel| pixel.0 == mark.colour());
        let without_head =
            image::imageops::crop_imm(&one_row, 0, HEAD, one_row.width(), one_row.height() - HEAD).to_image();
        assert!(has(&without_head, Mark::Outside) && has(&without_head, Mark::Inside));
        assert!(!has(&without_head, Mark::LookBack));
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused_by_their_day_and_none_is_no_sheet() {
        let words = drawn(2, 19).unwrap_err().to_string();
        assert!(words.contains("2024-05-01") && words.contains("expected planes"), "{words}");
        assert!(drawn(0, 20).is_err());
    }
}

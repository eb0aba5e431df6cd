//! From raw numbers of one view to a stack of screened features.

use std::collections::BTreeMap;

use steppewatch::date::{Date, Period};
use steppewatch::grid::Window;
use steppewatch::observe::{Reflectance, Stack, feature, mask as masks, screen};
use steppewatch::scene::{Band, BandFile, Scene};
use steppewatch::submodel::Feature;

use crate::Kernel;
use crate::ground::{chance, grid};

/// Side of the window of one view.
const SIDE: usize = 256;
/// Views of the look-back, twelve in each of four years, and of the target year.
pub const LOOK_BACK: usize = 48;
const VIEWS: usize = 60;
/// Features of the stack.
pub const FEATURES: [Feature; 4] = [Feature::Ndvi, Feature::Ndmi, Feature::Bsi, Feature::Brightness];
const BANDS: [Band; 4] = [Band::Blue, Band::Red, Band::Nir, Band::Swir16];

/// The period that is asked about.
pub fn target() -> Period {
    Period { from: Date::constant(2023, 1, 1), to: Date::constant(2023, 12, 31) }
}

fn file() -> BandFile {
    BandFile { path: "view.tif".into(), number: 1, grid: grid(SIDE), nodata: None, scale: 1e-4, offset: -0.1 }
}

fn view() -> Scene {
    let bands: BTreeMap<Band, BandFile> = BANDS.into_iter().map(|band| (band, file())).collect();
    Scene {
        id: "view".into(),
        date: Date::constant(2023, 6, 1),
        sensor: String::new(),
        bands,
        scaling: String::new(),
    }
}

fn raw(band: usize) -> Vec<f32> {
    let level = [1500.0, 1900.0, 3900.0, 2900.0][band];
    (0..SIDE * SIDE).map(|pixel| (level + 600.0 * chance(pixel, band)).round()).collect()
}

fn reflectance() -> Reflectance {
    let mut view = Reflectance::default();
    BANDS.into_iter().enumerate().for_each(|(place, band)| view.add(band, raw(place), &file()));
    view
}

fn clear() -> Vec<bool> {
    (0..SIDE * SIDE).map(|pixel| chance(pixel / 512, 3) > 0.15).collect()
}

/// Scene classes to clear flags, what is not clear spread by 2 px.
pub fn mask() -> Kernel {
    let class = |pixel: usize| if chance(pixel / 97, 2) < 0.1 { 9.0 } else { 4.0 };
    let layer: Vec<f32> = (0..SIDE * SIDE).map(class).collect();
    Kernel::new(SIDE * SIDE, move || {
        masks::erode(&masks::clear(Band::Scl, &layer), SIDE, SIDE, masks::DILATION)
    })
}

/// Raw numbers of four bands to reflectance.
pub fn scale() -> Kernel {
    let raw: Vec<Vec<f32>> = (0..BANDS.len()).map(raw).collect();
    let file = file();
    Kernel::new(SIDE * SIDE * BANDS.len(), move || {
        let mut view = Reflectance::default();
        for (band, raw) in BANDS.into_iter().zip(&raw) {
            view.add(band, raw.iter().copied(), &file);
        }
        view
    })
}

fn planes(scene: &Scene, view: &Reflectance) -> Vec<Vec<f32>> {
    let of = |feature: Feature| feature::features(feature, &feature::bands_for(feature, scene)?, view);
    FEATURES.into_iter().filter_map(of).collect()
}

/// Four spectral features of one view.
pub fn indices() -> Kernel {
    let (scene, view) = (view(), reflectance());
    Kernel::new(SIDE * SIDE, move || planes(&scene, &view))
}

/// Four features of one view into a stack of twelve.
pub fn lay() -> Kernel {
    let (planes, clear) = (planes(&view(), &reflectance()), clear());
    let mut stack = Stack::new(grid(SIDE).whole(), dates()[..12].to_vec(), FEATURES.to_vec());
    Kernel::new(SIDE * SIDE, move || {
        stack.lay(5, &planes, &clear);
        stack.at(7, 5, 0)
    })
}

/// Days of all views: every fortnight of five growing seasons.
pub fn dates() -> Vec<Date> {
    let of_year =
        |year: i16| (0..12).map(move |view: i8| Date::constant(year, 4 + view / 2, 1 + view % 2 * 14));
    (2019..2024).flat_map(of_year).collect()
}

/// Which views belong to the look-back.
pub fn look_back() -> Vec<bool> {
    (0..VIEWS).map(|view| view < LOOK_BACK).collect()
}

/// What a pixel shows in a view: five kinds of steppe that follow the season, a seventh of the views behind cloud, and
/// every fortieth square of 16 px dug over in the last year.
fn shown(row: usize, col: usize, view: usize) -> Option<[i16; 4]> {
    let (square, pixel) = (row / 16 * 1024 + col / 16, row * 4096 + col);
    if chance(row / 24 * 1024 + col / 24, 1000 + view) < 0.15 {
        return None;
    }
    let kind = (chance(square, 1) * 5.0).floor();
    let season = (view as f32 % 12.0 * std::f32::consts::PI / 12.0).sin() * (0.08 + 0.05 * kind);
    let is_bare = view >= LOOK_BACK + 3 && chance(square, 2) < 0.025;
    let green = if is_bare { 0.1 } else { 0.16 + 0.05 * kind + season };
    let noise = |salt: usize| 0.02 * (chance(pixel, salt * 100 + view) - 0.5);
    let numbers = [
        green + noise(1),
        0.3 * green + noise(2),
        0.2 - 0.4 * green + noise(3),
        0.24 - 0.15 * green + noise(4),
    ];
    Some(numbers.map(|number| (number * 10_000.0).round() as i16))
}

/// A stack of 60 views over a window.
pub fn stack(window: Window) -> Stack {
    let mut stack = Stack::new(window, dates(), FEATURES.to_vec());
    for row in 0..window.rows {
        for col in 0..window.cols {
            for view in 0..VIEWS {
                if let Some(numbers) = shown(row, col, view) {
                    stack.set(row * window.cols + col, view, &numbers);
                }
            }
        }
    }
    stack
}

/// Spikes in time forgotten, in the look-back and after it.
pub fn screened() -> Kernel {
    let mut stack = stack(Window { row0: 0, col0: 0, rows: 96, cols: 96 });
    let look_back = look_back();
    Kernel::new(96 * 96, move || {
        screen::screen(&mut stack, &look_back, screen::REACH_WITH_MASK);
        stack.at(0, 0, 0)
    })
}

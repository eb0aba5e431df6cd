//! All views of a window: features as whole numbers of 1/10 000, the whole history of a pixel side by side.
//!
//! Law: 16-bit integers are exact, small, and the same on every machine; `MISSING` is not observed.

use crate::date::Date;
use crate::grid::Window;
use crate::submodel::Feature;

/// The value of a pixel that was not observed.
pub const MISSING: i16 = i16::MIN;

/// Feature values are stored as multiples of this.
pub const STEP: f32 = 1e-4;

/// All views of a window.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Place on the plan's grid.
    pub window: Window,
    /// Date of each view, ascending.
    pub dates: Vec<Date>,
    /// Features kept, in the order of `Feature::ALL`.
    pub features: Vec<Feature>,
    /// Row-major over the window; of each pixel `view * features + feature`. All that is asked of a pixel is
    /// asked through time, so its history lies in one place.
    values: Vec<i16>,
}

impl Stack {
    /// A stack in which nothing has been observed yet.
    pub fn new(window: Window, dates: Vec<Date>, features: Vec<Feature>) -> Self {
        let values = vec![MISSING; window.len() * dates.len() * features.len()];
        Self { window, dates, features, values }
    }

    /// Bytes that a stack of this shape holds.
    pub fn bytes(window: Window, views: usize, features: usize) -> usize {
        window.len() * views * features * size_of::<i16>()
    }

    /// Place of a feature among the planes of a view.
    pub fn place(&self, feature: Feature) -> Option<usize> {
        self.features.iter().position(|kept| *kept == feature)
    }

    /// Numbers of one pixel.
    fn width(&self) -> usize {
        self.dates.len() * self.features.len()
    }

    /// The history of a pixel, `view * features + feature`.
    pub fn history(&self, pixel: usize) -> &[i16] {
        &self.values[pixel * self.width()..(pixel + 1) * self.width()]
    }

    /// One stored number.
    pub fn at(&self, pixel: usize, view: usize, feature: usize) -> i16 {
        self.values[pixel * self.width() + view * self.features.len() + feature]
    }

    /// One view of a pixel, feature by feature.
    fn view_mut(&mut self, pixel: usize, view: usize) -> &mut [i16] {
        let (features, from) = (self.features.len(), pixel * self.width() + view * self.features.len());
        &mut self.values[from..from + features]
    }

    /// Sets one view of a pixel to stored numbers, feature by feature.
    pub fn set(&mut self, pixel: usize, view: usize, stored: &[i16]) {
        self.view_mut(pixel, view).copy_from_slice(stored);
    }

    /// Lays a scene over one view: what it saw clear, in every feature; elsewhere stays what another scene of the
    /// same day saw.
    pub fn lay(&mut self, view: usize, values: &[Vec<f32>], clear: &[bool]) {
        for pixel in 0..self.window.len() {
            if clear[pixel] && values.iter().all(|plane| plane[pixel].is_finite()) {
                for (stored, plane) in self.view_mut(pixel, view).iter_mut().zip(values) {
                    *stored = quantised(plane[pixel]);
                }
            }
        }
    }

    /// Whether a pixel was observed in a view.
    pub fn is_seen(&self, view: usize, pixel: usize) -> bool {
        self.at(pixel, view, 0) != MISSING
    }

    /// Forgets a pixel in a view.
    pub fn forget(&mut self, view: usize, pixel: usize) {
        self.view_mut(pixel, view).fill(MISSING);
    }

    /// Number in the stack of a pixel given by its place on the plan's grid.
    pub fn pixel_at(&self, row: usize, col: usize) -> usize {
        (row - self.window.row0) * self.window.cols + col - self.window.col0
    }
}

/// The nearest multiple of `STEP`, kept inside the range that is not `MISSING`.
pub fn quantised(value: f32) -> i16 {
    // Halves away from nought, as `round` does; in double precision a half is added without rounding, and no library
    // is called.
    let steps = f64::from(value / STEP).clamp(-32_000.0, 32_000.0);
    (steps + 0.5_f64.copysign(steps)) as i16
}

/// The value behind a stored number; NaN for `MISSING`.
pub fn value(stored: i16) -> f32 {
    if stored == MISSING { f32::NAN } else { f32::from(stored) * STEP }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows and four columns at row 10 and column 20, two views, three features.
    fn stack() -> Stack {
        let window = Window { row0: 10, col0: 20, rows: 3, cols: 4 };
        let dates = vec![Date::constant(2020, 5, 1), Date::constant(2020, 5, 11)];
        Stack::new(window, dates, vec![Feature::Ndvi, Feature::Bsi, Feature::Brightness])
    }

    /// A number that no other pixel, view and feature has.
    fn number(pixel: usize, view: usize, feature: usize) -> i16 {
        (1000 * view + 100 * feature + pixel + 1) as i16
    }

    /// The stack with its number in each place.
    fn laid() -> Stack {
        let mut stack = stack();
        for view in 0..2 {
            let plane =
                |feature| (0..12).map(|pixel| f32::from(number(pixel, view, feature)) * STEP).collect();
            let planes: Vec<Vec<f32>> = (0..3).map(plane).collect();
            stack.lay(view, &planes, &[true; 12]);
        }
        stack
    }

    #[test]
    fn a_new_stack_has_seen_nothing() {
        let stack = stack();
        assert!((0..12).all(|pixel| !stack.is_seen(0, pixel) && !stack.is_seen(1, pixel)));
        assert!((0..12).all(|pixel| stack.history(pixel) == [MISSING; 6]));
    }

    #[test]
    fn each_number_is_found_where_it_was_laid() {
        let stack = laid();
        for pixel in 0..12 {
            let mut history = Vec::new();
            for view in 0..2 {
                assert!(stack.is_seen(view, pixel));
                for feature in 0..3 {
                    assert_eq!(stack.at(pixel, view, feature), number(pixel, view, feature));
                    history.push(number(pixel, view, feature));
                }
            }
            assert_eq!(stack.history(pixel), history);
        }
    }

    #[test]
    fn what_is_forgotten_is_one_pixel_in_one_view() {
        let mut stack = laid();
        stack.forget(1, 7);
        for pixel in 0..12 {
            assert!(stack.is_seen(0, pixel));
            assert_eq!(stack.is_seen(1, pixel), pixel != 7);
        }
        assert_eq!(stack.history(7)[3..], [MISSING; 3]);
        assert_eq!(stack.history(7)[..3], laid().history(7)[..3]);
        assert_eq!(stack.history(8), laid().history(8));
    }

    #[test]
    fn a_scene_is_laid_only_where_it_is_clear_and_every_feature_is_finite() {
        let mut stack = stack();
        let mut planes = vec![vec![0.5; 12]; 3];
        planes[2][4] = f32::NAN;
        planes[1][5] = f32::INFINITY;
        let mut clear = [true; 12];
        clear[6] = false;
        stack.lay(0, &planes, &clear);
        let seen: Vec<usize> = (0..12).filter(|pixel| stack.is_seen(0, *pixel)).collect();
        assert_eq!(seen, [0, 1, 2, 3, 7, 8, 9, 10, 11]);
        assert!((4..7).all(|pixel| stack.history(pixel) == [MISSING; 6]));
        assert!((0..12).all(|pixel| !stack.is_seen(1, pixel)));
    }

    #[test]
    fn of_two_scenes_of_a_day_the_later_laid_has_the_last_word_where_it_is_clear() {
        let mut stack = stack();
        stack.lay(0, &vec![vec![0.1; 12]; 3], &[true; 12]);
        let mut clear = [false; 12];
        clear[3] = true;
        stack.lay(0, &vec![vec![0.2; 12]; 3], &clear);
        let found: Vec<i16> = (2..5).map(|pixel| stack.at(pixel, 0, 1)).collect();
        assert_eq!(found, [1000, 2000, 1000]);
    }

    #[test]
    fn a_feature_has_its_place_among_those_kept() {
        let stack = stack();
        assert_eq!(stack.place(Feature::Ndvi), Some(0));
        assert_eq!(stack.place(Feature::Brightness), Some(2));
        assert_eq!(stack.place(Feature::Ndwi), None);
    }

    #[test]
    fn a_pixel_of_the_grid_is_counted_from_the_corner_of_the_window() {
        let stack = stack();
        assert_eq!(stack.pixel_at(10, 20), 0);
        assert_eq!(stack.pixel_at(10, 23), 3);
        assert_eq!(stack.pixel_at(11, 20), 4);
        assert_eq!(stack.pixel_at(12, 22), 10);
    }

    #[test]
    fn a_stack_takes_two_bytes_a_number() {
        let window = Window { row0: 5, col0: 6, rows: 3, cols: 4 };
        assert_eq!(Stack::bytes(window, 5, 3), 3 * 4 * 5 * 3 * 2);
    }

    #[test]
    fn numbers_are_kept_to_the_nearest_ten_thousandth_and_inside_the_range() {
        assert_eq!([0.0, 0.5, -0.25, 0.12344, 0.12346].map(quantised), [0, 5000, -2500, 1234, 1235]);
        assert_eq!([9.0, -9.0, f32::INFINITY].map(quantised), [32_000, -32_000, 32_000]);
        assert!((value(1234) - 0.1234).abs() < 1e-7 && (value(-2500) + 0.25).abs() < 1e-7);
        assert!(value(MISSING).is_nan());
    }
}

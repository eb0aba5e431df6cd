//! Two dates of a made-up country.

use std::convert::Infallible;

use ndarray::Array3;
use steppewatch::detect::pair::{self, HALO, PairModel, PairParams, PairSource, Stack};
use steppewatch::grid::{Grid, Window};
use steppewatch::scene::Band;

use crate::Kernel;
use crate::ground::{chance, grid};

const SIDE: usize = 240;
const BANDS: [Band; 6] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16, Band::Swir22];

struct Country {
    grid: Grid,
    dates: [Array3<f32>; 2],
}

impl Country {
    /// Fields of five kinds; every thirtieth is built over between the dates.
    fn new() -> Self {
        const LOOKS: [[f32; 6]; 5] = [
            [0.05, 0.08, 0.06, 0.35, 0.20, 0.10],
            [0.09, 0.12, 0.15, 0.25, 0.30, 0.24],
            [0.07, 0.10, 0.10, 0.30, 0.26, 0.17],
            [0.04, 0.06, 0.04, 0.42, 0.18, 0.08],
            [0.06, 0.05, 0.04, 0.03, 0.02, 0.01],
        ];
        const ROOF: [f32; 6] = [0.22, 0.24, 0.27, 0.30, 0.34, 0.32];
        let date = |date: usize| {
            Array3::from_shape_fn((BANDS.len(), SIDE, SIDE), |(band, row, col)| {
                let field = row / 17 * 64 + col / 23;
                let kind = (chance(field, 1) * 5.0) as usize;
                let is_built = date == 1 && chance(field, 2) < 1.0 / 30.0;
                let level = if is_built { ROOF[band] } else { LOOKS[kind][band] };
                level + 0.008 * chance(row * SIDE + col, 10 * date + band)
            })
        };
        Self { grid: grid(SIDE), dates: [date(0), date(1)] }
    }

    fn cut(&self, date: usize, window: Window) -> Stack {
        let at = |(band, row, col)| self.dates[date][[band, window.row0 + row, window.col0 + col]];
        let values = Array3::from_shape_fn((BANDS.len(), window.rows, window.cols), at);
        Stack { bands: BANDS.to_vec(), values, window }
    }

    fn learned(&self) -> PairModel {
        pair::learn(self, PairParams::default()).expect("expected two dates that can be compared")
    }
}

impl PairSource for Country {
    type Error = Infallible;

    fn over<T: Send>(
        &self,
        windows: &[Window],
        of: impl Fn(usize, &Stack, &Stack) -> T + Sync,
    ) -> Result<Vec<T>, Infallible> {
        let one = |(place, window): (usize, &Window)| of(place, &self.cut(0, *window), &self.cut(1, *window));
        Ok(windows.iter().enumerate().map(one).collect())
    }

    fn grid(&self) -> &Grid {
        &self.grid
    }
}

/// What is normal between the dates, learned from the whole country.
pub fn learned() -> Kernel {
    let country = Country::new();
    Kernel::new(SIDE * SIDE, move || country.learned())
}

/// The evidence of the country without its halo.
pub fn shown() -> Kernel {
    let country = Country::new();
    let (model, whole) = (country.learned(), country.grid.whole());
    let side = SIDE - 2 * HALO;
    let inner = Window { row0: HALO, col0: HALO, rows: side, cols: side };
    let (before, after) = (country.cut(0, whole), country.cut(1, whole));
    Kernel::new(inner.len(), move || pair::evidence(&model, &before, &after, inner))
}

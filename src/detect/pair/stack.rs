//! A window of one date as numbers, and where the pair's windows come from.
//!
//! Law: NaN means that nothing was observed; band order means nothing.

use ndarray::{Array3, Axis};

use crate::grid::{Grid, Window};
use crate::scene::Band;

/// Bands that the comparison uses, in the order it uses them.
const USED: [Band; 6] = [Band::Blue, Band::Green, Band::Red, Band::Nir, Band::Swir16, Band::Swir22];

/// Reflectance of one date over a window of the plan's grid.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Bands of `values`, in its order.
    pub bands: Vec<Band>,
    /// Reflectance (0 to about 1) by band, row and column; NaN where nothing was observed.
    pub values: Array3<f32>,
    /// Where the array lies on the plan's grid.
    pub window: Window,
}

/// Gives both dates of a pair over any window.
pub trait PairSource {
    /// What reading can fail with.
    type Error: std::error::Error;

    /// Before and after over a window that lies within the grid.
    fn stacks(&mut self, window: Window) -> Result<(Stack, Stack), Self::Error>;

    /// The plan's grid.
    fn grid(&self) -> &Grid;
}

/// The bands of both dates that the comparison uses, in wavelength order; `None` without red and near infrared.
pub fn shared_bands(before: &[Band], after: &[Band]) -> Option<Vec<Band>> {
    let bands: Vec<Band> =
        USED.into_iter().filter(|band| before.contains(band) && after.contains(band)).collect();
    (bands.contains(&Band::Red) && bands.contains(&Band::Nir)).then_some(bands)
}

impl Stack {
    /// The named bands in the given order; a band that is missing is NaN throughout.
    pub fn pick(&self, bands: &[Band]) -> Array3<f32> {
        let (_, rows, cols) = self.values.dim();
        let mut picked = Array3::from_elem((bands.len(), rows, cols), f32::NAN);
        for (place, band) in bands.iter().enumerate() {
            if let Some(index) = self.bands.iter().position(|own| own == band) {
                picked.index_axis_mut(Axis(0), place).assign(&self.values.index_axis(Axis(0), index));
            }
        }
        picked
    }
}
